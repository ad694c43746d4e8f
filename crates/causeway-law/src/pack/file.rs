//! A pack as it is written: the shape of the TOML file, before anything in it is looked at.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) pack: Head,
    #[serde(default)]
    pub(super) source: Vec<SourceEntry>,
    #[serde(default)]
    pub(super) param: Vec<ParamEntry>,
    #[serde(default)]
    pub(super) list: Vec<ListEntry>,
    #[serde(default)]
    pub(super) obligation: Vec<ObligationEntry>,
    #[serde(default)]
    pub(super) rule: Vec<RuleEntry>,
    #[serde(default)]
    pub(super) conflict: Vec<ConflictEntry>,
    #[serde(default)]
    pub(super) case: Vec<CaseEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) id: Spanned<String>,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) known_from: Spanned<String>,
    pub(super) status: Spanned<String>,
    pub(super) in_force: Option<Spanned<String>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) covers: Option<Spanned<Vec<String>>>,
    pub(super) applies: Spanned<String>,
    pub(super) otherwise: Option<Spanned<String>>,
    pub(super) otherwise_because: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceEntry {
    pub(super) key: Spanned<String>,
    pub(super) title: String,
    pub(super) number: String,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) checked: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParamEntry {
    pub(super) key: Spanned<String>,
    pub(super) value: u64,
    pub(super) from: Spanned<String>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) cite: Spanned<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListEntry {
    pub(super) key: Spanned<String>,
    pub(super) members: Spanned<Vec<String>>,
    pub(super) from: Spanned<String>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) cite: Spanned<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObligationEntry {
    pub(super) id: Spanned<String>,
    pub(super) text: String,
    pub(super) due: String,
    pub(super) cite: Spanned<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) id: Spanned<String>,
    pub(super) stage: Spanned<String>,
    pub(super) outcome: Option<Spanned<String>>,
    pub(super) from: Spanned<String>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) when: Spanned<String>,
    pub(super) cite: Spanned<Vec<String>>,
    pub(super) text: String,
    #[serde(default)]
    pub(super) obligations: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) documents: Vec<String>,
    #[serde(default)]
    pub(super) overrides: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) beside: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) satisfies: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseEntry {
    pub(super) id: Spanned<String>,
    /// A day, or several on which the same must come of it.
    pub(super) at: Spanned<toml::Value>,
    pub(super) facts: Spanned<Map<String, Json>>,
    #[serde(default = "no")]
    pub(super) otherwise: String,
    pub(super) expect: Option<Spanned<String>>,
    pub(super) at_worst: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) because: Vec<Spanned<String>>,
    pub(super) conflicts: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConflictEntry {
    pub(super) id: Spanned<String>,
    pub(super) with: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) when: Spanned<String>,
    pub(super) cite: Spanned<Vec<String>>,
    pub(super) text: String,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<String>>,
}

fn no() -> String {
    "no".to_owned()
}
