//! How much one page of a catalog holds, so that a peer with limits like ours can read it. Which
//! datasets these are, and what lies before and behind them, is the node's business.

use std::io::{self, Write};

use causeway_types::limits::{CATALOG_PAGE_BYTES_MAX, CATALOG_PAGE_MAX, CATALOG_PAGE_NODES_MAX};
use serde_json::Value;

use super::catalog::dataset_node;
use crate::catalog::Dataset;

/// Takes as many of these datasets, from the first on, as one page holds: at most
/// `CATALOG_PAGE_MAX`, with `CATALOG_PAGE_BYTES_MAX` bytes and `CATALOG_PAGE_NODES_MAX` members. A
/// dataset that is larger than a page has one of its own, since nobody would ever get past it
/// otherwise.
pub fn fill_page(datasets: impl IntoIterator<Item = Dataset>) -> Vec<Dataset> {
    let mut size = Size::default();
    let mut page = Vec::new();
    for dataset in datasets.into_iter().take(CATALOG_PAGE_MAX) {
        size.add(&dataset_node(&dataset));
        let fits = size.bytes <= CATALOG_PAGE_BYTES_MAX && size.nodes <= CATALOG_PAGE_NODES_MAX;
        if !fits && !page.is_empty() {
            break;
        }
        page.push(dataset);
    }
    page
}

/// What readers limit.
#[derive(Default)]
struct Size {
    bytes: usize,
    /// Members of all arrays and objects.
    nodes: usize,
}

impl Size {
    fn add(&mut self, value: &Value) {
        let mut length = Length(0);
        // It writes nowhere, so it cannot fail; and every key of a `Value` is a text.
        let _ = serde_json::to_writer(&mut length, value);
        self.bytes += length.0;
        self.nodes += 1 + members(value);
    }
}

/// A `Value` is written by us, at most `MESSAGE_DEPTH_MAX` deep.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len() + items.iter().map(members).sum::<usize>(),
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// Counts what is written and keeps nothing.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
