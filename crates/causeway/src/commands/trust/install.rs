//! `causeway trust install`: checks a signed trust file against the one before it and stores it in
//! the node's directory. A node that runs goes by it at once.

use std::path::{Path, PathBuf};

use causeway_dcp::trust::{Acceptance, Pins, StoredTrust, TrustFile, TrustRevision, accept};
use causeway_types::limits::TRUST_SCHEMA_BYTES_MAX;
use serde_json::{Value, json};

use super::super::signed::{sized_file, text_file};
use super::directory::Directory;
use super::{Keys, Offered, now, pins, read_keys, refused};
use crate::cli::{Context, client_command};
use crate::client::Client;
use crate::exit::{Exit, Failure, Outcome};

/// Install a signed trust file: the first one of a dataspace, or the next one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The trust file; its signatures have `.sig` behind its name.
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, args: &Args, given: Option<&Path>) -> Outcome {
    let (node, pins) = match given {
        Some(directory) => (directory.to_owned(), args.keys.pins()?),
        None => (context.config()?.data_dir(), configured(context, &args.keys)?),
    };
    let offered = Offered::read(context, &args.file)?;
    let name = &offered.name;
    let now = now();

    // Nobody else installs meanwhile: what is compared now is what it is put after.
    let directory = Directory::open(&node)?;
    let (mut register, loaded) = directory.load()?;
    let previous = loaded.of(&offered.file.dataspace);
    let accepted = accept(previous, pins.as_ref(), name, &offered.bytes, &offered.signatures, now)
        .map_err(|error| refused(context, name, &error))?;
    let revision = match accepted {
        Acceptance::Same => None,
        Acceptance::New { file, signers } => {
            let revision = TrustRevision {
                dataspace: file.dataspace.clone(),
                sequence: file.sequence,
                sha256: file.sha256.clone(),
                signers: signers.iter().map(ToString::to_string).collect(),
                installed_at: now,
            };
            let schemas = schemas(&args.file, &file, &revision)?;
            if !register.add(revision.clone()) {
                let text = format!("install {name}: there are too many revisions or dataspaces");
                return Err(Failure::new(Exit::Conflict, text));
            }
            let stored = StoredTrust {
                file: offered.bytes.clone(),
                signatures: offered.signature_text.clone(),
            };
            directory.store(&revision, &stored, &schemas, &register)?;
            Some(revision)
        }
    };
    drop(directory);
    tell(context, &offered, revision.as_ref(), given)
}

/// What the command line says wins over the configuration.
fn configured(context: &Context, keys: &Keys) -> Outcome<Option<Pins>> {
    if let Some(given) = keys.pins()? {
        return Ok(Some(given));
    }
    let config = context.config()?;
    let Some(file) = config.trust_keys_file() else { return Ok(None) };
    let read = read_keys(&file.display().to_string(), &text_file(&file)?)?;
    pins(read, config.trust_threshold())
}

/// The schemas beside a trust file, by the names under which they are kept.
fn schemas(
    path: &Path,
    file: &TrustFile,
    revision: &TrustRevision,
) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut schemas = Vec::new();
    for schema in &file.schemas {
        let beside = path.with_file_name(&schema.file);
        let bytes = sized_file(&beside, TRUST_SCHEMA_BYTES_MAX as u64)?;
        if !schema.is_file(&bytes) {
            let (shown, sha256) = (beside.display(), &schema.sha256);
            let text = format!("read {shown}: found other bytes than expected, SHA-256 {sha256}");
            return Err(Failure::new(Exit::Integrity, text)
                .hint("ask the maintainers for the files that belong to the trust file"));
        }
        causeway_schema::Schema::compile(&bytes).map_err(|error| {
            let text = format!("{}: {error}", beside.display());
            Failure::new(Exit::Failure, text)
                .hint("ask the maintainers for a schema that stands alone, and is smaller")
        })?;
        schemas.push((revision.schema_name(schema), bytes));
    }
    Ok(schemas)
}

fn tell(
    context: &Context,
    offered: &Offered,
    revision: Option<&TrustRevision>,
    given: Option<&Path>,
) -> Outcome {
    let told = told_node(context, given);
    let (dataspace, sequence) = (&offered.file.dataspace, offered.file.sequence);
    let in_force = matches!(told, Ok(true));
    if context.output.is_json() {
        let mut document = json!({
            "file": offered.name, "dataspace": dataspace, "sequence": sequence,
            "sha256": offered.file.sha256, "installed": revision.is_some(),
            "node_goes_by_it": in_force,
        });
        if let Some(revision) = revision {
            document["signers"] = Value::from(revision.signers.clone());
        }
        // A failure writes its own document.
        if told.is_ok() {
            context.output.document(&document)?;
        }
    } else {
        let what = match revision {
            Some(revision) => format!("is installed, signed by {}", revision.signers.join(", ")),
            None => "is there already".to_owned(),
        };
        context.output.line(&format!("{dataspace} {sequence} {what}"))?;
    }
    match told {
        Ok(true) => context.output.say("the node goes by it from now on"),
        Ok(false) => context.output.say("no node runs there; it goes by it when it is started"),
        Err(failure) => {
            return Err(
                failure.hint("the file is installed; the node that runs goes on by the one before")
            );
        }
    }
    Ok(())
}

/// Has the node that runs read its files again; false if none runs.
fn told_node(context: &Context, given: Option<&Path>) -> Outcome<bool> {
    let client = match given {
        _ if context.globals.node.is_some() => context.client()?,
        Some(directory) => match directory.join("causeway.sock") {
            socket if socket.exists() => Client::at_socket(socket)?.under(context),
            _ => return Ok(false),
        },
        None => match context.config()?.socket() {
            socket if socket.exists() => Client::at_socket(socket)?.under(context),
            _ => return Ok(false),
        },
    };
    let mut is_told = false;
    client_command(async {
        match client.post("/trust", &json!({})).await {
            Ok(_) => is_told = true,
            // A socket without a node: it was killed.
            Err(failure) if failure.exit() == Exit::Unreachable => {}
            Err(failure) => return Err(failure),
        }
        Ok(())
    })?;
    Ok(is_told)
}
