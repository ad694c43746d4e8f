//! Why a negotiation or transfer waits for a person, from its history. What to do about it is said
//! by `causeway task list`.

use serde_json::Value;

use super::show;
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::Outcome;
use crate::values::{items, optional, short, text};

/// Whether a process waits for an answer of ours.
pub(super) fn waits(process: &Value) -> bool {
    !process["waiting_for"].is_null()
}

/// Why a process waits: its last event that says so. Nothing if it does not wait.
pub(super) async fn reason(
    client: &Client,
    collection: &str,
    process: &Value,
) -> Outcome<Option<String>> {
    if !waits(process) {
        return Ok(None);
    }
    let id = segment(text(process, "id"));
    let history = client.list(&format!("{collection}/{id}/history")).await?;
    let is_waiting = |event: &&Value| text(event, "kind").ends_with(".waiting");
    let last = items(&history).iter().rfind(is_waiting);
    Ok(last.map(|event| text(event, "text").to_owned()))
}

/// Adds to every item of a list that waits why it does, as `waits_because`.
pub(super) async fn explain(client: &Client, collection: &str, list: &mut Value) -> Outcome {
    for process in list["items"].as_array_mut().into_iter().flatten() {
        if let Some(reason) = reason(client, collection, process).await? {
            process["waits_because"] = reason.into();
        }
    }
    Ok(())
}

/// Shows one process; people also see why it waits and how to learn more.
pub(super) async fn show_process(context: &Context, collection: &str, id: &str) -> Outcome {
    let client = context.client()?;
    let mut process = client.find(collection, id).await?;
    if context.output.is_json() {
        return show(context, &process);
    }
    if let Some(reason) = reason(&client, collection, &process).await? {
        process["waits_because"] = reason.into();
    }
    show(context, &process)?;
    if optional(&process, "decision_id").is_some() {
        let id = short(text(&process, "id"));
        context.output.say(&format!("what the law says of it: causeway check why {id}"));
        if waits(&process) {
            context.output.say(&format!("what would help: causeway check remedies {id}"));
        }
    }
    Ok(())
}
