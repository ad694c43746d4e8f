//! Reads a file as slices of [`SLICE_BYTES`], ahead of whoever takes them.
//!
//! No thread waits with the reader: each read is one short job on the blocking pool, so thousands
//! of slow downloads hold slices, not threads. Memory is bounded by [`SLICES_IN_FLIGHT_MAX`].

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use causeway_types::limits::{SLICE_BYTES, SLICES_IN_FLIGHT_MAX};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use tokio::task::JoinHandle;

/// Half of what may be in flight is read at once while the other half waits to be taken.
const SLICES_PER_READ: usize = SLICES_IN_FLIGHT_MAX / 2;

/// A range of a file on its way out. Dropping it ends the reading after at most one job.
pub(crate) struct SliceReader {
    file: Arc<File>,
    unread: Range<u64>,
    ready: VecDeque<Bytes>,
    reading: Option<JoinHandle<io::Result<Vec<Bytes>>>>,
}

impl SliceReader {
    /// The bytes of `range`, which must lie inside the file: a shorter file ends in an error.
    pub(crate) fn new(file: Arc<File>, range: Range<u64>) -> Self {
        Self { file, unread: range, ready: VecDeque::new(), reading: None }
    }

    /// The next slice; `None` at the end of the range. Needs a tokio runtime around it.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.read_ahead();
        if self.ready.is_empty() {
            let Some(job) = &mut self.reading else { return Poll::Ready(None) };
            let done = ready!(Pin::new(job).poll(cx));
            self.reading = None;
            match done.map_err(io::Error::other).flatten() {
                Ok(slices) => self.ready.extend(slices),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
            self.read_ahead();
        }
        Poll::Ready(self.ready.pop_front().map(Ok))
    }

    /// As [`SliceReader::poll_next`], for async callers.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn read_ahead(&mut self) {
        let room = self.ready.len() + SLICES_PER_READ <= SLICES_IN_FLIGHT_MAX;
        if self.reading.is_some() || self.unread.is_empty() || !room {
            return;
        }
        let start = self.unread.start;
        let end = self.unread.end.min(start + (SLICES_PER_READ * SLICE_BYTES) as u64);
        self.unread.start = end;
        let file = Arc::clone(&self.file);
        self.reading = Some(tokio::task::spawn_blocking(move || read(&file, start..end)));
    }
}

fn read(file: &File, range: Range<u64>) -> io::Result<Vec<Bytes>> {
    let mut slices = Vec::with_capacity(SLICES_PER_READ);
    let mut offset = range.start;
    while offset < range.end {
        let slice = read_slice(file, offset, range.end)?;
        offset += slice.len() as u64;
        slices.push(slice);
    }
    Ok(slices)
}

fn read_slice(file: &File, offset: u64, end: u64) -> io::Result<Bytes> {
    let length = usize::try_from(end - offset).unwrap_or(SLICE_BYTES).min(SLICE_BYTES);
    let mut slice = Vec::with_capacity(length);
    while slice.len() < length {
        let position = offset + slice.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut slice), position) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // The allocator may have given more room than was asked, and the file may fill it.
    slice.truncate(length);
    Ok(slice.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(file_bytes: usize, range: Range<u64>, expected: Option<&[u64]>) {
        let bytes: Vec<u8> = (0..file_bytes).map(|i| (i % 251) as u8).collect();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, &bytes).unwrap();
        let mut reader = SliceReader::new(Arc::new(File::open(&path).unwrap()), range.clone());
        let (mut lengths, mut found) = (Vec::new(), Vec::new());
        while let Some(slice) = reader.next().await {
            let Ok(slice) = slice else {
                assert_eq!(expected, None, "{range:?} of {file_bytes}");
                return;
            };
            lengths.push(slice.len() as u64);
            found.extend_from_slice(&slice);
        }
        assert_eq!(Some(&lengths[..]), expected, "{range:?} of {file_bytes}");
        assert_eq!(found, bytes[range.start as usize..range.end as usize]);
    }

    #[tokio::test]
    async fn any_range_comes_in_slices_and_complete() {
        const SLICE: u64 = SLICE_BYTES as u64;
        check(0, 0..0, Some(&[])).await;
        check(1, 0..1, Some(&[1])).await;
        check(SLICE_BYTES, 0..SLICE, Some(&[SLICE])).await;
        check(SLICE_BYTES + 1, 0..SLICE + 1, Some(&[SLICE, 1])).await;
        check(SLICE_BYTES * 2, 7..SLICE + 9, Some(&[SLICE, 2])).await;
        check(SLICE_BYTES * 5 + 3, 3..SLICE * 5 + 3, Some(&[SLICE; 5])).await;
    }

    #[tokio::test]
    async fn a_file_shorter_than_the_range_is_an_error_and_no_early_end() {
        check(SLICE_BYTES, 0..SLICE_BYTES as u64 + 1, None).await;
        check(0, 0..1, None).await;
    }
}
