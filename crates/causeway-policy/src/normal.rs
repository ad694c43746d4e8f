//! The normal form: what is left of a policy when order, repetition and nesting that mean nothing
//! are gone. Peers rebuild policies when they send them, so equality is decided here, never on
//! text. It is not a theorem prover: policies with the same effect may still differ.
//!
//! - Rules, duties and constraints are sorted, equal ones merged.
//! - `and` inside `and`, or directly in a rule, and `or` inside `or` dissolve; a connective of one
//!   operand is that operand. `xone` is sorted only, since repetition matters to it, and
//!   `andSequence` keeps its order.
//! - Many values are a set; a set of one is that one.

use causeway_types::Sha256;
use serde_json::{Map, Value, json};
use sha2::Digest as _;

use crate::model::{
    Atomic, Constraint, Logical, LogicalOperator, NonEmpty, Operand, Parts, Policy, RightOperand,
    Rule, Verbatim,
};
use crate::number::Number;
use crate::terms::Term;

/// Part of what is hashed; a change of the form changes the number.
const FORM_VERSION: &str = "1";

impl Policy {
    /// The policy in normal form; normalising again changes nothing.
    #[must_use]
    pub fn normalised(&self) -> Self {
        Self {
            permissions: normal_rules(&self.permissions),
            prohibitions: normal_rules(&self.prohibitions),
            obligations: normal_rules(&self.obligations),
        }
    }

    /// Whether both policies have the same normal form.
    pub fn same_as(&self, other: &Self) -> bool {
        self == other || form(self) == form(other)
    }

    /// SHA-256 over the RFC 8785 text of the normal form: equal for equal policies.
    pub fn digest(&self) -> Sha256 {
        Sha256::from_bytes(sha2::Sha256::digest(canonical(&form(self))).into())
    }
}

fn form(policy: &Policy) -> Value {
    let normal = policy.normalised();
    json!({
        "form": FORM_VERSION,
        "permission": rules_form(&normal.permissions),
        "prohibition": rules_form(&normal.prohibitions),
        "obligation": rules_form(&normal.obligations),
    })
}

fn normal_rules(rules: &[Rule]) -> Vec<Rule> {
    let rules = rules
        .iter()
        .map(|rule| Rule {
            action: rule.action.clone(),
            refinements: normal_conjunction(&rule.refinements),
            constraints: normal_conjunction(&rule.constraints),
            duties: normal_rules(&rule.duties),
            parts: rule.parts.clone(),
        })
        .collect();
    sorted_set(rules, rule_form)
}

/// Constraints of which all must hold: those of a rule, or the operands of `and`.
fn normal_conjunction(constraints: &[Constraint]) -> Vec<Constraint> {
    sorted_set(flattened(constraints, LogicalOperator::And), constraint_form)
}

/// The operands in normal form, with nested uses of the same connective dissolved.
fn flattened(operands: &[Constraint], operator: LogicalOperator) -> Vec<Constraint> {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands.iter().map(normal_constraint) {
        match operand {
            Constraint::Logical(inner) if inner.operator == operator && inner.parts.is_empty() => {
                flat.extend(inner.operands.into_vec());
            }
            other => flat.push(other),
        }
    }
    flat
}

fn normal_constraint(constraint: &Constraint) -> Constraint {
    match constraint {
        Constraint::Atomic(atomic) => {
            Constraint::Atomic(Atomic { right: normal_right(&atomic.right), ..atomic.clone() })
        }
        Constraint::Logical(logical) => normal_logical(logical),
    }
}

fn normal_logical(logical: &Logical) -> Constraint {
    let operands = logical.operands.as_slice();
    let mut operands = match logical.operator {
        operator @ (LogicalOperator::And | LogicalOperator::Or) => {
            sorted_set(flattened(operands, operator), constraint_form)
        }
        LogicalOperator::Xone => sorted(operands.iter().map(normal_constraint), constraint_form)
            .into_iter()
            .map(|(_, operand)| operand)
            .collect(),
        LogicalOperator::AndSequence => operands.iter().map(normal_constraint).collect(),
    };
    if operands.len() == 1 && logical.parts.is_empty() {
        return operands.remove(0);
    }
    match NonEmpty::new(operands) {
        Some(operands) => Constraint::Logical(Logical { operands, ..logical.clone() }),
        // Nothing above removes the last operand.
        None => Constraint::Logical(logical.clone()),
    }
}

fn normal_right(right: &RightOperand) -> RightOperand {
    let mut values = sorted_set(right.values().to_vec(), operand_form);
    if values.len() == 1 {
        return RightOperand::One(values.remove(0));
    }
    NonEmpty::new(values).map_or_else(|| right.clone(), RightOperand::Many)
}

fn sorted<T>(items: impl IntoIterator<Item = T>, form: fn(&T) -> Value) -> Vec<(Vec<u8>, T)> {
    let mut items: Vec<_> = items.into_iter().map(|item| (canonical(&form(&item)), item)).collect();
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    items
}

fn sorted_set<T>(items: Vec<T>, form: fn(&T) -> Value) -> Vec<T> {
    let mut items = sorted(items, form);
    items.dedup_by(|(one, _), (other, _)| one == other);
    items.into_iter().map(|(_, item)| item).collect()
}

fn canonical(form: &Value) -> Vec<u8> {
    // Serialisation fails only for numbers that JSON cannot express, and a form has no numbers.
    serde_jcs::to_vec(form).expect("a form of texts, booleans, arrays and objects")
}

fn rules_form(rules: &[Rule]) -> Value {
    Value::Array(rules.iter().map(rule_form).collect())
}

fn rule_form(rule: &Rule) -> Value {
    json!({
        "action": term_form(&rule.action),
        "refinement": constraints_form(&rule.refinements),
        "constraint": constraints_form(&rule.constraints),
        "duty": rules_form(&rule.duties),
        "part": parts_form(&rule.parts),
    })
}

fn constraints_form(constraints: &[Constraint]) -> Value {
    Value::Array(constraints.iter().map(constraint_form).collect())
}

fn constraint_form(constraint: &Constraint) -> Value {
    match constraint {
        Constraint::Atomic(atomic) => json!({
            "left": term_form(&atomic.left),
            "operator": atomic.operator.as_str(),
            "right": right_form(&atomic.right),
            "part": parts_form(&atomic.parts),
        }),
        Constraint::Logical(logical) => json!({
            "connective": logical.operator.as_str(),
            "operands": constraints_form(logical.operands.as_slice()),
            "part": parts_form(&logical.parts),
        }),
    }
}

fn right_form(right: &RightOperand) -> Value {
    match right {
        RightOperand::One(value) => operand_form(value),
        RightOperand::Many(values) => {
            json!({ "set": values.as_slice().iter().map(operand_form).collect::<Vec<_>>() })
        }
    }
}

fn operand_form(operand: &Operand) -> Value {
    match operand {
        Operand::Text(text) => json!({ "text": text }),
        Operand::Reference(term) => json!({ "reference": term_form(term) }),
        Operand::Number(number) => json!({ "number": number.to_string() }),
        Operand::Boolean(value) => json!({ "boolean": value }),
        Operand::Literal(literal) => {
            json!({ "literal": literal.text(), "datatype": term_form(literal.datatype()) })
        }
        Operand::Verbatim(verbatim) => json!({ "verbatim": verbatim_form(verbatim.value()) }),
    }
}

fn term_form(term: &Term) -> Value {
    match term {
        Term::Iri(iri) => json!({ "iri": iri.as_str() }),
        Term::Opaque(name) => json!({ "opaque": name.as_str() }),
    }
}

fn parts_form(parts: &Parts) -> Value {
    let form = |(term, value): (&Term, &Verbatim)| {
        let value = verbatim_form(value.value());
        json!({ "name": term_form(term), "value": value })
    };
    Value::Array(parts.iter().map(form).collect())
}

/// Foreign JSON with its numbers as exact texts, because RFC 8785 rounds them to doubles. Arrays
/// are tagged so that no two values share a form.
fn verbatim_form(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let text = Number::parse(&text).map_or(text, |number| number.to_string());
            json!(["number", text])
        }
        Value::Array(items) => {
            json!(["array", items.iter().map(verbatim_form).collect::<Vec<_>>()])
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), verbatim_form(member)))
                .collect::<Map<_, _>>(),
        ),
        scalar => scalar.clone(),
    }
}
