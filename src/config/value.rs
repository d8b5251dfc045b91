//! Arguments: from bytes to numbers, modes and words. Names of users are looked up elsewhere.

use super::lex;
use crate::diag::Problem;
use crate::unix::Mode;

/// Why text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoNumber {
    /// It has other characters in it.
    Bad,
    /// It is beyond 64 bits.
    Large,
}

/// Reads a whole number as C does with base 0: `0x` is hexadecimal, a leading 0 octal; nothing may follow. Empty is 0.
fn integer(text: &[u8]) -> Result<i64, NoNumber> {
    let spaces = text.iter().take_while(|byte| lex::is_space(**byte)).count();
    let text = &text[spaces..];
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return if text.is_empty() { Ok(0) } else { Err(NoNumber::Bad) };
    }
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() => (16, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        digits => (10, digits),
    };
    let mut value = Some(0_i64);
    for byte in digits {
        let digit = char::from(*byte).to_digit(radix).ok_or(NoNumber::Bad)?;
        value = value.and_then(|value| value.checked_mul(i64::from(radix))?.checked_add(i64::from(digit)));
    }
    value
        .map(|value| if negative { -value } else { value })
        .ok_or(NoNumber::Large)
}

/// Reads a count that is at least `least` and fits 31 bits.
///
/// # Errors
/// `what` names the count in the complaint.
pub fn count(text: &[u8], what: &'static str, least: i64) -> Result<i32, Problem> {
    let bad = || Problem::BadNumber {
        what,
        value: text.to_vec(),
    };
    let large = || Problem::OutOfRange {
        what,
        value: text.to_vec(),
    };
    match integer(text) {
        Err(NoNumber::Bad) => Err(bad()),
        Err(NoNumber::Large) => Err(large()),
        Ok(value) if value < least => Err(bad()),
        Ok(value) => i32::try_from(value).map_err(|_| large()),
    }
}

/// Reads a number of bytes: a whole number with `k`, `K`, `M` or `G` behind it, or nothing.
///
/// # Errors
/// Another letter at the end, another character, a negative number, or one of 2⁶³ or more.
pub fn size(text: &[u8]) -> Result<u64, Problem> {
    let (digits, factor) = match text {
        [digits @ .., b'k' | b'K'] => (digits, 1 << 10),
        [digits @ .., b'M'] => (digits, 1 << 20),
        [digits @ .., b'G'] => (digits, 1 << 30),
        [.., last] if !last.is_ascii_digit() => return Err(Problem::UnknownUnit(*last)),
        digits => (digits, 1_i64),
    };
    let large = || Problem::OutOfRange {
        what: "size",
        value: text.to_vec(),
    };
    let value = integer(digits).map_err(|why| match why {
        NoNumber::Bad => Problem::BadSize(digits.to_vec()),
        NoNumber::Large => large(),
    })?;
    if value < 0 {
        return Err(Problem::BadSize(digits.to_vec()));
    }
    value.checked_mul(factor).map(i64::unsigned_abs).ok_or_else(large)
}

/// Reads a percentage without its sign: 1 to 99, in decimal digits only.
///
/// # Errors
/// Anything else.
pub fn percent(digits: &[u8]) -> Result<u8, Problem> {
    let is_plain = matches!(digits.len(), 1 | 2) && digits.iter().all(u8::is_ascii_digit);
    let value = digits.iter().fold(0_u8, |value, digit| {
        value.wrapping_mul(10).wrapping_add(digit.wrapping_sub(b'0'))
    });
    if is_plain && value > 0 {
        return Ok(value);
    }
    Err(Problem::BadPercentage(digits.to_vec()))
}

/// Reads the number of a day, or nothing, which is 0; `text` is the rest of the line.
///
/// # Errors
/// Anything but a decimal number up to `last`.
pub fn day(text: &[u8], directive: &'static str, last: u8) -> Result<u8, Problem> {
    let bad = || Problem::BadDay {
        directive,
        value: text.to_vec(),
    };
    let trimmed = lex::trim_end(text).trim_ascii_start();
    if trimmed.is_empty() {
        return Ok(0);
    }
    let digits = trimmed.strip_prefix(b"+").unwrap_or(trimmed);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || trimmed.len() != text.trim_ascii_start().len() {
        return Err(bad());
    }
    let value = digits.iter().fold(0_u64, |value, digit| {
        value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    u8::try_from(value).ok().filter(|value| *value <= last).ok_or_else(bad)
}

/// Splits an argument into words separated by white space; a word may be wholly in quotes, what is glued behind them is the next.
///
/// # Errors
/// A quote that is not closed.
pub fn words(text: &[u8], directive: &'static str) -> Result<Vec<Vec<u8>>, Problem> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        let spaces = rest.iter().take_while(|byte| lex::is_space(**byte)).count();
        rest = &rest[spaces..];
        match rest {
            [] => return Ok(words),
            [quote @ (b'"' | b'\''), quoted @ ..] => {
                let end = quoted
                    .iter()
                    .position(|byte| byte == quote)
                    .ok_or(Problem::InvalidArguments(directive))?;
                words.push(quoted[..end].to_vec());
                rest = &quoted[end + 1..];
            }
            _ => {
                let end = rest.iter().take_while(|byte| !lex::is_space(**byte)).count();
                words.push(rest[..end].to_vec());
                rest = &rest[end..];
            }
        }
    }
}

/// Reads permission bits in octal.
///
/// # Errors
/// Anything but an octal number up to 7777.
pub fn mode(word: &[u8]) -> Result<Mode, Problem> {
    let bad = || Problem::InvalidMode(word.to_vec());
    let octal = std::str::from_utf8(word).map_err(|_| bad())?;
    let bits = u32::from_str_radix(octal, 8).map_err(|_| bad())?;
    if bits > 0o7777 { Err(bad()) } else { Ok(Mode(bits)) }
}

/// Checks a path, program or ending: no blanks, no control characters.
///
/// # Errors
/// `what` names it in the complaint.
pub fn path<'a>(text: &'a [u8], what: &'static str) -> Result<&'a [u8], Problem> {
    if text.iter().all(|byte| byte.is_ascii_graphic() || *byte >= 0x80) {
        return Ok(text);
    }
    Err(Problem::BadPath {
        what,
        value: text.to_vec(),
    })
}

/// Checks a mail address: printable ASCII without blanks.
///
/// # Errors
/// Anything else.
pub fn address(text: &[u8]) -> Result<&[u8], Problem> {
    if text.iter().all(u8::is_ascii_graphic) {
        Ok(text)
    } else {
        Err(Problem::BadMail(text.to_vec()))
    }
}

/// Splits the options of the compressor.
///
/// # Errors
/// No word at all, or a backslash that escapes nothing.
pub fn options(text: &[u8]) -> Result<Vec<Vec<u8>>, Problem> {
    let words = lex::split_words(text)
        .filter(|words| !words.is_empty())
        .ok_or(Problem::InvalidCompressOptions)?;
    Ok(words.into_iter().map(|word| word.text).collect())
}

/// Splits a taboo list: whether it adds to the one before, and its items (empty ones included).
#[must_use]
pub fn taboo_list(text: &[u8]) -> (bool, Vec<&[u8]>) {
    let adds = text.starts_with(b"+");
    let text = if adds { text[1..].trim_ascii_start() } else { text };
    let items = text.split(|byte| *byte == b',' || lex::is_space(*byte));
    (adds, items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_decimal_octal_or_hexadecimal() {
        for (text, value) in [
            ("7", 7),
            ("+7", 7),
            (" 7", 7),
            ("010", 8),
            ("0x1F", 31),
            ("-1", -1),
            ("0", 0),
            ("", 0),
        ] {
            assert_eq!(count(text.as_bytes(), "x", -1), Ok(value), "{text}");
        }
        for text in ["5;", "5 # c", "5k", "\"5\"", "1.5", "08", "0x", "-", "-2", "5 }", "x"] {
            let bad = Problem::BadNumber {
                what: "x",
                value: text.into(),
            };
            assert_eq!(count(text.as_bytes(), "x", -1), Err(bad), "{text}");
        }
        for text in [
            "2147483648",
            "99999999999",
            "99999999999999999999999",
            "0xffffffffffffffffff",
        ] {
            let large = Problem::OutOfRange {
                what: "x",
                value: text.into(),
            };
            assert_eq!(count(text.as_bytes(), "x", -1), Err(large), "{text}");
        }
    }

    #[test]
    fn sizes_have_one_letter_units() {
        for (text, value) in [
            ("5", 5),
            ("5k", 5 << 10),
            ("5K", 5 << 10),
            ("100M", 100 << 20),
            ("2G", 2 << 30),
            ("M", 0),
            ("0x10k", 16 << 10),
            ("+5k", 5 << 10),
            ("", 0),
        ] {
            assert_eq!(size(text.as_bytes()), Ok(value), "{text}");
        }
        for (text, unit) in [
            ("5m", b'm'),
            ("5g", b'g'),
            ("5b", b'b'),
            ("5MB", b'B'),
            ("5T", b'T'),
            ("5 # c", b'c'),
        ] {
            assert_eq!(size(text.as_bytes()), Err(Problem::UnknownUnit(unit)), "{text}");
        }
        for (text, shown) in [("5 k", "5 "), ("-1", "-1"), ("-1k", "-1"), ("5x5", "5x5"), ("k5", "k5")] {
            assert_eq!(size(text.as_bytes()), Err(Problem::BadSize(shown.into())), "{text}");
        }
        for text in ["9223372036854775808", "9223372036854775807k", "99999999999G"] {
            assert!(
                matches!(size(text.as_bytes()), Err(Problem::OutOfRange { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn z5_a_percentage_is_a_whole_number_from_1_to_99() {
        for (text, value) in [("1", 1), ("5", 5), ("05", 5), ("99", 99)] {
            assert_eq!(percent(text.as_bytes()), Ok(value), "{text}");
        }
        for text in [
            "", "0", "00", "100", "005", "+5", "-5", "5 ", " 5", "0x5", "1.5", "5%", "x",
        ] {
            let bad = Problem::BadPercentage(text.into());
            assert_eq!(percent(text.as_bytes()), Err(bad), "{text}");
        }
    }

    #[test]
    fn days_are_decimal_and_optional() {
        for (text, value) in [("", 0), ("  ", 0), (" 7", 7), (" +1", 1), (" 007", 7)] {
            assert_eq!(day(text.as_bytes(), "weekly", 7), Ok(value), "{text:?}");
        }
        for text in [
            " 8",
            "=1",
            " -1",
            " 0x1",
            " 1 # c",
            " }",
            " mon",
            " 99999999999999999999999",
            " +",
        ] {
            assert!(day(text.as_bytes(), "weekly", 7).is_err(), "{text:?}");
        }
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(mode(b"0640"), Ok(Mode(0o640)));
        assert_eq!(mode(b"7777"), Ok(Mode(0o7777)));
        for text in ["", "root", "0648", "-1", "77777777", "640root"] {
            assert_eq!(mode(text.as_bytes()), Err(Problem::InvalidMode(text.into())), "{text}");
        }
    }

    #[test]
    fn words_may_be_quoted_whole() {
        let split = |text: &str| {
            words(text.as_bytes(), "su").map(|list| {
                list.iter()
                    .map(|w| String::from_utf8_lossy(w).into())
                    .collect::<Vec<String>>()
            })
        };
        assert_eq!(split(" 0640 root  adm").unwrap(), ["0640", "root", "adm"]);
        assert_eq!(split("\"DOMAIN admin\" 'x y'").unwrap(), ["DOMAIN admin", "x y"]);
        assert_eq!(split("\"0640\"root adm").unwrap(), ["0640", "root", "adm"]);
        assert_eq!(split("\"\"").unwrap(), [""]);
        assert_eq!(split("\"x"), Err(Problem::InvalidArguments("su")));
    }

    #[test]
    fn paths_have_no_blanks_and_addresses_no_accents() {
        assert!(path("/var/bücher".as_bytes(), "olddir").is_ok());
        assert!(path(b"/var/a b", "olddir").is_err());
        assert!(address(b"a@b,c@d").is_ok());
        assert!(address("ä@b".as_bytes()).is_err());
        assert!(address(b"a b").is_err());
    }

    #[test]
    fn taboo_lists_split_at_blanks_and_commas() {
        assert_eq!(taboo_list(b"+ .a,.b .c"), (true, vec![&b".a"[..], b".b", b".c"]));
        assert_eq!(taboo_list(b".a, .b"), (false, vec![&b".a"[..], b"", b".b"]));
        assert_eq!(taboo_list(b"+"), (true, vec![&b""[..]]));
    }
}
