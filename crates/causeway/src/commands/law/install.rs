//! `causeway law install`: checks a signed pack and stores it in the node's directory. The node
//! reads it when it starts again.

use std::path::{Path, PathBuf};

use causeway_law::{
    Admission, AdmitError, Engine, InstalledRevision, PublicKey, Signature, SignatureError,
};
use causeway_node::clock::{Clock as _, System};
use serde_json::json;

use super::super::signed::{beside, text_file};
use super::directory::{Directory, pack_file};
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Install a signed pack beside those that come with this program.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pack's file; its signature has `.sig` behind its name.
    pack: PathBuf,
    /// Public keys that are trusted, one a line.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, shipped: Engine, args: &Args, node: Option<&Path>) -> Outcome {
    let node = node.ok_or_else(|| {
        Failure::new(Exit::Usage, "install a pack: the node's directory is missing")
            .hint("name it with --dir DIR; the pack is stored under law/ in it")
    })?;
    let name = args.pack.display().to_string();
    let wrong = |error: String| Failure::new(Exit::Usage, error);
    let trusted = PublicKey::read_all(&text_file(&args.trust)?)
        .map_err(|error| wrong(format!("read the keys in {}: {error}", args.trust.display())))?;
    let signature_file = beside(&args.pack, "sig");
    let line = text_file(&signature_file)?;
    let signature = Signature::read(&line)
        .map_err(|error| wrong(format!("read {}: {error}", signature_file.display())))?;
    let file = pack_file(&args.pack)?;
    let now = jiff::Timestamp::from_microsecond(System.now().unix_micros())
        .map_err(|error| Failure::new(Exit::Failure, format!("read the clock: {error}")))?;

    // Nobody else installs meanwhile: what is compared now is what it is added to.
    let directory = Directory::open(node)?;
    let (mut register, installed) = directory.load()?;
    let engine = shipped
        .with_installed(installed)
        .map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    let admission = engine
        .admit(&name, &file, &signature, &trusted, now)
        .map_err(|error| refused(context, &name, error))?;
    match admission {
        Admission::Same => tell(context, "is there already, nothing was done", &name, None),
        Admission::New(pack) => {
            let revision = pack.revision().clone();
            if !register.add(revision.clone()) {
                return Err(Failure::new(Exit::Conflict, format!("install {name}: not newer")));
            }
            directory.store(&pack, &format!("{}\n", signature.to_text()), &register)?;
            tell(context, "is installed", &name, Some(&revision))
        }
    }
}

fn refused(context: &Context, name: &str, error: AdmitError) -> Failure {
    let exit = match &error {
        AdmitError::Signature(SignatureError::Invalid { .. }) => Exit::Integrity,
        AdmitError::Signature(_) => Exit::Permission,
        AdmitError::Pack(findings) => {
            findings.iter().for_each(|finding| context.output.say(&finding.render()));
            return Failure::new(Exit::Failure, format!("install {name}: it does not hold"));
        }
        AdmitError::Rollback { .. } | AdmitError::Conflict { .. } | AdmitError::Role { .. } => {
            Exit::Conflict
        }
    };
    Failure::new(exit, error.to_string())
}

fn tell(
    context: &Context,
    what: &str,
    name: &str,
    revision: Option<&InstalledRevision>,
) -> Outcome {
    if context.output.is_json() {
        let mut document = json!({ "file": name, "installed": revision.is_some() });
        if let Some(revision) = revision {
            document["pack"] = json!({
                "id": revision.id, "version": revision.version, "sha256": revision.sha256,
                "known_from": revision.known_from.to_string(),
                "signer": revision.signer.id().to_string(),
                "installed_at": revision.installed_at.to_string(),
            });
        }
        return context.output.document(&document);
    }
    let Some(revision) = revision else {
        return context.output.line(&format!("{name} {what}"));
    };
    let InstalledRevision { id, version, known_from, signer, .. } = revision;
    context.output.line(&format!(
        "{id} {version} {what}, known from {known_from} on, signed by {}",
        signer.id()
    ))?;
    context.output.say("a node that runs goes by it when it is started again");
    Ok(())
}
