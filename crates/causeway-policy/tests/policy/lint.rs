//! The portability lint by table: a policy, a peer, and what is found where.

use std::collections::BTreeSet;

use causeway_policy::{Code, Contexts, Effect, Hazard, Peer, lint, read, write};
use serde_json::{Value, json};

use crate::{CATENAX, DSP, policy};

type Found = (Code, Effect, &'static str);

const EDC: &[Peer] = &[Peer::Edc, Peer::TractusX];
const TERMS: Found = (Code::TermsRequired, Effect::Refused, "/permission");

/// What is found, without the terms that Catena-X demands of every usage policy.
fn found(input: &Value, peer: Peer) -> Vec<Hazard> {
    let contexts = Contexts::read(Some(&json!([DSP, CATENAX]))).unwrap();
    let policy = read(input, &contexts).unwrap();
    let found = lint(&policy, peer);
    let written = Value::Object(write(&policy));
    for hazard in &found {
        assert!(written.pointer(&hazard.at).is_some(), "{hazard} in {written}");
    }
    found.into_iter().filter(|hazard| hazard.code != Code::TermsRequired).collect()
}

fn check(peers: &[Peer], input: &Value, expected: &[(Code, Effect, &str)]) {
    for peer in peers {
        let found = found(input, *peer);
        let found: Vec<_> = found.iter().map(|h| (h.code, h.effect, h.at.as_str())).collect();
        assert_eq!(found, expected, "{peer}: {input}");
    }
}

fn on(left: &str, operator: &str, right: &Value) -> Value {
    json!({ "leftOperand": left, "operator": operator, "rightOperand": right })
}

fn dropped() -> Value {
    on("odrl:purpose", "eq", &json!("research"))
}

fn kept() -> Value {
    on("edc:inForceDate", "lteq", &json!("contractAgreement+30d"))
}

fn permission(constraint: &Value) -> Value {
    json!({ "permission": [{ "action": "use", "constraint": constraint }] })
}

fn prohibition(constraint: &Value) -> Value {
    json!({
        "permission": [{ "action": "use" }],
        "prohibition": [{ "action": "use", "constraint": constraint }],
    })
}

use Code::{
    ActionDropped, CheckedLate, ConnectiveRefused, ConsequenceIgnored, DutyIgnored,
    LeftOperandAssumed, LeftOperandDropped, LeftOperandMisplaced, MonitorEnds, NameUnknown,
    OperatorIgnored, OperatorRefused, PermissionMissing, PermissionsAll, ProhibitionAlways,
    ProhibitionAny, ProhibitionNever, PropertyIgnored, RefinementIgnored, RemedyIgnored,
    RuleMissing, ValueRefused,
};
use Effect::{Later, Lost, Refused};

#[test]
fn a_policy_that_every_peer_reads_has_no_findings() {
    check(Peer::ALL, &json!({ "permission": [{ "action": "use" }] }), &[]);
}

#[test]
fn a_condition_that_no_scope_binds_is_removed_and_what_that_means_depends_on_its_place() {
    let at0 = "/permission/0/constraint/0";
    check(EDC, &permission(&json!([dropped()])), &[(LeftOperandDropped, Lost, at0)]);
    let both = json!([kept(), dropped()]);
    let late = (CheckedLate, Later, at0);
    let second = "/permission/0/constraint/1";
    check(EDC, &permission(&both), &[late, (LeftOperandDropped, Lost, second)]);
    let under = |connective: &str| json!([{ connective: [kept(), dropped()] }]);
    let place = |rule: &str, connective: &str, index: usize| {
        format!("/{rule}/0/constraint/0/{connective}/{index}")
    };
    for (connective, lost) in [("and", Lost), ("or", Refused), ("xone", Lost)] {
        let (first, second) =
            (place("permission", connective, 0), place("permission", connective, 1));
        let expected = [(CheckedLate, Later, &*first), (LeftOperandDropped, lost, &*second)];
        check(&[Peer::Edc], &permission(&under(connective)), &expected);
    }
    for (connective, lost) in [("and", Refused), ("or", Lost), ("xone", Lost)] {
        let (first, second) =
            (place("prohibition", connective, 0), place("prohibition", connective, 1));
        let expected =
            [(LeftOperandMisplaced, Refused, &*first), (LeftOperandDropped, lost, &*second)];
        check(&[Peer::Edc], &prohibition(&under(connective)), &expected);
    }
}

#[test]
fn a_connective_of_which_nothing_is_left_is_removed_itself() {
    let all = json!([{ "or": [dropped(), { "and": [dropped(), dropped()] }] }]);
    let at = "/permission/0/constraint/0/or";
    check(
        &[Peer::Edc],
        &permission(&all),
        &[
            (LeftOperandDropped, Lost, &format!("{at}/0")),
            (LeftOperandDropped, Lost, &format!("{at}/1/and/0")),
            (LeftOperandDropped, Lost, &format!("{at}/1/and/1")),
        ],
    );
    let below = json!([{ "xone": [{ "or": [kept(), dropped()] }, kept()] }]);
    let at = "/permission/0/constraint/0/xone";
    check(
        &[Peer::Edc],
        &permission(&below),
        &[
            (CheckedLate, Later, &format!("{at}/0/or/0")),
            (LeftOperandDropped, Lost, &format!("{at}/0/or/1")),
            (CheckedLate, Later, &format!("{at}/1")),
        ],
    );
}

#[test]
fn a_sequence_is_not_read_and_catena_x_has_only_and() {
    for (connective, edc) in [("andSequence", true), ("or", false), ("xone", false)] {
        let input = permission(&json!([{ connective: [kept(), kept()] }]));
        let is_refused = |peer| {
            let found = found(&input, peer);
            found.iter().any(|hazard| (hazard.code, hazard.effect) == (ConnectiveRefused, Refused))
        };
        assert_eq!((is_refused(Peer::Edc), is_refused(Peer::TractusX)), (edc, true));
    }
}

#[test]
fn rules_of_other_actions_are_removed_with_everything_in_them() {
    let reading = json!([{ "action": "odrl:read", "constraint": [dropped()] }]);
    for rule in ["permission", "prohibition", "obligation"] {
        let mut input = json!({ "permission": [{ "action": "use" }] });
        input[rule] = reading.clone();
        let at = format!("/{rule}/0/action");
        check(EDC, &input, &[(ActionDropped, Lost, &at)]);
    }
    let access = json!({ "permission": [{ "action": "access" }] });
    check(&[Peer::Edc], &access, &[(ActionDropped, Lost, "/permission/0/action")]);
    check(&[Peer::TractusX], &access, &[]);
}

#[test]
fn refinements_duties_remedies_and_consequences_are_not_evaluated() {
    let refined = json!({ "@id": "use", "odrl:refinement": [dropped()] });
    let input = json!({ "permission": [{ "action": refined }] });
    check(EDC, &input, &[(RefinementIgnored, Lost, "/permission/0/action")]);
    check(&[Peer::Dsp], &input, &[(RefinementIgnored, Refused, "/permission/0/action")]);
    let input = json!({
        "permission": [{
            "action": "use",
            "duty": [{ "action": "odrl:delete", "consequence": [{ "action": "odrl:inform" }] }],
        }],
        "prohibition": [{ "action": "use", "constraint": [kept()],
                          "remedy": [{ "action": "odrl:anonymize" }] }],
        "obligation": [{ "action": "use", "consequence": [{ "action": "odrl:inform" }] }],
    });
    let duty = (DutyIgnored, Lost, "/permission/0/duty/0");
    let remedy = (RemedyIgnored, Lost, "/prohibition/0/remedy/0");
    let consequence = (ConsequenceIgnored, Lost, "/obligation/0/consequence/0");
    let misplaced = (LeftOperandMisplaced, Refused, "/prohibition/0/constraint/0");
    let obligation = (DutyIgnored, Lost, "/obligation/0");
    check(EDC, &input, &[duty, remedy, misplaced, consequence, obligation]);
    let inner = (ConsequenceIgnored, Lost, "/permission/0/duty/0/consequence/0");
    check(&[Peer::Dsp], &input, &[duty, inner, remedy, consequence]);
    let with_condition = json!({
        "permission": [{ "action": "use", "duty": [{ "action": "use", "constraint": [kept()] }] }],
    });
    let misplaced = (LeftOperandMisplaced, Refused, "/permission/0/duty/0/constraint/0");
    check(EDC, &with_condition, &[duty, misplaced]);
}

#[test]
fn other_properties_are_not_read() {
    let mut with_unit = kept();
    with_unit["unit"] = json!("urn:example:unit");
    let constraint = "/permission/0/constraint/0";
    let late = (CheckedLate, Later, constraint);
    let input = permission(&json!([with_unit]));
    check(EDC, &input, &[(PropertyIgnored, Lost, constraint), late]);
    check(&[Peer::Dsp], &input, &[(PropertyIgnored, Lost, constraint)]);
    let to_one = json!({ "permission": [{ "action": "use", "assignee": "urn:example:b" }] });
    check(Peer::ALL, &to_one, &[(PropertyIgnored, Lost, "/permission/0")]);
}

#[test]
fn prohibitions_mean_something_else() {
    let never = json!({
        "permission": [{ "action": "use" }], "prohibition": [{ "action": "use" }],
    });
    check(EDC, &never, &[(ProhibitionNever, Lost, "/prohibition/0")]);
    let each = |index: usize| format!("/prohibition/0/constraint/{index}");
    check(
        EDC,
        &prohibition(&json!([kept(), kept()])),
        &[
            (ProhibitionAny, Refused, "/prohibition/0/constraint"),
            (LeftOperandMisplaced, Refused, &each(0)),
            (LeftOperandMisplaced, Refused, &each(1)),
        ],
    );
    let restricted = on("UsageRestriction", "isAllOf", &json!("cx.thirdParty.forbidden:1"));
    let input = prohibition(&json!([restricted]));
    check(&[Peer::Edc], &input, &[(LeftOperandDropped, Lost, &each(0))]);
    check(&[Peer::TractusX], &input, &[(ProhibitionAlways, Refused, &each(0))]);
}

#[test]
fn all_permissions_must_hold_and_none_permits_everything() {
    let two = json!({ "permission": [{ "action": "use" }, { "action": "use" }] });
    check(EDC, &two, &[(PermissionsAll, Refused, "/permission")]);
    check(EDC, &json!({}), &[(PermissionMissing, Lost, "")]);
    check(&[Peer::Dsp], &json!({}), &[(RuleMissing, Refused, "")]);
    let other = json!({ "permission": [{ "action": "use" }, { "action": "odrl:sell" }] });
    check(EDC, &other, &[(ActionDropped, Lost, "/permission/1/action")]);
}

#[test]
fn the_one_term_of_a_stock_edc_takes_comparisons_with_a_time_or_an_offset() {
    let at = "/permission/0/constraint/0";
    let late = (CheckedLate, Later, at);
    for (operator, right, expected) in [
        ("lteq", json!("2027-01-01T00:00:00Z"), vec![late]),
        ("gt", json!("contractAgreement+-5m"), vec![late]),
        ("isAnyOf", json!("2027-01-01T00:00:00Z"), vec![(OperatorRefused, Refused, at), late]),
        ("lteq", json!("2027-01-01"), vec![(ValueRefused, Refused, at), late]),
        ("lteq", json!("contractAgreement+1y"), vec![(ValueRefused, Refused, at), late]),
        ("lteq", json!({ "@id": "urn:example:t" }), vec![(ValueRefused, Refused, at), late]),
    ] {
        let input = permission(&json!([on("edc:inForceDate", operator, &right)]));
        check(EDC, &input, &expected);
    }
}

#[test]
fn terms_of_catena_x_are_compared_assumed_misplaced_or_end_the_transfer() {
    let at = "/permission/0/constraint/0";
    let late = (CheckedLate, Later, at);
    let table: Vec<(&str, &str, Value, Vec<Found>)> = vec![
        ("Membership", "eq", json!("active"), vec![]),
        ("Membership", "neq", json!("active"), vec![(OperatorIgnored, Lost, at)]),
        ("Membership", "eq", json!("passive"), vec![(ValueRefused, Refused, at)]),
        ("FrameworkAgreement", "eq", json!("DataExchangeGovernance:1.0"), vec![]),
        ("UsagePurpose", "isAnyOf", json!("x"), vec![(LeftOperandAssumed, Lost, at)]),
        ("JurisdictionLocation", "eq", json!("DE"), vec![(LeftOperandAssumed, Lost, at)]),
        ("DataUsageEndDate", "eq", json!("2027-01-01T00:00:00Z"), vec![late]),
        (
            "DataUsageEndDate",
            "gteq",
            json!("2027-01-01T00:00:00Z"),
            vec![(OperatorIgnored, Lost, at), late],
        ),
        ("DataUsageEndDurationDays", "eq", json!(30), vec![late]),
        ("DataUsageEndDurationDays", "eq", json!("x"), vec![(ValueRefused, Refused, at), late]),
        ("DataUsageEndDefinition", "eq", json!("x"), vec![(MonitorEnds, Refused, at)]),
        (
            "DataProvisioningEndDate",
            "eq",
            json!("2027-01-01T00:00:00Z"),
            vec![(LeftOperandMisplaced, Refused, at)],
        ),
        ("BusinessPartnerNumber", "isAnyOf", json!("BPNL"), vec![(LeftOperandDropped, Lost, at)]),
        ("ManagedLegalEntityBpnl", "eq", json!("BPNL"), vec![(LeftOperandDropped, Lost, at)]),
        ("https://w3id.org/catenax/policy/Membership", "eq", json!("active"), vec![]),
        (
            "https://w3id.org/catenax/policy/UsagePurpose",
            "eq",
            json!("x"),
            vec![(LeftOperandAssumed, Lost, at)],
        ),
        ("https://w3id.org/tractusx/v0.0.1/ns/BusinessPartnerNumber", "eq", json!("B"), vec![]),
    ];
    for (left, operator, right, expected) in table {
        let input = permission(&json!([on(left, operator, &right)]));
        check(&[Peer::TractusX], &input, &expected);
        check(&[Peer::Edc], &input, &[(LeftOperandDropped, Lost, at)]);
    }
    let provided = on("DataProvisioningEndDate", "eq", &json!("2027-01-01T00:00:00Z"));
    let input = json!({
        "permission": [{ "action": "use" }],
        "obligation": [{ "action": "use", "constraint": [provided] }],
    });
    let at = "/obligation/0/constraint/0";
    check(&[Peer::TractusX], &input, &[(CheckedLate, Later, at)]);
}

#[test]
fn catena_x_demands_two_terms_of_every_usage_policy() {
    let demanded = |input: &Value| {
        let found = lint(&policy(input), Peer::TractusX);
        found.into_iter().any(|h| (h.code, h.effect, h.at.as_str()) == TERMS)
    };
    let name = |name: &str| format!("https://w3id.org/catenax/2025/9/policy/{name}");
    let framework = on(&name("FrameworkAgreement"), "eq", &json!("DataExchangeGovernance:1.0"));
    let purpose = on(&name("UsagePurpose"), "isAnyOf", &json!("cx.core.industrycore:1"));
    assert!(demanded(&permission(&json!([framework]))));
    assert!(!demanded(&permission(&json!([{ "and": [framework, purpose] }]))));
    let access = json!({ "permission": [{ "action": name("access") }] });
    assert!(!demanded(&access));
}

#[test]
fn a_name_that_no_context_defines_is_told() {
    let input = json!({ "permission": [{
        "action": "lend", "constraint": [on("colour", "eq", &json!("red"))],
    }] });
    check(
        &[Peer::Dsp],
        &input,
        &[
            (NameUnknown, Lost, "/permission/0/action"),
            (NameUnknown, Lost, "/permission/0/constraint/0/leftOperand"),
        ],
    );
}

#[test]
fn every_code_has_its_own_word_and_reads_as_a_sentence() {
    let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    for (peer, code) in Peer::ALL.iter().flat_map(|p| Code::ALL.iter().map(move |c| (*p, *c))) {
        let (at, term) = ("/permission".to_owned(), "odrl:x".to_owned());
        let text = Hazard { code, peer, effect: Effect::Lost, at, term }.to_string();
        let (does, instead) = text.split_once("; instead: ").unwrap();
        assert!(does.starts_with("/permission: ") && !does.contains('{'), "{text}");
        assert!(!instead.is_empty() && !instead.ends_with('.'), "{text}");
    }
    let input = permission(&json!([dropped()]));
    assert_eq!(
        lint(&policy(&input), Peer::Edc)[0].to_string(),
        "/permission/0/constraint/0: a stock EDC binds no scope of a contract to odrl:purpose and \
         removes the condition; instead: use edc:inForceDate for time, offer it to some only \
         (--audience), or write it into the contract's text"
    );
}
