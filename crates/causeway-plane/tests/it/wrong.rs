//! Providers that deliver something else than promised, or nothing: no part file of wrong bytes and
//! no final file remains.

use causeway_plane::{Found, Interruption, PullError, Refusal};
use causeway_types::{Blake3, Content, Sha256};

use crate::world::{Consumer, Provider, SLICE, answering, sample};

/// Pulls 1000 promised bytes from a server that gives this literal answer.
async fn pull_from(answer: Vec<u8>, part_bytes: u64) -> (Consumer, PullError) {
    let provider = Provider::with(&sample(1000)).await;
    let consumer = Consumer::promised(provider.content, answering(answer, false).await);
    if part_bytes > 0 {
        std::fs::write(consumer.part(), sample(part_bytes)).unwrap();
    }
    let error = consumer.pull().await.unwrap_err();
    assert!(!consumer.file().exists(), "{error}");
    (consumer, error)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", body.len());
    let body = [size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    answer("200 OK\r\ntransfer-encoding: chunked", &body)
}

async fn check_integrity(answer: Vec<u8>, part_bytes: u64, expected: Found) {
    let (consumer, error) = pull_from(answer, part_bytes).await;
    let PullError::Integrity { found, .. } = error else { panic!("{error}") };
    assert_eq!(found, expected);
    assert_eq!(consumer.part_bytes(), None);
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_nothing_of_the_file_stays() {
    let mut stored = sample(SLICE * 3);
    let good = Provider::with(&stored).await;
    stored[SLICE as usize + 17] ^= 1;
    let bad = stored.clone();
    let place = move |path: &std::path::Path| std::fs::write(path, &bad).unwrap();
    let provider = Provider::with_object(good.content, place).await;
    let consumer = Consumer::of(&provider);
    let error = consumer.pull().await.unwrap_err();
    let PullError::Integrity { expected, found: Found::OtherBytes { blake3, .. }, resumed: 0 } =
        error
    else {
        panic!("{error}");
    };
    assert_eq!(*expected, good.content);
    assert_eq!(blake3.as_bytes(), blake3::hash(&stored).as_bytes());
    assert_eq!((consumer.part_bytes(), consumer.file().exists()), (None, false));
}

#[tokio::test]
async fn either_digest_alone_can_refuse_a_file() {
    let provider = Provider::with(&sample(1000)).await;
    let content = provider.content;
    let (sha256, blake3) = (Sha256::from_bytes([0; 32]), Blake3::from_bytes([0; 32]));
    for promised in [
        Content::new(1000, sha256, content.blake3()).unwrap(),
        Content::new(1000, content.sha256(), blake3).unwrap(),
    ] {
        let consumer = Consumer::promised(promised, provider.url());
        let error = consumer.pull().await.unwrap_err();
        assert!(matches!(error, PullError::Integrity { .. }), "{error}");
        assert_eq!((consumer.part_bytes(), consumer.file().exists()), (None, false));
    }
}

#[tokio::test]
async fn a_longer_body_is_refused_announced_or_not() {
    let long = sample(1001);
    let announced = answer("200 OK\r\ncontent-length: 1001", &long);
    check_integrity(announced, 0, Found::MoreBytes).await;
    check_integrity(chunked(&long), 0, Found::MoreBytes).await;
    check_integrity(answer("200 OK", &long), 0, Found::MoreBytes).await;
    let head = "206 Partial Content\r\ncontent-range: bytes 10-999/*";
    check_integrity(answer(head, &long), 10, Found::MoreBytes).await;
    let head = "206 Partial Content\r\ncontent-range: bytes 10-1000/1001";
    check_integrity(answer(head, &long), 10, Found::MoreBytes).await;
}

#[tokio::test]
async fn a_complete_shorter_body_is_another_file() {
    let short = sample(999);
    let fewer = Found::FewerBytes { bytes: 999 };
    check_integrity(answer("200 OK\r\ncontent-length: 999", &short), 0, fewer).await;
    check_integrity(chunked(&short), 0, fewer).await;
    let head = "416 Range Not Satisfiable\r\ncontent-range: bytes */5\r\ncontent-length: 0";
    check_integrity(answer(head, b""), 10, Found::FewerBytes { bytes: 5 }).await;
}

#[tokio::test]
async fn a_body_cut_short_is_no_other_file() {
    let half = sample(500);
    for (answer, received) in [
        (answer("200 OK\r\ncontent-length: 1000", &half), 500),
        (answer("200 OK", &half), 500),
        (answer("200 OK\r\ntransfer-encoding: chunked", &[b"3e8\r\n", &half[..]].concat()), 500),
    ] {
        let (consumer, error) = pull_from(answer, 0).await;
        let PullError::Interrupted { received: found, .. } = error else { panic!("{error}") };
        assert_eq!(found, received);
        assert_eq!(consumer.part_bytes(), Some(received));
    }
    let head = "206 Partial Content\r\ncontent-range: bytes 10-509/1000\r\ncontent-length: 500";
    let (_, error) = pull_from(answer(head, &half), 10).await;
    let PullError::Interrupted { received: 510, reason: Interruption::EndedEarly } = error else {
        panic!("{error}");
    };
}

#[tokio::test]
async fn an_answer_that_fits_no_request_is_named_and_the_part_stays() {
    for (head, part_bytes) in [
        ("206 Partial Content\r\ncontent-range: bytes 0-999/1000\r\ncontent-length: 0", 0),
        ("206 Partial Content\r\ncontent-range: bytes 9-999/1000\r\ncontent-length: 0", 10),
        ("206 Partial Content\r\ncontent-length: 0", 10),
        ("204 No Content", 0),
    ] {
        let (consumer, error) = pull_from(answer(head, b""), part_bytes).await;
        assert!(matches!(error, PullError::Misbehaved { .. }), "{head}: {error}");
        assert_eq!(consumer.part_bytes(), (part_bytes > 0).then_some(part_bytes));
    }
}

#[tokio::test]
async fn refusals_carry_their_meaning_and_printable_detail() {
    for (status, expected) in [
        (401, Refusal::TokenInvalid),
        (403, Refusal::Forbidden),
        (404, Refusal::NotFound),
        (409, Refusal::Suspended),
        (302, Refusal::Other),
        (503, Refusal::Unavailable),
    ] {
        let head = format!("{status} X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 8");
        let (_, error) = pull_from(answer(&head, b"no\x1b[31m\n"), 0).await;
        let PullError::Refused { status: found, refusal, detail, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((found, refusal, detail.as_str()), (status, expected, "no [31m "));
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let provider = Provider::with(b"abc").await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret", listener.local_addr().unwrap());
    drop(listener);
    let error = Consumer::promised(provider.content, url).pull().await.unwrap_err();
    let text = error.to_string();
    let PullError::Interrupted { received: 0, reason: Interruption::Unreachable { .. } } = error
    else {
        panic!("{error}");
    };
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn silence_is_an_interruption() {
    let provider = Provider::with(&sample(1000)).await;
    let half = answer("200 OK\r\ncontent-length: 1000", &sample(500));
    for silent in [half, Vec::new()] {
        let consumer = Consumer::promised(provider.content, answering(silent, true).await);
        let error = consumer.pull().await.unwrap_err();
        let PullError::Interrupted { reason: Interruption::Idle, .. } = error else {
            panic!("{error}");
        };
    }
}
