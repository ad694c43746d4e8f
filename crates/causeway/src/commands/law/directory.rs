//! The directory of installed packs, `law/` in a node's directory: the files of each revision, and
//! the register that names them. What is in the register is there as a whole; a file that is not in
//! it is the rest of an installation that did not end, and is not looked at.

use std::fs::File;
use std::path::{Path, PathBuf};

use causeway_law::{InstalledPack, InstalledRevision, PACK_BYTES_MAX, Register, Stored};

use super::super::signed::{TEXT_BYTES_MAX, beside, bounded, lock, sized_file, write_durably};
use crate::exit::{Doing as _, Exit, Failure, Outcome};

const DIRECTORY: &str = "law";
const REGISTER: &str = "register.toml";
/// Largest register, in bytes.
const REGISTER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The installed packs of a node, checked against the register; none if nothing was ever installed.
pub(crate) fn installed(node: &Path) -> Outcome<Vec<InstalledPack>> {
    let path = node.join(DIRECTORY);
    match path.try_exists().doing(format_args!("look at {}", path.display()))? {
        true => Ok(read(&path)?.1),
        false => Ok(Vec::new()),
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
        let (path, lock) = lock(node, DIRECTORY, "a pack")?;
        Ok(Self { path, _lock: lock })
    }

    /// The register, and what it lists.
    pub(super) fn load(&self) -> Outcome<(Register, Vec<InstalledPack>)> {
        read(&self.path)
    }

    /// Stores a revision. If we die before the register is renamed, nothing is installed, and the
    /// files are written again the next time.
    pub(super) fn store(&self, pack: &InstalledPack, sig: &str, register: &Register) -> Outcome {
        let file = self.path.join(pack.revision().file_name());
        write_durably(&beside(&file, "sig"), sig.as_bytes(), 0o600)?;
        write_durably(&file, pack.text().as_bytes(), 0o600)?;
        let text =
            register.to_text().map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        write_durably(&self.path.join(REGISTER), text.as_bytes(), 0o600)
    }
}

fn read(path: &Path) -> Outcome<(Register, Vec<InstalledPack>)> {
    let file = path.join(REGISTER);
    let Some(bytes) = bounded(&file, REGISTER_BYTES_MAX)? else {
        return Ok((Register::default(), Vec::new()));
    };
    let broken = |text: String| {
        Failure::new(Exit::Integrity, format!("{}: {text}", path.display()))
            .hint("restore the directory from a copy; nothing of it is used until it is whole")
    };
    let text = String::from_utf8(bytes).map_err(|_| broken("expected UTF-8".to_owned()))?;
    let register = Register::read(&text).map_err(|error| broken(error.to_string()))?;
    let mut failure = None;
    let stored = |revision: &InstalledRevision| {
        let file = path.join(revision.file_name());
        let both = bounded(&file, PACK_BYTES_MAX as u64)
            .and_then(|pack| Ok((pack, bounded(&beside(&file, "sig"), TEXT_BYTES_MAX)?)));
        match both {
            Ok((Some(file), Some(signature))) => {
                let signature = String::from_utf8_lossy(&signature).into_owned();
                Some(Stored { file, signature })
            }
            Ok(_) => None,
            Err(error) => {
                failure = Some(error);
                None
            }
        }
    };
    let packs = register.load(stored);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let packs = packs.map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        broken(lines.join("; "))
    })?;
    Ok((register, packs))
}

/// A pack's file.
pub(super) fn pack_file(path: &Path) -> Outcome<Vec<u8>> {
    sized_file(path, PACK_BYTES_MAX as u64)
}
