//! Trust files as maintainers and operators use them: keys, signatures, the first file, the next
//! one, an issuer that is struck off while the node runs, and files that somebody else touched.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::support::{Node, Setup, free_ports};
use super::{Home, Ran};

fn ok(home: &Home, args: &[&str]) -> Ran {
    let ran = home.run(args);
    assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.stdout, ran.stderr);
    ran
}

fn refused(ran: &Ran, code: i32, text: &str) {
    assert_eq!(ran.code, code, "{}", ran.stderr);
    assert!(ran.stderr.contains(text), "{}", ran.stderr);
}

/// A trust file with three maintainers, of whom two have to sign, and these issuers.
fn text(home: &Home, sequence: u64, issuers: &[&str]) -> String {
    let mut text = format!(
        "[trust]\ndataspace = \"asean-trade\"\ntitle = \"Trade of Southeast Asia\"\n\
         sequence = {sequence}\nvalid_from = \"2026-01-01\"\nvalid_until = \"2099-01-01\"\n\
         threshold = 2\nsuites = [\"ES256\", \"EdDSA\"]\n"
    );
    for name in ["jakarta", "bangkok", "hanoi"] {
        let key = std::fs::read_to_string(home.path(&format!("{name}.key.pub"))).unwrap();
        text += &format!("\n[[maintainer]]\nname = \"{name}\"\nkey = \"{}\"\n", key.trim());
    }
    for issuer in issuers {
        text += &format!(
            "\n[[issuer]]\ndid = \"did:web:{issuer}.example\"\nname = \"{issuer}\"\n\
             types = [\"MembershipCredential\", \"LegalParticipantCredential\"]\n\
             jurisdictions = [\"SG\"]\n"
        );
    }
    text
}

/// Keys of three maintainers and a stranger, a node's directory, and a file that two signed.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("node")).unwrap();
    for name in ["jakarta", "bangkok", "hanoi", "stranger"] {
        ok(&home, &["trust", "key", &format!("{name}.key")]);
    }
    home.write("one.toml", &text(&home, 1, &["chamber", "guild"]));
    sign(&home, "one.toml", &["jakarta", "bangkok"]);
    home
}

fn sign(home: &Home, file: &str, by: &[&str]) {
    for name in by {
        ok(home, &["trust", "sign", file, "--key", &format!("{name}.key")]);
    }
}

fn install(home: &Home, file: &str, more: &[&str]) -> Ran {
    home.run(&[&["trust", "install", file, "--dir", "node", "--json"], more].concat())
}

fn first(home: &Home) -> Ran {
    install(home, "one.toml", &["--key", "jakarta.key.pub", "--key", "bangkok.key.pub"])
}

fn issuers(document: &Value) -> Vec<String> {
    let issuers = document["items"][0]["issuers"].as_array().into_iter().flatten();
    issuers.map(|issuer| issuer["name"].as_str().unwrap().to_owned()).collect()
}

fn listed(home: &Home) -> Value {
    ok(home, &["trust", "list", "--dir", "node", "--json"]).json()
}

#[test]
fn a_maintainer_s_private_key_is_for_its_owner_only_and_never_shown() {
    let home = home();
    let metadata = std::fs::metadata(home.path("jakarta.key")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let again = home.run(&["trust", "key", "jakarta.key"]);
    refused(&again, 9, "it is already there");
    let secret = std::fs::read_to_string(home.path("jakarta.key")).unwrap();
    let secret = secret.trim().rsplit(' ').next().unwrap();
    let signed = ok(&home, &["trust", "sign", "one.toml", "--key", "jakarta.key", "--json"]);
    assert_eq!(signed.json()["signatures"], 2);
    for said in [again, signed, first(&home)] {
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret));
    }
    // A key for rule packs signs no trust file, and the other way round.
    ok(&home, &["law", "key", "lawyer.key"]);
    let ran = home.run(&["trust", "sign", "one.toml", "--key", "lawyer.key"]);
    refused(&ran, 2, "the line is of another kind or version");
}

#[test]
fn the_first_file_needs_keys_that_came_another_way() {
    let home = home();
    refused(&install(&home, "one.toml", &[]), 4, "expected keys to recognise it by");
    let ran = install(&home, "one.toml", &["--key", "stranger.key.pub"]);
    refused(
        &ran,
        4,
        "found 0 signatures of the keys that it is recognised by, expected at least 1",
    );
    let keys = ["--key", "jakarta.key.pub", "--key", "hanoi.key.pub"];
    refused(&install(&home, "one.toml", &keys), 4, "found 1 signatures");
    let ran = install(&home, "one.toml", &[&keys[..], &["--threshold", "3"]].concat());
    refused(&ran, 2, "found a threshold of 3 with 2 keys");
    assert!(!home.path("node/trust/register.toml").exists());
    assert_eq!(listed(&home), json!({ "items": [] }));

    let line = std::fs::read_to_string(home.path("jakarta.key.pub")).unwrap();
    let keys = ["--key", line.trim(), "--key", "hanoi.key.pub", "--threshold", "1"];
    let ran = install(&home, "one.toml", &keys);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said = ran.json();
    assert_eq!((&said["installed"], &said["node_goes_by_it"]), (&true.into(), &false.into()));
    assert_eq!(said["signers"].as_array().unwrap().len(), 2);
    assert_eq!(install(&home, "one.toml", &[]).json()["installed"], false);
    assert_eq!(issuers(&listed(&home)), ["chamber", "guild"]);
    let shown = ok(&home, &["trust", "show", "--dir", "node", "--json"]).json();
    assert_eq!((&shown["threshold"], &shown["counts"]), (&2.into(), &true.into()));
    assert_eq!(shown["revisions"][0]["sequence"], 1);
    let ran = home.run(&["trust", "show", "gulf", "--dir", "node"]);
    refused(&ran, 8, "there is no trust file of \"gulf\"");
}

#[test]
fn the_next_file_follows_the_one_before_it() {
    let home = home();
    assert_eq!(first(&home).code, 0);
    home.write("two.toml", &text(&home, 2, &["chamber"]));
    refused(&install(&home, "two.toml", &[]), 8, "two.toml.sig: there is no such file");
    sign(&home, "two.toml", &["hanoi", "stranger"]);
    let keys = ["--key", "stranger.key.pub"];
    refused(&install(&home, "two.toml", &keys), 4, "found 1 signatures of the maintainers");
    sign(&home, "two.toml", &["jakarta"]);
    let ran = home.run(&["trust", "verify", "two.toml", "--against", "one.toml", "--json"]);
    assert_eq!((ran.code, &ran.json()["verified_by"]), (0, &"the file before it".into()));
    assert_eq!(install(&home, "two.toml", &[]).code, 0);
    assert_eq!(issuers(&listed(&home)), ["chamber"]);

    refused(&first(&home), 9, "trust is not rolled back");
    home.write("twin.toml", &text(&home, 2, &["chamber", "guild"]));
    sign(&home, "twin.toml", &["jakarta", "bangkok"]);
    refused(&install(&home, "twin.toml", &[]), 9, "another file with the sequence 2 is in force");
    home.write("three.toml", &text(&home, 3, &["chamber"]));
    sign(&home, "three.toml", &["jakarta", "bangkok"]);
    home.write("three.toml", &text(&home, 3, &["chamber", "guild"]));
    refused(&install(&home, "three.toml", &[]), 7, "it is not one of this file by key");
    // Signing again puts the signatures of the draft away.
    sign(&home, "three.toml", &["bangkok"]);
    refused(&install(&home, "three.toml", &[]), 4, "found 1 signatures");
    sign(&home, "three.toml", &["jakarta"]);
    assert_eq!(install(&home, "three.toml", &[]).code, 0);
    let ran = home.run(&["trust", "install", "three.toml", "--dir", "nowhere"]);
    refused(&ran, 8, "there is no such directory");
}

#[test]
fn what_is_no_trust_file_is_neither_signed_nor_installed() {
    let home = home();
    let broken = text(&home, 4, &["chamber"]).replace("[\"SG\"]", "[\"Singapore\"]");
    home.write("broken.toml", &broken.replace("threshold = 2", "threshold = 4"));
    let ran = home.run(&["trust", "sign", "broken.toml", "--key", "jakarta.key"]);
    refused(&ran, 1, "expected a legal area");
    refused(&ran, 1, "--> broken.toml:7:13");
    assert!(!home.path("broken.toml.sig").exists());
    std::fs::copy(home.path("one.toml.sig"), home.path("broken.toml.sig")).unwrap();
    let ran = install(&home, "broken.toml", &["--key", "jakarta.key.pub"]);
    refused(&ran, 1, "with 3 maintainers");
    home.write("later.toml", &text(&home, 1, &["chamber"]).replace("2026-01-01", "2098-01-01"));
    sign(&home, "later.toml", &["jakarta", "bangkok"]);
    let ran = install(&home, "later.toml", &["--key", "jakarta.key.pub"]);
    refused(&ran, 9, "begins at 2098-01-01T00:00:00Z; install it then");
}

/// A trust file that names a schema.
fn schema_file(home: &Home, digest: &str) -> String {
    text(home, 1, &["chamber"])
        + &format!(
            "\n[[schema]]\nid = \"https://asean.example/member\"\nsha256 = \"{digest}\"\n\
             file = \"member.json\"\n"
        )
}

#[test]
fn schemas_are_installed_with_the_file_that_names_them() {
    let home = home();
    // SHA-256 of `{}`.
    let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    home.write("one.toml", &schema_file(&home, digest));
    sign(&home, "one.toml", &["jakarta", "bangkok"]);
    refused(&first(&home), 8, "member.json: there is no such file");
    home.write("member.json", "[]");
    refused(&first(&home), 7, "found other bytes than expected");
    home.write("member.json", "{}");
    assert_eq!(first(&home).code, 0);
    // The text of a schema, not its digest, says whether it can be used.
    for (schema, reason) in [
        (r#"{"$ref":"https://evil.example/schema.json"}"#, "outside the file"),
        (r##"{"not":{"$ref":"#"}}"##, "no circles"),
        (r#"{"pattern":"(a{1000}){1000}"}"#, "compile a schema"),
    ] {
        let home = self::home();
        home.write("member.json", schema);
        home.write("one.toml", &schema_file(&home, &causeway_seal::sha256(schema.as_bytes())));
        sign(&home, "one.toml", &["jakarta", "bangkok"]);
        refused(&first(&home), 1, reason);
        assert!(!home.run(&["trust", "list", "--dir", "node"]).stdout.contains("chamber"));
    }
    home.write(&format!("node/trust/schema-{digest}.json"), "[]");
    let ran = home.run(&["trust", "list", "--dir", "node"]);
    refused(&ran, 7, "found other bytes than those that were installed");
}

#[test]
fn an_installed_file_that_was_swapped_or_lost_is_found_before_anybody_is_believed() {
    let home = home();
    assert_eq!(first(&home).code, 0);
    let list = || home.run(&["trust", "list", "--dir", "node"]);
    let file = "node/trust/asean-trade-1.toml";
    let good = std::fs::read_to_string(home.path(file)).unwrap();
    home.write(file, &good.replace("did:web:guild", "did:web:thief"));
    refused(&list(), 7, "found other bytes than those that were installed");
    home.write(file, &good);
    assert_eq!(list().code, 0);
    home.write("node/trust/asean-trade-1.toml.sig", "forged");
    refused(&list(), 7, "expected three words");
    std::fs::remove_file(home.path(file)).unwrap();
    refused(&list(), 7, "it is missing");
    home.write("two.toml", &text(&home, 2, &["chamber"]));
    sign(&home, "two.toml", &["jakarta", "bangkok"]);
    refused(&install(&home, "two.toml", &[]), 7, "it is missing");
}

#[tokio::test]
async fn a_node_that_runs_stops_believing_an_issuer_that_is_struck_off() {
    let home = home();
    let [port] = free_ports();
    let more = format!(
        "[trust]\nkeys_file = \"{}\"\n[identity]\nmode = \"shared-secret\"\n",
        home.path("pins").display()
    );
    let key = |name: &str| std::fs::read_to_string(home.path(&format!("{name}.key.pub"))).unwrap();
    home.write("pins", &format!("# from the founding assembly\n{}", key("jakarta")));
    let setup = Setup { short: "node", port, peers: Vec::new(), more };
    let mut node = Node::make(home.0.path(), &setup);
    node.start().await;
    let api = node.api();
    let trust = async || api.get("/trust").await;
    assert_eq!(trust().await, json!({ "items": [] }));

    let config = home.path("node/causeway.toml").display().to_string();
    let install = |file: &str| home.run(&["trust", "install", file, "--config", &config, "--json"]);
    let ran = install("one.toml");
    assert_eq!((ran.code, &ran.json()["node_goes_by_it"]), (0, &true.into()), "{}", ran.stderr);
    assert_eq!(issuers(&trust().await), ["chamber", "guild"]);
    let old = home.path("old");
    copy(&home.path("node/data/trust"), &old);

    home.write("two.toml", &text(&home, 2, &["chamber"]));
    sign(&home, "two.toml", &["hanoi", "bangkok"]);
    assert_eq!(install("two.toml").code, 0);
    assert_eq!(issuers(&trust().await), ["chamber"]);

    // Whoever puts the older directory back does not make the running node believe the guild.
    copy(&old, &home.path("node/data/trust"));
    let ran = install("one.toml");
    refused(&ran, 9, "trust is not rolled back");
    assert_eq!(issuers(&trust().await), ["chamber"]);

    // A node does not start with trust files that are not whole.
    node.terminate();
    std::fs::remove_file(home.path("node/data/trust/asean-trade-1.toml")).unwrap();
    let serve = home.run(&["serve", "--config", &config]);
    refused(&serve, 7, "it is missing");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
