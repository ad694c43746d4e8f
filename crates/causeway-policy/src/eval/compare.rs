//! Comparing a fact with the values of a constraint. Unknown means that the comparison cannot be
//! made between these: it is neither met nor unmet.

use std::cmp::Ordering;

use crate::compile::Value;
use crate::model::Operator;
use crate::options::Options;
use crate::terms::{Iri, Term};
use crate::truth::Truth;
use crate::values::Orders;
use crate::vocabulary::{Relation, Vocabulary};
use crate::world::Fact;

/// What a comparison goes by besides the two sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) options: &'a Options,
    /// The unit that the constraint names.
    pub(crate) unit: Option<&'a Term>,
    /// Text is a version number, which has an order.
    pub(crate) is_version: bool,
    /// What is not stated is not so.
    pub(crate) knows_all: bool,
}

/// Compares `fact` with `right`. A fact with several values meets a condition only if all of them
/// do, fails it only if none can, and cannot be told in between.
pub(crate) fn compare(terms: Terms<'_>, fact: &Fact, operator: Operator, right: &[Value]) -> Truth {
    let facts = fact.values();
    if facts.is_empty() {
        return Truth::Unknown;
    }
    let pair = |is: &dyn Fn(&Fact, &Value) -> Truth| match (facts, right) {
        ([fact], [value]) => is(fact, value),
        _ => Truth::Unknown,
    };
    let ordered = |is: fn(Ordering) -> bool| {
        pair(&|fact, value| {
            terms.orders(fact, value).map_or(Truth::Unknown, |orders| orders.all(is))
        })
    };
    match operator {
        Operator::Eq => pair(&|fact, value| terms.equal(fact, value)),
        Operator::Neq => pair(&|fact, value| terms.equal(fact, value).negated()),
        Operator::Lt => ordered(Ordering::is_lt),
        Operator::Lteq => ordered(Ordering::is_le),
        Operator::Gt => ordered(Ordering::is_gt),
        Operator::Gteq => ordered(Ordering::is_ge),
        Operator::IsAnyOf => every(facts, right, &|fact, value| terms.equal(fact, value)),
        // One listed value is enough to fail.
        Operator::IsNoneOf => Truth::any(
            facts.iter().map(|fact| Truth::any(right.iter().map(|value| terms.equal(fact, value)))),
        )
        .negated(),
        Operator::IsAllOf => Truth::all(
            right.iter().map(|value| Truth::any(facts.iter().map(|fact| terms.equal(fact, value)))),
        ),
        Operator::IsPartOf => {
            every(facts, right, &|fact, value| terms.relates(Relation::PartOf, fact, value))
        }
        Operator::IsA => {
            every(facts, right, &|fact, value| terms.relates(Relation::IsA, fact, value))
        }
        Operator::HasPart => Truth::all(
            right
                .iter()
                .map(|value| Truth::any(facts.iter().map(|fact| terms.contains(fact, value)))),
        ),
    }
}

/// True if every fact is in the relation to some value, false if none can be to any.
fn every(facts: &[Fact], right: &[Value], is: &dyn Fn(&Fact, &Value) -> Truth) -> Truth {
    let (mut all, mut any) = (Truth::True, Truth::False);
    for fact in facts {
        let one = Truth::any(right.iter().map(|value| is(fact, value)));
        all = all.and(one);
        any = any.or(one);
    }
    match (all, any) {
        (Truth::True, _) => Truth::True,
        (_, Truth::False) => Truth::False,
        _ => Truth::Unknown,
    }
}

impl Terms<'_> {
    fn equal(self, fact: &Fact, value: &Value) -> Truth {
        match fact {
            Fact::Text(fact) if value.is_reference => {
                Truth::from(value.iri.as_ref().and_then(|iri| same_iri(fact, iri.as_str())))
            }
            Fact::Text(fact) => match &value.text {
                Some(text) if self.unit.is_none() => Truth::from(**fact == **text),
                _ => Truth::Unknown,
            },
            Fact::Iri(fact) => match &value.iri {
                Some(iri) => Truth::from(fact == iri),
                // A short name such as `DE` may stand for an IRI that nobody spelled out.
                None => Truth::Unknown,
            },
            Fact::Boolean(fact) => Truth::from(value.boolean.map(|value| *fact == value)),
            _ => self
                .orders(fact, value)
                .map_or(Truth::Unknown, |orders| orders.all(Ordering::is_eq)),
        }
    }

    fn orders(self, fact: &Fact, value: &Value) -> Option<Orders> {
        match fact {
            Fact::Number(fact) if self.unit.is_none() => {
                Some(Orders::exactly(fact.cmp(value.number.as_ref()?)))
            }
            Fact::Quantity(fact, unit) if self.unit.is_some_and(|own| own.as_str() == &**unit) => {
                Some(Orders::exactly(fact.cmp(value.number.as_ref()?)))
            }
            Fact::Timestamp(fact) => Some(value.moment?.orders(*fact, self.options.offset_minutes)),
            Fact::Duration(fact) => Some(fact.orders(value.duration?)),
            Fact::Text(fact) if self.is_version => {
                Some(Orders::exactly(version(fact)?.cmp(&version(value.text.as_deref()?)?)))
            }
            _ => None,
        }
    }

    /// Whether the fact is the value, or below it.
    fn relates(self, relation: Relation, fact: &Fact, value: &Value) -> Truth {
        let equal = self.equal(fact, value);
        match (name(fact), value.name()) {
            (Some(below), Some(above)) if equal != Truth::True => {
                self.hierarchy(relation, below, above, equal)
            }
            _ => equal.or(Truth::Unknown),
        }
    }

    /// Whether the value is the fact, or below it.
    fn contains(self, fact: &Fact, value: &Value) -> Truth {
        let equal = self.equal(fact, value);
        match (name(fact), value.name()) {
            (Some(above), Some(below)) if equal != Truth::True => {
                self.hierarchy(Relation::PartOf, below, above, equal)
            }
            _ => equal.or(Truth::Unknown),
        }
    }

    fn hierarchy(self, relation: Relation, below: &str, above: &str, equal: Truth) -> Truth {
        match self.vocabulary.relates(relation, below, above) {
            Truth::True => Truth::True,
            // Two names of one thing may stand apart in a hierarchy.
            _ if equal != Truth::False => Truth::Unknown,
            Truth::Unknown if !self.knows_all => Truth::Unknown,
            _ => Truth::False,
        }
    }
}

fn name(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Text(text) => Some(text),
        Fact::Iri(iri) => Some(iri.as_str()),
        _ => None,
    }
}

/// Two texts that are absolute IRIs are the same thing or not.
fn same_iri(one: &str, other: &str) -> Option<bool> {
    (Iri::parse(one).is_ok() && Iri::parse(other).is_ok()).then(|| one == other)
}

/// The numbers between the dots; anything else is no version that has an order.
fn version(text: &str) -> Option<Vec<u64>> {
    let mut numbers = text
        .split('.')
        .map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok()).flatten()
        })
        .collect::<Option<Vec<u64>>>()?;
    // 1.0 and 1 are the same version.
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}
