//! The store in one SQLite file, for a node that runs as one process.
//!
//! One thread owns the only connection that writes and commits in groups ([`writer`]); a few
//! connections that only read serve everything else. The write-ahead log is synchronised on every
//! commit (`synchronous=FULL`), so what was answered survives a power cut.

mod cache;
mod commit;
mod crossings;
mod identity;
mod index;
mod outbox;
mod read;
mod schema;
mod writer;

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use causeway_store::{
    AgreementEntry, ChangeSet, CommitError, Committed, Event, Lease, NegotiationEntry, OutboxRow,
    Page, PublishedOffer, ReadError, Remembered, Selection, Starts, Store, Stored, TransferEntry,
};
use causeway_types::{AgreementId, DatasetId, OfferId, ParticipantId, ProcessId, Role, Timestamp};

pub use self::cache::SqliteCatalogCache;
use self::commit::Write;
use self::read::Readers;
use self::writer::Writer;

/// Declares statements as constants, and a list of them all for the tests.
macro_rules! statements {
    ($($name:ident = $sql:literal;)*) => {
        $(const $name: &str = $sql;)*

        #[cfg(test)]
        pub(super) const STATEMENTS: &[&str] = &[$($name),*];
    };
}
use statements;

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct SqliteOptions {
    /// Most pages of 4 KiB in the file; beyond them commits fail with [`CommitError::Full`].
    pub pages_max: Option<u32>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two processes must never write the same store.
    #[error("open the store {}: another process has it open", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file or its directory cannot be used.
    #[error("open the store {}: {error}", path.display())]
    File {
        /// The file that was tried.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The file is something else.
    #[error("open the store {}: found a file that is not a store of this program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program wrote it.
    #[error(
        "open the store {}: found schema {found}, expected at most {newest}; \
         a newer version of this program wrote it",
        path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The schema in the file.
        found: u32,
        /// The newest schema this program knows.
        newest: u32,
    },
    /// The file system cannot hold a write-ahead log, as on many network mounts.
    #[error("open the store {}: found the journal mode {found:?}, expected wal", path.display())]
    Journal {
        /// The database file.
        path: PathBuf,
        /// The mode the database fell back to.
        found: String,
    },
    /// The database failed: disk full, damaged file, no permission.
    #[error("open the store {}: {doing} failed: {reason}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        reason: String,
    },
}

/// A store in one SQLite file. Dropping it commits what was queued, moves the write-ahead log into
/// the file and releases the lock; it blocks for that long.
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
    /// Held until the writer has ended: fields are dropped in this order.
    _lock: File,
}

impl SqliteStore {
    /// Opens or creates the file, readable by its owner only, and brings its schema up to date.
    /// Beside it stand `<path>.lock` (held while open), `<path>-wal` and `<path>-shm`. Leases in
    /// the outbox end, since whoever held them is gone. Blocks.
    pub fn open(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let lock = lock(path)?;
        private_file(path)?;
        let connection = schema::open_for_writing(path, &schema::STORE, options)?;
        // On a full disk this may fail; the leases then end in their own time.
        let _ = outbox::end_leases(&connection);
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection)
            .map_err(|error| OpenError::File { path: path.to_owned(), error })?;
        Ok(Self { readers, writer, _lock: lock })
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

/// Takes the lock that keeps other processes out. The operating system gives it back when this
/// process ends, however it ends.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = OsString::from(path.as_os_str());
    name.push(".lock");
    let file = private_file(Path::new(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(OpenError::File { path: name.into(), error }),
    }
}

/// Opens or creates a file that only its owner may read. SQLite gives the files beside the
/// database the same permissions.
fn private_file(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let open = || {
        let file = options.open(path)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(file)
    };
    open().map_err(|error| OpenError::File { path: path.to_owned(), error })
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        let write = Write::new(changes);
        self.writer.run(|db| write.apply(db)).await
    }

    async fn offer(&self, id: &OfferId) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::offer(db, &id)).await
    }

    async fn offer_of_dataset(
        &self,
        id: &DatasetId,
    ) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::offer_of_dataset(db, &id)).await
    }

    async fn offers(
        &self,
        page: Page,
        withdrawn: bool,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        self.readers.run(move |db| read::offers(db, page, withdrawn)).await
    }

    async fn search_offers(
        &self,
        selection: &Selection,
        page: Page,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        let selection = selection.clone();
        self.readers.run(move |db| index::search(db, &selection, page)).await
    }

    async fn negotiation(
        &self,
        id: &ProcessId,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::negotiation(db, &id)).await
    }

    async fn negotiation_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        let (peer, peer_pid) = (peer.clone(), peer_pid.clone());
        self.readers.run(move |db| read::negotiation_of_peer(db, &peer, &peer_pid, role)).await
    }

    async fn negotiations(&self, page: Page) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        self.readers.run(move |db| read::negotiations(db, page)).await
    }

    async fn agreement(
        &self,
        id: &AgreementId,
    ) -> Result<Option<Stored<AgreementEntry>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::agreement(db, &id)).await
    }

    async fn agreements(&self, page: Page) -> Result<Vec<Stored<AgreementEntry>>, ReadError> {
        self.readers.run(move |db| read::agreements(db, page)).await
    }

    async fn transfer(&self, id: &ProcessId) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::transfer(db, &id)).await
    }

    async fn transfer_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        let (peer, peer_pid) = (peer.clone(), peer_pid.clone());
        self.readers.run(move |db| read::transfer_of_peer(db, &peer, &peer_pid, role)).await
    }

    async fn transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        self.readers.run(move |db| read::transfers(db, page)).await
    }

    async fn starts(&self, id: &AgreementId, besides: &ProcessId) -> Result<Starts, ReadError> {
        let (id, besides) = (id.clone(), besides.clone());
        self.readers.run(move |db| read::starts(db, &id, &besides)).await
    }

    async fn open_transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        self.readers.run(move |db| read::open_transfers(db, page)).await
    }

    async fn open_negotiations(
        &self,
        page: Page,
    ) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        self.readers.run(move |db| read::open_negotiations(db, page)).await
    }

    async fn events(&self, page: Page) -> Result<Vec<Event>, ReadError> {
        self.readers.run(move |db| read::events(db, page)).await
    }

    async fn last_event(&self) -> Result<i64, ReadError> {
        self.readers.run(read::last_event).await
    }

    async fn history(&self, process: &ProcessId, page: Page) -> Result<Vec<Event>, ReadError> {
        let process = process.clone();
        self.readers.run(move |db| read::history(db, &process, page)).await
    }

    async fn claim_outbox(
        &self,
        lease: &Lease,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, ReadError> {
        let lease = lease.clone();
        self.writer.run(move |db| outbox::claim(db, &lease, now, limit)).await
    }

    async fn outbox_due(&self) -> Result<Option<Timestamp>, ReadError> {
        self.readers.run(outbox::due).await
    }

    async fn outbox_of(&self, process: &ProcessId) -> Result<Vec<OutboxRow>, ReadError> {
        let process = process.clone();
        self.readers.run(move |db| outbox::of(db, &process)).await
    }

    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, ReadError> {
        let key = key.to_owned();
        self.readers.run(move |db| read::remembered(db, &key)).await
    }
}

#[cfg(test)]
mod tests;
