//! Whether a schema is closed in itself, and how large it is with all references written out.
//! Everything in it is looked at as if it were a schema: what only looks like a reference is
//! refused like one, and none hides among data.

use std::collections::HashMap;

use causeway_json::quoted;
use causeway_types::limits::{
    SCHEMA_EXPANDED_MAX, SCHEMA_PATTERN_BYTES_MAX, SCHEMA_PATTERNS_MAX, SCHEMA_REFERENCE_DEPTH_MAX,
    SCHEMA_UNEVALUATED_MAX,
};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::SchemaError;

/// References that depend on the way to them.
const DYNAMIC: [&str; 4] = ["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];
/// What begins another schema within the file.
const OWN: [&str; 3] = ["$id", "$schema", "$vocabulary"];

/// Refuses what refers outside itself or in a circle, and what is too large.
pub(super) fn check(schema: &Value) -> Result<(), SchemaError> {
    let id = schema.get("$id").and_then(Value::as_str).unwrap_or_default();
    let id = id.trim_end_matches('#');
    // It would stand in the place of a schema that is built in.
    if id.contains("json-schema.org/") {
        return Err(SchemaError::Keyword { keyword: "$id", place: quoted(id) });
    }
    let mut walk = Walk { root: schema, id, known: HashMap::new(), patterns: 0, unevaluated: 0 };
    walk.size(schema, &mut String::new(), 0).map(|_| ())
}

/// How large something is.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Arrays and objects.
    nodes: usize,
    /// References that follow one another.
    references: usize,
}

struct Walk<'s> {
    root: &'s Value,
    id: &'s str,
    /// The size of what a pointer points to; nothing while it is being found out.
    known: HashMap<String, Option<Size>>,
    patterns: usize,
    unevaluated: usize,
}

impl Walk<'_> {
    /// The nesting of the file and the depth of references bound the recursion.
    fn size(
        &mut self,
        value: &Value,
        place: &mut String,
        depth: usize,
    ) -> Result<Size, SchemaError> {
        let mut size = Size { nodes: 1, references: 0 };
        let length = place.len();
        match value {
            Value::Object(members) => {
                self.keywords(members, place)?;
                for (name, value) in members {
                    *place += &format!("/{name}");
                    let inner = match (name.as_str(), value) {
                        ("$ref", Value::String(reference)) => {
                            self.reference(reference, place, depth)?
                        }
                        _ => self.size(value, place, depth)?,
                    };
                    add(&mut size, inner)?;
                    place.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    *place += &format!("/{index}");
                    let inner = self.size(value, place, depth)?;
                    add(&mut size, inner)?;
                    place.truncate(length);
                }
            }
            _ => size.nodes = 0,
        }
        Ok(size)
    }

    fn reference(
        &mut self,
        reference: &str,
        place: &str,
        depth: usize,
    ) -> Result<Size, SchemaError> {
        let outside =
            || SchemaError::Outside { reference: quoted(reference), place: quoted(place) };
        let local = match reference.split_once('#') {
            Some((before, fragment)) if before.is_empty() || before == self.id => fragment,
            None if !self.id.is_empty() && reference == self.id => "",
            _ => return Err(outside()),
        };
        let pointer = percent_decode_str(local).decode_utf8().map_err(|_| outside())?;
        let mut size = match self.known.get(&*pointer) {
            Some(Some(size)) => *size,
            Some(None) => return Err(SchemaError::Circle { reference: quoted(reference) }),
            None => {
                let target = self.root.pointer(&pointer).ok_or_else(outside)?;
                if depth >= SCHEMA_REFERENCE_DEPTH_MAX {
                    return Err(too_deep());
                }
                self.known.insert(pointer.to_string(), None);
                let size = self.size(target, &mut pointer.to_string(), depth + 1)?;
                self.known.insert(pointer.into_owned(), Some(size));
                size
            }
        };
        size.references += 1;
        Ok(size)
    }

    /// Refuses keywords that are not known here, and counts those that cost more than others.
    fn keywords(&mut self, members: &Map<String, Value>, place: &str) -> Result<(), SchemaError> {
        let refused = |keyword| Err(SchemaError::Keyword { keyword, place: quoted(place) });
        let is_schema = |name: &str| members.get(name).is_some_and(Value::is_object);
        for keyword in DYNAMIC {
            // A property may have any name; then a schema follows it.
            if members.contains_key(keyword) && !is_schema(keyword) {
                return refused(keyword);
            }
        }
        for keyword in OWN.into_iter().filter(|_| !place.is_empty()) {
            if members.contains_key(keyword) && !is_schema(keyword) {
                return refused(keyword);
            }
        }
        let pattern = members.get("pattern").and_then(Value::as_str);
        let named = members.get("patternProperties").and_then(Value::as_object);
        let named = named.into_iter().flatten().map(|(pattern, _)| pattern.as_str());
        for pattern in pattern.into_iter().chain(named) {
            self.patterns += 1;
            if pattern.len() > SCHEMA_PATTERN_BYTES_MAX {
                let what = "a pattern with bytes";
                return Err(SchemaError::TooMuch { what, limit: SCHEMA_PATTERN_BYTES_MAX });
            }
        }
        if self.patterns > SCHEMA_PATTERNS_MAX {
            return Err(SchemaError::TooMuch { what: "patterns", limit: SCHEMA_PATTERNS_MAX });
        }
        // Each of them looks once more at all that is below it.
        let unevaluated = ["unevaluatedProperties", "unevaluatedItems"];
        self.unevaluated += unevaluated.iter().filter(|name| members.contains_key(**name)).count();
        if self.unevaluated > SCHEMA_UNEVALUATED_MAX {
            let what = "unevaluatedProperties and unevaluatedItems";
            return Err(SchemaError::TooMuch { what, limit: SCHEMA_UNEVALUATED_MAX });
        }
        Ok(())
    }
}

fn add(size: &mut Size, inner: Size) -> Result<(), SchemaError> {
    size.nodes = size.nodes.saturating_add(inner.nodes);
    size.references = size.references.max(inner.references);
    if size.references > SCHEMA_REFERENCE_DEPTH_MAX {
        return Err(too_deep());
    }
    match size.nodes > SCHEMA_EXPANDED_MAX {
        true => {
            let what = "parts, with all references written out,";
            Err(SchemaError::TooMuch { what, limit: SCHEMA_EXPANDED_MAX })
        }
        false => Ok(()),
    }
}

fn too_deep() -> SchemaError {
    let what = "references that follow one another";
    SchemaError::TooMuch { what, limit: SCHEMA_REFERENCE_DEPTH_MAX }
}
