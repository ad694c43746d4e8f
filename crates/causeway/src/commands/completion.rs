//! `causeway completion`: the completion script of a shell, from the definition of the command
//! line.

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Outcome;

/// Write the completion script of a shell.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "causeway", &mut script);
    Ok(std::io::stdout().lock().write_all(&script)?)
}
