//! The rule about `[workspace.dependencies]`: every entry says what it is for.
//!
//! It reads the manifest line by line and needs one entry a line, which is how ours is written.

use super::Finding;

const REASON: &str = "who weighs a dependency needs to know what it is for";

/// Judges the workspace manifest; our own crates share one comment.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut inside, mut commented) = (false, false);
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        }
        if !inside || line.starts_with('[') {
            continue;
        }
        if line.starts_with('#') {
            commented = line.trim_start_matches('#').trim().len() > 3;
        } else if line.is_empty() {
            commented = false;
        } else {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            if !commented {
                let message = format!("`{name}` has no comment above it");
                findings.push(Finding::new(path, index + 1, message, REASON));
            }
            // One comment covers a run of our own crates, and one crate of others.
            commented &= line.contains("path = ");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    fn check_entries(entries: &str, expectation: &[&str]) {
        let text = format!("[workspace.dependencies]\n{entries}\n[profile.dev]\ndebug = 1\n");
        expect(&check("Cargo.toml", &text), expectation);
    }

    #[test]
    fn every_dependency_has_its_own_comment() {
        check_entries("# JSON.\nx = \"1\"\n# Text.\ny = \"1\"", &[]);
        check_entries("# JSON.\nx = \"1\"\ny = \"1\"", &["4: `y` has no comment above it"]);
        check_entries("x = { version = \"1\" }", &["2: `x` has no comment above it"]);
        check_entries("#\nx = \"1\"", &["3: `x` has no comment above it"]);
        check_entries("# Apart.\n\nx = \"1\"", &["4: `x` has no comment above it"]);
    }

    #[test]
    fn our_own_crates_share_one_comment() {
        check_entries("# Our own.\nx = { path = \"x\" }\ny = { path = \"y\" }", &[]);
        check_entries(
            "# Our own.\nx = { path = \"x\" }\n\ny = { path = \"y\" }",
            &["5: `y` has no comment above it"],
        );
    }
}
