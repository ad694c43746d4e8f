//! What a witness cosigns, and with which answer it refuses the rest.

use causeway_log::tree::consistency_proof;
use causeway_log::witness::{encode_answer, origin_digest, read_answer, read_size};
use causeway_log::{AddCheckpoint, Hash, Known, Note, NoteError, leaf_hash};

use crate::support::{Log, Signer, definition};

const ORIGIN: &str = "did:web:node.example";

struct World {
    log: Log,
    signer: Signer,
}

impl World {
    fn new() -> Self {
        Self { log: Log::new(40), signer: Signer::log(ORIGIN, 1) }
    }

    fn root(&self, size: u64) -> Hash {
        definition(&self.log.leaves[..size as usize])
    }

    fn known(&self, size: u64) -> Known {
        Known { size, root: self.root(size) }
    }

    fn request(&self, old_size: u64, size: u64) -> AddCheckpoint {
        let proof = match old_size <= size {
            true => consistency_proof(old_size, size, &self.log.tiles).expect("in memory"),
            false => Vec::new(),
        };
        AddCheckpoint { old_size, proof, note: self.signer.note(size, self.root(size)) }
    }

    fn status(&self, request: &AddCheckpoint, known: Known) -> u16 {
        let keys = [self.signer.key.clone()];
        request.judge(&keys, known).map_or_else(|refusal| refusal.status(), |_| 200)
    }
}

#[test]
fn every_honest_step_is_cosigned_and_becomes_the_new_state() {
    let world = World::new();
    let keys = [world.signer.key.clone()];
    for size in 0..=40 {
        for old in 0..=size {
            let request = world.request(old, size);
            let body = request.encode();
            assert_eq!(AddCheckpoint::parse(body.as_bytes()).as_ref(), Ok(&request));
            let checkpoint = request.judge(&keys, world.known(old)).unwrap();
            assert_eq!((checkpoint.size(), checkpoint.root()), (size, world.root(size)));
        }
    }
    assert_eq!(world.known(0), Known::nothing());
}

#[test]
fn each_refusal_has_the_status_of_the_specification() {
    let world = World::new();
    let request = world.request(10, 20);
    let check = |request: &AddCheckpoint, known, status| {
        assert_eq!(world.status(request, known), status, "{request:?}");
    };
    check(&request, world.known(10), 200);
    assert_eq!(request.judge(&[], world.known(10)).unwrap_err().status(), 404);
    let stranger = [Signer::log(ORIGIN, 2).key];
    assert_eq!(request.judge(&stranger, world.known(10)).unwrap_err().status(), 403);
    check(&world.request(21, 20), world.known(21), 400);
    for known in [0, 9, 11, 20] {
        check(&request, world.known(known), 409);
    }
    let wrong = AddCheckpoint { proof: vec![leaf_hash(b"wrong")], ..request.clone() };
    check(&wrong, world.known(10), 422);
    check(&AddCheckpoint { proof: Vec::new(), ..request }, world.known(10), 422);
    let first = world.request(0, 20);
    let proven = AddCheckpoint { proof: vec![leaf_hash(b"more")], ..first };
    check(&proven, world.known(0), 422);
    let empty = world.signer.note(0, leaf_hash(b"not empty"));
    let empty = AddCheckpoint { old_size: 0, proof: Vec::new(), note: empty };
    check(&empty, Known::nothing(), 422);
}

#[test]
fn a_witness_that_stands_elsewhere_says_where() {
    let world = World::new();
    let keys = [world.signer.key.clone()];
    let refusal = world.request(10, 20).judge(&keys, world.known(15)).unwrap_err();
    assert_eq!(refusal.size_body().as_deref(), Some("15\n"));
    assert!(!refusal.is_suspicious());
    assert_eq!(read_size(b"15\n"), Some(15));
    for answer in [b"15".as_slice(), b"015\n", b"15\n\n", b"-1\n", b"\xff\n", b""] {
        assert_eq!(read_size(answer), None);
    }
}

#[test]
fn a_log_that_contradicts_itself_is_not_cosigned_and_is_to_be_kept() {
    let world = World::new();
    let forged = World { log: Log::named("forged", 40), signer: Signer::log(ORIGIN, 1) };
    let keys = [world.signer.key.clone()];
    let same = forged.request(20, 20).judge(&keys, world.known(20)).unwrap_err();
    assert_eq!((same.status(), same.is_suspicious()), (409, true));
    for (old, new) in [(1, 2), (10, 20), (16, 17), (32, 40)] {
        let longer = forged.request(old, new).judge(&keys, world.known(old)).unwrap_err();
        assert_eq!((longer.status(), longer.is_suspicious()), (422, true));
    }
}

#[test]
fn requests_in_any_other_form_are_refused_with_400() {
    let world = World::new();
    let body = world.request(10, 20).encode();
    let line = "A".repeat(43) + "=\n";
    let refused = [
        String::new(),
        body.replace("old 10", "old 010"),
        body.replace("old 10", "old -1"),
        body.replace("old 10", "old"),
        body.replace("old 10\n", ""),
        body.replacen("\n\n", "\n", 1),
        body.replacen("old 10\n", "old 10\nAAAA\n", 1),
        body.replacen("old 10\n", &format!("old 10\n{}", line.repeat(64)), 1),
        body.replace('\n', "\r\n"),
        body[..body.len() - 1].to_owned(),
        "a".repeat(80_000),
    ];
    for body in refused {
        let refusal = AddCheckpoint::parse(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.status(), 400, "{body:.80}");
    }
    let most = body.replacen("old 10\n", &format!("old 10\n{}", line.repeat(57)), 1);
    let request = AddCheckpoint::parse(most.as_bytes()).unwrap();
    assert_eq!(world.status(&request, world.known(10)), 422);
    assert_eq!(request.origin(), ORIGIN);
}

#[test]
fn only_valid_signatures_of_the_witness_are_taken_from_its_answer() {
    let (world, witness) = (World::new(), Signer::witness("w", 2));
    let note: Note = world.request(0, 20).note;
    let other = Signer::witness("other", 3).cosign(5, note.text());
    let mine = witness.cosign(5, note.text());
    let answer = encode_answer(&[other.clone(), mine.clone()]);
    let read = |answer: &str| read_answer(answer.as_bytes(), &note, &witness.key);
    assert_eq!(read(&answer), Ok(vec![mine]));
    assert_eq!(read(&encode_answer(&[other])), Err(NoteError::Unsigned));
    let elsewhere = encode_answer(&[witness.cosign(5, "another\n")]);
    let name = witness.key.name().clone();
    assert_eq!(read(&elsewhere), Err(NoteError::Invalid { name }));
    assert!(read("").is_err());
    assert!(read(answer.trim_end()).is_err());
    assert_eq!(origin_digest("a").len(), 64);
    assert!(origin_digest("a").starts_with("ca978112ca1bbdca"));
}
