//! The one table of the vocabulary: name, negation, argument, scope, default and meaning of every directive.
//!
//! The parser, the checks and the manuals' tests read it. What a setting does and how it is shown is the row of
//! `policy::directives` for it.

/// Declares the settings and the list of them.
macro_rules! settings {
    ($($name:ident),* $(,)?) => {
        /// What a directive sets; a directive and its negation share one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the setting of the table's rows that name it")]
        pub enum Setting {
            $($name,)*
        }

        impl Setting {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

// They stand in the order in which `--explain` shows them.
settings! {
    Size, Minutes, Hourly, Daily, Weekly, Monthly, Yearly, MaxSize, MinSize, MinAge, IfEmpty, MissingOk, AllowHardlink,
    CopyTruncate, Copy, RenameCopy, Create, Su,
    DateExt, Start, DateFormat, DateYesterday, DateHourAgo, Extension, AddExtension, OldDir, CreateOldDir,
    Compress, DelayCompress, CompressCommand, CompressOptions, CompressExtension, UncompressCommand,
    Rotate, MaxAge, Prune, Formerly, MaxTotalSize, MinFree, MinRotate, MinRetain, Shred, ShredCycles, Mail, MailWhich, IgnoreDuplicates,
    FirstAction, PreRotate, PostRotate, LastAction, PreRemove, SharedScripts, ScriptTimeout,
    Include, TabooExt, TabooPat, Errors,
}

impl Setting {
    /// Answers whether it sets the criterion that makes a log due; of several the last one counts.
    #[must_use]
    pub fn is_criterion(self) -> bool {
        matches!(
            self,
            Self::Size | Self::Minutes | Self::Hourly | Self::Daily | Self::Weekly | Self::Monthly | Self::Yearly
        )
    }

    /// Finds the row of the table that makes the setting, or the one that takes it back.
    #[must_use]
    pub fn row(self, on: bool) -> Option<&'static Row> {
        DIRECTIVES.iter().find(|row| row.setting == self && row.on == on)
    }

    /// Returns the name of the directive that makes the setting.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row(true).map_or("", |row| row.name)
    }
}

/// What follows a directive's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    None,
    /// A whole number.
    Count,
    /// A number of bytes, with a unit.
    Size,
    /// Text as it stands, blanks included.
    Text,
    /// A path or ending without blanks.
    Path,
    /// A mail address.
    Address,
    /// A path to read configuration from.
    Include,
    /// A list of file name patterns.
    TabooList,
    /// Nothing, or the number of a day.
    Day,
    /// Up to three words: mode, user, group.
    Ownership,
    /// Up to two words: user, group.
    Account,
    /// Words, split as a shell does it.
    Words,
    /// Lines of shell text up to `endscript`.
    Script,
}

impl Argument {
    /// Tells whether an argument that ends in `}` can only be an error, so that the `}` ends the block.
    #[must_use]
    pub const fn never_ends_in_brace(self) -> bool {
        matches!(
            self,
            Self::Count | Self::Size | Self::Day | Self::Ownership | Self::Account
        )
    }

    /// Tells whether an argument with blanks in it can only be an error.
    #[must_use]
    pub const fn is_one_word(self) -> bool {
        matches!(self, Self::Path | Self::Address)
    }

    /// Tells whether all of the line after the name is the argument, its leading blanks and `=` included.
    #[must_use]
    pub const fn takes_line(self) -> bool {
        matches!(self, Self::Day | Self::Ownership | Self::Account | Self::Words)
    }
}

/// Where a directive may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At top level and in a block.
    Both,
    /// At top level only.
    Global,
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The name, letters only.
    pub name: &'static str,
    pub setting: Setting,
    /// False for the row that takes the setting back.
    pub on: bool,
    pub argument: Argument,
    pub scope: Scope,
    /// What messages call its argument.
    pub what: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it does, one sentence.
    pub meaning: &'static str,
    /// logrotate does not have it.
    pub is_ours: bool,
}

impl Row {
    /// Tells whether a missing argument leaves the directive out without any other cost.
    #[must_use]
    pub const fn may_lack_argument(&self) -> bool {
        matches!(
            self.setting,
            Setting::Size
                | Setting::MinSize
                | Setting::MaxSize
                | Setting::Minutes
                | Setting::DateFormat
                | Setting::TabooExt
                | Setting::TabooPat
        )
    }
}

/// Finds a directive by its name.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Row> {
    // Most first letters leave few names.
    let first = name.first()?;
    let from = DIRECTIVES.partition_point(|row| row.name.as_bytes()[0] < *first);
    let same_letter = DIRECTIVES[from..]
        .iter()
        .take_while(|row| row.name.as_bytes()[0] == *first);
    same_letter.into_iter().find(|row| row.name.as_bytes() == name)
}

/// Finds the directive that a misspelt name most likely stands for: the nearest within two edits, one for short names.
#[must_use]
pub fn nearest(name: &[u8]) -> Option<&'static str> {
    /// Names longer than this are no misspelling of any directive.
    const LONGEST: usize = 24;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let allowed = if name.len() < 5 { 1 } else { 2 };
    DIRECTIVES
        .iter()
        .map(|row| (edits(&name, row.name.as_bytes()), row.name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Counts the insertions, removals, replacements and swaps of neighbours that lead from one name to the other.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let replaced = above[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

const fn row(
    name: &'static str,
    (setting, on): (Setting, bool),
    (argument, scope, what): (Argument, Scope, &'static str),
    default: &'static str,
    meaning: &'static str,
) -> Row {
    Row {
        name,
        setting,
        on,
        argument,
        scope,
        what,
        default,
        meaning,
        is_ours: false,
    }
}

/// Marks a row as one that logrotate does not have.
const fn ours(row: Row) -> Row {
    Row { is_ours: true, ..row }
}

/// All directives, in order of their names.
#[rustfmt::skip]
pub static DIRECTIVES: &[Row] = &[
    row("addextension", (Setting::AddExtension, true), (Argument::Text, Scope::Both, "addextension name"), "none",
        "Takes this ending off the log's name and puts it at the end of every archive's."),
    row("allowhardlink", (Setting::AllowHardlink, true), (Argument::None, Scope::Both, ""), "off",
        "Rotates a log that has several hard links, too."),
    row("compress", (Setting::Compress, true), (Argument::None, Scope::Both, ""), "off",
        "Compresses archives."),
    row("compresscmd", (Setting::CompressCommand, true), (Argument::Path, Scope::Both, "compress"), "/bin/gzip",
        "Names the program that compresses."),
    row("compressext", (Setting::CompressExtension, true), (Argument::Path, Scope::Both, "compress-ext"), ".gz",
        "Sets what stands behind the name of a compressed archive."),
    row("compressoptions", (Setting::CompressOptions, true), (Argument::Words, Scope::Both, ""), "none",
        "Sets the options of the program that compresses."),
    row("copy", (Setting::Copy, true), (Argument::None, Scope::Both, ""), "off",
        "Makes the archive a copy and leaves the log alone."),
    row("copytruncate", (Setting::CopyTruncate, true), (Argument::None, Scope::Both, ""), "off",
        "Makes the archive a copy and cuts the log off."),
    row("create", (Setting::Create, true), (Argument::Ownership, Scope::Both, ""), "off",
        "Makes a new empty log after the rotation, with this mode, owner and group."),
    row("createolddir", (Setting::CreateOldDir, true), (Argument::Ownership, Scope::Both, ""), "off",
        "Makes the directory for archives where it is missing."),
    row("daily", (Setting::Daily, true), (Argument::None, Scope::Both, ""), "off",
        "Makes a log due once a day."),
    row("dateext", (Setting::DateExt, true), (Argument::None, Scope::Both, ""), "off",
        "Names archives by date instead of number."),
    row("dateformat", (Setting::DateFormat, true), (Argument::Text, Scope::Both, "dateformat"), "-%Y%m%d",
        "Sets the date part of the names of archives; by default it is as fine as the criterion."),
    row("datehourago", (Setting::DateHourAgo, true), (Argument::None, Scope::Both, ""), "off",
        "Names archives by the hour before."),
    row("dateyesterday", (Setting::DateYesterday, true), (Argument::None, Scope::Both, ""), "off",
        "Names archives by the day before."),
    row("delaycompress", (Setting::DelayCompress, true), (Argument::None, Scope::Both, ""), "off",
        "Puts compression off until the next rotation."),
    row("errors", (Setting::Errors, true), (Argument::None, Scope::Both, ""), "none",
        "Does nothing any more."),
    row("extension", (Setting::Extension, true), (Argument::Text, Scope::Both, "extension name"), "none",
        "Keeps this ending at the end of the name of archives."),
    row("firstaction", (Setting::FirstAction, true), (Argument::Script, Scope::Both, ""), "none",
        "Runs once before anything else, if a log of the set is due."),
    ours(row("formerly", (Setting::Formerly, true), (Argument::Text, Scope::Both, "formerly"), "none",
        "Names another way in which archives of the stanza were once named, so that they are known for what they are.")),
    row("hourly", (Setting::Hourly, true), (Argument::None, Scope::Both, ""), "off",
        "Makes a log due once an hour."),
    row("ifempty", (Setting::IfEmpty, true), (Argument::None, Scope::Both, ""), "on",
        "Rotates a log even if it is empty."),
    row("ignoreduplicates", (Setting::IgnoreDuplicates, true), (Argument::None, Scope::Both, ""), "off",
        "Makes it no error that another stanza has the log as well."),
    row("include", (Setting::Include, true), (Argument::Include, Scope::Both, "include"), "none",
        "Reads a file, or the files of a directory, in this place."),
    row("lastaction", (Setting::LastAction, true), (Argument::Script, Scope::Both, ""), "none",
        "Runs once after everything else, if a log of the set was due."),
    row("mail", (Setting::Mail, true), (Argument::Address, Scope::Both, "mail"), "none",
        "Mails an archive to this address before it is removed."),
    row("mailfirst", (Setting::MailWhich, true), (Argument::None, Scope::Both, ""), "off",
        "Mails the archive just made instead of the one about to be removed."),
    row("maillast", (Setting::MailWhich, false), (Argument::None, Scope::Both, ""), "on",
        "Mails the archive that is about to be removed."),
    row("maxage", (Setting::MaxAge, true), (Argument::Count, Scope::Both, "maxage count"), "0",
        "Removes archives older than this many days."),
    row("maxsize", (Setting::MaxSize, true), (Argument::Size, Scope::Both, "maxsize"), "0",
        "Makes a log due at once above this size, whatever the time."),
    ours(row("maxtotalsize", (Setting::MaxTotalSize, true), (Argument::Size, Scope::Both, "maxtotalsize"), "0",
        "Removes the oldest archives while all logs that have this line and their archives take up more than this.")),
    row("minage", (Setting::MinAge, true), (Argument::Count, Scope::Both, "minage count"), "0",
        "Leaves a log alone until it has not been written for more than this many days."),
    ours(row("minfree", (Setting::MinFree, true), (Argument::Size, Scope::Both, "minfree"), "0",
        "Removes the oldest archives while less than this, a size or a percentage, is free on their file system.")),
    ours(row("minretain", (Setting::MinRetain, true), (Argument::Count, Scope::Both, "minretain days"), "none",
        "Keeps archives that are younger than this many days, whatever rotate and budgets say; without it minfree keeps 7 days.")),
    ours(row("minrotate", (Setting::MinRotate, true), (Argument::Count, Scope::Both, "minrotate count"), "1",
        "Keeps this many of a log's newest archives, whatever budgets say; -1 keeps all.")),
    row("minsize", (Setting::MinSize, true), (Argument::Size, Scope::Both, "minsize"), "0",
        "Leaves a log alone below this size, whatever the time."),
    row("minutes", (Setting::Minutes, true), (Argument::Count, Scope::Both, "minutes"), "off",
        "Makes a log due when more than this many minutes have gone by."),
    row("missingok", (Setting::MissingOk, true), (Argument::None, Scope::Both, ""), "off",
        "Makes it no error that a log does not exist."),
    row("monthly", (Setting::Monthly, true), (Argument::Day, Scope::Both, ""), "off",
        "Makes a log due once a month, or on this day of it."),
    row("noallowhardlink", (Setting::AllowHardlink, false), (Argument::None, Scope::Both, ""), "on",
        "Leaves a log alone that has several hard links."),
    row("nocompress", (Setting::Compress, false), (Argument::None, Scope::Both, ""), "on",
        "Leaves archives uncompressed."),
    row("nocopy", (Setting::Copy, false), (Argument::None, Scope::Both, ""), "on",
        "Takes back copy."),
    row("nocopytruncate", (Setting::CopyTruncate, false), (Argument::None, Scope::Both, ""), "on",
        "Takes back copytruncate."),
    row("nocreate", (Setting::Create, false), (Argument::None, Scope::Both, ""), "on",
        "Makes no new log after the rotation."),
    row("nocreateolddir", (Setting::CreateOldDir, false), (Argument::None, Scope::Both, ""), "on",
        "Leaves a missing directory for archives missing, which is an error."),
    row("nodateext", (Setting::DateExt, false), (Argument::None, Scope::Both, ""), "on",
        "Names archives by number."),
    row("nodatehourago", (Setting::DateHourAgo, false), (Argument::None, Scope::Both, ""), "on",
        "Takes back datehourago."),
    row("nodateyesterday", (Setting::DateYesterday, false), (Argument::None, Scope::Both, ""), "on",
        "Takes back dateyesterday."),
    row("nodelaycompress", (Setting::DelayCompress, false), (Argument::None, Scope::Both, ""), "on",
        "Compresses an archive in the rotation that makes it."),
    row("nomail", (Setting::Mail, false), (Argument::None, Scope::Both, ""), "on",
        "Mails nothing."),
    row("nomissingok", (Setting::MissingOk, false), (Argument::None, Scope::Both, ""), "on",
        "Makes it an error that a log does not exist."),
    row("noolddir", (Setting::OldDir, false), (Argument::None, Scope::Both, ""), "on",
        "Leaves archives in the log's directory."),
    ours(row("noprune", (Setting::Prune, false), (Argument::None, Scope::Both, ""), "on",
        "Applies rotate and maxage to a log's archives only when it is rotated.")),
    row("norenamecopy", (Setting::RenameCopy, false), (Argument::None, Scope::Both, ""), "on",
        "Takes back renamecopy."),
    row("nosharedscripts", (Setting::SharedScripts, false), (Argument::None, Scope::Both, ""), "on",
        "Runs prerotate and postrotate once for each log."),
    row("noshred", (Setting::Shred, false), (Argument::None, Scope::Both, ""), "on",
        "Removes archives without overwriting them first."),
    row("notifempty", (Setting::IfEmpty, false), (Argument::None, Scope::Both, ""), "off",
        "Leaves an empty log alone."),
    row("olddir", (Setting::OldDir, true), (Argument::Path, Scope::Both, "olddir"), "none",
        "Puts archives into this directory."),
    row("postrotate", (Setting::PostRotate, true), (Argument::Script, Scope::Both, ""), "none",
        "Runs after a log was rotated."),
    row("preremove", (Setting::PreRemove, true), (Argument::Script, Scope::Both, ""), "none",
        "Runs before a file is removed."),
    row("prerotate", (Setting::PreRotate, true), (Argument::Script, Scope::Both, ""), "none",
        "Runs before a log is rotated."),
    ours(row("prune", (Setting::Prune, true), (Argument::None, Scope::Both, ""), "off",
        "Applies rotate and maxage in every run, to all archives of a log, however they were named.")),
    row("renamecopy", (Setting::RenameCopy, true), (Argument::None, Scope::Both, ""), "off",
        "Renames the log to a temporary name and copies it from there after postrotate."),
    row("rotate", (Setting::Rotate, true), (Argument::Count, Scope::Both, "rotate count"), "0",
        "Keeps this many archives; -1 keeps all."),
    ours(row("scripttimeout", (Setting::ScriptTimeout, true), (Argument::Count, Scope::Both, "scripttimeout"), "0",
        "Stops a script that takes longer than this many seconds; 0 is no limit.")),
    row("sharedscripts", (Setting::SharedScripts, true), (Argument::None, Scope::Both, ""), "off",
        "Runs prerotate and postrotate once for all logs of the stanza."),
    row("shred", (Setting::Shred, true), (Argument::None, Scope::Both, ""), "off",
        "Overwrites files before they are removed."),
    row("shredcycles", (Setting::ShredCycles, true), (Argument::Count, Scope::Both, "shred cycles"), "0",
        "Sets how often shred overwrites; 0 leaves it to the program."),
    row("size", (Setting::Size, true), (Argument::Size, Scope::Both, "size"), "1M",
        "Makes a log due when it has this size."),
    row("start", (Setting::Start, true), (Argument::Count, Scope::Both, "start count"), "1",
        "Sets the number of the newest archive."),
    row("su", (Setting::Su, true), (Argument::Account, Scope::Both, ""), "off",
        "Does the work on the stanza's files with the rights of this user and group."),
    row("tabooext", (Setting::TabooExt, true), (Argument::TabooList, Scope::Global, "tabooext"), "see the manual",
        "Sets the endings of files that a directory include leaves out."),
    row("taboopat", (Setting::TabooPat, true), (Argument::TabooList, Scope::Global, "taboopat"), "see the manual",
        "Sets the patterns of files that a directory include leaves out."),
    row("uncompresscmd", (Setting::UncompressCommand, true), (Argument::Path, Scope::Both, "uncompress"), "/bin/gunzip",
        "Names the program that undoes compression."),
    row("weekly", (Setting::Weekly, true), (Argument::Day, Scope::Both, ""), "off",
        "Makes a log due once a week, on this weekday if it runs then."),
    row("yearly", (Setting::Yearly, true), (Argument::None, Scope::Both, ""), "off",
        "Makes a log due once a year."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_sorted_and_of_letters_only() {
        assert!(DIRECTIVES.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(
            DIRECTIVES
                .iter()
                .all(|row| row.name.bytes().all(|byte| byte.is_ascii_lowercase()))
        );
    }

    #[test]
    fn every_setting_has_a_row_that_makes_it() {
        for setting in Setting::ALL {
            assert!(setting.row(true).is_some(), "no row of DIRECTIVES makes {setting:?}");
        }
    }

    #[test]
    fn every_negation_has_its_positive_row() {
        for row in DIRECTIVES.iter().filter(|row| !row.on) {
            assert_eq!(row.argument, Argument::None, "{}", row.name);
            assert!(
                DIRECTIVES.iter().any(|other| other.on && other.setting == row.setting),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn every_meaning_is_one_sentence() {
        for row in DIRECTIVES {
            assert!(
                row.meaning.ends_with('.') && row.meaning.starts_with(|c: char| c.is_uppercase()),
                "{}",
                row.name
            );
            assert!(!row.default.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn every_directive_finds_itself() {
        for row in DIRECTIVES {
            assert_eq!(find(row.name.as_bytes()), Some(row));
        }
        assert_eq!(find(b"Daily"), None);
    }

    #[test]
    fn a_misspelt_name_finds_its_directive() {
        for (name, meant) in [
            ("dayly", Some("daily")),
            ("Compress", Some("compress")),
            ("comrpess", Some("compress")),
            ("missingOK", Some("missingok")),
            ("rotat", Some("rotate")),
            ("postrotat", Some("postrotate")),
            ("su", Some("su")),
            ("xyzzy", None),
            ("endscript", None),
        ] {
            assert_eq!(nearest(name.as_bytes()), meant, "{name}");
        }
    }
}
