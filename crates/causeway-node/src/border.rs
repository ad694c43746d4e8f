//! What the law of both sides says of a crossing: before a contract, before every transfer, and
//! again while contracts are live. Where the facts come from is in `facts`, what an outcome does to
//! a process is here.
//!
//! Unknown never grants: what the law leaves open is held for a person, like what it asks for.

mod attest;
mod declare;
mod drift;
mod facts;
mod preview;
mod subjects;

use std::collections::BTreeMap;

use causeway_dsp::Reason;
use causeway_law::Outcome;
use causeway_store::{
    Attestation, Crossing, DecisionEntry, Declaration, Duty, EventKind, NewEvent, Page, Persons,
    PublishedOffer,
};
use causeway_types::{
    Blake3, Content, DatasetId, DecisionId, ParticipantId, Problem, ProblemCode, ProcessId, Role,
    Sha256, StatedFacts, Timestamp,
};
use serde_json::{Value as Json, json};

pub use self::attest::NewAttestation;
pub use self::drift::Drift;
pub(crate) use self::drift::watch;
pub use self::facts::read_facts;
pub use self::preview::{Preview, PreviewOutcome};
use crate::identity::ProvenFact;
use crate::{Node, read_failed};

/// Most attestations of one peer that are looked at.
const ATTESTATIONS_MAX: usize = 1_000;
/// The code of a refusal by law in messages to the peer.
pub(crate) const PROHIBITED: &str = "prohibited-by-law";
/// The code of a suspension because the law no longer lets a crossing pass.
pub(crate) const NOT_SATISFIED: &str = "law-not-satisfied";

/// What a process stands on besides its own state: read before anything is decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ground {
    /// Our offer, where we are the provider.
    pub(crate) published: Option<PublishedOffer>,
    attested: Vec<Attestation>,
    /// Persons by count, this crossing included. `None` where nobody can tell.
    counted: BTreeMap<String, Option<u64>>,
    /// What the peer's credentials say of it.
    proven: Vec<ProvenFact>,
}

/// A crossing that is to be checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossed<'a> {
    pub(crate) peer: &'a ParticipantId,
    /// Our side.
    pub(crate) role: Role,
    pub(crate) dataset: Option<&'a DatasetId>,
    /// What the offer or the agreement states.
    pub(crate) terms: &'a StatedFacts,
    /// Whether the terms are agreed on, so that the provider has stated everything it went by.
    pub(crate) is_agreed: bool,
    pub(crate) now: Timestamp,
}

/// What an outcome does to a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It may go on.
    Pass,
    /// A person has to do something, or to answer a question.
    Hold(String),
    /// It must end.
    Refuse(Reason),
}

/// A crossing that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) gate: Gate,
    /// What the law says, where only one answer is left. Within one area it has nothing to say, and
    /// everything is permitted.
    pub(crate) outcome: Option<Outcome>,
    /// What was found, for the record; nothing if no border is crossed.
    pub(crate) decision: Option<DecisionEntry>,
    /// Our duties.
    pub(crate) duties: Vec<Duty>,
    /// What our side went by, to be stated in the agreement.
    pub(crate) stated: StatedFacts,
    /// The legal area of the peer, where it is known.
    pub(crate) area: Option<String>,
}

impl Node {
    /// Reads what a process stands on. `content` is given where persons are counted.
    pub(crate) async fn ground(
        &self,
        peer: &ParticipantId,
        published: Option<PublishedOffer>,
        content: Option<Content>,
    ) -> Result<Ground, Problem> {
        let now = self.now();
        let attested = match self.is_neighbour(peer) {
            // Between two parties in one area no border is crossed, and no record is asked for.
            true => Vec::new(),
            false => {
                let page = Page { after: None, limit: ATTESTATIONS_MAX };
                let all = self.0.store.attestations(Some(peer), page).await;
                let all = all.map_err(read_failed)?.into_iter().map(|stored| stored.value);
                all.filter(|attestation| attestation.counts_at(now)).collect()
            }
        };
        let declaration = published.as_ref().and_then(|offer| offer.declaration.as_ref());
        let counted = match (declaration, content) {
            (Some(declaration), Some(content)) => {
                self.counted(peer, declaration, &content.blake3(), now).await?
            }
            _ => BTreeMap::new(),
        };
        let proven = self.proven_facts(peer).await?;
        Ok(Ground { published, attested, counted, proven })
    }

    /// Whether a peer is configured to sit in our own area.
    fn is_neighbour(&self, peer: &ParticipantId) -> bool {
        let own = self.0.settings.jurisdiction.as_ref();
        let peer = self.directory().peer(peer);
        own.is_some() && own == peer.as_ref().and_then(|p| p.jurisdiction.as_ref())
    }

    /// Of how many persons data crosses, with this file, by the counts it adds to.
    async fn counted(
        &self,
        peer: &ParticipantId,
        declaration: &Declaration,
        content: &Blake3,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Option<u64>>, Problem> {
        let mut counted = BTreeMap::new();
        let known = self.0.store.subjects(content).await.map_err(read_failed)?;
        for count in &declaration.counts {
            let window = facts::window(&self.0.law, count, now);
            let is_told = known > 0 || declaration.persons.is_some();
            let (Some((since, per_peer)), true) = (window, is_told) else {
                counted.insert(count.clone(), None);
                continue;
            };
            let query = Persons {
                count: count.clone(),
                since,
                peer: per_peer.then(|| peer.clone()),
                with: Some((*content, declaration.persons.unwrap_or(0))),
            };
            let persons = self.0.store.persons(&query).await.map_err(read_failed)?;
            // What left by other ways than this node.
            let elsewhere = self.0.settings.law.counts.get(count).copied().unwrap_or(0);
            counted.insert(count.clone(), Some(persons.saturating_add(elsewhere)));
        }
        Ok(counted)
    }

    /// What the law of both sides says of a crossing, and what that does to its process.
    pub(crate) fn checked(&self, ground: &Ground, crossed: Crossed<'_>) -> Checked {
        let settings = &self.0.settings;
        let law = &self.0.law;
        let gathered = facts::gather(settings, law, self.directory(), ground, crossed);
        if let Some(area) = gathered.home() {
            tracing::debug!(peer = %crossed.peer, area, "no border is crossed");
            let (gate, stated) = (Gate::Pass, gathered.to_state());
            let outcome = Some(Outcome::Permitted);
            let (area, duties) = (Some(area.to_owned()), Vec::new());
            return Checked { gate, outcome, decision: None, duties, stated, area };
        }
        let area = gathered.area_of(crossed.role.other()).map(str::to_owned);
        let facts = match gathered.closed(law.dictionary(), crossed, ground) {
            Ok(facts) => facts,
            Err(reasons) => {
                let gate = Gate::Hold(format!("what is known contradicts itself: {reasons}"));
                return Checked {
                    gate,
                    outcome: None,
                    decision: None,
                    duties: Vec::new(),
                    stated: StatedFacts::new(),
                    area,
                };
            }
        };
        let day = facts::day(crossed.now);
        let decision = law.decide(&facts, day, day);
        let document = json!({
            "decision": decision.to_json(),
            "sources": gathered.sources(),
            "engine": concat!("causeway ", env!("CARGO_PKG_VERSION")),
        });
        let text = document.to_string();
        let id = DecisionId::of(&sha256(text.as_bytes()));
        let at_worst = decision.outcome.at_worst;
        let gate = if at_worst.lets_pass() {
            Gate::Pass
        } else if decision.outcome.at_best == Outcome::Prohibited {
            Gate::Refuse(Reason::of(PROHIBITED, prohibition(&document["decision"])))
        } else {
            Gate::Hold(wanted(&document["decision"], &id))
        };
        let entry = DecisionEntry {
            id,
            at_worst: at_worst.as_str().to_owned(),
            document: text,
            decided_at: crossed.now,
        };
        Checked {
            gate,
            outcome: decision.outcome.determined(),
            duties: duties(&document["decision"]),
            decision: Some(entry),
            stated: gathered.to_state(),
            area,
        }
    }

    /// The files that leave with a start, for the counts they add to.
    pub(crate) fn crossings(
        &self,
        ground: &Ground,
        peer: &ParticipantId,
        content: Option<Content>,
        now: Timestamp,
    ) -> Vec<Crossing> {
        let declaration = ground.published.as_ref().and_then(|offer| offer.declaration.as_ref());
        let (Some(declaration), Some(content)) = (declaration, content) else {
            return Vec::new();
        };
        let crossing = |count: &String| Crossing {
            count: count.clone(),
            peer: peer.clone(),
            content: content.blake3(),
            persons: declaration.persons.unwrap_or(0),
            at: now,
        };
        declaration.counts.iter().map(crossing).collect()
    }
}

impl Checked {
    /// Refuses what a person wants, unless the law lets it pass.
    pub(crate) fn must_pass(&self) -> Result<(), Problem> {
        let (text, hint) = match &self.gate {
            Gate::Pass => return Ok(()),
            Gate::Hold(text) => (text.clone(), "record what is missing: causeway attestation add"),
            Gate::Refuse(reason) => {
                let hint = "no person can permit what the law prohibits; end it, or change what \
                            crosses";
                (reason.to_string(), hint)
            }
        };
        Err(Problem::new(ProblemCode::LawNotSatisfied, text).hint(hint))
    }
}

/// What is told of a decision that a process now rests on.
pub(crate) fn decided(process: &ProcessId, entry: &DecisionEntry, now: Timestamp) -> NewEvent {
    NewEvent {
        at: now,
        kind: EventKind::LawDecided,
        process: Some(process.clone()),
        subject: entry.id.to_string(),
        text: format!("the law of both sides says at worst: {}", entry.at_worst),
    }
}

/// The digest that a decision is known by.
fn sha256(bytes: &[u8]) -> Sha256 {
    use sha2::Digest as _;
    Sha256::from_bytes(sha2::Sha256::digest(bytes).into())
}

/// The rule that prohibits, with its articles.
fn prohibition(decision: &Json) -> String {
    let prohibits = |rule: &&Json| rule["effect"] == "counts" && rule["says"] == "prohibited";
    let rules = decision["packs"].as_array().into_iter().flatten();
    let mut rules = rules.flat_map(|pack| pack["rules"].as_array().into_iter().flatten());
    match rules.find(prohibits) {
        Some(rule) => format!("{} ({})", text(&rule["text"]), articles(rule)),
        None => "the law of one side prohibits it".to_owned(),
    }
}

/// What would let a crossing pass, in one sentence: questions first, then what can be put in place.
fn wanted(decision: &Json, id: &DecisionId) -> String {
    let outcome =
        format!("{} at best, {} at worst", text(&decision["at_best"]), text(&decision["at_worst"]));
    let outcome = match decision["at_best"] == decision["at_worst"] {
        true => text(&decision["at_worst"]).to_owned(),
        false => outcome,
    };
    let questions = decision["missing"].as_array().into_iter().flatten();
    let questions: Vec<String> = questions
        .take(3)
        .map(|asked| format!("{} ({})", text(&asked["question"]), text(&asked["fact"])))
        .collect();
    let ways = decision["alternatives"].as_array().into_iter().flatten();
    let ways = ways.filter(|way| way["kind"] == "mechanism");
    let ways: Vec<String> = ways
        .take(3)
        .map(|way| {
            let needs = way["needs"].as_array().into_iter().flatten().map(text);
            let needs: Vec<&str> = needs.collect();
            format!("{} ({})", needs.join(" and "), articles(way))
        })
        .collect();
    let nobody = decision["uncovered"].as_array().into_iter().flatten();
    let nobody: Vec<&str> = nobody.map(text).collect();
    let mut sentence = format!("the law of both sides says {outcome}");
    if !nobody.is_empty() {
        sentence.push_str(&format!("; no rule pack knows the law of {}", nobody.join(" and ")));
    }
    if !questions.is_empty() {
        sentence.push_str(&format!("; to be answered: {}", questions.join(" ")));
    }
    if !ways.is_empty() {
        sentence.push_str(&format!("; what would help: {}", ways.join(", or ")));
    }
    sentence.push_str(&format!("; {id}"));
    sentence
}

/// The duties of the rules that count, each once.
fn duties(decision: &Json) -> Vec<Duty> {
    let packs = decision["packs"].as_array().into_iter().flatten();
    let all = packs.flat_map(|pack| pack["obligations"].as_array().into_iter().flatten());
    let mut duties: Vec<Duty> = Vec::new();
    for duty in all {
        let id = text(&duty["id"]);
        if duties.iter().all(|known| known.id != id) {
            let articles = duty["articles"].as_array().into_iter().flatten().map(text);
            duties.push(Duty {
                id: id.to_owned(),
                text: text(&duty["text"]).to_owned(),
                due: text(&duty["due"]).to_owned(),
                articles: articles.map(str::to_owned).collect(),
                done: None,
            });
        }
    }
    duties
}

fn articles(value: &Json) -> String {
    let articles = value["articles"].as_array().into_iter().flatten().map(text);
    articles.collect::<Vec<_>>().join(", ")
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}
