//! What is remembered of trust files, and what is found when somebody else touched them.

use std::collections::BTreeMap;

use causeway_seal::sha256;
use causeway_types::limits::TRUST_FILES_MAX;

use super::{at, june, key, lines, signed, text};
use crate::trust::{
    StoredTrust, Trust, TrustError, TrustFile, TrustRegister, TrustRegisterError, TrustRevision,
};

fn revision(dataspace: &str, sequence: u64, bytes: &[u8]) -> TrustRevision {
    TrustRevision {
        dataspace: dataspace.to_owned(),
        sequence,
        sha256: sha256(bytes),
        signers: vec![key(1).id().to_string()],
        installed_at: june(),
    }
}

/// A directory in memory.
struct Kept {
    register: TrustRegister,
    files: BTreeMap<String, StoredTrust>,
    schemas: BTreeMap<String, Vec<u8>>,
}

impl Kept {
    /// Two revisions of one file; the second names a schema.
    fn new() -> Self {
        let mut kept = Self {
            register: TrustRegister::default(),
            files: BTreeMap::new(),
            schemas: BTreeMap::new(),
        };
        kept.put(1, &text(1, 2, &[1, 2]), &[1, 2]);
        let schema = format!(
            "\n[[schema]]\nid = \"https://a.example/s\"\nsha256 = \"{}\"\nfile = \"s.json\"\n",
            sha256(b"{}")
        );
        kept.put(2, &(text(2, 2, &[1, 2]) + &schema), &[1, 2]);
        kept.schemas.insert(format!("schema-{}.json", sha256(b"{}")), b"{}".to_vec());
        kept
    }

    fn put(&mut self, sequence: u64, text: &str, by: &[u8]) {
        let revision = revision("asean-trade", sequence, text.as_bytes());
        let stored = StoredTrust {
            file: text.as_bytes().to_vec(),
            signatures: lines(&signed(text.as_bytes(), by)),
        };
        self.files.insert(revision.file_name(), stored);
        assert!(self.register.add(revision));
    }

    fn load(&self) -> Result<Trust, Vec<TrustRegisterError>> {
        self.register.load(
            |revision| self.files.get(&revision.file_name()).cloned(),
            |name| self.schemas.get(name).cloned(),
            |bytes| Err(format!("it has {} bytes", bytes.len())),
        )
    }

    fn newest(&mut self) -> &mut StoredTrust {
        self.files.get_mut("asean-trade-2.toml").unwrap()
    }
}

#[test]
fn a_register_is_read_as_it_was_written() {
    let kept = Kept::new();
    let text = kept.register.to_text().unwrap();
    assert_eq!(TrustRegister::read(&text), Ok(kept.register));
    assert_eq!(TrustRegister::read("version = 1\n"), Ok(TrustRegister::default()));
    let table = [
        ("version = 1", "version = 2"),
        ("sequence = 1", "sequence = 2"),
        ("sequence = 2", "sequence = 1"),
        ("\"asean-trade\"", "\"../etc\""),
        ("sha256 =", "sha1 ="),
        ("installed_at = \"2026", "installed_at = \"soon"),
        ("[[revision]]", "[revision]"),
    ];
    for (from, to) in table {
        assert!(text.contains(from), "{from} in {text}");
        let read = TrustRegister::read(&text.replacen(from, to, 1));
        assert!(matches!(read, Err(TrustRegisterError::Format { .. })), "{from}: {read:?}");
    }
}

#[test]
fn only_what_is_newer_is_added_and_not_more_than_fits() {
    let mut register = TrustRegister::default();
    assert!(register.add(revision("a", 3, b"")));
    assert!(!register.add(revision("a", 3, b"other")));
    assert!(!register.add(revision("a", 2, b"")));
    assert!(register.add(revision("a", 4, b"")));
    for number in 1..TRUST_FILES_MAX {
        assert!(register.add(revision(&format!("b{number}"), 1, b"")), "{number}");
    }
    assert!(!register.add(revision("one-more", 1, b"")));
    assert!(register.add(revision("a", 5, b"")));
    assert_eq!(register.newest("a").unwrap().sequence, 5);
    assert_eq!(register.in_force().count(), TRUST_FILES_MAX);
}

#[test]
fn the_newest_file_is_loaded_with_its_schemas() {
    let mut kept = Kept::new();
    let loaded = kept.load().unwrap();
    assert_eq!(loaded.files().len(), 1);
    assert_eq!(loaded.of("asean-trade").unwrap().sequence, 2);
    let schemas = loaded.schemas(june());
    let refused = schemas.check("https://a.example/s", &serde_json::json!({})).unwrap_err();
    assert!(refused.to_string().ends_with("cannot be used here: it has 2 bytes"), "{refused}");
    assert!(schemas.knows("https://a.example/s") && !schemas.knows("https://a.example/t"));
    assert!(!loaded.schemas(at("2028-01-01T00:00:00Z")).knows("https://a.example/s"));
    // What is no longer in force is not needed.
    kept.files.remove("asean-trade-1.toml");
    assert_eq!(kept.load().unwrap(), loaded);
}

#[test]
fn what_was_swapped_or_lost_is_named_and_nothing_is_loaded() {
    type Touch = fn(&mut Kept);
    type Expected<'e> = &'e dyn Fn(&TrustRegisterError) -> bool;
    let is_signature = |error: &TrustRegisterError| {
        matches!(error, TrustRegisterError::Trust { error: TrustError::Signature(_), .. })
    };
    let is_threshold = |error: &TrustRegisterError| {
        matches!(error, TrustRegisterError::Trust { error: TrustError::Threshold { .. }, .. })
    };
    let is_changed =
        |error: &TrustRegisterError| matches!(error, TrustRegisterError::Changed { .. });
    let is_missing =
        |error: &TrustRegisterError| matches!(error, TrustRegisterError::Missing { .. });
    let table: [(Touch, Expected<'_>); 8] = [
        (|kept| drop(kept.files.remove("asean-trade-2.toml")), &is_missing),
        (|kept| kept.newest().file.push(b'\n'), &is_changed),
        (|kept| kept.newest().file = text(1, 2, &[1, 2]).into_bytes(), &is_changed),
        (|kept| kept.newest().signatures.clear(), &is_signature),
        (|kept| kept.newest().signatures = lines(&signed(b"x", &[1, 2])), &is_signature),
        (
            |kept| {
                let one = lines(&signed(&kept.newest().file.clone(), &[1, 1]));
                kept.newest().signatures = one;
            },
            &is_threshold,
        ),
        (|kept| kept.schemas.clear(), &is_missing),
        (|kept| kept.schemas.values_mut().for_each(|bytes| bytes.push(b' ')), &is_changed),
    ];
    for (number, (touch, expected)) in table.iter().enumerate() {
        let mut kept = Kept::new();
        touch(&mut kept);
        let errors = kept.load().unwrap_err();
        assert!(errors.len() == 1 && expected(&errors[0]), "{number}: {errors:?}");
    }
}

/// Somebody who writes to the directory and not with the maintainers' keys.
#[test]
fn a_register_that_was_made_to_fit_still_needs_the_signatures() {
    let forged = text(3, 1, &[9]);
    let mut kept = Kept::new();
    kept.put(3, &forged.replace("Chamber 9", "Chamber"), &[]);
    assert!(kept.load().is_err());
    // A file under the name of another revision.
    let mut kept = Kept::new();
    kept.put(3, &text(2, 2, &[1, 2]), &[1, 2]);
    let errors = kept.load().unwrap_err();
    assert!(matches!(errors[0], TrustRegisterError::Changed { .. }), "{errors:?}");
    assert!(TrustFile::read("x", &forged).is_ok());
}
