//! The rule that every SQL statement carries its name in its first line.
//!
//! It recognises a statement by its first words, so that error texts such as "update failed" pass.
//! Whether a statement is valid is asked of the real database in the tests of the driver.

use super::Finding;
use super::lexer::{self, is_word};

/// Where SQL lives.
pub(super) const CRATE: &str = "crates/causeway-store-sql/";

const REASON: &str = "a slow or failing statement is found by its name in the database's own \
                      statistics and in our source";

/// Judges every string literal of one file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for literal in lexer::split(text).literals {
        let value = literal.value.trim_start();
        if is_statement(value) {
            let first = value.lines().next().unwrap_or_default();
            let message = format!("the statement `{first}` does not begin with `-- name`");
            findings.push(Finding::new(path, literal.line, message, REASON));
        } else if let Some((name, statement)) =
            value.strip_prefix("--").and_then(|rest| rest.split_once('\n'))
            && is_statement(statement.trim_start())
            && !is_name(name)
        {
            let message = format!("`--{name}` is not `-- name` with one lower-case name");
            findings.push(Finding::new(path, literal.line, message, REASON));
        }
    }
    findings
}

fn is_statement(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split_whitespace();
    let second_is = |word: Option<&str>, options: &[&str]| {
        word.is_some_and(|word| options.contains(&word.trim_end_matches('(')))
    };
    match words.next() {
        Some("select") => words.next().is_some(),
        Some("insert") => second_is(words.next(), &["into", "or"]),
        Some("replace") => second_is(words.next(), &["into"]),
        Some("delete") => second_is(words.next(), &["from"]),
        Some("update") => words.any(|word| word == "set"),
        Some("with") => words.any(|word| word == "as" || word == "as("),
        _ => false,
    }
}

fn is_name(text: &str) -> bool {
    text.strip_prefix(' ').is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| is_word(c) && !c.is_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    fn check_literal(literal: &str, expectation: &[&str]) {
        expect(&check("a.rs", &format!("f(r#\"{literal}\"#)")), expectation);
    }

    #[test]
    fn a_statement_begins_with_its_name() {
        for statement in [
            "select 1",
            "SELECT id from x",
            "insert into x values (1)",
            "insert or ignore into x values (1)",
            "delete from x",
            "update x set y = 1",
            "with z as (select 1) select * from z",
        ] {
            check_literal(&format!("-- name_it\n{statement}"), &[]);
            let fault = format!("1: the statement `{statement}` does not begin with `-- name`");
            check_literal(statement, &[&fault]);
            check_literal(&format!("\n    {statement}"), &[&fault]);
        }
    }

    #[test]
    fn the_name_is_one_lower_case_word() {
        let fault = "1: `-- Two Words` is not `-- name` with one lower-case name";
        check_literal("-- Two Words\nselect 1", &[fault]);
        check_literal("--\nselect 1", &["1: `--` is not `-- name` with one lower-case name"]);
    }

    #[test]
    fn a_text_that_is_no_statement_passes() {
        for text in ["update of the record failed", "delete", "insert a disk", "with care", "-- x"]
        {
            check_literal(text, &[]);
        }
    }
}
