//! The stored form of a published offer.

use causeway_dsp::Question;
use causeway_types::{DatasetId, OfferId, Timestamp};
use serde::{Deserialize, Serialize};

use super::parts::{ContentV1, LangTextV1, PolicyV1};
use super::{Record, RecordError, decode_v1, text, to_json};
use crate::{PublishedOffer, Rule};

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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleEntryV1>,
    #[serde(with = "text")]
    published_at: Timestamp,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Timestamp>,
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
            rules: offer.rules.into_iter().map(rule).collect(),
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
            rules: offer.rules.into_iter().map(rule).collect(),
            published_at: offer.published_at,
            withdrawn_at: offer.withdrawn_at,
        }
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
