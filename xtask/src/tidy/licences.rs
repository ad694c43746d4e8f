//! The licence rule: every dependency can be used under a licence of one explicit list, and the
//! list is the one that `deny.toml` states.
//!
//! It reads only what a manifest declares. Whether the licence files of a package agree with its
//! manifest is the business of cargo-deny.

use super::Finding;
use crate::metadata::Metadata;

const LICENCE_REASON: &str = "we ship one binary under Apache-2.0 and must be able to name the \
                              terms of everything in it";
const LIST_REASON: &str = "two lists that differ leave open which one holds";

/// Licences, and licences with an exception, under which a dependency may be used.
const ALLOWED: [&str; 11] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Judges every package of the graph, and that `deny` (the text of `deny.toml`) lists the same.
pub(super) fn check(metadata: &Metadata, deny: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata.packages.values() {
        let fault = match &package.licence {
            None => Some("declares no licence".to_owned()),
            Some(licence) => match is_allowed(licence) {
                Some(true) => None,
                Some(false) => Some(format!("`{licence}` needs a licence that is not on the list")),
                None => Some(format!("`{licence}` is no licence expression")),
            },
        };
        if let Some(fault) = fault {
            let message = format!("{} {}: {fault}", package.name, package.version);
            findings.push(Finding::new("Cargo.lock", 1, message, LICENCE_REASON));
        }
    }
    findings.extend(lists_agree(deny));
    findings
}

fn lists_agree(deny: &str) -> Vec<Finding> {
    let stated = stated_in(deny);
    let mut findings = Vec::new();
    for (line, licence) in &stated {
        if !ALLOWED.contains(&licence.as_str()) {
            let message = format!("`{licence}` is allowed here and not in xtask");
            findings.push(Finding::new("deny.toml", *line, message, LIST_REASON));
        }
    }
    for licence in ALLOWED {
        if !stated.iter().any(|(_, other)| other == licence) {
            let message = format!("`{licence}` is allowed in xtask and not here");
            findings.push(Finding::new("deny.toml", 1, message, LIST_REASON));
        }
    }
    findings
}

/// The strings of `allow = [..]` in the section `[licenses]`, each with its line.
fn stated_in(deny: &str) -> Vec<(usize, String)> {
    let mut stated = Vec::new();
    let (mut section, mut inside) = (false, false);
    for (index, line) in deny.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') && !inside {
            section = line == "[licenses]";
        }
        inside |= section && line.starts_with("allow");
        if inside {
            let strings = line.split('"').skip(1).step_by(2);
            stated.extend(strings.map(|licence| (index + 1, licence.to_owned())));
            inside = !line.ends_with(']');
        }
    }
    stated
}

/// Whether an SPDX expression can be met with the list alone; `None` when it is none.
fn is_allowed(expression: &str) -> Option<bool> {
    // Before SPDX expressions Cargo took a slash for `OR`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    let verdict = reader.any_of()?;
    reader.words.is_empty().then_some(verdict)
}

/// Reads `OR` over `AND` over a licence or a parenthesis.
struct Reader<'a> {
    words: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn any_of(&mut self) -> Option<bool> {
        let mut verdict = self.all_of()?;
        while self.skip("OR") {
            verdict |= self.all_of()?;
        }
        Some(verdict)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut verdict = self.one()?;
        while self.skip("AND") {
            verdict &= self.one()?;
        }
        Some(verdict)
    }

    fn one(&mut self) -> Option<bool> {
        if self.skip("(") {
            let verdict = self.any_of()?;
            return self.skip(")").then_some(verdict);
        }
        let licence = self.next().filter(|word| !matches!(*word, "OR" | "AND" | "WITH" | ")"))?;
        if self.skip("WITH") {
            let exception = self.next()?;
            return Some(ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()));
        }
        Some(ALLOWED.contains(&licence))
    }
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;
    use crate::metadata::Package;

    fn deny(licences: &[&str]) -> String {
        let listed: Vec<String> = licences.iter().map(|name| format!("    \"{name}\",")).collect();
        format!("[bans]\nallow = [\"x\"]\n\n[licenses]\nallow = [\n{}\n]\n", listed.join("\n"))
    }

    fn world(licence: Option<&str>) -> Metadata {
        let package = Package {
            name: "x".to_owned(),
            version: "1".to_owned(),
            licence: licence.map(str::to_owned),
            ..Package::default()
        };
        let mut metadata = Metadata::default();
        metadata.packages.insert("x".to_owned(), package);
        metadata
    }

    fn check_licence(licence: Option<&str>, expectation: &[&str]) {
        expect(&check(&world(licence), &deny(&ALLOWED)), expectation);
    }

    #[test]
    fn a_dependency_is_usable_under_the_list_alone() {
        for licence in [
            "MIT",
            "MIT-0",
            "MIT/Apache-2.0",
            "MIT OR GPL-3.0-only",
            "(MIT OR GPL-3.0-only) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            check_licence(Some(licence), &[]);
        }
        for licence in ["GPL-3.0-only", "MIT AND MPL-2.0", "MIT WITH LLVM-exception"] {
            let fault = format!("1: x 1: `{licence}` needs a licence that is not on the list");
            check_licence(Some(licence), &[&fault]);
        }
    }

    #[test]
    fn a_missing_or_broken_expression_is_a_finding() {
        check_licence(None, &["1: x 1: declares no licence"]);
        for licence in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "MIT)"] {
            let fault = format!("1: x 1: `{licence}` is no licence expression");
            check_licence(Some(licence), &[&fault]);
        }
    }

    #[test]
    fn the_list_of_deny_toml_is_the_same_list() {
        let world = world(Some("MIT"));
        let mut other = ALLOWED;
        other[0] = "GPL-3.0-only";
        expect(
            &check(&world, &deny(&other)),
            &[
                "6: `GPL-3.0-only` is allowed here and not in xtask",
                "1: `Apache-2.0` is allowed in xtask and not here",
            ],
        );
        assert_eq!(check(&world, "").len(), ALLOWED.len());
    }
}
