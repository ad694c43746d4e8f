//! The rule that relative links in Markdown lead to a file of the repository.
//!
//! Links to other sites are not followed: the check needs no network. Code is not read for links.

use std::collections::BTreeSet;

use super::Finding;

const REASON: &str = "a document that points nowhere has stopped being true";

/// Judges one Markdown file; `paths` are all files of the repository.
pub(super) fn check(path: &str, text: &str, paths: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            for target in targets(&without_code(line)) {
                if !resolves(path, target, paths) {
                    let message = format!("the link `{target}` leads to no file");
                    findings.push(Finding::new(path, index + 1, message, REASON));
                }
            }
        }
    }
    findings
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The targets of `[text](target)` and of `[name]: target`.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let defined = line
        .starts_with('[')
        .then(|| line.split_once("]: "))
        .flatten()
        .and_then(|(_, rest)| rest.split_whitespace().next());
    inline.chain(defined).collect()
}

fn resolves(from: &str, target: &str, paths: &BTreeSet<String>) -> bool {
    let target = target.trim_matches(['<', '>']);
    let file = target.split('#').next().unwrap_or_default();
    if target.contains("://") || target.starts_with("mailto:") || target.starts_with('#') {
        return true;
    }
    let Some(path) = join(from, file) else { return false };
    let folder = format!("{path}/");
    let is_folder = || paths.range(folder.clone()..).next().is_some_and(|p| p.starts_with(&folder));
    path.is_empty() || paths.contains(&path) || is_folder()
}

/// `target` seen from the folder of `from`; `None` when it leaves the repository.
fn join(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    fn check_text(text: &str, expectation: &[&str]) {
        let paths = ["README.md", "docs/a.md", "docs/guides/b.md"].map(str::to_owned).into();
        expect(&check("docs/a.md", text, &paths), expectation);
    }

    #[test]
    fn a_relative_link_leads_to_a_file_or_folder() {
        for target in ["a.md", "./a.md#top", "guides/b.md", "guides", "guides/", "../README.md"] {
            check_text(&format!("See [it]({target})."), &[]);
            check_text(&format!("[it]: {target}"), &[]);
        }
        for target in ["b.md", "/docs/b.md", "guide", "../../README.md", "../README"] {
            let fault = format!("1: the link `{target}` leads to no file");
            check_text(&format!("See [it]({target})."), &[&fault]);
            check_text(&format!("[it]: {target} \"title\""), &[&fault]);
        }
    }

    #[test]
    fn links_to_elsewhere_and_in_code_are_not_followed() {
        check_text("[a](https://x.example/a) [b](#b) [c](mailto:c@x.example)", &[]);
        check_text("`[a](b.md)`\n```\n[a](b.md)\n```\n", &[]);
        check_text("```\n```\n`x` [a](b.md)", &["3: the link `b.md` leads to no file"]);
    }
}
