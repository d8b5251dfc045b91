//! Colours, columns and sizes for people: how wide text is in a terminal, and when it may be coloured.

use std::env;

use unicode_width::UnicodeWidthChar;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// In a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

impl Colours {
    /// Decides for an output that is a terminal or not.
    #[must_use]
    pub fn are_wanted(self, is_terminal: bool) -> bool {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && !set("NO_COLOR") && env::var_os("TERM").is_some_and(|term| term != "dumb"),
        }
    }
}

/// A colour by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something is wrong.
    Bad,
    /// Something is odd.
    Odd,
    /// Something will be done.
    Good,
    /// A heading.
    Head,
    /// Less important.
    Faint,
}

/// Colours a text, or leaves it as it is.
#[must_use]
pub fn paint(text: &str, tone: Tone, on: bool) -> String {
    if !on || text.is_empty() {
        return text.to_owned();
    }
    let code = match tone {
        Tone::Bad => "1;31",
        Tone::Odd => "1;33",
        Tone::Good => "32",
        Tone::Head => "1",
        Tone::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
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

/// Fills a text up with blanks behind it.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Fills a text up with blanks before it.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Writes a number of bytes in at most six columns: `0`, `512`, `1.5K`, `12.0M`.
#[must_use]
pub fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return bytes.to_string();
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = 'B';
    for next in ['K', 'M', 'G', 'T', 'P', 'E'] {
        tenths = tenths.div_ceil(1024);
        unit = next;
        if tenths < 10_000 {
            break;
        }
    }
    format!("{}.{}{unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_never_understated() {
        for (bytes, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0K"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (1536, "1.5K"),
            (1_048_576, "1.0M"),
            (1_023_999, "1.0M"),
            (5 << 30, "5.0G"),
            (u64::MAX, "16.0E"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn characters_of_east_asia_take_two_columns() {
        assert_eq!(width("ログ.log"), 8);
        assert_eq!(left("ログ", 6), "ログ  ");
        assert_eq!(right("ログ", 6), "  ログ");
        assert_eq!(left("long", 2), "long");
    }

    #[test]
    fn colours_are_put_around_a_text_only_where_they_are_wanted() {
        assert_eq!(paint("x", Tone::Bad, false), "x");
        assert_eq!(paint("x", Tone::Bad, true), "\x1b[1;31mx\x1b[0m");
        assert!(Colours::Always.are_wanted(false) && !Colours::Never.are_wanted(true));
        assert!(!Colours::Auto.are_wanted(false));
    }
}
