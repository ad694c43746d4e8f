//! The one binary: a node, and the command line that talks to it. Here the command line is read,
//! one subcommand runs, and its failure becomes text and an exit code.

mod cli;
mod client;
mod commands;
mod config;
mod exit;
mod logins;
mod manifest;
mod memory;
mod output;
mod progress;
mod register;
mod values;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Context};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context::new(cli.globals);
    match cli.command.run(&context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_pipe_closed() => ExitCode::SUCCESS,
        Err(failure) => {
            context.output.failure(&failure);
            ExitCode::from(failure.exit().code())
        }
    }
}
