//! Copies of catalogs: what every cache must do, and the macro that makes a test of each.

use std::sync::Arc;

use causeway_dsp::catalog::{Dataset, Distribution, Metadata};
use causeway_dsp::negotiation::Offer;
use causeway_types::{DatasetId, LangText, OfferId, ParticipantId, StatedFacts, Timestamp};

use super::samples;
use crate::{CatalogCache, NewPage, Reading, Run, Selection};

/// Makes one `#[tokio::test]` of each behaviour. The expression makes a fresh cache each time:
/// `(Arc<dyn CatalogCache>, guard)`.
#[macro_export]
macro_rules! cache_suite {
    ($make:expr) => {
        $crate::suite! { @each $make;
            a_page_of_a_catalog_is_known_by_its_place,
            a_page_that_changed_is_replaced,
            what_a_complete_run_did_not_meet_is_gone,
            a_run_that_stopped_early_loses_nothing,
            an_id_that_comes_twice_keeps_its_first_copy,
            a_dataset_may_move_to_another_page,
            catalogs_of_peers_do_not_touch_each_other,
            copies_are_found_like_offers,
            copies_are_read_in_pages_both_ways,
            a_forgotten_peer_leaves_nothing,
            the_last_readings_are_known,
        }
    };
}

fn party(name: &str) -> ParticipantId {
    ParticipantId::parse(format!("did:web:{name}.example")).unwrap()
}

fn run(peer: &str, at: u64) -> Run {
    Run { peer: party(peer), at: samples::at(at) }
}

/// A dataset with everything a catalog can say of it.
pub fn dataset(id: &str, title: &str) -> Dataset {
    let offer = samples::offer(id);
    Dataset {
        id: DatasetId::parse(id).unwrap(),
        titles: vec![LangText::new("en", title).unwrap(), LangText::new("zh", "降雨量").unwrap()],
        descriptions: vec![LangText::new("ar", "سطر\nآخر").unwrap()],
        metadata: Metadata {
            themes: vec!["climate".to_owned()],
            keywords: vec![format!("about {id}")],
            licence: Some("CC-BY-4.0".to_owned()),
            spatial: vec!["KE".to_owned(), "CH-ZH".to_owned()],
            temporal: Some((samples::at(0), samples::at(3600))),
            jurisdiction: None,
        },
        offers: vec![Offer {
            id: OfferId::parse(format!("offer-of-{id}")).unwrap(),
            target: None,
            assigner: None,
            assignee: None,
            content: None,
            policy: samples::policy(),
            facts: StatedFacts::new(),
        }],
        distributions: vec![Distribution {
            format: "HttpData-PULL".to_owned(),
            media_type: Some("text/csv".to_owned()),
            access_service: None,
            content: Some(offer.content),
        }],
    }
}

fn page(place: &str, next: Option<&str>, titles: &[(&str, &str)]) -> NewPage {
    NewPage {
        place: place.to_owned(),
        tag: Some(format!("\"{place}\"")),
        next: next.map(str::to_owned),
        datasets: titles.iter().map(|(id, title)| dataset(id, title)).collect(),
    }
}

fn reading(run: &Run, stopped: Option<&str>) -> Reading {
    Reading {
        run: run.clone(),
        ended_at: run.at.plus_millis(500),
        pages: 3,
        unchanged: 1,
        bytes: 4096,
        passed_over: 2,
        stopped: stopped.map(str::to_owned),
    }
}

/// The ids and titles of everything that a search without conditions finds.
async fn all(cache: &dyn CatalogCache) -> Vec<(String, String)> {
    let found = cache.search(&Selection::default(), None, samples::ALL).await.unwrap();
    let name = |d: &Dataset| (d.id.to_string(), d.titles[0].value().to_owned());
    found.iter().map(|copy| name(&copy.dataset)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, title)| ((*id).to_owned(), (*title).to_owned())).collect()
}

/// Puts the pages in order and ends the run.
async fn read(cache: &dyn CatalogCache, run: &Run, pages: Vec<NewPage>, stopped: Option<&str>) {
    for page in pages {
        cache.put_page(run, page).await.unwrap();
    }
    cache.end_run(reading(run, stopped)).await.unwrap();
}

pub async fn a_page_of_a_catalog_is_known_by_its_place(cache: Arc<dyn CatalogCache>) {
    let first = run("a", 1);
    let taken = cache.put_page(&first, page("p1", Some("p2"), &[("x", "X"), ("y", "Y")])).await;
    assert_eq!(taken, Ok(2));
    let known = cache.page(&first.peer, "p1").await.unwrap().unwrap();
    assert_eq!(known.tag.as_deref(), Some("\"p1\""));
    assert_eq!(known.next.as_deref(), Some("p2"));
    assert_eq!(known.datasets, 2);
    assert_eq!(cache.page(&first.peer, "p2").await, Ok(None));
    assert_eq!(cache.page(&party("b"), "p1").await, Ok(None));
    let untagged = NewPage { tag: None, ..page("p2", None, &[]) };
    assert_eq!(cache.put_page(&first, untagged).await, Ok(0));
    let known = cache.page(&first.peer, "p2").await.unwrap().unwrap();
    assert_eq!((known.tag, known.next, known.datasets), (None, None, 0));
    // What is read back is what was put in, to the last member.
    let found = cache.search(&Selection::default(), None, samples::ALL).await.unwrap();
    assert_eq!(found[0].dataset, dataset("x", "X"));
    assert_eq!((&found[0].peer, found[0].read_at), (&first.peer, first.at));
}

pub async fn a_page_that_changed_is_replaced(cache: Arc<dyn CatalogCache>) {
    let before = page("p1", None, &[("x", "X"), ("y", "Y"), ("z", "Z")]);
    read(&*cache, &run("a", 1), vec![before], None).await;
    let after = page("p1", None, &[("x", "X"), ("z", "Z again"), ("w", "W")]);
    read(&*cache, &run("a", 2), vec![after], None).await;
    assert_eq!(all(&*cache).await, pairs(&[("x", "X"), ("z", "Z again"), ("w", "W")]));
    let text = |text: &str| Selection { text: Some(text.to_owned()), ..Selection::default() };
    for (words, count) in [("again", 1), ("y", 0), ("about w", 1), ("about z", 1)] {
        let found = cache.search(&text(words), None, samples::ALL).await.unwrap();
        assert_eq!(found.len(), count, "{words}");
    }
}

pub async fn what_a_complete_run_did_not_meet_is_gone(cache: Arc<dyn CatalogCache>) {
    let pages = vec![
        page("p1", Some("p2"), &[("a", "A")]),
        page("p2", Some("p3"), &[("b", "B")]),
        page("p3", None, &[("c", "C")]),
    ];
    read(&*cache, &run("a", 1), pages, None).await;
    let second = run("a", 2);
    cache.keep_page(&second, "p1").await.unwrap();
    cache.keep_page(&second, "nowhere").await.unwrap();
    cache.put_page(&second, page("p3", None, &[("c", "C2")])).await.unwrap();
    // Until the run ends, nothing is missing.
    assert_eq!(all(&*cache).await, pairs(&[("a", "A"), ("b", "B"), ("c", "C2")]));
    cache.end_run(reading(&second, None)).await.unwrap();
    assert_eq!(all(&*cache).await, pairs(&[("a", "A"), ("c", "C2")]));
    assert_eq!(cache.page(&second.peer, "p2").await, Ok(None));
    let found = cache.search(&Selection::default(), None, samples::ALL).await.unwrap();
    assert!(found.iter().all(|copy| copy.read_at == second.at));
}

pub async fn a_run_that_stopped_early_loses_nothing(cache: Arc<dyn CatalogCache>) {
    let first = page("p1", Some("p2"), &[("a", "A"), ("moves", "M")]);
    read(&*cache, &run("a", 1), vec![first, page("p2", None, &[("b", "B")])], None).await;
    let second = vec![page("p1", Some("p2"), &[("a", "A2"), ("n", "N")])];
    read(&*cache, &run("a", 2), second, Some("the peer is gone")).await;
    let expected = [("a", "A2"), ("moves", "M"), ("b", "B"), ("n", "N")];
    assert_eq!(all(&*cache).await, pairs(&expected));
    let found = cache.search(&Selection::default(), None, samples::ALL).await.unwrap();
    let times: Vec<Timestamp> = found.iter().map(|copy| copy.read_at).collect();
    assert_eq!(times, [2, 1, 1, 2].map(samples::at));
    // The next run that reaches the end clears up.
    let third = run("a", 3);
    cache.keep_page(&third, "p1").await.unwrap();
    cache.keep_page(&third, "p2").await.unwrap();
    cache.end_run(reading(&third, None)).await.unwrap();
    assert_eq!(all(&*cache).await, pairs(&[("a", "A2"), ("b", "B"), ("n", "N")]));
}

pub async fn an_id_that_comes_twice_keeps_its_first_copy(cache: Arc<dyn CatalogCache>) {
    for at in [1, 2] {
        let run = run("a", at);
        let first = page("p1", Some("p2"), &[("x", "first"), ("x", "second")]);
        assert_eq!(cache.put_page(&run, first).await, Ok(1));
        let second = page("p2", None, &[("x", "third"), ("y", "Y")]);
        assert_eq!(cache.put_page(&run, second).await, Ok(1));
        cache.end_run(reading(&run, None)).await.unwrap();
        assert_eq!(all(&*cache).await, pairs(&[("x", "first"), ("y", "Y")]), "run {at}");
        // Should the first copy go, the page with the second must be read again.
        for place in ["p1", "p2"] {
            let known = cache.page(&run.peer, place).await.unwrap().unwrap();
            assert_eq!(known.tag, None, "{place}");
        }
    }
}

pub async fn a_dataset_may_move_to_another_page(cache: Arc<dyn CatalogCache>) {
    let before =
        vec![page("p1", Some("p2"), &[("a", "A"), ("b", "B")]), page("p2", None, &[("c", "C")])];
    read(&*cache, &run("a", 1), before, None).await;
    let after =
        vec![page("p1", Some("p2"), &[("a", "A"), ("c", "C")]), page("p2", None, &[("b", "B")])];
    read(&*cache, &run("a", 2), after, None).await;
    assert_eq!(all(&*cache).await, pairs(&[("a", "A"), ("b", "B"), ("c", "C")]));
}

pub async fn catalogs_of_peers_do_not_touch_each_other(cache: Arc<dyn CatalogCache>) {
    read(&*cache, &run("a", 1), vec![page("p1", None, &[("x", "of a")])], None).await;
    read(&*cache, &run("b", 1), vec![page("p1", None, &[("x", "of b")])], None).await;
    assert_eq!(all(&*cache).await, pairs(&[("x", "of a"), ("x", "of b")]));
    read(&*cache, &run("b", 2), vec![page("p1", None, &[])], None).await;
    assert_eq!(all(&*cache).await, pairs(&[("x", "of a")]));
}

pub async fn copies_are_found_like_offers(cache: Arc<dyn CatalogCache>) {
    let bare = Dataset {
        metadata: Metadata::default(),
        distributions: vec![Distribution {
            media_type: None,
            ..dataset("d", "Bare").distributions.remove(0)
        }],
        ..dataset("d", "Bare")
    };
    let of_a = NewPage {
        datasets: vec![dataset("a", "Rain"), bare, dataset("b", "Snow")],
        ..page("p1", None, &[])
    };
    read(&*cache, &run("a", 1), vec![of_a], None).await;
    read(&*cache, &run("b", 1), vec![page("p1", None, &[("c", "Rain and snow")])], None).await;
    let text = |text: &str| Some(text.to_owned());
    let none = Selection::default;
    for (selection, peer, expected) in [
        (none(), None, &["a", "d", "b", "c"][..]),
        (Selection { text: text("rain"), ..none() }, None, &["a", "c"]),
        (Selection { text: text("rain"), ..none() }, Some("b"), &["c"]),
        (Selection { text: text("rain"), ..none() }, Some("nobody"), &[]),
        (Selection { text: text("降雨"), ..none() }, None, &["a", "d", "b", "c"]),
        (Selection { text: text("sn*"), newest_first: true, ..none() }, None, &["c", "b"]),
        (Selection { theme: text("climate"), ..none() }, Some("a"), &["a", "b"]),
        (Selection { spatial: text("ch"), ..none() }, None, &["a", "b", "c"]),
        (Selection { media_type: text("TEXT/CSV"), ..none() }, None, &["a", "b", "c"]),
        (Selection { licence: text("CC0-1.0"), ..none() }, None, &[]),
        (
            Selection { temporal: Some((samples::at(9), samples::at(10))), ..none() },
            None,
            &["a", "b", "c"],
        ),
        (Selection { temporal: Some((samples::at(9000), samples::at(9001))), ..none() }, None, &[]),
        (Selection { text: text("rain) OR (snow"), ..none() }, None, &[]),
    ] {
        let peer = peer.map(party);
        let found = cache.search(&selection, peer.as_ref(), samples::ALL).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|copy| copy.dataset.id.as_str()).collect();
        assert_eq!(ids, expected, "{selection:?} {peer:?}");
    }
}

pub async fn copies_are_read_in_pages_both_ways(cache: Arc<dyn CatalogCache>) {
    let titles: Vec<(String, String)> =
        (0..7).map(|n| (format!("x{n}"), format!("even{}", n % 2))).collect();
    let titles: Vec<(&str, &str)> = titles.iter().map(|(i, t)| (i.as_str(), t.as_str())).collect();
    read(&*cache, &run("a", 1), vec![page("p1", None, &titles)], None).await;
    let up = Selection { text: Some("even0".to_owned()), ..Selection::default() };
    let down = Selection { newest_first: true, ..up.clone() };
    let names = async |selection: &Selection, after, limit| {
        let found = cache.search(selection, None, samples::page(after, limit)).await.unwrap();
        let names: Vec<String> = found.iter().map(|copy| copy.dataset.id.to_string()).collect();
        (names, found.last().map(|copy| copy.sequence))
    };
    let (first, last) = names(&up, None, 3).await;
    assert_eq!(first, ["x0", "x2", "x4"]);
    assert_eq!(names(&up, last, 3).await.0, ["x6"]);
    assert_eq!(names(&down, last, 3).await.0, ["x2", "x0"]);
    assert_eq!(names(&down, None, 2).await.0, ["x6", "x4"]);
    assert_eq!(names(&up, None, 0).await.0, [""; 0]);
}

pub async fn a_forgotten_peer_leaves_nothing(cache: Arc<dyn CatalogCache>) {
    read(&*cache, &run("a", 1), vec![page("p1", None, &[("x", "X")])], None).await;
    read(&*cache, &run("b", 1), vec![page("p1", None, &[("y", "Y")])], None).await;
    cache.forget(&party("a")).await.unwrap();
    cache.forget(&party("nobody")).await.unwrap();
    assert_eq!(all(&*cache).await, pairs(&[("y", "Y")]));
    assert_eq!(cache.page(&party("a"), "p1").await, Ok(None));
    assert_eq!(cache.catalog(&party("a")).await, Ok(None));
    assert_eq!(cache.catalogs().await.unwrap().len(), 1);
}

pub async fn the_last_readings_are_known(cache: Arc<dyn CatalogCache>) {
    assert_eq!(cache.catalogs().await, Ok(Vec::new()));
    read(&*cache, &run("b", 1), vec![page("p1", None, &[("x", "X")])], Some("too slow")).await;
    let b = cache.catalog(&party("b")).await.unwrap().unwrap();
    assert_eq!(b.reading, reading(&run("b", 1), Some("too slow")));
    assert_eq!((b.complete_at, b.datasets), (None, 1));
    read(&*cache, &run("a", 2), vec![page("p1", None, &[("x", "X"), ("y", "Y")])], None).await;
    read(&*cache, &run("a", 3), Vec::new(), Some("gone")).await;
    let known = cache.catalogs().await.unwrap();
    let peers: Vec<_> = known.iter().map(|known| &known.reading.run.peer).collect();
    assert_eq!(peers, [&party("a"), &party("b")]);
    assert_eq!(known[0].reading, reading(&run("a", 3), Some("gone")));
    assert_eq!((known[0].complete_at, known[0].datasets), (Some(samples::at(2)), 2));
}
