//! `causeway init`: what it writes, and what it refuses to overwrite.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Home;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_it_writes_is_complete_loads_back_and_belongs_to_its_owner_only() {
    let home = Home::new();
    let args = [
        "init",
        "--dir",
        "node",
        "--participant-id",
        "urn:example:a",
        "--title",
        "A \"quoted\" name",
        "--jurisdiction",
        "BR-SP",
        "--listen",
        "[::1]:0",
    ];
    let ran = home.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("causeway serve --config node/causeway.toml"), "{}", ran.stderr);
    let shown = home.run(&["config", "show", "--json", "--config", "node/causeway.toml"]).json();
    for (key, expected) in [
        ("node.participant_id", "urn:example:a"),
        ("node.title", "A \"quoted\" name"),
        ("node.jurisdiction", "BR-SP"),
        ("protocol.listen", "[::1]:0"),
    ] {
        assert_eq!(shown["keys"][key]["value"], expected, "{key}");
    }
    assert_eq!(mode(&home.path("node/causeway.toml")), 0o600);
    assert_eq!(mode(&home.path("node/data")), 0o700);
    assert_eq!(mode(&home.path("node/data/management.token")), 0o600);
    let token = std::fs::read_to_string(home.path("node/data/management.token")).unwrap();
    assert_eq!(token.trim().len(), 64);
}

#[test]
fn the_commented_lines_are_a_configuration_too() {
    let home = Home::with_node();
    let file = std::fs::read_to_string(home.path("causeway.toml")).unwrap();
    // A commented key is `#name = value`; prose has a space behind the sign.
    let all: String = file
        .lines()
        .filter(|line| *line != "listen = \"127.0.0.1:0\"")
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                format!("{key}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    home.write("all.toml", &all);
    home.write("nairobi.secret", &"s".repeat(32));
    home.write("scripts.toml", "");
    let ran = home.run(&["config", "check", "--config", "all.toml"]);
    assert_eq!(ran.code, 0, "{}\n{all}", ran.stderr);
}

#[test]
fn a_file_that_is_there_is_only_overwritten_by_force_and_the_token_stays() {
    let home = Home::with_node();
    let token = std::fs::read_to_string(home.path("data/management.token")).unwrap();
    let ran = home.run(&["init", "--title", "other"]);
    assert_eq!(ran.code, 9);
    assert!(ran.stderr.contains("already there"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: overwrite it with --force"), "{}", ran.stderr);
    let ran = home.run(&["init", "--title", "other", "--force"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let file = std::fs::read_to_string(home.path("causeway.toml")).unwrap();
    assert!(file.contains("title = \"other\""));
    assert_eq!(std::fs::read_to_string(home.path("data/management.token")).unwrap(), token);
}

#[test]
fn a_wrong_value_writes_nothing() {
    let home = Home::new();
    let ran = home.run(&["init", "--dir", "node", "--jurisdiction", "kenya"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("node.jurisdiction: found \"kenya\""), "{}", ran.stderr);
    assert!(!home.path("node").exists());
}

#[test]
fn without_an_id_every_node_gets_its_own() {
    let id = || {
        let home = Home::new();
        home.run(&["init", "--json"]).json()["participant_id"].as_str().unwrap().to_owned()
    };
    let (a, b) = (id(), id());
    assert!(a.starts_with("urn:uuid:") && a.len() == 45, "{a}");
    assert_ne!(a, b);
}
