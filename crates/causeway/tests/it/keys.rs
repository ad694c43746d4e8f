//! `causeway keys`: what is shown, what is refused, and where a passphrase may come from.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::Value;

use super::{Home, Ran};

const PHRASE: &str = "correct horse battery";

/// The names of the keys in a state.
fn named(home: &Home, state: &str) -> Vec<String> {
    let list = home.run(&["keys", "list", "--json"]).json();
    let items = list["items"].as_array().unwrap().iter();
    let wanted = items.filter(|key| key["state"] == state);
    wanted.map(|key| key["key"].as_str().unwrap().to_owned()).collect()
}

fn secret_file(home: &Home, name: &str, text: &str, mode: u32) -> String {
    let path = home.write(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

fn check(ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
}

#[test]
fn a_new_node_has_a_key_for_each_purpose() {
    let home = Home::with_node();
    let active = named(&home, "active");
    assert_eq!(active.len(), 3);
    for (name, purpose) in active.iter().zip(["identity", "issuer", "access"]) {
        assert!(name.starts_with(purpose), "{name}");
    }
    for name in ["keys.sealed", "keys.machine-key", "keys.lock"] {
        let metadata = std::fs::metadata(home.path("data").join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let ran = home.run(&["init", "--force", "--participant-id", "urn:example:a"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(named(&home, "active"), active);
    let ran = home.run(&["keys", "list"]);
    assert_eq!(ran.stdout.lines().count(), 3);
    assert!(ran.stdout.starts_with(&format!("{}\tidentity\tES256\tactive\t2", active[0])));
}

#[test]
fn what_is_exported_is_public() {
    let home = Home::with_node();
    let set = home.run(&["keys", "export-public"]).json();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["crv", "kty", "x", "y", "kid", "alg", "use"]);
    }
    let one = home.run(&["keys", "export-public", "--purpose", "issuer"]).json();
    assert_eq!(one["keys"].as_array().unwrap().len(), 1);
    assert_eq!(one["keys"][0], keys[1]);
}

#[test]
fn a_key_is_replaced_with_an_overlap_or_at_once() {
    let home = Home::with_node();
    let old = named(&home, "active").remove(0);
    let next = home.run(&["keys", "rotate", "identity", "--json"]).json();
    assert_eq!(next["state"], "next");
    assert_ne!(next["until"], Value::Null);
    check(&home.run(&["keys", "rotate", "identity"]), 9, "is there already and next");
    let retired = home.run(&["keys", "retire", &old, "--json"]).json();
    assert_eq!((&retired["key"], &retired["state"]), (&old.as_str().into(), &"retired".into()));
    assert_eq!(named(&home, "next"), [""; 0]);
    check(&home.run(&["keys", "destroy", &old]), 9, "it is retired, expected one that nobody");
    check(&home.run(&["keys", "revoke", &old]), 2, "nobody is there to confirm it");
    let revoked = home.run(&["keys", "revoke", &old, "--yes", "--json"]).json();
    assert_eq!(revoked["state"], "revoked");
    check(&home.run(&["keys", "destroy", &old]), 0, "destroyed");
    check(&home.run(&["keys", "destroy", &old]), 8, "there is none of that name");

    let at_once = home.run(&["keys", "rotate", "access", "--now", "--algorithm", "EdDSA"]);
    assert!(at_once.stdout.contains("active") && at_once.stdout.contains("EdDSA"));
    assert_eq!(named(&home, "active").len(), 3);
    let soon = ["keys", "rotate", "issuer", "--set", "keys.overlap_hours=0", "--json"];
    assert_eq!(home.run(&soon).json()["state"], "active");
    check(&home.run(&["keys", "rotate", "both"]), 2, "expected identity, issuer or access");
    check(&home.run(&["keys", "make", "--algorithm", "RS256"]), 2, "expected ES256 or EdDSA");
}

#[test]
fn a_passphrase_comes_from_a_file_a_descriptor_or_systemd_and_not_from_the_environment() {
    let home = Home::with_node();
    let before = named(&home, "active");
    let phrase = secret_file(&home, "phrase", &format!("{PHRASE}\n"), 0o600);
    check(
        &home.run(&["keys", "passphrase", "--new-file", &phrase]),
        0,
        "the keys are locked by a passphrase now",
    );
    assert!(!home.path("data/keys.machine-key").exists());
    check(&home.run(&["keys", "list"]), 4, "they have a passphrase");

    let set = |file: &str| format!("keys.passphrase_file={file}");
    let listed = |ran: &Ran| ran.code == 0 && ran.stdout.lines().count() == 3;
    assert!(listed(&home.run(&["keys", "list", "--set", &set(&phrase)])));
    let wrong = secret_file(&home, "wrong", "incorrect horse battery", 0o600);
    check(&home.run(&["keys", "list", "--set", &set(&wrong)]), 4, "does not open it");
    let open = secret_file(&home, "open", PHRASE, 0o644);
    check(&home.run(&["keys", "list", "--set", &set(&open)]), 4, "found mode 644");
    check(&home.run(&["keys", "list", "--set", &set("/nowhere")]), 1, "read /nowhere");

    let args = ["keys", "list", "--set", "keys.passphrase_file=/dev/stdin"];
    let mut child = home
        .command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PHRASE.as_bytes()).unwrap();
    assert!(listed(&Ran::of(child.wait_with_output().unwrap())));

    std::fs::create_dir(home.path("credentials")).unwrap();
    secret_file(&home, "credentials/causeway-keys", PHRASE, 0o440);
    let credentials = home.path("credentials").display().to_string();
    let handed = [("CREDENTIALS_DIRECTORY", credentials.as_str())];
    assert!(listed(&home.run_with(&["keys", "list"], &handed)));

    for name in ["CAUSEWAY_KEYS__PASSPHRASE", "CAUSEWAY_PASSPHRASE"] {
        let ran = home.run_with(&["keys", "list"], &[(name, PHRASE)]);
        check(&ran, 2, name);
        assert!(!ran.stderr.contains(PHRASE), "{}", ran.stderr);
    }
    let args = ["keys", "passphrase", "--remove", "--set", &set(&phrase)];
    check(&home.run(&args), 0, "the keys are locked by a machine key now");
    assert_eq!(named(&home, "active"), before);
}

#[test]
fn a_node_can_have_a_passphrase_from_its_first_moment() {
    let home = Home::new();
    let short = secret_file(&home, "short", "short", 0o600);
    check(&home.run(&["init", "--passphrase-file", &short]), 2, "expected 12 to 1024 of UTF-8");
    let phrase = secret_file(&home, "phrase", PHRASE, 0o600);
    let ran = home.run(&["init", "--force", "--passphrase-file", "phrase"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!home.path("data/keys.machine-key").exists());
    assert_eq!(named(&home, "active").len(), 3);
    let shown = home.run(&["config", "show", "--json"]).json();
    assert_eq!(shown["keys"]["keys.passphrase_file"]["value"], phrase);
}

#[test]
fn the_keys_of_a_running_node_are_left_alone() {
    let home = Home::with_node();
    let lock = std::fs::File::open(home.path("data/keys.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    check(&home.run(&["keys", "list"]), 9, "another process has them open");
    drop(lock);
    assert_eq!(home.run(&["keys", "list"]).code, 0);
}

#[test]
fn lost_or_damaged_keys_are_not_replaced_by_new_ones() {
    let home = Home::with_node();
    let path = home.path("data/keys.sealed");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..100]).unwrap();
    check(&home.run(&["keys", "make"]), 7, "it is damaged");
    check(&home.run(&["init", "--force"]), 7, "it is damaged");
    assert_eq!(std::fs::read(&path).unwrap(), whole[..100]);
    std::fs::remove_file(&path).unwrap();
    check(&home.run(&["keys", "list"]), 8, "there are none");
}

#[test]
fn a_token_needs_all_that_it_is_reached_by() {
    let home = Home::with_node();
    let store = ["config", "check", "--set", "keys.store=pkcs11"];
    check(&home.run(&store), 2, "keys.store: found \"pkcs11\", expected file, or that");
    let pin = secret_file(&home, "pin", "1234", 0o600);
    let pin = format!("keys.pkcs11_pin_file={pin}");
    let (module, label) = ("keys.pkcs11_module=/nowhere.so", "keys.pkcs11_token=causeway");
    let reached = ["--set", "keys.store=pkcs11", "--set", module, "--set", label, "--set", &pin];
    let ran = home.run(&[&["config", "check"], &reached[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // Where nothing is known of a token, only `keys make` takes one.
    check(&home.run(&[&["keys", "list"], &reached[..]].concat()), 8, "there are none");
    let ran = home.run(&[&["keys", "make"], &reached[..]].concat());
    check(&ran, 6, "look into the token \"causeway\": load /nowhere.so");
    let both = ["--set", "keys.passphrase_file=phrase"];
    let ran = home.run(&[&["config", "check"], &reached[..], &both].concat());
    check(&ran, 2, "keys.passphrase_file: found");
}
