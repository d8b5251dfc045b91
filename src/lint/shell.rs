//! Scripts as a shell takes them apart, as far as lints need that: its words without quotes and comments, its last command.
//!
//! No shell is written here. Where a text is beyond these rules (a here-document), nothing is said about it.

use std::ops::Range;

use crate::config::directive::{self, Argument};

/// Commands that only ask something, and fail where the answer is no.
const QUESTIONS: [&[u8]; 8] = [b"[", b"[[", b"test", b"command", b"type", b"which", b"pgrep", b"pidof"];
/// Words of bash that another shell takes for the names of programs.
const WORDS_OF_BASH: [&[u8]; 9] = [
    b"[[",
    b"function",
    b"source",
    b"declare",
    b"typeset",
    b"shopt",
    b"pushd",
    b"popd",
    b"let",
];
/// Signs of bash that another shell reads differently, or not at all.
const SIGNS_OF_BASH: [&[u8]; 5] = [b"<<<", b"<(", b">(", b"&>", b"|&"];
/// Directives that are the names of programs, too.
const PROGRAMS: [&str; 4] = ["include", "mail", "start", "su"];

/// A script in which quotes, comments and substitutions are painted over, byte for byte.
#[derive(Debug)]
pub struct Painted(Vec<u8>);

impl Painted {
    /// Paints a script over; `None` where it has a here-document.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut painted = Vec::with_capacity(text.len());
        while let Some(rest) = text.get(painted.len()..).filter(|rest| !rest.is_empty()) {
            let begins_word = painted.last().is_none_or(|byte: &u8| b" \t\n;&|(".contains(byte));
            let (length, paint) = match rest {
                [b'#', ..] if begins_word => (line_length(rest), Some(b' ')),
                [b'\\', b'\n', ..] => (2, Some(b' ')),
                [b'\\', _, ..] => (2, Some(b'q')),
                [quote @ (b'\'' | b'"' | b'`'), ..] => (quoted_length(rest, *quote), Some(b'q')),
                [b'$', b'(' | b'{', ..] => (1 + group_length(&rest[1..]), Some(b'q')),
                [b'<', b'<', b'<', ..] => (3, None),
                [b'<', b'<', ..] => return None,
                _ => (1, None),
            };
            match paint {
                Some(paint) => painted.resize(painted.len() + length, paint),
                None => painted.extend_from_slice(&rest[..length]),
            }
        }
        Some(Self(painted))
    }

    /// Returns the lines: where each begins, blanks left aside, and what is left of it.
    fn lines(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut at = 0;
        self.0.split(|byte| *byte == b'\n').map(move |line| {
            let blanks = line.len() - line.trim_ascii_start().len();
            let begin = at + blanks;
            at += line.len() + 1;
            (begin, line.trim_ascii())
        })
    }

    /// Finds a line that is no command but a directive.
    #[must_use]
    pub fn directive(&self) -> Option<(Range<usize>, &'static str)> {
        self.lines()
            .find_map(|(at, line)| Some((at..at + line.len(), directive_of(line)?)))
    }

    /// Finds the last command, where it is `test && …` and so fails whenever the test does.
    #[must_use]
    pub fn test_at_end(&self) -> Option<Range<usize>> {
        let last = self
            .lists()
            .into_iter()
            .rfind(|list| !self.0[list.clone()].trim_ascii().is_empty())?;
        let text = &self.0[last.clone()];
        let blanks = text.len() - text.trim_ascii_start().len();
        let parts = parts_of(text)?;
        let (_, questions) = parts.split_last()?;
        let asks = |part: &&[u8]| {
            words(part)
                .find(|word| *word != b"!")
                .is_some_and(|word| QUESTIONS.contains(&word))
        };
        let length = text.trim_ascii().len();
        questions
            .iter()
            .any(asks)
            .then(|| last.start + blanks..last.start + blanks + length)
    }

    /// Finds what only bash and its like understand.
    #[must_use]
    pub fn bash(&self) -> Option<Range<usize>> {
        let text = &self.0;
        let signs = SIGNS_OF_BASH.iter().filter_map(|sign| {
            let at = text.windows(sign.len()).position(|window| window == *sign)?;
            Some(at..at + sign.len())
        });
        let words = self.commands().filter_map(|(at, command)| {
            let word = words(command).next()?;
            let is_array = word.contains(&b'(')
                && word.split(|byte| *byte == b'(').next().is_some_and(|head| {
                    head.strip_suffix(b"=")
                        .is_some_and(|name| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'))
                });
            (is_array || WORDS_OF_BASH.contains(&word)).then(|| at..at + word.len())
        });
        signs.chain(words).min_by_key(|found| found.start)
    }

    /// Returns the stretches between line ends and semicolons that are not inside of a line that goes on.
    fn lists(&self) -> Vec<Range<usize>> {
        let mut lists = Vec::new();
        let mut begin = 0;
        for (at, byte) in self.0.iter().enumerate() {
            let goes_on = || {
                let so_far = self.0[begin..at].trim_ascii_end();
                so_far.ends_with(b"&&") || so_far.ends_with(b"|")
            };
            if *byte == b';' || *byte == b'\n' && !goes_on() {
                lists.push(begin..at);
                begin = at + 1;
            }
        }
        lists.push(begin..self.0.len());
        lists
    }

    /// Returns the commands, with where each begins.
    fn commands(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut at = 0;
        let ends = |byte: &u8| matches!(byte, b'\n' | b';' | b'&' | b'|' | b'!' | b'{');
        self.0.split(ends).map(move |command| {
            let mut begin = at + command.len() - command.trim_ascii_start().len();
            let mut text = command.trim_ascii();
            at += command.len() + 1;
            // Words of the shell's own grammar, before a command.
            while let Some(word) = words(text)
                .next()
                .filter(|word| [&b"if"[..], b"then", b"else", b"elif", b"while", b"until", b"do"].contains(word))
            {
                let rest = text[word.len()..].trim_ascii_start();
                begin += text.len() - rest.len();
                text = rest;
            }
            (begin, text)
        })
    }
}

/// Finds the path list of a stanza that a script went on over, its `endscript` missing.
#[must_use]
pub fn swallowed(text: &[u8]) -> Option<&[u8]> {
    let is_path = |list: &&[u8]| matches!(list, [b'/', ..] | [b'"' | b'\'', b'/', ..]);
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter_map(|line| line.strip_suffix(b"{").map(<[u8]>::trim_ascii))
        .find(is_path)
}

/// Returns the directive that a line of a script is, if it can hardly be a command.
fn directive_of(line: &[u8]) -> Option<&'static str> {
    let mut words = words(line);
    let row = directive::find(words.next()?).filter(|row| !PROGRAMS.contains(&row.name))?;
    let rest: Vec<&[u8]> = words.collect();
    let is_number = |word: &&[u8]| word.first().is_some_and(u8::is_ascii_digit);
    let fits = match row.argument {
        Argument::None | Argument::Script => rest.is_empty(),
        Argument::Day => rest.iter().all(is_number) && rest.len() < 2,
        Argument::Count | Argument::Size | Argument::Ownership => rest.first().is_some_and(is_number),
        _ => !rest.is_empty(),
    };
    fits.then_some(row.name)
}

/// Splits a list at `&&`; `None` where it has alternatives, goes on in the background, or ends something that began before it.
fn parts_of(list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < list.len() {
        match &list[at..] {
            [b'|', b'|', ..] | [b')', ..] => return None,
            [b'&', b'&', ..] => {
                parts.push(&list[begin..at]);
                at += 2;
                begin = at;
            }
            [b'&', ..] if list[at + 1..].trim_ascii().is_empty() => return None,
            _ => at += 1,
        }
    }
    parts.push(&list[begin..]);
    Some(parts)
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn line_length(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())
}

/// Returns the length of what is in quotes, both included.
fn quoted_length(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == b'\\' && quote != b'\'' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// Returns the length of what is in parentheses or braces, both included, quotes in it passed over.
fn group_length(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match text[at] {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth -= 1,
            quote @ (b'\'' | b'"' | b'`') => at += quoted_length(&text[at..], quote) - 1,
            b'\\' => at += 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, found: impl Fn(&Painted) -> Option<Range<usize>>) -> Option<&str> {
        Painted::new(text.as_bytes())
            .and_then(|painted| found(&painted))
            .map(|range| &text[range])
    }

    #[test]
    fn a_script_that_ends_in_a_test_is_found_and_one_that_only_has_one_is_not() {
        let table = [
            ("\n  [ -f /run/x ] && kill x\n", Some("[ -f /run/x ] && kill x")),
            ("test -x /bin/y && y", Some("test -x /bin/y && y")),
            ("a; [ -f x ] &&\n  y\n# end\n", Some("[ -f x ] &&\n  y")),
            (
                "command -v y >/dev/null 2>&1 && y",
                Some("command -v y >/dev/null 2>&1 && y"),
            ),
            ("! [ -f x ] && y", Some("! [ -f x ] && y")),
            ("a && [ -f x ] && y", Some("a && [ -f x ] && y")),
            ("set -e\n[ -f x ] && y", Some("[ -f x ] && y")),
            ("[ -f x ] && y || true", None),
            ("[ -f x ] && y || :\n", None),
            ("[ -f x ] && y; true", None),
            ("[ -f x ] && y\nexit 0\n", None),
            ("if [ -f x ] && [ -f y ]; then z; fi", None),
            ("if a; then\n[ -f x ] && y\nfi\n", None),
            ("for x in *; do [ -f $x ] && y $x; done", None),
            ("f() { [ -f x ] && y; }", None),
            ("( [ -f x ] && y )", None),
            ("reload && restart", None),
            ("[ -f x ]", None),
            ("test -f x || y", None),
            ("echo '[ -f x ] && y'", None),
            ("# [ -f x ] && y", None),
            ("x $([ -f x ] && y)", None),
            ("[ -f x ] && y &", None),
            ("cat <<E\n[ -f x ] && y\nE", None),
            ("", None),
        ];
        for (text, found) in table {
            assert_eq!(shown(text, Painted::test_at_end), found, "{text}");
        }
    }

    #[test]
    fn a_directive_is_told_from_a_command() {
        let found = |text: &str| {
            Painted::new(text.as_bytes())
                .and_then(|painted| painted.directive())
                .map(|found| found.1)
        };
        for line in [
            "missingok",
            "  daily  ",
            "rotate 7",
            "size 10M",
            "create 0640 root adm",
            "postrotate",
            "weekly 1",
            "dateformat -%s",
        ] {
            assert!(found(&format!("x\n{line}\ny")).is_some(), "{line}");
        }
        for line in [
            "missingok=1",
            "echo missingok",
            "size a.out",
            "mail root",
            "su www -c x",
            "start app",
            "rotate /x",
            "# daily",
            "daily &",
            "\"\ndaily\n\"",
            "copy a",
            "shred -u x",
            "daily-job",
        ] {
            assert_eq!(found(&format!("x\n{line}\ny")), None, "{line}");
        }
    }

    #[test]
    fn what_only_bash_knows_is_found_where_it_is_a_command_or_a_sign() {
        let table = [
            ("[[ -f x ]] && y", Some("[[")),
            ("if [[ -f x ]]; then y; fi", Some("[[")),
            ("function f {\n:\n}", Some("function")),
            ("read x <<< y", Some("<<<")),
            ("a=(x y)", Some("a=(x")),
            ("diff <(a) b", Some("<(")),
            ("kill x &>/dev/null", Some("&>")),
            ("source /etc/x", Some("source")),
            ("kill x >/dev/null 2>&1", None),
            ("echo [[ '<<<' source", None),
            ("f() { :; }", None),
            ("x=$((a<(b)))", None),
            ("a & >x b", None),
        ];
        for (text, found) in table {
            assert_eq!(shown(text, Painted::bash), found, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_script_is_what_is_found_lies_in_it(text in r"[\[\] \n\\'\x22`#$(){}<>&|;!=a-c]{0,60}") {
            if let Some(painted) = Painted::new(text.as_bytes()) {
                prop_assert_eq!(painted.0.len(), text.len());
                let found = [painted.test_at_end(), painted.bash(), painted.directive().map(|found| found.0)];
                for range in found.into_iter().flatten() {
                    prop_assert!(text.get(range).is_some_and(|part| !part.is_empty()));
                }
            }
        }
    }

    #[test]
    fn a_stanza_that_was_swallowed_is_named() {
        assert_eq!(
            swallowed(b"\nreload\n}\n/var/log/b /var/log/c {\ndaily\n"),
            Some(&b"/var/log/b /var/log/c"[..])
        );
        assert_eq!(swallowed(b"\nf() {\n/bin/x\n}\n"), None);
    }
}
