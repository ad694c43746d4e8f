//! `causeway law key`: a pair of keys for signing rule packs. The private one is a file that only
//! its owner reads; the public one is what others put into their list of trusted keys.

use std::path::PathBuf;

use super::super::signed::make_key;
use crate::cli::Context;
use crate::exit::Outcome;

/// Make a pair of keys for signing packs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write the private key; the public one gets `.pub` behind its name.
    file: PathBuf,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, args: &Args) -> Outcome {
    make_key::<causeway_law::PackForm>(context, &args.file)
}
