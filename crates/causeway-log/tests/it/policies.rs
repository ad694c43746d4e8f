//! Witness policies: which are read, and which witnesses are enough for them.

use std::collections::BTreeSet;

use causeway_log::policy::{Policy, PolicyError, PolicyFault, Unmet};
use causeway_log::{Algorithm, NoteError, NoteSignature, leaf_hash};

use crate::support::Signer;

/// The example of the specification: two of three, and one of three others.
fn example() -> String {
    let key = |seed| Signer::witness(&format!("w{seed}"), seed).key;
    let mut text =
        format!("# A comment\n\n\tlog {} https://log.example/ \n", Signer::log("log", 99).key);
    for seed in 1..=3 {
        text += &format!("witness X{seed} {}\n", key(seed));
    }
    text += "group X-witnesses 2 X1 X2 X3\n";
    for seed in 4..=6 {
        text += &format!("witness Y{} {} https://w.example/{seed}\n", seed - 3, key(seed));
    }
    text + "group Y-witnesses any Y1 Y2 Y3\ngroup both all X-witnesses Y-witnesses\nquorum both\n"
}

#[test]
fn the_quorum_is_met_by_exactly_the_sets_that_the_groups_say() {
    let policy = Policy::parse(example().as_bytes()).unwrap();
    assert_eq!(policy.logs()[0].url.as_deref(), Some("https://log.example/"));
    assert_eq!(policy.witnesses().len(), 6);
    for set in 0_u32..64 {
        let cosigned: BTreeSet<usize> = (0..6).filter(|place| set >> place & 1 == 1).collect();
        let expected = (set & 7).count_ones() >= 2 && set >> 3 != 0;
        assert_eq!(policy.is_quorum(&cosigned), expected, "{set:06b}");
    }
}

#[test]
fn a_checkpoint_is_enough_once_enough_witnesses_cosigned_it() {
    let policy = Policy::parse(example().as_bytes()).unwrap();
    let log = Signer::log("log", 99);
    let cosigner = |seed: u8| Signer::witness(&format!("w{seed}"), seed);
    let note = log.note(1, leaf_hash(b"a"));
    assert_eq!(policy.check(&note), Err(Unmet::Quorum { found: 0 }));
    let cosign = |seed| cosigner(seed).cosign(u64::from(seed), note.text());
    let two = note.with(&[cosign(1), cosign(4), cosign(1)]).unwrap();
    assert_eq!(policy.check(&two), Err(Unmet::Quorum { found: 2 }));
    let unknown = two.with(&[cosigner(50).cosign(1, note.text())]).unwrap();
    assert_eq!(policy.check(&unknown), Err(Unmet::Quorum { found: 2 }));
    let three = unknown.with(&[cosign(3)]).unwrap();
    let witnessed = policy.check(&three).unwrap();
    let times: Vec<u64> = witnessed.witnesses.iter().map(|(_, at)| *at).collect();
    assert_eq!(times, [1, 3, 4]);
    let forged = NoteSignature::new(&cosigner(2).key, cosign(3).bytes().to_vec());
    let forged = three.with(&[forged]).unwrap();
    assert!(matches!(policy.check(&forged), Err(Unmet::Note(NoteError::Invalid { .. }))));
    let other = Signer::log("other", 98).note(1, leaf_hash(b"a"));
    assert_eq!(policy.check(&other), Err(Unmet::Log { origin: "other".to_owned() }));
    let posing = Signer::log("log", 98).note(1, leaf_hash(b"a"));
    assert!(matches!(policy.check(&posing), Err(Unmet::Checkpoint(_))));
}

#[test]
fn a_policy_without_witnesses_asks_for_the_logs_signature_alone() {
    let log = Signer::log("log", 99);
    let policy = Policy::parse(format!("log {}\nquorum none\n", log.key).as_bytes()).unwrap();
    assert!(policy.check(&log.note(1, leaf_hash(b"a"))).is_ok());
}

#[test]
fn policies_that_are_wrong_are_refused_with_the_line() {
    let (log, w) = (Signer::log("log", 99).key, Signer::witness("w", 1).key);
    let same = Signer::witness("other-name", 1).key;
    let second = Signer::witness("v", 2).key;
    let check = |text: String, line: usize, reason: &PolicyFault| {
        let expected = PolicyError { line, reason: reason.clone() };
        assert_eq!(Policy::parse(text.as_bytes()), Err(expected), "{text}");
    };
    let missing = PolicyFault::Form("a line quorum <name>, or quorum none");
    check(String::new(), 1, &missing);
    check(format!("log {log}\n"), 1, &missing);
    let twice = PolicyFault::Form("one line with quorum");
    check("quorum none\nquorum none\n".to_owned(), 2, &twice);
    check(format!("log {log}\nlog {log}\n"), 2, &PolicyFault::DuplicateKey);
    check(format!("witness a {w}\nwitness b {same}\n"), 2, &PolicyFault::DuplicateKey);
    let taken = |name: &str| PolicyFault::DuplicateName(name.to_owned());
    check(format!("witness a {w}\nwitness a {second}\n"), 2, &taken("a"));
    check(format!("witness none {w}\n"), 1, &taken("none"));
    let unknown = |name: &str| PolicyFault::UnknownName(name.to_owned());
    check("quorum a\n".to_owned(), 1, &unknown("a"));
    check("group g any g\n".to_owned(), 1, &unknown("g"));
    check(format!("witness a {w}\ngroup g any none\n"), 2, &unknown("none"));
    let again = PolicyFault::SecondMembership("a".to_owned());
    check(format!("witness a {w}\ngroup g any a a\n"), 2, &again);
    check(format!("witness a {w}\ngroup g any a\ngroup h any a\n"), 3, &again);
    let members = PolicyFault::Form("group <name> all|any|<number> and at least as many members");
    check("group g any\n".to_owned(), 1, &members);
    for threshold in ["0", "2", "01", "-1", "some"] {
        check(format!("witness a {w}\ngroup g {threshold} a\n"), 2, &members);
    }
    let (one, four) = (Algorithm::Ed25519, Algorithm::CosignatureV1);
    check(format!("log {w}\n"), 1, &PolicyFault::Kind { found: four, expected: one });
    check(format!("witness a {log}\n"), 1, &PolicyFault::Kind { found: one, expected: four });
    check("log x\r\n".to_owned(), 1, &PolicyFault::Characters);
    let word = PolicyFault::Form("a line with log, witness, group or quorum");
    check("\nlogs x\n".to_owned(), 2, &word);
    let unreadable = Policy::parse(b"# \xff\nquorum none\n");
    assert_eq!(unreadable, Err(PolicyError { line: 1, reason: PolicyFault::Characters }));
    let many: String =
        (0..=64).map(|seed| format!("log {}\n", Signer::log("l", seed).key)).collect();
    check(many, 65, &PolicyFault::Many);
}
