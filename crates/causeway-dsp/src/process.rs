//! What a negotiation and a transfer have in common: remembered message ids, reasons, rejections.

use std::collections::VecDeque;
use std::fmt;

use causeway_types::limits::{REASON_BYTES_MAX, REASONS_MAX, RECEIVED_IDS_MAX};
use causeway_types::{ConsumerPid, MessageId, ProcessId, ProviderPid, Role};

/// The ids of the last messages that took effect, to recognise repeated ones (a peer that did not
/// see our acknowledgement sends the same `@id` again).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received(VecDeque<MessageId>);

impl Received {
    /// Whether this message took effect before.
    pub fn contains(&self, id: &MessageId) -> bool {
        self.0.contains(id)
    }

    /// Remembers one more id and forgets the oldest beyond [`RECEIVED_IDS_MAX`].
    pub fn remember(&mut self, id: MessageId) {
        if self.0.len() == RECEIVED_IDS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(id);
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &MessageId> {
        self.0.iter()
    }
}

impl FromIterator<MessageId> for Received {
    fn from_iter<I: IntoIterator<Item = MessageId>>(ids: I) -> Self {
        let mut received = Self::default();
        for id in ids {
            received.remember(id);
        }
        received
    }
}

/// Why a process was ended, suspended or refused: the `code` and `reason` of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    code: Option<String>,
    texts: Vec<String>,
}

impl Reason {
    /// Keeps at most [`REASONS_MAX`] texts of [`REASON_BYTES_MAX`] bytes; what is beyond is cut,
    /// since a reason is for people and must never stop a termination.
    pub fn new(code: Option<String>, texts: impl IntoIterator<Item = String>) -> Self {
        let cut = |mut text: String| {
            let mut end = text.len().min(REASON_BYTES_MAX);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text
        };
        Self {
            code: code.map(cut),
            texts: texts.into_iter().filter(|t| !t.is_empty()).take(REASONS_MAX).map(cut).collect(),
        }
    }

    /// A reason with a code and one sentence.
    pub fn of(code: &str, text: impl Into<String>) -> Self {
        Self::new(Some(code.to_owned()), [text.into()])
    }

    /// The machine-readable part.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The readable part.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.code.is_none() && self.texts.is_empty()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, self.texts.is_empty()) {
            (Some(code), true) => f.write_str(code),
            (Some(code), false) => write!(f, "{code}: {}", self.texts.join("; ")),
            (None, _) => f.write_str(&self.texts.join("; ")),
        }
    }
}

/// What the protocol core asks for. Policy, law, an operator or a webhook answers; a person in the
/// loop is not a special case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Provider: the consumer requests a contract. Agree, offer other terms, or terminate?
    ContractRequested,
    /// Provider: the consumer accepted our offer. Agree or terminate?
    OfferAccepted,
    /// Provider: the consumer verified the agreement. Finalize or terminate?
    AgreementVerified,
    /// Consumer: the provider offers terms. Accept, request other terms, or terminate?
    OfferReceived,
    /// Consumer: the provider agreed. Verify or terminate?
    AgreementReceived,
    /// Provider: the consumer requests a transfer. Start or terminate?
    TransferRequested,
    /// Consumer: the provider started a transfer. Fetch the data?
    TransferStarted,
}

impl Question {
    /// Every question, in the order of an exchange.
    pub const ALL: [Self; 7] = [
        Self::ContractRequested,
        Self::OfferReceived,
        Self::OfferAccepted,
        Self::AgreementReceived,
        Self::AgreementVerified,
        Self::TransferRequested,
        Self::TransferStarted,
    ];

    /// The name used in configuration, records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContractRequested => "contract_requested",
            Self::OfferAccepted => "offer_accepted",
            Self::AgreementVerified => "agreement_verified",
            Self::OfferReceived => "offer_received",
            Self::AgreementReceived => "agreement_received",
            Self::TransferRequested => "transfer_requested",
            Self::TransferStarted => "transfer_started",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.as_str() == name)
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an input was not accepted. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The message or decision is not allowed in this state.
    #[error("got {got} from the {sender} in state {state}, {}", allowed_text(allowed))]
    IllegalTransition {
        /// The state, or `NONE` before the first message.
        state: &'static str,
        /// The type of the message.
        got: &'static str,
        /// Who sent it.
        sender: Role,
        /// What would have been accepted from that sender.
        allowed: Vec<&'static str>,
    },
    /// The message belongs to another process.
    #[error("got {field} {found:?}, expected {expected:?}")]
    WrongPid {
        /// `consumerPid` or `providerPid`.
        field: &'static str,
        /// What the message says.
        found: String,
        /// What this process has.
        expected: String,
    },
    /// The terms in the message are not the ones on the table.
    #[error("the {what} differs from the last offer: {detail}")]
    TermsDiffer {
        /// `agreement` or `offer`.
        what: &'static str,
        /// Which part differs.
        detail: String,
    },
    /// A message of ours is on its way, so nothing else can be decided or take precedence over it.
    #[error("a {in_flight} of the {sender} is on its way and takes precedence")]
    InFlight {
        /// The type of the message on its way.
        in_flight: &'static str,
        /// Who sent it: this node.
        sender: Role,
    },
    /// Only the party that suspended a transfer may resume it.
    #[error("the {by} suspended this transfer, so only the {by} may resume it")]
    SuspendedByOther {
        /// Who suspended.
        by: Role,
    },
    /// The two sides have exchanged too many offers.
    #[error("{rounds} offers were exchanged, expected at most {rounds}")]
    TooManyRounds {
        /// The limit.
        rounds: u32,
    },
}

/// The pid that the other party has, of the two pids of a process in which we have this role.
pub fn peer_pid(
    own: Role,
    consumer: Option<&ConsumerPid>,
    provider: Option<&ProviderPid>,
) -> Option<ProcessId> {
    let peer = match own {
        Role::Consumer => provider.map(ProviderPid::as_str),
        Role::Provider => consumer.map(ConsumerPid::as_str),
    };
    // All ids are checked alike, so a pid of a message is a process id too.
    ProcessId::parse(peer?).ok()
}

/// Whether a message is meant for our process: each pid it names is the one the process has. One
/// that is missing on either side cannot contradict. Gives the peer's pid as the message names it.
pub(crate) fn check_pids(
    own: Role,
    (id, known): (&ProcessId, Option<&ProcessId>),
    consumer: Option<&ConsumerPid>,
    provider: Option<&ProviderPid>,
) -> Result<Option<ProcessId>, Rejection> {
    let (consumer_id, provider_id) = match own {
        Role::Consumer => (Some(id), known),
        Role::Provider => (known, Some(id)),
    };
    check_pid(consumer.map(ConsumerPid::as_str), consumer_id, "consumerPid")?;
    check_pid(provider.map(ProviderPid::as_str), provider_id, "providerPid")?;
    Ok(peer_pid(own, consumer, provider))
}

fn check_pid(
    found: Option<&str>,
    expected: Option<&ProcessId>,
    field: &'static str,
) -> Result<(), Rejection> {
    match (found, expected) {
        (Some(found), Some(expected)) if found != expected.as_str() => Err(Rejection::WrongPid {
            field,
            found: found.to_owned(),
            expected: expected.to_string(),
        }),
        _ => Ok(()),
    }
}

fn allowed_text(allowed: &[&'static str]) -> String {
    if allowed.is_empty() {
        "expected nothing more: this state is final or it is the other party's turn".to_owned()
    } else {
        format!("expected {}", allowed.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_message_ids_are_remembered() {
        let id = |n: usize| MessageId::parse(format!("m{n}")).unwrap();
        let received: Received = (0..=RECEIVED_IDS_MAX).map(id).collect();
        assert!(!received.contains(&id(0)));
        assert!(received.contains(&id(1)));
        assert!(received.contains(&id(RECEIVED_IDS_MAX)));
    }

    #[test]
    fn an_endless_reason_is_cut_at_a_character() {
        let reason = Reason::new(None, vec!["é".repeat(REASON_BYTES_MAX); 100]);
        assert_eq!(reason.texts().len(), REASONS_MAX);
        assert!(reason.texts().iter().all(|t| t.len() <= REASON_BYTES_MAX));
    }

    #[test]
    fn every_question_reads_back_from_its_name() {
        for question in Question::ALL {
            assert_eq!(Question::parse(question.as_str()), Some(question));
        }
    }
}
