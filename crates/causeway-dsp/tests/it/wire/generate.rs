//! Arbitrary messages of every kind, catalogs and policies, within what the domain types allow.

use causeway_dsp::Reason;
use causeway_dsp::catalog::{Catalog, DataService, Dataset, Distribution, Metadata};
use causeway_dsp::negotiation::{self, Agreement, Offer};
use causeway_dsp::transfer::{self, DataAddress};
use causeway_dsp::version::ProtocolVersion;
use causeway_policy::{
    Constraint, Iri, LogicalOperator, NonEmpty, Number, Operand, Operator, Policy, RightOperand,
    Rule, Term,
};
use causeway_types::{
    Address, AgreementId, Blake3, ConsumerPid, Content, DatasetId, FactValue, IdError, LangText,
    MessageId, OfferId, ParticipantId, ProviderPid, Sha256, StatedFacts, Timestamp,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn id<T: std::str::FromStr<Err = IdError> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    "(urn:uuid:|did:web:|https://x\\.example/|dspace:|@|)[!-~\u{e9}\u{6570}]{1,24}"
        .prop_map(|text| text.parse().unwrap())
}

/// Text that people write, with everything JSON has to escape.
fn text() -> impl Strategy<Value = String> {
    "[ -~\n\t\"\\\\\u{7f}\u{e9}\u{2028}\u{1f600}]{1,40}"
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9:/._-]{0,24}"
}

fn address() -> impl Strategy<Value = Address> {
    "https?://[a-z]{1,8}(:[1-9][0-9]{0,3})?(/[a-z0-9%-]{1,8}){0,3}/?"
        .prop_filter_map("an address", |text| Address::parse(&text).ok())
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    let micros = -62_135_596_800_000_000_i64..253_402_207_199_000_000;
    micros.prop_map(|micros| Timestamp::from_unix_micros(micros).unwrap())
}

fn content() -> impl Strategy<Value = Content> {
    (0..=1_u64 << 43, any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(bytes, sha256, blake3)| {
        Content::new(bytes, Sha256::from_bytes(sha256), Blake3::from_bytes(blake3)).unwrap()
    })
}

pub(super) fn reason() -> impl Strategy<Value = Reason> {
    (of(text()), vec(text(), 0..4)).prop_map(|(code, texts)| Reason::new(code, texts))
}

fn iri() -> impl Strategy<Value = Term> {
    select(vec![Iri::USE, Iri::DATE_TIME, Iri::PURPOSE, Iri::SPATIAL])
        .prop_map(Term::from)
        .boxed()
        .prop_union(
            "https://example\\.org/ns/[a-zA-Z]{1,12}"
                .prop_map(|text| Iri::parse(&text).unwrap().into())
                .boxed(),
        )
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        text().prop_map(Operand::Text),
        any::<bool>().prop_map(Operand::Boolean),
        any::<i64>().prop_map(|number| Operand::Number(Number::from(number))),
        iri().prop_map(Operand::Reference),
    ]
}

fn constraint() -> impl Strategy<Value = Constraint> {
    let right = prop_oneof![
        operand().prop_map(RightOperand::One),
        vec(operand(), 2..4).prop_map(|many| RightOperand::Many(NonEmpty::new(many).unwrap())),
    ];
    let operator = select(vec![Operator::Eq, Operator::Lteq, Operator::IsAnyOf]);
    let atomic = (iri(), operator, right)
        .prop_map(|(left, operator, right)| Constraint::atomic(left, operator, right));
    atomic.prop_recursive(2, 8, 3, |inner| {
        let operator = select(vec![LogicalOperator::And, LogicalOperator::Or]);
        (operator, vec(inner, 1..3)).prop_map(|(operator, operands)| {
            Constraint::logical(operator, NonEmpty::new(operands).unwrap())
        })
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    (iri(), vec(constraint(), 0..3))
        .prop_map(|(action, constraints)| Rule { constraints, ..Rule::new(action) })
}

fn policy() -> impl Strategy<Value = Policy> {
    let rules = || vec(rule(), 0..3);
    (rules(), rules(), rules()).prop_map(|(permissions, prohibitions, obligations)| Policy {
        permissions,
        prohibitions,
        obligations,
    })
}

fn facts() -> impl Strategy<Value = StatedFacts> {
    let value = prop_oneof![
        any::<bool>().prop_map(FactValue::Flag),
        any::<u64>().prop_map(FactValue::Count),
        "[A-Z]{2}(-[A-Z]{3})?".prop_map(FactValue::Text),
        Just(FactValue::Unknown),
    ];
    vec(("(data|count|exporter)\\.[a-z]{1,8}", value), 0..4).prop_map(|stated| {
        let mut facts = StatedFacts::new();
        for (name, value) in stated {
            // A name that was drawn twice keeps its first value.
            let _ = facts.state(&name, value);
        }
        facts
    })
}

pub(super) fn offer() -> impl Strategy<Value = Offer> {
    let parties = (of(id::<ParticipantId>()), of(id::<ParticipantId>()));
    (id::<OfferId>(), of(id::<DatasetId>()), parties, (policy(), facts()), of(content())).prop_map(
        |(id, target, (assigner, assignee), (policy, facts), content)| Offer {
            id,
            target,
            assigner,
            assignee,
            policy,
            content,
            facts,
        },
    )
}

pub(super) fn agreement() -> impl Strategy<Value = Agreement> {
    let parties = (id::<ParticipantId>(), id::<ParticipantId>());
    let rest = (of(timestamp()), policy(), of(content()), facts());
    (id::<AgreementId>(), id::<DatasetId>(), parties, rest).prop_map(
        |(id, target, (assigner, assignee), (timestamp, policy, content, facts))| Agreement {
            id,
            target,
            assigner,
            assignee,
            timestamp,
            policy,
            content,
            facts,
        },
    )
}

/// A message with the pids and the callback address its kind has: never the address and the
/// peer's pid together.
pub(super) fn negotiation_message() -> impl Strategy<Value = negotiation::Message> {
    use negotiation::{Body, Message};
    let with_target = (offer(), id::<DatasetId>())
        .prop_map(|(offer, target)| Offer { target: Some(target), ..offer });
    let body = prop_oneof![
        (offer(), of(address())).prop_map(|(offer, callback)| Body::Request { offer, callback }),
        (with_target, of(address())).prop_map(|(offer, callback)| Body::Offer { offer, callback }),
        Just(Body::Accepted),
        agreement().prop_map(|agreement| Body::Agreement { agreement }),
        Just(Body::Verification),
        Just(Body::Finalized),
        reason().prop_map(|reason| Body::Termination { reason }),
    ];
    (of(id::<MessageId>()), id::<ConsumerPid>(), id::<ProviderPid>(), body).prop_map(
        |(id, consumer_pid, provider_pid, body)| {
            let is_first_request = matches!(body, Body::Request { callback: Some(_), .. });
            let is_first_offer = matches!(body, Body::Offer { callback: Some(_), .. });
            Message {
                id,
                consumer_pid: (!is_first_offer).then_some(consumer_pid),
                provider_pid: (!is_first_request).then_some(provider_pid),
                body,
            }
        },
    )
}

fn data_address() -> impl Strategy<Value = DataAddress> {
    let properties = vec((text(), text()), 0..4);
    (word(), of(text()), properties).prop_map(|(endpoint_type, endpoint, properties)| DataAddress {
        endpoint_type,
        endpoint,
        properties,
    })
}

pub(super) fn transfer_message() -> impl Strategy<Value = transfer::Message> {
    use transfer::{Body, Message};
    let body = prop_oneof![
        (id::<AgreementId>(), word(), address(), of(data_address())).prop_map(
            |(agreement_id, format, callback, data_address)| Body::Request {
                agreement_id,
                format,
                callback,
                data_address,
            }
        ),
        of(data_address()).prop_map(|data_address| Body::Start { data_address }),
        reason().prop_map(|reason| Body::Suspension { reason }),
        Just(Body::Completion),
        reason().prop_map(|reason| Body::Termination { reason }),
    ];
    (of(id::<MessageId>()), id::<ConsumerPid>(), id::<ProviderPid>(), body).prop_map(
        |(id, consumer_pid, provider_pid, body)| {
            let is_request = matches!(body, Body::Request { .. });
            let provider_pid = (!is_request).then_some(provider_pid);
            Message { id, consumer_pid: Some(consumer_pid), provider_pid, body }
        },
    )
}

fn lang_texts() -> impl Strategy<Value = Vec<LangText>> {
    let language = select(vec!["ar", "en", "es", "fr", "ru", "zh-Hans", "und"]);
    let value = "[ -~\n\u{e9}\u{6570}\u{639}]{0,40}";
    vec((language, value).prop_map(|(tag, text)| LangText::new(tag, &text).unwrap()), 0..4)
}

fn service() -> impl Strategy<Value = DataService> {
    (word(), of(address())).prop_map(|(id, endpoint)| DataService { id, endpoint })
}

fn distribution() -> impl Strategy<Value = Distribution> {
    let media_type = of("[a-z]{1,8}/[a-z0-9.+-]{1,8}");
    (word(), media_type, of(service()), of(content())).prop_map(
        |(format, media_type, access_service, content)| Distribution {
            format,
            media_type,
            access_service,
            content,
        },
    )
}

pub(super) fn dataset() -> impl Strategy<Value = Dataset> {
    let offer = offer().prop_map(|offer| Offer { target: None, ..offer });
    let parts = (vec(offer, 1..3), vec(distribution(), 1..3));
    (id::<DatasetId>(), lang_texts(), lang_texts(), parts).prop_map(
        |(id, titles, descriptions, (offers, distributions))| Dataset {
            id,
            titles,
            descriptions,
            metadata: Metadata::default(),
            offers,
            distributions,
        },
    )
}

pub(super) fn catalog() -> impl Strategy<Value = Catalog> {
    (word(), id::<ParticipantId>(), vec(dataset(), 0..3), vec(service(), 0..3)).prop_map(
        |(id, participant_id, datasets, services)| Catalog {
            id,
            participant_id,
            datasets,
            services,
        },
    )
}

pub(super) fn version() -> impl Strategy<Value = ProtocolVersion> {
    ("[0-9]{4}-[0-9]", "/[a-z0-9/-]{0,12}", select(vec!["HTTPS", "other"])).prop_map(
        |(version, path, binding)| ProtocolVersion { version, path, binding: binding.to_owned() },
    )
}

/// Names that the readers look for.
const NAMES: &[&str] = &[
    "@context",
    "@type",
    "@id",
    "@value",
    "@language",
    "consumerPid",
    "dspace:providerPid",
    "offer",
    "agreement",
    "permission",
    "action",
    "target",
    "odrl:assigner",
    "assignee",
    "timestamp",
    "callbackAddress",
    "eventType",
    "state",
    "code",
    "reason",
    "format",
    "agreementId",
    "dataAddress",
    "endpointType",
    "endpointProperties",
    "name",
    "value",
    "participantId",
    "dataset",
    "catalog",
    "service",
    "hasPolicy",
    "distribution",
    "accessService",
    "endpointURL",
    "filter",
    "http://purl.org/dc/terms/title",
    "http://www.w3.org/ns/dcat#byteSize",
    "spdx:checksum",
    "protocolVersions",
    "",
];

/// Values that the readers look for.
const WORDS: &[&str] = &[
    "ContractRequestMessage",
    "ContractOfferMessage",
    "ContractNegotiationEventMessage",
    "dspace:ContractAgreementMessage",
    "ContractNegotiationTerminationMessage",
    "ContractNegotiation",
    "TransferRequestMessage",
    "TransferStartMessage",
    "TransferProcess",
    "Catalog",
    "Dataset",
    "Offer",
    "Agreement",
    "ACCEPTED",
    "REQUESTED",
    "use",
    "",
    "https://w3id.org/dspace/2025/1/context.jsonld",
    "https://peer.example/dsp",
];

/// Any JSON, often with names of the protocol and shapes the readers look for.
pub(super) fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;

    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let name = select(NAMES).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}
