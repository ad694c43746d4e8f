//! `causeway trust sign`: adds a maintainer's signature to those beside a trust file. What cannot
//! be read as a trust file is not signed.

use std::path::PathBuf;

use causeway_dcp::trust::{MaintainerSigningKey, TrustSignature};
use serde_json::json;

use super::super::signed::{TEXT_BYTES_MAX, beside, bounded, text_file, write_durably};
use super::trust_file;
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Sign a trust file, beside those who signed it already.
///
/// The signature is added to the file with `.sig` behind the trust file's name.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The trust file.
    file: PathBuf,
    /// A maintainer's private key, as `causeway trust key` wrote it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, args: &Args) -> Outcome {
    let wrong = |error: String| Failure::new(Exit::Usage, error);
    let key = MaintainerSigningKey::read(&text_file(&args.key)?)
        .map_err(|error| wrong(format!("read the key in {}: {error}", args.key.display())))?;
    let (name, bytes, file) = trust_file(context, &args.file)?;
    let target = beside(&args.file, "sig");
    let mut kept = Vec::new();
    if let Some(text) = bounded(&target, TEXT_BYTES_MAX)? {
        let text = String::from_utf8_lossy(&text).into_owned();
        kept = TrustSignature::read_all(&text)
            .map_err(|error| wrong(format!("read {}: {error}", target.display())))?;
    }
    let before = kept.len();
    let keys = file.keys();
    // A signature of a draft would make the file look forged. Those of maintainers of the file
    // before it cannot be told from strangers' here, and stay.
    kept.retain(|signature| {
        let is_known = keys.iter().any(|known| *known.id() == signature.key);
        let is_own = signature.key == *key.public().id();
        !is_own && (!is_known || signature.verify(&bytes, &keys).is_ok())
    });
    let signature = key.sign(&bytes).map_err(|error| wrong(error.to_string()))?;
    let is_maintainer = keys.contains(key.public());
    let dropped = before - kept.len();
    kept.push(signature);
    let lines: String = kept.iter().map(|signature| format!("{}\n", signature.to_text())).collect();
    write_durably(&target, lines.as_bytes(), 0o644)?;

    let (id, shown) = (key.public().id(), target.display());
    let count = kept.iter().filter(|signature| signature.verify(&bytes, &keys).is_ok()).count();
    if dropped > 0 {
        context.output.say(&format!("replaced {dropped} signatures: own ones, or of a draft"));
    }
    if !is_maintainer {
        context.output.warn(&format!(
            "{id} is no maintainer's key in {name}; it counts only if the file before it names it"
        ));
    }
    if context.output.is_json() {
        return context.output.document(&json!({
            "dataspace": file.dataspace, "sequence": file.sequence, "sha256": file.sha256,
            "key": id.to_string(), "is_maintainer": is_maintainer,
            "signatures": count, "threshold": file.threshold, "signature_file": shown.to_string(),
        }));
    }
    context.output.line(&format!(
        "signed {} {} with key {id}: {shown}, {count} of {} maintainers, {} needed",
        file.dataspace,
        file.sequence,
        keys.len(),
        file.threshold
    ))
}
