//! A log of a million leaves: how long it takes to make, to prove and to verify, and what that
//! takes of memory and disk. Run with `cargo xtask bench log`, `-- --leaves N` for another size.
//!
//! Leaves come 256 at a time, as a node sequences them; nothing is synced, which is the speed of
//! the disk and not ours. The verifier in Go runs last, if Go is there.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its output is the result")]

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use causeway_log::tree::{consistency_proof, inclusion_proof};
use causeway_log::{
    Algorithm, Checkpoint, Commitment, Frontier, Hash, KeyName, Leaf, Note, NoteSignature,
    Resource, TILE_WIDTH, Tile, TileReader, VerifierKey, entries, verify_consistency,
    verify_inclusion,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ORIGIN: &str = "did:web:node.example";
const PROOFS: u64 = 1_000;

struct Folder(PathBuf);

impl TileReader for Folder {
    type Error = io::Error;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, io::Error> {
        fs::read(self.0.join(Resource::Tile(tile).path()))
    }
}

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().collect();
    let leaves = match words.iter().position(|word| word == "--leaves") {
        Some(at) => words.get(at + 1).ok_or("--leaves: expected a number")?.parse()?,
        None => 1_000_000,
    };
    let dir = tempfile::TempDir::new()?;
    let before = Instant::now();
    let (frontier, halfway) = grow(dir.path(), leaves)?;
    rate("make the log, 256 leaves at a time", leaves, before.elapsed());
    let key = publish(dir.path(), &frontier)?;
    let tiles = Folder(dir.path().to_path_buf());
    let root = frontier.root();

    let before = Instant::now();
    let mut hashes = 0;
    for number in 0..PROOFS {
        let index = number * leaves / PROOFS;
        let proof = inclusion_proof(index, leaves, &tiles)?;
        verify_inclusion(index, leaves, &leaf(index).hash(), &proof, &root)?;
        hashes = hashes.max(proof.len());
    }
    rate("prove a leaf from tiles and verify it", PROOFS, before.elapsed());
    let before = Instant::now();
    let (old, old_root) = halfway;
    let proof = consistency_proof(old, leaves, &tiles)?;
    verify_consistency(old, leaves, &old_root, &root, &proof)?;
    println!("consistency from {old}: {} hashes, {:?}", proof.len(), before.elapsed());
    let (files, bytes) = size_of(dir.path())?;
    println!("longest proof: {hashes} hashes; {files} files, {:.1} MB", bytes as f64 / 1e6);
    println!("memory at its highest: {}", peak_of("/proc/self/status")?);
    go(dir.path(), &key)
}

fn leaf(index: u64) -> Leaf {
    Leaf::new(Commitment::new(&[7; 32], &index.to_be_bytes()))
}

/// Makes the log, and says what it was before its last half.
fn grow(dir: &Path, size: u64) -> Outcome<(Frontier, (u64, Hash))> {
    let mut frontier = Frontier::empty();
    let mut halfway = (0, frontier.root());
    for first in (0..size).step_by(TILE_WIDTH as usize) {
        let batch: Vec<Leaf> = (first..size.min(first + TILE_WIDTH)).map(leaf).collect();
        let hashes: Vec<Hash> = batch.iter().map(Leaf::hash).collect();
        let growth = frontier.append(&hashes);
        for (tile, bytes) in &growth.tiles {
            write(dir, Resource::Tile(*tile), bytes)?;
        }
        let encoded: Vec<_> = batch.iter().map(Leaf::encode).collect();
        let tile = Tile::new(0, first / TILE_WIDTH, u16::try_from(batch.len())?);
        let tile = tile.ok_or("no such bundle")?;
        write(dir, Resource::Entries(tile), &entries::encode(&encoded)?)?;
        frontier = growth.frontier;
        if first < size / 2 {
            halfway = (frontier.size(), frontier.root());
        }
    }
    Ok((frontier, halfway))
}

fn publish(dir: &Path, frontier: &Frontier) -> Outcome<VerifierKey> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32])?;
    let public = pair.public_key().as_ref().try_into()?;
    let key = VerifierKey::new(KeyName::new(ORIGIN)?, Algorithm::Ed25519, public);
    let text = Checkpoint::new(ORIGIN, frontier.size(), frontier.root())?.note_text();
    let signature = NoteSignature::new(&key, pair.sign(text.as_bytes()).as_ref().to_vec());
    let note = Note::new(text, vec![signature])?;
    write(dir, Resource::Checkpoint, note.encode().as_bytes())?;
    Ok(key)
}

fn write(dir: &Path, resource: Resource, bytes: &[u8]) -> Outcome<()> {
    let path = dir.join(resource.path());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}

fn go(dir: &Path, key: &VerifierKey) -> Outcome<()> {
    let program = dir.join("verify");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verify/go");
    let mut build = Command::new("go");
    build.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").current_dir(source);
    if !build.args(["build", "-o"]).arg(&program).status().is_ok_and(|status| status.success()) {
        println!("the verifier in Go: skipped, Go or golang.org/x/mod is missing");
        return Ok(());
    }
    let before = Instant::now();
    let mut command = Command::new(&program);
    let status = command.arg("log").arg(dir).arg(key.to_string()).status()?;
    println!("the verifier in Go: {:?}", before.elapsed());
    if status.success() { Ok(()) } else { Err("the verifier refused the log".into()) }
}

fn rate(what: &str, count: u64, took: Duration) {
    println!("{what}: {took:?}, {:.0} a second", count as f64 / took.as_secs_f64());
}

fn size_of(dir: &Path) -> Outcome<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(dir)? {
        let (path, metadata) = { entry.and_then(|e| Ok((e.path(), e.metadata()?))) }?;
        let (more, larger) = if metadata.is_dir() { size_of(&path)? } else { (1, metadata.len()) };
        files += more;
        bytes += larger;
    }
    Ok((files, bytes))
}

fn peak_of(status: &str) -> Outcome<String> {
    let text = fs::read_to_string(status)?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.ok_or("no VmHWM")?.trim().to_owned())
}
