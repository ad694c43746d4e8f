//! The parts of `cargo xtask test`, in the order in which they run.
//!
//! A part is added here and nowhere else. The cheap ones come first, so that a slip in the
//! formatting is known before anything is compiled.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::metadata::{Metadata, cargo};
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
    /// It is a program of its own.
    Program(&'static str),
    /// Go, and Debian's package of the Go checksum database's code.
    Go,
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

const SOFTHSM: Tool = Tool {
    name: "SoftHSM",
    probe: Probe::Program("softhsm2-util"),
    install: "apt-get install softhsm2",
};
const NPM: Tool =
    Tool { name: "npm", probe: Probe::Program("npm"), install: "apt-get install nodejs npm" };

const GO: Tool = Tool {
    name: "Go with golang.org/x/mod",
    probe: Probe::Go,
    install: "apt-get install golang-go golang-golang-x-mod-dev",
};

/// Where Debian puts the sources of Go packages.
const GO_SOURCES: &str = "/usr/share/gocode/src/golang.org/x/mod";

pub(crate) const PARTS: &[Part] = &[
    Part { name: "tidy", tool: None, run: || tidy::command().map(Tally::one) },
    Part { name: "fmt", tool: Some(RUSTFMT), run: || one(&["fmt", "--all", "--check"]) },
    Part { name: "clippy", tool: Some(CLIPPY), run: clippy },
    Part { name: "tests", tool: None, run: tests },
    Part { name: "tokens", tool: Some(SOFTHSM), run: tokens },
    Part { name: "verifier", tool: Some(GO), run: verifier },
    Part { name: "docs", tool: None, run: docs },
    Part { name: "codegen", tool: None, run: || codegen::check().map(Tally::one) },
    Part { name: "deny", tool: Some(CARGO_DENY), run: deny },
    Part { name: "demo", tool: None, run: || demo::run().map(Tally::one) },
    Part { name: "oidc", tool: Some(NPM), run: oidc },
    Part { name: "conformance", tool: Some(JAVA), run: conformance::part },
    Part { name: "conformance-dcp", tool: Some(JAVA), run: conformance::dcp::part },
];

impl Tool {
    /// Whether the tool is found on this machine.
    pub(crate) fn is_installed(&self) -> bool {
        let mut command = match self.probe {
            Probe::Java => return conformance::can_run(),
            Probe::Program(name) => Command::new(name),
            Probe::Go => {
                let there = Command::new("go").arg("version").stdout(Stdio::null()).status();
                return Path::new(GO_SOURCES).is_dir() && there.is_ok_and(|s| s.success());
            }
            Probe::Cargo(name) => {
                let mut cargo = cargo();
                cargo.arg(name);
                cargo
            }
        };
        command
            .arg("--version")
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
    // The tests of the parts `tokens` and `verifier` are compiled for them only.
    let tokens = ["--features", "causeway-keys/softhsm,causeway-log/go"];
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked"];
    one(&[&arguments[..], &tokens, &["--", "-D", "warnings"]].concat())
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

/// Every test of the workspace.
fn tests() -> Result<Tally> {
    counted(cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]))
}

/// Keys in a token, with SoftHSM as the token.
fn tokens() -> Result<Tally> {
    let store = ["test", "-p", "causeway-keys", "--features", "softhsm", "--locked"];
    let tests = ["--test", "it", "--no-fail-fast", "--", "token::"];
    counted(cargo().args(store).args(tests))
}

/// The verifier in Go, built from Debian's packages, on logs that our own crate makes.
fn verifier() -> Result<Tally> {
    let log = ["test", "-p", "causeway-log", "--features", "go", "--locked"];
    let tests = ["--test", "it", "--no-fail-fast", "--", "go::"];
    counted(cargo().args(log).args(tests))
}

/// Signing in at a certified OpenID provider, which npm brings as its lock file says.
fn oidc() -> Result<Tally> {
    let (from, home) = (tree::root().join("conformance/oidc"), {
        Metadata::read(tree::root())?.target_directory.join("conformance-oidc")
    });
    fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    for name in ["package.json", "package-lock.json", "provider.mjs", "person.mjs"] {
        let (from, to) = (from.join(name), home.join(name));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&home);
    if !npm.stdin(Stdio::null()).status().context("cannot start npm")?.success() {
        bail!("npm could not bring the OpenID provider");
    }
    let mut command = cargo();
    command.args(["test", "--package", "causeway", "--locked", "--test", "it", "--", "--ignored"]);
    counted(command.arg("oidc::").env("OIDC_PROVIDER", &home))
}

/// Tests; the output passes through live and is counted on the way.
fn counted(command: &mut Command) -> Result<Tally> {
    let mut child = command
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
