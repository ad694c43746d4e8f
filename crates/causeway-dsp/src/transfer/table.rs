//! The transfer process's transition table as data (DSP 2025-1, Transfer Process Protocol).

use std::fmt;

use causeway_types::Role;

/// A public state of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The consumer requested the data.
    Requested,
    /// The data is available to the consumer, or being sent.
    Started,
    /// Held by one of the parties.
    Suspended,
    /// Done.
    Completed,
    /// Ended before it was done.
    Terminated,
}

impl State {
    /// Every state, in the order of the protocol.
    pub const ALL: [Self; 5] =
        [Self::Requested, Self::Started, Self::Suspended, Self::Completed, Self::Terminated];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Started => "STARTED",
            Self::Suspended => "SUSPENDED",
            Self::Completed => "COMPLETED",
            Self::Terminated => "TERMINATED",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Terminated)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `TransferRequestMessage`
    Request,
    /// `TransferStartMessage`
    Start,
    /// `TransferSuspensionMessage`
    Suspension,
    /// `TransferCompletionMessage`
    Completion,
    /// `TransferTerminationMessage`
    Termination,
}

impl Kind {
    /// Every kind; where two messages cross, the later one in this list wins.
    pub const ALL: [Self; 5] =
        [Self::Request, Self::Start, Self::Suspension, Self::Completion, Self::Termination];

    /// The message type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "TransferRequestMessage",
            Self::Start => "TransferStartMessage",
            Self::Suspension => "TransferSuspensionMessage",
            Self::Completion => "TransferCompletionMessage",
            Self::Termination => "TransferTerminationMessage",
        }
    }

    /// Reads the message type back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where `kind`, sent by `sender`, leads from `state`; `None` if it is not allowed. The state
/// `None` is the time before the first message.
///
/// A provider's start in STARTED is not in the specification's figure. It is accepted because
/// data planes answer a consumer's resumption with a new start that carries a fresh address.
pub fn target(state: Option<State>, kind: Kind, sender: Role) -> Option<State> {
    use Role::{Consumer, Provider};
    use State::{Completed, Requested, Started, Suspended, Terminated};
    match (state, kind, sender) {
        (None, Kind::Request, Consumer) => Some(Requested),
        (Some(Requested | Started), Kind::Start, Provider) | (Some(Suspended), Kind::Start, _) => {
            Some(Started)
        }
        (Some(Started), Kind::Suspension, _) => Some(Suspended),
        (Some(Started), Kind::Completion, _) => Some(Completed),
        (Some(state), Kind::Termination, _) if !state.is_final() => Some(Terminated),
        _ => None,
    }
}

/// What `sender` may send in `state`.
pub fn allowed(state: Option<State>, sender: Role) -> Vec<&'static str> {
    Kind::ALL
        .into_iter()
        .filter(|kind| target(state, *kind, sender).is_some())
        .map(Kind::as_str)
        .collect()
}
