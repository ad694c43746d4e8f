//! The token confusion matrix: every kind of text that proves something, before every reader. One
//! party plays every part with one key that is for everything, and every claim that several kinds
//! have is in all of them with the same value; so nothing but its kind tells two texts apart.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_dcp::access::AccessGrant;
use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::dialect::Dialect;
use causeway_dcp::document::{DidDocument, Relationship};
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::jws::Unsigned;
use causeway_dcp::presentation::{Need, PresentationCheck, Rules, read_list};
use causeway_dcp::status::StatusList;
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{NewToken, TokenCheck, TokenRules};
use causeway_dcp::trust::Schemas;
use serde_json::{Map, Value, json};

use super::world::{credential, form, new_presentation, object, opened, patch, signed};
use super::{HOLDER, at, did, now, seconds};

/// Who plays every part.
const PARTY: &str = HOLDER;

/// Every kind of text that somebody accepts as a proof, here or elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SelfIssued,
    Access,
    Presentation(Profile),
    Credential(Profile),
    StatusList(Profile),
    Continuity,
    /// An ID token of OpenID Connect.
    OpenId,
    /// An access token of OAuth 2.0 (RFC 9068).
    OAuth,
    /// What a pair of nodes without DIDs makes from its secret.
    Pairwise,
    /// What opens the address of one flow of data.
    Data,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::SelfIssued,
        Self::Access,
        Self::Presentation(Profile::Vc11),
        Self::Presentation(Profile::Vc20),
        Self::Credential(Profile::Vc11),
        Self::Credential(Profile::Vc20),
        Self::StatusList(Profile::Vc11),
        Self::StatusList(Profile::Vc20),
        Self::Continuity,
        Self::OpenId,
        Self::OAuth,
        Self::Pairwise,
        Self::Data,
    ];

    /// Where it belongs; the last four belong to readers that are not here.
    fn reader(self) -> Option<Reader> {
        match self {
            Self::SelfIssued => Some(Reader::SelfIssued),
            Self::Access => Some(Reader::Access),
            Self::Presentation(_) => Some(Reader::Presentation),
            Self::Credential(_) => Some(Reader::Credential),
            Self::StatusList(_) => Some(Reader::StatusList),
            Self::Continuity => Some(Reader::Continuity),
            Self::OpenId | Self::OAuth | Self::Pairwise | Self::Data => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    SelfIssued,
    Access,
    Presentation,
    Credential,
    StatusList,
    Continuity,
}

impl Reader {
    const ALL: [Self; 6] = [
        Self::SelfIssued,
        Self::Access,
        Self::Presentation,
        Self::Credential,
        Self::StatusList,
        Self::Continuity,
    ];

    /// What the key must be for; any purpose does for continuity.
    fn relationship(self) -> Option<Relationship> {
        match self {
            Self::SelfIssued | Self::Access => Some(Relationship::CapabilityInvocation),
            Self::Presentation => Some(Relationship::Authentication),
            Self::Credential | Self::StatusList => Some(Relationship::AssertionMethod),
            Self::Continuity => None,
        }
    }
}

/// The one party: the key that makes what is tested, and one for what is around it.
struct Stage {
    key: TestKey,
    around: TestKey,
    document: Arc<DidDocument>,
    dialect: Dialect,
}

impl Stage {
    /// The key that is tested is for these purposes, and the other for everything.
    fn new(purposes: &[Relationship]) -> Self {
        let (key, around) = (TestKey::new(PARTY), TestKey::with(PARTY, "key-2", Algorithm::EdDsa));
        let document = DidDocument::new(did(PARTY))
            .with_key("key-1", key.public(), purposes)
            .and_then(|document| document.with_key("key-2", around.public(), &Relationship::ALL));
        let document = Arc::new(document.unwrap());
        Self { key, around, document, dialect: Dialect::Final }
    }

    /// What is signed of a kind; nothing for the kinds that are not signed by a key of a DID.
    fn unsigned(&self, kind: Kind) -> Option<Unsigned> {
        let (key, algorithm, own) = (self.key.id(), self.key.algorithm(), did(PARTY));
        let list = |profile| StatusList::empty(form(profile), "revocation");
        Some(match kind {
            Kind::SelfIssued => {
                let (id, issued, access_token) = ("id-1", now(), Some("opaque"));
                let audience = &own;
                let lifetime_seconds = 60;
                NewToken { key, algorithm, audience, id, issued, lifetime_seconds, access_token }
                    .unsigned()
            }
            Kind::Access => {
                let (bearer, scopes, id) = (own, vec!["a:b:read".to_owned()], "id-1".to_owned());
                AccessGrant { bearer, scopes, id, issued: at(0), expires: at(60) }
                    .unsigned(key, algorithm)
            }
            Kind::Presentation(profile) => {
                new_presentation(&own, &own, profile, &[self.credential(profile)])
                    .unsigned(key, algorithm)
            }
            Kind::Credential(profile) => about_itself(profile).unsigned(key, algorithm),
            Kind::StatusList(profile) => {
                let (types, claims) = (list(profile).types(), list(profile).to_subject(PARTY));
                Credential { types, claims, ..about_itself(profile) }.unsigned(key, algorithm)
            }
            Kind::Continuity => {
                continuity::unsigned(key, algorithm, &KeySet::of(&self.document), now())
            }
            Kind::OpenId => Unsigned::new(key, algorithm, "JWT", &open_id()),
            Kind::OAuth => Unsigned::new(key, algorithm, "at+jwt", &open_id()),
            Kind::Pairwise | Kind::Data => return None,
        })
    }

    /// A credential of the party about itself, signed by the key that is not tested.
    fn credential(&self, profile: Profile) -> String {
        let (key, algorithm) = (self.around.id(), self.around.algorithm());
        self.around.finish(about_itself(profile).unsigned(key, algorithm))
    }

    /// The payload of a kind with every claim that any other has, as far as its own does not say
    /// otherwise, and the type of its header.
    fn payload(&self, kind: Kind) -> Option<(Value, Map<String, Value>)> {
        let (header, own) = opened(&self.unsigned(kind)?);
        let mut payload = common();
        patch(&mut payload, &Value::Object(own));
        if kind == Kind::OpenId {
            // Without an id it is no self-issued token; with one, only its issuer's name differs.
            payload.remove("jti");
        }
        Some((header["typ"].clone(), payload))
    }

    fn text(&self, kind: Kind) -> String {
        match kind {
            Kind::Pairwise => {
                let claims = common();
                let secret = jsonwebtoken::EncodingKey::from_secret(b"what both were told");
                let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
                header.kid = Some(self.key.id().to_string());
                jsonwebtoken::encode(&header, &claims, &secret).unwrap()
            }
            Kind::Data => URL_SAFE_NO_PAD.encode([7; 32]),
            signed_kind => {
                let (typ, payload) = self.payload(signed_kind).unwrap();
                signed(&self.key, &json!({ "typ": typ }), &payload)
            }
        }
    }

    fn accepts(&self, reader: Reader, text: &str) -> bool {
        let own = did(PARTY);
        match reader {
            Reader::SelfIssued => TokenCheck::start(text, &own, now(), &TokenRules::default())
                .and_then(|check| check.finish(&self.document))
                .is_ok(),
            Reader::Access => AccessGrant::verify(text, &self.document, &own, now()).is_ok(),
            Reader::Presentation => self.shows(text),
            Reader::Credential => Profile::ALL.into_iter().any(|profile| {
                let (key, algorithm) = (self.around.id(), self.around.algorithm());
                let texts = [text.to_owned()];
                let around = new_presentation(&own, &own, profile, &texts);
                self.shows(&self.around.finish(around.unsigned(key, algorithm)))
            }),
            Reader::StatusList => read_list(text.as_bytes(), &self.document, now(), false).is_ok(),
            Reader::Continuity => {
                let file = continuity::write(&[text.to_owned()]);
                let keys = KeySet::of(&self.document);
                continuity::verify(file.as_bytes(), &self.document, &keys).is_ok()
            }
        }
    }

    /// Whether a presentation shows a credential that counts.
    fn shows(&self, text: &str) -> bool {
        let (verifier, holder) = (did(PARTY), did(PARTY));
        let rules = Rules {
            verifier,
            holder,
            now: now(),
            unsigned_lists: false,
            schemas: Schemas::default(),
            dialect: self.dialect,
        };
        let Ok(mut check) = PresentationCheck::start(&[text.to_owned()], rules, |_| true) else {
            return false;
        };
        while let Some(need) = check.needs().pop() {
            match need {
                Need::Document(did) => {
                    check.supply_document(did, Ok(Arc::clone(&self.document)));
                }
                Need::StatusList(url) => check.supply_status_list(url, Err("none".to_owned())),
            }
        }
        check.finish().is_ok_and(|findings| !findings.accepted.is_empty())
    }

    fn readers(&self, text: &str) -> Vec<Reader> {
        Reader::ALL.into_iter().filter(|reader| self.accepts(*reader, text)).collect()
    }
}

fn about_itself(profile: Profile) -> Credential {
    let (issuer, subject, status) = (did(PARTY), PARTY.to_owned(), Vec::new());
    Credential { issuer, subject, status, ..credential(profile) }
}

/// Claims that more than one kind has.
fn common() -> Map<String, Value> {
    object(json!({
        "iss": PARTY, "sub": PARTY, "aud": PARTY, "jti": "id-1", "id": "id-1",
        "iat": seconds(0), "nbf": seconds(0), "exp": seconds(60),
        "scope": "a:b:read", "token": "opaque", "client_id": PARTY,
    }))
}

fn open_id() -> Map<String, Value> {
    object(json!({
        "iss": PARTY, "sub": PARTY, "aud": PARTY, "iat": seconds(0), "exp": seconds(60),
        "nonce": "n", "auth_time": seconds(0), "azp": PARTY, "acr": "0", "amr": ["pwd"],
    }))
}

/// How peers may speak; what is read more loosely is still read as one kind.
const DIALECTS: [Dialect; 2] = [Dialect::Final, Dialect::Draft];

#[test]
fn a_token_is_accepted_only_where_its_kind_belongs() {
    for dialect in DIALECTS {
        let stage = Stage { dialect, ..Stage::new(&Relationship::ALL) };
        for kind in Kind::ALL {
            let readers = stage.readers(&stage.text(kind));
            let expected: Vec<_> = kind.reader().into_iter().collect();
            assert_eq!(readers, expected, "{kind:?} {dialect:?}");
        }
    }
}

#[test]
fn a_text_that_claims_to_be_two_kinds_is_at_most_one() {
    for dialect in DIALECTS {
        check_pairs(&Stage { dialect, ..Stage::new(&Relationship::ALL) });
    }
}

fn check_pairs(stage: &Stage) {
    let payloads: Vec<_> =
        Kind::ALL.into_iter().filter_map(|kind| Some((kind, stage.payload(kind)?.1))).collect();
    let types = [
        Value::Null,
        json!("JWT"),
        json!("vc+jwt"),
        json!("vp+jwt"),
        json!("causeway-access+jwt"),
        json!("did-continuity+jwt"),
        json!("at+jwt"),
    ];
    let mut accepted = 0;
    for (first, payload) in &payloads {
        for (second, other) in &payloads {
            let mut both = payload.clone();
            patch(&mut both, &Value::Object(other.clone()));
            for typ in &types {
                let text = signed(&stage.key, &json!({ "typ": typ }), &both);
                let readers = stage.readers(&text);
                assert!(readers.len() <= 1, "{first:?} and {second:?} as {typ}: {readers:?}");
                accepted += readers.len();
            }
        }
    }
    // The walk is no walk over texts that are wrong in any case.
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn a_kind_is_accepted_only_from_a_key_that_is_for_it() {
    for relationship in Relationship::ALL {
        let stage = Stage::new(&[relationship]);
        for kind in Kind::ALL {
            let fits = |reader: &Reader| {
                reader.relationship().is_none_or(|expected| expected == relationship)
            };
            let expected: Vec<_> = kind.reader().into_iter().filter(fits).collect();
            assert_eq!(stage.readers(&stage.text(kind)), expected, "{kind:?} {relationship:?}");
        }
    }
}

#[test]
fn a_text_that_is_signed_with_what_everybody_knows_is_accepted_nowhere() {
    let stage = Stage::new(&Relationship::ALL);
    let jwk = Value::Object(stage.key.public().to_jwk());
    let point = ["x", "y"].map(|name| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap());
    let secrets = [
        Vec::new(),
        point.concat(),
        [&[4][..], &point.concat()].concat(),
        jwk.to_string().into_bytes(),
        stage.document.to_json().into_bytes(),
    ];
    for kind in Kind::ALL {
        let Some((typ, payload)) = stage.payload(kind) else { continue };
        for secret in &secrets {
            let key = jsonwebtoken::EncodingKey::from_secret(secret);
            let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
            header.typ = typ.as_str().map(str::to_owned);
            header.kid = Some(stage.key.id().to_string());
            let text = jsonwebtoken::encode(&header, &payload, &key).unwrap();
            assert_eq!(stage.readers(&text), [], "{kind:?}");
        }
        let (good, _) = (stage.text(kind), ());
        let (input, signature) = good.rsplit_once('.').unwrap();
        let body = input.split_once('.').unwrap().1;
        for algorithm in ["none", "None", "NONE", ""] {
            let kid = stage.key.id().to_string();
            let header = json!({"alg": algorithm, "typ": typ, "kid": kid}).to_string();
            for signature in ["", signature] {
                let text = format!("{}.{body}.{signature}", URL_SAFE_NO_PAD.encode(&header));
                assert_eq!(stage.readers(&text), [], "{kind:?} {algorithm}");
            }
        }
        assert_eq!(stage.readers(&format!("{input}.")), [], "{kind:?} without a signature");
        // Zeros as both numbers of a signature: CVE-2022-21449.
        let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
        assert_eq!(stage.readers(&format!("{input}.{zeros}")), [], "{kind:?} with zeros");
    }
}

#[test]
fn a_key_that_comes_with_a_text_is_used_nowhere() {
    let stage = Stage::new(&Relationship::ALL);
    let thief = TestKey::new(PARTY);
    for kind in Kind::ALL {
        let Some((typ, payload)) = stage.payload(kind) else { continue };
        let jwk = thief.public().to_jwk();
        for (name, value) in [
            ("jwk", Value::Object(jwk)),
            ("jku", json!("https://thief.example/keys")),
            ("x5u", json!("https://thief.example/chain")),
            ("x5c", json!(["AAAA"])),
            ("crit", json!(["exp"])),
        ] {
            for key in [&thief, &stage.key] {
                let text = signed(key, &json!({"typ": typ, name: value}), &payload);
                assert_eq!(stage.readers(&text), [], "{kind:?} {name}");
            }
        }
        let other_path = signed(&thief, &json!({"typ": typ, "kid": "#key-1"}), &payload);
        assert_eq!(stage.readers(&other_path), [], "{kind:?}");
        assert_eq!(
            stage.readers(&signed(&thief, &json!({ "typ": typ }), &payload)),
            [],
            "{kind:?}"
        );
    }
}
