//! The way through a JSON value: where the reader is, what it has counted, and the steps that all
//! reading functions share. What the values mean is not here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use causeway_types::limits::{MESSAGE_DEPTH_MAX, MESSAGE_NODES_MAX, POLICY_RULES_MAX};
use serde_json::{Map, Value};

use super::ReadError;
use crate::terms::{Contexts, Term, TermError, kind};

/// Beyond this a place is told by where it begins, in bytes: the names in it are the sender's.
const POINTER_BYTES_MAX: usize = 1024;

#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'v> {
    Key(&'v str),
    Index(usize),
    /// A level that the written form has and this one leaves out: one instead of many.
    Implied,
}

pub(super) struct Reader<'v> {
    pub(super) contexts: Cow<'v, Contexts>,
    pub(super) parties: BTreeMap<String, &'v str>,
    /// Where the reader is; when it fails, where it failed.
    path: Vec<Step<'v>>,
    pub(super) rules: usize,
    pub(super) constraints: usize,
    pub(super) values: usize,
}

impl<'v> Reader<'v> {
    pub(super) fn new(contexts: &'v Contexts) -> Self {
        Self {
            contexts: Cow::Borrowed(contexts),
            parties: BTreeMap::new(),
            path: Vec::new(),
            rules: 0,
            constraints: 0,
            values: 0,
        }
    }

    pub(super) fn within<T>(
        &mut self,
        step: Step<'v>,
        body: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.path.push(step);
        if self.path.len() > MESSAGE_DEPTH_MAX {
            return Err(ReadError::TooDeep { at: self.pointer() });
        }
        // On an error the path stays as it is: it says where.
        let result = body(self)?;
        self.path.pop();
        Ok(result)
    }

    /// Tries to read something that may as well not be understood. Only limits stay errors.
    pub(super) fn attempt<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let depth = self.path.len();
        match body(self) {
            Ok(found) => Ok(Some(found)),
            Err(limit @ (ReadError::TooMany { .. } | ReadError::TooDeep { .. })) => Err(limit),
            Err(_) => {
                self.path.truncate(depth);
                Ok(None)
            }
        }
    }

    /// One or many: a single value, an array, or the JSON-LD containers `@list` and `@set`.
    pub(super) fn each(
        &mut self,
        value: &'v Value,
        body: &mut dyn FnMut(&mut Self, &'v Value) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if let Some((key, inner)) = container(value) {
            return self.within(Step::Key(key), |reader| reader.each(inner, body));
        }
        match value {
            Value::Null => Ok(()),
            Value::Array(items) => {
                items.iter().enumerate().filter(|(_, item)| !item.is_null()).try_for_each(
                    |(index, item)| self.within(Step::Index(index), |reader| body(reader, item)),
                )
            }
            single => self.within(Step::Implied, |reader| body(reader, single)),
        }
    }

    /// The member that ODRL calls `name`, in whatever spelling.
    pub(super) fn only(
        &mut self,
        object: &'v Map<String, Value>,
        name: &'static str,
    ) -> Result<Option<(&'v str, &'v Value)>, ReadError> {
        let mut found = None;
        for (key, value) in object.iter().filter(|(_, value)| !is_nothing(value)) {
            let term = self.within(Step::Key(key), |reader| reader.key(key))?;
            if term.odrl_name() == Some(name) {
                self.once(&mut found, (key.as_str(), value), name)?;
            }
        }
        Ok(found)
    }

    pub(super) fn once<T>(
        &self,
        slot: &mut Option<T>,
        value: T,
        name: &'static str,
    ) -> Result<(), ReadError> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(ReadError::Twice { at: self.pointer(), name: name.to_owned() }),
        }
    }

    /// Refuses a list that is continued under another spelling of its name: a reader of plain JSON
    /// would see a part of it.
    pub(super) fn first<T>(&self, list: &[T], name: &str) -> Result<(), ReadError> {
        match list {
            [] => Ok(()),
            _ => Err(ReadError::Twice { at: self.pointer(), name: name.to_owned() }),
        }
    }

    pub(super) fn object(
        &self,
        value: &'v Value,
        expected: &'static str,
    ) -> Result<&'v Map<String, Value>, ReadError> {
        value.as_object().ok_or_else(|| self.shape(kind(value), expected))
    }

    pub(super) fn term(
        &mut self,
        value: &'v Value,
        expected: &'static str,
    ) -> Result<Term, ReadError> {
        let text = self.name_text(value, expected)?;
        self.resolve(text)
    }

    /// A name as text, `{"@id": …}`, `{"@value": …}` or an array of one of these.
    pub(super) fn name_text(
        &mut self,
        value: &'v Value,
        expected: &'static str,
    ) -> Result<&'v str, ReadError> {
        let single = match value {
            Value::Array(items) if items.len() == 1 => &items[0],
            other => other,
        };
        let inner = match single {
            Value::Object(object) if object.len() == 1 => {
                object.get("@id").or_else(|| object.get("@value")).unwrap_or(single)
            }
            other => other,
        };
        inner.as_str().ok_or_else(|| self.shape(kind(inner), expected))
    }

    pub(super) fn resolve(&self, text: &str) -> Result<Term, ReadError> {
        self.contexts.resolve(text).map_err(|cause| self.name_error(cause))
    }

    pub(super) fn key(&self, text: &str) -> Result<Term, ReadError> {
        self.contexts.resolve_key(text).map_err(|cause| self.name_error(cause))
    }

    pub(super) fn count_rule(&mut self) -> Result<(), ReadError> {
        self.rules += 1;
        if self.rules > POLICY_RULES_MAX {
            return Err(self.too_many("rules", POLICY_RULES_MAX));
        }
        Ok(())
    }

    pub(super) fn count_value(&mut self) -> Result<(), ReadError> {
        self.values += 1;
        if self.values > MESSAGE_NODES_MAX {
            return Err(self.too_many("values", MESSAGE_NODES_MAX));
        }
        Ok(())
    }

    pub(super) fn too_many(&self, what: &'static str, limit: usize) -> ReadError {
        ReadError::TooMany { at: self.pointer(), what, limit }
    }

    pub(super) fn shape(&self, found: &'static str, expected: &'static str) -> ReadError {
        ReadError::Shape { at: self.pointer(), found, expected }
    }

    pub(super) fn name_error(&self, cause: TermError) -> ReadError {
        ReadError::Name { at: self.pointer(), cause }
    }

    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            if pointer.len() > POINTER_BYTES_MAX {
                pointer.push_str("/…");
                break;
            }
            match step {
                Step::Key(key) => {
                    let short: String = key.chars().take(80).collect();
                    pointer.push('/');
                    pointer.push_str(&short.replace('~', "~0").replace('/', "~1"));
                }
                // Writing to a String cannot fail.
                Step::Index(index) => drop(write!(pointer, "/{index}")),
                Step::Implied => {}
            }
        }
        pointer
    }

    /// Holds a piece of foreign JSON to the same limits as everything else.
    pub(super) fn measure(&mut self, value: &'v Value) -> Result<(), ReadError> {
        self.count_value()?;
        match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                self.within(Step::Index(index), |reader| reader.measure(item))
            }),
            Value::Object(members) => members.iter().try_for_each(|(key, member)| {
                self.within(Step::Key(key), |reader| reader.measure(member))
            }),
            _ => Ok(()),
        }
    }
}

/// Null and the empty array state nothing (JSON-LD 1.1 §4.3).
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(Value::is_null),
        _ => false,
    }
}

pub(super) fn container(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (key, inner) = object.iter().next()?;
    matches!(key.as_str(), "@list" | "@set").then_some((key.as_str(), inner))
}
