//! What a decision tells besides what each pack says, as JSON: conflicts between laws, and advice.

use serde_json::{Value as Json, json};

use super::{Clash, Decision};

impl Decision<'_> {
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

    /// The area on the other side, if there is one.
    pub(super) fn area_of(&self, clash: &Clash<'_>) -> Option<String> {
        let area = crate::facts::Value::Text(clash.area?);
        Some(self.engine.dictionary().show(area, &self.facts))
    }
}
