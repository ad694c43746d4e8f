//! Verifiable credentials as signed texts, in the two profiles of DCP 1.0: VC 1.1 with a `vc` claim
//! (`vc11-sl2021/jwt`) and VC 2.0 whose payload is the credential (`vc20-bssl/jwt`). Whether an
//! issuer may say what it says, and whether the credential was taken back, is not decided here.

use causeway_json::quoted;
use causeway_types::Timestamp;
use causeway_types::limits::{
    CREDENTIAL_STATUSES_MAX, CREDENTIAL_TEXT_BYTES_MAX, CREDENTIAL_TYPES_MAX,
};
use serde_json::{Map, Value, json};

use crate::dialect::Dialect;
use crate::did::{Did, DidError, KeyId};
use crate::document::{DidDocument, KeyLookupError, Relationship};
use crate::jwk::{Algorithm, KeyError};
use crate::jws::{Jws, JwsError, Unsigned};
use crate::status::{StatusEntry, StatusError};
use crate::trust::Schemas;

const CONTEXT_11: &str = "https://www.w3.org/2018/credentials/v1";
const CONTEXT_20: &str = "https://www.w3.org/ns/credentials/v2";
/// The type that every credential has.
pub const VERIFIABLE_CREDENTIAL: &str = "VerifiableCredential";
/// How far the clocks of two parties may differ.
pub(crate) const LEEWAY_SECONDS: u64 = 5;

/// The data model together with how it is signed and taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// VC 1.1 with StatusList2021.
    Vc11,
    /// VC 2.0 with BitstringStatusList.
    Vc20,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Vc11, Self::Vc20];

    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vc11 => "vc11-sl2021/jwt",
            Self::Vc20 => "vc20-bssl/jwt",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// How each data model calls a JSON schema.
    fn schema(self) -> &'static str {
        match self {
            Self::Vc11 => "JsonSchemaValidator2018",
            Self::Vc20 => "JsonSchema",
        }
    }

    pub(crate) fn context(self) -> Value {
        match self {
            Self::Vc11 => json!([CONTEXT_11]),
            Self::Vc20 => json!([CONTEXT_20]),
        }
    }
}

/// Claims of a token that are none of the credential in it.
const TOKEN_CLAIMS: [&str; 8] = ["iss", "sub", "aud", "jti", "iat", "nbf", "exp", "cnf"];

/// What an issuer says of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Who says it.
    pub issuer: Did,
    /// Of whom: a DID, except for a status list.
    pub subject: String,
    /// `VerifiableCredential` and what kind it is.
    pub types: Vec<String>,
    /// What is said, without the subject's id.
    pub claims: Map<String, Value>,
    /// It counts from then on.
    pub valid_from: Timestamp,
    /// It counts until then; without an end if missing.
    pub valid_until: Option<Timestamp>,
    /// Where it is written whether it was taken back.
    pub status: Vec<StatusEntry>,
    /// The schemas that its claims are said to obey.
    pub schemas: Vec<String>,
    /// The data model.
    pub profile: Profile,
}

/// A credential with its signature, read and not yet verified.
pub struct SignedCredential {
    credential: Credential,
    /// What its schemas apply to; nothing if it names none.
    document: Option<Value>,
    jws: Jws,
    text: String,
}

/// Why a credential does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// It is no signed text.
    #[error("read a credential: {0}")]
    Jws(#[from] JwsError),
    /// Its issuer is no DID.
    #[error("read the issuer of a credential: {0}")]
    Issuer(#[from] DidError),
    /// A member is missing, or is not what it should be.
    #[error("read a credential: found {found} at {member}, expected {expected}")]
    Member {
        /// Which member.
        member: &'static str,
        /// What was found.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// It is signed by a key of somebody else.
    #[error("a credential of {issuer} is signed by the key {key}, which is not its issuer's")]
    Foreign {
        /// Who says it.
        issuer: Did,
        /// Who signed it.
        key: KeyId,
    },
    /// The issuer has no such key for credentials.
    #[error("a credential cannot be verified: {0}")]
    Lookup(#[from] KeyLookupError),
    /// The signature is wrong.
    #[error("a credential cannot be verified: {0}")]
    Signature(#[from] KeyError),
    /// It is of somebody else.
    #[error("a credential is about {found}, expected {expected}, who shows it")]
    Subject {
        /// Of whom it is.
        found: String,
        /// Who shows it.
        expected: Did,
    },
    /// It does not count yet.
    #[error("a credential counts from {from} on")]
    NotYet {
        /// When it begins.
        from: Timestamp,
    },
    /// It does not count any more.
    #[error("a credential expired at {until}")]
    Expired {
        /// When it ended.
        until: Timestamp,
    },
    /// It was taken back.
    #[error("a credential was taken back ({purpose})")]
    Revoked {
        /// `revocation` or `suspension`.
        purpose: String,
    },
    /// Nobody knows whether it was taken back.
    #[error("nobody knows whether a credential was taken back: {reason}")]
    StatusUnknown {
        /// Why.
        reason: String,
    },
    /// Where it is written whether it was taken back could not be looked at; it may be later.
    #[error("the status list {list} is not known: {reason}")]
    ListUnknown {
        /// The address of the list, in quotes.
        list: String,
        /// Why.
        reason: String,
    },
    /// Its claims follow a schema that is not known here.
    #[error("a credential follows the schema {schema}, which is not known here")]
    SchemaUnknown {
        /// Which.
        schema: String,
    },
    /// Its claims follow a schema that cannot be used.
    #[error("a credential follows the schema {schema}, which cannot be used here: {reason}")]
    SchemaUnusable {
        /// Which.
        schema: String,
        /// Why.
        reason: String,
    },
    /// It does not obey the schema that it names.
    #[error("a credential does not obey its schema {schema}: {reason}")]
    SchemaRefused {
        /// Which.
        schema: String,
        /// What is wrong where.
        reason: String,
    },
    /// The issuer's keys are not known.
    #[error("the keys of {issuer} are not known: {reason}")]
    IssuerUnknown {
        /// Whose.
        issuer: Did,
        /// Why.
        reason: String,
    },
    /// Nobody says that this issuer is to be believed.
    #[error("{issuer} is no issuer that is trusted here")]
    Distrusted {
        /// Who.
        issuer: Did,
    },
}

impl From<StatusError> for CredentialError {
    fn from(error: StatusError) -> Self {
        Self::StatusUnknown { reason: error.to_string() }
    }
}

impl Credential {
    /// Whether it counts at a time, as far as its own dates say.
    pub fn check_time(&self, now: Timestamp) -> Result<(), CredentialError> {
        if self.valid_from > now.plus_millis(LEEWAY_SECONDS * 1000) {
            return Err(CredentialError::NotYet { from: self.valid_from });
        }
        match self.valid_until.filter(|until| *until <= now) {
            Some(until) => Err(CredentialError::Expired { until }),
            None => Ok(()),
        }
    }

    /// Whether its document obeys the schemas that it names, all of them.
    pub(crate) fn obeys(
        &self,
        document: Option<&Value>,
        schemas: &Schemas,
    ) -> Result<(), CredentialError> {
        let document = document.unwrap_or(&Value::Null);
        self.schemas.iter().try_for_each(|id| schemas.check(id, document))
    }

    /// The text to sign with a key of the issuer.
    pub fn unsigned(&self, key: &KeyId, algorithm: Algorithm) -> Unsigned {
        let seconds = |time: Timestamp| Value::from(time.unix_seconds());
        let mut payload = Map::new();
        payload.insert("iss".to_owned(), self.issuer.as_str().into());
        payload.insert("sub".to_owned(), self.subject.as_str().into());
        if let Some(id) = &self.id {
            payload.insert("jti".to_owned(), id.as_str().into());
        }
        payload.insert("iat".to_owned(), seconds(self.valid_from));
        payload.insert("nbf".to_owned(), seconds(self.valid_from));
        if let Some(until) = self.valid_until {
            payload.insert("exp".to_owned(), seconds(until));
        }
        let content = self.content();
        let typ = match self.profile {
            Profile::Vc11 => {
                payload.insert("vc".to_owned(), Value::Object(content));
                "JWT"
            }
            Profile::Vc20 => {
                payload.extend(content);
                "vc+jwt"
            }
        };
        Unsigned::new(key, algorithm, typ, &payload)
    }

    /// The credential as its data model has it.
    pub fn content(&self) -> Map<String, Value> {
        let (from, until) = match self.profile {
            Profile::Vc11 => ("issuanceDate", "expirationDate"),
            Profile::Vc20 => ("validFrom", "validUntil"),
        };
        let mut subject = Map::from_iter([("id".to_owned(), self.subject.as_str().into())]);
        // A claim of that name would make it a credential about somebody else.
        let claims = self.claims.iter().filter(|(name, _)| *name != "id");
        subject.extend(claims.map(|(name, value)| (name.clone(), value.clone())));
        let mut content = Map::new();
        content.insert("@context".to_owned(), self.profile.context());
        if let Some(id) = &self.id {
            content.insert("id".to_owned(), id.as_str().into());
        }
        content.insert("type".to_owned(), json!(self.types));
        content.insert("issuer".to_owned(), self.issuer.as_str().into());
        content.insert(from.to_owned(), date(self.valid_from));
        if let Some(time) = self.valid_until {
            content.insert(until.to_owned(), date(time));
        }
        content.insert("credentialSubject".to_owned(), Value::Object(subject));
        if !self.schemas.is_empty() {
            let schema = |id: &String| json!({ "id": id, "type": self.profile.schema() });
            let schemas: Vec<Value> = self.schemas.iter().map(schema).collect();
            content.insert("credentialSchema".to_owned(), schemas.into());
        }
        match &self.status[..] {
            [] => {}
            [one] => {
                content.insert("credentialStatus".to_owned(), one.to_json());
            }
            all => {
                let all: Vec<Value> = all.iter().map(StatusEntry::to_json).collect();
                content.insert("credentialStatus".to_owned(), all.into());
            }
        }
        content
    }

    /// Reads a payload.
    fn read(payload: &Map<String, Value>) -> Result<Self, CredentialError> {
        if let Some(found) = payload.get("vp") {
            return Err(wrong("vp", found, "a credential, which is no presentation"));
        }
        let (content, profile) = match payload.get("vc") {
            Some(Value::Object(content)) => (content, Profile::Vc11),
            Some(found) => return Err(wrong("vc", found, "an object")),
            None => (payload, Profile::Vc20),
        };
        let id = member(content, "id").or_else(|| member(payload, "jti"));
        let id = id.map(|id| text("id", id)).transpose()?.map(str::to_owned);
        let issuer = same(
            ("iss", member(payload, "iss")),
            ("issuer", member(content, "issuer").map(|issuer| issuer.get("id").unwrap_or(issuer))),
        )?;
        let (subject, claims) = subject(content.get("credentialSubject"))?;
        let subject = same(("sub", member(payload, "sub")), ("credentialSubject.id", subject))?;
        let (valid_from, valid_until) = times(payload, content)?;
        let entries = many(content.get("credentialStatus"), CREDENTIAL_STATUSES_MAX)
            .ok_or_else(|| wrong_count("credentialStatus"))?;
        let status = entries.into_iter().map(StatusEntry::read).collect::<Result<_, _>>()?;
        let schemas = many(content.get("credentialSchema"), CREDENTIAL_STATUSES_MAX)
            .ok_or_else(|| wrong_count("credentialSchema"))?;
        let schemas = schemas.into_iter().map(|schema| {
            text("credentialSchema", schema.get("id").unwrap_or(schema)).map(str::to_owned)
        });
        Ok(Self {
            id,
            issuer: Did::parse(issuer)?,
            subject: subject.to_owned(),
            types: types(content.get("type"))?,
            claims,
            valid_from,
            valid_until,
            status,
            schemas: schemas.collect::<Result<_, _>>()?,
            profile,
        })
    }

    /// The whole credential, as it is to schemas: without the claims of the token, and with what
    /// stands in the token alone.
    fn document(&self, payload: &Map<String, Value>) -> Value {
        let content = match payload.get("vc") {
            Some(Value::Object(content)) => content,
            _ => payload,
        };
        let is_own = |name: &str| !TOKEN_CLAIMS.contains(&name);
        let own = content.iter().filter(|(name, _)| is_own(name));
        let mut document: Map<_, _> = own.map(|(n, v)| (n.clone(), v.clone())).collect();
        let mut add = |name: &str, value: Value| {
            if member(&document, name).is_none() {
                document.insert(name.to_owned(), value);
            }
        };
        if let Some(id) = &self.id {
            add("id", id.as_str().into());
        }
        add("issuer", self.issuer.as_str().into());
        // VC Data Model 1.1 §6.3.1 has these times in the token; 2.0 does not.
        if self.profile == Profile::Vc11 {
            add("issuanceDate", date(self.valid_from));
            if let Some(until) = self.valid_until {
                add("expirationDate", date(until));
            }
        }
        if let Some(Value::Object(subject)) = document.get_mut("credentialSubject") {
            subject.entry("id").or_insert_with(|| self.subject.as_str().into());
        }
        Value::Object(document)
    }

    /// Reads a credential that carries no signature, as some serve status lists.
    pub(crate) fn read_unsigned(content: &Map<String, Value>) -> Result<Self, CredentialError> {
        Self::read(content)
    }
}

impl SignedCredential {
    /// Reads a signed credential. Nothing in it is to be believed yet.
    pub fn read(text: &str) -> Result<Self, CredentialError> {
        Self::read_as(text, Dialect::Final)
    }

    /// The same, of somebody who may speak a draft.
    pub fn read_as(text: &str, dialect: Dialect) -> Result<Self, CredentialError> {
        Self::read_within(text, CREDENTIAL_TEXT_BYTES_MAX, dialect)
    }

    pub(crate) fn read_within(
        text: &str,
        bytes_max: usize,
        dialect: Dialect,
    ) -> Result<Self, CredentialError> {
        let jws = Jws::read(text, bytes_max)?;
        match (jws.typ(), jws.payload().get("vc")) {
            (None | Some("jwt"), _) | (Some("vc+jwt" | "vc-ld+jwt"), None) => {}
            // VC-JOSE-COSE §1.1.2.1: what is typed as a credential has no such claim.
            (Some("vc+jwt" | "vc-ld+jwt"), Some(found)) => {
                return Err(wrong("vc", found, "nothing beside the type vc+jwt"));
            }
            (Some(found), _) => return Err(wrong("typ", &found.into(), "JWT or vc+jwt")),
        }
        let credential = Credential::read(&dialect.translate(jws.payload()))?;
        if *jws.key().did() != credential.issuer {
            let (issuer, key) = (credential.issuer, jws.key().clone());
            return Err(CredentialError::Foreign { issuer, key });
        }
        let is_named = !credential.schemas.is_empty();
        let document = is_named.then(|| credential.document(jws.payload()));
        Ok(Self { credential, document, jws, text: text.to_owned() })
    }

    /// What it says.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// How it is signed.
    pub fn algorithm(&self) -> Algorithm {
        self.jws.algorithm()
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its schemas apply to; nothing if it names none.
    pub fn document(&self) -> Option<&Value> {
        self.document.as_ref()
    }

    /// Whether it obeys the schemas that it names, all of them.
    pub fn obeys(&self, schemas: &Schemas) -> Result<(), CredentialError> {
        self.credential.obeys(self.document(), schemas)
    }

    /// Verifies the signature with the document of the issuer.
    pub fn verify(&self, issuer: &DidDocument) -> Result<(), CredentialError> {
        let key = issuer.key(self.jws.key(), Relationship::AssertionMethod)?;
        Ok(self.jws.verify(key)?)
    }
}

/// A member that is there; null says as little as nothing.
fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).filter(|value| !value.is_null())
}

/// A date without fractions, which some readers do not know.
fn date(time: Timestamp) -> Value {
    let micros = time.unix_micros();
    let whole = Timestamp::from_unix_micros(micros - micros.rem_euclid(1_000_000));
    whole.unwrap_or(time).to_string().into()
}

/// Both kinds of times count: those of the token and those of the credential.
fn times(
    payload: &Map<String, Value>,
    content: &Map<String, Value>,
) -> Result<(Timestamp, Option<Timestamp>), CredentialError> {
    let seconds = |name: &'static str| match member(payload, name) {
        None => Ok(None),
        Some(found) => {
            let time = found.as_i64().or_else(|| found.as_f64().map(|time| time as i64));
            let time = time.and_then(|time| time.checked_mul(1_000_000));
            let time = time.and_then(|micros| Timestamp::from_unix_micros(micros).ok());
            time.map(Some).ok_or_else(|| wrong(name, found, "a time in seconds"))
        }
    };
    let dated = |name: &'static str| match member(content, name) {
        None => Ok(None),
        Some(found) => {
            let time = found.as_str().and_then(|time| Timestamp::parse(time).ok());
            time.map(Some).ok_or_else(|| wrong(name, found, "a time such as 2026-11-24T12:00:00Z"))
        }
    };
    let from = [seconds("nbf")?, dated("issuanceDate")?, dated("validFrom")?];
    let from = from.into_iter().flatten().max();
    let until = [seconds("exp")?, dated("expirationDate")?, dated("validUntil")?];
    let from = match from.or(seconds("iat")?) {
        Some(from) => from,
        // VC 2.0 does not ask for a beginning.
        None if !payload.contains_key("vc") => Timestamp::EPOCH,
        None => return Err(wrong("issuanceDate", &Value::Null, "a time")),
    };
    Ok((from, until.into_iter().flatten().min()))
}

fn types(found: Option<&Value>) -> Result<Vec<String>, CredentialError> {
    let found = many(found, CREDENTIAL_TYPES_MAX).ok_or_else(|| wrong_count("type"))?;
    let types = found.into_iter().map(|item| text("type", item).map(str::to_owned));
    let types = types.collect::<Result<Vec<_>, _>>()?;
    if types.iter().any(|name| name == VERIFIABLE_CREDENTIAL) {
        Ok(types)
    } else {
        Err(wrong("type", &types.join(" ").into(), "VerifiableCredential among them"))
    }
}

/// The id of the one subject, and what is said of it.
fn subject(found: Option<&Value>) -> Result<(Option<&Value>, Map<String, Value>), CredentialError> {
    let member = "credentialSubject";
    let found = found.unwrap_or(&Value::Null);
    let one = match found {
        Value::Object(one) => one,
        Value::Array(all) => match &all[..] {
            [Value::Object(one)] => one,
            _ => return Err(wrong(member, found, "one subject")),
        },
        _ => return Err(wrong(member, found, "an object")),
    };
    let claims = one.iter().filter(|(name, _)| *name != "id");
    Ok((one.get("id"), claims.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// What stands in one of two places, or in both and is the same.
fn same<'a>(
    (first_name, first): (&'static str, Option<&'a Value>),
    (second_name, second): (&'static str, Option<&'a Value>),
) -> Result<&'a str, CredentialError> {
    let first = first.map(|value| text(first_name, value)).transpose()?;
    let second = second.map(|value| text(second_name, value)).transpose()?;
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(wrong(second_name, &second.into(), "the same as in the token"))
        }
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(wrong(second_name, &Value::Null, "a text")),
    }
}

fn text<'a>(member: &'static str, found: &'a Value) -> Result<&'a str, CredentialError> {
    found.as_str().ok_or_else(|| wrong(member, found, "a text"))
}

/// None, one or several; nothing if there are too many.
fn many(found: Option<&Value>, limit: usize) -> Option<Vec<&Value>> {
    let all = crate::json::items(found);
    (all.len() <= limit).then_some(all)
}

fn wrong_count(member: &'static str) -> CredentialError {
    CredentialError::Member { member, found: "too many".to_owned(), expected: "a few" }
}

pub(crate) fn wrong(
    member: &'static str,
    found: &Value,
    expected: &'static str,
) -> CredentialError {
    let found = match found {
        Value::String(text) => quoted(text),
        Value::Null => "nothing".to_owned(),
        other => causeway_json::kind(other).to_owned(),
    };
    CredentialError::Member { member, found, expected }
}
