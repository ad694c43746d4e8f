//! Counting what really ran, and the closing line that says so.
//!
//! Pure: it reads the lines that test runners print and knows no process.

use std::fmt;

/// How many checks ran and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that passed or failed.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed), skipped: 0 }
    }

    /// One check that did not run; `strict` makes that a failure.
    pub(crate) fn not_run(strict: bool) -> Self {
        Self { passed: 0, failed: u64::from(strict), skipped: u64::from(!strict) }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Adds what a line of `cargo test` counts; other lines count nothing.
    pub(crate) fn read_line(&mut self, line: &str) {
        let Some(counts) = line.trim_start().strip_prefix("test result: ") else { return };
        // "ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s"
        let counts = counts.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split("; ") {
            let (number, what) = count.split_once(' ').unwrap_or_default();
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// What a test runner counted, corrected by how it ended: a runner that failed without a
    /// failed test did not compile, and one that ran nothing proved nothing.
    pub(crate) fn ended(mut self, success: bool) -> Self {
        if self.failed == 0 && (!success || self.passed == 0) {
            self.failed = 1;
        }
        self
    }
}

/// The closing line: `N passed, N failed, N skipped`.
impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(formatter, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], success: bool, expectation: &str) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read_line(line));
        assert_eq!(tally.ended(success).to_string(), expectation);
    }

    #[test]
    fn the_results_of_several_test_binaries_add_up() {
        check(
            &[
                "running 2 tests",
                "test a ... ok",
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; \
                 finished in 0.01s",
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            ],
            false,
            "15 passed, 2 failed, 1 skipped",
        );
    }

    #[test]
    fn a_runner_that_failed_without_a_failed_test_counts_as_one_failure() {
        check(&["test result: ok. 12 passed; 0 failed"], false, "12 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_runner_that_ran_no_test_has_failed() {
        check(&[], true, "0 passed, 1 failed, 0 skipped");
        check(&["test result: ok. 0 passed; 0 failed"], true, "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_part_that_did_not_run_is_a_failure_only_when_all_must() {
        assert_eq!(Tally::not_run(false).to_string(), "0 passed, 0 failed, 1 skipped");
        assert_eq!(Tally::not_run(true).to_string(), "0 passed, 1 failed, 0 skipped");
    }
}
