//! The part file: what earlier attempts received, kept for the next one, and its way to the final
//! path. Knows files, not HTTP.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_types::Content;
use rustix::fs::{FlockOperation, Mode, OFlags};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::error::{Interruption, PullError};
use super::{Phase, Progress};
use crate::disk;
use crate::pipeline::Pipeline;
use crate::slices::SliceReader;

/// An open, locked part file. The lock lasts as long as any job still holds the file, so a
/// cancelled attempt's last write cannot fall into the next attempt.
pub(super) struct Part {
    pub(super) file: Arc<File>,
    path: PathBuf,
    bytes: u64,
}

impl Part {
    /// Opens or creates it. A symbolic link in its place is refused: what is written here comes
    /// from a peer and must land in this very file.
    pub(super) async fn open(path: PathBuf) -> Result<Self, PullError> {
        let opened = blocking({
            let path = path.clone();
            move || open_locked(&path)
        })
        .await;
        match opened {
            Ok(file) => {
                let metadata = file.metadata().map_err(local("read the length of", &path))?;
                Ok(Self { bytes: metadata.len(), file: Arc::new(file), path })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(PullError::PartInUse { path })
            }
            Err(error) => Err(local("open the part file", &path)(error)),
        }
    }

    #[cfg(test)]
    pub(super) fn always_full() -> Self {
        let file = File::options().write(true).open("/dev/full").unwrap();
        Self { file: Arc::new(file), path: "/dev/full".into(), bytes: 0 }
    }

    /// Length found when it was opened, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Throws away what earlier attempts received.
    pub(super) async fn restart(&mut self) -> Result<(), PullError> {
        let file = Arc::clone(&self.file);
        let emptied = blocking(move || file.set_len(0)).await;
        emptied.map_err(local("empty the part file", &self.path))?;
        self.bytes = 0;
        Ok(())
    }

    /// Fails when the disk has no room for `needed` more bytes.
    pub(super) fn ensure_room(&self, needed: u64) -> Result<(), PullError> {
        let free = disk::free_bytes(&self.file);
        let free = free.map_err(local("read the free space at", &self.path))?;
        if needed > free { Err(PullError::DiskFull { needed, free }) } else { Ok(()) }
    }

    /// Explains a failed write: `needed` bytes were still to come.
    pub(super) fn explain(&self, error: io::Error, needed: u64) -> PullError {
        if disk::is_full(&error) {
            let free = disk::free_bytes(&self.file).unwrap_or(0);
            return PullError::DiskFull { needed, free };
        }
        local("write the part file", &self.path)(error)
    }

    /// Removes it: its bytes are good for nothing. If we die before, the next attempt finds out.
    pub(super) async fn discard(self) -> Result<(), PullError> {
        let path = self.path.clone();
        let removed = blocking(move || std::fs::remove_file(path)).await;
        removed.map_err(local("remove the part file", &self.path))
    }

    /// Ends an attempt that brought no file: what was received stays, an empty file does not.
    pub(super) async fn leave(self) -> Result<(), PullError> {
        let found = self.file.metadata().map_err(local("read the length of", &self.path))?;
        if found.len() == 0 { self.discard().await } else { Ok(()) }
    }

    /// Makes the file durable, then visible at `final_path`, then that name durable. If we die in
    /// between, the next attempt finds a complete part or a complete final file.
    pub(super) async fn publish(self, final_path: &Path) -> Result<(), PullError> {
        let (file, path, target) =
            (Arc::clone(&self.file), self.path.clone(), final_path.to_owned());
        let published = blocking(move || {
            file.sync_all()?;
            disk::rename_new(&path, &target)?;
            disk::sync_directory(disk::parent(&target))
        })
        .await;
        match published {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(PullError::FinalExists { path: final_path.to_owned() })
            }
            // Some file systems find room only when the bytes leave the cache.
            Err(error) if disk::is_full(&error) => Err(self.explain(error, self.bytes)),
            published => published.map_err(local("move the part file to", final_path)),
        }
    }
}

/// Whether the promised file already lies at `final_path`; an error where another one does.
pub(super) async fn is_delivered(
    final_path: &Path,
    content: &Content,
    progress: &watch::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<bool, PullError> {
    let open = || -> io::Result<Option<File>> {
        // Better now than after the download.
        std::fs::metadata(disk::parent(final_path))?;
        match std::fs::symlink_metadata(final_path) {
            Ok(found) if found.is_file() && found.len() == content.bytes() => {
                File::open(final_path).map(Some)
            }
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    };
    let other = || PullError::FinalExists { path: final_path.to_owned() };
    let file = match open() {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(other()),
        Err(error) => return Err(local("read", final_path)(error)),
    };
    let hashed = hash(Arc::new(file), content.bytes(), progress, cancel).await;
    let digested = match hashed.map_err(local("read", final_path))? {
        Some(pipeline) => pipeline.finish().await.map_err(local("read", final_path))?,
        None => {
            return Err(PullError::Interrupted { received: 0, reason: Interruption::Cancelled });
        }
    };
    if digested.is(content) { Ok(true) } else { Err(other()) }
}

/// Hashes the first `bytes` of a file; `None` when cancelled.
pub(super) async fn hash(
    file: Arc<File>,
    bytes: u64,
    progress: &watch::Sender<Progress>,
    cancel: &CancellationToken,
) -> io::Result<Option<Pipeline>> {
    let mut pipeline = Pipeline::new();
    let mut reader = SliceReader::new(file, 0..bytes);
    while let Some(slice) = reader.next().await {
        if cancel.is_cancelled() {
            return Ok(None);
        }
        pipeline.push(slice?).await?;
        progress.send_replace(Progress { phase: Phase::Checking, bytes: pipeline.bytes() });
    }
    pipeline.flush().await?;
    Ok(Some(pipeline))
}

pub(super) fn local(attempted: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PullError {
    let path = path.to_owned();
    move |source| PullError::Local { attempted, path, source }
}

fn open_locked(path: &Path) -> io::Result<File> {
    // Non-blocking, so that a pipe in its place is an error below and not an endless wait.
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    // Would block: another attempt has it.
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    // That attempt may have removed or moved it between our opening and our locking.
    let (locked, named) = (file.metadata()?, std::fs::symlink_metadata(path)?);
    if (locked.dev(), locked.ino()) != (named.dev(), named.ino()) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    Ok(file)
}

async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(job).await.map_err(io::Error::other)?
}
