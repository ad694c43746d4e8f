//! The tolerant reader: rules out of an offer, agreement or set, in any dialect seen on the wire.
//! Names may be bare, prefixed or full, values one or many, terms texts or `{"@id": …}`. It does
//! not judge: what it does not understand inside a rule is kept, and the evaluator refuses it.
//!
//! Dropped inside rules and constraints, because it changes nothing: `uid`, `@id`, nulls, empty
//! arrays, a `@type` that fits the place, and a `target`, `assigner` or `assignee` equal to the
//! policy's own (ODRL Information Model §2.7.1: rules inherit them). Any other property becomes a
//! part. Several actions of one rule become several rules (same section).
//!
//! On the policy itself other keys are ignored, except those of ODRL that would extend or narrow
//! its rules from outside them (`inheritFrom`, `constraint`, `duty`, …): dropping one of these
//! could grant what was not granted, so they are refused.

mod constraint;
mod cursor;
mod full;
mod full_constraint;

use std::borrow::Cow;

use causeway_types::limits::MESSAGE_DEPTH_MAX;
use serde_json::{Map, Value};

use self::cursor::{Reader, Step, is_nothing};
pub use self::full::read as read_full;
use crate::model::{Constraint, Policy, Rule};
use crate::terms::{ContextError, Contexts, Term, TermError};

/// Why a JSON value is not a policy. `at` is a JSON pointer (RFC 6901) into that value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A value has the wrong shape.
    #[error("policy at {at:?}: found {found}, expected {expected}")]
    Shape {
        /// Where it stands.
        at: String,
        /// What is there.
        found: &'static str,
        /// What should be there.
        expected: &'static str,
    },
    /// A required property is missing.
    #[error("policy at {at:?}: found no {expected}, expected one")]
    Missing {
        /// Where it should stand.
        at: String,
        /// The property.
        expected: &'static str,
    },
    /// A property is given more than once, in different spellings.
    #[error("policy at {at:?}: found {name} more than once, expected one")]
    Twice {
        /// The object that has it.
        at: String,
        /// The property.
        name: String,
    },
    /// An operator that ODRL does not have.
    #[error("policy at {at:?}: found the operator {found:?}, expected an operator of ODRL 2.2")]
    Operator {
        /// Where it stands.
        at: String,
        /// What is there, cut to a printable length.
        found: String,
    },
    /// A text that cannot be a name.
    #[error("policy at {at:?}: {cause}")]
    Name {
        /// Where it stands.
        at: String,
        /// What is wrong with it.
        cause: TermError,
    },
    /// A property of the policy that changes its rules from outside them.
    #[error("policy at {at:?}: found {name}, expected such terms only inside rules")]
    Outside {
        /// Where it stands.
        at: String,
        /// The property.
        name: String,
    },
    /// More rules, constraints or values than the limit.
    #[error("policy at {at:?}: found more than {limit} {what}")]
    TooMany {
        /// The one too many.
        at: String,
        /// What there is too much of.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// Deeper nesting than the limit.
    #[error("policy at {at:?}: found deeper nesting than {MESSAGE_DEPTH_MAX} levels")]
    TooDeep {
        /// The first level too deep.
        at: String,
    },
    /// The policy has a `@context` of its own that cannot be followed.
    #[error("policy: {0}")]
    Context(#[from] ContextError),
}

/// Reads the rules of an offer, agreement or set. Bounded by `POLICY_RULES_MAX`,
/// `POLICY_CONSTRAINTS_MAX`, `MESSAGE_NODES_MAX` values and `MESSAGE_DEPTH_MAX` levels, counted as
/// written in full, with every array.
pub fn read(value: &Value, contexts: &Contexts) -> Result<Policy, ReadError> {
    let mut reader = Reader::new(contexts);
    let object = reader.object(value, "an offer, agreement or set as object")?;
    if let Some(own) = object.get("@context").filter(|own| !own.is_null()) {
        reader.contexts = Cow::Owned(contexts.extended(own)?);
    }
    reader.read_parties(object);
    let mut policy = Policy::default();
    for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
        // A key that cannot be a name is none of ODRL's.
        let Ok(term) = reader.contexts.resolve_key(key) else { continue };
        let (place, rules) = match term.odrl_name() {
            Some("permission") => (Position::Permission, &mut policy.permissions),
            Some("prohibition") => (Position::Prohibition, &mut policy.prohibitions),
            Some("obligation") => (Position::Duty, &mut policy.obligations),
            Some(name) if OUTSIDE.contains(&name) => {
                return reader.within(Step::Key(key), |reader| {
                    Err(ReadError::Outside { at: reader.pointer(), name: name.to_owned() })
                });
            }
            _ => continue,
        };
        reader.within(Step::Key(key), |reader| {
            reader.first(rules, term.odrl_name().unwrap_or_default())?;
            reader.rules(member, place, rules)
        })?;
    }
    Ok(policy)
}

/// Properties of ODRL that on a policy would change its rules.
const OUTSIDE: &[&str] =
    &["action", "consequence", "constraint", "duty", "inheritFrom", "refinement", "remedy"];
const PARTIES: &[&str] = &["target", "assigner", "assignee"];
const RDF_VALUE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#value";

/// Where a rule stands decides which of `duty`, `remedy` and `consequence` it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Permission,
    Prohibition,
    Duty,
}

impl Position {
    fn duties_key(self) -> &'static str {
        match self {
            Self::Permission => "duty",
            Self::Prohibition => "remedy",
            Self::Duty => "consequence",
        }
    }

    fn types(self) -> &'static [&'static str] {
        match self {
            Self::Permission => &["Permission", "Rule"],
            Self::Prohibition => &["Prohibition", "Rule"],
            Self::Duty => &["Duty", "Obligation", "Rule"],
        }
    }
}

impl<'v> Reader<'v> {
    fn read_parties(&mut self, object: &'v Map<String, Value>) {
        for (key, value) in object {
            let Ok(term) = self.contexts.resolve_key(key) else { continue };
            let name = term.odrl_name().filter(|name| PARTIES.contains(name));
            if let (Some(name), Some(id)) = (name, id_text(value)) {
                self.parties.insert(name.to_owned(), id);
            }
        }
    }

    fn rules(
        &mut self,
        value: &'v Value,
        position: Position,
        rules: &mut Vec<Rule>,
    ) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| reader.rule(item, position, rules))
    }

    fn rule(
        &mut self,
        value: &'v Value,
        position: Position,
        rules: &mut Vec<Rule>,
    ) -> Result<(), ReadError> {
        let object = self.object(value, "a rule as object")?;
        let mut actions = Vec::new();
        if let Some((key, action)) = self.only(object, "action")? {
            self.within(Step::Key(key), |reader| {
                reader.each(action, &mut |reader, item| {
                    actions.push(reader.action(item)?);
                    reader.count_rule()
                })
            })?;
        }
        if actions.is_empty() {
            return Err(ReadError::Missing { at: self.pointer(), expected: "action" });
        }
        for (action, refinements) in actions {
            let mut rule = Rule { refinements, ..Rule::new(action) };
            for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
                self.within(Step::Key(key), |reader| {
                    reader.rule_member(key, member, position, &mut rule)
                })?;
            }
            rules.push(rule);
        }
        Ok(())
    }

    fn rule_member(
        &mut self,
        key: &'v str,
        value: &'v Value,
        position: Position,
        rule: &mut Rule,
    ) -> Result<(), ReadError> {
        let term = self.key(key)?;
        match term.odrl_name() {
            Some("action") => Ok(()),
            Some("constraint") => {
                self.first(&rule.constraints, "constraint")?;
                self.constraints(value, &mut rule.constraints)
            }
            Some(name) if name == position.duties_key() => {
                self.first(&rule.duties, name)?;
                self.rules(value, Position::Duty, &mut rule.duties)
            }
            Some(name) if PARTIES.contains(&name) && self.is_inherited(name, value) => Ok(()),
            _ => self.part(key, term, value, position.types(), &mut rule.parts),
        }
    }

    /// An action is a name, or an object with a name and refinements.
    fn action(&mut self, value: &'v Value) -> Result<(Term, Vec<Constraint>), ReadError> {
        let Value::Object(object) = value else {
            return Ok((self.term(value, "an action as name")?, Vec::new()));
        };
        let mut name = None;
        let mut refinements = Vec::new();
        for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
            self.within(Step::Key(key), |reader| {
                let term = reader.key(key)?;
                if key == "@id" || term.as_str() == RDF_VALUE {
                    let found = reader.term(member, "an action as name")?;
                    reader.once(&mut name, found, "the name of the action")
                } else if term.odrl_name() == Some("refinement") {
                    reader.first(&refinements, "refinement")?;
                    reader.constraints(member, &mut refinements)
                } else if key == "@type" || term.odrl_name() == Some("includedIn") {
                    // The class Action, or what EDC knows of the vocabulary.
                    Ok(())
                } else {
                    Err(reader.shape("another property", "an action with only refinements"))
                }
            })?;
        }
        let missing = || ReadError::Missing { at: self.pointer(), expected: "@id" };
        Ok((name.ok_or_else(missing)?, refinements))
    }

    fn is_inherited(&self, name: &str, value: &Value) -> bool {
        let own = id_text(value);
        own.is_some() && own == self.parties.get(name).copied()
    }
}

fn id_text(value: &Value) -> Option<&str> {
    let single = match value {
        Value::Array(items) if items.len() == 1 => &items[0],
        other => other,
    };
    match single {
        Value::String(id) => Some(id),
        Value::Object(object) if object.len() == 1 => object.get("@id").and_then(Value::as_str),
        _ => None,
    }
}
