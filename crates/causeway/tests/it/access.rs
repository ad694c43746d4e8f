//! Tokens and approvals on the command line, with a node that is used by its URL.

use serde_json::Value;
use tempfile::TempDir;

use super::support::{Node, Setup, free_ports};
use super::{Home, Ran};

/// A node with a listener for its people, and somebody without a configuration.
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) node: Node,
    pub(crate) url: String,
    pub(crate) home: Home,
}

impl Place {
    /// Starts it.
    pub(crate) async fn new(more: &str) -> Self {
        let [protocol, management] = free_ports();
        let directory = tempfile::tempdir().unwrap();
        let setup =
            Setup { short: "node", port: protocol, peers: Vec::new(), more: more.to_owned() };
        let mut node = Node::make(directory.path(), &setup);
        let url = format!("http://127.0.0.1:{management}");
        let file = node.directory.join("causeway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let listens = format!("listen = \"127.0.0.1:{management}\"");
        std::fs::write(&file, text.replace("listen = \"off\"", &listens)).unwrap();
        node.start().await;
        Self { directory, node, url, home: Home::new() }
    }

    /// Starts the node again with more configuration.
    async fn restart(&mut self, more: &str) {
        assert!(self.node.terminate().success());
        let file = self.directory.path().join("node/causeway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}\n{more}\n")).unwrap();
        self.node.start().await;
    }

    /// What the operator does at the socket.
    fn at_socket(&self, args: &[&str]) -> Ran {
        Ran::of(self.node.command().args(args).output().unwrap())
    }

    /// What somebody with a token does.
    fn with(&self, token: &str, args: &[&str]) -> Ran {
        let args = [&["--node", &self.url], args].concat();
        self.home.run_with(&args, &[("CAUSEWAY_NODE_TOKEN", token)])
    }

    fn token(&self, args: &[&str]) -> String {
        let ran = self.at_socket(&[&["token", "create"], args].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("it is not shown again"), "{}", ran.stderr);
        ran.stdout.trim().to_owned()
    }
}

#[tokio::test]
async fn a_token_does_what_it_says_until_it_is_taken_back() {
    let place = Place::new("").await;
    let token = place.token(&["reports", "--person", "Ada", "--role", "auditor", "--days", "7"]);
    let me = place.with(&token, &["whoami", "--json"]);
    assert_eq!(me.code, 0, "{}", me.stderr);
    assert_eq!((&me.json()["person"], &me.json()["role"]), (&"ada".into(), &"auditor".into()));
    assert_eq!(place.with(&token, &["offer", "list"]).code, 0);
    let refused = place.with(&token, &["law", "recheck"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("needs causeway:law:write"), "{}", refused.stderr);
    let list = place.at_socket(&["token", "list", "--json"]);
    assert!(!list.stdout.contains(&token));
    let id = list.json()["items"][0]["id"].as_str().unwrap()[..12].to_owned();
    let shown = place.at_socket(&["token", "show", &id, "--json"]).json();
    assert_eq!((&shown["state"], &shown["name"]), (&"active".into(), &"reports".into()));
    assert_eq!(place.at_socket(&["token", "revoke", &id]).code, 0);
    let refused = place.with(&token, &["whoami"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("does not count"), "{}", refused.stderr);
    let other = place.token(&["x", "--person", "Ada", "--scope", "causeway:offers:read"]);
    assert_eq!(place.with(&other, &["offer", "list"]).code, 0);
    assert_eq!(place.at_socket(&["token", "revoke", "--person", "ADA"]).code, 0);
    assert_eq!(place.with(&other, &["offer", "list"]).code, 4);
}

#[tokio::test]
async fn a_token_counts_only_in_its_networks() {
    let place = Place::new("").await;
    let of = |network: &str| place.token(&["x", "--role", "auditor", "--network", network]);
    let (here, elsewhere) = (of("127.0.0.0/8"), of("192.0.2.0/24"));
    assert_eq!(place.with(&here, &["status"]).code, 0);
    assert_eq!(place.with(&elsewhere, &["status"]).code, 4);
}

#[tokio::test]
async fn with_four_eyes_a_risky_act_takes_two_persons() {
    let mut place = Place::new("").await;
    let of = |person: &str| place.token(&["x", "--person", person, "--role", "operator"]);
    let (ada, bob) = (of("Ada"), of("Bob"));
    place.restart("[access]\nfour_eyes = true").await;
    let act = ["token", "create", "deputy", "--person", "Eve", "--role", "operator"];
    let asked = place.with(&ada, &act);
    assert_eq!((asked.code, asked.stdout.as_str()), (4, ""), "{}", asked.stderr);
    assert!(asked.stderr.contains("a second person has to agree"), "{}", asked.stderr);
    let waiting = place.with(&bob, &["approval", "list", "--waiting", "--json"]).json();
    let items = waiting["items"].as_array().unwrap();
    let id = items[0]["id"].as_str().unwrap().to_owned();
    let short = id.strip_prefix("urn:uuid:").unwrap();
    assert_eq!(items.len(), 1);
    assert!(asked.stderr.contains(&format!("causeway approval approve {short}")));
    let asked = place.with(&ada, &[&act, &["--json"][..]].concat());
    assert_eq!((asked.code, &asked.json()["id"]), (4, &Value::from(id.as_str())));
    assert_eq!(place.with(&ada, &["approval", "approve", short]).code, 4);
    let approved = place.with(&bob, &["approval", "approve", short, "--reason", "he is ill"]);
    assert_eq!(approved.code, 0, "{}", approved.stderr);
    let again = [&act, &["--approval", short][..]].concat();
    let done = place.with(&ada, &again);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let eve = place.with(done.stdout.trim(), &["whoami", "--json"]);
    assert_eq!(eve.json()["person"], "eve");
    let twice = place.with(&ada, &again);
    assert_eq!((twice.code, twice.stdout.as_str()), (9, ""), "{}", twice.stderr);
    let rejected = place.with(&ada, &["token", "create", "more", "--role", "operator", "--json"]);
    let id = rejected.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(place.with(&bob, &["approval", "reject", &id]).code, 0);
    assert_eq!(place.with(&bob, &["approval", "show", &id, "--json"]).json()["state"], "rejected");
}
