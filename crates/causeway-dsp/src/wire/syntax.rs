//! Bytes to a JSON value within limits. One name twice in an object is refused: parsers disagree
//! on which of the two counts, and a contract must not depend on the parser. What names mean is
//! not here.

use std::cell::Cell;
use std::fmt;

use causeway_types::limits::{
    MESSAGE_BYTES_MAX, MESSAGE_DEPTH_MAX, MESSAGE_NODES_MAX, PEER_RESPONSE_BYTES_MAX,
    PEER_RESPONSE_NODES_MAX,
};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::{WireError, quoted};

/// How much is read at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) nodes: usize,
}

impl Limits {
    /// A message that a peer sends on its own.
    pub(super) const MESSAGE: Self = Self { bytes: MESSAGE_BYTES_MAX, nodes: MESSAGE_NODES_MAX };
    /// What a peer answers, up to a catalog page.
    pub(super) const ANSWER: Self =
        Self { bytes: PEER_RESPONSE_BYTES_MAX, nodes: PEER_RESPONSE_NODES_MAX };
}

/// Reads one JSON value. A byte order mark is skipped.
pub(super) fn parse_value(bytes: &[u8], limits: Limits) -> Result<Value, WireError> {
    if bytes.len() > limits.bytes {
        return Err(WireError::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let watch = Watch { nodes: Cell::new(0), limit: limits.nodes, broken: Cell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed { watch: &watch, depth: 0 }.deserialize(&mut deserializer);
    match value.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => Err(explain(&error, &watch)),
    }
}

fn explain(error: &serde_json::Error, watch: &Watch) -> WireError {
    let (line, column) = (error.line(), error.column());
    match watch.broken.take() {
        Some(Broken::Depth) => WireError::TooDeep { line, column },
        Some(Broken::Nodes) => WireError::TooMany { limit: watch.limit },
        Some(Broken::Twice(name)) => WireError::Syntax {
            line,
            column,
            problem: format!("found the name {} twice in one object", quoted(&name)),
        },
        None => {
            let text = error.to_string();
            let problem = text.split(" at line ").next().unwrap_or("not JSON").to_owned();
            WireError::Syntax { line, column, problem: format!("not JSON: {problem}") }
        }
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> WireError {
    let before = bytes.get(..valid).unwrap_or(bytes);
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    WireError::Syntax {
        line: before.iter().filter(|b| **b == b'\n').count() + 1,
        column: valid - line_start + 1,
        problem: "found a byte that is not UTF-8".to_owned(),
    }
}

/// What makes the reader stop before the text ends.
enum Broken {
    Depth,
    Nodes,
    Twice(String),
}

struct Watch {
    nodes: Cell<usize>,
    limit: usize,
    broken: Cell<Option<Broken>>,
}

impl Watch {
    fn stop<E: serde::de::Error>(&self, broken: Broken) -> E {
        self.broken.set(Some(broken));
        E::custom("limit")
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > self.limit { Err(self.stop(Broken::Nodes)) } else { Ok(()) }
    }
}

#[derive(Clone, Copy)]
struct Seed<'w> {
    watch: &'w Watch,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MESSAGE_DEPTH_MAX {
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
