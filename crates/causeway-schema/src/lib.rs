//! The schemas that credentials name: bytes that a trust file pins, compiled once, within limits.
//!
//! A schema is closed in itself. One that refers to anything outside its file is refused, and
//! nothing is ever fetched. One that refers to itself in a circle is refused too: with every
//! reference written out it has an end and a bounded size, so that no credential makes a check
//! endless. Patterns run in linear time. Which schema counts is not decided here.

mod closed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use causeway_dcp::trust::{CompiledSchema, CredentialSchema};
use causeway_json::{Limits, quoted};
use causeway_types::limits::{
    SCHEMA_DEPTH_MAX, SCHEMA_MEMBERS_MAX, SCHEMA_PATTERN_PROGRAM_BYTES_MAX, TRUST_SCHEMA_BYTES_MAX,
};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// The versions of JSON Schema that are known here, as `$schema` names them. What names none is
/// read as the first.
const VERSIONS: [&str; 3] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
];

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON within the limits.
    #[error("read a schema: {0}")]
    Json(#[from] causeway_json::JsonError),
    /// It is of another version, or none.
    #[error("read a schema: found {found} at $schema, expected one of {}", VERSIONS.join(", "))]
    Version {
        /// What is there.
        found: String,
    },
    /// It refers to something that is not in its file.
    #[error(
        "read a schema: found {reference} at {place}, which is outside the file; expected # or a \
         pointer such as #/$defs/name, because nothing is fetched"
    )]
    Outside {
        /// The reference.
        reference: String,
        /// Where it stands.
        place: String,
    },
    /// It refers to itself.
    #[error("read a schema: found {reference} within what it refers to, expected no circles")]
    Circle {
        /// The reference.
        reference: String,
    },
    /// It has a keyword that is not known here, or not at this place.
    #[error("read a schema: found {keyword} at {place}, which is not supported there")]
    Keyword {
        /// Which.
        keyword: &'static str,
        /// Where it stands.
        place: String,
    },
    /// It is too large, with all references written out.
    #[error("read a schema: found {what} beyond {limit}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// It is not valid itself.
    #[error("compile a schema: {reason}")]
    Invalid {
        /// What is wrong where.
        reason: String,
    },
}

/// A schema that was compiled.
pub struct Schema {
    validator: Validator,
}

impl Schema {
    /// Compiles the bytes of a file.
    pub fn compile(bytes: &[u8]) -> Result<Self, SchemaError> {
        let limits = Limits {
            bytes: TRUST_SCHEMA_BYTES_MAX,
            depth: SCHEMA_DEPTH_MAX,
            nodes: SCHEMA_MEMBERS_MAX,
        };
        let schema = Value::Object(causeway_json::parse_object(bytes, limits)?);
        version(&schema)?;
        closed::check(&schema)?;
        let program = SCHEMA_PATTERN_PROGRAM_BYTES_MAX;
        let patterns = PatternOptions::regex().size_limit(program).dfa_size_limit(program);
        let options = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false);
        let validator = options.build(&schema).map_err(|error| {
            let (place, text) = (error.instance_path().as_str(), error.to_string());
            let reason = format!("{} at {}", quoted(&text), quoted(place));
            SchemaError::Invalid { reason }
        })?;
        Ok(Self { validator })
    }
}

impl CredentialSchema for Schema {
    fn check(&self, credential: &Value) -> Result<(), String> {
        self.validator.validate(credential).map_err(|error| in_words(&error))
    }
}

/// As a node keeps it: a schema that cannot be used says why.
pub fn compiled(bytes: &[u8]) -> CompiledSchema {
    match Schema::compile(bytes) {
        Ok(schema) => Ok(Arc::new(schema)),
        Err(error) => Err(error.to_string()),
    }
}

fn version(schema: &Value) -> Result<(), SchemaError> {
    let wrong = |found| Err(SchemaError::Version { found });
    match schema.get("$schema") {
        None => Ok(()),
        Some(Value::String(name)) if VERSIONS.contains(&name.trim_end_matches('#')) => Ok(()),
        Some(Value::String(name)) => wrong(quoted(name)),
        Some(other) => wrong(causeway_json::kind(other).to_owned()),
    }
}

/// What is wrong where. What stands there is not told: it may be about a person.
fn in_words(error: &ValidationError<'_>) -> String {
    let place = match error.instance_path().as_str() {
        "" => "the credential".to_owned(),
        path => quoted(path),
    };
    let rule = quoted(error.schema_path().as_str());
    match error.kind() {
        ValidationErrorKind::Required { property: Value::String(name) } => {
            format!("{} is missing in {place}, which {rule} asks for", quoted(name))
        }
        _ => format!("{place} is not what {rule} asks for"),
    }
}
