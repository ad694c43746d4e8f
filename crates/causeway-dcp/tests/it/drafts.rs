//! What an implementation of a draft really sent, recorded: it counts only where the operator lets
//! it.

use causeway_dcp::credential::SignedCredential;
use causeway_dcp::dialect::Dialect;
use causeway_dcp::did::Did;
use causeway_dcp::document::DidDocument;
use causeway_dcp::token::{TokenCheck, TokenRules};
use causeway_types::Timestamp;
use serde_json::Value;

struct Recorded(Value);

impl Recorded {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("../vectors/tck-1.0.0-rc6.json")).unwrap())
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    fn now(&self) -> Timestamp {
        Timestamp::parse(self.text("at")).unwrap()
    }

    fn holder(&self) -> Did {
        Did::parse(self.text("holder")).unwrap()
    }

    fn issuer(&self, dialect: Dialect) -> DidDocument {
        let did = Did::parse(self.0["issuer"]["id"].as_str().unwrap()).unwrap();
        let text = self.0["issuer"].to_string();
        DidDocument::read(&did, text.as_bytes()).unwrap().read_as(dialect)
    }
}

#[test]
fn a_recorded_token_of_a_draft_counts_only_where_drafts_do() {
    let recorded = Recorded::read();
    let check = |dialect| {
        let (own, now) = (recorded.holder(), recorded.now());
        let token =
            TokenCheck::start(recorded.text("token"), &own, now, &TokenRules::default()).unwrap();
        token.finish(&recorded.issuer(dialect)).map(|token| token.issuer).ok()
    };
    assert_eq!(check(Dialect::Draft).as_ref(), Some(recorded.issuer(Dialect::Draft).id()));
    assert_eq!(check(Dialect::Final), None);
}

#[test]
fn a_recorded_credential_of_a_draft_counts_only_where_drafts_do() {
    let recorded = Recorded::read();
    let read = |dialect| SignedCredential::read_as(recorded.text("credential"), dialect);
    let signed = read(Dialect::Draft).unwrap();
    let credential = signed.credential();
    assert_eq!(credential.types, ["VerifiableCredential", "MembershipCredential"]);
    assert_eq!(credential.subject, recorded.text("holder"));
    assert_eq!(credential.claims["foo"], "bar");
    credential.check_time(recorded.now()).unwrap();
    signed.verify(&recorded.issuer(Dialect::Draft)).unwrap();
    assert!(signed.verify(&recorded.issuer(Dialect::Final)).is_err());
    assert!(read(Dialect::Final).is_err());
}
