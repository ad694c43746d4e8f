//! The command line against real nodes: the main job as a person does it.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Node, pair};

fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn ok(node: &Node, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(node.command().args(arguments));
    assert_eq!(code, 0, "{arguments:?}: {stderr}\n{}", node.told());
    stdout
}

fn json(node: &Node, arguments: &[&str]) -> Value {
    let stdout = ok(node, &[&["--json"], arguments].concat());
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_published_and_got_with_two_commands() {
    let directory = tempfile::tempdir().unwrap();
    let (provider, consumer) = pair(directory.path(), "").await;
    let file = directory.path().join("table.csv");
    std::fs::write(&file, "a,b\n1,2\n".repeat(10_000)).unwrap();
    let file = file.to_str().unwrap();

    let offer = json(&provider, &["offer", "publish", file, "--title", "A table"]);
    let dataset = offer["dataset_id"].as_str().unwrap();
    assert_eq!(offer["media_type"], "text/csv");
    assert!(ok(&provider, &["offer", "list"]).contains("A table"));
    assert!(ok(&consumer, &["catalog", "provider"]).contains("A table"));

    let target = directory.path().join("got.csv");
    let target = target.to_str().unwrap();
    ok(&consumer, &["get", "provider", dataset, "-o", target]);
    assert_eq!(std::fs::read(target).unwrap(), std::fs::read(file).unwrap());
    assert!(!std::path::Path::new(&format!("{target}.part")).exists());

    // A second time the agreement is used again, and no file is overwritten.
    let (code, _, stderr) =
        run(consumer.command().args(["get", "provider", dataset, "-o", target]));
    assert_eq!(code, 9, "{stderr}");
    let again = directory.path().join("again.csv");
    ok(&consumer, &["get", "provider", dataset, "-o", again.to_str().unwrap()]);
    let agreements = json(&consumer, &["agreement", "list"]);
    assert_eq!(agreements["items"].as_array().unwrap().len(), 1);

    for arguments in [
        &["negotiation", "list"][..],
        &["transfer", "list"],
        &["agreement", "list"],
        &["peer", "list"],
        &["offer", "list"],
        &["status"],
        &["doctor", "provider"],
        &["doctor"],
        &["catalog", "provider"],
    ] {
        json(&consumer, arguments);
        ok(&consumer, arguments);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn catalogs_are_copied_and_searched_without_their_provider() {
    let directory = tempfile::tempdir().unwrap();
    let (mut provider, consumer) = pair(directory.path(), "").await;
    let list = directory.path().join("list.jsonl");
    let row = |n: u32| {
        let row = serde_json::json!({
            "file": "x.csv", "dataset_id": format!("rain-{n}"), "title": format!("Rain {n}"),
            "title_zh": format!("降雨 {n}"), "spatial": ["KE"], "time": "2025-01-01/2025-12-31",
        });
        format!("{row}\n")
    };
    std::fs::write(directory.path().join("x.csv"), "a,b\n").unwrap();
    std::fs::write(&list, (0..120).map(row).collect::<String>()).unwrap();
    ok(&provider, &["offer", "publish", "--from", list.to_str().unwrap()]);

    let (code, stdout, stderr) = run(consumer.command().args(["search", "rain"]));
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.contains("causeway catalog sync"), "{stderr}");
    let copied = json(&consumer, &["catalog", "sync"]);
    let copy = &copied["items"][0];
    assert_eq!((&copy["state"], &copy["datasets"]), (&"complete".into(), &120.into()), "{copy}");
    let again = json(&consumer, &["catalog", "sync", "provider"]);
    assert_eq!(again["items"][0]["unchanged"], again["items"][0]["pages"]);
    assert!(provider.terminate().success());

    let found = json(&consumer, &["search", "rain", "119"]);
    assert_eq!(found["items"][0]["dataset"]["id"], "rain-119");
    let table = ok(&consumer, &["search", "降雨", "7", "--spatial", "ke", "--format", "text/csv"]);
    assert!(table.starts_with("provider\t") && table.contains("Rain 7\ttext/csv\t"), "{table}");
    assert_eq!(table.lines().count(), 1);
    let (_, table, stderr) = run(consumer.command().args(["search", "rain", "--limit", "3"]));
    assert_eq!(table.lines().count(), 3);
    assert!(stderr.contains("--after "), "{stderr}");
    assert_eq!(ok(&consumer, &["search", "--time", "2026-02-01/2026-03-01"]), "");
    assert_eq!(json(&consumer, &["catalog", "copies"])["items"][0]["datasets"], 120);
    let (code, _, stderr) = run(consumer.command().args(["catalog", "sync"]));
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("is not complete"), "{stderr}");
    let (code, _, stderr) = run(consumer.command().args(["search"]));
    assert_eq!(code, 2, "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_person_is_shown_and_answered_by_command() {
    let directory = tempfile::tempdir().unwrap();
    let (provider, consumer) =
        pair(directory.path(), "[automation]\ncontract_requested = \"hold\"").await;
    let offer = provider.publish("x").await;
    let dataset = offer["dataset_id"].as_str().unwrap();
    let asked = serde_json::json!({ "peer": "provider", "dataset_id": dataset });
    let ours = consumer.post("/negotiations", &asked).await;
    let waiting = provider
        .until("/negotiations", |list| list["items"][0]["waiting_for"] == "contract_requested");
    let id = waiting.await["items"][0]["id"].as_str().unwrap().to_owned();
    let shown = ok(&provider, &["negotiation", "list"]);
    assert!(shown.contains("contract_requested") || shown.contains("waiting"), "{shown}");
    ok(&provider, &["negotiation", "accept", &id]);
    let path = format!("/negotiations/{}", ours["id"].as_str().unwrap());
    consumer.until(&path, |n| n["state"] == "FINALIZED").await;
    let (code, _, stderr) = run(provider.command().args(["negotiation", "accept", &id]));
    assert_eq!(code, 9, "{stderr}");
    assert!(stderr.contains("waits for no answer"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_the_hop_that_fails() {
    let directory = tempfile::tempdir().unwrap();
    let (mut provider, consumer) = pair(directory.path(), "").await;
    let (code, stdout, _) = run(consumer.command().args(["doctor", "provider"]));
    assert_eq!(code, 0, "{stdout}");
    assert!(provider.terminate().success());
    let (code, stdout, stderr) = run(consumer.command().args(["doctor", "provider"]));
    assert_eq!(code, 6, "{stdout}{stderr}");
    let told = format!("{stdout}{stderr}");
    assert!(told.contains("version document"), "{told}");
    assert!(told.to_lowercase().contains("refused"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_does_the_main_job_and_says_what_came_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("demo");
    // The second run finds the data of the first.
    for _ in 0..2 {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_causeway"));
        let (code, stdout, stderr) = run(demo.args(["demo", "--json", "--dir"]).arg(&place));
        assert_eq!(code, 0, "{stderr}");
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(report["outcome"], "completed");
        assert_eq!(report["bytes"], 2_190_885);
        assert_eq!(report["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(report["blake3"].as_str().unwrap().len(), 64);
        let nodes = report["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 4);
        assert_ne!(nodes[0]["jurisdiction"], nodes[1]["jurisdiction"]);
        assert!(nodes.iter().all(|node| node["rss_bytes"].as_u64().unwrap() > 0));
        let steps = report["steps"].as_array().unwrap().iter();
        let steps: Vec<&str> = steps.map(|step| step["name"].as_str().unwrap()).collect();
        let exchange = ["start", "enrol", "publish", "catalog", "negotiate", "transfer", "verify"];
        let law = ["duties", "held", "recorded", "refused"];
        assert_eq!(steps, [&exchange[..], &law].concat());
        let crossings = report["crossings"].as_array().unwrap().iter();
        let outcomes: Vec<&str> =
            crossings.map(|crossing| crossing["outcome"].as_str().unwrap()).collect();
        let duties = "permitted-with-obligations";
        assert_eq!(outcomes, ["permitted", duties, duties, "prohibited"]);
        let refused = report["crossings"][3]["reason"].as_str().unwrap();
        assert!(refused.contains("art. 13"), "{refused}");
    }
    // A directory that is not the demo's is left alone.
    let other = directory.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("thesis.txt"), "years of work").unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_causeway"));
    let (code, _, stderr) = run(demo.args(["demo", "--dir"]).arg(&other));
    assert_eq!(code, 9, "{stderr}");
    assert!(other.join("thesis.txt").exists());
}
