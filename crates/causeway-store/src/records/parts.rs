//! What several records have in common. Each part here belongs to format 1 of all of them: a
//! change that old readers would misunderstand needs a new part beside the old one.

use causeway_dsp::negotiation::{Agreement, Offer};
use causeway_dsp::{Reason, Received};
use causeway_policy::{Contexts, Policy};
use causeway_types::{
    AgreementId, Blake3, Content, DatasetId, LangText, MessageId, OfferId, ParticipantId, Sha256,
    StatedFacts, Timestamp,
};
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::{self, Item};

/// A file's identity.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "ContentFields", into = "ContentFields")]
#[derive(Clone)]
pub(super) struct ContentV1(pub(super) Content);

#[derive(Serialize, Deserialize)]
struct ContentFields {
    bytes: u64,
    #[serde(with = "text")]
    sha256: Sha256,
    #[serde(with = "text")]
    blake3: Blake3,
}

impl From<ContentV1> for ContentFields {
    fn from(ContentV1(content): ContentV1) -> Self {
        Self { bytes: content.bytes(), sha256: content.sha256(), blake3: content.blake3() }
    }
}

impl TryFrom<ContentFields> for ContentV1 {
    type Error = String;

    fn try_from(fields: ContentFields) -> Result<Self, String> {
        Content::new(fields.bytes, fields.sha256, fields.blake3)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

/// A text for people.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "LangTextFields", into = "LangTextFields")]
pub(super) struct LangTextV1(pub(super) LangText);

#[derive(Serialize, Deserialize)]
struct LangTextFields {
    language: String,
    value: String,
}

impl From<LangTextV1> for LangTextFields {
    fn from(LangTextV1(text): LangTextV1) -> Self {
        Self { language: text.language().to_owned(), value: text.value().to_owned() }
    }
}

impl TryFrom<LangTextFields> for LangTextV1 {
    type Error = String;

    fn try_from(fields: LangTextFields) -> Result<Self, String> {
        LangText::new(&fields.language, &fields.value).map(Self).map_err(|error| error.to_string())
    }
}

/// Rules, as the policy crate writes them for the wire.
#[derive(Clone)]
pub(super) struct PolicyV1(pub(super) Policy);

impl Serialize for PolicyV1 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        causeway_policy::write(&self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for PolicyV1 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        causeway_policy::read(&value, &Contexts::dsp()).map(Self).map_err(D::Error::custom)
    }
}

/// What is stated of a crossing, a text a fact.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(super) struct FactsV1(pub(super) StatedFacts);

impl FactsV1 {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<FactsV1> for Vec<String> {
    fn from(FactsV1(facts): FactsV1) -> Self {
        facts.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }
}

impl TryFrom<Vec<String>> for FactsV1 {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        let mut facts = StatedFacts::new();
        texts.iter().try_for_each(|text| facts.read(text)).map_err(|error| error.to_string())?;
        Ok(Self(facts))
    }
}

/// Why something ended or is held.
#[derive(Serialize, Deserialize)]
pub(super) struct ReasonV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default)]
    texts: Vec<String>,
}

impl From<Reason> for ReasonV1 {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code().map(str::to_owned), texts: reason.texts().to_vec() }
    }
}

impl From<ReasonV1> for Reason {
    fn from(reason: ReasonV1) -> Self {
        Self::new(reason.code, reason.texts)
    }
}

/// Ids of messages that took effect, oldest first.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ReceivedV1(Vec<Item<MessageId>>);

impl From<Received> for ReceivedV1 {
    fn from(received: Received) -> Self {
        Self(received.iter().cloned().map(Item).collect())
    }
}

impl From<ReceivedV1> for Received {
    fn from(received: ReceivedV1) -> Self {
        received.0.into_iter().map(|item| item.0).collect()
    }
}

/// Offered terms.
#[derive(Serialize, Deserialize)]
pub(super) struct OfferV1 {
    #[serde(with = "text")]
    id: OfferId,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    target: Option<DatasetId>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    assigner: Option<ParticipantId>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    assignee: Option<ParticipantId>,
    policy: PolicyV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<ContentV1>,
    #[serde(default, skip_serializing_if = "FactsV1::is_empty")]
    facts: FactsV1,
}

impl From<Offer> for OfferV1 {
    fn from(offer: Offer) -> Self {
        let Offer { id, target, assigner, assignee, policy, content, facts } = offer;
        let (policy, content) = (PolicyV1(policy), content.map(ContentV1));
        let facts = FactsV1(facts);
        Self { id, target, assigner, assignee, policy, content, facts }
    }
}

impl From<OfferV1> for Offer {
    fn from(offer: OfferV1) -> Self {
        let OfferV1 { id, target, assigner, assignee, policy, content, facts } = offer;
        let (policy, content) = (policy.0, content.map(|content| content.0));
        Self { id, target, assigner, assignee, policy, content, facts: facts.0 }
    }
}

/// Concluded terms.
#[derive(Serialize, Deserialize)]
pub(super) struct AgreementV1 {
    #[serde(with = "text")]
    id: AgreementId,
    #[serde(with = "text")]
    target: DatasetId,
    #[serde(with = "text")]
    assigner: ParticipantId,
    #[serde(with = "text")]
    assignee: ParticipantId,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
    policy: PolicyV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<ContentV1>,
    #[serde(default, skip_serializing_if = "FactsV1::is_empty")]
    facts: FactsV1,
}

impl From<Agreement> for AgreementV1 {
    fn from(agreement: Agreement) -> Self {
        let Agreement { id, target, assigner, assignee, timestamp, policy, content, facts } =
            agreement;
        let (policy, content) = (PolicyV1(policy), content.map(ContentV1));
        let facts = FactsV1(facts);
        Self { id, target, assigner, assignee, timestamp, policy, content, facts }
    }
}

impl From<AgreementV1> for Agreement {
    fn from(agreement: AgreementV1) -> Self {
        let AgreementV1 { id, target, assigner, assignee, timestamp, policy, content, facts } =
            agreement;
        let (policy, content) = (policy.0, content.map(|content| content.0));
        Self { id, target, assigner, assignee, timestamp, policy, content, facts: facts.0 }
    }
}
