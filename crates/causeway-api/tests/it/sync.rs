//! Copies of peers' catalogs: from nodes, and from servers that misbehave in every way we could
//! think of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::Request;
use causeway_node::{CatalogSync, InBatch, SyncState};
use causeway_store::{Page, Selection};
use causeway_types::limits::{PEER_RESPONSE_BYTES_MAX, SYNC_BARREN_PAGES_MAX};
use causeway_types::{DatasetId, ParticipantId};
use futures_util::stream;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::bad_input::client;
use crate::catalog::{content, offer};
use crate::world::{Plan, Running, World, facing, participant};

const ALL: Page = Page { after: None, limit: 1_000 };

/// Copies a peer's catalog and waits until that has ended.
async fn copied(node: &Running, peer: &ParticipantId) -> CatalogSync {
    node.node.sync_catalog(peer).unwrap();
    node.until("the copy of a catalog", async || {
        let sync = node.node.catalog_sync(peer).await.unwrap()?;
        matches!(sync.state, SyncState::Complete | SyncState::Stopped).then_some(sync)
    })
    .await
}

async fn found(node: &Running, words: &str) -> Vec<String> {
    let text = Some(words.to_owned()).filter(|words| !words.is_empty());
    let selection = Selection { text, ..Selection::default() };
    let found = node.node.catalogs().search(&selection, None, ALL).await.unwrap();
    found.iter().map(|copy| copy.dataset.id.to_string()).collect()
}

async fn publish(node: &Running, names: impl IntoIterator<Item = String>) {
    let content = content(node).await;
    let offers = names.into_iter().map(|name| Ok(offer(&name, content))).collect();
    let outcomes = node.node.publish_all(offers).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, InBatch::Published(_))));
}

#[tokio::test]
async fn a_copied_catalog_is_searched_without_asking_anybody() {
    let world = World::new().await;
    publish(&world.provider, (0..250).map(|n| format!("rain{n:03}"))).await;
    publish(&world.stranger, ["snow".to_owned()]).await;
    let sync = copied(&world.consumer, &world.provider.id).await;
    assert_eq!((sync.state, sync.pages, sync.unchanged), (SyncState::Complete, 3, 0));
    assert_eq!((sync.datasets, sync.passed_over, sync.stopped), (250, 0, None));
    copied(&world.consumer, &world.stranger.id).await;
    world.consumer.network.cut(true);
    assert_eq!(found(&world.consumer, "").await.len(), 251);
    assert_eq!(found(&world.consumer, "rain249").await, ["rain249"]);
    assert_eq!(found(&world.consumer, "snow").await, ["snow"]);
    // Without the network the copy stays as it is, and it is told why.
    let sync = copied(&world.consumer, &world.provider.id).await;
    assert_eq!((sync.state, sync.datasets), (SyncState::Stopped, 250));
    assert!(sync.stopped.unwrap().contains("the network is cut"));
    assert_eq!(found(&world.consumer, "").await.len(), 251);
}

#[tokio::test]
async fn only_pages_that_changed_are_read_again() {
    let world = World::new().await;
    publish(&world.provider, (0..250).map(|n| format!("d{n:03}"))).await;
    let first = copied(&world.consumer, &world.provider.id).await;
    let second = copied(&world.consumer, &world.provider.id).await;
    assert_eq!((second.pages, second.unchanged, second.bytes), (3, 3, 0));
    assert_eq!(second.datasets, 250);
    assert!(second.complete_at > first.complete_at);
    publish(&world.provider, ["late".to_owned()]).await;
    let third = copied(&world.consumer, &world.provider.id).await;
    assert_eq!((third.pages, third.unchanged, third.datasets), (3, 2, 251));
    assert!(third.bytes > 0 && third.bytes < first.bytes);
    let id = DatasetId::parse("d249").unwrap();
    let offer = world.provider.node.store().offer_of_dataset(&id).await.unwrap().unwrap();
    world.provider.node.withdraw(&offer.value.id).await.unwrap();
    let fourth = copied(&world.consumer, &world.provider.id).await;
    assert_eq!((fourth.unchanged, fourth.datasets), (2, 250));
    assert_eq!(found(&world.consumer, "d249").await, [""; 0]);
    assert_eq!(found(&world.consumer, "late").await, ["late"]);
}

#[tokio::test]
async fn the_api_copies_searches_and_says_how_far_it_is() {
    let world = World::new().await;
    publish(&world.provider, (0..5).map(|n| format!("rain{n}"))).await;
    let call = async |method: http::Method, path: &str| {
        let url = format!("{}/api/v1{path}", world.consumer.management);
        let request = client().request(method, url).bearer_auth("operator");
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    let (get, post) = (http::Method::GET, http::Method::POST);
    let (status, problem) = call(get.clone(), "/peers/provider/sync").await;
    assert_eq!((status, &problem["code"]), (404, &json!("not-found")));
    let (status, _) = call(post.clone(), "/peers/nobody/sync").await;
    assert_eq!(status, 404);
    let (status, sync) = call(post, "/peers/provider/sync").await;
    assert_eq!(status, 202, "{sync}");
    copied(&world.consumer, &world.provider.id).await;
    let (status, sync) = call(get.clone(), "/peers/provider/sync").await;
    assert_eq!((status, &sync["state"], &sync["datasets"]), (200, &json!("complete"), &json!(5)));
    let (_, all) = call(get.clone(), "/catalogs").await;
    assert_eq!(all["items"], json!([sync]));

    let (status, first) = call(get.clone(), "/search?text=rain*&limit=3").await;
    assert_eq!((status, first["items"].as_array().unwrap().len()), (200, 3));
    let item = &first["items"][0];
    assert_eq!((&item["peer_name"], &item["dataset"]["id"]), (&json!("provider"), &json!("rain4")));
    let next = first["next"].as_str().unwrap();
    let (_, rest) = call(get.clone(), &format!("/search?text=rain*&limit=3&after={next}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    assert_eq!(rest.get("next").filter(|next| !next.is_null()), None);
    for (query, status) in [
        ("format=text/csv&peer=provider", 200),
        ("time=2026-01-01T00:00:00Z/2026-12-31T00:00:00Z", 200),
        ("peer=nobody", 404),
        ("text=", 400),
        ("limit=0", 400),
        ("limit=many", 400),
        ("after=x", 400),
        ("time=2026", 400),
        ("time=2026-12-31T00:00:00Z/2026-01-01T00:00:00Z", 400),
        ("words=rain", 400),
    ] {
        let (found, body) = call(get.clone(), &format!("/search?{query}")).await;
        assert_eq!(found, status, "{query}: {body}");
    }
}

/// A server that answers the n-th request, counted from 0, in some odd way.
async fn odd(answer: impl Fn(u64, &Request) -> Response<Body> + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (answer, count) = (Arc::new(answer), Arc::new(AtomicU64::new(0)));
    let handler = move |request: Request| {
        let response = answer(count.fetch_add(1, Ordering::SeqCst), &request);
        async move { response }
    };
    let router = axum::Router::new().fallback(handler);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn dataset(id: &str, title: &str) -> Value {
    json!({
        "@type": "Dataset",
        "@id": id,
        "dct:title": [{ "@language": "en", "@value": title }],
        "hasPolicy": [{
            "@type": "Offer",
            "@id": format!("offer-of-{id}"),
            "permission": [{ "action": "use" }],
        }],
        "distribution": [{ "@type": "Distribution", "format": "HttpData-PULL" }],
    })
}

fn page(datasets: &[Value], next: Option<&str>) -> Response<Body> {
    let body = json!({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "Catalog",
        "@id": "catalog",
        "participantId": participant("provider").as_str(),
        "dataset": datasets,
    });
    let mut response = Response::builder();
    if let Some(next) = next {
        response = response.header("link", format!("<{next}>; rel=\"next\""));
    }
    response.body(Body::from(body.to_string())).unwrap()
}

fn status(status: StatusCode) -> Response<Body> {
    Response::builder().status(status).body(Body::empty()).unwrap()
}

/// Copies the catalog of such a server: what is told, and what is found.
async fn copy_of(
    answer: impl Fn(u64, &Request) -> Response<Body> + Send + Sync + 'static,
) -> (CatalogSync, Vec<String>) {
    let node = facing(&odd(answer).await, Plan::default()).await;
    let sync = copied(&node, &participant("provider")).await;
    (sync, found(&node, "").await)
}

#[tokio::test]
async fn a_catalog_that_never_ends_is_left_and_what_was_read_is_kept() {
    let empty = |n: u64, _: &Request| page(&[], Some(&format!("/?page={n}")));
    let (sync, found) = copy_of(empty).await;
    assert_eq!((sync.state, sync.pages), (SyncState::Stopped, SYNC_BARREN_PAGES_MAX));
    assert!(sync.stopped.unwrap().contains("does not end"));
    assert_eq!(found, [""; 0]);

    let full = |n: u64, _: &Request| {
        let datasets: Vec<Value> = (0..100).map(|d| dataset(&format!("p{n}d{d}"), "x")).collect();
        page(&datasets, Some(&format!("/?page={n}")))
    };
    let (sync, found) = copy_of(full).await;
    assert_eq!((sync.state, sync.pages, sync.datasets), (SyncState::Stopped, 10, 1_000));
    let stopped = sync.stopped.unwrap();
    assert!(stopped.contains("catalog.peer_datasets_max"), "{stopped}");
    assert_eq!(found.len(), 1_000);

    let circle = |n: u64, _: &Request| {
        page(&[dataset(&format!("d{n}"), "x")], Some(&format!("/?page={}", n % 3)))
    };
    let (sync, _) = copy_of(circle).await;
    assert_eq!(sync.state, SyncState::Stopped);
    assert!(sync.stopped.unwrap().contains("that came before it"));
}

#[tokio::test]
async fn an_answer_of_a_gigabyte_is_not_read_to_its_end() {
    const GIGABYTE: u64 = 1024 * 1024 * 1024;
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let huge = move |_: u64, _: &Request| {
        let sent = Arc::clone(&counted);
        let slice = bytes::Bytes::from(vec![b' '; 1024 * 1024]);
        let slices = (0..GIGABYTE / slice.len() as u64).map(move |_| {
            sent.fetch_add(slice.len() as u64, Ordering::SeqCst);
            Ok::<_, std::io::Error>(slice.clone())
        });
        Response::new(Body::from_stream(stream::iter(slices)))
    };
    let (sync, _) = copy_of(huge).await;
    assert_eq!(sync.state, SyncState::Stopped);
    let stopped = sync.stopped.unwrap();
    assert!(stopped.contains(&PEER_RESPONSE_BYTES_MAX.to_string()), "{stopped}");
    // What the sockets of both sides hold has left it too.
    assert!(sent.load(Ordering::SeqCst) < GIGABYTE / 8);
}

#[tokio::test]
async fn ids_that_come_twice_and_entries_nobody_can_read_are_passed_over() {
    let answer = |n: u64, _: &Request| match n {
        0 => page(
            &[
                dataset("a", "first"),
                dataset("a", "second"),
                json!({ "@type": "Dataset", "@id": "no offer" }),
                dataset("long", &"x".repeat(1024 * 1024)),
                dataset("bidi", "\u{202e}evil\u{0}\u{7}"),
            ],
            Some("/?page=2"),
        ),
        _ => page(&[dataset("a", "third"), dataset("b", "last")], None),
    };
    let node = facing(&odd(answer).await, Plan::default()).await;
    let sync = copied(&node, &participant("provider")).await;
    assert_eq!((sync.state, sync.pages), (SyncState::Complete, 2));
    let ids = found(&node, "").await;
    assert!(ids.contains(&"a".to_owned()) && ids.contains(&"b".to_owned()), "{ids:?}");
    assert_eq!(ids.iter().filter(|id| *id == "a").count(), 1);
    assert!(sync.passed_over >= 3, "{sync:?}");
    assert_eq!(sync.datasets as usize, ids.len());
    assert_eq!(found(&node, "first").await, ["a"]);
    assert_eq!(found(&node, "second").await, [""; 0]);
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_and_one_that_refuses_is_not() {
    let recovers = |n: u64, _: &Request| match n {
        0 | 1 => status(StatusCode::SERVICE_UNAVAILABLE),
        2 => page(&[dataset("a", "x")], Some("/?page=2")),
        3 => {
            let mut busy = status(StatusCode::TOO_MANY_REQUESTS);
            busy.headers_mut().insert("retry-after", "0".parse().unwrap());
            busy
        }
        _ => page(&[dataset("b", "x")], None),
    };
    let (sync, found) = copy_of(recovers).await;
    assert_eq!((sync.state, sync.pages), (SyncState::Complete, 2));
    assert_eq!(found, ["a", "b"]);

    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let (sync, _) = copy_of(move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        status(StatusCode::UNAUTHORIZED)
    })
    .await;
    assert_eq!((sync.state, asked.load(Ordering::SeqCst)), (SyncState::Stopped, 1));
    let (sync, _) = copy_of(|_, _| status(StatusCode::BAD_GATEWAY)).await;
    assert!(sync.stopped.unwrap().contains("502"));
}

#[tokio::test]
async fn a_server_that_talks_nonsense_costs_one_request() {
    for body in ["", "<html>", "[]", "{\"@type\": \"Catalog\"}", "{\"a\":"] {
        let (sync, found) = copy_of(move |_, _| Response::new(Body::from(body))).await;
        assert_eq!((sync.state, sync.pages), (SyncState::Stopped, 0), "{body}");
        assert_eq!(found, [""; 0], "{body}");
    }
    let elsewhere = |_: u64, _: &Request| page(&[], Some("https://evil.example/next"));
    let (sync, _) = copy_of(elsewhere).await;
    assert!(sync.stopped.unwrap().contains("another server"));
    // Nobody asked whether the first page is unchanged.
    let (sync, _) = copy_of(|_, _| status(StatusCode::NOT_MODIFIED)).await;
    assert_eq!(sync.state, SyncState::Stopped);
    // A compressed answer that is not what it says.
    let (sync, _) = copy_of(|_, _| {
        let mut response = page(&[], None);
        response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        response
    })
    .await;
    assert!(sync.stopped.unwrap().contains("damaged"));
}

#[tokio::test]
async fn what_is_being_copied_is_not_copied_twice_and_ends_with_the_node() {
    let asked = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&asked);
    let silent = move |_: u64, _: &Request| {
        told.notify_one();
        Response::new(Body::from_stream(stream::pending::<std::io::Result<bytes::Bytes>>()))
    };
    let node = facing(&odd(silent).await, Plan::default()).await;
    let peer = participant("provider");
    node.node.sync_catalog(&peer).unwrap();
    asked.notified().await;
    let sync = node.node.sync_catalog(&peer).unwrap();
    assert_eq!((sync.state, sync.pages), (SyncState::Running, 0));
    assert_eq!(node.node.catalog_syncs().await.unwrap(), [sync]);
    node.node.stop().await;
    assert_eq!(node.node.catalog_sync(&peer).await.unwrap(), None);
}
