//! Mail as it is delivered: sent by Debian's mail program, which hands it to a small delivery agent or to a mail server; the letters
//! are read back.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::support::{need, need_root, ours, shell};
use super::{PATIENCE, Run, Scene};

/// The mail program; it builds the letter and gives it to what `sendmail` names.
const MAIL: &str = "bsd-mailx";

/// Delivers each letter as a file of its own, for all recipients.
const AGENT: &str = "#!/bin/sh
printf '%s\\n' \"$@\" >@ROOT@/post/last.recipients
cat >@ROOT@/post/last
mv @ROOT@/post/last @ROOT@/post/$(ls @ROOT@/post | wc -l)
";

/// The mail server, which delivers at once into one file, and the user that it runs as.
const SERVER: &str = "exim4";
const POSTMAN: &str = "Debian-exim";
const SERVER_CONF: &str = "spool_directory = @POST@
log_file_path = @POST@/%slog
primary_hostname = host.example.org
qualify_domain = example.org
keep_environment =
begin routers
everybody:
  driver = accept
  transport = inbox
begin transports
inbox:
  driver = appendfile
  file = @POST@/inbox
  message_prefix =
  message_suffix =
  user = Debian-exim
  group = Debian-exim
";

/// A letter as it came.
#[derive(Debug, PartialEq)]
struct Letter {
    to: String,
    subject: String,
    text: String,
}

impl Letter {
    fn read(path: &Path) -> Self {
        let raw = fs::read_to_string(path).unwrap();
        let (head, text) = raw.split_once("\n\n").expect("a head and a text");
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        Self {
            to: field("To:"),
            subject: field("Subject:"),
            text: text.to_owned(),
        }
    }
}

struct Office {
    scene: Scene,
}

impl Office {
    fn open(name: &str) -> Self {
        let scene = Scene::new(name);
        fs::create_dir(scene.root.join("post")).unwrap();
        let agent = scene.root.join("agent");
        fs::write(&agent, scene.fill(AGENT)).unwrap();
        fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let orders = scene.fill("set sendmail=@ROOT@/agent\nset sendwait\n");
        fs::write(scene.root.join("mailrc"), orders).unwrap();
        Self { scene }
    }

    /// Runs ours with the mail program.
    fn run(&self, directives: &str) -> Run {
        let text = format!("@ROOT@/log/app.log {{\n size 1\n rotate 1\n mail ops@example.org\n {directives}\n}}\n");
        self.scene.configure(&text);
        let binary = ours();
        let words = [
            PATIENCE,
            binary.to_str().unwrap(),
            "-v",
            "-m",
            MAIL,
            "-s",
            "status",
            "conf",
        ];
        let mut command = shell(&self.scene.root, "timeout", &words);
        command.env("MAILRC", self.scene.root.join("mailrc"));
        Run::of(&command.output().unwrap())
    }

    /// Opens what came, in the order of its coming.
    fn letters(&self) -> Vec<Letter> {
        let entries = fs::read_dir(self.scene.root.join("post")).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_none());
        paths.sort();
        paths.iter().map(|path| Letter::read(path)).collect()
    }

    fn expect(&self, subject: &str, text: &str) {
        let letter = Letter {
            to: "ops@example.org".to_owned(),
            subject: self.scene.fill(subject),
            text: text.to_owned(),
        };
        assert_eq!(self.letters(), [letter]);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn what_falls_off_is_delivered_before_it_is_removed() {
    if !need(MAIL) {
        return;
    }
    let office = Office::open("mail-last");
    office.scene.write("app.log", "today\n");
    office.scene.write("app.log.1", "yesterday\nand more\n");
    office.run("maillast").went_well();
    office.expect("@ROOT@/log/app.log.2", "yesterday\nand more\n");
    assert_eq!(office.scene.read("app.log.2"), "(missing)");
}

#[test]
fn what_falls_off_is_delivered_unpacked() {
    if !need(MAIL) {
        return;
    }
    let office = Office::open("mail-last-packed");
    office.scene.write("app.log", "today\n");
    fs::write(office.scene.log("app.log.1.gz"), gzip("yesterday\n")).unwrap();
    office.run("compress").went_well();
    office.expect("@ROOT@/log/app.log.2.gz", "yesterday\n");
}

#[test]
fn what_was_just_rotated_is_delivered_under_the_log_s_name_when_it_is_packed() {
    if !need(MAIL) {
        return;
    }
    let office = Office::open("mail-first-packed");
    office.scene.write("app.log", "today\n");
    office.run("mailfirst\n compress").went_well();
    office.expect("@ROOT@/log/app.log", "today\n");
    assert!(office.scene.log("app.log.1.gz").is_file());
}

#[test]
fn what_was_just_rotated_is_delivered_under_its_own_name_when_it_is_plain() {
    if !need(MAIL) {
        return;
    }
    let office = Office::open("mail-first");
    office.scene.write("app.log", "today\n");
    office.run("mailfirst").went_well();
    office.expect("@ROOT@/log/app.log.1", "today\n");
}

/// Runs ours with a mailer that only notes its subject; answers how it went, and the subject.
fn subject_of(scene: &Scene) -> (Run, String) {
    let mailer = scene.root.join("mailer");
    fs::write(
        &mailer,
        scene.fill("#!/bin/sh\nprintf %s \"$2\" >@ROOT@/subject\nexec cat >/dev/null\n"),
    )
    .unwrap();
    fs::set_permissions(&mailer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = scene.run(&["-m", mailer.to_str().unwrap()]);
    (run, fs::read_to_string(scene.root.join("subject")).unwrap_or_default())
}

#[test]
fn a_subject_has_no_characters_that_do_something_or_are_not_seen() {
    let scene = Scene::new("mail-subject");
    scene.write("a\n\u{1b}[2J\u{202e}\u{2028}\u{ad}é b.log", "today\n");
    scene.configure("@ROOT@/log/*.log {\n size 1\n rotate 0\n mail ops\n}\n");
    let (run, subject) = subject_of(&scene);
    run.went_well();
    let wanted = "@ROOT@/log/a\\n\\u{1b}[2J\\u{202e}\\u{2028}\\u{ad}é b.log.1";
    assert_eq!(subject, scene.fill(wanted));
}

#[test]
fn a_hole_of_a_gibibyte_is_not_sent() {
    let scene = Scene::new("mail-hole");
    let log = fs::File::create(scene.log("app.log")).unwrap();
    log.set_len((1 << 30) + 1).unwrap();
    scene.configure("@ROOT@/log/app.log {\n size 1\n rotate 0\n mail ops\n}\n");
    let (run, subject) = subject_of(&scene);
    assert_eq!((run.status, subject.as_str()), (Some(1), ""), "{}", run.said);
    let words = "error: mail command failed for @ROOT@/log/app.log.1: child did not terminate normally (it unpacks to more than 1.0G,";
    assert!(run.said.contains(&scene.fill(words)), "{}", run.said);
    assert!(scene.log("app.log.1").exists());
}

#[test]
fn an_archive_that_has_another_name_somewhere_is_not_sent_unless_that_is_allowed() {
    for directive in ["", "allowhardlink"] {
        let scene = Scene::new(&format!("mail-link{directive}"));
        scene.write("app.log", "today\n");
        fs::write(scene.root.join("secret"), "not for all\n").unwrap();
        fs::hard_link(scene.root.join("secret"), scene.log("app.log.1")).unwrap();
        scene.configure(&format!(
            "@ROOT@/log/app.log {{\n size 1\n rotate 1\n mail ops\n {directive}\n}}\n"
        ));
        let (run, subject) = subject_of(&scene);
        let is_sent = !directive.is_empty();
        assert_eq!(run.status, Some(i32::from(!is_sent)), "{}", run.said);
        assert_eq!(subject.is_empty(), !is_sent, "{subject} {}", run.said);
        assert_eq!(scene.read("app.log.1"), "today\n", "{}", run.said);
        let kept = if is_sent { "(missing)" } else { "not for all\n" };
        assert_eq!(scene.read("app.log.2"), kept, "{}", run.said);
    }
}

#[test]
fn what_cannot_be_delivered_stays() {
    if !need(MAIL) {
        return;
    }
    let office = Office::open("mail-refused");
    fs::write(office.scene.root.join("agent"), "#!/bin/sh\ncat >/dev/null\nexit 75\n").unwrap();
    office.scene.write("app.log", "today\n");
    office.scene.write("app.log.1", "yesterday\n");
    let run = office.run("maillast");
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert!(run.said.contains("mail command failed for"), "{}", run.said);
    assert_eq!(office.scene.read("app.log.2"), "yesterday\n");
    assert_eq!(office.letters(), []);
}

#[test]
fn what_falls_off_is_delivered_by_a_mail_server() {
    if !need(MAIL) || !need(SERVER) || !need_root() {
        return;
    }
    let office = Office::open("mail-server");
    // The server is a user of its own, who has to get there.
    let post = tempfile::tempdir().unwrap();
    fs::set_permissions(post.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let postman = nix::unistd::User::from_name(POSTMAN)
        .unwrap()
        .expect("the server's user");
    chown(post.path(), Some(postman.uid.as_raw()), Some(postman.gid.as_raw())).unwrap();
    let place = post.path().to_str().unwrap();
    fs::write(post.path().join("conf"), SERVER_CONF.replace("@POST@", place)).unwrap();
    let agent = format!("#!/bin/sh\nexec {SERVER} -C {place}/conf -odf \"$@\"\n");
    fs::write(office.scene.root.join("agent"), agent).unwrap();
    office.scene.write("app.log", "today\n");
    office.scene.write("app.log.1", "yesterday\nand more\n");
    office.run("maillast").went_well();
    let letter = Letter {
        to: "ops@example.org".to_owned(),
        subject: office.scene.fill("@ROOT@/log/app.log.2"),
        text: "yesterday\nand more\n".to_owned(),
    };
    assert_eq!(Letter::read(&post.path().join("inbox")), letter);
}
