//! Contract negotiation, both roles (DSP 2025-1, Contract Negotiation Protocol, HTTPS binding).

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use causeway_dsp::negotiation::{Kind, Message, Negotiation, State as NegotiationState};
use causeway_dsp::{Reason, wire};
use causeway_node::{Asks, Node};
use causeway_types::{ConsumerPid, Problem, ProblemCode, ProcessId, ProviderPid};
use http::{HeaderMap, Response, StatusCode};

use super::line::InLine;
use super::{asking, incoming, json, status, unreadable};

pub(crate) fn router() -> Router<Node> {
    let further = |kinds: &'static [Kind]| {
        post(move |State(node): State<Node>, Path(pid): Path<String>, request: Request| {
            further(node, pid, kinds, request)
        })
    };
    Router::new()
        .route("/negotiations/request", post(|s, r| first(s, Kind::Request, r)))
        .route("/negotiations/offers", post(|s, r| first(s, Kind::Offer, r)))
        .route("/negotiations/{pid}", get(read))
        .route("/negotiations/{pid}/request", further(&[Kind::Request]))
        .route("/negotiations/{pid}/offers", further(&[Kind::Offer]))
        .route("/negotiations/{pid}/events", further(&[Kind::Accepted, Kind::Finalized]))
        .route("/negotiations/{pid}/agreement", further(&[Kind::Agreement]))
        .route("/negotiations/{pid}/agreement/verification", further(&[Kind::Verification]))
        .route("/negotiations/{pid}/termination", further(&[Kind::Termination]))
}

async fn first(State(node): State<Node>, kind: Kind, request: Request) -> Response<Body> {
    let mut pids = Pids::default();
    let opened = async {
        let (peer, document) = incoming(&node, request, Asks::Negotiation).await?;
        let message = wire::read_negotiation_expecting(&document, &[kind]).map_err(unreadable)?;
        pids = Pids::of(&message);
        node.negotiation_opened(&peer, message).await
    };
    match opened.await {
        Ok(opened) => acknowledge(StatusCode::CREATED, &opened.entry.negotiation),
        Err(problem) => refuse(&pids, &problem),
    }
}

async fn further(
    node: Node,
    pid: String,
    kinds: &'static [Kind],
    request: Request,
) -> Response<Body> {
    let mut pids = Pids::default();
    let received = async {
        let (peer, document) = incoming(&node, request, Asks::Negotiation).await?;
        let id = process(&pid)?;
        // An unknown process is unknown whatever the body says.
        let entry = node.negotiation_of(&peer, &id).await?;
        pids = Pids::known(&entry.negotiation);
        let message = wire::read_negotiation_expecting(&document, kinds).map_err(unreadable)?;
        node.negotiation_received(&peer, &id, message).await
    };
    match received.await {
        Ok(entry) => acknowledge(StatusCode::OK, &entry.negotiation),
        Err(problem) => refuse(&pids, &problem),
    }
}

async fn read(
    State(node): State<Node>,
    Path(pid): Path<String>,
    Extension(place): Extension<InLine>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = async {
        let peer = asking(&node, &place, &headers, Asks::Negotiation).await?;
        node.negotiation_of(&peer, &process(&pid)?).await
    };
    match found.await {
        Ok(entry) => acknowledge(StatusCode::OK, &entry.negotiation),
        Err(problem) => refuse(&Pids::default(), &problem),
    }
}

fn process(pid: &str) -> Result<ProcessId, Problem> {
    ProcessId::parse(pid).map_err(|error| Problem::new(ProblemCode::NotFound, error.to_string()))
}

/// The pids to name in an error.
#[derive(Default)]
struct Pids {
    consumer: Option<ConsumerPid>,
    provider: Option<ProviderPid>,
}

impl Pids {
    fn of(message: &Message) -> Self {
        Self { consumer: message.consumer_pid.clone(), provider: message.provider_pid.clone() }
    }

    fn known(negotiation: &Negotiation) -> Self {
        Self { consumer: negotiation.consumer_pid(), provider: negotiation.provider_pid() }
    }
}

/// Only acknowledged states are shown. A negotiation of ours that the peer has not acknowledged
/// but asks about must have reached it, so it is shown as the state our message leads to.
fn acknowledge(status: StatusCode, negotiation: &Negotiation) -> Response<Body> {
    let shown = negotiation
        .state()
        .or_else(|| negotiation.in_flight.as_ref().and_then(|m| m.next.state()))
        .unwrap_or(NegotiationState::Requested);
    let (consumer, provider) = (negotiation.consumer_pid(), negotiation.provider_pid());
    json(status, wire::write_negotiation_ack(consumer.as_ref(), provider.as_ref(), shown))
}

fn refuse(pids: &Pids, problem: &Problem) -> Response<Body> {
    let write = |reason: &Reason| {
        wire::write_negotiation_error(pids.consumer.as_ref(), pids.provider.as_ref(), reason)
    };
    super::error(status(problem), write, problem)
}
