//! The rules of the house, each a pure function over a path and its text or over the dependency
//! graph, each with its reason.
//!
//! Nothing is repaired here: a finding names the place, the fact and why the rule exists. What
//! `rustfmt` and `clippy` already check is not checked again.

mod docs;
mod lexer;
mod licences;
mod manifest;
mod rings;
mod source;
mod sql;
mod threats;
mod words;

use std::fmt;

use anyhow::Result;

use crate::metadata::Metadata;
use crate::tree::{self, Tree};

/// One breach of one rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1.
    line: usize,
    message: String,
    /// Why the rule exists.
    reason: &'static str,
}

impl Finding {
    fn new(path: &str, line: usize, message: String, reason: &'static str) -> Self {
        Self { path: path.to_owned(), line, message, reason }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, message, reason } = self;
        write!(formatter, "{path}:{line}: {message} (why: {reason})")
    }
}

/// `cargo xtask tidy`: prints every finding, and says whether there was none.
pub(crate) fn command() -> Result<bool> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => eprintln!("tidy: no finding"),
        1 => eprintln!("tidy: 1 finding"),
        count => eprintln!("tidy: {count} findings"),
    }
    Ok(findings.is_empty())
}

/// Every rule over the whole checkout.
fn findings() -> Result<Vec<Finding>> {
    Ok(judge(&Tree::read(tree::root())?, &Metadata::read(tree::root())?))
}

/// Every rule over these files and this dependency graph.
fn judge(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let mut findings = rings::check(metadata);
    findings.extend(licences::check(metadata, tree.text("deny.toml").unwrap_or_default()));
    findings.extend(manifest::check("Cargo.toml", tree.text("Cargo.toml").unwrap_or_default()));
    findings.extend(threats::check(tree));
    for file in &tree.files {
        let (path, text) = (file.path.as_str(), file.text.as_str());
        findings.extend(words::check(path, text));
        if is_ours(path) && path.ends_with(".rs") {
            findings.extend(source::check(path, text));
        }
        if path.starts_with(sql::CRATE) && path.ends_with(".rs") {
            findings.extend(sql::check(path, text));
        }
        if path.ends_with(".md") {
            findings.extend(docs::check(path, text, &tree.paths));
        }
    }
    findings
}

fn is_ours(path: &str) -> bool {
    path.starts_with("crates/") || path.starts_with("xtask/")
}

/// Runs one rule on a text and compares the findings as `line: message`, one a line.
#[cfg(test)]
fn expect(findings: &[Finding], expectation: &[&str]) {
    let found: Vec<String> =
        findings.iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect();
    assert_eq!(found, expectation);
    assert!(findings.iter().all(|finding| !finding.reason.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TextFile;

    #[test]
    fn the_repository_is_tidy() {
        let findings: Vec<String> = findings().unwrap().iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }

    #[test]
    fn every_module_of_rules_is_asked() {
        let files = [
            ("Cargo.toml", "[workspace.dependencies]\nx = \"1\"\n"),
            ("README.md", "[a](gone.md)\n"),
            ("crates/causeway-store-sql/src/a.rs", "//! A test.\nf(\"delete from x\");\n"),
            ("crates/x/src/a.rs", "fn f() {}\n"),
            ("deny.toml", ""),
            ("docs/reference/threats.md", "| T01 | x |\n"),
            ("examples/a.sh", concat!("# see issue", " 12\n")),
        ];
        let files: Vec<TextFile> = files
            .map(|(path, text)| TextFile { path: path.to_owned(), text: text.to_owned() })
            .into();
        let paths = files.iter().map(|file| file.path.clone()).collect();
        let found = judge(&Tree { paths, files }, &Metadata::default());
        for place in [
            "Cargo.toml:2",
            "README.md:1",
            "crates/causeway-store-sql/src/a.rs:2",
            "crates/x/src/a.rs:1",
            "deny.toml:1",
            "docs/reference/threats.md:1",
            "examples/a.sh:1",
            "xtask/src/tidy/rings.rs:1",
        ] {
            let prefix = format!("{place}: ");
            assert!(found.iter().any(|one| one.to_string().starts_with(&prefix)), "{place}");
        }
    }

    #[test]
    fn a_finding_prints_the_place_the_fact_and_the_reason() {
        let finding = Finding::new("a.rs", 7, "too long".to_owned(), "screens are finite");
        assert_eq!(finding.to_string(), "a.rs:7: too long (why: screens are finite)");
    }
}
