//! Transfer process, both roles (DSP 2025-1, Transfer Process Protocol, HTTPS binding).

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use causeway_dsp::transfer::{Kind, State as TransferState, Transfer};
use causeway_dsp::{Reason, wire};
use causeway_node::{Asks, Node};
use causeway_types::{ConsumerPid, Problem, ProblemCode, ProcessId, ProviderPid};
use http::{HeaderMap, Response, StatusCode};

use super::line::InLine;
use super::{asking, incoming, json, status, unreadable};

pub(crate) fn router() -> Router<Node> {
    let further = |kind: Kind| {
        post(move |State(node): State<Node>, Path(pid): Path<String>, request: Request| {
            further(node, pid, kind, request)
        })
    };
    Router::new()
        .route("/transfers/request", post(first))
        .route("/transfers/{pid}", get(read))
        .route("/transfers/{pid}/start", further(Kind::Start))
        .route("/transfers/{pid}/suspension", further(Kind::Suspension))
        .route("/transfers/{pid}/completion", further(Kind::Completion))
        .route("/transfers/{pid}/termination", further(Kind::Termination))
}

async fn first(State(node): State<Node>, request: Request) -> Response<Body> {
    let mut pids = (None, None);
    let opened = async {
        let (peer, document) = incoming(&node, request, Asks::Transfer).await?;
        let message =
            wire::read_transfer_expecting(&document, &[Kind::Request]).map_err(unreadable)?;
        pids.0 = message.consumer_pid.clone();
        node.transfer_requested(&peer, message).await
    };
    match opened.await {
        Ok((entry, _)) => acknowledge(StatusCode::CREATED, &entry.transfer),
        Err(problem) => refuse(&pids, &problem),
    }
}

async fn further(node: Node, pid: String, kind: Kind, request: Request) -> Response<Body> {
    let mut pids = (None, None);
    let received = async {
        let (peer, document) = incoming(&node, request, Asks::Transfer).await?;
        let id = process(&pid)?;
        let entry = node.transfer_of(&peer, &id).await?;
        pids = (entry.transfer.consumer_pid(), entry.transfer.provider_pid());
        let message = wire::read_transfer_expecting(&document, &[kind]).map_err(unreadable)?;
        node.transfer_received(&peer, &id, message).await
    };
    match received.await {
        Ok(entry) => acknowledge(StatusCode::OK, &entry.transfer),
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
        let peer = asking(&node, &place, &headers, Asks::Transfer).await?;
        node.transfer_of(&peer, &process(&pid)?).await
    };
    match found.await {
        Ok(entry) => acknowledge(StatusCode::OK, &entry.transfer),
        Err(problem) => refuse(&(None, None), &problem),
    }
}

fn process(pid: &str) -> Result<ProcessId, Problem> {
    ProcessId::parse(pid).map_err(|error| Problem::new(ProblemCode::NotFound, error.to_string()))
}

/// See the negotiation's: only acknowledged states are shown.
fn acknowledge(status: StatusCode, transfer: &Transfer) -> Response<Body> {
    let shown = transfer
        .state()
        .or_else(|| transfer.in_flight.as_ref().and_then(|m| m.next.state()))
        .unwrap_or(TransferState::Requested);
    let (consumer, provider) = (transfer.consumer_pid(), transfer.provider_pid());
    json(status, wire::write_transfer_ack(consumer.as_ref(), provider.as_ref(), shown))
}

type Pids = (Option<ConsumerPid>, Option<ProviderPid>);

fn refuse(pids: &Pids, problem: &Problem) -> Response<Body> {
    let write =
        |reason: &Reason| wire::write_transfer_error(pids.0.as_ref(), pids.1.as_ref(), reason);
    super::error(status(problem), write, problem)
}
