//! A condition in words: each question of the dictionary with the answer that the condition asks
//! for, grouped as the condition groups them. For people who do not read conditions.

use jiff::civil::Date;

use super::{Dated, Expression, Names, Operand, Order};
use crate::decision::grouped;
use crate::facts::{Dictionary, FactId, Kind, Symbol, Value};
use crate::words::{Telling, messages};

/// A condition in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// A question with its answer.
    Line(String),
    /// A heading with what stands under it.
    Group(String, Vec<Self>),
}

/// Where words come from.
pub(crate) struct Speaker<'s> {
    pub(crate) tell: &'s Telling<'s>,
    pub(crate) dictionary: &'s Dictionary,
    pub(crate) names: &'s Names,
}

impl Speaker<'_> {
    /// The words for a condition.
    pub(crate) fn speak(&self, expression: &Expression) -> Spoken {
        let group = |heading: crate::words::Message<'_>, parts: &[Expression]| {
            Spoken::Group(self.tell.say(heading), parts.iter().map(|p| self.speak(p)).collect())
        };
        match expression {
            Expression::Always => Spoken::Line(self.tell.say(messages::condition_always())),
            Expression::Flag(fact) => self.answer(*fact, self.tell.say(messages::value_yes())),
            Expression::All(parts) => group(messages::condition_all(), parts),
            Expression::Any(parts) => group(messages::condition_any(), parts),
            Expression::Compare(fact, order, operand) => {
                self.answer(*fact, self.comparison(*fact, *order, operand))
            }
            Expression::In(fact, symbols) => {
                let words = self.symbols(symbols);
                self.answer(*fact, self.tell.say(messages::answer_one_of(words)))
            }
            Expression::InList(fact, list) => {
                let words = self.dated(&self.names.lists[*list].1, |m| self.symbols(m));
                self.answer(*fact, self.tell.say(messages::answer_one_of(words)))
            }
            Expression::Not(inner) => self.negation(inner),
        }
    }

    fn negation(&self, inner: &Expression) -> Spoken {
        match inner {
            Expression::Flag(fact) => self.answer(*fact, self.tell.say(messages::value_no())),
            Expression::In(fact, symbols) => {
                let words = self.symbols(symbols);
                self.answer(*fact, self.tell.say(messages::answer_none_of(words)))
            }
            Expression::InList(fact, list) => {
                let words = self.dated(&self.names.lists[*list].1, |m| self.symbols(m));
                self.answer(*fact, self.tell.say(messages::answer_none_of(words)))
            }
            other => {
                let heading = self.tell.say(messages::condition_not());
                Spoken::Group(heading, vec![self.speak(other)])
            }
        }
    }

    fn answer(&self, fact: FactId, answer: String) -> Spoken {
        let question = self.tell.question(self.dictionary.fact(fact));
        Spoken::Line(self.tell.say(messages::condition_answer(question, answer)))
    }

    fn comparison(&self, fact: FactId, order: Order, operand: &Operand) -> String {
        let value = match operand {
            Operand::Value(Value::Flag(true)) => self.tell.say(messages::value_yes()),
            Operand::Value(Value::Flag(false)) => self.tell.say(messages::value_no()),
            Operand::Value(Value::Count(count)) => grouped(*count),
            Operand::Value(Value::Day(day)) => day.to_string(),
            Operand::Value(Value::Text(symbol)) => self.symbols(&[*symbol]),
            Operand::Param(param) => {
                self.dated(&self.names.params[*param].1, |count| grouped(*count))
            }
            Operand::Fact(other) => {
                let question = self.tell.question(self.dictionary.fact(*other));
                self.tell.say(messages::value_of_fact(question))
            }
        };
        let is_day = self.dictionary.fact(fact).kind == Kind::Day;
        self.tell.say(match (order, is_day) {
            (Order::Equal, _) => messages::answer_equal(value),
            (Order::NotEqual, _) => messages::answer_not_equal(value),
            (Order::Less, false) => messages::answer_less(value),
            (Order::AtMost, false) => messages::answer_at_most(value),
            (Order::More, false) => messages::answer_more(value),
            (Order::AtLeast, false) => messages::answer_at_least(value),
            (Order::Less, true) => messages::answer_before(value),
            (Order::AtMost, true) => messages::answer_until(value),
            (Order::More, true) => messages::answer_after(value),
            (Order::AtLeast, true) => messages::answer_since(value),
        })
    }

    fn symbols(&self, symbols: &[Symbol]) -> String {
        let words = symbols.iter().map(|symbol| self.dictionary.symbols().text(*symbol));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Something with the time during which it is so.
    fn dated<T>(&self, dated: &Dated<T>, show: impl Fn(&T) -> String) -> String {
        let periods = dated.entries.iter().map(|period| {
            let (value, from) = (show(&period.value), period.from.to_string());
            self.tell.say(match period.until {
                None => messages::value_since(value, from),
                Some(until) => messages::value_between(value, from, Date::to_string(&until)),
            })
        });
        periods.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::words::{Language, Words};

    fn check(rule: &str, expected: &[&str]) {
        let engine = Engine::shipped().unwrap();
        let words = Words::of(Language::English);
        let tell = Telling::new(&words);
        let pack = engine.packs().iter().find(|p| p.rules.iter().any(|r| r.id == rule)).unwrap();
        let found = pack.rules.iter().find(|known| known.id == rule).unwrap();
        let speaker = Speaker { tell: &tell, dictionary: engine.dictionary(), names: &pack.names };
        let mut lines = Vec::new();
        flatten(&speaker.speak(&found.when), 0, &mut lines);
        assert_eq!(lines, expected);
    }

    fn flatten(spoken: &Spoken, depth: usize, lines: &mut Vec<String>) {
        match spoken {
            Spoken::Line(text) => lines.push(format!("{}{text}", " ".repeat(depth))),
            Spoken::Group(heading, parts) => {
                lines.push(format!("{}{heading}", " ".repeat(depth)));
                parts.iter().for_each(|part| flatten(part, depth + 1, lines));
            }
        }
    }

    #[test]
    fn a_condition_is_told_as_questions_with_answers() {
        check(
            "cn.p24.8",
            &[
                "all of these:",
                " Is any of it about living people who are or can be identified? — yes",
                " Is the exporter an operator of critical information infrastructure under Chinese \
                 law? — no",
                " About how many people has the exporter sent ordinary personal information abroad \
                 since 1 January, this crossing included? — fewer than 1\u{a0}000\u{a0}000 (since \
                 2024-03-22)",
                " About how many people has it sent sensitive personal information abroad since 1 \
                 January, this crossing included? — fewer than 10\u{a0}000 (since 2024-03-22)",
                " at least one of these:",
                "  About how many people has the exporter sent ordinary personal information \
                 abroad since 1 January, this crossing included? — 100\u{a0}000 (since 2024-03-22) \
                 or more",
                "  About how many people has it sent sensitive personal information abroad since \
                 1 January, this crossing included? — 1 or more",
            ],
        );
    }
}
