//! What terms mean to each other: which action is included in or implies which, what is part of
//! or an instance of what, which profiles are understood. ODRL 2.2 is built in; profiles and
//! hierarchies come as data. Nothing is fetched, and nothing here is about a request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_types::limits::HIERARCHY_STEPS_MAX;
use serde_json::Value;

use crate::names;
use crate::operands::odrl;
use crate::terms::{Contexts, Iri, Term};
use crate::truth::Truth;

/// A vocabulary; copies share their tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    tables: Arc<Tables>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Tables {
    profiles: BTreeSet<Iri>,
    /// Outdated names, each with the one that stands for it.
    renamed: BTreeMap<Iri, Iri>,
    included_in: Edges<Iri>,
    implies: Edges<Iri>,
    part_of: Edges<Box<str>>,
    is_a: Edges<Box<str>>,
}

/// From a term to those directly above it; a term that is above others has an entry too.
type Edges<T> = BTreeMap<T, BTreeSet<T>>;

/// The relations between values that operators ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// One is contained in the other, for `isPartOf` and `hasPart`.
    PartOf,
    /// One is an instance or a kind of the other, for `isA`.
    IsA,
}

/// Why a profile cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile at {at:?}: found {found}, expected {expected}")]
pub struct ProfileError {
    /// Where in the document.
    pub at: String,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: &'static str,
}

impl Vocabulary {
    /// Nothing but ODRL 2.2: its actions and the names that it has outdated.
    pub fn odrl() -> Self {
        let mut tables = Tables::default();
        let below = |names: &[&str], above: &str, tables: &mut Tables| {
            for name in names {
                insert(&mut tables.included_in, odrl(name), odrl(above));
            }
        };
        let of_use: Vec<&str> = names::ODRL_ACTIONS_OF_USE
            .iter()
            .copied()
            .filter(|name| !BELOW_OTHERS.iter().any(|(below, _)| below == name))
            .collect();
        below(&of_use, "use", &mut tables);
        below(names::ODRL_ACTIONS_OF_TRANSFER, "transfer", &mut tables);
        for (name, above) in BELOW_OTHERS {
            below(&[*name], above, &mut tables);
        }
        for name in CREATIVE_COMMONS {
            let action = Iri::from_cow(format!("{CC}{name}").into());
            insert(&mut tables.included_in, action, Iri::USE);
        }
        for (outdated, name) in RENAMED {
            let name = match name.strip_prefix("cc:") {
                Some(name) => Iri::from_cow(format!("{CC}{name}").into()),
                None => odrl(name),
            };
            tables.renamed.insert(odrl(outdated), name);
        }
        for profile in PROFILES {
            tables.profiles.insert(Iri::known(profile));
        }
        Self { tables: Arc::new(tables) }
    }

    /// With an action of a profile, included in another one.
    #[must_use]
    pub fn with_action(self, action: Iri, included_in: Iri) -> Self {
        self.with(|tables| insert(&mut tables.included_in, action, included_in))
    }

    /// With an action that can only be done if another one is not prohibited.
    #[must_use]
    pub fn with_implied(self, action: Iri, implied: Iri) -> Self {
        self.with(|tables| insert(&mut tables.implies, action, implied))
    }

    /// With one value directly below another: IRIs as they are, codes such as `DE` too.
    #[must_use]
    pub fn with_value(self, relation: Relation, value: &str, above: &str) -> Self {
        self.with(|tables| insert(tables.edges_mut(relation), value.into(), above.into()))
    }

    /// With a profile that is understood.
    #[must_use]
    pub fn with_profile(self, profile: Iri) -> Self {
        self.with(|tables| tables.profiles.extend([profile]))
    }

    /// With a profile given as data: `profile` (its IRI), `actions` (each action with
    /// `includedIn` and `implies`), and `partOf` and `isA` (each value with those above it).
    pub fn with_document(self, document: &Value) -> Result<Self, ProfileError> {
        let object = document.as_object().ok_or_else(|| wrong("", document, "an object"))?;
        let mut vocabulary = self;
        for (key, value) in object {
            let at = format!("/{key}");
            vocabulary = match key.as_str() {
                "profile" => vocabulary.with_profile(iri(&at, value)?),
                "actions" => vocabulary.with_actions(&at, value)?,
                "partOf" => vocabulary.with_values(Relation::PartOf, &at, value)?,
                "isA" => vocabulary.with_values(Relation::IsA, &at, value)?,
                _ => {
                    return Err(ProfileError {
                        at,
                        found: format!("the member {:?}", key.chars().take(80).collect::<String>()),
                        expected: "profile, actions, partOf or isA",
                    });
                }
            };
        }
        Ok(vocabulary)
    }

    fn with_actions(mut self, at: &str, value: &Value) -> Result<Self, ProfileError> {
        let actions = value.as_object().ok_or_else(|| wrong(at, value, "an object"))?;
        for (name, relations) in actions {
            let at = format!("{at}/{name}");
            let action = iri(&at, &Value::from(name.as_str()))?;
            let relations =
                relations.as_object().ok_or_else(|| wrong(&at, relations, "an object"))?;
            for (relation, others) in relations {
                let at = format!("{at}/{relation}");
                for other in many(others) {
                    let (action, other) = (action.clone(), iri(&at, other)?);
                    self = match relation.as_str() {
                        "includedIn" => self.with_action(action, other),
                        "implies" => self.with_implied(action, other),
                        _ => return Err(wrong(&at, others, "includedIn or implies")),
                    };
                }
            }
        }
        Ok(self)
    }

    fn with_values(
        mut self,
        relation: Relation,
        at: &str,
        value: &Value,
    ) -> Result<Self, ProfileError> {
        let values = value.as_object().ok_or_else(|| wrong(at, value, "an object"))?;
        for (name, others) in values {
            for other in many(others) {
                let other = other.as_str().ok_or_else(|| wrong(at, other, "a text"))?;
                self = self.with_value(relation, &full(name), &full(other));
            }
        }
        Ok(self)
    }

    fn with(mut self, change: impl FnOnce(&mut Tables)) -> Self {
        change(Arc::make_mut(&mut self.tables));
        self
    }

    /// Whether the profile is understood.
    pub fn knows_profile(&self, profile: &Term) -> bool {
        profile.iri().is_some_and(|profile| self.tables.profiles.contains(profile))
    }

    /// Whether `part` is `whole` or an action that is included in it. An action that no profile
    /// places may be included in anything, but what is placed is included in nothing else.
    pub fn covers(&self, whole: &Iri, part: &Iri) -> Truth {
        let (whole, part) = (self.current(whole), self.current(part));
        if whole == part {
            return Truth::True;
        }
        let edges = &self.tables.included_in;
        match reaches(edges, part, whole) {
            true => Truth::True,
            // The two roots are below nothing, and others only below what is above them.
            false if is_root(part) || edges.contains_key(part) => Truth::False,
            false => Truth::Unknown,
        }
    }

    /// The actions that must not be prohibited for `action` to be possible, apart from itself.
    pub(crate) fn implied(&self, action: &Iri) -> Vec<&Iri> {
        let mut found: Vec<&Iri> = Vec::new();
        let mut next = vec![self.current(action)];
        while let Some(action) = next.pop() {
            for implied in self.tables.implies.get(action).into_iter().flatten() {
                if !found.contains(&implied) && found.len() < HIERARCHY_STEPS_MAX {
                    found.push(implied);
                    next.push(implied);
                }
            }
        }
        found
    }

    /// Whether `below` stands in the relation to `above`. Between two values that the hierarchy
    /// places it tells; of others it does not know.
    pub fn relates(&self, relation: Relation, below: &str, above: &str) -> Truth {
        let edges = self.tables.edges(relation);
        let (Some((below, _)), Some((above, _))) =
            (edges.get_key_value(below), edges.get_key_value(above))
        else {
            return Truth::Unknown;
        };
        Truth::from(below == above || reaches(edges, below, above))
    }

    fn current<'a>(&'a self, action: &'a Iri) -> &'a Iri {
        self.tables.renamed.get(action).unwrap_or(action)
    }
}

impl Tables {
    fn edges(&self, relation: Relation) -> &Edges<Box<str>> {
        match relation {
            Relation::PartOf => &self.part_of,
            Relation::IsA => &self.is_a,
        }
    }

    fn edges_mut(&mut self, relation: Relation) -> &mut Edges<Box<str>> {
        match relation {
            Relation::PartOf => &mut self.part_of,
            Relation::IsA => &mut self.is_a,
        }
    }
}

fn insert<T: Ord + Clone>(edges: &mut Edges<T>, below: T, above: T) {
    edges.entry(above.clone()).or_default();
    edges.entry(below).or_default().insert(above);
}

/// Whether a way leads up from `below` to `above`.
fn reaches<T: Ord>(edges: &Edges<T>, below: &T, above: &T) -> bool {
    let mut seen: BTreeSet<&T> = BTreeSet::new();
    let mut next: Vec<&T> = edges.get(below).into_iter().flatten().collect();
    while let Some(term) = next.pop() {
        if term == above {
            return true;
        }
        if seen.len() < HIERARCHY_STEPS_MAX && seen.insert(term) {
            next.extend(edges.get(term).into_iter().flatten());
        }
    }
    false
}

fn is_root(action: &Iri) -> bool {
    matches!(action.odrl_name(), Some("use" | "transfer"))
}

fn many(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

fn iri(at: &str, value: &Value) -> Result<Iri, ProfileError> {
    let expected = "an absolute IRI or a name with a known prefix";
    let text = value.as_str().ok_or_else(|| wrong(at, value, expected))?;
    match Contexts::dsp().resolve_reference(text) {
        Ok(Term::Iri(iri)) => Ok(iri),
        _ => Err(ProfileError { at: at.to_owned(), found: format!("{text:?}"), expected }),
    }
}

/// A value with its prefix resolved; codes stand for themselves.
fn full(text: &str) -> String {
    match Contexts::dsp().resolve_reference(text) {
        Ok(Term::Iri(iri)) => iri.as_str().to_owned(),
        _ => text.to_owned(),
    }
}

fn wrong(at: &str, value: &Value, expected: &'static str) -> ProfileError {
    ProfileError { at: at.to_owned(), found: crate::terms::kind(value).to_owned(), expected }
}

const CC: &str = "http://creativecommons.org/ns#";

/// Actions of ODRL 2.2 that stand below another one than `use` or `transfer`.
const BELOW_OTHERS: &[(&str, &str)] = &[("display", "play"), ("extract", "reproduce")];

/// Actions of Creative Commons that ODRL 2.2 includes in `use`.
const CREATIVE_COMMONS: &[&str] = &[
    "Attribution",
    "CommercialUse",
    "DerivativeWorks",
    "Distribution",
    "Notice",
    "Reproduction",
    "ShareAlike",
    "Sharing",
    "SourceCode",
];

/// Outdated actions of ODRL with the exact match that ODRL 2.2 names.
const RENAMED: &[(&str, &str)] = &[
    ("append", "modify"),
    ("appendTo", "modify"),
    ("attachPolicy", "cc:Notice"),
    ("attachSource", "cc:SourceCode"),
    ("commercialize", "cc:CommercialUse"),
    ("copy", "reproduce"),
    ("export", "transform"),
    ("license", "grantUse"),
    ("pay", "compensate"),
    ("share", "cc:Sharing"),
    ("shareAlike", "cc:ShareAlike"),
    ("write", "modify"),
    ("writeTo", "modify"),
];

/// Profiles that add nothing to what is built in.
const PROFILES: &[&str] = &[
    "http://www.w3.org/ns/odrl/2/core",
    "http://www.w3.org/ns/odrl/2/odrl.jsonld",
    "https://w3id.org/dspace/2025/1/odrl-profile.jsonld",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(vocabulary: &Vocabulary, whole: &str, part: &str, expected: Truth) {
        let iri = |name: &str| iri("", &Value::from(name)).unwrap();
        assert_eq!(vocabulary.covers(&iri(whole), &iri(part)), expected, "{whole} {part}");
    }

    const T: Truth = Truth::True;
    const F: Truth = Truth::False;
    const U: Truth = Truth::Unknown;

    #[test]
    fn every_action_of_odrl_is_below_exactly_one_root() {
        let vocabulary = Vocabulary::odrl();
        for name in names::ODRL_ACTIONS_OF_USE {
            check(&vocabulary, "odrl:use", &format!("odrl:{name}"), T);
            check(&vocabulary, "odrl:transfer", &format!("odrl:{name}"), F);
        }
        for name in names::ODRL_ACTIONS_OF_TRANSFER {
            check(&vocabulary, "odrl:use", &format!("odrl:{name}"), F);
        }
        for (whole, part, expected) in [
            ("odrl:play", "odrl:display", T),
            ("odrl:display", "odrl:play", F),
            ("odrl:reproduce", "odrl:extract", T),
            ("odrl:modify", "odrl:write", T),
            ("odrl:write", "odrl:modify", T),
            ("odrl:use", "odrl:write", T),
            ("odrl:use", "odrl:lend", U),
            ("odrl:read", "odrl:use", F),
            ("urn:own", "odrl:read", F),
            ("odrl:use", "urn:own", U),
            ("odrl:use", "http://creativecommons.org/ns#Sharing", T),
        ] {
            check(&vocabulary, whole, part, expected);
        }
    }

    #[test]
    fn a_profile_is_data() {
        let document = json!({
            "profile": "https://example.com/profile",
            "actions": {
                "https://example.com/train": {
                    "includedIn": "odrl:read", "implies": ["odrl:copy"],
                },
            },
            "partOf": { "DE": "EU", "EU": ["Europe"], "KE": "Africa" },
            "isA": { "urn:rex": "urn:dog", "urn:dog": "urn:animal" },
        });
        let vocabulary = Vocabulary::odrl().with_document(&document).unwrap();
        check(&vocabulary, "odrl:use", "https://example.com/train", T);
        check(&vocabulary, "odrl:play", "https://example.com/train", F);
        let train = Iri::parse("https://example.com/train").unwrap();
        assert_eq!(vocabulary.implied(&train), [&odrl("copy")]);
        for (relation, below, above, expected) in [
            (Relation::PartOf, "DE", "Europe", T),
            (Relation::PartOf, "DE", "Africa", F),
            (Relation::PartOf, "Europe", "DE", F),
            (Relation::PartOf, "FR", "EU", U),
            (Relation::IsA, "urn:rex", "urn:animal", T),
            (Relation::IsA, "DE", "EU", U),
        ] {
            assert_eq!(vocabulary.relates(relation, below, above), expected, "{below} {above}");
        }
        assert!(
            vocabulary
                .knows_profile(&Term::Iri(Iri::parse("https://example.com/profile").unwrap()))
        );
        for (document, expected) in [
            (json!([]), "found an array, expected an object"),
            (json!({ "other": 1 }), "the member \"other\""),
            (json!({ "profile": "name" }), "\"/profile\": found \"name\""),
            (json!({ "actions": { "urn:a": { "above": "urn:b" } } }), "includedIn or implies"),
            (json!({ "partOf": { "a": 7 } }), "found a number, expected a text"),
        ] {
            let error = Vocabulary::odrl().with_document(&document).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_circle_in_a_hierarchy_ends() {
        let vocabulary = Vocabulary::odrl()
            .with_value(Relation::PartOf, "a", "b")
            .with_value(Relation::PartOf, "b", "a")
            .with_value(Relation::PartOf, "c", "d");
        assert_eq!(vocabulary.relates(Relation::PartOf, "a", "d"), F);
        assert_eq!(vocabulary.relates(Relation::PartOf, "a", "a"), T);
    }
}
