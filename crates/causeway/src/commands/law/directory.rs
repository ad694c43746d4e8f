//! The directory of installed packs, `law/` in a node's directory: the files of each revision, and
//! the register that names them. What is in the register is there as a whole; a file that is not in
//! it is the rest of an installation that did not end, and is not looked at.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use causeway_law::{InstalledPack, InstalledRevision, PACK_BYTES_MAX, Register, Stored};
use rustix::fs::FlockOperation;

use super::super::init::private_directory;
use super::key::beside;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

const DIRECTORY: &str = "law";
const REGISTER: &str = "register.toml";
const LOCK: &str = ".lock";
/// Largest register, in bytes.
const REGISTER_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Largest file of a key, of trusted keys, or of a signature, in bytes.
const TEXT_BYTES_MAX: u64 = 64 * 1024;

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
        let shown = node.display();
        if !node.is_dir() {
            let text = format!("install into {shown}: there is no such directory");
            return Err(Failure::new(Exit::NotFound, text));
        }
        let path = node.join(DIRECTORY);
        private_directory(&path).doing(format_args!("make {}", path.display()))?;
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join(LOCK))
            .doing(format_args!("lock {}", path.display()))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let text = format!("lock {}: another command installs a pack", path.display());
                Err(Failure::new(Exit::Conflict, text))
            }
            Err(error) => Err(io::Error::from(error)).doing(format_args!("lock {shown}")),
        }
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
    bounded(path, PACK_BYTES_MAX as u64)?.ok_or_else(|| missing(path))
}

/// A file of a few lines.
pub(super) fn text_file(path: &Path) -> Outcome<String> {
    let bytes = bounded(path, TEXT_BYTES_MAX)?.ok_or_else(|| missing(path))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Usage, format!("read {}: expected a text", path.display())))
}

fn missing(path: &Path) -> Failure {
    Failure::new(Exit::NotFound, format!("read {}: there is no such file", path.display()))
}

/// A file that is not larger than it may be; `None` if there is none.
fn bounded(path: &Path, bytes_max: u64) -> Outcome<Option<Vec<u8>>> {
    let doing = format!("read {}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).doing(doing),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).doing(&doing)?;
    match bytes.len() as u64 > bytes_max {
        true => {
            let text = format!("{doing}: found more than {bytes_max} bytes");
            Err(Failure::new(Exit::Usage, text))
        }
        false => Ok(Some(bytes)),
    }
}

/// Written beside its place and synced first: a file of that name is always a whole one, and is
/// still there after a power cut.
pub(super) fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> Outcome {
    let draft = beside(path, "draft");
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().doing(format_args!("write {}", path.display()))
}
