//! `causeway peer`: who may exchange with this node. Peers are added in the configuration file.

use clap::Subcommand;

use super::show_list;
use crate::cli::Context;
use crate::exit::Outcome;
use crate::values::{optional, text};

/// List the peers of the configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all peers.
    List,
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
                    optional(peer, "jurisdiction").unwrap_or("not configured").to_owned(),
                    field("address"),
                ]
            })
        }
    }
}
