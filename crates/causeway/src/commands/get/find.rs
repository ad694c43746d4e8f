//! What `get` is asked for, and what the node already has of it: a transfer, an agreement, a
//! negotiation under way. The node's own records come first, so that a transfer can be picked up
//! while its peer is away.

use causeway_types::limits::CATALOG_PAGES_READ_MAX;
use serde_json::{Value, json};

use super::super::catalog;
use super::super::watch::is_final;
use crate::client::{Client, pick, segment};
use crate::config::keys::nearest;
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{items, optional, same_id, short, text};

/// A dataset of a peer, and the offer if one was named.
pub(super) struct Wanted {
    peer: String,
    dataset_id: String,
    offer_id: Option<String>,
}

/// What the node already has, the furthest first.
pub(super) enum Found {
    Transfer(Value),
    Agreement(Value),
    Negotiation(Value),
    Nothing,
}

impl Wanted {
    /// Finds the dataset in the node's records, else in the peer's catalog.
    pub(super) async fn find(client: &Client, peer: &str, id: &str) -> Outcome<Self> {
        let peer = participant_id(client, peer).await?;
        let mut known = Vec::new();
        for collection in ["/negotiations", "/agreements"] {
            let list = client.list(collection).await?;
            for item in items(&list).iter().filter(|item| is_ours(item, &peer)) {
                known.extend(names(text(item, "dataset_id"), optional(item, "offer_id")));
            }
        }
        if let Some(found) = pick(known.iter(), id)? {
            return Ok(Self::of(peer, found));
        }
        let listed = listed(client, &peer, id).await?;
        match pick(listed.iter(), id)? {
            Some(found) => Ok(Self::of(peer, found)),
            None => {
                let text = format!("the catalog of {peer} has no offer or dataset {id:?}");
                let hint = format!("list it with: causeway catalog {peer} --all");
                Err(Failure::new(Exit::NotFound, text).hint(hint))
            }
        }
    }

    fn of(peer: String, found: &Value) -> Self {
        let dataset_id = text(found, "dataset").to_owned();
        Self { peer, dataset_id, offer_id: optional(found, "offer").map(str::to_owned) }
    }

    /// The body of `POST /negotiations`.
    pub(super) fn request(&self) -> Value {
        let mut body = json!({ "peer": self.peer, "dataset_id": self.dataset_id });
        if let Some(offer) = &self.offer_id {
            body["offer_id"] = offer.as_str().into();
        }
        body
    }

    fn is_meant(&self, item: &Value) -> bool {
        is_ours(item, &self.peer) && same_id(text(item, "dataset_id"), &self.dataset_id)
    }
}

/// What the node has of it; of several the newest.
pub(super) async fn existing(client: &Client, wanted: &Wanted) -> Outcome<Found> {
    let last = |list: &Value, fits: &dyn Fn(&Value) -> bool| {
        let meant = |item: &&Value| wanted.is_meant(item) && fits(item);
        items(list).iter().filter(meant).max_by_key(|item| created(item)).cloned()
    };
    let transfers = client.list("/transfers").await?;
    let is_useful = |item: &Value| !item["outcome"].is_null() || !is_final(item);
    if let Some(transfer) = last(&transfers, &is_useful) {
        return Ok(Found::Transfer(transfer));
    }
    let agreements = client.list("/agreements").await?;
    let negotiations = client.list("/negotiations").await?;
    // An agreement holds only once its negotiation is finalized.
    let is_finalized = |agreement: &Value| {
        let id = text(agreement, "negotiation_id");
        items(&negotiations)
            .iter()
            .any(|n| same_id(text(n, "id"), id) && text(n, "state") == "FINALIZED")
    };
    if let Some(agreement) = last(&agreements, &is_finalized) {
        return Ok(Found::Agreement(agreement));
    }
    let is_open = |item: &Value| !is_final(item);
    Ok(last(&negotiations, &is_open).map_or(Found::Nothing, Found::Negotiation))
}

fn created(item: &Value) -> String {
    optional(item, "created_at").unwrap_or(text(item, "concluded_at")).to_owned()
}

fn is_ours(item: &Value, peer: &str) -> bool {
    text(item, "role") == "consumer" && text(item, "peer") == peer
}

/// Both names under which a dataset can be asked for. A dataset's own name says nothing about the
/// offer.
fn names<'a>(dataset: &str, offers: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    if dataset.is_empty() {
        return Vec::new();
    }
    let of_offer = |offer| json!({ "id": offer, "dataset": dataset, "offer": offer });
    let of_dataset = json!({ "id": dataset, "dataset": dataset });
    std::iter::once(of_dataset).chain(offers.into_iter().map(of_offer)).collect()
}

/// The names in the peer's catalog. A complete dataset id is asked for directly.
async fn listed(client: &Client, peer: &str, id: &str) -> Outcome<Vec<Value>> {
    let path = format!("/peers/{}/datasets/{}", segment(peer), segment(id));
    if let Ok(dataset) = client.get(&path).await {
        return Ok(names_of_dataset(&dataset));
    }
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..CATALOG_PAGES_READ_MAX {
        let page = catalog::page(client, peer, next.as_deref()).await?;
        all.extend(catalog::datasets(&page).iter().flat_map(names_of_dataset));
        let is_found = all.iter().any(|name| same_id(text(name, "id"), id));
        next = optional(&page, "next").map(str::to_owned);
        if is_found || next.is_none() {
            break;
        }
    }
    Ok(all)
}

fn names_of_dataset(dataset: &Value) -> Vec<Value> {
    let offers = dataset["offers"].as_array().into_iter().flatten();
    names(text(dataset, "id"), offers.map(|offer| text(offer, "id")))
}

async fn participant_id(client: &Client, wanted: &str) -> Outcome<String> {
    let peers = client.get("/peers").await?;
    let peers = items(&peers);
    let is_meant = |peer: &&Value| {
        text(peer, "name") == wanted
            || same_id(text(peer, "participant_id"), wanted)
            || text(peer, "address") == wanted.trim_end_matches('/')
    };
    if let Some(peer) = peers.iter().find(is_meant) {
        return Ok(text(peer, "participant_id").to_owned());
    }
    let names = peers.iter().map(|peer| text(peer, "name"));
    let failure = Failure::new(Exit::NotFound, format!("there is no peer {wanted:?}"));
    Err(match nearest(short(wanted), names) {
        Some(name) => failure.hint(format!("did you mean {name}?")),
        None => failure.hint("list them with: causeway peer list"),
    })
}
