//! Continuity of DIDs: whoever changes the keys in a DID document shows that a key which was there
//! before knows of it. A name on the web can be taken over with its host; a key cannot. Statements
//! are served beside the document, for whoever wants to compare. Remembering keys is not done here.

use std::collections::BTreeSet;

use causeway_json::Limits;
use causeway_types::Timestamp;
use causeway_types::limits::{CONTINUITY_STATEMENTS_MAX, DID_DOCUMENT_BYTES_MAX};
use serde_json::{Map, Value, json};

use crate::did::{Did, KeyId};
use crate::document::DidDocument;
use crate::jwk::Algorithm;
use crate::jws::{Jws, Unsigned};

/// The name of the file beside a DID document.
pub const FILE_NAME: &str = "did-continuity.json";
const TYPE: &str = "did-continuity+jwt";

/// The keys of a document that can be used, by their thumbprints (RFC 7638).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(BTreeSet<String>);

/// Why new keys are not those of the party that was known before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContinuityError {
    /// The statements cannot be read.
    #[error("read the statements about keys: found {found}, expected a list of signed texts")]
    Form {
        /// What was found.
        found: String,
    },
    /// None of them is by a key that was known and about these keys.
    #[error("none of {statements} statements about the new keys is signed by a key known before")]
    Unproven {
        /// How many were looked at.
        statements: usize,
    },
}

impl KeySet {
    /// The keys of a document.
    pub fn of(document: &DidDocument) -> Self {
        Self(document.keys().map(|(_, key)| key.thumbprint()).collect())
    }

    /// The thumbprints in their order.
    pub fn to_texts(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// A statement that these are the keys now, to be signed by `key`.
pub fn unsigned(key: &KeyId, algorithm: Algorithm, keys: &KeySet, now: Timestamp) -> Unsigned {
    let mut payload = Map::new();
    payload.insert("iss".to_owned(), key.did().as_str().into());
    payload.insert("iat".to_owned(), now.unix_seconds().into());
    payload.insert("keys".to_owned(), json!(keys.to_texts()));
    Unsigned::new(key, algorithm, TYPE, &payload)
}

/// The file of statements.
pub fn write(statements: &[String]) -> String {
    json!({ "statements": statements }).to_string()
}

/// Whether the file proves that the holder of a key in `before` knows of the new keys. Keys in
/// `before` are found by their names: a name that changed its key proves nothing.
pub fn verify(file: &[u8], before: &DidDocument, now: &KeySet) -> Result<(), ContinuityError> {
    let limits = Limits { bytes: DID_DOCUMENT_BYTES_MAX, depth: 4, nodes: 256 };
    let form = |found: String| ContinuityError::Form { found };
    let read = causeway_json::parse(file, limits).map_err(|error| form(error.to_string()))?;
    let Some(Value::Array(statements)) = read.get("statements") else {
        return Err(form(causeway_json::kind(&read).to_owned()));
    };
    let statements = statements.iter().take(CONTINUITY_STATEMENTS_MAX);
    let count = statements.len();
    let proves = |text: &Value| text.as_str().is_some_and(|text| is_proof(text, before, now));
    match statements.into_iter().any(proves) {
        true => Ok(()),
        false => Err(ContinuityError::Unproven { statements: count }),
    }
}

fn is_proof(text: &str, before: &DidDocument, now: &KeySet) -> bool {
    let Ok(jws) = Jws::read(text, DID_DOCUMENT_BYTES_MAX) else { return false };
    let is_own = |did: &Did| did == before.id();
    let issuer = jws.payload().get("iss").and_then(Value::as_str);
    let keys = jws.payload().get("keys").is_some_and(|keys| *keys == json!(now.to_texts()));
    let key = before.keys().find(|(id, _)| *id == jws.key()).map(|(_, key)| key);
    jws.typ() == Some(TYPE)
        && is_own(jws.key().did())
        && issuer == Some(before.id().as_str())
        && keys
        && key.is_some_and(|key| jws.verify(key).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Relationship;
    use crate::testing::TestKey;

    const US: &str = "did:web:us.example";

    fn statement(signer: &TestKey, keys: &KeySet) -> String {
        let now = Timestamp::parse("2026-11-24T12:00:00Z").unwrap();
        signer.finish(unsigned(signer.id(), signer.algorithm(), keys, now))
    }

    fn file(statements: &[String]) -> Vec<u8> {
        write(statements).into_bytes()
    }

    #[test]
    fn new_keys_count_only_with_a_statement_of_an_old_one() {
        let (old, new) = (TestKey::new(US), TestKey::with(US, "key-2", Algorithm::EdDsa));
        let before = old.document();
        let after = KeySet::of(&new.document());
        let unproven = |statements| Err(ContinuityError::Unproven { statements });
        let check = |statements: &[String], expected: Result<(), ContinuityError>| {
            assert_eq!(verify(&file(statements), &before, &after), expected);
        };
        let good = statement(&old, &after);
        check(&[statement(&new, &after), good.clone()], Ok(()));
        check(&[], unproven(0));
        // By the new key itself, as whoever took over the host would.
        check(&[statement(&new, &after)], unproven(1));
        // By a key that only has the old one's name.
        check(&[statement(&TestKey::new(US), &after)], unproven(1));
        // About other keys.
        check(&[statement(&old, &KeySet::of(&before))], unproven(1));
        // By a key of somebody else.
        check(&[statement(&TestKey::new("did:web:them.example"), &after)], unproven(1));
        let mut damaged = good.clone();
        damaged.replace_range(damaged.len() - 5..damaged.len() - 4, "_");
        check(&[damaged], unproven(1));
        // Behind the last one that is looked at.
        let many = vec![statement(&new, &after); CONTINUITY_STATEMENTS_MAX];
        check(&[many, vec![good]].concat(), unproven(CONTINUITY_STATEMENTS_MAX));
    }

    #[test]
    fn other_files_prove_nothing() {
        let key = TestKey::new(US);
        for bad in ["", "[]", "{}", r#"{"statements":{}}"#, r#"{"statements":[1]}"#] {
            let found = verify(bad.as_bytes(), &key.document(), &KeySet::of(&key.document()));
            assert!(found.is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_set_does_not_depend_on_names_or_purposes() {
        let key = TestKey::new(US);
        let other = DidDocument::new(key.did().clone())
            .with_key("renamed", key.public(), &[Relationship::Authentication])
            .unwrap();
        assert_eq!(KeySet::of(&key.document()), KeySet::of(&other));
    }
}
