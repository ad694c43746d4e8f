//! `causeway approval`: acts that need the yes of a second person (`access.four_eyes`). Whoever
//! asked runs their command again with `--approval`, once it is approved.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{show, show_list};
use crate::cli::Context;
use crate::client::segment;
use crate::exit::Outcome;
use crate::values::{short, text, time};

const PATH: &str = "/approvals";

/// Look at acts that need a second person, and decide them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List acts that were asked for, newest first.
    List {
        /// Only those that wait for a yes.
        #[arg(long)]
        waiting: bool,
    },
    /// Show one, with the digest of what was asked.
    Show {
        /// The approval's id, or its beginning.
        id: String,
    },
    /// Say yes to what somebody else asked for.
    Approve(Decision),
    /// Say no, or take back what you asked for.
    Reject(Decision),
}

#[derive(Debug, clap::Args)]
struct Decision {
    /// The approval's id, or its beginning.
    id: String,
    /// A sentence for people.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::List { waiting } => {
            let mut list = context.client()?.list(PATH).await?;
            if waiting && let Some(items) = list["items"].as_array_mut() {
                items.retain(|item| text(item, "state") == "waiting");
            }
            show_list(context, &list, HEADER, row)
        }
        What::Show { id } => show(context, &context.client()?.find(PATH, &id).await?),
        What::Approve(decision) => decide(context, &decision, "approve").await,
        What::Reject(decision) => decide(context, &decision, "reject").await,
    }
}

async fn decide(context: &Context, decision: &Decision, what: &str) -> Outcome {
    let client = context.client()?;
    let found = client.find(PATH, &decision.id).await?;
    let id = segment(text(&found, "id"));
    let mut body = json!({});
    if let Some(reason) = &decision.reason {
        body["reason"] = reason.as_str().into();
    }
    let after = client.post(&format!("{PATH}/{id}/{what}"), &body).await?;
    if what == "approve" {
        let (who, id) = (text(&after, "asked_by"), short(text(&after, "id")));
        context.output.say(&format!("{who} can do it now, with --approval {id}"));
    }
    show(context, &after)
}

const HEADER: &[&str] = &["id", "state", "asked by", "what", "decided by", "until"];

fn row(approval: &Value) -> Vec<String> {
    vec![
        short(text(approval, "id")).to_owned(),
        text(approval, "state").to_owned(),
        text(approval, "asked_by").to_owned(),
        text(approval, "words").to_owned(),
        text(approval, "decided_by").to_owned(),
        time(text(approval, "expires_at")),
    ]
}
