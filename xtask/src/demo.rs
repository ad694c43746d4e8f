//! The demo as a check: the release binary exchanges real data between nodes on this machine, and
//! asks the law.
//!
//! It judges what the binary reports about itself; that the report is true is shown by the tests
//! of the binary.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::metadata::{Metadata, cargo};
use crate::tree;

/// The longest that the demo may take.
const DEMO_SECONDS_MAX: u64 = 180;

/// What the law says of the four crossings.
const LAW: [&str; 4] =
    ["permitted", "permitted-with-obligations", "permitted-with-obligations", "prohibited"];

/// Builds the release binary and runs its demo; `false` when the build fails.
pub(crate) fn run() -> Result<bool> {
    let build = ["build", "--release", "--locked", "--package", "causeway"];
    let status = cargo().args(build).current_dir(tree::root()).stdin(Stdio::null()).status();
    if !status.context("cannot start cargo")?.success() {
        return Ok(false);
    }
    let name = format!("causeway{}", std::env::consts::EXE_SUFFIX);
    let binary = Metadata::read(tree::root())?.target_directory.join("release").join(name);
    let report = output_of(&binary, &["demo", "--json"])?;
    println!("{}", report.trim_end());
    judge(&report)?;
    Ok(true)
}

/// What the command prints, within the time limit; its talk goes straight through.
fn output_of(binary: &Path, arguments: &[&str]) -> Result<String> {
    let mut child = Command::new(binary)
        .args(arguments)
        .current_dir(tree::root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let mut stdout = child.stdout.take().context("the output is not piped")?;
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.read_to_string(&mut text).map(|_| text);
        // The other side is gone only when the time is over, and then nobody wants the text.
        drop(send.send(read));
    });
    let Ok(text) = receive.recv_timeout(Duration::from_secs(DEMO_SECONDS_MAX)) else {
        child.kill().context("cannot end the demo, whose time is over")?;
        bail!("the demo did not end within {DEMO_SECONDS_MAX} seconds");
    };
    let status = child.wait().context("cannot wait for the demo")?;
    if !status.success() {
        bail!("the demo failed with {status}");
    }
    text.context("cannot read the output of the demo")
}

/// The report names a completed exchange, its nodes, what the law said, and the hash of what
/// arrived.
fn judge(report: &str) -> Result<()> {
    let report: Value = serde_json::from_str(report).context("the report is no JSON document")?;
    let (outcome, nodes, sha256) = (&report["outcome"], &report["nodes"], &report["sha256"]);
    if outcome != "completed" {
        bail!("outcome is {outcome}, expected \"completed\"");
    }
    if nodes.as_array().map(Vec::len) != Some(4) {
        bail!("nodes is {nodes}, expected a list of 4");
    }
    let crossings = report["crossings"].as_array().into_iter().flatten();
    let said: Vec<&str> = crossings.filter_map(|crossing| crossing["outcome"].as_str()).collect();
    if said != LAW {
        bail!("the law said {said:?}, expected {LAW:?}");
    }
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !sha256.as_str().is_some_and(is_hash) {
        bail!("sha256 is {sha256}, expected 64 hexadecimal digits");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: &str, nodes: usize, sha256: &str, expectation: Result<(), &str>) {
        let report = serde_json::json!({
            "outcome": outcome, "nodes": vec![(); nodes], "sha256": sha256,
            "crossings": LAW.map(|outcome| serde_json::json!({ "outcome": outcome }))
        });
        let found = judge(&report.to_string()).map_err(|error| error.to_string());
        assert_eq!(found, expectation.map_err(str::to_owned));
    }

    #[test]
    fn only_a_completed_exchange_of_four_nodes_with_a_hash_passes() {
        let hash = "0123456789abcdef".repeat(4);
        check("completed", 4, &hash, Ok(()));
        check("refused", 4, &hash, Err("outcome is \"refused\", expected \"completed\""));
        check("completed", 1, &hash, Err("nodes is [null], expected a list of 4"));
        check("completed", 4, "", Err("sha256 is \"\", expected 64 hexadecimal digits"));
    }

    #[test]
    fn what_the_law_says_is_a_part_of_it() {
        let report = serde_json::json!({
            "outcome": "completed", "nodes": [1, 2, 3, 4], "crossings": [{ "outcome": "permitted" }]
        });
        let error = judge(&report.to_string()).unwrap_err().to_string();
        assert!(error.starts_with("the law said [\"permitted\"], expected"), "{error}");
    }

    #[test]
    fn a_report_that_is_no_json_or_lacks_a_field_fails() {
        assert!(judge("done").unwrap_err().to_string().contains("no JSON"));
        assert!(judge("{}").unwrap_err().to_string().contains("outcome is null"));
    }
}
