//! What the tests of holding credentials need: a node with a DID, and parties that are no nodes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use causeway_api::{Access, management_router, protocol_router};
use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::did::Did;
use causeway_dcp::document::Service;
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::jws::Unsigned;
use causeway_dcp::scope::Scope;
use causeway_dcp::testing::TestKey;
use causeway_dcp::trust::{MaintainerSigningKey, Trust, TrustFile};
use causeway_keys::{FileStore, KeyStore as _, Purpose, Unlock};
use causeway_node::clock::{Clock, System};
use causeway_node::{Egress, HttpTransport, IdentityMode, Node, Parts, Secret, TokenClient};
use causeway_plane::Objects;
use causeway_store::{EventKind, MemoryCatalogCache, MemoryStore, Page};
use causeway_types::{Address, ParticipantId, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::bad_input::client;
use crate::world::{World, shipped_law};

pub(super) const CONTEXT: &str = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld";
pub(super) const MEMBERSHIP: &str = "org.eclipse.dspace.dcp.vc.type:MembershipCredential:read";
pub(super) const SENSITIVE: &str = "org.eclipse.dspace.dcp.vc.type:SensitiveDataCredential:read";
pub(super) const STS_SECRET: &str = "a-secret-of-the-client-with-more-than-32-bytes";
/// Longer than any step of a test takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that a test puts forward.
#[derive(Default)]
pub(super) struct Shifted(pub(super) AtomicU64);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        System.now().plus_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A node with a DID.
pub(super) struct Holder {
    pub(super) node: Node,
    pub(super) did: Did,
    pub(super) address: String,
    pub(super) management: String,
    pub(super) clock: Arc<Shifted>,
    _directory: TempDir,
}

/// Parties that are no nodes, with their documents on one server.
pub(super) struct Parties {
    pub(super) issuer: TestKey,
    pub(super) verifier: TestKey,
    pub(super) third: TestKey,
    pub(super) service: Arc<IssuerService>,
}

/// What the played issuer was asked and what it answers.
#[derive(Default)]
pub(super) struct IssuerService {
    pub(super) asked: Mutex<Vec<Value>>,
    pub(super) status: Mutex<String>,
    pub(super) looks: AtomicU64,
}

pub(super) async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub(super) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
}

impl Parties {
    pub(super) async fn start() -> Self {
        let (socket, port) = listener().await;
        let key = |name: &str| TestKey::new(&format!("did:web:localhost%3A{port}:{name}"));
        let (issuer, verifier, third) = (key("issuer"), key("verifier"), key("third"));
        let endpoint = format!("http://localhost:{port}/service").parse().unwrap();
        let (id, kind) = ("service".to_owned(), "IssuerService".to_owned());
        let document = issuer.document().with_service(Service { id, kind, endpoint }).to_json();
        let service = Arc::new(IssuerService::default());
        let plain = |key: &TestKey| {
            let document = key.document().to_json();
            get(|| async { document })
        };
        let router = Router::new()
            .route("/issuer/did.json", get(|| async { document }))
            .route("/verifier/did.json", plain(&verifier))
            .route("/third/did.json", plain(&third))
            .route("/service/credentials", post(asked))
            .route("/service/requests/1", get(looked))
            .with_state(Arc::clone(&service));
        serve(socket, router);
        Self { issuer, verifier, third, service }
    }
}

pub(super) async fn asked(
    State(service): State<Arc<IssuerService>>,
    body: bytes::Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    service.asked.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    (StatusCode::CREATED, [("location", "/service/requests/1")])
}

pub(super) async fn looked(State(service): State<Arc<IssuerService>>) -> axum::Json<Value> {
    service.looks.fetch_add(1, Ordering::SeqCst);
    let pid = service.asked.lock().unwrap()[0]["holderPid"].clone();
    axum::Json(json!({
        "@context": [CONTEXT], "type": "CredentialStatus", "issuerPid": "i-1", "holderPid": pid,
        "status": *service.status.lock().unwrap(),
    }))
}

impl Holder {
    pub(super) async fn start(world: &World) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (socket, port) = listener().await;
        let did = Did::parse(&format!("did:web:localhost%3A{port}")).unwrap();
        let mut settings = world.stranger.node.settings().clone();
        settings.participant_id = ParticipantId::parse(did.as_str()).unwrap();
        settings.address = Address::parse(&format!("http://localhost:{port}")).unwrap();
        settings.identity = IdentityMode::Dcp;
        settings.peers.clear();
        settings.objects = directory.path().join("objects");
        settings.is_loopback_allowed = true;
        let secret = Secret::new(STS_SECRET);
        settings.token_client = Some(TokenClient { id: "plane".to_owned(), secret });
        let keys = FileStore::create(directory.path(), &Unlock::MachineKey).unwrap();
        keys.ensure(&Purpose::ALL, Algorithm::Es256, System.now()).await.unwrap();
        let egress = Egress::new(&settings).unwrap();
        let clock = Arc::new(Shifted::default());
        let parts = Parts {
            objects: Objects::open(&settings.objects).unwrap(),
            settings,
            store: Arc::new(MemoryStore::new()),
            catalogs: Arc::new(MemoryCatalogCache::new()),
            transport: Arc::new(HttpTransport::new(egress.clone())),
            egress,
            law: shipped_law(),
            trust: Arc::new(|| Ok(Trust::default())),
            subject_key: Secret::new([7; 32]),
            keys: Some(Arc::new(keys)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(System),
        };
        let node = Node::start(parts).await.unwrap();
        serve(socket, protocol_router(node.clone()));
        let (socket, management) = listener().await;
        serve(socket, management_router(node.clone(), Access::token("operator")));
        Self {
            node,
            did,
            address: format!("http://localhost:{port}"),
            management: format!("http://127.0.0.1:{management}/api/v1"),
            clock,
            _directory: directory,
        }
    }

    /// Makes the node take an issuer for one of these types.
    pub(super) fn trusts(&self, issuer: &Did, types: &str) {
        let key = MaintainerSigningKey::from_seed([7; 32]).unwrap();
        let text = format!(
            "[trust]\ndataspace = \"test\"\ntitle = \"T\"\nsequence = 1\n\
             valid_from = \"2026-01-01\"\nvalid_until = \"2030-01-01\"\nthreshold = 1\n\
             suites = [\"ES256\"]\n[[maintainer]]\nname = \"A\"\nkey = \"{}\"\n\
             [[issuer]]\ndid = \"{issuer}\"\nname = \"I\"\ntypes = {types}\n",
            key.public().to_text()
        );
        self.node.replace_trust(Trust::new([TrustFile::read("trust.toml", &text).unwrap()]));
    }

    /// What the credential service answers.
    pub(super) async fn post(&self, path: &str, token: &str, body: String) -> (u16, Value) {
        let url = format!("{}/dcp/credentials{path}", self.address);
        let request = client().post(url).header("authorization", token).body(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub(super) async fn manage(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = client().request(method, format!("{}{path}", self.management));
        let response = request.bearer_auth("operator").json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(super) async fn held(&self) -> Vec<Value> {
        let (status, list) = self.manage("GET", "/credentials", json!({})).await;
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().clone()
    }

    pub(super) async fn token(&self, audience: &Did) -> String {
        format!("Bearer {}", self.node.sign_token(audience, None).await.unwrap())
    }

    /// Looks again until there is an answer.
    pub(super) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let mut events = self.node.events();
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::timeout(Duration::from_millis(20), events.recv()).await.ok();
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("{what} did not come about"))
    }

    pub(super) async fn request_in(&self, id: &str, state: &str) -> Value {
        self.until(state, async || {
            let path = format!("/credential-requests/{id}");
            let (_, request) = self.manage("GET", &path, json!({})).await;
            (request["state"] == state).then_some(request)
        })
        .await
    }

    pub(super) async fn told(&self, kind: EventKind) -> usize {
        let all = Page { after: None, limit: 1_000 };
        let events = self.node.store().events(all).await.unwrap();
        events.iter().filter(|event| event.kind == kind).count()
    }
}

/// A self-issued token with some claims changed.
pub(super) fn token_with(
    key: &TestKey,
    audience: &Did,
    change: impl FnOnce(&mut Map<String, Value>),
) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::SeqCst);
    let now = System.now().unix_seconds();
    let own = key.did().as_str();
    let mut payload = Map::from_iter([
        ("iss".to_owned(), own.into()),
        ("sub".to_owned(), own.into()),
        ("aud".to_owned(), audience.as_str().into()),
        ("jti".to_owned(), format!("token-{number}").into()),
        ("iat".to_owned(), now.into()),
        ("exp".to_owned(), (now + 600).into()),
    ]);
    change(&mut payload);
    let unsigned = Unsigned::new(key.id(), key.algorithm(), "JWT", &payload);
    format!("Bearer {}", key.finish(unsigned))
}

pub(super) fn token(key: &TestKey, audience: &Did) -> String {
    token_with(key, audience, |_| ())
}

pub(super) fn showing(key: &TestKey, audience: &Did, access: &str) -> String {
    token_with(key, audience, |claims| {
        claims.insert("token".to_owned(), access.into());
    })
}

pub(super) fn credential(issuer: &Did, subject: &Did, name: &str) -> Credential {
    let now = System.now();
    Credential {
        id: Some(format!("urn:uuid:{name}-{}", now.unix_micros())),
        issuer: issuer.clone(),
        subject: subject.to_string(),
        types: vec!["VerifiableCredential".to_owned(), name.to_owned()],
        claims: Map::from_iter([("foo".to_owned(), "bar".into())]),
        valid_from: now,
        valid_until: Some(now.plus_millis(7_200_000)),
        status: Vec::new(),
        schemas: Vec::new(),
        profile: Profile::Vc11,
    }
}

pub(super) fn signed(key: &TestKey, credential: &Credential) -> String {
    key.finish(credential.unsigned(key.id(), key.algorithm()))
}

pub(super) fn brought(holder_pid: &str, payloads: &[String]) -> Value {
    let containers: Vec<Value> = payloads
        .iter()
        .map(|payload| {
            json!({ "credentialType": "Any", "format": "vc11-sl2021/jwt", "payload": payload })
        })
        .collect();
    json!({
        "@context": [CONTEXT], "type": "CredentialMessage", "issuerPid": "i-1",
        "holderPid": holder_pid, "status": "ISSUED", "credentials": containers,
    })
}

pub(super) fn query(scopes: &[&str]) -> String {
    json!({ "@context": [CONTEXT], "type": "PresentationQueryMessage", "scope": scopes })
        .to_string()
}

/// A trusted issuer has brought a Membership and a SensitiveData credential.
pub(super) async fn furnished() -> (World, Parties, Holder) {
    let (world, parties) = (World::new().await, Parties::start().await);
    let holder = Holder::start(&world).await;
    holder.trusts(parties.issuer.did(), "[\"MembershipCredential\", \"SensitiveDataCredential\"]");
    let payloads = ["MembershipCredential", "SensitiveDataCredential"]
        .map(|name| signed(&parties.issuer, &credential(parties.issuer.did(), &holder.did, name)));
    let bearer = token(&parties.issuer, &holder.did);
    let message = brought("nobody-asked", &payloads).to_string();
    let (status, body) = holder.post("/credentials", &bearer, message).await;
    assert_eq!(status, 200, "{body}");
    (world, parties, holder)
}

impl Holder {
    pub(super) async fn access(&self, bearer: &Did, scopes: &[&str]) -> String {
        let scopes = Scope::parse_all(&scopes.join(" "));
        self.node.mint_access(bearer, &scopes).await.unwrap()
    }

    /// The types that presentations show to a verifier, after all signatures were checked.
    pub(super) async fn shown(
        &self,
        parties: &Parties,
        granted: &[&str],
        asked: &[&str],
    ) -> Vec<String> {
        let access = self.access(parties.verifier.did(), granted).await;
        let bearer = showing(&parties.verifier, &self.did, &access);
        let (status, body) = self.post("/presentations/query", &bearer, query(asked)).await;
        assert_eq!((status, &body["type"]), (200, &json!("PresentationResponseMessage")), "{body}");
        assert!(body.get("presentationSubmission").is_none(), "{body}");
        let mut types = Vec::new();
        for presentation in body["presentation"].as_array().unwrap() {
            let jws =
                causeway_dcp::jws::Jws::read(presentation.as_str().unwrap(), 1 << 20).unwrap();
            let document = self.node.own_document().unwrap();
            let relationship = causeway_dcp::document::Relationship::Authentication;
            jws.verify(document.key(jws.key(), relationship).unwrap()).unwrap();
            assert_eq!(jws.payload()["aud"], parties.verifier.did().as_str());
            for text in jws.payload()["vp"]["verifiableCredential"].as_array().unwrap() {
                let text = text.as_str().unwrap();
                let read = causeway_dcp::credential::SignedCredential::read(text).unwrap();
                read.verify(&parties.issuer.document()).unwrap();
                types.extend(read.credential().types[1..].iter().cloned());
            }
        }
        types.sort();
        types
    }
}
