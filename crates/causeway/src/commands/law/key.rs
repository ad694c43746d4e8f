//! `causeway law key`: a pair of keys for signing rule packs. The private one is a file that only
//! its owner reads; the public one is what others put into their list of trusted keys.

use std::io;
use std::path::{Path, PathBuf};

use causeway_law::SigningKey;
use causeway_node::clock::{Entropy as _, System};
use serde_json::json;

use super::super::init::write_private;
use crate::cli::Context;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// Make a pair of keys for signing packs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write the private key; the public one gets `.pub` behind its name.
    file: PathBuf,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, args: &Args) -> Outcome {
    let public_file = beside(&args.file, "pub");
    let mut seed = [0; 32];
    System.fill(&mut seed);
    let failed = |error| Failure::new(Exit::Failure, format!("make a key: {error}"));
    let key = SigningKey::from_seed(seed).map_err(failed)?;
    // If we die between the two, the private key is there and `law sign` works; the public key can
    // be had again only from a signature's verification, so it is written first.
    write_new(&public_file, &key.public().to_text())?;
    if let Err(failure) = write_new(&args.file, &key.to_secret_text()) {
        std::fs::remove_file(&public_file)
            .doing(format_args!("remove {}", public_file.display()))?;
        return Err(failure);
    }
    let (private, public) = (args.file.display(), public_file.display());
    if context.output.is_json() {
        return context.output.document(&json!({
            "key": key.public().id().to_string(),
            "private": private.to_string(), "public": public.to_string(),
        }));
    }
    context.output.line(&format!("wrote key {} to {private} and {public}", key.public().id()))?;
    context.output.say("keep the first secret; give the second to whoever is to trust it");
    Ok(())
}

/// A name with something behind it.
pub(super) fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// Never over a file that is there: a lost key cannot be made again.
fn write_new(file: &Path, line: &str) -> Outcome {
    let shown = file.display();
    match write_private(file, format!("{line}\n").as_bytes(), false) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::new(Exit::Conflict, format!("write {shown}: it is already there"))
                .hint("write elsewhere, or move the old key away"))
        }
        written => written.doing(format_args!("write {shown}")),
    }
}
