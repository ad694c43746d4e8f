//! One file of each kind, kept as it was first written: other programs have read these, and the
//! fuzz targets begin with them. What is written today has to be the same.

use std::fs;
use std::path::Path;

use causeway_log::cose::{Inclusion, Receipt};
use causeway_log::tree::{inclusion_proof, prefix_proof};
use causeway_log::{
    AddCheckpoint, Commitment, ForkProof, Hash, Leaf, LogProof, Policy, Resource, Tile, entries,
    leaf_hash,
};

use crate::support::{Log, Signer, definition};

const SIZE: u64 = 5;

fn leaf(index: u64) -> Leaf {
    Leaf::new(Commitment::new(&[7; 32], &index.to_be_bytes()))
}

/// Compares with what is kept; writes it anew only where `UPDATE_CORPUS` asks for it.
fn check(name: &str, bytes: impl AsRef<[u8]>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(fs::read(&path).unwrap(), bytes.as_ref(), "{name}");
}

#[test]
fn files_of_every_kind_are_written_as_they_always_were() {
    let (signer, witness) = (Signer::log("did:web:a", 1), Signer::witness("did:web:b/witness", 2));
    let mut log = Log::new(0);
    (0..SIZE).for_each(|index| log.push(leaf(index).hash()));
    let root = |size: u64| definition(&log.leaves[..size as usize]);
    let hashes = inclusion_proof(2, SIZE, &log.tiles).unwrap();
    let note = signer.note(SIZE, root(SIZE));
    let note = note.with(&[witness.cosign(1_700_000_000, note.text())]).unwrap();
    let policy = format!("log {}\nwitness b {}\nquorum b\n", signer.key, witness.key);
    Policy::parse(policy.as_bytes()).unwrap();
    check("log_policy/one-witness.policy", policy);
    check("log_note/checkpoint.note", note.encode());
    check("log_note/log.vkey", signer.key.to_string());

    let (extra, checkpoint) = (Some(b"extra".to_vec()), note.clone());
    let proof = LogProof { extra, index: 2, hashes: hashes.clone(), checkpoint };
    check("log_proof/third.tlog-proof", proof.encode());
    let inclusion = Inclusion { log: signer.key.name().clone(), size: SIZE, index: 2, hashes };
    let signature = signer.raw(&inclusion.to_be_signed(&leaf(2).hash()).unwrap());
    check("log_receipt/third.cose", Receipt { inclusion, signature }.encode());
    check("log_receipt/third.leaf", leaf(2).encode());

    let proof: Vec<Hash> = causeway_log::tree::consistency_proof(3, SIZE, &log.tiles).unwrap();
    check(
        "log_add_checkpoint/three-to-five",
        AddCheckpoint { old_size: 3, proof, note: note.clone() }.encode(),
    );
    let hashes = prefix_proof(3, SIZE, &log.tiles).unwrap();
    let older = signer.note(3, leaf_hash(b"something else"));
    let fork = ForkProof::of_rewriting(older, note, hashes, &signer.key).unwrap();
    check("log_fork/rewritten.fork", fork.encode());

    let tile = Tile::new(4, 1_234_067, 8).unwrap();
    check("log_path/tile", Resource::Tile(tile).path());
    let five: Vec<_> = (0..SIZE).map(|index| leaf(index).encode()).collect();
    check("log_path/bundle", [&[5], entries::encode(&five).unwrap().as_slice()].concat());
}
