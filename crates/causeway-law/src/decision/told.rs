//! What a decision tells besides what each pack says: whose law no pack knows, conflicts
//! between laws, and advice.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::{Clash, Decision};

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

    /// Where one law demands what another forbids.
    pub(super) fn conflicts_json(&self) -> Json {
        let conflicts = self.conflicts.iter().map(|clash| {
            let conflict = &clash.pack.conflicts[clash.conflict];
            let packs = [clash.pack].into_iter().chain(clash.others.iter().copied());
            let rules = conflict.rules.iter().map(|rule| clash.pack.rules[*rule].id.as_str());
            json!({ "id": conflict.id, "packs": packs.map(|pack| &pack.id).collect::<Vec<_>>(),
                    "area": self.area_of(clash), "rules": rules.collect::<Vec<_>>(),
                    "text": conflict.text, "cite": clash.pack.articles_of(&conflict.cite) })
        });
        conflicts.collect()
    }

    /// The same for people; empty if there is none.
    pub(super) fn conflicts_text(&self) -> String {
        let mut page = String::new();
        for clash in &self.conflicts {
            let conflict = &clash.pack.conflicts[clash.conflict];
            let other = match (self.area_of(clash), clash.others.first()) {
                (Some(area), _) => format!("the law of {area}"),
                (None, Some(other)) => other.title.clone(),
                (None, None) => "another law".to_owned(),
            };
            let articles = clash.pack.articles_of(&conflict.cite).join("; ");
            let title = &clash.pack.title;
            let _ = writeln!(page, "\nconflict of laws: {title}, against {other}");
            let _ = writeln!(page, "  ! {}\n      {articles}", conflict.text);
        }
        page
    }

    fn area_of(&self, clash: &Clash<'_>) -> Option<String> {
        let area = crate::facts::Value::Text(clash.area?);
        Some(self.engine.dictionary().show(area, &self.facts))
    }
}
