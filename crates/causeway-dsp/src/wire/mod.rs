//! The only place that knows the JSON of the Dataspace Protocol 2025-1. Reading is tolerant,
//! writing has no options and yields exactly the official compact shape. Not a JSON-LD processor,
//! not the rules inside a policy (see `causeway_policy`) and not the protocol's logic.
//!
//! [`parse`] turns bytes into a [`Document`] within named limits; the `read_*` functions turn a
//! document into a domain value. What reading takes beyond the official shape:
//!
//! - names: prefixed (`dspace:`, `dcat:`, `odrl:`, `dct:`, `dcterms:`, `spdx:`, `edc:` and any
//!   prefix declared inline) and full IRIs;
//! - `@context`: one URL instead of an array, inline prefixes, or none at all, and then the names
//!   of DSP count;
//! - `@type`: an array, or missing where the place says what is meant;
//! - texts and ids: `{"@value": …}`, `{"@id": …}`, an array of one; `null` counts as missing;
//! - arrays: one value instead of many;
//! - the whole message: an array of one message, as JSON-LD expansion yields;
//! - other properties are ignored.
//!
//! Refused although JSON parsers take it, because two readers would see two contracts: one name
//! twice in an object, in the same or another spelling; a message of two types; a value that is
//! both `@value` and `@id`; a dataset or party of which only a part is meant. The contexts of other
//! protocol versions are refused because their names look the same and mean other rules.
//!
//! What peers really send, and what becomes of it, is in `tests/corpus/`.

mod build;
mod catalog;
mod content;
mod document;
mod error;
mod facts;
mod fields;
mod filter;
mod metadata;
mod negotiation;
mod offer;
mod page;
mod problems;
mod reason;
mod syntax;
mod terms;
mod texts;
mod transfer;
mod version;

pub use self::catalog::{
    Reading, read_catalog, read_catalog_request, read_dataset, write_catalog,
    write_catalog_request, write_dataset,
};
pub use self::document::{Document, parse, parse_answer};
pub use self::error::WireError;
pub use self::negotiation::{
    NegotiationAck, read_negotiation, read_negotiation_ack, read_negotiation_expecting,
    write_negotiation, write_negotiation_ack,
};
pub use self::offer::{read_agreement, read_offer, write_agreement, write_offer};
pub use self::page::fill_page;
pub use self::reason::{
    read_error, write_catalog_error, write_negotiation_error, write_transfer_error,
};
pub use self::transfer::{
    TransferAck, read_transfer, read_transfer_ack, read_transfer_expecting, write_transfer,
    write_transfer_ack,
};
pub use self::version::{read_version, write_version};

/// The one context of every message of this version (DSP 2025-1, Schemas & Contexts).
pub const CONTEXT: &str = "https://w3id.org/dspace/2025/1/context.jsonld";
