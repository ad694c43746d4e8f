//! Offers and agreements around their rules: ids, parties, the dataset and its bytes. The rules
//! themselves are read and written by `causeway_policy`.

use std::str::FromStr;

use causeway_policy::Policy;
use causeway_types::{IdError, Timestamp};
use serde_json::Value;

use super::build::Object;
use super::content::read_content;
use super::document::{Document, check_version};
use super::error::WireError;
use super::facts::read_facts;
use super::fields::Node;
use super::terms::{ASSIGNEE, ASSIGNER, REFINEMENT, TARGET, TIMESTAMP, Term};
use crate::negotiation::{Agreement, Offer};

const OFFER: &str = "Offer";
const AGREEMENT: &str = "Agreement";

/// Reads an offer that stands alone, as [`write_offer`] writes it.
pub fn read_offer(document: &Document) -> Result<Offer, WireError> {
    offer_of(&document.root())
}

/// Reads an agreement that stands alone, as [`write_agreement`] writes it.
pub fn read_agreement(document: &Document) -> Result<Agreement, WireError> {
    agreement_of(&document.root(), None)
}

/// The offer as it stands in a message, with its target; a node without `@context`, meant for the
/// DSP context.
pub fn write_offer(offer: &Offer) -> Value {
    offer_node(offer, true)
}

/// The agreement as it stands in a message; a node without `@context`, meant for the DSP context.
pub fn write_agreement(agreement: &Agreement) -> Value {
    Object::node(AGREEMENT)
        .id(Some(agreement.id.as_str()))
        .text(TARGET, &agreement.target)
        .text(ASSIGNER, &agreement.assigner)
        .text(ASSIGNEE, &agreement.assignee)
        .text_if(TIMESTAMP, agreement.timestamp.map(|timestamp| timestamp.to_string()))
        .members(causeway_policy::write(&agreement.policy))
        .content(agreement.content.as_ref())
        .facts(&agreement.facts)
        .into()
}

/// In a catalog an offer has no target: the dataset it stands in is the target.
pub(super) fn offer_node(offer: &Offer, with_target: bool) -> Value {
    Object::node(OFFER)
        .id(Some(offer.id.as_str()))
        .text_if(TARGET, offer.target.as_ref().filter(|_| with_target))
        .text_if(ASSIGNER, offer.assigner.as_ref())
        .text_if(ASSIGNEE, offer.assignee.as_ref())
        .members(causeway_policy::write(&offer.policy))
        .content(offer.content.as_ref())
        .facts(&offer.facts)
        .into()
}

pub(super) fn offer_of(node: &Node<'_>) -> Result<Offer, WireError> {
    node.check_type(OFFER)?;
    Ok(Offer {
        id: node.own_id()?.ok_or_else(|| node.missing_id())?,
        target: whole(node, TARGET)?,
        assigner: whole(node, ASSIGNER)?,
        assignee: whole(node, ASSIGNEE)?,
        policy: policy_of(node)?,
        content: read_content(node)?,
        facts: read_facts(node)?,
    })
}

/// `timestamp` is the one of the message around it, which counts if the agreement has none.
pub(super) fn agreement_of(
    node: &Node<'_>,
    timestamp: Option<Timestamp>,
) -> Result<Agreement, WireError> {
    node.check_type(AGREEMENT)?;
    Ok(Agreement {
        id: node.own_id()?.ok_or_else(|| node.missing_id())?,
        target: whole(node, TARGET)?.ok_or_else(|| node.missing(TARGET, "the dataset's id"))?,
        assigner: whole(node, ASSIGNER)?
            .ok_or_else(|| node.missing(ASSIGNER, "the provider's id"))?,
        assignee: whole(node, ASSIGNEE)?
            .ok_or_else(|| node.missing(ASSIGNEE, "the consumer's id"))?,
        timestamp: timestamp_of(node)?.or(timestamp),
        policy: policy_of(node)?,
        content: read_content(node)?,
        facts: read_facts(node)?,
    })
}

/// A time without offset is taken as UTC: XML Schema allows it and the prose of DSP asks for UTC.
pub(super) fn timestamp_of(node: &Node<'_>) -> Result<Option<Timestamp>, WireError> {
    let Some(found) = node.find(TIMESTAMP)? else {
        return Ok(None);
    };
    let text = found.text()?;
    let timestamp = Timestamp::parse(text).or_else(|error| {
        if text.len() < "1970-01-01T00:00:00".len() || text.ends_with(['Z', 'z']) {
            return Err(error);
        }
        Timestamp::parse(&format!("{text}Z")).map_err(|_| error)
    });
    timestamp.map(Some).map_err(|error| WireError::field(found.pointer, error.to_string()))
}

/// The id of a dataset or party that is meant as a whole. ODRL can narrow one to a part, "the
/// rows of 2026" or "its members in Kenya"; the id alone would then promise more than was said.
fn whole<T: FromStr<Err = IdError>>(node: &Node<'_>, term: Term) -> Result<Option<T>, WireError> {
    let Some(found) = node.find(term)? else {
        return Ok(None);
    };
    if let Ok(inner) = found.clone().only().node()
        && let Some(narrowed) = inner.find(REFINEMENT)?
    {
        let expected = format!("{} as a whole", term.written());
        return Err(WireError::found(narrowed.pointer, "a part of it", &expected));
    }
    found.id().map(Some)
}

fn policy_of(node: &Node<'_>) -> Result<Policy, WireError> {
    check_version(node.object())?;
    let value = Value::Object(node.object().clone());
    causeway_policy::read(&value, node.contexts())
        .map_err(|error| WireError::Policy { pointer: node.pointer().to_owned(), error })
}
