//! What this node offers: publishing, withdrawing, and the pages of its own catalog.

use causeway_dsp::Question;
use causeway_dsp::catalog::{Catalog, DataService, Dataset, Distribution};
use causeway_dsp::negotiation::Offer;
use causeway_policy::Policy;
use causeway_store::{
    ChangeSet, CommitError, Entity, EventKind, NewEvent, Page, PublishedOffer, Put, Rule,
};
use causeway_types::limits::CATALOG_PAGE_MAX;
use causeway_types::{Blake3, Content, DatasetId, LangText, OfferId, Problem, ProblemCode};

use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::settings::FORMAT_HTTP_PULL;
use crate::{Node, read_failed};

/// What to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOffer {
    /// The offer's id; minted if missing.
    pub id: Option<OfferId>,
    /// The dataset's id; minted if missing.
    pub dataset_id: Option<DatasetId>,
    /// Titles, one a language.
    pub titles: Vec<LangText>,
    /// Descriptions, one a language.
    pub descriptions: Vec<LangText>,
    /// The media type of the bytes.
    pub media_type: String,
    /// The file's name for people.
    pub file_name: Option<String>,
    /// The bytes; they are in the object store already.
    pub content: Content,
    /// The terms.
    pub policy: Policy,
    /// Rules of this offer.
    pub rules: Vec<(Question, Rule)>,
}

impl Node {
    /// Publishes a dataset whose file is in the object store.
    pub async fn publish(
        &self,
        offer: NewOffer,
        remember: Remember<PublishedOffer>,
    ) -> Result<PublishedOffer, Problem> {
        let blake3 = offer.content.blake3();
        let exists = self.0.objects.exists(&blake3).await.map_err(|error| {
            Problem::new(ProblemCode::Unavailable, "the node could not look for the file")
                .internal(error.to_string())
        })?;
        if !exists {
            return Err(no_object(&blake3));
        }
        let mint = self.mint();
        let offer = PublishedOffer {
            id: offer.id.unwrap_or_else(|| mint.offer()),
            dataset_id: offer.dataset_id.unwrap_or_else(|| mint.dataset()),
            titles: offer.titles,
            descriptions: offer.descriptions,
            media_type: offer.media_type,
            file_name: offer.file_name,
            content: offer.content,
            policy: offer.policy,
            rules: offer.rules,
            published_at: mint.now,
            withdrawn_at: None,
        };
        let event = NewEvent {
            at: mint.now,
            kind: EventKind::OfferPublished,
            process: None,
            subject: offer.id.to_string(),
            text: format!("dataset {} is offered as {}", offer.dataset_id, offer.id),
        };
        let entity = Entity::Offer(Box::new(offer.clone()));
        let changes = ChangeSet {
            puts: vec![Put { entity, expected: None }],
            events: vec![event],
            remember: remember.map(|remember| remember(&offer)),
            ..ChangeSet::default()
        };
        match self.commit(changes).await {
            Ok(_) => Ok(offer),
            Err(CommitError::Conflict { what }) => Err(Problem::new(
                ProblemCode::Conflict,
                format!("offer {} or dataset {} exists already", offer.id, offer.dataset_id),
            )
            .internal(what)),
            Err(error) => Err(commit_failed(error)),
        }
    }

    /// Takes an offer out of the catalog. Contracts that rest on it stay.
    pub async fn withdraw(&self, id: &OfferId) -> Result<PublishedOffer, Problem> {
        for _ in 0..CONFLICTS_MAX {
            let stored = self.0.store.offer(id).await.map_err(read_failed)?;
            let stored = stored.ok_or_else(|| no_offer(id))?;
            let mut offer = stored.value;
            if offer.withdrawn_at.is_some() {
                return Ok(offer);
            }
            let now = self.now();
            offer.withdrawn_at = Some(now);
            let event = NewEvent {
                at: now,
                kind: EventKind::OfferWithdrawn,
                process: None,
                subject: offer.id.to_string(),
                text: format!("offer {} of dataset {} is withdrawn", offer.id, offer.dataset_id),
            };
            let entity = Entity::Offer(Box::new(offer.clone()));
            let changes = ChangeSet {
                puts: vec![Put { entity, expected: Some(stored.version) }],
                events: vec![event],
                ..ChangeSet::default()
            };
            match self.commit(changes).await {
                Ok(_) => return Ok(offer),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(crate::negotiate::busy())
    }

    /// A page of our catalog, and the place where the next one begins.
    pub async fn own_catalog(&self, after: Option<i64>) -> Result<(Catalog, Option<i64>), Problem> {
        let page = Page { after, limit: CATALOG_PAGE_MAX + 1 };
        let mut offers = self.0.store.offers(page, false).await.map_err(read_failed)?;
        let has_more = offers.len() > CATALOG_PAGE_MAX;
        offers.truncate(CATALOG_PAGE_MAX);
        let next = offers.last().filter(|_| has_more).map(|offer| offer.sequence);
        let service = self.service();
        let datasets = offers.iter().map(|offer| dataset(&offer.value, service.clone())).collect();
        let own = &self.0.settings.participant_id;
        let catalog = Catalog {
            id: format!("urn:causeway:catalog:{own}"),
            participant_id: own.clone(),
            datasets,
            services: vec![service],
        };
        Ok((catalog, next))
    }

    /// A dataset of our catalog.
    pub async fn own_dataset(&self, id: &DatasetId) -> Result<Dataset, Problem> {
        let offer = self.0.store.offer_of_dataset(id).await.map_err(read_failed)?;
        offer
            .filter(|offer| offer.value.withdrawn_at.is_none())
            .map(|offer| dataset(&offer.value, self.service()))
            .ok_or_else(|| Problem::new(ProblemCode::NotFound, format!("there is no dataset {id}")))
    }

    fn service(&self) -> DataService {
        let base = self.0.settings.protocol_base();
        DataService { id: base.to_string(), endpoint: Some(base) }
    }
}

fn dataset(offer: &PublishedOffer, service: DataService) -> Dataset {
    Dataset {
        id: offer.dataset_id.clone(),
        titles: offer.titles.clone(),
        descriptions: offer.descriptions.clone(),
        offers: vec![Offer {
            id: offer.id.clone(),
            target: None,
            assigner: None,
            assignee: None,
            policy: offer.policy.clone(),
            content: Some(offer.content),
        }],
        distributions: vec![Distribution {
            format: FORMAT_HTTP_PULL.to_owned(),
            media_type: Some(offer.media_type.clone()),
            access_service: Some(service),
            content: Some(offer.content),
        }],
    }
}

fn no_object(blake3: &Blake3) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no uploaded file with blake3 {blake3}"))
        .hint("upload the file first: POST /api/v1/objects")
}

pub(crate) fn no_offer(id: &OfferId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no offer {id}"))
}
