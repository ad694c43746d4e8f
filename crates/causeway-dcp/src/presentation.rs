//! Presentations: credentials that their holder shows to one verifier, signed as a whole. Checking
//! one is a machine that says what it needs and is given it, so nothing is fetched here: the
//! document of the holder, then the documents of issuers that are trusted at all, then the status
//! lists of credentials that are genuine. What the credentials are good for is not decided here.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use causeway_types::Timestamp;
use causeway_types::limits::{
    CREDENTIAL_TEXT_BYTES_MAX, PRESENTATION_CREDENTIALS_MAX, PRESENTATION_STATUS_LISTS_MAX,
    STATUS_LIST_PACKED_BYTES_MAX,
};
use serde_json::{Map, Value, json};

use crate::credential::{Credential, CredentialError, LEEWAY_SECONDS, Profile, SignedCredential};
use crate::dialect::Dialect;
use crate::did::{Did, KeyId};
use crate::document::{DidDocument, KeyLookupError, Relationship};
use crate::jwk::{Algorithm, KeyError};
use crate::jws::{Jws, JwsError, Unsigned};
use crate::status::{self, StatusEntry, StatusList};
use crate::trust::Schemas;

const ENVELOPED: &str = "EnvelopedVerifiableCredential";
const DATA_URL: &str = "data:application/vc+jwt,";
/// Media types that mean the same: the one of VC-JOSE-COSE, and those of its drafts.
const ENVELOPES: [&str; 3] =
    ["data:application/vc+jwt", "data:application/vc-ld+jwt", "data:application/vc+ld+json+jwt"];

/// What holds for a presentation.
#[derive(Debug, Clone)]
pub struct Rules {
    /// To whom it must be made: us.
    pub verifier: Did,
    /// By whom it must be made.
    pub holder: Did,
    /// The present.
    pub now: Timestamp,
    /// Whether a status list counts that carries no signature.
    pub unsigned_lists: bool,
    /// Schemas that credentials may follow.
    pub schemas: Schemas,
    /// How credentials may be written.
    pub dialect: Dialect,
}

/// Something to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The document of a DID.
    Document(Did),
    /// A status list, by its URL.
    StatusList(String),
}

/// A credential that was verified.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedCredential {
    /// What it says.
    pub credential: Credential,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The text that was shown.
    pub text: String,
    document: Option<Value>,
}

impl VerifiedCredential {
    /// A credential that whoever asks has verified.
    pub fn of(signed: &SignedCredential) -> Self {
        Self {
            credential: signed.credential().clone(),
            algorithm: signed.algorithm(),
            text: signed.text().to_owned(),
            document: signed.document().cloned(),
        }
    }

    /// Whether it obeys the schemas that it names, which may be others than when it was verified.
    pub fn obeys(&self, schemas: &Schemas) -> Result<(), CredentialError> {
        self.credential.obeys(self.document.as_ref(), schemas)
    }
}

/// What a presentation showed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// What counts.
    pub accepted: Vec<VerifiedCredential>,
    /// What does not count, and why.
    pub refused: Vec<CredentialError>,
}

/// Why a presentation as a whole shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// There is none.
    #[error("found no presentation, expected at least one")]
    None,
    /// There are too many credentials in it.
    #[error("found more than {PRESENTATION_CREDENTIALS_MAX} credentials in a presentation")]
    TooMany,
    /// A presentation shows nothing.
    #[error("found a presentation without credentials")]
    Empty,
    /// It is no signed text.
    #[error("read a presentation: {0}")]
    Jws(#[from] JwsError),
    /// It is something else, or a member is not what it should be.
    #[error("read a presentation: found {found} at {member}, expected {expected}")]
    Member {
        /// Which member.
        member: &'static str,
        /// What was found.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// It is not made now, or has no end.
    #[error("a presentation is not valid now, or does not say until when it is")]
    Time,
    /// The holder's keys are not known.
    #[error("the keys of {holder} are not known: {reason}")]
    HolderUnknown {
        /// Whose.
        holder: Did,
        /// Why.
        reason: String,
    },
    /// The holder has no such key for presentations.
    #[error("a presentation cannot be verified: {0}")]
    Lookup(#[from] KeyLookupError),
    /// The signature is wrong.
    #[error("a presentation cannot be verified: {0}")]
    Signature(#[from] KeyError),
}

/// What is needed to make a presentation.
#[derive(Debug, Clone)]
pub struct NewPresentation<'a> {
    /// Who shows it.
    pub holder: &'a Did,
    /// To whom.
    pub verifier: &'a Did,
    /// Unique.
    pub id: &'a str,
    /// The present.
    pub now: Timestamp,
    /// How long it may be looked at.
    pub seconds: u64,
    /// The data model of all credentials in it.
    pub profile: Profile,
    /// The credentials, as their issuers signed them.
    pub credentials: &'a [String],
}

impl NewPresentation<'_> {
    /// The text to sign with a key of the holder that may authenticate.
    pub fn unsigned(&self, key: &KeyId, algorithm: Algorithm) -> Unsigned {
        let now = self.now.unix_seconds();
        let mut content = Map::new();
        content.insert("@context".to_owned(), self.profile.context());
        content.insert("id".to_owned(), self.id.into());
        content.insert("type".to_owned(), json!(["VerifiablePresentation"]));
        content.insert("holder".to_owned(), self.holder.as_str().into());
        let credentials: Vec<Value> = match self.profile {
            Profile::Vc11 => self.credentials.iter().map(|text| text.as_str().into()).collect(),
            Profile::Vc20 => self.credentials.iter().map(|text| enveloped(text)).collect(),
        };
        content.insert("verifiableCredential".to_owned(), credentials.into());
        let mut payload = Map::new();
        payload.insert("iss".to_owned(), self.holder.as_str().into());
        payload.insert("sub".to_owned(), self.holder.as_str().into());
        payload.insert("aud".to_owned(), self.verifier.as_str().into());
        payload.insert("jti".to_owned(), self.id.into());
        payload.insert("iat".to_owned(), now.into());
        payload.insert("nbf".to_owned(), now.into());
        payload.insert("exp".to_owned(), (now + self.seconds).into());
        let typ = match self.profile {
            Profile::Vc11 => {
                payload.insert("vp".to_owned(), Value::Object(content));
                "JWT"
            }
            Profile::Vc20 => {
                payload.extend(content);
                "vp+jwt"
            }
        };
        Unsigned::new(key, algorithm, typ, &payload)
    }
}

fn enveloped(text: &str) -> Value {
    json!({
        "@context": Profile::Vc20.context(),
        "id": format!("{DATA_URL}{text}"),
        "type": ENVELOPED,
    })
}

/// Presentations that are being checked.
pub struct PresentationCheck<T> {
    rules: Rules,
    is_trusted: T,
    presentations: Vec<Jws>,
    /// Signatures are verified once, however often it is asked what is needed.
    verified: OnceLock<Result<(), PresentationError>>,
    credentials: Vec<Shown>,
    documents: BTreeMap<Did, Result<Arc<DidDocument>, String>>,
    lists: BTreeMap<String, Result<Vec<u8>, String>>,
}

/// A credential of a presentation.
struct Shown {
    read: Result<SignedCredential, CredentialError>,
    genuine: OnceLock<Result<(), CredentialError>>,
}

impl Shown {
    fn signed(&self) -> Option<&SignedCredential> {
        self.read.as_ref().ok()
    }
}

impl<T: Fn(&Did) -> bool> PresentationCheck<T> {
    /// Reads presentations. Nothing is asked for of an issuer that `is_trusted` does not know.
    pub fn start(texts: &[String], rules: Rules, is_trusted: T) -> Result<Self, PresentationError> {
        if texts.is_empty() {
            return Err(PresentationError::None);
        }
        let mut presentations = Vec::new();
        let mut credentials = Vec::new();
        for text in texts {
            let jws = Jws::read(text, CREDENTIAL_TEXT_BYTES_MAX)?;
            credentials.extend(read(&jws, &rules)?);
            presentations.push(jws);
            if credentials.len() > PRESENTATION_CREDENTIALS_MAX {
                return Err(PresentationError::TooMany);
            }
        }
        let (verified, documents, lists) = (OnceLock::new(), BTreeMap::new(), BTreeMap::new());
        let shown = |read| Shown { read, genuine: OnceLock::new() };
        let credentials = credentials.into_iter().map(shown).collect();
        Ok(Self { rules, is_trusted, presentations, verified, credentials, documents, lists })
    }

    /// What has to be supplied before it goes on; nothing, if it can be finished.
    pub fn needs(&self) -> Vec<Need> {
        match self.documents.get(&self.rules.holder) {
            None => return vec![Need::Document(self.rules.holder.clone())],
            // A presentation that is not the holder's makes nobody fetch anything.
            Some(_) if self.verified().is_err() => return Vec::new(),
            Some(_) => {}
        }
        let signed = self.credentials.iter().filter_map(Shown::signed);
        let issuers = signed.map(|signed| &signed.credential().issuer);
        let mut needs: Vec<Need> = issuers
            .filter(|issuer| (self.is_trusted)(issuer) && !self.documents.contains_key(issuer))
            .map(|issuer| Need::Document(issuer.clone()))
            .collect();
        let mut room = usize::MAX;
        if needs.is_empty() {
            let standing = self.credentials.iter().filter_map(|shown| self.stands(shown).ok());
            let lists = standing.flat_map(|signed| &signed.credential().status);
            let lists = lists.map(|entry| &entry.list);
            let lists = lists.filter(|list| !self.lists.contains_key(*list));
            needs.extend(lists.map(|list| Need::StatusList(list.clone())));
            // What is not fetched is not known, and what is not known does not count.
            room = PRESENTATION_STATUS_LISTS_MAX.saturating_sub(self.lists.len());
        }
        needs.sort();
        needs.dedup();
        needs.truncate(room);
        needs
    }

    /// Supplies a document, or why there is none. The first answer counts.
    pub fn supply_document(&mut self, did: Did, document: Result<Arc<DidDocument>, String>) {
        self.documents.entry(did).or_insert(document);
    }

    /// Supplies a status list as it was served, or why there is none. The first answer counts.
    pub fn supply_status_list(&mut self, url: String, list: Result<Vec<u8>, String>) {
        self.lists.entry(url).or_insert(list);
    }

    /// What the presentations show.
    pub fn finish(self) -> Result<Findings, PresentationError> {
        self.verified()?;
        let mut outcomes: Vec<_> =
            self.credentials.iter().map(|shown| self.stands(shown)).collect();
        self.check_lists(&mut outcomes);
        let mut findings = Findings::default();
        for outcome in outcomes {
            match outcome {
                Ok(signed) => findings.accepted.push(VerifiedCredential::of(signed)),
                Err(error) => findings.refused.push(error),
            }
        }
        Ok(findings)
    }

    /// Whether the holder signed all of it.
    fn verified(&self) -> Result<(), PresentationError> {
        let unknown = |reason: &str| PresentationError::HolderUnknown {
            holder: self.rules.holder.clone(),
            reason: reason.to_owned(),
        };
        let document = self.documents.get(&self.rules.holder);
        let document = document.ok_or_else(|| unknown("nobody has fetched its document"))?;
        let document = document.as_ref().map_err(|reason| unknown(reason))?;
        let verify = || {
            for jws in &self.presentations {
                jws.verify(document.key(jws.key(), Relationship::Authentication)?)?;
            }
            Ok(())
        };
        self.verified.get_or_init(verify).clone()
    }

    /// Whether a credential is genuine and in its time; only its lists are not looked at.
    fn stands<'s>(&self, shown: &'s Shown) -> Result<&'s SignedCredential, CredentialError> {
        let signed = shown.read.as_ref().map_err(CredentialError::clone)?;
        match self.documents.contains_key(&signed.credential().issuer) {
            true => shown.genuine.get_or_init(|| self.genuine(signed)).clone()?,
            // Nothing is remembered that a document could still change.
            false => self.genuine(signed)?,
        }
        signed.credential().check_time(self.rules.now)?;
        Ok(signed)
    }

    /// Whether a credential is about the holder, and of an issuer that is trusted and signed it.
    fn genuine(&self, signed: &SignedCredential) -> Result<(), CredentialError> {
        let Credential { issuer, subject, schemas, types, .. } = signed.credential();
        if status::carries_list(types) {
            let found = types.join(" ").into();
            return Err(crate::credential::wrong("type", &found, "a credential about its holder"));
        }
        if *subject != *self.rules.holder.as_str() {
            let (found, expected) = (subject.clone(), self.rules.holder.clone());
            return Err(CredentialError::Subject { found, expected });
        }
        if !(self.is_trusted)(issuer) {
            return Err(CredentialError::Distrusted { issuer: issuer.clone() });
        }
        if let Some(schema) = schemas.iter().find(|schema| !self.rules.schemas.knows(schema)) {
            return Err(CredentialError::SchemaUnknown { schema: schema.clone() });
        }
        signed.verify(&*self.document(issuer)?)?;
        // What nobody signed costs no more than its signature.
        signed.obeys(&self.rules.schemas)
    }

    fn document(&self, issuer: &Did) -> Result<Arc<DidDocument>, CredentialError> {
        let unknown = |reason: &str| CredentialError::IssuerUnknown {
            issuer: issuer.clone(),
            reason: reason.to_owned(),
        };
        let document = self.documents.get(issuer);
        let document = document.ok_or_else(|| unknown("nobody has fetched its document"))?;
        document.as_ref().map(Arc::clone).map_err(|reason| unknown(reason))
    }

    /// Refuses what was taken back, or may have been. However many credentials name one list, it is
    /// unpacked once, and only one is in memory at a time.
    fn check_lists(&self, outcomes: &mut [Result<&SignedCredential, CredentialError>]) {
        let mut named: BTreeMap<(&Did, &str), Vec<(usize, &StatusEntry)>> = BTreeMap::new();
        for (index, outcome) in outcomes.iter().enumerate() {
            let Ok(signed) = outcome else { continue };
            let Credential { issuer, status, .. } = signed.credential();
            for entry in status {
                named.entry((issuer, &entry.list)).or_default().push((index, entry));
            }
        }
        for ((issuer, url), entries) in named {
            let list = self.list(issuer, url);
            for (index, entry) in entries {
                let found = list.as_ref().map_err(CredentialError::clone);
                match found.and_then(|list| Ok(list.has_revoked(entry)?)) {
                    Ok(false) => {}
                    Ok(true) => {
                        let purpose = entry.purpose.clone();
                        outcomes[index] = Err(CredentialError::Revoked { purpose });
                    }
                    Err(error) => outcomes[index] = Err(error),
                }
            }
        }
    }

    fn list(&self, issuer: &Did, url: &str) -> Result<StatusList, CredentialError> {
        let unknown = |reason: &str| CredentialError::StatusUnknown { reason: reason.to_owned() };
        let list = self.lists.get(url).ok_or_else(|| unknown("nobody has fetched its list"))?;
        let list = list.as_ref().map_err(|reason| CredentialError::ListUnknown {
            list: causeway_json::quoted(url),
            reason: reason.clone(),
        })?;
        let issuer = self.document(issuer)?;
        read_list(list, &issuer, self.rules.now, self.rules.unsigned_lists)
    }
}

/// The packed bits are written as text, and that as a signed text.
const LIST_TEXT_BYTES_MAX: usize = 2 * STATUS_LIST_PACKED_BYTES_MAX;

/// Reads a status list as it was served: a signed credential of the same issuer, or where that is
/// allowed the bare credential.
pub fn read_list(
    content: &[u8],
    issuer: &DidDocument,
    now: Timestamp,
    is_unsigned_allowed: bool,
) -> Result<StatusList, CredentialError> {
    let unknown = |reason: &str| CredentialError::StatusUnknown { reason: reason.to_owned() };
    let text = std::str::from_utf8(content).map_err(|_| unknown("its list is no text"))?.trim();
    let credential = if text.starts_with('{') {
        if !is_unsigned_allowed {
            return Err(unknown("its list carries no signature"));
        }
        let limits = causeway_json::Limits { bytes: LIST_TEXT_BYTES_MAX, depth: 16, nodes: 256 };
        let read = causeway_json::parse(text.as_bytes(), limits);
        let read = read.map_err(|error| unknown(&format!("its list is refused: {error}")))?;
        let content = read.as_object().ok_or_else(|| unknown("its list is no object"))?;
        Credential::read_unsigned(content)?
    } else {
        let text = text.trim_matches('"');
        let signed = SignedCredential::read_within(text, LIST_TEXT_BYTES_MAX, Dialect::Final)?;
        signed.verify(issuer)?;
        signed.credential().clone()
    };
    if credential.issuer != *issuer.id() {
        return Err(unknown("its list is another issuer's"));
    }
    if !status::carries_list(&credential.types) {
        return Err(unknown("what is served as its list is another kind of credential"));
    }
    credential.check_time(now)?;
    Ok(StatusList::read(&credential.claims)?)
}

/// The credentials of a presentation that is made for us, by its holder and now.
fn read(
    jws: &Jws,
    rules: &Rules,
) -> Result<Vec<Result<SignedCredential, CredentialError>>, PresentationError> {
    let payload = jws.payload();
    let (content, profile) = match (jws.typ(), payload.get("vp")) {
        (None | Some("jwt"), Some(Value::Object(content))) => (content, Profile::Vc11),
        (Some("vp+jwt" | "vp-ld+jwt"), None) => (payload, Profile::Vc20),
        (found, _) => {
            let found = found.unwrap_or("nothing");
            return Err(wrong("typ", found, "JWT with a vp claim, or vp+jwt"));
        }
    };
    if payload.contains_key("vc") {
        return Err(wrong("vc", "a credential", "a presentation, which is no credential"));
    }
    let holder = rules.holder.as_str();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("").to_owned();
    for (member, found) in [
        ("iss", Some(text(payload.get("iss")))),
        ("sub", payload.get("sub").map(|_| text(payload.get("sub")))),
        ("kid", Some(jws.key().did().to_string())),
        ("holder", content.get("holder").map(|h| text(Some(h.get("id").unwrap_or(h))))),
    ] {
        if let Some(found) = found.filter(|found| found != holder) {
            return Err(wrong(member, &found, holder));
        }
    }
    let audience = match payload.get("aud") {
        Some(Value::Array(all)) if all.len() == 1 => text(all.first()),
        found => text(found),
    };
    if audience != rules.verifier.as_str() {
        return Err(wrong("aud", &audience, rules.verifier.as_str()));
    }
    is_now(payload, rules.now)?;
    let found = crate::json::one_or_many(content, "verifiableCredential");
    if found.is_empty() {
        return Err(PresentationError::Empty);
    }
    Ok(found.into_iter().map(|item| one(item, profile, rules.dialect)).collect())
}

/// A credential in a presentation, which must be of the same data model.
fn one(
    item: &Value,
    profile: Profile,
    dialect: Dialect,
) -> Result<SignedCredential, CredentialError> {
    let member = "verifiableCredential";
    let text = match item {
        Value::String(text) => text.as_str(),
        _ => match item.get("id").and_then(Value::as_str).and_then(|id| id.split_once(',')) {
            Some((kind, text)) if ENVELOPES.contains(&kind) => text,
            _ => return Err(crate::credential::wrong(member, item, "a signed credential")),
        },
    };
    let signed = SignedCredential::read_as(text, dialect)?;
    if signed.credential().profile == profile {
        Ok(signed)
    } else {
        let found = signed.credential().profile.name().into();
        Err(crate::credential::wrong(member, &found, "the data model of the presentation"))
    }
}

fn is_now(payload: &Map<String, Value>, now: Timestamp) -> Result<(), PresentationError> {
    let now = now.unix_seconds();
    let time = |member: &'static str| match payload.get(member) {
        None => Ok(None),
        Some(found) => match found.as_u64().or_else(|| found.as_f64().map(|time| time as u64)) {
            Some(time) => Ok(Some(time)),
            None => Err(wrong(member, &found.to_string(), "a time in seconds")),
        },
    };
    let begins = [time("nbf")?, time("iat")?];
    let has_begun = begins.into_iter().flatten().all(|from| from <= now + LEEWAY_SECONDS);
    // One without an end could be shown for ever by whoever gets hold of it.
    let has_ended = time("exp")?.is_none_or(|until| until <= now);
    if has_begun && !has_ended { Ok(()) } else { Err(PresentationError::Time) }
}

fn wrong(member: &'static str, found: &str, expected: &str) -> PresentationError {
    let found = causeway_json::quoted(found);
    PresentationError::Member { member, found, expected: expected.to_owned() }
}
