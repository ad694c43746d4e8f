//! Questions to a program of the operator's: what is asked, and how its answer is read.
//!
//! The webhook is called from the outbox, so a question survives a crash and is asked again until
//! it is answered. Its answer is a decision like any other; what it cannot decide waits for a
//! person.

use causeway_dsp::negotiation::Negotiation;
use causeway_dsp::transfer::Transfer;
use causeway_dsp::{Question, Reason};
use causeway_json::Limits;
use causeway_store::{NewMessage, OutboxSubject};
use serde::{Deserialize, Serialize};

use crate::clock::Mint;

/// What a webhook is sent.
#[derive(Serialize)]
struct Ask<'a> {
    id: &'a str,
    question: &'a str,
    process: &'a str,
    peer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What a webhook answers with status 200. Any other 2xx means "a person will decide".
#[derive(Deserialize)]
struct Reply {
    decision: String,
    #[serde(default)]
    reason: Option<String>,
}

/// A webhook's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Accept,
    /// End it.
    Reject(Reason),
    /// A person will decide.
    Hold,
}

/// Reads a webhook's answer; what is not understood is held, with the reason.
pub(crate) fn read(status: u16, body: &[u8]) -> Result<Verdict, String> {
    if status != 200 {
        return Ok(Verdict::Hold);
    }
    let reply: Reply = causeway_json::read(body, Limits::MESSAGE)
        .map_err(|error| format!("the webhook's answer cannot be read: {error}"))?;
    match reply.decision.as_str() {
        "accept" => Ok(Verdict::Accept),
        "reject" => {
            let text = reply.reason.unwrap_or_else(|| "declined".to_owned());
            Ok(Verdict::Reject(Reason::of("declined", text)))
        }
        "hold" => Ok(Verdict::Hold),
        other => {
            Err(format!("the webhook's decision is {other:?}, expected accept, reject or hold"))
        }
    }
}

/// The question about a negotiation, as an outbox row.
pub(crate) fn negotiation(
    negotiation: &Negotiation,
    question: Question,
    url: String,
    mint: &Mint<'_>,
) -> NewMessage {
    let offer = negotiation.stage.offer();
    let agreement = negotiation.stage.agreement();
    let policy = offer.map(|o| &o.policy).or(agreement.map(|a| &a.policy));
    let target = offer.and_then(|o| o.target.as_ref()).or(agreement.map(|a| &a.target));
    let id = mint.message();
    let ask = Ask {
        id: id.as_str(),
        question: question.as_str(),
        process: negotiation.id.as_str(),
        peer: negotiation.peer.as_str(),
        dataset_id: target.map(|target| target.as_str()),
        offer_id: offer.map(|offer| offer.id.as_str()),
        agreement_id: agreement.map(|agreement| agreement.id.as_str()),
        policy: policy.map(causeway_policy::write),
    };
    let body = serde_json::to_vec(&ask).unwrap_or_default();
    NewMessage {
        process: negotiation.id.clone(),
        subject: OutboxSubject::NegotiationWebhook,
        peer: negotiation.participant.clone(),
        message_id: id,
        kind: question.as_str().to_owned(),
        url,
        body,
        not_before: mint.now,
    }
}

/// The question about a transfer, as an outbox row.
pub(crate) fn transfer(
    transfer: &Transfer,
    question: Question,
    url: String,
    mint: &Mint<'_>,
) -> NewMessage {
    let id = mint.message();
    let ask = Ask {
        id: id.as_str(),
        question: question.as_str(),
        process: transfer.id.as_str(),
        peer: transfer.peer.as_str(),
        dataset_id: None,
        offer_id: None,
        agreement_id: Some(transfer.agreement_id.as_str()),
        policy: None,
    };
    let body = serde_json::to_vec(&ask).unwrap_or_default();
    NewMessage {
        process: transfer.id.clone(),
        subject: OutboxSubject::TransferWebhook,
        peer: transfer.participant.clone(),
        message_id: id,
        kind: question.as_str().to_owned(),
        url,
        body,
        not_before: mint.now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_accept_goes_on() {
        let check = |status, body: &str, expected: Result<Verdict, &str>| {
            let found = read(status, body.as_bytes());
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{body}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{body}: {found:?}, expected {expected:?}"),
            }
        };
        check(200, r#"{"decision":"accept"}"#, Ok(Verdict::Accept));
        check(200, r#"{"decision":"hold"}"#, Ok(Verdict::Hold));
        let declined = Verdict::Reject(Reason::of("declined", "no budget"));
        check(200, r#"{"decision":"reject","reason":"no budget"}"#, Ok(declined));
        check(202, "", Ok(Verdict::Hold));
        check(200, r#"{"decision":"yes"}"#, Err("expected accept, reject or hold"));
        let twice = r#"{"decision":"hold","more":{"a":1,"a":2}}"#;
        check(200, twice, Err("found the name \"a\" twice"));
        check(200, "", Err("cannot be read"));
        check(200, "<html>", Err("cannot be read"));
    }
}
