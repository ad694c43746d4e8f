//! `causeway status`: the node, and what waits for a decision. `--json` is the API's node document.

use serde_json::Value;

use super::{negotiation, show, transfer};
use crate::cli::Context;
use crate::exit::Outcome;
use crate::values::items;

/// Show the node and what waits for a decision.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, _: Args) -> Outcome {
    let client = context.client()?;
    let node = client.get("/node").await?;
    show(context, &node)?;
    if context.output.is_json() {
        return Ok(());
    }
    let waits = |list: &Value, row: fn(&Value) -> Vec<String>| -> Vec<Vec<String>> {
        items(list).iter().filter(|item| !item["waiting_for"].is_null()).map(row).collect()
    };
    let negotiations = waits(&client.list("/negotiations").await?, negotiation::row);
    let transfers = waits(&client.list("/transfers").await?, transfer::row);
    if negotiations.is_empty() && transfers.is_empty() {
        context.output.say("nothing waits for a decision");
    }
    if !negotiations.is_empty() {
        context.output.say("negotiations to decide (causeway negotiation accept|terminate ID):");
        context.output.table(negotiation::HEADER, &negotiations)?;
    }
    if !transfers.is_empty() {
        context.output.say("transfers to decide (causeway transfer accept|terminate ID):");
        context.output.table(transfer::HEADER, &transfers)?;
    }
    Ok(())
}
