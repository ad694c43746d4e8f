//! The messages of the Catalog Protocol. One entry of a peer's catalog that cannot be read must
//! not hide the others, so reading keeps what it understands and says what it left out.

use causeway_types::{Content, DatasetId};
use serde_json::Value;

use super::build::Object;
use super::content::read_content;
use super::document::Document;
use super::error::{WireError, quoted};
use super::fields::{Found, NAME_BYTES_MAX, Node};
use super::filter::read_filter;
use super::metadata::read_metadata;
use super::offer::{offer_node, offer_of};
use super::problems::Problems;
use super::terms::{
    ACCESS_SERVICE, CATALOG, DATASET, DESCRIPTION, DISTRIBUTION, EDC_DESCRIPTION, EDC_NAME,
    ENDPOINT_URL, FORMAT, HAS_POLICY, MEDIA_TYPE, PARTICIPANT_ID, SERVICE, TARGET, TITLE, Term,
};
use super::texts::read_texts;
use crate::catalog::{Catalog, CatalogRequest, DataService, Dataset, Distribution};
use crate::negotiation::Offer;

const CATALOG_TYPE: &str = "Catalog";
const DATASET_TYPE: &str = "Dataset";
const MEDIA_TYPES: &str = "iana.org/assignments/media-types/";

/// What could be read, and what was left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// Everything that was understood.
    pub value: T,
    /// Why parts are missing, in the order of the document; each names its place. Of very many,
    /// the first `READING_PROBLEMS_MAX`.
    pub problems: Vec<WireError>,
}

/// Reads a request for a catalog.
///
/// Connectors based on EDC always send a `QuerySpec` as filter, with which page they want. Without
/// an expression in it, it selects nothing and so counts as no filter.
pub fn read_catalog_request(document: &Document) -> Result<CatalogRequest, WireError> {
    let node = document.root();
    let types = node.types()?;
    if !types.iter().any(|found| found == "CatalogRequestMessage") {
        return Err(WireError::Type {
            found: super::fields::type_text(&types),
            expected: "CatalogRequestMessage".to_owned(),
        });
    }
    Ok(CatalogRequest { filter: read_filter(&node)? })
}

/// Reads one page of a catalog. Datasets and services of catalogs inside it are listed like its
/// own. Left out and noted: datasets without a readable offer and distribution, and offers,
/// distributions, services and texts that cannot be read.
pub fn read_catalog(document: &Document) -> Result<Reading<Catalog>, WireError> {
    let node = document.root();
    node.check_type(CATALOG_TYPE)?;
    let mut catalog = Catalog {
        id: node.own_id_text()?.ok_or_else(|| node.missing_id())?,
        participant_id: node
            .id(PARTICIPANT_ID)?
            .ok_or_else(|| node.missing(PARTICIPANT_ID, "the provider's id"))?,
        datasets: Vec::new(),
        services: Vec::new(),
    };
    let mut problems = Problems::default();
    collect(&node, &mut catalog, &mut problems)?;
    Ok(Reading { value: catalog, problems: problems.into_vec() })
}

/// Reads one dataset; what cannot be read is left out and noted as in [`read_catalog`].
pub fn read_dataset(document: &Document) -> Result<Reading<Dataset>, WireError> {
    let mut problems = Problems::default();
    let value = dataset_of(&document.root(), &mut problems)?;
    Ok(Reading { value, problems: problems.into_vec() })
}

/// Recursion is bounded by `MESSAGE_DEPTH_MAX`.
fn collect(
    node: &Node<'_>,
    catalog: &mut Catalog,
    problems: &mut Problems,
) -> Result<(), WireError> {
    for found in node.find_all(SERVICE)? {
        match service_of(found, problems) {
            Ok(service) => catalog.services.push(service),
            Err(problem) => problems.note(problem),
        }
    }
    // EDC lists a catalog inside a catalog under either name.
    for found in node.find_all(DATASET)?.chain(node.find_all(CATALOG)?) {
        let read = found.node().and_then(|entry| {
            if entry.types()?.iter().any(|name| name == CATALOG_TYPE) {
                return collect(&entry, catalog, problems);
            }
            catalog.datasets.push(dataset_of(&entry, problems)?);
            Ok(())
        });
        if let Err(problem) = read {
            problems.note(problem);
        }
    }
    Ok(())
}

fn dataset_of(node: &Node<'_>, problems: &mut Problems) -> Result<Dataset, WireError> {
    node.check_type(DATASET_TYPE)?;
    let id: DatasetId = node.own_id()?.ok_or_else(|| node.missing_id())?;
    let dataset = Dataset {
        titles: read_texts(node, &[TITLE, EDC_NAME], problems)?,
        descriptions: read_texts(node, &[DESCRIPTION, EDC_DESCRIPTION], problems)?,
        metadata: read_metadata(node, problems)?,
        offers: each(node, HAS_POLICY, problems, |found, _| offer_in(&id, &found.node()?))?,
        distributions: each(node, DISTRIBUTION, problems, distribution_of)?,
        id,
    };
    if dataset.offers.is_empty() {
        return Err(node.missing(HAS_POLICY, "at least one readable offer"));
    }
    if dataset.distributions.is_empty() {
        return Err(node.missing(DISTRIBUTION, "at least one readable distribution"));
    }
    Ok(dataset)
}

/// The dataset around an offer is its target; an offer that names another is not one of it.
fn offer_in(dataset: &DatasetId, node: &Node<'_>) -> Result<Offer, WireError> {
    let offer = offer_of(node)?;
    match offer.target {
        Some(other) if other != *dataset => Err(WireError::found(
            node.place_of(TARGET),
            &quoted(other.as_str()),
            "the dataset around it, or nothing",
        )),
        _ => Ok(Offer { target: None, ..offer }),
    }
}

fn each<'d, T>(
    node: &Node<'d>,
    term: Term,
    problems: &mut Problems,
    read: impl Fn(Found<'d>, &mut Problems) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    let mut items = Vec::new();
    for found in node.find_all(term)? {
        match read(found, problems) {
            Ok(item) => items.push(item),
            Err(problem) => problems.note(problem),
        }
    }
    Ok(items)
}

fn distribution_of(found: Found<'_>, problems: &mut Problems) -> Result<Distribution, WireError> {
    let node = found.node()?;
    node.check_type("Distribution")?;
    let service = node.find_all(ACCESS_SERVICE)?.next();
    Ok(Distribution {
        format: node
            .bounded(FORMAT, NAME_BYTES_MAX)?
            .ok_or_else(|| node.missing(FORMAT, "the kind of transfer"))?,
        media_type: node
            .bounded(MEDIA_TYPE, NAME_BYTES_MAX)?
            // DCAT names media types by the IRIs of their registry.
            .map(|text| text.rsplit(MEDIA_TYPES).next().unwrap_or_default().to_owned())
            .filter(|name| !name.is_empty()),
        access_service: service.map(|found| service_of(found, problems)).transpose()?,
        content: read_content(&node)?,
    })
}

/// A service by its id, or in full; one without id goes by its endpoint. An endpoint that is no
/// URL is noted and left out: the service is still known by its id.
fn service_of(found: Found<'_>, problems: &mut Problems) -> Result<DataService, WireError> {
    if found.value.is_string() {
        return Ok(DataService { id: found.bounded(NAME_BYTES_MAX)?, endpoint: None });
    }
    let node = found.node()?;
    node.check_type("DataService")?;
    let endpoint = node.address(ENDPOINT_URL).unwrap_or_else(|problem| {
        problems.note(problem);
        None
    });
    let url = || endpoint.as_ref().map(|address| address.as_str().to_owned());
    let id = node.own_id_text()?.or_else(url).filter(|id| id.len() <= NAME_BYTES_MAX);
    let id = id.ok_or_else(|| node.missing_id())?;
    Ok(DataService { id, endpoint })
}

/// Writes a request for a whole catalog.
pub fn write_catalog_request() -> Vec<u8> {
    Object::message("CatalogRequestMessage", None).bytes()
}

/// Writes one page of a catalog.
pub fn write_catalog(catalog: &Catalog) -> Vec<u8> {
    Object::message(CATALOG_TYPE, None)
        .id(Some(&catalog.id))
        .text(PARTICIPANT_ID, &catalog.participant_id)
        .list(SERVICE, catalog.services.iter().map(service_node))
        .list(DATASET, catalog.datasets.iter().map(dataset_node))
        .bytes()
}

/// Writes one dataset.
pub fn write_dataset(dataset: &Dataset) -> Vec<u8> {
    dataset_members(Object::message(DATASET_TYPE, None), dataset).bytes()
}

/// A dataset as a page of a catalog lists it.
pub(super) fn dataset_node(dataset: &Dataset) -> Value {
    dataset_members(Object::node(DATASET_TYPE), dataset).into()
}

fn dataset_members(object: Object, dataset: &Dataset) -> Object {
    object
        .id(Some(dataset.id.as_str()))
        .texts(TITLE, &dataset.titles)
        .texts(DESCRIPTION, &dataset.descriptions)
        .metadata(&dataset.metadata)
        .list(HAS_POLICY, dataset.offers.iter().map(|offer| offer_node(offer, false)))
        .list(DISTRIBUTION, dataset.distributions.iter().map(distribution_node))
}

fn distribution_node(distribution: &Distribution) -> Value {
    let content: Option<&Content> = distribution.content.as_ref();
    // A service without endpoint is a reference, which the schema has as a bare id.
    let service = distribution.access_service.as_ref().map(|service| match service.endpoint {
        Some(_) => service_node(service),
        None => Value::from(service.id.as_str()),
    });
    Object::node("Distribution")
        .text(FORMAT, &distribution.format)
        .text_if(MEDIA_TYPE, distribution.media_type.as_ref())
        .value_if(ACCESS_SERVICE, service)
        .content(content)
        .into()
}

fn service_node(service: &DataService) -> Value {
    Object::node("DataService")
        .id(Some(&service.id))
        .text_if(ENDPOINT_URL, service.endpoint.as_ref().map(|address| address.as_str()))
        .into()
}
