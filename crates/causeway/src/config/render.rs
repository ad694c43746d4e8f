//! The texts made from the table of keys: the commented file that `init` writes, the reference
//! page, and the display of what is in effect.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{
    DATA_LAYOUT, KEYS, Key, Kind, OTHER_VARIABLES, PEER_KEYS, Preset, SCRIPT_KEYS, SECTIONS,
    STEP_KEYS, find,
};
use super::{Config, Setting};

/// The longest comment line in the file.
const COMMENT_COLUMNS: usize = 78;

/// A complete, commented file. `given`: the values that are set, as they are written in TOML.
pub(crate) fn commented_file(given: &[(&str, String)]) -> String {
    let mut text = String::from(
        "# The configuration of a Causeway node.\n\
         #\n\
         # Lines that begin with `#` show what holds where nothing is set. Every key can also be\n\
         # set by an environment variable: CAUSEWAY_<SECTION>__<KEY>, which wins over this file.\n\
         # Paths are relative to this file. `causeway config reference` explains everything.\n",
    );
    for (section, doc) in SECTIONS {
        text.push('\n');
        comment(&mut text, doc);
        writeln_to(&mut text, format_args!("[{section}]"));
        for key in KEYS.iter().filter(|key| key.section() == *section) {
            comment(&mut text, &format!("{} {}", key.doc, preset_words(key)));
            match given.iter().find(|(path, _)| *path == key.path) {
                Some((_, value)) => writeln_to(&mut text, format_args!("{} = {value}", key.name())),
                None => {
                    let value = match key.preset {
                        Preset::Value(value) => value,
                        Preset::Required | Preset::Words(_) => key.example,
                    };
                    writeln_to(&mut text, format_args!("#{} = {value}", key.name()));
                }
            }
        }
    }
    text.push('\n');
    comment(&mut text, "Who may exchange with this node. Repeat the section for every peer.");
    text.push_str("#[[peers]]\n");
    let of_other_modes = ["secret", "secret_file", "base", "static_token"];
    for key in PEER_KEYS.iter().filter(|key| !of_other_modes.contains(&key.name)) {
        writeln_to(&mut text, format_args!("#{} = {}", key.name, key.example));
    }
    comment(
        &mut text,
        "With identity.mode = \"shared-secret\" also secret_file, with what both sides were told.",
    );
    text
}

/// The reference page in Markdown; the same text at every call.
pub(crate) fn reference() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Made by `causeway config reference`; a test compares. -->\n\n\
         One TOML file. `causeway init` writes one in which every key is explained.\n\n\
         The file is the first of these: `--config FILE`, `CAUSEWAY_CONFIG`, `./causeway.toml`,\n\
         `$XDG_CONFIG_HOME/causeway/causeway.toml` (or `~/.config/causeway/causeway.toml`).\n\
         A value comes from the first of these: `--set KEY=VALUE`, the environment, the file, the\n\
         default. Unknown keys are errors, in the file and in the environment. Paths in the file\n\
         are relative to the file, all others to the working directory. In the environment and in\n\
         `--set`, a list is separated by commas.\n",
    );
    for (section, doc) in SECTIONS {
        writeln_to(&mut text, format_args!("\n## `[{section}]`\n\n{doc}\n"));
        text.push_str("| key | value | default | environment | |\n|---|---|---|---|---|\n");
        for key in KEYS.iter().filter(|key| key.section() == *section) {
            let preset = match key.preset {
                Preset::Required => "required".to_owned(),
                Preset::Value(value) => format!("`{value}`"),
                Preset::Words(words) => words.to_owned(),
            };
            writeln_to(
                &mut text,
                format_args!(
                    "| `{}` | {} | {preset} | `{}` | {} |",
                    key.name(),
                    key.kind.expected(),
                    key.environment(),
                    key.doc
                ),
            );
        }
    }
    text.push_str(
        "\n## `[[peers]]`\n\n\
         Who may exchange with this node; one entry a peer, only in the file.\n\n\
         | key | value | | |\n|---|---|---|---|\n",
    );
    for key in PEER_KEYS {
        let (name, expected, needed, doc) = (key.name, key.expected, key.needed, key.doc);
        writeln_to(&mut text, format_args!("| `{name}` | {expected} | {needed} | {doc} |"));
    }
    text.push_str(
        "\n## `[[automation.script]]`\n\n\
         What is done with one dataset when a process reaches a state; it replaces the rules of\n\
         `[automation]` there. See [the guide](../guides/automation.md).\n\n\
         | key | value | |\n|---|---|---|\n",
    );
    for (name, expected, doc) in SCRIPT_KEYS {
        writeln_to(&mut text, format_args!("| `{name}` | {expected} | {doc} |"));
    }
    for (name, expected, doc) in STEP_KEYS {
        writeln_to(&mut text, format_args!("| `steps.{name}` | {expected} | {doc} |"));
    }
    text.push_str("\n## Other environment variables\n\n| name | |\n|---|---|\n");
    for (name, doc) in OTHER_VARIABLES {
        writeln_to(&mut text, format_args!("| `{name}` | {doc} |"));
    }
    text.push_str(
        "\nVariables that Kubernetes sets for a service named `causeway` (such as\n\
         `CAUSEWAY_SERVICE_HOST` and `CAUSEWAY_PORT`) are passed over.\n\
         \n## The data directory\n\n| name | |\n|---|---|\n",
    );
    for (name, doc) in DATA_LAYOUT {
        writeln_to(&mut text, format_args!("| `{name}` | {doc} |"));
    }
    text
}

/// What is in effect, one entry a key: value, and where it comes from. Secrets are not shown.
pub(crate) fn effective(config: &Config) -> Value {
    let mut keys = Map::new();
    for (path, setting) in config.settings() {
        keys.insert(
            path.to_owned(),
            json!({"value": setting.value.to_json(), "origin": setting.origin.to_string()}),
        );
    }
    let peers: Vec<Value> = config
        .peers()
        .iter()
        .map(|peer| {
            json!({
                "name": peer.name,
                "participant_id": peer.participant_id.as_str(),
                "address": peer.address.as_str(),
                "secret": peer.secret.description(),
            })
        })
        .collect();
    json!({
        "file": config.file().map(|file| file.display().to_string()),
        "keys": keys,
        "peers": peers,
    })
}

/// The same as rows: key, value, origin.
pub(crate) fn effective_rows(config: &Config) -> Vec<Vec<String>> {
    let key_rows = config.settings().map(|(path, Setting { value, origin })| {
        vec![path.to_owned(), value.to_string(), origin.to_string()]
    });
    let peer_rows = config.peers().iter().map(|peer| {
        let key = format!("peers.{}", peer.name);
        let value = format!("{} {}", peer.participant_id, peer.address);
        vec![key, value, peer.secret.description()]
    });
    key_rows.chain(peer_rows).collect()
}

/// A text as it is written in TOML.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn preset_words(key: &Key) -> String {
    match (key.preset, key.kind) {
        (Preset::Required, _) => "Required.".to_owned(),
        (Preset::Words(words), _) => format!("Default: {words}."),
        (Preset::Value(value), Kind::Count { min, max }) => {
            format!("From {min} to {max}; default: {value}.")
        }
        (Preset::Value(value), _) => format!("Default: {value}."),
    }
}

fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > COMMENT_COLUMNS {
            writeln_to(text, format_args!("{line}"));
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln_to(text, format_args!("{line}"));
}

fn writeln_to(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{line}");
}

/// The default of a key as its TOML literal, if it has one.
pub(crate) fn preset_literal(path: &str) -> Option<&'static str> {
    match find(path)?.preset {
        Preset::Value(value) => Some(value),
        Preset::Required | Preset::Words(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_in_the_file_and_in_the_reference() {
        let (file, page) = (commented_file(&[]), reference());
        for key in KEYS {
            assert!(file.contains(&format!("\n#{} = ", key.name())), "{}", key.path);
            assert!(page.contains(&key.environment()), "{}", key.path);
        }
    }

    #[test]
    fn given_values_stand_in_the_file_uncommented() {
        let file = commented_file(&[("node.title", quoted("a \"b\""))]);
        let table: toml::Table = file.parse().unwrap();
        assert_eq!(table["node"]["title"].as_str(), Some("a \"b\""));
    }
}
