//! The control of the run: with everything the same but the scripts taken out of the node's
//! automation, the tests that rest on them must fail. A run that passed then would prove nothing.

use super::tck::{TestResult, Verdict};

/// One test of each role in negotiations and transfers in which the node must do, unasked, what
/// only its script says. Each waits in vain, so there are few. Not every test with a script is
/// good for this: the transfer of TP_C:02-01 ends without one too, as there is nothing to fetch.
const WITH_SCRIPT: [&str; 4] = ["CN:01-01", "CN_C:02-02", "TP:01-02", "TP_C:02-02"];
/// Tests without any script: if they fail too, the node is not there, and its failures would be
/// no work of the control.
const WITHOUT_SCRIPT: [&str; 2] = ["MET:01-01", "CAT:01-01"];

/// The tests to run.
pub(super) fn tests() -> Vec<String> {
    WITHOUT_SCRIPT.iter().chain(&WITH_SCRIPT).map(|test| (*test).to_owned()).collect()
}

/// Those that must fail, for the eye.
pub(super) fn must_fail() -> String {
    WITH_SCRIPT.join(", ")
}

/// What did not end as a node without scripts makes it end.
pub(super) fn complaints(results: &[TestResult]) -> Vec<String> {
    let without = WITHOUT_SCRIPT.iter().map(|test| (*test, Verdict::Passed));
    let with = WITH_SCRIPT.iter().map(|test| (*test, Verdict::Failed));
    let complaint = |(test, expected): (&str, Verdict)| {
        let found = results.iter().find(|result| result.test == test);
        if found.is_some_and(|found| found.verdict == expected) {
            return None;
        }
        let found = found.map_or("did not run".to_owned(), |found| found.verdict.to_string());
        Some(format!("not as expected: {test} {found} without scripts, expected {expected}"))
    };
    without.chain(with).filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Vec<TestResult>), expected: &[&str]) {
        let without = WITHOUT_SCRIPT.iter().map(|test| TestResult::of(test, Verdict::Passed));
        let with = WITH_SCRIPT.iter().map(|test| TestResult::of(test, Verdict::Failed));
        let mut results: Vec<TestResult> = without.chain(with).collect();
        change(&mut results);
        let expected: Vec<String> =
            expected.iter().map(|text| format!("not as expected: {text}")).collect();
        assert_eq!(complaints(&results), expected);
    }

    #[test]
    fn the_control_holds_only_if_every_test_with_a_script_fails_and_the_others_pass() {
        check(|_| {}, &[]);
        check(
            |results| results[2].verdict = Verdict::Passed,
            &["CN:01-01 passed without scripts, expected failed"],
        );
        check(
            |results| results[5].verdict = Verdict::Skipped,
            &["TP_C:02-02 skipped without scripts, expected failed"],
        );
        check(
            |results| results[0].verdict = Verdict::Failed,
            &["MET:01-01 failed without scripts, expected passed"],
        );
        check(
            |results| drop(results.remove(4)),
            &["TP:01-02 did not run without scripts, expected failed"],
        );
    }

    #[test]
    fn every_test_of_the_control_is_there_once() {
        let tests = tests();
        let is_once = |test: &String| tests.iter().filter(|other| *other == test).count() == 1;
        assert!(tests.iter().all(is_once));
        let scripted = |test: &&str| {
            let (group, number) = test.split_once(':').unwrap();
            let dataset = super::super::seed::dataset(group, &number.replace('-', ""));
            scripts().contains(&format!("dataset = \"{dataset}\""))
        };
        assert!(WITH_SCRIPT.iter().all(scripted));
        assert!(!WITHOUT_SCRIPT.iter().any(scripted));
    }

    fn scripts() -> String {
        let path = crate::tree::root().join(super::super::FOLDER).join("scripts.toml");
        std::fs::read_to_string(path).unwrap()
    }
}
