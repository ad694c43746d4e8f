//! The parts of `cargo xtask test`, in the order in which they run.
//!
//! A part is added here and nowhere else. The cheap ones come first, so that a slip in the
//! formatting is known before anything is compiled.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::metadata::cargo;
use crate::report::Tally;
use crate::{codegen, conformance, demo, tidy, tree};

/// One named check.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// What it needs beyond Cargo and a compiler.
    pub(crate) tool: Option<Tool>,
    pub(crate) run: fn() -> Result<Tally>,
}

/// A tool that a machine may lack.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    probe: Probe,
    pub(crate) install: &'static str,
}

/// How it is found out whether a tool is there.
#[derive(Clone, Copy)]
enum Probe {
    /// It is a subcommand of Cargo.
    Cargo(&'static str),
    /// Java and Maven.
    Java,
}

const RUSTFMT: Tool =
    Tool { name: "rustfmt", probe: Probe::Cargo("fmt"), install: "rustup component add rustfmt" };
const CLIPPY: Tool =
    Tool { name: "clippy", probe: Probe::Cargo("clippy"), install: "rustup component add clippy" };
const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    probe: Probe::Cargo("deny"),
    install: "cargo install cargo-deny --locked",
};
/// For `cargo xtask fuzz`; no part of the test command needs it.
pub(crate) const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    probe: Probe::Cargo("fuzz"),
    install: "cargo install cargo-fuzz --locked",
};

const JAVA: Tool = Tool {
    name: "a JDK with Maven",
    probe: Probe::Java,
    install: "apt-get install openjdk-17-jdk-headless maven",
};

pub(crate) const PARTS: &[Part] = &[
    Part { name: "tidy", tool: None, run: || tidy::command().map(Tally::one) },
    Part { name: "fmt", tool: Some(RUSTFMT), run: || one(&["fmt", "--all", "--check"]) },
    Part { name: "clippy", tool: Some(CLIPPY), run: clippy },
    Part { name: "tests", tool: None, run: tests },
    Part { name: "docs", tool: None, run: docs },
    Part { name: "codegen", tool: None, run: || codegen::check().map(Tally::one) },
    Part { name: "deny", tool: Some(CARGO_DENY), run: deny },
    Part { name: "demo", tool: None, run: || demo::run().map(Tally::one) },
    Part { name: "conformance", tool: Some(JAVA), run: conformance::part },
];

impl Tool {
    /// Whether the tool is found on this machine.
    pub(crate) fn is_installed(&self) -> bool {
        let Probe::Cargo(command) = self.probe else { return conformance::can_run() };
        cargo()
            .args([command, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    #[cfg(test)]
    pub(crate) const fn missing() -> Self {
        Self {
            name: "a-tool",
            probe: Probe::Cargo("no-such-command-of-cargo"),
            install: "install it",
        }
    }
}

fn clippy() -> Result<Tally> {
    one(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

fn docs() -> Result<Tally> {
    let mut command = cargo();
    command.args(["doc", "--workspace", "--no-deps", "--locked"]);
    succeed(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Advisories are left out: they need a database from the network, and a check whose verdict
/// changes without a change of ours cannot hold back a change.
fn deny() -> Result<Tally> {
    one(&["deny", "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])
}

fn one(arguments: &[&str]) -> Result<Tally> {
    succeed(cargo().args(arguments))
}

/// One check that passes when the command does; its output goes straight through.
fn succeed(command: &mut Command) -> Result<Tally> {
    let status = command
        .current_dir(tree::root())
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    Ok(Tally::one(status.success()))
}

/// Every test of the workspace; the output passes through live and is counted on the way.
fn tests() -> Result<Tally> {
    let mut child = cargo()
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .current_dir(tree::root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        // Bytes and not `lines()`: a test may print what is not UTF-8.
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.context("cannot read the output of cargo test")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.read_line(&line);
        }
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    Ok(tally.ended(status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_no_machine_has_is_not_installed() {
        assert!(!Tool::missing().is_installed());
    }

    #[test]
    fn every_part_has_its_own_name() {
        for (index, part) in PARTS.iter().enumerate() {
            assert!(PARTS[..index].iter().all(|other| other.name != part.name), "{}", part.name);
        }
    }
}
