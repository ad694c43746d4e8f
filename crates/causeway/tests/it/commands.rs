//! The tree of commands: its help, its completions, and what every client command says when there
//! is no node.

use super::{Home, docs};

/// Every command with its first line, found by asking each for its help.
fn tree(home: &Home, path: &[&str], found: &mut Vec<(String, String)>) {
    let ran = home.run(&[path, &["--help"]].concat());
    assert_eq!(ran.code, 0, "{path:?}: {}", ran.stderr);
    let commands = ran.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in commands.take_while(|line| !line.is_empty()) {
        let (name, about) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
        if name == "help" {
            continue;
        }
        let path = [path, &[name]].concat();
        found.push((path.join(" "), about.trim().to_owned()));
        tree(home, &path, found);
    }
}

fn commands() -> Vec<(String, String)> {
    let mut found = Vec::new();
    tree(&Home::new(), &[], &mut found);
    found
}

#[test]
fn the_tree_of_commands_is_as_reviewed() {
    let lines: Vec<String> =
        commands().iter().map(|(path, about)| format!("{path}: {about}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_help_is_as_reviewed() {
    insta::assert_snapshot!(Home::new().run(&["--help"]).stdout);
}

#[test]
fn every_command_has_its_example_in_the_reference() {
    let page = docs("cli.md");
    let all = commands();
    for (path, _) in &all {
        let is_leaf = !all.iter().any(|(other, _)| other.starts_with(&format!("{path} ")));
        if is_leaf {
            assert!(page.contains(&format!("$ causeway {path}")), "{path}");
        }
    }
    for (code, meaning) in [(0, "ok"), (130, "interrupted")] {
        assert!(page.contains(&format!("| {code} | {meaning}")), "{code}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = Home::new().run(&["completion", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.stdout.contains("negotiation"), "{shell}");
    }
}

/// A command that needs a node, with arguments that are fine.
const CLIENT: &[&[&str]] = &[
    &["offer", "list"],
    &["offer", "show", "0195"],
    &["offer", "withdraw", "0195", "--yes"],
    &["offer", "publish", "causeway.toml"],
    &["catalog", "b"],
    &["catalog", "sync"],
    &["catalog", "sync", "b", "--detach"],
    &["catalog", "copies"],
    &["search", "rain"],
    &["get", "b", "0195"],
    &["negotiation", "list"],
    &["negotiation", "show", "0195"],
    &["negotiation", "accept", "0195"],
    &["negotiation", "reject", "0195"],
    &["negotiation", "terminate", "0195"],
    &["negotiation", "propose", "0195", "--policy", "policy.json"],
    &["negotiation", "history", "0195"],
    &["negotiation", "watch", "0195"],
    &["agreement", "list"],
    &["agreement", "show", "0195"],
    &["agreement", "duties", "--open"],
    &["agreement", "duty-done", "0195", "eu.assessment", "--reference", "x"],
    &["attestation", "add", "b", "tool.eu_scc=true", "--reference", "x"],
    &["attestation", "list"],
    &["attestation", "revoke", "0195"],
    &["check", "list"],
    &["check", "show", "0195"],
    &["check", "why", "0195"],
    &["check", "remedies", "0195"],
    &["law", "recheck"],
    &["offer", "crossings", "0195"],
    &["task", "list"],
    &["config", "acknowledge", "--yes"],
    &["transfer", "list"],
    &["transfer", "start", "0195"],
    &["transfer", "show", "0195"],
    &["transfer", "accept", "0195"],
    &["transfer", "suspend", "0195"],
    &["transfer", "resume", "0195"],
    &["transfer", "complete", "0195"],
    &["transfer", "terminate", "0195"],
    &["transfer", "history", "0195"],
    &["transfer", "watch", "0195"],
    &["token", "create", "x", "--role", "auditor"],
    &["token", "list"],
    &["token", "show", "0195"],
    &["token", "revoke", "0195"],
    &["approval", "list"],
    &["approval", "show", "0195"],
    &["approval", "approve", "0195"],
    &["approval", "reject", "0195"],
    &["whoami"],
    &["peer", "list"],
    &["peer", "show", "b"],
    &["peer", "approve-keys", "b", "--key", "thumbprint"],
    &["credential", "request", "did:web:b.example", "--type", "MembershipCredential"],
    &["credential", "list"],
    &["credential", "show", "0195"],
    &["credential", "requests"],
    &["credential", "offers"],
    &["credential", "renew", "0195"],
    &["credential", "remove", "0195", "--yes"],
    &["issuer", "define", "membership", "MembershipCredential"],
    &["issuer", "definitions"],
    &["issuer", "withdraw", "membership"],
    &["issuer", "requests"],
    &["issuer", "request", "0195"],
    &["issuer", "history", "0195"],
    &["issuer", "approve", "0195"],
    &["issuer", "reject", "0195", "--reason", "x"],
    &["issuer", "issue", "did:web:b.example", "membership"],
    &["issuer", "offer", "did:web:b.example", "membership"],
    &["issuer", "issued"],
    &["issuer", "revoke", "0195", "--reason", "x"],
    &["doctor", "b"],
    &["status"],
    &["api", "GET", "/node"],
];

#[test]
fn without_a_node_every_client_command_says_so_in_text_and_json() {
    let home = Home::with_node();
    home.write("policy.json", "{}");
    for args in CLIENT {
        let ran = home.run(&[args, &["--json"][..]].concat());
        assert_eq!(ran.code, 6, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("error: cannot reach the node at "), "{}", ran.stderr);
        let hint = "hint: is the node running? causeway serve";
        assert!(ran.stderr.contains(hint), "{args:?}: {}", ran.stderr);
        let document = ran.json();
        assert_eq!(document["code"], "unreachable", "{args:?}");
        assert_eq!(document["hint"], "is the node running? causeway serve", "{args:?}");
    }
}

#[test]
fn every_client_command_is_in_the_list_above() {
    let local = [
        "init",
        "serve",
        "demo",
        "config",
        "completion",
        "check",
        "law",
        "policy",
        "trust",
        "keys",
        "login",
        "logout",
    ];
    let all = commands();
    for (path, _) in &all {
        let is_leaf = !all.iter().any(|(other, _)| other.starts_with(&format!("{path} ")));
        let is_local = local.contains(&path.split(' ').next().unwrap());
        let words: Vec<&str> = path.split(' ').collect();
        let is_listed = CLIENT.iter().any(|args| args.starts_with(&words));
        assert!(!is_leaf || is_local || is_listed, "{path}");
    }
}

#[test]
fn without_a_peer_the_doctor_names_the_hop_that_fails() {
    let home = Home::with_node();
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stdout.contains("FAILS\tnode\tcannot reach the node"), "{}", ran.stdout);
    assert!(ran.stderr.contains("hint: is the node running? causeway serve"), "{}", ran.stderr);
    let report = home.run(&["doctor", "--json"]);
    assert_eq!((report.code, &report.json()["works"]), (6, &false.into()));
    let ran = Home::new().run(&["doctor"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("configuration: "), "{}", ran.stderr);
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_suggestion() {
    let check = |args: &[&str], expected: &str| {
        let ran = Home::with_node().run(args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    };
    check(&["negotiaton", "list"], "'negotiation'");
    check(&["offer", "publish", "x", "--automation", "contract_request=hold"], "did you mean");
    check(&["get", "b", "0195", "--timeout", "soon"], "expected a time such as 90s");
    check(&["get", "b", "0195", "-o", "nowhere/"], "there is no such directory");
    check(&["--set", "novalue", "status"], "expected KEY=VALUE");
}

#[test]
fn a_file_that_is_there_is_not_even_asked_for() {
    let home = Home::with_node();
    home.write("there.csv", "mine");
    let ran = home.run(&["get", "b", "0195", "-o", "there.csv"]);
    assert_eq!(ran.code, 9);
    assert!(ran.stderr.contains("hint: replace it with --force"), "{}", ran.stderr);
}

#[test]
fn the_openapi_document_needs_no_node() {
    let document = Home::new().run(&["openapi"]).json();
    assert!(document["paths"]["/api/v1/offers"].is_object(), "{}", document["paths"]);
}
