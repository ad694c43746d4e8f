//! `causeway catalog`: what a peer offers, asked for now; and copies of peers' catalogs.

mod sync;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{number, optional, short, size, text, title};
use causeway_types::limits::CATALOG_PAGES_READ_MAX;

/// List what a peer offers, or copy the catalogs of peers to search them offline.
///
/// A peer that is called like a subcommand is named by its participant id.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    /// The peer's name, participant id or address.
    #[arg(required = true)]
    peer: Option<String>,
    /// Read all pages, not only the first.
    #[arg(long)]
    all: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Copy catalogs for `causeway search`; only pages that have changed are read.
    Sync {
        /// The peers' names, participant ids or addresses; all peers if none is named.
        peers: Vec<String>,
        /// Do not wait for the end; the node goes on.
        #[arg(long)]
        detach: bool,
    },
    /// List the copies there are, and how old they are.
    Copies,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let peer = match args.what {
        Some(What::Sync { peers, detach }) => return sync::run(context, peers, detach).await,
        Some(What::Copies) => return sync::copies(context).await,
        // Clap has seen to it that there is a peer.
        None => args.peer.unwrap_or_default(),
    };
    let client = context.client()?;
    let catalog = match args.all {
        true => whole(&client, &peer).await?,
        false => page(&client, &peer, None).await?,
    };
    if context.output.is_json() {
        return context.output.document(&catalog);
    }
    for problem in catalog["problems"].as_array().into_iter().flatten() {
        context.output.warn(&format!("passed over: {}", problem.as_str().unwrap_or_default()));
    }
    let rows: Vec<Vec<String>> = datasets(&catalog).iter().flat_map(rows).collect();
    if rows.is_empty() {
        context.output.say("the catalog is empty");
        return Ok(());
    }
    context.output.table(&["offer", "title", "type", "size", "dataset"], &rows)?;
    if optional(&catalog, "next").is_some() {
        context.output.say("there is more; read everything with --all");
    }
    Ok(())
}

/// The datasets of a catalog document.
pub(super) fn datasets(catalog: &Value) -> &[Value] {
    catalog["datasets"].as_array().map_or(&[], Vec::as_slice)
}

/// One page, as the API answers it.
pub(super) async fn page(client: &Client, peer: &str, next: Option<&str>) -> Outcome<Value> {
    let cursor = next.map(|next| format!("?next={}", segment(next))).unwrap_or_default();
    client.get(&format!("/peers/{}/catalog{cursor}", segment(peer))).await
}

/// All pages as one document.
async fn whole(client: &Client, peer: &str) -> Outcome<Value> {
    let mut all = page(client, peer, None).await?;
    let mut next = optional(&all, "next").map(str::to_owned);
    for _ in 1..CATALOG_PAGES_READ_MAX {
        let Some(cursor) = next else {
            if let Some(document) = all.as_object_mut() {
                document.shift_remove("next");
            }
            return Ok(all);
        };
        let more = page(client, peer, Some(&cursor)).await?;
        for list in ["datasets", "problems"] {
            let items = more[list].as_array().cloned().unwrap_or_default();
            match all[list].as_array_mut() {
                Some(found) => found.extend(items),
                None => all[list] = json!(items),
            }
        }
        next = optional(&more, "next").map(str::to_owned);
    }
    let text = format!("the catalog of {peer} has more than {CATALOG_PAGES_READ_MAX} pages");
    Err(Failure::new(Exit::Refused, text))
}

/// A row for each offer of a dataset.
pub(super) fn rows(dataset: &Value) -> Vec<Vec<String>> {
    let distribution = &dataset["distributions"][0];
    let bytes = number(distribution, "/content/bytes");
    let row = |offer: &str| {
        vec![
            short(offer).to_owned(),
            title(dataset, "title").to_owned(),
            text(distribution, "media_type").to_owned(),
            bytes.map(size).unwrap_or_default(),
            short(text(dataset, "id")).to_owned(),
        ]
    };
    match dataset["offers"].as_array().map(Vec::as_slice) {
        None | Some([]) => vec![row("")],
        Some(offers) => offers.iter().map(|offer| row(text(offer, "id"))).collect(),
    }
}
