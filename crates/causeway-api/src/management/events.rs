//! Everything that happens, as server-sent events. A listener that was away names the last event
//! it saw and gets the rest from the store.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract;
use axum::response::Sse;
use axum::response::sse;
use causeway_node::Node;
use causeway_store::{Event as StoredEvent, EventKind, Page as StorePage};
use causeway_types::{Problem, ProblemCode, ProcessId};
use futures_util::Stream;
use http::HeaderMap;
use serde::Deserialize;
use tokio::sync::broadcast;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::{Event, Page};
use super::problem::{Failed, ProblemBody};
use super::request::{Listing, Query, unreadable};

/// Events read from the store at once.
const READ_MAX: usize = 256;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(listen))
}

/// From where, and which.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The sequence number of the last event seen; like the header `Last-Event-ID`.
    after: Option<i64>,
    /// Only these kinds, separated by commas.
    types: Option<String>,
}

/// Events as they happen (`text/event-stream`). Without `Last-Event-ID` or `after`, from now on.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    params(Which),
    responses(
        (status = 200, body = Event, content_type = "text/event-stream"),
        (status = 400, body = ProblemBody, description = "An unknown kind of event"),
    ),
)]
async fn listen(
    extract::State(state): extract::State<State>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Failed> {
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = match header.map(|value| value.trim().parse::<i64>()) {
        Some(Ok(after)) => Some(after),
        Some(Err(_)) => {
            return Err(Problem::new(
                ProblemCode::BadRequest,
                "Last-Event-ID: expected the id of an event",
            )
            .into());
        }
        None => which.after,
    };
    let kinds = which.types.as_deref().map(kinds).transpose()?;
    // Subscribing before looking for the last event leaves no gap between the two.
    let wake = state.node.events();
    let last = match after {
        Some(after) => after,
        None => state.node.store().last_event().await.map_err(unreadable)?,
    };
    let listener =
        Listener { node: state.node, wake, last, kinds, ready: VecDeque::new(), behind: true };
    let stream = futures_util::stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(encode(&event)), listener))
    });
    let alive = sse::KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(stream).keep_alive(alive))
}

fn encode(event: &StoredEvent) -> sse::Event {
    let data = serde_json::to_string(&Event::of(event)).unwrap_or_default();
    sse::Event::default().id(event.sequence.to_string()).event(event.kind.as_str()).data(data)
}

fn kinds(text: &str) -> Result<Vec<EventKind>, Problem> {
    let known = || EventKind::ALL.map(EventKind::as_str).join(", ");
    text.split(',')
        .map(|name| {
            EventKind::parse(name.trim()).ok_or_else(|| {
                Problem::new(
                    ProblemCode::BadRequest,
                    format!("types: found {:?}, expected some of {}", name.trim(), known()),
                )
            })
        })
        .collect()
}

/// The broadcast only says that there is something new; what it is comes from the store, in its
/// order, so nothing is missed or told twice.
struct Listener {
    node: Node,
    wake: broadcast::Receiver<StoredEvent>,
    last: i64,
    kinds: Option<Vec<EventKind>>,
    ready: VecDeque<StoredEvent>,
    /// There may be more in the store than was read.
    behind: bool,
}

impl Listener {
    /// The next event; `None` when the node stops or its store fails. The listener then connects
    /// again and goes on after the last event it saw.
    async fn next(&mut self) -> Option<StoredEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind)) {
                    return Some(event);
                }
                continue;
            }
            if self.behind {
                let page = StorePage { after: Some(self.last), limit: READ_MAX };
                let events = self.node.store().events(page).await.ok()?;
                self.behind = events.len() == READ_MAX;
                self.last = events.last().map_or(self.last, |event| event.sequence);
                self.ready.extend(events);
                continue;
            }
            let stopping = self.node.stopping().clone();
            tokio::select! {
                () = stopping.cancelled() => return None,
                woken = self.wake.recv() => match woken {
                    Ok(event) => self.behind = event.sequence > self.last,
                    Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}

/// The events of one process.
pub(super) async fn history(
    node: &Node,
    process: &ProcessId,
    listing: &Listing,
) -> Result<Page<Event>, Failed> {
    let page = listing.page()?;
    let events = node.store().history(process, page).await.map_err(unreadable)?;
    let next = (events.len() == page.limit)
        .then(|| events.last().map(|event| event.sequence.to_string()))
        .flatten();
    Ok(Page { items: events.iter().map(Event::of).collect(), next })
}
