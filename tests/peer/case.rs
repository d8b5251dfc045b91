//! What a case is: configuration, tree, calendar; and how it is written down for the programs and for a reader.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::tree::{Kind, Node, Time, Tree};

/// Stands for the root of the tree in everything that is written.
pub(crate) const ROOT: &str = "@ROOT@";

/// One directive as written, a script with its `endscript` included.
pub(crate) type Directive = String;

/// One stanza.
#[derive(Clone)]
pub(crate) struct Stanza {
    /// The words of the path list, quoted as need be.
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) directives: Vec<Directive>,
}

/// One configuration file.
#[derive(Clone, Default)]
pub(crate) struct ConfigFile {
    pub(crate) name: String,
    pub(crate) globals: Vec<Directive>,
    pub(crate) stanzas: Vec<Stanza>,
}

/// Something that happens to the tree before a run.
#[derive(Clone)]
pub(crate) enum Change {
    /// The file gets so much more content, and is made if it is missing.
    Grow(PathBuf, Vec<u8>),
    /// The file goes.
    Vanish(PathBuf),
}

impl Change {
    /// The file that changes.
    pub(crate) fn path(&self) -> &PathBuf {
        let (Self::Grow(path, _) | Self::Vanish(path)) = self;
        path
    }
}

/// One run.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) at: i64,
    pub(crate) options: Vec<String>,
    pub(crate) changes: Vec<Change>,
}

/// A whole case.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) zone: &'static str,
    pub(crate) umask: &'static str,
    pub(crate) configs: Vec<ConfigFile>,
    /// The configuration paths of the command line, relative to the root.
    pub(crate) named: Vec<String>,
    pub(crate) tree: Tree,
    /// The lines of the state file at the start; none is no file.
    pub(crate) state: Vec<Vec<u8>>,
    /// The mail program, below `bin`.
    pub(crate) mailer: &'static str,
    pub(crate) steps: Vec<Step>,
}

/// Programs that the cases use, in `bin`.
const PROGRAMS: [(&str, &str); 4] = [
    (
        "mail",
        concat!(
            "{ printf '%s\\n' mail \"$@\"; cat; echo; echo .; } >@ROOT@/rec/part.$$\n",
            "cat @ROOT@/rec/part.$$ >>@ROOT@/rec/mail\nrm @ROOT@/rec/part.$$"
        ),
    ),
    (
        "mailfails",
        concat!(
            "{ printf '%s\\n' mailfails \"$@\"; cat; echo; echo .; } >@ROOT@/rec/part.$$\n",
            "cat @ROOT@/rec/part.$$ >>@ROOT@/rec/mail\nrm @ROOT@/rec/part.$$\nexit 3"
        ),
    ),
    (
        "pack",
        concat!(
            "echo says \"$LOGROTATE_COMPRESSED_FILENAME\" \"$#\" \"$@\" >&2\n",
            "printf '%s\\n' pack \"$LOGROTATE_COMPRESSED_FILENAME\" \"$@\" \"$(id -u)\" . >>@ROOT@/rec/pack\nexec gzip -c"
        ),
    ),
    ("packfails", "head -c 10; echo bad >&2; exit 4"),
];

/// Puts the root's path where the text says `@ROOT@`.
pub(crate) fn rooted(text: &[u8], root: &Path) -> Vec<u8> {
    let mark = ROOT.as_bytes();
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(root.as_os_str().as_bytes());
        rest = &rest[at + mark.len()..];
    }
    out.extend_from_slice(rest);
    out
}

impl ConfigFile {
    /// Writes the file as the programs read it, `@ROOT@` not yet replaced.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for global in &self.globals {
            out.extend_from_slice(global.as_bytes());
            out.push(b'\n');
        }
        for stanza in &self.stanzas {
            out.extend_from_slice(&stanza.words.join(&b' '));
            out.extend_from_slice(b" {\n");
            for directive in &stanza.directives {
                out.extend_from_slice(b"    ");
                out.extend_from_slice(directive.as_bytes());
                out.push(b'\n');
            }
            out.extend_from_slice(b"}\n");
        }
        out
    }
}

impl Case {
    /// Ours is to do one thing after the other, so that even what its workers do has the peer's order.
    pub(crate) fn one_by_one(&self) -> bool {
        self.seed % 2 == 0
    }

    /// The tree to lay at the start: logs, archives, configuration, state, the place of the records.
    pub(crate) fn first_tree(&self, root: &Path) -> Tree {
        let begin = self.steps.first().map_or(0, |step| step.at) - 86_400;
        let mut tree = self.tree.clone();
        for config in &self.configs {
            tree.insert(
                Path::new("etc").join(&config.name),
                Node::file(rooted(&config.text(), root), begin),
            );
        }
        for (name, script) in PROGRAMS {
            let text = format!("#!/bin/sh\n{script}\n");
            let mut program = Node::file(rooted(text.as_bytes(), root), begin);
            program.mode = 0o755;
            tree.insert(Path::new("bin").join(name), program);
        }
        let mut rec = Node::new(Kind::Dir, begin);
        rec.mode = 0o777;
        tree.insert(PathBuf::from("rec"), rec);
        if !self.state.is_empty() {
            let mut lines = self.state.join(&b'\n');
            lines.push(b'\n');
            let mut state = Node::file(rooted(&lines, root), begin);
            state.mode = 0o640;
            tree.insert(PathBuf::from("state"), state);
        }
        tree
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {} zone {} umask {} configs {:?} mailer {}",
            self.seed, self.zone, self.umask, self.named, self.mailer
        )?;
        for config in &self.configs {
            writeln!(f, "--- etc/{}", config.name)?;
            f.write_str(&readable(&config.text()))?;
        }
        writeln!(f, "--- tree")?;
        for (path, node) in &self.tree {
            writeln!(f, "{}", line(path, node))?;
        }
        writeln!(f, "--- state")?;
        for line in &self.state {
            writeln!(f, "{}", readable(line))?;
        }
        writeln!(f, "--- runs")?;
        for step in &self.steps {
            writeln!(f, "at {} {:?}", step.at, step.options)?;
            for change in &step.changes {
                match change {
                    Change::Grow(path, bytes) => writeln!(f, "  before: {} + {} bytes", path.display(), bytes.len())?,
                    Change::Vanish(path) => writeln!(f, "  before: {} vanishes", path.display())?,
                }
            }
        }
        Ok(())
    }
}

/// Describes an entry in one line.
pub(crate) fn line(path: &Path, node: &Node) -> String {
    let mut out = format!("{:?} {:o} {:?} ", path, node.mode, node.owner);
    let time = |time| match time {
        Time::At(seconds, nanoseconds) => format!("{seconds}.{nanoseconds:09}"),
        Time::Fresh => "fresh".to_owned(),
    };
    match &node.kind {
        Kind::File(content) => {
            let head: Vec<u8> = content.iter().copied().take(40).collect();
            out.push_str(&format!("file {} {:?}", content.len(), readable(&head)));
        }
        Kind::Dir => out.push_str("dir"),
        Kind::Symlink(to) => out.push_str(&format!("-> {}", to.display())),
        Kind::HardLink(to) => out.push_str(&format!("== {}", to.display())),
        Kind::Fifo => out.push_str("fifo"),
        Kind::Other => out.push_str("other"),
    }
    if node.kind != Kind::Dir {
        out.push_str(&format!(" m {} a {}", time(node.modified), time(node.accessed)));
    }
    if node.sparse {
        out.push_str(" sparse");
    }
    if let Some(acl) = &node.acl {
        out.push_str(&format!(" acl {acl:02x?}"));
    }
    out
}

/// Shows bytes as text.
pub(crate) fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
