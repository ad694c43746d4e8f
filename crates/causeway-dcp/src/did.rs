//! Decentralized identifiers, where a did:web has its document, and the names of keys. Resolving
//! is not here.
//!
//! A DID is compared as text, so a spelling that would lead to the same document as another one
//! (upper-case hosts, escaped letters) is refused rather than repaired.

use std::fmt;
use std::str::FromStr;

use causeway_types::limits::{DID_BYTES_MAX, DID_PATH_PARTS_MAX, KEY_FRAGMENT_BYTES_MAX};
use url::Url;

use crate::json::cut;

/// Why a text is not a DID, or a DID is not one that has a document on the web.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// It is longer than its limit.
    #[error("read a did: found {found} bytes, expected at most {DID_BYTES_MAX}")]
    TooLong {
        /// The bytes of the text.
        found: usize,
    },
    /// It does not have the form of a DID.
    #[error("read a did: found {found:?}, expected did:METHOD:NAME such as did:web:example.org")]
    Syntax {
        /// What was found, cut to a printable length.
        found: String,
    },
    /// Its method is another one than `web`.
    #[error("find the document of {did}: found a did of another method, expected did:web")]
    Method {
        /// The DID.
        did: Did,
    },
    /// Its host is no name of the DNS in its one spelling.
    #[error(
        "find the document of {did}: found the host {host:?}, expected a lower-case dns name \
         that is no ip address"
    )]
    Host {
        /// The DID.
        did: Did,
        /// The host.
        host: String,
    },
    /// Its port is no port.
    #[error("find the document of {did}: expected a port of 1 to 65535 after %3A")]
    Port {
        /// The DID.
        did: Did,
    },
    /// Its path is not plain.
    #[error(
        "find the document of {did}: found the path part {part:?}, expected letters, digits, \
         '.', '_' and '-', not only dots, and at most {DID_PATH_PARTS_MAX} parts"
    )]
    Path {
        /// The DID.
        did: Did,
        /// The part.
        part: String,
    },
    /// The name of a key is not a DID with a fragment.
    #[error("read the name of a key: found {found:?}, expected DID#NAME")]
    Key {
        /// What was found, cut to a printable length.
        found: String,
    },
}

/// A decentralized identifier of any method.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Did(Box<str>);

impl Did {
    /// Reads `did:METHOD:NAME`; no path, query or fragment.
    pub fn parse(text: &str) -> Result<Self, DidError> {
        if text.len() > DID_BYTES_MAX {
            return Err(DidError::TooLong { found: text.len() });
        }
        match text.strip_prefix("did:").and_then(|rest| rest.split_once(':')) {
            Some((method, name)) if is_method(method) && is_name(name) => Ok(Self(text.into())),
            _ => Err(DidError::Syntax { found: cut(text) }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The method, such as `web`.
    pub fn method(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// Where the document of a did:web is.
    pub fn web(&self) -> Result<DidWeb, DidError> {
        DidWeb::new(self)
    }

    /// The name of the key that the document calls `#fragment`.
    pub fn key(&self, fragment: &str) -> Result<KeyId, DidError> {
        KeyId::new(self.clone(), fragment)
    }
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// DID Core §3.1: letters, digits, `.`, `-`, `_`, `:` and escapes, not ending in `:`.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    let mut index = 0;
    while index < bytes.len() {
        let escape = bytes.get(index + 1..index + 3).unwrap_or_default();
        index += match bytes[index] {
            b if plain(b) => 1,
            b'%' if escape.len() == 2 && escape.iter().all(u8::is_ascii_hexdigit) => 3,
            _ => return false,
        };
    }
    !text.is_empty() && !text.ends_with(':')
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Did({})", self.0)
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        Self::parse(text)
    }
}

/// How a document is fetched. Plain HTTP is for tests on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The only scheme that did:web allows.
    Https,
    /// For suites that serve documents on the loopback interface.
    Http,
}

/// A did:web, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DidWeb {
    did: Did,
    host: String,
    port: Option<u16>,
    path: Vec<String>,
}

impl DidWeb {
    /// Takes a did:web apart; refuses what could lead anywhere else than to one DNS name.
    pub fn new(did: &Did) -> Result<Self, DidError> {
        let Some(rest) = did.as_str().strip_prefix("did:web:") else {
            return Err(DidError::Method { did: did.clone() });
        };
        let mut parts = rest.split(':');
        let authority = parts.next().unwrap_or_default();
        let (host, port) = match authority.split_once("%3A") {
            Some((host, port)) => (host, Some(parse_port(port))),
            None => (authority, None),
        };
        if !is_host(host) {
            return Err(DidError::Host { did: did.clone(), host: cut(host) });
        }
        let port = match port {
            Some(None) => return Err(DidError::Port { did: did.clone() }),
            Some(Some(port)) => Some(port),
            None => None,
        };
        let path: Vec<String> = parts.map(str::to_owned).collect();
        let bad = |part: &&String| !is_path_part(part);
        if let Some(part) = path.iter().find(bad).or(path.get(DID_PATH_PARTS_MAX)) {
            return Err(DidError::Path { did: did.clone(), part: cut(part) });
        }
        Ok(Self { did: did.clone(), host: host.to_owned(), port, path })
    }

    /// The did:web of a host, perhaps with a port and path parts.
    pub fn from_parts(host: &str, port: Option<u16>, path: &[&str]) -> Result<Self, DidError> {
        let mut text = format!("did:web:{host}");
        if let Some(port) = port {
            text.push_str(&format!("%3A{port}"));
        }
        for part in path {
            text.push(':');
            text.push_str(part);
        }
        Self::new(&Did::parse(&text)?)
    }

    /// The DID.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The host, a lower-case DNS name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if the DID names one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path of the document: `/.well-known/did.json`, or `/a/b/did.json`.
    pub fn document_path(&self) -> String {
        if self.path.is_empty() {
            return "/.well-known/did.json".to_owned();
        }
        format!("/{}/did.json", self.path.join("/"))
    }

    /// The path of a file beside the document.
    pub fn sibling_path(&self, name: &str) -> String {
        let path = self.document_path();
        let directory = path.trim_end_matches("did.json");
        format!("{directory}{name}")
    }

    /// Whether the host is a name of whatever machine asks.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.ends_with(".localhost")
    }

    /// The address of the document.
    pub fn document_url(&self, scheme: Scheme) -> Result<Url, DidError> {
        self.url(scheme, &self.document_path())
    }

    /// The address of a file beside the document.
    pub fn sibling_url(&self, scheme: Scheme, name: &str) -> Result<Url, DidError> {
        self.url(scheme, &self.sibling_path(name))
    }

    fn url(&self, scheme: Scheme, path: &str) -> Result<Url, DidError> {
        let scheme = match scheme {
            Scheme::Https => "https",
            Scheme::Http => "http",
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{scheme}://{}{port}{path}", self.host);
        let refused = || DidError::Host { did: self.did.clone(), host: cut(&self.host) };
        let url = Url::parse(&text).map_err(|_| refused())?;
        // A host that the URL parser understands differently, an address above all, is refused.
        if url.domain() == Some(self.host.as_str()) { Ok(url) } else { Err(refused()) }
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    // A host whose last label is a number is an IPv4 address to URL parsers.
    let number = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    host.len() <= 253 && host.split('.').all(label) && !number
}

fn is_path_part(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    part.bytes().all(plain) && part.bytes().any(|b| b != b'.')
}

/// The name of a key: a DID and a fragment, always written in full.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    did: Did,
    fragment: Box<str>,
}

impl KeyId {
    /// The key that the document of `did` calls `#fragment`.
    pub fn new(did: Did, fragment: &str) -> Result<Self, DidError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
        if !(1..=KEY_FRAGMENT_BYTES_MAX).contains(&fragment.len()) || !fragment.bytes().all(plain) {
            return Err(DidError::Key { found: cut(fragment) });
        }
        Ok(Self { did, fragment: fragment.into() })
    }

    /// Reads `DID#FRAGMENT`.
    pub fn parse(text: &str) -> Result<Self, DidError> {
        match text.split_once('#') {
            Some((did, fragment)) => Self::new(Did::parse(did)?, fragment),
            None => Err(DidError::Key { found: cut(text) }),
        }
    }

    /// Reads a name inside the document of `base`, where `#FRAGMENT` alone is allowed too.
    pub(crate) fn parse_in(base: &Did, text: &str) -> Result<Self, DidError> {
        match text.strip_prefix('#') {
            Some(fragment) => Self::new(base.clone(), fragment),
            None => Self::parse(text),
        }
    }

    /// Whose key it is.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The name inside the document, without `#`.
    pub fn fragment(&self) -> &str {
        &self.fragment
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.did, self.fragment)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expectation: &str) {
        let found = Did::parse(text)
            .and_then(|did| did.web())
            .and_then(|web| web.document_url(Scheme::Https));
        let found = found.map_or_else(|error| error.to_string(), |url| url.to_string());
        assert!(found.contains(expectation), "{text}: {found}");
    }

    #[test]
    fn a_did_web_has_its_document_where_the_method_says() {
        check("did:web:example.org", "https://example.org/.well-known/did.json");
        check("did:web:example.org:user:a_b-1.x", "https://example.org/user/a_b-1.x/did.json");
        check("did:web:localhost%3A8083:holder", "https://localhost:8083/holder/did.json");
        check(
            "did:web:xn--bcher-kva.example",
            "https://xn--bcher-kva.example/.well-known/did.json",
        );
    }

    #[test]
    fn a_host_that_is_no_plain_dns_name_is_refused() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "10.0.0.0x1",
            "Example.org",
            "example.org.",
            "example..org",
            "-a.org",
            "a-.org",
            "user%40example.org",
            "%5B%3A%3A1%5D",
            "exa%6Dple.org",
            "a_b.org",
            "example.org%3a80",
        ] {
            check(&format!("did:web:{host}"), "expected a lower-case dns name");
        }
        check(&format!("did:web:{}.org", "a".repeat(64)), "expected a lower-case dns name");
    }

    #[test]
    fn a_port_is_a_number_in_its_one_spelling() {
        for port in ["", "0", "080", "65536", "+80", "8a"] {
            check(&format!("did:web:localhost%3A{port}"), "expected");
        }
    }

    #[test]
    fn a_path_goes_nowhere_else() {
        for path in [".", "..", "a:..:b", "a::b", "%2e%2e", "a%2fb", "...", "a%00"] {
            check(&format!("did:web:example.org:{path}"), "found the path part");
        }
        check(&format!("did:web:example.org{}", ":a".repeat(17)), "at most");
    }

    #[test]
    fn text_that_is_no_did_is_refused() {
        for text in ["", "did", "did:", "did:web", "did:web:", "did:WEB:a", "did:web:a b", "x:y:z"]
        {
            check(text, "expected did:METHOD:NAME");
        }
        for text in ["did:web:a#k", "did:web:a/b", "did:web:a?b", "did:web:a%2", "did:web:a:"] {
            check(text, "expected did:METHOD:NAME");
        }
        check(&format!("did:web:{}", "a".repeat(600)), "expected at most");
        check("did:key:z6Mkf", "expected did:web");
    }

    #[test]
    fn a_key_is_named_in_full() {
        let key = KeyId::parse("did:web:example.org#key-1").unwrap();
        assert_eq!((key.did().as_str(), key.fragment()), ("did:web:example.org", "key-1"));
        assert_eq!(key.to_string(), "did:web:example.org#key-1");
        for text in ["#key-1", "key-1", "did:web:example.org", "did:web:a#", "did:web:a#a#b"] {
            assert!(KeyId::parse(text).is_err(), "{text}");
        }
        let did = Did::parse("did:web:example.org").unwrap();
        assert_eq!(KeyId::parse_in(&did, "#key-1").unwrap(), key);
    }

    #[test]
    fn parts_make_the_did_that_is_taken_apart_into_them() {
        let web = DidWeb::from_parts("localhost", Some(8083), &["holder"]).unwrap();
        assert_eq!(web.did().as_str(), "did:web:localhost%3A8083:holder");
        assert_eq!((web.host(), web.port()), ("localhost", Some(8083)));
    }
}
