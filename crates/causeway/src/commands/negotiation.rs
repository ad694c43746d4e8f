//! `causeway negotiation`: look at negotiations and decide them.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Why, act, history, json_file, show_list, waiting, watch};
use crate::cli::Context;
use crate::exit::Outcome;
use crate::output::cell;
use crate::values::{short, state, text, time, why};

const PATH: &str = "/negotiations";

/// Look at negotiations and decide them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all negotiations.
    List,
    /// Show one negotiation.
    Show {
        /// The negotiation's id, or its beginning.
        id: String,
    },
    /// Answer the open question with yes: agree, accept, verify or finalize.
    Accept {
        /// The negotiation's id, or its beginning.
        id: String,
    },
    /// Refuse: the same as terminate, with the code `refused` unless another is given.
    Reject {
        /// The negotiation's id, or its beginning.
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// End a negotiation.
    Terminate {
        /// The negotiation's id, or its beginning.
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Propose other terms.
    Propose {
        /// The negotiation's id, or its beginning.
        id: String,
        /// A JSON file with ODRL permissions, prohibitions and obligations.
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
    /// Show what happened in a negotiation.
    History {
        /// The negotiation's id, or its beginning.
        id: String,
    },
    /// Show what happens in a negotiation until it ends.
    Watch {
        /// The negotiation's id, or its beginning.
        id: String,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::List => {
            let client = context.client()?;
            let mut list = client.list(PATH).await?;
            if !context.output.is_json() {
                waiting::explain(&client, PATH, &mut list).await?;
            }
            show_list(context, &list, HEADER, row)
        }
        What::Show { id } => waiting::show_process(context, PATH, &id).await,
        What::Accept { id } => act(context, PATH, &id, "accept", &json!({})).await,
        What::Terminate { id, why } => act(context, PATH, &id, "terminate", &why.body()).await,
        What::Reject { id, why } => {
            let mut body = why.body();
            if body.get("code").is_none() {
                body["code"] = "refused".into();
            }
            act(context, PATH, &id, "terminate", &body).await
        }
        What::Propose { id, policy } => {
            let body = json!({ "policy": json_file(&policy)? });
            act(context, PATH, &id, "propose", &body).await
        }
        What::History { id } => history(context, PATH, &id).await,
        What::Watch { id } => watch::run(context, "negotiation", PATH, &id).await,
    }
}

/// The columns of a list.
pub(super) const HEADER: &[&str] = &["id", "role", "peer", "state", "updated", "why", "dataset"];

/// A negotiation as a row.
pub(super) fn row(negotiation: &Value) -> Vec<String> {
    vec![
        short(text(negotiation, "id")).to_owned(),
        text(negotiation, "role").to_owned(),
        text(negotiation, "peer").to_owned(),
        state(negotiation),
        time(text(negotiation, "updated_at")),
        why(negotiation),
        cell(&negotiation["dataset_id"]),
    ]
}
