//! How the core's words become problems and events: the readable half of every state change.

use causeway_dsp::{Question, Rejection};
use causeway_store::{EventKind, NewEvent};
use causeway_types::{ParticipantId, Problem, ProblemCode, ProcessId, Timestamp};

/// A rejection, for whoever sent the message or made the decision.
pub(crate) fn rejected(rejection: &Rejection) -> Problem {
    let code = match rejection {
        Rejection::WrongPid { .. } | Rejection::TermsDiffer { .. } => ProblemCode::BadRequest,
        Rejection::IllegalTransition { .. }
        | Rejection::InFlight { .. }
        | Rejection::SuspendedByOther { .. }
        | Rejection::TooManyRounds { .. } => ProblemCode::IllegalState,
    };
    Problem::new(code, rejection.to_string())
}

/// Events of one process, collected while a change set is built.
pub(crate) struct Story {
    process: ProcessId,
    at: Timestamp,
    kinds: Kinds,
    events: Vec<NewEvent>,
}

/// The three kinds of events a process has.
#[derive(Clone, Copy)]
pub(crate) struct Kinds {
    pub(crate) state: EventKind,
    pub(crate) waiting: EventKind,
    pub(crate) trouble: EventKind,
}

pub(crate) const NEGOTIATION: Kinds = Kinds {
    state: EventKind::NegotiationState,
    waiting: EventKind::NegotiationWaiting,
    trouble: EventKind::NegotiationTrouble,
};

pub(crate) const TRANSFER: Kinds = Kinds {
    state: EventKind::TransferState,
    waiting: EventKind::TransferWaiting,
    trouble: EventKind::TransferTrouble,
};

pub(crate) const CREDENTIALS: Kinds = Kinds {
    state: EventKind::CredentialRequested,
    waiting: EventKind::ApprovalAsked,
    trouble: EventKind::CredentialTrouble,
};

impl Story {
    pub(crate) fn of(process: ProcessId, at: Timestamp, kinds: Kinds) -> Self {
        Self { process, at, kinds, events: Vec::new() }
    }

    /// The process reached another state.
    pub(crate) fn state(&mut self, state: &str, peer: &ParticipantId, reason: &str) {
        let text = match reason {
            "" => format!("{state} with {peer}"),
            reason => format!("{state} with {peer}: {reason}"),
        };
        self.push(self.kinds.state, state, text);
    }

    /// The process waits for a person or a program.
    pub(crate) fn waiting(&mut self, question: Question, reason: &str) {
        self.push(self.kinds.waiting, question.as_str(), format!("waiting for you: {reason}"));
    }

    /// Something went wrong, and the process is where it was.
    pub(crate) fn trouble(&mut self, subject: &str, text: String) {
        self.push(self.kinds.trouble, subject, text);
    }

    /// Something else about this process.
    pub(crate) fn push(&mut self, kind: EventKind, subject: &str, text: String) {
        self.events.push(NewEvent {
            at: self.at,
            kind,
            process: Some(self.process.clone()),
            subject: subject.to_owned(),
            text,
        });
    }

    /// An event that was made elsewhere.
    pub(crate) fn add(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    pub(crate) fn into_events(self) -> Vec<NewEvent> {
        self.events
    }
}
