//! What standard output is written to: whether it takes colours, and how wide it is.

use super::style::Colours;
use crate::sys::terminal;

/// How a text is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub colour: bool,
    /// The columns of the terminal; `None` where it is none.
    pub width: Option<usize>,
}

impl Look {
    /// Looks at standard output.
    #[must_use]
    pub fn of_stdout(colours: Colours) -> Self {
        let stdout = std::io::stdout();
        Self {
            colour: colours.are_wanted(terminal::is_terminal(&stdout)),
            width: terminal::columns(&stdout),
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
