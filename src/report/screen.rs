//! What standard output is written to: whether it takes colours, and how wide it is.

use std::io::IsTerminal;

use crate::sys::terminal;

/// How a text is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Colours are used.
    pub colour: bool,
    /// The columns of the terminal; `None` where it is none.
    pub width: Option<usize>,
}

impl Look {
    /// Looks at standard output; a wish for or against colours goes before all.
    #[must_use]
    pub fn of_stdout(wish: Option<bool>) -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let by_itself = || std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb;
        Self {
            colour: wish.unwrap_or_else(by_itself),
            width: terminal::width(),
        }
    }

    /// Wraps a text into a colour, given by the numbers of its escape.
    #[must_use]
    pub fn paint(&self, numbers: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{numbers}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Counts the columns that a character takes in a terminal.
#[must_use]
pub fn columns(one: char) -> usize {
    match u32::from(one) {
        // Marks that stand on the character before them.
        0x300..=0x36f | 0x200b..=0x200f | 0x3099..=0x309a | 0xfe00..=0xfe0f => 0,
        // Kana, Han, Hangul, full-width forms and pictures.
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Counts the columns that a text takes in a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}
