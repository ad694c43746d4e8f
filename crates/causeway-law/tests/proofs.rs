//! What the proofs find in packs that are written wrongly, and that they find nothing in those that
//! are not.

use causeway_law::{Engine, Finding, Report, Severity};

const FACTS: &str = r#"
[[fact]]
name = "exporter.area"
kind = "area"
question = "From where?"
[[fact]]
name = "importer.area"
kind = "area"
question = "To where?"
[[fact]]
name = "data.personal"
kind = "flag"
question = "Is it about people?"
[[fact]]
name = "data.health"
kind = "flag"
question = "Is it about their health?"
implies = ["data.personal"]
[[fact]]
name = "count.persons"
kind = "count"
question = "About how many?"
"#;

const HEAD: &str = r#"
[pack]
id = "aa"
title = "A land"
version = "1"
known_from = "2026-01-01"
status = "draft"
covers = ["AA"]
applies = 'exporter.area == "AA"'
[[source]]
key = "LAW"
title = "A law"
number = "Law 1"
[[param]]
key = "many"
value = 100
from = "2026-01-01"
cite = ["LAW:1"]
"#;

fn rule(id: &str, stage: &str, outcome: &str, when: &str, rest: &str) -> String {
    let dated = "from = \"2026-01-01\"";
    format!(
        "[[rule]]\nid = \"{id}\"\nstage = \"{stage}\"\noutcome = \"{outcome}\"\n\
         {dated}\nwhen = \"{when}\"\ncite = [\"LAW:2\"]\ntext = \"it is so\"\n{rest}\n"
    )
}

fn case(id: &str, at: &str, facts: &str, expect: &str) -> String {
    format!(
        "[[case]]\nid = \"{id}\"\nat = {at}\n\
         facts = {{ \"exporter.area\" = \"AA\", \"importer.area\" = \"BB\"{facts} }}\n\
         expect = \"{expect}\"\n"
    )
}

/// Nothing about nobody; from 100 persons on an approval, below it a mechanism.
fn sound() -> String {
    [
        HEAD.to_owned(),
        rule("nobody", "exemption", "permitted", "not data.personal", ""),
        rule(
            "few",
            "trigger",
            "needs-mechanism",
            "data.personal and count.persons < param.many",
            "",
        ),
        rule(
            "many",
            "trigger",
            "needs-authority-approval",
            "data.personal and count.persons >= param.many",
            "",
        ),
        case("nobody", "\"2026-01-01\"", "", "permitted"),
        case(
            "few",
            "[\"2026-01-01\", \"2026-06-01\"]",
            ", \"data.personal\" = true, \"count.persons\" = 99",
            "needs-mechanism",
        ),
        case(
            "many",
            "[\"2026-01-01\", \"2026-06-01\"]",
            ", \"data.personal\" = true, \"count.persons\" = 100",
            "needs-authority-approval",
        ),
    ]
    .concat()
}

fn prove(text: &str) -> Report {
    Engine::new(FACTS, [("aa.toml", text)]).unwrap_or_else(|error| panic!("{error}")).prove()
}

fn of(severity: Severity, report: &Report) -> Vec<&str> {
    let is = |finding: &&Finding| finding.severity == severity;
    report.findings.iter().filter(is).map(|finding| finding.text.as_str()).collect()
}

fn errors(text: &str) -> Vec<String> {
    of(Severity::Error, &prove(text)).into_iter().map(str::to_owned).collect()
}

fn warnings(text: &str) -> Vec<String> {
    let report = prove(text);
    assert!(report.holds(), "{report:?}");
    of(Severity::Warning, &report).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_sound_pack_has_no_findings_and_every_mutant_is_killed() {
    let report = prove(&sound());
    assert_eq!(report.findings, []);
    // Three rules and the threshold can begin a day later; the threshold can be 99 or 101.
    assert_eq!((report.mutants, report.mutants_killed), (5, 5));
    assert_eq!((report.rules, report.killed, report.cases), (3, 3, 5));
    let line = report.to_string();
    assert!(line.contains("threshold and date mutants killed 5/5 (100 %)"), "{line}");
}

#[test]
fn a_threshold_or_date_that_no_case_notices_is_a_warning_with_the_case_to_add() {
    let far = sound().replace("\"count.persons\" = 99", "\"count.persons\" = 98");
    assert_eq!(warnings(&far), ["no case notices if many is 99 instead of 100"]);
    let report = prove(&far);
    let help = "the facts of case few on 2026-01-01 with count.persons = 99 tell: \
                expect = \"needs-mechanism\"";
    assert_eq!(report.findings[0].help.as_deref(), Some(help));
    let late = sound().replace("at = [\"2026-01-01\", \"2026-06-01\"]", "at = \"2026-06-01\"");
    assert_eq!(
        warnings(&late),
        [
            "no case notices if few has from = 2026-01-02",
            "no case notices if many has from = 2026-01-02"
        ]
    );
    let report = prove(&late);
    let help = "add 2026-01-01 to the days of case few";
    assert_eq!(report.findings[0].help.as_deref(), Some(help));
}

#[test]
fn a_rule_that_ends_without_another_leaves_a_gap_on_that_day() {
    let ends = sound().replace("when = \"not data", "until = \"2026-09-01\"\nwhen = \"not data");
    let text = "found a gap on 2026-09-01: no rule says anything of case nobody";
    assert_eq!(errors(&ends), [text]);
    // A rule that began before the others: the pack begins with them.
    let early = sound().replacen("from = \"2026-01-01\"\nwhen", "from = \"2025-01-01\"\nwhen", 1);
    let text = "found a gap on 2025-01-01: no rule says anything of case few on 2026-01-01 and \
                another";
    assert_eq!(errors(&early), [text]);
    let begins = early.replace("status =", "in_force = \"2026-01-01\"\nstatus =");
    assert_eq!(errors(&begins), [""; 0]);
}

#[test]
fn a_gap_near_a_case_is_found_with_the_facts_that_fall_into_it() {
    let gap = sound().replace("count.persons >= param.many", "count.persons > param.many");
    let report = prove(&gap.replace("\"count.persons\" = 100", "\"count.persons\" = 101"));
    let found = report.findings.iter().find(|f| f.text.starts_with("found a crossing")).unwrap();
    let help = "nothing holds with exporter.area = AA, importer.area = BB, data.personal = yes, \
                count.persons = 100";
    assert_eq!(found.help.as_deref(), Some(help));
}

#[test]
fn a_rule_that_can_never_hold_is_an_error() {
    let check = |when: &str, expected: &[&str]| {
        let never = sound() + &rule("never", "prohibition", "prohibited", when, "");
        assert_eq!(errors(&never), expected, "{when}");
    };
    let never = "the rule never can never hold";
    check("data.personal and not data.personal", &[never]);
    check("count.persons < 5 and count.persons > param.many", &[never]);
    // What implies the one cannot be true without it.
    check("data.health and not data.personal", &[never]);
    check("exporter.area == \\\"BB\\\"", &[never]);
    let never = sound().replace("applies = 'exporter.area == \"AA\"'", "applies = 'always'")
        + &rule(
            "same",
            "prohibition",
            "prohibited",
            "data.personal and importer.area == exporter.area",
            "",
        );
    assert_eq!(errors(&never), [""; 0]);
}

#[test]
fn an_exemption_that_something_stricter_makes_void_is_an_error() {
    let ban = rule("ban", "prohibition", "prohibited", "count.persons > 500", "");
    let text = "the exemption nobody holds together with ban and has no effect then";
    assert_eq!(errors(&(sound() + &ban)), [text]);
    let report = prove(&(sound() + &ban));
    let help = report.findings.iter().find(|f| f.text == text).unwrap().help.clone().unwrap();
    assert!(help.starts_with("name ban under overrides if the exemption lifts it"), "{help}");
    assert!(help.contains("data.personal = no, count.persons = 501"), "{help}");
    let says = |rest: &str| {
        let exempt = rule("nobody", "exemption", "permitted", "not data.personal", "");
        sound().replace(&exempt, &exempt.replace("text =", &format!("{rest}\ntext ="))) + &ban
    };
    assert_eq!(errors(&says("overrides = [\"ban\"]")), [""; 0]);
    assert_eq!(errors(&says("beside = [\"ban\"]")), [""; 0]);
    // Where it lifts something else that holds then, it has an effect.
    let more = rule("more", "trigger", "needs-mechanism", "count.persons > 700", "");
    assert_eq!(errors(&(says("overrides = [\"more\"]") + &more)), [""; 0]);
}

#[test]
fn a_gap_of_a_case_with_unknown_facts_is_a_warning_only() {
    let facts = "facts = { \"exporter.area\" = \"AA\", \"importer.area\" = \"BB\"";
    let case = |personal: &str| {
        let named = format!("{facts}, \"data.personal\" = {personal}");
        "[[case]]\nid = \"open\"\notherwise = \"unknown\"\nat = \"2026-06-01\"\n".to_owned()
            + &named
            + " }\nexpect = \"permitted\"\n"
    };
    let until = "until = \"2026-09-01\"\nwhen = \"not data";
    let ends = sound().replace("when = \"not data", until);
    let [zero, few] = ["id = \"nobody\"\nat", "id = \"few\"\nat"].map(|id| ends.find(id).unwrap());
    // Without the case that says no to everything, only the open one is left in the gap.
    let ends =
        format!("{}{}", &ends[..zero - "[[case]]\n".len()], &ends[few - "[[case]]\n".len()..]);
    let report = prove(&(ends + &case("false")));
    assert!(report.holds(), "{report:?}");
    let text = "found a gap on 2026-09-01: no rule says anything of case open";
    assert!(of(Severity::Warning, &report).contains(&text), "{report:?}");
}
