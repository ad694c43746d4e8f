//! The directory of trust files, `trust/` in a node's directory: the files of each revision, the
//! schemas that they name, and the register. What is in the register is there as a whole; a file
//! that is not in it is the rest of an installation that did not end, and is not looked at.

use std::fs::File;
use std::path::{Path, PathBuf};

use causeway_dcp::trust::{StoredTrust, Trust, TrustRegister, TrustRevision};
use causeway_types::limits::{TRUST_FILE_BYTES_MAX, TRUST_SCHEMA_BYTES_MAX};

use super::super::signed::{TEXT_BYTES_MAX, beside, bounded, lock, write_durably};
use crate::exit::{Doing as _, Exit, Failure, Outcome};

const DIRECTORY: &str = "trust";
const REGISTER: &str = "register.toml";
/// Largest register, in bytes.
const REGISTER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The trust files of a node, checked against the register; none if nothing was ever installed.
pub(super) fn installed(node: &Path) -> Outcome<(TrustRegister, Trust)> {
    let path = node.join(DIRECTORY);
    match path.try_exists().doing(format_args!("look at {}", path.display()))? {
        true => read(&path),
        false => Ok((TrustRegister::default(), Trust::default())),
    }
}

/// The directory, while nobody else writes to it.
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Makes the directory if need be, and keeps others from it.
    pub(super) fn open(node: &Path) -> Outcome<Self> {
        let (path, lock) = lock(node, DIRECTORY, "a trust file")?;
        Ok(Self { path, _lock: lock })
    }

    /// The register, and what it lists.
    pub(super) fn load(&self) -> Outcome<(TrustRegister, Trust)> {
        read(&self.path)
    }

    /// Stores a revision. If we die before the register is renamed, nothing is installed, and the
    /// files are written again the next time.
    pub(super) fn store(
        &self,
        revision: &TrustRevision,
        stored: &StoredTrust,
        schemas: &[(String, Vec<u8>)],
        register: &TrustRegister,
    ) -> Outcome {
        for (name, bytes) in schemas {
            write_durably(&self.path.join(name), bytes, 0o600)?;
        }
        let file = self.path.join(revision.file_name());
        write_durably(&beside(&file, "sig"), stored.signatures.as_bytes(), 0o600)?;
        write_durably(&file, &stored.file, 0o600)?;
        let text =
            register.to_text().map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        write_durably(&self.path.join(REGISTER), text.as_bytes(), 0o600)
    }
}

fn read(path: &Path) -> Outcome<(TrustRegister, Trust)> {
    let broken = |text: String| {
        Failure::new(Exit::Integrity, format!("{}: {text}", path.display()))
            .hint("restore the directory from a copy; nobody is believed until it is whole")
    };
    let Some(bytes) = bounded(&path.join(REGISTER), REGISTER_BYTES_MAX)? else {
        return Ok((TrustRegister::default(), Trust::default()));
    };
    let text = String::from_utf8(bytes).map_err(|_| broken("expected UTF-8".to_owned()))?;
    let register = TrustRegister::read(&text).map_err(|error| broken(error.to_string()))?;
    let failure = std::cell::Cell::new(None);
    let keep = |error: Failure| failure.set(Some(error));
    let stored = |revision: &TrustRevision| {
        let file = path.join(revision.file_name());
        let both = bounded(&file, TRUST_FILE_BYTES_MAX as u64)
            .and_then(|trust| Ok((trust, bounded(&beside(&file, "sig"), TEXT_BYTES_MAX)?)));
        let (file, signatures) = both.map_err(keep).ok()?;
        let signatures = String::from_utf8_lossy(&signatures?).into_owned();
        Some(StoredTrust { file: file?, signatures })
    };
    let schema =
        |name: &str| bounded(&path.join(name), TRUST_SCHEMA_BYTES_MAX as u64).map_err(keep).ok()?;
    let loaded = register.load(stored, schema, causeway_schema::compiled);
    if let Some(failure) = failure.take() {
        return Err(failure);
    }
    let loaded = loaded.map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        broken(lines.join("; "))
    })?;
    Ok((register, loaded))
}
