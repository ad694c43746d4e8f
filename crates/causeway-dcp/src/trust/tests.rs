//! Trust files, from what is written to what is believed. The keys are made here; every signature
//! is a real one.

mod acceptance;
mod questions;
mod reading;
mod registers;

use causeway_types::Timestamp;

use super::{MaintainerKey, MaintainerSigningKey, TrustFile, TrustSignature};

/// The key of a maintainer, by number.
fn signer(number: u8) -> MaintainerSigningKey {
    MaintainerSigningKey::from_seed([number; 32]).unwrap()
}

fn key(number: u8) -> MaintainerKey {
    signer(number).public().clone()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// In the middle of the year in which the files of the tests are in force.
fn june() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

/// A file of 2026 with an issuer of each kind.
fn text(sequence: u64, threshold: usize, maintainers: &[u8]) -> String {
    let mut text = format!(
        "[trust]\n\
         dataspace = \"asean-trade\"\n\
         title = \"Trade of Southeast Asia\"\n\
         sequence = {sequence}\n\
         valid_from = \"2026-01-01\"\n\
         valid_until = \"2027-01-01\"\n\
         threshold = {threshold}\n\
         suites = [\"ES256\", \"EdDSA\"]\n"
    );
    for number in maintainers {
        text += &format!(
            "\n[[maintainer]]\nname = \"Chamber {number}\"\nkey = \"{}\"\n",
            key(*number).to_text()
        );
    }
    text += r#"
[[issuer]]
did = "did:web:members.example"
name = "Member office"
types = ["MembershipCredential", "AuditCredential"]

[[issuer]]
did = "did:web:chamber.example"
name = "Chamber of commerce"
types = ["LegalParticipantCredential", "CertificationCredential"]
jurisdictions = ["SG", "CN-FTZ-SH"]
schemes = ["ISO-27701", "DPF"]
valid_from = "2026-03-01"
valid_until = "2026-09-01T12:00:00Z"
"#;
    text
}

fn file(sequence: u64, threshold: usize, maintainers: &[u8]) -> TrustFile {
    TrustFile::read("trust.toml", &text(sequence, threshold, maintainers)).unwrap()
}

fn signed(bytes: &[u8], by: &[u8]) -> Vec<TrustSignature> {
    by.iter().map(|number| signer(*number).sign(bytes).unwrap()).collect()
}

/// A file of signatures.
fn lines(signatures: &[TrustSignature]) -> String {
    signatures.iter().map(|signature| format!("{}\n", signature.to_text())).collect()
}
