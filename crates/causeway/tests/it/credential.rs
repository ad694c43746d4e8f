//! `causeway credential` against two real nodes: one issues, the other asks, holds, renews.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::support::{Node, Setup, free_ports};

const SECRET: &str = "a secret of the client, at least 32 bytes long";

fn did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

/// A node that is known by its DID.
async fn node(directory: &Path, short: &'static str, port: u16, identity: &str) -> Node {
    let mut node =
        Node::make(directory, &Setup { short, port, peers: vec![], more: String::new() });
    let config = format!(
        "[node]\nparticipant_id = \"{}\"\ndata_dir = \"data\"\njurisdiction = \"KE\"\n\
         address = \"http://localhost:{port}\"\n[protocol]\nlisten = \"127.0.0.1:{port}\"\n\
         [management]\nlisten = \"off\"\n[egress]\nreachable = [\"127.0.0.0/8\", \"::1\"]\n\
         insecure_allow_loopback = true\n[identity]\nmode = \"dcp\"\n{identity}",
        did(port)
    );
    std::fs::write(node.directory.join("causeway.toml"), config).unwrap();
    node.start().await;
    node
}

fn run(node: &Node, arguments: &[&str]) -> Output {
    node.command().arg("credential").args(arguments).arg("--json").output().unwrap()
}

fn read(node: &Node, arguments: &[&str]) -> Value {
    let ran = run(node, arguments);
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{arguments:?}: {told}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[tokio::test]
async fn a_credential_is_asked_for_comes_is_renewed_and_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two] = free_ports();
    std::fs::create_dir_all(directory.path().join("holder")).unwrap();
    std::fs::write(directory.path().join("holder/sts.secret"), SECRET).unwrap();
    let issuer = node(directory.path(), "issuer", one, "").await;
    let keys = "sts_client_id = \"plane\"\nsts_secret_file = \"sts.secret\"\n";
    let holder = node(directory.path(), "holder", two, keys).await;
    let definition = json!({
        "id": "member", "credential_type": "MembershipCredential",
        "profile": "vc11-sl2021/jwt", "rule": "auto",
    });
    let defined = issuer.post("/issuer/definitions", &definition).await;
    assert_eq!(defined["id"], "member", "{defined}");

    let of = did(one);
    let asked = ["request", &of, "--type", "MembershipCredential", "--wait"];
    let request = read(&holder, &asked);
    assert_eq!(request["state"], "ISSUED");
    let held = read(&holder, &["list"])["items"][0].clone();
    assert_eq!((&held["state"], &held["issuer"]), (&json!("counts"), &json!(of)));
    assert!(held.to_string().find("eyJ").is_none(), "the signed text is shown: {held}");
    let id = held["id"].as_str().unwrap();
    assert_eq!(read(&holder, &["show", &id[..8]]), held);

    let renewal = read(&holder, &["renew", &id[..8], "--wait"]);
    assert_eq!((&renewal["renews"], &renewal["state"]), (&json!(id), &json!("ISSUED")));
    let requests = read(&holder, &["requests"]);
    assert_eq!(requests["items"].as_array().unwrap().len(), 2);
    assert_eq!(read(&holder, &["offers"])["items"], json!([]));
    let refused = run(&holder, &["request", &of, "--type", "Nothing", "--wait"]);
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");

    assert_eq!(run(&holder, &["remove", id]).status.code(), Some(2));
    assert_eq!(read(&holder, &["remove", id, "--yes"])["id"], id);
    assert_eq!(read(&holder, &["list"])["items"], json!([]));
    assert_eq!(run(&holder, &["show", id]).status.code(), Some(8));

    for (secret, expected) in [(SECRET, 200), ("another", 401)] {
        assert_eq!(token(two, secret, &of).await, expected);
    }
    assert_eq!(token(one, SECRET, &did(two)).await, 404);
}

/// The status that the token service of a node answers with.
async fn token(port: u16, secret: &str, audience: &str) -> u16 {
    #[expect(clippy::disallowed_methods, reason = "a test plays the client of the token service")]
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let plain = |text: &str| text.replace('%', "%25").replace(' ', "+");
    let form = format!(
        "grant_type=client_credentials&client_id=plane&client_secret={}&audience={}",
        plain(secret),
        plain(audience)
    );
    let request = client.post(format!("http://127.0.0.1:{port}/dcp/sts/token")).body(form);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn half_a_token_service_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let [port] = free_ports();
    let node = Node::make(
        directory.path(),
        &Setup { short: "node", port, peers: vec![], more: String::new() },
    );
    let check = |keys: &[&str], expected: &str| {
        let mut command = node.command();
        command.args(["--set", &format!("node.participant_id={}", did(port))]);
        for key in keys {
            command.args(["--set", key]);
        }
        let ran = command.arg("serve").output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{told}");
        assert!(told.contains(expected), "{told}");
    };
    let file = node.directory.join("sts.secret");
    std::fs::write(&file, "short").unwrap();
    let file = format!("identity.sts_secret_file={}", file.display());
    check(&["identity.sts_client_id=plane"], "expected both or none");
    check(&[&file], "expected both or none");
    check(&["identity.sts_client_id=plane", &file], "found 5 bytes, expected 32 to 1024 bytes");
}

fn tasks(node: &Node, kind: &str) -> Vec<Value> {
    let ran = node.command().args(["task", "list", "--json"]).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let listed: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let items = listed["items"].as_array().unwrap().iter();
    items.filter(|task| task["kind"] == kind).cloned().collect()
}

#[tokio::test]
async fn held_requests_are_tasks_of_whoever_may_answer_them_until_somebody_does() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two, three] = free_ports();
    let mut issuer = node(directory.path(), "issuer", one, "").await;
    let holder = node(directory.path(), "holder", two, "").await;
    let definition = json!({
        "id": "member", "credential_type": "MembershipCredential",
        "profile": "vc11-sl2021/jwt", "rule": "hold",
    });
    issuer.post("/issuer/definitions", &definition).await;
    assert_eq!(tasks(&issuer, "credential-request"), [] as [Value; 0]);
    let of = did(one);
    let request = || run(&holder, &["request", &of, "--type", "MembershipCredential"]);
    assert_eq!(request().status.code(), Some(0));
    let held =
        issuer.until("/issuer/requests", |list| list["items"][0]["state"] == "RECEIVED").await;
    let id = held["items"][0]["id"].as_str().unwrap().to_owned();
    let [task] = &tasks(&issuer, "credential-request")[..] else { panic!("one request waits") };
    assert_eq!((&task["id"], &task["peer"]), (&json!(id), &json!(did(two))));
    assert_eq!(task["why"], "asks for member");
    let ran = issuer.command().args(["task", "list"]).output().unwrap();
    let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(shown.contains("causeway issuer approve"), "{shown}");
    let status = issuer.command().arg("status").output().unwrap();
    let shown = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(shown.contains("requests for credentials: 1"), "{shown}");
    // Its people also work from elsewhere, with tokens.
    issuer.terminate();
    let config = issuer.directory.join("causeway.toml");
    let written = std::fs::read_to_string(&config).unwrap();
    let listen = format!("listen = \"127.0.0.1:{three}\"");
    std::fs::write(&config, written.replace("listen = \"off\"", &listen)).unwrap();
    issuer.start().await;
    for (role, expected) in [("operator", 1), ("auditor", 0)] {
        let wanted = json!({ "name": role, "person": "A", "role": role, "expires_in_days": 1 });
        let made = issuer.post("/tokens", &wanted).await;
        let mut command = issuer.command();
        command.args(["task", "list", "--json", "--node", &format!("http://127.0.0.1:{three}")]);
        command.env("CAUSEWAY_NODE_TOKEN", made["token"].as_str().expect("a token"));
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
        let listed: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(listed["items"].as_array().unwrap().len(), expected, "{role}: {listed}");
    }
    // The command that the task names answers it.
    let next = task["next"].as_str().unwrap().split(';').next().unwrap();
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    let ran = issuer.command().args(&words).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{next}: {}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(tasks(&issuer, "credential-request"), [] as [Value; 0]);
}
