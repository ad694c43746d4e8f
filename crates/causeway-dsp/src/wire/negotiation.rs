//! The messages of the Contract Negotiation Protocol. Whether one is allowed now is for
//! [`crate::negotiation::step`].

use causeway_types::{ConsumerPid, ProviderPid};

use super::build::Object;
use super::document::Document;
use super::error::{WireError, quoted};
use super::fields::{Node, type_text};
use super::offer::{agreement_of, offer_of, timestamp_of, write_agreement, write_offer};
use super::reason::reason_of;
use super::terms::{
    AGREEMENT, CALLBACK_ADDRESS, CONSUMER_PID, EVENT_TYPE, OFFER, PROVIDER_PID, STATE, TARGET, Term,
};
use crate::negotiation::{Body, Kind, Message, State};

const EVENT: &str = "ContractNegotiationEventMessage";
const ACK: &str = "ContractNegotiation";

/// A `ContractNegotiation`: the acknowledgement of a first message and the answer to `GET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiationAck {
    /// The consumer's pid, where the peer names it.
    pub consumer_pid: Option<ConsumerPid>,
    /// The provider's pid, where the peer names it.
    pub provider_pid: Option<ProviderPid>,
    /// The state the peer has.
    pub state: State,
}

/// Reads any message of a negotiation.
pub fn read_negotiation(document: &Document) -> Result<Message, WireError> {
    read_negotiation_expecting(document, &Kind::ALL)
}

/// Reads a message of one of the `expected` kinds; any other is refused as
/// [`WireError::Type`], whatever else may be wrong with it.
///
/// A request with both `providerPid` and `callbackAddress` (and an offer with both `consumerPid`
/// and `callbackAddress`) breaks the schema, but says clearly which process it belongs to: the
/// pid counts and the address is ignored, so that a peer cannot move a running negotiation.
pub fn read_negotiation_expecting(
    document: &Document,
    expected: &[Kind],
) -> Result<Message, WireError> {
    let node = document.root();
    let kind = kind_of(&node, expected)?;
    let required = |pid: Term, initial: Kind| {
        if kind == initial { Ok(()) } else { Err(node.missing(pid, "the id of the negotiation")) }
    };
    let consumer_pid: Option<ConsumerPid> = node.id(CONSUMER_PID)?;
    let provider_pid: Option<ProviderPid> = node.id(PROVIDER_PID)?;
    if consumer_pid.is_none() {
        required(CONSUMER_PID, Kind::Offer)?;
    }
    if provider_pid.is_none() {
        required(PROVIDER_PID, Kind::Request)?;
    }
    let is_first = consumer_pid.is_none() || provider_pid.is_none();
    let body = body_of(&node, kind, is_first)?;
    Ok(Message { id: node.own_id()?, consumer_pid, provider_pid, body })
}

fn body_of(node: &Node<'_>, kind: Kind, is_first: bool) -> Result<Body, WireError> {
    let callback = |pid: Term| match is_first {
        true => match node.address(CALLBACK_ADDRESS)? {
            Some(address) => Ok(Some(address)),
            None => Err(node.missing(
                CALLBACK_ADDRESS,
                &format!("the address to answer to, or {}", pid.written()),
            )),
        },
        false => Ok(None),
    };
    let offer = || node.node(OFFER)?.ok_or_else(|| node.missing(OFFER, "an offer"));
    Ok(match kind {
        Kind::Request => {
            Body::Request { offer: offer_of(&offer()?)?, callback: callback(PROVIDER_PID)? }
        }
        Kind::Offer => {
            let offer = offer()?;
            let terms = offer_of(&offer)?;
            if terms.target.is_none() {
                return Err(offer.missing(TARGET, "the dataset's id"));
            }
            Body::Offer { offer: terms, callback: callback(CONSUMER_PID)? }
        }
        Kind::Accepted => Body::Accepted,
        Kind::Agreement => {
            let agreement =
                node.node(AGREEMENT)?.ok_or_else(|| node.missing(AGREEMENT, "an agreement"))?;
            Body::Agreement { agreement: agreement_of(&agreement, timestamp_of(node)?)? }
        }
        Kind::Verification => Body::Verification,
        Kind::Finalized => Body::Finalized,
        Kind::Termination => Body::Termination { reason: reason_of(node)? },
    })
}

/// The kind of a message by its type, and by its event where it is one.
fn kind_of(node: &Node<'_>, expected: &[Kind]) -> Result<Kind, WireError> {
    let refused = |found: String| {
        let names: Vec<&str> = expected.iter().map(|kind| kind.as_str()).collect();
        WireError::Type { found, expected: names.join(" or ") }
    };
    // The names of both events begin with the one type that they share.
    let is_known = |name: &str| name == EVENT || (is_one_word(name) && Kind::parse(name).is_some());
    let name = node.only_type(is_known)?;
    let name = name.as_deref().unwrap_or_default();
    if name == EVENT && expected.iter().any(|kind| kind.as_str().starts_with(EVENT)) {
        let kind = node.one_of(EVENT_TYPE, "ACCEPTED or FINALIZED", |event| {
            Kind::parse(&format!("{EVENT} {event}"))
        })?;
        return if expected.contains(&kind) {
            Ok(kind)
        } else {
            Err(refused(quoted(kind.as_str())))
        };
    }
    match Kind::parse(name).filter(|kind| expected.contains(kind)) {
        Some(kind) => Ok(kind),
        None => Err(refused(type_text(&node.types()?))),
    }
}

fn is_one_word(name: &str) -> bool {
    !name.contains(' ')
}

/// Writes a message. The callback address is written only where the peer's pid is not known: both
/// together break the schema.
pub fn write_negotiation(message: &Message) -> Vec<u8> {
    let kind = message.body.kind();
    let name = if matches!(kind, Kind::Accepted | Kind::Finalized) { EVENT } else { kind.as_str() };
    let is_first = message.consumer_pid.is_none() || message.provider_pid.is_none();
    let object = Object::message(name, message.id.as_ref())
        .pids(message.consumer_pid.as_ref(), message.provider_pid.as_ref());
    let object = match &message.body {
        Body::Request { offer, callback } | Body::Offer { offer, callback } => {
            let callback = callback.as_ref().filter(|_| is_first);
            object
                .value(OFFER, write_offer(offer))
                .text_if(CALLBACK_ADDRESS, callback.map(|address| address.as_str()))
        }
        Body::Accepted => object.text(EVENT_TYPE, State::Accepted.as_str()),
        Body::Agreement { agreement } => object.value(AGREEMENT, write_agreement(agreement)),
        Body::Verification => object,
        Body::Finalized => object.text(EVENT_TYPE, State::Finalized.as_str()),
        Body::Termination { reason } => object.reason(reason),
    };
    object.bytes()
}

/// Reads an acknowledgement. Peers that leave out a pid are understood; the state must be one.
pub fn read_negotiation_ack(document: &Document) -> Result<NegotiationAck, WireError> {
    let node = document.root();
    node.check_type(ACK)?;
    let names = State::ALL.map(State::as_str).join(", ");
    let state = node.one_of(STATE, &names, State::parse)?;
    Ok(NegotiationAck {
        consumer_pid: node.id(CONSUMER_PID)?,
        provider_pid: node.id(PROVIDER_PID)?,
        state,
    })
}

/// Writes an acknowledgement. The schema demands both pids; one that does not exist yet is left
/// out.
pub fn write_negotiation_ack(
    consumer_pid: Option<&ConsumerPid>,
    provider_pid: Option<&ProviderPid>,
    state: State,
) -> Vec<u8> {
    Object::message(ACK, None).pids(consumer_pid, provider_pid).text(STATE, state.as_str()).bytes()
}
