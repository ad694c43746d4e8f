//! The two ways of knowing peers that anybody can abuse: a node runs with one of them only if its
//! operator says so twice, and everybody who looks can see it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::Home;
use super::lifecycle::Serve;

const MODES: [&str; 2] = ["static-token", "edc-mock"];

/// A node that knows its peer in this way.
fn home(mode: &str) -> Home {
    let home = Home::new();
    home.write(
        "causeway.toml",
        &format!(
            "[node]\nparticipant_id = \"urn:example:a\"\n[protocol]\nlisten = \"127.0.0.1:0\"\n\
             [identity]\nmode = \"{mode}\"\n[[peers]]\nname = \"b\"\n\
             participant_id = \"urn:example:b\"\naddress = \"http://127.0.0.1:1\"\n\
             static_token = \"Bearer b\"\nsecret = \"{}\"\n",
            "s".repeat(32)
        ),
    );
    home
}

/// What anybody may read at the protocol's address.
fn health(address: &str) -> Value {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn without_the_flag_a_node_does_not_start_and_says_what_is_not_secure() {
    for mode in MODES {
        let home = home(mode);
        for args in [
            &["serve"][..],
            &["serve", "--set", "identity.allow_insecure=false"],
            &["serve", "--listen", "127.0.0.1:0"],
        ] {
            let ran = home.run(args);
            assert_eq!(ran.code, 2, "{mode} {args:?}: {}", ran.stderr);
            let expected = format!("identity.mode is {mode}, which is not secure");
            assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
            let hint = "hint: in a closed test network, allow it with --insecure";
            assert!(ran.stderr.contains(hint), "{}", ran.stderr);
        }
        // Not a trace of a node: no folder, no database, no token.
        assert!(!home.path("data").exists());
        let named = Home::with_node();
        let ran = named.run_with(&["serve"], &[("CAUSEWAY_IDENTITY__MODE", mode)]);
        assert_eq!(ran.code, 2, "{mode}: {}", ran.stderr);
    }
}

#[test]
fn with_the_flag_it_starts_and_shows_it_in_health_log_and_status() {
    for mode in MODES {
        let home = home(mode);
        let node = Serve::start_with(&home, &["--insecure"]);
        let warning = format!("identity.mode is {mode}: whoever reaches this node can pass for a");
        assert!(node.said.contains(&warning), "{}", node.said);
        let shown = home.run(&["status", "--json"]).json();
        assert_eq!(shown["insecure"], json!([mode]));
        assert_eq!(health(shown["address"].as_str().unwrap())["insecure"], json!([mode]));
        let status = home.run(&["status"]).stdout;
        let is_said = |line: &str| line.contains("insecure") && line.contains(mode);
        assert!(status.lines().any(is_said), "{status}");
        assert_eq!(node.terminate(), Some(0));
        // The same by the file instead of the flag; and `config check` says it too.
        let args = ["config", "check", "--set", "identity.allow_insecure=true"];
        let ran = home.run(&args);
        assert!(ran.stderr.contains(&format!("warning: {warning}")), "{}", ran.stderr);
    }
}

#[test]
fn a_node_with_shared_secrets_shows_nothing_of_the_kind() {
    for more in [&[][..], &["--insecure"]] {
        let home = home("shared-secret");
        let node = Serve::start_with(&home, more);
        assert!(!node.said.contains("can pass for a peer"), "{}", node.said);
        let shown = home.run(&["status", "--json"]).json();
        assert_eq!(shown["insecure"], json!([]));
        assert_eq!(health(shown["address"].as_str().unwrap())["insecure"], json!([]));
        let status = home.run(&["status"]).stdout;
        assert!(status.contains("insecure\t[]\n"), "{status}");
        assert_eq!(node.terminate(), Some(0));
    }
}
