//! What a check finds on the machine: programs that are missing.

use logrotate_rs::check::{self, Machine};
use logrotate_rs::cli::{CheckRequest, Format};
use logrotate_rs::report::style::Colours;

#[test]
fn a_mailer_that_is_missing_is_told_where_mail_is_asked_for() {
    let own = tempfile::tempdir().unwrap();
    let conf = own.path().join("conf");
    let stanza =
        |name: &str, more: &str| format!("{}/{name} {{\nrotate 1\nmissingok\n{more}}}\n", own.path().display());
    let text = stanza("a", "") + &stanza("b", "mail root\n") + &stanza("c", "mail root\nnomail\n");
    std::fs::write(&conf, text).unwrap();
    let codes = |mail_program: &str| {
        let request = CheckRequest {
            configs: vec![conf.clone()],
            with: None,
            allow: Vec::new(),
            strict: false,
            offline: false,
            format: Format::Text,
            color: Colours::Never,
            mail_program: mail_program.into(),
        };
        let machine = Machine {
            root: own.path().join("none"),
            as_root: false,
            acts: false,
        };
        let found = check::examine(&request, &machine).findings;
        found
            .iter()
            .map(|finding| (finding.code(), finding.place.as_ref().unwrap().line))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("no-such-mailer"), [("LR3032", 8)]);
    assert_eq!(codes("/no/such/mailer"), [("LR3032", 8)]);
    assert_eq!(codes("sh"), []);
}
