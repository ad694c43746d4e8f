//! Who may use the management API: whoever reaches the local socket, and whoever shows a token that
//! counts. Every request passes here first: who is it, are they too fast, may they, and does it
//! take a second person.

pub(crate) mod document;
pub(crate) mod table;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use causeway_node::Node;
use causeway_node::access::{Caller, GuardedAct, Oidc};
use causeway_types::limits::API_BODY_BYTES_MAX;
use causeway_types::{Problem, ProblemCode, Sha256};
use http::{HeaderValue, StatusCode, header};
use sha2::Digest as _;

use self::table::{Risk, Route};
use super::approvals::model;
use super::problem::Failed;
use crate::limiter::{Buckets, Rate, Wait};

/// The approval under which a request is repeated.
pub(crate) const APPROVAL: &str = "causeway-approval";
/// How callers are slowed down who are not known, by address: wrong guesses in a second.
const GUESSES: Rate = Rate { per_second: 1, burst: 20 };

/// How callers of a listener are told from strangers.
#[derive(Clone)]
pub struct Access {
    kind: Kind,
    gate: Arc<Gate>,
}

#[derive(Clone)]
enum Kind {
    /// The listener is a local socket whose file permissions decide.
    Local,
    /// Callers show a token; the one of the operator's file has this SHA-256.
    Tokens(Sha256),
}

/// What the listeners of one node share.
pub struct Gate {
    four_eyes: bool,
    rate: Buckets,
    guesses: Buckets,
    oidc: Option<Oidc>,
}

/// What an operator decides about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessSettings {
    /// Whether risky acts need a second person.
    pub four_eyes: bool,
    /// How fast the requests of one person may come.
    pub rate: Rate,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self { four_eyes: false, rate: Rate { per_second: 20, burst: 100 } }
    }
}

impl Gate {
    /// A gate, with the identity provider of the organisation if it has one.
    pub fn new(settings: AccessSettings, oidc: Option<Oidc>) -> Self {
        Self {
            four_eyes: settings.four_eyes,
            rate: Buckets::new(settings.rate),
            guesses: Buckets::new(GUESSES),
            oidc,
        }
    }
}

impl Access {
    /// Access for whoever can open the listener.
    pub fn local() -> Self {
        Self { kind: Kind::Local, gate: Arc::new(Gate::new(AccessSettings::default(), None)) }
    }

    /// Access by token: the one of the operator's file, of which only the hash is kept, and those
    /// that the node made.
    pub fn token(token: &str) -> Self {
        Self { kind: Kind::Tokens(hash(token.as_bytes())), ..Self::local() }
    }

    /// With what all listeners of the node share.
    #[must_use]
    pub fn through(self, gate: &Arc<Gate>) -> Self {
        Self { gate: Arc::clone(gate), ..self }
    }
}

pub(crate) async fn check(
    State((node, access)): State<(Node, Access)>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&node, &access, request, next).await {
        Ok(response) => response,
        Err(refused) => refused,
    }
}

async fn admit(
    node: &Node,
    access: &Access,
    mut request: Request,
    next: Next,
) -> Result<Response, Response> {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let Some(caller) = identify(node, access, bearer(&request), from).await? else {
        let who = from.map(|from| from.ip().to_string()).unwrap_or_default();
        access.gate.guesses.take(&who, node.now()).map_err(too_fast)?;
        return Err(unknown());
    };
    if !caller.is_local {
        access.gate.rate.take(&caller.person, node.now()).map_err(too_fast)?;
    }
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let Some(path) = matched else {
        // Nothing is registered there; whoever is known may learn it.
        return Ok(next.run(request).await);
    };
    let path = path.strip_prefix(super::ROOT).unwrap_or(&path);
    let Some(route) = table::find(request.method(), path) else {
        return Err(no_such_method(path));
    };
    if !route.needs.is_empty() && !route.needs().any(|scope| caller.scopes.allows(scope)) {
        return Err(forbidden(&caller, route));
    }
    request.extensions_mut().insert(caller.clone());
    match &route.risk {
        Some(risk) if access.gate.four_eyes => {
            let done = guarded(node, &caller, route, risk, request, next).await;
            done.map_err(|problem| Failed(problem).into_response())
        }
        _ => Ok(next.run(request).await),
    }
}

/// The token that is shown.
fn bearer(request: &Request) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

/// Who is calling; `None` if nobody is known. That a token is wrong, has expired, was revoked or
/// comes from elsewhere is one answer: whoever guesses learns nothing from it.
async fn identify(
    node: &Node,
    access: &Access,
    token: Option<String>,
    from: Option<SocketAddr>,
) -> Result<Option<Caller>, Response> {
    let Kind::Tokens(file) = &access.kind else { return Ok(Some(Caller::at_socket())) };
    let Some(token) = token else { return Ok(None) };
    // Comparing hashes tells a guesser nothing about the token.
    if hash(token.as_bytes()) == *file {
        return Ok(Some(Caller::with_token_file()));
    }
    if let Some(oidc) = &access.gate.oidc
        && token.split('.').count() == 3
    {
        return match oidc.caller(&token, node.now()).await {
            Ok(caller) => Ok(Some(caller)),
            Err(error @ causeway_node::access::OidcError::Refused(_)) => {
                tracing::info!("{error}");
                Ok(None)
            }
            Err(error) => {
                let text = "the identity provider cannot be asked about the token now";
                let problem = Problem::new(ProblemCode::Unavailable, text);
                Err(Failed(problem.internal(error.to_string())).into_response())
            }
        };
    }
    let from = from.map(|from| from.ip());
    node.token_caller(&token, from).await.map_err(|problem| Failed(problem).into_response())
}

/// An act for two persons: asked for the first time, or carried out under an approval.
async fn guarded(
    node: &Node,
    caller: &Caller,
    route: &Route,
    risk: &Risk,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, API_BODY_BYTES_MAX).await.map_err(|_| {
        let text = format!("the body is larger than {API_BODY_BYTES_MAX} bytes, or broke off");
        Problem::new(ProblemCode::TooLarge, text)
    })?;
    let approval = parts.headers.get(APPROVAL).map(HeaderValue::to_str).transpose();
    let approval = approval.ok().flatten().map(|id| super::request::full(id.trim()));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let method = parts.method.to_string();
    let is_risky = (risk.is_risky)(&bytes);
    let act = GuardedAct {
        method,
        path,
        body: hash(&bytes),
        words: risk.words.to_owned(),
        needs: route.needs().map(|scope| scope.to_string()).collect(),
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    if !is_risky {
        return Ok(next.run(request).await);
    }
    let Some(id) = approval else {
        let approval = node.ask_approval(caller, act).await?;
        let location = format!("{}/approvals/{}", super::ROOT, approval.id);
        let body = Json(model(&approval, node.now()));
        let mut response = (StatusCode::ACCEPTED, body).into_response();
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        return Ok(response);
    };
    node.use_approval(caller, &id, &act).await?;
    let response = next.run(request).await;
    if let Err(problem) = node.close_approval(&id, response.status().as_u16()).await {
        tracing::warn!(%problem, "how an approved act ended was not recorded");
    }
    Ok(response)
}

fn unknown() -> Response {
    let text = "the token is missing, or does not count";
    let problem = Problem::new(ProblemCode::Unauthorized, text).hint(
        "send it as Authorization: Bearer <token>; the node keeps the operator's in \
         management.token. A token of `causeway token create` counts until it expires or is \
         revoked, and only from its networks",
    );
    Failed(problem).into_response()
}

fn forbidden(caller: &Caller, route: &Route) -> Response {
    let needed: Vec<String> = route.needs().map(|scope| scope.to_string()).collect();
    let is = match caller.role {
        Some(role) => format!("the role {role}"),
        None if caller.scopes.is_empty() => "no role and no scope".to_owned(),
        None => "scopes of its own".to_owned(),
    };
    let text = format!(
        "{} {} needs {}; the caller has {is}",
        route.method,
        route.path,
        needed.join(" or ")
    );
    let problem = Problem::new(ProblemCode::Forbidden, text)
        .hint("GET /api/v1/access says what a token allows; an operator makes another");
    let mut response = Failed(problem).into_response();
    let scope = needed.first().cloned().unwrap_or_default();
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn too_fast(wait: Wait) -> Response {
    let text = "more requests than are taken in so short a time";
    let problem = Problem::new(ProblemCode::TooManyRequests, text)
        .hint(format!("try again in {} s; see access.requests_per_second", wait.seconds));
    let mut response = Failed(problem).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds));
    response
}

/// Not what the router would answer: nothing reaches it that has no scope.
fn no_such_method(path: &str) -> Response {
    let allowed = table::methods(path).join(", ");
    if allowed.is_empty() {
        let text = format!("nobody may use {path}: it has no scope");
        return Failed(Problem::new(ProblemCode::Forbidden, text)).into_response();
    }
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn hash(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(bytes).into())
}
