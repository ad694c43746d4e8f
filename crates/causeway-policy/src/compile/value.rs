//! One value of a constraint, parsed in every way that a fact could ask for, so that comparing
//! parses nothing. What the comparison then makes of it is in `eval::compare`.

use crate::model::Operand;
use crate::number::Number;
use crate::terms::{Iri, Term};
use crate::values::{Duration, Moment};
use crate::world::Fact;

/// A value of a constraint.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// As it is shown.
    pub(crate) source: Operand,
    /// As plain text.
    pub(crate) text: Option<Box<str>>,
    /// As a thing.
    pub(crate) iri: Option<Iri>,
    /// Text that might be an IRI, or a thing written as text: comparable with things.
    pub(crate) is_reference: bool,
    pub(crate) number: Option<Number>,
    pub(crate) boolean: Option<bool>,
    pub(crate) moment: Option<Moment>,
    pub(crate) duration: Option<Duration>,
}

impl Value {
    /// Parses `operand`; `data_type` is what a plain text is to be taken for.
    pub(crate) fn new(operand: &Operand, data_type: Option<&Term>) -> Self {
        let mut value = Self {
            source: operand.clone(),
            text: None,
            iri: None,
            is_reference: false,
            number: None,
            boolean: None,
            moment: None,
            duration: None,
        };
        let typed = match (operand, data_type) {
            (Operand::Text(text), Some(data_type)) => {
                Operand::typed(text.clone(), data_type.clone())
            }
            _ => operand.clone(),
        };
        match &typed {
            Operand::Text(text) => value.take_text(text),
            Operand::Reference(term) => {
                value.is_reference = true;
                value.iri = term.iri().cloned();
            }
            Operand::Number(number) => value.number = Some(number.clone()),
            Operand::Boolean(boolean) => value.boolean = Some(*boolean),
            Operand::Literal(literal) => {
                let name = literal.datatype().iri().and_then(Iri::xsd_name);
                value.take_literal(name.unwrap_or_default(), literal.text());
            }
            Operand::Verbatim(_) => {}
        }
        value
    }

    /// A fact as a value, for what a reference leads to.
    pub(crate) fn of(fact: &Fact) -> Self {
        let operand = match fact {
            Fact::Text(text) => Operand::Text(text.clone()),
            Fact::Iri(iri) => Operand::Reference(Term::Iri(iri.clone())),
            Fact::Number(number) | Fact::Quantity(number, _) => Operand::Number(number.clone()),
            Fact::Boolean(value) => Operand::Boolean(*value),
            Fact::Timestamp(time) => Operand::Text(time.to_string()),
            Fact::Duration(duration) => Operand::Text(duration.to_string()),
            // Sets are not nested.
            Fact::Set(_) => Operand::Text(String::new()),
        };
        Self::new(&operand, None)
    }

    /// Plain text is whatever the fact is that it is compared with.
    fn take_text(&mut self, text: &str) {
        self.text = Some(text.into());
        self.iri = Iri::parse(text).ok();
        self.number = Number::parse(text);
        self.boolean = boolean(text).filter(|_| matches!(text, "true" | "false"));
        self.moment = Moment::date_time(text).or_else(|| Moment::date(text));
        self.duration = Duration::parse(text);
    }

    fn take_literal(&mut self, datatype: &str, text: &str) {
        match datatype {
            "dateTime" | "dateTimeStamp" => self.moment = Moment::date_time(text),
            "date" => self.moment = Moment::date(text),
            "duration" | "dayTimeDuration" | "yearMonthDuration" => {
                self.duration = Duration::parse(text);
            }
            "boolean" => self.boolean = boolean(text),
            "anyURI" => {
                self.is_reference = true;
                self.iri = Iri::parse(text).ok();
            }
            "normalizedString" | "token" => self.text = Some(text.into()),
            name if NUMERIC_DATATYPES.contains(&name) => self.number = Number::parse(text),
            _ => {}
        }
    }

    /// The name in a hierarchy: codes and IRIs.
    pub(crate) fn name(&self) -> Option<&str> {
        self.text.as_deref().or(self.iri.as_ref().map(Iri::as_str))
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
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
