//! The file on disk: that it shows nothing, and that nothing but the right one is opened.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;
use crate::unlock::Passphrase;
use crate::{Purpose, Rotation};

const PHRASE: &str = "correct horse battery";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
}

fn phrase(text: &str) -> Unlock {
    Unlock::Passphrase(Passphrase::new(Zeroizing::new(text.to_owned())).unwrap())
}

/// A directory with a store that has one key of each purpose.
async fn made(unlock: &Unlock) -> (TempDir, Vec<KeyRecord>) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::create(directory.path(), unlock).unwrap();
    store.ensure(&Purpose::ALL[..2], Algorithm::Es256, now()).await.unwrap();
    store.ensure(&Purpose::ALL, Algorithm::EdDsa, now()).await.unwrap();
    (directory, store.list())
}

fn opened(directory: &TempDir, unlock: &Unlock) -> Result<Vec<KeyRecord>, String> {
    match FileStore::open(directory.path(), unlock) {
        Ok(store) => Ok(store.list()),
        Err(fault) => {
            let text = fault.to_string().replace(&directory.path().display().to_string(), "DIR");
            Err(text.lines().next().unwrap_or_default().to_owned())
        }
    }
}

#[tokio::test]
async fn no_private_byte_is_found_in_a_file_or_in_an_error() {
    for unlock in [Unlock::MachineKey, phrase(PHRASE)] {
        let (directory, _) = made(&unlock).await;
        let store = FileStore::open(directory.path(), &unlock).unwrap();
        let mut secrets = vec![PHRASE.as_bytes().to_vec(), PHRASE.as_bytes()[..8].to_vec()];
        for held in store.shared.keys().held.values() {
            let text = held.pair.private().unwrap();
            let pkcs8 = STANDARD.decode(text.as_str()).unwrap();
            // Where the number itself stands in the two forms.
            let start = if matches!(held.pair, Pair::Ecdsa(_)) { 36 } else { 16 };
            secrets.extend(pkcs8[start..start + 32].windows(8).map(<[u8]>::to_vec));
            let text = &text.as_bytes()[start * 4 / 3 + 1..(start + 32) * 4 / 3];
            secrets.extend(text.windows(12).map(<[u8]>::to_vec));
        }
        let mut shown = format!("{:?}", store.list());
        let key = store.list().remove(0).name;
        for result in [
            store.revoke(&key, now()).await.map(drop),
            store.destroy(&key, now()).await,
            FileStore::open(directory.path(), &unlock).map(drop),
        ] {
            let fault = result.unwrap_err();
            shown.push_str(&format!("{fault} {fault:?}"));
        }
        drop(store);
        for wrong in [Unlock::MachineKey, phrase("incorrect horse battery")] {
            if let Err(fault) = FileStore::open(directory.path(), &wrong) {
                shown.push_str(&format!("{fault} {fault:?}"));
            }
        }
        let file = fs::read(directory.path().join(FILE)).unwrap();
        let decoded = file.split(|byte| *byte == b'\n').nth(1).unwrap();
        let decoded = STANDARD.decode(decoded).unwrap();
        for secret in &secrets {
            for text in [&file, &decoded, shown.as_bytes()] {
                assert!(!text.windows(secret.len()).any(|window| window == *secret));
            }
        }
        // The search itself finds what is there.
        assert!(secrets[0].windows(8).any(|window| window == secrets[1]));
    }
}

#[tokio::test]
async fn files_of_keys_are_for_their_owner_only() {
    let (directory, _) = made(&Unlock::MachineKey).await;
    for name in [FILE, unlock::MACHINE_KEY] {
        let path = directory.path().join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let text = opened(&directory, &Unlock::MachineKey).unwrap_err();
            assert!(text.starts_with(&format!("read DIR/{name}: found mode {mode:03o}")), "{text}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    opened(&directory, &Unlock::MachineKey).unwrap();
}

#[tokio::test]
async fn the_wrong_secret_opens_nothing_and_changes_nothing() {
    let (directory, keys) = made(&phrase(PHRASE)).await;
    let before = fs::read(directory.path().join(FILE)).unwrap();
    let check = |unlock: Unlock, expected: &str| {
        assert_eq!(opened(&directory, &unlock).unwrap_err(), expected);
        assert_eq!(fs::read(directory.path().join(FILE)).unwrap(), before);
    };
    check(
        phrase("correct horse batterx"),
        "unlock DIR/keys.sealed: the passphrase does not open it",
    );
    check(
        Unlock::MachineKey,
        "unlock DIR/keys.sealed: it is locked by a passphrase, and none was given",
    );
    assert_eq!(opened(&directory, &phrase(PHRASE)).unwrap(), keys);
    assert!(!directory.path().join(unlock::MACHINE_KEY).exists());
    assert_eq!(FileStore::look(directory.path()).unwrap(), Some(Protection::Passphrase));
    match FileStore::create(directory.path(), &Unlock::MachineKey) {
        Err(KeyFault::Present { .. }) => {}
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn every_flipped_or_missing_byte_is_noticed() {
    let (directory, keys) = made(&Unlock::MachineKey).await;
    let path = directory.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let damaged = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let text = opened(&directory, &Unlock::MachineKey).unwrap_err();
        assert!(text.starts_with("read DIR/keys.sealed: it is damaged: "), "{text}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was written");
    };
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        damaged(&bytes);
    }
    for length in (0..whole.len()).step_by(7) {
        damaged(&whole[..length]);
    }
    damaged(&[whole.as_slice(), b"\n"].concat());
    fs::write(&path, &whole).unwrap();
    assert_eq!(opened(&directory, &Unlock::MachineKey).unwrap(), keys);
}

/// Whoever changes a file on purpose makes its sum right as well.
#[tokio::test]
async fn a_file_that_was_changed_on_purpose_is_not_opened() {
    let (directory, _) = made(&phrase(PHRASE)).await;
    let path = directory.path().join(FILE);
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let check = |head: &str, body: &str, expected: &str| {
        let text = format!("{head}\n{body}\n");
        let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(&path, format!("{text}{sum}\n")).unwrap();
        assert_eq!(opened(&directory, &phrase(PHRASE)).unwrap_err(), expected);
    };
    let refused = "unlock DIR/keys.sealed: the passphrase does not open it";
    let mut body = STANDARD.decode(lines[1]).unwrap();
    body[40] ^= 1;
    check(lines[0], &STANDARD.encode(&body), refused);
    check(&lines[0].replace("\"passes\":3", "\"passes\":2"), lines[1], refused);
    check(&lines[0].replace("{\"format\"", "{ \"format\""), lines[1], refused);
    let work = "read DIR/keys.sealed: it is damaged: it asks for too much work";
    check(&lines[0].replace("\"passes\":3", "\"passes\":4000000"), lines[1], work);
    check(&lines[0].replace("65536", "4000000000"), lines[1], work);
    let newer = "read DIR/keys.sealed: found format 2, expected at most 1";
    check(&lines[0].replace("\"version\":1", "\"version\":2"), "anything", newer);
    let none = "read DIR/keys.sealed: it is damaged: its first line is none of ours";
    check(&lines[0].replace("causeway-keys", "causeway-kegs"), lines[1], none);
}

#[tokio::test]
async fn a_write_that_did_not_end_leaves_the_old_keys() {
    let (directory, keys) = made(&Unlock::MachineKey).await;
    let draft = disk::draft(&directory.path().join(FILE));
    fs::write(&draft, "the beginning of").unwrap();
    assert_eq!(opened(&directory, &Unlock::MachineKey).unwrap(), keys);
    assert!(!draft.exists());
    // A write that fails changes nothing, here or on disk: a directory is in its way.
    let store = FileStore::open(directory.path(), &Unlock::MachineKey).unwrap();
    fs::create_dir(&draft).unwrap();
    let rotated = store.rotate(Purpose::Identity, Rotation::of(Purpose::Identity), now()).await;
    assert!(matches!(rotated, Err(KeyFault::Io { .. })));
    assert_eq!(store.list(), keys);
    store.sign(&keys[0].name, b"message").await.unwrap();
    fs::remove_dir(&draft).unwrap();
    store.rotate(Purpose::Identity, Rotation::of(Purpose::Identity), now()).await.unwrap();
    drop(store);
    assert_eq!(opened(&directory, &Unlock::MachineKey).unwrap().len(), keys.len() + 1);
}

#[tokio::test]
async fn a_store_is_locked_in_another_way_without_losing_a_key() {
    let (directory, keys) = made(&Unlock::MachineKey).await;
    let store = FileStore::open(directory.path(), &Unlock::MachineKey).unwrap();
    store.relock(&phrase(PHRASE)).unwrap();
    assert_eq!(store.protection(), Protection::Passphrase);
    drop(store);
    assert!(!directory.path().join(unlock::MACHINE_KEY).exists());
    assert!(opened(&directory, &Unlock::MachineKey).is_err());
    assert_eq!(opened(&directory, &phrase(PHRASE)).unwrap(), keys);
    let store = FileStore::open(directory.path(), &phrase(PHRASE)).unwrap();
    store.relock(&phrase("another long passphrase")).unwrap();
    drop(store);
    assert!(opened(&directory, &phrase(PHRASE)).is_err());
    let store = FileStore::open(directory.path(), &phrase("another long passphrase")).unwrap();
    store.relock(&Unlock::MachineKey).unwrap();
    drop(store);
    assert_eq!(opened(&directory, &Unlock::MachineKey).unwrap(), keys);
}

#[tokio::test]
async fn a_store_without_its_machine_key_says_what_is_missing() {
    let (directory, _) = made(&Unlock::MachineKey).await;
    let path = directory.path().join(unlock::MACHINE_KEY);
    let key = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(
        opened(&directory, &Unlock::MachineKey).unwrap_err(),
        "unlock DIR/keys.sealed: it is locked by a machine key, and none was given"
    );
    let (other, _) = made(&Unlock::MachineKey).await;
    fs::copy(other.path().join(unlock::MACHINE_KEY), &path).unwrap();
    assert_eq!(
        opened(&directory, &Unlock::MachineKey).unwrap_err(),
        "unlock DIR/keys.sealed: the machine key does not open it"
    );
    fs::write(&path, &key[..20]).unwrap();
    assert_eq!(
        opened(&directory, &Unlock::MachineKey).unwrap_err(),
        "read DIR/keys.machine-key: it is damaged: it is no machine key"
    );
    fs::write(&path, &key).unwrap();
    opened(&directory, &Unlock::MachineKey).unwrap();
}

#[tokio::test]
async fn the_private_half_of_a_retired_key_is_gone() {
    let (directory, keys) = made(&Unlock::MachineKey).await;
    let store = FileStore::open(directory.path(), &Unlock::MachineKey).unwrap();
    store.rotate(Purpose::Identity, Rotation::of(Purpose::Identity), now()).await.unwrap();
    store.retire(&keys[0].name, now()).await.unwrap();
    assert!(!store.shared.keys().held.contains_key(&keys[0].name));
    drop(store);
    let bytes = fs::read(directory.path().join(FILE)).unwrap();
    let sealed = Sealed::read(Path::new("x"), &bytes).unwrap();
    let (content, _) = sealed.open(directory.path(), &Unlock::MachineKey).unwrap();
    let content: serde_json::Value = serde_json::from_slice(&content).unwrap();
    let privates: Vec<bool> = content["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.get("private").is_some())
        .collect();
    assert_eq!(privates, [false, true, true, true]);
}

#[test]
fn passphrases_are_one_line_of_a_sensible_length() {
    let check = |text: &str, expected: Option<&str>| {
        let read = Passphrase::new(Zeroizing::new(text.to_owned()));
        let found = read.as_ref().ok().map(|phrase| phrase.as_bytes());
        assert_eq!(found, expected.map(str::as_bytes), "{text:?}");
    };
    check("correct horse battery\n", Some(PHRASE));
    check("correct horse battery\r\n", Some(PHRASE));
    check(" correct horse battery ", Some(" correct horse battery "));
    check("密码密码密码", Some("密码密码密码"));
    check("too short", None);
    check("", None);
    check("two lines of\ntext are no passphrase", None);
    check(&"x".repeat(1025), None);
}
