//! What the built-in types claim, and which facts follow for whom.

use causeway_types::FactValue;
use serde_json::{Map, Value, json};

use super::*;
use crate::did::Did;
use crate::trust::{MaintainerSigningKey, TrustFile};

#[test]
fn the_file_is_read_and_every_name_in_it_is_meant_once() {
    let file: File = toml::from_str(include_str!("../types.toml")).unwrap();
    assert_eq!((file.r#type.len(), file.scheme.len()), (3, 14));
    for known in &file.r#type {
        let same = file.r#type.iter().filter(|other| other.name == known.name);
        assert_eq!(same.count(), 1);
        for fact in &known.facts {
            assert!(known.claims.iter().any(|claim| claim.name == fact.claim), "{fact:?}");
        }
    }
    for known in &file.scheme {
        assert_eq!(file.scheme.iter().filter(|other| other.name == known.name).count(), 1);
        for fact in &known.facts {
            let is_fit = ["importer.", "tool."].iter().any(|b| fact.fact.starts_with(b));
            assert!(is_fit, "{fact:?}");
        }
    }
}

#[test]
fn areas_have_the_shape_that_the_law_knows() {
    for area in ["KE", "BR-SP", "CN-FTZ-SH", "AE-DIFC"] {
        assert!(is_area(area), "{area}");
    }
    for text in ["", "ke", "KEN", "KE-", "-KE", "KE-sp", "*", "KE ", "K\u{202e}"] {
        assert!(!is_area(text), "{text}");
    }
}

#[test]
fn a_claim_is_of_its_kind_or_not_believed() {
    let claim = |name: &str, type_name: &str| {
        let known = credential_type(type_name).unwrap();
        known.claims.iter().find(|claim| claim.name == name).unwrap()
    };
    let table = [
        ("publicBody", "LegalParticipantCredential", json!(true), json!("true")),
        ("jurisdiction", "LegalParticipantCredential", json!("DE"), json!(["DE"])),
        ("legalName", "LegalParticipantCredential", json!("A"), json!("A\nB")),
        ("certifiedUntil", "CertificationCredential", json!("2026-01-31"), json!("soon")),
        ("covers", "CertificationCredential", json!(["hr"]), json!("hr")),
    ];
    for (name, type_name, good, bad) in table {
        assert!(claim(name, type_name).fits(&good), "{name}");
        assert!(!claim(name, type_name).fits(&bad), "{name}");
    }
}

#[test]
fn a_schema_asks_for_what_the_type_asks_for() {
    let schema = credential_type("CertificationCredential").unwrap().json_schema("https://x/y");
    let subject = &schema["properties"]["credentialSubject"];
    assert_eq!(subject["required"], json!(["scheme", "number"]));
    assert_eq!(subject["properties"]["scheme"]["enum"][0], "GLOBAL-CBPR");
    assert_eq!(schema["$id"], "https://x/y");
}

/// A dataspace with an issuer that may vouch for two areas and all schemes.
fn trust() -> Trust {
    let key = MaintainerSigningKey::from_seed([1; 32]).unwrap();
    let schemes: Vec<String> =
        all_schemes().iter().map(|scheme| format!("\"{}\"", scheme.name)).collect();
    let text = format!(
        "[trust]\ndataspace = \"asean\"\ntitle = \"ASEAN\"\nsequence = 1\n\
         valid_from = \"2026-01-01\"\nvalid_until = \"2027-01-01\"\nthreshold = 1\n\
         suites = [\"ES256\"]\n[[maintainer]]\nname = \"A\"\nkey = \"{}\"\n[[issuer]]\n\
         did = \"did:web:chamber.example\"\nname = \"C\"\n\
         types = [\"LegalParticipantCredential\", \"CertificationCredential\"]\n\
         jurisdictions = [\"SG\", \"TH\"]\nschemes = [{}]\n",
        key.public().to_text(),
        schemes.join(", ")
    );
    Trust::new([TrustFile::read("trust.toml", &text).unwrap()])
}

/// The facts of one side, from credentials of one type.
fn told(
    party: Party,
    issuer: &str,
    credential_type: &str,
    said: &[Value],
    at: &str,
) -> ProvenFacts {
    let issuer: Did = issuer.parse().unwrap();
    let types = ["VerifiableCredential", credential_type];
    let claims: Vec<&Map<String, Value>> =
        said.iter().map(|claims| claims.as_object().unwrap()).collect();
    let proof = |claims| {
        let said = Vouching { issuer: &issuer, types: &types, claims, suite: "ES256" };
        Proof { id: "urn:uuid:1", said }
    };
    let proofs: Vec<Proof<'_>> = claims.into_iter().map(proof).collect();
    facts(party, &proofs, &trust(), Timestamp::parse(at).unwrap())
}

fn by_chamber(party: Party, credential_type: &str, said: &[Value]) -> Vec<(String, FactValue)> {
    let at = "2026-06-01T00:00:00Z";
    let told = told(party, "did:web:chamber.example", credential_type, said, at);
    told.facts.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

fn legal(area: &str, is_public: bool) -> Value {
    json!({ "legalName": "X", "registrationNumber": "1", "jurisdiction": area,
            "publicBody": is_public })
}

fn certificate(scheme: &str, more: Value) -> Value {
    let mut said = json!({ "scheme": scheme, "number": "7" });
    let more = more.as_object().unwrap().clone();
    said.as_object_mut().unwrap().extend(more);
    said
}

fn text(value: &str) -> FactValue {
    FactValue::Text(value.to_owned())
}

#[test]
fn each_side_gets_the_facts_of_its_part() {
    let fact = |name: &str, value| (name.to_owned(), value);
    let name = "LegalParticipantCredential";
    assert_eq!(
        by_chamber(Party::Exporter, name, &[legal("SG", true)]),
        [fact("exporter.area", text("SG")), fact("exporter.public_body", FactValue::Flag(true))]
    );
    assert_eq!(
        by_chamber(Party::Importer, name, &[legal("SG", true)]),
        [fact("importer.area", text("SG")), fact("importer.commercial", FactValue::Flag(false))]
    );
    // That it is no authority does not make it a business.
    assert_eq!(
        by_chamber(Party::Importer, name, &[legal("TH", false)]),
        [fact("importer.area", text("TH"))]
    );
}

#[test]
fn a_jurisdiction_is_believed_of_who_may_vouch_for_it_only() {
    let name = "LegalParticipantCredential";
    assert_eq!(by_chamber(Party::Importer, name, &[legal("FR", true)]), []);
    let at = "2026-06-01T00:00:00Z";
    let stranger = told(Party::Importer, "did:web:x.example", name, &[legal("SG", true)], at);
    assert_eq!(stranger, ProvenFacts::default());
    let chamber = "did:web:chamber.example";
    let late = told(Party::Importer, chamber, name, &[legal("SG", true)], "2027-01-01T00:00:00Z");
    assert_eq!(late, ProvenFacts::default());
    // One that is not believed takes nothing away from one that is.
    let both = by_chamber(Party::Importer, name, &[legal("FR", false), legal("SG", false)]);
    assert_eq!(both, [("importer.area".to_owned(), text("SG"))]);
}

#[test]
fn what_two_credentials_say_differently_is_unknown() {
    let name = "LegalParticipantCredential";
    let said = by_chamber(Party::Importer, name, &[legal("SG", true), legal("TH", true)]);
    let expected = [
        ("importer.area".to_owned(), FactValue::Unknown),
        ("importer.commercial".to_owned(), FactValue::Flag(false)),
    ];
    assert_eq!(said, expected);
    let at = "2026-06-01T00:00:00Z";
    let twice = [legal("SG", true), legal("SG", true)];
    let told = told(Party::Importer, "did:web:chamber.example", name, &twice, at);
    assert_eq!(told.sources.len(), 4);
    let source = &told.sources[0];
    assert_eq!(
        (source.issuer.as_str(), source.dataspace.as_str()),
        ("did:web:chamber.example", "asean")
    );
    assert_eq!((source.credential.as_str(), source.credential_type.as_str()), ("urn:uuid:1", name));
}

#[test]
fn every_scheme_gives_its_facts_to_its_side_and_none_to_the_other() {
    let name = "CertificationCredential";
    for scheme in all_schemes() {
        let words: Vec<&str> =
            scheme.facts.iter().filter_map(|fact| fact.covers.as_deref()).collect();
        let all = certificate(&scheme.name, json!({ "covers": words }));
        for party in [Party::Exporter, Party::Importer] {
            let mut expected: Vec<(String, FactValue)> = scheme
                .facts
                .iter()
                .filter(|fact| fact.role == party)
                .map(|fact| (fact.fact.clone(), FactValue::Flag(true)))
                .collect();
            expected.sort_by(|one, other| one.0.cmp(&other.0));
            let mut said = by_chamber(party, name, std::slice::from_ref(&all));
            said.sort_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(said, expected, "{} {party:?}", scheme.name);
        }
        // What has to be covered and is not gives nothing.
        let bare = by_chamber(Party::Importer, name, &[certificate(&scheme.name, json!({}))]);
        let free = scheme.facts.iter().filter(|f| f.covers.is_none() && f.role == Party::Importer);
        assert_eq!(bare.len(), free.count(), "{}", scheme.name);
    }
}

#[test]
fn a_certificate_counts_from_its_first_to_its_last_day() {
    let said = certificate(
        "GLOBAL-CBPR",
        json!({ "certifiedFrom": "2026-03-01", "certifiedUntil": "2026-05-31" }),
    );
    let exact = certificate("GLOBAL-CBPR", json!({ "certifiedUntil": "2026-05-31T12:00:00Z" }));
    let broken = certificate("GLOBAL-CBPR", json!({ "certifiedUntil": "never" }));
    let table = [
        (&said, "2026-02-28T23:59:59Z", false),
        (&said, "2026-03-01T00:00:00Z", true),
        (&said, "2026-05-31T23:59:59Z", true),
        (&said, "2026-06-01T00:00:00Z", false),
        (&exact, "2026-05-31T11:59:59Z", true),
        (&exact, "2026-05-31T12:00:00Z", false),
        (&broken, "2026-03-01T00:00:00Z", false),
    ];
    for (said, at, counts) in table {
        let said = std::slice::from_ref(said);
        let chamber = "did:web:chamber.example";
        let told = told(Party::Importer, chamber, "CertificationCredential", said, at);
        assert_eq!(!told.sources.is_empty(), counts, "{said:?} {at}");
    }
}
