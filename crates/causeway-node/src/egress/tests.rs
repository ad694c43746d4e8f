//! What may be called, for every purpose. The addresses of one machine's loopback interface stand
//! for the world: 127.0.0.1 is a network that the operator named, all others are private.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::transport::{Answer, HttpTransport, Outgoing, Transport as _, TransportError};

const PRIVATE: &[&str] = &[
    // IPv4, as it is written and as it is not: decimal, octal, hexadecimal, short.
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "169.254.170.2",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    // IPv6, and IPv4 inside of it.
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::127.0.0.1]",
    "[fd00::1]",
    "[fc00:ec2::254]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[100::1]",
    // Dots and digits that only look like others.
    "127。0。0。1",
    "127．0．0．1",
    "①②⑦.0.0.1",
    "１２７.0.0.1",
    "%31%32%37.0.0.1",
];

/// Names of the tests, each with what it resolves to, one after the other; the last one stays.
#[derive(Default)]
struct Script {
    names: Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Names for Script {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut names = self.names.lock().unwrap();
        let Some(answers) = names.get_mut(name) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no such name"));
        };
        let next = answers.pop_front().unwrap();
        if answers.is_empty() {
            answers.push_back(next.clone());
        }
        Ok(next)
    }
}

fn names(script: &[(&str, &[&[&str]])]) -> Arc<Script> {
    let all = |answers: &&[&[&str]]| {
        answers.iter().map(|all| all.iter().map(|a| a.parse().unwrap()).collect()).collect()
    };
    let names = script.iter().map(|(name, answers)| ((*name).to_owned(), all(answers))).collect();
    Arc::new(Script { names: Mutex::new(names), ..Script::default() })
}

fn policy(reachable: &[&str]) -> Policy {
    let reachable = reachable.iter().map(|text| Network::parse(text).unwrap()).collect();
    Policy { reachable, ..Policy::default() }
}

fn transport(policy: Policy, names: &Arc<Script>) -> HttpTransport {
    let names = Arc::clone(names) as Arc<dyn Names>;
    HttpTransport::new(Egress::of(policy, &names).unwrap())
}

/// Somebody who answers every connection with these bytes and closes it.
struct Somebody {
    port: u16,
    met: Arc<AtomicUsize>,
}

impl Somebody {
    async fn at(address: &str, answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (port, answer) = (listener.local_addr().unwrap().port(), answer.into());
        let met = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&met);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 4096];
                if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                    // The other side may have seen enough before all is written.
                    stream.write_all(&answer).await.ok();
                }
            }
        });
        Self { port, met }
    }

    fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

async fn call(
    transport: &HttpTransport,
    purpose: Purpose,
    url: &str,
) -> Result<Answer, TransportError> {
    transport.send(Outgoing::to(purpose, url.to_owned(), Duration::from_secs(5))).await
}

#[track_caller]
fn assert_refused(found: &Result<Answer, TransportError>, what: &str) {
    assert!(matches!(found, Err(TransportError::Refused { .. })), "{what}: {found:?}");
}

fn of_others() -> impl Iterator<Item = Purpose> {
    Purpose::ALL.into_iter().filter(|purpose| !purpose.is_operators())
}

#[tokio::test]
async fn no_purpose_of_others_leads_to_an_address_that_is_not_public() {
    let nobody = names(&[]);
    let transport = transport(policy(&[]), &nobody);
    let trap = Somebody::at("0.0.0.0:0", OK).await;
    for purpose in of_others() {
        for host in PRIVATE {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{}/latest/meta-data/", trap.port);
                assert_refused(
                    &call(&transport, purpose, &url).await,
                    &format!("{purpose:?} {url}"),
                );
            }
        }
    }
    assert_eq!((trap.met(), nobody.asked.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn no_name_leads_any_purpose_to_an_address_that_is_not_public() {
    let literal = |host: &&&str| {
        let text = host.trim_start_matches('[').trim_end_matches(']');
        text.parse::<IpAddr>().is_ok()
    };
    let trap = Somebody::at("0.0.0.0:0", OK).await;
    // Alone, before and after a public one; and a name that says with a dot that it is complete.
    let known = Arc::new(Script::default());
    let mut all = Vec::new();
    for (number, host) in PRIVATE.iter().filter(literal).enumerate() {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        for (name, addresses) in [
            (format!("alone{number}.example"), vec![host]),
            (format!("last{number}.example"), vec!["93.184.215.14", host]),
            (format!("first{number}.example."), vec![host, "93.184.215.14"]),
        ] {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            known.names.lock().unwrap().insert(name.clone(), VecDeque::from([addresses]));
            all.push(name);
        }
        all.push(format!("ALONE{number}．example"));
    }
    assert!(all.len() >= 120, "{}", all.len());
    let transport = transport(policy(&[]), &known);
    for name in all {
        for purpose in of_others() {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{name}:{}/", trap.port);
                assert_refused(&call(&transport, purpose, &url).await, &url);
            }
        }
    }
    assert_eq!(trap.met(), 0);
}

#[tokio::test]
async fn a_name_that_turns_private_after_its_first_answer_is_not_followed() {
    let (good, trap) = (
        Somebody::at("127.0.0.1:0", OK).await,
        // The same port on another address of this machine.
        Somebody::at("127.0.0.2:0", OK).await,
    );
    let known = names(&[("rebinding.example", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let transport = transport(policy(&["127.0.0.1"]), &known);
    let url = |port: u16| format!("http://rebinding.example:{port}/");
    // What was checked is what is dialled: one look at the name for one connection.
    let found = call(&transport, Purpose::Peer, &url(good.port)).await.unwrap();
    assert_eq!((found.status, good.met(), known.asked.load(Ordering::SeqCst)), (200, 1, 1));
    for purpose in [Purpose::Peer, Purpose::DataAddress] {
        assert_refused(&call(&transport, purpose, &url(trap.port)).await, "rebinding");
    }
    assert_eq!((trap.met(), good.met()), (0, 1));
}

#[tokio::test]
async fn no_redirect_is_followed_for_any_purpose() {
    let trap = Somebody::at("127.0.0.2:0", OK).await;
    let allowed = Policy { is_loopback_allowed: true, ..policy(&["127.0.0.0/8"]) };
    let transport = transport(allowed, &names(&[]));
    for status in [301, 302, 303, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.2:{}/\r\ncontent-length: 0\r\n\
             connection: close\r\n\r\n",
            trap.port
        );
        let good = Somebody::at("127.0.0.1:0", answer).await;
        for purpose in Purpose::ALL {
            let url = format!("http://127.0.0.1:{}/", good.port);
            let found = call(&transport, purpose, &url).await.unwrap();
            assert_eq!(found.status, status, "{purpose:?}");
        }
        assert_eq!(good.met(), Purpose::ALL.len());
    }
    assert_eq!(trap.met(), 0);
}

#[tokio::test]
async fn an_answer_is_read_only_up_to_the_limit_of_its_purpose() {
    let purposes = Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::DataAddress);
    let allowed = Policy { is_loopback_allowed: true, ..Policy::default() };
    let transport = transport(allowed, &names(&[]));
    for purpose in purposes {
        for (bytes, is_read) in [(purpose.bytes_max(), true), (purpose.bytes_max() + 1, false)] {
            let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
            answer.resize(answer.len() + bytes, b' ');
            // No length is announced: the reader has to count.
            let somebody = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", somebody.local_addr().unwrap());
            let answering = async {
                let (mut stream, _) = somebody.accept().await.unwrap();
                let mut head = [0; 4096];
                assert!(stream.read(&mut head).await.unwrap() > 0);
                stream.write_all(&answer).await.ok();
            };
            let (found, ()) = tokio::join!(call(&transport, purpose, &url), answering);
            let is_fine = match &found {
                Ok(answer) => is_read && answer.body.len() == bytes,
                Err(TransportError::TooLarge { limit, .. }) => {
                    !is_read && *limit == purpose.bytes_max()
                }
                Err(_) => false,
            };
            assert!(is_fine, "{purpose:?} {bytes}: {:?}", found.err());
        }
    }
}

#[tokio::test]
async fn an_answer_with_an_endless_head_is_refused() {
    let allowed = Policy { is_loopback_allowed: true, ..Policy::default() };
    let transport = transport(allowed, &names(&[]));
    for (headers, value) in [(1, 70_000), (99, 1_000), (1_000, 10), (1, 10_000_000)] {
        let header = |number| format!("x-{number}: {}\r\n", "x".repeat(value));
        let headers: String = (0..headers).map(header).collect();
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n");
        let somebody = Somebody::at("127.0.0.1:0", answer).await;
        let url = format!("http://127.0.0.1:{}/", somebody.port);
        let found = call(&transport, Purpose::Peer, &url).await;
        assert!(found.is_err(), "{found:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_cut_at_the_deadline() {
    let somebody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", somebody.local_addr().unwrap());
    let allowed = Policy { is_loopback_allowed: true, ..Policy::default() };
    let transport = transport(allowed, &names(&[]));
    let request = Outgoing::to(Purpose::Peer, url, Duration::from_millis(300));
    let trickle = async {
        let (mut stream, _) = somebody.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            // Each byte comes long before any idle time would be over.
            ticks.tick().await;
            if stream.write_all(b" ").await.is_err() {
                return;
            }
        }
    };
    let found = tokio::select! {
        found = transport.send(request) => found,
        () = trickle => panic!("the answer was read without an end"),
    };
    assert!(matches!(found, Err(TransportError::Unreachable { .. })), "{found:?}");
}

#[test]
fn other_schemes_names_and_ports_are_refused_whatever_is_reachable() {
    let anywhere = Policy { is_loopback_allowed: true, ..policy(&["0.0.0.0/0", "::/0"]) };
    for purpose in Purpose::ALL {
        for url in [
            "",
            "x",
            "//93.184.215.14/",
            "ftp://93.184.215.14/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:70/",
            "data:,x",
            "unix:/run/docker.sock",
            "javascript:alert(1)",
            "http://",
            "http:///",
            "http://user@93.184.215.14/",
            "http://:secret@93.184.215.14/",
            "http://93.184.215.14@127.0.0.1/",
            "http://93.184.215.14:80@127.0.0.1/",
            "http://[fe80::1%25eth0]/",
            "http://[fe80::1%eth0]/",
            "http://[::1/",
            "http://1.2.3.4.5/",
            "http://256.0.0.1/",
            "http://exa mple/",
            "http://a\u{0}b/",
            "http://[::ffff:127.0.0.1.]/",
        ] {
            assert!(anywhere.check_url(purpose, url).is_err(), "{purpose:?} {url}");
        }
        for port in [1, 22, 23, 25, 53, 79, 110, 139, 143, 445, 993, 2049, 6000, 6667] {
            let url = format!("https://node.example:{port}/");
            let is_refused = anywhere.check_url(purpose, &url).is_err();
            assert_eq!(is_refused, !purpose.is_operators(), "{purpose:?} {url}");
        }
        for url in ["https://node.example/", "https://node.example:8443/", "https://[2a00::1]/"] {
            assert!(anywhere.check_url(purpose, url).is_ok(), "{purpose:?} {url}");
        }
    }
}

#[test]
fn no_refusal_quotes_a_password_or_a_token() {
    for url in [
        "https://somebody:canary@node.example/",
        "https://canary@node.example/",
        "ftp://node.example/?token=canary",
        "http://[::1/?token=canary",
        "http://10.0.0.1/?token=canary",
        "https://node.example:22/canary?canary#canary",
    ] {
        let error = Policy::default().check_url(Purpose::Peer, url).unwrap_err();
        let told = format!("{error} {error:?} {:?}", error.hint());
        assert!(!told.contains("canary"), "{told}");
    }
}

/// Whether `url` may be called, when its name is an address of the second text.
fn is_called(policy: Policy, purpose: Purpose, url: &str, address: &str) -> bool {
    let Ok(url) = policy.check_url(purpose, url) else { return false };
    let Some(Host::Domain(name)) = url.host() else { return true };
    let reach = purpose.reach(url.scheme() == "http");
    policy.check(reach, name, address.parse().unwrap()).is_ok()
}

#[test]
fn plain_http_is_only_for_what_the_operator_named() {
    let here = || Policy { is_loopback_allowed: true, ..Policy::default() };
    let named = || policy(&["10.0.0.0/8"]);
    let written = || {
        let mut policy = Policy::default();
        policy.trust(&Address::parse("http://peer.example:8180/dsp").unwrap());
        policy
    };
    let all = [true; 7];
    let webhook = [false, false, false, false, false, true, true];
    let peers = [true, true, false, false, false, true, true];
    let (public, private, own) = ("93.184.215.14", "10.0.0.1", "127.0.0.1");
    type Row<'a> = (&'a dyn Fn() -> Policy, &'a str, &'a str, [bool; 7]);
    let nothing = || Policy::default();
    let table: [Row<'_>; 18] = [
        (&nothing, "https://node.example/", public, all),
        (&nothing, "http://node.example/", public, webhook),
        (&nothing, "https://node.example/", private, webhook),
        (&nothing, "http://93.184.215.14/", "", webhook),
        (&here, "http://node.example/", own, all),
        (&here, "http://127.0.0.1:8180/", "", all),
        (&here, "http://[::1]:8180/", "", all),
        (&here, "https://node.example/", own, all),
        (&here, "http://node.example/", public, webhook),
        (&here, "http://node.example/", private, webhook),
        (&named, "http://node.example/", private, peers),
        (&named, "http://10.1.2.3/", "", peers),
        (&named, "https://node.example/", private, all),
        (&named, "http://node.example/", public, webhook),
        (&written, "http://peer.example:9000/", public, peers),
        (&written, "http://peer.example.:9000/", public, peers),
        (&written, "http://peer.example:8180/", private, webhook),
        (&written, "http://node.example/", public, webhook),
    ];
    for (policy, url, address, expected) in table {
        for (purpose, expected) in Purpose::ALL.into_iter().zip(expected) {
            let found = is_called(policy(), purpose, url, address);
            assert_eq!(found, expected, "{purpose:?} {url} at {address:?}");
        }
    }
}

#[test]
fn a_port_that_the_configuration_names_may_be_called_at_its_host_alone() {
    let mut policy = Policy::default();
    policy.trust(&Address::parse("https://peer.example:23/dsp").unwrap());
    assert!(policy.check_url(Purpose::Peer, "https://peer.example:23/").is_ok());
    assert!(policy.check_url(Purpose::Peer, "https://PEER.example.:23/").is_ok());
    assert!(policy.check_url(Purpose::Peer, "https://other.example:23/").is_err());
    assert!(policy.check_url(Purpose::Peer, "https://peer.example:25/").is_err());
}

#[tokio::test]
async fn names_of_this_machine_are_never_asked_of_the_network() {
    for name in ["a.localhost", "a.b.LOCALHOST", "a.localhost."] {
        let found = SystemNames.addresses(name).await.unwrap();
        assert_eq!(found, [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)], "{name}");
    }
    let transport = HttpTransport::new(
        Egress::of(Policy::default(), &(Arc::new(SystemNames) as Arc<dyn Names>)).unwrap(),
    );
    for name in ["localhost", "a.localhost"] {
        let url = format!("http://{name}:8180/");
        assert_refused(&call(&transport, Purpose::Peer, &url).await, &url);
    }
}

/// Pieces from which URLs are made that parsers disagree about.
const PIECES: &[&str] = &[
    "http",
    "https",
    "HTTP",
    "ftp",
    ":",
    "/",
    "//",
    "\\",
    "@",
    "#",
    "?",
    "%",
    ".",
    "..",
    "。",
    "[",
    "]",
    "::",
    "::1",
    "::ffff:",
    "%2f",
    "%00",
    "%25",
    "%2e",
    "\t",
    "\n",
    " ",
    "\0",
    "127",
    "0x7f",
    "0177",
    "2130706433",
    "1",
    "0",
    "10",
    "169.254.169.254",
    "127.0.0.1",
    "93.184.215.14",
    "fd00",
    "2a00::1",
    "localhost",
    "node.example",
    "example",
    "80",
    "443",
    "22",
    "8180",
    "xn--",
    "ß",
    "ａ",
    "①",
    "\u{ad}",
    "\u{200d}",
    "user",
    "&",
    "=",
    ";",
    ",",
    "-",
    "_",
    "e",
    "\u{202e}",
];

#[test]
fn what_is_dialled_is_what_was_checked_whatever_a_url_looks_like() {
    let policy = Policy::default();
    let mut state = 0x5eed_u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let mut taken = 0;
    for round in 0..50_000 {
        let mut url = if round % 2 == 0 { "https://".to_owned() } else { String::new() };
        (0..=next(9)).for_each(|_| url.push_str(PIECES[next(PIECES.len())]));
        let Ok(checked) = policy.check_url(Purpose::DidDocument, &url) else { continue };
        taken += 1;
        // The client makes this of it; the connector takes the host from there, and dials a host
        // that reads as an address without asking any resolver.
        let dialled: http::Uri = checked.as_str().parse().unwrap_or_else(|error| {
            panic!("{url:?} was taken and cannot be dialled: {error}");
        });
        let host = dialled.host().unwrap().trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse::<IpAddr>() {
            assert!(is_public(address), "{url:?} leads to {address}");
        }
        assert_eq!(dialled.scheme_str(), Some(checked.scheme()), "{url:?}");
        assert_eq!(dialled.port_u16(), checked.port(), "{url:?}");
        assert_eq!(checked.host_str().map(|host| host.trim_matches(['[', ']'])), Some(host));
        assert!(!dialled.authority().unwrap().as_str().contains('@'), "{url:?}");
        // No part of a number: other systems read those as addresses.
        assert!(
            host.parse::<IpAddr>().is_ok() || !host.bytes().all(|b| b.is_ascii_digit()),
            "{url:?}"
        );
    }
    assert!(taken > 1_000, "{taken} of the URLs were taken");
}
