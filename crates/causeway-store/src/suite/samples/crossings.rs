//! Samples of what is remembered of crossings, and of offers, agreements and processes that say
//! something of one.

use causeway_dsp::negotiation::{Agreement, Offer, Stage};
use causeway_types::{AttestationId, Blake3, DatasetId, DecisionId, Role, Sha256, StatedFacts};

use super::{agreement, at, contract, negotiation, offer, participant, terms, transfer};
use crate::{
    AgreementEntry, Attestation, Crossing, DecisionEntry, Declaration, Duty, Entity,
    NegotiationEntry, PublishedOffer, Put, Subject, TransferEntry, Version,
};

/// Facts of every kind of value.
pub fn facts() -> StatedFacts {
    let mut facts = StatedFacts::new();
    for text in [
        "data.personal=true",
        "data.category=health",
        "data.persons=100000",
        "data.important=unknown",
        "exporter.handler=false",
    ] {
        facts.read(text).unwrap();
    }
    facts
}

/// The id of a decision; no two numbers share one.
pub fn decision_id(number: u8) -> DecisionId {
    DecisionId::of(&Sha256::from_bytes([number; 32]))
}

/// A decision.
pub fn decision(number: u8) -> DecisionEntry {
    DecisionEntry {
        id: decision_id(number),
        at_worst: "conditional".to_owned(),
        document: format!("{{\"facts\":[\"data.personal=true\"],\"number\":{number}}}"),
        decided_at: at(3),
    }
}

/// A decision, and one whose document only a careful writer keeps byte for byte.
pub fn decisions() -> Vec<DecisionEntry> {
    let document = "{ \"reason\" : \"第38条\\u0000 \\\"\",\r\n\"n\":1.0e0 }".to_owned();
    let odd = DecisionEntry { at_worst: "prohibited".to_owned(), document, ..decision(2) };
    vec![decision(1), odd]
}

/// What was recorded of crossings with the party in that role.
pub fn attestation(name: &str, peer: Role) -> Attestation {
    Attestation {
        id: AttestationId::parse(name).unwrap(),
        peer: participant(peer),
        dataset_id: None,
        facts: facts(),
        reference: "filing 2026/117".to_owned(),
        valid_from: None,
        valid_until: None,
        recorded_at: at(4),
        revoked_at: None,
    }
}

/// An attestation with nothing optional, and one with everything, that was revoked.
pub fn attestations() -> Vec<Attestation> {
    let full = Attestation {
        dataset_id: Some(DatasetId::parse("dataset-1").unwrap()),
        facts: StatedFacts::new(),
        reference: "证明 \"7\"".to_owned(),
        valid_from: Some(at(5)),
        valid_until: Some(at(3600)),
        revoked_at: Some(at(60)),
        ..attestation("attestation-full", Role::Consumer)
    };
    vec![attestation("attestation-plain", Role::Provider), full]
}

/// An offer of which everything is declared, and one of which nothing is known but that somebody
/// looked.
pub fn declared_offers() -> Vec<PublishedOffer> {
    let full = Declaration {
        facts: facts(),
        counts: vec!["cn.pi".to_owned(), "cn.spi".to_owned()],
        persons: Some(99_999),
    };
    let declared = PublishedOffer { declaration: Some(full), ..offer("offer-declared") };
    let looked_at = Some(Declaration::default());
    vec![declared, PublishedOffer { declaration: looked_at, ..offer("offer-looked-at") }]
}

/// Negotiations that a decision is about, and whose terms state facts.
pub fn decided_negotiations() -> Vec<NegotiationEntry> {
    let terms = Offer { facts: facts(), ..terms(true) };
    let contract = Agreement { facts: facts(), ..contract("agreement-1", true) };
    let stages = [
        ("urn:uuid:decided-0", Stage::Requested { offer: terms }),
        ("urn:uuid:decided-1", Stage::Agreed { agreement: contract }),
    ];
    let entry = |(name, stage)| {
        let mut entry = negotiation(name, Role::Provider);
        entry.negotiation.stage = stage;
        NegotiationEntry { decision: Some(decision_id(1)), ..entry }
    };
    stages.into_iter().map(entry).collect()
}

/// An agreement that a decision is about, with a duty that is done and one that is not.
pub fn decided_agreements() -> Vec<AgreementEntry> {
    let open = Duty {
        id: "eu.register".to_owned(),
        text: "enter the transfer into the record of processing".to_owned(),
        due: "before the transfer".to_owned(),
        articles: vec!["GDPR 30(1)(e)".to_owned(), "GDPR 30(2)(c)".to_owned()],
        done: None,
    };
    let done = Duty {
        id: "cn.report".to_owned(),
        articles: vec![],
        done: Some((at(77), "record 12 \"b\"".to_owned())),
        ..open.clone()
    };
    let mut entry = agreement("agreement-decided", Role::Provider);
    entry.agreement.facts = facts();
    vec![AgreementEntry { decision: Some(decision_id(1)), duties: vec![open, done], ..entry }]
}

/// A transfer that a decision is about.
pub fn decided_transfers() -> Vec<TransferEntry> {
    let entry = transfer("urn:uuid:decided-transfer", Role::Provider);
    vec![TransferEntry { decision: Some(decision_id(2)), ..entry }]
}

/// A put of a decision.
pub fn put_decision(entry: DecisionEntry, expected: Option<u64>) -> Put {
    Put { entity: Entity::Decision(Box::new(entry)), expected: expected.map(Version) }
}

/// A put of an attestation.
pub fn put_attestation(attestation: Attestation, expected: Option<u64>) -> Put {
    Put { entity: Entity::Attestation(Box::new(attestation)), expected: expected.map(Version) }
}

/// A file.
pub fn file(number: u8) -> Blake3 {
    Blake3::from_bytes([number; 32])
}

/// A person. Like real hashes, these are spread over the whole range.
pub fn person(number: u64) -> Subject {
    let mixed = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    mixed.to_be_bytes()
}

/// Persons with numbers.
pub fn persons(numbers: std::ops::Range<u64>) -> Vec<Subject> {
    numbers.map(person).collect()
}

/// A file that went to the party in that role `seconds` after the start, for one count.
pub fn crossing(count: &str, to: Role, file_number: u8, seconds: u64) -> Crossing {
    Crossing {
        count: count.to_owned(),
        peer: participant(to),
        content: file(file_number),
        persons: 1_000,
        at: at(seconds),
    }
}
