//! What a check found, as annotations in a GitHub workflow.

use super::advice;
use super::words::path;
use crate::diag::Severity;
use crate::lint::{Checked, Finding};

/// Writes a line for each finding.
#[must_use]
pub fn text(checked: &Checked) -> String {
    checked.findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let mut properties = String::new();
    if let Some(place) = &finding.place {
        let file = property(&path(&place.file));
        properties = format!("file={file},line={},col={},", place.line, place.column);
        if place.length > 1 {
            properties.push_str(&format!("endColumn={},", place.column + place.length - 1));
        }
    } else if let Some(file) = finding.file() {
        properties = format!("file={},", property(&path(file)));
    }
    let code = finding.code();
    let text = data(&format!("{}\n{}", advice::message(finding), advice::remedy(finding)));
    let command = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    format!("::{command} {properties}title={code}::{text}\n")
}

/// Escapes the text of an annotation.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_part_is_escaped() {
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
        assert_eq!(data("one\ntwo"), "one%0Atwo");
    }
}
