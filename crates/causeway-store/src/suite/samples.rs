//! Aggregates to store: every kind in every state, with every optional part somewhere. They are
//! well formed but not the result of a real exchange.

mod access;
mod credentials;
mod crossings;
mod identity;

use causeway_dsp::catalog::Metadata;
use causeway_dsp::negotiation::{self, Agreement, Negotiation, Offer};
use causeway_dsp::transfer::{self, DataAddress, Transfer};
use causeway_dsp::{Question, Reason};
use causeway_policy::{Contexts, Policy};
use causeway_types::{
    Address, AgreementId, Blake3, Content, DatasetId, LangText, MessageId, OfferId, ParticipantId,
    ProcessId, Role, Sha256, StatedFacts, Timestamp,
};
use serde_json::json;

use crate::{
    AgreementEntry, Audience, ChangeSet, Entity, EventKind, Flow, Lease, NegotiationEntry,
    NewEvent, NewMessage, OutboxSubject, Outcome, Page, PublishedOffer, Put, Rule, TransferEntry,
    Version,
};

pub use self::access::*;
pub use self::credentials::*;
pub use self::crossings::*;
pub use self::identity::*;

/// `seconds` after the start of the samples' time.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00.000001Z").unwrap().plus_millis(seconds * 1000)
}

/// An own pid.
pub fn pid(name: &str) -> ProcessId {
    ProcessId::parse(name).unwrap()
}

/// A whole list.
pub const ALL: Page = Page { after: None, limit: 1000 };

/// A page.
pub fn page(after: Option<i64>, limit: usize) -> Page {
    Page { after, limit }
}

/// The participant on that side.
pub fn participant(role: Role) -> ParticipantId {
    ParticipantId::parse(format!("did:web:{role}.example")).unwrap()
}

fn address(role: Role) -> Address {
    Address::parse(&format!("https://{role}.example/dsp/2025-1")).unwrap()
}

fn message_id(name: &str) -> MessageId {
    MessageId::parse(name).unwrap()
}

fn content() -> Content {
    let (sha256, blake3) = (Sha256::from_bytes([0xa5; 32]), Blake3::from_bytes([0x5a; 32]));
    Content::new(8_000_000_000_000, sha256, blake3).unwrap()
}

fn reason() -> Reason {
    let texts = ["not today", "明日はどう？ \"\\\n"].map(str::to_owned);
    Reason::new(Some("409".to_owned()), texts)
}

/// A policy with all three kinds of rules, nested conditions, numbers, references and a term
/// nobody defines.
pub fn policy() -> Policy {
    let rules = json!({
        "permission": [{
            "action": "use",
            "constraint": [
                { "leftOperand": "odrl:spatial", "operator": "isAnyOf",
                  "rightOperand": [{ "@id": "https://example.org/EU" }, "CH"] },
                { "or": [
                    { "leftOperand": "odrl:count", "operator": "lteq", "rightOperand": 10.5 },
                    { "leftOperand": "nobody:knows", "operator": "eq", "rightOperand": true },
                ] },
            ],
            "duty": [{ "action": "odrl:attribute" }],
        }],
        "prohibition": [{ "action": "odrl:distribute" }],
        "obligation": [{ "action": "odrl:delete", "constraint": [
            { "leftOperand": "odrl:dateTime", "operator": "lt", "rightOperand": {
                "@value": "2027-01-01T00:00:00Z",
                "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
            } },
        ] }],
    });
    causeway_policy::read(&rules, &Contexts::dsp()).unwrap()
}

/// An offer; its dataset is named after it.
pub fn offer(name: &str) -> PublishedOffer {
    PublishedOffer {
        id: OfferId::parse(name).unwrap(),
        dataset_id: DatasetId::parse(format!("dataset-of-{name}")).unwrap(),
        titles: vec![
            LangText::new("en", "Rain").unwrap(),
            LangText::new("zh-Hans", "降雨").unwrap(),
        ],
        descriptions: vec![LangText::new("ar", "سطر\nآخر").unwrap()],
        media_type: "text/csv; charset=utf-8".to_owned(),
        file_name: Some("rain 2026.csv".to_owned()),
        content: content(),
        policy: policy(),
        metadata: Metadata::default(),
        audience: Audience::Everyone,
        declaration: None,
        rules: vec![
            (Question::ContractRequested, Rule::Auto),
            (Question::AgreementVerified, Rule::Hold),
            (Question::TransferRequested, Rule::Webhook("https://example.org/hook".to_owned())),
        ],
        published_at: at(0),
        withdrawn_at: None,
    }
}

/// An offer with nothing optional, and one that was withdrawn.
pub fn offers() -> Vec<PublishedOffer> {
    let plain = PublishedOffer {
        titles: vec![],
        descriptions: vec![],
        file_name: None,
        policy: Policy::open(),
        rules: vec![],
        ..offer("offer-plain")
    };
    let withdrawn = PublishedOffer { withdrawn_at: Some(at(60)), ..offer("offer-withdrawn") };
    vec![offer("offer-full"), plain, withdrawn]
}

/// An offer that says everything of itself and is for one party, and one that is for nobody yet.
pub fn described_offers() -> Vec<PublishedOffer> {
    let metadata = Metadata {
        themes: vec!["http://eurovoc.europa.eu/5482".to_owned(), "climate".to_owned()],
        keywords: vec!["precipitation".to_owned(), "осадки".to_owned()],
        licence: Some("CC-BY-4.0".to_owned()),
        spatial: vec!["KE".to_owned(), "CH-ZH".to_owned()],
        temporal: Some((at(0), at(3600))),
        jurisdiction: Some("CH".to_owned()),
    };
    let consumer = Audience::Only([participant(Role::Consumer)].into());
    let described = PublishedOffer { metadata, audience: consumer, ..offer("offer-described") };
    let hidden = PublishedOffer { audience: Audience::Only([].into()), ..offer("offer-hidden") };
    vec![described, hidden]
}

fn terms(full: bool) -> Offer {
    Offer {
        id: OfferId::parse("offer-1").unwrap(),
        target: full.then(|| DatasetId::parse("dataset-1").unwrap()),
        assigner: full.then(|| participant(Role::Provider)),
        assignee: full.then(|| participant(Role::Consumer)),
        policy: if full { policy() } else { Policy::open() },
        content: full.then(content),
        facts: StatedFacts::new(),
    }
}

fn contract(name: &str, full: bool) -> Agreement {
    Agreement {
        id: AgreementId::parse(name).unwrap(),
        target: DatasetId::parse("dataset-1").unwrap(),
        assigner: participant(Role::Provider),
        assignee: participant(Role::Consumer),
        timestamp: full.then(|| at(5)),
        policy: if full { policy() } else { Policy::open() },
        content: full.then(content),
        facts: StatedFacts::new(),
    }
}

/// A negotiation about which nothing is said yet.
pub fn negotiation(name: &str, role: Role) -> NegotiationEntry {
    NegotiationEntry {
        negotiation: Negotiation::opening(
            pid(name),
            role,
            participant(role),
            participant(role.other()),
            address(role.other()),
        ),
        offer_id: None,
        script: 0,
        decision: None,
        created_at: at(0),
        updated_at: at(1),
    }
}

/// A negotiation in every state, with and without a message in flight.
pub fn negotiations() -> Vec<NegotiationEntry> {
    use negotiation::{InFlight, Kind, Stage};
    let agreement = || contract("agreement-1", true);
    let stages = [
        Stage::Opening,
        Stage::Requested { offer: terms(true) },
        Stage::Offered { offer: terms(false) },
        Stage::Accepted { offer: terms(true) },
        Stage::Agreed { agreement: contract("agreement-1", false) },
        Stage::Verified { agreement: agreement() },
        Stage::Finalized { agreement: agreement() },
        Stage::Terminated { by: Role::Provider, reason: reason() },
    ];
    let in_flight = InFlight {
        id: message_id("urn:uuid:in-flight"),
        kind: Kind::Agreement,
        next: Stage::Agreed { agreement: agreement() },
    };
    let questions = Question::ALL.into_iter().map(Some).chain([None]);
    let entry = |(n, (stage, question)): (usize, (Stage, Option<Question>))| {
        let role = if n % 2 == 0 { Role::Consumer } else { Role::Provider };
        let mut entry = negotiation(&format!("urn:uuid:negotiation-{n}"), role);
        entry.offer_id = (role == Role::Provider).then(|| OfferId::parse("offer-1").unwrap());
        let inner = &mut entry.negotiation;
        inner.peer_pid = (n > 0).then(|| pid(&format!("peer-negotiation-{n}")));
        inner.in_flight = (n % 3 == 0).then(|| in_flight.clone());
        inner.stage = stage;
        inner.question = question;
        inner.received = (0..n).map(|m| message_id(&format!("m{m}"))).collect();
        inner.rounds = 7;
        entry
    };
    stages.into_iter().zip(questions).enumerate().map(entry).collect()
}

/// An agreement.
pub fn agreement(name: &str, role: Role) -> AgreementEntry {
    AgreementEntry {
        agreement: contract(name, role == Role::Provider),
        role,
        peer: participant(role.other()),
        negotiation: pid("urn:uuid:negotiation-6"),
        decision: None,
        duties: vec![],
        concluded_at: at(9),
    }
}

/// An agreement of each side.
pub fn agreements() -> Vec<AgreementEntry> {
    vec![agreement("agreement-1", Role::Provider), agreement("agreement-2", Role::Consumer)]
}

/// A transfer about which nothing is said yet.
pub fn transfer(name: &str, role: Role) -> TransferEntry {
    TransferEntry {
        transfer: Transfer::opening(
            pid(name),
            role,
            (participant(role), participant(role.other())),
            address(role.other()),
            AgreementId::parse("agreement-1").unwrap(),
            "HttpData-PULL".to_owned(),
        ),
        dataset_id: DatasetId::parse("dataset-1").unwrap(),
        content: None,
        flow: None,
        outcome: None,
        script: 0,
        decision: None,
        started_at: None,
        created_at: at(0),
        updated_at: at(1),
    }
}

/// A transfer in every state, with and without a message in flight.
pub fn transfers() -> Vec<TransferEntry> {
    use transfer::{InFlight, Kind, Stage};
    let stages = [
        Stage::Opening,
        Stage::Requested,
        Stage::Started,
        Stage::Suspended { by: Role::Consumer, reason: reason() },
        Stage::Completed,
        Stage::Terminated { by: Role::Provider, reason: Reason::default() },
    ];
    let in_flight = InFlight {
        id: message_id("urn:uuid:in-flight"),
        kind: Kind::Suspension,
        next: Stage::Suspended { by: Role::Provider, reason: reason() },
    };
    let data_address = DataAddress {
        endpoint_type: "https://w3id.org/idsa/v4.1/HTTP".to_owned(),
        endpoint: Some("https://provider.example/data".to_owned()),
        properties: vec![
            ("authType".to_owned(), "bearer".to_owned()),
            ("authorization".to_owned(), "a sample token".to_owned()),
            ("authType".to_owned(), "repeated".to_owned()),
        ],
    };
    let entry = |(n, stage): (usize, Stage)| {
        let role = if n % 2 == 0 { Role::Consumer } else { Role::Provider };
        let mut entry = transfer(&format!("urn:uuid:transfer-{n}"), role);
        entry.content = (n > 0).then(content);
        entry.flow = (n == 3)
            .then(|| Flow { token_hash: Sha256::from_bytes([1; 32]), expires_at: at(3600) });
        entry.outcome = (n == 4).then(|| Outcome {
            content: content(),
            file: "received/rain 2026.csv".to_owned(),
            verified_at: at(99),
        });
        let inner = &mut entry.transfer;
        inner.peer_pid = (n > 0).then(|| pid(&format!("peer-transfer-{n}")));
        inner.data_address = (n > 1).then(|| data_address.clone());
        inner.in_flight = (n % 2 == 0).then(|| in_flight.clone());
        inner.stage = stage;
        inner.question = (n % 2 == 1).then_some(Question::TransferRequested);
        inner.received = (0..n).map(|m| message_id(&format!("m{m}"))).collect();
        entry
    };
    stages.into_iter().enumerate().map(entry).collect()
}

/// A put of an offer.
pub fn put_offer(offer: PublishedOffer, expected: Option<u64>) -> Put {
    Put { entity: Entity::Offer(Box::new(offer)), expected: expected.map(Version) }
}

/// A put of a negotiation.
pub fn put_negotiation(entry: NegotiationEntry, expected: Option<u64>) -> Put {
    Put { entity: Entity::Negotiation(Box::new(entry)), expected: expected.map(Version) }
}

/// A put of an agreement.
pub fn put_agreement(entry: AgreementEntry, expected: Option<u64>) -> Put {
    Put { entity: Entity::Agreement(Box::new(entry)), expected: expected.map(Version) }
}

/// A put of a transfer.
pub fn put_transfer(entry: TransferEntry, expected: Option<u64>) -> Put {
    Put { entity: Entity::Transfer(Box::new(entry)), expected: expected.map(Version) }
}

/// A change set of puts alone.
pub fn puts(puts: Vec<Put>) -> ChangeSet {
    ChangeSet { puts, ..ChangeSet::default() }
}

/// A protocol message of a process, due at once.
pub fn message(process: &str, name: &str) -> NewMessage {
    NewMessage {
        process: pid(process),
        subject: OutboxSubject::Negotiation,
        peer: participant(Role::Provider),
        message_id: message_id(name),
        kind: "ContractRequestMessage".to_owned(),
        url: "https://provider.example/dsp/2025-1/negotiations/request".to_owned(),
        body: format!("{{\"@id\":\"{name}\"}}\0\u{7f}").into_bytes(),
        not_before: at(0),
    }
}

/// A question to the webhook about a process, due at once.
pub fn webhook(process: &str, name: &str) -> NewMessage {
    NewMessage { subject: OutboxSubject::NegotiationWebhook, ..message(process, name) }
}

/// A change set of messages alone.
pub fn messages(outbox: Vec<NewMessage>) -> ChangeSet {
    ChangeSet { outbox, ..ChangeSet::default() }
}

/// An event about a process.
pub fn event(process: Option<&str>, subject: &str) -> NewEvent {
    NewEvent {
        at: at(2),
        kind: EventKind::NegotiationState,
        process: process.map(pid),
        subject: subject.to_owned(),
        text: format!("it is {subject} now"),
    }
}

/// A lease.
pub fn lease(owner: &str, until: Timestamp) -> Lease {
    Lease { owner: owner.to_owned(), until }
}
