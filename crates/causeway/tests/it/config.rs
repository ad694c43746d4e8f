//! The configuration from outside: where it is found, which layer wins, what errors say.

use super::{Home, docs};

const NODE: &str = "[node]\nparticipant_id = \"urn:example:a\"\n";

/// Runs `config check` and expects success, or an error that contains the text.
fn check(file: &str, variables: &[(&str, &str)], flags: &[&str], expected: Result<(), &str>) {
    let home = Home::new();
    home.write("causeway.toml", file);
    let mut args = vec!["config", "check"];
    args.extend(flags);
    let ran = home.run_with(&args, variables);
    match expected {
        Ok(()) => assert_eq!(ran.code, 0, "{file} {variables:?}: {}", ran.stderr),
        Err(text) => {
            assert_eq!(ran.code, 2, "{file} {variables:?}: {}", ran.stderr);
            assert!(ran.stderr.contains(text), "{text}\nnot in\n{}", ran.stderr);
            assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
        }
    }
}

#[test]
fn an_unknown_key_is_an_error_that_says_where_and_what_was_meant() {
    check(NODE, &[], &[], Ok(()));
    check(
        &format!("{NODE}titel = \"x\""),
        &[],
        &[],
        Err("causeway.toml:3: unknown key `node.titel`; did you mean `node.title`?"),
    );
    check(
        NODE,
        &[("CAUSEWAY_NODE__TITEL", "x")],
        &[],
        Err("CAUSEWAY_NODE__TITEL: unknown variable `CAUSEWAY_NODE__TITEL`; did you mean \
             `CAUSEWAY_NODE__TITLE`?"),
    );
    check(
        NODE,
        &[],
        &["--set", "log.levle=debug"],
        Err("command line: unknown key `log.levle`; did you mean `log.level`?"),
    );
    check(NODE, &[("CAUSEWAY_SERVICE_HOST", "10.0.0.1")], &[], Ok(()));
}

#[test]
fn a_wrong_value_is_an_error_that_names_key_finding_and_expectation() {
    check(
        &format!("{NODE}[log]\nformat = \"xml\""),
        &[],
        &[],
        Err("causeway.toml:4: log.format: found \"xml\", expected \"text\" or \"json\""),
    );
    check(
        NODE,
        &[("CAUSEWAY_RETRY__ATTEMPTS_MAX", "many")],
        &[],
        Err("CAUSEWAY_RETRY__ATTEMPTS_MAX: retry.attempts_max: found \"many\", expected a whole \
             number from 1 to 100000"),
    );
    check(
        NODE,
        &[("CAUSEWAY_EGRESS__REACHABLE", "10.0.0.0/8,ten")],
        &[],
        Err("egress.reachable: found \"ten\", expected a list of networks"),
    );
    check(
        NODE,
        &[],
        &["--set", "management.listen=0.0.0.0:1"],
        Err("expected a loopback address, unless management.allow_remote is true"),
    );
    check("[node", &[], &[], Err("causeway.toml:1: not TOML: "));
    check("", &[], &[], Err("node.participant_id: found nothing"));
}

#[test]
fn every_fault_is_told_at_once() {
    let home = Home::new();
    home.write("causeway.toml", "[node]\ntitel = 1\n[log]\nformat = 2\n");
    let ran = home.run(&["config", "check", "--json"]);
    assert_eq!(ran.code, 2);
    let document = ran.json();
    let detail = document["detail"].as_str().unwrap();
    assert!(detail.starts_with("the configuration has 3 faults"), "{detail}");
    assert_eq!(document["code"], "usage");
}

#[test]
fn a_peer_without_a_readable_secret_fails_the_check() {
    let peer = "[[peers]]\nname = \"b\"\nparticipant_id = \"b\"\naddress = \"http://b\"\n";
    check(
        &format!("{NODE}{peer}secret_file = \"nowhere\""),
        &[],
        &[],
        Err("peer b: read the secret nowhere: No such file"),
    );
    check(&format!("{NODE}{peer}secret = \"{}\"", "s".repeat(32)), &[], &[], Ok(()));
}

#[test]
fn a_secret_where_peers_are_known_by_credentials_is_an_error_that_says_what_to_set() {
    let peer = "[[peers]]\nname = \"b\"\nparticipant_id = \"b\"\naddress = \"http://b\"\n";
    let secret = format!("secret = \"{}\"", "s".repeat(32));
    let node = "[node]\nparticipant_id = \"did:web:a.example\"\n";
    let expected = "peers.secret: found a secret, expected none where peers are known by \
                    credentials, or identity.mode = \"shared-secret\"";
    check(&format!("{node}{peer}{secret}"), &[], &[], Err(expected));
    let mode = "[identity]\nmode = \"shared-secret\"\n";
    check(&format!("{node}{mode}{peer}{secret}"), &[], &[], Ok(()));
    check(&format!("{node}{peer}"), &[], &[], Ok(()));
}

#[test]
fn a_secret_that_others_can_read_is_warned_about_and_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let secret = "a secret of more than thirty-two bytes";
    let peer = "[[peers]]\nname = \"b\"\nparticipant_id = \"b\"\naddress = \"http://b\"\n";
    let file = home.write("causeway.toml", &format!("{NODE}{peer}secret = \"{secret}\""));
    for (mode, expected) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let ran = home.run(&["config", "check"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let warning = "warning: causeway.toml holds a secret and others may read it (mode 0644)";
        assert_eq!(ran.stderr.contains(warning), expected, "{}", ran.stderr);
    }
    for args in [&["config", "show"][..], &["config", "show", "--json"]] {
        assert!(!home.run(args).stdout.contains(secret));
    }
}

#[test]
fn each_layer_wins_over_the_one_below_and_show_says_which() {
    let home = Home::new();
    home.write("causeway.toml", &format!("{NODE}title = \"file\""));
    let title = |flags: &[&str], variables: &[(&str, &str)]| {
        let args = [&["config", "show", "--json"], flags].concat();
        let shown = home.run_with(&args, variables).json();
        let title = &shown["keys"]["node.title"];
        format!("{} {}", title["value"], title["origin"])
    };
    let variable = [("CAUSEWAY_NODE__TITLE", "environment")];
    let flag = ["--set", "node.title=flag"];
    assert_eq!(title(&[], &[]), "\"file\" \"causeway.toml:3\"");
    assert_eq!(title(&[], &variable), "\"environment\" \"CAUSEWAY_NODE__TITLE\"");
    assert_eq!(title(&flag, &variable), "\"flag\" \"command line\"");
}

#[test]
fn the_file_is_found_at_the_first_of_its_places() {
    let home = Home::new();
    let file = |name: &str, id: &str| {
        let path = home.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        home.write(name, &format!("[node]\nparticipant_id = \"{id}\""));
    };
    let found = |flags: &[&str], variables: &[(&str, &str)]| {
        let args = [&["config", "show", "--json"], flags].concat();
        let shown = home.run_with(&args, variables).json();
        shown["keys"]["node.participant_id"]["value"].as_str().unwrap().to_owned()
    };
    file("config/causeway/causeway.toml", "user");
    assert_eq!(found(&[], &[]), "user");
    file("causeway.toml", "here");
    assert_eq!(found(&[], &[]), "here");
    file("variable.toml", "variable");
    let variable = [("CAUSEWAY_CONFIG", "variable.toml")];
    assert_eq!(found(&[], &variable), "variable");
    file("flag.toml", "flag");
    assert_eq!(found(&["--config", "flag.toml"], &variable), "flag");
    let ran = home.run(&["config", "show", "--config", "nowhere.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
}

#[test]
fn the_environment_alone_is_enough() {
    let home = Home::new();
    let variables = [("CAUSEWAY_NODE__PARTICIPANT_ID", "urn:example:container")];
    let ran = home.run_with(&["config", "check"], &variables);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "the environment alone: fine\n"));
}

#[test]
fn the_reference_page_is_what_the_binary_says() {
    let home = Home::new();
    let said = home.run(&["config", "reference"]).stdout;
    assert_eq!(said, home.run(&["config", "reference"]).stdout);
    assert!(
        said == docs("configuration.md"),
        "write it anew: causeway config reference > docs/reference/configuration.md"
    );
}
