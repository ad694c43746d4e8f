//! Reading constraints and their values. What is not understood beside them is kept as parts.

use std::collections::BTreeMap;

use causeway_types::limits::POLICY_CONSTRAINTS_MAX;
use serde_json::{Map, Value};

use super::ReadError;
use super::cursor::{Reader, Step, container};
use crate::model::{
    Atomic, Constraint, Logical, LogicalOperator, NonEmpty, Operand, Operator, Parts, RightOperand,
    Verbatim,
};
use crate::names::ODRL;
use crate::number::Number;
use crate::terms::{Term, kind};

pub(super) const CONSTRAINT_TYPES: &[&str] =
    &["AtomicConstraint", "Constraint", "LogicalConstraint"];

/// What has been found in a constraint so far.
#[derive(Default)]
struct Found {
    left: Option<Term>,
    operator: Option<Operator>,
    right: Option<RightOperand>,
    logical: Option<(LogicalOperator, NonEmpty<Constraint>)>,
    parts: Parts,
}

impl<'v> Reader<'v> {
    pub(super) fn constraints(
        &mut self,
        value: &'v Value,
        constraints: &mut Vec<Constraint>,
    ) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| {
            constraints.push(reader.constraint(item)?);
            Ok(())
        })
    }

    fn constraint(&mut self, value: &'v Value) -> Result<Constraint, ReadError> {
        self.constraints += 1;
        if self.constraints > POLICY_CONSTRAINTS_MAX {
            return Err(self.too_many("constraints", POLICY_CONSTRAINTS_MAX));
        }
        let object = self.object(value, "a constraint as object")?;
        let mut found = Found::default();
        for (key, member) in object.iter().filter(|(_, member)| !member.is_null()) {
            self.within(Step::Key(key), |reader| {
                reader.constraint_member(key, member, &mut found)
            })?;
        }
        let is_atomic = found.left.is_some() || found.operator.is_some() || found.right.is_some();
        match (found.logical, is_atomic) {
            (Some(_), true) => {
                Err(self
                    .shape("both a comparison and a connective", "a constraint that is only one"))
            }
            (Some((operator, operands)), false) => {
                Ok(Constraint::Logical(Logical { operator, operands, parts: found.parts }))
            }
            (None, _) => {
                let missing = |expected| ReadError::Missing { at: self.pointer(), expected };
                Ok(Constraint::Atomic(Atomic {
                    left: found.left.ok_or_else(|| missing("leftOperand"))?,
                    operator: found.operator.ok_or_else(|| missing("operator"))?,
                    right: found.right.ok_or_else(|| missing("rightOperand"))?,
                    parts: found.parts,
                }))
            }
        }
    }

    fn constraint_member(
        &mut self,
        key: &'v str,
        value: &'v Value,
        found: &mut Found,
    ) -> Result<(), ReadError> {
        let term = self.key(key)?;
        let name = term.odrl_name();
        if let Some(operator) = name.and_then(LogicalOperator::parse) {
            let mut operands = Vec::new();
            self.constraints(value, &mut operands)?;
            let operands = NonEmpty::new(operands)
                .ok_or_else(|| self.shape("no operand", "at least one constraint"))?;
            return self.once(&mut found.logical, (operator, operands), "a connective");
        }
        match name {
            Some("leftOperand") => {
                let left = self.term(value, "a left operand as name")?;
                self.once(&mut found.left, left, "leftOperand")
            }
            Some("operator") => {
                let operator = self.operator(value)?;
                self.once(&mut found.operator, operator, "operator")
            }
            Some("rightOperand") => {
                let right = self.right_operand(value)?;
                self.once(&mut found.right, right, "rightOperand")
            }
            _ => self.part(key, term, value, CONSTRAINT_TYPES, &mut found.parts),
        }
    }

    pub(super) fn operator(&mut self, value: &'v Value) -> Result<Operator, ReadError> {
        let text = self.name_text(value, "an operator as name")?;
        let term = self.key(text)?;
        let name = match text {
            // In the schema's list, though no context defines it.
            "term-lteq" => Some("lteq"),
            _ => term.odrl_name(),
        };
        name.and_then(Operator::parse).ok_or_else(|| ReadError::Operator {
            at: self.pointer(),
            found: text.chars().take(80).collect(),
        })
    }

    pub(super) fn right_operand(&mut self, value: &'v Value) -> Result<RightOperand, ReadError> {
        let is_many = value.is_array() || container(value).is_some();
        if !is_many {
            return Ok(RightOperand::One(self.operand(value)?));
        }
        let mut values = Vec::new();
        self.each(value, &mut |reader, item| {
            values.push(reader.operand(item)?);
            Ok(())
        })?;
        NonEmpty::new(values)
            .map(RightOperand::Many)
            .ok_or_else(|| self.shape("no value", "at least one right operand"))
    }

    pub(super) fn operand(&mut self, value: &'v Value) -> Result<Operand, ReadError> {
        self.count_value()?;
        match value {
            Value::String(text) => Ok(Operand::Text(text.clone())),
            Value::Bool(boolean) => Ok(Operand::Boolean(*boolean)),
            Value::Number(number) => Number::parse(&number.to_string())
                .map(Operand::Number)
                .ok_or_else(|| self.shape("a number out of bounds", "a number of few digits")),
            Value::Object(object) => self.operand_object(value, object),
            Value::Null | Value::Array(_) => {
                Err(self.shape(kind(value), "a text, number, boolean or object"))
            }
        }
    }

    fn operand_object(
        &mut self,
        value: &'v Value,
        object: &'v Map<String, Value>,
    ) -> Result<Operand, ReadError> {
        let has_containers = object.values().any(|member| member.is_array() || member.is_object());
        if has_containers {
            // Bounds the depth before anything looks for members that state nothing.
            self.measure(value)?;
        }
        let members: BTreeMap<&str, &'v Value> = object
            .iter()
            .filter(|(_, member)| Verbatim::new(member).is_some())
            .map(|(key, member)| (key.as_str(), member))
            .collect();
        match (members.get("@id"), members.get("@value"), members.get("@type"), members.len()) {
            (Some(Value::String(id)), None, None, 1) => self.within(Step::Key("@id"), |reader| {
                let term = reader.contexts.resolve_reference(id);
                Ok(Operand::Reference(term.map_err(|cause| reader.name_error(cause))?))
            }),
            (None, Some(inner), None, 1) if !is_container(inner) => {
                self.within(Step::Key("@value"), |reader| reader.operand(inner))
            }
            (None, Some(inner), Some(Value::String(datatype)), 2) if !is_container(inner) => {
                let datatype =
                    self.within(Step::Key("@type"), |reader| reader.resolve(datatype))?;
                let text = match inner {
                    Value::String(text) => text.clone(),
                    scalar => scalar.to_string(),
                };
                Ok(Operand::typed(text, datatype))
            }
            _ => {
                if !has_containers {
                    self.measure(value)?;
                }
                // A container beside nulls would read as its content once they are dropped.
                Verbatim::new(value)
                    .filter(|verbatim| container(verbatim.value()).is_none())
                    .map(Operand::Verbatim)
                    .ok_or_else(|| self.shape("a container of values", "a value"))
            }
        }
    }

    /// Keeps a property that is not understood, unless it is known to change nothing.
    pub(super) fn part(
        &mut self,
        key: &str,
        term: Term,
        value: &'v Value,
        types: &[&str],
        parts: &mut Parts,
    ) -> Result<(), ReadError> {
        if key == "@id" || term.odrl_name() == Some("uid") {
            return Ok(());
        }
        self.measure(value)?;
        let Some(verbatim) = Verbatim::new(value) else {
            return Ok(());
        };
        if matches!(key, "@type" | "type") && is_type(verbatim.value(), types) {
            return Ok(());
        }
        let name = term.to_string();
        match parts.insert(term, verbatim) {
            None => Ok(()),
            Some(_) => Err(ReadError::Twice { at: self.pointer(), name }),
        }
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Array(_) | Value::Object(_))
}

pub(super) fn is_type(value: &Value, types: &[&str]) -> bool {
    let is_one = |value: &Value| {
        value
            .as_str()
            .map(|text| text.strip_prefix(ODRL).or(text.strip_prefix("odrl:")).unwrap_or(text))
            .is_some_and(|name| types.contains(&name))
    };
    match value {
        Value::Array(items) => items.iter().all(is_one),
        single => is_one(single),
    }
}
