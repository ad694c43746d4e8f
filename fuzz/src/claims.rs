//! What must hold of everything that proves who somebody is: no reader panics, a refusal is short
//! and printable, what is read is written and reads back as the same, and nothing is accepted that
//! breaks a rule. Keys never change, so that an input means tomorrow what it means today; payloads
//! are signed here, so that the fuzzer comes to what is behind a signature.

use std::error::Error;
use std::sync::Arc;
use std::sync::LazyLock;

use causeway_dcp::access::AccessGrant;
use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::credential::{Credential, Profile, SignedCredential};
use causeway_dcp::dialect::Dialect;
use causeway_dcp::did::{Did, KeyId, Scheme};
use causeway_dcp::document::{DidDocument, DocumentError, Relationship};
use causeway_dcp::jws::{Jws, Unsigned};
use causeway_dcp::message::{
    CredentialMessage, CredentialOffer, CredentialRequest, CredentialStatus, IssuerMetadata, Kind,
    PresentationQuery, PresentationResponse,
};
use causeway_dcp::presentation::{Need, NewPresentation, PresentationCheck, Rules, read_list};
use causeway_dcp::status::{StatusEntry, StatusForm, StatusList};
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{TokenCheck, TokenRules};
use causeway_dcp::trust::{self, Pins, Schemas, TrustFile, TrustRegister, TrustSignature};
use causeway_types::Timestamp;
use serde_json::{Map, Value, json};

use crate::check_refusal;

const HOLDER: &str = "did:web:holder.example";
const VERIFIER: &str = "did:web:verifier.example";
const ISSUER: &str = "did:web:issuer.example";

/// The parties, and the list that is served at every address: every second bit is set.
struct World {
    holder: TestKey,
    issuer: TestKey,
    holder_document: Arc<DidDocument>,
    issuer_document: Arc<DidDocument>,
    verifier: Did,
    list: Vec<u8>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (holder, issuer) = (TestKey::fixed(HOLDER, [2; 32]), TestKey::fixed(ISSUER, [1; 32]));
    let mut list = StatusList::empty(StatusForm::Bitstring, "revocation");
    for index in (1..causeway_dcp::status::STATUS_BITS).step_by(2) {
        list.set(index).expect("the index is in the list");
    }
    let credential = Credential {
        id: None,
        issuer: issuer.did().clone(),
        subject: "https://issuer.example/1#list".to_owned(),
        types: list.types(),
        claims: list.to_subject("https://issuer.example/1"),
        valid_from: Timestamp::EPOCH,
        valid_until: None,
        status: Vec::new(),
        schemas: Vec::new(),
        profile: Profile::Vc20,
    };
    let list = issuer.finish(credential.unsigned(issuer.id(), issuer.algorithm())).into_bytes();
    let (holder_document, issuer_document) =
        (Arc::new(holder.document()), Arc::new(issuer.document()));
    let verifier = Did::parse(VERIFIER).expect("it is a did");
    World { holder, issuer, holder_document, issuer_document, verifier, list }
});

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T12:00:00.5Z").expect("it is a time")
}

/// A refusal with its causes, which goes into the log.
fn refused<T, E: Error + 'static>(result: Result<T, E>) -> Option<T> {
    let error = match result {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(error) = cause {
        error.to_string().lines().for_each(check_refusal);
        cause = error.source();
    }
    None
}

fn payload(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// Signed texts, and tokens with this payload.
pub fn jws(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    signed(&text);
    let Some(payload) = payload(bytes) else { return };
    let key = &WORLD.holder;
    for typ in ["JWT", causeway_dcp::access::ACCESS_TYPE, "did-continuity+jwt", "vc+jwt"] {
        signed(&key.finish(Unsigned::new(key.id(), key.algorithm(), typ, &payload)));
    }
}

/// Every reader of one signed text, of which at most one may accept it.
fn signed(text: &str) {
    let (document, holder) = (&WORLD.holder_document, WORLD.holder.did());
    let (verifier, mut accepted) = (&WORLD.verifier, 0);
    if let Some(jws) = refused(Jws::read(text, 1024 * 1024)) {
        assert!(jws.verify(&WORLD.issuer.public()).is_err() || jws.key() == WORLD.issuer.id());
    }
    let check = TokenCheck::start(text, verifier, now(), &TokenRules::default());
    if let Some(token) = refused(check.and_then(|check| check.finish(document))) {
        assert!(token.issuer == *holder && token.expires > now() && !token.id.is_empty());
        assert!(token.expires.unix_seconds() <= now().unix_seconds() + 905);
        accepted += 1;
    }
    if let Some(grant) = refused(AccessGrant::verify(text, document, verifier, now())) {
        assert!(grant.bearer == *verifier && grant.expires > now());
        accepted += 1;
    }
    let keys = KeySet::of(document);
    let file = continuity::write(&[text.to_owned()]);
    accepted += i32::from(continuity::verify(file.as_bytes(), document, &keys).is_ok());
    refused(continuity::verify(text.as_bytes(), document, &keys));
    if let Some(signed) = refused(SignedCredential::read(text)) {
        if refused(signed.verify(document)).is_some() {
            assert_eq!(signed.credential().issuer, *holder);
            accepted += 1;
        }
    }
    assert!(accepted <= 1, "{text}");
}

/// Names, and documents of the holder.
pub fn did_document(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(did) = refused(Did::parse(&text)) {
        assert_eq!(did.as_str(), text);
        if let Some(web) = refused(did.web()) {
            let url = refused(web.document_url(Scheme::Https)).expect("a did:web has a document");
            assert_eq!((url.scheme(), url.host_str()), ("https", Some(web.host())));
            assert_eq!((url.port(), url.query()), (web.port().filter(|port| *port != 443), None));
            assert!(url.path().ends_with("/did.json") && !url.path().contains("/../"));
            assert!(url.username().is_empty() && url.fragment().is_none());
        }
    }
    if let Some(key) = refused(KeyId::parse(&text)) {
        assert_eq!(key.to_string(), text);
    }
    let Some(read) = refused(DidDocument::read(WORLD.holder.did(), bytes)) else { return };
    let again = match DidDocument::read(WORLD.holder.did(), read.to_json().as_bytes()) {
        Ok(again) => again,
        // Names in full are longer, and a service of two types is written as two.
        Err(DocumentError::Json { .. } | DocumentError::TooMany { .. }) => return,
        Err(error) => panic!("{error}: {}", read.to_json()),
    };
    assert!(read.keys().eq(again.keys()));
    assert_eq!(read.services(), again.services());
    assert_eq!(KeySet::of(&read), KeySet::of(&again));
    for (id, key) in read.keys() {
        assert_eq!(read.relationships(id), again.relationships(id));
        for relationship in Relationship::ALL {
            let found = read.key(id, relationship);
            assert_eq!(found.is_ok(), read.relationships(id).contains(&relationship));
            assert!(found.is_err() || found == Ok(key));
        }
    }
}

/// Presentations as text, and this payload as that of a credential and of a presentation.
pub fn presentation(bytes: &[u8]) {
    check(&String::from_utf8_lossy(bytes));
    let Some(payload) = payload(bytes) else { return };
    let (issuer, holder) = (&WORLD.issuer, &WORLD.holder);
    for (profile, typ_of_one, typ) in
        [(Profile::Vc11, "JWT", "JWT"), (Profile::Vc20, "vc+jwt", "vp+jwt")]
    {
        let whole = Unsigned::new(holder.id(), holder.algorithm(), typ, &payload);
        check(&holder.finish(whole));
        let one = Unsigned::new(issuer.id(), issuer.algorithm(), typ_of_one, &payload);
        let credentials = [issuer.finish(one)];
        let (verifier, id, now, seconds) = (&WORLD.verifier, "id", now(), 60);
        let holder_did = holder.did();
        let around = NewPresentation {
            holder: holder_did,
            verifier,
            id,
            now,
            seconds,
            profile,
            credentials: &credentials,
        };
        check(&holder.finish(around.unsigned(holder.id(), holder.algorithm())));
    }
}

/// The whole check of one presentation in every dialect.
fn check(text: &str) {
    for dialect in [Dialect::Final, Dialect::Draft] {
        check_as(text, dialect);
    }
}

/// Nothing in a presentation counts without reason.
fn check_as(text: &str, dialect: Dialect) {
    let rules = Rules {
        verifier: WORLD.verifier.clone(),
        holder: WORLD.holder.did().clone(),
        now: now(),
        unsigned_lists: false,
        dialect,
        schemas: Schemas::default(),
    };
    let is_trusted = |did: &Did| did == WORLD.issuer.did();
    let texts = [text.to_owned()];
    let Some(mut check) = refused(PresentationCheck::start(&texts, rules, is_trusted)) else {
        return;
    };
    let mut rounds = 0;
    loop {
        let needs = check.needs();
        if needs.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds <= 3, "the check never ends");
        for need in needs {
            match need {
                Need::Document(did) if did == *WORLD.holder.did() => {
                    check.supply_document(did, Ok(Arc::clone(&WORLD.holder_document)));
                }
                Need::Document(did) => {
                    assert_eq!(did, *WORLD.issuer.did());
                    check.supply_document(did, Ok(Arc::clone(&WORLD.issuer_document)));
                }
                Need::StatusList(url) => check.supply_status_list(url, Ok(WORLD.list.clone())),
            }
        }
    }
    let Some(findings) = refused(check.finish()) else { return };
    findings.refused.into_iter().for_each(|error| {
        refused(Err::<(), _>(error));
    });
    for found in findings.accepted {
        let one = found.credential;
        assert!(one.issuer == *WORLD.issuer.did() && one.subject == HOLDER);
        assert!(one.types.iter().any(|name| name == "VerifiableCredential"));
        assert!(one.valid_from <= now().plus_millis(5_000));
        assert!(one.valid_until.is_none_or(|until| until > now()));
        assert!(one.schemas.is_empty());
        let counts = |entry: &StatusEntry| entry.index % 2 == 0 && entry.purpose == "revocation";
        assert!(one.status.iter().all(counts), "{:?}", one.status);
    }
}

/// Status lists as they are served, as their subject, and as their packed bits.
pub fn status_list(bytes: &[u8]) {
    for is_unsigned_allowed in [false, true] {
        refused(read_list(bytes, &WORLD.issuer_document, now(), is_unsigned_allowed));
    }
    if let Some(subject) = payload(bytes) {
        if let Some(entry) = refused(StatusEntry::read(&Value::Object(subject.clone()))) {
            assert_eq!(StatusEntry::read(&entry.to_json()).as_ref(), Ok(&entry));
        }
        list(&subject);
    }
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let subject = json!({
        "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": packed,
    });
    list(subject.as_object().expect("it is an object"));
}

fn list(subject: &Map<String, Value>) {
    let Some(list) = refused(StatusList::read(subject)) else { return };
    assert!(list.is_set(usize::MAX).is_err());
    // Packing anew is slow for what is long.
    if list.is_set(1_000_000).is_err() {
        let again = StatusList::read(&list.to_subject("https://issuer.example/1"));
        assert!(again.is_ok_and(|again| again == list));
    }
}

/// Messages of every kind, whatever they say they are.
pub fn claims_message(bytes: &[u8]) {
    /// Reads, writes and reads again; a message of another kind is refused.
    macro_rules! again {
        ($kind:expr, $message:ident) => {
            if let Some(read) = refused($message::read(bytes)) {
                assert_eq!(Kind::of(bytes), Some($kind));
                let written = read.write();
                // Names in full and texts in escapes may be longer than what was read.
                if written.len() <= bytes.len() {
                    assert_eq!($message::read(written.as_bytes()), Ok(read), "{written}");
                }
            }
        };
    }
    // Scopes that are not known ask for nothing, and a query for nothing is never written.
    if PresentationQuery::read(bytes).is_ok_and(|query| query.scopes.is_empty()) {
        return;
    }
    again!(Kind::PresentationQuery, PresentationQuery);
    again!(Kind::PresentationResponse, PresentationResponse);
    again!(Kind::Credential, CredentialMessage);
    again!(Kind::CredentialOffer, CredentialOffer);
    again!(Kind::CredentialRequest, CredentialRequest);
    again!(Kind::CredentialStatus, CredentialStatus);
    again!(Kind::IssuerMetadata, IssuerMetadata);
}

/// Trust files and registers; nothing is accepted that nobody signed.
pub fn trust_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match TrustFile::read("trust.toml", &text) {
        Ok(file) => {
            assert!((1..=file.maintainers.len()).contains(&file.threshold));
            assert!(file.period.from < file.period.until);
        }
        Err(findings) => {
            assert!(!findings.is_empty());
            findings.iter().for_each(|finding| assert!(!finding.render().is_empty()));
        }
    }
    let signatures = TrustSignature::read_all(&text).unwrap_or_default();
    let pins = Pins { keys: Vec::new(), threshold: 0 };
    for pins in [None, Some(&pins)] {
        let found = trust::accept(None, pins, "trust.toml", bytes, &signatures, now());
        assert!(found.is_err(), "{found:?}");
    }
    if let Ok(register) = TrustRegister::read(&text) {
        let written = register.to_text().expect("what was read can be written");
        assert_eq!(TrustRegister::read(&written), Ok(register));
    }
}
