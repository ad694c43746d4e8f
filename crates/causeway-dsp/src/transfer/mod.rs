//! The transfer process as a pure state machine: `step(transfer, input)`. It moves no data; it
//! says when data may move ([`Transfer::is_flowing`]).
//!
//! Both parties may suspend, complete and terminate, so messages can cross. The later one in
//! [`Kind::ALL`] wins; of two suspensions, the provider's. The loser is refused, reads the other
//! side's state and goes on from there.

mod step;
mod table;

use causeway_types::{
    Address, AgreementId, ConsumerPid, MessageId, ParticipantId, ProcessId, ProviderPid, Role,
};

pub use self::step::step;
pub use self::table::{Kind, State, allowed, target};
use crate::process::{Question, Reason, Received};

/// What the names of EDC's properties begin with.
pub const EDC_NAMESPACE: &str = "https://w3id.org/edc/v0.0.1/ns/";

/// Where and how data is fetched or delivered (DSP `DataAddress`).
///
/// The properties may hold a bearer token, so there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct DataAddress {
    /// The kind of endpoint, an IRI or a term.
    pub endpoint_type: String,
    /// Its URL.
    pub endpoint: Option<String>,
    /// Named values such as `authorization`; order and repetition are kept.
    pub properties: Vec<(String, String)>,
}

impl DataAddress {
    /// The first property of this name; where there is none, of this name in EDC's namespace.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.named(name).or_else(|| self.named(&format!("{EDC_NAMESPACE}{name}")))
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The `Authorization` header to fetch with. EDC's own data plane, which is known by the names
    /// of its properties, takes a token without a scheme and no other.
    pub fn authorization(&self) -> String {
        let secret = self.property("authorization").unwrap_or_default();
        let scheme = self.property("authType").unwrap_or("bearer");
        let is_of_edc = self.named("authorization").is_none() && !secret.is_empty();
        if is_of_edc || !scheme.eq_ignore_ascii_case("bearer") || secret.contains(' ') {
            return secret.to_owned();
        }
        format!("Bearer {secret}")
    }

    /// The endpoint's URL. Connectors based on EDC have it among the properties only.
    pub fn url(&self) -> Option<&str> {
        self.endpoint.as_deref().or_else(|| self.property("endpoint"))
    }
}

impl std::fmt::Debug for DataAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("DataAddress")
            .field("endpoint_type", &self.endpoint_type)
            .field("endpoint", &self.endpoint)
            .field("properties", &names)
            .finish()
    }
}

/// A transfer message, whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same on every retry. Peers may leave it out; we never do.
    pub id: Option<MessageId>,
    /// Always present on the wire.
    pub consumer_pid: Option<ConsumerPid>,
    /// Missing only in a request.
    pub provider_pid: Option<ProviderPid>,
    /// What it says.
    pub body: Body,
}

/// What a transfer message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Data is requested under an agreement.
    Request {
        /// The contract.
        agreement_id: AgreementId,
        /// The kind of transfer, as a distribution of the catalog names it.
        format: String,
        /// Where to answer.
        callback: Address,
        /// Where to deliver, for a push.
        data_address: Option<DataAddress>,
    },
    /// Data flows, or flows again.
    Start {
        /// Where to fetch, for a pull.
        data_address: Option<DataAddress>,
    },
    /// Data is held.
    Suspension {
        /// Why.
        reason: Reason,
    },
    /// Data was moved.
    Completion,
    /// The transfer ends.
    Termination {
        /// Why.
        reason: Reason,
    },
}

impl Body {
    /// The row of the table this message belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Request { .. } => Kind::Request,
            Self::Start { .. } => Kind::Start,
            Self::Suspension { .. } => Kind::Suspension,
            Self::Completion => Kind::Completion,
            Self::Termination { .. } => Kind::Termination,
        }
    }
}

/// One side's view of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Our own pid.
    pub id: ProcessId,
    /// Our side.
    pub role: Role,
    /// Ourselves.
    pub participant: ParticipantId,
    /// The other party.
    pub peer: ParticipantId,
    /// Where the other party takes messages.
    pub peer_address: Address,
    /// The other party's pid, once known.
    pub peer_pid: Option<ProcessId>,
    /// The contract.
    pub agreement_id: AgreementId,
    /// The kind of transfer.
    pub format: String,
    /// Where the data is fetched (pull) or delivered (push), once known.
    pub data_address: Option<DataAddress>,
    /// What both sides know.
    pub stage: Stage,
    /// Our message that the peer has not acknowledged.
    pub in_flight: Option<InFlight>,
    /// What waits for a decision of ours.
    pub question: Option<Question>,
    /// Messages that took effect.
    pub received: Received,
}

/// The acknowledged state, with what exists in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is acknowledged yet.
    Opening,
    /// See [`State::Requested`].
    Requested,
    /// See [`State::Started`].
    Started,
    /// See [`State::Suspended`].
    Suspended {
        /// Who holds it, and alone may resume it.
        by: Role,
        /// Why.
        reason: Reason,
    },
    /// See [`State::Completed`].
    Completed,
    /// See [`State::Terminated`].
    Terminated {
        /// Who ended it.
        by: Role,
        /// Why.
        reason: Reason,
    },
}

impl Stage {
    /// The public state; `None` before the first acknowledgement.
    pub fn state(&self) -> Option<State> {
        match self {
            Self::Opening => None,
            Self::Requested => Some(State::Requested),
            Self::Started => Some(State::Started),
            Self::Suspended { .. } => Some(State::Suspended),
            Self::Completed => Some(State::Completed),
            Self::Terminated { .. } => Some(State::Terminated),
        }
    }
}

/// A message of ours between commit and acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The message's `@id`.
    pub id: MessageId,
    /// What it says.
    pub kind: Kind,
    /// Where its acknowledgement leads.
    pub next: Stage,
}

/// Something that happened to a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The peer sent a message.
    Received(Message),
    /// Somebody on our side decided.
    Decided {
        /// What was decided.
        decision: Decision,
        /// A fresh id for the message it causes.
        message_id: MessageId,
    },
    /// The peer acknowledged our message.
    Acked {
        /// Which message.
        message_id: MessageId,
        /// The peer's pid, where the acknowledgement names it.
        peer_pid: Option<ProcessId>,
    },
    /// The peer refused our message.
    Refused {
        /// Which message.
        message_id: MessageId,
        /// What the peer said.
        reason: Reason,
        /// The peer's state as read after the refusal; `None` if the peer knows no such process
        /// or could not be read.
        peer_state: Option<State>,
        /// A fresh id, should the transfer have to be terminated.
        termination_id: MessageId,
    },
    /// All attempts to deliver our message are used up.
    Lapsed {
        /// Which message.
        message_id: MessageId,
        /// The last failure.
        reason: Reason,
    },
}

/// An answer to a [`Question`], or an act of either party's own will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Consumer: request the data.
    Request {
        /// Our callback address.
        callback: Address,
    },
    /// Provider: start. Either: resume what it suspended.
    Start {
        /// Where to fetch, for a pull.
        data_address: Option<DataAddress>,
    },
    /// Consumer: leave the running transfer as it is, and fetch the data.
    Fetch,
    /// Either: hold.
    Suspend {
        /// Why.
        reason: Reason,
    },
    /// Either: done.
    Complete,
    /// Either: end.
    Terminate {
        /// Why.
        reason: Reason,
    },
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The transfer afterwards; equal to the one before for a repeated message.
    pub next: Transfer,
    /// What the node must do, in order.
    pub effects: Vec<Effect>,
}

/// What the node must do after a step, in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Put this message into the outbox.
    Send(Box<Message>),
    /// Take our undelivered message out of the outbox.
    CancelSend,
    /// Find out what to do.
    Ask(Question),
}

impl Transfer {
    /// A transfer about which nothing is said yet.
    pub fn opening(
        id: ProcessId,
        role: Role,
        parties: (ParticipantId, ParticipantId),
        peer_address: Address,
        agreement_id: AgreementId,
        format: String,
    ) -> Self {
        let (participant, peer) = parties;
        Self {
            id,
            role,
            participant,
            peer,
            peer_address,
            peer_pid: None,
            agreement_id,
            format,
            data_address: None,
            stage: Stage::Opening,
            in_flight: None,
            question: None,
            received: Received::default(),
        }
    }

    /// The public state; `None` while our request is not acknowledged.
    pub fn state(&self) -> Option<State> {
        self.stage.state()
    }

    /// Whether data may move now. A start of ours counts from the moment it is committed (the
    /// consumer may fetch before its acknowledgement reaches us); a suspension or an end of ours
    /// counts at once.
    pub fn is_flowing(&self) -> bool {
        match &self.in_flight {
            Some(in_flight) => in_flight.next == Stage::Started,
            None => self.stage == Stage::Started,
        }
    }

    /// The consumer's pid, once known.
    pub fn consumer_pid(&self) -> Option<ConsumerPid> {
        match self.role {
            Role::Consumer => Some(self.id.as_consumer_pid()),
            Role::Provider => self.peer_pid.as_ref().map(ProcessId::as_consumer_pid),
        }
    }

    /// The provider's pid, once known.
    pub fn provider_pid(&self) -> Option<ProviderPid> {
        match self.role {
            Role::Provider => Some(self.id.as_provider_pid()),
            Role::Consumer => self.peer_pid.as_ref().map(ProcessId::as_provider_pid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_address_of_edc_is_understood_by_the_names_in_its_namespace() {
        let check = |endpoint: Option<&str>, names: &[&str], expected: [Option<&str>; 2]| {
            let property = |name: &&str| ((*name).to_owned(), format!("<{name}>"));
            let address = DataAddress {
                endpoint_type: "https://w3id.org/idsa/v4.1/HTTP".to_owned(),
                endpoint: endpoint.map(str::to_owned),
                properties: names.iter().map(property).collect(),
            };
            let found = [address.url(), address.property("authorization")];
            assert_eq!(found, expected, "{names:?}");
        };
        let [endpoint, authorization] = [
            "https://w3id.org/edc/v0.0.1/ns/endpoint",
            "https://w3id.org/edc/v0.0.1/ns/authorization",
        ];
        let of_edc = "<https://w3id.org/edc/v0.0.1/ns/authorization>";
        check(
            None,
            &[endpoint, authorization],
            [Some("<https://w3id.org/edc/v0.0.1/ns/endpoint>"), Some(of_edc)],
        );
        check(Some("/data"), &[endpoint, authorization], [Some("/data"), Some(of_edc)]);
        check(
            Some("/data"),
            &[authorization, "authorization"],
            [Some("/data"), Some("<authorization>")],
        );
        check(None, &["endpoint"], [Some("<endpoint>"), None]);
        check(None, &["https://example.org/endpoint", "Authorization"], [None, None]);
    }

    #[test]
    fn a_bearer_token_is_sent_with_its_scheme_except_to_the_data_plane_of_edc() {
        let check = |properties: &[(&str, &str)], expected: &str| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let address = DataAddress {
                endpoint_type: "https://w3id.org/idsa/v4.1/HTTP".to_owned(),
                endpoint: None,
                properties: properties.iter().map(owned).collect(),
            };
            assert_eq!(address.authorization(), expected, "{properties:?}");
        };
        let of_edc = "https://w3id.org/edc/v0.0.1/ns/authorization";
        check(&[("authorization", "t")], "Bearer t");
        check(&[("authorization", "t"), ("authType", "bearer")], "Bearer t");
        check(&[("authorization", "t"), ("authType", "basic")], "t");
        check(&[("authorization", "Bearer t")], "Bearer t");
        check(&[(of_edc, "t"), ("https://w3id.org/edc/v0.0.1/ns/authType", "bearer")], "t");
        check(&[(of_edc, "t"), ("authorization", "t")], "Bearer t");
        check(&[], "Bearer ");
    }
}
