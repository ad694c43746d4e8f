//! Answers as large as a peer may make them, built to cost the reader much for each byte: none may
//! take more work or memory than a small multiple of its size. There is no clock here; a reader
//! that does not stop where it should makes these tests run for minutes or out of memory.

use causeway_dsp::wire;
use causeway_types::limits::{
    CONTEXT_ENTRIES_MAX, MESSAGE_NODES_MAX, PEER_RESPONSE_BYTES_MAX, READING_PROBLEMS_MAX,
};

/// A catalog under `context` with `rest` among its members.
fn catalog(context: &str, rest: &str) -> Vec<u8> {
    let text = format!(
        r#"{{"@context":{context},"@type":"Catalog","@id":"c","participantId":"p",{rest}}}"#
    );
    assert!(text.len() <= PEER_RESPONSE_BYTES_MAX, "{} bytes", text.len());
    text.into_bytes()
}

fn check(answer: &[u8], datasets: usize, problems: usize) {
    let reading = wire::read_catalog(&wire::parse_answer(answer).unwrap()).unwrap();
    assert_eq!((reading.value.datasets.len(), reading.problems.len()), (datasets, problems));
    let longest = reading.problems.iter().map(|problem| problem.to_string().len()).max();
    assert!(longest.unwrap_or_default() < 4_096, "{longest:?}");
}

fn contexts() -> String {
    let prefix = |n: usize| format!("\"{n:0>64}\":\"https://x.example/{n:0>230}/\"");
    let prefixes: Vec<String> = (0..CONTEXT_ENTRIES_MAX).map(prefix).collect();
    format!("[\"{}\",{{{}}}]", wire::CONTEXT, prefixes.join(","))
}

#[test]
fn very_many_faulty_entries_deep_below_long_names_are_noted_briefly() {
    let dcat = "http://www.w3.org/ns/dcat#";
    let prefix = "\u{2067}".repeat(21);
    let context = format!("[\"{}\",{{\"{prefix}\":\"{dcat}\"}}]", wire::CONTEXT);
    let faults = format!("\"{prefix}:dataset\":[{}7]", "7,".repeat(180_000));
    let nested = (0..14)
        .fold(faults, |inner, _| format!("\"{prefix}:catalog\":{{\"@type\":\"Catalog\",{inner}}}"));
    check(&catalog(&context, &nested), 0, READING_PROBLEMS_MAX);
}

#[test]
fn very_many_offers_share_the_largest_context() {
    let offer = r#"{"@id":"o","permission":{"action":"use"}}"#;
    let offers = vec![offer; 40_000].join(",");
    let distribution = r#""distribution":{"format":"x","accessService":"s"}"#;
    let dataset = format!("\"dataset\":{{\"@id\":\"d\",\"hasPolicy\":[{offers}],{distribution}}}");
    check(&catalog(&contexts(), &dataset), 1, 0);
}

#[test]
fn very_many_offers_that_each_bring_a_context_are_read_in_bounded_work() {
    let offer = r#"{"@context":{},"@id":"o","permission":{"action":"use"}}"#;
    let offers = vec![offer; 30_000].join(",");
    let distribution = r#""distribution":{"format":"x","accessService":"s"}"#;
    let dataset = format!("\"dataset\":{{\"@id\":\"d\",\"hasPolicy\":[{offers}],{distribution}}}");
    check(&catalog(&contexts(), &dataset), 1, 0);
}

#[test]
fn very_many_titles_and_properties_are_read_in_one_pass_each() {
    let titles = vec!["{\"@value\":\"t\"}"; 60_000].join(",");
    let members: Vec<String> = (0..60_000).map(|n| format!("\"x{n}:title\":1")).collect();
    let dataset = format!(
        "\"dataset\":{{\"@id\":\"d\",\"dct:title\":[{titles}],{},\"hasPolicy\":{{\"@id\":\"o\"}},\
         \"distribution\":{{\"format\":\"x\"}}}}",
        members.join(",")
    );
    check(&catalog("null", &dataset), 1, 0);
}

#[test]
fn a_message_with_as_many_names_as_it_may_have_is_read() {
    let members: Vec<String> =
        (0..MESSAGE_NODES_MAX - 4).map(|n| format!("\"y{n}:consumerPid\":\"c\"")).collect();
    let text = format!(
        "{{\"@type\":\"TransferCompletionMessage\",\"consumerPid\":\"c\",\
         \"providerPid\":\"p\",{}}}",
        members.join(",")
    );
    let message = wire::read_transfer(&wire::parse(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(message.consumer_pid.unwrap().as_str(), "c");
}
