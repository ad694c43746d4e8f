//! Who we are for others: our DID, its document and the proof that our keys follow one another.
//! Keys are made, rotated and kept elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::did::{Did, KeyId};
use causeway_dcp::document::{DidDocument, Relationship, Service};
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::jws::Unsigned;
use causeway_keys::{KeyFault, KeyStore, Purpose};
use causeway_types::{Problem, ProblemCode};
use url::Url;

use super::IdentityError;
use crate::Node;
use crate::settings::{CREDENTIAL_SERVICE_PATH, ISSUER_SERVICE_PATH, Settings, VERSIONS_PATH};

/// How often it is looked whether the time of a key has come.
const SETTLE_EVERY: Duration = Duration::from_secs(60);

/// Our document, until a key changes.
#[derive(Default)]
pub(crate) struct Own(Mutex<Option<Arc<DidDocument>>>);

/// Our DID, which in this mode is our participant id, and must be one that others can resolve.
pub(super) fn did_of(settings: &Settings) -> Result<Did, Problem> {
    let id = &settings.participant_id;
    let read = Did::parse(id.as_str()).and_then(|did| did.web().map(|_| did));
    read.map_err(|error| {
        Problem::new(ProblemCode::BadRequest, format!("the participant id {id}: {error}"))
            .hint("identity.mode = \"dcp\" takes a did:web as node.participant_id")
    })
}

impl Node {
    /// Who we are, if we have a DID and show credentials.
    pub fn own_did(&self) -> Option<&Did> {
        self.0.identity.did.as_ref()
    }

    /// Our DID document.
    pub fn own_document(&self) -> Result<Arc<DidDocument>, IdentityError> {
        let own = &self.0.identity.own.0;
        let known = own.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let made = Arc::new(self.make_document()?);
        // Whoever made one at the same time made the same one.
        *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }

    fn make_document(&self) -> Result<DidDocument, IdentityError> {
        let did = self.own_did().ok_or(IdentityError::Unknown)?.clone();
        let mut document = DidDocument::new(did.clone());
        for (purpose, relationships) in [
            (
                Purpose::Identity,
                &[Relationship::Authentication, Relationship::CapabilityInvocation][..],
            ),
            (Purpose::Issuer, &[Relationship::AssertionMethod][..]),
        ] {
            for key in self.keys()?.published(purpose, self.now()) {
                let with_key = document.with_key(key.name.as_str(), key.public, relationships);
                document = with_key.map_err(|error| failed(&error))?;
            }
        }
        for (kind, path) in [
            ("CredentialService", CREDENTIAL_SERVICE_PATH),
            ("IssuerService", ISSUER_SERVICE_PATH),
            ("DataService", VERSIONS_PATH),
        ] {
            let endpoint = Url::parse(&self.0.settings.address.join(path));
            let endpoint = endpoint.map_err(|error| failed(&error))?;
            let id = format!("{did}#{kind}");
            document = document.with_service(Service { id, kind: kind.to_owned(), endpoint });
        }
        Ok(document)
    }

    /// The keys of our access tokens, which nobody else has to know, as a document.
    pub(super) fn access_document(&self) -> Result<DidDocument, IdentityError> {
        let did = self.own_did().ok_or(IdentityError::Unknown)?.clone();
        let mut document = DidDocument::new(did);
        for key in self.keys()?.published(Purpose::Access, self.now()) {
            let relationships = &[Relationship::CapabilityInvocation];
            let with_key = document.with_key(key.name.as_str(), key.public, relationships);
            document = with_key.map_err(|error| failed(&error))?;
        }
        Ok(document)
    }

    /// The file that proves that our keys follow one another: the set of our keys, signed by each
    /// key that signs now.
    pub async fn continuity(&self) -> Result<String, IdentityError> {
        let keys = KeySet::of(&*self.own_document()?);
        let mut statements = Vec::new();
        for purpose in [Purpose::Identity, Purpose::Issuer] {
            let now = self.now();
            let statement =
                |key: &KeyId, algorithm| continuity::unsigned(key, algorithm, &keys, now);
            statements.push(self.sign(purpose, statement).await?);
        }
        Ok(continuity::write(&statements))
    }

    /// Where our private keys are.
    pub fn keys(&self) -> Result<&dyn KeyStore, IdentityError> {
        let keys = self.0.identity.keys.as_deref();
        keys.ok_or_else(|| IdentityError::Key { reason: "the node has no keys".to_owned() })
    }

    /// Signs with the key that has this purpose now.
    pub async fn sign(
        &self,
        purpose: Purpose,
        build: impl Fn(&KeyId, Algorithm) -> Unsigned + Send + Sync,
    ) -> Result<String, IdentityError> {
        let did = self.own_did().ok_or(IdentityError::Unknown)?;
        causeway_keys::compact(self.keys()?, purpose, |key| {
            let id = did.key(key.name.as_str()).map_err(|error| failed(&error))?;
            Ok(build(&id, key.algorithm))
        })
        .await
    }

    /// Our keys changed: what others are told is made anew.
    pub fn keys_changed(&self) {
        self.forget_document();
        self.0.identity.access.forget();
    }

    fn forget_document(&self) {
        *self.0.identity.own.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Lets keys take each other's place when their time has come, until the node stops.
pub(crate) async fn watch_keys(node: Node) {
    let Ok(keys) = node.keys() else { return };
    loop {
        node.settle_keys(keys).await;
        // Retired keys leave the document too when their time is over.
        node.forget_document();
        if !node.wait(SETTLE_EVERY, node.stopping()).await {
            return;
        }
    }
}

impl From<KeyFault> for IdentityError {
    fn from(error: KeyFault) -> Self {
        failed(&error)
    }
}

fn failed(error: &dyn std::error::Error) -> IdentityError {
    IdentityError::Key { reason: error.to_string() }
}
