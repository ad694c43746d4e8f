//! `causeway config`: check, show and explain the configuration. Nothing is changed here; the file
//! is edited by people.

use clap::Subcommand;
use serde_json::json;

use crate::cli::Context;
use crate::config::render;
use crate::exit::Outcome;

/// Check, show and explain the configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say whether a node could start with it.
    Check,
    /// Show what is in effect and where each value comes from.
    Show,
    /// Explain every key, in Markdown.
    Reference,
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    match args.what {
        What::Check => check(context),
        What::Show => {
            let config = context.config()?;
            if context.output.is_json() {
                return context.output.document(&render::effective(&config));
            }
            context.output.table(&["key", "value", "origin"], &render::effective_rows(&config))
        }
        What::Reference => {
            let page = render::reference();
            if context.output.is_json() {
                return context.output.document(&json!({ "markdown": page }));
            }
            context.output.text(&page)
        }
    }
}

fn check(context: &Context) -> Outcome {
    let config = context.config()?;
    for peer in config.peers() {
        peer.read_secret()?;
    }
    for warning in config.warnings() {
        context.output.warn(warning);
    }
    let file = config.file().map(|file| file.display().to_string());
    if context.output.is_json() {
        return context.output.document(&json!({
            "works": true,
            "file": file,
            "warnings": config.warnings(),
        }));
    }
    let file = file.as_deref().unwrap_or("the environment alone");
    context.output.line(&format!("{file}: fine"))
}
