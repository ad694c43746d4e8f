//! Whether constraints hold: comparisons, connectives, and sequences, whose parts must have come
//! true one after the other.

use causeway_types::Timestamp;

use super::compare::{Terms, compare};
use super::lookup::{Found, between};
use super::{Evaluation, understood};
use crate::compile::{Body, Leaf, Node, RightSide, Subject, Value};
use crate::model::{LogicalOperator, Operator};
use crate::number::Number;
use crate::operands::Origin;
use crate::terms::Iri;
use crate::truth::Truth;
use crate::values::Orders;
use crate::world::{Deed, Fact};

/// What a constraint is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'s> {
    /// The request; what is known about it has been looked up.
    Main,
    /// Something that was done.
    Deed(&'s Deed),
}

/// When a part of a sequence came true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// At no known time: it holds, and the order says nothing about it.
    Standing,
    At(Timestamp),
    /// Only before the part that it should follow.
    TooEarly,
}

impl Evaluation<'_> {
    /// Whether each constraint holds for the request; operands stand before what joins them.
    pub(super) fn judge_all(&mut self) {
        let compiled = self.compiled;
        for node in &compiled.nodes {
            let truth = match &node.body {
                Body::Join(LogicalOperator::AndSequence, operands) => self.sequence_of(operands),
                _ => self.judge(node, Source::Main),
            };
            self.truths.push(understood(&node.not_understood, truth));
        }
    }

    /// Whether a constraint holds.
    pub(crate) fn holds(&self, node: usize, source: Source<'_>) -> Truth {
        match source {
            Source::Main => self.truths[node],
            Source::Deed(_) => {
                let node = &self.compiled.nodes[node];
                understood(&node.not_understood, self.judge(node, source))
            }
        }
    }

    fn judge(&self, node: &Node, source: Source<'_>) -> Truth {
        let (operator, operands) = match &node.body {
            Body::Leaf(leaf) => return self.leaf(leaf, source),
            Body::Join(operator, operands) => (operator, operands),
        };
        let truths = operands.iter().map(|&operand| self.holds(operand, source));
        match operator {
            LogicalOperator::And => Truth::all(truths),
            LogicalOperator::Or => Truth::any(truths),
            LogicalOperator::Xone => Truth::exactly_one(truths),
            LogicalOperator::AndSequence => self.sequence(operands, source, &mut |_, _| {}),
        }
    }

    /// A sequence about the request. Its delays begin with the part before them, so what was found
    /// out about these alone is replaced.
    fn sequence_of(&mut self, operands: &[usize]) -> Truth {
        let mut replaced: Vec<(usize, Truth)> = Vec::new();
        let truth = self.sequence(operands, Source::Main, &mut |operand, truth| {
            replaced.push((operand, truth))
        });
        for (operand, truth) in replaced {
            self.truths[operand] = truth;
        }
        truth
    }

    fn sequence(
        &self,
        operands: &[usize],
        source: Source<'_>,
        replace: &mut dyn FnMut(usize, Truth),
    ) -> Truth {
        let mut last = None;
        let mut all = Truth::True;
        for &operand in operands {
            let mut truth = self.holds(operand, source);
            if let Some(delayed) = self.delayed(operand, last, source) {
                truth = understood(&self.compiled.nodes[operand].not_understood, delayed);
                replace(operand, truth);
            }
            all = all.and(truth);
            if truth != Truth::True {
                continue;
            }
            match self.met(operand, last, source) {
                Met::Standing => {}
                Met::At(time) => last = Some(time),
                Met::TooEarly => all = Truth::False,
            }
        }
        all
    }

    /// A `delayPeriod` after another part of a sequence runs from there (ODRL vocabulary), unless
    /// it is stated otherwise.
    fn delayed(&self, node: usize, last: Option<Timestamp>, source: Source<'_>) -> Option<Truth> {
        let Body::Leaf(leaf) = &self.compiled.nodes[node].body else { return None };
        let slot = leaf.slot?;
        let is_delay = self.compiled.slots[slot].origin == Origin::DelayPeriod;
        let is_stated = matches!(self.found[slot], Found::Stated(_));
        if !is_delay || is_stated || !matches!(source, Source::Main) {
            return None;
        }
        let waited = Fact::Duration(between(last?, self.input.time()?));
        Some(self.compared(leaf, &waited, true))
    }

    fn met(&self, node: usize, after: Option<Timestamp>, source: Source<'_>) -> Met {
        let not_before = |time: Timestamp| match after {
            Some(after) if time < after => Met::TooEarly,
            _ => Met::At(time),
        };
        match &self.compiled.nodes[node].body {
            Body::Leaf(leaf) => self.leaf_met(leaf, after, source, &not_before),
            Body::Join(operator, operands) => {
                let holding = operands
                    .iter()
                    .filter(|&&operand| self.holds(operand, source) == Truth::True)
                    .map(|&operand| self.met(operand, after, source));
                match operator {
                    LogicalOperator::And | LogicalOperator::AndSequence => {
                        holding.fold(Met::Standing, later)
                    }
                    LogicalOperator::Or | LogicalOperator::Xone => {
                        holding.reduce(earlier).unwrap_or(Met::Standing)
                    }
                }
            }
        }
    }

    fn leaf_met(
        &self,
        leaf: &Leaf,
        after: Option<Timestamp>,
        source: Source<'_>,
        not_before: &dyn Fn(Timestamp) -> Met,
    ) -> Met {
        let (Some(slot), Source::Main) = (leaf.slot, source) else { return Met::Standing };
        if let Some(since) = self.found[slot].since() {
            return not_before(since);
        }
        let RightSide::Values(values) = &leaf.right else { return Met::Standing };
        match (&self.found[slot], self.compiled.slots[slot].origin, leaf.operator) {
            (
                Found::Events,
                _,
                Operator::Eq | Operator::Gt | Operator::Gteq | Operator::IsAnyOf,
            ) => {
                let times = self.input.world.events.iter().filter_map(|event| {
                    let is_meant =
                        values.iter().any(|value| value.iri.as_ref() == Some(&event.event));
                    let time = match leaf.operator {
                        Operator::Gt => event.until,
                        _ => Some(event.from),
                    };
                    time.filter(|_| is_meant)
                });
                let met = times.filter(|time| self.input.time().is_none_or(|now| *time <= now));
                let (mut first, mut is_any) = (None, false);
                for time in met {
                    is_any = true;
                    if after.is_none_or(|after| time >= after) {
                        first = Some(first.map_or(time, |first: Timestamp| first.min(time)));
                    }
                }
                match first {
                    Some(time) => Met::At(time),
                    None if is_any => Met::TooEarly,
                    None => Met::Standing,
                }
            }
            // From this time on it holds, also after the part before came true.
            (_, Origin::DateTime, Operator::Gt | Operator::Gteq) => {
                let from = values.first().and_then(|value| value.moment?.point());
                from.map_or(Met::Standing, |from| {
                    Met::At(after.map_or(from, |after| after.max(from)))
                })
            }
            _ => Met::Standing,
        }
    }

    fn leaf(&self, leaf: &Leaf, source: Source<'_>) -> Truth {
        let Some(slot) = leaf.slot else { return Truth::Unknown };
        match source {
            Source::Main => match &self.found[slot] {
                Found::Events => self.event(leaf),
                found => self.settled(leaf, found),
            },
            Source::Deed(deed) => self.leaf_of_deed(leaf, slot, deed),
        }
    }

    fn settled(&self, leaf: &Leaf, found: &Found<'_>) -> Truth {
        match (found, &leaf.status) {
            (Found::Stated(known), _) => self.compared(leaf, &known.fact, false),
            // What was counted before the policy is added to what the log counts since.
            (Found::Derived(Fact::Number(count)), Some(status)) => plus(count, status)
                .map_or(Truth::Unknown, |sum| self.compared(leaf, &Fact::Number(sum), true)),
            (Found::Derived(Fact::Quantity(count, unit)), Some(status)) => plus(count, status)
                .map_or(Truth::Unknown, |sum| {
                    self.compared(leaf, &Fact::Quantity(sum, unit.clone()), true)
                }),
            (Found::Derived(Fact::Duration(_)), Some(_)) => Truth::Unknown,
            (Found::Derived(fact), _) => self.compared(leaf, fact, true),
            // A status is where a count began; alone it says nothing about now.
            (Found::Nothing | Found::Events, _) => Truth::Unknown,
        }
    }

    fn leaf_of_deed(&self, leaf: &Leaf, slot: usize, deed: &Deed) -> Truth {
        let slot = &self.compiled.slots[slot];
        let things = &self.input.world.things;
        let of = |thing: &Option<Iri>| things.get(thing.as_ref()?)?.of(&slot.left);
        let fact = match (slot.subject, slot.origin) {
            (Subject::Request, Origin::DateTime) => {
                return self.compared(leaf, &Fact::Timestamp(deed.at), false);
            }
            (Subject::Request, _) => deed.facts.of(&slot.left),
            (Subject::Target, _) => of(&deed.target),
            (Subject::Assignee, _) => of(&deed.assignee),
        };
        fact.map_or(Truth::Unknown, |fact| self.compared(leaf, fact, false))
    }

    /// Compares a fact with the right side. A period that follows from the log is compared as the
    /// vocabulary means `eq`: within an elapsed or metered time, after a delay or interval.
    fn compared(&self, leaf: &Leaf, fact: &Fact, is_derived: bool) -> Truth {
        let terms = Terms {
            vocabulary: &self.compiled.vocabulary,
            options: self.input.options,
            unit: leaf.unit.as_ref(),
            is_version: leaf.is_version,
            knows_all: self.input.world.knows_all_members,
        };
        let operator = match (fact, leaf.operator, leaf.left.odrl_name()) {
            (Fact::Duration(_), Operator::Eq, Some("elapsedTime" | "meteredTime"))
                if is_derived =>
            {
                Operator::Lteq
            }
            (Fact::Duration(_), Operator::Eq, Some("delayPeriod" | "timeInterval"))
                if is_derived =>
            {
                Operator::Gteq
            }
            (_, operator, _) => operator,
        };
        match &leaf.right {
            RightSide::Values(values) => compare(terms, fact, operator, values),
            RightSide::References(references) => {
                let known = references.iter().map(|reference| {
                    let fact = self.input.world.references.get(reference.iri()?)?;
                    Some(fact.values().iter().map(Value::of).collect::<Vec<_>>())
                });
                match known.collect::<Option<Vec<_>>>() {
                    Some(values) => compare(terms, fact, operator, &values.concat()),
                    None => Truth::Unknown,
                }
            }
        }
    }

    /// Before, during or after an event: `lt`, `eq` and `gt` (ODRL vocabulary).
    fn event(&self, leaf: &Leaf) -> Truth {
        let RightSide::Values(values) = &leaf.right else { return Truth::Unknown };
        let one = |value: &Value, is| match &value.iri {
            Some(event) => self.event_orders(event).map_or(Truth::Unknown, |orders| orders.all(is)),
            None => Truth::Unknown,
        };
        use std::cmp::Ordering;
        let single = |is| match &**values {
            [value] => one(value, is),
            _ => Truth::Unknown,
        };
        match leaf.operator {
            Operator::Eq => single(Ordering::is_eq),
            Operator::Neq => single(Ordering::is_ne),
            Operator::Lt => single(Ordering::is_lt),
            Operator::Lteq => single(Ordering::is_le),
            Operator::Gt => single(Ordering::is_gt),
            Operator::Gteq => single(Ordering::is_ge),
            Operator::IsAnyOf => Truth::any(values.iter().map(|value| one(value, Ordering::is_eq))),
            Operator::IsAllOf => Truth::all(values.iter().map(|value| one(value, Ordering::is_eq))),
            Operator::IsNoneOf => {
                Truth::all(values.iter().map(|value| one(value, Ordering::is_ne)))
            }
            Operator::IsA | Operator::HasPart | Operator::IsPartOf => Truth::Unknown,
        }
    }

    fn event_orders(&self, event: &Iri) -> Option<Orders> {
        use std::cmp::Ordering;
        let now = self.input.time()?;
        let mut found = None;
        for one in self.input.world.events.iter().filter(|one| one.event == *event) {
            let order = if now < one.from {
                Ordering::Less
            } else if one.until.is_some_and(|until| now > until) {
                Ordering::Greater
            } else {
                return Some(Orders::exactly(Ordering::Equal));
            };
            // After one occurrence and before the next it has happened.
            found = Some(found.map_or(order, |before: Ordering| before.max(order)));
        }
        match found {
            Some(order) => Some(Orders::exactly(order)),
            None => self.input.world.knows_all_deeds.then(|| Orders::exactly(Ordering::Less)),
        }
    }
}

/// Counts are whole numbers; what is none was not counted.
fn plus(count: &Number, status: &Number) -> Option<Number> {
    Some(Number::from(count.to_i64()?.saturating_add(status.to_i64()?)))
}

fn later(one: Met, other: Met) -> Met {
    match (one, other) {
        (Met::TooEarly, _) | (_, Met::TooEarly) => Met::TooEarly,
        (Met::At(one), Met::At(other)) => Met::At(one.max(other)),
        (Met::At(time), Met::Standing) | (Met::Standing, Met::At(time)) => Met::At(time),
        (Met::Standing, Met::Standing) => Met::Standing,
    }
}

fn earlier(one: Met, other: Met) -> Met {
    match (one, other) {
        (Met::TooEarly, other) => other,
        (one, Met::TooEarly) => one,
        (Met::At(one), Met::At(other)) => Met::At(one.min(other)),
        _ => Met::Standing,
    }
}
