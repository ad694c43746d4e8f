//! A policy in one form, whatever dialect it was written in. Names are resolved, one-or-many is
//! many, numbers are exact. The wire shape, comparison and meaning are in `write`, `normal` and
//! `eval`; the envelope (`@id`, `target`, parties) is the protocol crate's.

use std::collections::BTreeMap;
use std::fmt;

use causeway_types::limits::MESSAGE_DEPTH_MAX;
use serde_json::Value;

use crate::number::Number;
use crate::terms::{Iri, Term};

/// The rules of an offer, agreement or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// What is allowed.
    pub permissions: Vec<Rule>,
    /// What is forbidden.
    pub prohibitions: Vec<Rule>,
    /// What must be done.
    pub obligations: Vec<Rule>,
}

/// One rule: a permission, prohibition, obligation or duty, depending on where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What is done.
    pub action: Term,
    /// Conditions that narrow the action; all of them.
    pub refinements: Vec<Constraint>,
    /// Conditions under which the rule holds; all of them.
    pub constraints: Vec<Constraint>,
    /// A permission's duties, a prohibition's remedies, a duty's or obligation's consequences.
    pub duties: Vec<Self>,
    /// Other properties, which may change the rule's meaning.
    pub parts: Parts,
}

/// Properties that are not understood, kept verbatim. Whatever carries one is never known to
/// hold.
pub type Parts = BTreeMap<Term, Verbatim>;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// One comparison.
    Atomic(Atomic),
    /// A combination of conditions.
    Logical(Logical),
}

/// A comparison of a fact with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atomic {
    /// What is compared.
    pub left: Term,
    /// How it is compared.
    pub operator: Operator,
    /// With what it is compared.
    pub right: RightOperand,
    /// Other properties, such as `unit`.
    pub parts: Parts,
}

/// Conditions joined by a connective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logical {
    /// The connective.
    pub operator: LogicalOperator,
    /// What is joined.
    pub operands: NonEmpty<Constraint>,
    /// Other properties.
    pub parts: Parts,
}

/// At least one of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonEmpty<T>(Vec<T>);

/// The value side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightOperand {
    /// One value.
    One(Operand),
    /// A set of values; order and repetition have no meaning.
    Many(NonEmpty<Operand>),
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// Text.
    Text(String),
    /// What `{"@id": …}` refers to.
    Reference(Term),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
    /// Text of a datatype.
    Literal(Literal),
    /// An object that is not understood, kept verbatim.
    Verbatim(Verbatim),
}

/// Text of a datatype that is neither plain text nor the canonical text of a number or boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    text: String,
    datatype: Term,
}

/// A piece of JSON kept as it came, without nulls and empty arrays, which mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbatim(Value);

/// Declares an enum whose variants have one spelling on the wire.
macro_rules! spelled {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The specification's spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }

            /// Reads the specification's spelling.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

spelled! {
    /// How a comparison compares. The schema of DSP 2025-1 also lists `term-lteq`, which no
    /// context defines; the reader takes it for `lteq`.
    Operator {
        /// Equal.
        Eq = "eq",
        /// Greater.
        Gt = "gt",
        /// Greater or equal.
        Gteq = "gteq",
        /// The fact contains the value.
        HasPart = "hasPart",
        /// The fact is an instance of the value.
        IsA = "isA",
        /// The fact is all of the values.
        IsAllOf = "isAllOf",
        /// The fact is one of the values.
        IsAnyOf = "isAnyOf",
        /// The fact is none of the values.
        IsNoneOf = "isNoneOf",
        /// The fact is contained in the value.
        IsPartOf = "isPartOf",
        /// Less.
        Lt = "lt",
        /// Less or equal.
        Lteq = "lteq",
        /// Not equal.
        Neq = "neq",
    }
}

spelled! {
    /// How conditions are joined.
    LogicalOperator {
        /// All hold.
        And = "and",
        /// All hold, one after the other.
        AndSequence = "andSequence",
        /// At least one holds.
        Or = "or",
        /// Exactly one holds.
        Xone = "xone",
    }
}

impl Policy {
    /// Everybody may use: one permission of `use` without conditions.
    pub fn open() -> Self {
        Self { permissions: vec![Rule::new(Iri::USE.into())], ..Self::default() }
    }

    /// Whether the policy means the same as [`Policy::open`].
    pub fn is_open(&self) -> bool {
        self.same_as(&Self::open())
    }

    /// Whether a condition anywhere asks for a left operand.
    pub fn asks(&self, left: &Iri) -> bool {
        fn asks(rule: &Rule, left: &Iri) -> bool {
            rule.constraints.iter().chain(&rule.refinements).any(|one| one.asks(left))
                || rule.duties.iter().any(|duty| asks(duty, left))
        }
        let rules = self.permissions.iter().chain(&self.prohibitions).chain(&self.obligations);
        rules.into_iter().any(|rule| asks(rule, left))
    }

    /// Whether a rule narrows its action. DSP's schema has no shape for that, so such a policy
    /// can be read and answered but should not be offered.
    pub fn has_refinements(&self) -> bool {
        fn any(rules: &[Rule]) -> bool {
            rules.iter().any(|rule| !rule.refinements.is_empty() || any(&rule.duties))
        }
        any(&self.permissions) || any(&self.prohibitions) || any(&self.obligations)
    }
}

impl Rule {
    /// A rule without conditions.
    pub fn new(action: Term) -> Self {
        Self {
            action,
            refinements: Vec::new(),
            constraints: Vec::new(),
            duties: Vec::new(),
            parts: Parts::new(),
        }
    }
}

impl Constraint {
    fn asks(&self, left: &Iri) -> bool {
        match self {
            Self::Atomic(atomic) => atomic.left.iri() == Some(left),
            Self::Logical(logical) => logical.operands.as_slice().iter().any(|one| one.asks(left)),
        }
    }

    /// A comparison.
    pub fn atomic(left: Term, operator: Operator, right: RightOperand) -> Self {
        Self::Atomic(Atomic { left, operator, right, parts: Parts::new() })
    }

    /// A combination.
    pub fn logical(operator: LogicalOperator, operands: NonEmpty<Self>) -> Self {
        Self::Logical(Logical { operator, operands, parts: Parts::new() })
    }
}

impl<T> NonEmpty<T> {
    /// Takes the items, unless there are none.
    pub fn new(items: Vec<T>) -> Option<Self> {
        (!items.is_empty()).then_some(Self(items))
    }

    /// One item.
    pub fn of(item: T) -> Self {
        Self(vec![item])
    }

    /// The items.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The items, owned.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl RightOperand {
    /// The values, one or many.
    pub fn values(&self) -> &[Operand] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values.as_slice(),
        }
    }
}

impl Operand {
    /// Text of a datatype. `xsd:string` is plain text, and the canonical text of a number or
    /// boolean with the datatype it is written with is that number or boolean.
    pub fn typed(text: String, datatype: Term) -> Self {
        match datatype.iri().and_then(Iri::xsd_name) {
            Some("string") => return Self::Text(text),
            Some("boolean") if matches!(text.as_str(), "true" | "false") => {
                return Self::Boolean(text == "true");
            }
            Some(name @ ("integer" | "decimal" | "double")) => {
                let number = Number::parse(&text)
                    .filter(|number| number.datatype() == name && number.to_string() == text);
                if let Some(number) = number {
                    return Self::Number(number);
                }
            }
            _ => {}
        }
        Self::Literal(Literal { text, datatype })
    }
}

impl Literal {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The datatype.
    pub fn datatype(&self) -> &Term {
        &self.datatype
    }
}

impl Verbatim {
    /// Keeps a piece of JSON; nothing if nothing but nulls and empty arrays is in it, or if it is
    /// nested deeper than [`MESSAGE_DEPTH_MAX`].
    pub fn new(value: &Value) -> Option<Self> {
        is_within(value, MESSAGE_DEPTH_MAX).then(|| meaningful(value)).flatten().map(Self)
    }

    /// The JSON.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_within(item, depth - 1)),
        Value::Object(members) => {
            depth > 0 && members.values().all(|member| is_within(member, depth - 1))
        }
        _ => true,
    }
}

fn meaningful(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(meaningful).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(members) => Some(Value::Object(
            members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), meaningful(member)?)))
                .collect(),
        )),
        scalar => Some(scalar.clone()),
    }
}
