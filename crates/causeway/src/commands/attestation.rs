//! `causeway attestation`: what people record of crossings, with how it can be checked. What waited
//! for it goes on; what rests on a record that is revoked is suspended.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{show, show_list};
use crate::cli::{Context, key_value};
use crate::client::segment;
use crate::exit::Outcome;
use crate::values::{fact_value, short, text, time};

pub(super) const PATH: &str = "/attestations";

/// Record what is in place for crossings, and take it back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Record a mechanism that is in place, or the answer to a question.
    Add {
        /// Name, participant id or address of the other party.
        peer: String,
        /// What is so, such as tool.eu_scc=true; `causeway law facts` lists the names.
        #[arg(required = true, value_name = "FACT=VALUE", value_parser = key_value)]
        facts: Vec<(String, String)>,
        /// How it can be checked: a filing number, a certificate, a file.
        #[arg(long, value_name = "TEXT")]
        reference: String,
        /// The dataset it is about; every dataset if missing.
        #[arg(long, value_name = "ID")]
        dataset: Option<String>,
        /// The day or RFC 3339 time from which it counts; at once if missing.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// The day or RFC 3339 time until which it counts; until it is revoked if missing.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
    },
    /// List what was recorded, revoked records too.
    List {
        /// Only of this peer.
        peer: Option<String>,
    },
    /// Take a record back; transfers that rest on it are suspended.
    Revoke {
        /// The record's id, or its beginning.
        id: String,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let client = context.client()?;
    match args.what {
        What::Add { peer, facts, reference, dataset, from, until } => {
            let facts: Map<String, Value> =
                facts.into_iter().map(|(name, text)| (name, fact_value(&text))).collect();
            let body = json!({
                "peer": peer, "facts": facts, "reference": reference, "dataset_id": dataset,
                "valid_from": from, "valid_until": until,
            });
            let recorded = client.post(PATH, &body).await?;
            let id = short(text(&recorded, "id"));
            context.output.say(&format!(
                "recorded; what waited for it goes on. take it back with: causeway attestation \
                 revoke {id}"
            ));
            show(context, &recorded)
        }
        What::List { peer } => {
            let of = peer.map(|peer| format!("?peer={}", segment(&peer))).unwrap_or_default();
            show_list(context, &client.list(&format!("{PATH}{of}")).await?, HEADER, row)
        }
        What::Revoke { id } => {
            let found = client.find(PATH, &id).await?;
            let id = segment(text(&found, "id"));
            show(context, &client.post(&format!("{PATH}/{id}/revoke"), &json!({})).await?)
        }
    }
}

const HEADER: &[&str] = &["id", "peer", "counts", "facts", "until", "reference", "dataset"];

fn row(attestation: &Value) -> Vec<String> {
    let counts = match (attestation["counts"].as_bool(), &attestation["revoked_at"]) {
        (Some(true), _) => "yes".to_owned(),
        (_, Value::String(at)) => format!("revoked {}", time(at)),
        _ => "not now".to_owned(),
    };
    vec![
        short(text(attestation, "id")).to_owned(),
        text(attestation, "peer").to_owned(),
        counts,
        facts(attestation).join(" "),
        time(text(attestation, "valid_until")),
        text(attestation, "reference").to_owned(),
        short(text(attestation, "dataset_id")).to_owned(),
    ]
}

/// The facts of a record, such as `tool.eu_scc=true`.
pub(super) fn facts(attestation: &Value) -> Vec<&str> {
    attestation["facts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
