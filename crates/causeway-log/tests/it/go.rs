//! The verifier in Go, on logs that this crate makes: it accepts every honest one, and finds every
//! change. It shares no code with us and is what others read to believe it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use causeway_log::{Commitment, Frontier, Leaf, Note, Resource, Tile, entries};
use tempfile::TempDir;

use crate::support::Signer;

const ORIGIN: &str = "did:web:node.example%3A8443";

/// Builds the verifier once for all tests, from Debian's packages alone.
fn verifier() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("verify");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verify/go");
        let mut go = Command::new("go");
        go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").current_dir(source);
        assert!(go.arg("build").arg("-o").arg(&path).status().unwrap().success());
        (dir, path)
    });
    path
}

struct Published {
    dir: TempDir,
    log: Signer,
    witness: Signer,
}

impl Published {
    fn new(size: u64) -> Self {
        let (log, witness) = (Signer::log(ORIGIN, 1), Signer::witness("did:web:w/witness", 2));
        let published = Self { dir: TempDir::new().unwrap(), log, witness };
        let leaf = |index: u64| Leaf::new(Commitment::new(&[7; 32], &index.to_be_bytes()));
        let leaves: Vec<Leaf> = (0..size).map(leaf).collect();
        let hashes: Vec<_> = leaves.iter().map(Leaf::hash).collect();
        let growth = Frontier::empty().append(&hashes);
        for (tile, bytes) in &growth.tiles {
            published.write(Resource::Tile(*tile), bytes);
        }
        for tile in Tile::all(size).filter(|tile| tile.level() == 0) {
            let first = tile.index() as usize * 256;
            let chunk = &leaves[first..first + usize::from(tile.width())];
            let chunk: Vec<_> = chunk.iter().map(Leaf::encode).collect();
            published.write(Resource::Entries(tile), &entries::encode(&chunk).unwrap());
        }
        let note = published.log.note(size, growth.frontier.root());
        published.cosign(&note);
        published
    }

    fn write(&self, resource: Resource, bytes: &[u8]) {
        let path = self.dir.path().join(resource.path());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn cosign(&self, note: &Note) {
        let note = note.with(&[self.witness.cosign(1_700_000_000, note.text())]).unwrap();
        self.write(Resource::Checkpoint, note.encode().as_bytes());
    }

    fn verified(&self) -> bool {
        self.verified_by(&self.log, &self.witness)
    }

    fn verified_by(&self, log: &Signer, witness: &Signer) -> bool {
        let mut command = Command::new(verifier());
        command.arg("log").arg(self.dir.path());
        command.args([log.key.to_string(), witness.key.to_string()]);
        let output = command.output().unwrap();
        let code = output.status.code().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(code == 0 || code == 1 && text.starts_with("FAILED"), "{code}: {text}");
        code == 0
    }

    /// Whether the log is refused while a file of it is different, which is put back afterwards.
    fn refused_with(&self, file: &Path, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let before = fs::read(file).unwrap();
        let mut bytes = before.clone();
        change(&mut bytes);
        assert_ne!(bytes, before, "a change that changes nothing proves nothing");
        fs::write(file, bytes).unwrap();
        let refused = !self.verified();
        fs::write(file, before).unwrap();
        refused
    }

    fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.dir.path().to_path_buf()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

#[test]
fn honest_logs_of_any_size_are_accepted() {
    for size in [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 70_000] {
        assert!(Published::new(size).verified(), "size {size}");
    }
}

#[test]
fn a_changed_byte_in_any_file_is_found() {
    let published = Published::new(300);
    for file in published.files() {
        let length = fs::read(&file).unwrap().len();
        // Every byte of the checkpoint; of the rest, enough to meet every part of an entry.
        let step = if file.ends_with("checkpoint") { 1 } else { 37 };
        for at in (0..length).step_by(step).chain([length - 1]) {
            let refused = published.refused_with(&file, |bytes| bytes[at] ^= 1);
            assert!(refused, "byte {at} of {}", file.display());
        }
    }
    assert!(published.verified(), "all is as it was");
}

#[test]
fn swapped_missing_and_added_entries_and_cut_files_are_found() {
    let published = Published::new(300);
    // A length and an entry.
    let one = 2 + Leaf::BYTES;
    for file in published.files() {
        assert!(published.refused_with(&file, |bytes| bytes.truncate(bytes.len() - 1)));
        assert!(published.refused_with(&file, |bytes| bytes.truncate(bytes.len() / 2)));
        assert!(published.refused_with(&file, |bytes| bytes.push(b'A')));
        assert!(published.refused_with(&file, Vec::clear), "{}", file.display());
        let before = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        assert!(!published.verified(), "without {}", file.display());
        fs::write(&file, before).unwrap();
    }
    let bundle = published.dir.path().join("tile/entries/000");
    assert!(published.refused_with(&bundle, |bytes| bytes[..2 * one].rotate_left(one)));
    assert!(published.refused_with(&bundle, |bytes| drop(bytes.drain(..one))));
    assert!(published.refused_with(&bundle, |bytes| bytes.extend_from_within(..one)));
    assert!(published.refused_with(&bundle, |bytes| bytes.copy_within(..one, one)));
    assert!(published.verified(), "all is as it was");
}

#[test]
fn other_keys_and_other_origins_are_refused() {
    let published = Published::new(3);
    let (log, witness) = (&published.log, &published.witness);
    assert!(published.verified_by(log, witness));
    assert!(!published.verified_by(&Signer::log(ORIGIN, 3), witness));
    assert!(!published.verified_by(&Signer::log("did:web:other", 1), witness));
    assert!(!published.verified_by(log, &Signer::witness("did:web:w/witness", 3)));
    assert!(!published.verified_by(log, &Signer::witness("did:web:other", 2)));
    assert!(!published.verified_by(log, log), "a log is not its own witness");
    let file = published.dir.path().join("checkpoint");
    let note = Note::parse(&fs::read(file).unwrap()).unwrap();
    let text = note.text().replacen(ORIGIN, "did:web:other", 1);
    let posing = Note::new(text.clone(), vec![log.sign(&text)]).unwrap();
    published.cosign(&posing);
    assert!(!published.verified(), "signed by the key, but of another origin");
}
