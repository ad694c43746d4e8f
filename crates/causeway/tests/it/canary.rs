//! Secrets that are looked for everywhere: two nodes are told some, exchange a file, make mistakes
//! and are lied to, with everything logged. No secret may be found outside of the files that are
//! meant to hold it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::support::{self, Node, Setup, free_ports};

const PASSPHRASE: &str = "canary passphrase of ten words";
/// What somebody sends who is not believed.
const GUESS: &str = "canary-0f6c1d9e-of-somebody-who-guesses";

/// A secret, and the names of the files that are meant to hold it.
struct Canary {
    name: &'static str,
    bytes: Vec<u8>,
    homes: &'static [&'static str],
}

/// A text as it may be found: as it is, escaped, in hexadecimal digits, and inside of any base64.
fn forms(bytes: &[u8]) -> Vec<String> {
    let hex = |upper: bool| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
            text
        })
    };
    let mut forms = vec![latin(bytes), hex(false), hex(true), latin(bytes).replace(' ', "%20")];
    for skipped in 0..3 {
        // Of the characters, those that depend on nothing but the secret.
        let inner = &bytes[skipped..];
        let inner = &inner[..inner.len() / 3 * 3];
        forms.extend([STANDARD_NO_PAD.encode(inner), URL_SAFE_NO_PAD.encode(inner)]);
    }
    forms
}

/// Bytes as a text in which every byte is a character.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Every file below a directory, with its content. Sockets have none.
fn files(directory: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.insert(entry.path(), latin(&std::fs::read(entry.path()).unwrap()));
        }
    }
}

/// Two nodes with secrets of all kinds, and a listener for the provider's people.
async fn nodes(directory: &Path) -> (Node, Node, u16) {
    let [one, two, management] = free_ports();
    let setup = |short, port, peer, peer_port| Setup {
        short,
        port,
        peers: vec![(peer, peer_port)],
        more: "[log]\nlevel = \"trace\"\n".to_owned(),
    };
    let mut provider = Node::make(directory, &setup("provider", one, "consumer", two));
    let mut consumer = Node::make(directory, &setup("consumer", two, "provider", one));
    for node in [&provider, &consumer] {
        let file = node.directory.join("causeway.toml");
        let mut text = std::fs::read_to_string(&file).unwrap();
        if node.short == "provider" {
            let listen = format!("listen = \"127.0.0.1:{management}\"");
            text = text.replace("listen = \"off\"", &listen);
            text = text.replace("[log]", "[keys]\npassphrase_file = \"phrase\"\n[log]");
            let phrase = node.directory.join("phrase");
            std::fs::write(&phrase, PASSPHRASE).unwrap();
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&phrase, private).unwrap();
        }
        if !text.contains("[identity]") {
            text = text.replace("[log]", "[identity]\nmode = \"shared-secret\"\n[log]");
        }
        std::fs::write(&file, text).unwrap();
        std::fs::create_dir(node.directory.join("data")).unwrap();
        let made = ran(node, &["keys", "make"]);
        assert!(node.directory.join("data/keys.sealed").exists(), "{made}");
    }
    provider.start().await;
    consumer.start().await;
    (provider, consumer, management)
}

/// An exchange as it should be, from the terminal.
fn exchange(provider: &Node, consumer: &Node, directory: &Path) {
    let file = directory.join("table.csv");
    std::fs::write(&file, "a,b\n1,2\n".repeat(1_000)).unwrap();
    let file = file.to_str().unwrap();
    let mut publish = provider.command();
    publish.args(["--json", "offer", "publish", file, "--title", "A table"]);
    let offer: Value = serde_json::from_slice(&publish.output().unwrap().stdout).unwrap();
    let dataset = offer["dataset_id"].as_str().unwrap();
    let target = directory.join("got.csv");
    ran(consumer, &["get", "provider", dataset, "-o", target.to_str().unwrap()]);
    assert_eq!(std::fs::read(target).unwrap(), std::fs::read(file).unwrap());
}

/// What a command writes to both of its outputs; that it does not fail is not asked here.
fn ran(node: &Node, arguments: &[&str]) -> String {
    let output = node.command().args(arguments).output().unwrap();
    latin(&output.stdout) + &latin(&output.stderr)
}

/// Everything that can be asked of a listener by somebody who is not believed.
#[expect(clippy::disallowed_methods, reason = "a test talks to its own nodes")]
async fn lie(protocol: u16, management: u16) -> Vec<String> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let message = json!({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "TransferStartMessage",
        "consumerPid": "urn:uuid:1",
        "providerPid": "urn:uuid:2",
        "dataAddress": {
            "@type": "DataAddress",
            "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
            "endpoint": format!("https://somebody:{GUESS}@node.example/?token={GUESS}"),
            "endpointProperties": [
                { "@type": "EndpointProperty", "name": "authorization", "value": GUESS }
            ]
        }
    });
    let damaged = format!("{{\"authorization\": \"{GUESS}\",");
    let mut said = Vec::new();
    for (port, path) in [
        (protocol, "/dsp/2025-1/catalog/request"),
        (protocol, "/dsp/2025-1/negotiations/request"),
        (protocol, "/dsp/2025-1/transfers/urn:uuid:1/start"),
        (protocol, "/data/urn:uuid:1"),
        (protocol, "/nowhere"),
        (management, "/api/v1/status"),
        (management, "/api/v1/peers"),
        (management, "/api/v1/nowhere"),
        (management, "/openapi.json"),
    ] {
        let url = format!("http://127.0.0.1:{port}{path}?token={GUESS}");
        for header in [
            format!("Bearer {GUESS}"),
            format!("Bearer x.{GUESS}.y"),
            format!("Basic {}", STANDARD_NO_PAD.encode(GUESS)),
            format!("{{\"clientId\":\"{GUESS}\"}}"),
        ] {
            for body in [message.to_string(), damaged.clone(), GUESS.to_owned()] {
                let asked = client.post(&url).header("authorization", &header).body(body);
                said.push(asked.send().await.unwrap().text().await.unwrap());
            }
            let asked = client.get(&url).header("authorization", &header);
            said.push(asked.send().await.unwrap().text().await.unwrap());
        }
    }
    said
}

/// What the nodes say of themselves to those who may ask.
async fn answers(node: &Node) -> Vec<String> {
    let mut said = Vec::new();
    for path in [
        "/status",
        "/peers",
        "/offers",
        "/negotiations",
        "/transfers",
        "/agreements",
        "/objects",
        "/events?after=0",
        "/tokens",
        "/nowhere",
    ] {
        if path.starts_with("/events") {
            continue;
        }
        let asked = node.request(reqwest::Method::GET, path).send().await.unwrap();
        said.push(asked.text().await.unwrap());
    }
    for arguments in [
        &["status"][..],
        &["--json", "status"],
        &["peer", "list"],
        &["--json", "peer", "list"],
        &["config", "show"],
        &["--json", "config", "show"],
        &["config", "check"],
        &["doctor"],
        &["keys", "list"],
        &["keys", "export-public"],
        &["transfer", "list"],
        &["--json", "transfer", "list"],
        &["token", "list"],
        &["peer", "show", "nobody"],
        &["get", "provider", "no-such-dataset"],
    ] {
        said.push(ran(node, arguments));
    }
    said
}

/// What is looked for. Some of it the nodes have made for themselves.
fn canaries(provider: &Node, consumer: &Node, token: String) -> Vec<Canary> {
    let read = |node: &Node, name: &str| std::fs::read(node.directory.join(name)).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().as_bytes().to_vec();
    vec![
        Canary {
            name: "the secret of the pair",
            bytes: support::secret().into(),
            homes: &["causeway.toml"],
        },
        Canary { name: "the passphrase", bytes: PASSPHRASE.into(), homes: &["phrase"] },
        Canary { name: "what was guessed", bytes: GUESS.into(), homes: &[] },
        Canary {
            name: "the management token",
            bytes: text(read(provider, "data/management.token")),
            homes: &["management.token"],
        },
        Canary {
            name: "the key of persons",
            bytes: read(provider, "data/subjects.key"),
            homes: &["subjects.key"],
        },
        Canary {
            name: "the machine key",
            bytes: read(consumer, "data/keys.machine-key"),
            homes: &["keys.machine-key"],
        },
        Canary { name: "a token of a person", bytes: token.into(), homes: &[] },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_outside_of_the_files_that_are_meant_to_hold_it() {
    let directory = tempfile::tempdir().unwrap();
    let (mut provider, mut consumer, management) = nodes(directory.path()).await;
    exchange(&provider, &consumer, directory.path());
    let token =
        ran(&provider, &["token", "create", "canary", "--person", "Ada", "--role", "auditor"]);
    let token =
        token.lines().find(|line| line.len() >= 20 && !line.contains(' ')).map(str::to_owned);
    let protocol = std::fs::read(provider.directory.join("data/ready.json")).unwrap();
    let protocol: Value = serde_json::from_slice(&protocol).unwrap();
    let port = |text: &str| text.rsplit(':').next().unwrap().trim_matches('/').parse().unwrap();
    let mut said = lie(port(protocol["protocol"].as_str().unwrap()), management).await;
    for node in [&provider, &consumer] {
        said.extend(answers(node).await);
    }
    assert!(provider.terminate().success());
    assert!(consumer.terminate().success());

    let canaries = canaries(&provider, &consumer, token.expect("a token was made and shown"));
    let mut found = BTreeMap::new();
    for node in [&provider, &consumer] {
        files(&node.directory, &mut found);
    }
    assert!(found.keys().filter(|path| path.ends_with("causeway.db")).count() == 2);
    let logs: String = [&provider, &consumer].map(|node| node.told()).concat();
    assert!(logs.contains("TRACE") && logs.contains("calls somebody"), "everything is logged");
    assert!(!logs.contains("Bearer "), "a header was logged");
    let mut hits = Vec::new();
    for Canary { name, bytes, homes } in &canaries {
        assert!(bytes.len() >= 16, "{name}: {} bytes", bytes.len());
        let forms = forms(bytes);
        let holds = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
        let mut is_home = 0;
        for (path, content) in found.iter().filter(|(_, content)| holds(content)) {
            let file = path.file_name().unwrap().to_str().unwrap();
            match homes.contains(&file) {
                true => is_home += 1,
                false => {
                    let form = forms.iter().find(|form| content.contains(form.as_str())).unwrap();
                    let at = content.find(form.as_str()).unwrap();
                    let start = content[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
                    hits.push(format!("{name} in {}: {:?}", path.display(), &content[start..at]));
                }
            }
        }
        // A scan that does not find what is there would find nothing anywhere.
        assert_eq!(is_home > 0, !homes.is_empty(), "{name} was looked for in vain at home");
        hits.extend(said.iter().filter(|text| holds(text)).map(|text| format!("{name} in {text}")));
    }
    assert!(hits.is_empty(), "{}", hits.join("\n"));
}
