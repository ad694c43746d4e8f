//! Rules about one Rust source file: how it opens, how long it may be, what it must not contain.
//!
//! What needs types or macro expansion belongs to clippy, not here.

use super::Finding;
use super::lexer::{self, Layers, is_word};

const FILE_LINES_MAX: usize = 600;
const LINE_CHARS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;

const OPENING: &str = "a reader learns first what a file is, and what it deliberately is not";
const FILE_LENGTH: &str = "a file that has grown past one subject is found by its length";
const LINE_LENGTH: &str = "two files fit side by side on a screen";
const FUNCTION_LENGTH: &str = "a function fits a screen";
const MARKERS: &str = "unfinished work is finished or left out, not marked";
const ALLOW: &str = "an `#[expect(.., reason)]` goes stale loudly, an allow stays for ever";
const IGNORE: &str = "a test that does not run says why, where it stands";
const PANIC: &str = "a test that accepts any panic passes for the wrong one";

/// Words that mark unfinished work, written in two halves so that this file passes its own rule.
const MARKER_WORDS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// All rules of this module.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let layers = lexer::split(text);
    let mut findings = Vec::new();
    findings.extend(opening(path, text));
    findings.extend(file_length(path, text));
    findings.extend(line_length(path, text));
    findings.extend(markers(path, &layers));
    findings.extend(attributes(path, &layers, text));
    findings.extend(function_length(path, &layers));
    findings
}

fn opening(path: &str, text: &str) -> Option<Finding> {
    let opens = text.lines().next().is_some_and(|line| {
        line.strip_prefix("//!").is_some_and(|rest| rest.trim().chars().count() > 3)
    });
    let message = "the file does not open with a `//!` line".to_owned();
    (!opens).then(|| Finding::new(path, 1, message, OPENING))
}

fn file_length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let message = format!("{lines} lines, at most {FILE_LINES_MAX}");
    (lines > FILE_LINES_MAX).then(|| Finding::new(path, FILE_LINES_MAX + 1, message, FILE_LENGTH))
}

fn line_length(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let chars = line.chars().count();
        if chars > LINE_CHARS_MAX && !is_bare_url(line) {
            let message = format!("{chars} characters, at most {LINE_CHARS_MAX}");
            findings.push(Finding::new(path, index + 1, message, LINE_LENGTH));
        }
    }
    findings
}

/// A URL alone on its line, at most behind a comment sign, cannot be broken.
fn is_bare_url(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [url] | ["//" | "///" | "//!", url] => url.contains("://"),
        _ => false,
    }
}

fn markers(path: &str, layers: &Layers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for layer in [&layers.code, &layers.comments] {
        for (index, line) in layer.lines().enumerate() {
            for word in line.split(|character| !is_word(character)) {
                if MARKER_WORDS.contains(&word) {
                    let message = format!("`{word}` marks unfinished work");
                    findings.push(Finding::new(path, index + 1, message, MARKERS));
                }
            }
        }
    }
    findings
}

/// Attributes are looked up in the code layer, so that a string or comment cannot raise a finding;
/// their arguments are read from the original at the same place.
fn attributes(path: &str, layers: &Layers, text: &str) -> Vec<Finding> {
    let code: Vec<char> = layers.code.chars().collect();
    let original: Vec<char> = text.chars().collect();
    let mut findings = Vec::new();
    let mut line = 1;
    for position in 0..code.len() {
        line += usize::from(code[position] == '\n');
        let opens = code[position] == '#' && matches!(code.get(position + 1), Some('[' | '!'));
        let Some(end) = opens.then(|| attribute_end(&code, position)).flatten() else { continue };
        let squeeze = |slice: &[char]| -> String {
            slice.iter().filter(|character| !character.is_whitespace()).collect()
        };
        let (bare, full) = (squeeze(&code[position..end]), squeeze(&original[position..end]));
        for (message, reason) in attribute_faults(&bare, &full) {
            findings.push(Finding::new(path, line, message.to_owned(), reason));
        }
    }
    findings
}

/// Just past the bracket that closes the attribute opened at `start`.
fn attribute_end(code: &[char], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, character) in code[start..].iter().enumerate() {
        match character {
            '[' => depth += 1,
            ']' if depth <= 1 => return Some(start + offset + 1),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `bare` is the attribute without spaces and string contents, `full` with string contents.
fn attribute_faults(bare: &str, full: &str) -> Vec<(&'static str, &'static str)> {
    let mut faults = Vec::new();
    let inside = bare.trim_start_matches(['#', '!', '[']);
    let names = |name: &str| {
        inside.starts_with(name)
            || (inside.starts_with("cfg_attr(") && inside.contains(&format!(",{name}")))
    };
    if names("allow(") {
        faults.push(("a lint is allowed instead of expected", ALLOW));
    }
    let has_text = |name: &str| {
        full.split_once(&format!("{name}=\"")).is_some_and(|(_, rest)| !rest.starts_with('"'))
    };
    if names("ignore") && !has_text("ignore") {
        faults.push(("a test is ignored without a reason", IGNORE));
    }
    if names("should_panic") && !has_text("expected") {
        faults.push(("a test expects any panic: name the text `expected`", PANIC));
    }
    faults
}

fn function_length(path: &str, layers: &Layers) -> Vec<Finding> {
    let code: Vec<char> = layers.code.chars().collect();
    let mut findings = Vec::new();
    let mut line = 1;
    for position in 0..code.len() {
        line += usize::from(code[position] == '\n');
        let Some(name) = function_name(&code, position) else { continue };
        let Some(lines) = function_lines(&code[position..]) else { continue };
        if lines > FUNCTION_LINES_MAX {
            let message = format!("fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}");
            findings.push(Finding::new(path, line, message, FUNCTION_LENGTH));
        }
    }
    findings
}

/// The name after a `fn` at this position; a function pointer type has none.
fn function_name(code: &[char], position: usize) -> Option<String> {
    let starts = code[position..].starts_with(&['f', 'n', ' '])
        && !position.checked_sub(1).is_some_and(|before| is_word(code[before]));
    let rest = starts.then(|| code[position + 3..].iter().skip_while(|c| c.is_whitespace()))?;
    let name: String = rest.take_while(|character| is_word(**character)).collect();
    (!name.is_empty()).then_some(name)
}

/// Lines from `fn` to the brace that closes the body; a declaration without a body has none.
fn function_lines(code: &[char]) -> Option<usize> {
    let (mut braces, mut brackets, mut lines) = (0_usize, 0_usize, 1);
    for character in code {
        match character {
            '\n' => lines += 1,
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' if braces <= 1 => return Some(lines),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    fn check_source(text: &str, expectation: &[&str]) {
        expect(&check("crates/x/src/a.rs", &format!("//! A test.\n{text}")), expectation);
    }

    #[test]
    fn a_file_opens_with_its_purpose() {
        let fault = "1: the file does not open with a `//!` line";
        expect(&check("a.rs", "//! What it is.\n"), &[]);
        expect(&check("a.rs", "//!\n"), &[fault]);
        expect(&check("a.rs", "// What it is.\n"), &[fault]);
        expect(&check("a.rs", ""), &[fault]);
    }

    #[test]
    fn a_file_has_at_most_600_lines() {
        check_source(&"\n".repeat(599), &[]);
        check_source(&"\n".repeat(600), &["601: 601 lines, at most 600"]);
    }

    #[test]
    fn a_line_has_at_most_100_characters_unless_it_is_a_bare_url() {
        let word = |count| "ü".repeat(count);
        check_source(&format!("//{}", word(98)), &[]);
        check_source(&format!("//{}", word(99)), &["2: 101 characters, at most 100"]);
        check_source(&format!("    // https://x.example/{}", word(100)), &[]);
        let url = format!("// see https://x.example/{}", word(80));
        check_source(&url, &["2: 105 characters, at most 100"]);
    }

    #[test]
    fn unfinished_work_is_not_marked() {
        for word in MARKER_WORDS {
            let fault = format!("3: `{word}` marks unfinished work");
            check_source(&format!("\n// {word}: later"), &[&fault]);
            check_source(&format!("\"{word}\"; // in a string, and {word}S as another word"), &[]);
        }
    }

    #[test]
    fn a_lint_is_expected_and_not_allowed() {
        let fault = "2: a lint is allowed instead of expected";
        check_source("#[expect(dead_code, reason = \"allow(x)\")] // #[allow(x)]", &[]);
        check_source("#[allow(dead_code)]", &[fault]);
        check_source("#![ allow (dead_code)]", &[fault]);
        check_source("#[cfg_attr(test, allow(dead_code))]", &[fault]);
    }

    #[test]
    fn an_ignored_test_says_why() {
        let fault = "2: a test is ignored without a reason";
        check_source("#[ignore = \"needs a second disk\"]", &[]);
        check_source("#[ignore]", &[fault]);
        check_source("#[ignore = \"\"]", &[fault]);
    }

    #[test]
    fn an_expected_panic_has_a_text() {
        let fault = "2: a test expects any panic: name the text `expected`";
        check_source("#[should_panic(expected = \"over the limit\")]", &[]);
        check_source("#[should_panic]", &[fault]);
        check_source("#[should_panic(expected = \"\")]", &[fault]);
    }

    #[test]
    fn a_function_has_at_most_70_lines() {
        let body = |lines: usize| format!("fn f(a: [u8; 4]) {{{}}}", "\n".repeat(lines - 1));
        check_source(&body(70), &[]);
        check_source(&body(71), &["2: fn f has 71 lines, at most 70"]);
        check_source(&format!("fn f();\n{}", "\n".repeat(80)), &[]);
        check_source(&format!("type F = fn (u8);\nmod m {{{}}}", "\n".repeat(80)), &[]);
    }
}
