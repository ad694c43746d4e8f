//! Comparing a fact of the request with the value in a constraint. `None` means that the
//! comparison is not defined: it is neither met nor unmet. Taxonomies are not known here, so a
//! value is part of another only if it is the same one.

use std::cmp::Ordering;

use causeway_types::Timestamp;

use crate::eval::Fact;
use crate::model::{Operand, Operator, RightOperand};
use crate::number::Number;
use crate::terms::Iri;
use crate::truth::Truth;

/// The outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It could be made.
    Decided(bool),
    /// The values do not go together under this operator.
    NotComparable,
    /// The operator is not enforced, whatever the values.
    NotEnforced,
}

/// Compares `fact` with `right`. A fact with several values meets a condition only if all of them
/// do, fails it only if none can, and is not comparable in between.
pub(crate) fn compare(fact: &Fact, operator: Operator, right: &RightOperand) -> Outcome {
    let decided = match operator {
        Operator::Eq => pair(fact, right).and_then(|(fact, value)| equal(fact, value)),
        Operator::Neq => pair(fact, right).and_then(|(fact, value)| Some(!equal(fact, value)?)),
        Operator::Lt => ordered(fact, right, Ordering::is_lt),
        Operator::Lteq => ordered(fact, right, Ordering::is_le),
        Operator::Gt => ordered(fact, right, Ordering::is_gt),
        Operator::Gteq => ordered(fact, right, Ordering::is_ge),
        Operator::IsAnyOf => is_any_of(fact, right),
        Operator::IsNoneOf => is_none_of(fact, right),
        // Not being listed proves nothing: the value may still lie inside a listed one.
        Operator::IsPartOf => is_any_of(fact, right).filter(|is_listed| *is_listed),
        Operator::HasPart | Operator::IsA | Operator::IsAllOf => return Outcome::NotEnforced,
    };
    decided.map_or(Outcome::NotComparable, Outcome::Decided)
}

/// The one fact and the one value, where there is exactly one of each.
fn pair<'a>(fact: &'a Fact, right: &'a RightOperand) -> Option<(&'a Fact, &'a Operand)> {
    match (fact.values(), right.values()) {
        ([fact], [value]) => Some((fact, value)),
        _ => None,
    }
}

fn ordered(fact: &Fact, right: &RightOperand, is: fn(Ordering) -> bool) -> Option<bool> {
    pair(fact, right).and_then(|(fact, value)| order(fact, value)).map(is)
}

fn is_any_of(fact: &Fact, right: &RightOperand) -> Option<bool> {
    let memberships = memberships(fact, right)?;
    match (Truth::all(memberships.clone()), Truth::any(memberships)) {
        (Truth::True, _) => Some(true),
        (_, Truth::False) => Some(false),
        _ => None,
    }
}

fn is_none_of(fact: &Fact, right: &RightOperand) -> Option<bool> {
    // One listed value is enough to fail, in contrast to `is_any_of`.
    match Truth::any(memberships(fact, right)?) {
        Truth::True => Some(false),
        Truth::False => Some(true),
        Truth::Unknown => None,
    }
}

/// For every value of the fact, whether it is among those of the constraint.
fn memberships<'a>(
    fact: &'a Fact,
    right: &'a RightOperand,
) -> Option<impl Iterator<Item = Truth> + Clone + 'a> {
    let facts = fact.values();
    let is_member =
        |fact| Truth::any(right.values().iter().map(|value| Truth::from(equal(fact, value))));
    (!facts.is_empty()).then(|| facts.iter().map(is_member))
}

fn equal(fact: &Fact, value: &Operand) -> Option<bool> {
    match (fact, value) {
        (Fact::Text(fact), Operand::Text(value)) => Some(fact == value),
        (Fact::Text(fact), Operand::Reference(value)) => same_iri(fact, value.iri()?.as_str()),
        (Fact::Iri(fact), Operand::Text(value)) => same_iri(fact.as_str(), value),
        (Fact::Iri(fact), Operand::Reference(value)) => Some(fact == value.iri()?),
        (Fact::Boolean(fact), Operand::Boolean(value)) => Some(fact == value),
        (Fact::Boolean(fact), Operand::Text(value)) => match value.as_str() {
            "true" => Some(*fact),
            "false" => Some(!fact),
            _ => None,
        },
        _ => order(fact, value).map(Ordering::is_eq),
    }
}

/// Two texts that are absolute IRIs are the same thing or not; a short name such as `DE` may
/// stand for an IRI that nobody spelled out.
fn same_iri(one: &str, other: &str) -> Option<bool> {
    (Iri::parse(one).is_ok() && Iri::parse(other).is_ok()).then(|| one == other)
}

fn order(fact: &Fact, value: &Operand) -> Option<Ordering> {
    match (fact, value) {
        (Fact::Number(fact), value) => Some(fact.cmp(&number(value)?)),
        (Fact::Timestamp(fact), value) => Some(fact.cmp(&timestamp(value)?)),
        _ => None,
    }
}

fn number(value: &Operand) -> Option<Number> {
    match value {
        Operand::Number(number) => Some(number.clone()),
        Operand::Text(text) => Number::parse(text),
        Operand::Literal(literal) => {
            let datatype = literal.datatype().iri()?.xsd_name()?;
            NUMERIC_DATATYPES.contains(&datatype).then(|| Number::parse(literal.text())).flatten()
        }
        _ => None,
    }
}

fn timestamp(value: &Operand) -> Option<Timestamp> {
    let text = match value {
        Operand::Text(text) => text,
        Operand::Literal(literal) => {
            let datatype = literal.datatype().iri()?.xsd_name()?;
            // A date alone is a different span of time in every zone.
            matches!(datatype, "dateTime" | "dateTimeStamp").then(|| literal.text())?
        }
        _ => return None,
    };
    Timestamp::parse(text).ok()
}

const NUMERIC_DATATYPES: &[&str] = &[
    "byte",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "long",
    "negativeInteger",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "positiveInteger",
    "short",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
];
