//! `causeway agreement`: look at concluded agreements.

use clap::Subcommand;
use serde_json::Value;

use super::{show, show_list};
use crate::cli::Context;
use crate::exit::Outcome;
use crate::values::{short, text, time};

const PATH: &str = "/agreements";

/// Look at concluded agreements.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all agreements.
    List,
    /// Show one agreement with its policy.
    Show {
        /// The agreement's id, or its beginning.
        id: String,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let client = context.client()?;
    match args.what {
        What::List => show_list(context, &client.list(PATH).await?, HEADER, row),
        What::Show { id } => show(context, &client.find(PATH, &id).await?),
    }
}

const HEADER: &[&str] = &["id", "role", "peer", "since", "dataset"];

fn row(agreement: &Value) -> Vec<String> {
    vec![
        short(text(agreement, "id")).to_owned(),
        text(agreement, "role").to_owned(),
        text(agreement, "peer").to_owned(),
        time(text(agreement, "concluded_at")),
        short(text(agreement, "dataset_id")).to_owned(),
    ]
}
