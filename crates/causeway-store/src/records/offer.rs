//! The stored form of a published offer.

use causeway_dsp::Question;
use causeway_dsp::catalog::Metadata;
use causeway_types::{DatasetId, OfferId, ParticipantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::crossings::DeclarationV1;
use super::parts::{ContentV1, LangTextV1, PolicyV1};
use super::text::Item;
use super::{Record, RecordError, decode_v1, text, to_json};
use crate::{Audience, PublishedOffer, Rule};

impl Record for PublishedOffer {
    const KIND: &'static str = "offer";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn encode(&self) -> String {
        to_json(&PublishedOfferV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<PublishedOfferV1, Self>(text)
    }
}

#[derive(Serialize, Deserialize)]
struct PublishedOfferV1 {
    format: u32,
    #[serde(with = "text")]
    id: OfferId,
    #[serde(with = "text")]
    dataset_id: DatasetId,
    titles: Vec<LangTextV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    descriptions: Vec<LangTextV1>,
    media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    content: ContentV1,
    policy: PolicyV1,
    #[serde(default, skip_serializing_if = "MetadataV1::is_empty")]
    metadata: MetadataV1,
    /// Everyone, if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<Vec<Item<ParticipantId>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleEntryV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    declaration: Option<DeclarationV1>,
    #[serde(with = "text")]
    published_at: Timestamp,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize, Default)]
struct MetadataV1 {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    themes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spatial: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temporal: Option<PeriodV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PeriodV1 {
    #[serde(with = "text")]
    start: Timestamp,
    #[serde(with = "text")]
    end: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct RuleEntryV1 {
    #[serde(with = "text")]
    question: Question,
    rule: RuleV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RuleV1 {
    Hold,
    Auto,
    Webhook(String),
}

impl From<PublishedOffer> for PublishedOfferV1 {
    fn from(offer: PublishedOffer) -> Self {
        let rule = |(question, rule)| RuleEntryV1 { question, rule: RuleV1::from(rule) };
        Self {
            format: 1,
            id: offer.id,
            dataset_id: offer.dataset_id,
            titles: offer.titles.into_iter().map(LangTextV1).collect(),
            descriptions: offer.descriptions.into_iter().map(LangTextV1).collect(),
            media_type: offer.media_type,
            file_name: offer.file_name,
            content: ContentV1(offer.content),
            policy: PolicyV1(offer.policy),
            metadata: offer.metadata.into(),
            audience: match offer.audience {
                Audience::Everyone => None,
                Audience::Only(parties) => Some(parties.into_iter().map(Item).collect()),
            },
            rules: offer.rules.into_iter().map(rule).collect(),
            declaration: offer.declaration.map(Into::into),
            published_at: offer.published_at,
            withdrawn_at: offer.withdrawn_at,
        }
    }
}

impl From<PublishedOfferV1> for PublishedOffer {
    fn from(offer: PublishedOfferV1) -> Self {
        let rule = |entry: RuleEntryV1| (entry.question, Rule::from(entry.rule));
        Self {
            id: offer.id,
            dataset_id: offer.dataset_id,
            titles: offer.titles.into_iter().map(|text| text.0).collect(),
            descriptions: offer.descriptions.into_iter().map(|text| text.0).collect(),
            media_type: offer.media_type,
            file_name: offer.file_name,
            content: offer.content.0,
            policy: offer.policy.0,
            metadata: offer.metadata.into(),
            audience: offer.audience.map_or(Audience::Everyone, |parties| {
                Audience::Only(parties.into_iter().map(|party| party.0).collect())
            }),
            rules: offer.rules.into_iter().map(rule).collect(),
            declaration: offer.declaration.map(Into::into),
            published_at: offer.published_at,
            withdrawn_at: offer.withdrawn_at,
        }
    }
}

impl MetadataV1 {
    fn is_empty(&self) -> bool {
        let Self { themes, keywords, licence, spatial, temporal, jurisdiction } = self;
        themes.is_empty()
            && keywords.is_empty()
            && licence.is_none()
            && spatial.is_empty()
            && temporal.is_none()
            && jurisdiction.is_none()
    }
}

impl From<Metadata> for MetadataV1 {
    fn from(metadata: Metadata) -> Self {
        let Metadata { themes, keywords, licence, spatial, temporal, jurisdiction } = metadata;
        let temporal = temporal.map(|(start, end)| PeriodV1 { start, end });
        Self { themes, keywords, licence, spatial, temporal, jurisdiction }
    }
}

impl From<MetadataV1> for Metadata {
    fn from(metadata: MetadataV1) -> Self {
        let MetadataV1 { themes, keywords, licence, spatial, temporal, jurisdiction } = metadata;
        let temporal = temporal.map(|PeriodV1 { start, end }| (start, end));
        Self { themes, keywords, licence, spatial, temporal, jurisdiction }
    }
}

impl From<Rule> for RuleV1 {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Hold => Self::Hold,
            Rule::Auto => Self::Auto,
            Rule::Webhook(url) => Self::Webhook(url),
        }
    }
}

impl From<RuleV1> for Rule {
    fn from(rule: RuleV1) -> Self {
        match rule {
            RuleV1::Hold => Self::Hold,
            RuleV1::Auto => Self::Auto,
            RuleV1::Webhook(url) => Self::Webhook(url),
        }
    }
}
