//! The types of credentials that are known here, as data: what they claim, and which facts of the
//! law follow from a claim that was verified and vouched for. What a fact leads to is the business
//! of the law, and whether an issuer is believed that of the trust file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use causeway_types::{FactValue, StatedFacts, Timestamp, TimestampError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::trust::{Trust, Vouching};

/// A type of credentials that is known here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltIn {
    /// The name in a credential.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it says of its subject.
    #[serde(rename = "claim")]
    pub claims: Vec<Claim>,
    /// Which facts follow.
    #[serde(rename = "fact", default)]
    pub facts: Vec<ClaimFact>,
}

/// A claim of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ClaimKind,
    /// Whether the credential says nothing without it.
    #[serde(default)]
    pub required: bool,
    /// For people.
    pub text: String,
}

/// What a claim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimKind {
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// A day or a time.
    Day,
    /// A legal area that the issuer may vouch for.
    Area,
    /// A certification scheme that the issuer may vouch for.
    Scheme,
    /// The dataspace of the trust file.
    Dataspace,
    /// A list of words.
    Words,
}

/// A fact that follows from a claim.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimFact {
    /// The claim.
    pub claim: String,
    /// Only if the claim is this flag.
    pub only: Option<bool>,
    /// The fact; it is stated of who has the part that its name begins with.
    pub fact: String,
    /// What it is; without it, what the claim is.
    pub value: Option<bool>,
}

/// A certification scheme.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The name in a credential.
    pub name: String,
    /// For people.
    pub title: String,
    /// Which facts follow.
    #[serde(default)]
    pub facts: Vec<SchemeFact>,
}

/// A fact that follows from a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeFact {
    /// The fact.
    pub fact: String,
    /// Whose certificate it has to be.
    #[serde(default = "importer")]
    pub role: Party,
    /// What the certificate has to cover.
    pub covers: Option<String>,
}

fn importer() -> Party {
    Party::Importer
}

/// Which side of a crossing the holder of a credential is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// Who gives the data away.
    Exporter,
    /// Who gets it.
    Importer,
}

impl Party {
    fn begins(self) -> &'static str {
        match self {
            Self::Exporter => "exporter.",
            Self::Importer => "importer.",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    r#type: Vec<BuiltIn>,
    scheme: Vec<Scheme>,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    // The file is part of this program and a test reads it; empty, it would grant nothing.
    toml::from_str(include_str!("types.toml"))
        .unwrap_or(File { r#type: Vec::new(), scheme: Vec::new() })
});

/// Every type that is known here.
pub fn all() -> &'static [BuiltIn] {
    &FILE.r#type
}

/// The type of this name.
pub fn credential_type(name: &str) -> Option<&'static BuiltIn> {
    FILE.r#type.iter().find(|known| known.name == name)
}

/// Every certification scheme that is known here.
pub fn all_schemes() -> &'static [Scheme] {
    &FILE.scheme
}

/// The scheme of this name.
pub fn scheme(name: &str) -> Option<&'static Scheme> {
    FILE.scheme.iter().find(|known| known.name == name)
}

/// The names of all schemes, for an error text.
pub(crate) fn schemes() -> String {
    FILE.scheme.iter().map(|scheme| scheme.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether a text is shaped like the code of a legal area: `KE`, `BR-SP`, `CN-FTZ-SH`.
pub(crate) fn is_area(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_country = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase());
    let is_part = |part: &str| {
        !part.is_empty()
            && part.len() <= 8
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    text.len() <= 32 && parts.next().is_some_and(is_country) && parts.all(is_part)
}

/// Longest text of a claim that is believed, in bytes.
const CLAIM_BYTES_MAX: usize = 1024;
/// Most words of a claim that is a list.
const WORDS_MAX: usize = 64;

impl Claim {
    /// Whether a value can be what the claim is.
    pub fn fits(&self, value: &Value) -> bool {
        let is_text = |value: &Value| {
            value.as_str().is_some_and(|text| {
                !text.is_empty()
                    && text.len() <= CLAIM_BYTES_MAX
                    && !text.chars().any(char::is_control)
            })
        };
        match self.kind {
            ClaimKind::Text | ClaimKind::Scheme | ClaimKind::Dataspace => is_text(value),
            ClaimKind::Flag => value.is_boolean(),
            ClaimKind::Day => value.as_str().is_some_and(|text| moment(text).is_ok()),
            ClaimKind::Area => value.as_str().is_some_and(is_area),
            ClaimKind::Words => value
                .as_array()
                .is_some_and(|words| words.len() <= WORDS_MAX && words.iter().all(is_text)),
        }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            ClaimKind::Text | ClaimKind::Dataspace => json!({ "type": "string", "minLength": 1 }),
            ClaimKind::Flag => json!({ "type": "boolean" }),
            ClaimKind::Day => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
            ClaimKind::Area => {
                json!({ "type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,8})*$" })
            }
            ClaimKind::Scheme => {
                let names: Vec<&str> = FILE.scheme.iter().map(|s| s.name.as_str()).collect();
                json!({ "type": "string", "enum": names })
            }
            ClaimKind::Words => json!({ "type": "array", "items": { "type": "string" } }),
        };
        schema["description"] = self.text.as_str().into();
        schema
    }
}

impl BuiltIn {
    /// The JSON Schema of a credential of this type, as `credentialSchema` names it.
    pub fn json_schema(&self, id: &str) -> Value {
        let properties: Map<String, Value> =
            self.claims.iter().map(|claim| (claim.name.clone(), claim.schema())).collect();
        let required: Vec<&str> =
            self.claims.iter().filter(|c| c.required).map(|c| c.name.as_str()).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": id,
            "title": self.title,
            "type": "object",
            "properties": {
                "credentialSubject": {
                    "type": "object",
                    "properties": properties,
                    "required": required,
                },
            },
            "required": ["credentialSubject"],
        })
    }
}

/// A day is its first moment in UTC.
pub(crate) fn moment(text: &str) -> Result<Timestamp, TimestampError> {
    match text.len() {
        10 => Timestamp::parse(&format!("{text}T00:00:00Z")),
        _ => Timestamp::parse(text),
    }
}

/// A credential that was verified: its signature, its holder, its times and its status.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'c> {
    /// Its id, for the note.
    pub id: &'c str,
    /// What it says, and who signed it how.
    pub said: Vouching<'c>,
}

/// Where a fact came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactSource {
    /// The fact.
    pub fact: String,
    /// What it is, by this credential.
    pub value: FactValue,
    /// The id of the credential.
    pub credential: String,
    /// The type by which it says so.
    pub credential_type: String,
    /// Who vouches for it.
    pub issuer: String,
    /// The dataspace whose trust file believes the issuer.
    pub dataspace: String,
}

/// What credentials say of one side of a crossing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProvenFacts {
    /// The facts. What two credentials say differently is unknown.
    pub facts: StatedFacts,
    /// Where each came from.
    pub sources: Vec<FactSource>,
}

/// The facts that follow from credentials of a party, as far as their issuers are believed.
pub fn facts(party: Party, proofs: &[Proof<'_>], trust: &Trust, at: Timestamp) -> ProvenFacts {
    let mut sources: Vec<FactSource> = Vec::new();
    for proof in proofs {
        let Ok(file) = trust.vouches(proof.said, at) else { continue };
        let mut note = |name: &BuiltIn, fact: &str, value: FactValue| {
            sources.push(FactSource {
                fact: fact.to_owned(),
                value,
                credential: proof.id.chars().take(256).collect(),
                credential_type: name.name.clone(),
                issuer: proof.said.issuer.to_string(),
                dataspace: file.dataspace.clone(),
            });
        };
        for known in proof.said.types.iter().filter_map(|name| credential_type(name)) {
            claimed(party, known, proof.said.claims, &mut |fact, value| note(known, fact, value));
            certified(party, known, proof.said.claims, at, &mut |fact| {
                note(known, fact, FactValue::Flag(true));
            });
        }
    }
    let mut values: BTreeMap<&str, FactValue> = BTreeMap::new();
    for source in &sources {
        let value = values.entry(&source.fact).or_insert_with(|| source.value.clone());
        if *value != source.value {
            *value = FactValue::Unknown;
        }
    }
    let mut facts = StatedFacts::new();
    for (name, value) in values {
        // A value that is no fact's, or one too many, is left unsaid, which is unknown.
        let _ = facts.state(name, value);
    }
    ProvenFacts { facts, sources }
}

/// Facts that are claims.
fn claimed(
    party: Party,
    known: &BuiltIn,
    claims: &Map<String, Value>,
    note: &mut dyn FnMut(&str, FactValue),
) {
    for ClaimFact { claim, only, fact, value } in &known.facts {
        if !fact.starts_with(party.begins()) {
            continue;
        }
        let said = match claims.get(claim) {
            Some(Value::Bool(flag)) if only.is_none_or(|only| only == *flag) => {
                FactValue::Flag(value.unwrap_or(*flag))
            }
            Some(Value::String(text)) if only.is_none() => FactValue::Text(text.clone()),
            _ => continue,
        };
        note(fact, said);
    }
}

/// Facts that follow from a certificate that is valid.
fn certified(
    party: Party,
    known: &BuiltIn,
    claims: &Map<String, Value>,
    at: Timestamp,
    note: &mut dyn FnMut(&str),
) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let Some(claim) = known.claims.iter().find(|claim| claim.kind == ClaimKind::Scheme) else {
        return;
    };
    let Some(scheme) = text(&claim.name).and_then(scheme) else { return };
    let begins = text("certifiedFrom").map(moment);
    // The last day belongs to it; a time ends when it says.
    const DAY_MILLIS: u64 = 86_400_000;
    let ends = text("certifiedUntil").map(|text| match text.len() {
        10 => moment(text).map(|day| day.plus_millis(DAY_MILLIS)),
        _ => moment(text),
    });
    let has_begun = begins.is_none_or(|from| from.is_ok_and(|from| from <= at));
    let goes_on = ends.is_none_or(|until| until.is_ok_and(|until| at < until));
    if !has_begun || !goes_on {
        return;
    }
    let covers = |word: &str| {
        let words = claims.get("covers").and_then(Value::as_array);
        words.is_some_and(|words| words.iter().any(|known| known.as_str() == Some(word)))
    };
    for fact in &scheme.facts {
        if fact.role == party && fact.covers.as_deref().is_none_or(covers) {
            note(&fact.fact);
        }
    }
}

#[cfg(test)]
mod tests;
