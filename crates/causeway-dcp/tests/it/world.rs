//! A holder, an issuer and a verifier with their keys, what is served by whom, and a driver of the
//! check of presentations. Every credential is made by the crate and then changed as a peer might.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::dialect::Dialect;
use causeway_dcp::did::Did;
use causeway_dcp::document::DidDocument;
use causeway_dcp::jws::Unsigned;
use causeway_dcp::presentation::{
    Findings, Need, NewPresentation, PresentationCheck, PresentationError, Rules,
};
use causeway_dcp::status::{StatusEntry, StatusForm, StatusList};
use causeway_dcp::testing::TestKey;
use causeway_dcp::trust::Schemas;
use serde_json::{Map, Value, json};

use super::{HOLDER, ISSUER, OTHER, VERIFIER, at, chain, did, now};

/// In the lists of every world, the credential at this place is revoked.
pub(crate) const REVOKED: usize = 3;
/// In the lists of every world, the credential at this place is suspended.
pub(crate) const SUSPENDED: usize = 4;
/// A schema that the rules of every world know.
pub(crate) const SCHEMA: &str = "https://issuer.example/schema.json";
/// A schema that the rules of every world name, and that cannot be used.
pub(crate) const REMOTE_SCHEMA: &str = "https://issuer.example/remote.json";

/// They say that a level is a text or a number, and that the credential has an issuer and a time.
fn schemas() -> Schemas {
    let schema = json!({
        "type": "object",
        "properties": {
            "credentialSubject": {
                "properties": { "level": { "type": ["string", "number"] } },
            },
        },
        "required": ["issuer", "@context", "type"],
        "anyOf": [{ "required": ["issuanceDate"] }, { "required": ["validFrom"] }],
        "not": { "anyOf": [{ "required": ["iss"] }, { "required": ["nbf"] }] },
    });
    let remote = json!({ "$ref": "https://issuer.example/elsewhere.json" });
    let compiled = |schema: Value| causeway_schema::compiled(schema.to_string().as_bytes());
    let named = [(SCHEMA, compiled(schema)), (REMOTE_SCHEMA, compiled(remote))];
    named.into_iter().map(|(id, compiled)| (id.to_owned(), compiled)).collect()
}

pub(crate) struct World {
    pub(crate) issuer: TestKey,
    pub(crate) holder: TestKey,
    pub(crate) other: TestKey,
    pub(crate) documents: BTreeMap<Did, Arc<DidDocument>>,
    pub(crate) lists: BTreeMap<String, Vec<u8>>,
    pub(crate) rules: Rules,
    pub(crate) trusted: Vec<Did>,
    /// What was asked for, in its order.
    pub(crate) fetched: RefCell<Vec<String>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(TestKey::new(ISSUER), TestKey::new(HOLDER), TestKey::new(OTHER))
    }

    /// A world whose keys are the same every time.
    pub(crate) fn fixed() -> Self {
        let key = |did: &str, seed: u8| TestKey::fixed(did, [seed; 32]);
        Self::with(key(ISSUER, 1), key(HOLDER, 2), key(OTHER, 3))
    }

    fn with(issuer: TestKey, holder: TestKey, other: TestKey) -> Self {
        let document = |key: &TestKey| (key.did().clone(), Arc::new(key.document()));
        let documents = [&issuer, &holder, &other].map(document).into();
        let rules = Rules {
            verifier: did(VERIFIER),
            holder: did(HOLDER),
            now: now(),
            unsigned_lists: false,
            schemas: schemas(),
            dialect: Dialect::Final,
        };
        let (lists, trusted) = (BTreeMap::new(), vec![did(ISSUER)]);
        let fetched = RefCell::default();
        let mut world = Self { issuer, holder, other, documents, lists, rules, trusted, fetched };
        for profile in Profile::ALL {
            for (purpose, index) in [("revocation", REVOKED), ("suspension", SUSPENDED)] {
                let mut list = StatusList::empty(form(profile), purpose);
                list.set(index).unwrap();
                world.serve(profile, purpose, &list, &json!({}));
            }
        }
        world
    }

    /// Serves a list that the issuer signs, with its payload changed.
    pub(crate) fn serve(
        &mut self,
        profile: Profile,
        purpose: &str,
        list: &StatusList,
        change: &Value,
    ) {
        let url = list_url(profile, purpose);
        let credential = list_credential(profile, &url, list);
        let text = self.issued(&credential, change);
        self.lists.insert(url, text.into_bytes());
    }

    /// Signs a credential by the issuer, with its payload changed.
    pub(crate) fn issued(&self, credential: &Credential, change: &Value) -> String {
        issued_by(&self.issuer, credential, change)
    }

    /// A good credential about the holder.
    pub(crate) fn issue(&self, profile: Profile) -> String {
        self.issued(&credential(profile), &json!({}))
    }

    /// A presentation of the holder to the verifier, with its payload changed.
    pub(crate) fn presented(
        &self,
        profile: Profile,
        credentials: &[String],
        change: &Value,
    ) -> String {
        presented_by(&self.holder, profile, credentials, change)
    }

    pub(crate) fn present(&self, profile: Profile, credentials: &[String]) -> String {
        self.presented(profile, credentials, &json!({}))
    }

    /// Goes through the whole check with what this world serves.
    pub(crate) fn check(&self, presentations: &[String]) -> Result<Findings, PresentationError> {
        let trusted = |issuer: &Did| self.trusted.contains(issuer);
        let mut check = PresentationCheck::start(presentations, self.rules.clone(), trusted)?;
        self.fetched.borrow_mut().clear();
        loop {
            let needs = check.needs();
            if needs.is_empty() {
                return check.finish();
            }
            for need in needs {
                match need {
                    Need::Document(did) => {
                        self.fetched.borrow_mut().push(did.to_string());
                        let document = self.documents.get(&did).cloned();
                        check.supply_document(did, document.ok_or("no such host".to_owned()));
                    }
                    Need::StatusList(url) => {
                        self.fetched.borrow_mut().push(url.clone());
                        let list = self.lists.get(&url).cloned();
                        check.supply_status_list(url, list.ok_or("no such list".to_owned()));
                    }
                }
            }
        }
    }

    /// Why a presentation is refused as a whole, or why its first credential is; nothing if all
    /// of it is accepted.
    pub(crate) fn outcome(&self, presentation: String) -> String {
        match self.check(&[presentation]) {
            Err(error) => chain(&error),
            Ok(findings) => match findings.refused.first() {
                Some(error) => chain(error),
                None => {
                    assert!(!findings.accepted.is_empty());
                    String::new()
                }
            },
        }
    }
}

/// An outcome is as expected: it has the text, or both are nothing.
pub(crate) fn expect(found: &str, expectation: &str, what: &dyn std::fmt::Debug) {
    assert!(found.contains(expectation), "{what:?}: found {found:?}, expected {expectation:?}");
    assert_eq!(found.is_empty(), expectation.is_empty(), "{what:?}: found {found:?}");
}

pub(crate) fn form(profile: Profile) -> StatusForm {
    match profile {
        Profile::Vc11 => StatusForm::StatusList2021,
        Profile::Vc20 => StatusForm::Bitstring,
    }
}

pub(crate) fn list_url(profile: Profile, purpose: &str) -> String {
    format!("https://issuer.example/{}/{purpose}", profile.name())
}

pub(crate) fn entry(profile: Profile, purpose: &str, index: usize) -> StatusEntry {
    let (purpose, list) = (purpose.to_owned(), list_url(profile, purpose));
    StatusEntry { form: form(profile), purpose, index, list }
}

/// What the issuer says of the holder, if all is well.
pub(crate) fn credential(profile: Profile) -> Credential {
    Credential {
        id: Some("urn:uuid:7f1c".to_owned()),
        issuer: did(ISSUER),
        subject: HOLDER.to_owned(),
        types: ["VerifiableCredential", "MembershipCredential"].map(str::to_owned).into(),
        claims: object(json!({"level": "gold"})),
        valid_from: at(-3_600),
        valid_until: Some(at(3_600)),
        status: vec![entry(profile, "revocation", 7), entry(profile, "suspension", 7)],
        schemas: Vec::new(),
        profile,
    }
}

/// The credential that carries a list.
pub(crate) fn list_credential(profile: Profile, url: &str, list: &StatusList) -> Credential {
    Credential {
        id: Some(url.to_owned()),
        subject: format!("{url}#list"),
        types: list.types(),
        claims: list.to_subject(url),
        status: Vec::new(),
        ..credential(profile)
    }
}

pub(crate) fn issued_by(key: &TestKey, credential: &Credential, change: &Value) -> String {
    resigned(key, &credential.unsigned(key.id(), key.algorithm()), change)
}

pub(crate) fn new_presentation<'a>(
    holder: &'a Did,
    verifier: &'a Did,
    profile: Profile,
    credentials: &'a [String],
) -> NewPresentation<'a> {
    let (id, now, seconds) = ("urn:uuid:8b2a", now(), 60);
    NewPresentation { holder, verifier, id, now, seconds, profile, credentials }
}

pub(crate) fn presented_by(
    key: &TestKey,
    profile: Profile,
    credentials: &[String],
    change: &Value,
) -> String {
    let verifier = did(VERIFIER);
    let new = new_presentation(key.did(), &verifier, profile, credentials);
    resigned(key, &new.unsigned(key.id(), key.algorithm()), change)
}

/// A text with its payload changed, signed by this key under its own name.
pub(crate) fn resigned(key: &TestKey, unsigned: &Unsigned, change: &Value) -> String {
    let (header, mut payload) = opened(unsigned);
    patch(&mut payload, change);
    let typ = header["typ"].as_str().unwrap();
    signed(key, &json!({"typ": typ}), &payload)
}

/// The header and the payload of what is to be signed.
pub(crate) fn opened(unsigned: &Unsigned) -> (Value, Map<String, Value>) {
    let input = std::str::from_utf8(unsigned.signing_input()).unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let read = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), object(read(payload)))
}

/// A signed text whose header has these members beside the algorithm and the name of the key.
pub(crate) fn signed(key: &TestKey, header: &Value, payload: &Map<String, Value>) -> String {
    let mut whole = object(json!({"alg": key.algorithm().name(), "kid": key.id().to_string()}));
    patch(&mut whole, header);
    let encode = |part: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(part).to_string());
    let input = format!("{}.{}", encode(whole), encode(payload.clone()));
    let signature = key.sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Changes members as RFC 7396 says: null takes one away.
pub(crate) fn patch(target: &mut Map<String, Value>, change: &Value) {
    for (name, value) in change.as_object().unwrap() {
        match (target.get_mut(name), value) {
            (_, Value::Null) => {
                target.remove(name);
            }
            (Some(Value::Object(inner)), Value::Object(_)) => patch(inner, value),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}
