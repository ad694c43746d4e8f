//! What it costs to know who is asking: a self-issued token beside the bare verification of its
//! signature, presentations of one and of five credentials with all documents and lists at hand,
//! and a status list. At the end the ratio of a token to its bare signature, measured in turns.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::dialect::Dialect;
use causeway_dcp::did::Did;
use causeway_dcp::document::DidDocument;
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::presentation::{Need, NewPresentation, PresentationCheck, Rules, read_list};
use causeway_dcp::status::{StatusEntry, StatusForm, StatusList};
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{NewToken, TokenCheck, TokenRules};
use causeway_dcp::trust::Schemas;
use causeway_types::Timestamp;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;

const HOLDER: &str = "did:web:holder.example";
const VERIFIER: &str = "did:web:verifier.example";
const ISSUER: &str = "did:web:issuer.example";
const LIST: &str = "https://issuer.example/status/1";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T12:00:00Z").unwrap()
}

/// A token, and its parts as the library of the signatures takes them.
struct Token {
    text: String,
    document: DidDocument,
    verifier: Did,
    bare: &'static dyn VerificationAlgorithm,
    public: Vec<u8>,
    input: String,
    signature: Vec<u8>,
}

impl Token {
    fn new(algorithm: Algorithm) -> Self {
        let key = TestKey::with(HOLDER, "key-1", algorithm);
        let verifier = Did::parse(VERIFIER).unwrap();
        let new = NewToken {
            key: key.id(),
            algorithm,
            audience: &verifier,
            id: "b9fd0f9c-3b0c-4fd5-9c67-0a3d4c9c2b11",
            issued: now(),
            lifetime_seconds: 60,
            access_token: Some("an access token of ours is about as long as this one is here"),
        };
        let text = key.finish(new.unsigned());
        let jwk = key.public().to_jwk();
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let (bare, public): (&'static dyn VerificationAlgorithm, _) = match algorithm {
            Algorithm::Es256 => {
                (&ECDSA_P256_SHA256_FIXED, [vec![4], part("x"), part("y")].concat())
            }
            _ => (&ED25519, part("x")),
        };
        let (input, signature) = text.rsplit_once('.').unwrap();
        let (input, signature) = (input.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap());
        Self { document: key.document(), text, verifier, bare, public, input, signature }
    }

    fn check(&self) {
        let check = TokenCheck::start(&self.text, &self.verifier, now(), &TokenRules::default());
        check.unwrap().finish(&self.document).ok().unwrap();
    }

    fn check_bare(&self) {
        let key = UnparsedPublicKey::new(self.bare, &self.public);
        key.verify(self.input.as_bytes(), &self.signature).unwrap();
    }
}

fn tokens(criterion: &mut Criterion) {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let token = Token::new(algorithm);
        criterion.bench_function(&format!("{algorithm}, bare signature"), |bencher| {
            bencher.iter(|| black_box(&token).check_bare());
        });
        criterion.bench_function(&format!("{algorithm}, self-issued token"), |bencher| {
            bencher.iter(|| black_box(&token).check());
        });
        ratio(&token, algorithm);
    }
}

/// The medians of both, measured in turns, so that whatever else the machine does slows both.
#[expect(clippy::disallowed_methods, reason = "measuring is what a bench does")]
fn ratio(token: &Token, algorithm: Algorithm) {
    let (mut whole, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..10_001 {
        let start = Instant::now();
        black_box(token).check();
        let middle = Instant::now();
        black_box(token).check_bare();
        whole.push((middle - start).as_nanos());
        bare.push(middle.elapsed().as_nanos());
    }
    let median = |times: &mut Vec<u128>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (whole, bare) = (median(&mut whole), median(&mut bare));
    let hundredths = whole * 100 / bare;
    println!(
        "{algorithm}: token {whole} ns, bare signature {bare} ns, ratio {}.{:02}",
        hundredths / 100,
        hundredths % 100
    );
}

/// A holder with credentials, and what is fetched to check them.
struct Shown {
    presentation: [String; 1],
    rules: Rules,
    holder: Arc<DidDocument>,
    issuer: Arc<DidDocument>,
    list: Vec<u8>,
}

impl Shown {
    fn new(profile: Profile, count: usize) -> Self {
        let (holder, issuer) = (TestKey::new(HOLDER), TestKey::new(ISSUER));
        let (verifier, form) = (Did::parse(VERIFIER).unwrap(), StatusForm::Bitstring);
        let list = StatusList::empty(form, "revocation");
        let purpose = "revocation".to_owned();
        let status = StatusEntry { form, purpose, index: 7, list: LIST.to_owned() };
        let credential = Credential {
            id: Some("urn:uuid:b9fd0f9c-3b0c-4fd5-9c67-0a3d4c9c2b11".to_owned()),
            issuer: issuer.did().clone(),
            subject: HOLDER.to_owned(),
            types: ["VerifiableCredential", "MembershipCredential"].map(str::to_owned).into(),
            claims: json!({"level": "gold", "since": "2020"}).as_object().unwrap().clone(),
            valid_from: Timestamp::EPOCH,
            valid_until: None,
            status: vec![status],
            schemas: Vec::new(),
            profile,
        };
        let sign = |one: &Credential| issuer.finish(one.unsigned(issuer.id(), Algorithm::Es256));
        let credentials = vec![sign(&credential); count];
        let list = Credential {
            types: list.types(),
            claims: list.to_subject(LIST),
            subject: format!("{LIST}#list"),
            status: Vec::new(),
            ..credential
        };
        let new = NewPresentation {
            holder: holder.did(),
            verifier: &verifier,
            id: "urn:uuid:1",
            now: now(),
            seconds: 60,
            profile,
            credentials: &credentials,
        };
        let presentation = holder.finish(new.unsigned(holder.id(), Algorithm::Es256));
        Self {
            presentation: [presentation],
            rules: Rules {
                verifier,
                holder: holder.did().clone(),
                now: now(),
                unsigned_lists: false,
                dialect: Dialect::Final,
                schemas: Schemas::default(),
            },
            list: sign(&list).into_bytes(),
            holder: Arc::new(holder.document()),
            issuer: Arc::new(issuer.document()),
        }
    }

    fn check(&self) -> usize {
        let mut check =
            PresentationCheck::start(&self.presentation, self.rules.clone(), |_| true).unwrap();
        loop {
            let needs = check.needs();
            if needs.is_empty() {
                return check.finish().unwrap().accepted.len();
            }
            for need in needs {
                match need {
                    Need::Document(did) if did.as_str() == HOLDER => {
                        check.supply_document(did, Ok(Arc::clone(&self.holder)));
                    }
                    Need::Document(did) => {
                        check.supply_document(did, Ok(Arc::clone(&self.issuer)));
                    }
                    Need::StatusList(url) => check.supply_status_list(url, Ok(self.list.clone())),
                }
            }
        }
    }
}

fn presentations(criterion: &mut Criterion) {
    for profile in Profile::ALL {
        for count in [1, 5] {
            let shown = Shown::new(profile, count);
            assert_eq!(shown.check(), count);
            criterion.bench_function(
                &format!("{}, credentials: {count}", profile.name()),
                |bencher| {
                    bencher.iter(|| black_box(&shown).check());
                },
            );
        }
    }
    let shown = Shown::new(Profile::Vc20, 1);
    criterion.bench_function("status list of 131072 bits, read and verified", |bencher| {
        bencher.iter(|| {
            read_list(black_box(&shown.list), &shown.issuer, now(), false).unwrap();
        });
    });
    let list = StatusList::empty(StatusForm::Bitstring, "revocation").to_subject(LIST);
    criterion.bench_function("status list of 131072 bits, unpacked only", |bencher| {
        bencher.iter(|| StatusList::read(black_box(&list)).unwrap());
    });
}

criterion_group!(benches, tokens, presentations);
criterion_main!(benches);
