//! `cargo xtask conformance edc`: an exchange in both directions with a stock Eclipse EDC and its
//! mock of an identity service, in a network of one machine. A line for each step.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::client::{self, Client};
use super::nodes::{AREA, CUT, Network, within};
use crate::metadata::Metadata;
use crate::report::Tally;
use crate::tree;

/// The folder of the class path's description.
const FOLDER: &str = "conformance/edc";
/// EDC's participant.
const EDC: &str = "urn:example:edc";
/// How long EDC may take to start, to answer, or to get somewhere.
const PATIENCE: Duration = Duration::from_secs(60);
/// What both sides offer under this id.
const DATASET: &str = "urn:example:rainfall";
/// The bytes of our side's offer.
const BYTES: &str = "country,year\nKenya,1952\n";
const PROTOCOL: &str = "dataspace-protocol-http:2025-1";

/// Runs the command; `false` when a step failed.
pub(crate) fn command(words: &[&str]) -> Result<bool> {
    let binary = match words {
        [] => None,
        ["--binary", file] => Some(PathBuf::from(file)),
        _ => bail!("expected at most --binary FILE\nhint: cargo xtask help"),
    };
    let tally = run(binary)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

fn run(binary: Option<PathBuf>) -> Result<Tally> {
    let target = Metadata::read(tree::root())?.target_directory;
    let home = target.join("conformance-edc");
    let class_path = class_path(&tree::root().join(FOLDER), &home)?;
    let binary = match binary {
        Some(binary) => binary,
        None => super::build(&target)?,
    };
    let ports: [u16; 8] = super::free_ports()?;
    let [node, other, edc @ ..] = ports;
    let network = Network::make(&home.join("nodes"), &binary, [node, other, edc[0]])?;
    let running = network.start(CUT, &node_config(node, edc[0]))?;
    let edc = Edc::start(&home, &class_path, edc)?;
    let config = home.join("nodes").join(CUT.to_lowercase()).join("causeway.toml");
    let root = format!("http://127.0.0.1:{node}");
    let both = Both { node: running.client(), binary, config, root, edc };
    let mut tally = Tally::default();
    both.exchange(&mut tally);
    Ok(tally)
}

/// Resolves, unless that was done since the description last changed.
fn class_path(folder: &Path, home: &Path) -> Result<String> {
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    let (pom, list) = (folder.join("pom.xml"), home.join("classpath"));
    let when = |path: &Path| fs::metadata(path).and_then(|facts| facts.modified()).ok();
    if when(&list) <= when(&pom) {
        let mut maven = Command::new("mvn");
        maven.args(["--batch-mode", "--quiet", "--no-transfer-progress", "--file"]).arg(&pom);
        maven.arg(format!("-Dmdep.outputFile={}", list.display()));
        maven.args(["-Dmdep.includeScope=runtime", "dependency:build-classpath"]);
        if !maven.stdin(Stdio::null()).status().context("cannot start mvn")?.success() {
            bail!("Maven could not bring EDC");
        }
    }
    fs::read_to_string(&list).context("Maven named no class path").map(|list| list.trim().into())
}

fn node_config(port: u16, edc: u16) -> String {
    format!(
        "[node]\nparticipant_id = \"{CUT}\"\ndata_dir = \"data\"\njurisdiction = \"{AREA}\"\n\
         [protocol]\nlisten = \"127.0.0.1:{port}\"\n[management]\nlisten = \"off\"\n\
         [egress]\nreachable = [\"127.0.0.0/8\"]\n[identity]\nmode = \"edc-mock\"\n\
         [[peers]]\nname = \"edc\"\nparticipant_id = \"{EDC}\"\n\
         address = \"http://127.0.0.1:{edc}/protocol\"\njurisdiction = \"{AREA}\"\n"
    )
}

/// A running EDC; ended when dropped.
struct Edc {
    child: Child,
    management: u16,
}

impl Edc {
    fn start(home: &Path, class_path: &str, ports: [u16; 6]) -> Result<Self> {
        let [protocol, management, default, control, version, _] = ports;
        let file = home.join("edc.properties");
        let mut text = format!(
            "edc.participant.id={EDC}\nedc.hostname=127.0.0.1\n\
             edc.dsp.callback.address=http://127.0.0.1:{protocol}/protocol\n\
             edc.transfer.proxy.token.signer.privatekey.alias=private-key\n\
             edc.transfer.proxy.token.verifier.publickey.alias=public-key\n\
             web.http.port={default}\nweb.http.path=/api\n"
        );
        for (context, port, path) in [
            ("protocol", protocol, "/protocol"),
            ("management", management, "/management"),
            ("control", control, "/control"),
            ("version", version, "/version"),
        ] {
            text += &format!("web.http.{context}.port={port}\nweb.http.{context}.path={path}\n");
        }
        for machine in ["negotiation.consumer", "negotiation.provider", "transfer", "dataplane"] {
            text += &format!("edc.{machine}.state-machine.iteration-wait-millis=100\n");
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        let log = home.join("edc.log");
        let out = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let errors = out.try_clone().context("cannot log")?;
        let child = Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", class_path])
            .arg(format!("-Dedc.fs.config={}", file.display()))
            .arg("org.eclipse.edc.boot.system.runtime.BaseRuntime")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .context("cannot start java")?;
        let mut edc = Self { child, management };
        let is_ready = within(PATIENCE, || {
            // It says that it is ready over HTTP before all of it is.
            let has_started = fs::read_to_string(&log)?
                .lines()
                .any(|line| line.contains(" Runtime ") && line.contains(" ready"));
            Ok(has_started || edc.child.try_wait()?.is_some())
        })?;
        ensure!(is_ready && edc.child.try_wait()?.is_none(), "EDC: see {}", log.display());
        Ok(edc)
    }

    fn read(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "")
    }

    /// Posts, in the vocabulary of EDC's own API.
    fn post(&self, path: &str, mut body: Value) -> Result<Value> {
        body["@context"] = json!({ "@vocab": "https://w3id.org/edc/v0.0.1/ns/" });
        self.call("POST", path, &body.to_string())
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let path = format!("/management/v3{path}");
        match http(self.management, method, &path, "", body)? {
            (200..300, answer) => Ok(answer),
            (status, answer) => bail!("EDC answered {method} {path} with {status}: {answer}"),
        }
    }

    /// Waits for a state of a process.
    fn reaches(&self, path: &str, state: &str) -> Result<Value> {
        reaches(state, || self.read(path))
    }
}

impl Drop for Edc {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Both sides.
struct Both {
    node: Client,
    binary: PathBuf,
    config: PathBuf,
    root: String,
    edc: Edc,
}

impl Both {
    /// Each step needs the one before it; after a failure the rest of its direction is skipped.
    fn exchange(&self, tally: &mut Tally) {
        let mut steps = Steps { tally };
        steps
            .run("EDC reads our catalog", 4, || self.edc_reads())
            .and_then(|offer| {
                steps.run("EDC negotiates to FINALIZED", 3, || self.edc_negotiates(&offer))
            })
            .and_then(|agreement| {
                steps.run("EDC starts a transfer", 2, || self.edc_starts(&agreement))
            })
            .and_then(|transfer| {
                steps.run("EDC's application fetches the bytes", 1, || self.edc_gets(&transfer))
            });
        steps
            .run("we read EDC's catalog", 5, || self.we_read())
            .and_then(|()| steps.run("we negotiate to FINALIZED", 4, || self.we_negotiate()))
            .and_then(|id| steps.run("we find the agreement by its id", 3, || self.we_find(&id)))
            .and_then(|id| {
                let step = || self.get_refuses().map(|()| id);
                steps.run("`causeway get` says that EDC names no digest", 2, step)
            })
            .and_then(|id| {
                steps.run("a transfer that EDC cannot serve ends with its reason", 1, || {
                    self.we_are_told(&id)
                })
            });
    }

    fn base(&self) -> String {
        format!("{}/dsp/2025-1", self.root)
    }

    fn edc_reads(&self) -> Result<Value> {
        let content = self.node.upload(BYTES.as_bytes())?;
        let offer = json!({
            "dataset_id": DATASET, "title": { "en": "Rainfall" }, "media_type": "text/csv",
            "content": content,
        });
        self.node.post("/offers", &offer)?;
        let request = json!({
            "@type": "CatalogRequest", "counterPartyAddress": self.base(),
            "counterPartyId": CUT, "protocol": PROTOCOL,
        });
        let catalog = self.edc.post("/catalog/request", request)?;
        let dataset = one(&catalog, "dataset");
        ensure!(dataset["@id"] == DATASET, "found {catalog}");
        let mut offer = one(dataset, "hasPolicy").clone();
        offer["@context"] = json!("http://www.w3.org/ns/odrl.jsonld");
        offer["assigner"] = json!(CUT);
        offer["target"] = json!(DATASET);
        Ok(offer)
    }

    fn edc_negotiates(&self, offer: &Value) -> Result<Value> {
        let request = json!({
            "@type": "ContractRequest", "counterPartyAddress": self.base(),
            "protocol": PROTOCOL, "policy": offer,
        });
        let begun = self.edc.post("/contractnegotiations", request)?;
        let path = format!("/contractnegotiations/{}", text(&begun["@id"])?);
        Ok(self.edc.reaches(&path, "FINALIZED")?["contractAgreementId"].clone())
    }

    fn edc_starts(&self, agreement: &Value) -> Result<String> {
        let request = json!({
            "@type": "TransferRequest", "counterPartyAddress": self.base(),
            "protocol": PROTOCOL, "contractId": agreement, "transferType": "HttpData-PULL",
        });
        let begun = self.edc.post("/transferprocesses", request)?;
        let id = text(&begun["@id"])?.to_owned();
        self.edc.reaches(&format!("/transferprocesses/{id}"), "STARTED")?;
        Ok(id)
    }

    fn edc_gets(&self, transfer: &str) -> Result<()> {
        let path = format!("/edrs/{transfer}/dataaddress");
        let mut address = Value::Null;
        within(PATIENCE, || {
            address = self.edc.read(&path).unwrap_or_default();
            Ok(address["endpoint"].is_string())
        })?;
        let (endpoint, token) = (text(&address["endpoint"])?, text(&address["authorization"])?);
        let at = endpoint.strip_prefix(&self.root).context("the endpoint is not ours")?;
        let port = self.root.rsplit_once(':').context("no port")?.1.parse()?;
        // As applications behind EDC do it, and as the standard has it.
        for value in [token.to_owned(), format!("Bearer {token}")] {
            let header = format!("authorization: {value}\r\n");
            let answer = http(port, "GET", at, &header, "")?;
            ensure!(answer == (200, json!(BYTES)), "found {} {}", answer.0, answer.1);
        }
        Ok(())
    }

    fn we_read(&self) -> Result<()> {
        let address = json!({ "type": "HttpData", "baseUrl": "http://127.0.0.1:9/" });
        let asset = json!({
            "@id": DATASET, "properties": { "name": "Rainfall" }, "dataAddress": address,
        });
        self.edc.post("/assets", asset)?;
        let policy = json!({
            "@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set",
            "permission": [{ "action": "use" }],
        });
        self.edc.post("/policydefinitions", json!({ "@id": "any-use", "policy": policy }))?;
        let definition = json!({
            "@id": "everything", "accessPolicyId": "any-use", "contractPolicyId": "any-use",
            "assetsSelector": [],
        });
        self.edc.post("/contractdefinitions", definition)?;
        let catalog = self.node.read("/peers/edc/catalog")?;
        let dataset = one(&catalog, "datasets");
        ensure!(dataset["id"] == DATASET && dataset["title"]["und"] == "Rainfall", "{catalog}");
        Ok(())
    }

    fn we_negotiate(&self) -> Result<String> {
        let asked = json!({ "peer": "edc", "dataset_id": DATASET });
        let begun = self.node.post("/negotiations", &asked)?;
        let path = format!("/negotiations/{}", text(&begun["id"])?);
        let done = reaches("FINALIZED", || self.node.read(&path))?;
        text(&done["agreement_id"]).map(str::to_owned)
    }

    fn we_find(&self, id: &str) -> Result<String> {
        let agreement = self.node.read(&format!("/agreements/{id}"))?;
        ensure!(agreement["id"] == id && agreement["dataset_id"] == DATASET, "found {agreement}");
        Ok(id.to_owned())
    }

    fn get_refuses(&self) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(&self.config).args(["get", "edc", DATASET, "--output", "-"]);
        command.args(["--timeout", "60s"]).stdin(Stdio::null());
        let output = command.output().context("cannot start the binary")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(1) && said.contains("names no digest"), "said {said}");
        let begun = self.node.read("/transfers?limit=100")?;
        let is_ours = |item: &Value| item["role"] == "consumer";
        let items = begun["items"].as_array().context("no list of transfers")?;
        ensure!(!items.iter().any(is_ours), "a transfer was requested all the same: {begun}");
        Ok(())
    }

    fn we_are_told(&self, agreement: &str) -> Result<()> {
        let begun = self.node.post("/transfers", &json!({ "agreement_id": agreement }))?;
        let path = format!("/transfers/{}", text(&begun["id"])?);
        let ended = reaches("TERMINATED", || self.node.read(&path))?;
        // "No dataplane found", or that it has no endpoint: it depends on how far its plane is.
        let reason = text(&ended["reason"])?.strip_prefix("by the provider: ");
        ensure!(reason.is_some_and(|reason| !reason.is_empty()), "found {ended}");
        Ok(())
    }
}

/// Prints and counts.
struct Steps<'a> {
    tally: &'a mut Tally,
}

impl Steps<'_> {
    /// Runs a step; `left` are the steps of its direction from this one on.
    fn run<T>(&mut self, name: &str, left: u64, step: impl FnOnce() -> Result<T>) -> Option<T> {
        let result = step();
        self.tally.add(Tally::one(result.is_ok()));
        match result {
            Ok(value) => {
                println!("passed {name}");
                Some(value)
            }
            Err(error) => {
                println!("failed {name}: {error:#}");
                self.tally.skipped += left - 1;
                None
            }
        }
    }
}

/// Waits for a state; a process that ended otherwise is a failure at once.
fn reaches(state: &str, read: impl Fn() -> Result<Value>) -> Result<Value> {
    let mut found = Value::Null;
    let is_done = within(PATIENCE, || {
        found = read()?;
        Ok(found["state"] == state || found["state"] == "TERMINATED")
    })?;
    ensure!(is_done && found["state"] == state, "expected {state}, found {found}");
    Ok(found)
}

/// The first of several, or the only one, which JSON-LD writes without the array.
fn one<'a>(of: &'a Value, name: &str) -> &'a Value {
    let name = of
        .as_object()
        .and_then(|members| members.keys().find(|key| key.rsplit(':').next() == Some(name)));
    let found = name.map_or(&Value::Null, |name| &of[name]);
    found.get(0).unwrap_or(found)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("found {value}, expected a text"))
}

/// One request to a server on this machine; `headers` are whole lines.
fn http(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).context("cannot connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    client::parse(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_ld_writes_with_or_without_array_and_prefix_is_found() {
        let check = |document: Value| assert_eq!(one(&document, "dataset")["@id"], "a");
        check(json!({ "dataset": { "@id": "a" } }));
        check(json!({ "dcat:dataset": [{ "@id": "a" }, { "@id": "b" }] }));
        assert_eq!(*one(&json!({}), "dataset"), Value::Null);
    }

    #[test]
    fn after_a_failure_the_rest_of_the_direction_counts_as_skipped() {
        let mut tally = Tally::default();
        let mut steps = Steps { tally: &mut tally };
        assert_eq!(steps.run("one", 3, || Ok(1)), Some(1));
        assert_eq!(steps.run("two", 2, || -> Result<u8> { bail!("no") }), None);
        assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 1, 1));
    }
}
