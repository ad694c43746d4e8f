//! What must hold of everything that logs, witnesses and their holders send: no reader panics, a
//! refusal is a short printable text, and what is read is written with exactly the same bytes.

use std::fmt::Display;

use causeway_log::cose::Receipt;
use causeway_log::witness::{read_answer, read_size};
use causeway_log::{
    AddCheckpoint, Checkpoint, Hash, Known, Leaf, LogProof, Note, Policy, Resource, Tile,
    VerifierKey, entries, fork::ForkProof,
};

/// A key that signed nothing that the fuzzer knows.
const KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

fn key() -> VerifierKey {
    KEY.parse().expect("a valid key")
}

fn refusal(error: impl Display) {
    let text = error.to_string();
    assert!(text.len() <= crate::REFUSAL_BYTES_MAX && !text.is_empty(), "{text:?}");
}

/// Signed notes, the checkpoints in them, and keys.
pub fn note(bytes: &[u8]) {
    match Note::parse(bytes) {
        Ok(note) => {
            assert_eq!(note.encode().as_bytes(), bytes);
            assert!(Checkpoint::open(&note, &key()).is_err(), "nobody signed it");
            if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
                assert_eq!(checkpoint.note_text(), note.text());
            }
        }
        Err(error) => refusal(error),
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.note_text(), text);
    }
    match text.parse::<VerifierKey>() {
        Ok(key) => assert_eq!(key.to_string(), text),
        Err(error) => refusal(error),
    }
}

/// Witness policies.
pub fn policy(bytes: &[u8]) {
    match Policy::parse(bytes) {
        Ok(policy) => {
            let all = (0..policy.witnesses().len()).collect();
            assert!(policy.is_quorum(&all), "all witnesses are always enough");
        }
        Err(error) => refusal(error),
    }
}

/// Proof files of logs.
pub fn proof(bytes: &[u8]) {
    match LogProof::parse(bytes) {
        Ok(proof) => {
            assert_eq!(proof.encode().as_bytes(), bytes);
            let policy = Policy::parse(format!("log {KEY}\nquorum none\n").as_bytes());
            let leaf = Hash::new([0; 32]);
            let verified = policy.map(|policy| proof.verify(&leaf, &policy).is_ok());
            assert_eq!(verified, Ok(false), "nobody signed it");
        }
        Err(error) => refusal(error),
    }
}

/// Requests to witnesses and their answers.
pub fn add_checkpoint(bytes: &[u8]) {
    match AddCheckpoint::parse(bytes) {
        Ok(request) => {
            assert_eq!(request.encode().as_bytes(), bytes);
            let refused = request.judge(&[key()], Known::nothing());
            refusal(refused.expect_err("nobody signed it"));
            let answer = request.note.encode();
            assert!(read_answer(answer.as_bytes(), &request.note, &key()).is_err());
        }
        Err(error) => refusal(error),
    }
    let _ = read_size(bytes);
}

/// Paths of tiles and bundles, and bundles of entries.
pub fn path(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        match Resource::parse(text) {
            Ok(resource) => assert_eq!(resource.path(), text),
            Err(error) => refusal(error),
        }
    }
    if let Some((width, bundle)) = bytes.split_first()
        && let Some(tile) = Tile::new(0, 0, u16::from(*width))
    {
        match entries::decode(bundle, tile) {
            Ok(list) => assert_eq!(entries::encode(&list).as_deref(), Ok(bundle)),
            Err(error) => refusal(error),
        }
    }
}

/// Receipts of logs in COSE, and leaves.
pub fn receipt(bytes: &[u8]) {
    match Receipt::parse(bytes) {
        Ok(receipt) => {
            assert_eq!(receipt.encode(), bytes);
            let leaf = Hash::new([0; 32]);
            refusal(receipt.verify(&leaf, &key()).expect_err("nobody signed it"));
        }
        Err(error) => refusal(error),
    }
    if let Ok(leaf) = Leaf::parse(bytes) {
        assert_eq!(leaf.encode(), bytes);
    }
}

/// Proofs that a log contradicts itself.
pub fn fork(bytes: &[u8]) {
    match ForkProof::parse(bytes) {
        Ok(proof) => {
            assert_eq!(proof.encode().as_bytes(), bytes);
            refusal(proof.verify(&key()).expect_err("nobody signed it"));
        }
        Err(error) => refusal(error),
    }
}
