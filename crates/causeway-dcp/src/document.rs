//! DID documents: which keys a party has, what each may do, and where its services are. Fetching
//! and remembering documents is not here.
//!
//! Documents are read as plain JSON, whatever their `@context` says. A key that cannot be used
//! stays away alone; a document that could be understood in two ways is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use causeway_json::{JsonError, Limits};
use causeway_types::limits::{
    DID_DOCUMENT_BYTES_MAX, DID_DOCUMENT_DEPTH_MAX, DID_DOCUMENT_KEYS_MAX,
    DID_DOCUMENT_SERVICES_MAX, DID_DOCUMENT_VALUES_MAX,
};
use serde_json::{Map, Value, json};
use url::Url;

use crate::dialect::Dialect;
use crate::did::{Did, DidError, KeyId};
use crate::json::{cut, one_or_many};
use crate::jwk::{KeyError, PublicKey};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relationship {
    /// Sign presentations.
    Authentication,
    /// Sign credentials.
    AssertionMethod,
    /// Sign self-issued tokens.
    CapabilityInvocation,
}

impl Relationship {
    /// Every relationship.
    pub const ALL: [Self; 3] =
        [Self::Authentication, Self::AssertionMethod, Self::CapabilityInvocation];

    /// The member of a DID document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::AssertionMethod => "assertionMethod",
            Self::CapabilityInvocation => "capabilityInvocation",
        }
    }
}

impl fmt::Display for Relationship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not the document that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is not JSON within its limits.
    #[error("read the did document of {did}: it is refused")]
    Json {
        /// Whose document was asked for.
        did: Did,
        /// Why.
        #[source]
        error: JsonError,
    },
    /// It is another one's.
    #[error("read the did document of {did}: found the id {found:?}, expected the same did")]
    Id {
        /// Whose document was asked for.
        did: Did,
        /// The id in it, cut to a printable length.
        found: String,
    },
    /// It has too many keys or services.
    #[error(
        "read the did document of {did}: found {found} of {member:?}, expected at most {limit}"
    )]
    TooMany {
        /// Whose document was asked for.
        did: Did,
        /// The member.
        member: &'static str,
        /// How many there are.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A member is not what it should be.
    #[error("read the did document of {did}: expected {member:?} as {expected}")]
    Member {
        /// Whose document was asked for.
        did: Did,
        /// The member.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Two keys have one name.
    #[error("read the did document of {did}: found two keys of the name {key}")]
    Twice {
        /// Whose document was asked for.
        did: Did,
        /// The name.
        key: KeyId,
    },
}

/// Why a document has no key for a purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyLookupError {
    /// There is no key of that name.
    #[error("find the key {key}: the did document has no key of that name")]
    Unknown {
        /// The name.
        key: KeyId,
    },
    /// The key is there and cannot be used.
    #[error("find the key {key}: it cannot be used")]
    Unusable {
        /// The name.
        key: KeyId,
        /// Why.
        #[source]
        error: KeyError,
    },
    /// The key is there for something else.
    #[error("find the key {key}: the did document does not list it under `{relationship}`")]
    Purpose {
        /// The name.
        key: KeyId,
        /// Where it would have to be.
        relationship: Relationship,
    },
}

/// A service of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id: an IRI, or whatever its owner calls it.
    pub id: String,
    /// What it is, such as `CredentialService`.
    pub kind: String,
    /// Where it is.
    pub endpoint: Url,
}

impl Service {
    /// What is below its address at a path that begins with a slash; the address itself for none.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint.as_str().trim_end_matches('/'))
    }
}

/// A DID document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DidDocument {
    id: Did,
    keys: BTreeMap<KeyId, Result<PublicKey, KeyError>>,
    purposes: BTreeMap<Relationship, BTreeSet<KeyId>>,
    services: Vec<Service>,
}

impl DidDocument {
    /// A document with neither keys nor services.
    pub fn new(id: Did) -> Self {
        Self { id, keys: BTreeMap::new(), purposes: BTreeMap::new(), services: Vec::new() }
    }

    /// Adds a key, or replaces the one of the same name.
    pub fn with_key(
        mut self,
        fragment: &str,
        key: PublicKey,
        relationships: &[Relationship],
    ) -> Result<Self, DidError> {
        let id = self.id.key(fragment)?;
        self.keys.insert(id.clone(), Ok(key));
        for relationship in relationships {
            self.purposes.entry(*relationship).or_default().insert(id.clone());
        }
        Ok(self)
    }

    /// Adds a service.
    #[must_use]
    pub fn with_service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Reads the document of `did` as it was served.
    pub fn read(did: &Did, text: &[u8]) -> Result<Self, DocumentError> {
        let limits = Limits {
            bytes: DID_DOCUMENT_BYTES_MAX,
            depth: DID_DOCUMENT_DEPTH_MAX,
            nodes: DID_DOCUMENT_VALUES_MAX,
        };
        let members = causeway_json::parse_object(text, limits)
            .map_err(|error| DocumentError::Json { did: did.clone(), error })?;
        let found = members.get("id").and_then(Value::as_str).unwrap_or_default();
        if found != did.as_str() {
            return Err(DocumentError::Id { did: did.clone(), found: cut(found) });
        }
        let mut document = Self::new(did.clone());
        document.read_keys(&members)?;
        for relationship in Relationship::ALL {
            document.read_purpose(&members, relationship)?;
        }
        document.read_services(&members)?;
        Ok(document)
    }

    /// The document of somebody who may speak a draft: if it says of none of its keys what they are
    /// for, each is for everything.
    #[must_use]
    pub fn read_as(mut self, dialect: Dialect) -> Self {
        if dialect == Dialect::Draft && self.purposes.is_empty() {
            let keys: BTreeSet<KeyId> = self.keys.keys().cloned().collect();
            self.purposes = Relationship::ALL.map(|purpose| (purpose, keys.clone())).into();
        }
        self
    }

    fn bounded<'v>(
        &self,
        members: &'v Map<String, Value>,
        member: &'static str,
        limit: usize,
    ) -> Result<Vec<&'v Value>, DocumentError> {
        let items = one_or_many(members, member);
        if items.len() > limit {
            let (did, found) = (self.id.clone(), items.len());
            return Err(DocumentError::TooMany { did, member, found, limit });
        }
        Ok(items)
    }

    fn read_keys(&mut self, members: &Map<String, Value>) -> Result<(), DocumentError> {
        let member = "verificationMethod";
        for item in self.bounded(members, member, DID_DOCUMENT_KEYS_MAX)? {
            self.read_key(item, member)?;
        }
        Ok(())
    }

    /// Reads a key where it is defined; the name must be new.
    fn read_key(&mut self, item: &Value, member: &'static str) -> Result<KeyId, DocumentError> {
        let expected = "objects that each have the `id` of a key of this did";
        let wrong = || DocumentError::Member { did: self.id.clone(), member, expected };
        let method = item.as_object().ok_or_else(wrong)?;
        let id = method.get("id").and_then(Value::as_str).ok_or_else(wrong)?;
        let id = KeyId::parse_in(&self.id, id).map_err(|_| wrong())?;
        if self.keys.contains_key(&id) {
            return Err(DocumentError::Twice { did: self.id.clone(), key: id });
        }
        self.keys.insert(id.clone(), read_material(&self.id, &id, method));
        Ok(id)
    }

    /// Reads which keys are for a purpose: names, or keys that are defined right here.
    fn read_purpose(
        &mut self,
        members: &Map<String, Value>,
        relationship: Relationship,
    ) -> Result<(), DocumentError> {
        let member = relationship.name();
        for item in self.bounded(members, member, DID_DOCUMENT_KEYS_MAX)? {
            let id = match item {
                Value::String(text) => {
                    KeyId::parse_in(&self.id, text).map_err(|_| DocumentError::Member {
                        did: self.id.clone(),
                        member,
                        expected: "names of keys",
                    })?
                }
                embedded => self.read_key(embedded, member)?,
            };
            self.purposes.entry(relationship).or_default().insert(id);
        }
        Ok(())
    }

    fn read_services(&mut self, members: &Map<String, Value>) -> Result<(), DocumentError> {
        for item in self.bounded(members, "service", DID_DOCUMENT_SERVICES_MAX)? {
            let Some(service) = item.as_object() else {
                let (did, member) = (self.id.clone(), "service");
                return Err(DocumentError::Member { did, member, expected: "objects" });
            };
            // A service that is not understood is somebody else's business.
            let Some(endpoint) = endpoint(service.get("serviceEndpoint")) else { continue };
            let id = service.get("id").and_then(Value::as_str).unwrap_or_default();
            for kind in one_or_many(service, "type").into_iter().filter_map(Value::as_str) {
                let (id, kind) = (id.to_owned(), kind.to_owned());
                self.services.push(Service { id, kind, endpoint: endpoint.clone() });
            }
        }
        Ok(())
    }

    /// Whose document it is.
    pub fn id(&self) -> &Did {
        &self.id
    }

    /// The key of a name, if it may be used for this purpose.
    pub fn key(
        &self,
        id: &KeyId,
        relationship: Relationship,
    ) -> Result<&PublicKey, KeyLookupError> {
        let key = match self.keys.get(id) {
            None => return Err(KeyLookupError::Unknown { key: id.clone() }),
            Some(Err(error)) => {
                return Err(KeyLookupError::Unusable { key: id.clone(), error: error.clone() });
            }
            Some(Ok(key)) => key,
        };
        if !self.purposes.get(&relationship).is_some_and(|keys| keys.contains(id)) {
            return Err(KeyLookupError::Purpose { key: id.clone(), relationship });
        }
        Ok(key)
    }

    /// Every key that can be used, by its name.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyId, &PublicKey)> {
        self.keys.iter().filter_map(|(id, key)| key.as_ref().ok().map(|key| (id, key)))
    }

    /// Every key that cannot be used, and why.
    pub fn unusable_keys(&self) -> impl Iterator<Item = (&KeyId, &KeyError)> {
        self.keys.iter().filter_map(|(id, key)| key.as_ref().err().map(|error| (id, error)))
    }

    /// What a key may do.
    pub fn relationships(&self, id: &KeyId) -> Vec<Relationship> {
        let holds = |relationship: &Relationship| {
            self.purposes.get(relationship).is_some_and(|keys| keys.contains(id))
        };
        Relationship::ALL.into_iter().filter(holds).collect()
    }

    /// Every service, in the order of the document.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The first service of a kind.
    pub fn service(&self, kind: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.kind == kind)
    }

    /// The document as it is served: keys as `JsonWebKey2020` with full names, purposes as names,
    /// services with nothing but id, type and endpoint, because readers exist that accept no more.
    pub fn to_json(&self) -> String {
        let mut members = Map::new();
        let contexts =
            ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"];
        members.insert("@context".to_owned(), json!(contexts));
        members.insert("id".to_owned(), self.id.as_str().into());
        let methods: Vec<Value> = self
            .keys()
            .map(|(id, key)| {
                json!({
                    "id": id.to_string(),
                    "type": "JsonWebKey2020",
                    "controller": self.id.as_str(),
                    "publicKeyJwk": key.to_jwk(),
                })
            })
            .collect();
        members.insert("verificationMethod".to_owned(), methods.into());
        for relationship in Relationship::ALL {
            let keys = self.keys().map(|(id, _)| id);
            let names: Vec<String> = keys
                .filter(|id| self.relationships(id).contains(&relationship))
                .map(KeyId::to_string)
                .collect();
            members.insert(relationship.name().to_owned(), names.into());
        }
        let service = |service: &Service| {
            json!({
                "id": service.id,
                "type": service.kind,
                "serviceEndpoint": service.endpoint.as_str(),
            })
        };
        members.insert("service".to_owned(), self.services.iter().map(service).collect());
        Value::Object(members).to_string()
    }
}

/// The key of a verification method, or why it cannot be used.
fn read_material(
    did: &Did,
    id: &KeyId,
    method: &Map<String, Value>,
) -> Result<PublicKey, KeyError> {
    let text = |name: &str| method.get(name).and_then(Value::as_str);
    // A key of another DID is vouched for by that DID's document and not by this one.
    let own = text("controller").is_none_or(|controller| controller == did.as_str());
    if !own || id.did() != did {
        return Err(KeyError::Member { member: "controller", expected: "the did of the document" });
    }
    let kind = text("type").unwrap_or_default();
    let multibase = text("publicKeyMultibase");
    match (kind, method.get("publicKeyJwk"), multibase, text("publicKeyBase58")) {
        ("JsonWebKey2020" | "JsonWebKey", Some(Value::Object(jwk)), None, None) => {
            PublicKey::from_jwk(jwk)
        }
        ("Multikey" | "Ed25519VerificationKey2020", None, Some(text), None) => {
            PublicKey::from_multibase(text)
        }
        ("Ed25519VerificationKey2018", None, None, Some(text)) => PublicKey::from_base58(text),
        ("Ed25519VerificationKey2018", Some(Value::Object(jwk)), None, None) => {
            PublicKey::from_jwk(jwk)
        }
        _ => Err(KeyError::Kind { found: cut(kind) }),
    }
}

/// The first address of a service: a text, an object with `uri`, or a list of these.
fn endpoint(value: Option<&Value>) -> Option<Url> {
    match value? {
        Value::String(text) => Url::parse(text).ok(),
        Value::Object(members) => endpoint(members.get("uri").filter(|uri| uri.is_string())),
        Value::Array(items) => {
            items.iter().filter(|item| !item.is_array()).find_map(|item| endpoint(Some(item)))
        }
        _ => None,
    }
}
