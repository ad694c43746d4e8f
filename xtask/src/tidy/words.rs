//! The rule that the text of the product speaks of the product, not of how it was written.
//!
//! The list is narrow on purpose: an HTTP session, the issue of a token or an agent of a company
//! are ordinary words. Only phrases that make no sense to a reader of the repository alone are
//! found: numbered tickets, working sessions, signatures of writing tools, workplace folders.

use super::Finding;

const REASON: &str = "a reader has the repository and nothing else: say what the reference says";

/// What is found when a number follows, with or without `#`. The phrases are kept as separate
/// words so that this table does not find itself.
const NUMBERED: [&[&str]; 3] = [&["issue"], &["ticket"], &["pull", "request"]];

/// What is found wherever it stands in a document.
const PHRASES: [&[&str]; 7] = [
    &["this", "session"],
    &["previous", "session"],
    &["earlier", "session"],
    &["next", "session"],
    &["co-authored-by"],
    &["as", "an", "ai"],
    &["generated", "by", "ai"],
];

/// Folders that exist only where the product was written.
const FOLDERS: [&[&str]; 2] = [&["/work", "shared"], &["/work", "main"]];

/// Judges one text file; the phrases only in Markdown, the rest everywhere.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        let numbered = NUMBERED.iter().filter(|words| is_numbered(&lower, &words.join(" ")));
        let phrases = PHRASES.iter().filter(|words| {
            path.ends_with(".md") && positions(&lower, &words.join(" ")).next().is_some()
        });
        let found = numbered.chain(phrases).map(|words| words.join(" "));
        let folders = FOLDERS.iter().map(|parts| parts.join("/"));
        for phrase in found.chain(folders.filter(|folder| lower.contains(folder.as_str()))) {
            let message = format!("`{phrase}` refers to something outside the repository");
            findings.push(Finding::new(path, index + 1, message, REASON));
        }
    }
    findings
}

/// Where `phrase` stands as whole words.
fn positions<'a>(line: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    line.match_indices(phrase).map(|(start, _)| start).filter(move |&start| {
        let before = line[..start].chars().next_back();
        let after = line[start + phrase.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

fn is_numbered(line: &str, phrase: &str) -> bool {
    positions(line, phrase).any(|start| {
        let rest = &line[start + phrase.len()..];
        let number = rest.strip_prefix(' ').unwrap_or(rest);
        let number = number.strip_prefix('#').unwrap_or(number);
        // A bare "issue1" is a name; a blank or a hash makes it a reference.
        number.len() < rest.len() && number.starts_with(|first: char| first.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    fn check_line(path: &str, line: &str, phrases: &[&str]) {
        let faults: Vec<String> = phrases
            .iter()
            .map(|phrase| format!("1: `{phrase}` refers to something outside the repository"))
            .collect();
        expect(&check(path, line), &faults.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn a_numbered_reference_is_found_in_every_file() {
        for words in NUMBERED {
            let phrase = words.join(" ");
            for path in ["a.rs", "a.md"] {
                check_line(path, &format!("see {phrase} 12"), &[&phrase]);
                check_line(path, &format!("see {phrase} #12."), &[&phrase]);
                check_line(path, &format!("See {}#12", phrase.to_uppercase()), &[&phrase]);
                check_line(path, &format!("{phrase}s of 12 peers, {phrase}12"), &[]);
            }
        }
    }

    #[test]
    fn a_phrase_of_the_workshop_is_found_in_documents_only() {
        for words in PHRASES {
            let phrase = words.join(" ");
            check_line("a.md", &format!("In {phrase}: x"), &[&phrase]);
            check_line("a.md", &format!("x{phrase}x"), &[]);
            check_line("a.rs", &format!("// In {phrase}: x"), &[]);
        }
        check_line("a.md", "An HTTP session ends; the next sessions are short.", &[]);
    }

    #[test]
    fn a_folder_of_the_workplace_is_found() {
        for parts in FOLDERS {
            let folder = parts.join("/");
            check_line("a.toml", &format!("x = \"{folder}/y\""), &[&folder]);
        }
        check_line("a.toml", "x = \"/work/y\"", &[]);
    }
}
