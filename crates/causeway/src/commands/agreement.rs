//! `causeway agreement`: look at concluded agreements and at the duties that came with them.

use clap::Subcommand;
use serde_json::Value;

use super::duties::Format;
use super::{duties, show_list};
use crate::cli::Context;
use crate::exit::Outcome;
use crate::values::{short, text, time};

const PATH: &str = "/agreements";

/// Look at concluded agreements and their duties.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all agreements.
    List,
    /// Show one agreement with its policy and duties.
    Show {
        /// The agreement's id, or its beginning.
        id: String,
    },
    /// List the duties of all agreements, due and done.
    Duties {
        /// Only those that are not done.
        #[arg(long)]
        open: bool,
        /// How to write the report.
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
        #[arg(conflicts_with = "json")]
        format: Format,
    },
    /// Record that a duty of an agreement was done.
    DutyDone {
        /// The agreement's id, or its beginning.
        id: String,
        /// The duty's id, such as eu.assessment.
        duty: String,
        /// How that can be checked: a filing number, a file.
        #[arg(long, value_name = "TEXT")]
        reference: String,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::List => show_list(context, &context.client()?.list(PATH).await?, HEADER, row),
        What::Show { id } => duties::show(context, &context.client()?.find(PATH, &id).await?),
        What::Duties { open, format } => duties::report(context, open, format).await,
        What::DutyDone { id, duty, reference } => {
            duties::done(context, &id, &duty, &reference).await
        }
    }
}

const HEADER: &[&str] = &["id", "role", "peer", "since", "duties", "dataset"];

fn row(agreement: &Value) -> Vec<String> {
    let duties = agreement["duties"].as_array().map_or(&[][..], Vec::as_slice);
    let done = duties.iter().filter(|duty| !duty["done_at"].is_null()).count();
    let told = match duties.len() {
        0 => String::new(),
        all => format!("{done} of {all} done"),
    };
    vec![
        short(text(agreement, "id")).to_owned(),
        text(agreement, "role").to_owned(),
        text(agreement, "peer").to_owned(),
        time(text(agreement, "concluded_at")),
        told,
        short(text(agreement, "dataset_id")).to_owned(),
    ]
}
