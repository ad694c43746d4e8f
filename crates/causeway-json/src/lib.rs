//! The one reader of JSON that others send: bytes to a value within limits. One name twice in an
//! object is refused at every depth: parsers disagree on which of the two counts, and neither a
//! contract nor a token may depend on the parser. What names mean is not here, and there is no
//! writer.
//!
//! Half of a surrogate pair, a control character in a text, and whatever follows the value are
//! refused by `serde_json`; the tests hold it to that.

use std::cell::Cell;
use std::fmt;

use causeway_types::limits::{
    API_BODY_BYTES_MAX, JSON_NUMBER_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_DEPTH_MAX,
    MESSAGE_NODES_MAX, PEER_RESPONSE_BYTES_MAX, PEER_RESPONSE_NODES_MAX,
};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How much is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Levels of arrays and objects.
    pub depth: usize,
    /// Members of all arrays and objects together.
    pub nodes: usize,
}

impl Limits {
    /// A message that a peer sends on its own.
    pub const MESSAGE: Self =
        Self { bytes: MESSAGE_BYTES_MAX, depth: MESSAGE_DEPTH_MAX, nodes: MESSAGE_NODES_MAX };
    /// What a peer answers, up to a catalog page.
    pub const ANSWER: Self = Self {
        bytes: PEER_RESPONSE_BYTES_MAX,
        depth: MESSAGE_DEPTH_MAX,
        nodes: PEER_RESPONSE_NODES_MAX,
    };
    /// A body of the management API. It may hold as many members as its bytes have room for.
    pub const API_BODY: Self =
        Self { bytes: API_BODY_BYTES_MAX, depth: MESSAGE_DEPTH_MAX, nodes: API_BODY_BYTES_MAX };
}

/// Why bytes are not taken as JSON. Every text may be shown to whoever sent them: it quotes at most
/// the beginning of a member's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is bounded.
    #[error("found {found} bytes, expected at most {limit}")]
    TooLarge {
        /// How many bytes there are.
        found: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Not UTF-8, not JSON, one name twice in an object, or an endless number.
    #[error("line {line}, column {column}: {problem}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1; 0 at the start of a line.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Nesting is bounded.
    #[error("line {line}, column {column}: found deeper nesting than {limit} levels")]
    TooDeep {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
        /// How many levels are allowed.
        limit: usize,
    },
    /// Members are bounded.
    #[error("found more than {limit} members of arrays and objects")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
    /// Strict JSON, but not what was expected.
    #[error("{problem}")]
    Shape {
        /// What is wrong, and where.
        problem: String,
    },
}

/// Reads one JSON value. A byte order mark is skipped.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    let text = text_of(bytes, limits)?;
    let watch = Watch { nodes: Cell::new(0), limits, broken: Cell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed { watch: &watch, depth: 0 }.deserialize(&mut deserializer);
    value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| explain(&error, &watch))
}

/// Reads a value of a type, under the same rules. The text is read twice, so that the place of
/// what does not fit the type is told.
pub fn read<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, JsonError> {
    parse(bytes, limits)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| JsonError::Shape { problem: error.to_string() })
}

/// Reads one object.
pub fn parse_object(bytes: &[u8], limits: Limits) -> Result<Map<String, Value>, JsonError> {
    match parse(bytes, limits)? {
        Value::Object(members) => Ok(members),
        other => {
            let problem = format!("found {}, expected an object", kind(&other));
            Err(JsonError::Syntax { line: 1, column: 1, problem })
        }
    }
}

/// What a JSON value is, for error texts.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn text_of(bytes: &[u8], limits: Limits) -> Result<&str, JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    let syntax = |at: usize, problem: String| {
        let before = bytes.get(..at).unwrap_or(bytes);
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        JsonError::Syntax { line, column: at - line_start + 1, problem }
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        syntax(error.valid_up_to(), "found a byte that is not UTF-8".to_owned())
    })?;
    if let Some(at) = endless_number(bytes) {
        let problem = format!("found a number of more than {JSON_NUMBER_BYTES_MAX} characters");
        return Err(syntax(at, problem));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Where a number begins that is longer than anybody means it. Such a number has a character at
/// one of a few fixed places, so most texts are hardly looked at.
fn endless_number(bytes: &[u8]) -> Option<usize> {
    let is_number = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let is_suspect = bytes.iter().step_by(JSON_NUMBER_BYTES_MAX).any(is_number)
        && bytes.split(|b| !is_number(b)).any(|run| run.len() > JSON_NUMBER_BYTES_MAX);
    if !is_suspect {
        return None;
    }
    // Texts may hold as many digits as they like, so now they are told apart.
    let (mut in_text, mut is_escaped, mut length) = (false, false, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match (in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => (in_text, length) = (!in_text, 0),
            (false, byte) if is_number(byte) => length += 1,
            _ => length = 0,
        }
        if length > JSON_NUMBER_BYTES_MAX {
            return Some(at + 1 - length);
        }
    }
    None
}

fn explain(error: &serde_json::Error, watch: &Watch) -> JsonError {
    let (line, column) = (error.line(), error.column());
    match watch.broken.take() {
        Some(Broken::Depth) => JsonError::TooDeep { line, column, limit: watch.limits.depth },
        Some(Broken::Nodes) => JsonError::TooMany { limit: watch.limits.nodes },
        Some(Broken::Twice(name)) => {
            let problem = format!("found the name {} twice in one object", quoted(&name));
            JsonError::Syntax { line, column, problem }
        }
        None => {
            let text = error.to_string();
            let problem = text.split(" at line ").next().unwrap_or("not JSON");
            JsonError::Syntax { line, column, problem: format!("not JSON: {problem}") }
        }
    }
}

/// A piece of the sender's text, in quotes, escaped and cut to a printable length.
pub fn quoted(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(CHARACTERS_MAX).collect();
    let dots = if characters.next().is_some() { "…" } else { "" };
    format!("\"{}{dots}\"", start.escape_debug())
}

/// What makes the reader stop before the text ends.
enum Broken {
    Depth,
    Nodes,
    Twice(String),
}

struct Watch {
    nodes: Cell<usize>,
    limits: Limits,
    broken: Cell<Option<Broken>>,
}

impl Watch {
    fn stop<E: serde::de::Error>(&self, broken: Broken) -> E {
        self.broken.set(Some(broken));
        E::custom("limit")
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        self.nodes.set(self.nodes.get() + 1);
        let is_within = self.nodes.get() <= self.limits.nodes;
        if is_within { Ok(()) } else { Err(self.stop(Broken::Nodes)) }
    }
}

#[derive(Clone, Copy)]
struct Seed<'w> {
    watch: &'w Watch,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == self.watch.limits.depth {
            return Err(self.watch.stop(Broken::Depth));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            self.watch.count()?;
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.watch.count()?;
            if object.contains_key(&name) {
                return Err(self.watch.stop(Broken::Twice(name)));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
