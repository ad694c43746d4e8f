//! The command line's own client of the management API: over the node's socket, or a URL with the
//! management token. It talks to the operator's own node only; calls to peers are the node's.

mod sse;

use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

pub(crate) use self::sse::Events;
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{items, optional, same_id, short, text};

/// The header of an act that a second person approved.
const APPROVAL: &str = "causeway-approval";
/// The API's root.
const ROOT: &str = "/api/v1";
/// Longest wait for a JSON answer; the node asks peers meanwhile.
const ANSWER_SECONDS_MAX: u64 = 180;
/// Largest JSON answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Items asked for at once.
const PAGE: usize = 500;
/// Shortest beginning of an id that stands for the whole.
const PREFIX_CHARS_MIN: usize = 4;
/// What may stand in a path segment as it is.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// A client of one node.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// Under which approval acts are carried out.
    approval: Option<String>,
    /// The node as it is named in errors.
    name: String,
}

impl Client {
    /// The node of `--node`, else the one of the configuration.
    pub(crate) fn open(context: &Context) -> Outcome<Self> {
        let asked = context.globals.node.as_deref().filter(|node| !node.is_empty());
        let client = match asked {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                Self::at_url(context, url.trim_end_matches('/'), None)
            }
            Some(socket) => Self::at_socket(PathBuf::from(socket)),
            None => Self::at_socket(context.config()?.socket()),
        };
        Ok(client?.under(context))
    }

    /// Carries out what it does under the approval that was given, if one was.
    pub(crate) fn under(self, context: &Context) -> Self {
        Self { approval: context.globals.approval.clone(), ..self }
    }

    #[expect(clippy::disallowed_methods, reason = "the operator's own node, over its socket")]
    pub(crate) fn at_socket(socket: PathBuf) -> Outcome<Self> {
        let name = socket.display().to_string();
        let http = reqwest::Client::builder().no_proxy().unix_socket(socket);
        Ok(Self {
            http: build(http)?,
            base: "http://localhost".to_owned(),
            token: None,
            approval: None,
            name,
        })
    }

    /// A node by its URL, with this token; without one, with the token that belongs to the URL.
    #[expect(clippy::disallowed_methods, reason = "the operator's own node, at the URL given")]
    pub(crate) fn at_url(context: &Context, url: &str, token: Option<String>) -> Outcome<Self> {
        let parsed = url::Url::parse(url)
            .map_err(|error| Failure::new(Exit::Usage, format!("--node {url}: {error}")))?;
        let is_local = match parsed.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if !is_local && parsed.scheme() == "http" {
            context
                .output
                .warn(&format!("{url} is not encrypted; the token can be read on the way"));
        }
        let told = || std::env::var("CAUSEWAY_NODE_TOKEN").ok().filter(|token| !token.is_empty());
        // Neither the token of a sign-in nor that of the local node is sent to another machine.
        let token = token.or_else(told).or_else(|| crate::logins::token(url)).or_else(|| {
            let file = is_local.then(|| context.config().ok())??.token_file();
            Some(std::fs::read_to_string(file).ok()?.trim().to_owned())
        });
        let http = build(reqwest::Client::builder().connect_timeout(Duration::from_secs(10)))?;
        Ok(Self { http, base: url.to_owned(), token, approval: None, name: url.to_owned() })
    }

    /// A request to a path below the API's root, or to a path that names the root itself.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let is_absolute = path.starts_with("/api/") || path == "/health";
        let root = if is_absolute { "" } else { ROOT };
        let changes = method != Method::GET;
        let mut request = self.http.request(method, format!("{}{root}{path}", self.base));
        if let Some(approval) = self.approval.as_ref().filter(|_| changes) {
            request = request.header(APPROVAL, approval);
        }
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; an answer that is a problem becomes a failure.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Outcome<Response> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = self.read(response).await?;
        Err(problem(status, &body))
    }

    /// The failure of a connection that is refused or breaks.
    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let detail = format!("cannot reach the node at {}: {cause}", self.name);
        Failure::new(Exit::Unreachable, detail).hint("is the node running? causeway serve")
    }

    /// Reads a JSON document.
    pub(crate) async fn get(&self, path: &str) -> Outcome<Value> {
        self.json(self.request(Method::GET, path)).await
    }

    /// Does something and reads what became of it.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.json(self.request(Method::POST, path).json(body)).await
    }

    /// Removes something and reads what it was.
    pub(crate) async fn delete(&self, path: &str) -> Outcome<Value> {
        self.json(self.request(Method::DELETE, path)).await
    }

    async fn json(&self, request: RequestBuilder) -> Outcome<Value> {
        let request = request.timeout(Duration::from_secs(ANSWER_SECONDS_MAX));
        let response = self.send(request).await?;
        let is_accepted = response.status() == http::StatusCode::ACCEPTED;
        let body = self.read(response).await?;
        let answer: Value = serde_json::from_slice(&body).map_err(|error| {
            let text = format!("the node at {} answered no JSON: {error}", self.name);
            Failure::new(Exit::Failure, text)
        })?;
        if is_accepted && optional(&answer, "body_sha256").is_some() {
            return Err(needs_second_person(answer));
        }
        Ok(answer)
    }

    async fn read(&self, mut response: Response) -> Outcome<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(&e))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                let text = format!("the node's answer is larger than {ANSWER_BYTES_MAX} bytes");
                return Err(Failure::new(Exit::Failure, text));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Reads a whole list, page by page, into one document `{"items":[…]}`.
    pub(crate) async fn list(&self, path: &str) -> Outcome<Value> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let cursor = after.map(|after| format!("&after={}", segment(&after)));
            let url = format!("{path}{mark}limit={PAGE}{}", cursor.unwrap_or_default());
            let page = self.get(&url).await?;
            all.extend_from_slice(items(&page));
            match optional(&page, "next") {
                Some(next) => after = Some(next.to_owned()),
                None => return Ok(serde_json::json!({ "items": all })),
            }
        }
    }

    /// Every event from now on, or after one that was seen.
    pub(crate) async fn events(&self, after: Option<i64>) -> Outcome<Events> {
        let mut request = self.request(Method::GET, "/events");
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        Ok(Events::new(self.send(request).await?, after))
    }

    /// The resource that a person means by `id`: as it is, without `urn:uuid:`, or the beginning
    /// of it. `collection` is a path such as `/offers`.
    pub(crate) async fn find(&self, collection: &str, id: &str) -> Outcome<Value> {
        match self.get(&format!("{collection}/{}", segment(id))).await {
            Err(failure) if matches!(failure.exit(), Exit::NotFound | Exit::Usage) => {
                let mut lists = vec![self.list(collection).await?];
                if collection == "/offers" {
                    lists.push(self.list("/offers?withdrawn=true").await?);
                }
                let listed = lists.iter().flat_map(items);
                pick(listed, id)?.cloned().ok_or(failure)
            }
            answer => answer,
        }
    }
}

fn build(builder: reqwest::ClientBuilder) -> Outcome<reqwest::Client> {
    builder
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("causeway-cli/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Failure::new(Exit::Failure, format!("set up the client: {error}")))
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The one item that `wanted` stands for; `None` if there is none.
pub(crate) fn pick<'a>(
    listed: impl Iterator<Item = &'a Value>,
    wanted: &str,
) -> Outcome<Option<&'a Value>> {
    let mut matching: Vec<&Value> = Vec::new();
    for item in listed {
        let id = text(item, "id");
        if same_id(id, wanted) {
            return Ok(Some(item));
        }
        let is_long_enough = short(wanted).chars().count() >= PREFIX_CHARS_MIN;
        let is_known = matching.iter().any(|known| text(known, "id") == id);
        if is_long_enough && short(id).starts_with(short(wanted)) && !is_known {
            matching.push(item);
        }
    }
    match matching.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let ids: Vec<&str> = several.iter().take(5).map(|i| short(text(i, "id"))).collect();
            let found = several.len();
            let detail = format!("{wanted:?} is the beginning of {found} ids: {}", ids.join(", "));
            Err(Failure::new(Exit::Usage, detail).hint("give more of the id"))
        }
    }
}

/// An act was not carried out: somebody else has to agree first.
fn needs_second_person(approval: Value) -> Failure {
    let (words, id) = (text(&approval, "words"), short(text(&approval, "id")).to_owned());
    let detail = format!("a second person has to agree: {words}");
    Failure::new(Exit::Permission, detail)
        .hint(format!("somebody else runs: causeway approval approve {id}"))
        .hint(format!("then run the same command again, with --approval {id}"))
        .document(approval)
}

fn problem(status: u16, body: &[u8]) -> Failure {
    let document: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
    let Some(document) = document else {
        let shown: String = String::from_utf8_lossy(body).chars().take(200).collect();
        let exit = Exit::of_problem("", status);
        return Failure::new(exit, format!("the node answered {status}: {}", shown.trim()));
    };
    let exit = Exit::of_problem(text(&document, "code"), status);
    let detail = match text(&document, "detail") {
        "" => format!("the node answered {status} {}", text(&document, "title")),
        detail => detail.to_owned(),
    };
    let mut failure = Failure::new(exit, detail);
    if let Some(hint) = optional(&document, "hint") {
        failure = failure.hint(hint);
    }
    failure.document(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_beginning_of_one_id_stands_for_it() {
        let listed = [json!({"id": "urn:uuid:0195aaaa-1"}), json!({"id": "urn:uuid:0195bbbb-2"})];
        let check = |wanted: &str, expected: Result<Option<usize>, Exit>| {
            let found = pick(listed.iter(), wanted).map_err(|failure| failure.exit());
            assert_eq!(found, expected.map(|at| at.map(|at| &listed[at])), "{wanted}");
        };
        check("urn:uuid:0195aaaa-1", Ok(Some(0)));
        check("0195bbbb-2", Ok(Some(1)));
        check("0195b", Ok(Some(1)));
        check("0195", Err(Exit::Usage));
        check("019", Ok(None));
        check("ffff", Ok(None));
    }

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        assert_eq!(segment("a/b?c#d e"), "a%2Fb%3Fc%23d%20e");
        assert_eq!(segment("urn:uuid:1-2"), "urn:uuid:1-2");
    }

    #[test]
    fn a_problem_keeps_its_document_and_gets_its_exit_code() {
        let body = json!({"code": "not-found", "detail": "no offer x", "hint": "list them"});
        let failure = problem(404, body.to_string().as_bytes());
        assert_eq!(failure.exit(), Exit::NotFound);
        assert_eq!(failure.to_document(), body);
        assert_eq!(problem(503, b"<html>").exit(), Exit::Unreachable);
    }
}
