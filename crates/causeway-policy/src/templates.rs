//! Templates of policies: the 25 usage-control classes of the International Data Spaces
//! Association (`UsageControl/Contract` of its repository IDS-G, commit 2c09876), each with what
//! this product does about it. A template is either enforced, at points that are named, by facts
//! that are named; or it is unenforceable, and says why and what happens instead. There is no
//! third way.
//!
//! The templates are data, in `templates/`, one file a class. Not here: what a policy made from
//! one means to peers of other makes, see [`crate::lint()`].

use std::collections::BTreeMap;

use causeway_types::Timestamp;
use causeway_types::limits::TEXT_BYTES_MAX;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::Policy;
use crate::names::XSD;
use crate::number::Number;
use crate::read::{ReadError, read};
use crate::terms::{Contexts, Iri};

/// A policy with blanks. Its file also has facts under which it permits and denies, for the tests.
#[derive(Debug, Clone, Deserialize)]
pub struct Template {
    /// The number of the class.
    pub class: u8,
    /// The name on the command line.
    pub id: String,
    /// What it says, in a few words.
    pub title: String,
    /// The blanks.
    pub parameters: Vec<Parameter>,
    /// What becomes of it here.
    pub honesty: Honesty,
    policy: Value,
}

/// A blank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What can stand there.
    pub kind: ParameterKind,
    /// A value that is fine.
    pub example: String,
    /// What it is, for people.
    pub text: String,
}

/// What can stand in a blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// An absolute IRI.
    Iri,
    /// Absolute IRIs, with commas between.
    Iris,
    /// A text.
    Text,
    /// Texts, with commas between.
    Texts,
    /// A whole number from 0 on.
    Count,
    /// A decimal number.
    Decimal,
    /// A time as in RFC 3339.
    Time,
    /// A number of years, months, weeks or days: `P1Y`, `P3M`, `P2W`, `P10D`.
    Duration,
}

/// What this product does about a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Honesty {
    /// It denies when the condition is not met.
    Enforced(Enforced),
    /// It cannot deny, so the contract waits for a person.
    Unenforceable(Unenforceable),
}

/// How a template is enforced.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enforced {
    /// Where.
    pub at: Vec<Point>,
    /// By which facts.
    pub facts: Vec<Needed>,
    /// How, for people.
    pub how: String,
}

/// A fact that decides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needed {
    /// The left operand.
    pub name: String,
    /// Whether the node knows it by itself. Where it does not, the condition cannot be told, and
    /// what cannot be told waits for a person; it never grants.
    pub supplied: bool,
}

/// Why a template cannot be enforced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unenforceable {
    /// The reason.
    pub because: String,
    /// What the node does instead.
    pub instead: String,
}

/// Where a policy is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// The offer is not shown.
    Catalog,
    /// No contract is made.
    Negotiation,
    /// No transfer starts.
    TransferStart,
    /// No byte is delivered.
    DataPlane,
    /// A running transfer is ended.
    Monitor,
    /// What is left is deleted or reported.
    AfterUse,
}

/// Why a policy cannot be made from a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The template has no such parameter.
    #[error("found the parameter {name:?}, expected {expected}")]
    Unknown {
        /// What was given.
        name: String,
        /// What the template has.
        expected: String,
    },
    /// A parameter was not given.
    #[error("found no {name}, expected one such as {name}={example}")]
    Missing {
        /// The parameter.
        name: String,
        /// A value that is fine.
        example: String,
    },
    /// A parameter was given more than once.
    #[error("found {name} more than once, expected one")]
    Twice {
        /// The parameter.
        name: String,
    },
    /// A value does not fit.
    #[error("{name}: found {found:?}, expected {expected}")]
    Value {
        /// The parameter.
        name: String,
        /// What was given, cut to a printable length.
        found: String,
        /// What its kind is.
        expected: &'static str,
    },
    /// The values are too many or too long for a policy.
    #[error(transparent)]
    Policy(#[from] ReadError),
}

/// A template that comes with this crate cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("template {number}: {cause}")]
pub struct TemplateError {
    number: usize,
    cause: serde_json::Error,
}

macro_rules! shipped {
    ($($file:literal),* $(,)?) => {
        &[$(include_str!(concat!("../templates/", $file, ".json"))),*]
    };
}

const SHIPPED: &[&str] = shipped![
    "01-consumer",
    "02-connector",
    "03-application",
    "04-role",
    "05-place-of-use",
    "06-purpose",
    "07-event",
    "08-security-level",
    "09-time-interval",
    "10-duration",
    "11-number-of-uses",
    "12-delete",
    "13-modify-in-transit",
    "14-modify-at-rest",
    "15-log",
    "16-inform",
    "17-next-policy",
    "18-artifact-state",
    "19-sale",
    "20-rental",
    "21-state",
    "22-participant-place",
    "23-consent",
    "24-classification",
    "25-anonymise",
];

impl Template {
    /// The templates that come with this crate, by class.
    pub fn shipped() -> Result<Vec<Self>, TemplateError> {
        SHIPPED
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let number = index + 1;
                serde_json::from_str(text).map_err(|cause| TemplateError { number, cause })
            })
            .collect()
    }

    /// The policy with its blanks filled in; every parameter exactly once.
    pub fn make(&self, given: &[(String, String)]) -> Result<Policy, MakeError> {
        let mut values = BTreeMap::new();
        for (name, text) in given {
            let parameter = self.parameters.iter().find(|p| p.name == *name);
            let parameter = parameter.ok_or_else(|| self.unknown(name))?;
            if values.insert(name.as_str(), (text.as_str(), parameter.value(text)?)).is_some() {
                return Err(MakeError::Twice { name: name.clone() });
            }
        }
        if let Some(missing) = self.parameters.iter().find(|p| !values.contains_key(&*p.name)) {
            let Parameter { name, example, .. } = missing.clone();
            return Err(MakeError::Missing { name, example });
        }
        Ok(read(&filled(&self.policy, &values)?, &Contexts::dsp())?)
    }

    /// The values that the template gives as examples.
    pub fn examples(&self) -> Vec<(String, String)> {
        self.parameters.iter().map(|p| (p.name.clone(), p.example.clone())).collect()
    }

    fn unknown(&self, name: &str) -> MakeError {
        let names: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
        let expected = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        MakeError::Unknown { name: shown(name), expected }
    }
}

impl Parameter {
    /// What stands in the policy for a value.
    fn value(&self, text: &str) -> Result<Value, MakeError> {
        let wrong = || MakeError::Value {
            name: self.name.clone(),
            found: shown(text),
            expected: self.kind.expected(),
        };
        self.kind.value(text).ok_or_else(wrong)
    }
}

impl ParameterKind {
    /// What a value has to be.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Iri => "an absolute IRI",
            Self::Iris => "absolute IRIs with commas between",
            Self::Text => "a text",
            Self::Texts => "texts with commas between",
            Self::Count => "a whole number from 0 on",
            Self::Decimal => "a number such as 500.00",
            Self::Time => "a time such as 2026-06-01T08:00:00Z",
            Self::Duration => "a duration such as P3M",
        }
    }

    fn value(self, text: &str) -> Option<Value> {
        let reference =
            |text: &str| Iri::parse(text.trim()).ok().map(|iri| json!({ "@id": iri.as_str() }));
        let plain = |text: &str| is_text(text.trim()).then(|| json!(text.trim()));
        let many = |one: &dyn Fn(&str) -> Option<Value>| {
            text.split(',').map(one).collect::<Option<Vec<_>>>().map(Value::Array)
        };
        match self {
            Self::Iri => reference(text),
            Self::Iris => many(&reference),
            Self::Text => plain(text),
            Self::Texts => many(&plain),
            Self::Count => text.parse::<u32>().ok().map(|count| json!(count)),
            Self::Decimal => Number::parse(text).map(|_| typed(text, "decimal")),
            Self::Time => Timestamp::parse(text).ok().map(|_| typed(text, "dateTime")),
            Self::Duration => is_duration(text).then(|| typed(text, "duration")),
        }
    }
}

impl Point {
    /// The word in documents for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Negotiation => "negotiation",
            Self::TransferStart => "transfer-start",
            Self::DataPlane => "data-plane",
            Self::Monitor => "monitor",
            Self::AfterUse => "after-use",
        }
    }
}

/// What was given for each parameter: the text, and what stands in the policy for it.
type Values<'a> = BTreeMap<&'a str, (&'a str, Value)>;

/// The JSON with `{name}` and `{time+days}` replaced.
fn filled(value: &Value, values: &Values<'_>) -> Result<Value, MakeError> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            Some(name) => match name.split_once('+') {
                Some((time, days)) => later(time, days, values)?,
                None => values.get(name).map_or_else(|| value.clone(), |(_, v)| v.clone()),
            },
            None => value.clone(),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| filled(item, values)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| Ok((name.clone(), filled(member, values)?)))
                .collect::<Result<_, MakeError>>()?,
        ),
        other => other.clone(),
    })
}

/// The time so many days after another.
fn later(time: &str, days: &str, values: &Values<'_>) -> Result<Value, MakeError> {
    const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;
    /// Ten thousand years would end behind the last year that a time can have.
    const DAYS_MAX: u64 = 100 * 366;
    let text = |name: &str| values.get(name).map_or("", |(text, _)| *text);
    let wrong = || MakeError::Value {
        name: days.to_owned(),
        found: shown(text(days)),
        expected: "at most 100 years of days",
    };
    let start = Timestamp::parse(text(time)).map_err(|_| wrong())?;
    let count = text(days).parse().ok().filter(|days: &u64| *days <= DAYS_MAX).ok_or_else(wrong)?;
    Ok(typed(&start.plus_millis(count * DAY_MILLIS).to_string(), "dateTime"))
}

fn typed(text: &str, datatype: &str) -> Value {
    json!({ "@value": text, "@type": format!("{XSD}{datatype}") })
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control)
}

fn is_duration(text: &str) -> bool {
    let number = text.strip_prefix('P').and_then(|text| text.strip_suffix(['Y', 'M', 'W', 'D']));
    number.is_some_and(|number| number.parse::<u16>().is_ok() && !number.starts_with('+'))
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
