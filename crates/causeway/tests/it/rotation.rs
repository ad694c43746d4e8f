//! The keys and the looser settings of nodes that run: what two nodes make of a rotation, what a
//! stolen key is good for, and what a second person has to agree to.

use std::path::Path;

use serde_json::{Value, json};

use super::support::{Node, Setup, free_ports, pair};
use super::{Home, Ran};

fn did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

/// Writes the configuration of a node that is known by its DID.
fn make(directory: &Path, short: &'static str, did_port: u16, port: u16, more: &str) -> Node {
    let setup = Setup { short, port, peers: Vec::new(), more: String::new() };
    let node = Node::make(directory, &setup);
    let config = format!(
        "[node]\nparticipant_id = \"{}\"\ndata_dir = \"data\"\njurisdiction = \"KE\"\n\
         address = \"http://localhost:{did_port}\"\n[protocol]\nlisten = \"127.0.0.1:{port}\"\n\
         [egress]\nreachable = [\"127.0.0.0/8\", \"::1\"]\ninsecure_allow_loopback = true\n\
         [identity]\nmode = \"dcp\"\ncatalog_requires = []\nnegotiation_requires = []\n\
         transfer_requires = []\nalso_asks = [\"MembershipCredential\"]\n{more}",
        did(did_port)
    );
    std::fs::write(node.directory.join("causeway.toml"), config).unwrap();
    node
}

fn quiet(peer: &str, port: u16) -> String {
    format!(
        "[management]\nlisten = \"off\"\n[[peers]]\nname = \"{peer}\"\n\
         participant_id = \"{}\"\naddress = \"http://localhost:{port}\"\njurisdiction = \"KE\"\n",
        did(port)
    )
}

fn run(node: &Node, args: &[&str]) -> Ran {
    Ran::of(node.command().args(args).output().unwrap())
}

fn read(node: &Node, args: &[&str]) -> Value {
    let ran = run(node, &[args, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{args:?}: {}\n{}", ran.stderr, node.told());
    ran.json()
}

/// The name of the key of a purpose in a state.
fn key(node: &Node, purpose: &str, state: &str) -> Value {
    let list = read(node, &["keys", "list"]);
    let mut items = list["items"].as_array().unwrap().iter();
    let found = items.find(|key| key["purpose"] == purpose && key["state"] == state);
    found.unwrap_or_else(|| panic!("{purpose} {state}: {list}")).clone()
}

fn name(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

/// A whole exchange under a contract of its own.
async fn exchange(provider: &Node, consumer: &Node, target: &str) {
    let offer = provider.publish(target.to_owned()).await;
    let dataset = offer["dataset_id"].as_str().unwrap();
    let target = consumer.directory.join(target).display().to_string();
    let ran = run(consumer, &["get", "provider", dataset, "-o", &target]);
    assert_eq!(ran.code, 0, "{target}: {}\n{}", ran.stderr, consumer.told());
    assert!(std::path::Path::new(&target).exists());
}

/// The thumbprints that the consumer remembers of its provider.
async fn pinned(consumer: &Node) -> Vec<Value> {
    let identity = consumer.get("/peers/provider/identity").await;
    assert!(identity["changed"].is_null(), "{identity}");
    identity["keys"].as_array().unwrap_or_else(|| panic!("{identity}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_replaces_its_key_and_a_stolen_one_is_refused_once_it_is_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two, three] = free_ports();
    let mut provider = make(directory.path(), "provider", one, one, &quiet("consumer", two));
    let mut consumer = make(directory.path(), "consumer", two, two, &quiet("provider", one));
    // Whoever has the key of the provider: under its name, at another place.
    let mut thief = make(directory.path(), "thief", one, three, &quiet("consumer", two));
    provider.start().await;
    consumer.start().await;
    // Whoever shows a credential is met, and its keys are pinned.
    let definition = json!({
        "id": "member", "credential_type": "MembershipCredential",
        "profile": "vc11-sl2021/jwt", "rule": "auto",
    });
    consumer.post("/issuer/definitions", &definition).await;
    let of = did(two);
    let asked = ["credential", "request", &of, "--type", "MembershipCredential", "--wait"];
    assert_eq!(read(&provider, &asked)["state"], "ISSUED");
    exchange(&provider, &consumer, "before").await;
    let first = key(&provider, "identity", "active");
    let pins = pinned(&consumer).await;
    assert!(pins.contains(&first["thumbprint"]), "{pins:?} {first}");
    std::fs::create_dir_all(thief.directory.join("data")).unwrap();
    for file in ["keys.sealed", "keys.machine-key"] {
        let (from, to) = (provider.directory.join("data"), thief.directory.join("data"));
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }

    let mut events = provider.events("key.changed").await;
    let next = read(&provider, &["keys", "rotate", "identity"]);
    assert_eq!(next["state"], "next");
    assert_eq!(events.next().await["subject"], next["key"]);
    let twice = run(&provider, &["keys", "rotate", "identity"]);
    assert_eq!(twice.code, 9, "{}", twice.stderr);
    assert!(twice.stderr.contains("is there already and next"), "{}", twice.stderr);
    exchange(&provider, &consumer, "during").await;
    let retired = read(&provider, &["keys", "retire", name(&first)]);
    assert_eq!((&retired["key"], &retired["state"]), (&first["key"], &"retired".into()));
    // A document is not read twice within seconds: the consumer forgets its copy, not its pins.
    assert!(consumer.terminate().success());
    consumer.start().await;
    exchange(&provider, &consumer, "after").await;
    let pins = pinned(&consumer).await;
    assert!(pins.contains(&next["thumbprint"]), "{pins:?} {next}");
    let shown = provider.get(&format!("/keys/{}", name(&first))).await;
    assert_eq!(shown["changes"][0]["act"], "retire", "{shown}");
    assert_eq!(shown["changes"][0]["person"], "local", "{shown}");

    // What is published is believed, whoever has it.
    thief.start().await;
    let taken = run(&thief, &["catalog", "consumer"]);
    assert_eq!(taken.code, 0, "{}\n{}", taken.stderr, thief.told());
    let revoked = read(&provider, &["keys", "revoke", name(&first), "--yes"]);
    assert_eq!(revoked["state"], "revoked");
    let now = read(&provider, &["keys", "rotate", "identity", "--now"]);
    assert_eq!(now["state"], "active");
    assert!(consumer.terminate().success());
    consumer.start().await;
    exchange(&provider, &consumer, "later").await;
    let pins = pinned(&consumer).await;
    assert!(pins.contains(&now["thumbprint"]) && !pins.contains(&first["thumbprint"]), "{pins:?}");
    let refused = run(&thief, &["catalog", "consumer"]);
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    let gone = read(&provider, &["keys", "destroy", name(&first)]);
    assert_eq!(gone["state"], "destroyed");
    let unknown = run(&provider, &["keys", "retire", name(&first)]);
    assert_eq!(unknown.code, 8, "{}", unknown.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_while_a_node_did_not_run_is_told_when_it_starts() {
    let directory = tempfile::tempdir().unwrap();
    let [port, other] = free_ports();
    let mut node = make(directory.path(), "node", port, port, &quiet("other", other));
    node.start().await;
    let online = read(&node, &["keys", "list"]);
    let public = read(&node, &["keys", "export-public"]);
    assert!(node.terminate().success());
    assert_eq!(read(&node, &["keys", "list"]), online, "both ways tell the same");
    assert_eq!(read(&node, &["keys", "export-public"]), public);
    let made = read(&node, &["keys", "rotate", "access", "--now"]);
    node.start().await;
    let path = format!("/keys/{}", name(&made));
    let shown = node.until(&path, |key| key["changes"][0]["act"] == "found").await;
    assert_eq!(shown["changes"][0]["state"], "active", "{shown}");
    assert!(shown["changes"][0]["person"].is_null(), "{shown}");
    // The passphrase and missing keys are for a node that does not run.
    let held = run(&node, &["keys", "make"]);
    assert_eq!(held.code, 9, "{}", held.stderr);
    assert!(held.stderr.contains("answers for its keys at its socket"), "{}", held.stderr);
}

/// Somebody with a token.
struct Person<'a> {
    home: &'a Home,
    url: &'a str,
    token: String,
}

impl<'a> Person<'a> {
    /// Makes the token at the node's socket.
    fn new(node: &Node, home: &'a Home, url: &'a str, person: &str, role: &str) -> Self {
        let ran = run(node, &["token", "create", "x", "--person", person, "--role", role]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        Self { home, url, token: ran.stdout.trim().to_owned() }
    }

    fn run(&self, args: &[&str]) -> Ran {
        let args = [&["--node", self.url], args].concat();
        self.home.run_with(&args, &[("CAUSEWAY_NODE_TOKEN", &self.token)])
    }

    /// Asks, has another approve, and does it.
    fn with(&self, other: &Self, args: &[&str]) -> Ran {
        let asked = self.run(&[args, &["--json"]].concat());
        assert_eq!(asked.code, 4, "{args:?}: {}{}", asked.stdout, asked.stderr);
        let asked = asked.json();
        let id = asked["id"].as_str().unwrap();
        let own = self.run(&["approval", "approve", id]);
        assert_eq!(own.code, 4, "{}", own.stderr);
        let approved = other.run(&["approval", "approve", id]);
        assert_eq!(approved.code, 0, "{}", approved.stderr);
        self.run(&[args, &["--json", "--approval", id]].concat())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_four_eyes_keys_are_changed_by_two_persons() {
    let directory = tempfile::tempdir().unwrap();
    let [port, management] = free_ports();
    let listens = format!("[management]\nlisten = \"127.0.0.1:{management}\"\n");
    let mut node = make(directory.path(), "node", port, port, &listens);
    node.start().await;
    let (home, url) = (Home::new(), format!("http://127.0.0.1:{management}"));
    let person = |name: &str, role: &str| Person::new(&node, &home, &url, name, role);
    let (ada, bob) = (person("Ada", "operator"), person("Bob", "operator"));
    let eve = person("Eve", "auditor");
    assert!(node.terminate().success());
    let more = format!("{listens}[access]\nfour_eyes = true\n");
    make(directory.path(), "node", port, port, &more);
    node.start().await;

    assert_eq!(eve.run(&["keys", "list"]).code, 0);
    let refused = eve.run(&["keys", "rotate", "identity"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("needs causeway:keys:admin"), "{}", refused.stderr);
    let asked = ada.run(&["keys", "rotate", "issuer"]);
    assert!(asked.stderr.contains("a second person has to agree"), "{}", asked.stderr);
    assert!(asked.stderr.contains("causeway approval approve "), "{}", asked.stderr);
    let list = ada.run(&["keys", "list", "--json"]).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3, "nothing was done yet");
    let done = ada.with(&bob, &["keys", "rotate", "identity"]);
    assert_eq!((done.code, &done.json()["state"]), (0, &"next".into()), "{}", done.stderr);
    let old = key(&node, "identity", "active");
    let retired = bob.with(&ada, &["keys", "retire", name(&old)]);
    assert_eq!((retired.code, &retired.json()["state"]), (0, &"retired".into()));
    let revoked = ada.with(&bob, &["keys", "revoke", name(&old), "--yes"]);
    assert_eq!((revoked.code, &revoked.json()["state"]), (0, &"revoked".into()));
    let shown = node.get(&format!("/keys/{}", name(&old))).await;
    let persons: Vec<&Value> =
        shown["changes"].as_array().unwrap().iter().map(|change| &change["person"]).collect();
    assert_eq!(persons, [&json!("ada"), &json!("bob"), &Value::Null], "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn looser_automation_holds_until_two_persons_have_acknowledged_it() {
    let directory = tempfile::tempdir().unwrap();
    let [management] = free_ports();
    let (mut provider, consumer) =
        pair(directory.path(), "[automation]\ncontract_requested = \"hold\"").await;
    let file = provider.directory.join("causeway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(provider.terminate().success());
    let listens = format!("listen = \"127.0.0.1:{management}\"");
    let text = text.replace("listen = \"off\"", &listens);
    std::fs::write(&file, &text).unwrap();
    provider.start().await;
    let (home, url) = (Home::new(), format!("http://127.0.0.1:{management}"));
    let person = |name: &str| Person::new(&provider, &home, &url, name, "operator");
    let (ada, bob) = (person("Ada"), person("Bob"));
    let tasks = |person: &Person<'_>| {
        let ran = person.run(&["task", "list", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let list = ran.json();
        let items = list["items"].as_array().unwrap().iter();
        items.filter(|task| task["kind"] == "setting").cloned().collect::<Vec<Value>>()
    };
    assert_eq!(tasks(&ada), [Value::Null; 0]);
    assert!(provider.terminate().success());
    let looser = text.replace("contract_requested = \"hold\"", "contract_requested = \"auto\"");
    let looser = looser.replace("[automation]", "[access]\nfour_eyes = true\n[automation]");
    std::fs::write(&file, looser).unwrap();
    provider.start().await;

    let found = tasks(&ada);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["id"], "automation.contract_requested = auto");
    assert_eq!(found[0]["next"], "causeway config acknowledge");
    assert!(found[0]["why"].as_str().unwrap().contains("held back"), "{found:?}");
    assert!(provider.told().contains("looser than at the last start"), "{}", provider.told());
    let offer = provider.publish("x").await;
    let wanted = json!({ "peer": "provider", "dataset_id": offer["dataset_id"] });
    let opened = consumer.post("/negotiations", &wanted).await;
    assert!(opened["id"].is_string(), "{opened}");
    let waits = |list: &Value| list["items"][0]["waiting_for"].is_string();
    provider.until("/negotiations", waits).await;

    let done = ada.with(&bob, &["config", "acknowledge", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(tasks(&ada), [Value::Null; 0]);
    let opened = consumer.post("/negotiations", &wanted).await;
    let path = format!("/negotiations/{}", opened["id"].as_str().unwrap());
    consumer.until(&path, |found| found["state"] == "FINALIZED").await;
    // What was acknowledged stays so.
    assert!(provider.terminate().success());
    provider.start().await;
    assert_eq!(tasks(&bob), [Value::Null; 0]);
}
