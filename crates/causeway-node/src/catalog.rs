//! Other nodes' catalogs, where their protocol endpoints are, and whether they can be reached.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use causeway_dsp::catalog::{Catalog, Dataset};
use causeway_dsp::version::ProtocolVersion;
use causeway_dsp::wire;
use causeway_json::Limits;
use causeway_types::{Address, DatasetId, ParticipantId, Problem, ProblemCode, Timestamp};
use url::Url;

use crate::Node;
use crate::egress::Purpose;
use crate::negotiate::encoded;
use crate::settings::Peer;
use crate::transport::{Answer, Outgoing, TransportError};

/// The path, under a node's root, at which it tells an authenticated peer whether it can reach it
/// back. Not part of the Dataspace Protocol.
pub const REACH_PATH: &str = "/causeway/reach";
/// How long a peer's protocol base is believed before its version document is read again.
const BASE_LIFETIME_MILLIS: u64 = 300_000;

/// The protocol bases of peers, as their version documents name them.
#[derive(Default)]
pub(crate) struct Bases(Mutex<HashMap<ParticipantId, (Address, Timestamp)>>);

/// One page of a peer's catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPage {
    /// The page, without what could not be read.
    pub catalog: Catalog,
    /// What could not be read, each with its place.
    pub problems: Vec<String>,
    /// What to ask for the next page; `None` on the last one.
    pub next: Option<String>,
}

/// What a peer answered when it was asked for a page of its catalog.
pub(crate) enum Asked {
    /// The page, with what it will be recognised by.
    Read {
        page: CatalogPage,
        tag: Option<String>,
        /// Bytes on the wire.
        received: usize,
    },
    /// It is what we have already; the next page, if the peer names it.
    Unchanged { next: Option<String> },
}

/// Why a page was not answered.
pub(crate) struct NotAnswered {
    pub(crate) problem: Problem,
    /// Whether asking again later can help.
    pub(crate) is_transient: bool,
    /// How long the peer asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl From<Problem> for NotAnswered {
    fn from(problem: Problem) -> Self {
        let is_transient = problem.code() == ProblemCode::PeerUnreachable;
        Self { problem, is_transient, retry_after: None }
    }
}

/// The findings of a check of a peer, in the order they were made. The first that failed is the
/// hop to mend; what comes after it was not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What was tried.
    pub steps: Vec<ProbeStep>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeStep {
    /// The hop, such as `version document of the peer`.
    pub hop: String,
    /// Whether it works; `None` if that cannot be told.
    pub works: Option<bool>,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Probe {
    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.works != Some(false))
    }
}

impl Node {
    /// The base of a peer's protocol endpoints, from its version document.
    pub(crate) async fn peer_base(&self, peer: &ParticipantId) -> Result<Address, Problem> {
        let known = self.0.directory.peer(peer).ok_or_else(|| unknown_peer(peer.as_str()))?;
        let now = self.now();
        if let Some(base) = self.0.bases.lock().get(peer).filter(|(_, until)| *until > now) {
            return Ok(base.0.clone());
        }
        let base = self.discover(&known).await?;
        let until = now.plus_millis(BASE_LIFETIME_MILLIS);
        self.0.bases.lock().insert(peer.clone(), (base.clone(), until));
        Ok(base)
    }

    /// A page of a peer's catalog; `next` as the previous page named it.
    pub async fn peer_catalog(
        &self,
        peer: &ParticipantId,
        next: Option<&str>,
    ) -> Result<CatalogPage, Problem> {
        let place = self.catalog_place(peer, next).await?;
        match self.ask_for_page(peer, place, None).await {
            Ok(Asked::Read { page, .. }) => Ok(page),
            // Nobody asked whether it is unchanged.
            Ok(Asked::Unchanged { .. }) => Err(misbehaved(peer, &"status 304 for a whole page")),
            Err(refusal) => Err(refusal.problem),
        }
    }

    /// The URL of a page of a peer's catalog: the first, or what the previous page named.
    pub(crate) async fn catalog_place(
        &self,
        peer: &ParticipantId,
        next: Option<&str>,
    ) -> Result<String, Problem> {
        let first = self.peer_base(peer).await?.join("/catalog/request");
        match next {
            None => Ok(first),
            Some(next) => same_origin(&first, next),
        }
    }

    /// Asks for a page at its place, once; with a tag, only if it is another one by now.
    pub(crate) async fn ask_for_page(
        &self,
        peer: &ParticipantId,
        place: String,
        tag: Option<String>,
    ) -> Result<Asked, NotAnswered> {
        let is_conditional = tag.is_some();
        let authorization = self.authorization(peer).await;
        let authorization = authorization.map_err(|error| NotAnswered {
            problem: unreachable(peer, &error),
            is_transient: true,
            retry_after: None,
        })?;
        let request = Outgoing {
            authorization,
            body: Some(wire::write_catalog_request().into()),
            if_none_match: tag,
            is_large: true,
            ..Outgoing::to(Purpose::Peer, place.clone(), self.0.settings.retry.answer_timeout)
        };
        let answer = self.0.transport.send(request).await;
        let answer = answer.map_err(|error| NotAnswered {
            problem: unreachable(peer, &error),
            is_transient: matches!(error, TransportError::Unreachable { .. }),
            retry_after: None,
        })?;
        let next = answer.next.as_deref().map(|next| same_origin(&place, next)).transpose()?;
        if answer.status == 304 && is_conditional {
            return Ok(Asked::Unchanged { next });
        }
        if !answer.is_success() {
            return Err(NotAnswered {
                problem: refused(peer, &answer),
                is_transient: answer.is_transient(),
                retry_after: answer.retry_after,
            });
        }
        let document =
            wire::parse_answer(&answer.body).map_err(|error| misbehaved(peer, &error))?;
        let read = wire::read_catalog(&document).map_err(|error| misbehaved(peer, &error))?;
        let problems = read.problems.iter().map(ToString::to_string).collect();
        let page = CatalogPage { catalog: read.value, problems, next };
        Ok(Asked::Read { page, tag: answer.tag, received: answer.received })
    }

    /// A dataset of a peer's catalog.
    pub async fn peer_dataset(
        &self,
        peer: &ParticipantId,
        id: &DatasetId,
    ) -> Result<Dataset, Problem> {
        let base = self.peer_base(peer).await?;
        let url = base.join(&format!("/catalog/datasets/{}", encoded(id.as_str())));
        let answer = self.call(peer, url, None).await?;
        let document =
            wire::parse_answer(&answer.body).map_err(|error| misbehaved(peer, &error))?;
        let read = wire::read_dataset(&document).map_err(|error| misbehaved(peer, &error))?;
        Ok(read.value)
    }

    /// Checks both directions between this node and a peer, hop by hop.
    pub async fn probe(&self, peer: &ParticipantId) -> Probe {
        let mut probe = self.probe_outward(peer).await;
        if probe.is_good() {
            probe.steps.push(self.probe_back(peer).await);
        }
        probe
    }

    /// Checks only the direction from this node to a peer; what a peer asks for when it checks
    /// the other direction.
    pub async fn probe_outward(&self, peer: &ParticipantId) -> Probe {
        let mut steps = Vec::new();
        let found = match self.0.directory.peer(peer) {
            Some(known) => self.discover(&known).await,
            None => Err(unknown_peer(peer.as_str())),
        };
        let reached = step(
            format!("version document of {peer}"),
            found.as_ref().map(|base| format!("speaks 2025-1 at {base}")),
        );
        let goes_on = reached.works == Some(true);
        steps.push(reached);
        if goes_on {
            let page = self.peer_catalog(peer, None).await;
            let told = page.as_ref().map(|page| {
                format!(
                    "accepted our token, {} datasets on the first page",
                    page.catalog.datasets.len()
                )
            });
            steps.push(step(format!("catalog of {peer}, with our token"), told));
        }
        Probe { steps }
    }

    async fn probe_back(&self, peer: &ParticipantId) -> ProbeStep {
        let hop = format!("way back from {peer} to us");
        let Some(known) = self.0.directory.peer(peer) else {
            return step(hop, Err(&unknown_peer(peer.as_str())));
        };
        let answer = match self.call(peer, known.address.join(REACH_PATH), None).await {
            Ok(answer) => answer,
            Err(problem) => {
                return ProbeStep {
                    hop,
                    works: None,
                    detail: format!("the peer cannot be asked to try it ({problem})"),
                    hint: Some(format!(
                        "ask its operator whether {} can be reached from there",
                        self.0.settings.address
                    )),
                };
            }
        };
        let steps: Option<Vec<serde_json::Value>> =
            causeway_json::parse(&answer.body, Limits::ANSWER)
                .ok()
                .and_then(|body| body.get("steps")?.as_array().cloned());
        let Some(steps) = steps else {
            return ProbeStep {
                hop,
                works: None,
                detail: "the peer's answer about it cannot be read".to_owned(),
                hint: None,
            };
        };
        let text = |step: &serde_json::Value, field: &str| {
            step.get(field).and_then(|v| v.as_str()).map(|s| s.chars().take(300).collect())
        };
        let failed = steps.iter().find(|step| step.get("works") != Some(&true.into()));
        match failed {
            None => ProbeStep {
                hop,
                works: Some(true),
                detail: format!("the peer reaches {}", self.0.settings.address),
                hint: None,
            },
            Some(failed) => ProbeStep {
                hop,
                works: Some(false),
                detail: text(failed, "detail").unwrap_or_default(),
                hint: text(failed, "hint").or_else(|| {
                    Some(format!(
                        "check node.address here ({}) and the peer's entry for us",
                        self.0.settings.address
                    ))
                }),
            },
        }
    }

    async fn discover(&self, peer: &Peer) -> Result<Address, Problem> {
        if let Some(base) = &peer.base {
            return Ok(base.clone());
        }
        let url = peer.address.join("/.well-known/dspace-version");
        let id = &peer.participant_id;
        let request = Outgoing::to(Purpose::Peer, url, self.0.settings.retry.answer_timeout);
        let answer = self.0.transport.send(request).await.map_err(|e| unreachable(id, &e))?;
        if !answer.is_success() {
            return Err(refused(id, &answer));
        }
        let versions = wire::read_version(&answer.body).map_err(|e| misbehaved(id, &e))?;
        let ours = versions.iter().find(|version| version.is_ours()).ok_or_else(|| {
            let spoken: Vec<&str> = versions.iter().map(|v| v.version.as_str()).collect();
            Problem::new(
                ProblemCode::PeerMisbehaved,
                format!("{id} speaks {}, expected 2025-1", spoken.join(", ")),
            )
        })?;
        base_of(&peer.address, ours).map_err(|e| misbehaved(id, &e))
    }

    /// One request to a peer, with our token.
    pub(crate) async fn send_to(
        &self,
        peer: &ParticipantId,
        url: String,
        body: Option<bytes::Bytes>,
    ) -> Result<Answer, TransportError> {
        let request = Outgoing {
            authorization: self.authorization(peer).await?,
            body,
            ..Outgoing::to(Purpose::Peer, url, self.0.settings.retry.answer_timeout)
        };
        self.0.transport.send(request).await
    }

    /// One request to a peer, with our token; only a 2xx answer is an answer.
    async fn call(
        &self,
        peer: &ParticipantId,
        url: String,
        body: Option<bytes::Bytes>,
    ) -> Result<Answer, Problem> {
        let answer = self.send_to(peer, url, body).await.map_err(|e| unreachable(peer, &e))?;
        if answer.is_success() { Ok(answer) } else { Err(refused(peer, &answer)) }
    }
}

impl Bases {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ParticipantId, (Address, Timestamp)>> {
        // A panic elsewhere leaves the map as it was; each entry stands for itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn base_of(
    root: &Address,
    version: &ProtocolVersion,
) -> Result<Address, causeway_types::AddressError> {
    let path = version.path.trim_matches('/');
    if path.is_empty() { Ok(root.clone()) } else { Address::parse(&root.join(&format!("/{path}"))) }
}

/// The next page, if it is on the server that named it: a peer must not send us elsewhere with
/// our token.
fn same_origin(base: &str, next: &str) -> Result<String, Problem> {
    let wrong = || {
        Problem::new(
            ProblemCode::PeerMisbehaved,
            "the next catalog page is on another server than the catalog",
        )
    };
    let base = Url::parse(base).map_err(|_| wrong())?;
    let next = base.join(next).map_err(|_| wrong())?;
    if next.origin() == base.origin() { Ok(next.into()) } else { Err(wrong()) }
}

fn step(hop: String, found: Result<String, &Problem>) -> ProbeStep {
    match found {
        Ok(detail) => ProbeStep { hop, works: Some(true), detail, hint: None },
        Err(problem) => ProbeStep {
            hop,
            works: Some(false),
            detail: problem.detail().to_owned(),
            hint: problem.advice().map(str::to_owned),
        },
    }
}

pub(crate) fn unknown_peer(text: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no peer {text:?}"))
        .hint("peers are listed in the configuration under [[peers]]")
}

fn unreachable(peer: &ParticipantId, error: &TransportError) -> Problem {
    let problem = Problem::new(ProblemCode::PeerUnreachable, format!("{peer}: {error}"));
    match error {
        TransportError::Refused { .. } => problem.hint(
            "if this peer is meant to be there, add its network to egress.reachable in the \
             configuration",
        ),
        TransportError::NoToken { .. } => {
            problem.hint(format!("causeway peer show {peer} tells whether its keys changed"))
        }
        TransportError::Unreachable { .. } | TransportError::TooLarge { .. } => problem,
    }
}

fn refused(peer: &ParticipantId, answer: &Answer) -> Problem {
    let said = wire::read_error(&answer.body);
    let text = if said.is_empty() { String::new() } else { format!(": {said}") };
    let code = match answer.status {
        404 => ProblemCode::NotFound,
        _ if answer.is_transient() => ProblemCode::PeerUnreachable,
        _ => ProblemCode::PeerRefused,
    };
    let problem =
        Problem::new(code, format!("{peer} answered with status {}{text}", answer.status));
    match answer.status {
        401 | 403 => problem.hint("do both sides have the same secret and each other's id?"),
        _ => problem,
    }
}

fn misbehaved(peer: &ParticipantId, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        ProblemCode::PeerMisbehaved,
        format!("{peer} sent something that cannot be read: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_stays_on_the_server_that_named_it() {
        let check = |next: &str, expected: Option<&str>| {
            let found = same_origin("https://p.example/dsp/catalog/request", next).ok();
            assert_eq!(found.as_deref(), expected, "{next}");
        };
        check("?page=2", Some("https://p.example/dsp/catalog/request?page=2"));
        check("https://p.example/other", Some("https://p.example/other"));
        check("https://evil.example/", None);
        check("http://p.example/", None);
        check("//evil.example/", None);
        check("javascript:alert(1)", None);
    }

    #[test]
    fn the_base_is_the_root_with_the_path_of_the_version_document() {
        let root = Address::parse("https://p.example/x").unwrap();
        let check = |path: &str, expected: &str| {
            let version = ProtocolVersion {
                version: "2025-1".to_owned(),
                path: path.to_owned(),
                binding: "HTTPS".to_owned(),
            };
            assert_eq!(base_of(&root, &version).unwrap().as_str(), expected);
        };
        check("/2025-1", "https://p.example/x/2025-1");
        check("2025-1/", "https://p.example/x/2025-1");
        check("/", "https://p.example/x");
        check("", "https://p.example/x");
    }

    #[test]
    fn the_hint_is_about_what_stood_in_the_way() {
        let peer = ParticipantId::parse("did:web:p.example").unwrap();
        let reason = || "it is so".to_owned();
        let check = |error: &TransportError, expected: Option<&str>| {
            let problem = unreachable(&peer, error);
            let is_about = |expected: &str| problem.advice().is_some_and(|a| a.contains(expected));
            assert!(expected.map_or(problem.advice().is_none(), is_about), "{error}");
        };
        check(&TransportError::Refused { reason: reason() }, Some("egress.reachable"));
        check(&TransportError::NoToken { reason: reason() }, Some("causeway peer show"));
        let url = "https://p.example/".to_owned();
        check(&TransportError::Unreachable { url, reason: reason() }, None);
    }
}
