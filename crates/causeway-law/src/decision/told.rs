//! What a decision tells besides what each pack says: whose law no pack knows, and advice.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::Decision;

impl Decision<'_> {
    /// Whose law no pack knows, each area once.
    pub(super) fn unknown_laws(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for fact in &self.uncovered {
            let line = match self.facts.get(*fact) {
                None => format!(
                    "{} is not given, so its law is not known",
                    self.engine.dictionary().fact(*fact).name
                ),
                Some(value) => {
                    let area = self.engine.dictionary().show(value, &self.facts);
                    format!("no pack knows the law of {area} on {}", self.as_of)
                }
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    /// The advice that holds.
    pub(super) fn advice_json(&self) -> Json {
        let advice = self.advice.iter().map(|advice| {
            let (pack, rule) = (advice.pack, &advice.pack.rules[advice.rule]);
            json!({ "pack": pack.id, "version": pack.version, "sha256": pack.sha256,
                    "status": pack.status.as_str(), "rule": rule.id, "text": rule.text,
                    "articles": pack.articles_of(&rule.cite),
                    "in_force_from": rule.from.to_string() })
        });
        advice.collect()
    }

    /// The advice that holds, for people; empty if there is none.
    pub(super) fn advice_text(&self) -> String {
        let mut page = String::new();
        let mut before = None;
        for advice in &self.advice {
            let (pack, rule) = (advice.pack, &advice.pack.rules[advice.rule]);
            if before != Some(&pack.id) {
                let _ = writeln!(page, "\n{}: advice, which changes nothing above", pack.title);
                before = Some(&pack.id);
            }
            let articles = pack.articles_of(&rule.cite).join("; ");
            let _ = writeln!(page, "  i {}\n      {articles}", rule.text);
        }
        page
    }
}
