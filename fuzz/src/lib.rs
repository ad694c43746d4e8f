//! What must hold of everything a peer sends: no reader panics, a refusal is a short printable
//! text, and what is read is written in the official shape and reads back as the same value. One
//! function a family of messages; the targets only call them.

pub mod claims;
pub mod log;

use causeway_dsp::wire::{self, Document, Reading, WireError};
use causeway_json::Limits;
use causeway_policy::{
    Compiled, Contexts, Facts, Policy, Request, Verdict, Vocabulary, World, odrl,
};
use causeway_types::{ConsumerPid, ProviderPid};
use serde_json::Value;

/// Far longer than any refusal has reason to be, in bytes.
const REFUSAL_BYTES_MAX: usize = 8 * 1024;

/// Every reader on the same bytes.
pub fn everything(bytes: &[u8]) {
    acknowledgement(bytes);
    catalog(bytes);
    catalog_request(bytes);
    dataset(bytes);
    error(bytes);
    json(bytes);
    negotiation(bytes);
    policy(bytes);
    transfer(bytes);
    version(bytes);
}

/// The strict reader: what it takes, a reader that is not strict reads in the same way, and it is
/// within the limits; what it refuses, it refuses in a short text.
pub fn json(bytes: &[u8]) {
    const LIMITS: Limits = Limits { bytes: 32 * 1024, depth: 16, nodes: 1_000 };
    match causeway_json::parse(bytes, LIMITS) {
        Ok(value) => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            assert_eq!(serde_json::from_slice::<Value>(text).ok().as_ref(), Some(&value));
            let (depth, nodes) = measure(&value);
            assert!(bytes.len() <= LIMITS.bytes && depth <= LIMITS.depth && nodes <= LIMITS.nodes);
            // Each name once: nothing was lost on the way to a text and back.
            let again = causeway_json::parse(value.to_string().as_bytes(), Limits::ANSWER);
            assert_eq!(again.as_ref(), Ok(&value));
        }
        Err(error) => check_refusal(&error.to_string()),
    }
}

/// Levels of arrays and objects, and members of all of them.
fn measure(value: &Value) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = match value {
        Value::Array(items) => items.iter().map(measure).collect(),
        Value::Object(members) => members.values().map(measure).collect(),
        _ => return (0, 0),
    };
    let depth = inner.iter().map(|(depth, _)| *depth).max().unwrap_or_default();
    (depth + 1, inner.len() + inner.iter().map(|(_, nodes)| nodes).sum::<usize>())
}

/// Messages of a negotiation, and offers and agreements that stand alone.
pub fn negotiation(bytes: &[u8]) {
    let Some(document) = document(bytes, wire::parse) else { return };
    if let Some(message) = accepted(wire::read_negotiation(&document)) {
        again(&wire::write_negotiation(&message), |document| {
            assert_eq!(wire::read_negotiation(document), Ok(message.clone()));
        });
    }
    if let Some(offer) = accepted(wire::read_offer(&document)) {
        again(wire::write_offer(&offer).to_string().as_bytes(), |document| {
            assert_eq!(wire::read_offer(document), Ok(offer.clone()));
        });
    }
    if let Some(agreement) = accepted(wire::read_agreement(&document)) {
        again(wire::write_agreement(&agreement).to_string().as_bytes(), |document| {
            assert_eq!(wire::read_agreement(document), Ok(agreement.clone()));
        });
    }
}

/// Messages of a transfer.
pub fn transfer(bytes: &[u8]) {
    let Some(document) = document(bytes, wire::parse) else { return };
    if let Some(message) = accepted(wire::read_transfer(&document)) {
        again(&wire::write_transfer(&message), |document| {
            assert_eq!(wire::read_transfer(document), Ok(message.clone()));
        });
    }
}

/// Acknowledgements of both protocols.
pub fn acknowledgement(bytes: &[u8]) {
    let Some(document) = document(bytes, wire::parse_answer) else { return };
    if let Some(ack) = accepted(wire::read_negotiation_ack(&document)) {
        let (consumer, provider) = (ack.consumer_pid.as_ref(), ack.provider_pid.as_ref());
        again(&wire::write_negotiation_ack(consumer, provider, ack.state), |document| {
            assert_eq!(wire::read_negotiation_ack(document), Ok(ack.clone()));
        });
    }
    if let Some(ack) = accepted(wire::read_transfer_ack(&document)) {
        let (consumer, provider) = (ack.consumer_pid.as_ref(), ack.provider_pid.as_ref());
        again(&wire::write_transfer_ack(consumer, provider, ack.state), |document| {
            assert_eq!(wire::read_transfer_ack(document), Ok(ack.clone()));
        });
    }
}

/// Requests for a catalog.
pub fn catalog_request(bytes: &[u8]) {
    if let Some(document) = document(bytes, wire::parse) {
        accepted(wire::read_catalog_request(&document));
    }
}

/// Catalog pages.
pub fn catalog(bytes: &[u8]) {
    let Some(document) = document(bytes, wire::parse_answer) else { return };
    if let Some(Reading { value, problems }) = accepted(wire::read_catalog(&document)) {
        problems.iter().for_each(|problem| check_refusal(&problem.to_string()));
        again(&wire::write_catalog(&value), |document| {
            let expected = Reading { value: value.clone(), problems: Vec::new() };
            assert_eq!(wire::read_catalog(document), Ok(expected));
        });
    }
}

/// Single datasets.
pub fn dataset(bytes: &[u8]) {
    let Some(document) = document(bytes, wire::parse_answer) else { return };
    if let Some(Reading { value, problems }) = accepted(wire::read_dataset(&document)) {
        problems.iter().for_each(|problem| check_refusal(&problem.to_string()));
        again(&wire::write_dataset(&value), |document| {
            let expected = Reading { value: value.clone(), problems: Vec::new() };
            assert_eq!(wire::read_dataset(document), Ok(expected));
        });
    }
}

/// What a peer refuses with.
pub fn error(bytes: &[u8]) {
    let reason = wire::read_error(bytes);
    if reason.is_empty() {
        return;
    }
    let consumer = ConsumerPid::parse("c-1").ok();
    let provider = ProviderPid::parse("p-1").ok();
    for written in [
        wire::write_negotiation_error(consumer.as_ref(), provider.as_ref(), &reason),
        wire::write_transfer_error(consumer.as_ref(), None, &reason),
        wire::write_catalog_error(&reason),
    ] {
        assert_eq!(wire::read_error(&written), reason);
    }
}

/// Version documents.
pub fn version(bytes: &[u8]) {
    if let Some(versions) = accepted(wire::read_version(bytes)) {
        assert_eq!(wire::read_version(&wire::write_version(&versions)), Ok(versions));
    }
}

/// Policies: the document itself as one, under its own contexts.
pub fn policy(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    match causeway_policy::read(&value, &Contexts::dsp()) {
        Ok(policy) => check_policy(&policy),
        Err(error) => check_refusal(&error.to_string()),
    }
    check_evaluation(&value);
}

/// The same document as a whole policy: what is settled while nothing is known stays settled.
fn check_evaluation(value: &serde_json::Value) {
    let policy = match odrl::read(value, &Contexts::dsp()) {
        Ok(policy) => policy,
        Err(error) => return check_refusal(&error.to_string()),
    };
    let compiled = match Compiled::whole(&policy, &Vocabulary::odrl()) {
        Ok(compiled) => compiled,
        Err(error) => return check_refusal(&error.to_string()),
    };
    let (request, world) = (Request::to_use(Facts::new()), World::default());
    let settled = World { knows_all_members: true, knows_all_deeds: true, ..World::default() };
    let report = compiled.evaluate(&request, &world).report();
    report.findings.iter().for_each(|finding| check_refusal(&finding.to_string()));
    let later = compiled.evaluate(&request, &settled).verdict();
    assert!(report.verdict == Verdict::Unknown || report.verdict == later);
}

fn check_policy(policy: &Policy) {
    let written = serde_json::Value::Object(causeway_policy::write(policy));
    let again = causeway_policy::read(&written, &Contexts::dsp());
    assert_eq!(again.as_ref(), Ok(policy), "{written}");
    let normal = policy.normalised();
    assert_eq!(normal.normalised(), normal);
    assert!(policy.same_as(&normal));
    assert_eq!(policy.digest(), normal.digest());
}

fn document(bytes: &[u8], parse: fn(&[u8]) -> Result<Document, WireError>) -> Option<Document> {
    accepted(parse(bytes))
}

fn accepted<T>(result: Result<T, WireError>) -> Option<T> {
    result.inspect_err(|error| check_refusal(&error.to_string())).ok()
}

/// A refusal goes to the peer and into the log.
pub(crate) fn check_refusal(text: &str) {
    assert!(text.len() <= REFUSAL_BYTES_MAX, "{} bytes: {text}", text.len());
    assert!(!text.contains(char::is_control), "{text:?}");
}

/// Reads what was written. Names in full are longer than prefixed ones, so it may be beyond the
/// limits of a message; then the peer refuses it, and there is nothing to compare.
fn again(written: &[u8], check: impl FnOnce(&Document)) {
    match wire::parse_answer(written) {
        Ok(document) => check(&document),
        Err(WireError::TooLarge { .. } | WireError::TooMany { .. }) => {}
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(written)),
    }
}
