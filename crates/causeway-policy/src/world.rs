//! What an evaluation knows: the request, and the state of the world with its log of what was done
//! and what happened. Both are given; where their content comes from is the caller's matter.
//!
//! What is not stated is unknown, unless the world is said to know all of it. That is a promise: it
//! makes "nobody paid" out of "no payment is known".

use std::collections::{BTreeMap, BTreeSet};

use causeway_types::Timestamp;

use crate::number::Number;
use crate::report::Deontic;
use crate::terms::Iri;
use crate::values::Duration;

/// What is known about a left operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Text, compared letter by letter.
    Text(String),
    /// A thing.
    Iri(Iri),
    /// A number.
    Number(Number),
    /// A number of units, compared with values in the same unit only.
    Quantity(Number, Box<str>),
    /// A boolean.
    Boolean(bool),
    /// A point in time.
    Timestamp(Timestamp),
    /// A length of time.
    Duration(Duration),
    /// Several values at once, such as all purposes of a request; not nested.
    Set(Vec<Self>),
}

/// What is known, by left operand, and since when where that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts(BTreeMap<Iri, Known>);

/// A fact and since when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) fact: Fact,
    pub(crate) since: Option<Timestamp>,
}

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The action.
    pub action: Iri,
    /// The asset, where it is known.
    pub target: Option<Iri>,
    /// Who wants to do it, where that is known.
    pub assignee: Option<Iri>,
    /// What is known about it.
    pub facts: Facts,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The action.
    pub action: Iri,
    /// The asset, where it is known.
    pub target: Option<Iri>,
    /// Who did it, where that is known.
    pub assignee: Option<Iri>,
    /// When it was done, or begun.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// What is known about it, for refinements.
    pub facts: Facts,
}

/// Something that happened or goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Which event.
    pub event: Iri,
    /// When it began.
    pub from: Timestamp,
    /// When it ended; nothing while it goes on.
    pub until: Option<Timestamp>,
}

/// The state of the world.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct World {
    /// What time it is.
    pub now: Option<Timestamp>,
    /// When the policy was agreed on.
    pub agreed_at: Option<Timestamp>,
    /// What holds whoever asks.
    pub facts: Facts,
    /// What is known about parties and assets.
    pub things: BTreeMap<Iri, Facts>,
    /// For a party or asset, every collection that it is in.
    pub members: BTreeMap<Iri, BTreeSet<Iri>>,
    /// For a duty, by its `uid`, what is known about its state.
    pub duties: BTreeMap<Iri, Deontic>,
    /// What was done.
    pub deeds: Vec<Deed>,
    /// What happened.
    pub events: Vec<Event>,
    /// What stands where a `rightOperandReference` points to.
    pub references: BTreeMap<Iri, Fact>,
    /// Whether the memberships are all that there are, those of values in hierarchies included.
    pub knows_all_members: bool,
    /// Whether the deeds and events are all that there are.
    pub knows_all_deeds: bool,
    /// Whether the states of duties are all that were found: a duty without one is not violated.
    pub knows_all_duties: bool,
}

impl Fact {
    pub(crate) fn values(&self) -> &[Self] {
        match self {
            Self::Set(values) => values,
            single => std::slice::from_ref(single),
        }
    }
}

impl Facts {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the time of the request is known, as `odrl:dateTime`.
    pub fn at(now: Timestamp) -> Self {
        Self::new().with(Iri::DATE_TIME, Fact::Timestamp(now))
    }

    /// The facts with one more; what was known about `left` is replaced.
    #[must_use]
    pub fn with(mut self, left: Iri, fact: Fact) -> Self {
        self.0.insert(left, Known { fact, since: None });
        self
    }

    /// The facts with one more that holds since a point in time, which `andSequence` goes by.
    #[must_use]
    pub fn with_since(mut self, left: Iri, fact: Fact, since: Timestamp) -> Self {
        self.0.insert(left, Known { fact, since: Some(since) });
        self
    }

    /// What is known about `left`.
    pub fn of(&self, left: &Iri) -> Option<&Fact> {
        self.0.get(left).map(|known| &known.fact)
    }

    pub(crate) fn known(&self, left: &Iri) -> Option<&Known> {
        self.0.get(left)
    }
}

impl Request {
    /// A request to use.
    pub fn to_use(facts: Facts) -> Self {
        Self::of(Iri::USE, facts)
    }

    /// A request of somebody to do something with something, neither of which is known.
    pub fn of(action: Iri, facts: Facts) -> Self {
        Self { action, target: None, assignee: None, facts }
    }
}
