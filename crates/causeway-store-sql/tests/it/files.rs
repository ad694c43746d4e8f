//! The file: who may read it, who may open it, and what is not opened.

use std::path::Path;

use causeway_store::records::Record as _;
use causeway_store::suite::samples;
use causeway_store::{PublishedOffer, ReadError, Selection, Store};
use causeway_store_sql::OpenError;
use rusqlite::Connection;

use crate::support::{file, fresh, open};

#[cfg(unix)]
#[tokio::test]
async fn every_file_of_a_store_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (store, directory) = fresh();
    store.commit(samples::messages(vec![samples::message("a", "m")])).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]);
}

#[tokio::test]
async fn a_store_is_opened_by_one_at_a_time() {
    let (store, directory) = fresh();
    let error = open(&file(&directory)).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }));
    assert!(error.to_string().ends_with("store.db: another process has it open"), "{error}");
    drop(store);
    open(&file(&directory)).unwrap();
}

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    let offer = samples::offer("o");
    for version in [None, Some(1), Some(2)] {
        let store = open(&file(&directory)).unwrap();
        let put = samples::put_offer(offer.clone(), version);
        store.commit(samples::puts(vec![put])).await.unwrap();
    }
    let store = open(&file(&directory)).unwrap();
    let stored = store.offer(&offer.id).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version.0), (offer, 3));
}

#[tokio::test]
async fn the_leases_of_a_process_that_is_gone_end_with_it() {
    let (store, directory) = fresh();
    store.commit(samples::messages(vec![samples::message("a", "m")])).await.unwrap();
    let lease = samples::lease("node", samples::at(600));
    assert_eq!(store.claim_outbox(&lease, samples::at(1), 9).await.unwrap().len(), 1);
    drop(store);
    let store = open(&file(&directory)).unwrap();
    assert_eq!(store.claim_outbox(&lease, samples::at(1), 9).await.unwrap().len(), 1);
}

fn tamper(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    drop(open(&path).unwrap());
    tamper(&path, "pragma user_version = 99");
    let error = open(&path).unwrap_err().to_string();
    let expected = "found schema 99, expected at most 5; a newer version of this program wrote it";
    assert!(error.ends_with(expected), "{error}");
}

#[tokio::test]
async fn the_offers_of_an_older_store_are_found_after_its_migration() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let connection = Connection::open(&path).unwrap();
    let first = include_str!("../../migrations/sqlite/0001_first.sql");
    connection.execute_batch(first).unwrap();
    connection.pragma_update(None, "application_id", 0x4357_4159).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let insert = "-- insert_as_it_was\n\
                  insert into offer (id, dataset_id, withdrawn, version, body)\n\
                  values (?1, ?1, ?2, 1, ?3)";
    for (name, withdrawn) in [("a", false), ("damaged", false), ("b", true)] {
        let mut offer = samples::offer(name);
        offer.withdrawn_at = withdrawn.then(|| samples::at(9));
        let body = if name == "damaged" { "{}".to_owned() } else { offer.encode() };
        connection.execute(insert, rusqlite::params![name, withdrawn, body]).unwrap();
    }
    drop(connection);

    let store = open(&path).unwrap();
    let check = async |text: &str, withdrawn, expected: &[&str]| {
        let text = Some(text.to_owned());
        let party = Some(samples::participant(causeway_types::Role::Consumer));
        let selection = Selection { text, withdrawn, visible_to: party, ..Selection::default() };
        let found = store.search_offers(&selection, samples::ALL).await.unwrap();
        let found: Vec<String> = found.iter().map(|offer| offer.value.id.to_string()).collect();
        assert_eq!(found, expected, "{selection:?}");
    };
    check("rain", false, &["a"]).await;
    check("降雨", true, &["a", "b"]).await;
    check("hail", true, &[]).await;
    let renamed = causeway_types::LangText::new("en", "Hail").unwrap();
    let changed = PublishedOffer { titles: vec![renamed], ..samples::offer("a") };
    store.commit(samples::puts(vec![samples::put_offer(changed, Some(1))])).await.unwrap();
    check("hail", false, &["a"]).await;
    check("rain", false, &[]).await;
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text");
    std::fs::write(&text, "a letter to my aunt, longer than a header\n".repeat(40)).unwrap();
    let before = std::fs::read(&text).unwrap();
    assert!(matches!(open(&text).unwrap_err(), OpenError::Foreign { .. }));
    assert_eq!(std::fs::read(&text).unwrap(), before);

    let other = directory.path().join("other.db");
    tamper(&other, "create table aunt (name text)");
    let before = std::fs::read(&other).unwrap();
    assert!(matches!(open(&other).unwrap_err(), OpenError::Foreign { .. }));
    assert_eq!(std::fs::read(&other).unwrap(), before);
}

#[test]
fn a_directory_that_is_missing_is_named() {
    let error = open(Path::new("/nonexistent/store.db")).unwrap_err();
    assert!(matches!(error, OpenError::File { .. }));
    assert!(error.to_string().contains("/nonexistent/store.db"), "{error}");
}

#[tokio::test]
async fn a_damaged_record_is_named_and_harms_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).unwrap();
    for name in ["a", "b"] {
        let put = samples::put_offer(samples::offer(name), None);
        store.commit(samples::puts(vec![put])).await.unwrap();
    }
    tamper(&path, "-- spoil_offer\nupdate offer set body = '{\"format\":7}' where id = 'a'");
    let error = store.offer(&samples::offer("a").id).await.unwrap_err();
    let reason = "found format 7, expected 1 to 1: a newer version wrote it".to_owned();
    assert_eq!(error, ReadError::Corrupt { what: "offer a".to_owned(), reason });
    assert!(store.offer(&samples::offer("b").id).await.unwrap().is_some());
}
