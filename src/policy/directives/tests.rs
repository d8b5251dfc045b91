//! The table against itself and against `config::directive`: what is taken in is shown, and the defaults are true.

use std::path::Path;

use super::*;
use crate::config::ast::{self, Directive, Span};
use crate::config::directive::{Argument, DIRECTIVES, Row};
use crate::diag::Place;
use crate::policy::given::Accounts;
use crate::policy::resolve;

/// What is about reading files, so that `load` has it.
const ELSEWHERE: [Setting; 4] = [Setting::Include, Setting::TabooExt, Setting::TabooPat, Setting::Errors];
/// What mail alone needs is not shown.
const UNSHOWN: Setting = Setting::UncompressCommand;

/// Knows everybody by number.
struct Numbers;

impl Accounts for Numbers {
    fn user(&mut self, word: &[u8]) -> Option<UserId> {
        std::str::from_utf8(word).ok()?.parse().ok().map(UserId)
    }

    fn group(&mut self, word: &[u8]) -> Option<GroupId> {
        std::str::from_utf8(word).ok()?.parse().ok().map(GroupId)
    }

    fn expand_home(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

fn take(settings: &mut Settings, row: &'static Row, text: &str) {
    let span = Span::new(0, text.len());
    let directive = Directive {
        row,
        name: span,
        argument: ast::Argument::Given(text.as_bytes(), span),
        closes_block: false,
    };
    let place = || Place {
        file: Path::new("x").into(),
        line: 1,
        column: 1,
        length: 0,
    };
    resolve::take(settings, &directive, &mut Numbers, &place).unwrap();
}

/// Returns an argument that differs from every default.
fn sample(row: &Row) -> &'static str {
    match row.argument {
        _ if row.setting == Setting::Formerly => "extension sample",
        Argument::None => "",
        Argument::Count | Argument::Day => "3",
        Argument::Size => "4096",
        Argument::Text | Argument::Path | Argument::Address | Argument::Include | Argument::TabooList => "sample",
        Argument::Ownership => "0604 7 8",
        Argument::Account => "7 8",
        Argument::Words => "-a -b",
        Argument::Script => "sample\n",
    }
}

/// Returns settings under which all others have a say; one of them is left as it is by default.
fn all_on_but(left: Setting) -> [Settings; 2] {
    let mut settings = Settings::default();
    for setting in [
        Setting::Compress,
        Setting::Shred,
        Setting::Mail,
        Setting::OldDir,
        Setting::MaxTotalSize,
    ] {
        if let Some(row) = setting.row(true).filter(|_| setting != left) {
            take(&mut settings, row, sample(row));
        }
    }
    let date_ext = left != Setting::DateExt;
    let dated = Settings {
        date_ext,
        ..settings.clone()
    };
    [settings, dated]
}

/// Returns the rows of what is shown.
fn rows() -> impl Iterator<Item = &'static Row> {
    let is_shown = |setting: Setting| !ELSEWHERE.contains(&setting) && setting != UNSHOWN;
    DIRECTIVES.iter().filter(move |row| is_shown(row.setting))
}

/// Returns what a row shows after the name, as one would write it.
fn words(shown: &Shown) -> String {
    let word = |word: &Word| match word {
        Word::Text(text) => text.to_str().unwrap().to_owned(),
        Word::Number(number) => number.to_string(),
        Word::Mode(mode) => format!("{:04o}", mode.0),
        Word::User(id) => id.0.to_string(),
        Word::Group(id) => id.0.to_string(),
    };
    match shown {
        Shown::On | Shown::Off(_) => String::new(),
        Shown::With(words) => words.iter().map(word).collect::<Vec<_>>().join(" "),
        Shown::Script(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

fn shown(row: &Row, settings: Settings) -> Option<Shown> {
    (Meaning::of(row.setting).show)(&settings.policy())
}

#[test]
fn what_is_taken_in_is_what_is_shown() {
    for row in rows() {
        let name = row.name;
        let found = all_on_but(row.setting).into_iter().find_map(|mut settings| {
            take(&mut settings, row, sample(row));
            shown(row, settings)
        });
        match found {
            Some(Shown::Off(_)) => assert!(!row.on, "{name} is shown as taken back"),
            Some(found) => {
                assert!(row.on, "{name} is shown as on: {found:?}");
                assert_eq!(words(&found), sample(row), "{name}");
            }
            // What is taken back may have no say.
            None => assert!(!row.on, "{name} is not shown: see its row of MEANINGS"),
        }
    }
}

#[test]
fn no_directive_is_taken_in_without_an_effect() {
    for row in DIRECTIVES {
        let mut settings = Settings::default();
        if let Some(opposite) = row.setting.row(!row.on) {
            take(&mut settings, opposite, sample(opposite));
        }
        let before = format!("{settings:?}");
        take(&mut settings, row, sample(row));
        let is_changed = format!("{settings:?}") != before;
        let name = row.name;
        assert_eq!(
            is_changed,
            !ELSEWHERE.contains(&row.setting),
            "{name}: see its row of MEANINGS"
        );
    }
}

#[test]
fn the_defaults_of_the_table_are_those_that_hold() {
    for row in rows() {
        let is_held = all_on_but(row.setting).into_iter().all(|settings| {
            let before = shown(row, settings.clone());
            let is_on = !matches!(before, None | Some(Shown::Off(_)));
            match row.default {
                "on" => is_on == row.on,
                "off" | "none" => is_on != row.on,
                argument => {
                    let mut after = settings;
                    take(&mut after, row, argument);
                    shown(row, after) == before
                }
            }
        });
        assert!(
            is_held,
            "{} is not {} by default: see policy::defaults",
            row.name, row.default
        );
    }
}
