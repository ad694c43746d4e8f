//! Typed access to the properties of an object of a message. Looseness of spelling ends here:
//! names may be short, prefixed or full, values may be bare or wrapped as JSON-LD does, one or
//! many. Which properties a message must have is for its reader.

use std::str::FromStr;

use causeway_json::{Limits, kind, quoted};
use causeway_types::IdError;
use causeway_types::limits::{
    CLAIMS_MESSAGE_BYTES_MAX, CLAIMS_MESSAGE_DEPTH_MAX, CLAIMS_MESSAGE_NODES_MAX,
};
use serde_json::{Map, Value};

use super::error::MessageProblem;
use super::{CONTEXT, Kind, NAMESPACE};

/// Where the terms of credentials live.
const CREDENTIALS: &str = "https://www.w3.org/2018/credentials#";
/// Where every version of the protocol has its namespace.
const FAMILY: &str = "https://w3id.org/dspace-dcp/";
const LIMITS: Limits = Limits {
    bytes: CLAIMS_MESSAGE_BYTES_MAX,
    depth: CLAIMS_MESSAGE_DEPTH_MAX,
    nodes: CLAIMS_MESSAGE_NODES_MAX,
};

type Result<T> = std::result::Result<T, MessageProblem>;

/// Reads JSON and looks at its context.
pub(super) fn parse(bytes: &[u8]) -> Result<Map<String, Value>> {
    let object = match causeway_json::parse(bytes, LIMITS)? {
        Value::Object(object) => object,
        Value::Array(mut items) if items.len() == 1 => match items.pop() {
            Some(Value::Object(object)) => object,
            _ => return Err(MessageProblem::found("", "an array", "an object")),
        },
        other => return Err(MessageProblem::found("", kind(&other), "an object")),
    };
    check_context(object.get("@context"))?;
    Ok(object)
}

/// A context that would change what names mean is refused: nobody fetches or applies it here.
fn check_context(context: Option<&Value>) -> Result<()> {
    let entries = match context {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let urls: Vec<&str> = entries.iter().filter_map(Value::as_str).collect();
    let other = urls.iter().find(|url| url.starts_with(FAMILY));
    if let (Some(other), false) = (other, urls.contains(&CONTEXT)) {
        let found = format!("the context {}", quoted(other));
        return Err(MessageProblem::Type { found, expected: format!("{CONTEXT:?}") });
    }
    for entry in entries {
        let is_known = match entry {
            Value::String(_) => true,
            Value::Object(inline) => inline.iter().all(|(name, value)| {
                matches!(
                    (name.as_str(), value.as_str()),
                    ("dcp" | "@vocab", Some(NAMESPACE)) | ("cred", Some(CREDENTIALS))
                ) || name == "@version"
            }),
            _ => false,
        };
        if !is_known {
            let expected = format!("{CONTEXT:?}");
            return Err(MessageProblem::found("/@context", kind(entry), &expected));
        }
    }
    Ok(())
}

/// The short name of a term in any of its spellings, or the name as it stands.
fn short(name: &str) -> &str {
    let known = [NAMESPACE, "dcp:", CREDENTIALS, "cred:"];
    let name = known.iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
    match name {
        "@type" => "type",
        "@id" => "id",
        name => name,
    }
}

/// The kind of message that an object says it is; none if it says none or two.
pub(super) fn kind_of(object: &Map<String, Value>) -> Result<Option<Kind>> {
    let Some(found) = Node::new(object, "").find("type")? else { return Ok(None) };
    let mut kinds = Vec::new();
    for item in found.items() {
        kinds.extend(Kind::parse(short(item.text()?)));
    }
    let first = kinds.first().copied();
    Ok(first.filter(|first| kinds.iter().all(|kind| kind == first)))
}

/// An object of a message and where it stands.
#[derive(Clone)]
pub(super) struct Node<'d> {
    object: &'d Map<String, Value>,
    pointer: String,
}

/// The value of a property and where it stands.
#[derive(Clone)]
pub(super) struct Found<'d> {
    pub(super) value: &'d Value,
    pub(super) pointer: String,
}

impl<'d> Node<'d> {
    pub(super) fn new(object: &'d Map<String, Value>, pointer: &str) -> Self {
        Self { object, pointer: pointer.to_owned() }
    }

    /// The value of a property; null is none, and so is an empty array of texts and objects.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found<'d>>> {
        let mut found = None;
        for (key, value) in self.object {
            if short(key) == name && found.replace((key, value)).is_some() {
                let problem = format!("found {name} in two spellings, expected one");
                return Err(MessageProblem::field(&self.pointer, problem));
            }
        }
        Ok(found
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Found { value: bare(value), pointer: below(&self.pointer, key) }))
    }

    /// A property that has to be there.
    pub(super) fn need(&self, name: &str, expected: &str) -> Result<Found<'d>> {
        let missing = || MessageProblem::found(&below(&self.pointer, name), "nothing", expected);
        self.find(name)?.ok_or_else(missing)
    }

    /// An id that has to be there.
    pub(super) fn id<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<T> {
        self.need(name, "an id")?.id()
    }

    /// A text of at most so many bytes.
    pub(super) fn text(&self, name: &str, bytes_max: usize) -> Result<Option<String>> {
        self.find(name)?.map(|found| found.bounded(bytes_max)).transpose()
    }

    /// The items of a list of at most so many; none if it is not there.
    pub(super) fn list(&self, name: &str, items_max: usize) -> Result<Vec<Found<'d>>> {
        let Some(found) = self.find(name)? else { return Ok(Vec::new()) };
        let pointer = found.pointer.clone();
        let items = found.items();
        match items.len() > items_max {
            true => {
                let (found, expected) = (items.len().to_string(), format!("at most {items_max}"));
                Err(MessageProblem::found(&pointer, &found, &expected))
            }
            false => Ok(items),
        }
    }

    /// The items of a list that has to be there and to have some.
    pub(super) fn some(
        &self,
        name: &str,
        items_max: usize,
        expected: &str,
    ) -> Result<Vec<Found<'d>>> {
        let items = self.list(name, items_max)?;
        match items.is_empty() {
            true => Err(MessageProblem::found(&below(&self.pointer, name), "nothing", expected)),
            false => Ok(items),
        }
    }
}

impl<'d> Found<'d> {
    /// One or many values, each with its place.
    pub(super) fn items(self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| Found {
                    value: bare(value),
                    pointer: below(&self.pointer, &index.to_string()),
                })
                .collect(),
            _ => vec![self],
        }
    }

    /// The object this value is.
    pub(super) fn node(&self) -> Result<Node<'d>> {
        match self.value {
            Value::Object(object) => Ok(Node::new(object, &self.pointer)),
            other => Err(MessageProblem::found(&self.pointer, kind(other), "an object")),
        }
    }

    /// The text this value is.
    pub(super) fn text(&self) -> Result<&'d str> {
        let inner = match self.value {
            Value::Array(items) => match items.as_slice() {
                [item] => bare(item),
                _ => self.value,
            },
            value => value,
        };
        match inner {
            Value::String(text) => Ok(text),
            Value::Object(object) if object.len() == 1 => match object.get("@id") {
                Some(Value::String(text)) => Ok(text),
                _ => Err(MessageProblem::found(&self.pointer, "an object", "a text")),
            },
            other => Err(MessageProblem::found(&self.pointer, kind(other), "a text")),
        }
    }

    pub(super) fn bounded(&self, bytes_max: usize) -> Result<String> {
        let text = self.text()?;
        match text.len() > bytes_max {
            true => {
                let (found, most) = (text.len(), format!("at most {bytes_max}"));
                Err(MessageProblem::found(&self.pointer, &format!("{found} bytes"), &most))
            }
            false => Ok(text.to_owned()),
        }
    }

    pub(super) fn id<T: FromStr<Err = IdError>>(&self) -> Result<T> {
        self.parsed()
    }

    /// A text that is something.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&self) -> Result<T> {
        let parsed = self.text()?.parse();
        parsed.map_err(|error: T::Err| MessageProblem::field(&self.pointer, error.to_string()))
    }

    /// One of a few names of the protocol.
    pub(super) fn one_of<T>(&self, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
        let name = short(self.text()?);
        parse(name).ok_or_else(|| MessageProblem::found(&self.pointer, &quoted(name), expected))
    }
}

/// The value without what JSON-LD may put around it.
fn bare(value: &Value) -> &Value {
    let Value::Object(object) = value else { return value };
    let wrapped = ["@value", "@set", "@list"].iter().find_map(|name| object.get(*name));
    match wrapped {
        Some(inner) if object.keys().all(|name| name.starts_with('@')) => inner,
        _ => value,
    }
}

/// The longest place that is told in full, in bytes.
const POINTER_BYTES_MAX: usize = 512;

/// The place of a member. Names are the sender's, so they are held to what is fit for a log line.
fn below(pointer: &str, step: &str) -> String {
    let step: String = step.chars().take(80).collect();
    let step = step.escape_debug().to_string().replace('~', "~0").replace('/', "~1");
    match pointer.len() + step.len() < POINTER_BYTES_MAX {
        true => format!("{pointer}/{step}"),
        false => format!("{pointer}/…"),
    }
}
