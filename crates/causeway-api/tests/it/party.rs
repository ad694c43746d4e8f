//! Parties of a dataspace that are no nodes of ours: each serves a DID document, shows credentials
//! and issues them, and can be made to misbehave.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::did::Did;
use causeway_dcp::document::{DidDocument, Service};
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::message::PresentationResponse;
use causeway_dcp::presentation::NewPresentation;
use causeway_dcp::status::{StatusEntry, StatusForm, StatusList};
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::NewToken;
use causeway_dcp::trust::{MaintainerSigningKey, Trust, TrustFile};
use causeway_node::clock::{Clock as _, System};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use tokio::net::TcpListener;

/// The purpose of the one list of an issuer.
const PURPOSE: &str = "revocation";

/// A party that serves itself.
#[derive(Clone)]
pub(crate) struct Party(Arc<Inner>);

struct Inner {
    did: Did,
    address: String,
    key: Mutex<Arc<TestKey>>,
    statements: Mutex<Vec<String>>,
    credentials: Mutex<Vec<String>>,
    list: Mutex<StatusList>,
    tokens: AtomicUsize,
    documents: AtomicUsize,
    queries: AtomicUsize,
    lists: AtomicUsize,
}

impl Party {
    /// Serves itself on a free port until the test ends.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let did = Did::parse(&format!("did:web:localhost%3A{port}")).unwrap();
        let party = Self(Arc::new(Inner {
            key: Mutex::new(Arc::new(TestKey::new(did.as_str()))),
            did,
            address: format!("http://localhost:{port}"),
            statements: Mutex::default(),
            credentials: Mutex::default(),
            list: Mutex::new(StatusList::empty(StatusForm::Bitstring, PURPOSE)),
            tokens: AtomicUsize::new(0),
            documents: AtomicUsize::new(0),
            queries: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
        }));
        let router = Router::new()
            .route("/.well-known/did.json", get(document))
            .route("/.well-known/did-continuity.json", get(statements))
            .route("/credentials/presentations/query", post(query))
            .route("/lists/{list}", get(list))
            .with_state(party.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        party
    }

    pub(crate) fn did(&self) -> &Did {
        &self.0.did
    }

    pub(crate) fn documents(&self) -> usize {
        self.0.documents.load(Ordering::SeqCst)
    }

    pub(crate) fn queries(&self) -> usize {
        self.0.queries.load(Ordering::SeqCst)
    }

    fn key(&self) -> Arc<TestKey> {
        Arc::clone(&self.0.key.lock().unwrap())
    }

    /// Has another key from now on; with a proof signed by the one before, or without.
    pub(crate) fn change_key(&self, is_proven: bool) {
        let before = self.key();
        let after = Arc::new(TestKey::with(self.0.did.as_str(), "key-2", Algorithm::EdDsa));
        if is_proven {
            let keys = KeySet::of(&after.document());
            let statement =
                continuity::unsigned(before.id(), before.algorithm(), &keys, System.now());
            self.0.statements.lock().unwrap().push(before.finish(statement));
        }
        *self.0.key.lock().unwrap() = after;
    }

    /// The thumbprints of its key.
    pub(crate) fn thumbprints(&self) -> Vec<String> {
        KeySet::of(&self.key().document()).to_texts()
    }

    /// The header of one request to `audience`, with an access token.
    pub(crate) fn header(&self, audience: &str) -> String {
        let key = self.key();
        let number = self.0.tokens.fetch_add(1, Ordering::SeqCst);
        let token = NewToken {
            key: key.id(),
            algorithm: key.algorithm(),
            audience: &Did::parse(audience).unwrap(),
            id: &format!("token-{number}"),
            issued: System.now(),
            lifetime_seconds: 300,
            access_token: Some("access"),
        };
        format!("Bearer {}", key.finish(token.unsigned()))
    }

    /// Issues a credential about `subject` and gives it to that party, if it is one.
    pub(crate) fn issue(&self, subject: &Did, kind: &str, claims: Value, index: usize) -> String {
        self.issue_under(&[], subject, kind, claims, index)
    }

    /// The same, of a credential that names schemas.
    pub(crate) fn issue_under(
        &self,
        schemas: &[&str],
        subject: &Did,
        kind: &str,
        claims: Value,
        index: usize,
    ) -> String {
        let key = self.key();
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let now = System.now();
        let credential = Credential {
            id: Some(format!("urn:uuid:{index:08}-0000-4000-8000-000000000000")),
            issuer: self.0.did.clone(),
            subject: subject.to_string(),
            types: vec!["VerifiableCredential".to_owned(), kind.to_owned()],
            claims,
            valid_from: now,
            valid_until: Some(now.plus_millis(3_600_000)),
            status: vec![StatusEntry {
                form: StatusForm::Bitstring,
                purpose: PURPOSE.to_owned(),
                index,
                list: format!("{}/lists/1", self.0.address),
            }],
            schemas: schemas.iter().map(|&schema| schema.to_owned()).collect(),
            profile: Profile::Vc20,
        };
        key.finish(credential.unsigned(key.id(), key.algorithm()))
    }

    /// Holds a credential from now on.
    pub(crate) fn hold(&self, credential: String) {
        self.0.credentials.lock().unwrap().push(credential);
    }

    /// Takes back the credential with this index.
    pub(crate) fn revoke(&self, index: usize) {
        self.0.list.lock().unwrap().set(index).unwrap();
    }
}

/// A trust file that lets an issuer vouch for everything that the tests need.
pub(crate) fn trust(issuer: &Did) -> Trust {
    Trust::new([TrustFile::read("trust.toml", &trust_text(issuer)).unwrap()])
}

/// The same, with a schema that credentials may name.
pub(crate) fn trust_with_schema(issuer: &Did, id: &str, schema: &[u8]) -> Trust {
    let mut text = trust_text(issuer);
    let digest = causeway_seal::sha256(schema);
    text += &format!("[[schema]]\nid = \"{id}\"\nsha256 = \"{digest}\"\nfile = \"s.json\"\n");
    let file = TrustFile::read("trust.toml", &text).unwrap();
    Trust::new([file]).with_schemas([(digest, causeway_schema::compiled(schema))])
}

fn trust_text(issuer: &Did) -> String {
    let key = MaintainerSigningKey::from_seed([7; 32]).unwrap();
    format!(
        "[trust]\ndataspace = \"commons\"\ntitle = \"Commons\"\nsequence = 1\n\
         valid_from = \"2026-01-01\"\nvalid_until = \"2100-01-01\"\nthreshold = 1\n\
         suites = [\"ES256\", \"EdDSA\"]\n\
         [[maintainer]]\nname = \"A\"\nkey = \"{}\"\n\
         [[issuer]]\ndid = \"{issuer}\"\nname = \"Registry\"\n\
         types = [\"MembershipCredential\", \"LegalParticipantCredential\", \
         \"CertificationCredential\"]\n\
         jurisdictions = [\"BR\", \"KE\", \"DE\"]\nschemes = [\"GLOBAL-CBPR\"]\n",
        key.public().to_text()
    )
}

async fn document(State(party): State<Party>) -> String {
    party.0.documents.fetch_add(1, Ordering::SeqCst);
    let key = party.key();
    let service = Service {
        id: format!("{}#CredentialService", party.0.did),
        kind: "CredentialService".to_owned(),
        endpoint: format!("{}/credentials", party.0.address).parse().unwrap(),
    };
    let document: DidDocument = key.document().with_service(service);
    document.to_json()
}

async fn statements(State(party): State<Party>) -> String {
    continuity::write(&party.0.statements.lock().unwrap())
}

async fn list(State(party): State<Party>, Path(list): Path<String>) -> String {
    party.0.lists.fetch_add(1, Ordering::SeqCst);
    let key = party.key();
    let url = format!("{}/lists/{list}", party.0.address);
    let bits = party.0.list.lock().unwrap().clone();
    let credential = Credential {
        id: Some(url.clone()),
        issuer: party.0.did.clone(),
        subject: format!("{url}#list"),
        types: bits.types(),
        claims: bits.to_subject(&url),
        valid_from: System.now(),
        valid_until: None,
        status: Vec::new(),
        schemas: Vec::new(),
        profile: Profile::Vc20,
    };
    key.finish(credential.unsigned(key.id(), key.algorithm()))
}

/// Shows everything to whoever brings the access token, as a credential service that is asked for
/// what it has.
async fn query(State(party): State<Party>, headers: HeaderMap) -> Result<String, StatusCode> {
    party.0.queries.fetch_add(1, Ordering::SeqCst);
    let token = headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ");
    let jws = causeway_dcp::jws::Jws::read(token, 64 * 1024).unwrap();
    let payload: &Map<String, Value> = jws.payload();
    if payload["token"] != "access" {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let verifier = Did::parse(payload["iss"].as_str().unwrap()).unwrap();
    let credentials = party.0.credentials.lock().unwrap().clone();
    let key = party.key();
    let presentation = NewPresentation {
        holder: &party.0.did,
        verifier: &verifier,
        id: "urn:uuid:00000000-0000-4000-8000-000000000000",
        now: System.now(),
        seconds: 300,
        profile: Profile::Vc20,
        credentials: &credentials,
    };
    let text = key.finish(presentation.unsigned(key.id(), key.algorithm()));
    Ok(PresentationResponse { presentations: vec![text] }.write())
}

/// Counts of what was answered, by status.
pub(crate) fn tally(statuses: impl IntoIterator<Item = StatusCode>) -> HashMap<StatusCode, usize> {
    let mut counts = HashMap::new();
    for status in statuses {
        *counts.entry(status).or_default() += 1;
    }
    counts
}
