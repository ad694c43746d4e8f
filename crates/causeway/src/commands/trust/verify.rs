//! `causeway trust verify`: whether a trust file would be accepted, without installing it.

use std::path::PathBuf;

use causeway_dcp::trust::{Acceptance, TrustError, accept, check_signatures};
use causeway_seal::KeyId;
use serde_json::json;

use super::{Keys, Offered, now, refused, trust_file};
use crate::cli::Context;
use crate::exit::Outcome;

/// Verify the signatures of a trust file without installing it.
///
/// By the maintainers of the file before it, by given keys, or else by its own maintainers.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The trust file; its signatures have `.sig` behind its name.
    file: PathBuf,
    /// The trust file before it, whose maintainers have to sign.
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    against: Option<PathBuf>,
    #[command(flatten)]
    keys: Keys,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, args: &Args) -> Outcome {
    let offered = Offered::read(context, &args.file)?;
    let against = args.against.as_deref().map(|path| trust_file(context, path)).transpose()?;
    let pins = args.keys.pins()?;
    let previous = against.as_ref().map(|(_, _, file)| file);
    let (by, verified) = match (previous, &pins) {
        (None, None) => ("its own maintainers", own(&offered)),
        _ => {
            let by = if previous.is_some() { "the file before it" } else { "the keys given" };
            let (bytes, signatures) = (&offered.bytes, &offered.signatures);
            let accepted = accept(previous, pins.as_ref(), &offered.name, bytes, signatures, now());
            let signers = accepted.and_then(|accepted| match accepted {
                Acceptance::New { signers, .. } => Ok(signers),
                Acceptance::Same => own(&offered),
            });
            (by, signers)
        }
    };
    let signers = verified.map_err(|error| refused(context, &offered.name, &error))?;
    let names = signers.iter().map(|key| {
        let mut all =
            offered.file.maintainers.iter().chain(previous.iter().flat_map(|f| &f.maintainers));
        let known = all.find(|maintainer| maintainer.key.id() == key);
        known.map_or_else(|| key.to_string(), |known| format!("{} ({key})", known.name))
    });
    let names: Vec<String> = names.collect();
    let file = &offered.file;
    if context.output.is_json() {
        return context.output.document(&json!({
            "file": offered.name, "dataspace": file.dataspace, "sequence": file.sequence,
            "sha256": file.sha256, "verified_by": by, "threshold": file.threshold,
            "signers": signers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "in_force": file.period.contains(now()),
        }));
    }
    context.output.line(&format!(
        "{} {} is good by {by}, signed by {}",
        file.dataspace,
        file.sequence,
        names.join(", ")
    ))?;
    if pins.is_none() && previous.is_none() {
        context.output.warn(
            "anybody can make a file whose own maintainers signed it; \
             compare with --against FILE or --key FILE",
        );
    }
    Ok(())
}

fn own(offered: &Offered) -> Result<Vec<KeyId>, TrustError> {
    let keys = offered.file.keys();
    let threshold = offered.file.threshold;
    check_signatures(&offered.bytes, &offered.signatures, &keys, threshold, "its own maintainers")
}
