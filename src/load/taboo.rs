//! Names that are left out of an included directory (`tabooext`, `taboopat`).

use crate::config::value;
use crate::policy::defaults;
use crate::sys::locale;
use crate::sys::pattern::NamePattern;
/// The patterns of names that a directory include leaves out; one list for the whole run.
pub(super) struct Taboo {
    patterns: Vec<(NamePattern, Vec<u8>)>,
}

impl Default for Taboo {
    fn default() -> Self {
        let mut taboo = Self { patterns: Vec::new() };
        defaults::TABOO_ENDINGS
            .iter()
            .for_each(|ending| taboo.add(ending.as_bytes(), true));
        taboo
    }
}

impl Taboo {
    fn add(&mut self, item: &[u8], is_ending: bool) {
        let pattern = if is_ending {
            [b"*", item].concat()
        } else {
            item.to_vec()
        };
        self.patterns
            .push((NamePattern::new(&pattern, locale::is_utf8()), pattern));
    }

    pub(super) fn take(&mut self, text: &[u8], is_ending: bool) {
        let (adds, items) = value::taboo_list(text);
        if !adds {
            self.patterns.clear();
        }
        // An empty pattern matches no name, an empty ending would match all.
        items
            .into_iter()
            .filter(|item| !item.is_empty())
            .for_each(|item| self.add(item, is_ending));
    }

    /// Answers the first pattern that keeps the name out; hidden names are no exception.
    pub(super) fn pattern_for(&self, name: &[u8]) -> Option<&[u8]> {
        self.patterns
            .iter()
            .find(|(pattern, _)| pattern.matches(name))
            .map(|(_, written)| written.as_slice())
    }
}
