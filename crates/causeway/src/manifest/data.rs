//! The columns of a manifest that declare data for the law: `data`, `facts`, `persons` and
//! `persons_column`. What the words and facts mean is the node's business.

use serde_json::{Map, Value, json};

use super::{text, texts};
use crate::cli::key_value;
use crate::values::fact_value;

/// The columns.
pub(super) const COLUMNS: [&str; 4] = ["data", "facts", "persons", "persons_column"];

/// What a row declares of its data.
#[derive(Debug, Default)]
pub(super) struct Declared {
    classes: Option<Value>,
    facts: Option<Value>,
    persons: Option<u64>,
    /// The column of the file with one id a person.
    pub(super) persons_column: Option<String>,
}

impl Declared {
    /// Takes in one of the columns.
    pub(super) fn take(&mut self, column: &str, value: &Value) -> Result<(), String> {
        match column {
            "data" => self.classes = Some(texts(column, value)?),
            "facts" => self.facts = Some(facts(value)?),
            "persons" => self.persons = Some(persons(value)?),
            _ => self.persons_column = Some(text(column, value)?.to_owned()),
        }
        Ok(())
    }

    /// As the API takes it; nothing if the row declares nothing.
    pub(super) fn offer(&self) -> Result<Option<Value>, String> {
        if self.persons.is_some() && self.persons_column.is_some() {
            return Err("found persons and persons_column, expected one of them".to_owned());
        }
        let is_silent = self.classes.is_none() && self.facts.is_none() && self.persons.is_none();
        if is_silent && self.persons_column.is_none() {
            return Ok(None);
        }
        let classes = self.classes.clone().unwrap_or_else(|| json!([]));
        let facts = self.facts.clone().unwrap_or_else(|| json!({}));
        Ok(Some(json!({ "classes": classes, "facts": facts, "persons": self.persons })))
    }
}

/// A JSON object, or `NAME=VALUE` with semicolons between.
fn facts(value: &Value) -> Result<Value, String> {
    if value.is_object() {
        return Ok(value.clone());
    }
    let parts = text("facts", value)?.split(';').map(str::trim).filter(|part| !part.is_empty());
    let mut facts = Map::new();
    for part in parts {
        let (name, value) = key_value(part).map_err(|reason| format!("facts: {reason}"))?;
        facts.insert(name.trim().to_owned(), fact_value(value.trim()));
    }
    Ok(facts.into())
}

fn persons(value: &Value) -> Result<u64, String> {
    let read = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    read.ok_or_else(|| format!("persons: found {value}, expected a whole number from 0 on"))
}
