//! Error messages and the reasons in them. Reading an error never fails: whatever a peer, or a
//! proxy in front of it, answered is turned into something a person can read.

use causeway_policy::Contexts;
use causeway_types::limits::{MESSAGE_BYTES_MAX, REASON_BYTES_MAX, REASONS_MAX};
use causeway_types::{ConsumerPid, ProviderPid};
use serde_json::{Map, Value};

use super::build::Object;
use super::error::WireError;
use super::fields::{Node, loose_text};
use super::syntax::{Limits, parse_value};
use super::terms::{CODE, REASON};
use crate::process::Reason;

/// A `ContractNegotiationError`. The schema demands both pids; one that does not exist is left
/// out, since there is none to name.
pub fn write_negotiation_error(
    consumer_pid: Option<&ConsumerPid>,
    provider_pid: Option<&ProviderPid>,
    reason: &Reason,
) -> Vec<u8> {
    process_error("ContractNegotiationError", consumer_pid, provider_pid, reason)
}

/// A `TransferError`; the pids as in [`write_negotiation_error`].
pub fn write_transfer_error(
    consumer_pid: Option<&ConsumerPid>,
    provider_pid: Option<&ProviderPid>,
    reason: &Reason,
) -> Vec<u8> {
    process_error("TransferError", consumer_pid, provider_pid, reason)
}

/// A `CatalogError`.
pub fn write_catalog_error(reason: &Reason) -> Vec<u8> {
    Object::message("CatalogError", None).reason(reason).bytes()
}

fn process_error(
    kind: &str,
    consumer_pid: Option<&ConsumerPid>,
    provider_pid: Option<&ProviderPid>,
    reason: &Reason,
) -> Vec<u8> {
    Object::message(kind, None).pids(consumer_pid, provider_pid).reason(reason).bytes()
}

impl Object {
    /// Adds `code` and `reason`, where there are any.
    pub(super) fn reason(self, reason: &Reason) -> Self {
        self.text_if(CODE, reason.code())
            .list(REASON, reason.texts().iter().map(|text| Value::from(text.as_str())))
    }
}

/// The `code` and `reason` of a message that ends or holds a process.
pub(super) fn reason_of(node: &Node<'_>) -> Result<Reason, WireError> {
    let code = node.find(CODE)?.and_then(|found| loose_text(found.value));
    let texts = node.find_all(REASON)?;
    Ok(Reason::new(code, texts.take(REASONS_MAX).map(|found| readable(found.value))))
}

/// What a peer's refusal says: the code and reason of an error message of any kind, what similar
/// properties of other JSON say, or else the text itself on one line.
pub fn read_error(bytes: &[u8]) -> Reason {
    let start = bytes.get(..MESSAGE_BYTES_MAX).unwrap_or(bytes);
    let value = parse_value(start, Limits::MESSAGE).ok();
    let reason = value.as_ref().map(reason_in).unwrap_or_default();
    if reason.is_empty() { Reason::new(None, [one_line(start)]) } else { reason }
}

fn reason_in(value: &Value) -> Reason {
    match value {
        Value::Object(object) => reason_in_object(object),
        Value::Array(items) => {
            let each = || {
                items.iter().take(REASONS_MAX).map(|item| match item {
                    Value::Object(object) => reason_in_object(object),
                    other => Reason::new(None, [readable(other)]),
                })
            };
            let code = each().find_map(|reason| reason.code().map(str::to_owned));
            Reason::new(code, each().flat_map(|reason| reason.texts().to_vec()))
        }
        other => Reason::new(None, [readable(other)]),
    }
}

fn reason_in_object(object: &Map<String, Value>) -> Reason {
    let contexts = Contexts::read(object.get("@context")).unwrap_or_else(|_| Contexts::dsp());
    let node = Node::new(object, &contexts, String::new());
    let of_protocol = reason_of(&node).unwrap_or_default();
    if !of_protocol.is_empty() {
        return of_protocol;
    }
    let text = |names: &[&str]| names.iter().find_map(|name| loose_text(object.get(*name)?));
    let (code, telling) = (text(CODE_NAMES), text(TEXT_NAMES));
    if code.is_some() || telling.is_some() {
        return Reason::new(code, telling);
    }
    let silent = match node.types().unwrap_or_default().first() {
        Some(name) => format!("{name} without code and reason"),
        None => Value::Object(object.clone()).to_string(),
    };
    Reason::new(None, [silent])
}

/// Where other error formats have their code: OAuth, problem details and many more.
const CODE_NAMES: &[&str] = &["code", "errorCode", "error", "status", "type"];
/// Where other error formats have their sentence, the most telling first.
const TEXT_NAMES: &[&str] = &["message", "detail", "error_description", "description", "title"];
/// The language that is preferred of a reason in several.
const LANGUAGE: &str = "en";

/// A reason as text: itself, in one of its languages, its telling property, or its JSON.
fn readable(value: &Value) -> String {
    if let Some(text) = loose_text(value) {
        return text;
    }
    if let Value::Object(object) = value {
        let names = [LANGUAGE, "reason"];
        let known = names.iter().chain(TEXT_NAMES).find_map(|name| loose_text(object.get(*name)?));
        let only_texts = !object.is_empty() && object.values().all(Value::is_string);
        let any = || object.values().filter(|_| only_texts).find_map(loose_text);
        if let Some(text) = known.or_else(any) {
            return text;
        }
    }
    value.to_string()
}

fn one_line(bytes: &[u8]) -> String {
    // Replacing what is no UTF-8 makes text at most three times as long.
    let start = bytes.get(..REASON_BYTES_MAX).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start).replace(|c: char| c.is_control(), " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
