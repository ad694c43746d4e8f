//! Copies of catalogs: the conformance suite, and files that are something else.

use std::sync::Arc;

use causeway_store::{CatalogCache, NewPage, Run, Selection};
use causeway_store_sql::{OpenError, SqliteCatalogCache, SqliteOptions, SqliteStore};
use causeway_types::{ParticipantId, Timestamp};

fn fresh() -> (Arc<dyn CatalogCache>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let cache = SqliteCatalogCache::open(directory.path().join("catalogs.db")).unwrap();
    (Arc::new(cache), directory)
}

causeway_store::cache_suite!(fresh());

#[tokio::test]
async fn copies_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalogs.db");
    let run = Run {
        peer: ParticipantId::parse("did:web:a.example").unwrap(),
        at: Timestamp::from_unix_micros(1).unwrap(),
    };
    let page = NewPage {
        place: "p1".to_owned(),
        tag: None,
        next: None,
        datasets: vec![causeway_store::suite::dataset("x", "Rain")],
    };
    let cache = SqliteCatalogCache::open(&path).unwrap();
    cache.put_page(&run, page.clone()).await.unwrap();
    drop(cache);
    let cache = SqliteCatalogCache::open(&path).unwrap();
    let all = causeway_store::Page { after: None, limit: 9 };
    let found = cache.search(&Selection::default(), None, all).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].dataset, page.datasets[0]);
}

#[test]
fn a_store_is_no_cache_and_a_cache_is_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let (store, cache) = (directory.path().join("store.db"), directory.path().join("cache.db"));
    drop(SqliteStore::open(&store, &SqliteOptions::default()).unwrap());
    drop(SqliteCatalogCache::open(&cache).unwrap());
    let found = SqliteCatalogCache::open(&store);
    assert!(matches!(found, Err(OpenError::Foreign { .. })), "{found:?}");
    let found = SqliteStore::open(&cache, &SqliteOptions::default());
    assert!(matches!(found, Err(OpenError::Foreign { .. })), "{found:?}");
}
