//! A provider that replaces its keys, and one that goes away.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Keys, NOW, claims, header, settings};
use crate::Egress;
use crate::access::oidc::{Oidc, OidcError, Refusal};
use causeway_types::Timestamp;

/// What a small provider answers, and how often it was asked for its keys.
#[derive(Default)]
struct Provider {
    keys: Vec<Value>,
    asked: usize,
    is_down: bool,
}

impl Provider {
    /// Listens for as long as the test runs.
    fn start() -> (String, Arc<Mutex<Self>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let (provider, name) = (Arc::<Mutex<Self>>::default(), issuer.clone());
        let shared = Arc::clone(&provider);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                lines.find(String::is_empty);
                let body = shared.lock().unwrap().answer(&name, &first).to_string();
                let status = if body == "null" { "503 Unavailable" } else { "200 OK" };
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
                // Whoever hangs up gets no answer.
                let _ = write!(stream, "{head}content-length: {length}\r\n\r\n{body}");
            }
        });
        (issuer, provider)
    }

    fn answer(&mut self, issuer: &str, request: &str) -> Value {
        if self.is_down {
            return Value::Null;
        }
        if request.contains("/.well-known/openid-configuration ") {
            return json!({
                "issuer": issuer, "jwks_uri": format!("{issuer}/jwks"),
                "token_endpoint": format!("{issuer}/token"),
            });
        }
        self.asked += 1;
        json!({"keys": self.keys})
    }
}

#[tokio::test]
async fn keys_are_asked_for_again_when_one_is_missing_and_at_most_once_a_minute() {
    let (issuer, provider) = Provider::start();
    let (old, new) = (Keys::new(), Keys::new());
    let publish = |keys: &[(&Keys, &str)]| {
        let keys = keys.iter().map(|(key, kid)| json!(key.jwk(json!({"kid": kid})))).collect();
        provider.lock().unwrap().keys = keys;
    };
    let oidc = Oidc::new(super::OidcSettings { issuer: issuer.clone(), ..settings() }, egress());
    let token = |key: &Keys, kid: &str| {
        let header = jsonwebtoken::Header { kid: Some(kid.to_owned()), ..header() };
        key.sign(&header, &claims(json!({"iss": issuer, "exp": NOW + 200_000})))
    };
    let check = async |token: &str, after: u64, expected: &str, asked: usize| {
        let now = Timestamp::EPOCH.plus_millis((NOW + after) * 1000);
        let found = match oidc.caller(token, now).await {
            Ok(caller) => caller.person,
            Err(OidcError::Refused(Refusal::UnknownKey { .. })) => "unknown key".to_owned(),
            Err(OidcError::Refused(refusal)) => refusal.to_string(),
            Err(OidcError::Provider { .. }) => "no provider".to_owned(),
        };
        assert_eq!((found.as_str(), provider.lock().unwrap().asked), (expected, asked), "{after}");
    };
    publish(&[(&old, "k1")]);
    let (first, second) = (token(&old, "k1"), token(&new, "k2"));
    check(&first, 0, "ada", 1).await;
    check(&first, 1, "ada", 1).await;
    publish(&[(&new, "k2")]);
    // Whoever makes up names of keys has the provider asked no more often.
    check(&second, 59, "unknown key", 1).await;
    check(&second, 60, "ada", 2).await;
    check(&first, 61, "unknown key", 2).await;
    check(&second, 62, "ada", 2).await;
    // Replaced keys no longer count once theirs are too old, whether one is missing or not.
    check(&second, 3_661, "ada", 3).await;
    provider.lock().unwrap().is_down = true;
    check(&second, 8_000, "ada", 3).await;
    check(&second, 3_661 + 86_399, "ada", 3).await;
    check(&second, 3_661 + 86_400, "no provider", 3).await;
    provider.lock().unwrap().is_down = false;
    check(&second, 3_661 + 86_430, "no provider", 3).await;
    check(&second, 3_661 + 86_500, "ada", 4).await;
}

fn egress() -> Egress {
    Egress::of_operator().unwrap()
}
