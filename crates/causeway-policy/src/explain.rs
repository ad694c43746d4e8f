//! A policy in words, English ones, for whoever has to sign it. Every rule, condition and property
//! is told, also what is not understood; whether it holds is the evaluator's business.

use crate::model::{
    Atomic, Constraint, Logical, LogicalOperator, Operand, Operator, Parts, Policy, RightOperand,
    Rule,
};
use crate::terms::{Term, is_bidi_control};

/// The policy as lines of text, the deeper ones indented by two spaces a level.
pub fn explain(policy: &Policy) -> Vec<String> {
    let mut words = Words(Vec::new());
    for rule in &policy.permissions {
        words.rule(0, "It is permitted to", rule, "if");
    }
    for rule in &policy.prohibitions {
        words.rule(0, "It is forbidden to", rule, "if");
    }
    for rule in &policy.obligations {
        words.rule(0, "Whoever agrees has to", rule, "as soon as");
    }
    if policy.permissions.is_empty() {
        words.line(0, "Nothing is permitted.".to_owned());
    }
    words.0
}

struct Words(Vec<String>);

impl Words {
    fn rule(&mut self, level: usize, verb: &str, rule: &Rule, condition: &str) {
        let action = format!("{verb} {}", action(&rule.action));
        let conditions = rule.refinements.len() + rule.constraints.len();
        let rest = rule.parts.len() + rule.duties.len();
        let end = match (conditions, rest) {
            (0, 0) => ", without conditions.".to_owned(),
            (0, _) => ":".to_owned(),
            (1, _) => format!(" {condition}"),
            _ => format!(" {condition} all of these hold:"),
        };
        self.line(level, format!("{action}{end}"));
        for constraint in rule.refinements.iter().chain(&rule.constraints) {
            self.constraint(level + 1, constraint);
        }
        self.parts(level + 1, &rule.parts);
        for duty in &rule.duties {
            self.rule(level + 1, "with the duty to", duty, "as soon as");
        }
    }

    fn constraint(&mut self, level: usize, constraint: &Constraint) {
        match constraint {
            Constraint::Atomic(atomic) => {
                self.line(level, format!("- {}", comparison(atomic)));
                self.parts(level + 1, &atomic.parts);
            }
            Constraint::Logical(logical) => self.logical(level, logical),
        }
    }

    fn logical(&mut self, level: usize, logical: &Logical) {
        let words = match logical.operator {
            LogicalOperator::And => "all of these hold:",
            LogicalOperator::AndSequence => "all of these hold, one after the other:",
            LogicalOperator::Or => "at least one of these holds:",
            LogicalOperator::Xone => "exactly one of these holds:",
        };
        self.line(level, format!("- {words}"));
        for operand in logical.operands.as_slice() {
            self.constraint(level + 1, operand);
        }
        self.parts(level + 1, &logical.parts);
    }

    fn parts(&mut self, level: usize, parts: &Parts) {
        for (name, value) in parts {
            let value = value.value().to_string();
            self.line(level, format!("({name}: {})", shortened(&value)));
        }
    }

    fn line(&mut self, level: usize, text: String) {
        self.0.push(format!("{}{text}", "  ".repeat(level)));
    }
}

fn action(term: &Term) -> String {
    match term.odrl_name() {
        Some("use") => "use the data".to_owned(),
        Some("transfer") => "hand the data over for good".to_owned(),
        Some("read") => "read the data".to_owned(),
        Some("distribute") => "pass the data on".to_owned(),
        Some("delete") => "delete the data".to_owned(),
        Some("anonymize") => "anonymise the data".to_owned(),
        Some("inform") => "inform somebody".to_owned(),
        Some("nextPolicy") => "pass the policy on with the data".to_owned(),
        Some("compensate") => "pay".to_owned(),
        Some("obtainConsent") => "obtain consent".to_owned(),
        _ => format!("do {term}"),
    }
}

/// What a left operand is called, and whether it is a time, which other words go with.
fn subject(term: &Term) -> (String, bool) {
    let words = match term.odrl_name() {
        Some("dateTime") => return ("the time".to_owned(), true),
        Some("purpose") => "the purpose",
        Some("recipient") => "the recipient",
        Some("spatial") => "the place of use",
        Some("count") => "the number of uses",
        Some("event") => "the event",
        Some("elapsedTime") => "the time that has passed",
        Some("delayPeriod") => "the time to wait",
        Some("timeInterval") => "the time between two occasions",
        Some("payAmount") => "the amount that was paid",
        Some("industry") => "the industry",
        Some("language") => "the language",
        Some("fileFormat") => "the format",
        _ => return (term.to_string(), false),
    };
    (words.to_owned(), false)
}

fn comparison(atomic: &Atomic) -> String {
    let (subject, is_time) = subject(&atomic.left);
    let words = match (atomic.operator, is_time) {
        (Operator::Eq, _) => "is",
        (Operator::Neq, _) => "is not",
        (Operator::Lt, true) => "is before",
        (Operator::Lteq, true) => "is not after",
        (Operator::Gt, true) => "is after",
        (Operator::Gteq, true) => "is not before",
        (Operator::Lt, false) => "is less than",
        (Operator::Lteq, false) => "is at most",
        (Operator::Gt, false) => "is more than",
        (Operator::Gteq, false) => "is at least",
        (Operator::HasPart, _) => "contains",
        (Operator::IsA, _) => "is a kind of",
        (Operator::IsAllOf, _) => "is all of",
        (Operator::IsAnyOf, _) => "is one of",
        (Operator::IsNoneOf, _) => "is none of",
        (Operator::IsPartOf, _) => "lies in",
    };
    format!("{subject} {words} {}", values(&atomic.right))
}

fn values(right: &RightOperand) -> String {
    let values: Vec<String> = right.values().iter().map(value).collect();
    values.join(", ")
}

fn value(operand: &Operand) -> String {
    match operand {
        Operand::Text(text) => shortened(text),
        Operand::Reference(term) => term.to_string(),
        Operand::Number(number) => number.to_string(),
        Operand::Boolean(value) => if *value { "yes" } else { "no" }.to_owned(),
        Operand::Literal(literal) => shortened(literal.text()),
        Operand::Verbatim(verbatim) => {
            format!("{} (not understood)", shortened(&verbatim.value().to_string()))
        }
    }
}

/// A text of the policy's author, cut, and without what could forge lines or turn them round.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 200;
    let is_harmful = |c: char| c.is_control() || is_bidi_control(c);
    let harmless = |c: char| if is_harmful(c) { char::REPLACEMENT_CHARACTER } else { c };
    let mut short: String = text.chars().take(SHOWN_CHARS_MAX).map(harmless).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}
