//! The stanza that would do for a file, or for a series of files.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Series;
use super::shape::literally;
use crate::facts::FileFacts;
use crate::naming::family::ends_compressed;
use crate::obstacle;
use crate::shown;
use crate::unix::Identity;

/// A stanza that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Its path list, as it is written.
    pub word: String,
    pub way: Way,
    /// The rights that the work needs, where root would refuse it without.
    pub su: Option<Identity>,
}

/// What a stanza does with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A log is rotated.
    Rotate {
        /// It is copied and cut off: whether the program would open it anew is not known.
        in_place: bool,
        /// Its archives are compressed; it is not compressed itself.
        compress: bool,
    },
    /// Files of a series, of which the program itself begins one after the other, go when nothing was written to them for long: to rotate
    /// them would only give them further names.
    Remove,
}

/// Suggests a stanza. `may_be_open` tells that a program has the file open for writing, or that nobody knows.
///
/// `None` where no stanza would do for these files and no others, or their path cannot be written in one so that it can be copied.
#[must_use]
pub fn suggest(directory: (&Path, &FileFacts), series: &Series, may_be_open: bool) -> Option<Suggestion> {
    let (path, holder) = directory;
    let (name, facts) = &series.newest;
    let (way, names) = match series.files {
        // One of several names of a file is passed over.
        1 if facts.links > 1 => return None,
        1 => {
            let way = Way::Rotate {
                in_place: may_be_open,
                compress: !ends_compressed(name),
            };
            (way, vec![literally(name.as_bytes())])
        }
        _ if series.is_shared => return None,
        _ => (Way::Remove, series.shape.patterns()?),
    };
    let mut base = literally(path.as_os_str().as_bytes());
    if base.last() != Some(&b'/') {
        base.push(b'/');
    }
    let words: Option<Vec<String>> = names.iter().map(|name| written(&[&base, &**name].concat())).collect();
    let is_refused = obstacle::of_directory(&path.join(name), holder, None, true).is_err();
    Some(Suggestion {
        word: words?.join(" "),
        way,
        su: is_refused.then(|| obstacle::su_for(facts, holder)),
    })
}

/// Writes a path pattern as a word of a path list: in quotes, where it has to be.
fn written(word: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(word).ok()?;
    if text.contains('\\') || shown::bytes(word) != text {
        return None;
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b"/._-+@:=%,~[]*?!^".contains(&byte);
    if word.iter().all(|byte| is_plain(*byte)) {
        return Some(text.to_owned());
    }
    let quote = ['"', '\''].into_iter().find(|quote| !text.contains(*quote))?;
    // A stanza begins at a brace, in quotes or not.
    let is_split = text.contains(['{', '}']);
    (!is_split).then(|| format!("{quote}{text}{quote}"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::super::tests::facts;
    use super::super::{Gathered, Rest, SMALL};
    use super::*;
    use crate::unix::{GroupId, Mode, UserId};

    fn suggested(names: &[&str], directory: &FileFacts, is_open: bool) -> Option<Suggestion> {
        let mut gathered = Gathered::default();
        for name in names {
            gathered.add(OsStr::new(name), facts(SMALL, 0));
        }
        let series = gathered.end(&mut Rest::default());
        suggest((Path::new("/log"), directory), &series[0], is_open)
    }

    fn directory(mode: u32) -> FileFacts {
        FileFacts {
            mode: Mode(mode),
            group: GroupId(7),
            ..facts(0, 0)
        }
    }

    #[test]
    fn b13_a_log_is_rotated_and_a_series_goes_when_it_is_old() {
        for (names, is_open, word, way) in [
            (&["a.log"][..], false, "/log/a.log", (false, true)),
            (&["a.log"], true, "/log/a.log", (true, true)),
            (&["a.tar.xz"], false, "/log/a.tar.xz", (false, false)),
            (&["a1.log"], false, "/log/a1.log", (false, true)),
        ] {
            let found = suggested(names, &directory(0o755), is_open).unwrap();
            let (in_place, compress) = way;
            assert_eq!(found.way, Way::Rotate { in_place, compress }, "{names:?}");
            assert_eq!((found.word.as_str(), found.su), (word, None));
        }
        let series = suggested(&["a1.log", "a2.log"], &directory(0o755), true).unwrap();
        assert_eq!((series.word.as_str(), series.way), ("/log/a[0-9].log", Way::Remove));
        let series = suggested(&["a 1", "a 22"], &directory(0o755), true).unwrap();
        assert_eq!(series.word, "\"/log/a [0-9]\" \"/log/a [0-9][0-9]\"");
    }

    #[test]
    fn b13_a_path_is_written_so_that_it_can_be_copied_or_not_at_all() {
        for (name, word) in [
            ("a b.log", Some("\"/log/a b.log\"")),
            ("a\"b", Some("'/log/a\"b'")),
            ("a'b", Some("\"/log/a'b\"")),
            ("a'\"b", None),
            ("a\\b", None),
            ("a\nb", None),
            ("a\u{202e}b", None),
            ("a{b", None),
            ("a#b", Some("\"/log/a#b\"")),
            ("a*b", Some("/log/a[*]b")),
            ("\u{30ed}\u{30b0}", Some("/log/\u{30ed}\u{30b0}")),
        ] {
            let found = suggested(&[name], &directory(0o755), false).map(|found| found.word);
            assert_eq!(found.as_deref(), word, "{name:?}");
        }
    }

    #[test]
    fn b13_no_stanza_is_suggested_that_would_take_what_is_taken() {
        for (taken, is_fine) in [("a3.log", false), ("a33.log", true), ("a.log", true)] {
            let mut gathered = Gathered::default();
            gathered.leave(OsStr::new(taken));
            for name in ["a1.log", "a2.log"] {
                gathered.add(OsStr::new(name), facts(SMALL, 0));
            }
            let series = gathered.end(&mut Rest::default());
            let found = suggest((Path::new("/log"), &directory(0o755)), &series[0], false);
            assert_eq!(found.is_some(), is_fine, "{taken}");
        }
    }

    #[test]
    fn b13_su_is_suggested_where_a_run_would_refuse_the_directory() {
        let su = |mode| suggested(&["a"], &directory(mode), false).unwrap().su;
        assert_eq!(su(0o755), None);
        let root = Identity {
            user: UserId(0),
            group: GroupId(7),
        };
        assert_eq!(su(0o775), Some(root));
    }
}
