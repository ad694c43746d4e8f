//! The reader of whole ODRL policies, for the evaluator: everything that the Information Model
//! defines is read, and what is not understood beside it is named instead of kept.
//!
//! It takes the same dialects as the reader of the wire and is as tolerant. Descriptions in Dublin
//! Core, RDFS, SKOS, FOAF, vCard and schema.org change no rule and are passed over.

use std::borrow::Cow;

use causeway_types::limits::{POLICY_EVALUATED_CONSTRAINTS_MAX, POLICY_EVALUATED_RULES_MAX};
use serde_json::Value;

use super::constraint::is_type;
use super::cursor::{Reader, Step, is_nothing};
use super::{Position, RDF_VALUE, ReadError};
use crate::names::ODRL;
use crate::odrl::{Action, Conflict, Kind, Policy, Rule, Thing};
use crate::terms::{Contexts, Term};

/// Reads a policy whole. Bounded by `POLICY_EVALUATED_RULES_MAX`,
/// `POLICY_EVALUATED_CONSTRAINTS_MAX`, `MESSAGE_NODES_MAX` values and `MESSAGE_DEPTH_MAX` levels.
pub fn read(value: &Value, contexts: &Contexts) -> Result<Policy, ReadError> {
    let mut reader = Reader::new(contexts);
    let object = reader.object(value, "a policy as object")?;
    if let Some(own) = object.get("@context").filter(|own| !own.is_null()) {
        reader.contexts = Cow::Owned(contexts.extended(own)?);
    }
    let mut policy = Policy::default();
    for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
        reader.within(Step::Key(key), |reader| reader.policy_member(key, member, &mut policy))?;
    }
    Ok(policy)
}

/// Namespaces whose properties describe and do not rule.
const DESCRIPTIONS: &[&str] = &[
    "http://purl.org/dc/terms/",
    "http://purl.org/dc/elements/1.1/",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://xmlns.com/foaf/0.1/",
    "http://www.w3.org/2006/vcard/ns#",
    "http://schema.org/",
    "https://schema.org/",
];

pub(super) fn is_description(term: &Term) -> bool {
    DESCRIPTIONS.iter().any(|namespace| term.as_str().starts_with(namespace))
}

impl<'v> Reader<'v> {
    fn policy_member(
        &mut self,
        key: &'v str,
        value: &'v Value,
        policy: &mut Policy,
    ) -> Result<(), ReadError> {
        if matches!(key, "@type" | "type") {
            policy.kind = kind(value, &self.contexts);
            return Ok(());
        }
        // A key that cannot be a name is none of ODRL's.
        let Ok(term) = self.contexts.resolve_key(key) else { return Ok(()) };
        if key == "@id" || term.odrl_name() == Some("uid") {
            policy.uid = self.reference(value)?;
            return Ok(());
        }
        match term.odrl_name() {
            Some("permission") => {
                self.full_rules(value, Position::Permission, &mut policy.permissions)
            }
            Some("prohibition") => {
                self.full_rules(value, Position::Prohibition, &mut policy.prohibitions)
            }
            Some("obligation") => self.full_rules(value, Position::Duty, &mut policy.obligations),
            Some("profile") => self.references(value, &mut policy.profiles),
            Some("inheritFrom") => self.references(value, &mut policy.inherits),
            Some("conflict") => {
                let mut names = Vec::new();
                self.names(value, &mut names)?;
                policy.conflicts.extend(names.into_iter().map(conflict));
                Ok(())
            }
            Some("action") => self.actions(value, &mut policy.shared.actions),
            Some("target") => {
                self.things(value, term, &mut policy.shared.targets, &mut policy.not_understood)
            }
            Some("assigner") => {
                self.things(value, term, &mut policy.shared.assigners, &mut policy.not_understood)
            }
            Some("assignee") => {
                self.things(value, term, &mut policy.shared.assignees, &mut policy.not_understood)
            }
            // What describes a policy changes nothing; a term of ODRL in a wrong place might.
            Some(_) => {
                policy.not_understood.push(term);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn full_rules(
        &mut self,
        value: &'v Value,
        position: Position,
        rules: &mut Vec<Rule>,
    ) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| {
            reader.rules += 1;
            if reader.rules > POLICY_EVALUATED_RULES_MAX {
                return Err(reader.too_many("rules", POLICY_EVALUATED_RULES_MAX));
            }
            let object = reader.object(item, "a rule as object")?;
            let mut rule = Rule::default();
            for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
                reader.within(Step::Key(key), |reader| {
                    reader.full_rule_member(key, member, position, &mut rule)
                })?;
            }
            rules.push(rule);
            Ok(())
        })
    }

    fn full_rule_member(
        &mut self,
        key: &'v str,
        value: &'v Value,
        position: Position,
        rule: &mut Rule,
    ) -> Result<(), ReadError> {
        let term = self.key(key)?;
        match term.odrl_name() {
            _ if key == "@id" => {
                rule.uid = self.reference(value)?;
                Ok(())
            }
            Some("uid") => {
                rule.uid = self.reference(value)?;
                Ok(())
            }
            Some("action") => self.actions(value, &mut rule.actions),
            Some("constraint") => self.full_constraints(value, &mut rule.constraints),
            Some("target") => self.things(value, term, &mut rule.targets, &mut rule.not_understood),
            Some("assigner") => {
                self.things(value, term, &mut rule.assigners, &mut rule.not_understood)
            }
            Some("assignee") => {
                self.things(value, term, &mut rule.assignees, &mut rule.not_understood)
            }
            Some(name) if name == position.duties_key() => {
                self.full_rules(value, Position::Duty, &mut rule.duties)
            }
            _ => self.other(key, term, value, position.types(), &mut rule.not_understood),
        }
    }

    /// Names a property that is not understood, unless it is known to change nothing.
    pub(super) fn other(
        &mut self,
        key: &str,
        term: Term,
        value: &'v Value,
        types: &[&str],
        not_understood: &mut Vec<Term>,
    ) -> Result<(), ReadError> {
        self.measure(value)?;
        let is_fitting_type = matches!(key, "@type" | "type") && is_type(value, types);
        if !is_fitting_type && !is_description(&term) {
            not_understood.push(term);
        }
        Ok(())
    }

    fn actions(&mut self, value: &'v Value, actions: &mut Vec<Action>) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| {
            reader.count_value()?;
            actions.push(reader.full_action(item)?);
            Ok(())
        })
    }

    /// An action is a name, or an object with a name and refinements. With `rdf:value` the `@id`
    /// is only what the narrowed action is called here.
    fn full_action(&mut self, value: &'v Value) -> Result<Action, ReadError> {
        let Value::Object(object) = value else {
            return Ok(Action::new(self.term(value, "an action as name")?));
        };
        let (mut id, mut name) = (None, None);
        let mut refinements = Vec::new();
        let mut not_understood = Vec::new();
        for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
            self.within(Step::Key(key), |reader| {
                let term = reader.key(key)?;
                if key == "@id" {
                    id = Some(reader.term(member, "an action as name")?);
                } else if term.as_str() == RDF_VALUE {
                    let found = reader.term(member, "an action as name")?;
                    reader.once(&mut name, found, "the name of the action")?;
                } else if term.odrl_name() == Some("refinement") {
                    reader.full_constraints(member, &mut refinements)?;
                } else if term.odrl_name() != Some("includedIn") {
                    reader.other(key, term, member, &["Action"], &mut not_understood)?;
                }
                Ok(())
            })?;
        }
        let missing = || ReadError::Missing { at: self.pointer(), expected: "@id" };
        Ok(Action { name: name.or(id).ok_or_else(missing)?, refinements, not_understood })
    }

    /// Parties or assets; one that cannot be read makes the property `term` not understood.
    fn things(
        &mut self,
        value: &'v Value,
        term: Term,
        things: &mut Vec<Thing>,
        not_understood: &mut Vec<Term>,
    ) -> Result<(), ReadError> {
        let read = self.attempt(|reader| {
            let mut found = Vec::new();
            reader.each(value, &mut |reader, item| {
                reader.count_value()?;
                found.push(reader.thing(item)?);
                Ok(())
            })?;
            Ok(found)
        })?;
        match read.filter(|found| !found.is_empty()) {
            Some(found) => things.extend(found),
            None => not_understood.push(term),
        }
        Ok(())
    }

    fn thing(&mut self, value: &'v Value) -> Result<Thing, ReadError> {
        let mut thing = Thing::default();
        let Value::Object(object) = value else {
            let expected = "a party or asset as name or object";
            let text = value.as_str().ok_or_else(|| self.shape("another value", expected))?;
            thing.names.push(self.resolved_reference(text)?);
            return Ok(thing);
        };
        for (key, member) in object.iter().filter(|(_, member)| !is_nothing(member)) {
            self.within(Step::Key(key), |reader| reader.thing_member(key, member, &mut thing))?;
        }
        if thing.names.is_empty() {
            return Err(ReadError::Missing { at: self.pointer(), expected: "@id" });
        }
        Ok(thing)
    }

    fn thing_member(
        &mut self,
        key: &'v str,
        value: &'v Value,
        thing: &mut Thing,
    ) -> Result<(), ReadError> {
        let term = self.key(key)?;
        if matches!(key, "@type" | "type") {
            thing.is_single = is_type(value, &["Asset", "Party"]);
            return Ok(());
        }
        match term.odrl_name() {
            _ if key == "@id" => self.references(value, &mut thing.names),
            Some("uid" | "source") => self.references(value, &mut thing.names),
            Some("partOf") => self.references(value, &mut thing.part_of),
            Some("refinement") => self.full_constraints(value, &mut thing.refinements),
            Some("hasPolicy" | "assignerOf" | "assigneeOf") => Ok(()),
            _ => self.other(key, term, value, &[], &mut thing.not_understood),
        }
    }

    fn names(&mut self, value: &'v Value, names: &mut Vec<Term>) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| {
            reader.count_value()?;
            names.push(reader.term(item, "a name")?);
            Ok(())
        })
    }

    pub(super) fn references(
        &mut self,
        value: &'v Value,
        names: &mut Vec<Term>,
    ) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| {
            reader.count_value()?;
            let text = reader.name_text(item, "an IRI")?;
            let term = reader.resolved_reference(text)?;
            if !names.contains(&term) {
                names.push(term);
            }
            Ok(())
        })
    }

    /// A name that says which rule or constraint it is; one that cannot be read is none.
    pub(super) fn reference(&mut self, value: &'v Value) -> Result<Option<Term>, ReadError> {
        self.attempt(|reader| {
            let text = reader.name_text(value, "an IRI")?;
            reader.resolved_reference(text)
        })
    }

    fn resolved_reference(&self, text: &str) -> Result<Term, ReadError> {
        self.contexts.resolve_reference(text).map_err(|cause| self.name_error(cause))
    }

    pub(super) fn count_full_constraint(&mut self) -> Result<(), ReadError> {
        self.constraints += 1;
        if self.constraints > POLICY_EVALUATED_CONSTRAINTS_MAX {
            return Err(self.too_many("constraints", POLICY_EVALUATED_CONSTRAINTS_MAX));
        }
        Ok(())
    }
}

fn kind(value: &Value, contexts: &Contexts) -> Kind {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    // The class Policy stands above the kinds and says nothing of its own.
    let mut kinds = items.iter().filter_map(Value::as_str).filter_map(|text| {
        match text.strip_prefix(ODRL).or(text.strip_prefix("odrl:")).unwrap_or(text) {
            "Policy" => None,
            "Set" => Some(Kind::Set),
            "Offer" => Some(Kind::Offer),
            "Agreement" => Some(Kind::Agreement),
            _ => contexts.resolve(text).ok().map(Kind::Other),
        }
    });
    kinds.next().unwrap_or_default()
}

fn conflict(term: Term) -> Conflict {
    // The context of ODRL does not define the strategies bare, though everybody writes them so.
    match term.odrl_name().unwrap_or(term.as_str()) {
        "perm" => Conflict::Permission,
        "prohibit" => Conflict::Prohibition,
        "invalid" => Conflict::Invalid,
        _ => Conflict::Other(term),
    }
}
