//! The contract negotiation's transition table as data (DSP 2025-1, Contract Negotiation Protocol,
//! figure and prose). It knows nothing of contents or of what a node wants.

use std::fmt;

use causeway_types::Role;

/// A public state of a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The consumer requested a contract.
    Requested,
    /// The provider offered terms.
    Offered,
    /// The consumer accepted the offer.
    Accepted,
    /// The provider agreed.
    Agreed,
    /// The consumer verified the agreement.
    Verified,
    /// The provider finalized: the contract is concluded.
    Finalized,
    /// Ended without a contract.
    Terminated,
}

impl State {
    /// Every state, in the order of the protocol.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Offered,
        Self::Accepted,
        Self::Agreed,
        Self::Verified,
        Self::Finalized,
        Self::Terminated,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Offered => "OFFERED",
            Self::Accepted => "ACCEPTED",
            Self::Agreed => "AGREED",
            Self::Verified => "VERIFIED",
            Self::Finalized => "FINALIZED",
            Self::Terminated => "TERMINATED",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finalized | Self::Terminated)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a message does. The two events of `ContractNegotiationEventMessage` are kinds of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `ContractRequestMessage`
    Request,
    /// `ContractOfferMessage`
    Offer,
    /// `ContractNegotiationEventMessage` with `ACCEPTED`
    Accepted,
    /// `ContractAgreementMessage`
    Agreement,
    /// `ContractAgreementVerificationMessage`
    Verification,
    /// `ContractNegotiationEventMessage` with `FINALIZED`
    Finalized,
    /// `ContractNegotiationTerminationMessage`
    Termination,
}

impl Kind {
    /// Every kind, in the order of the protocol.
    pub const ALL: [Self; 7] = [
        Self::Request,
        Self::Offer,
        Self::Accepted,
        Self::Agreement,
        Self::Verification,
        Self::Finalized,
        Self::Termination,
    ];

    /// The name for people: the message type, with the event where there is one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "ContractRequestMessage",
            Self::Offer => "ContractOfferMessage",
            Self::Accepted => "ContractNegotiationEventMessage ACCEPTED",
            Self::Agreement => "ContractAgreementMessage",
            Self::Verification => "ContractAgreementVerificationMessage",
            Self::Finalized => "ContractNegotiationEventMessage FINALIZED",
            Self::Termination => "ContractNegotiationTerminationMessage",
        }
    }

    /// Reads the name back.
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
/// The figure omits a termination by the provider in AGREED and by the consumer in ACCEPTED and
/// VERIFIED; the prose allows termination in every state, so it is accepted from either side.
pub fn target(state: Option<State>, kind: Kind, sender: Role) -> Option<State> {
    use Role::{Consumer, Provider};
    use State::{Accepted, Agreed, Finalized, Offered, Requested, Terminated, Verified};
    match (state, kind, sender) {
        (None | Some(Offered), Kind::Request, Consumer) => Some(Requested),
        (None | Some(Requested), Kind::Offer, Provider) => Some(Offered),
        (Some(Offered), Kind::Accepted, Consumer) => Some(Accepted),
        (Some(Requested | Accepted), Kind::Agreement, Provider) => Some(Agreed),
        (Some(Agreed), Kind::Verification, Consumer) => Some(Verified),
        (Some(Verified), Kind::Finalized, Provider) => Some(Finalized),
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
