//! The layers a value may come from: the file, the environment, the command line. Each is read
//! into found keys with their place; what a layer cannot be is told with place and advice.
//!
//! Which layer wins, and what the values mean together, is not here.

use std::fmt;
use std::path::{Path, PathBuf};

use causeway_node::Script;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, OTHER_VARIABLES, PEER_KEYS, PREFIX, SECTIONS, find, nearest};
use super::value::{Value, describe};
use super::{FILE_NAME, scripts};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The table of keys.
    Default,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// `--set` or a flag of its own.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "{name}"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// Something wrong with the configuration, for its author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// The file is not TOML.
    #[error("{origin}: not TOML: {reason}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the parser says.
        reason: String,
    },
    /// There is no such key or section.
    #[error("{origin}: unknown {what} `{found}`{}", did_you_mean(suggestion.as_deref()))]
    Unknown {
        /// Where.
        origin: Origin,
        /// `key`, `section` or `variable`.
        what: &'static str,
        /// What was found.
        found: String,
        /// What was meant, perhaps.
        suggestion: Option<String>,
    },
    /// The value is not what its key expects.
    #[error("{origin}: {key}: found {found}, expected {expected}")]
    Value {
        /// Where.
        origin: Origin,
        /// The key.
        key: String,
        /// What was found.
        found: String,
        /// What the key expects.
        expected: String,
    },
    /// A key that must be there is not.
    #[error("{place}: {key}: found nothing, expected {expected}")]
    Missing {
        /// Where it was looked for.
        place: String,
        /// The key.
        key: String,
        /// What the key expects.
        expected: String,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// A key that was found in a layer.
pub(crate) struct Found {
    /// The key.
    pub(crate) key: &'static Key,
    /// Its value, already checked.
    pub(crate) value: Value,
    /// Where.
    pub(crate) origin: Origin,
}

/// A `[[peers]]` entry as it stands in the file. No `Debug`: it may hold a secret.
pub(crate) struct PeerEntry {
    /// Where the entry begins.
    pub(crate) origin: Origin,
    /// Key, value and line of each.
    pub(crate) values: Vec<(&'static str, String, Origin)>,
}

/// What one layer says.
#[derive(Default)]
pub(crate) struct Layer {
    /// The keys, checked.
    pub(crate) found: Vec<Found>,
    /// The peers, not checked yet.
    pub(crate) peers: Vec<PeerEntry>,
    /// The scripts, checked one by one.
    pub(crate) scripts: Vec<Script>,
    /// Everything wrong with it.
    pub(crate) wrong: Vec<Wrong>,
}

impl Layer {
    /// Reads a file's text.
    pub(crate) fn file(path: &Path, text: &str) -> Self {
        let at = |start: usize| {
            let before = text.get(..start).unwrap_or(text);
            Origin::File { path: path.to_owned(), line: before.matches('\n').count() + 1 }
        };
        let mut layer = Self::default();
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let origin = at(error.span().map_or(0, |span| span.start));
                layer.wrong.push(Wrong::Syntax { origin, reason: error.message().to_owned() });
                return layer;
            }
        };
        for (name, value) in table.get_ref() {
            let origin = at(name.span().start);
            let name = name.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Array(entries) if name == "peers" => {
                    for entry in entries {
                        layer.peer(entry, &at);
                    }
                }
                DeValue::Table(section) if SECTIONS.iter().any(|(known, _)| *known == name) => {
                    layer.section(name, section, &at);
                }
                other => layer.wrong.push(wrong_section(name, other, origin)),
            }
        }
        layer
    }

    /// Reads the environment: every variable that begins with `CAUSEWAY_`.
    pub(crate) fn environment(variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut layer = Self::default();
        let names: Vec<String> = KEYS.iter().map(Key::environment).collect();
        for (name, text) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
            if is_other_variable(&name) {
                continue;
            }
            let origin = Origin::Environment(name.clone());
            match KEYS.iter().find(|key| key.environment() == name) {
                Some(key) => layer.text(key, &text, origin),
                None => layer.wrong.push(Wrong::Unknown {
                    origin,
                    what: "variable",
                    suggestion: nearest(&name, names.iter().map(String::as_str)).map(str::to_owned),
                    found: name,
                }),
            }
        }
        layer
    }

    /// Reads `KEY=VALUE` from the command line.
    pub(crate) fn flags<'a>(settings: impl Iterator<Item = &'a (String, String)>) -> Self {
        let mut layer = Self::default();
        for (path, text) in settings {
            match find(path) {
                Some(key) => layer.text(key, text, Origin::Flag),
                None => layer.wrong.push(unknown_key(path, Origin::Flag)),
            }
        }
        layer
    }

    fn text(&mut self, key: &'static Key, text: &str, origin: Origin) {
        let value = Value::from_text(key.kind, text);
        self.take(key, value, origin);
    }

    fn take(&mut self, key: &'static Key, value: Result<Value, String>, origin: Origin) {
        let checked = value.and_then(|value| value.check(key.kind).map(|()| value));
        match checked {
            Ok(value) => self.found.push(Found { key, value, origin }),
            Err(found) => self.wrong.push(Wrong::Value {
                origin,
                key: key.path.to_owned(),
                found,
                expected: key.kind.expected(),
            }),
        }
    }

    fn section(&mut self, name: &str, section: &DeTable<'_>, at: &dyn Fn(usize) -> Origin) {
        for (key, value) in section {
            let origin = at(key.span().start);
            let path = format!("{name}.{}", key.get_ref());
            if let ("automation.script", DeValue::Array(entries)) = (path.as_str(), value.get_ref())
            {
                self.scripts.extend(scripts::list(entries, at, &mut self.wrong));
                continue;
            }
            match find(&path) {
                Some(key) => {
                    let value = Value::from_toml(key.kind, value.get_ref());
                    self.take(key, value, origin);
                }
                None => self.wrong.push(unknown_key(&path, origin)),
            }
        }
    }

    fn peer(&mut self, entry: &Spanned<DeValue<'_>>, at: &dyn Fn(usize) -> Origin) {
        let origin = at(entry.span().start);
        let DeValue::Table(table) = entry.get_ref() else {
            self.wrong.push(Wrong::Value {
                origin,
                key: "peers".to_owned(),
                found: describe(entry.get_ref()),
                expected: "a [[peers]] section".to_owned(),
            });
            return;
        };
        let mut values = Vec::new();
        for (name, value) in table {
            let origin = at(name.span().start);
            let name = name.get_ref().as_ref();
            let Some(known) = PEER_KEYS.iter().find(|known| known.name == name) else {
                let known = PEER_KEYS.iter().map(|known| known.name);
                self.wrong.push(Wrong::Unknown {
                    origin,
                    what: "key",
                    found: format!("peers.{name}"),
                    suggestion: nearest(name, known).map(str::to_owned),
                });
                continue;
            };
            match value.get_ref() {
                DeValue::String(text) => values.push((known.name, text.to_string(), origin)),
                DeValue::Array(items) if matches!(known.name, "facts" | "callback_hosts") => {
                    let texts = items.iter().map(|item| match item.get_ref() {
                        DeValue::String(text) => text.to_string(),
                        other => describe(other),
                    });
                    // Neither facts nor hosts have white space in them.
                    values.push((known.name, texts.collect::<Vec<_>>().join(" "), origin));
                }
                other => self.wrong.push(Wrong::Value {
                    origin,
                    key: format!("peers.{name}"),
                    // A secret that was written without quotes must not reach the screen.
                    found: if matches!(name, "secret" | "static_token") {
                        "no text".to_owned()
                    } else {
                        describe(other)
                    },
                    expected: known.expected.to_owned(),
                }),
            }
        }
        self.peers.push(PeerEntry { origin, values });
    }
}

fn wrong_section(name: &str, value: &DeValue<'_>, origin: Origin) -> Wrong {
    let sections = SECTIONS.iter().map(|(known, _)| *known).chain(["peers"]);
    if sections.clone().any(|known| known == name) {
        let expected =
            if name == "peers" { "[[peers]] sections".to_owned() } else { format!("[{name}]") };
        return Wrong::Value { origin, key: name.to_owned(), found: describe(value), expected };
    }
    match value {
        DeValue::Table(_) | DeValue::Array(_) => Wrong::Unknown {
            origin,
            what: "section",
            found: name.to_owned(),
            suggestion: nearest(name, sections).map(str::to_owned),
        },
        _ => unknown_key(name, origin),
    }
}

fn unknown_key(path: &str, origin: Origin) -> Wrong {
    // `title` alone, or in a wrong section, most likely means the one key of that name.
    let name = path.rsplit('.').next().unwrap_or(path);
    let same_name = KEYS.iter().find(|key| key.name() == name).map(|key| key.path);
    let suggestion = same_name.or_else(|| nearest(path, KEYS.iter().map(|key| key.path)));
    Wrong::Unknown {
        origin,
        what: "key",
        found: path.to_owned(),
        suggestion: suggestion.map(str::to_owned),
    }
}

/// Variables of the command line, and those that Kubernetes sets in every container of a
/// namespace for a service that happens to be named `causeway` or `causeway-…`.
fn is_other_variable(name: &str) -> bool {
    let is_ours = OTHER_VARIABLES.iter().any(|(known, _)| *known == name);
    let of_service = ["_SERVICE_HOST", "_SERVICE_PORT"].iter().any(|part| name.contains(part))
        || name.ends_with("_PORT")
        || name.split("_PORT_").nth(1).is_some_and(|rest| rest.starts_with(char::is_numeric));
    is_ours || (of_service && !name.contains("__"))
}

/// The file to read; `None` if there is none and none was asked for.
pub(super) fn locate(asked: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = asked {
        return Some(path.to_owned());
    }
    if let Some(path) = std::env::var_os("CAUSEWAY_CONFIG").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let mut places = vec![PathBuf::from(FILE_NAME)];
    places.extend(user_directory().map(|directory| directory.join("causeway").join(FILE_NAME)));
    places.into_iter().find(|path| path.is_file())
}

/// Where the files of a user's programs are.
pub(crate) fn user_directory() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".config")))
}

/// A warning if others than the owner may read the file.
pub(super) fn open_to_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        format!(
            "{} holds a secret and others may read it (mode {:04o}); run: chmod 600 {0}",
            path.display(),
            mode & 0o7777
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_says_about_a_service_of_our_name_is_no_configuration() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_other_variable(name), expected, "{name}");
        };
        check("CAUSEWAY_SERVICE_HOST", true);
        check("CAUSEWAY_SERVICE_PORT_HTTP", true);
        check("CAUSEWAY_PORT", true);
        check("CAUSEWAY_PORT_8180_TCP_ADDR", true);
        check("CAUSEWAY_NODE_TOKEN", true);
        check("CAUSEWAY_NODE__TITLE", false);
        check("CAUSEWAY_TITLE", false);
    }
}
