//! The schemas that credentials may name, as somebody compiled them: this crate knows no JSON
//! Schema. What is not known here, or could not be compiled, refuses whatever names it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::credential::CredentialError;

/// A schema, compiled. It judges within bounded time, and fetches nothing.
pub trait CredentialSchema: Send + Sync {
    /// Whether a whole credential obeys it; otherwise what is wrong where, and no value of it.
    fn check(&self, credential: &Value) -> Result<(), String>;
}

/// What became of the bytes of a schema; otherwise why it cannot be used.
pub type CompiledSchema = Result<Arc<dyn CredentialSchema>, String>;

/// Compiled schemas by the SHA-256 of their bytes: the same digest is the same schema.
#[derive(Clone, Default)]
pub(super) struct Compiled(pub(super) BTreeMap<String, CompiledSchema>);

impl PartialEq for Compiled {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}

impl Eq for Compiled {}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The schemas that credentials may name at a time, by their ids. If several trust files have
/// different ones under one id, a credential obeys them all.
#[derive(Clone, Default)]
pub struct Schemas {
    named: Vec<(String, CompiledSchema)>,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.named.iter().map(|(id, _)| id)).finish()
    }
}

impl FromIterator<(String, CompiledSchema)> for Schemas {
    fn from_iter<I: IntoIterator<Item = (String, CompiledSchema)>>(schemas: I) -> Self {
        Self { named: schemas.into_iter().collect() }
    }
}

impl Schemas {
    /// Whether a schema of this id is there, usable or not.
    pub fn knows(&self, id: &str) -> bool {
        self.named.iter().any(|(known, _)| known == id)
    }

    /// Whether a credential obeys the schema that it names.
    pub fn check(&self, id: &str, credential: &Value) -> Result<(), CredentialError> {
        let schema = || id.to_owned();
        if !self.knows(id) {
            return Err(CredentialError::SchemaUnknown { schema: schema() });
        }
        for (_, compiled) in self.named.iter().filter(|(known, _)| known == id) {
            let compiled = compiled.as_ref().map_err(|reason| CredentialError::SchemaUnusable {
                schema: schema(),
                reason: reason.clone(),
            })?;
            compiled
                .check(credential)
                .map_err(|reason| CredentialError::SchemaRefused { schema: schema(), reason })?;
        }
        Ok(())
    }
}
