//! `causeway openapi`: the management API's OpenAPI document, without a node.

use std::io::Write as _;

use crate::exit::Outcome;

/// Write the management API's OpenAPI document.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the subcommand.
pub(crate) fn run(_: &Args) -> Outcome {
    Ok(writeln!(std::io::stdout().lock(), "{}", causeway_api::openapi_json())?)
}
