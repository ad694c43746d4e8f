//! Reading a condition. Every name in it is checked against the dictionary and the pack, so that
//! what was read can always be evaluated.

use super::{Expression, Names, Operand, Order, fits};
use crate::facts::{Dictionary, FactId, Kind, Symbol, Value, is_area};

/// Deepest nesting of a condition.
const DEPTH_MAX: usize = 32;
/// Longest condition, in bytes.
const BYTES_MAX: usize = 8 * 1024;

/// Why a condition cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    /// Where, in bytes from the start of the condition.
    pub(crate) at: usize,
    /// What was found and what was expected.
    pub(crate) reason: String,
    /// What to do about it.
    pub(crate) help: Option<&'static str>,
}

/// Where the names come from that a condition may use.
const HELP_FACTS: &str = "every fact is listed by: causeway law facts";
const HELP_PARAMS: &str = "define it as a [[param]] with key, value, from and cite";
const HELP_LISTS: &str = "define it as a [[list]] with key, members, from and cite";

impl ParseError {
    fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
}

/// Reads a condition.
pub(crate) fn parse(
    text: &str,
    dictionary: &mut Dictionary,
    names: &Names,
) -> Result<Expression, ParseError> {
    if text.len() > BYTES_MAX {
        let reason = format!("found {} bytes, expected at most {BYTES_MAX}", text.len());
        return Err(ParseError { at: 0, reason, help: None });
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, next: 0, end: text.len(), dictionary, names };
    let expression = parser.any(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.unexpected("and, or, or the end")),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word: a name, a keyword, a number or a day.
    Word(String),
    /// A text in quotes.
    Quoted(String),
    /// A sign.
    Sign(&'static str),
}

const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","];

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push((at, Token::Sign(sign)));
            at += sign.len();
        } else if first == '"' {
            let Some(length) = rest[1..].find('"') else {
                let reason = "found a text without its closing quote".to_owned();
                return Err(ParseError { at, reason, help: None });
            };
            tokens.push((at, Token::Quoted(rest[1..=length].to_owned())));
            at += length + 2;
        } else {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            if length == 0 {
                let reason = format!("found {first:?}, expected a name");
                return Err(ParseError { at, reason, help: None });
            }
            tokens.push((at, Token::Word(rest[..length].to_owned())));
            at += length;
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    dictionary: &'a mut Dictionary,
    names: &'a Names,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn error(&self, reason: String) -> ParseError {
        ParseError { at: self.at(), reason, help: None }
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Word(word)) => word.clone(),
            Some(Token::Quoted(text)) => format!("{text:?}"),
            Some(Token::Sign(sign)) => (*sign).to_owned(),
        };
        self.error(format!("found {found}, expected {expected}"))
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.next += usize::from(is_there);
        is_there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn any(&mut self, depth: usize) -> Result<Expression, ParseError> {
        let first = self.all(depth)?;
        let mut parts = vec![first];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(single(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, ParseError> {
        let first = self.not(depth)?;
        let mut parts = vec![first];
        while self.takes_word("and") {
            parts.push(self.not(depth)?);
        }
        Ok(single(parts, Expression::All))
    }

    fn not(&mut self, depth: usize) -> Result<Expression, ParseError> {
        if depth > DEPTH_MAX {
            return Err(self.error(format!("found more than {DEPTH_MAX} levels")));
        }
        if self.takes_word("not") {
            return Ok(Expression::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.takes(&Token::Sign("(")) {
            let inner = self.any(depth + 1)?;
            return match self.takes(&Token::Sign(")")) {
                true => Ok(inner),
                false => Err(self.unexpected("and, or, or )")),
            };
        }
        if self.takes_word("always") {
            return Ok(Expression::Always);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, ParseError> {
        let id = self.fact()?;
        if self.takes_word("in") {
            return self.membership(id);
        }
        let order = match self.peek() {
            Some(Token::Sign("==")) => Order::Equal,
            Some(Token::Sign("!=")) => Order::NotEqual,
            Some(Token::Sign("<")) => Order::Less,
            Some(Token::Sign("<=")) => Order::AtMost,
            Some(Token::Sign(">")) => Order::More,
            Some(Token::Sign(">=")) => Order::AtLeast,
            _ => {
                let fact = self.dictionary.fact(id);
                return match fact.kind {
                    Kind::Flag => Ok(Expression::Flag(id)),
                    _ => Err(self.unexpected(&format!("a comparison of {}", fact.name))),
                };
            }
        };
        self.next += 1;
        let place = self.next;
        let operand = self.operand(id)?;
        let kind = &self.dictionary.fact(id).kind;
        let is_fine = match &operand {
            Operand::Value(value) => fits(kind, order, value),
            Operand::Param(_) => *kind == Kind::Count,
            Operand::Fact(other) => {
                let is_equality = matches!(order, Order::Equal | Order::NotEqual);
                *kind == self.dictionary.fact(*other).kind && is_equality
            }
        };
        if is_fine {
            return Ok(Expression::Compare(id, order, operand));
        }
        self.next = place;
        Err(self.unexpected(&format!("something {} can be compared with so", self.name(id))))
    }

    fn name(&self, id: FactId) -> String {
        self.dictionary.fact(id).name.clone()
    }

    fn fact(&mut self) -> Result<FactId, ParseError> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return Err(self.unexpected("a fact"));
        };
        let id = self.dictionary.named(&word);
        let id = id.map_err(|error| self.error(error.to_string()).help(HELP_FACTS))?;
        self.next += 1;
        Ok(id)
    }

    fn membership(&mut self, id: FactId) -> Result<Expression, ParseError> {
        if let Some(Token::Word(word)) = self.peek().cloned() {
            let name = word.strip_prefix("list.").unwrap_or_default();
            let list = self.names.lists.iter().position(|(known, _)| known == name);
            let list = list.ok_or_else(|| {
                self.unexpected("a list of this pack, as list.NAME").help(HELP_LISTS)
            })?;
            self.next += 1;
            return Ok(Expression::InList(id, list));
        }
        if !self.takes(&Token::Sign("[")) {
            return Err(self.unexpected("list.NAME or [\"…\", …]"));
        }
        let mut symbols = Vec::new();
        loop {
            symbols.push(self.symbol(id)?);
            if self.takes(&Token::Sign("]")) {
                return Ok(Expression::In(id, symbols));
            }
            if !self.takes(&Token::Sign(",")) {
                return Err(self.unexpected(", or ]"));
            }
        }
    }

    /// A word that the fact can be.
    fn symbol(&mut self, id: FactId) -> Result<Symbol, ParseError> {
        let Some(Token::Quoted(text)) = self.peek().cloned() else {
            return Err(self.unexpected("a text in quotes"));
        };
        let symbol = match &self.dictionary.fact(id).kind {
            Kind::OneOf(values) => {
                self.dictionary.symbols().find(&text).filter(|symbol| values.contains(symbol))
            }
            Kind::Area if is_area(&text) => Some(self.dictionary.symbols_mut().intern(&text)),
            _ => None,
        };
        let expected = || format!("something that {} can be", self.name(id));
        let symbol = symbol.ok_or_else(|| self.unexpected(&expected()))?;
        self.next += 1;
        Ok(symbol)
    }

    fn operand(&mut self, id: FactId) -> Result<Operand, ParseError> {
        let word = match self.peek().cloned() {
            Some(Token::Quoted(_)) => return Ok(Operand::Value(Value::Text(self.symbol(id)?))),
            Some(Token::Word(word)) => word,
            _ => return Err(self.unexpected("a number, a day, a text, a parameter or a fact")),
        };
        let digits = word.replace('_', "");
        let operand = if let Some(name) = word.strip_prefix("param.") {
            let param = self.names.params.iter().position(|(known, _)| known == name);
            Operand::Param(
                param
                    .ok_or_else(|| self.unexpected("a parameter of this pack").help(HELP_PARAMS))?,
            )
        } else if let Ok(count) = digits.parse() {
            Operand::Value(Value::Count(count))
        } else if let Ok(day) = word.parse() {
            Operand::Value(Value::Day(day))
        } else if let "true" | "false" = word.as_str() {
            Operand::Value(Value::Flag(word == "true"))
        } else {
            return self.fact().map(Operand::Fact);
        };
        self.next += 1;
        Ok(operand)
    }
}

fn single(
    mut parts: Vec<Expression>,
    joined: impl Fn(Vec<Expression>) -> Expression,
) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => joined(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Dated, Period};
    use crate::outcome::Truth;
    use serde_json::{Value as Json, json};

    fn names(dictionary: &mut Dictionary) -> Names {
        let from = jiff::civil::date(2024, 3, 22);
        let until = Some(jiff::civil::date(2026, 1, 1));
        let kenya = dictionary.symbols_mut().intern("KE");
        Names {
            params: vec![(
                "low".to_owned(),
                Dated {
                    entries: vec![
                        Period { from, until, value: 100, cite: Vec::new(), line: 1 },
                        Period {
                            from: jiff::civil::date(2026, 1, 1),
                            until: None,
                            value: 200,
                            cite: Vec::new(),
                            line: 1,
                        },
                    ],
                },
            )],
            lists: vec![(
                "east".to_owned(),
                Dated {
                    entries: vec![Period {
                        from,
                        until: None,
                        value: vec![kenya],
                        cite: Vec::new(),
                        line: 1,
                    }],
                },
            )],
        }
    }

    fn dictionary() -> Dictionary {
        let fact = |name: &str, kind: &str| {
            let values = if kind == "one-of" { "values = [\"care\", \"trade\"]" } else { "" };
            format!("[[fact]]\nname = \"{name}\"\nkind = \"{kind}\"\n{values}\nquestion = \"?\"\n")
        };
        let facts = [
            ("a.area", "area"),
            ("b.area", "area"),
            ("personal", "flag"),
            ("n", "count"),
            ("since", "day"),
            ("purpose", "one-of"),
        ];
        Dictionary::read(&facts.map(|(name, kind)| fact(name, kind)).join("\n")).unwrap()
    }

    fn truth(text: &str, facts: Json, day: &str) -> Truth {
        let mut dictionary = dictionary();
        let names = names(&mut dictionary);
        let expression = parse(text, &mut dictionary, &names);
        let expression = expression.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let facts = dictionary.read_facts(facts.as_object().unwrap()).unwrap();
        // What is shown reads as the same condition again.
        let shown = expression.show(&dictionary, &names);
        let again = parse(&shown, &mut dictionary, &names);
        assert_eq!(again.unwrap().show(&dictionary, &names), shown);
        expression.truth(&facts, &names, day.parse().unwrap())
    }

    #[test]
    fn a_condition_holds_fails_or_is_unknown() {
        use Truth::{False, True, Unknown};
        let check = |text: &str, facts: Json, expected: Truth| {
            assert_eq!(truth(text, facts.clone(), "2025-06-01"), expected, "{text} {facts}");
        };
        check("always", json!({}), True);
        check("personal", json!({}), Unknown);
        check("not personal", json!({ "personal": false }), True);
        check("personal and n < 5", json!({ "personal": false }), False);
        check("personal and n < 5", json!({ "personal": true }), Unknown);
        check("n < 5 or personal", json!({ "personal": true }), True);
        check("n >= param.low", json!({ "n": 100 }), True);
        check("n >= param.low", json!({ "n": 99 }), False);
        check("n == 1_000_000", json!({ "n": 1_000_000 }), True);
        check("a.area in list.east", json!({ "a.area": "KE" }), True);
        check("a.area in list.east", json!({ "a.area": "XX" }), False);
        check("a.area in [\"KE\", \"TZ\"]", json!({ "a.area": "TZ" }), True);
        check("a.area == b.area", json!({ "a.area": "XX", "b.area": "XX" }), True);
        check("a.area == b.area", json!({ "a.area": "XX", "b.area": "XY" }), False);
        check("a.area != b.area", json!({ "a.area": "XX" }), Unknown);
        check("purpose == \"care\"", json!({ "purpose": "trade" }), False);
        check("since < 2025-01-01", json!({ "since": "2024-12-31" }), True);
        check("personal == false", json!({ "personal": false }), True);
        check(
            "not (personal or n > 3) and not not always",
            json!({ "personal": false, "n": 3 }),
            True,
        );
    }

    #[test]
    fn a_parameter_has_the_value_of_the_day() {
        let facts = json!({ "n": 150 });
        let check = |day: &str, expected: Truth| {
            assert_eq!(truth("n >= param.low", facts.clone(), day), expected, "{day}");
        };
        check("2024-03-21", Truth::Unknown);
        check("2024-03-22", Truth::True);
        check("2025-12-31", Truth::True);
        check("2026-01-01", Truth::False);
        assert_eq!(
            truth("a.area in list.east", json!({ "a.area": "KE" }), "2024-03-21"),
            Truth::Unknown
        );
    }

    #[test]
    fn what_is_no_condition_is_refused_with_its_place() {
        let mut dictionary = dictionary();
        let names = names(&mut dictionary);
        let mut check = |text: &str, at: usize, reason: &str| {
            let error = parse(text, &mut dictionary, &names).unwrap_err();
            assert_eq!((error.at, error.reason.as_str()), (at, reason), "{text}");
        };
        check("", 0, "found the end, expected a fact");
        check("personl", 0, "there is no fact \"personl\"; did you mean personal?");
        check("personal personal", 9, "found personal, expected and, or, or the end");
        check("(personal", 9, "found the end, expected and, or, or )");
        check("n", 1, "found the end, expected a comparison of n");
        check("n < \"five\"", 4, "found \"five\", expected something that n can be");
        check(
            "n < 2025-01-01",
            4,
            "found 2025-01-01, expected something n can be compared with so",
        );
        check(
            "personal < true",
            11,
            "found true, expected something personal can be compared with so",
        );
        check("n < param.high", 4, "found param.high, expected a parameter of this pack");
        check(
            "a.area in list.west",
            10,
            "found list.west, expected a list of this pack, as list.NAME",
        );
        check(
            "a.area in [\"Kenya\"]",
            11,
            "found \"Kenya\", expected something that a.area can be",
        );
        check("purpose == \"fun\"", 11, "found \"fun\", expected something that purpose can be");
        check("a.area == \"KE", 10, "found a text without its closing quote");
        check("n < -1", 4, "there is no fact \"-1\"");
        check("n ; n", 2, "found ';', expected a name");
        check("n < n", 4, "found n, expected something n can be compared with so");
        let deep = "not ".repeat(40) + "personal";
        let error = parse(&deep, &mut dictionary, &names).unwrap_err();
        assert_eq!(error.reason, "found more than 32 levels");
        let deep = "(".repeat(100_000);
        assert!(parse(&deep, &mut dictionary, &names).is_err());
        let deep = "(".repeat(4_000);
        assert_eq!(
            parse(&deep, &mut dictionary, &names).unwrap_err().reason,
            "found more than 32 levels"
        );
    }
}
