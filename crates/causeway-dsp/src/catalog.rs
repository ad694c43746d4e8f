//! What a provider offers (DSP 2025-1, Catalog Protocol; DCAT 3). Selecting and filtering are the
//! node's business.

use causeway_types::{Address, Content, DatasetId, LangText, ParticipantId};

use crate::negotiation::Offer;

/// One page of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// The catalog's id.
    pub id: String,
    /// Whose catalog it is.
    pub participant_id: ParticipantId,
    /// The datasets on this page.
    pub datasets: Vec<Dataset>,
    /// The data services that distribute them.
    pub services: Vec<DataService>,
}

/// A dataset with its offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The dataset's id.
    pub id: DatasetId,
    /// Titles, one a language.
    pub titles: Vec<LangText>,
    /// Descriptions, one a language.
    pub descriptions: Vec<LangText>,
    /// At least one; in a catalog offers carry no target.
    pub offers: Vec<Offer>,
    /// At least one.
    pub distributions: Vec<Distribution>,
}

/// A way to get a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The kind of transfer, to be repeated in a transfer request.
    pub format: String,
    /// The media type of the bytes, where said.
    pub media_type: Option<String>,
    /// The service that gives access.
    pub access_service: Option<DataService>,
    /// The bytes, where said.
    pub content: Option<Content>,
}

/// A service that gives access to datasets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataService {
    /// The service's id.
    pub id: String,
    /// Its protocol endpoint, where said.
    pub endpoint: Option<Address>,
}

/// `POST /catalog/request`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogRequest {
    /// Whether the peer asked for a selection; which one is not understood yet.
    pub has_filter: bool,
}
