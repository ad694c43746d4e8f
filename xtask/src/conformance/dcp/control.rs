//! The control of the run: what the TCK says where it must not be content. With no node at all each
//! test fails. A node whose trust file names another issuer than the TCK's, and all else the same,
//! fails what rests on that trust; an issuer that keeps requests for a person to decide fails what
//! waits for credentials. A run that passed then would prove nothing.

use anyhow::Result;

use super::node::{self, Setup};
use super::{Role, Round};
use crate::conformance::free_ports;
use crate::conformance::tck::{TestResult, Verdict};
use crate::report::Tally;

/// What a role shows with [`Setup::Lacking`].
struct Control {
    role: Role,
    /// Each rests on what is lacking.
    must_fail: &'static [&'static str],
    /// If these fail too, the node is not there, and its failures are no work of the control.
    must_pass: &'static [&'static str],
}

const CONTROLS: [Control; 3] = [
    Control {
        role: Role::Holder,
        must_fail: &["cs_05_04_01_02_scopeByTypeRequest", "cs_06_05_01_credentialMessage_jti"],
        must_pass: &["cs_05_02_endpointDiscovery", "cs_06_05_01_credentialMessage_tokenExpired"],
    },
    Control {
        role: Role::Issuer,
        must_fail: &["is_6_4_1_credentialRequest"],
        must_pass: &["is_6_7_issuerMetadata", "is_6_4_11_credentialRequest_jtiAlreadyUsed"],
    },
    Control {
        role: Role::Verifier,
        must_fail: &[
            "verifier_05_01_presentationResponse_success",
            "verifier_05_04_02_02_presentationResponse_tooManyCredentials",
        ],
        must_pass: &[
            "presentationResponse_endpointDiscovery",
            "verifier_05_04_03_07_presentationResponse_expiredCredential",
        ],
    },
];

/// Runs the controls of these roles.
pub(super) fn run(round: &Round<'_>, roles: &[Role]) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut judge = |complaints: Vec<String>| {
        complaints.iter().for_each(|complaint| println!("{complaint}"));
        tally.add(Tally::one(complaints.is_empty()));
    };
    for Control { role, must_fail, must_pass } in
        CONTROLS.iter().filter(|control| roles.contains(&control.role))
    {
        let name = role.name();
        println!("--- the control of the {name}, without a node: every test must fail");
        let [own_port, tck_port] = free_ports()?;
        let properties = node::properties(*role, own_port, tck_port);
        let results = round.tck.run(&format!("{name}-nobody"), &role.suite(), &properties, &[])?;
        judge(alive(&results));
        println!("--- the control of the {name}, which lacks something: {must_fail:?} must fail");
        let tests: Vec<String> =
            must_fail.iter().chain(*must_pass).map(|test| (*test).to_owned()).collect();
        let results = round.run(&format!("{name}-control"), *role, Setup::Lacking, &tests)?;
        judge(complaints(must_fail, must_pass, &results));
    }
    Ok(tally)
}

/// Tests that found a node where there is none, or that nothing ran.
fn alive(results: &[TestResult]) -> Vec<String> {
    let passed = results.iter().filter(|result| result.verdict == Verdict::Passed);
    let mut complaints: Vec<String> =
        passed.map(|result| format!("not as expected: {} passed alone", result.test)).collect();
    if !results.iter().any(|result| result.verdict == Verdict::Failed) {
        complaints.push("not as expected: no test failed without a node".to_owned());
    }
    complaints
}

/// What did not end as it must. The names are beginnings; each stands for at least one test.
fn complaints(must_fail: &[&str], must_pass: &[&str], results: &[TestResult]) -> Vec<String> {
    let failing = must_fail.iter().map(|test| (*test, Verdict::Failed));
    let passing = must_pass.iter().map(|test| (*test, Verdict::Passed));
    let complaint = |(test, expected): (&str, Verdict)| {
        let found: Vec<_> = results.iter().filter(|found| found.test.starts_with(test)).collect();
        if found.is_empty() {
            return Some(format!("not as expected: {test} did not run"));
        }
        let other = found.iter().find(|found| found.verdict != expected)?;
        let TestResult { test, verdict, reason } = other;
        Some(format!(
            "not as expected: {test} {verdict} in the control, {expected} must be {reason}"
        ))
    };
    failing.chain(passing).filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_holds_only_if_each_test_ends_as_it_must() {
        let check = |results: &[(&str, Verdict)], expected: &[&str]| {
            let results: Vec<TestResult> =
                results.iter().map(|(test, verdict)| TestResult::of(test, *verdict)).collect();
            let found = complaints(&["a"], &["b"], &results);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{found}");
            }
        };
        check(&[("a1", Verdict::Failed), ("b", Verdict::Passed)], &[]);
        check(&[("a1", Verdict::Passed), ("b", Verdict::Passed)], &["a1 passed"]);
        check(&[("a1", Verdict::Failed), ("b", Verdict::Failed)], &["b failed"]);
        check(&[("b", Verdict::Skipped)], &["a did not run", "b skipped"]);
    }

    #[test]
    fn without_a_node_no_test_may_pass_and_some_must_fail() {
        let of = |verdicts: &[Verdict]| {
            let results: Vec<TestResult> =
                verdicts.iter().map(|verdict| TestResult::of("a", *verdict)).collect();
            alive(&results).len()
        };
        assert_eq!(of(&[Verdict::Failed, Verdict::Skipped]), 0);
        assert_eq!(of(&[Verdict::Failed, Verdict::Passed]), 1);
        assert_eq!(of(&[Verdict::Skipped]), 1);
        assert_eq!(of(&[]), 1);
    }
}
