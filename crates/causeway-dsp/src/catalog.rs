//! What a provider offers (DSP 2025-1, Catalog Protocol; DCAT 3). Selecting and filtering are the
//! node's business.

use causeway_types::{Address, Content, DatasetId, LangText, ParticipantId, Timestamp};

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
    /// What it is about.
    pub metadata: Metadata,
    /// At least one; in a catalog offers carry no target.
    pub offers: Vec<Offer>,
    /// At least one.
    pub distributions: Vec<Distribution>,
}

/// What a dataset is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Themes, as IRIs or words of a vocabulary.
    pub themes: Vec<String>,
    /// Words that people search for, in any language.
    pub keywords: Vec<String>,
    /// The licence, as an IRI or an SPDX name.
    pub licence: Option<String>,
    /// Places, as ISO 3166 codes or IRIs.
    pub spatial: Vec<String>,
    /// The time that the data is about, both ends included.
    pub temporal: Option<(Timestamp, Timestamp)>,
    /// The provider's jurisdiction, as an ISO 3166 code. No term of a catalog says it, so it is
    /// known of our own datasets only.
    pub jurisdiction: Option<String>,
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
    /// Which datasets the peer asks for; all, if it says nothing.
    pub filter: Filter,
}

/// Which datasets are asked for. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Words of titles, descriptions and keywords, all of which occur.
    pub text: Option<String>,
    /// A theme.
    pub theme: Option<String>,
    /// A media type.
    pub format: Option<String>,
    /// Where the provider sits, as an ISO 3166 code.
    pub jurisdiction: Option<String>,
    /// A time, both ends included, that the data is about.
    pub time: Option<(Timestamp, Timestamp)>,
    /// A place, as an ISO 3166 code or an IRI.
    pub spatial: Option<String>,
    /// A licence.
    pub licence: Option<String>,
}
