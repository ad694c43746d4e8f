//! `causeway catalog sync` and `copies`: copying the catalogs of peers. The node does it; the
//! command waits and says how far it is.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::cli::Context;
use crate::client::{Client, segment};
use crate::commands::show_list;
use crate::exit::{Exit, Failure, Outcome};
use crate::progress::Line;
use crate::values::{items, number, optional, size, text, time};

/// How often it is asked how far the copies are.
const LOOK: Duration = Duration::from_millis(300);
/// Requests to the node at the same time.
const REQUESTS_MAX: usize = 16;

const HEADER: [&str; 7] = ["peer", "state", "datasets", "pages", "changed", "received", "as of"];

/// Copies the catalogs of these peers, or of all.
pub(super) async fn run(context: &Context, peers: Vec<String>, detach: bool) -> Outcome {
    let client = context.client()?;
    let peers = if peers.is_empty() { all_peers(&client).await? } else { peers };
    if peers.is_empty() {
        context.output.say("there is no peer; peers are listed in the configuration");
    }
    let begin = async |peer: &String| {
        client.post(&format!("/peers/{}/sync", segment(peer)), &json!({})).await
    };
    let begun = stream::iter(&peers).map(begin).buffered(REQUESTS_MAX);
    let mut syncs: Vec<Value> = begun.try_collect().await?;
    if !detach {
        wait(context, &client, &mut syncs).await?;
    }
    let list = json!({ "items": syncs });
    show_list(context, &list, &HEADER, row)?;
    let stopped: Vec<&Value> = syncs.iter().filter(|sync| is_in(sync, "stopped")).collect();
    for sync in &stopped {
        let (peer, why) = (text(sync, "peer"), text(sync, "stopped"));
        context.output.warn(&format!("the copy of {peer} is not complete: {why}"));
    }
    match stopped.len() {
        0 => Ok(()),
        count => Err(Failure::new(
            Exit::Refused,
            format!("{count} of {} catalogs could not be copied to their end", syncs.len()),
        )
        .hint("what was read is kept; run the command again to go on")),
    }
}

/// Lists the copies there are.
pub(super) async fn copies(context: &Context) -> Outcome {
    let list = context.client()?.get("/catalogs").await?;
    if items(&list).is_empty() && !context.output.is_json() {
        context.output.say("no catalog was copied yet; copy them with: causeway catalog sync");
    }
    show_list(context, &list, &HEADER, row)
}

async fn all_peers(client: &Client) -> Outcome<Vec<String>> {
    let peers = client.get("/peers").await?;
    Ok(items(&peers).iter().map(|peer| text(peer, "participant_id").to_owned()).collect())
}

/// Looks until nothing is being copied any more.
async fn wait(context: &Context, client: &Client, syncs: &mut [Value]) -> Outcome {
    let mut line = Line::new(&context.output);
    let mut look = tokio::time::interval(LOOK);
    loop {
        look.tick().await;
        let mut open = 0;
        for sync in syncs.iter_mut().filter(|sync| is_open(sync)) {
            let path = format!("/peers/{}/sync", segment(text(sync, "peer")));
            *sync = client.get(&path).await?;
            open += usize::from(is_open(sync));
        }
        if open == 0 {
            line.finish();
            return Ok(());
        }
        let sum = |name: &str| -> u64 {
            syncs.iter().map(|sync| number(sync, &format!("/{name}")).unwrap_or(0)).sum()
        };
        line.show(&format!(
            "copying {} of {} catalogs: {} datasets, {} pages, {}",
            open,
            syncs.len(),
            sum("datasets"),
            sum("pages"),
            size(sum("bytes")),
        ));
    }
}

fn is_in(sync: &Value, state: &str) -> bool {
    text(sync, "state") == state
}

fn is_open(sync: &Value) -> bool {
    is_in(sync, "waiting") || is_in(sync, "running")
}

fn row(sync: &Value) -> Vec<String> {
    let count = |name: &str| number(sync, &format!("/{name}")).unwrap_or(0);
    vec![
        text(sync, "peer").to_owned(),
        text(sync, "state").to_owned(),
        count("datasets").to_string(),
        count("pages").to_string(),
        count("pages").saturating_sub(count("unchanged")).to_string(),
        size(count("bytes")),
        optional(sync, "complete_at").map(time).unwrap_or_default(),
    ]
}
