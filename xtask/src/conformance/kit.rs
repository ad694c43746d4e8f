//! Whether the test kit works on this machine: before it judges a node, a few of its tests must
//! pass against its own connector. If they do not, nothing can be said about the node.

use anyhow::{Result, bail};

use super::tck::{Suite, Tck, TestResult, Verdict};

/// How a failure begins that is not the node's.
pub(super) const BROKEN: &str = "the test kit does not work on this machine";

/// Runs tests that must pass; an error says that the kit is broken, and where to look.
pub(super) fn prove(tck: &Tck, suite: &Suite, properties: &str, tests: &[&str]) -> Result<()> {
    println!("--- the test kit against its own connector");
    let only: Vec<String> = tests.iter().map(|test| (*test).to_owned()).collect();
    let results = tck.run("kit", suite, properties, &only)?;
    let complaints = complaints(tests, &results);
    if !complaints.is_empty() {
        bail!("{}; see {}", complaints.join(", "), tck.log("kit").display());
    }
    Ok(())
}

/// What is wrong with the results of the tests.
fn complaints(tests: &[&str], results: &[TestResult]) -> Vec<String> {
    let complaint = |test: &&str| {
        let Some(result) = results.iter().find(|result| result.test == **test) else {
            return Some(format!("{test} did not run"));
        };
        let TestResult { verdict, reason, .. } = result;
        let text = format!("{test} {verdict} {reason}");
        (*verdict != Verdict::Passed).then(|| text.trim_end().to_owned())
    };
    tests.iter().filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: [&str; 6] =
        ["MET:01-01", "CAT:01-01", "CN:02-02", "CN_C:02-01", "TP:02-05", "TP_C:01-05"];

    fn check(change: impl Fn(&mut Vec<TestResult>), expected: &[&str]) {
        let mut results: Vec<TestResult> =
            TESTS.iter().map(|test| TestResult::of(test, Verdict::Passed)).collect();
        change(&mut results);
        assert_eq!(complaints(&TESTS, &results), expected);
    }

    #[test]
    fn the_kit_works_only_if_every_test_ran_and_passed() {
        check(|_| {}, &[]);
        check(|results| results.reverse(), &[]);
        check(|results| drop(results.remove(2)), &["CN:02-02 did not run"]);
        check(|results| results[1].verdict = Verdict::Skipped, &["CAT:01-01 skipped"]);
        check(
            |results| {
                results[0].verdict = Verdict::Failed;
                results[0].reason = "Timeout".to_owned();
                results.truncate(5);
            },
            &["MET:01-01 failed Timeout", "TP_C:01-05 did not run"],
        );
        check(
            Vec::clear,
            &TESTS.map(|test| format!("{test} did not run")).each_ref().map(|s| &**s),
        );
    }
}
