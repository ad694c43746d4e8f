//! `cargo xtask codegen`: the generated files of the repository, and what prints each of them.
//!
//! The product prints; this program only stores and compares. Generated files are committed, so
//! that a change of an interface is a change that a reviewer sees.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::metadata::cargo;
use crate::tree;

/// One generated file: its path, and the arguments with which the binary prints it.
type Generated = (&'static str, &'static [&'static str]);

const GENERATED: [Generated; 2] = [
    ("docs/reference/openapi.json", &["openapi"]),
    ("docs/reference/configuration.md", &["config", "reference"]),
];

/// Writes every generated file that differs.
pub(crate) fn write() -> Result<bool> {
    for (path, arguments) in GENERATED {
        let text = print(arguments)?;
        let path = tree::root().join(path);
        if committed(&path)?.as_deref() == Some(text.as_str()) {
            eprintln!("{} is up to date", path.display());
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("{}", path.display()))?;
        eprintln!("{} is written", path.display());
    }
    Ok(true)
}

/// Compares every generated file with what the binary prints now.
pub(crate) fn check() -> Result<bool> {
    let mut passed = true;
    for (path, arguments) in GENERATED {
        let text = print(arguments)?;
        if let Some(difference) = difference(committed(&tree::root().join(path))?, &text) {
            println!("{path}:{difference}");
            println!("hint: cargo xtask codegen, then read the change and commit it");
            passed = false;
        }
    }
    Ok(passed)
}

fn committed(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{}", path.display())),
    }
}

fn print(arguments: &[&str]) -> Result<String> {
    let output = cargo()
        .args(["run", "--quiet", "--locked", "--package", "causeway", "--"])
        .args(arguments)
        .current_dir(tree::root())
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("`causeway {}` failed with {}", arguments.join(" "), output.status);
    }
    let text = String::from_utf8(output.stdout).context("the output is not UTF-8")?;
    if text.trim().is_empty() {
        bail!("`causeway {}` printed nothing", arguments.join(" "));
    }
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// The first line that differs, as `line: message`.
fn difference(committed: Option<String>, printed: &str) -> Option<String> {
    let Some(committed) = committed else {
        return Some("1: the file is missing".to_owned());
    };
    if committed == printed {
        return None;
    }
    let same = committed.lines().zip(printed.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("<end of file>").to_owned();
    let (stands, expected) = (line(&committed), line(printed));
    Some(format!("{}: found `{stands}`, expected `{expected}`", same + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(committed: Option<&str>, printed: &str, expectation: Option<&str>) {
        let found = difference(committed.map(str::to_owned), printed);
        assert_eq!(found.as_deref(), expectation);
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        check(Some("a\nb\n"), "a\nb\n", None);
        check(Some("a\nb\n"), "a\nc\n", Some("2: found `b`, expected `c`"));
        check(Some("a\n"), "a\nc\n", Some("2: found `<end of file>`, expected `c`"));
        check(Some("a\nb\n"), "a\n", Some("2: found `b`, expected `<end of file>`"));
        check(None, "a\n", Some("1: the file is missing"));
    }

    #[test]
    fn every_generated_file_has_its_own_path_and_arguments() {
        for (index, (path, arguments)) in GENERATED.iter().enumerate() {
            assert!(!arguments.is_empty(), "{path}");
            assert!(GENERATED[..index].iter().all(|other| other.0 != *path), "{path}");
        }
    }
}
