//! What a check found, as one JSON object; its schema is `fixtures/schema/check.json`.

use serde_json::{Value, json};

use super::advice;
use super::words::bytes as shown;
use crate::diag::{Place, Severity};
use crate::lint::{Cause, Checked, Finding};

/// Raised when a member changes its meaning.
const SCHEMA: u32 = 1;

/// Writes the object.
#[must_use]
pub fn text(checked: &Checked) -> String {
    let problems: Vec<Value> = checked.findings.iter().map(problem).collect();
    let object = json!({
        "schema": SCHEMA,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "files": checked.files,
        "stanzas": checked.stanzas,
        "stanzas_left_out": checked.broken,
        "errors": checked.count(Severity::Error),
        "warnings": checked.count(Severity::Warning),
        "allowed": checked.allowed,
        "problems": problems,
    });
    format!("{object:#}\n")
}

fn problem(finding: &Finding) -> Value {
    let name = match &finding.cause {
        Cause::Lint(lint) => Some(lint.row().name),
        Cause::Problem(_) => None,
    };
    json!({
        "code": finding.code(),
        "name": name,
        "severity": word(finding.severity()),
        "message": advice::message(finding),
        "remedy": advice::remedy(finding),
        "place": finding.place.as_ref().map(place),
        "excerpt": finding.place.as_ref().map(|_| shown(&finding.excerpt)),
        "related": finding.related.as_ref().map(place),
    })
}

fn place(place: &Place) -> Value {
    json!({
        "file": shown(place.file.as_os_str().as_encoded_bytes()),
        "line": place.line,
        "column": place.column,
        "length": place.length,
    })
}

/// Returns the word for a weight.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
