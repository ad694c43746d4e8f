//! The receiving end of every byte: a stream of chunks is written and hashed twice at once, while
//! the next chunks arrive. It neither checks digests nor knows where bytes come from.
//!
//! Chunks are gathered, uncopied, into batches. Each batch goes to three lanes (file, SHA-256,
//! BLAKE3), each one short job on the blocking pool; the lanes must be done with a batch before
//! they get the next. So a transfer holds at most two batches, and no thread while it waits.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use causeway_types::limits::{BATCH_CHUNKS_MAX, SLICE_BYTES, SLICES_IN_FLIGHT_MAX};
use causeway_types::{Blake3, Content, Sha256};
use sha2::Digest as _;
use tokio::task::JoinHandle;

/// A batch is handed over when it has reached this size, so it is at most one chunk larger.
const BATCH_BYTES: usize = SLICE_BYTES * SLICES_IN_FLIGHT_MAX;

/// Each time this many bytes are written, the disk starts to take them in the background, so that
/// little is left to do when the file is made durable at the end.
const SYNC_BYTES: u64 = 32 * 1024 * 1024;

/// What has passed through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digested {
    pub(crate) bytes: u64,
    pub(crate) sha256: Sha256,
    pub(crate) blake3: Blake3,
}

/// Dropped half-way, it leaves jobs that end after the batch they work on.
pub(crate) struct Pipeline {
    bytes: u64,
    batch: Vec<Bytes>,
    batch_bytes: usize,
    file: Option<Lane<Sink>>,
    disk: Option<Lane<Arc<File>>>,
    unsynced_bytes: u64,
    sha256: Lane<sha2::Sha256>,
    blake3: Lane<blake3::Hasher>,
}

struct Sink {
    file: Arc<File>,
    offset: u64,
}

impl Pipeline {
    /// Hashes only, until [`Pipeline::write_to`].
    pub(crate) fn new() -> Self {
        Self {
            bytes: 0,
            batch: Vec::new(),
            batch_bytes: 0,
            file: None,
            disk: None,
            unsynced_bytes: 0,
            sha256: Lane::Idle(sha2::Sha256::new()),
            blake3: Lane::Idle(blake3::Hasher::new()),
        }
    }

    /// From here on also writes, at the position that has been reached. Everything pushed before
    /// must have been flushed.
    pub(crate) fn write_to(&mut self, file: Arc<File>) {
        self.disk = Some(Lane::Idle(Arc::clone(&file)));
        self.file = Some(Lane::Idle(Sink { file, offset: self.bytes }));
    }

    /// Bytes taken so far; after [`Pipeline::flush`] also the bytes written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a chunk. Waits while the lanes are behind: that is the back pressure. An error is an
    /// earlier batch's, of the file; the pipeline is of no use after it.
    pub(crate) async fn push(&mut self, chunk: Bytes) -> io::Result<()> {
        self.bytes += chunk.len() as u64;
        self.batch_bytes += chunk.len();
        self.batch.push(chunk);
        if self.batch_bytes < BATCH_BYTES && self.batch.len() < BATCH_CHUNKS_MAX {
            return Ok(());
        }
        self.hand_over().await
    }

    /// Waits until everything taken is written (not yet durable) and hashed.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.hand_over().await?;
        if let Some(file) = &mut self.file {
            file.settle().await?;
        }
        if let Some(disk) = &mut self.disk {
            disk.settle().await?;
        }
        self.sha256.settle().await?;
        self.blake3.settle().await
    }

    /// Flushes and gives the digests. Making the file durable is the caller's business.
    pub(crate) async fn finish(mut self) -> io::Result<Digested> {
        self.flush().await?;
        let sha256 = self.sha256.take().await?.finalize();
        let blake3 = self.blake3.take().await?.finalize();
        Ok(Digested {
            bytes: self.bytes,
            sha256: Sha256::from_bytes(sha256.into()),
            blake3: Blake3::from_bytes(blake3.into()),
        })
    }

    async fn hand_over(&mut self) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.unsynced_bytes += std::mem::take(&mut self.batch_bytes) as u64;
        let batch: Arc<[Bytes]> = std::mem::take(&mut self.batch).into();
        if let Some(file) = &mut self.file {
            file.work(&batch, write).await?;
        }
        // A disk that is slower than the network is left to it: the next start waits for this one.
        if let Some(disk) = self.disk.as_mut().filter(|disk| disk.is_done())
            && self.unsynced_bytes >= SYNC_BYTES
        {
            self.unsynced_bytes = 0;
            disk.work(&batch, |file, _| file.sync_data()).await?;
        }
        self.sha256.work(&batch, hash_sha256).await?;
        self.blake3.work(&batch, hash_blake3).await
    }
}

impl Digested {
    pub(crate) fn is(&self, content: &Content) -> bool {
        self.bytes == content.bytes()
            && self.sha256 == content.sha256()
            && self.blake3 == content.blake3()
    }
}

fn write(sink: &mut Sink, batch: &[Bytes]) -> io::Result<()> {
    for chunk in batch {
        sink.file.write_all_at(chunk, sink.offset)?;
        sink.offset += chunk.len() as u64;
    }
    Ok(())
}

fn hash_sha256(hasher: &mut sha2::Sha256, batch: &[Bytes]) -> io::Result<()> {
    batch.iter().for_each(|chunk| hasher.update(chunk));
    Ok(())
}

fn hash_blake3(hasher: &mut blake3::Hasher, batch: &[Bytes]) -> io::Result<()> {
    for chunk in batch {
        hasher.update(chunk);
    }
    Ok(())
}

/// One stage: a state that is at rest here or away with a job.
enum Lane<S> {
    Idle(S),
    Busy(JoinHandle<io::Result<S>>),
    Failed,
}

impl<S: Send + 'static> Lane<S> {
    /// Starts on a batch as soon as the one before is done.
    async fn work(
        &mut self,
        batch: &Arc<[Bytes]>,
        step: fn(&mut S, &[Bytes]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut state = self.take().await?;
        let batch = Arc::clone(batch);
        *self = Self::Busy(tokio::task::spawn_blocking(move || {
            step(&mut state, &batch)?;
            Ok(state)
        }));
        Ok(())
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Busy(job) => job.is_finished(),
            Self::Idle(_) | Self::Failed => true,
        }
    }

    async fn settle(&mut self) -> io::Result<()> {
        *self = Self::Idle(self.take().await?);
        Ok(())
    }

    async fn take(&mut self) -> io::Result<S> {
        match std::mem::replace(self, Self::Failed) {
            Self::Idle(state) => Ok(state),
            Self::Busy(job) => job.await.map_err(io::Error::other)?,
            Self::Failed => Err(io::Error::other("an earlier batch failed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;
    use crate::disk;

    async fn check(chunks: &[usize]) {
        let file = Arc::new(tempfile::tempfile().unwrap());
        let mut pipeline = Pipeline::new();
        pipeline.write_to(Arc::clone(&file));
        let mut sent = Vec::new();
        for (seed, length) in chunks.iter().enumerate() {
            let chunk: Vec<u8> = (0..*length).map(|i| (i * 7 + seed) as u8).collect();
            sent.extend_from_slice(&chunk);
            pipeline.push(chunk.into()).await.unwrap();
        }
        let digested = pipeline.finish().await.unwrap();
        assert_eq!(digested.bytes, sent.len() as u64);
        assert_eq!(digested.blake3.as_bytes(), blake3::hash(&sent).as_bytes());
        assert_eq!(digested.sha256.as_bytes()[..], sha2::Sha256::digest(&sent)[..]);
        let mut written = vec![0; sent.len()];
        file.read_exact_at(&mut written, 0).unwrap();
        assert!(written == sent);
    }

    #[tokio::test]
    async fn chunks_of_any_size_are_written_in_order_and_hashed() {
        check(&[]).await;
        check(&[0, 1, 0]).await;
        check(&[BATCH_BYTES, 1, BATCH_BYTES - 1, BATCH_BYTES + 1]).await;
        check(&[1; BATCH_CHUNKS_MAX * 3 + 1]).await;
    }

    #[tokio::test]
    async fn a_full_disk_stops_the_pipeline_with_an_error_that_says_so() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut pipeline = Pipeline::new();
        pipeline.write_to(Arc::new(full));
        pipeline.push(Bytes::from_static(b"no room")).await.unwrap();
        let error = pipeline.flush().await.unwrap_err();
        assert!(disk::is_full(&error), "{error}");
        assert!(pipeline.push(Bytes::from_static(b"more")).await.is_ok());
        assert!(pipeline.flush().await.is_err());
    }
}
