//! The border check as people meet it on the command line: a steward declares data, the law holds
//! it, an officer records what is missing, duties follow, and a record that is taken back suspends.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Node, Setup, free_ports};

/// How a command ended, with what it wrote.
struct Told {
    code: i32,
    stdout: String,
    stderr: String,
}

fn told(command: &mut Command) -> Told {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

fn run(node: &Node, arguments: &[&str]) -> Told {
    told(node.command().args(arguments))
}

fn ok(node: &Node, arguments: &[&str]) -> Told {
    let ran = run(node, arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {}{}\n{}", ran.stdout, ran.stderr, node.told());
    ran
}

fn json_of(ran: &Told) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stdout))
}

fn json(node: &Node, arguments: &[&str]) -> Value {
    json_of(&ok(node, &[&["--json"], arguments].concat()))
}

/// Pastes a command into a shell, as a person would.
fn paste(node: &Node, line: &str) -> Told {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_causeway"));
    let path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(line).env("PATH", path);
    shell.env("CAUSEWAY_CONFIG", node.directory.join("causeway.toml"));
    told(&mut shell)
}

/// An office in Kenya and an institute in Brazil, which takes nothing before a person says so.
async fn border(directory: &std::path::Path) -> (Node, Node) {
    let [one, two] = free_ports();
    let make = |short, port, peer, peer_port, areas: [&str; 2], more: &str| {
        let setup = Setup { short, port, peers: vec![(peer, peer_port)], more: more.to_owned() };
        let node = Node::make(directory, &setup);
        // The first is the node's own, the second its peer's.
        let file = node.directory.join("causeway.toml");
        let mut text = std::fs::read_to_string(&file).unwrap();
        for area in areas {
            text = text.replacen("jurisdiction = \"KE\"", &format!("jurisdiction='{area}'"), 1);
        }
        std::fs::write(&file, text).unwrap();
        node
    };
    let waits = "[automation]\ntransfer_started = \"hold\"";
    let mut office = make("provider", one, "consumer", two, ["KE", "BR"], "");
    let mut institute = make("consumer", two, "provider", one, ["BR", "KE"], waits);
    office.start().await;
    institute.start().await;
    (office, institute)
}

/// The id of the office's negotiation, once it waits for a person.
async fn held(office: &Node) -> String {
    let is_held = |list: &Value| list["items"][0]["waiting_for"] == "contract_requested";
    let list = office.until("/negotiations", is_held).await;
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

fn task<'t>(tasks: &'t Value, kind: &str) -> &'t Value {
    let mut tasks = tasks["items"].as_array().unwrap().iter();
    tasks.find(|task| task["kind"] == kind).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_is_held_until_what_the_remedies_say_is_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let (office, institute) = border(directory.path()).await;
    let file = directory.path().join("register.csv");
    std::fs::write(&file, "id,x\nA,1\nB,2\nA,3\n").unwrap();
    let file = file.to_str().unwrap();

    // The steward declares the data and learns at once what will become of it.
    let consent = "basis.explicit_consent=true";
    let publish = ["offer", "publish", file, "--data", "health", "--fact", consent];
    let ran = ok(&office, &[&["--json"], &publish[..], &["--persons-column", "id"]].concat());
    assert!(ran.stderr.contains("counted 2 persons"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("consumer: will wait for a person, needs-mechanism"),
        "{}",
        ran.stderr
    );
    let offer = json_of(&ran);
    let dataset = offer["dataset_id"].as_str().unwrap();
    let before = json(&office, &["check", "list"]);
    assert_eq!(before, json!({ "items": [] }), "a preview records nothing");
    let crossings = json(&office, &["offer", "crossings", offer["id"].as_str().unwrap()]);
    assert_eq!(crossings["items"][0]["gate"], "hold");
    assert_eq!(crossings["items"][0]["at_worst"], "needs-mechanism");

    let asked = json!({ "peer": "provider", "dataset_id": dataset });
    let ours = institute.post("/negotiations", &asked).await;
    let id = held(&office).await;
    let short = id.trim_start_matches("urn:uuid:");

    // Everything that waits is one list, with what to do next.
    let tasks = json(&office, &["task", "list"]);
    let waiting = task(&tasks, "negotiation");
    assert_eq!(waiting["id"], id.as_str(), "{tasks}");
    assert_eq!(waiting["next"], format!("causeway check remedies {short}"));
    assert!(waiting["why"].as_str().unwrap().contains("needs-mechanism"), "{tasks}");
    let status = ok(&office, &["status"]).stdout;
    assert!(status.contains("waits for a person\tnegotiations: 1"), "{status}");
    for shown in [&["negotiation", "show", short][..], &["negotiation", "list"]] {
        let shown = ok(&office, shown).stdout;
        assert!(shown.contains("tool.ke_safeguards"), "{shown}");
    }
    assert_eq!(run(&office, &["negotiation", "accept", short]).code, 3);

    let digest = the_decision_is_told(&office, short);

    // The officer pastes the command that the remedies give.
    let remedies = run(&office, &["check", "remedies", &digest, "--reference", "ODPC it's 7/2026"]);
    assert_eq!(remedies.code, 3, "{}", remedies.stderr);
    let command = remedies.stdout.lines().map(str::trim).find(|line| {
        line.starts_with("causeway attestation add consumer") && line.contains("ke_safeguards")
    });
    let command = command.unwrap_or_else(|| panic!("{}", remedies.stdout));
    let recorded = paste(&office, &format!("{command} --until 2126-01-01 --json"));
    assert_eq!(recorded.code, 0, "{command}: {}", recorded.stderr);
    let recorded = json_of(&recorded);
    assert_eq!(recorded["reference"], "ODPC it's 7/2026");
    assert_eq!(recorded["dataset_id"], dataset);
    let path = format!("/negotiations/{}", ours["id"].as_str().unwrap());
    institute.until(&path, |negotiation| negotiation["state"] == "FINALIZED").await;
    office.until(&format!("/negotiations/{id}"), |found| found["state"] == "FINALIZED").await;

    duties_are_listed_and_done(&office);
    let record = recorded["id"].as_str().unwrap();
    what_is_revoked_suspends(&office, &institute, record, command).await;
}

/// The decision, by the negotiation's id, by its digest and by the digest's beginning.
fn the_decision_is_told(office: &Node, negotiation: &str) -> String {
    let page = run(office, &["check", "show", negotiation]);
    assert_eq!(page.code, 3, "{}", page.stderr);
    let replayed = "replayed: the rule packs here give the same";
    assert!(page.stdout.contains(replayed), "{}", page.stdout);
    assert!(page.stdout.contains("not legal advice"), "{}", page.stdout);
    let list = json(office, &["check", "list"]);
    let decision = list["items"][0]["id"].as_str().unwrap();
    let digest = decision.rsplit(':').next().unwrap();
    for id in [decision, digest, &digest[..12]] {
        assert_eq!(run(office, &["check", "show", id]).stdout, page.stdout, "{id}");
    }
    assert_eq!(run(office, &["check", "show", "ffffffff"]).code, 8);

    let why = run(office, &["check", "why", negotiation]);
    assert_eq!(why.code, 3);
    assert!(why.stdout.contains("(stated in the terms)"), "{}", why.stdout);
    assert!(why.stdout.contains("in force since"), "{}", why.stdout);
    // Only rules that count, and all of them.
    let rules = |packs: &Value, is_told: fn(&Value) -> bool| -> Vec<Value> {
        let packs = packs.as_array().unwrap().iter();
        let rules = packs.flat_map(|pack| pack["rules"].as_array().unwrap());
        rules.filter(|rule| is_told(rule)).map(|rule| rule["rule"].clone()).collect()
    };
    let whole = json_of(&run(office, &["--json", "check", "show", digest]));
    let counting = rules(&whole["document"]["decision"]["packs"], |r| r["effect"] == "counts");
    let told = json_of(&run(office, &["--json", "check", "why", digest]));
    assert!(!counting.is_empty(), "{whole}");
    assert_eq!(rules(&told["packs"], |_| true), counting);
    digest.to_owned()
}

fn duties_are_listed_and_done(office: &Node) {
    let agreements = json(office, &["agreement", "list"]);
    let agreement = agreements["items"][0]["id"].as_str().unwrap();
    assert_eq!(ok(office, &["check", "why", agreement]).code, 0);
    let shown = ok(office, &["agreement", "show", agreement]).stdout;
    let open = json(office, &["agreement", "duties", "--open"]);
    let open = open["items"].as_array().unwrap();
    assert!(!open.is_empty());
    let duty = open[0]["id"].as_str().unwrap();
    assert!(shown.contains(&format!("{duty}\t")), "{shown}");
    let tasks = json(office, &["task", "list"]);
    assert_eq!(task(&tasks, "duty")["duty"], duty, "{tasks}");
    assert_eq!(task(&tasks, "negotiation"), &Value::Null, "{tasks}");

    ok(office, &["agreement", "duty-done", agreement, duty, "--reference", "file 9"]);
    let left = json(office, &["agreement", "duties", "--open"]);
    assert_eq!(left["items"].as_array().unwrap().len(), open.len() - 1);
    let report = ok(office, &["agreement", "duties", "--format", "csv"]).stdout;
    assert!(report.starts_with("agreement_id,role,peer,"), "{report}");
    assert!(report.lines().count() > open.len() && report.contains(",file 9,"), "{report}");
    let unknown = ["agreement", "duty-done", agreement, "ke.nothing", "--reference", "x"];
    assert_eq!(run(office, &unknown).code, 8);
}

async fn what_is_revoked_suspends(office: &Node, institute: &Node, record: &str, command: &str) {
    let agreements = json(institute, &["agreement", "list"]);
    let agreement = agreements["items"][0]["id"].as_str().unwrap();
    json(institute, &["transfer", "start", agreement]);
    let is_started = |list: &Value| list["items"][0]["state"] == "STARTED";
    let running = office.until("/transfers", is_started).await;
    let transfer = running["items"][0]["id"].as_str().unwrap();

    let revoked = json(office, &["attestation", "revoke", record]);
    assert_eq!(revoked["counts"], false);
    let is_held = |found: &Value| found["state"] == "SUSPENDED";
    office.until(&format!("/transfers/{transfer}"), is_held).await;
    let list = ok(office, &["attestation", "list", "consumer"]).stdout;
    assert!(list.contains("\trevoked ") && list.contains("tool.ke_safeguards=true"), "{list}");
    let tasks = json(office, &["task", "list"]);
    let next = task(&tasks, "transfer")["next"].as_str().unwrap_or_default().to_owned();
    assert!(next.contains("transfer resume"), "{tasks}");
    assert_eq!(run(office, &["transfer", "resume", transfer]).code, 3);
    let drift = json(office, &["law", "recheck"]);
    assert_eq!(drift["agreements"], 1);

    // What is recorded again lets a person resume it.
    let again = paste(office, command);
    assert_eq!(again.code, 0, "{}", again.stderr);
    ok(office, &["transfer", "resume", transfer]);
    office.until(&format!("/transfers/{transfer}"), |found| found["state"] == "STARTED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_declares_is_warned_of_and_a_manifest_declares_row_by_row() {
    let directory = tempfile::tempdir().unwrap();
    let (office, _institute) = border(directory.path()).await;
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let file = write("rain.csv", "id,mm\n1,3\n");
    let ran = ok(&office, &["offer", "publish", &file]);
    assert!(ran.stderr.contains("warning: the data is not declared (--data)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("consumer: will wait for a person"), "{}", ran.stderr);
    let ran = ok(&office, &["offer", "publish", &file, "--data", "non-personal"]);
    assert!(!ran.stderr.contains("not declared"), "{}", ran.stderr);
    assert!(ran.stderr.contains("consumer: passes, permitted"), "{}", ran.stderr);
    let ran = run(&office, &["offer", "publish", &file, "--data", "helth"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let wrong = ["offer", "publish", &file, "--data", "ordinary", "--persons-column", "person"];
    let ran = run(&office, &wrong);
    assert!(ran.code == 2 && ran.stderr.contains("only id, mm"), "{}", ran.stderr);

    let manifest = write(
        "all.csv",
        "file,dataset_id,data,facts,persons,persons_column\n\
         rain.csv,urn:x:1,non-personal,,,\n\
         rain.csv,urn:x:2,ordinary,basis.explicit_consent=true,,id\n\
         rain.csv,urn:x:3,ordinary,,40,\n\
         rain.csv,urn:x:4,ordinary,,,person\n\
         rain.csv,urn:x:5,,,,\n",
    );
    let ran = run(&office, &["offer", "publish", "--from", &manifest]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("all.csv:5: count persons: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("the data of 1 rows is not declared"), "{}", ran.stderr);
    assert!(ran.stderr.contains("4 published, 0 unchanged, 1 refused"), "{}", ran.stderr);
    let offers = json(&office, &["offer", "list"]);
    let of = |dataset: &str| {
        let mut offers = offers["items"].as_array().unwrap().iter();
        offers.find(|offer| offer["dataset_id"] == dataset).unwrap().clone()
    };
    assert_eq!(of("urn:x:3")["persons"], 40);
    let facts = of("urn:x:2")["data"].to_string();
    assert!(facts.contains("basis.explicit_consent=true"), "{facts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_warns_of_a_party_whose_law_nobody_knows() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two] = free_ports();
    let setup =
        Setup { short: "provider", port: one, peers: vec![("consumer", two)], more: String::new() };
    let mut office = Node::make(directory.path(), &setup);
    let file = office.directory.join("causeway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replacen("jurisdiction = \"KE\"", "jurisdiction = \"FJ\"", 1);
    std::fs::write(&file, text.replacen("jurisdiction = \"KE\"", "", 1)).unwrap();
    office.start().await;
    let peers = ok(&office, &["peer", "list"]).stdout;
    assert!(peers.contains("\tunknown\t"), "{peers}");
    // The peer is not there, which is another matter.
    let ran = run(&office, &["doctor"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("?\tjurisdiction\tFJ: no rule pack knows its law"),
        "{}",
        ran.stdout
    );
    let missing = "?\tjurisdiction of consumer\tnot configured";
    assert!(ran.stdout.contains(missing), "{}", ran.stdout);
    assert!(ran.stderr.contains("jurisdiction of consumer: set its"), "{}", ran.stderr);
}
