//! What every message looks like, to the byte: the snapshots hold the JSON with line breaks, and
//! the bytes are the same JSON without.
//!
//! `jsonld.json` has the same messages as PyLD 3.3 expands them with the official contexts of
//! 2025-1 and no base IRI, and as it compacts that again: what a peer with a JSON-LD processor
//! makes of ours, and might send to us. All snapshots are valid under the official schemas.

use causeway_dsp::Reason;
use causeway_dsp::catalog::{Catalog, DataService, Dataset, Distribution, Filter, Metadata};
use causeway_dsp::negotiation::{self, Agreement, Offer};
use causeway_dsp::transfer::{self, DataAddress};
use causeway_dsp::version::ProtocolVersion;
use causeway_dsp::wire;
use causeway_policy::{Constraint, Iri, Operand, Operator, Policy, RightOperand, Rule};
use causeway_types::{
    Address, AgreementId, Blake3, ConsumerPid, Content, DatasetId, LangText, MessageId, OfferId,
    ParticipantId, ProviderPid, Sha256, StatedFacts, Timestamp,
};
use serde_json::Value;

fn check(name: &str, bytes: &[u8]) {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(value.to_string().as_bytes(), bytes, "{name} is not compact");
    insta::assert_snapshot!(name, serde_json::to_string_pretty(&value).unwrap());
    let processed: Value = serde_json::from_str(include_str!("jsonld.json")).unwrap();
    for form in ["expanded", "compacted"] {
        if let Some(form) = processed.get(name).and_then(|forms| forms.get(form)) {
            let bytes = form.to_string().into_bytes();
            assert_eq!(Readings::of(&bytes), Readings::of(value.to_string().as_bytes()), "{name}");
        }
    }
}

/// What a message says to each reader that takes it.
#[derive(Debug, PartialEq)]
struct Readings {
    negotiation: Option<negotiation::Message>,
    negotiation_ack: Option<wire::NegotiationAck>,
    transfer: Option<transfer::Message>,
    transfer_ack: Option<wire::TransferAck>,
    catalog: Option<wire::Reading<Catalog>>,
    dataset: Option<wire::Reading<Dataset>>,
    filter: Option<Filter>,
    reason: Reason,
}

/// JSON-LD does not tell one value from an array of one; policies compare in normal form.
fn normalised(mut message: negotiation::Message) -> negotiation::Message {
    use negotiation::Body;
    match &mut message.body {
        Body::Request { offer, .. } | Body::Offer { offer, .. } => {
            offer.policy = offer.policy.normalised();
        }
        Body::Agreement { agreement } => agreement.policy = agreement.policy.normalised(),
        _ => {}
    }
    message
}

fn normalise(dataset: &mut Dataset) {
    dataset.offers.iter_mut().for_each(|offer| offer.policy = offer.policy.normalised());
}

impl Readings {
    fn of(bytes: &[u8]) -> Self {
        let document = wire::parse(bytes).unwrap();
        Self {
            negotiation: wire::read_negotiation(&document).ok().map(normalised),
            negotiation_ack: wire::read_negotiation_ack(&document).ok(),
            transfer: wire::read_transfer(&document).ok(),
            transfer_ack: wire::read_transfer_ack(&document).ok(),
            catalog: wire::read_catalog(&document).ok().map(|mut reading| {
                reading.value.datasets.iter_mut().for_each(normalise);
                reading
            }),
            dataset: wire::read_dataset(&document).ok().map(|mut reading| {
                normalise(&mut reading.value);
                reading
            }),
            filter: wire::read_catalog_request(&document).ok().map(|r| r.filter),
            reason: wire::read_error(bytes),
        }
    }
}

fn consumer() -> ConsumerPid {
    ConsumerPid::parse("urn:uuid:32541fe6-c580-409e-85a8-8a9a32fbe833").unwrap()
}

fn provider() -> ProviderPid {
    ProviderPid::parse("urn:uuid:a343fcbf-99fc-4ce8-8e9b-148c97605aab").unwrap()
}

fn callback() -> Address {
    Address::parse("https://peer.example/dsp/2025-1").unwrap()
}

fn content() -> Content {
    let sha256 = Sha256::from_bytes([0x5a; 32]);
    Content::new(5_242_880, sha256, Blake3::from_bytes([0xb3; 32])).unwrap()
}

/// Use, until the end of 2027 and in Europe.
fn policy() -> Policy {
    let until = Constraint::atomic(
        Iri::DATE_TIME.into(),
        Operator::Lteq,
        RightOperand::One(Operand::Text("2027-12-31T23:59:59Z".to_owned())),
    );
    let region = Iri::parse("https://www.geonames.org/6255148").unwrap();
    let within = Constraint::atomic(
        Iri::SPATIAL.into(),
        Operator::IsPartOf,
        RightOperand::One(Operand::Reference(region.into())),
    );
    let rule = Rule { constraints: vec![until, within], ..Rule::new(Iri::USE.into()) };
    Policy { permissions: vec![rule], ..Policy::default() }
}

fn offer() -> Offer {
    Offer {
        id: OfferId::parse("urn:uuid:offer-1").unwrap(),
        target: Some(DatasetId::parse("urn:uuid:dataset-1").unwrap()),
        assigner: Some(ParticipantId::parse("did:web:provider.example").unwrap()),
        assignee: None,
        policy: policy(),
        content: Some(content()),
        facts: StatedFacts::new(),
    }
}

fn agreement() -> Agreement {
    Agreement {
        id: AgreementId::parse("urn:uuid:agreement-1").unwrap(),
        target: DatasetId::parse("urn:uuid:dataset-1").unwrap(),
        assigner: ParticipantId::parse("did:web:provider.example").unwrap(),
        assignee: ParticipantId::parse("did:web:consumer.example").unwrap(),
        timestamp: Some(Timestamp::parse("2026-11-24T07:07:28.5Z").unwrap()),
        policy: policy(),
        content: Some(content()),
        facts: StatedFacts::new(),
    }
}

fn reason() -> Reason {
    Reason::new(Some("terms".to_owned()), ["no longer offered".to_owned(), "再见".to_owned()])
}

fn negotiation_message(
    body: negotiation::Body,
    consumer_pid: Option<ConsumerPid>,
    provider_pid: Option<ProviderPid>,
) -> Vec<u8> {
    let id = Some(MessageId::parse("urn:uuid:message-1").unwrap());
    wire::write_negotiation(&negotiation::Message { id, consumer_pid, provider_pid, body })
}

#[test]
fn the_first_request_and_offer_have_a_callback_address_and_later_ones_a_pid() {
    use negotiation::Body;
    for (name, consumer_pid, provider_pid) in [
        ("request_first", Some(consumer()), None),
        ("request_counter", Some(consumer()), Some(provider())),
    ] {
        let body = Body::Request { offer: offer(), callback: Some(callback()) };
        check(name, &negotiation_message(body, consumer_pid, provider_pid));
    }
    for (name, consumer_pid, provider_pid) in [
        ("offer_first", None, Some(provider())),
        ("offer_answer", Some(consumer()), Some(provider())),
    ] {
        let body = Body::Offer { offer: offer(), callback: Some(callback()) };
        check(name, &negotiation_message(body, consumer_pid, provider_pid));
    }
}

#[test]
fn the_other_negotiation_messages_have_both_pids() {
    use negotiation::Body;
    for (name, body) in [
        ("event_accepted", Body::Accepted),
        ("agreement", Body::Agreement { agreement: agreement() }),
        ("agreement_verification", Body::Verification),
        ("event_finalized", Body::Finalized),
        ("negotiation_termination", Body::Termination { reason: reason() }),
        ("negotiation_termination_bare", Body::Termination { reason: Reason::default() }),
    ] {
        check(name, &negotiation_message(body, Some(consumer()), Some(provider())));
    }
}

#[test]
fn transfer_messages_have_the_official_shape() {
    use transfer::{Body, Message};
    let pull = DataAddress {
        endpoint_type: "https://w3id.org/idsa/v4.1/HTTP".to_owned(),
        endpoint: Some("https://provider.example/data/1".to_owned()),
        properties: vec![
            ("authorization".to_owned(), "token-1".to_owned()),
            ("authType".to_owned(), "bearer".to_owned()),
        ],
    };
    let request = |data_address| Body::Request {
        agreement_id: AgreementId::parse("urn:uuid:agreement-1").unwrap(),
        format: "HttpData-PULL".to_owned(),
        callback: callback(),
        data_address,
    };
    for (name, body) in [
        ("transfer_request_pull", request(None)),
        ("transfer_request_push", request(Some(pull.clone()))),
        ("transfer_start_pull", Body::Start { data_address: Some(pull) }),
        ("transfer_start_push", Body::Start { data_address: None }),
        ("transfer_suspension", Body::Suspension { reason: reason() }),
        ("transfer_completion", Body::Completion),
        ("transfer_termination", Body::Termination { reason: reason() }),
    ] {
        let id = Some(MessageId::parse("urn:uuid:message-1").unwrap());
        let provider_pid = (!matches!(body, Body::Request { .. })).then(provider);
        let message = Message { id, consumer_pid: Some(consumer()), provider_pid, body };
        check(name, &wire::write_transfer(&message));
    }
}

#[test]
fn acknowledgements_and_errors_have_the_official_shape() {
    let (c, p) = (consumer(), provider());
    let state = negotiation::State::Requested;
    check("negotiation_ack", &wire::write_negotiation_ack(Some(&c), Some(&p), state));
    let state = transfer::State::Started;
    check("transfer_ack", &wire::write_transfer_ack(Some(&c), Some(&p), state));
    check("negotiation_error", &wire::write_negotiation_error(Some(&c), Some(&p), &reason()));
    check("transfer_error", &wire::write_transfer_error(Some(&c), Some(&p), &reason()));
    check("catalog_error", &wire::write_catalog_error(&Reason::of("not-found", "no such dataset")));
}

fn dataset() -> Dataset {
    let service = DataService {
        id: "urn:uuid:service-1".to_owned(),
        endpoint: Some(Address::parse("https://provider.example/dsp/2025-1").unwrap()),
    };
    let distribution = Distribution {
        format: "HttpData-PULL".to_owned(),
        media_type: Some("text/csv".to_owned()),
        access_service: Some(service),
        content: Some(content()),
    };
    Dataset {
        id: DatasetId::parse("urn:uuid:dataset-1").unwrap(),
        titles: vec![
            LangText::new("en", "Harvest 2026").unwrap(),
            LangText::new("ar", "حصاد 2026").unwrap(),
        ],
        descriptions: vec![LangText::new("en", "Tonnes a district and month.").unwrap()],
        metadata: Metadata::default(),
        offers: vec![offer()],
        distributions: vec![distribution],
    }
}

#[test]
fn what_a_dataset_is_about_is_said_in_terms_of_dcat() {
    let described = Dataset {
        metadata: Metadata {
            themes: vec!["http://eurovoc.europa.eu/2735".to_owned()],
            keywords: vec!["harvest".to_owned(), "حصاد".to_owned()],
            licence: Some("CC-BY-4.0".to_owned()),
            spatial: vec!["KE".to_owned(), "CH-ZH".to_owned()],
            temporal: Some(("2025-10-01", "2026-09-30")).map(|(start, end)| {
                let at = |day| Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap();
                (at(start), at(end))
            }),
            jurisdiction: None,
        },
        ..dataset()
    };
    let bytes = wire::write_dataset(&described);
    check("dataset_described", &bytes);
    let document = wire::parse(&bytes).unwrap();
    assert_eq!(wire::read_dataset(&document).unwrap().value.metadata, described.metadata);
}

#[test]
fn catalog_messages_have_the_official_shape() {
    let catalog = Catalog {
        id: "urn:uuid:catalog-1".to_owned(),
        participant_id: ParticipantId::parse("did:web:provider.example").unwrap(),
        services: dataset().distributions.into_iter().filter_map(|d| d.access_service).collect(),
        datasets: vec![dataset()],
    };
    check("catalog", &wire::write_catalog(&catalog));
    let empty = Catalog { datasets: Vec::new(), services: Vec::new(), ..catalog };
    check("catalog_empty", &wire::write_catalog(&empty));
    check("dataset", &wire::write_dataset(&dataset()));
    check("catalog_request", &wire::write_catalog_request());
}

#[test]
fn the_version_document_is_plain_json() {
    let version = ProtocolVersion {
        version: "2025-1".to_owned(),
        path: "/2025-1".to_owned(),
        binding: "HTTPS".to_owned(),
    };
    check("version", &wire::write_version(&[version]));
}
