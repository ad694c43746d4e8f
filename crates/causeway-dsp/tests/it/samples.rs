//! Values that the walk and the worlds share.

use causeway_dsp::negotiation::{Negotiation, Offer};
use causeway_dsp::transfer::Transfer;
use causeway_policy::Policy;
use causeway_types::{
    Address, AgreementId, DatasetId, MessageId, OfferId, ParticipantId, ProcessId, Role,
    StatedFacts,
};

pub(crate) fn participant(role: Role) -> ParticipantId {
    ParticipantId::parse(format!("did:web:{role}.example")).unwrap()
}

pub(crate) fn pid(role: Role) -> ProcessId {
    ProcessId::parse(format!("urn:uuid:{role}-1")).unwrap()
}

pub(crate) fn address(role: Role) -> Address {
    Address::parse(&format!("https://{role}.example/dsp/2025-1")).unwrap()
}

pub(crate) fn offer() -> Offer {
    Offer {
        id: OfferId::parse("offer-1").unwrap(),
        target: Some(DatasetId::parse("dataset-1").unwrap()),
        assigner: None,
        assignee: None,
        policy: Policy::open(),
        content: None,
        facts: StatedFacts::new(),
    }
}

pub(crate) fn message_id(n: u64) -> MessageId {
    MessageId::parse(format!("m{n}")).unwrap()
}

pub(crate) fn agreement_id() -> AgreementId {
    AgreementId::parse("agreement-1").unwrap()
}

pub(crate) fn negotiation(role: Role) -> Negotiation {
    Negotiation::opening(
        pid(role),
        role,
        participant(role),
        participant(role.other()),
        address(role.other()),
    )
}

pub(crate) fn transfer(role: Role) -> Transfer {
    Transfer::opening(
        pid(role),
        role,
        (participant(role), participant(role.other())),
        address(role.other()),
        agreement_id(),
        "HttpData-PULL".to_owned(),
    )
}
