//! `causeway law sign`: signs a rule pack. What cannot be read as a pack is not signed.

use std::path::PathBuf;

use causeway_law::{Engine, SigningKey};
use serde_json::json;

use super::super::signed::{beside, text_file, write_durably};
use super::directory::pack_file;
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Sign a pack; the signature gets `.sig` behind the pack's name.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pack's file.
    pack: PathBuf,
    /// The private key, as `causeway law key` wrote it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, engine: &Engine, args: &Args) -> Outcome {
    let name = args.pack.display().to_string();
    let failed = |error: String| Failure::new(Exit::Usage, error);
    let key = SigningKey::read(&text_file(&args.key)?)
        .map_err(|error| failed(format!("read the key in {}: {error}", args.key.display())))?;
    let file = pack_file(&args.pack)?;
    let text = std::str::from_utf8(&file)
        .map_err(|_| failed(format!("read {name}: expected a text in UTF-8")))?;
    let pack = engine.read_beside(&name, text).map_err(|findings| {
        for finding in &findings {
            context.output.say(&finding.render());
        }
        failed(format!("sign {name}: it is no pack that could be used"))
            .hint(format!("causeway law lint {name}"))
    })?;
    let signature = key.sign(&file).map_err(|error| failed(error.to_string()))?;
    let target = beside(&args.pack, "sig");
    write_durably(&target, format!("{}\n", signature.to_text()).as_bytes(), 0o644)?;
    let (key, target) = (key.public().id(), target.display());
    if context.output.is_json() {
        return context.output.document(&json!({
            "pack": pack.id, "version": pack.version, "sha256": pack.sha256,
            "key": key.to_string(), "signature": target.to_string(),
        }));
    }
    context.output.line(&format!("signed {} {} with key {key}: {target}", pack.id, pack.version))
}
