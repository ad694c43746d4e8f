//! Samples of generic records and of used tokens.

use crate::{ChangeSet, Entity, Put, RecordEntry, RecordKind, SeenToken, Version};

use super::at;

/// A record about somebody.
pub fn record(kind: RecordKind, id: &str, owner: &str) -> RecordEntry {
    RecordEntry {
        kind,
        id: id.to_owned(),
        owner: Some(owner.to_owned()),
        body: format!("{{\"format\":1,\"id\":\"{id}\",\"text\":\"第1条 \\u0000\"}}"),
        at: at(7),
    }
}

/// A put of a record.
pub fn put_record(entry: RecordEntry, expected: Option<u64>) -> Put {
    Put { entity: Entity::Record(Box::new(entry)), expected: expected.map(Version) }
}

/// A change set that removes a record.
pub fn forget(kind: RecordKind, id: &str) -> ChangeSet {
    ChangeSet { forget: vec![(kind, id.to_owned())], ..ChangeSet::default() }
}

/// A token that was used `seen` seconds after the start and lives for five minutes.
pub fn token(issuer: &str, id: &str, seen: u64) -> SeenToken {
    let (seen_at, expires_at) = (at(seen), at(seen + 300));
    SeenToken { issuer: issuer.to_owned(), id: id.to_owned(), seen_at, expires_at }
}
