//! A policy put back into directives, each with the line that made it so.

use crate::config::directive::Row;
use crate::policy::Stanza;
use crate::policy::directives::{MEANINGS, Meaning, Shown};
use crate::report::explain::{self, Effective};

/// Returns the settings of a stanza as they hold, in the order of their table.
pub(super) fn effective(stanza: &Stanza) -> Vec<Effective> {
    MEANINGS.iter().filter_map(|meaning| shown(stanza, meaning)).collect()
}

/// Shows one setting; of the directives that may have made it so the last one counts.
fn shown(stanza: &Stanza, meaning: &Meaning) -> Option<Effective> {
    let shown = (meaning.show)(&stanza.policy)?;
    let is_off = matches!(shown, Shown::Off(_));
    let others: &[_] = if let Shown::Off(others) = shown { others } else { &[] };
    let made_by = |row: &Row| row.setting == meaning.setting || others.contains(&row.setting);
    let origin = stanza.origins.iter().rev().find(|origin| made_by(origin.row));
    Some(Effective {
        text: explain::setting(meaning.setting.row(!is_off)?, &shown),
        set_at: origin.map(|origin| origin.place.clone()),
    })
}
