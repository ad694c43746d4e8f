//! Published files in one directory, each under the BLAKE3 digest of its content, immutable. Which
//! files are published, and to whom, is not known here.

use std::fs::File;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use causeway_types::limits::CONTENT_BYTES_MAX;
use causeway_types::{Blake3, Content};
use futures_util::{Stream, StreamExt as _};
use rustix::fs::{FlockOperation, OFlags};

use crate::disk;
use crate::pipeline::Pipeline;

/// Files being ingested; no digest starts with a dot.
const DRAFT_PREFIX: &str = ".ingest-";

/// A directory of immutable files. Cheap to clone; every clone is the same store.
///
/// One process owns the directory while any clone lives. Objects are complete and durable from the
/// moment they have their name.
#[derive(Clone)]
pub struct Objects(Arc<Directory>);

struct Directory {
    path: PathBuf,
    drafts: AtomicU64,
    /// Held for its lock: clearing leftovers must not clear another process's running ingest.
    _lock: File,
}

/// Why a directory cannot be an object store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or this one, has it open.
    #[error("open object store {path}: it is in use, expected to be its only user")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The directory cannot be created, read or cleaned.
    #[error("open object store {path}: {source}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a file was not taken in. Nothing of it remains.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The body failed before its end: whoever sends the file has to send it again.
    #[error("ingest a file: the body broke off after {received} bytes")]
    Body {
        /// Bytes received until then.
        received: u64,
        /// What the body said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The body has another length than announced.
    #[error("ingest a file: found {found} bytes or more, expected {expected}")]
    Length {
        /// The length that was announced.
        expected: u64,
        /// The length found, or where reading stopped.
        found: u64,
    },
    /// The file is larger than any file may be.
    #[error("ingest a file: found more than {CONTENT_BYTES_MAX} bytes, expected at most that")]
    TooLarge,
    /// No room: before the start if the length was announced, else in the middle.
    #[error("ingest a file: the disk is full, found {free} bytes free, the file needs {needed}")]
    DiskFull {
        /// Length of the file, as far as known.
        needed: u64,
        /// Bytes free when that was noticed.
        free: u64,
    },
    /// The store's own disk failed otherwise.
    #[error("ingest a file: writing to the object store failed: {0}")]
    Io(#[from] io::Error),
}

impl Objects {
    /// Creates the directory if need be, takes it over, and removes what interrupted ingests left.
    /// Blocking; called once at start.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let io_error = |source| OpenError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&path).map_err(io_error)?;
        let lock = File::open(&path).map_err(io_error)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(OpenError::InUse { path }),
            Err(error) => return Err(io_error(error.into())),
        }
        remove_drafts(&path).map_err(io_error)?;
        Ok(Self(Arc::new(Directory { path, drafts: AtomicU64::new(0), _lock: lock })))
    }

    /// Where the object lies or would lie.
    pub fn path(&self, blake3: &Blake3) -> PathBuf {
        self.0.path.join(blake3.to_string())
    }

    /// Whether the object is stored.
    pub async fn exists(&self, blake3: &Blake3) -> io::Result<bool> {
        tokio::fs::try_exists(self.path(blake3)).await
    }

    /// Removes the object durably and says whether it was there. Running downloads keep their file
    /// until they end.
    pub async fn remove(&self, blake3: &Blake3) -> io::Result<bool> {
        let (path, directory) = (self.path(blake3), Arc::clone(&self.0));
        blocking(move || match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
            Ok(()) => disk::sync_directory(&directory.path).map(|()| true),
        })
        .await
    }

    /// Takes a file in, in constant memory, and gives its identity once it is durable. A file that
    /// is already stored is left as it is. Dropping the future cancels it and removes what there
    /// is.
    ///
    /// Waiting for a body that stalls is bounded by whoever provides the body.
    pub async fn ingest<S, E>(
        &self,
        body: S,
        expected_bytes: Option<u64>,
    ) -> Result<Content, IngestError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let bytes_max = expected_bytes.unwrap_or(CONTENT_BYTES_MAX);
        if bytes_max > CONTENT_BYTES_MAX {
            return Err(IngestError::TooLarge);
        }
        let (draft, file) = self.draft().await?;
        ensure_room(&file, expected_bytes.unwrap_or(0))?;
        let mut pipeline = Pipeline::new();
        pipeline.write_to(Arc::clone(&file));
        let mut body = pin!(body);
        while let Some(chunk) = body.next().await {
            let received = pipeline.bytes();
            let chunk = chunk.map_err(|e| IngestError::Body { received, source: e.into() })?;
            let found = received + chunk.len() as u64;
            if found > bytes_max {
                return Err(wrong_length(expected_bytes, found));
            }
            let needed = expected_bytes.unwrap_or(found);
            pipeline.push(chunk).await.map_err(|error| explain(error, &file, needed))?;
        }
        let found = pipeline.bytes();
        if expected_bytes.is_some_and(|expected| expected != found) {
            return Err(wrong_length(expected_bytes, found));
        }
        let digested = pipeline.finish().await.map_err(|error| explain(error, &file, found))?;
        let content = Content::new(digested.bytes, digested.sha256, digested.blake3)
            .map_err(|_| IngestError::TooLarge)?;
        self.publish(draft, Arc::clone(&file), content)
            .await
            .map_err(|error| explain(error, &file, found))?;
        Ok(content)
    }

    /// Opens an object for reading; `InvalidData` if its length is not the content's.
    pub(crate) async fn read(&self, content: &Content) -> io::Result<File> {
        let (path, bytes) = (self.path(&content.blake3()), content.bytes());
        blocking(move || {
            let file = File::options()
                .read(true)
                .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                .open(path)?;
            let found = file.metadata()?.len();
            if found == bytes {
                return Ok(file);
            }
            let text = format!("found {found} bytes, expected {bytes}");
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        })
        .await
    }

    async fn draft(&self) -> io::Result<(Draft, Arc<File>)> {
        let number = self.0.drafts.fetch_add(1, Ordering::Relaxed);
        let path = self.0.path.join(format!("{DRAFT_PREFIX}{number}"));
        blocking(move || {
            let file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
            Ok((Draft(path), Arc::new(file)))
        })
        .await
    }

    /// If we die before the rename, the draft is removed at the next start; after it, the object
    /// is complete, and a repeated ingest finds it.
    async fn publish(&self, draft: Draft, file: Arc<File>, content: Content) -> io::Result<()> {
        let (path, directory) = (self.path(&content.blake3()), Arc::clone(&self.0));
        blocking(move || {
            if std::fs::metadata(&path).is_ok_and(|found| found.len() == content.bytes()) {
                return Ok(());
            }
            file.set_permissions(std::fs::Permissions::from_mode(0o440))?;
            file.sync_all()?;
            std::fs::rename(&draft.0, &path)?;
            disk::sync_directory(&directory.path)
        })
        .await
    }
}

/// Removes an unfinished file when the ingest ends in any way; after the rename there is none.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // Not found is the good end. Otherwise the next start tries again.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn remove_drafts(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(DRAFT_PREFIX) {
            tracing::info!(path = %entry.path().display(), "removing an interrupted ingest");
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn ensure_room(file: &File, needed: u64) -> Result<(), IngestError> {
    let free = disk::free_bytes(file)?;
    if needed > free { Err(IngestError::DiskFull { needed, free }) } else { Ok(()) }
}

fn wrong_length(expected: Option<u64>, found: u64) -> IngestError {
    match expected {
        Some(expected) => IngestError::Length { expected, found },
        None => IngestError::TooLarge,
    }
}

/// `needed`: the whole file where its length was announced, else what had arrived.
fn explain(error: io::Error, file: &File, needed: u64) -> IngestError {
    if disk::is_full(&error) {
        return IngestError::DiskFull { needed, free: disk::free_bytes(file).unwrap_or(0) };
    }
    IngestError::Io(error)
}

async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(job).await.map_err(io::Error::other)?
}
