//! The catalog as peers see it: pages in both directions, filters, what is hidden, and what a
//! crawler need not read twice.

use causeway_dsp::catalog::Metadata;
use causeway_node::{InBatch, NewOffer};
use causeway_policy::Policy;
use causeway_store::Audience;
use causeway_types::limits::{CATALOG_PAGE_BYTES_MAX, PEER_RESPONSE_BYTES_MAX, TEXT_BYTES_MAX};
use causeway_types::{Content, DatasetId, LangText};
use futures_util::stream;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::bad_input::client;
use crate::world::{Running, World};

pub(crate) async fn content(node: &Running) -> Content {
    let body = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"a,b\n"))]);
    node.node.objects().ingest(body, None).await.unwrap()
}

pub(crate) fn offer(name: &str, content: Content) -> NewOffer {
    NewOffer {
        id: None,
        dataset_id: Some(DatasetId::parse(name.replace(' ', "-")).unwrap()),
        titles: vec![LangText::new("en", name).unwrap()],
        descriptions: Vec::new(),
        media_type: "text/csv".to_owned(),
        file_name: None,
        content,
        policy: Policy::open(),
        metadata: Metadata::default(),
        audience: Audience::Everyone,
        declaration: None,
        rules: Vec::new(),
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn datasets(&self) -> Vec<&str> {
        let datasets = self.body["dataset"].as_array().map_or(&[][..], Vec::as_slice);
        datasets.iter().map(|dataset| dataset["@id"].as_str().unwrap()).collect()
    }

    fn link(&self, relation: &str) -> Option<String> {
        let links = self.headers.get("link")?.to_str().unwrap();
        let end = format!(">; rel=\"{relation}\"");
        let link = links.split(", ").find_map(|link| link.strip_suffix(&end))?;
        Some(link.trim_start_matches('<').to_owned())
    }
}

/// Asks as `from` for a page of `to`'s catalog.
async fn ask(
    from: &Running,
    to: &Running,
    link: Option<&str>,
    filter: Option<Value>,
    headers: &[(&'static str, &str)],
) -> Answer {
    let mut message = json!({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "CatalogRequestMessage"
    });
    if let Some(filter) = filter {
        message["filter"] = filter;
    }
    let first = to.address.join("/dsp/2025-1/catalog/request");
    let token = from.node.directory().authorization(&to.id, from.node.now()).unwrap();
    let mut request = client().post(link.unwrap_or(&first)).header("authorization", token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.body(message.to_string()).send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.json().await.unwrap_or(Value::Null),
    }
}

#[tokio::test]
async fn a_catalog_is_read_page_by_page_in_both_directions() {
    let world = World::new().await;
    let content = content(&world.provider).await;
    let offers = (0..250).map(|n| Ok(offer(&format!("d{n:03}"), content))).collect();
    let outcomes = world.provider.node.publish_all(offers).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, InBatch::Published(_))));

    let (mut pages, mut link) = (Vec::new(), None);
    loop {
        let page = ask(&world.consumer, &world.provider, link.as_deref(), None, &[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        link = page.link("next");
        pages.push(page);
        if link.is_none() {
            break;
        }
    }
    let sizes: Vec<usize> = pages.iter().map(|page| page.datasets().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(pages[0].link("previous"), None);
    assert_eq!((pages[0].datasets()[0], pages[2].datasets()[49]), ("d000", "d249"));
    let back = pages[2].link("previous");
    let second = ask(&world.consumer, &world.provider, back.as_deref(), None, &[]).await;
    assert_eq!(second.body, pages[1].body);
    let forth = second.link("next");
    let third = ask(&world.consumer, &world.provider, forth.as_deref(), None, &[]).await;
    assert_eq!(third.body, pages[2].body);
    let back = second.link("previous");
    let first = ask(&world.consumer, &world.provider, back.as_deref(), None, &[]).await;
    assert_eq!((&first.body, first.link("previous")), (&pages[0].body, None));
}

/// Every page from a link on, by its bytes and datasets, in the direction of a relation.
async fn walk(
    world: &World,
    relation: &str,
    mut link: Option<String>,
) -> Vec<(usize, Vec<String>)> {
    let mut pages = Vec::new();
    loop {
        let page = ask(&world.consumer, &world.provider, link.as_deref(), None, &[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let datasets = page.datasets().into_iter().map(str::to_owned).collect();
        pages.push((page.body.to_string().len(), datasets));
        link = page.link(relation);
        if link.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_of_long_texts_stay_small_and_leave_nothing_out_in_either_direction() {
    let world = World::new().await;
    let content = content(&world.provider).await;
    let text = |n: usize| LangText::new(&format!("en-x-{n}"), &"x".repeat(TEXT_BYTES_MAX)).unwrap();
    let texts = |count: usize| (0..count).map(text).collect::<Vec<_>>();
    let names: Vec<String> = (0..42).map(|n| format!("d{n:02}")).collect();
    let offers = names.iter().enumerate().map(|(n, name)| {
        let mut offer = NewOffer { descriptions: texts(n), ..offer(name, content) };
        match n {
            // The largest there can be is larger than a page; it is there all the same.
            20 => (offer.titles, offer.descriptions) = (texts(64), texts(64)),
            41 => offer.descriptions.clear(),
            _ => {}
        }
        Ok(offer)
    });
    world.provider.node.publish_all(offers.collect()).await.unwrap();

    let forth = walk(&world, "next", None).await;
    let last = forth.len() - 1;
    assert!(last > 5, "{last}");
    for (bytes, datasets) in &forth {
        let alone = datasets.len() == 1 && datasets[0] == "d20";
        assert!(alone || *bytes < CATALOG_PAGE_BYTES_MAX + 1024, "{datasets:?}: {bytes}");
        assert!(*bytes < PEER_RESPONSE_BYTES_MAX / 2, "{datasets:?}: {bytes}");
    }
    let found = forth.iter().flat_map(|(_, datasets)| datasets.clone()).collect::<Vec<_>>();
    assert_eq!(found, names);

    // What lies before a place behind the last dataset is the whole catalog, backwards.
    let end = world.provider.address.join("/dsp/2025-1/catalog/request?before=1000000");
    let mut back = walk(&world, "previous", Some(end.to_string())).await;
    back.reverse();
    let found = back.iter().flat_map(|(_, datasets)| datasets.clone()).collect::<Vec<_>>();
    assert_eq!(found, names);
    assert!(back.iter().all(|(bytes, _)| *bytes < PEER_RESPONSE_BYTES_MAX / 2));

    // A peer of this program reads every page of it.
    let (mut read, mut next) = (Vec::new(), None);
    loop {
        let from = &world.consumer.node;
        let page = from.peer_catalog(&world.provider.id, next.as_deref()).await.unwrap();
        read.extend(page.catalog.datasets.iter().map(|dataset| dataset.id.to_string()));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(read, names);
}

#[tokio::test]
async fn what_a_party_may_not_see_does_not_exist_for_it() {
    let world = World::new().await;
    let content = content(&world.provider).await;
    let only = Audience::Only([world.consumer.id.clone()].into());
    let secret = NewOffer { audience: only, ..offer("secret", content) };
    let secret = world.provider.node.publish(secret, None).await.unwrap();
    world.provider.node.publish(offer("public", content), None).await.unwrap();

    let of_consumer = ask(&world.consumer, &world.provider, None, None, &[]).await;
    assert_eq!(of_consumer.datasets(), ["secret", "public"]);
    let of_stranger = ask(&world.stranger, &world.provider, None, None, &[]).await;
    assert_eq!(of_stranger.datasets(), ["public"]);

    let id = &secret.dataset_id;
    assert!(world.consumer.node.peer_dataset(&world.provider.id, id).await.is_ok());
    let hidden = world.stranger.node.peer_dataset(&world.provider.id, id).await.unwrap_err();
    let nothing = DatasetId::parse("nothing").unwrap();
    let missing = world.stranger.node.peer_dataset(&world.provider.id, &nothing).await.unwrap_err();
    assert_eq!(hidden.detail().replace("secret", "nothing"), missing.detail());

    let token = |from: &Running| {
        from.node.directory().authorization(&world.provider.id, from.node.now()).unwrap()
    };
    let request = json!({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "ContractRequestMessage",
        "consumerPid": "urn:uuid:consumer-1",
        "offer": { "@type": "Offer", "@id": secret.id.as_str(),
            "permission": [{ "action": "use" }] },
        "callbackAddress": "https://stranger.example/dsp"
    });
    let url = world.provider.address.join("/dsp/2025-1/negotiations/request");
    let asked = client().post(url).header("authorization", token(&world.stranger));
    assert_eq!(asked.body(request.to_string()).send().await.unwrap().status(), 404);
    assert!(world.provider.negotiations().await.is_empty());
    let negotiation = world.consumer.request(&world.provider, &secret).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;
}

#[tokio::test]
async fn a_filter_selects_and_one_that_is_not_understood_is_refused() {
    let world = World::new().await;
    let content = content(&world.provider).await;
    let about = |name: &str, theme: &str, place: &str| NewOffer {
        metadata: Metadata {
            themes: vec![theme.to_owned()],
            spatial: vec![place.to_owned()],
            ..Metadata::default()
        },
        ..offer(name, content)
    };
    let offers = vec![
        Ok(about("rain in kenya", "climate", "KE")),
        Ok(about("rain in zurich", "climate", "CH-ZH")),
        Ok(about("beds", "health", "KE")),
    ];
    world.provider.node.publish_all(offers).await.unwrap();
    for (filter, expected) in [
        (json!({ "text": "rain" }), &["rain-in-kenya", "rain-in-zurich"][..]),
        (json!([{ "text": "rain", "spatial": "CH" }]), &["rain-in-zurich"]),
        (json!({ "theme": "health", "format": "text/csv" }), &["beds"]),
        (json!({ "licence": "CC0-1.0" }), &[]),
        (json!([]), &["rain-in-kenya", "rain-in-zurich", "beds"]),
    ] {
        let page = ask(&world.consumer, &world.provider, None, Some(filter.clone()), &[]).await;
        assert_eq!((page.status, page.datasets()), (200, expected.to_vec()), "{filter}");
    }
    let page = ask(&world.consumer, &world.provider, None, Some(json!({ "color": "red" })), &[]);
    let page = page.await;
    assert_eq!((page.status, &page.body["@type"]), (400, &json!("CatalogError")));
    let reason = page.body["reason"][0].as_str().unwrap();
    assert!(reason.contains("color") && reason.contains("licence are supported"), "{reason}");
}

#[tokio::test]
async fn a_page_that_is_known_and_has_not_changed_is_not_sent_again() {
    let world = World::new().await;
    let content = content(&world.provider).await;
    world.provider.node.publish(offer("one", content), None).await.unwrap();
    let (from, to) = (&world.consumer, &world.provider);
    let page = ask(from, to, None, None, &[]).await;
    let tag = page.headers["etag"].to_str().unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let gzip = ask(from, to, None, None, &[("accept-encoding", "gzip")]).await;
    assert_eq!(gzip.headers["content-encoding"], "gzip");
    let tag_of_gzip = gzip.headers["etag"].to_str().unwrap();
    assert_ne!(tag_of_gzip, tag);
    for tag in [tag, tag_of_gzip] {
        let again = ask(from, to, None, None, &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.body), (304, Value::Null));
        assert!(again.headers.contains_key("etag"));
    }
    world.provider.node.publish(offer("two", content), None).await.unwrap();
    let changed = ask(from, to, None, None, &[("if-none-match", tag)]).await;
    assert_eq!((changed.status, changed.datasets().len()), (200, 2));
    assert_ne!(changed.headers["etag"].to_str().unwrap(), tag);
}

#[tokio::test]
async fn a_batch_publishes_what_can_be_and_can_be_sent_again() {
    let world = World::new().await;
    let node = &world.provider;
    let content = content(node).await;
    let content = json!({ "bytes": content.bytes(), "sha256": content.sha256().to_string(),
        "blake3": content.blake3().to_string() });
    let row =
        |id: &str, title: Value| json!({ "dataset_id": id, "title": title, "content": content });
    let title = json!({ "en": "Rain", "zh": "降雨" });
    let mut lost = row("lost", title.clone());
    lost["content"]["blake3"] = json!("0".repeat(64));
    let batch = json!({ "offers": [
        row("a", title.clone()), row("bad", json!({})), row("b", title.clone()), lost,
        row("a", title), { "unheard_of": 1 },
    ] });
    let send = async |batch: &Value| {
        let url = format!("{}/api/v1/offers/batch", node.management);
        let response = client().post(url).bearer_auth("operator").json(batch).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let outcomes = |answer: &Value| {
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|item| item["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (status, answer) = send(&batch).await;
    assert_eq!(status, 200, "{answer}");
    let expected = ["published", "refused", "published", "refused", "refused", "refused"];
    assert_eq!(outcomes(&answer), expected);
    assert!(answer["items"][1]["detail"].as_str().unwrap().contains("title"), "{answer}");
    let (_, answer) = send(&batch).await;
    let expected = ["unchanged", "refused", "unchanged", "refused", "unchanged", "refused"];
    assert_eq!(outcomes(&answer), expected);
    let many = vec![json!({}); 501];
    assert_eq!(send(&json!({ "offers": many })).await.0, 400);
}

#[tokio::test]
async fn a_file_need_not_be_sent_again_to_know_that_it_is_there() {
    let world = World::new().await;
    let content = content(&world.provider).await;
    let look = async |blake3: &str| {
        let url = format!("{}/api/v1/objects/{blake3}", world.provider.management);
        client().head(url).bearer_auth("operator").send().await.unwrap().status().as_u16()
    };
    assert_eq!(look(&content.blake3().to_string()).await, 200);
    assert_eq!(look(&"0".repeat(64)).await, 404);
    assert_eq!(look("no-digest").await, 400);
}
