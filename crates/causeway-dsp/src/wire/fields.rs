//! Typed access to the properties of an object of a message, with a JSON pointer in every error.
//! Looseness of spelling ends here; which properties a message must have is for its reader.

use std::borrow::Cow;
use std::str::FromStr;

pub(super) use causeway_json::kind;
use causeway_policy::Contexts;
use causeway_types::limits::{ID_BYTES_MAX, URL_BYTES_MAX};
use causeway_types::{Address, IdError};
use serde_json::{Map, Value};

use super::error::{WireError, quoted};
use super::terms::{self, Match, Term};

/// An object of a message and where it stands.
#[derive(Clone)]
pub(super) struct Node<'d> {
    object: &'d Map<String, Value>,
    contexts: &'d Contexts,
    pointer: String,
}

/// The value of a property and where it stands.
#[derive(Clone)]
pub(super) struct Found<'d> {
    pub(super) value: &'d Value,
    pub(super) contexts: &'d Contexts,
    pub(super) pointer: String,
}

impl<'d> Node<'d> {
    pub(super) fn new(
        object: &'d Map<String, Value>,
        contexts: &'d Contexts,
        pointer: String,
    ) -> Self {
        Self { object, contexts, pointer }
    }

    pub(super) fn object(&self) -> &'d Map<String, Value> {
        self.object
    }

    pub(super) fn contexts(&self) -> &'d Contexts {
        self.contexts
    }

    pub(super) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The value of a property; null and an empty array are none.
    pub(super) fn find(&self, term: Term) -> Result<Option<Found<'d>>, WireError> {
        let (mut same, mut alias) = (None, None);
        for (key, value) in self.object {
            let slot = match term.matches(key, self.contexts) {
                Match::Same => &mut same,
                Match::Alias => &mut alias,
                Match::Other => continue,
            };
            if slot.replace((key, value)).is_some() {
                let problem = format!("found {} in two spellings, expected one", term.written());
                return Err(WireError::field(self.pointer.clone(), problem));
            }
        }
        let is_nothing =
            |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let found = [same, alias].into_iter().flatten().find(|(_, value)| !is_nothing(value));
        Ok(found.map(|(key, value)| Found {
            value,
            contexts: self.contexts,
            pointer: self.pointer_to(key),
        }))
    }

    /// The values of a property, one or many.
    pub(super) fn find_all(
        &self,
        term: Term,
    ) -> Result<impl Iterator<Item = Found<'d>> + use<'d>, WireError> {
        Ok(self.find(term)?.into_iter().flat_map(Found::items))
    }

    /// The text of a property.
    pub(super) fn text(&self, term: Term) -> Result<Option<&'d str>, WireError> {
        self.find(term)?.map(|found| found.text()).transpose()
    }

    /// A required property whose value is one of a few names of the protocol.
    pub(super) fn one_of<T>(
        &self,
        term: Term,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, WireError> {
        let found = self.find(term)?.ok_or_else(|| self.missing(term, expected))?;
        let name = terms::local(found.text()?, self.contexts);
        parse(&name).ok_or_else(|| WireError::found(found.pointer, &quoted(&name), expected))
    }

    /// A text that is printable and no longer than `bytes_max`.
    pub(super) fn bounded(
        &self,
        term: Term,
        bytes_max: usize,
    ) -> Result<Option<String>, WireError> {
        self.find(term)?.map(|found| found.bounded(bytes_max)).transpose()
    }

    /// An id of any kind.
    pub(super) fn id<T: FromStr<Err = IdError>>(&self, term: Term) -> Result<Option<T>, WireError> {
        self.find(term)?.map(|found| found.id()).transpose()
    }

    /// The object's own `@id`.
    pub(super) fn own_id<T: FromStr<Err = IdError>>(&self) -> Result<Option<T>, WireError> {
        self.keyword("@id").map(|found| found.id()).transpose()
    }

    /// The object's own `@id`, where it is no id of the vocabulary.
    pub(super) fn own_id_text(&self) -> Result<Option<String>, WireError> {
        self.keyword("@id").map(|found| found.bounded(ID_BYTES_MAX)).transpose()
    }

    /// The base address of a peer's service.
    pub(super) fn address(&self, term: Term) -> Result<Option<Address>, WireError> {
        let Some(found) = self.find(term)? else {
            return Ok(None);
        };
        let address = Address::parse(found.text()?)
            .map_err(|error| WireError::field(found.pointer, error.to_string()))?;
        Ok(Some(address))
    }

    /// The object that is the value of a property.
    pub(super) fn node(&self, term: Term) -> Result<Option<Self>, WireError> {
        self.find(term)?.map(|found| found.only().node()).transpose()
    }

    /// The types of this object without their namespaces; empty if it says none.
    pub(super) fn types(&self) -> Result<Vec<Cow<'d, str>>, WireError> {
        let Some(found) = self.keyword("@type") else {
            return Ok(Vec::new());
        };
        let types =
            found.items().map(|item| item.text().map(|text| terms::local(text, self.contexts)));
        types.collect()
    }

    /// The one type of this object that `is_known`; none if no type is, or two are, because two
    /// readers would see two messages.
    pub(super) fn only_type(
        &self,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Option<Cow<'d, str>>, WireError> {
        let mut known = self.types()?.into_iter().filter(|name| is_known(name));
        let first = known.next();
        Ok(first.filter(|first| known.all(|other| other == *first)))
    }

    /// Refuses an object that says it is something else; one that says nothing is taken.
    pub(super) fn check_type(&self, expected: &'static str) -> Result<(), WireError> {
        let types = self.types()?;
        if types.is_empty() || types.iter().any(|found| found == expected) {
            return Ok(());
        }
        Err(WireError::Type { found: type_text(&types), expected: expected.to_owned() })
    }

    /// What to answer when a required property is not there.
    pub(super) fn missing(&self, term: Term, expected: &str) -> WireError {
        WireError::found(self.place_of(term), "nothing", expected)
    }

    /// Where a property would stand in its official spelling.
    pub(super) fn place_of(&self, term: Term) -> String {
        self.pointer_to(&term.written())
    }

    /// What to answer when the object has no `@id`.
    pub(super) fn missing_id(&self) -> WireError {
        WireError::found(self.pointer_to("@id"), "nothing", "an id")
    }

    fn keyword(&self, name: &str) -> Option<Found<'d>> {
        let value = self.object.get(name).filter(|value| !value.is_null())?;
        Some(Found { value, contexts: self.contexts, pointer: self.pointer_to(name) })
    }

    fn pointer_to(&self, key: &str) -> String {
        // Prefixes may be anything, so they are held to what is fit for a log line.
        const CHARACTERS_MAX: usize = 120;
        let key: String = key.chars().take(CHARACTERS_MAX).collect();
        let key = key.escape_debug().to_string().replace('~', "~0").replace('/', "~1");
        below(&self.pointer, &key)
    }
}

impl<'d> Found<'d> {
    /// One or many values, each with its place. Places are made one by one: a peer may list a
    /// great many values.
    pub(super) fn items(self) -> impl Iterator<Item = Self> + use<'d> {
        let (values, is_many) = match self.value {
            Value::Array(items) => (items.as_slice(), true),
            single => (std::slice::from_ref(single), false),
        };
        values.iter().enumerate().map(move |(index, value)| {
            let pointer = match is_many {
                true => below(&self.pointer, &index.to_string()),
                false => self.pointer.clone(),
            };
            Found { value, contexts: self.contexts, pointer }
        })
    }

    /// The value without arrays of one around it.
    pub(super) fn only(self) -> Self {
        match self.value {
            Value::Array(items) => match items.as_slice() {
                [value] => Found { pointer: below(&self.pointer, "0"), value, ..self }.only(),
                _ => self,
            },
            _ => self,
        }
    }

    /// The object this value is.
    pub(super) fn node(self) -> Result<Node<'d>, WireError> {
        match self.value {
            Value::Object(object) => Ok(Node::new(object, self.contexts, self.pointer)),
            other => Err(WireError::found(self.pointer, kind(other), "an object")),
        }
    }

    /// The text this value is, or has as `@value` or `@id`.
    pub(super) fn text(&self) -> Result<&'d str, WireError> {
        match scalar(self.value) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(WireError::found(&*self.pointer, kind(other), "a text")),
            None => Err(WireError::found(&*self.pointer, kind(self.value), "a text")),
        }
    }

    pub(super) fn id<T: FromStr<Err = IdError>>(&self) -> Result<T, WireError> {
        self.text()?
            .parse()
            .map_err(|error: IdError| WireError::field(&*self.pointer, error.to_string()))
    }

    pub(super) fn bounded(&self, bytes_max: usize) -> Result<String, WireError> {
        let text = self.text()?;
        if text.is_empty() || text.len() > bytes_max {
            let found = format!("{} bytes", text.len());
            let expected = format!("1 to {bytes_max}");
            return Err(WireError::found(&*self.pointer, &found, &expected));
        }
        match text.chars().find(|c| c.is_control()) {
            Some(c) => Err(WireError::found(
                &*self.pointer,
                &format!("the character {c:?}"),
                "no control character",
            )),
            None => Ok(text.to_owned()),
        }
    }
}

/// The longest place that is told in full, in bytes.
const POINTER_BYTES_MAX: usize = 1024;

/// The place of a member. Names are the peer's, so the place of something deep could grow with
/// every level; beyond a limit it says no more than that there is more.
fn below(pointer: &str, step: &str) -> String {
    match pointer.len() + step.len() < POINTER_BYTES_MAX {
        true => format!("{pointer}/{step}"),
        false if pointer.ends_with('…') => pointer.to_owned(),
        false => format!("{pointer}/…"),
    }
}

/// The longest text that stands for an id of something that has no type of its own.
pub(super) const NAME_BYTES_MAX: usize = ID_BYTES_MAX;
/// The longest endpoint of a data address.
pub(super) const ENDPOINT_BYTES_MAX: usize = URL_BYTES_MAX;

/// The text, number or boolean in a value; no other value is one.
pub(super) fn scalar(value: &Value) -> Option<&Value> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(value),
        Value::Array(items) => match items.as_slice() {
            [item] => scalar(item),
            _ => None,
        },
        Value::Object(object) => {
            let member = |name| object.get(name).filter(|value| !value.is_null());
            match (member("@value"), member("@id")) {
                (Some(inner), None) | (None, Some(inner)) => scalar(inner),
                // None, or both: two readers would see two values.
                _ => None,
            }
        }
        Value::Null => None,
    }
}

/// The text in a value, with numbers and booleans as they would be written.
pub(super) fn loose_text(value: &Value) -> Option<String> {
    match scalar(value)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The types that were found, for an error text.
pub(super) fn type_text(types: &[Cow<'_, str>]) -> String {
    match types {
        [] => "nothing".to_owned(),
        [one] => quoted(one),
        many => format!("{} types, first {}", many.len(), quoted(&many[0])),
    }
}
