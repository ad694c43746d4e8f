//! Constraints of whole ODRL policies: `unit`, `dataType`, `status` and `rightOperandReference`
//! are read, and values that cannot be are named as not understood.

use serde_json::Value;

use super::ReadError;
use super::constraint::CONSTRAINT_TYPES;
use super::cursor::{Reader, Step};
use crate::model::{LogicalOperator, NonEmpty, Operand, Operator, RightOperand};
use crate::odrl::{Atomic, Condition, Constraint, Right};
use crate::terms::Term;

/// What has been found in a constraint so far.
#[derive(Default)]
struct Found {
    uid: Option<Term>,
    left: Option<Term>,
    operator: Option<Operator>,
    right: Option<Right>,
    unit: Option<Term>,
    data_type: Option<Term>,
    status: Option<Operand>,
    logical: Option<(LogicalOperator, NonEmpty<Constraint>)>,
    not_understood: Vec<Term>,
}

impl<'v> Reader<'v> {
    pub(super) fn full_constraints(
        &mut self,
        value: &'v Value,
        constraints: &mut Vec<Constraint>,
    ) -> Result<(), ReadError> {
        self.each(value, &mut |reader, item| {
            constraints.push(reader.full_constraint(item)?);
            Ok(())
        })
    }

    fn full_constraint(&mut self, value: &'v Value) -> Result<Constraint, ReadError> {
        self.count_full_constraint()?;
        let object = self.object(value, "a constraint as object")?;
        let mut found = Found::default();
        for (key, member) in object.iter().filter(|(_, member)| !member.is_null()) {
            self.within(Step::Key(key), |reader| {
                reader.full_constraint_member(key, member, &mut found)
            })?;
        }
        let is_atomic = found.left.is_some() || found.operator.is_some() || found.right.is_some();
        let condition = match (found.logical, is_atomic) {
            (Some(_), true) => {
                return Err(self
                    .shape("both a comparison and a connective", "a constraint that is only one"));
            }
            (Some((operator, operands)), false) => {
                // These belong to comparisons; beside a connective they say nothing known.
                for (name, is_there) in [
                    ("unit", found.unit.is_some()),
                    ("dataType", found.data_type.is_some()),
                    ("status", found.status.is_some()),
                ] {
                    if is_there {
                        found.not_understood.push(self.key(name)?);
                    }
                }
                Condition::Logical(operator, operands)
            }
            (None, _) => {
                let missing = |expected| ReadError::Missing { at: self.pointer(), expected };
                Condition::Atomic(Atomic {
                    left: found.left.ok_or_else(|| missing("leftOperand"))?,
                    operator: found.operator.ok_or_else(|| missing("operator"))?,
                    right: found.right.ok_or_else(|| missing("rightOperand"))?,
                    unit: found.unit,
                    data_type: found.data_type,
                    status: found.status,
                })
            }
        };
        Ok(Constraint { uid: found.uid, condition, not_understood: found.not_understood })
    }

    fn full_constraint_member(
        &mut self,
        key: &'v str,
        value: &'v Value,
        found: &mut Found,
    ) -> Result<(), ReadError> {
        let term = self.key(key)?;
        let name = term.odrl_name();
        if let Some(operator) = name.and_then(LogicalOperator::parse) {
            let mut operands = Vec::new();
            self.full_constraints(value, &mut operands)?;
            let operands = NonEmpty::new(operands)
                .ok_or_else(|| self.shape("no operand", "at least one constraint"))?;
            return self.once(&mut found.logical, (operator, operands), "a connective");
        }
        match name {
            _ if key == "@id" => found.uid = self.reference(value)?,
            Some("uid") => found.uid = self.reference(value)?,
            Some("leftOperand") => {
                let left = self.term(value, "a left operand as name")?;
                return self.once(&mut found.left, left, "leftOperand");
            }
            Some("operator") => {
                let operator = self.operator(value)?;
                return self.once(&mut found.operator, operator, "operator");
            }
            Some("rightOperand") => {
                let right = values(self.right_operand(value)?);
                return self.right(found, right, term);
            }
            Some("rightOperandReference") => {
                let mut references = Vec::new();
                let read = self.attempt(|reader| reader.references(value, &mut references))?;
                match read.and_then(|()| NonEmpty::new(references)) {
                    Some(references) => {
                        return self.right(found, Right::References(references), term);
                    }
                    None => found.not_understood.push(term),
                }
            }
            Some("unit") => match self.attempt(|reader| reader.unit(value))? {
                Some(unit) => self.once(&mut found.unit, unit, "unit")?,
                None => found.not_understood.push(term),
            },
            Some("dataType") => match self.attempt(|reader| reader.term(value, "a datatype"))? {
                Some(data_type) => self.once(&mut found.data_type, data_type, "dataType")?,
                None => found.not_understood.push(term),
            },
            Some("status") => match self.attempt(|reader| reader.operand(value))? {
                Some(status) => self.once(&mut found.status, status, "status")?,
                None => found.not_understood.push(term),
            },
            _ => self.other(key, term, value, CONSTRAINT_TYPES, &mut found.not_understood)?,
        }
        Ok(())
    }

    /// Only one of `rightOperand` and `rightOperandReference` is meant to be there; beside the
    /// other nobody can say which counts.
    fn right(&self, found: &mut Found, right: Right, term: Term) -> Result<(), ReadError> {
        match (&found.right, right) {
            (None, right) => found.right = Some(right),
            (Some(Right::Values(_)), Right::Values(_))
            | (Some(Right::References(_)), Right::References(_)) => {
                return Err(ReadError::Twice { at: self.pointer(), name: term.to_string() });
            }
            (Some(_), _) => found.not_understood.push(term),
        }
        Ok(())
    }

    /// Units are named by IRIs, but codes such as `EUR` are common: they stand for themselves.
    fn unit(&mut self, value: &'v Value) -> Result<Term, ReadError> {
        let text = self.name_text(value, "a unit as name")?;
        self.resolve(text)
    }
}

fn values(right: RightOperand) -> Right {
    Right::Values(match right {
        RightOperand::One(value) => NonEmpty::of(value),
        RightOperand::Many(values) => values,
    })
}
