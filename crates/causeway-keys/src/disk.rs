//! Secret files: read only if nobody else can, replaced as a whole, and held by one process.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use zeroize::Zeroizing;

use crate::fault::KeyFault;

/// Who keeps others from a secret file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Its permissions, which are checked: nobody but its owner, who is the user of this process or
    /// root.
    Permissions,
    /// Whoever started the process, such as systemd, whose credentials are guarded by an access
    /// list that permission bits do not show.
    Supervisor,
}

/// The file system refused.
pub(crate) fn io_fault(doing: &'static str, path: &Path, error: io::Error) -> KeyFault {
    KeyFault::Io { doing, path: path.to_owned(), error }
}

/// Reads a secret file of at most `bytes_max`; nothing if there is none. Pipes have no permissions
/// to check.
pub(crate) fn read_secret(
    path: &Path,
    bytes_max: usize,
    guard: Guard,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFault> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| io_fault("read", path, error))?,
    };
    let metadata = file.metadata().map_err(|error| io_fault("read", path, error))?;
    let (mode, user) = (metadata.mode() & 0o7777, metadata.uid());
    let is_own = user == rustix::process::geteuid().as_raw() || user == 0;
    if guard == Guard::Permissions && metadata.is_file() && (mode & 0o077 != 0 || !is_own) {
        return Err(KeyFault::Exposed { path: path.to_owned(), mode, user });
    }
    // Room for everything from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max + 1));
    file.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| io_fault("read", path, error))?;
    if bytes.len() > bytes_max {
        return Err(KeyFault::Damaged { path: path.to_owned(), what: "it is too long" });
    }
    Ok(Some(bytes))
}

/// Replaces a file as a whole, readable by its owner only. If we die before the rename, the old
/// file is there; after it, the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyFault> {
    let draft = draft(path);
    let write = || {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_directory(path)
    };
    write().map_err(|error| io_fault("write", path, error))
}

/// Removes a file for good; one that is not there is no error.
pub(crate) fn remove(path: &Path) -> Result<(), KeyFault> {
    let removed = match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(()) => sync_directory(path),
        other => other,
    };
    removed.map_err(|error| io_fault("remove", path, error))
}

/// A new file is only there after a power cut if its directory is on disk too.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Where a file is written before it has its name.
pub(crate) fn draft(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}

/// Held while the store is open; the operating system releases it when the process ends, however
/// it does.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or fails at once.
    pub(crate) fn take(directory: &Path, name: &str) -> Result<Self, KeyFault> {
        let path = directory.join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| io_fault("lock", &path, error))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                Err(KeyFault::Locked { path: directory.to_owned() })
            }
            Err(error) => Err(io_fault("lock", &path, error.into())),
        }
    }
}
