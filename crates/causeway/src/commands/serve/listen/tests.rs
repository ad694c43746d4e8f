//! Clients that do harm, over real sockets. The clock is tokio's own and jumps when all wait.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::routing::{get, post};
use causeway_types::limits::{
    ANSWER_STALL_SECONDS_MAX, BODY_GRACE_SECONDS, CONNECTIONS_PER_ADDRESS_MAX,
    REQUEST_HEAD_ARRIVAL_SECONDS_MAX,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::Instant;

use super::*;

/// More than the sockets of both sides hold.
const LARGE: usize = 64 * 1024 * 1024;

/// Serves until the end of the test.
async fn listening() -> SocketAddr {
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/large", get(async || vec![b'x'; LARGE]))
        .route("/length", post(async |body: Bytes| body.len().to_string()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, router, &CancellationToken::new(), &TaskTracker::new());
    address
}

/// Sends these pieces, one a second, as long as they are taken, and reads all answers.
async fn trickle(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> (String, Duration) {
    let stream = TcpStream::connect(listening().await).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let begun = Instant::now();
    let sending = async {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        for piece in pieces {
            seconds.tick().await;
            if to.write_all(piece.as_ref()).await.is_err() {
                return;
            }
        }
        std::future::pending().await
    };
    let mut answer = Vec::new();
    // A connection that is cut may end with an error; what came before it counts.
    let reading = async { from.read_to_end(&mut answer).await.ok() };
    tokio::select! {
        _ = reading => {}
        () = sending => {}
    }
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
}

#[track_caller]
fn assert_about(found: Duration, seconds: u64) {
    let found = found.as_secs_f64();
    let expected = seconds as f64;
    assert!((expected - 0.5..expected + 2.5).contains(&found), "{found} s, expected {expected} s");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_cut() {
    let head = b"GET / HTTP/1.1\r\nhost: node\r\n".iter().map(|byte| vec![*byte]);
    let endless = head.chain(std::iter::repeat(b"x: y\r\n".to_vec()));
    let (answer, time) = trickle(endless).await;
    assert_about(time, REQUEST_HEAD_ARRIVAL_SECONDS_MAX);
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_second_head_that_comes_byte_by_byte_is_cut_as_well() {
    let whole = b"GET / HTTP/1.1\r\nhost: node\r\n\r\n".to_vec();
    let (answer, time) =
        trickle(std::iter::once(whole).chain(std::iter::repeat(b"G".to_vec()))).await;
    assert_about(time, REQUEST_HEAD_ARRIVAL_SECONDS_MAX + 1);
    assert_eq!(answer.matches("200 OK").count(), 1, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed_after_a_while() {
    let (answer, time) = trickle([""; 1]).await;
    assert_about(time, REQUEST_HEAD_SECONDS_MAX);
    assert_eq!(answer, "");
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_rest_between_requests() {
    let request = "GET / HTTP/1.1\r\nhost: node\r\n\r\n";
    let last = "GET / HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n";
    let rest = std::iter::repeat_n("", 60);
    let (answer, time) = trickle(std::iter::once(request).chain(rest).chain([last])).await;
    assert_about(time, 61);
    assert_eq!(answer.matches("200 OK").count(), 2, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_byte_by_byte_is_cut() {
    let head = "POST /length HTTP/1.1\r\nhost: node\r\ncontent-length: 1000000\r\n\r\n".to_owned();
    let (answer, time) = trickle(std::iter::once(head).chain(std::iter::repeat("x".into()))).await;
    assert_about(time, BODY_GRACE_SECONDS);
    assert!(!answer.contains("200 OK"), "{answer}");

    let head =
        "POST /length HTTP/1.1\r\nhost: node\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    let chunks = std::iter::repeat("1\r\nx\r\n".to_owned());
    let (answer, time) = trickle(std::iter::once(head).chain(chunks)).await;
    assert_about(time, BODY_GRACE_SECONDS);
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_keeps_its_pace_may_take_long() {
    let head = "POST /length HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\
                content-length: 120000\r\n\r\n";
    let pieces = std::iter::repeat_n("x".repeat(2_000), 60);
    let (answer, time) = trickle(std::iter::once(head.to_owned()).chain(pieces)).await;
    assert_about(time, 60);
    assert!(answer.ends_with("120000"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_large_is_refused() {
    let get = |headers: String| format!("GET / HTTP/1.1\r\nhost: node\r\n{headers}\r\n");
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let long = |bytes: usize| format!("x: {}\r\n", "y".repeat(bytes));
    for (head, expected) in [
        (get(many(90)), "200 OK"),
        (get(many(101)), "431 Request"),
        (get(many(5_000)), "431 Request"),
        (get(long(15_000)), "200 OK"),
        (get(long(17_000)), ""),
        (get(long(10_000_000)), ""),
        (format!("GET /{} HTTP/1.1\r\nhost: node\r\n\r\n", "x".repeat(17_000)), ""),
    ] {
        let (answer, _) = trickle([head.replacen("\r\n", "\r\nconnection: close\r\n", 1)]).await;
        let status = answer.split_once(' ').unwrap_or_default().1;
        // Whoever sends too much may find the connection cut before it reads the status.
        let is_refused = answer.is_empty() || status.starts_with("431");
        let is_expected =
            if expected.is_empty() { is_refused } else { status.starts_with(expected) };
        assert!(is_expected, "{} bytes: {answer:.80}", head.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answer_is_left() {
    let mut stream = TcpStream::connect(listening().await).await.unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: node\r\n\r\n").await.unwrap();
    let mut start = [0; 15];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    let wait = Duration::from_secs(ANSWER_STALL_SECONDS_MAX + 1);
    tokio::time::timeout(wait, std::future::pending::<()>()).await.unwrap_err();
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest).await;
    assert!(ended.is_err() || rest.len() < LARGE, "{} bytes", rest.len());
}

#[tokio::test(start_paused = true)]
async fn only_http_1_is_spoken() {
    for preface in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
        "GET / HTTP/2.0\r\nhost: node\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: node\r\nconnection: upgrade, http2-settings, close\r\n\
         upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
        "\u{16}\u{3}\u{1}\0\u{5}hello",
    ] {
        let (answer, _) = trickle([preface]).await;
        let is_one = answer.is_empty() || answer.starts_with("HTTP/1.");
        assert!(is_one && !answer.contains(" 101 "), "{preface:?} {answer}");
    }
}

#[tokio::test]
async fn one_address_gets_only_its_share_of_connections() {
    super::super::raise_file_limit();
    let server = listening().await;
    let ask = async |stream: &mut TcpStream| {
        let mut answer = [0; 15];
        stream.write_all(b"GET / HTTP/1.1\r\nhost: node\r\n\r\n").await.ok();
        let read = stream.read_exact(&mut answer).await;
        read.is_ok() && answer == *b"HTTP/1.1 200 OK"
    };
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_PER_ADDRESS_MAX {
        held.push(TcpStream::connect(server).await.unwrap());
    }
    // They are taken in turn, so the last one tells that all are.
    assert!(ask(held.last_mut().unwrap()).await);
    let mut further = TcpStream::connect(server).await.unwrap();
    assert!(!ask(&mut further).await);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    assert!(ask(&mut socket.connect(server).await.unwrap()).await);
}
