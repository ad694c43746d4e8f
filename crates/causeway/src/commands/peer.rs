//! `causeway peer`: who may exchange with this node, and who they are.

use clap::Subcommand;
use serde_json::{Value, json};

use super::show_list;
use crate::cli::Context;
use crate::client::segment;
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{optional, text};

/// Show peers and who they are.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all peers: those of the configuration, and those that showed credentials.
    List,
    /// Show a peer's pinned keys and the credentials it showed last.
    Show {
        /// Name, participant id or address.
        peer: String,
    },
    /// Take the changed keys of a peer for its own, after asking its people by another way.
    ApproveKeys {
        /// Name, participant id or address.
        peer: String,
        /// The thumbprints of all new keys, as the peer's people read them out.
        #[arg(long = "key", value_name = "THUMBPRINT", required = true)]
        keys: Vec<String>,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::List => {
            let peers = context.client()?.get("/peers").await?;
            let header = ["name", "participant id", "jurisdiction", "address"];
            show_list(context, &peers, &header, |peer| {
                let field = |name| text(peer, name).to_owned();
                vec![
                    field("name"),
                    field("participant_id"),
                    optional(peer, "jurisdiction").unwrap_or("unknown").to_owned(),
                    field("address"),
                ]
            })
        }
        What::Show { peer } => {
            let path = format!("/peers/{}/identity", segment(&peer));
            show(context, &context.client()?.get(&path).await?)
        }
        What::ApproveKeys { peer, mut keys } => {
            keys.sort();
            let path = format!("/peers/{}/identity/approve", segment(&peer));
            let identity = context.client()?.post(&path, &json!({ "keys": keys })).await?;
            show(context, &identity)
        }
    }
}

fn show(context: &Context, identity: &Value) -> Outcome {
    if context.output.is_json() {
        return context.output.document(identity);
    }
    let words = |list: &Value| {
        let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
        words.collect::<Vec<_>>().join(", ")
    };
    let line = |name: &str, value: &str| context.output.line(&format!("{name:<14}{value}"));
    line("peer", text(identity, "participant_id"))?;
    match optional(identity, "first_seen_at") {
        Some(at) => {
            line("first met", at)?;
            line("keys", &words(&identity["keys"]))?;
        }
        None => line("keys", "not pinned yet")?,
    }
    if let Some(lapsed) = optional(identity, "lapsed") {
        line("lapsed", lapsed)?;
    }
    let rows: Vec<Vec<String>> = identity["credentials"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|shown| {
            vec![
                words(&shown["types"]),
                text(shown, "issuer").to_owned(),
                optional(shown, "valid_until").unwrap_or("no end").to_owned(),
                optional(shown, "distrusted").unwrap_or("believed").to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        context.output.table(&["credential", "issuer", "until", "state"], &rows)?;
    }
    let changed = &identity["changed"];
    if changed.is_null() {
        return Ok(());
    }
    let keys = words(&changed["keys"]);
    let detail = format!("its keys changed without proof: {}", text(changed, "reason"));
    Err(Failure::new(Exit::Integrity, detail).hint(format!(
        "ask its people by another way whether these are their keys, then approve them with \
         causeway peer approve-keys: {keys}"
    )))
}
