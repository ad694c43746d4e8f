//! How many datasets one page of a catalog holds.

use causeway_dsp::catalog::{Catalog, Dataset, Distribution, Metadata};
use causeway_dsp::negotiation::Offer;
use causeway_dsp::wire;
use causeway_policy::Policy;
use causeway_types::limits::{
    CATALOG_PAGE_BYTES_MAX, CATALOG_PAGE_MAX, CATALOG_PAGE_NODES_MAX, CATALOG_TERMS_MAX,
    TEXT_BYTES_MAX,
};
use causeway_types::{DatasetId, LangText, OfferId, ParticipantId, StatedFacts};
use serde_json::Value;

fn dataset(description: &str, keywords: usize) -> Dataset {
    Dataset {
        id: DatasetId::parse("urn:uuid:dataset-1").unwrap(),
        titles: vec![LangText::new("zh", "降雨").unwrap()],
        descriptions: vec![LangText::new("en", description).unwrap()],
        metadata: Metadata { keywords: vec!["k".to_owned(); keywords], ..Metadata::default() },
        offers: vec![Offer {
            id: OfferId::parse("urn:uuid:offer-1").unwrap(),
            target: None,
            assigner: None,
            assignee: None,
            policy: Policy::open(),
            content: None,
            facts: StatedFacts::new(),
        }],
        distributions: vec![Distribution {
            format: "HttpData-PULL".to_owned(),
            media_type: None,
            access_service: None,
            content: None,
        }],
    }
}

/// Bytes and members of datasets as a page lists them.
fn size(datasets: &[Dataset]) -> (usize, usize) {
    fn members(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(|item| 1 + members(item)).sum(),
            Value::Object(object) => object.values().map(|item| 1 + members(item)).sum(),
            _ => 0,
        }
    }
    let catalog = |datasets| Catalog {
        id: "c".to_owned(),
        participant_id: ParticipantId::parse("did:web:p.example").unwrap(),
        datasets,
        services: Vec::new(),
    };
    let bytes = wire::write_catalog(&catalog(datasets.to_vec()));
    let read: Value = serde_json::from_slice(&bytes).unwrap();
    (bytes.len(), read.get("dataset").map_or(0, members))
}

fn check(one: &Dataset, expected: usize) {
    let all = vec![one.clone(); CATALOG_PAGE_MAX + 1];
    assert_eq!(wire::fill_page(all).len(), expected);
}

#[test]
fn a_page_of_small_datasets_is_bounded_by_their_number() {
    check(&dataset("short", 1), CATALOG_PAGE_MAX);
    assert_eq!(wire::fill_page([]), []);
    let two = [dataset("one", 1), dataset("two", 1)];
    assert_eq!(wire::fill_page(two.clone()), two);
}

#[test]
fn a_page_of_long_texts_is_bounded_by_bytes() {
    // A quotation mark takes two bytes in JSON.
    for text in ["x".repeat(TEXT_BYTES_MAX), "\"".repeat(TEXT_BYTES_MAX)] {
        let mut one = dataset(&text, 0);
        one.descriptions = vec![one.descriptions[0].clone(); 4];
        let held = wire::fill_page(vec![one.clone(); CATALOG_PAGE_MAX]).len();
        let overhead = 256;
        let full = size(&vec![one.clone(); held]).0;
        assert!(held > 1 && full < CATALOG_PAGE_BYTES_MAX + overhead, "{held}: {full}");
        let over = size(&vec![one; held + 1]).0;
        assert!(over > CATALOG_PAGE_BYTES_MAX, "{held}: {over}");
    }
}

#[test]
fn a_page_of_many_members_is_bounded_by_them() {
    let one = dataset("short", 40 * CATALOG_TERMS_MAX);
    let held = wire::fill_page(vec![one.clone(); CATALOG_PAGE_MAX]).len();
    let (bytes, full) = size(&vec![one.clone(); held]);
    assert!(bytes < CATALOG_PAGE_BYTES_MAX && held < CATALOG_PAGE_MAX, "{held}: {bytes}");
    assert!(full <= CATALOG_PAGE_NODES_MAX, "{held}: {full}");
    let over = size(&vec![one; held + 1]).1;
    assert!(over > CATALOG_PAGE_NODES_MAX, "{held}: {over}");
}

#[test]
fn a_dataset_larger_than_a_page_has_one_of_its_own() {
    let mut large = dataset(&"x".repeat(TEXT_BYTES_MAX), 0);
    large.descriptions = vec![large.descriptions[0].clone(); 130];
    assert!(size(std::slice::from_ref(&large)).0 > CATALOG_PAGE_BYTES_MAX);
    check(&large, 1);
    let small = dataset("short", 0);
    let page = wire::fill_page([small.clone(), large.clone()]);
    assert_eq!(page, std::slice::from_ref(&small));
    assert_eq!(wire::fill_page([large.clone(), small]), [large]);
}
