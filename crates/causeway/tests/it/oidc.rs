//! Signing in at a real OpenID provider (conformance/oidc), with real tokens that count and real
//! tokens that must not.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::Ran;
use super::access::Place;
use super::support::free_ports;

const AUDIENCE: &str = "https://node.example/api/v1";

/// The provider, as long as it is kept.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    fn folder() -> PathBuf {
        std::env::var_os("OIDC_PROVIDER").expect("cargo xtask test --only oidc sets it").into()
    }

    fn start(port: u16) -> Self {
        let mut child = Command::new("node")
            .args(["provider.mjs", &port.to_string()])
            .current_dir(Self::folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "ready"), "the provider did not start");
        // What it says later must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, issuer: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `causeway login`, and is the person who confirms it in a browser.
fn sign_in(place: &Place, who: &str, args: &[&str]) -> Ran {
    let args = [&["--node", &place.url, "--json", "login"], args].concat();
    let mut login = place.home.command(&args);
    let mut child = login.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(rest) = line.strip_prefix("open ") {
            let url = rest.split(' ').next().unwrap();
            let person = Command::new("node")
                .args(["person.mjs", url, who])
                .current_dir(Provider::folder())
                .output()
                .unwrap();
            assert!(person.status.success(), "{}", String::from_utf8_lossy(&person.stderr));
        }
        said += &line;
        said.push('\n');
    }
    let ran = Ran::of(child.wait_with_output().unwrap());
    Ran { stderr: said, ..ran }
}

#[tokio::test]
#[ignore = "it takes an OpenID provider from npm: cargo xtask test --only oidc"]
async fn people_sign_in_at_a_real_provider_and_tokens_for_others_do_not_count() {
    let [port] = free_ports();
    let provider = Provider::start(port);
    let issuer = provider.issuer.clone();
    let mut place = Place::new(&format!(
        "[oidc]\nissuer = \"{issuer}\"\nclient_id = \"causeway\"\naudience = \"{AUDIENCE}\"\n\
         accept_scopes = true\nroles = [\"legal=groups:legal-team\", \"auditor=groups:auditors\"]\n"
    ))
    .await;
    let ours = ["--issuer", &issuer, "--client-id", "causeway"];
    let whoami = |place: &Place| place.home.run(&["--node", &place.url, "whoami", "--json"]);
    assert_eq!(whoami(&place).code, 4);

    // An ID token of the node's own client.
    let ran = sign_in(&place, "lea", &ours);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!((&ran.json()["role"], &ran.json()["person"]), (&"legal".into(), &"lea".into()));
    assert_eq!(whoami(&place).json()["role"], "legal");
    let file = place.home.path("config/causeway/logins.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // It is for the node at which she signed in, and no other.
    let elsewhere = place.url.replace("127.0.0.1", "localhost");
    assert_eq!(place.home.run(&["--node", &elsewhere, "whoami"]).code, 4);

    // An access token for this node: its scopes narrow what its user may do.
    let scope = ["--audience", AUDIENCE, "--scope", "openid causeway:offers:read"];
    let ran = sign_in(&place, "ada", &[&ours[..], &scope].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["scopes"], serde_json::json!(["causeway:offers:read"]));
    let list = |what: &str| place.home.run(&["--node", &place.url, what, "list"]);
    assert_eq!((list("offer").code, list("transfer").code), (0, 4));

    // Whoever is in no group is known, and may do nothing.
    let ran = sign_in(&place, "eve", &ours);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(list("offer").code, 4);

    // Tokens of the same provider, for the same person, for somebody else.
    let others = ["--issuer", &issuer, "--client-id", "another-program"];
    let elsewhere = ["--audience", "https://another.example/api"];
    for wrong in [others.to_vec(), [&ours[..], &elsewhere].concat()] {
        let ran = sign_in(&place, "lea", &wrong);
        assert_eq!(ran.code, 4, "{wrong:?}: {}", ran.stderr);
        assert!(place.node.told().contains("aud: found"), "{}", place.node.told());
    }
    // What was refused is not kept: Eve is still signed in.
    assert_eq!(whoami(&place).json()["person"], "eve");

    // A provider says who it is to the letter.
    let slash = format!("{issuer}/");
    let ran = sign_in(&place, "lea", &["--issuer", &slash, "--client-id", "causeway"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("it calls itself"), "{}", ran.stderr);

    // The node keeps the provider's keys, and says so if it has none.
    drop(provider);
    assert_eq!(whoami(&place).code, 0);
    assert!(place.node.terminate().success());
    place.node.start().await;
    let ran = whoami(&place);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    let ran = place.home.run(&["--node", &place.url, "logout"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(whoami(&place).code, 4);
}
