//! What a check found, as SARIF 2.1.0 for code-scanning services.

use std::path::Path;

use serde_json::{Value, json};

use super::advice;
use super::check_json::word;
use crate::diag::Place;
use crate::lint::{Cause, Checked, Finding, LINTS};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the log of one run.
#[must_use]
pub fn text(checked: &Checked) -> String {
    let rules = rules(checked);
    let results: Vec<Value> = checked.findings.iter().map(|finding| result(finding, &rules)).collect();
    let described: Vec<Value> = rules
        .iter()
        .map(|(code, name, meaning)| json!({ "id": code, "name": name, "shortDescription": { "text": meaning } }))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "logrotate-rs",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

type Rule = (&'static str, String, String);

/// Returns a rule for each code that was found, by code.
fn rules(checked: &Checked) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for finding in &checked.findings {
        let code = finding.code();
        if rules.iter().all(|(other, ..)| *other != code) {
            let lint = LINTS.iter().find(|row| row.code == code);
            rules.push(match (lint, &finding.cause) {
                (Some(row), _) => (code, row.name.to_owned(), row.meaning.to_owned()),
                (None, _) => (code, code.to_owned(), advice::remedy(finding)),
            });
        }
    }
    rules.sort();
    rules
}

fn result(finding: &Finding, rules: &[Rule]) -> Value {
    let code = finding.code();
    let mut result = json!({
        "ruleId": code,
        "ruleIndex": rules.iter().position(|(other, ..)| *other == code),
        "level": word(finding.severity()),
        "message": { "text": format!("{}. {}", advice::message(finding).trim_end_matches('.'), advice::remedy(finding)) },
    });
    if let Some(place) = &finding.place {
        result["locations"] = json!([{ "physicalLocation": physical(place, Some(&finding.excerpt)) }]);
    } else if let Some(file) = finding.file() {
        result["locations"] = json!([{ "physicalLocation": { "artifactLocation": { "uri": uri(file) } } }]);
    }
    if let (Some(place), Some(why)) = (&finding.related, advice::related(finding)) {
        result["relatedLocations"] = json!([{
            "id": 1,
            "message": { "text": why },
            "physicalLocation": physical(place, None),
        }]);
    }
    if let Cause::Lint(lint) = &finding.cause {
        result["properties"] = json!({ "name": lint.row().name });
    }
    result
}

fn physical(place: &Place, excerpt: Option<&[u8]>) -> Value {
    let mut region = json!({ "startLine": place.line });
    if let Some(line) = excerpt {
        let start = (place.column as usize - 1).min(line.len());
        let end = (start + place.length as usize).min(line.len());
        let characters = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().count();
        region["startColumn"] = json!(characters(&line[..start]) + 1);
        region["endColumn"] = json!(characters(&line[..end]) + 1);
    }
    json!({ "artifactLocation": { "uri": uri(&place.file) }, "region": region })
}

/// Writes a path as a reference: relative as it is, absolute with its scheme.
fn uri(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut out = String::from(if bytes.starts_with(b"/") { "file://" } else { "" });
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(
            uri(Path::new("/etc/a b#ログ")),
            "file:///etc/a%20b%23%E3%83%AD%E3%82%B0"
        );
        assert_eq!(uri(Path::new("etc/c.conf")), "etc/c.conf");
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let place = Place {
            file: Path::new("c").into(),
            line: 1,
            column: 8,
            length: 1,
        };
        let region = &physical(&place, Some("ログ x".as_bytes()))["region"];
        assert_eq!((&region["startColumn"], &region["endColumn"]), (&json!(4), &json!(5)));
    }
}
