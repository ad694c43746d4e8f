//! The rule that the table of threats is complete and that every test it names is one.

use super::Finding;
use crate::tree::Tree;

/// The table.
const PATH: &str = "docs/reference/threats.md";
/// How many threats there are.
const THREATS: usize = 26;
/// What a row says that has no test, or not all of them.
const NOT_YET: &str = "not yet, because ";

const REASON: &str = "a control that nothing proves is a hope";

/// Judges the table against the sources.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(PATH) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut expected = 1;
    let mut last = 1;
    for (index, line) in text.lines().enumerate() {
        let mut find = |message| findings.push(Finding::new(PATH, index + 1, message, REASON));
        let number = line.strip_prefix("| T").and_then(|rest| rest.get(..2));
        let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = number.filter(is_number) else { continue };
        last = index + 1;
        let wanted = format!("{expected:02}");
        expected += 1;
        if number != wanted {
            find(format!("found threat T{number}, expected T{wanted}"));
        }
        let named: Vec<(&str, &str)> = named(line).collect();
        if named.is_empty() && !line.contains(NOT_YET) {
            find(format!("T{number} names no test, and does not say \"{NOT_YET}…\""));
        }
        for (path, name) in named {
            if !tree.text(path).is_some_and(|source| is_test(source, name)) {
                find(format!("T{number} names the test `{path}::{name}`, which is none"));
            }
        }
    }
    if expected != THREATS + 1 {
        let message = format!("found {} threats, expected {THREATS}", expected - 1);
        findings.push(Finding::new(PATH, last, message, REASON));
    }
    findings
}

/// The tests between backticks, each `path::name`.
fn named(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let spans = line.split('`').skip(1).step_by(2);
    spans.filter_map(|span| span.split_once("::").filter(|(path, _)| path.ends_with(".rs")))
}

/// Whether a source has a function of this name that is marked as a test.
fn is_test(source: &str, name: &str) -> bool {
    let (plain, waits) = (format!("fn {name}("), format!("async fn {name}("));
    let mut is_marked = false;
    for line in source.lines().map(str::trim) {
        if is_marked && (line.starts_with(&plain) || line.starts_with(&waits)) {
            return true;
        }
        // Marks stand one above the other; whatever else there is ends them.
        is_marked = match line.starts_with("#[") {
            true => is_marked || line.starts_with("#[test]") || line.starts_with("#[tokio::test"),
            false => is_marked && line.starts_with("//"),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;
    use crate::tree::TextFile;

    const SOURCE: &str = "#[test]\nfn holds() {}\n\nfn helper() {}\n\n\
                          #[tokio::test(start_paused = true)]\n#[ignore]\nasync fn waits() {}\n";

    fn check_row(row: &str, expectation: &[&str]) {
        let rest = (2..=THREATS).map(|n| format!("| T{n:02} | - | not yet, because - |\n"));
        let text = format!("{row}\n{}", rest.collect::<String>());
        let files = [("crates/a.rs", SOURCE), (PATH, &text)];
        let file = |(path, text): (&str, &str)| TextFile { path: path.into(), text: text.into() };
        let files: Vec<TextFile> = files.map(file).into();
        let paths = files.iter().map(|file| file.path.clone()).collect();
        expect(&check(&Tree { paths, files }), expectation);
    }

    #[test]
    fn a_threat_names_tests_that_are_there_or_says_what_is_missing() {
        check_row("| T01 | x | `crates/a.rs::holds`, `crates/a.rs::waits` |", &[]);
        check_row("| T01 | x | not yet, because nothing is there |", &[]);
        check_row(
            "| T01 | x | soon |",
            &["1: T01 names no test, and does not say \"not yet, because …\""],
        );
        for name in ["crates/a.rs::helper", "crates/a.rs::hold", "crates/b.rs::holds"] {
            let fault = format!("1: T01 names the test `{name}`, which is none");
            check_row(&format!("| T01 | x | `{name}` |"), &[&fault]);
        }
    }

    #[test]
    fn every_threat_stands_in_its_place() {
        check_row("| T03 | x | `crates/a.rs::holds` |", &["1: found threat T03, expected T01"]);
        let more = "| T01 | x | not yet, because - |\n| T02 | x | not yet, because - |";
        let found: Vec<String> = (2..=26)
            .map(|n| format!("{}: found threat T{n:02}, expected T{:02}", n + 1, n + 1))
            .chain(["27: found 27 threats, expected 26".to_owned()])
            .collect();
        check_row(more, &found.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
