//! `causeway transfer`: look at transfers and decide them.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Why, act, history, show, show_list, waiting, watch};
use crate::cli::Context;
use crate::client::segment;
use crate::exit::Outcome;
use crate::values::{number, short, size, state, text, time, why};

const PATH: &str = "/transfers";

/// Look at transfers and decide them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all transfers.
    List,
    /// Request the data of an agreement; `get` also waits for the file.
    Start {
        /// The agreement's id, or its beginning.
        agreement: String,
    },
    /// Show one transfer.
    Show {
        /// The transfer's id, or its beginning.
        id: String,
    },
    /// Answer the open question with yes: start, or fetch.
    Accept {
        /// The transfer's id, or its beginning.
        id: String,
    },
    /// Hold a transfer.
    Suspend {
        /// The transfer's id, or its beginning.
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Go on with a held transfer.
    Resume {
        /// The transfer's id, or its beginning.
        id: String,
    },
    /// End a transfer well.
    Complete {
        /// The transfer's id, or its beginning.
        id: String,
    },
    /// End a transfer.
    Terminate {
        /// The transfer's id, or its beginning.
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Show what happened in a transfer.
    History {
        /// The transfer's id, or its beginning.
        id: String,
    },
    /// Show what happens in a transfer until it ends.
    Watch {
        /// The transfer's id, or its beginning.
        id: String,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let nothing = json!({});
    match args.what {
        What::List => {
            let client = context.client()?;
            let mut list = client.list(PATH).await?;
            if !context.output.is_json() {
                waiting::explain(&client, PATH, &mut list).await?;
            }
            show_list(context, &list, HEADER, row)
        }
        What::Start { agreement } => start(context, &agreement).await,
        What::Show { id } => waiting::show_process(context, PATH, &id).await,
        What::Accept { id } => act(context, PATH, &id, "accept", &nothing).await,
        What::Suspend { id, why } => act(context, PATH, &id, "suspend", &why.body()).await,
        What::Resume { id } => act(context, PATH, &id, "resume", &nothing).await,
        What::Complete { id } => act(context, PATH, &id, "complete", &nothing).await,
        What::Terminate { id, why } => act(context, PATH, &id, "terminate", &why.body()).await,
        What::History { id } => history(context, PATH, &id).await,
        What::Watch { id } => watch::run(context, "transfer", PATH, &id).await,
    }
}

async fn start(context: &Context, agreement: &str) -> Outcome {
    let client = context.client()?;
    let agreement = client.find("/agreements", agreement).await?;
    let body = json!({ "agreement_id": text(&agreement, "id") });
    let transfer = client.post(PATH, &body).await?;
    context.output.say(&format!(
        "follow it with: causeway transfer watch {}",
        segment(short(text(&transfer, "id")))
    ));
    show(context, &transfer)
}

/// The columns of a list.
pub(super) const HEADER: &[&str] =
    &["id", "role", "peer", "state", "size", "updated", "why", "dataset"];

/// A transfer as a row.
pub(super) fn row(transfer: &Value) -> Vec<String> {
    let total = number(transfer, "/content/bytes");
    let done = number(transfer, "/progress/bytes");
    let bytes = match (done, total) {
        (Some(done), Some(total)) => format!("{} of {}", size(done), size(total)),
        (None, Some(total)) => size(total),
        _ => String::new(),
    };
    vec![
        short(text(transfer, "id")).to_owned(),
        text(transfer, "role").to_owned(),
        text(transfer, "peer").to_owned(),
        state(transfer),
        bytes,
        time(text(transfer, "updated_at")),
        why(transfer),
        short(text(transfer, "dataset_id")).to_owned(),
    ]
}
