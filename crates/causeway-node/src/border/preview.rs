//! What the law would say of an offer, for each peer that may know of it. Nothing is recorded and
//! nothing is asked of anybody; what is found is what a request of that peer would find today.

use causeway_store::PublishedOffer;
use causeway_types::{ParticipantId, Problem, Role};
use serde_json::Value as Json;

use super::{Crossed, Gate, text};
use crate::Node;

/// What would become of a request of one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The peer.
    pub peer: ParticipantId,
    /// `pass`, `hold` or `refuse`.
    pub gate: &'static str,
    /// What the law says; nothing if no border is crossed, or what is known contradicts itself.
    pub outcome: Option<PreviewOutcome>,
    /// The fact that is missing first, with its question.
    pub question: Option<(String, String)>,
    /// The rule that asks for most, or why nothing can be found; nothing where it passes.
    pub reason: Option<String>,
    /// The articles of that rule.
    pub articles: Vec<String>,
}

/// Between which outcomes the truth lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewOutcome {
    /// The outcome, or `unknown`.
    pub outcome: String,
    /// The mildest that is possible.
    pub at_best: String,
    /// The strictest that is possible.
    pub at_worst: String,
}

impl Node {
    /// What the law of both sides says of an offer today, for each configured peer that may know
    /// of it.
    pub async fn preview(&self, offer: &PublishedOffer) -> Result<Vec<Preview>, Problem> {
        let mut found = Vec::new();
        for peer in self.directory().peers() {
            let id = &peer.participant_id;
            if offer.audience.admits(id) {
                found.push(self.preview_of(offer, id).await?);
            }
        }
        Ok(found)
    }

    async fn preview_of(
        &self,
        offer: &PublishedOffer,
        peer: &ParticipantId,
    ) -> Result<Preview, Problem> {
        let ground = self.ground(peer, Some(offer.clone()), Some(offer.content)).await?;
        let terms = self.stated_by(offer);
        let crossed = Crossed {
            peer,
            role: Role::Provider,
            dataset: Some(&offer.dataset_id),
            terms: &terms,
            is_agreed: false,
            now: self.now(),
        };
        let checked = self.checked(&ground, crossed);
        let mut preview = Preview {
            peer: peer.clone(),
            gate: match &checked.gate {
                Gate::Pass => "pass",
                Gate::Hold(_) => "hold",
                Gate::Refuse(_) => "refuse",
            },
            outcome: None,
            question: None,
            reason: None,
            articles: Vec::new(),
        };
        match (&checked.decision, &checked.gate) {
            (Some(entry), _) => {
                let document: Json = serde_json::from_str(&entry.document).unwrap_or_default();
                preview.read(&document["decision"]);
            }
            (None, Gate::Hold(reason)) => preview.reason = Some(reason.clone()),
            (None, _) => {}
        }
        Ok(preview)
    }
}

impl Preview {
    fn read(&mut self, decision: &Json) {
        let word = |name: &str| text(&decision[name]).to_owned();
        self.outcome = Some(PreviewOutcome {
            outcome: word("outcome"),
            at_best: word("at_best"),
            at_worst: word("at_worst"),
        });
        if self.gate == "pass" {
            return;
        }
        let missing = &decision["missing"][0];
        self.question = missing["fact"]
            .as_str()
            .map(|fact| (fact.to_owned(), text(&missing["question"]).to_owned()));
        let rules = decision["packs"].as_array().into_iter().flatten();
        let rules = rules.flat_map(|pack| pack["rules"].as_array().into_iter().flatten());
        let mut counting = rules.filter(|rule| rule["effect"] == "counts");
        if let Some(rule) = counting.find(|rule| rule["says"] == decision["at_worst"]) {
            self.reason = Some(text(&rule["text"]).to_owned());
            let articles = rule["articles"].as_array().into_iter().flatten().map(text);
            self.articles = articles.map(str::to_owned).collect();
        }
    }
}
