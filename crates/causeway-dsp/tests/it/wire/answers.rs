//! What peers really answer: catalogs, acknowledgements, errors and version documents in other
//! spellings, with entries that make no sense, or from something that does not speak DSP at all.

use causeway_dsp::catalog::{Catalog, Filter};
use causeway_dsp::wire::{self, Reading, WireError};
use causeway_dsp::{negotiation, transfer};
use causeway_types::Timestamp;
use serde_json::{Value, json};

fn catalog(datasets: Value) -> Result<Reading<Catalog>, String> {
    let catalog = json!({
        "@context": [wire::CONTEXT, "https://w3id.org/edc/dspace/v0.0.1"],
        "@type": "Catalog",
        "@id": "catalog-1",
        "participantId": "did:web:provider.example",
        "service": { "@id": "s-1", "@type": "DataService", "endpointURL": "https://p.example/" },
        "dataset": datasets,
    });
    let document = wire::parse_answer(catalog.to_string().as_bytes()).unwrap();
    wire::read_catalog(&document).map_err(|error| error.to_string())
}

fn dataset(id: &str) -> Value {
    json!({
        "@type": "Dataset",
        "@id": id,
        "hasPolicy": { "@type": "odrl:Offer", "@id": "o-1", "permission": { "action": "use" } },
        "distribution": {
            "@type": "dcat:Distribution",
            "dct:format": { "@id": "HttpData-PULL" },
            "accessService": "s-1",
        },
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

#[test]
fn datasets_of_nested_catalogs_are_listed_like_the_others() {
    let nested = json!({ "@type": "Catalog", "@id": "c-2", "dataset": dataset("d-2") });
    let deeper = json!({ "@type": "Catalog", "@id": "c-3", "catalog": [nested] });
    let reading = catalog(json!([dataset("d-1"), deeper])).unwrap();
    let ids: Vec<&str> = reading.value.datasets.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["d-1", "d-2"]);
    assert_eq!(reading.value.services[0].endpoint.as_ref().unwrap().as_str(), "https://p.example");
    assert_eq!(reading.problems, []);
}

#[test]
fn one_bad_entry_is_noted_and_does_not_hide_the_others() {
    let no_offer = with(dataset("d-2"), "hasPolicy", json!([]));
    let bad_rule = json!({ "@id": "o-2", "permission": [{ "action": 5 }] });
    let bad_offer = with(dataset("d-3"), "hasPolicy", json!([bad_rule, { "@id": "o-3" }]));
    let no_format = with(dataset("d-4"), "distribution", json!({ "accessService": "s-1" }));
    let service = json!({ "@id": "s-2", "endpointURL": "mailto:x" });
    let distribution = json!({ "format": "X", "accessService": service });
    let bad_service = with(dataset("d-5"), "distribution", distribution);
    let entries = json!([7, dataset("d-1"), no_offer, bad_offer, no_format, bad_service]);
    let reading = catalog(entries).unwrap();
    let ids: Vec<&str> = reading.value.datasets.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["d-1", "d-3", "d-5"]);
    // What is wrong inside a policy is told in the words of `causeway_policy`.
    let text = |problem: &WireError| match problem {
        WireError::Policy { pointer, .. } => format!("{pointer}: policy"),
        other => other.to_string(),
    };
    let problems: Vec<String> = reading.problems.iter().map(text).collect();
    assert_eq!(
        problems,
        [
            "/dataset/0: found a number, expected an object",
            "/dataset/2/hasPolicy: found nothing, expected at least one readable offer",
            "/dataset/3/hasPolicy/0: policy",
            "/dataset/4/distribution/format: found nothing, expected the kind of transfer",
            "/dataset/4/distribution: found nothing, expected at least one readable distribution",
            "/dataset/5/distribution/accessService/endpointURL: address: found the scheme \
         \"mailto\", expected http or https",
        ]
    );
}

#[test]
fn a_catalog_that_names_no_participant_is_refused() {
    let document = wire::parse_answer(br#"{"@type":"dcat:Catalog","@id":"c-1"}"#).unwrap();
    assert_eq!(
        wire::read_catalog(&document).unwrap_err().to_string(),
        "/participantId: found nothing, expected the provider's id"
    );
    let document = wire::parse_answer(br#"{"@type":"CatalogError","code":"404"}"#).unwrap();
    assert_eq!(
        wire::read_catalog(&document).unwrap_err().to_string(),
        "@type: found \"CatalogError\", expected Catalog"
    );
}

#[test]
fn titles_come_in_many_forms() {
    let check = |name: &str, value: Value, expected: &[(&str, &str)]| {
        let reading = catalog(with(dataset("d-1"), name, value)).unwrap();
        let titles = &reading.value.datasets[0].titles;
        let found: Vec<_> = titles.iter().map(|t| (t.language(), t.value())).collect();
        assert_eq!(found, expected, "{name}");
    };
    check("dct:title", json!("Harvest"), &[("und", "Harvest")]);
    check("dcterms:title", json!({ "@value": "Harvest" }), &[("und", "Harvest")]);
    let tagged = json!([{ "@language": "fr", "@value": "Récolte" }, "Harvest"]);
    check("http://purl.org/dc/terms/title", tagged, &[("fr", "Récolte"), ("und", "Harvest")]);
    let map = json!({ "en": "Harvest", "ru": "Урожай" });
    check("dct:title", map, &[("en", "Harvest"), ("ru", "Урожай")]);
    check("edc:name", json!("Harvest"), &[("und", "Harvest")]);
    check("title", json!("DSP defines no such name"), &[]);
    check("dct:title", json!([{ "@language": "no tag", "@value": "x" }, 5]), &[]);
}

#[test]
fn the_bytes_of_a_distribution_count_only_if_said_in_full() {
    let checksum = |algorithm: Value, digest: &str| {
        let algorithm = json!({ "spdx:algorithm": algorithm });
        with(algorithm, "spdx:checksumValue", json!(digest))
    };
    let sha256 = checksum(json!({ "@id": "spdx:checksumAlgorithm_sha256" }), &"aB".repeat(32));
    let blake3 = checksum(json!("spdx:checksumAlgorithm_blake3"), &"0f".repeat(32));
    let md5 = checksum(json!("spdx:checksumAlgorithm_md5"), &"0f".repeat(16));
    let check = |size: Value, checksums: Value, expected: Option<u64>| {
        let distribution = json!({
            "format": "X", "accessService": "s-1",
            "dcat:byteSize": size, "spdx:checksum": checksums,
        });
        let reading = catalog(with(dataset("d-1"), "distribution", distribution)).unwrap();
        let content = reading.value.datasets[0].distributions[0].content;
        assert_eq!(content.map(|c| c.bytes()), expected, "{checksums}");
        assert_eq!(reading.problems, []);
    };
    let both = json!([sha256, md5, blake3]);
    check(json!(42), both.clone(), Some(42));
    check(json!("42"), both.clone(), Some(42));
    check(json!({ "@value": "42.0", "@type": "xsd:decimal" }), both.clone(), Some(42));
    check(json!(42.5), both.clone(), None);
    check(json!(-1), both.clone(), None);
    check(json!(u64::MAX), both.clone(), None);
    check(json!("many"), both.clone(), None);
    check(json!(null), both, None);
    check(json!(42), json!([sha256]), None);
    check(json!(42), json!(blake3), None);
    check(json!(42), json!([sha256, checksum(json!("x_blake3"), "short")]), None);
    check(json!(42), json!(["text", 5, {}]), None);
}

#[test]
fn a_catalog_request_asks_for_a_selection_only_if_it_says_one() {
    let check = |message: Value, expected: Result<Filter, &str>| {
        let document = wire::parse(message.to_string().as_bytes()).unwrap();
        let read = wire::read_catalog_request(&document);
        let read = read.map(|r| r.filter).map_err(|error| error.to_string());
        assert_eq!(read, expected.map_err(str::to_owned), "{message}");
    };
    let request = |filter: Value| json!({ "@type": "CatalogRequestMessage", "filter": filter });
    let full = "https://w3id.org/dspace/2025/1/";
    let expanded = json!({ "@type": format!("{full}CatalogRequestMessage") });
    let all = Filter::default();
    check(with(expanded, &format!("{full}filter"), json!({})), Ok(all.clone()));
    check(json!({ "@type": "CatalogRequestMessage" }), Ok(all.clone()));
    check(request(json!([])), Ok(all.clone()));
    check(request(json!([{}])), Ok(all.clone()));
    let page = json!({ "@type": "edc:QuerySpec", "edc:offset": 0, "edc:limit": 50,
        "edc:filterExpression": [] });
    check(request(page.clone()), Ok(all));
    check(json!({}), Err("@type: found nothing, expected CatalogRequestMessage"));
    check(
        json!({ "@type": "Catalog" }),
        Err("@type: found \"Catalog\", expected CatalogRequestMessage"),
    );

    let at = |text: &str| Timestamp::parse(text).unwrap();
    let time = (at("2026-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z"));
    let filter = Filter {
        text: Some("降雨 rain*".to_owned()),
        format: Some("text/csv".to_owned()),
        time: Some(time),
        ..Filter::default()
    };
    let said = json!({ "text": "降雨 rain*", "format": "text/csv",
        "time": "2026-01-01T00:00:00Z/2027-01-01T00:59:59+01:00" });
    check(request(json!([said])), Ok(filter.clone()));
    check(request(said), Ok(filter));

    let supported = "text, theme, format, jurisdiction, time, spatial and licence are supported";
    let refuse = |filter: Value, found: &str| {
        check(request(filter), Err(&format!("{found}; {supported}")));
    };
    refuse(json!("color = 'red'"), "/filter: found a text, expected one object");
    refuse(json!([{}, {}]), "/filter: found 2 filters, expected one object");
    refuse(json!([{ "color": "red" }]), "/filter/0: found the member \"color\"");
    refuse(json!({ "text": 5 }), "/filter/text: found a number, expected a text");
    refuse(json!({ "theme": "" }), "/filter/theme: found 0 bytes, expected 1 to 1024");
    refuse(json!({ "theme": "a\0" }), "/filter/theme: found a control character");
    let period = "expected two times with a slash between";
    refuse(json!({ "time": "2026" }), &format!("/filter/time: found \"2026\", {period}"));
    let expression = with(page, "edc:filterExpression", json!([{ "a": 1 }]));
    refuse(json!([expression]), "/filter/0: found an expression of a QuerySpec");
}

#[test]
fn acknowledgements_may_lack_pids_but_need_a_public_state() {
    let check = |ack: Value, expected: &str| {
        let document = wire::parse_answer(ack.to_string().as_bytes()).unwrap();
        let found = match wire::read_negotiation_ack(&document) {
            Ok(ack) => ack.state.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{ack}");
    };
    let states = negotiation::State::ALL.map(negotiation::State::as_str).join(", ");
    check(json!({ "@type": "ContractNegotiation", "state": "REQUESTED" }), "REQUESTED");
    check(json!({ "state": { "@id": "dspace:AGREED" } }), "AGREED");
    check(
        json!({ "@type": "ContractNegotiation" }),
        &format!("/state: found nothing, expected {states}"),
    );
    check(
        json!({ "@type": "ContractNegotiation", "state": "OFFERING" }),
        &format!("/state: found \"OFFERING\", expected {states}"),
    );
    check(
        json!({ "@type": "TransferProcess", "state": "REQUESTED" }),
        "@type: found \"TransferProcess\", expected ContractNegotiation",
    );
    let document = wire::parse_answer(br#"{"@type":"TransferProcess","state":"STARTED"}"#).unwrap();
    let ack = wire::read_transfer_ack(&document).unwrap();
    assert_eq!((ack.state, ack.consumer_pid), (transfer::State::Started, None));
}

#[test]
fn whatever_a_peer_refuses_with_becomes_something_to_read() {
    for (body, expected) in [
        (r#"{"@type":"CatalogError","code":"404","reason":["gone"]}"#, "404: gone"),
        (r#"{"dspace:code":404,"dspace:reason":{"@value":"gone"}}"#, "404: gone"),
        (r#"{"reason":[{"de":"weg","en":"gone"},{"fr":"parti"}]}"#, "gone; parti"),
        (r#"{"reason":[{"message":"gone","path":1},{"x":1}]}"#, r#"gone; {"x":1}"#),
        (r#"{"code":"1","reason":null}"#, "1"),
        (r#"{"type":"about:blank","title":"Gone","detail":"long gone"}"#, "about:blank: long gone"),
        (r#"{"error":"invalid_token","error_description":"old"}"#, "invalid_token: old"),
        (r#"[{"message":"a","type":"T"},{"message":"b"}]"#, "T: a; b"),
        (r#"{"@type":"CatalogError"}"#, "CatalogError without code and reason"),
        (r#"{"x":1}"#, r#"{"x":1}"#),
        ("\"no\"", "no"),
        ("", ""),
        ("  502 Bad\r\n\tGateway\0 ", "502 Bad Gateway"),
        (r#"{"code":"1","code":"2"}"#, r#"{"code":"1","code":"2"}"#),
    ] {
        assert_eq!(wire::read_error(body.as_bytes()).to_string(), expected, "{body}");
    }
    let endless = vec![b'x'; 3_000_000];
    assert!(wire::read_error(&endless).to_string().len() <= 4096);
    assert_eq!(wire::read_error(&[0xff, 0xfe]).to_string(), "\u{fffd}\u{fffd}");
}

#[test]
fn a_version_document_keeps_the_entries_that_can_be_followed() {
    let check = |body: &str, expected: &str| {
        let found = match wire::read_version(body.as_bytes()) {
            Ok(versions) => versions
                .iter()
                .map(|v| format!("{} {} {}", v.version, v.path, v.binding))
                .collect::<Vec<_>>()
                .join("; "),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{body}");
    };
    let one = r#"{"version":"2025-1","path":"/2025-1","binding":"HTTPS","auth":{"a":1}}"#;
    check(&format!(r#"{{"protocolVersions":[{one}]}}"#), "2025-1 /2025-1 HTTPS");
    check(&format!(r#"{{"protocolVersions":{one},"@context":"x"}}"#), "2025-1 /2025-1 HTTPS");
    check(
        r#"{"protocolVersions":[{"version":"1"},7,{"version":"2","path":"@evil.example"}]}"#,
        "2 /@evil.example HTTPS",
    );
    for path in ["/?x", "/#x", "/\\\\x", "/a b"] {
        check(
            &format!(r#"{{"protocolVersions":[{{"version":"1","path":"{path}"}}]}}"#),
            "/protocolVersions: found 1 entries without a version and path, expected at least \
             one version with its path",
        );
    }
    check("{}", "/protocolVersions: found nothing, expected an array of versions");
    check("[]", "/protocolVersions: found an array, expected an array of versions");
}
