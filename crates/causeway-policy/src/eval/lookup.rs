//! Where the value of a left operand comes from: what the request states, then what the world
//! states, then what follows from the log of deeds and events or from a property of the target or
//! the assignee. What follows from a log needs a complete one.

use causeway_types::Timestamp;

use super::Input;
use crate::compile::{Compiled, Slot, Subject};
use crate::number::Number;
use crate::operands::{Origin, odrl};
use crate::options::TimeSource;
use crate::terms::{Iri, Term};
use crate::truth::Truth;
use crate::values::Duration;
use crate::world::{Deed, Fact, Known};

/// The value of a left operand, as far as it is known.
#[derive(Debug, Clone)]
pub(crate) enum Found<'a> {
    /// Nothing is known.
    Nothing,
    /// It is stated.
    Stated(&'a Known),
    /// It follows from something else.
    Derived(Fact),
    /// It is compared with the events of the world.
    Events,
}

impl Found<'_> {
    pub(crate) fn fact(&self) -> Option<&Fact> {
        match self {
            Self::Stated(known) => Some(&known.fact),
            Self::Derived(fact) => Some(fact),
            Self::Nothing | Self::Events => None,
        }
    }

    pub(crate) fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Stated(known) => known.since,
            _ => None,
        }
    }
}

/// The value of `slot` for this input.
pub(crate) fn find<'a>(compiled: &Compiled, input: Input<'a>, slot: &Slot) -> Found<'a> {
    let (request, world) = (input.request, input.world);
    let of = |thing: &Option<Iri>| -> Option<&'a Known> {
        world.things.get(thing.as_ref()?)?.known(&slot.left)
    };
    match slot.subject {
        Subject::Target => return of(&request.target).map_or(Found::Nothing, Found::Stated),
        Subject::Assignee => return of(&request.assignee).map_or(Found::Nothing, Found::Stated),
        Subject::Request => {}
    }
    if slot.origin == Origin::DateTime {
        return input.time().map_or(Found::Nothing, |now| Found::Derived(Fact::Timestamp(now)));
    }
    let stated = request.facts.known(&slot.left).or_else(|| world.facts.known(&slot.left));
    if let Some(known) = stated {
        return Found::Stated(known);
    }
    let derived = match slot.origin {
        Origin::Stated | Origin::DateTime => None,
        Origin::Asset => return of(&request.target).map_or(Found::Nothing, Found::Stated),
        Origin::Party => return of(&request.assignee).map_or(Found::Nothing, Found::Stated),
        Origin::Event => return Found::Events,
        Origin::DelayPeriod => {
            let since = world.agreed_at.zip(input.time());
            since.map(|(agreed, now)| Fact::Duration(between(agreed, now)))
        }
        origin => counted(compiled, input, slot, origin),
    };
    derived.map_or(Found::Nothing, Found::Derived)
}

/// What the log of deeds says about earlier executions of the rule's action by the same party on
/// the same target.
fn counted(compiled: &Compiled, input: Input<'_>, slot: &Slot, origin: Origin) -> Option<Fact> {
    let now = input.time()?;
    let rule = compiled.rules.get(slot.rule?)?;
    let action = rule
        .action
        .as_ref()
        .map_or(&input.request.action, |action| action.name.iri().unwrap_or(&input.request.action));
    if !input.world.knows_all_deeds {
        return None;
    }
    let is_same = |own: &Option<Iri>, other: &Option<Iri>| own.is_none() || own == other;
    let earlier = input.world.deeds.iter().filter(|deed: &&Deed| {
        deed.at <= now
            && compiled.vocabulary.covers(action, &deed.action) == Truth::True
            && is_same(&input.request.assignee, &deed.assignee)
            && is_same(&input.request.target, &deed.target)
    });
    Some(match origin {
        Origin::Count => return count(earlier, slot.unit.as_ref()),
        Origin::ElapsedTime => {
            let first = earlier.map(|deed| deed.at).min();
            Fact::Duration(first.map_or(Duration::ZERO, |first| between(first, now)))
        }
        Origin::TimeInterval => {
            let last = earlier.map(|deed| deed.at).max();
            Fact::Duration(last.map_or(Duration::MAX, |last| between(last, now)))
        }
        Origin::MeteredTime => {
            Fact::Duration(earlier.fold(Duration::ZERO, |sum, deed| sum.plus(deed.duration)))
        }
        _ => return None,
    })
}

/// How often something was done, the requested time included; in a unit, only what is known to be
/// counted in it (`odrl:unitOfCount`).
fn count<'a>(earlier: impl Iterator<Item = &'a Deed>, unit: Option<&Term>) -> Option<Fact> {
    let (mut count, unit_of_count) = (1_i64, odrl("unitOfCount"));
    for deed in earlier {
        let counts = match (unit, deed.facts.of(&unit_of_count)) {
            (None, _) => true,
            (Some(unit), Some(Fact::Text(own))) => own == unit.as_str(),
            (Some(unit), Some(Fact::Iri(own))) => own.as_str() == unit.as_str(),
            (Some(_), _) => return None,
        };
        count = count.saturating_add(i64::from(counts));
    }
    let count = Number::from(count);
    Some(match unit {
        Some(unit) => Fact::Quantity(count, unit.as_str().into()),
        None => Fact::Number(count),
    })
}

pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::from_micros(i64::try_from(later.micros_since(earlier)).unwrap_or(i64::MAX))
}

impl Input<'_> {
    /// The time of the action: what `odrl:dateTime` is.
    pub(crate) fn time(self) -> Option<Timestamp> {
        match (self.options.time_source, self.request.facts.of(&Iri::DATE_TIME)) {
            (TimeSource::Action, Some(Fact::Timestamp(time))) => Some(*time),
            // A time that is stated as something else is not known, and not now.
            (TimeSource::Action, Some(_)) => None,
            (TimeSource::Action, None) | (TimeSource::World, _) => self.world.now,
        }
    }
}
