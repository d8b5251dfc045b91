//! How wide the terminal is.

/// Answers how many columns the terminal at standard output has; `None` where it is none.
#[must_use]
pub fn width() -> Option<usize> {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map(|(width, _)| usize::from(width.0))
}
