//! `causeway status`: the node, and how much waits for a person. What it is and what to do about it
//! is said by `causeway task list`. `--json` is the API's node document.

use super::{show, task};
use crate::cli::Context;
use crate::exit::Outcome;

/// Show the node and how much waits for a person.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, _: Args) -> Outcome {
    let client = context.client()?;
    let mut node = client.get("/node").await?;
    if context.output.is_json() {
        return show(context, &node);
    }
    let counts = task::counts(&client).await?;
    let waiting: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{kind}: {count}"))
        .collect();
    let told = if waiting.is_empty() { "nothing".to_owned() } else { waiting.join(", ") };
    node["waits_for_a_person"] = told.into();
    show(context, &node)?;
    if !waiting.is_empty() {
        context.output.say("what to do about each: causeway task list");
    }
    Ok(())
}
