//! `cargo xtask test`: runs the parts, one after the other, and closes with the count.
//!
//! A failed part does not stop the next: one run shows everything that is wrong. What a part does
//! is said in `parts`; this is only the loop around them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::parts::{PARTS, Part};
use crate::report::Tally;

/// What to run, and how strictly.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether a part that cannot run is a failure.
    all: bool,
    only: Option<String>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--all" => options.all = true,
                "--only" => {
                    let name = words.next().copied().unwrap_or_default();
                    if !PARTS.iter().any(|part| part.name == name) {
                        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
                        bail!("there is no part `{name}`, expected one of: {}", known.join(", "));
                    }
                    options.only = Some(name.to_owned());
                }
                word => bail!("`{word}` is no option of test\nhint: cargo xtask help"),
            }
        }
        Ok(options)
    }
}

/// Runs the chosen parts of the repository; `false` when one failed.
pub(crate) fn test(options: &Options) -> Result<bool> {
    let closing = run(PARTS, options);
    for note in &closing.notes {
        println!("{note}");
    }
    println!("{}", closing.tally);
    Ok(closing.tally.failed == 0)
}

/// What stands at the end of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Closing {
    /// The parts that did not run, each with its remedy.
    notes: Vec<String>,
    tally: Tally,
}

fn run(parts: &[Part], options: &Options) -> Closing {
    let mut closing = Closing::default();
    let chosen = |part: &&Part| options.only.as_ref().is_none_or(|only| only == part.name);
    for part in parts.iter().filter(chosen) {
        if let Some(tool) = part.tool.filter(|tool| !tool.is_installed()) {
            let (name, tool, install) = (part.name, tool.name, tool.install);
            closing.notes.push(format!("skipped {name}: {tool} is not installed; {install}"));
            closing.tally.add(Tally::not_run(options.all));
            continue;
        }
        println!("--- {}", part.name);
        let (duration, outcome) = timed(part.run);
        let tally = outcome.unwrap_or_else(|error| {
            println!("{error:#}");
            Tally::one(false)
        });
        let verdict = if tally.failed == 0 { "passed" } else { "failed" };
        println!("--- {} {verdict} in {:.1} s", part.name, duration.as_secs_f64());
        closing.tally.add(tally);
    }
    closing
}

#[expect(clippy::disallowed_methods, reason = "the duration of a part is shown to a person")]
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::Tool;

    const PASSING: Part = Part {
        name: "passing",
        tool: None,
        run: || Ok(Tally { passed: 40, failed: 0, skipped: 2 }),
    };
    const FAILING: Part = Part { name: "failing", tool: None, run: || bail!("it broke") };
    const MISSING: Part = Part {
        name: "missing",
        tool: Some(Tool::missing()),
        run: || panic!("a part without its tool must not run"),
    };

    fn check(parts: &[Part], options: &Options, closing: &str, notes: usize) {
        let found = run(parts, options);
        assert_eq!(found.tally.to_string(), closing);
        assert_eq!(found.notes.len(), notes);
    }

    #[test]
    fn a_failed_part_does_not_stop_the_next() {
        let options = Options::default();
        check(&[FAILING, PASSING], &options, "40 passed, 1 failed, 2 skipped", 0);
    }

    #[test]
    fn a_missing_tool_is_named_and_is_a_failure_when_all_must_run() {
        let all = Options { all: true, only: None };
        check(&[MISSING, PASSING], &Options::default(), "40 passed, 0 failed, 3 skipped", 1);
        check(&[MISSING, PASSING], &all, "40 passed, 1 failed, 2 skipped", 1);
        let note = run(&[MISSING], &all).notes.remove(0);
        assert_eq!(note, "skipped missing: a-tool is not installed; install it");
    }

    #[test]
    fn one_part_can_run_alone() {
        let options = Options { all: false, only: Some("passing".to_owned()) };
        check(&[FAILING, PASSING, MISSING], &options, "40 passed, 0 failed, 2 skipped", 0);
    }

    #[test]
    fn options_are_read_and_an_unknown_part_lists_the_known_ones() {
        let options = Options::parse(&["--all", "--only", "tidy"]).unwrap();
        assert_eq!(options, Options { all: true, only: Some("tidy".to_owned()) });
        for words in [&["--only"][..], &["--only", "test"]] {
            let error = Options::parse(words).unwrap_err().to_string();
            assert!(error.contains("expected one of: tidy, fmt"), "{error}");
        }
        assert!(Options::parse(&["--al"]).unwrap_err().to_string().contains("`--al`"));
    }
}
