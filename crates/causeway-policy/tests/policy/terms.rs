//! Names and contexts: what resolves to what, and which contexts are refused.

use causeway_policy::{Contexts, Iri, Term};
use causeway_types::limits::URL_BYTES_MAX;
use serde_json::{Value, json};

use crate::{CATENAX, DSP, EDC};

fn check(context: &Value, name: &str, expected: &str) {
    let contexts = Contexts::read(Some(context)).unwrap();
    let term = contexts.resolve(name).unwrap();
    match expected.strip_prefix("opaque ") {
        Some(opaque) => {
            assert!(matches!(term, Term::Opaque(_)), "{context} {name}: {term:?}");
            assert_eq!(term.as_str(), opaque, "{context} {name}");
        }
        None => assert_eq!(term, Term::Iri(Iri::parse(expected).unwrap()), "{context} {name}"),
    }
}

#[test]
fn a_name_means_what_the_listed_contexts_say() {
    let dsp = json!([DSP]);
    let edc = json!([DSP, EDC]);
    let catenax = json!([DSP, EDC, CATENAX]);
    let v3 = json!({
        "@vocab": "https://w3id.org/edc/v0.0.1/ns/",
        "odrl": "http://www.w3.org/ns/odrl/2/",
    });
    let foreign = json!([DSP, "https://example.com/context.jsonld"]);
    let inline = json!([DSP, { "cx-policy": "https://w3id.org/catenax/2025/9/policy/" }]);
    for (context, name, expected) in [
        (&dsp, "use", "http://www.w3.org/ns/odrl/2/use"),
        (&dsp, "odrl:use", "http://www.w3.org/ns/odrl/2/use"),
        (&dsp, "http://www.w3.org/ns/odrl/2/use", "http://www.w3.org/ns/odrl/2/use"),
        (&dsp, "spatial", "http://www.w3.org/ns/odrl/2/spatial"),
        (&dsp, "odrl:somethingNew", "http://www.w3.org/ns/odrl/2/somethingNew"),
        (&dsp, "edc:region", "https://w3id.org/edc/v0.0.1/ns/region"),
        (&dsp, "xsd:dateTime", "http://www.w3.org/2001/XMLSchema#dateTime"),
        (&dsp, "inForceDate", "opaque inForceDate"),
        (&edc, "inForceDate", "https://w3id.org/edc/v0.0.1/ns/inForceDate"),
        (&edc, "Membership", "opaque Membership"),
        (&catenax, "Membership", "https://w3id.org/catenax/2025/9/policy/Membership"),
        (&catenax, "cx-policy:access", "https://w3id.org/catenax/2025/9/policy/access"),
        (&dsp, "cx-policy:access", "opaque cx-policy:access"),
        (&inline, "cx-policy:access", "https://w3id.org/catenax/2025/9/policy/access"),
        (&inline, "Membership", "opaque Membership"),
        (&v3, "region", "https://w3id.org/edc/v0.0.1/ns/region"),
        (&v3, "odrl:use", "http://www.w3.org/ns/odrl/2/use"),
        (&v3, "use", "https://w3id.org/edc/v0.0.1/ns/use"),
        (&foreign, "use", "http://www.w3.org/ns/odrl/2/use"),
        (&foreign, "region", "opaque region"),
        (&dsp, "urn:example:a", "urn:example:a"),
        (&dsp, "did:web:example.com", "did:web:example.com"),
        (&dsp, "x:y", "opaque x:y"),
        (&dsp, "_:b0", "opaque _:b0"),
        (&dsp, "odrl://host/x", "odrl://host/x"),
        (&dsp, "odrl:with space", "opaque http://www.w3.org/ns/odrl/2/with space"),
        (&dsp, "Use", "opaque Use"),
    ] {
        check(context, name, expected);
    }
}

#[test]
fn a_missing_context_is_the_one_of_the_specification() {
    for missing in [None, Some(&Value::Null)] {
        assert_eq!(Contexts::read(missing).unwrap(), Contexts::dsp());
    }
    assert_eq!(Contexts::read(Some(&json!(DSP))).unwrap(), Contexts::dsp());
}

#[test]
fn a_context_that_could_change_meanings_is_refused_with_the_reason() {
    for (context, reason) in [
        (json!(7), "found a number, expected a URL"),
        (json!([[DSP]]), "found an array"),
        (json!([DSP, { "use": { "@id": "odrl:read" } }]), "declaration \"use\""),
        (json!({ "use": "http://www.w3.org/ns/odrl/2/read" }), "declaration \"use\""),
        (json!({ "@base": "https://example.com/" }), "declaration \"@base\""),
        (json!({ "@import": "https://example.com/" }), "declaration \"@import\""),
        (json!({ "@vocab": "relative" }), "declaration \"@vocab\""),
        (json!({ "odrl": "https://evil.example/" }), "prefix \"odrl\" declared anew"),
        (json!({ "urn": "https://evil.example/" }), "prefix \"urn\" declared anew"),
        (json!({ "a:b": "https://example.com/" }), "declaration \"a:b\""),
        (Value::Array(vec![json!(DSP); 65]), "more than 64 entries"),
    ] {
        let error = Contexts::read(Some(&context)).unwrap_err().to_string();
        assert!(error.contains(reason), "{context}: {error}");
    }
}

#[test]
fn deceiving_and_endless_names_are_refused() {
    let contexts = Contexts::dsp();
    let long = "x".repeat(URL_BYTES_MAX + 1);
    for name in ["", "a\nb", "a\u{202e}b", "odrl:\u{0}", &long] {
        assert!(contexts.resolve(name).is_err(), "{name:?}");
    }
    for text in ["odrl:use", "use", "", "http://", "http://a b", "1http://x", "urn:"] {
        assert!(Iri::parse(text).is_err(), "{text}");
    }
}
