//! Installing packs: only what a trusted key signed, never back to older law, and nothing that was
//! changed afterwards is loaded.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;

use causeway_law::{
    Admission, AdmitError, Engine, InstalledPack, Interval, Outcome, PublicKey, Register,
    RegisterError, Signature, SignatureError, SigningKey, Stored,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::json;

const FACTS: &str = r#"
[[fact]]
name = "exporter.area"
kind = "area"
question = "From where?"
[[fact]]
name = "importer.area"
kind = "area"
question = "To where?"
[[fact]]
name = "data.personal"
kind = "flag"
question = "Is it about people?"
"#;

fn pack(known_from: &str, outcome: &str) -> String {
    format!(
        r#"[pack]
id = "aa"
title = "A land"
version = "{known_from}"
known_from = "{known_from}"
in_force = "2020-01-01"
status = "draft"
covers = ["AA", "BB"]
applies = 'exporter.area == "AA"'
otherwise = "permitted"
otherwise_because = "the law is about people"
[[source]]
key = "LAW"
title = "A law"
number = "Law 1"
[[rule]]
id = "aa.1"
stage = "trigger"
outcome = "{outcome}"
from = "2020-01-01"
when = "data.personal"
cite = ["LAW:1"]
text = "it needs something"
[[case]]
id = "people"
at = "2020-01-01"
facts = {{ "exporter.area" = "AA", "importer.area" = "BB", "data.personal" = true }}
expect = "{outcome}"
"#
    )
}

fn shipped() -> Engine {
    let first = pack("2026-01-01", "needs-mechanism");
    Engine::new(FACTS, [("aa.toml", first.as_str())]).unwrap_or_else(|error| panic!("{error}"))
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

fn trusted() -> Vec<PublicKey> {
    vec![key(1).public().clone(), key(2).public().clone()]
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn admit(engine: &Engine, text: &str) -> Result<Admission, AdmitError> {
    let signature = key(1).sign(text.as_bytes()).unwrap();
    engine.admit("new.toml", text.as_bytes(), &signature, &trusted(), now())
}

fn admitted(engine: &Engine, text: &str) -> InstalledPack {
    match admit(engine, text) {
        Ok(Admission::New(pack)) => pack,
        other => panic!("expected a new revision, found {other:?}"),
    }
}

#[test]
fn keys_and_signatures_read_back_as_they_are_written() {
    let key = key(1);
    let public = PublicKey::read(&key.public().to_text()).unwrap();
    assert_eq!(&public, key.public());
    let again = SigningKey::read(&key.to_secret_text()).unwrap();
    assert_eq!(again.public(), key.public());
    let signature = key.sign(b"a file").unwrap();
    assert_eq!(Signature::read(&signature.to_text()).unwrap(), signature);
    // The format is fixed: a line written once verifies for ever.
    assert_eq!(
        public.to_text(),
        "causeway-law-public-key-v1 34750f98bd59fcfc946da45aaabe933b \
         iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="
    );
    assert_eq!(
        signature.to_text(),
        "causeway-law-signature-v1 34750f98bd59fcfc946da45aaabe933b \
         L4rVAV0C6cfjDFBO/6vVlRNNtCqRK7uM/UJX7K80YA19RoDPtu8HA8CjVnguw62dZmc2kQ+ka+zh7JwsXdInAw=="
    );
    // The same file and key make the same line: Ed25519 has no randomness.
    assert_eq!(again.sign(b"a file").unwrap(), signature);
    let list = format!("# whom we trust\n\n{}\n", public.to_text());
    assert_eq!(PublicKey::read_all(&list).unwrap(), [public]);
}

#[test]
fn a_line_that_is_no_key_or_signature_is_refused() {
    let public = key(1).public().to_text();
    let other = key(2).public().to_text();
    let ids = (public.split(' ').nth(1).unwrap(), other.split(' ').nth(1).unwrap());
    let check = |text: &str, expected: &str| {
        let found = PublicKey::read(text).unwrap_err().to_string();
        assert!(found.ends_with(expected), "{text}: {found}");
    };
    check("", "expected three words");
    check(&public.replace("-v1", "-v2"), "the line is of another kind or version");
    check(&public.replace("public", "private"), "the line is of another kind or version");
    check(&public.replace(ids.0, ids.1), "the key id is not that of the key");
    check(&public.replace(ids.0, "xyz"), "expected a key id of 32 hexadecimal digits");
    check(&public[..public.len() - 3], "expected base64");
    check(&public[..public.len() - 4], "found another number of bytes");
    check(&format!("{public}{}", "A".repeat(600)), "the line is too long");
    assert!(PublicKey::read_all("# nobody").is_err());
    assert!(SigningKey::read(&public).is_err());
    let signature = key(1).sign(b"a").unwrap().to_text();
    assert!(Signature::read(&signature.replace('=', "")).is_err());
    assert!(PublicKey::read(&signature).is_err());
}

#[test]
fn only_this_file_signed_by_a_trusted_key_verifies() {
    let (file, trusted) = (b"a file", trusted());
    let signature = key(1).sign(file).unwrap();
    assert_eq!(signature.verify(file, &trusted).unwrap(), key(1).public());
    let changed = signature.verify(b"b file", &trusted);
    assert_eq!(changed, Err(SignatureError::Invalid { key: signature.key.clone() }));
    let stranger = key(3).sign(file).unwrap();
    let unknown = stranger.verify(file, &trusted);
    assert_eq!(unknown, Err(SignatureError::UnknownKey { key: stranger.key.clone() }));
    // Somebody else's signature under the name of a trusted key.
    let (mine, theirs) = (signature.to_text(), stranger.to_text());
    let forged =
        format!("{} {}", mine.rsplit_once(' ').unwrap().0, theirs.rsplit_once(' ').unwrap().1);
    let forged = Signature::read(&forged).unwrap().verify(file, &trusted);
    assert!(matches!(forged, Err(SignatureError::Invalid { .. })));
}

#[test]
fn a_newer_revision_is_admitted_and_the_older_one_still_replays() {
    let new = admitted(&shipped(), &pack("2026-06-01", "needs-authority-approval"));
    assert_eq!(new.revision().signer, *key(1).public());
    assert_eq!(new.revision().installed_at, now());
    let engine = shipped().with_installed([new]).unwrap();
    let facts = json!({ "exporter.area": "AA", "importer.area": "BB", "data.personal": true });
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let at = |known_at: Date| engine.check(&facts, date(2026, 7, 1), known_at);
    assert_eq!(at(date(2026, 5, 31)), Interval::of(Outcome::NeedsMechanism));
    assert_eq!(at(date(2026, 6, 1)), Interval::of(Outcome::NeedsAuthorityApproval));
    let decision = engine.decide(&facts, date(2026, 7, 1), date(2026, 5, 31));
    assert_eq!(decision.packs[0].pack.version, "2026-01-01");
}

#[test]
fn nothing_is_installed_over_newer_law_nor_twice_for_one_day() {
    let second = pack("2026-06-01", "needs-authority-approval");
    let new = admitted(&shipped(), &second);
    let engine = shipped().with_installed([new.clone()]).unwrap();
    let refused = |text: &str| admit(&engine, text).unwrap_err().to_string();
    let between = refused(&pack("2026-03-01", "needs-mechanism"));
    assert!(between.contains("law is not rolled back"), "{between}");
    let before = refused(&pack("2025-03-01", "needs-mechanism"));
    assert!(before.contains("known from 2026-06-01"), "{before}");
    let twin = refused(&pack("2026-06-01", "needs-mechanism"));
    assert!(twin.contains("a revision of that day is there and has other bytes"), "{twin}");
    // The very same bytes, installed or shipped: nothing happens.
    assert!(matches!(admit(&engine, &second), Ok(Admission::Same)));
    let first = pack("2026-01-01", "needs-mechanism");
    assert!(matches!(admit(&engine, &first), Ok(Admission::Same)));
    // A later program that ships the installed revision has it once.
    let again = engine.with_installed([new]).unwrap();
    assert_eq!(again.packs().len(), 2);
}

#[test]
fn what_nobody_trusted_signed_is_not_even_read() {
    let text = "this is no pack";
    let stranger = key(3).sign(text.as_bytes()).unwrap();
    let refused = shipped().admit("new.toml", text.as_bytes(), &stranger, &trusted(), now());
    assert!(matches!(refused, Err(AdmitError::Signature(SignatureError::UnknownKey { .. }))));
    let signature = key(1).sign(b"another text").unwrap();
    let refused = shipped().admit("new.toml", text.as_bytes(), &signature, &trusted(), now());
    assert!(matches!(refused, Err(AdmitError::Signature(SignatureError::Invalid { .. }))));
    let refused = admit(&shipped(), text).unwrap_err();
    assert!(matches!(refused, AdmitError::Pack(_)), "{refused}");
}

#[test]
fn a_pack_whose_cases_fail_or_that_changes_its_role_is_not_installed() {
    let wrong = pack("2026-06-01", "needs-mechanism");
    let wrong = wrong.replace("expect = \"needs-mechanism\"", "expect = \"permitted\"");
    let refused = admit(&shipped(), &wrong).unwrap_err().to_string();
    assert!(
        refused.contains("case people: found needs-mechanism, expected permitted"),
        "{refused}"
    );
    let house = pack("2026-06-01", "needs-mechanism")
        .replace("covers = [\"AA\", \"BB\"]", "role = \"organisation\"")
        .replace(
            "otherwise = \"permitted\"\notherwise_because = \"the law is about people\"\n",
            "",
        );
    let refused = admit(&shipped(), &house).unwrap_err().to_string();
    assert!(refused.contains("found the role organisation, expected law"), "{refused}");
    let clash = pack("2026-06-01", "needs-mechanism").replace("id = \"aa\"", "id = \"bb\"");
    let refused = admit(&shipped(), &clash).unwrap_err().to_string();
    assert!(refused.contains("found the rule aa.1 in aa too"), "{refused}");
}

/// A register of two revisions, and the files beside it.
fn stored() -> (Register, HashMap<String, Stored>) {
    let mut register = Register::default();
    let mut files = HashMap::new();
    let mut engine = shipped();
    for (day, outcome) in
        [("2026-03-01", "needs-authority-approval"), ("2026-06-01", "needs-mechanism")]
    {
        let text = pack(day, outcome);
        let new = admitted(&engine, &text);
        let signature = key(1).sign(text.as_bytes()).unwrap().to_text() + "\n";
        files.insert(new.revision().file_name(), Stored { file: text.into_bytes(), signature });
        assert!(register.add(new.revision().clone()));
        engine = engine.with_installed([new]).unwrap();
    }
    (register, files)
}

#[test]
fn a_register_reads_back_and_loads_what_it_lists() {
    let (register, files) = stored();
    let text = register.to_text().unwrap();
    let again = Register::read(&text).unwrap();
    assert_eq!(again, register);
    let packs = again.load(|revision| files.get(&revision.file_name()).cloned()).unwrap();
    let engine = shipped().with_installed(packs).unwrap();
    assert_eq!(engine.packs().len(), 3);
    assert_eq!(Register::read(&Register::default().to_text().unwrap()).unwrap().revisions(), []);
}

#[test]
fn a_file_that_is_missing_swapped_or_signed_by_another_is_named_and_nothing_is_loaded() {
    let (register, files) = stored();
    let (first, second) = ("aa-2026-03-01.toml", "aa-2026-06-01.toml");
    let errors = |change: &dyn Fn(&mut HashMap<String, Stored>)| {
        let mut files = files.clone();
        change(&mut files);
        register.load(|revision| files.get(&revision.file_name()).cloned()).unwrap_err()
    };
    let missing = errors(&|files| drop(files.remove(first)));
    assert_eq!(missing, [RegisterError::Missing { file: first.to_owned() }]);
    // The older revision, signature and all, in the place of the newer one.
    let swapped = errors(&|files| {
        let old = files[first].clone();
        files.insert(second.to_owned(), old);
    });
    assert!(matches!(&swapped[..], [RegisterError::Changed { file, .. }] if file == second));
    let edited = errors(&|files| files.get_mut(second).unwrap().file.push(b'\n'));
    assert!(matches!(&edited[..], [RegisterError::Changed { .. }]));
    let resigned = errors(&|files| {
        let stored = files.get_mut(second).unwrap();
        stored.signature = key(2).sign(&stored.file).unwrap().to_text();
    });
    assert!(matches!(&resigned[..], [RegisterError::Signature { .. }]), "{resigned:?}");
    // Whoever changes the file and its hash in the register still lacks the key.
    let text = register.to_text().unwrap();
    let forged = pack("2026-06-01", "needs-authority-approval").replace("A land", "B land");
    let hash = |text: &str| {
        let engine = Engine::new(FACTS, [("aa.toml", text)]).unwrap();
        engine.packs()[0].sha256.clone()
    };
    let old = hash(std::str::from_utf8(&files[second].file).unwrap());
    let register = Register::read(&text.replace(&old, &hash(&forged))).unwrap();
    let mut files = files;
    files.get_mut(second).unwrap().file = forged.into_bytes();
    let errors = register.load(|revision| files.get(&revision.file_name()).cloned()).unwrap_err();
    assert!(matches!(&errors[..], [RegisterError::Signature { .. }]), "{errors:?}");
}

#[test]
fn a_register_that_was_tampered_with_is_refused() {
    let (register, _) = stored();
    let text = register.to_text().unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        let found = Register::read(&changed).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    };
    check("version = 1", "version = 2", "found version 2, expected 1");
    check("id = \"aa\"", "id = \"../aa\"", "expected that of a pack");
    check("known_from = \"2026-03-01\"", "known_from = \"2026-07-01\"", "not newer than the one");
    check("installed_at = \"2026", "installed_at = \"soon", "installed_at cannot be read");
    check("[[revision]]", "[[revisions]]", "unknown field");
}
