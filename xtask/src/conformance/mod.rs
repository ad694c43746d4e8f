//! `cargo xtask conformance dsp`: the official DSP TCK against the shipped binary.
//!
//! The node under test is the release binary with a configuration; what it does in each test is a
//! script of its automation, and the transfers of the TCK rest on contracts that two such nodes
//! really concluded before. What must pass is in `conformance/dsp/expected.toml`. Before that the
//! TCK shows that it works on this machine, and after it that it can fail.

mod client;
mod control;
pub(crate) mod dcp;
pub(crate) mod edc;
mod expected;
mod kit;
mod nodes;
mod seed;
mod tck;
mod webhooks;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use self::expected::Expected;
use self::nodes::{CUT, Network, TCK};
use self::tck::{Suite, Tck};
use crate::metadata::{Metadata, cargo};
use crate::report::Tally;
use crate::tree;

/// The folder of everything that belongs to the DSP TCK.
const FOLDER: &str = "conformance/dsp";
/// Every test of it.
const SUITE: Suite = Suite {
    launcher: "org.eclipse.dataspacetck.dsp.system.DspSystemLauncher",
    packages: &["org.eclipse.dataspacetck.dsp.verification"],
    ids: "display",
};
/// One test of each module of the kit and of each role, against its own connector: all its jars are
/// loaded, and requests go both ways. In none of them does the kit's own connector say something
/// unasked, which at times it does before the test is ready for it.
const KIT_TESTS: [&str; 6] =
    ["MET:01-01", "CAT:01-01", "CN:02-02", "CN_C:02-01", "TP:02-05", "TP_C:01-05"];
/// The most often that one call may run the tests.
const TIMES_MAX: u32 = 20;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    only: Vec<String>,
    times: u32,
    /// All tests against the TCK's own connector, and none against a node.
    is_local: bool,
    /// Whether the tests that rest on scripts must then fail without them.
    is_controlled: bool,
    /// A binary that is there already; without it, the release binary is built.
    binary: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self> {
        let (is_local, is_controlled) = (false, false);
        let mut options =
            Self { only: Vec::new(), times: 1, is_local, is_controlled, binary: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match *word {
                "--only" => options.only.push((*value()?).to_owned()),
                "--binary" => options.binary = Some(PathBuf::from(value()?)),
                "--local" => options.is_local = true,
                "--control" => options.is_controlled = true,
                "--times" => options.times = times(value()?)?,
                word => bail!("`{word}` is no option of conformance\nhint: cargo xtask help"),
            }
        }
        if options.is_local && options.is_controlled {
            bail!("--control needs a node, and --local runs none");
        }
        if options.is_controlled && options.only.is_empty() {
            options.only = control::tests();
        }
        Ok(options)
    }
}

/// How often to run all tests.
fn times(text: &str) -> Result<u32> {
    let times = text.parse().ok().filter(|times| (1..=TIMES_MAX).contains(times));
    times.with_context(|| format!("--times: found {text}, expected 1 to {TIMES_MAX}"))
}

/// Runs the command; `false` when something is not as expected.
pub(crate) fn command(words: &[&str]) -> Result<bool> {
    let tally = run(&Options::parse(words)?)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// The part of `cargo xtask test`: every test, and the control.
pub(crate) fn part() -> Result<Tally> {
    run(&Options { is_controlled: true, ..Options::parse(&[])? })
}

/// Whether Java and Maven are there.
pub(crate) fn can_run() -> bool {
    let answers = |program: &str, flag: &str| {
        let mut command = Command::new(program);
        command.arg(flag).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    answers("java", "-version") && answers("mvn", "--version")
}

fn run(options: &Options) -> Result<Tally> {
    let folder = tree::root().join(FOLDER);
    let target = Metadata::read(tree::root())?.target_directory;
    let home = target.join("conformance-dsp");
    let expected = Expected::read(&folder.join("expected.toml"), None)?;
    let tck = Tck::prepare(&folder, &home, None).context(kit::BROKEN)?;
    let [port] = free_ports()?;
    if options.is_local {
        let results = tck.run("local", &SUITE, &tck::local_properties(port), &options.only)?;
        return Ok(tck::count(&results));
    }
    kit::prove(&tck, &SUITE, &tck::local_properties(port), &KIT_TESTS).context(kit::BROKEN)?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => build(&target)?,
    };
    let scripts = folder.join("scripts.toml");
    let mut tally = Tally::default();
    for number in 1..=options.times {
        println!("--- the node, round {number} of {}", options.times);
        let round = Round { name: "node", scripts: Some(&scripts), only: &options.only };
        let results = round.run(&home, &binary, &tck)?;
        let (found, complaints) = expected.judge(&results, &options.only);
        complaints.iter().for_each(|complaint| println!("{complaint}"));
        tally.add(found);
    }
    if options.is_controlled {
        println!("--- the control, without scripts: {} must fail", control::must_fail());
        let round = Round { name: "control", scripts: None, only: &control::tests() };
        let complaints = control::complaints(&round.run(&home, &binary, &tck)?);
        complaints.iter().for_each(|complaint| println!("{complaint}"));
        tally.add(Tally::one(complaints.is_empty()));
    }
    Ok(tally)
}

/// One round: two nodes conclude contracts, then one of them meets the TCK.
struct Round<'a> {
    /// Of the files it leaves.
    name: &'a str,
    scripts: Option<&'a Path>,
    only: &'a [String],
}

impl Round<'_> {
    fn run(&self, home: &Path, binary: &Path, tck: &Tck) -> Result<Vec<tck::TestResult>> {
        let network =
            Network::make(&home.join(format!("{}-nodes", self.name)), binary, free_ports()?)?;
        let agreements = {
            let cut = network.start(CUT, &network.pair_config(CUT, TCK))?;
            let other = network.start(TCK, &network.pair_config(TCK, CUT))?;
            seed::contracts(&cut.client(), &other.client())?
        };
        println!("seeded: {} agreements that two nodes concluded", agreements.len());
        let cut = network.start(CUT, &network.test_config(self.scripts))?;
        let webhooks = webhooks::serve(cut.client())?;
        let properties = network.properties(&webhooks, &agreements);
        let results = tck.run(self.name, &SUITE, &properties, self.only);
        drop(cut);
        results
    }
}

fn build(target: &Path) -> Result<PathBuf> {
    let build = ["build", "--release", "--locked", "--package", "causeway"];
    let status = cargo().args(build).current_dir(tree::root()).stdin(Stdio::null()).status();
    if !status.context("cannot start cargo")?.success() {
        bail!("the release binary cannot be built");
    }
    let name = format!("causeway{}", std::env::consts::EXE_SUFFIX);
    Ok(target.join("release").join(name))
}

/// Different ports that were free a moment ago.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let listeners: Vec<TcpListener> =
        (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let options =
            Options::parse(&["--only", "CN:01", "--only", "CAT", "--times", "3"]).unwrap();
        assert_eq!(options.only, ["CN:01", "CAT"]);
        assert_eq!(options.times, 3);
        assert!(!options.is_controlled);
        let options = Options::parse(&["--control"]).unwrap();
        assert_eq!((options.only, options.is_controlled), (control::tests(), true));
        for (words, expected) in [
            (&["--onyl"][..], "`--onyl` is no option"),
            (&["--only"], "--only needs a value"),
            (&["--local", "--control"], "--control needs a node, and --local runs none"),
            (&["--times", "0"], "found 0, expected 1 to 20"),
        ] {
            let error = Options::parse(words).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
