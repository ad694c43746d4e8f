//! The messages of the Transfer Process Protocol. Whether one is allowed now is for
//! [`crate::transfer::step`]. Values of a data address may be secrets, so no error quotes them.

use causeway_types::{ConsumerPid, ProviderPid};
use serde_json::Value;

use super::build::Object;
use super::document::Document;
use super::error::WireError;
use super::fields::{ENDPOINT_BYTES_MAX, Found, NAME_BYTES_MAX, Node, loose_text, type_text};
use super::reason::reason_of;
use super::terms::{
    AGREEMENT_ID, CALLBACK_ADDRESS, CONSUMER_PID, DATA_ADDRESS, ENDPOINT, ENDPOINT_PROPERTIES,
    ENDPOINT_TYPE, FORMAT, NAME, PROVIDER_PID, STATE, VALUE,
};
use crate::transfer::{Body, DataAddress, Kind, Message, State};

const ACK: &str = "TransferProcess";

/// A `TransferProcess`: the acknowledgement of a request and the answer to `GET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferAck {
    /// The consumer's pid, where the peer names it.
    pub consumer_pid: Option<ConsumerPid>,
    /// The provider's pid, where the peer names it.
    pub provider_pid: Option<ProviderPid>,
    /// The state the peer has.
    pub state: State,
}

/// Reads any message of a transfer.
pub fn read_transfer(document: &Document) -> Result<Message, WireError> {
    read_transfer_expecting(document, &Kind::ALL)
}

/// Reads a message of one of the `expected` kinds; any other is refused as
/// [`WireError::Type`], whatever else may be wrong with it.
pub fn read_transfer_expecting(
    document: &Document,
    expected: &[Kind],
) -> Result<Message, WireError> {
    let node = document.root();
    let name = node.only_type(|name| Kind::parse(name).is_some())?;
    let kind = name.and_then(|name| Kind::parse(&name)).filter(|kind| expected.contains(kind));
    let Some(kind) = kind else {
        let names: Vec<&str> = expected.iter().map(|kind| kind.as_str()).collect();
        let found = type_text(&node.types()?);
        return Err(WireError::Type { found, expected: names.join(" or ") });
    };
    let consumer_pid: Option<ConsumerPid> = node.id(CONSUMER_PID)?;
    if consumer_pid.is_none() {
        return Err(node.missing(CONSUMER_PID, "the id of the transfer"));
    }
    // A request begins a transfer, so the provider has no pid yet.
    let provider_pid: Option<ProviderPid> =
        if kind == Kind::Request { None } else { node.id(PROVIDER_PID)? };
    if provider_pid.is_none() && kind != Kind::Request {
        return Err(node.missing(PROVIDER_PID, "the id of the transfer"));
    }
    let body = body_of(&node, kind)?;
    Ok(Message { id: node.own_id()?, consumer_pid, provider_pid, body })
}

fn body_of(node: &Node<'_>, kind: Kind) -> Result<Body, WireError> {
    let data_address = || node.node(DATA_ADDRESS)?.map(|n| data_address_of(&n)).transpose();
    Ok(match kind {
        Kind::Request => Body::Request {
            agreement_id: node
                .id(AGREEMENT_ID)?
                .ok_or_else(|| node.missing(AGREEMENT_ID, "the agreement's id"))?,
            format: node
                .bounded(FORMAT, NAME_BYTES_MAX)?
                .ok_or_else(|| node.missing(FORMAT, "the format of a distribution"))?,
            callback: node
                .address(CALLBACK_ADDRESS)?
                .ok_or_else(|| node.missing(CALLBACK_ADDRESS, "the address to answer to"))?,
            data_address: data_address()?,
        },
        Kind::Start => Body::Start { data_address: data_address()? },
        Kind::Suspension => Body::Suspension { reason: reason_of(node)? },
        Kind::Completion => Body::Completion,
        Kind::Termination => Body::Termination { reason: reason_of(node)? },
    })
}

fn data_address_of(node: &Node<'_>) -> Result<DataAddress, WireError> {
    node.check_type("DataAddress")?;
    let endpoint = node.find(ENDPOINT)?;
    if let Some(found) = &endpoint
        && found.text()?.len() > ENDPOINT_BYTES_MAX
    {
        let problem = format!("found more than {ENDPOINT_BYTES_MAX} bytes");
        return Err(WireError::field(&*found.pointer, problem));
    }
    let properties = node.find_all(ENDPOINT_PROPERTIES)?;
    Ok(DataAddress {
        endpoint_type: node
            .bounded(ENDPOINT_TYPE, NAME_BYTES_MAX)?
            .ok_or_else(|| node.missing(ENDPOINT_TYPE, "the kind of endpoint"))?,
        endpoint: endpoint.map(|found| found.text().map(str::to_owned)).transpose()?,
        properties: properties.map(property_of).collect::<Result<_, _>>()?,
    })
}

/// The schema wants texts; what else a peer has as value is kept as its JSON.
fn property_of(found: Found<'_>) -> Result<(String, String), WireError> {
    let node = found.node()?;
    let name = node.text(NAME)?.ok_or_else(|| node.missing(NAME, "a text"))?;
    let value = node.find(VALUE)?.ok_or_else(|| node.missing(VALUE, "a text"))?;
    let value = loose_text(value.value).unwrap_or_else(|| value.value.to_string());
    Ok((name.to_owned(), value))
}

/// Writes a message.
pub fn write_transfer(message: &Message) -> Vec<u8> {
    let kind = message.body.kind();
    let provider_pid = message.provider_pid.as_ref().filter(|_| kind != Kind::Request);
    let object = Object::message(kind.as_str(), message.id.as_ref())
        .pids(message.consumer_pid.as_ref(), provider_pid);
    let object = match &message.body {
        Body::Request { agreement_id, format, callback, data_address } => object
            .text(AGREEMENT_ID, agreement_id)
            .text(FORMAT, format)
            .value_if(DATA_ADDRESS, data_address.as_ref().map(data_address_node))
            .text(CALLBACK_ADDRESS, callback.as_str()),
        Body::Start { data_address } => {
            object.value_if(DATA_ADDRESS, data_address.as_ref().map(data_address_node))
        }
        Body::Completion => object,
        Body::Suspension { reason } | Body::Termination { reason } => object.reason(reason),
    };
    object.bytes()
}

fn data_address_node(address: &DataAddress) -> Value {
    let property = |(name, value): &(String, String)| {
        Object::node("EndpointProperty").text(NAME, name).text(VALUE, value).into()
    };
    Object::node("DataAddress")
        .text(ENDPOINT_TYPE, &address.endpoint_type)
        .text_if(ENDPOINT, address.endpoint.as_ref())
        .list(ENDPOINT_PROPERTIES, address.properties.iter().map(property))
        .into()
}

/// Reads an acknowledgement. Peers that leave out a pid are understood; the state must be one.
pub fn read_transfer_ack(document: &Document) -> Result<TransferAck, WireError> {
    let node = document.root();
    node.check_type(ACK)?;
    let names = State::ALL.map(State::as_str).join(", ");
    let state = node.one_of(STATE, &names, State::parse)?;
    Ok(TransferAck {
        consumer_pid: node.id(CONSUMER_PID)?,
        provider_pid: node.id(PROVIDER_PID)?,
        state,
    })
}

/// Writes an acknowledgement. The schema demands both pids; one that does not exist yet is left
/// out.
pub fn write_transfer_ack(
    consumer_pid: Option<&ConsumerPid>,
    provider_pid: Option<&ProviderPid>,
    state: State,
) -> Vec<u8> {
    Object::message(ACK, None).pids(consumer_pid, provider_pid).text(STATE, state.as_str()).bytes()
}
