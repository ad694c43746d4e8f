//! Proof files, receipts in COSE and proofs of forks.

use causeway_log::cose::{Inclusion, Receipt, ReceiptError};
use causeway_log::fork::FindError;
use causeway_log::tree::{inclusion_proof, prefix_proof};
use causeway_log::{
    Checkpoint, Contradiction, ForkError, ForkProof, LogProof, LogProofError, Note, Policy,
    ProofError, leaf_hash,
};

use crate::support::{Log, Signer, definition};

const ORIGIN: &str = "did:web:node.example";

struct World {
    log: Log,
    signer: Signer,
    witness: Signer,
    policy: Policy,
}

fn world() -> World {
    let (signer, witness) = (Signer::log(ORIGIN, 1), Signer::witness("w", 2));
    let text = format!("log {}\nwitness w {}\nquorum w\n", signer.key, witness.key);
    let policy = Policy::parse(text.as_bytes()).unwrap();
    World { log: Log::new(300), signer, witness, policy }
}

fn proof(world: &World, index: u64) -> LogProof {
    let root = definition(&world.log.leaves);
    let note = world.signer.note(300, root);
    let checkpoint = note.with(&[world.witness.cosign(9, note.text())]).unwrap();
    let hashes = inclusion_proof(index, 300, &world.log.tiles).unwrap();
    LogProof { extra: Some(b"anything".to_vec()), index, hashes, checkpoint }
}

#[test]
fn a_proof_file_is_read_and_checked_with_a_policy_alone() {
    let world = world();
    let proof = proof(&world, 42);
    let file = proof.encode();
    assert!(file.starts_with("c2sp.org/tlog-proof@v1\nextra YW55dGhpbmc=\nindex 42\n"));
    let again = LogProof::parse(file.as_bytes()).unwrap();
    assert_eq!(again, proof);
    let witnessed = again.verify(&world.log.leaves[42], &world.policy).unwrap();
    assert_eq!(witnessed.checkpoint.size(), 300);
    assert_eq!(witnessed.witnesses[0].1, 9);
    let other = again.verify(&world.log.leaves[43], &world.policy);
    assert_eq!(other, Err(LogProofError::Inclusion(ProofError::Root)));
    let without = LogProof { extra: None, ..proof };
    assert_eq!(LogProof::parse(without.encode().as_bytes()), Ok(without));
}

#[test]
fn any_changed_byte_of_a_proof_file_is_noticed_except_in_what_it_does_not_prove() {
    let world = world();
    let proof = LogProof { extra: None, ..proof(&world, 42) };
    let file = proof.encode().into_bytes();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let accepted = LogProof::parse(&changed)
            .is_ok_and(|proof| proof.verify(&world.log.leaves[42], &world.policy).is_ok());
        assert!(!accepted, "byte {at}");
    }
}

#[test]
fn files_that_are_no_proofs_are_refused() {
    let file = proof(&world(), 42).encode();
    let index = file.find("index").unwrap();
    let refused = [
        String::new(),
        file.replace("@v1", "@v2"),
        file.replace("index 42", "index 042"),
        file.replace("index 42\n", ""),
        file.replace("extra YW55dGhpbmc=", "extra YW55dGhpbmc"),
        file.replace("\n\n", "\n"),
        file.replacen("\n\n", "\nAAAA\n\n", 1),
        file.replacen("index 42\n", &format!("index 42\n{}", "A".repeat(43) + "=\n").repeat(64), 1),
        format!("{}extra AAAA\n{}", &file[..index], &file[index..]),
        format!("{}{}", "a".repeat(200_000), file),
    ];
    for file in refused {
        assert!(LogProof::parse(file.as_bytes()).is_err(), "{file:.120}");
    }
}

fn receipt(world: &World, index: u64) -> Receipt {
    let hashes = inclusion_proof(index, 300, &world.log.tiles).unwrap();
    let inclusion = Inclusion { log: world.signer.key.name().clone(), size: 300, index, hashes };
    let message = inclusion.to_be_signed(&world.log.leaves[index as usize]).unwrap();
    Receipt { inclusion, signature: world.signer.raw(&message) }
}

#[test]
fn a_receipt_is_read_and_checked_with_the_logs_key_alone() {
    let world = world();
    let receipt = receipt(&world, 42);
    let bytes = receipt.encode();
    assert_eq!(Receipt::parse(&bytes).as_ref(), Ok(&receipt));
    receipt.verify(&world.log.leaves[42], &world.signer.key).unwrap();
    let other = receipt.verify(&world.log.leaves[43], &world.signer.key);
    assert_eq!(other, Err(ReceiptError::Signature));
    let named = receipt.verify(&world.log.leaves[42], &world.witness.key);
    assert!(matches!(named, Err(ReceiptError::Log { .. })));
    let number = [0x19, 0x01, 0x2c, 0x18, 0x2a];
    let place = bytes.windows(5).position(|window| window == number).unwrap();
    for at in (0..bytes.len()).filter(|at| !(place..place + 5).contains(at)) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let accepted = Receipt::parse(&changed).is_ok_and(|receipt| {
                receipt.verify(&world.log.leaves[42], &world.signer.key).is_ok()
            });
            assert!(!accepted, "bit {bit} of byte {at}");
        }
    }
    for length in 0..bytes.len() {
        assert_eq!(Receipt::parse(&bytes[..length]), Err(ReceiptError::Form));
    }
    assert_eq!(Receipt::parse(&[bytes.as_slice(), &[0]].concat()), Err(ReceiptError::Form));
}

/// The specification has the log sign the root alone, so size and index are only what the holder
/// says: a proof file says them with the log's signature.
#[test]
fn a_receipt_proves_that_a_leaf_is_in_the_log_but_not_where() {
    let world = world();
    let leaf = &world.log.leaves[2];
    let hashes = inclusion_proof(2, 3, &world.log.tiles).unwrap();
    let log = world.signer.key.name().clone();
    let inclusion = Inclusion { log, size: 3, index: 2, hashes };
    let signature = world.signer.raw(&inclusion.to_be_signed(leaf).unwrap());
    let elsewhere = Inclusion { size: 2, index: 1, ..inclusion };
    let receipt = Receipt { inclusion: elsewhere, signature };
    assert_eq!(receipt.verify(leaf, &world.signer.key), Ok(()));
}

#[test]
fn a_tree_of_one_leaf_has_no_receipt_as_the_specification_wants_a_path() {
    let world = world();
    let log = world.signer.key.name().clone();
    let inclusion = Inclusion { log, size: 1, index: 0, hashes: Vec::new() };
    assert_eq!(inclusion.to_be_signed(&world.log.leaves[0]), Err(ReceiptError::Form));
}

#[test]
fn two_roots_of_one_size_are_a_fork() {
    let signer = Signer::log(ORIGIN, 1);
    let (one, other) = (signer.note(7, leaf_hash(b"a")), signer.note(7, leaf_hash(b"b")));
    let proof = ForkProof::of_two_roots(one.clone(), other, &signer.key).unwrap();
    let again = ForkProof::parse(proof.encode().as_bytes()).unwrap();
    assert_eq!(again, proof);
    assert!(matches!(again.verify(&signer.key), Ok(Contradiction::TwoRoots { .. })));
    let stranger = again.verify(&Signer::log(ORIGIN, 2).key);
    assert!(matches!(stranger, Err(ForkError::Checkpoint(_))));
    let same = ForkProof::of_two_roots(one.clone(), one, &signer.key);
    assert_eq!(same, Err(ForkError::Agree));
}

#[test]
fn a_log_that_was_rewritten_is_found_at_every_size_and_an_honest_one_never() {
    let signer = Signer::log(ORIGIN, 1);
    let (log, forged) = (Log::new(70), Log::named("forged", 70));
    for new in 1..=70_u64 {
        for old in 0..=new {
            let note =
                |log: &Log, size: u64| signer.note(size, definition(&log.leaves[..size as usize]));
            let (newer, honest) = (note(&log, new), note(&log, old));
            let found = ForkProof::find(&honest, &newer, &signer.key, &log.tiles).unwrap();
            assert_eq!(found, None, "{old} in {new}");
            let found =
                ForkProof::find(&newer, &note(&forged, old), &signer.key, &log.tiles).unwrap();
            if old == 0 {
                assert_eq!(found, None);
                continue;
            }
            let found = ForkProof::parse(found.unwrap().encode().as_bytes()).unwrap();
            assert!(found.verify(&signer.key).is_ok(), "{old} in {new}");
        }
    }
}

#[test]
fn nobody_can_make_a_proof_against_an_honest_log() {
    let signer = Signer::log(ORIGIN, 1);
    let (log, forged) = (Log::new(50), Log::named("forged", 50));
    let note = |log: &Log, size: u64| signer.note(size, definition(&log.leaves[..size as usize]));
    let (older, newer) = (note(&log, 20), note(&log, 50));
    let hashes = prefix_proof(20, 50, &log.tiles).unwrap();
    let made = |hashes| ForkProof::of_rewriting(older.clone(), newer.clone(), hashes, &signer.key);
    assert_eq!(made(hashes.clone()), Err(ForkError::Agree));
    for at in 0..hashes.len() {
        let mut wrong = hashes.clone();
        wrong[at] = leaf_hash(b"wrong");
        assert_eq!(made(wrong), Err(ForkError::Proof(ProofError::Root)));
        let mut shorter = hashes.clone();
        shorter.remove(at);
        assert!(made(shorter).is_err());
    }
    let elsewhere = prefix_proof(20, 50, &forged.tiles).unwrap();
    assert_eq!(made(elsewhere), Err(ForkError::Proof(ProofError::Root)));
    let tiles = ForkProof::find(&older, &newer, &signer.key, &forged.tiles);
    assert!(matches!(tiles, Err(FindError::Fork(ForkError::Proof(_)))));
}

#[test]
fn files_that_are_no_proofs_of_forks_are_refused() {
    let signer = Signer::log(ORIGIN, 1);
    let (one, other) = (signer.note(7, leaf_hash(b"a")), signer.note(7, leaf_hash(b"b")));
    let length = one.encode().len();
    let file = ForkProof::of_two_roots(one, other, &signer.key).unwrap().encode();
    let refused = [
        String::new(),
        file.replace("/v1", "/v2"),
        file.replace(&format!("older {length}"), &format!("older {}", length + 1)),
        file.replace(&format!("newer {length}"), &format!("newer {}", length + 1)),
        format!("{file}\n"),
        file.replacen("\n\n", "\nAAAA\n\n", 1),
        "a".repeat(200_000),
    ];
    for file in refused {
        assert!(ForkProof::parse(file.as_bytes()).is_err(), "{file:.80}");
    }
    let empty = Checkpoint::new(ORIGIN, 0, leaf_hash(b"not empty")).unwrap().note_text();
    let empty = Note::new(empty.clone(), vec![signer.sign(&empty)]).unwrap();
    let newer = signer.note(1, leaf_hash(b"a"));
    let proof = ForkProof::of_rewriting(empty, newer, Vec::new(), &signer.key).unwrap();
    assert!(matches!(proof.verify(&signer.key), Ok(Contradiction::Rewritten { .. })));
}
