//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, each for some seconds, beginning with the
//! corpus of messages that the tests read.
//!
//! It is no part of `cargo xtask test`: chance does not decide whether a change may land. What
//! fuzzing finds becomes a message of that corpus, and from then on a test.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::metadata::cargo;
use crate::parts::CARGO_FUZZ;
use crate::tree;

const SECONDS_DEFAULT: u32 = 60;
/// What the tests read; the fuzzer only reads it. Readers of the claims protocol and of logs have a
/// folder each in the last two, and the others share the first.
const SEEDS: [&str; 3] = [
    "crates/causeway-dsp/tests/corpus",
    "crates/causeway-dcp/tests/corpus",
    "crates/causeway-log/tests/corpus",
];
/// How long, how much and how large one input may be, in seconds, MiB and bytes. A reader that
/// takes longer or more for it is as broken as one that panics.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=65536"];

#[derive(Debug, PartialEq, Eq)]
struct Options<'a> {
    target: Option<&'a str>,
    seconds: u32,
}

/// Runs the targets chosen by `words`; `false` when one of them found something.
pub(crate) fn command(words: &[&str]) -> Result<bool> {
    let options = parse(words)?;
    let targets = choose(targets()?, options.target)?;
    if !CARGO_FUZZ.is_installed() {
        eprintln!("fuzz: skipped, {} is missing", CARGO_FUZZ.name);
        eprintln!("hint: {}", CARGO_FUZZ.install);
        return Ok(true);
    }
    let mut passed = true;
    for target in targets {
        passed &= run(&target, options.seconds)?;
    }
    Ok(passed)
}

fn parse<'a>(words: &[&'a str]) -> Result<Options<'a>> {
    let mut options = Options { target: None, seconds: SECONDS_DEFAULT };
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "--seconds" => {
                let number = words.next().unwrap_or_default();
                options.seconds =
                    number.parse().ok().filter(|seconds| *seconds > 0).with_context(|| {
                        format!("--seconds: found `{number}`, expected a number")
                    })?;
            }
            word if word.starts_with('-') => bail!("`{word}` is no option of fuzz"),
            word => match options.target {
                None => options.target = Some(word),
                Some(first) => bail!("fuzz takes one target, found `{first}` and `{word}`"),
            },
        }
    }
    Ok(options)
}

/// The names of the targets, one a file.
fn targets() -> Result<Vec<String>> {
    let folder = tree::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry.context("read an entry of fuzz/fuzz_targets")?.path();
        names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn choose(targets: Vec<String>, target: Option<&str>) -> Result<Vec<String>> {
    let Some(target) = target else { return Ok(targets) };
    if !targets.iter().any(|name| name == target) {
        bail!("there is no fuzz target `{target}`, expected one of: {}", targets.join(", "));
    }
    Ok(vec![target.to_owned()])
}

/// Where a target begins.
fn seeds(target: &str) -> String {
    let [shared, own @ ..] = SEEDS;
    let mut own = own.map(|folder| format!("{folder}/{target}")).into_iter();
    own.find(|folder| tree::root().join(folder).is_dir()).unwrap_or_else(|| shared.to_owned())
}

fn run(target: &str, seconds: u32) -> Result<bool> {
    let found = format!("fuzz/corpus/{target}");
    fs::create_dir_all(tree::root().join(&found)).with_context(|| format!("make {found}"))?;
    let status = cargo()
        .args(["fuzz", "run", "--fuzz-dir", "fuzz", target, &found, &seeds(target), "--"])
        .arg(format!("-max_total_time={seconds}"))
        .args(LIMITS)
        // The sanitizers are behind flags that the stable compiler has but does not promise.
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(tree::root())
        .status()
        .context("cannot start cargo fuzz")?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], expectation: Result<(Option<&str>, u32), &str>) {
        match (parse(words), expectation) {
            (Ok(options), Ok((target, seconds))) => {
                assert_eq!(options, Options { target, seconds });
            }
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (found, expectation) => panic!("found {found:?}, expected {expectation:?}"),
        }
    }

    #[test]
    fn options_choose_a_target_and_a_time() {
        check(&[], Ok((None, SECONDS_DEFAULT)));
        check(&["catalog", "--seconds", "5"], Ok((Some("catalog"), 5)));
        check(&["--seconds"], Err("found ``, expected a number"));
        check(&["--seconds", "0"], Err("found `0`"));
        check(&["--minutes"], Err("no option of fuzz"));
        check(&["a", "b"], Err("found `a` and `b`"));
    }

    #[test]
    fn a_target_is_looked_up_among_the_files() {
        let all = targets().unwrap();
        assert!(all.len() >= 10, "{all:?}");
        assert_eq!(choose(all.clone(), Some("catalog")).unwrap(), ["catalog"]);
        let error = choose(all, Some("nothing")).unwrap_err().to_string();
        assert!(error.contains("expected one of: acknowledgement, catalog"), "{error}");
    }

    #[test]
    fn every_target_is_declared_in_the_manifest_and_the_seeds_are_there() {
        let manifest = fs::read_to_string(tree::root().join("fuzz/Cargo.toml")).unwrap();
        for target in targets().unwrap() {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
        }
        for seeds in SEEDS {
            assert!(tree::root().join(seeds).is_dir(), "{seeds}");
        }
    }

    #[test]
    fn a_target_begins_with_its_own_folder_if_it_has_one() {
        assert_eq!(seeds("jws"), "crates/causeway-dcp/tests/corpus/jws");
        assert_eq!(seeds("catalog"), "crates/causeway-dsp/tests/corpus");
        // Every folder belongs to a target, or its seeds were never read.
        let folders = |seeds| fs::read_dir(tree::root().join(seeds)).unwrap();
        for folder in SEEDS[1..].iter().flat_map(folders) {
            let name = folder.unwrap().file_name().into_string().unwrap();
            assert!(targets().unwrap().contains(&name), "{name}");
        }
    }
}
