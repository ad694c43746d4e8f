//! The language of conditions: `and`, `or`, `not`, comparisons of facts with numbers, days, words
//! and dated parameters, and membership of lists. No loops, no functions, no arithmetic: every
//! condition can be enumerated.
//!
//! ```text
//! data.personal and not exporter.ciio and count.sensitive_year == 0
//!     and count.ordinary_year < param.low
//! exporter.area in list.mainland and transaction in ["vendor", "employment"]
//! ```

mod parse;
mod spoken;

use jiff::civil::Date;

pub(crate) use self::parse::parse;
pub(crate) use self::spoken::{Speaker, Spoken};
use crate::facts::{Dictionary, FactId, Facts, Kind, Symbol, Value};
use crate::outcome::Truth;
use crate::pack::Citation;

/// Something that has other values at other times.
#[derive(Debug, Clone)]
pub(crate) struct Dated<T> {
    /// What it is, from which day on, and until which day.
    pub(crate) entries: Vec<Period<T>>,
}

/// What something is during a time.
#[derive(Debug, Clone)]
pub(crate) struct Period<T> {
    /// The first day.
    pub(crate) from: Date,
    /// The first day after it; `None` while no end is known.
    pub(crate) until: Option<Date>,
    /// What it is.
    pub(crate) value: T,
    /// The articles that say so.
    pub(crate) cite: Vec<Citation>,
    /// The line in the pack's file.
    pub(crate) line: usize,
}

impl<T> Period<T> {
    /// Whether the day lies in it.
    pub(crate) fn contains(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

impl<T> Dated<T> {
    /// Whether it is something on every day of a time.
    pub(crate) fn spans(&self, from: Date, until: Option<Date>) -> bool {
        let mut day = from;
        loop {
            match self.entries.iter().find(|period| period.contains(day)) {
                None => return until.is_some_and(|until| day >= until),
                Some(Period { until: None, .. }) => return true,
                Some(Period { until: Some(end), .. }) => day = *end,
            }
        }
    }

    /// What it is on a day.
    pub(crate) fn at(&self, day: Date) -> Option<&T> {
        self.entries.iter().find(|period| period.contains(day)).map(|period| &period.value)
    }
}

/// What the conditions of a pack refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Thresholds.
    pub(crate) params: Vec<(String, Dated<u64>)>,
    /// Lists of areas or words.
    pub(crate) lists: Vec<(String, Dated<Vec<Symbol>>)>,
}

/// A condition.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Always,
    Flag(FactId),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare(FactId, Order, Operand),
    /// One of some words or areas.
    In(FactId, Vec<Symbol>),
    /// In a list of the pack.
    InList(FactId, usize),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What a fact is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    Value(Value),
    Param(usize),
    Fact(FactId),
}

impl Order {
    fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::More => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

impl Expression {
    /// Whether it holds on a day. A parameter or list that is not in force then is unknown.
    pub(crate) fn truth(&self, facts: &Facts, names: &Names, day: Date) -> Truth {
        match self {
            Self::Always => Truth::True,
            Self::Flag(fact) => match facts.get(*fact) {
                Some(Value::Flag(flag)) => Truth::of(flag),
                _ => Truth::Unknown,
            },
            Self::Not(inner) => !inner.truth(facts, names, day),
            Self::All(parts) => {
                let mut all = Truth::True;
                for part in parts {
                    all = all.min(part.truth(facts, names, day));
                    if all == Truth::False {
                        break;
                    }
                }
                all
            }
            Self::Any(parts) => {
                let mut any = Truth::False;
                for part in parts {
                    any = any.max(part.truth(facts, names, day));
                    if any == Truth::True {
                        break;
                    }
                }
                any
            }
            Self::Compare(fact, order, operand) => {
                let right = match operand {
                    Operand::Value(value) => Some(*value),
                    Operand::Param(param) => {
                        names.params[*param].1.at(day).copied().map(Value::Count)
                    }
                    Operand::Fact(other) => facts.get(*other),
                };
                match (facts.get(*fact), right) {
                    (Some(left), Some(right)) => Truth::of(order.holds(left.cmp(&right))),
                    _ => Truth::Unknown,
                }
            }
            Self::In(fact, symbols) => one_of(facts.get(*fact), Some(symbols)),
            Self::InList(fact, list) => one_of(facts.get(*fact), names.lists[*list].1.at(day)),
        }
    }

    /// The facts without which the truth cannot be told; nothing if it can.
    pub(crate) fn missing(
        &self,
        facts: &Facts,
        names: &Names,
        day: Date,
        each: &mut dyn FnMut(FactId),
    ) {
        if self.truth(facts, names, day) != Truth::Unknown {
            return;
        }
        match self {
            Self::Not(inner) => inner.missing(facts, names, day, each),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.missing(facts, names, day, each));
            }
            leaf => leaf.leaf_facts(&mut |fact| {
                if facts.get(fact).is_none() {
                    each(fact);
                }
            }),
        }
    }

    /// Every fact it asks for.
    pub(crate) fn facts(&self, each: &mut dyn FnMut(FactId)) {
        match self {
            Self::Not(inner) => inner.facts(each),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.facts(each)),
            leaf => leaf.leaf_facts(each),
        }
    }

    fn leaf_facts(&self, each: &mut dyn FnMut(FactId)) {
        match self {
            Self::Flag(fact) | Self::In(fact, _) | Self::InList(fact, _) => each(*fact),
            Self::Compare(fact, _, operand) => {
                each(*fact);
                if let Operand::Fact(other) = operand {
                    each(*other);
                }
            }
            Self::Always | Self::Not(_) | Self::All(_) | Self::Any(_) => {}
        }
    }

    /// The values at which the truth may change with a fact: what lies between two of them cannot
    /// be told apart by this condition.
    pub(crate) fn edges(&self, of: FactId, names: &Names, day: Date, each: &mut dyn FnMut(Value)) {
        match self {
            Self::Not(inner) => inner.edges(of, names, day, each),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.edges(of, names, day, each));
            }
            Self::Compare(fact, _, operand) if *fact == of => match operand {
                Operand::Value(value) => each(*value),
                Operand::Param(param) => {
                    names.params[*param]
                        .1
                        .at(day)
                        .copied()
                        .map(Value::Count)
                        .into_iter()
                        .for_each(each);
                }
                Operand::Fact(_) => {}
            },
            Self::In(fact, symbols) if *fact == of => {
                symbols.iter().for_each(|symbol| each(Value::Text(*symbol)));
            }
            Self::InList(fact, list) if *fact == of => {
                let members = names.lists[*list].1.at(day).map_or(&[][..], Vec::as_slice);
                members.iter().for_each(|symbol| each(Value::Text(*symbol)));
            }
            _ => {}
        }
    }

    /// The facts with which a fact is compared.
    pub(crate) fn peers(&self, of: FactId, each: &mut dyn FnMut(FactId)) {
        match self {
            Self::Not(inner) => inner.peers(of, each),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.peers(of, each));
            }
            Self::Compare(fact, _, Operand::Fact(other)) if *fact == of => each(*other),
            Self::Compare(fact, _, Operand::Fact(other)) if *other == of => each(*fact),
            _ => {}
        }
    }

    /// Every parameter and list it refers to.
    pub(crate) fn dated(&self, param: &mut dyn FnMut(usize), list: &mut dyn FnMut(usize)) {
        match self {
            Self::Not(inner) => inner.dated(param, list),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.dated(param, list));
            }
            Self::Compare(_, _, Operand::Param(place)) => param(*place),
            Self::InList(_, place) => list(*place),
            _ => {}
        }
    }

    /// Whether it refers to a parameter or a list.
    pub(crate) fn refers_to(&self, param: Option<usize>, list: Option<usize>) -> bool {
        let (mut has_param, mut has_list) = (false, false);
        self.dated(&mut |place| has_param |= Some(place) == param, &mut |place| {
            has_list |= Some(place) == list
        });
        has_param || has_list
    }

    /// Every fact that is compared with a parameter, and the parameter.
    pub(crate) fn thresholds(&self, each: &mut dyn FnMut(FactId, usize)) {
        match self {
            Self::Not(inner) => inner.thresholds(each),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.thresholds(each));
            }
            Self::Compare(fact, _, Operand::Param(place)) => each(*fact, *place),
            _ => {}
        }
    }

    /// As it is written in a pack.
    pub(crate) fn show(&self, dictionary: &Dictionary, names: &Names) -> String {
        let fact = |fact: &FactId| dictionary.fact(*fact).name.as_str();
        let text = |symbol: &Symbol| format!("{:?}", dictionary.symbols().text(*symbol));
        let inside = |part: &Self| match part {
            Self::All(_) | Self::Any(_) => format!("({})", part.show(dictionary, names)),
            part => part.show(dictionary, names),
        };
        let joined =
            |parts: &[Self], word: &str| parts.iter().map(inside).collect::<Vec<_>>().join(word);
        match self {
            Self::Always => "always".to_owned(),
            Self::Flag(id) => fact(id).to_owned(),
            Self::Not(inner) => format!("not {}", inside(inner)),
            Self::All(parts) => joined(parts, " and "),
            Self::Any(parts) => joined(parts, " or "),
            Self::Compare(id, order, operand) => {
                let sign = match order {
                    Order::Equal => "==",
                    Order::NotEqual => "!=",
                    Order::Less => "<",
                    Order::AtMost => "<=",
                    Order::More => ">",
                    Order::AtLeast => ">=",
                };
                let right = match operand {
                    Operand::Value(Value::Flag(flag)) => flag.to_string(),
                    Operand::Value(Value::Text(symbol)) => text(symbol),
                    Operand::Value(value) => dictionary.show(*value, &dictionary.nothing()),
                    Operand::Param(param) => format!("param.{}", names.params[*param].0),
                    Operand::Fact(other) => fact(other).to_owned(),
                };
                format!("{} {sign} {right}", fact(id))
            }
            Self::In(id, symbols) => {
                let words: Vec<String> = symbols.iter().map(text).collect();
                format!("{} in [{}]", fact(id), words.join(", "))
            }
            Self::InList(id, list) => format!("{} in list.{}", fact(id), names.lists[*list].0),
        }
    }
}

fn one_of(value: Option<Value>, symbols: Option<&Vec<Symbol>>) -> Truth {
    match (value, symbols) {
        (Some(Value::Text(symbol)), Some(symbols)) => Truth::of(symbols.contains(&symbol)),
        _ => Truth::Unknown,
    }
}

/// Whether a fact of this kind can be compared so with a value.
fn fits(kind: &Kind, order: Order, value: &Value) -> bool {
    let is_equality = matches!(order, Order::Equal | Order::NotEqual);
    match (kind, value) {
        (Kind::Count, Value::Count(_)) | (Kind::Day, Value::Day(_)) => true,
        (Kind::Flag, Value::Flag(_)) | (Kind::Area | Kind::OneOf(_), Value::Text(_)) => is_equality,
        _ => false,
    }
}
