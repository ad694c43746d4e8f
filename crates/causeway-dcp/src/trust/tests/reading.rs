//! What a trust file says, and every way in which it says nothing.

use causeway_types::limits::{TRUST_FILE_BYTES_MAX, TRUST_TERMS_MAX};

use super::{at, file, key, text};
use crate::trust::TrustFile;

#[test]
fn a_file_says_what_is_written() {
    let file = file(7, 2, &[1, 2, 3]);
    assert_eq!((file.dataspace.as_str(), file.sequence, file.threshold), ("asean-trade", 7, 2));
    assert_eq!(file.file_name(), "asean-trade-7.toml");
    assert_eq!(file.period.from, at("2026-01-01T00:00:00Z"));
    assert!(file.period.contains(at("2026-12-31T23:59:59Z")));
    assert!(!file.period.contains(at("2027-01-01T00:00:00Z")));
    assert_eq!(file.keys(), [key(1), key(2), key(3)]);
    let [members, chamber] = &file.issuers[..] else { panic!("{:?}", file.issuers) };
    assert_eq!(members.period, file.period);
    assert_eq!(chamber.did.to_string(), "did:web:chamber.example");
    assert_eq!(chamber.period.until, at("2026-09-01T12:00:00Z"));
    assert_eq!(chamber.jurisdictions, ["SG", "CN-FTZ-SH"]);
    assert_eq!(file.sha256.len(), 64);
}

/// What is replaced by what, the line of the fault, and what is said of it.
const FAULTS: &[(&str, &str, usize, &str)] = &[
    ("sequence = 7", "sequence = 0", 4, "found the sequence 0"),
    ("sequence = 7", "sequence = -1", 4, "invalid value"),
    ("sequence = 7", "sequence = 9007199254740993", 4, "up to 2^53"),
    ("threshold = 2", "threshold = 0", 7, "expected 1 to 3"),
    ("threshold = 2", "threshold = 4", 7, "with 3 maintainers"),
    ("\"asean-trade\"", "\"../asean\"", 2, "lower-case letters"),
    ("\"asean-trade\"", "\"schema-a\"", 2, "lower-case letters"),
    ("Trade of Southeast Asia", "Trade\\u202Eaisa", 3, "on one line"),
    ("Trade of Southeast Asia", " ", 3, "on one line"),
    ("\"2027-01-01\"", "\"2026-01-01\"", 6, "does not come after"),
    ("\"2027-01-01\"", "\"next year\"", 6, "expected a day or time"),
    ("\"ES256\", \"EdDSA\"", "", 2, "found no suites"),
    ("\"ES256\"", "\"none\"", 8, "found the suite \"none\""),
    ("\"ES256\"", "\"HS256\"", 8, "found the suite \"HS256\""),
    ("\"EdDSA\"", "\"ES256\"", 8, "found \"ES256\" twice"),
    ("suites", "suits", 8, "unknown field `suits`"),
    ("title =", "note = 1\ntitle =", 3, "unknown field `note`"),
    ("\"Chamber 1\"", "\"Chamber\\n1\"", 11, "on one line"),
    ("did:web:members.example", "members.example", 23, "did"),
    ("did:web:members.example", "did:web:chamber.example", 28, "twice"),
    ("\"MembershipCredential\"", "\"VerifiableCredential\"", 25, "one that says what it is about"),
    ("\"MembershipCredential\"", "\"*\"", 25, "one that says what it is about"),
    ("[\"MembershipCredential\", \"AuditCredential\"]", "[]", 25, "found no types"),
    ("\"SG\"", "\"Singapore\"", 31, "expected a legal area"),
    ("\"SG\"", "\"*\"", 31, "expected a legal area"),
    ("\"DPF\"", "\"SOC-2\"", 32, "found the scheme \"SOC-2\""),
    ("valid_from = \"2026-03-01\"", "valid_from = \"2026-10-01\"", 28, "no length"),
];

#[test]
fn every_fault_is_found_in_its_line() {
    let good = text(7, 2, &[1, 2, 3]);
    for (from, to, line, expected) in FAULTS {
        assert!(good.contains(from), "{from}");
        let findings = TrustFile::read("trust.toml", &good.replacen(from, to, 1)).unwrap_err();
        let is_told = |finding: &causeway_seal::Finding| {
            finding.line == *line && finding.text.contains(expected)
        };
        assert!(findings.iter().any(is_told), "{from} -> {to}: {findings:#?}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = text(0, 9, &[1, 1]).replace("\"SG\"", "\"sg\"");
    let findings = TrustFile::read("trust.toml", &text).unwrap_err();
    let lines: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!(lines.len(), 4, "{findings:#?}");
    assert!(findings.iter().any(|finding| finding.text.contains("twice")));
}

#[test]
fn a_key_of_another_kind_is_no_maintainer() {
    let line = key(1).to_text();
    let good = text(1, 1, &[1]);
    for wrong in [line.replace("trust", "pack"), line[..40].to_owned(), line.replace(' ', "")] {
        let findings = TrustFile::read("trust.toml", &good.replace(&line, &wrong)).unwrap_err();
        assert!(findings.iter().any(|finding| finding.line == 12), "{findings:#?}");
    }
}

#[test]
fn a_file_that_is_larger_than_allowed_is_not_read() {
    let long = format!("{}#{}", text(1, 1, &[1]), "x".repeat(TRUST_FILE_BYTES_MAX));
    let findings = TrustFile::read("trust.toml", &long).unwrap_err();
    assert!(findings[0].text.contains("expected at most"), "{findings:#?}");
    let areas: Vec<String> = (0..=TRUST_TERMS_MAX).map(|n| format!("\"SG-{n}\"")).collect();
    let many = text(1, 1, &[1]).replace("\"SG\", \"CN-FTZ-SH\"", &areas.join(", "));
    let findings = TrustFile::read("trust.toml", &many).unwrap_err();
    assert!(findings[0].text.contains("expected at most 300"), "{findings:#?}");
}

#[test]
fn a_schema_is_named_by_its_digest_and_lies_beside_the_file() {
    let schema = |id: &str, digest: &str, file: &str| {
        let more =
            format!("\n[[schema]]\nid = \"{id}\"\nsha256 = \"{digest}\"\nfile = \"{file}\"\n");
        TrustFile::read("trust.toml", &(text(1, 1, &[1]) + &more))
    };
    let digest = causeway_seal::sha256(b"{}");
    let read = schema("https://asean.example/member", &digest, "member.json").unwrap();
    assert!(read.schemas[0].is_file(b"{}"));
    assert!(!read.schemas[0].is_file(b"[]"));
    let table = [
        ("file:///etc/passwd", digest.as_str(), "member.json", "expected the URL"),
        ("https://a.example/x y", &digest, "member.json", "expected the URL"),
        ("https://a.example/x", "00", "member.json", "expected the SHA-256"),
        ("https://a.example/x", &digest, "../member.json", "expected the name of a file"),
        ("https://a.example/x", &digest, ".member", "expected the name of a file"),
    ];
    for (id, digest, file, expected) in table {
        let findings = schema(id, digest, file).unwrap_err();
        assert!(findings[0].text.contains(expected), "{findings:#?}");
    }
}
