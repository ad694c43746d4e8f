//! Small readers of JSON members that the other parts of this crate share.

use serde_json::{Map, Value};

/// A foreign text for an error message: short, and escaped by whoever prints it with `{:?}`.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The items of a member that may be one or many; nothing if it is absent or null.
pub(crate) fn one_or_many<'v>(members: &'v Map<String, Value>, name: &str) -> Vec<&'v Value> {
    items(members.get(name))
}

/// The items of a value that may be one or many; nothing if there is none, or null.
pub(crate) fn items(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}
