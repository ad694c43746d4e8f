//! The object store: what is taken in, what is refused, and what remains after an interruption.

use std::convert::Infallible;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use bytes::Bytes;
use causeway_plane::{IngestError, Objects, OpenError};
use causeway_types::limits::CONTENT_BYTES_MAX;
use futures_util::{StreamExt as _, stream};

use crate::world::{SLICE, chunks, sample};

fn names(directory: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn an_object_lies_read_only_under_its_digest_and_a_second_ingest_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::open(directory.path()).unwrap();
    let bytes = sample(SLICE * 5 + 3);
    let content = objects.ingest(chunks(&bytes), Some(bytes.len() as u64)).await.unwrap();
    assert_eq!(content.blake3().as_bytes(), blake3::hash(&bytes).as_bytes());
    let path = objects.path(&content.blake3());
    let first = std::fs::metadata(&path).unwrap();
    assert_eq!(first.permissions().mode() & 0o777, 0o440);
    assert!(std::fs::read(&path).unwrap() == bytes);

    assert_eq!(objects.ingest(chunks(&bytes), None).await.unwrap(), content);
    let second = std::fs::metadata(&path).unwrap();
    assert_eq!(first.modified().unwrap(), second.modified().unwrap());
    assert_eq!(names(directory.path()), [content.blake3().to_string()]);

    assert!(objects.exists(&content.blake3()).await.unwrap());
    assert!(objects.remove(&content.blake3()).await.unwrap());
    assert!(!objects.remove(&content.blake3()).await.unwrap());
    assert!(!objects.exists(&content.blake3()).await.unwrap());
}

#[tokio::test]
async fn a_failed_ingest_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::open(directory.path()).unwrap();
    let good = || chunks(b"twelve bytes");
    let broken = good()
        .map(|chunk| chunk.map_err(|never| match never {}))
        .chain(stream::iter([Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))]));
    let error = objects.ingest(broken, None).await.unwrap_err();
    assert!(matches!(error, IngestError::Body { received: 12, .. }), "{error}");
    let error = objects.ingest(good(), Some(13)).await.unwrap_err();
    assert!(matches!(error, IngestError::Length { expected: 13, found: 12 }), "{error}");
    let error = objects.ingest(good(), Some(11)).await.unwrap_err();
    assert!(matches!(error, IngestError::Length { expected: 11, found: 12 }), "{error}");
    let error = objects.ingest(good(), Some(CONTENT_BYTES_MAX + 1)).await.unwrap_err();
    assert!(matches!(error, IngestError::TooLarge), "{error}");
    let error = objects.ingest(good(), Some(CONTENT_BYTES_MAX)).await.unwrap_err();
    let IngestError::DiskFull { needed: CONTENT_BYTES_MAX, free } = error else {
        panic!("{error}");
    };
    assert!(free < CONTENT_BYTES_MAX);
    assert!(names(directory.path()).is_empty());
}

#[tokio::test]
async fn what_an_interrupted_ingest_left_goes_at_the_next_start_and_objects_stay() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::open(directory.path()).unwrap();
    let content = objects.ingest(chunks(b"kept"), None).await.unwrap();
    let error = Objects::open(directory.path()).err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    drop(objects);
    std::fs::write(directory.path().join(".ingest-0"), "half a fi").unwrap();
    let objects = Objects::open(directory.path()).unwrap();
    assert_eq!(names(directory.path()), [content.blake3().to_string()]);
    drop(objects);
}

#[tokio::test]
async fn a_dropped_ingest_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::open(directory.path()).unwrap();
    let (asked, was_asked) = tokio::sync::oneshot::channel();
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"a"))]);
    let endless = first.chain(stream::once(async move {
        asked.send(()).unwrap();
        std::future::pending().await
    }));
    tokio::select! {
        _ = objects.ingest(endless, None) => unreachable!("the body never ends"),
        asked = was_asked => asked.unwrap(),
    }
    assert!(names(directory.path()).is_empty());
}
