//! What the run must show, and how it is compared with what it showed.

use std::path::Path;

use anyhow::{Context, Result};

use super::tck::{TestResult, Verdict};
use crate::report::Tally;

/// What `expected.toml` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    passed: u64,
    exceptions: Vec<Exception>,
}

#[derive(Debug, PartialEq, Eq)]
struct Exception {
    test: String,
    verdict: Verdict,
    reason: String,
}

impl Expected {
    /// Reads the file, or what a section of it says.
    pub(super) fn read(path: &Path, section: Option<&str>) -> Result<Self> {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, section).with_context(|| format!("cannot use {}", path.display()))
    }

    fn parse(text: &str, section: Option<&str>) -> Result<Self> {
        let file: toml::Table = text.parse().context("it is not TOML")?;
        let table = match section {
            None => &file,
            Some(name) => {
                let table = file.get(name).and_then(toml::Value::as_table);
                table.with_context(|| format!("it says nothing of {name}"))?
            }
        };
        let passed = table.get("passed").and_then(toml::Value::as_integer);
        let passed = passed.and_then(|passed| u64::try_from(passed).ok());
        let entries = table.get("exception").and_then(toml::Value::as_array);
        let exceptions = entries.into_iter().flatten().map(|entry| {
            let field = |name: &str| {
                let text = entry.get(name).and_then(toml::Value::as_str);
                let text = text.filter(|text| !text.is_empty());
                text.with_context(|| format!("an exception has no {name}"))
            };
            let verdict = field("verdict")?;
            Ok(Exception {
                test: field("test")?.to_owned(),
                verdict: Verdict::parse(verdict)
                    .with_context(|| format!("verdict: found {verdict:?}"))?,
                reason: field("reason")?.to_owned(),
            })
        });
        Ok(Self {
            passed: passed.context("it does not say how many tests pass")?,
            exceptions: exceptions.collect::<Result<_>>()?,
        })
    }

    /// Counts, and says what is not as expected. With `only`, exceptions and the number of other
    /// tests do not count.
    pub(super) fn judge(&self, results: &[TestResult], only: &[String]) -> (Tally, Vec<String>) {
        let mut tally = Tally::default();
        let mut complaints = Vec::new();
        let mut complain = |tally: &mut Tally, text: String| {
            tally.failed += 1;
            complaints.push(format!("not as expected: {text}"));
        };
        for result in results {
            let exception = self.exceptions.iter().find(|e| e.test == result.test);
            let expected = exception.map_or(Verdict::Passed, |exception| exception.verdict);
            if result.verdict != expected {
                let why = exception.map_or("", |exception| exception.reason.as_str());
                let TestResult { test, verdict, reason } = result;
                let text = format!("{test} {verdict}, expected {expected} {why}{reason}");
                complain(&mut tally, text.trim_end().to_owned());
                continue;
            }
            match result.verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Failed | Verdict::Skipped => tally.skipped += 1,
            }
        }
        if only.is_empty() {
            for exception in &self.exceptions {
                if !results.iter().any(|result| result.test == exception.test) {
                    complain(&mut tally, format!("there is no test {}", exception.test));
                }
            }
            if tally.failed == 0 && tally.passed != self.passed {
                let (found, expected) = (tally.passed, self.passed);
                complain(&mut tally, format!("{found} tests passed, expected {expected}"));
            }
        } else if results.is_empty() {
            complain(&mut tally, format!("no test begins with {}", only.join(" or ")));
        }
        (tally, complaints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = "passed = 2\n[[exception]]\ntest = \"C\"\nverdict = \"skipped\"\n\
                            reason = \"disabled\"\n";

    fn check(results: &[(&str, Verdict)], only: &[&str], closing: &str, complaint: &str) {
        let expected = Expected::parse(EXPECTED, None).unwrap();
        let result = |(test, verdict): &(&str, Verdict)| TestResult::of(test, *verdict);
        let results: Vec<TestResult> = results.iter().map(result).collect();
        let only: Vec<String> = only.iter().map(|only| (*only).to_owned()).collect();
        let (tally, complaints) = expected.judge(&results, &only);
        assert_eq!(tally.to_string(), closing);
        assert!(complaints.join(" ").contains(complaint), "{complaints:?}");
    }

    #[test]
    fn a_failure_a_stale_exception_and_a_missing_test_are_found() {
        use Verdict::{Failed, Passed, Skipped};
        let good = [("A", Passed), ("B", Passed), ("C", Skipped)];
        check(&good, &[], "2 passed, 0 failed, 1 skipped", "");
        let failed = [("A", Passed), ("B", Failed), ("C", Skipped)];
        check(&failed, &[], "1 passed, 1 failed, 1 skipped", "B failed, expected passed");
        let stale = [("A", Passed), ("B", Passed), ("C", Passed)];
        check(&stale, &[], "2 passed, 1 failed, 0 skipped", "C passed, expected skipped disabled");
        check(&good[..2], &[], "2 passed, 1 failed, 0 skipped", "there is no test C");
        let fewer = [("A", Passed), ("C", Skipped)];
        check(&fewer, &[], "1 passed, 1 failed, 1 skipped", "1 tests passed, expected 2");
        check(&good[..1], &["A"], "1 passed, 0 failed, 0 skipped", "");
        check(&[], &["Z"], "0 passed, 1 failed, 0 skipped", "no test begins with Z");
    }

    #[test]
    fn an_exception_without_a_reason_is_refused() {
        let text = "passed = 1\n[[exception]]\ntest = \"A\"\nverdict = \"skipped\"";
        let error = Expected::parse(text, None).unwrap_err();
        assert!(error.to_string().contains("no reason"));
    }

    #[test]
    fn a_section_says_what_holds_of_it_alone() {
        let text = "[a]\npassed = 1\n[b]\npassed = 2\n[[b.exception]]\ntest = \"A\"\n\
                    verdict = \"skipped\"\nreason = \"disabled\"\n";
        let count = |section| {
            let expected = Expected::parse(text, Some(section)).unwrap();
            (expected.passed, expected.exceptions.len())
        };
        assert_eq!([count("a"), count("b")], [(1, 0), (2, 1)]);
        let error = Expected::parse(text, Some("c")).unwrap_err();
        assert_eq!(error.to_string(), "it says nothing of c");
    }
}
