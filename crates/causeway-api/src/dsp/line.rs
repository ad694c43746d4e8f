//! The line in which the requests of peers wait when more come than can be worked on at once. A
//! request joins it when it is known whose it is and all of it was read, so that nobody holds a
//! turn by sending slowly; its turn ends with its answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use causeway_types::limits::TURNS_AT_ONCE;
use causeway_types::{ParticipantId, Problem, ProblemCode};
use http::Response;

use crate::limiter::{Turn, Turns};

/// The line of one listener.
#[derive(Clone)]
pub(crate) struct Line(Turns<ParticipantId>);

/// One request's place in it.
#[derive(Clone)]
pub(super) struct InLine {
    turns: Turns<ParticipantId>,
    turn: Arc<Mutex<Option<Turn<ParticipantId>>>>,
}

impl Line {
    /// A line before which nobody stands.
    pub(crate) fn new() -> Self {
        Self(Turns::new(TURNS_AT_ONCE))
    }

    fn place(&self) -> InLine {
        InLine { turns: self.0.clone(), turn: Arc::default() }
    }
}

impl InLine {
    /// Waits for the turn of this peer's request.
    pub(super) async fn wait(&self, peer: &ParticipantId) -> Result<(), Problem> {
        let turn = self.turns.take(peer).await.map_err(|wait| {
            let text = "more requests than are taken in so short a time";
            Problem::new(ProblemCode::TooManyRequests, text)
                .hint(format!("try again in {} s", wait.seconds))
        })?;
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        Ok(())
    }

    fn end(&self) {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Gives each request its place, and ends its turn when it is answered.
pub(crate) async fn give_place(
    State(line): State<Line>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let place = line.place();
    request.extensions_mut().insert(place.clone());
    let response = next.run(request).await;
    place.end();
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_ends_with_its_request_and_whoever_waited_goes_on() {
        let peer = |name: &str| ParticipantId::parse(name).unwrap();
        let line = Line(Turns::new(1));
        let (first, second) = (line.place(), line.place());
        first.wait(&peer("a")).await.unwrap();
        let waits = tokio::spawn(async move { second.wait(&peer("b")).await.map(|()| second) });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        first.end();
        let second = waits.await.unwrap().unwrap();
        // A request that is dropped half-way gives its turn back too.
        drop(second);
        line.place().wait(&peer("c")).await.unwrap();
    }
}
