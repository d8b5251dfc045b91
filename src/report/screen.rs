//! What standard output is written to: whether it takes colours, and how wide it is.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthChar;

use super::style::Colours;
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
        let by_itself = || Colours::Auto.are_wanted(std::io::stdout().is_terminal());
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
    UnicodeWidthChar::width(one).unwrap_or(0)
}

/// Counts the columns that a text takes in a terminal: characters of East Asia take two.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}
