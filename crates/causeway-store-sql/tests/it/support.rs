//! Opening stores in temporary directories.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_store::Store;
use causeway_store_sql::{OpenError, SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// A fresh store and the directory that goes away with it.
pub(crate) fn fresh() -> (Arc<dyn Store>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Arc::new(open(&file(&directory)).unwrap()), directory)
}

pub(crate) fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("store.db")
}

pub(crate) fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, &SqliteOptions::default())
}
