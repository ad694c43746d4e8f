//! Builds objects of messages member by member, in the order of the specification. It never
//! writes a null or an empty array: the official schemas refuse both.

use causeway_types::{ConsumerPid, MessageId, ProviderPid};
use serde_json::{Map, Value};

use super::CONTEXT;
use super::terms::{CONSUMER_PID, PROVIDER_PID, Term};

/// An object in the making.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// A whole message: `@context`, `@type`, then `@id` where there is one.
    pub(super) fn message(kind: &str, id: Option<&MessageId>) -> Self {
        Self(Map::new())
            .member("@context", Value::Array(vec![Value::from(CONTEXT)]))
            .member("@type", Value::from(kind))
            .id(id.map(MessageId::as_str))
    }

    /// A node inside a message. Without `@type` a JSON-LD peer loses all its properties.
    pub(super) fn node(kind: &str) -> Self {
        Self(Map::new()).member("@type", Value::from(kind))
    }

    /// An object that is no node.
    pub(super) fn plain() -> Self {
        Self(Map::new())
    }

    pub(super) fn id(self, id: Option<&str>) -> Self {
        match id {
            Some(id) => self.member("@id", Value::from(id)),
            None => self,
        }
    }

    pub(super) fn text(self, term: Term, text: impl AsRef<str>) -> Self {
        self.member(&term.written(), Value::from(text.as_ref()))
    }

    pub(super) fn text_if(self, term: Term, text: Option<impl AsRef<str>>) -> Self {
        match text {
            Some(text) => self.text(term, text),
            None => self,
        }
    }

    /// Both pids. The schemas demand both; one that does not exist yet is left out.
    pub(super) fn pids(
        self,
        consumer_pid: Option<&ConsumerPid>,
        provider_pid: Option<&ProviderPid>,
    ) -> Self {
        self.text_if(PROVIDER_PID, provider_pid).text_if(CONSUMER_PID, consumer_pid)
    }

    pub(super) fn value(self, term: Term, value: impl Into<Value>) -> Self {
        self.member(&term.written(), value.into())
    }

    pub(super) fn value_if(self, term: Term, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.value(term, value),
            None => self,
        }
    }

    pub(super) fn list(self, term: Term, items: impl IntoIterator<Item = Value>) -> Self {
        self.named_list(&term.written(), items)
    }

    pub(super) fn named_list(self, name: &str, items: impl IntoIterator<Item = Value>) -> Self {
        let items: Vec<Value> = items.into_iter().collect();
        if items.is_empty() { self } else { self.member(name, Value::Array(items)) }
    }

    pub(super) fn members(mut self, members: Map<String, Value>) -> Self {
        self.0.extend(members);
        self
    }

    pub(super) fn member(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        Value::Object(self.0).to_string().into_bytes()
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}
