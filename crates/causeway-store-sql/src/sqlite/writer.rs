//! The thread that owns the writing connection. It takes what waits in the queue, runs it as one
//! transaction with a savepoint for each job, and answers after the commit: the cost of making
//! data durable is shared by everybody who waits for it. What a job does is in `commit` and
//! `outbox`.

use std::io;
use std::thread::JoinHandle;

use causeway_store::{CommitError, ReadError};
use causeway_types::limits::{COMMIT_QUEUE_MAX, GROUP_COMMIT_MAX};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::statements;

statements! {
    BEGIN = "\
-- begin
begin immediate";
    COMMIT = "\
-- commit
commit";
    ROLLBACK = "\
-- rollback
rollback";
    SAVEPOINT = "\
-- savepoint
savepoint job";
    RELEASE = "\
-- savepoint_release
release job";
    BACK_TO_SAVEPOINT = "\
-- savepoint_rollback
rollback to job";
    CHECKPOINT = "\
-- checkpoint
pragma wal_checkpoint(truncate)";
}

/// Why a job was not done, or a transaction not committed.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// What is named here is not as the job expected it.
    Conflict(String),
    /// A row does not make sense.
    Corrupt(ReadError),
    /// The disk, or the limit of pages, is full.
    Full,
    /// The database failed otherwise.
    Database(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(error.to_string()),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable { reason } => Self::Database(reason),
            corrupt @ ReadError::Corrupt { .. } => Self::Corrupt(corrupt),
        }
    }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict(what) => Self::Conflict { what },
            Failure::Corrupt(error) => Self::Unavailable { reason: error.to_string() },
            Failure::Full => Self::Full,
            Failure::Database(reason) => Self::Unavailable { reason },
        }
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Corrupt(error) => error,
            failure => Self::Unavailable { reason: CommitError::from(failure).to_string() },
        }
    }
}

/// The way to the writing thread. Dropping it lets the thread finish its queue, and waits for it.
pub(super) struct Writer {
    /// `Some` until dropped.
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    /// `Some` until dropped.
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel(COMMIT_QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues work and waits until what it wrote is durable. It runs inside a transaction that it
    /// shares with others. If the caller stops waiting, it may still be done.
    pub(super) async fn run<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let ended = || E::from(Failure::Database("the writing thread has ended".to_owned()));
        let (waiting, answer) = oneshot::channel();
        let job = Box::new(Task { work: Some(work), result: None, waiting });
        match &self.queue {
            Some(queue) => queue.send(job).await.map_err(|_| ended())?,
            None => return Err(ended()),
        }
        answer.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the queue is what tells the thread to end.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// What the thread does for somebody.
trait Job: Send {
    /// Does the work inside the running transaction and keeps the result. An error says that the
    /// whole transaction is lost.
    fn run(&mut self, connection: &Connection) -> Result<(), Failure>;

    /// Tells the result to whoever waits, unless the whole transaction was lost.
    fn answer(self: Box<Self>, lost: Option<&Failure>);
}

/// A job whose result is `T`.
struct Task<T, E, W> {
    /// `Some` until run.
    work: Option<W>,
    /// `Some` once run.
    result: Option<Result<T, Failure>>,
    waiting: oneshot::Sender<Result<T, E>>,
}

impl<T, E, W> Job for Task<T, E, W>
where
    T: Send,
    E: From<Failure> + Send,
    W: FnOnce(&Connection) -> Result<T, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        if let Some(work) = self.work.take() {
            self.result = Some(alone(connection, work)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, lost: Option<&Failure>) {
        let answer = match (lost, self.result) {
            (Some(failure), _) => Err(E::from(failure.clone())),
            (None, Some(result)) => result.map_err(E::from),
            // A transaction that was not lost ran all its jobs.
            (None, None) => Err(E::from(Failure::Database("the job was not run".to_owned()))),
        };
        // Whoever no longer waits finds out by reading.
        let _ = self.waiting.send(answer);
    }
}

fn serve(connection: &Connection, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut batch = Vec::with_capacity(GROUP_COMMIT_MAX);
    while queue.blocking_recv_many(&mut batch, GROUP_COMMIT_MAX) > 0 {
        let lost = transact(connection, &mut batch).err();
        for job in batch.drain(..) {
            job.answer(lost.as_ref());
        }
    }
    // If this fails, the log stays beside the file and the next start reads it.
    let _ = connection.query_row(CHECKPOINT, [], |_| Ok(()));
}

/// Runs a batch as one transaction. After an error nothing of it is in the database, except that
/// a failed commit may have reached the disk all the same, as every caller was promised.
fn transact(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    let outcome = (|| {
        execute(connection, BEGIN)?;
        for job in batch {
            job.run(connection)?;
        }
        // If we die before this returns, nobody was answered: whoever asked reads again, and
        // finds the job either done or not.
        execute(connection, COMMIT)
    })();
    if !connection.is_autocommit() {
        // A failure that left the transaction open. Should the rollback fail too, BEGIN fails and
        // the rollback is tried again with every batch, until the disk recovers.
        let _ = execute(connection, ROLLBACK);
    }
    outcome
}

/// Runs work in a savepoint, so that its failure leaves nothing of it behind and does not touch
/// the others. The outer error says that the whole transaction is lost: some failures of the disk
/// make SQLite roll back all of it.
fn alone<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<Result<T, Failure>, Failure> {
    execute(connection, SAVEPOINT)?;
    let result = work(connection);
    match result {
        Ok(value) => {
            execute(connection, RELEASE)?;
            Ok(Ok(value))
        }
        Err(failure) if connection.is_autocommit() => Err(failure),
        Err(failure) => {
            execute(connection, BACK_TO_SAVEPOINT)?;
            execute(connection, RELEASE)?;
            Ok(Err(failure))
        }
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
