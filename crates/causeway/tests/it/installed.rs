//! Signed rule packs as an operator uses them: keys, signatures, installing, and what is found when
//! somebody else touched the files.

use std::os::unix::fs::PermissionsExt as _;

use super::{Home, Ran};

/// Rules of an organisation, known from a day on.
fn house(known_from: &str, text: &str) -> String {
    format!(
        r#"[pack]
id = "house"
title = "Our own rules"
version = "{known_from}"
known_from = "{known_from}"
status = "checked"
role = "organisation"
applies = 'importer.area == "KE"'

[[source]]
key = "RULE"
title = "Board resolution"
number = "Resolution 7"

[[rule]]
id = "house.employees"
stage = "prohibition"
from = "2026-01-01"
when = "data.hr"
cite = ["RULE:1"]
text = "{text}"

[[case]]
id = "employees"
at = "2026-01-01"
facts = {{ "exporter.area" = "DE", "importer.area" = "KE", "data.hr" = true }}
expect = "prohibited"
because = ["house.employees"]
"#
    )
}

/// A home with two pairs of keys, of which the first is trusted, a node's directory, and a signed
/// pack.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("node")).unwrap();
    ok(&home, &["law", "key", "lawyer.key"]);
    ok(&home, &["law", "key", "stranger.key"]);
    let public = std::fs::read_to_string(home.path("lawyer.key.pub")).unwrap();
    home.write("trusted", &format!("# our lawyer\n{public}"));
    home.write("house.toml", &house("2026-01-01", "we give no data on employees away"));
    ok(&home, &["law", "sign", "house.toml", "--key", "lawyer.key"]);
    home
}

fn ok(home: &Home, args: &[&str]) -> Ran {
    let ran = home.run(args);
    assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.stdout, ran.stderr);
    ran
}

fn install(home: &Home, pack: &str) -> Ran {
    home.run(&["law", "install", pack, "--dir", "node", "--trust", "trusted", "--json"])
}

fn refused(ran: &Ran, code: i32, text: &str) {
    assert_eq!(ran.code, code, "{}", ran.stderr);
    assert!(ran.stderr.contains(text), "{}", ran.stderr);
}

#[test]
fn a_private_key_is_for_its_owner_only_and_never_overwritten() {
    let home = home();
    let mode = |name: &str| {
        let metadata = std::fs::metadata(home.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("lawyer.key"), 0o600);
    let before = std::fs::read(home.path("lawyer.key")).unwrap();
    let again = home.run(&["law", "key", "lawyer.key"]);
    refused(&again, 9, "it is already there");
    assert_eq!(std::fs::read(home.path("lawyer.key")).unwrap(), before);
    let secret = String::from_utf8(before).unwrap();
    let secret = secret.trim().rsplit(' ').next().unwrap();
    let made = ok(&home, &["law", "key", "another.key", "--json"]);
    assert_eq!(made.json()["public"], "another.key.pub");
    let signed = ok(&home, &["law", "sign", "house.toml", "--key", "lawyer.key"]);
    for said in [again, made, signed] {
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret));
    }
}

#[test]
fn what_is_no_pack_is_not_signed() {
    let home = home();
    home.write("broken.toml", &house("2026-01-01", "x").replace("data.hr\"", "data.secrets\""));
    let ran = home.run(&["law", "sign", "broken.toml", "--key", "lawyer.key"]);
    refused(&ran, 2, "there is no fact \"data.secrets\"");
    assert!(!home.path("broken.toml.sig").exists());
    let ran = home.run(&["law", "sign", "house.toml", "--key", "lawyer.key.pub"]);
    refused(&ran, 2, "the line is of another kind or version");
}

#[test]
fn a_signed_pack_is_installed_once_and_used() {
    let home = home();
    let ran = install(&home, "house.toml");
    assert_eq!((ran.code, &ran.json()["installed"]), (0, &true.into()), "{}", ran.stderr);
    let again = install(&home, "house.toml");
    assert_eq!((again.code, &again.json()["installed"]), (0, &false.into()));
    // The rest of an installation that did not end is not looked at.
    home.write("node/law/house-2026-02-01.toml.draft", "half a fi");
    home.write("node/law/house-2026-02-01.toml", "a pack without its entry in the register");
    let list = ok(&home, &["law", "list", "--dir", "node", "--json"]).json();
    let packs = list["items"].as_array().unwrap();
    let own: Vec<_> = packs.iter().filter(|pack| pack["id"] == "house").collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["role"], "organisation");
    assert_eq!(ok(&home, &["law", "test", "--dir", "node", "--json"]).json()["holds"], true);
    // Another revision, known later.
    home.write("house.toml", &house("2026-02-01", "we give nothing on employees away"));
    ok(&home, &["law", "sign", "house.toml", "--key", "lawyer.key"]);
    assert_eq!(install(&home, "house.toml").code, 0);
    let list = ok(&home, &["law", "list", "--dir", "node", "--json"]).json();
    let packs = list["items"].as_array().unwrap();
    assert_eq!(packs.iter().filter(|pack| pack["id"] == "house").count(), 2);
    let register = std::fs::read_to_string(home.path("node/law/register.toml")).unwrap();
    assert_eq!(register.matches("[[revision]]").count(), 2);
}

#[test]
fn what_is_not_signed_by_a_trusted_key_or_is_not_newer_is_refused() {
    let home = home();
    ok(&home, &["law", "sign", "house.toml", "--key", "stranger.key"]);
    refused(&install(&home, "house.toml"), 4, "is not among the trusted keys");
    ok(&home, &["law", "sign", "house.toml", "--key", "lawyer.key"]);
    home.write("house.toml", &house("2026-01-01", "we give everything away"));
    refused(&install(&home, "house.toml"), 7, "it is not one of this file by key");
    assert!(!home.path("node/law/register.toml").exists());

    ok(&home, &["law", "sign", "house.toml", "--key", "lawyer.key"]);
    assert_eq!(install(&home, "house.toml").code, 0);
    home.write("older.toml", &house("2025-12-01", "we give nothing away"));
    ok(&home, &["law", "sign", "older.toml", "--key", "lawyer.key"]);
    refused(&install(&home, "older.toml"), 9, "law is not rolled back");
    home.write("twin.toml", &house("2026-01-01", "we give nothing away"));
    ok(&home, &["law", "sign", "twin.toml", "--key", "lawyer.key"]);
    refused(&install(&home, "twin.toml"), 9, "has other bytes");
    let wrong =
        house("2026-03-01", "x").replace("expect = \"prohibited\"", "expect = \"permitted\"");
    home.write("wrong.toml", &wrong);
    ok(&home, &["law", "sign", "wrong.toml", "--key", "lawyer.key"]);
    refused(&install(&home, "wrong.toml"), 1, "found prohibited, expected permitted");
    let ran = home.run(&["law", "install", "house.toml", "--trust", "trusted"]);
    refused(&ran, 2, "name it with --dir");
    let ran = home.run(&["law", "install", "house.toml", "--trust", "house.toml", "--dir", "node"]);
    refused(&ran, 2, "read the keys in house.toml");
    let ran = home.run(&["law", "install", "house.toml", "--trust", "trusted", "--dir", "nowhere"]);
    refused(&ran, 8, "there is no such directory");
    std::fs::remove_file(home.path("house.toml.sig")).unwrap();
    refused(&install(&home, "house.toml"), 8, "house.toml.sig: there is no such file");
}

#[test]
fn an_installed_file_that_was_swapped_or_lost_is_found_before_anything_is_used() {
    let home = home();
    assert_eq!(install(&home, "house.toml").code, 0);
    let list = || home.run(&["law", "list", "--dir", "node"]);
    let file = "node/law/house-2026-01-01.toml";
    let good = std::fs::read_to_string(home.path(file)).unwrap();
    home.write(file, &good.replace("prohibition", "exemption"));
    refused(&list(), 7, "found other bytes than those that were installed");
    home.write(file, &good);
    assert_eq!(list().code, 0);
    let signature = std::fs::read_to_string(home.path("node/law/house-2026-01-01.toml.sig"));
    home.write("node/law/house-2026-01-01.toml.sig", "forged");
    refused(&list(), 7, "expected three words");
    home.write("node/law/house-2026-01-01.toml.sig", &signature.unwrap());
    std::fs::remove_file(home.path(file)).unwrap();
    refused(&list(), 7, "it or its signature is missing");
    // Nothing is installed beside what is not whole.
    home.write("house.toml", &house("2026-02-01", "we give nothing on employees away"));
    ok(&home, &["law", "sign", "house.toml", "--key", "lawyer.key"]);
    refused(&install(&home, "house.toml"), 7, "it or its signature is missing");
}

#[test]
fn lint_shows_the_line_the_term_and_what_to_do() {
    let home = home();
    let ran = ok(&home, &["law", "lint", "house.toml"]);
    assert!(ran.stderr.contains("mutation score 100 %"), "{}", ran.stderr);
    home.write("broken.toml", &house("2026-01-01", "x").replace("= \"data.hr\"", "= \"data.hrr\""));
    let ran = home.run(&["law", "lint", "house.toml", "broken.toml"]);
    refused(&ran, 1, "found an error");
    let expected = "\
error: condition: there is no fact \"data.hrr\"; did you mean data.hr?
  --> broken.toml:19:9
   |
19 | when = \"data.hrr\"
   |         ^^^^^^^^
   = help: every fact is listed by: causeway law facts
";
    assert!(ran.stdout.ends_with(expected), "{}", ran.stdout);
    let document = home.run(&["law", "lint", "broken.toml", "--json"]);
    let document = document.json();
    assert_eq!((&document["errors"], &document["items"][0]["column"]), (&1.into(), &9.into()));
    // A shipped pack is not in its own way.
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../causeway-law/packs/cn.toml")
        .display()
        .to_string();
    ok(&home, &["law", "lint", &shipped]);
}
