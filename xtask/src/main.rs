//! `cargo xtask`: every recurring job of the repository, in one small program.
//!
//! It is not part of the product and depends on none of its crates, so that it builds in seconds
//! on a checkout whose product does not compile. It knows no argument parser: the few commands
//! are read by hand.

mod bench;
mod codegen;
mod conformance;
mod demo;
mod fuzz;
mod metadata;
mod odrl;
mod parts;
mod report;
mod run;
mod tidy;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs one command; `false` means that it ran and found something wrong.
fn dispatch(arguments: &[String]) -> Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", options @ ..] => run::test(&run::Options::parse(options)?),
        ["tidy"] => tidy::command(),
        ["bench", options @ ..] => bench::command(options),
        ["fuzz", options @ ..] => fuzz::command(options),
        ["conformance", "dsp", options @ ..] => conformance::command(options),
        ["conformance", "dcp", options @ ..] => conformance::dcp::command(options),
        ["conformance", "edc", options @ ..] => conformance::edc::command(options),
        ["odrl-suite", options @ ..] => odrl::command(options),
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{}", help());
            Ok(true)
        }
        [command, ..] => bail!("`{}` is no command of xtask\nhint: cargo xtask help", {
            if matches!(*command, "tidy" | "codegen") { words.join(" ") } else { (*command).into() }
        }),
    }
}

fn help() -> String {
    let parts: Vec<&str> = parts::PARTS.iter().map(|part| part.name).collect();
    format!(
        "\
cargo xtask <command>

  test [--all] [--only NAME]   run every check; with --all a missing tool is a failure
                               NAME is one of:
                               {}
  tidy                         the rules of the house, over every file of the repository
  bench [NAME] [--json] [-- ARGUMENTS]
                               run benchmarks; --json is for `exchange` and `catalog`;
                               `engines` compares other policy engines (builds minutes)
  fuzz [TARGET] [--seconds N]  run the fuzz targets, each for so long (60)
  conformance dsp [--only ID] [--times N] [--binary FILE] [--control | --local]
                               the official DSP TCK against the release binary; needs a JDK
                               and Maven; --control shows that tests fail without scripts;
                               --local runs all tests against the TCK's own connector
  conformance dcp [--role NAME] [--only ID] [--times N] [--binary FILE] [--tck VERSION]
                  [--control | --local]
                               the official DCP TCK against the release binary, as a holder, an
                               issuer and a verifier, or in the roles named; --tck runs another
                               release than the pinned one; --control shows that tests fail
  conformance edc [--binary FILE]
                               an exchange with a stock Eclipse EDC, in both directions; needs
                               a JDK and Maven
  odrl-suite DIR               the evaluator of policies against a folder in the layout of the
                               SolidLab ODRL test suite
  codegen [--check]            write, or compare, the generated files
  help                         this text
",
        wrapped(&parts).join(",\n                               ")
    )
}

/// The words in lines that fit beside the commands.
fn wrapped(words: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut().filter(|line| line.len() + word.len() < 64) {
            Some(line) => {
                line.push_str(", ");
                line.push_str(word);
            }
            None => lines.push((*word).to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_unknown_command_names_itself_and_points_to_help() {
        for line in ["tset", "tidy --fix", "codegen --chek"] {
            let error = dispatch(&words(line)).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
            assert!(error.contains("cargo xtask help"), "{error}");
        }
    }

    #[test]
    fn help_names_every_part_of_the_test_command() {
        let help = help();
        for part in parts::PARTS {
            assert!(help.contains(part.name), "{} is missing", part.name);
        }
        assert!(help.lines().all(|line| line.len() <= 100));
    }
}
