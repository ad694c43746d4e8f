//! The TCK itself: brought by Maven, run by a small program of ours that prints a line a test.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::report::Tally;

/// The longest that all tests may take together.
const RUN_SECONDS_MAX: u64 = 400;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestResult {
    pub(super) test: String,
    pub(super) verdict: Verdict,
    pub(super) reason: String,
}

#[cfg(test)]
impl TestResult {
    pub(super) fn of(test: &str, verdict: Verdict) -> Self {
        Self { test: test.to_owned(), verdict, reason: String::new() }
    }
}

impl Verdict {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "passed" | "PASS" => Some(Self::Passed),
            "failed" | "FAIL" => Some(Self::Failed),
            "skipped" | "SKIP" => Some(Self::Skipped),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

/// What of a TCK is to be run, and how its tests are told apart.
#[derive(Clone, Copy)]
pub(super) struct Suite {
    /// The class that starts the TCK.
    pub(super) launcher: &'static str,
    /// Where the tests are.
    pub(super) packages: &'static [&'static str],
    /// Where the id of a test stands: at the beginning of its display name (`display`), or as the
    /// name of its method (`method`).
    pub(super) ids: &'static str,
}

impl Suite {
    /// What the runner is told beside the properties of the TCK.
    fn properties(&self) -> String {
        let Self { launcher, packages, ids } = self;
        let packages = packages.join(",");
        format!("runner.launcher={launcher}\nrunner.packages={packages}\nrunner.ids={ids}\n")
    }
}

/// The TCK, ready to run.
pub(super) struct Tck {
    output: PathBuf,
    class_path: String,
}

impl Tck {
    /// Resolves and compiles, unless that was done since the sources last changed. A release other
    /// than the pinned one is run on request.
    pub(super) fn prepare(folder: &Path, output: &Path, release: Option<&str>) -> Result<Self> {
        fs::create_dir_all(output).with_context(|| format!("cannot make {}", output.display()))?;
        let (pom, list) = (folder.join("pom.xml"), output.join("classpath"));
        let source = folder.join("../runner/causeway/conformance/Runner.java");
        let when = |path: &Path| fs::metadata(path).and_then(|facts| facts.modified()).ok();
        let is_fresh = when(&list) > when(&pom).max(when(&source));
        if !is_fresh {
            let mut maven = Command::new("mvn");
            maven.args(["--batch-mode", "--quiet", "--no-transfer-progress", "--file"]).arg(&pom);
            maven.arg(format!("-Doutput={}", output.display()));
            maven.arg(format!("-Dmdep.outputFile={}", list.display()));
            maven.args(release.map(|release| format!("-Dtck.version={release}")));
            maven.args(["compile", "dependency:build-classpath"]).stdin(Stdio::null());
            if !maven.status().context("cannot start mvn")?.success() {
                bail!("Maven could not bring the TCK");
            }
        }
        let list = fs::read_to_string(&list).context("Maven named no class path")?;
        let classes = output.join("classes");
        let class_path = format!("{}:{}", classes.display(), list.trim());
        Ok(Self { output: output.to_owned(), class_path })
    }

    /// What a run of this name said beside its results.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.output.join(format!("{name}.log"))
    }

    /// Runs the tests whose ids begin so, or all. The name is that of the files it leaves.
    pub(super) fn run(
        &self,
        name: &str,
        suite: &Suite,
        properties: &str,
        only: &[String],
    ) -> Result<Vec<TestResult>> {
        let file = self.output.join(format!("{name}.properties"));
        fs::write(&file, suite.properties() + properties)
            .context("cannot write the TCK's properties")?;
        let log = fs::File::create(self.log(name)).context("cannot log")?;
        let mut child = Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-cp", &self.class_path])
            .arg("causeway.conformance.Runner")
            .arg(&file)
            .args(only)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start java")?;
        let stdout = child.stdout.take().context("the output is not piped")?;
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(std::io::Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                // Nobody receives any more when the time is over.
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let lines = collect(&receive);
        if lines.is_none() {
            child.kill().context("cannot end the TCK, whose time is over")?;
        }
        child.wait().context("cannot wait for the TCK")?;
        let lines = lines.context("the TCK did not end in time")?;
        results(&lines).with_context(|| format!("see {}", self.log(name).display()))
    }
}

/// The lines until the end, each printed as it comes; `None` if the time is over before.
#[expect(clippy::disallowed_methods, reason = "a process of others is given a limited time")]
fn collect(receive: &mpsc::Receiver<String>) -> Option<Vec<String>> {
    let began = std::time::Instant::now();
    let mut lines = Vec::new();
    loop {
        let left = Duration::from_secs(RUN_SECONDS_MAX).checked_sub(began.elapsed())?;
        match receive.recv_timeout(left) {
            Ok(line) => {
                if result(&line).is_some() {
                    println!("{line}");
                }
                lines.push(line);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => return None,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Some(lines),
        }
    }
}

/// Reads the runner's lines; what is printed between them is the TCK's own talk.
fn results(lines: &[String]) -> Result<Vec<TestResult>> {
    let results: Vec<TestResult> = lines.iter().filter_map(|line| result(line)).collect();
    let done = lines.iter().rev().find_map(|line| line.strip_prefix("DONE "));
    let Some(done) = done else { bail!("the TCK ended before all tests had run") };
    if done.trim() != results.len().to_string() {
        bail!("{} lines of results arrived, expected {done}", results.len());
    }
    Ok(results)
}

fn result(line: &str) -> Option<TestResult> {
    let (verdict, rest) = line.trim_end().split_once(' ')?;
    let verdict = match verdict {
        "PASS" | "FAIL" | "SKIP" => Verdict::parse(verdict)?,
        _ => return None,
    };
    let (test, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(TestResult { test: test.to_owned(), verdict, reason: reason.to_owned() })
}

/// Counts without judging.
pub(super) fn count(results: &[TestResult]) -> Tally {
    let of = |verdict| results.iter().filter(|result| result.verdict == verdict).count() as u64;
    Tally {
        passed: of(Verdict::Passed),
        failed: of(Verdict::Failed),
        skipped: of(Verdict::Skipped),
    }
}

/// The TCK against its own connector.
pub(super) fn local_properties(port: u16) -> String {
    format!(
        "dataspacetck.host=127.0.0.1\ndataspacetck.port={port}\n\
         dataspacetck.callback.address=http://127.0.0.1:{port}\n\
         dataspacetck.dsp.local.connector=true\ndataspacetck.dsp.default.wait=10\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: Result<&str, &str>) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let found = results(&lines).map(|results| count(&results).to_string());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.to_string().contains(expected), "{found}"),
            (found, expected) => panic!("{found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn results_are_read_between_the_talk_of_the_tck() {
        check(
            &["talk", "PASS CN:01-01", "FAIL CN:01-02 java.lang", "SKIP TP:02-04 x", "DONE 3"],
            Ok("1 passed, 1 failed, 1 skipped"),
        );
        check(&["PASS CN:01-01", "DONE 2"], Err("1 lines of results arrived, expected 2"));
        check(&["PASS CN:01-01"], Err("ended before all tests"));
        check(&["PASSWORD is", "DONE 0"], Ok("0 passed, 0 failed, 0 skipped"));
    }
}
