//! The binary from outside: what it prints, what it writes, how it ends, and whole exchanges
//! between two nodes, also when one of them is killed.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

mod access;
mod border;
mod canary;
mod commands;
mod config;
mod crash;
mod credential;
mod exchange;
mod init;
mod insecure;
mod installed;
mod keys;
mod law;
mod lifecycle;
mod oidc;
mod policy;
mod register;
mod rotation;
#[path = "../support/mod.rs"]
mod support;
mod trust;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// An empty home and working directory, and no variable of ours.
struct Home(TempDir);

/// How a command ended.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a configuration that needs nothing else.
    fn with_node() -> Self {
        let home = Self::new();
        let ran =
            home.run(&["init", "--participant-id", "urn:example:a", "--listen", "127.0.0.1:0"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CAUSEWAY_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let variables = variables.iter().copied();
        Ran::of(self.command(args).envs(variables).output().unwrap())
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {:?} {}", self.stdout, self.stderr))
    }
}

fn docs(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
