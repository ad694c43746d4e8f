//! `cargo xtask conformance dsp`: the official DSP TCK against the shipped binary.
//!
//! The node under test is the release binary with a configuration; what it does in each test is a
//! script of its automation, and the transfers of the TCK rest on contracts that two such nodes
//! really concluded before. What must pass is in `conformance/dsp/expected.toml`.

mod client;
mod expected;
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
use self::tck::Tck;
use crate::metadata::{Metadata, cargo};
use crate::report::Tally;
use crate::tree;

/// The folder of everything that belongs to the DSP TCK.
const FOLDER: &str = "conformance/dsp";
/// The most often that one call may run the tests.
const TIMES_MAX: u32 = 20;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    only: Vec<String>,
    times: u32,
    /// The TCK against its own connector: whether the class path is whole.
    is_local: bool,
    /// A binary that is there already; without it, the release binary is built.
    binary: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self { only: Vec::new(), times: 1, is_local: false, binary: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match *word {
                "--only" => options.only.push((*value()?).to_owned()),
                "--binary" => options.binary = Some(PathBuf::from(value()?)),
                "--local" => options.is_local = true,
                "--times" => {
                    let text = value()?;
                    let times = text.parse().ok().filter(|times| (1..=TIMES_MAX).contains(times));
                    options.times = times.with_context(|| {
                        format!("--times: found {text}, expected 1 to {TIMES_MAX}")
                    })?;
                }
                word => bail!("`{word}` is no option of conformance\nhint: cargo xtask help"),
            }
        }
        Ok(options)
    }
}

/// Runs the command; `false` when something is not as expected.
pub(crate) fn command(words: &[&str]) -> Result<bool> {
    let tally = run(&Options::parse(words)?)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// The part of `cargo xtask test`.
pub(crate) fn part() -> Result<Tally> {
    run(&Options::parse(&[])?)
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
    let expected = Expected::read(&folder.join("expected.toml"))?;
    let tck = Tck::prepare(&folder, &target.join("conformance-dsp"))?;
    if options.is_local {
        let [port] = free_ports()?;
        let results = tck.run(&tck::local_properties(port), &options.only)?;
        return Ok(tck::count(&results));
    }
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => build(&target)?,
    };
    let mut tally = Tally::default();
    for round in 1..=options.times {
        if options.times > 1 {
            println!("--- round {round} of {}", options.times);
        }
        let results = round_of(&folder, &target, &binary, &tck, &options.only)?;
        let (found, complaints) = expected.judge(&results, &options.only);
        complaints.iter().for_each(|complaint| println!("{complaint}"));
        tally.add(found);
    }
    Ok(tally)
}

/// One round: two nodes conclude contracts, then one of them meets the TCK.
fn round_of(
    folder: &Path,
    target: &Path,
    binary: &Path,
    tck: &Tck,
    only: &[String],
) -> Result<Vec<tck::TestResult>> {
    let home = target.join("conformance-dsp").join("nodes");
    let network = Network::make(&home, binary, free_ports()?)?;
    let agreements = {
        let cut = network.start(CUT, &network.pair_config(CUT, TCK))?;
        let other = network.start(TCK, &network.pair_config(TCK, CUT))?;
        seed::contracts(&cut.client(), &other.client())?
    };
    println!("seeded: {} agreements that two nodes concluded", agreements.len());
    let config = network.test_config(&folder.join("scripts.toml"));
    let cut = network.start(CUT, &config)?;
    let webhooks = webhooks::serve(cut.client())?;
    let properties = network.properties(&webhooks, &agreements);
    let results = tck.run(&properties, only);
    drop(cut);
    results
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
        for (words, expected) in [
            (&["--onyl"][..], "`--onyl` is no option"),
            (&["--only"], "--only needs a value"),
            (&["--times", "0"], "found 0, expected 1 to 20"),
        ] {
            let error = Options::parse(words).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
