//! `causeway config`: check, show and explain the configuration, and acknowledge where it became
//! looser. The file is edited by people and never changed here.

use clap::Subcommand;
use serde_json::json;

use super::{confirm, show};
use crate::cli::Context;
use crate::config::render;
use crate::exit::Outcome;
use crate::values::{items, text};

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
    /// Acknowledge settings that are looser than at the node's last start.
    Acknowledge {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Where looser settings are.
pub(super) const LOOSENED: &str = "/settings/loosened";

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: &Args) -> Outcome {
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
        What::Acknowledge { yes } => acknowledge(context, yes).await,
    }
}

/// Names each of those that were listed, so that nothing is acknowledged that was not shown.
async fn acknowledge(context: &Context, yes: bool) -> Outcome {
    let client = context.client()?;
    let waiting = client.get(LOOSENED).await?;
    let settings: Vec<&str> = items(&waiting).iter().map(|item| text(item, "setting")).collect();
    if settings.is_empty() {
        context.output.say("no setting waits to be acknowledged");
        return if context.output.is_json() { show(context, &waiting) } else { Ok(()) };
    }
    let question = format!("acknowledge that these are looser: {}", settings.join("; "));
    confirm(context, &question, yes).await?;
    let body = json!({ "settings": settings });
    let left = client.post(&format!("{LOOSENED}/acknowledge"), &body).await?;
    if context.output.is_json() {
        return show(context, &left);
    }
    context.output.say(&format!("acknowledged {}", settings.join("; ")));
    Ok(())
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
