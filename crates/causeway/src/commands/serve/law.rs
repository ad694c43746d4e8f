//! What a node needs for the law: that the facts of its configuration are facts, and the key under
//! which persons are counted.

use std::path::Path;

use causeway_law::Engine;
use causeway_node::clock::{Entropy as _, System};
use causeway_node::{Secret, Settings};
use causeway_types::{FactValue, StatedFacts};

use super::super::init::write_private;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

const SUBJECT_KEY_BYTES: usize = 32;

/// Facts of the configuration must be facts of the dictionary.
pub(super) fn check_facts(law: &Engine, settings: &Settings) -> Outcome {
    let dictionary = law.dictionary();
    let own = ("law.facts", settings.law.facts.clone());
    let peers = settings.peers.iter().map(|peer| ("peers.facts", peer.facts.clone()));
    let mut counts = StatedFacts::new();
    for (name, count) in &settings.law.counts {
        counts
            .state(name, FactValue::Count(*count))
            .map_err(|error| Failure::new(Exit::Usage, format!("law.counts: {error}")))?;
    }
    for (key, facts) in peers.chain([own, ("law.counts", counts)]) {
        let wrong = |text: String| {
            Failure::new(Exit::Usage, format!("{key}: {text}"))
                .hint("the facts are listed by: causeway law facts")
        };
        let is_of_party = |name: &str| match key {
            "law.counts" => name.starts_with("count."),
            _ => name.starts_with("exporter.") || name.starts_with("importer."),
        };
        for (name, _) in facts.iter() {
            if !is_of_party(name) {
                let expected = match key {
                    "law.counts" => "a count",
                    _ => "a fact of an exporter or importer",
                };
                return Err(wrong(format!("found {name}, expected {expected}")));
            }
        }
        causeway_node::read_facts(dictionary, &facts).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(())
}

/// The key under which persons are remembered; made at the first start. Without it everybody would
/// be counted anew.
pub(super) fn subject_key(path: &Path) -> Outcome<Secret> {
    let shown = path.display();
    match std::fs::read(path) {
        Ok(key) if key.len() == SUBJECT_KEY_BYTES => Ok(Secret::new(key)),
        Ok(key) => {
            let found = key.len();
            let text = format!("read {shown}: found {found} bytes, expected {SUBJECT_KEY_BYTES}");
            let hint = "bring the file back from a backup; without it persons are counted twice";
            Err(Failure::new(Exit::Failure, text).hint(hint))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut key = [0; SUBJECT_KEY_BYTES];
            System.fill(&mut key);
            write_private(path, &key, false).doing(format_args!("write {shown}"))?;
            Ok(Secret::new(key))
        }
        Err(error) => Err(error).doing(format_args!("read {shown}")),
    }
}
