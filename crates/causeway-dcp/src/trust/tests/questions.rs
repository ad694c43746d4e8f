//! Who is believed what, and when.

use serde_json::{Map, Value, json};

use super::{at, file, june, text};
use crate::did::Did;
use crate::trust::{Distrust, Trust, TrustFile, Vouching};

fn did(name: &str) -> Did {
    format!("did:web:{name}.example").parse().unwrap()
}

fn claims(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(claims) => claims,
        other => panic!("{other}"),
    }
}

fn ask(trust: &Trust, issuer: &str, types: &[&str], said: Value) -> Result<String, Distrust> {
    let (issuer, claims) = (did(issuer), claims(said));
    let said = Vouching { issuer: &issuer, types, claims: &claims, suite: "ES256" };
    trust.vouches(said, june()).map(|file| file.dataspace.clone())
}

fn legal(area: &str) -> Value {
    json!({ "id": "did:web:x", "legalName": "X", "registrationNumber": "1", "jurisdiction": area })
}

fn certificate(scheme: &str) -> Value {
    json!({ "scheme": scheme, "number": "7" })
}

const LEGAL: &[&str] = &["VerifiableCredential", "LegalParticipantCredential"];
const MEMBER: &[&str] = &["VerifiableCredential", "MembershipCredential"];
const CERTIFIED: &[&str] = &["VerifiableCredential", "CertificationCredential"];

#[test]
fn an_issuer_is_believed_what_it_is_named_for() {
    let trust = Trust::new([file(1, 1, &[1])]);
    let table: [(&str, &[&str], Value); 7] = [
        ("members", MEMBER, json!({})),
        ("members", MEMBER, json!({ "dataspace": "asean-trade", "memberSince": "2026-01-31" })),
        // A type that is not known here says what it says; the issuer is named for it.
        ("members", &["AuditCredential"], json!({ "jurisdiction": "FR" })),
        ("members", &["AuditCredential", "MembershipCredential"], json!({})),
        ("chamber", LEGAL, legal("SG")),
        ("chamber", LEGAL, legal("CN-FTZ-SH")),
        ("chamber", CERTIFIED, certificate("ISO-27701")),
    ];
    for (issuer, types, said) in table {
        let told = ask(&trust, issuer, types, said.clone());
        assert_eq!(told, Ok("asean-trade".to_owned()), "{issuer} {types:?} {said}");
    }
}

#[test]
fn what_is_not_named_is_not_believed() {
    let trust = Trust::new([file(1, 1, &[1])]);
    let table: [(&str, &[&str], Value, &str); 18] = [
        ("stranger", MEMBER, json!({}), "names did:web:stranger.example"),
        ("members", LEGAL, legal("SG"), "issue a LegalParticipantCredential"),
        ("chamber", MEMBER, json!({}), "issue a MembershipCredential"),
        (
            "chamber",
            &["CertificationCredential", "MembershipCredential"],
            certificate("DPF"),
            "issue a MembershipCredential",
        ),
        ("members", &["membershipcredential"], json!({}), "issue a membershipcredential"),
        ("members", &["VerifiableCredential"], json!({}), "without a type of its own"),
        ("members", &[], json!({}), "without a type of its own"),
        ("chamber", LEGAL, legal("FR"), "vouch for the legal area FR"),
        ("chamber", LEGAL, legal("CN"), "vouch for the legal area CN"),
        ("chamber", LEGAL, legal("SG-01"), "vouch for the legal area SG-01"),
        ("chamber", LEGAL, legal("sg"), "jurisdiction is not of its kind"),
        (
            "chamber",
            LEGAL,
            json!({ "legalName": "X", "registrationNumber": "1" }),
            "jurisdiction is missing",
        ),
        (
            "chamber",
            LEGAL,
            json!({ "legalName": "X", "registrationNumber": "1",
            "jurisdiction": ["SG", "FR"] }),
            "jurisdiction is not of its kind",
        ),
        (
            "chamber",
            LEGAL,
            json!({ "legalName": "X", "registrationNumber": "1",
            "jurisdiction": null }),
            "jurisdiction is missing",
        ),
        ("chamber", CERTIFIED, certificate("GLOBAL-CBPR"), "vouch for the scheme GLOBAL-CBPR"),
        ("chamber", CERTIFIED, certificate("anything"), "vouch for the scheme anything"),
        ("members", MEMBER, json!({ "dataspace": "gulf-trade" }), "the dataspace gulf-trade"),
        ("members", MEMBER, json!({ "dataspace": ["asean-trade"] }), "not of its kind"),
    ];
    for (issuer, types, said, expected) in table {
        let told = ask(&trust, issuer, types, said.clone()).unwrap_err().to_string();
        assert!(told.contains(expected), "{issuer} {types:?} {said}: {told}");
    }
    let nobody = ask(&Trust::default(), "members", MEMBER, json!({}));
    assert_eq!(nobody, Err(Distrust::NoFile));
}

#[test]
fn a_signature_of_another_suite_is_not_believed() {
    let trust = Trust::new([file(1, 1, &[1])]);
    let (issuer, claims) = (did("members"), Map::new());
    for (suite, is_believed) in
        [("ES256", true), ("EdDSA", true), ("RS256", false), ("none", false), ("", false)]
    {
        let said = Vouching { issuer: &issuer, types: MEMBER, claims: &claims, suite };
        let told = trust.vouches(said, june());
        assert_eq!(told.is_ok(), is_believed, "{suite}: {told:?}");
    }
}

#[test]
fn nobody_is_believed_before_or_after_their_time() {
    let trust = Trust::new([file(1, 1, &[1])]);
    let table = [
        ("2025-12-31T23:59:59.999999Z", false, false),
        ("2026-01-01T00:00:00Z", true, false),
        ("2026-02-28T23:59:59.999999Z", true, false),
        ("2026-03-01T00:00:00Z", true, true),
        ("2026-09-01T11:59:59.999999Z", true, true),
        ("2026-09-01T12:00:00Z", true, false),
        ("2026-12-31T23:59:59.999999Z", true, false),
        ("2027-01-01T00:00:00Z", false, false),
    ];
    for (now, members, chamber) in table {
        let (member, legal) = (Map::new(), claims(legal("SG")));
        let (by_members, by_chamber) = (did("members"), did("chamber"));
        let said = Vouching { issuer: &by_members, types: MEMBER, claims: &member, suite: "ES256" };
        assert_eq!(trust.vouches(said, at(now)).is_ok(), members, "members {now}");
        assert_eq!(trust.knows(&by_members, at(now)), members, "members {now}");
        let said = Vouching { issuer: &by_chamber, types: LEGAL, claims: &legal, suite: "ES256" };
        assert_eq!(trust.vouches(said, at(now)).is_ok(), chamber, "chamber {now}");
        assert_eq!(trust.knows(&by_chamber, at(now)), chamber, "chamber {now}");
    }
}

#[test]
fn one_file_that_says_yes_is_enough_and_the_closest_no_is_told() {
    let other = |from: &str, to: &str| {
        let text = text(1, 1, &[1]).replace("asean-trade", "gulf-trade").replace(from, to);
        TrustFile::read("trust.toml", &text).unwrap()
    };
    let over = other("\"2027-01-01\"", "\"2026-05-01\"").period.until;
    assert!(over < june());
    let trust = Trust::new([other("[\"SG\", \"CN-FTZ-SH\"]", "[\"FR\"]"), file(1, 1, &[1])]);
    assert_eq!(ask(&trust, "chamber", LEGAL, legal("SG")), Ok("asean-trade".to_owned()));
    assert_eq!(ask(&trust, "chamber", LEGAL, legal("FR")), Ok("gulf-trade".to_owned()));
    // Two files do not add up to what neither says.
    let told = ask(&trust, "chamber", LEGAL, legal("TH"));
    assert!(matches!(told, Err(Distrust::Value { .. })), "{told:?}");
    let trust = Trust::new([
        other("did:web:chamber.example", "did:web:another.example"),
        other("did:web:chamber.example", "did:web:x.example"),
        file(1, 1, &[1]),
    ]);
    assert_eq!(trust.files().len(), 2);
    let told = ask(&trust, "chamber", LEGAL, legal("FR"));
    assert!(matches!(told, Err(Distrust::Value { .. })), "{told:?}");
}

#[test]
fn of_two_files_of_a_dataspace_the_newer_counts() {
    let struck = text(2, 1, &[1]).replace("did:web:members.example", "did:web:others.example");
    let struck = TrustFile::read("trust.toml", &struck).unwrap();
    for files in [[file(1, 1, &[1]), struck.clone()], [struck, file(1, 1, &[1])]] {
        let trust = Trust::new(files);
        assert_eq!(trust.of("asean-trade").unwrap().sequence, 2);
        let told = ask(&trust, "members", MEMBER, json!({}));
        assert!(matches!(told, Err(Distrust::UnknownIssuer { .. })), "{told:?}");
    }
}
