//! An issuer that is a node, and holders that are played by the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use causeway_dcp::credential::{Credential, SignedCredential};
use causeway_dcp::did::Did;
use causeway_dcp::document::{DidDocument, Service};
use causeway_dcp::jws::Unsigned;
use causeway_dcp::message::{CredentialMessage, CredentialStatus};
use causeway_dcp::status::StatusList;
use causeway_dcp::testing::TestKey;
use causeway_dcp::trust::Trust;
use causeway_node::clock::{Clock as _, System};
use causeway_store::Page;
use causeway_store::records::HeldCredential;
use http::{HeaderMap, StatusCode};
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::bad_input::client;
use crate::world::{Claims, Plan, Running, member};

pub(super) const VC11: &str = "vc11-sl2021/jwt";
pub(super) const VC20: &str = "vc20-bssl/jwt";
/// Longer than any step of a test takes; when it passes, the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// An issuer, a holder and somebody else.
pub(super) struct Stand {
    pub(super) issuer: Running,
    pub(super) did: Did,
    /// The issuer service.
    service: String,
    management: String,
    pub(super) client: reqwest::Client,
    pub(super) holder: Holder,
    pub(super) other: Holder,
}

/// A party with a DID document and a credential service.
pub(super) struct Holder {
    pub(super) key: TestKey,
    pub(super) received: Arc<Received>,
}

/// What a holder's service was sent, and what it answers.
#[derive(Default)]
pub(super) struct Received {
    /// The paths, the tokens and the bodies.
    pub(super) messages: Mutex<Vec<(&'static str, String, Vec<u8>)>>,
    /// Statuses that are answered before 201.
    pub(super) answers: Mutex<Vec<u16>>,
    came: Notify,
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
}

impl Holder {
    pub(super) async fn start() -> Self {
        let (socket, port) = listener().await;
        let key = TestKey::new(&format!("did:web:localhost%3A{port}:holder"));
        let endpoint = format!("http://localhost:{port}/of/holder").parse().unwrap();
        let service =
            Service { id: "service".to_owned(), kind: "CredentialService".to_owned(), endpoint };
        let document = key.document().with_service(service).to_json();
        let received = Arc::new(Received::default());
        let router = Router::new()
            .route("/holder/did.json", get(|| async { document }))
            .route("/of/holder/credentials", post(credentials))
            .route("/of/holder/offers", post(offers))
            .with_state(Arc::clone(&received));
        serve(socket, router);
        Self { key, received }
    }

    /// A token for `audience` with some claims changed.
    pub(super) fn token_with(
        &self,
        audience: &Did,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> String {
        static COUNTER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let now = System.now().unix_seconds();
        let own = self.key.did().as_str();
        let mut payload = Map::from_iter([
            ("iss".to_owned(), own.into()),
            ("sub".to_owned(), own.into()),
            ("aud".to_owned(), audience.as_str().into()),
            ("jti".to_owned(), format!("token-{number}").into()),
            ("iat".to_owned(), now.into()),
            ("exp".to_owned(), (now + 600).into()),
        ]);
        change(&mut payload);
        let unsigned = Unsigned::new(self.key.id(), self.key.algorithm(), "JWT", &payload);
        format!("Bearer {}", self.key.finish(unsigned))
    }

    pub(super) fn token(&self, audience: &Did) -> String {
        self.token_with(audience, |_| ())
    }

    /// Waits for messages, and that no other comes.
    pub(super) async fn messages(&self, count: usize) -> Vec<(&'static str, String, Vec<u8>)> {
        let waiting = async {
            loop {
                let came = self.received.came.notified();
                if self.received.messages.lock().unwrap().len() >= count {
                    break;
                }
                came.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap();
        let messages = self.received.messages.lock().unwrap().clone();
        assert_eq!(messages.len(), count, "messages of the holder");
        messages
    }

    pub(super) async fn delivery(&self) -> CredentialMessage {
        let messages = self.messages(1).await;
        CredentialMessage::read(&messages[0].2).unwrap()
    }
}

async fn credentials(
    State(received): State<Arc<Received>>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> StatusCode {
    received.take("credentials", &headers, &body)
}

async fn offers(
    State(received): State<Arc<Received>>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> StatusCode {
    received.take("offers", &headers, &body)
}

impl Received {
    fn take(&self, path: &'static str, headers: &HeaderMap, body: &[u8]) -> StatusCode {
        let token = headers["authorization"].to_str().unwrap().to_owned();
        self.messages.lock().unwrap().push((path, token, body.to_vec()));
        let mut answers = self.answers.lock().unwrap();
        self.came.notify_waiters();
        let status = if answers.is_empty() { 201 } else { answers.remove(0) };
        StatusCode::from_u16(status).unwrap()
    }
}

impl Stand {
    pub(super) async fn new() -> Self {
        Self::of(false).await
    }

    pub(super) async fn of(is_listed_only: bool) -> Self {
        let mut claims = Claims::members(Trust::default(), Duration::ZERO);
        claims.settings.is_listed_only = is_listed_only;
        let issuer = member(claims, Plan::default()).await;
        Self {
            did: Did::parse(issuer.id.as_str()).unwrap(),
            service: format!("{}/dcp/issuer", issuer.address),
            management: format!("{}/api/v1/issuer", issuer.management),
            issuer,
            client: client(),
            holder: Holder::start().await,
            other: Holder::start().await,
        }
    }

    /// What the management API answers.
    pub(super) async fn manage(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.client.request(method, format!("{}{path}", self.management));
        let response = request.bearer_auth("operator").json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A request as people see it, once it has this member.
    pub(super) async fn until(&self, asked: &Answered, name: &str) -> Value {
        let mut events = self.issuer.node.events();
        let waiting = async {
            loop {
                let path = format!("/requests/{}", asked.id());
                let (_, found) = self.manage(Method::GET, &path, Value::Null).await;
                if found.get(name).is_some() {
                    return found;
                }
                // A commit without an event is found at the next tick.
                tokio::time::timeout(Duration::from_millis(20), events.recv()).await.ok();
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap()
    }

    /// The first request of a node, as people of the issuer see it.
    pub(super) async fn asked_by(&self, holder: &Running) -> Value {
        let path = format!("/requests?holder={}", holder.id.as_str().replace('%', "%25"));
        self.issuer
            .until("a request", async || {
                let (_, found) = self.manage(Method::GET, &path, Value::Null).await;
                found["items"].as_array().and_then(|items| items.first().cloned())
            })
            .await
    }

    /// The first credential that a node holds.
    pub(super) async fn held_by(&self, holder: &Running) -> HeldCredential {
        let newest = Page { after: None, limit: 1 };
        holder
            .until("a credential", async || {
                let found = causeway_store::list(holder.node.store(), None, newest).await.unwrap();
                found.into_iter().next().map(|stored| stored.value)
            })
            .await
    }

    /// That nothing was issued, and nothing sent.
    pub(super) async fn nothing_issued(&self) {
        let (_, issued) = self.manage(Method::GET, "/credentials", Value::Null).await;
        assert_eq!(issued["items"], serde_json::json!([]));
        self.holder.messages(0).await;
    }

    pub(super) async fn define(&self, name: &str, kind: &str, profile: &str, rule: &str) {
        let body = json!({ "id": name, "credential_type": kind, "profile": profile, "rule": rule });
        let (status, defined) = self.manage(Method::POST, "/definitions", body).await;
        assert_eq!(status, 201, "{defined}");
    }

    /// What the issuer service answers to a request for credentials.
    pub(super) async fn ask(
        &self,
        token: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Answered {
        let request = self.client.post(format!("{}/credentials", self.service)).body(body);
        Answered::of(request, token).await
    }

    pub(super) async fn ask_for(&self, names: &[&str], holder_pid: &str) -> Answered {
        let token = self.holder.token(&self.did);
        let answered = self.ask(Some(&token), request(names, holder_pid)).await;
        assert_eq!(answered.status, 201, "{}", answered.body);
        answered
    }

    /// What the issuer service answers at a path.
    pub(super) async fn look(&self, path: &str, token: Option<&str>) -> Answered {
        Answered::of(self.client.get(format!("{}{path}", self.service)), token).await
    }

    pub(super) async fn progress(&self, answered: &Answered) -> CredentialStatus {
        let path = format!("/requests/{}", answered.id());
        let found = self.look(&path, Some(&self.holder.token(&self.did))).await;
        CredentialStatus::read(found.body.as_bytes()).unwrap()
    }

    pub(super) async fn document(&self) -> DidDocument {
        let url = format!("{}/.well-known/did.json", self.service.replace("/dcp/issuer", ""));
        let found = Answered::of(self.client.get(url), None).await;
        DidDocument::read(&self.did, found.body.as_bytes()).unwrap()
    }

    /// Reads a credential and verifies its signature by the issuer's own document.
    pub(super) async fn genuine(&self, text: &str) -> Credential {
        let signed = SignedCredential::read(text).unwrap();
        signed.verify(&self.document().await).unwrap();
        signed.credential().check_time(System.now()).unwrap();
        signed.credential().clone()
    }

    /// Whether the list of a credential says that it was taken back.
    pub(super) async fn is_revoked(&self, credential: &Credential) -> bool {
        let [entry] = &credential.status[..] else { panic!("{credential:?}") };
        let found = Answered::of(self.client.get(&entry.list), None).await;
        let list = self.genuine(&found.body).await;
        assert_eq!(list.id.as_deref(), Some(entry.list.as_str()));
        assert_eq!(list.issuer, self.did);
        StatusList::read(&list.claims).unwrap().has_revoked(entry).unwrap()
    }
}

pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) kind: String,
    pub(super) body: String,
}

impl Answered {
    pub(super) async fn of(request: reqwest::RequestBuilder, token: Option<&str>) -> Self {
        let request = match token {
            Some(token) => request.header("authorization", token),
            None => request,
        };
        let response = request.send().await.unwrap();
        let header = |name| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
        Self {
            status: response.status().as_u16(),
            location: header("location"),
            kind: header("content-type").unwrap_or_default(),
            body: response.text().await.unwrap(),
        }
    }

    /// The last part of the place of a request.
    pub(super) fn id(&self) -> &str {
        self.location.as_ref().unwrap().rsplit('/').next().unwrap()
    }
}

pub(super) fn request(names: &[&str], holder_pid: &str) -> String {
    let names: Vec<Value> = names.iter().map(|name| json!({ "id": name })).collect();
    json!({
        "@context": ["https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"],
        "type": "CredentialRequestMessage",
        "holderPid": holder_pid,
        "credentials": names,
    })
    .to_string()
}
