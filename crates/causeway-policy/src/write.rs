//! The strict writer: exactly the official compact shape of DSP 2025-1, without options, meant for
//! the DSP context alone. The envelope around the rules is the protocol crate's.
//!
//! - The action `odrl:use` is `"use"`, the one action that the DSP profile defines. Other names of
//!   ODRL are prefixed, `"odrl:spatial"`, as JSON-LD compaction with the profile yields.
//! - Names of other namespaces are absolute IRIs, since peers drop compact names that their
//!   contexts do not define. Opaque names are verbatim.
//! - Text is a bare string; numbers and booleans are `{"@value", "@type"}`, for the schema has no
//!   bare ones; references are `{"@id"}`.
//! - Rules, constraints and many values are arrays, never empty ones.
//! - Rules and constraints have no `@type`: the profile propagates its terms into them.
//!
//! One form leaves the schema: a refined action is written as ODRL writes it, an object, because
//! a bare string would drop the refinement. See [`Policy::has_refinements`].

use serde_json::{Map, Value};

use crate::model::{Constraint, NonEmpty, Operand, Parts, Policy, RightOperand, Rule};
use crate::terms::{Iri, Term};

/// The members `permission`, `prohibition` and `obligation`, each only if it has rules.
/// [`crate::read()`] reads the same policy back.
pub fn write(policy: &Policy) -> Map<String, Value> {
    let mut object = Map::new();
    insert(&mut object, "permission", rules(&policy.permissions, "duty"));
    insert(&mut object, "prohibition", rules(&policy.prohibitions, "remedy"));
    insert(&mut object, "obligation", rules(&policy.obligations, "consequence"));
    object
}

/// Properties that the DSP profile defines bare.
const PROFILE_PROPERTIES: &[&str] =
    &["assignee", "assigner", "consequence", "duty", "remedy", "target"];

fn rules(rules: &[Rule], duties_key: &'static str) -> Vec<Value> {
    rules.iter().map(|one| Value::Object(rule(one, duties_key))).collect()
}

fn rule(rule: &Rule, duties_key: &'static str) -> Map<String, Value> {
    let mut object = parts(&rule.parts);
    object.insert("action".to_owned(), action(rule));
    insert(&mut object, "constraint", constraints(&rule.constraints));
    insert(&mut object, duties_key, rules(&rule.duties, "consequence"));
    object
}

fn action(rule: &Rule) -> Value {
    let name = match &rule.action {
        Term::Iri(iri) if *iri == Iri::USE => "use".to_owned(),
        other => name(other),
    };
    if rule.refinements.is_empty() {
        return Value::String(name);
    }
    let mut object = Map::new();
    object.insert("@id".to_owned(), Value::String(name));
    insert(&mut object, "odrl:refinement", constraints(&rule.refinements));
    Value::Object(object)
}

fn constraints(constraints: &[Constraint]) -> Vec<Value> {
    constraints.iter().map(constraint).collect()
}

fn constraint(constraint: &Constraint) -> Value {
    let object = match constraint {
        Constraint::Atomic(atomic) => {
            let mut object = parts(&atomic.parts);
            object.insert("leftOperand".to_owned(), Value::String(name(&atomic.left)));
            object.insert("operator".to_owned(), Value::from(atomic.operator.as_str()));
            object.insert("rightOperand".to_owned(), right_operand(&atomic.right));
            object
        }
        Constraint::Logical(logical) => {
            let mut object = parts(&logical.parts);
            let operands = constraints(logical.operands.as_slice());
            insert(&mut object, logical.operator.as_str(), operands);
            object
        }
    };
    Value::Object(object)
}

fn right_operand(right: &RightOperand) -> Value {
    match right {
        RightOperand::One(value) => operand(value),
        RightOperand::Many(values) => many(values),
    }
}

fn many(values: &NonEmpty<Operand>) -> Value {
    Value::Array(values.as_slice().iter().map(operand).collect())
}

fn operand(operand: &Operand) -> Value {
    match operand {
        Operand::Text(text) => Value::String(text.clone()),
        Operand::Reference(term) => object([("@id", Value::from(term.as_str()))]),
        Operand::Number(number) => typed(&number.to_string(), Iri::xsd(number.datatype()).as_str()),
        Operand::Boolean(value) => typed(&value.to_string(), Iri::xsd("boolean").as_str()),
        Operand::Literal(literal) => typed(literal.text(), literal.datatype().as_str()),
        Operand::Verbatim(verbatim) => verbatim.value().clone(),
    }
}

fn typed(text: &str, datatype: &str) -> Value {
    object([("@value", Value::from(text)), ("@type", Value::from(datatype))])
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn parts(parts: &Parts) -> Map<String, Value> {
    parts.iter().map(|(term, value)| (property(term), value.value().clone())).collect()
}

fn property(term: &Term) -> String {
    match term.odrl_name() {
        Some(bare) if PROFILE_PROPERTIES.contains(&bare) => bare.to_owned(),
        _ => name(term),
    }
}

fn name(term: &Term) -> String {
    match term.odrl_name() {
        Some(name) => format!("odrl:{name}"),
        None => term.as_str().to_owned(),
    }
}

/// Adds an array unless it is empty: the schema has `minItems: 1`.
fn insert(object: &mut Map<String, Value>, key: &str, values: Vec<Value>) {
    if !values.is_empty() {
        object.insert(key.to_owned(), Value::Array(values));
    }
}
