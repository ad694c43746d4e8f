//! A message that was read as JSON and whose `@context` is understood. What it says is for the
//! readers of each kind of message.

use std::fmt;

use causeway_policy::Contexts;
use serde_json::{Map, Value};

use super::error::WireError;
use super::fields::{Node, kind};
use super::syntax::{Limits, parse_value};
use super::terms::DSPACE;

/// A message as it came in. It may hold secrets of a data address, so `Debug` shows nothing.
pub struct Document {
    object: Map<String, Value>,
    contexts: Contexts,
}

/// Reads a message that a peer sent: at most `MESSAGE_BYTES_MAX` bytes, `MESSAGE_DEPTH_MAX`
/// levels, `MESSAGE_NODES_MAX` members.
pub fn parse(bytes: &[u8]) -> Result<Document, WireError> {
    Document::new(parse_value(bytes, Limits::MESSAGE)?)
}

/// Reads what a peer answered to a request of ours, such as a catalog page: at most
/// `PEER_RESPONSE_BYTES_MAX` bytes, `MESSAGE_DEPTH_MAX` levels, `PEER_RESPONSE_NODES_MAX` members.
pub fn parse_answer(bytes: &[u8]) -> Result<Document, WireError> {
    Document::new(parse_value(bytes, Limits::ANSWER)?)
}

impl Document {
    fn new(value: Value) -> Result<Self, WireError> {
        let object = match value {
            Value::Object(object) => object,
            Value::Array(mut items) if items.len() == 1 => match items.pop() {
                Some(Value::Object(object)) => object,
                _ => return Err(WireError::found("", "an array", "an object")),
            },
            other => return Err(WireError::found("", kind(&other), "an object")),
        };
        check_version(&object)?;
        let contexts = Contexts::read(object.get("@context"))?;
        Ok(Self { object, contexts })
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node::new(&self.object, &self.contexts, String::new())
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}

/// Refuses an object whose context is that of another version of the protocol.
pub(super) fn check_version(object: &Map<String, Value>) -> Result<(), WireError> {
    match object.get("@context").and_then(other_version) {
        Some(found) => Err(WireError::OtherVersion { found: found.chars().take(80).collect() }),
        None => Ok(()),
    }
}

/// A context or inline prefix in the namespace of the Dataspace Protocol, but not of 2025-1.
fn other_version(context: &Value) -> Option<&str> {
    match context {
        Value::String(url) => {
            let path = url.split_once("://w3id.org/dspace/")?.1;
            (!url.starts_with(DSPACE) && !path.is_empty()).then_some(url.as_str())
        }
        Value::Array(entries) => entries.iter().find_map(other_version),
        Value::Object(inline) => {
            inline.values().filter(|value| value.is_string()).find_map(other_version)
        }
        _ => None,
    }
}
