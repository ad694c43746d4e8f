//! Searching the offers: each driver finds exactly what the contract says.

use std::sync::Arc;

use causeway_dsp::catalog::Metadata;
use causeway_types::{LangText, ParticipantId, Role, Timestamp};

use super::aggregates::put;
use super::samples::{self, page};
use crate::{Audience, PublishedOffer, Selection, Store};

/// The names of what is found, which is also what the contract takes one by one.
async fn found(store: &dyn Store, selection: Selection) -> Vec<String> {
    let found = store.search_offers(&selection, samples::ALL).await.unwrap();
    let all = store.offers(samples::ALL, true).await.unwrap();
    let mut expected: Vec<_> =
        all.into_iter().filter(|offer| selection.takes(&offer.value)).collect();
    if selection.newest_first {
        expected.reverse();
    }
    assert_eq!(found, expected, "{selection:?}");
    found.iter().map(|offer| offer.value.id.to_string()).collect()
}

fn titled(name: &str, language: &str, title: &str) -> PublishedOffer {
    PublishedOffer {
        titles: vec![LangText::new(language, title).unwrap()],
        descriptions: vec![],
        ..samples::offer(name)
    }
}

fn described(name: &str, metadata: Metadata) -> PublishedOffer {
    PublishedOffer { metadata, ..samples::offer(name) }
}

async fn publish(store: &dyn Store, offers: Vec<PublishedOffer>) {
    for offer in offers {
        put(store, samples::put_offer(offer, None)).await;
    }
}

pub async fn offers_are_found_by_words_of_the_six_languages(store: Arc<dyn Store>) {
    let titles = [
        ("ar", "كميات الأمطار اليومية في المحطات"),
        ("en", "Daily rainfall at stations"),
        ("es", "Precipitación diaria en estaciones"),
        ("fr", "Précipitations journalières des stations"),
        ("ru", "Суточное количество осадков на станциях"),
        ("zh", "各气象站每日降雨量"),
    ];
    let offers = titles.map(|(language, title)| titled(language, language, title));
    publish(&*store, offers.into()).await;
    for (text, expected) in [
        ("الأمطار", &["ar"][..]),
        ("أمطار", &["ar"]),
        ("امطار يومية", &["ar"]),
        ("RAINFALL", &["en"]),
        ("stations", &["en", "fr"]),
        ("precipitacion", &["es"]),
        ("précipitations", &["fr"]),
        ("precip*", &["es", "fr"]),
        ("ОСАДКОВ", &["ru"]),
        ("осадк*", &["ru"]),
        ("降雨", &["zh"]),
        ("降雨量", &["zh"]),
        ("气象站 每日", &["zh"]),
        ("雨降", &[]),
        ("rainfall 降雨", &[]),
        ("rain", &[]),
        ("", &["ar", "en", "es", "fr", "ru", "zh"]),
    ] {
        let selection = Selection { text: Some(text.to_owned()), ..Selection::default() };
        assert_eq!(found(&*store, selection).await, expected, "{text}");
    }
}

pub async fn offers_are_found_by_what_they_are_filed_under(store: Arc<dyn Store>) {
    let metadata = |theme: &str, place: &str, licence: Option<&str>| Metadata {
        themes: vec![theme.to_owned(), "all".to_owned()],
        keywords: vec![format!("about {theme}")],
        spatial: vec![place.to_owned()],
        licence: licence.map(str::to_owned),
        jurisdiction: Some("ch-zh".to_owned()),
        ..Metadata::default()
    };
    let iri = "http://eurovoc.europa.eu/5482";
    publish(
        &*store,
        vec![
            described("a", metadata(iri, "de-by", Some("CC-BY-4.0"))),
            described("b", metadata("health", "KE", Some("CC0-1.0"))),
            described("c", metadata("health", "https://example.org/EU", None)),
            PublishedOffer { media_type: "Image/PNG".to_owned(), ..samples::offer("d") },
        ],
    )
    .await;
    let text = |text: &str| Some(text.to_owned());
    let all = Selection::default;
    for (selection, expected) in [
        (Selection { theme: text(iri), ..all() }, &["a"][..]),
        (Selection { theme: text("health"), ..all() }, &["b", "c"]),
        (Selection { theme: text("Health"), ..all() }, &[]),
        (Selection { theme: text("health"), spatial: text("ke"), ..all() }, &["b"]),
        (Selection { spatial: text("DE"), ..all() }, &["a"]),
        (Selection { spatial: text("DE-BY"), ..all() }, &["a"]),
        (Selection { spatial: text("DE-B"), ..all() }, &[]),
        (Selection { spatial: text("https://example.org/EU"), ..all() }, &["c"]),
        (Selection { licence: text("CC0-1.0"), ..all() }, &["b"]),
        (Selection { media_type: text("image/png; q=1"), ..all() }, &["d"]),
        (Selection { media_type: text("text/csv"), ..all() }, &["a", "b", "c"]),
        (Selection { jurisdiction: text("CH"), theme: text("all"), ..all() }, &["a", "b", "c"]),
        (Selection { text: text("about health"), ..all() }, &["b", "c"]),
        (Selection { text: text("rain"), theme: text("health"), ..all() }, &["b", "c"]),
    ] {
        assert_eq!(found(&*store, selection.clone()).await, expected, "{selection:?}");
        let newest_first = Selection { newest_first: true, ..selection };
        let mut backwards = expected.to_vec();
        backwards.reverse();
        assert_eq!(found(&*store, newest_first).await, backwards);
    }
}

pub async fn offers_are_found_by_the_time_they_are_about(store: Arc<dyn Store>) {
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let about = |name: &str, from: &str, to: &str| {
        let temporal = Some((at(from), at(to)));
        described(name, Metadata { temporal, ..Metadata::default() })
    };
    publish(
        &*store,
        vec![
            about("winter", "2024-12-01T00:00:00Z", "2025-02-28T23:59:59Z"),
            about("decade", "2010-01-01T00:00:00Z", "2019-12-31T23:59:59Z"),
            about("past", "1850-01-01T00:00:00Z", "1969-06-01T00:00:00Z"),
            about("always", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"),
            samples::offer("timeless"),
        ],
    )
    .await;
    for (from, to, expected) in [
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z", &["winter", "always"][..]),
        ("2025-02-28T23:59:59Z", "2025-12-31T00:00:00Z", &["winter", "always"]),
        ("2025-03-01T00:00:00Z", "2025-12-31T00:00:00Z", &["always"]),
        ("2019-01-01T00:00:00Z", "2024-12-31T00:00:00Z", &["winter", "decade", "always"]),
        ("1900-01-01T00:00:00Z", "1900-01-02T00:00:00Z", &["past", "always"]),
        ("1000-01-01T00:00:00Z", "2015-01-01T00:00:00Z", &["decade", "past", "always"]),
        ("2015-01-01T00:00:00Z", "2014-01-01T00:00:00Z", &["decade", "always"]),
    ] {
        let selection = Selection { temporal: Some((at(from), at(to))), ..Selection::default() };
        // A time that ends before it begins is taken as the contract compares it.
        assert_eq!(found(&*store, selection).await, expected, "{from} {to}");
    }
}

pub async fn a_party_finds_only_what_it_may_know_of(store: Arc<dyn Store>) {
    let party = |name: &str| ParticipantId::parse(format!("did:web:{name}.example")).unwrap();
    let only = |name: &str, parties: &[&str]| {
        let parties = parties.iter().map(|name| party(name)).collect();
        PublishedOffer { audience: Audience::Only(parties), ..samples::offer(name) }
    };
    // No name of a party stands for everyone.
    let star = ParticipantId::parse("*").unwrap();
    let star = PublishedOffer {
        audience: Audience::Only([star].into()),
        ..samples::offer("for-the-star")
    };
    publish(
        &*store,
        vec![
            only("for-a", &["a"]),
            samples::offer("for-all"),
            only("for-both", &["b", "a"]),
            only("for-nobody", &[]),
            only("for-both-too", &["a", "b"]),
            star,
        ],
    )
    .await;
    let gone = PublishedOffer { withdrawn_at: Some(samples::at(9)), ..only("for-a", &["a"]) };
    let see = |name: Option<&str>, withdrawn| Selection {
        visible_to: name.map(party),
        withdrawn,
        ..Selection::default()
    };
    let check = async |name, withdrawn, expected: &[&str]| {
        assert_eq!(found(&*store, see(name, withdrawn)).await, expected, "{name:?}");
    };
    check(Some("a"), false, &["for-a", "for-all", "for-both", "for-both-too"]).await;
    check(Some("b"), false, &["for-all", "for-both", "for-both-too"]).await;
    check(Some("stranger"), false, &["for-all"]).await;
    check(Some("*"), false, &["for-all"]).await;
    put(&*store, samples::put_offer(gone, Some(1))).await;
    check(Some("a"), false, &["for-all", "for-both", "for-both-too"]).await;
    check(Some("a"), true, &["for-a", "for-all", "for-both", "for-both-too"]).await;
    check(Some("b"), true, &["for-all", "for-both", "for-both-too"]).await;
    check(
        None,
        true,
        &["for-a", "for-all", "for-both", "for-nobody", "for-both-too", "for-the-star"],
    )
    .await;
    // What was for some is for everyone from now on.
    put(&*store, samples::put_offer(samples::offer("for-nobody"), Some(1))).await;
    check(Some("stranger"), false, &["for-all", "for-nobody"]).await;
}

pub async fn a_changed_offer_is_found_by_what_it_says_now(store: Arc<dyn Store>) {
    publish(&*store, vec![titled("a", "en", "Rain"), titled("b", "en", "Rain and snow")]).await;
    let text = |text: &str| Selection { text: Some(text.to_owned()), ..Selection::default() };
    assert_eq!(found(&*store, text("rain")).await, ["a", "b"]);
    put(&*store, samples::put_offer(titled("a", "en", "Hail"), Some(1))).await;
    assert_eq!(found(&*store, text("rain")).await, ["b"]);
    assert_eq!(found(&*store, text("hail")).await, ["a"]);
    // A write that is refused leaves the index as it was.
    let stale = samples::put_offer(titled("a", "en", "Rain"), Some(1));
    assert!(store.commit(samples::puts(vec![stale])).await.is_err());
    assert_eq!(found(&*store, text("rain")).await, ["b"]);
    let lost = samples::puts(vec![
        samples::put_offer(titled("c", "en", "Rain"), None),
        samples::put_offer(titled("a", "en", "Rain"), Some(1)),
    ]);
    assert!(store.commit(lost).await.is_err());
    assert_eq!(found(&*store, text("rain")).await, ["b"]);
}

pub async fn a_search_is_read_in_pages_both_ways(store: Arc<dyn Store>) {
    let offers = (0..7).map(|n| titled(&format!("x{n}"), "en", &format!("even{}", n % 2)));
    publish(&*store, offers.collect()).await;
    let party = samples::participant(Role::Consumer);
    let up = Selection {
        text: Some("even0".to_owned()),
        visible_to: Some(party),
        ..Selection::default()
    };
    let down = Selection { newest_first: true, ..up.clone() };
    let names = async |selection: &Selection, after, limit| {
        let found = store.search_offers(selection, page(after, limit)).await.unwrap();
        let names: Vec<String> = found.iter().map(|o| o.value.id.to_string()).collect();
        (names, found.last().map(|offer| offer.sequence))
    };
    let (first, last) = names(&up, None, 2).await;
    assert_eq!(first, ["x0", "x2"]);
    let (second, last) = names(&up, last, 2).await;
    assert_eq!(second, ["x4", "x6"]);
    assert_eq!(names(&up, last, 2).await.0, [""; 0]);
    let (newest, _) = names(&down, last, 2).await;
    assert_eq!(newest, ["x4", "x2"]);
    assert_eq!(names(&down, None, 9).await.0, ["x6", "x4", "x2", "x0"]);
    assert_eq!(names(&up, None, 0).await.0, [""; 0]);
}

pub async fn what_is_searched_for_is_never_read_as_an_expression(store: Arc<dyn Store>) {
    publish(&*store, vec![titled("a", "en", "Rain or shine"), titled("b", "en", "NEAR")]).await;
    for (text, expected) in [
        ("rain OR near", &[][..]),
        ("rain or", &["a"]),
        ("near", &["b"]),
        ("\"rain", &["a"]),
        ("facets : live", &[]),
        ("rain) OR (near", &[]),
        ("-rain ^or", &["a"]),
        ("'; drop table offer; --", &[]),
        ("\0", &["a", "b"]),
        ("*", &["a", "b"]),
        ("r*", &["a"]),
    ] {
        let selection = Selection { text: Some(text.to_owned()), ..Selection::default() };
        assert_eq!(found(&*store, selection).await, expected, "{text}");
        let theme = Selection { theme: Some(text.to_owned()), ..Selection::default() };
        assert_eq!(found(&*store, theme).await, [""; 0], "{text}");
    }
}
