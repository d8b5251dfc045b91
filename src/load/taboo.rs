//! Names that are left out of an included directory (`tabooext`, `taboopat`).

use std::cell::OnceCell;

use crate::config::value;
use crate::policy::defaults;
use crate::sys::pattern::NamePattern;
/// The patterns of names that a directory include leaves out; one list for the whole run.
#[derive(Default)]
pub(super) struct Taboo {
    /// Made when a directory is included, or the list changed: most runs of one file need none.
    patterns: OnceCell<Vec<(NamePattern, Vec<u8>)>>,
}

fn compiled(item: &[u8], is_ending: bool) -> (NamePattern, Vec<u8>) {
    let pattern = if is_ending {
        [b"*", item].concat()
    } else {
        item.to_vec()
    };
    (NamePattern::new(&pattern), pattern)
}

impl Taboo {
    fn patterns(&self) -> &[(NamePattern, Vec<u8>)] {
        let endings = defaults::TABOO_ENDINGS.iter();
        self.patterns
            .get_or_init(|| endings.map(|ending| compiled(ending.as_bytes(), true)).collect())
    }

    pub(super) fn take(&mut self, text: &[u8], is_ending: bool) {
        let (adds, items) = value::taboo_list(text);
        let mut patterns = if adds { self.patterns().to_vec() } else { Vec::new() };
        // An empty pattern matches no name, an empty ending would match all.
        let named = items.into_iter().filter(|item| !item.is_empty());
        patterns.extend(named.map(|item| compiled(item, is_ending)));
        self.patterns = OnceCell::from(patterns);
    }

    /// Answers the first pattern that keeps the name out; hidden names are no exception.
    pub(super) fn pattern_for(&self, name: &[u8]) -> Option<&[u8]> {
        self.patterns()
            .iter()
            .find(|(pattern, _)| pattern.matches(name))
            .map(|(_, written)| written.as_slice())
    }
}
