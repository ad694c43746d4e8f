//! From the domain to the JSON of the management API, and back where a caller says something.

use std::collections::BTreeMap;

use causeway_dsp::catalog::Dataset as DspDataset;
use causeway_dsp::negotiation::{self, InFlight, Offer as DspOffer, Stage};
use causeway_dsp::{Question, transfer, wire};
use causeway_node::{CatalogSync, Node, Probe, PullProgress};
use causeway_store::{
    AgreementEntry, CachedDataset, Event as StoredEvent, NegotiationEntry, PublishedOffer, Rule,
    TransferEntry,
};
use causeway_types::{
    Blake3, Content as TypedContent, DatasetId, LangText, ParticipantId, Problem, ProblemCode,
    Sha256, StatedFacts, TextError,
};
use serde_json::Value;

use super::about;
use super::models::{
    Agreement, CatalogCopy, CatalogOffer, Check, CheckStep, Content, Dataset, DeclaredData,
    Distribution, Duty, Event, FoundDataset, Negotiation, NewOffer, Offer, Outcome, Progress,
    Transfer,
};

pub(super) fn bad(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::BadRequest, error.to_string())
}

impl Content {
    pub(crate) fn of(content: &TypedContent) -> Self {
        Self {
            bytes: content.bytes(),
            sha256: content.sha256().to_string(),
            blake3: content.blake3().to_string(),
        }
    }

    pub(crate) fn typed(&self) -> Result<TypedContent, Problem> {
        let sha256 = Sha256::parse(&self.sha256).map_err(bad)?;
        let blake3 = Blake3::parse(&self.blake3).map_err(bad)?;
        TypedContent::new(self.bytes, sha256, blake3).map_err(bad)
    }
}

impl Check {
    pub(crate) fn of(peer: &ParticipantId, probe: &Probe) -> Self {
        let steps = probe.steps.iter().map(|step| CheckStep {
            hop: step.hop.clone(),
            works: step.works,
            detail: step.detail.clone(),
            hint: step.hint.clone(),
        });
        Self { peer: peer.to_string(), works: probe.is_good(), steps: steps.collect() }
    }
}

impl CatalogCopy {
    pub(crate) fn of(sync: &CatalogSync) -> Self {
        let time = |at: Option<causeway_types::Timestamp>| at.map(|at| at.to_string());
        Self {
            peer: sync.peer.to_string(),
            state: sync.state.as_str().to_owned(),
            started_at: time(sync.started_at),
            ended_at: time(sync.ended_at),
            complete_at: time(sync.complete_at),
            pages: sync.pages,
            unchanged: sync.unchanged,
            bytes: sync.bytes,
            passed_over: sync.passed_over,
            datasets: sync.datasets,
            stopped: sync.stopped.clone(),
        }
    }
}

impl FoundDataset {
    pub(crate) fn of(copy: &CachedDataset, peer_name: Option<String>) -> Self {
        Self {
            peer: copy.peer.to_string(),
            peer_name,
            read_at: copy.read_at.to_string(),
            dataset: Dataset::of(&copy.dataset),
        }
    }
}

impl Dataset {
    pub(crate) fn of(dataset: &DspDataset) -> Self {
        let offers = dataset.offers.iter().map(|offer| {
            let full = DspOffer { target: Some(dataset.id.clone()), ..offer.clone() };
            CatalogOffer {
                id: offer.id.to_string(),
                policy: causeway_policy::write(&offer.policy),
                offer: wire::write_offer(&full),
            }
        });
        let distributions = dataset.distributions.iter().map(|distribution| Distribution {
            format: distribution.format.clone(),
            media_type: distribution.media_type.clone(),
            content: distribution.content.as_ref().map(Content::of),
        });
        Self {
            id: dataset.id.to_string(),
            title: texts(&dataset.titles),
            description: texts(&dataset.descriptions),
            themes: dataset.metadata.themes.clone(),
            keywords: dataset.metadata.keywords.clone(),
            licence: dataset.metadata.licence.clone(),
            spatial: dataset.metadata.spatial.clone(),
            temporal: about::period(dataset.metadata.temporal),
            offers: offers.collect(),
            distributions: distributions.collect(),
        }
    }
}

impl NewOffer {
    pub(crate) fn typed(&self, node: &Node) -> Result<causeway_node::NewOffer, Problem> {
        let policy = match &self.policy {
            None => causeway_policy::Policy::open(),
            Some(policy) => read_policy(policy)?,
        };
        let id = self.id.as_deref().map(causeway_types::OfferId::parse);
        let dataset_id = self.dataset_id.as_deref().map(DatasetId::parse);
        if self.title.is_empty() {
            return Err(bad("title: found none, expected at least one language"));
        }
        Ok(causeway_node::NewOffer {
            id: id.transpose().map_err(bad)?,
            dataset_id: dataset_id.transpose().map_err(bad)?,
            titles: lang_texts(&self.title).map_err(bad)?,
            descriptions: lang_texts(&self.description).map_err(bad)?,
            media_type: media_type(self.media_type.as_deref())?,
            file_name: self.file_name.clone(),
            content: self.content.typed()?,
            policy,
            metadata: about::metadata(self)?,
            audience: about::audience(self.audience.as_deref())?,
            declaration: self.data.as_ref().map(|data| declared(node, data)).transpose()?,
            rules: rules(&self.automation)?,
        })
    }
}

impl Offer {
    pub(crate) fn of(offer: &PublishedOffer) -> Self {
        Self {
            id: offer.id.to_string(),
            dataset_id: offer.dataset_id.to_string(),
            title: texts(&offer.titles),
            description: texts(&offer.descriptions),
            media_type: offer.media_type.clone(),
            file_name: offer.file_name.clone(),
            content: Content::of(&offer.content),
            policy: causeway_policy::write(&offer.policy),
            themes: offer.metadata.themes.clone(),
            keywords: offer.metadata.keywords.clone(),
            licence: offer.metadata.licence.clone(),
            spatial: offer.metadata.spatial.clone(),
            temporal: about::period(offer.metadata.temporal),
            jurisdiction: offer.metadata.jurisdiction.clone(),
            audience: about::parties(&offer.audience),
            data: offer.declaration.as_ref().map(|d| facts(&d.facts)).unwrap_or_default(),
            persons: offer.declaration.as_ref().and_then(|declared| declared.persons),
            automation: offer
                .rules
                .iter()
                .map(|(question, rule)| (question.to_string(), rule_text(rule)))
                .collect(),
            published_at: offer.published_at.to_string(),
            withdrawn_at: offer.withdrawn_at.map(|at| at.to_string()),
        }
    }
}

impl Negotiation {
    pub(crate) fn of(entry: &NegotiationEntry) -> Self {
        let n = &entry.negotiation;
        let offer = n.offer();
        let in_flight = n.in_flight.as_ref();
        let agreement = n.stage.agreement().or_else(|| in_flight.and_then(|m| m.next.agreement()));
        let policy = offer.map(|o| &o.policy).or(agreement.map(|a| &a.policy));
        let target = offer.and_then(|o| o.target.as_ref()).or(agreement.map(|a| &a.target));
        let offer_id = offer.map(|o| &o.id).or(entry.offer_id.as_ref());
        let reason = match &n.stage {
            Stage::Terminated { by, reason } => Some(format!("by the {by}: {reason}")),
            _ => None,
        };
        Self {
            id: n.id.to_string(),
            role: n.role.to_string(),
            peer: n.peer.to_string(),
            consumer_pid: n.consumer_pid().map(|pid| pid.to_string()),
            provider_pid: n.provider_pid().map(|pid| pid.to_string()),
            state: n.state().map(|state: negotiation::State| state.to_string()),
            waiting_for: n.question.map(|question| question.to_string()),
            in_flight: in_flight.map(|m: &InFlight| m.kind.to_string()),
            dataset_id: target.map(|id| id.to_string()),
            offer_id: offer_id.map(|id| id.to_string()),
            agreement_id: agreement.map(|a| a.id.to_string()),
            policy: policy.map(causeway_policy::write),
            decision_id: entry.decision.as_ref().map(ToString::to_string),
            reason,
            created_at: entry.created_at.to_string(),
            updated_at: entry.updated_at.to_string(),
        }
    }
}

impl Agreement {
    pub(crate) fn of(entry: &AgreementEntry) -> Self {
        let agreement = &entry.agreement;
        Self {
            id: agreement.id.to_string(),
            role: entry.role.to_string(),
            peer: entry.peer.to_string(),
            dataset_id: agreement.target.to_string(),
            assigner: agreement.assigner.to_string(),
            assignee: agreement.assignee.to_string(),
            timestamp: agreement.timestamp.map(|at| at.to_string()),
            policy: causeway_policy::write(&agreement.policy),
            content: agreement.content.as_ref().map(Content::of),
            facts: facts(&agreement.facts),
            negotiation_id: entry.negotiation.to_string(),
            decision_id: entry.decision.as_ref().map(ToString::to_string),
            duties: entry.duties.iter().map(Duty::of).collect(),
            concluded_at: entry.concluded_at.to_string(),
        }
    }
}

impl Transfer {
    pub(crate) fn of(
        entry: &TransferEntry,
        progress: Option<PullProgress>,
        served_bytes: Option<u64>,
    ) -> Self {
        let t = &entry.transfer;
        let (suspended_by, reason) = match &t.stage {
            transfer::Stage::Suspended { by, reason } => {
                (Some(by.to_string()), Some(reason.to_string()))
            }
            transfer::Stage::Terminated { by, reason } => {
                (None, Some(format!("by the {by}: {reason}")))
            }
            _ => (None, None),
        };
        Self {
            id: t.id.to_string(),
            role: t.role.to_string(),
            peer: t.peer.to_string(),
            consumer_pid: t.consumer_pid().map(|pid| pid.to_string()),
            provider_pid: t.provider_pid().map(|pid| pid.to_string()),
            agreement_id: t.agreement_id.to_string(),
            dataset_id: entry.dataset_id.to_string(),
            format: t.format.clone(),
            state: t.state().map(|state| state.to_string()),
            waiting_for: t.question.map(|question| question.to_string()),
            in_flight: t.in_flight.as_ref().map(|m| m.kind.to_string()),
            suspended_by,
            reason,
            content: entry.content.as_ref().map(Content::of),
            progress: progress.map(|p| Progress { bytes: p.bytes, total: p.total }),
            served_bytes,
            outcome: entry.outcome.as_ref().map(|outcome| Outcome {
                bytes: outcome.content.bytes(),
                sha256: outcome.content.sha256().to_string(),
                blake3: outcome.content.blake3().to_string(),
                file: outcome.file.clone(),
                verified_at: outcome.verified_at.to_string(),
            }),
            decision_id: entry.decision.as_ref().map(ToString::to_string),
            created_at: entry.created_at.to_string(),
            updated_at: entry.updated_at.to_string(),
        }
    }
}

impl Event {
    pub(crate) fn of(event: &StoredEvent) -> Self {
        Self {
            sequence: event.sequence,
            at: event.at.to_string(),
            kind: event.kind.as_str().to_owned(),
            process: event.process.as_ref().map(|id| id.to_string()),
            subject: event.subject.clone(),
            text: event.text.clone(),
        }
    }
}

/// ODRL rules as an operator writes them; names without a context are those of the protocol.
pub(crate) fn read_policy(policy: &Value) -> Result<causeway_policy::Policy, Problem> {
    let contexts = causeway_policy::Contexts::read(policy.get("@context")).map_err(bad)?;
    let policy = causeway_policy::read(policy, &contexts).map_err(bad)?;
    if policy.has_refinements() {
        return Err(bad(
            "policy: found a refinement of an action, which the protocol's schema does not allow; \
             expected a constraint on the rule",
        ));
    }
    Ok(policy)
}

/// What is declared of an offer's data, as the law reads it.
fn declared(node: &Node, data: &DeclaredData) -> Result<causeway_store::Declaration, Problem> {
    node.declare(&data.classes, &super::law::stated(&data.facts)?, data.persons)
}

fn facts(facts: &StatedFacts) -> Vec<String> {
    facts.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

/// `hold`, `auto` or an http(s) URL.
pub fn read_rule(text: &str) -> Result<Rule, String> {
    match text {
        "hold" => Ok(Rule::Hold),
        "auto" => Ok(Rule::Auto),
        url if url.starts_with("https://") || url.starts_with("http://") => {
            Ok(Rule::Webhook(url.to_owned()))
        }
        other => Err(format!("found {other:?}, expected hold, auto or a webhook's URL")),
    }
}

fn rules(automation: &BTreeMap<String, String>) -> Result<Vec<(Question, Rule)>, Problem> {
    let names = || Question::ALL.map(Question::as_str).join(", ");
    automation
        .iter()
        .map(|(name, rule)| {
            let question = Question::parse(name).ok_or_else(|| {
                bad(format!("automation: found the question {name:?}, expected one of {}", names()))
            })?;
            let rule = read_rule(rule).map_err(|e| bad(format!("automation.{name}: {e}")))?;
            Ok((question, rule))
        })
        .collect()
}

fn rule_text(rule: &Rule) -> String {
    match rule {
        Rule::Hold => "hold".to_owned(),
        Rule::Auto => "auto".to_owned(),
        Rule::Webhook(url) => url.clone(),
    }
}

fn media_type(text: Option<&str>) -> Result<String, Problem> {
    let text = text.unwrap_or("application/octet-stream");
    let (kind, rest) = text.split_once('/').unwrap_or(("", ""));
    let is_fine = !kind.is_empty()
        && !rest.is_empty()
        && text.len() <= 255
        && text.bytes().all(|b| (b' '..0x7f).contains(&b));
    if is_fine {
        Ok(text.to_owned())
    } else {
        Err(bad(format!("media_type: found {text:?}, expected type/subtype such as text/csv")))
    }
}

fn texts(texts: &[LangText]) -> BTreeMap<String, String> {
    texts.iter().map(|text| (text.language().to_owned(), text.value().to_owned())).collect()
}

fn lang_texts(texts: &BTreeMap<String, String>) -> Result<Vec<LangText>, TextError> {
    texts.iter().map(|(language, value)| LangText::new(language, value)).collect()
}
