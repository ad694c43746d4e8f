//! What this node offers: publishing, withdrawing, and the pages of its own catalog.

use causeway_dsp::Question;
use causeway_dsp::catalog::{Catalog, DataService, Dataset, Distribution, Filter, Metadata};
use causeway_dsp::negotiation::Offer;
use causeway_dsp::wire;
use causeway_policy::Policy;
use causeway_store::{
    Audience, ChangeSet, CommitError, Declaration, Entity, EventKind, NewEvent, Page,
    PublishedOffer, Put, Rule, Selection, Stored,
};
use causeway_types::limits::CATALOG_PAGE_MAX;
use causeway_types::{
    Blake3, Content, DatasetId, FactValue, LangText, OfferId, ParticipantId, Problem, ProblemCode,
    StatedFacts,
};

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
    /// What it is about; without a jurisdiction, the node's is recorded.
    pub metadata: Metadata,
    /// Who may know of it.
    pub audience: Audience,
    /// What is declared of the data, for the law of both sides.
    pub declaration: Option<Declaration>,
    /// Rules of this offer.
    pub rules: Vec<(Question, Rule)>,
}

/// Where a page of our catalog lies, by the place of an offer in the order of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the start.
    Start,
    /// Behind this offer.
    After(i64),
    /// Before this offer.
    Before(i64),
}

/// A page of our catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPage {
    /// The page.
    pub catalog: Catalog,
    /// The page behind it lies after this place; `None` on the last one.
    pub next: Option<i64>,
    /// The page before it lies before this place; `None` on the first one.
    pub previous: Option<i64>,
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
        let offer = self.prepared(offer);
        let event = published(&offer);
        let entity = Entity::Offer(Box::new(offer.clone()));
        let changes = ChangeSet {
            puts: vec![Put { entity, expected: None }],
            events: vec![event],
            remember: remember.map(|remember| remember(&offer)),
            ..ChangeSet::default()
        };
        match self.commit(changes).await {
            Ok(()) => Ok(offer),
            Err(CommitError::Conflict { what }) => Err(Problem::new(
                ProblemCode::Conflict,
                format!("offer {} or dataset {} exists already", offer.id, offer.dataset_id),
            )
            .internal(what)),
            Err(error) => Err(commit_failed(error)),
        }
    }

    /// An offer as it will be stored, with the ids that were not given.
    pub(crate) fn prepared(&self, offer: NewOffer) -> PublishedOffer {
        let mint = self.mint();
        PublishedOffer {
            id: offer.id.unwrap_or_else(|| mint.offer()),
            dataset_id: offer.dataset_id.unwrap_or_else(|| mint.dataset()),
            titles: offer.titles,
            descriptions: offer.descriptions,
            media_type: offer.media_type,
            file_name: offer.file_name,
            content: offer.content,
            policy: offer.policy,
            metadata: Metadata {
                jurisdiction: offer.metadata.jurisdiction.or(self.0.settings.jurisdiction.clone()),
                ..offer.metadata
            },
            audience: offer.audience,
            declaration: offer.declaration,
            rules: offer.rules,
            published_at: mint.now,
            withdrawn_at: None,
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
                Ok(()) => return Ok(offer),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(crate::negotiate::busy())
    }

    /// A page of our catalog as this party may see it.
    pub async fn own_catalog(
        &self,
        party: &ParticipantId,
        filter: Filter,
        place: Place,
    ) -> Result<OwnPage, Problem> {
        let forwards = Selection {
            visible_to: Some(party.clone()),
            text: filter.text,
            theme: filter.theme,
            media_type: filter.format,
            jurisdiction: filter.jurisdiction,
            spatial: filter.spatial,
            licence: filter.licence,
            temporal: filter.time,
            withdrawn: false,
            newest_first: false,
        };
        let backwards = Selection { newest_first: true, ..forwards.clone() };
        let (selection, after) = match place {
            Place::Start => (&forwards, None),
            Place::After(sequence) => (&forwards, Some(sequence)),
            Place::Before(sequence) => (&backwards, Some(sequence)),
        };
        let mut offers = self.search(selection, after, CATALOG_PAGE_MAX + 1).await?;
        let service = self.service();
        // In both directions the page is filled from the place that was asked for.
        let mut datasets = wire::fill_page(
            offers
                .iter()
                .map(|offer| dataset(&offer.value, service.clone(), self.stated_by(&offer.value))),
        );
        let has_more = offers.len() > datasets.len();
        offers.truncate(datasets.len());
        if selection.newest_first {
            offers.reverse();
            datasets.reverse();
        }
        let first = offers.first().map(|offer| offer.sequence);
        let last = offers.last().map(|offer| offer.sequence);
        // On the side that the page was not read towards, one offer more tells enough.
        let (has_previous, has_next) = match place {
            Place::Start => (false, has_more),
            Place::After(_) => (self.has_one(&backwards, first).await?, has_more),
            Place::Before(_) => (has_more, self.has_one(&forwards, last).await?),
        };
        let own = &self.0.settings.participant_id;
        let catalog = Catalog {
            id: format!("urn:causeway:catalog:{own}"),
            participant_id: own.clone(),
            datasets,
            services: vec![service],
        };
        Ok(OwnPage {
            catalog,
            next: last.filter(|_| has_next),
            previous: first.filter(|_| has_previous),
        })
    }

    async fn search(
        &self,
        selection: &Selection,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Stored<PublishedOffer>>, Problem> {
        let page = Page { after, limit };
        self.0.store.search_offers(selection, page).await.map_err(read_failed)
    }

    async fn has_one(&self, selection: &Selection, after: Option<i64>) -> Result<bool, Problem> {
        Ok(after.is_some() && !self.search(selection, after, 1).await?.is_empty())
    }

    /// A dataset of our catalog, if this party may see it.
    pub async fn own_dataset(
        &self,
        party: &ParticipantId,
        id: &DatasetId,
    ) -> Result<Dataset, Problem> {
        let offer = self.0.store.offer_of_dataset(id).await.map_err(read_failed)?;
        offer
            .filter(|offer| is_offered(&offer.value, party))
            .map(|offer| dataset(&offer.value, self.service(), self.stated_by(&offer.value)))
            .ok_or_else(|| Problem::new(ProblemCode::NotFound, format!("there is no dataset {id}")))
    }

    /// What we state of an offer's data and of ourselves, for the law of both sides.
    pub(crate) fn stated_by(&self, offer: &PublishedOffer) -> StatedFacts {
        let declaration = offer.declaration.as_ref();
        let mut stated =
            declaration.map(|declaration| declaration.facts.clone()).unwrap_or_default();
        let settings = &self.0.settings;
        // A declaration says nothing of the exporter, and stays below the limit.
        if let Some(area) = &settings.jurisdiction {
            let _ = stated.state("exporter.area", FactValue::Text(area.clone()));
        }
        for (name, value) in settings.law.facts.iter() {
            if name.starts_with("exporter.") {
                let _ = stated.state(name, value.clone());
            }
        }
        stated
    }

    fn service(&self) -> DataService {
        let base = self.0.settings.protocol_base();
        DataService { id: base.to_string(), endpoint: Some(base) }
    }
}

/// What is told of a new offer.
pub(crate) fn published(offer: &PublishedOffer) -> NewEvent {
    NewEvent {
        at: offer.published_at,
        kind: EventKind::OfferPublished,
        process: None,
        subject: offer.id.to_string(),
        text: format!("dataset {} is offered as {}", offer.dataset_id, offer.id),
    }
}

/// Whether a party may ask for a contract on this offer. To others it does not exist.
pub(crate) fn is_offered(offer: &PublishedOffer, party: &ParticipantId) -> bool {
    offer.withdrawn_at.is_none() && offer.audience.admits(party)
}

fn dataset(offer: &PublishedOffer, service: DataService, facts: StatedFacts) -> Dataset {
    Dataset {
        id: offer.dataset_id.clone(),
        titles: offer.titles.clone(),
        descriptions: offer.descriptions.clone(),
        metadata: offer.metadata.clone(),
        offers: vec![Offer {
            id: offer.id.clone(),
            target: None,
            assigner: None,
            assignee: None,
            policy: offer.policy.clone(),
            content: Some(offer.content),
            facts,
        }],
        distributions: vec![Distribution {
            format: FORMAT_HTTP_PULL.to_owned(),
            media_type: Some(offer.media_type.clone()),
            access_service: Some(service),
            content: Some(offer.content),
        }],
    }
}

pub(crate) fn no_object(blake3: &Blake3) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no uploaded file with blake3 {blake3}"))
        .hint("upload the file first: POST /api/v1/objects")
}

pub(crate) fn no_offer(id: &OfferId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no offer {id}"))
}
