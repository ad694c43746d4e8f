//! The `[[peers]]` entries: read, checked one by one and against each other. A secret stays where
//! it is until the node starts.

use std::path::{Path, PathBuf};

use causeway_node::{IdentityMode, Secret};
use causeway_types::limits::{
    CALLBACK_HOSTS_MAX, PEER_SECRET_BYTES_MAX, PEER_SECRET_BYTES_MIN, PEERS_MAX,
};
use causeway_types::{Address, ParticipantId, StatedFacts};

use super::keys::PEER_KEYS;
use super::source::{Origin, PeerEntry, Wrong};
use super::value::is_jurisdiction;
use crate::exit::{Exit, Failure, Outcome};

/// A peer as it is configured. No `Debug`: it may hold a secret.
pub(crate) struct PeerConfig {
    /// The short name.
    pub(crate) name: String,
    /// Its participant id.
    pub(crate) participant_id: ParticipantId,
    /// Its root URL.
    pub(crate) address: Address,
    /// The base of its protocol endpoints, if it serves no version document.
    pub(crate) base: Option<Address>,
    /// The legal area it sits in.
    pub(crate) jurisdiction: Option<String>,
    /// What the law has to know of it.
    pub(crate) facts: StatedFacts,
    /// Where its secret is.
    pub(crate) secret: SecretSource,
    /// Hosts beside those of its addresses at which it may have answers sent.
    pub(crate) callback_hosts: Vec<String>,
    /// Where the entry stands.
    pub(super) origin: Origin,
}

impl PeerConfig {
    /// Reads the secret.
    pub(crate) fn read_secret(&self) -> Outcome<Secret> {
        self.secret.read().map_err(|reason| {
            Failure::new(Exit::Usage, format!("peer {}: {reason}", self.name))
                .hint("both sides need the same secret; agree on one and write it to that file")
        })
    }
}

/// Where a peer's secret is.
pub(crate) enum SecretSource {
    /// In the configuration file.
    Inline(Secret),
    /// In a file of its own.
    File(PathBuf),
    /// Nowhere: the network knows no secrets.
    None,
}

impl SecretSource {
    /// Whether it stands in the configuration file.
    pub(super) fn is_inline(&self) -> bool {
        self.inline().is_some()
    }

    fn inline(&self) -> Option<&[u8]> {
        match self {
            Self::Inline(secret) => Some(secret.expose()),
            Self::File(_) | Self::None => None,
        }
    }

    /// The file of its own.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Inline(_) | Self::None => None,
            Self::File(path) => Some(path),
        }
    }

    /// Where it is, in words that may be shown.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Inline(_) => "in the configuration file".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::None => "none".to_owned(),
        }
    }

    /// Reads it; the error never holds any of it.
    pub(super) fn read(&self) -> Result<Secret, String> {
        let path = match self {
            Self::Inline(secret) => return Ok(secret.clone()),
            Self::None => return Ok(Secret::new(Vec::new())),
            Self::File(path) => path,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("read the secret {}: {error}", path.display()))?;
        secret(text.trim()).map_err(|found| {
            format!("the secret in {}: found {found}, expected {}", path.display(), length())
        })
    }
}

/// Checks every entry; what is wrong is added to `wrong` and its entry left out.
pub(super) fn read(
    entries: &[PeerEntry],
    mode: IdentityMode,
    base: &Path,
    wrong: &mut Vec<Wrong>,
) -> Vec<PeerConfig> {
    let mut peers: Vec<PeerConfig> = Vec::new();
    for entry in entries.iter().take(PEERS_MAX) {
        let Some(peer) = one(entry, mode, base, wrong) else { continue };
        let twin = peers
            .iter()
            .find(|other| other.name == peer.name || other.participant_id == peer.participant_id);
        match twin {
            Some(twin) => wrong.push(Wrong::Value {
                origin: entry.origin.clone(),
                key: "peers".to_owned(),
                found: format!("{:?} ({}), as at {}", peer.name, peer.participant_id, twin.origin),
                expected: "another name and participant id in every entry".to_owned(),
            }),
            None => {
                if mode == IdentityMode::Static {
                    wrong.extend(shared_token(&peers, &peer));
                }
                peers.push(peer);
            }
        }
    }
    if let Some(entry) = entries.get(PEERS_MAX) {
        wrong.push(Wrong::Value {
            origin: entry.origin.clone(),
            key: "peers".to_owned(),
            found: format!("{} entries", entries.len()),
            expected: format!("at most {PEERS_MAX}"),
        });
    }
    peers
}

/// Two peers with the same fixed header: each of them would be taken for the first.
fn shared_token(peers: &[PeerConfig], peer: &PeerConfig) -> Option<Wrong> {
    let token = peer.secret.inline()?;
    let is_same = |other: &&PeerConfig| other.secret.inline() == Some(token);
    let twin = peers.iter().find(is_same)?;
    Some(Wrong::Value {
        origin: peer.origin.clone(),
        key: "peers.static_token".to_owned(),
        found: format!("that of {:?}, at {}", twin.name, twin.origin),
        expected: "another one in every entry".to_owned(),
    })
}

fn one(
    entry: &PeerEntry,
    mode: IdentityMode,
    base: &Path,
    wrong: &mut Vec<Wrong>,
) -> Option<PeerConfig> {
    let name = field(entry, "name", wrong, |text| is_name(text).then(|| text.to_owned()));
    let participant_id =
        field(entry, "participant_id", wrong, |text| ParticipantId::parse(text).ok());
    let address = field(entry, "address", wrong, |text| Address::parse(text).ok());
    let protocol_base = optional(entry, "base", wrong, |text| Address::parse(text).ok());
    let jurisdiction = optional(entry, "jurisdiction", wrong, |text| {
        is_jurisdiction(text).then(|| text.to_owned())
    });
    let facts = optional(entry, "facts", wrong, stated);
    let callback_hosts = optional(entry, "callback_hosts", wrong, hosts);
    let secret = match mode {
        IdentityMode::SharedSecret => secret_source(entry, base, wrong),
        IdentityMode::Static => field(entry, "static_token", wrong, |text| {
            let fits = (1..=PEER_SECRET_BYTES_MAX).contains(&text.len());
            fits.then(|| SecretSource::Inline(Secret::new(text.as_bytes())))
        }),
        IdentityMode::Dcp => {
            refuse_secrets(entry, wrong);
            Some(SecretSource::None)
        }
        IdentityMode::EdcMock => Some(SecretSource::None),
    };
    Some(PeerConfig {
        name: name?,
        participant_id: participant_id?,
        address: address?,
        base: protocol_base.ok()?,
        jurisdiction: jurisdiction.ok()?,
        facts: facts.ok()?.unwrap_or_default(),
        secret: secret?,
        callback_hosts: callback_hosts.ok()?.unwrap_or_default(),
        origin: entry.origin.clone(),
    })
}

/// A field that may be missing; the error is that it is wrong.
fn optional<T>(
    entry: &PeerEntry,
    name: &str,
    wrong: &mut Vec<Wrong>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ()> {
    match entry.values.iter().any(|(known, ..)| *known == name) {
        true => field(entry, name, wrong, parse).map(Some).ok_or(()),
        false => Ok(None),
    }
}

fn stated(texts: &str) -> Option<StatedFacts> {
    let mut facts = StatedFacts::new();
    texts.split_ascii_whitespace().try_for_each(|text| facts.read(text)).ok()?;
    Some(facts)
}

/// Hosts in the spelling of URLs.
fn hosts(texts: &str) -> Option<Vec<String>> {
    let host = |text: &str| url::Host::parse(text).ok().map(|host| host.to_string());
    let hosts = texts.split_ascii_whitespace().map(host).collect::<Option<Vec<_>>>()?;
    (hosts.len() <= CALLBACK_HOSTS_MAX).then_some(hosts)
}

fn field<T>(
    entry: &PeerEntry,
    name: &str,
    wrong: &mut Vec<Wrong>,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let key = format!("peers.{name}");
    let Some((_, text, origin)) = entry.values.iter().find(|(known, ..)| *known == name) else {
        let place = entry.origin.to_string();
        wrong.push(Wrong::Missing { place, key, expected: expected(name) });
        return None;
    };
    let parsed = parse(text);
    if parsed.is_none() {
        let found = if name == "static_token" {
            format!("{} bytes", text.len())
        } else {
            format!("{:?}", text.chars().take(80).collect::<String>())
        };
        wrong.push(Wrong::Value { origin: origin.clone(), key, found, expected: expected(name) });
    }
    parsed
}

/// Whoever shares secrets with peers means another way of knowing them.
fn refuse_secrets(entry: &PeerEntry, wrong: &mut Vec<Wrong>) {
    let is_secret = |name: &str| matches!(name, "secret" | "secret_file");
    for (name, _, origin) in entry.values.iter().filter(|(name, ..)| is_secret(name)) {
        wrong.push(Wrong::Value {
            origin: origin.clone(),
            key: format!("peers.{name}"),
            found: "a secret".to_owned(),
            expected: "none where peers are known by credentials, or identity.mode = \
                       \"shared-secret\""
                .to_owned(),
        });
    }
}

fn secret_source(entry: &PeerEntry, base: &Path, wrong: &mut Vec<Wrong>) -> Option<SecretSource> {
    let value = |name| entry.values.iter().find(|(known, ..)| *known == name);
    match (value("secret"), value("secret_file")) {
        (Some((_, text, origin)), None) => match secret(text) {
            Ok(secret) => Some(SecretSource::Inline(secret)),
            Err(found) => {
                let (origin, expected) = (origin.clone(), length());
                wrong.push(Wrong::Value { origin, key: "peers.secret".into(), found, expected });
                None
            }
        },
        (None, Some((_, path, _))) => Some(SecretSource::File(base.join(path))),
        (found, _) => {
            let key = "peers.secret_file".to_owned();
            let expected = "one of secret_file and secret".to_owned();
            wrong.push(match found {
                Some((_, _, origin)) => Wrong::Value {
                    origin: origin.clone(),
                    key,
                    found: "both secret_file and secret".to_owned(),
                    expected,
                },
                None => Wrong::Missing { place: entry.origin.to_string(), key, expected },
            });
            None
        }
    }
}

/// The error says what was found, never the secret itself.
fn secret(text: &str) -> Result<Secret, String> {
    if (PEER_SECRET_BYTES_MIN..=PEER_SECRET_BYTES_MAX).contains(&text.len()) {
        Ok(Secret::new(text.as_bytes()))
    } else {
        Err(format!("{} bytes", text.len()))
    }
}

fn length() -> String {
    format!("{PEER_SECRET_BYTES_MIN} to {PEER_SECRET_BYTES_MAX} bytes")
}

fn expected(name: &str) -> String {
    PEER_KEYS
        .iter()
        .find(|key| key.name == name)
        .map_or_else(String::new, |key| key.expected.into())
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::super::source::Layer;
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        check_in(IdentityMode::SharedSecret, text, expected);
    }

    fn check_in(mode: IdentityMode, text: &str, expected: &[&str]) {
        let layer = Layer::file(Path::new("c.toml"), text);
        let mut wrong = layer.wrong;
        read(&layer.peers, mode, Path::new(""), &mut wrong);
        let found: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_fault_of_an_entry_is_told_and_never_the_secret() {
        let peer = "[[peers]]\nname = \"b\"\nparticipant_id = \"b\"\naddress = \"http://b\"\n";
        check(&format!("{peer}secret_file = \"b.secret\""), &[]);
        check(&format!("{peer}secret = \"{}\"", "x".repeat(32)), &[]);
        check(
            &format!("{peer}secret = \"hunter2\""),
            &["c.toml:5: peers.secret: found 7 bytes, expected 32 to 1024 bytes"],
        );
        check(
            &format!("{peer}secret = 12345678"),
            &[
                "c.toml:5: peers.secret: found no text, expected a text of 32 to 1024 bytes",
                "c.toml:1: peers.secret_file: found nothing, expected one of secret_file and \
                 secret",
            ],
        );
        check(
            &format!("{peer}secret_file = \"x\"\nadress = \"y\""),
            &["c.toml:6: unknown key `peers.adress`; did you mean `address`?"],
        );
        let twice = format!("{peer}secret_file = \"x\"\n{peer}secret_file = \"x\"");
        check(
            &twice,
            &["c.toml:6: peers: found \"b\" (b), as at c.toml:1, expected another name and \
               participant id in every entry"],
        );
        check(
            "[[peers]]\nname = \"a b\"\nparticipant_id = \"b\"\naddress = \"b\"\n\
             secret_file = \"x\"",
            &[
                "c.toml:2: peers.name: found \"a b\", expected a text of 1 to 64 letters, \
                 digits, `-`, `_` or `.`",
                "c.toml:4: peers.address: found \"b\", expected an absolute http or https URL",
            ],
        );
    }
    #[test]
    fn with_fixed_headers_every_peer_has_its_own_and_by_their_word_none_needs_one() {
        let peer = |name: &str, more: &str| {
            format!(
                "[[peers]]\nname = \"{name}\"\nparticipant_id = \"{name}\"\n\
                 address = \"http://b\"\n{more}\n"
            )
        };
        let token = |name: &str, token: &str| peer(name, &format!("static_token = \"{token}\""));
        let fixed = IdentityMode::Static;
        check_in(fixed, &(token("a", "Bearer a") + &token("b", "Bearer b")), &[]);
        check_in(
            fixed,
            &(token("a", "Bearer a") + &token("b", "Bearer b") + &token("c", "Bearer a")),
            &["c.toml:11: peers.static_token: found that of \"a\", at c.toml:1, expected another \
               one in every entry"],
        );
        check_in(
            fixed,
            &(token("a", "") + &peer("b", "secret_file = \"x\"")),
            &[
                "c.toml:5: peers.static_token: found 0 bytes, expected a text of 1 to 1024 bytes",
                "c.toml:6: peers.static_token: found nothing, expected a text of 1 to 1024 bytes",
            ],
        );
        check_in(IdentityMode::EdcMock, &(peer("a", "") + &peer("b", "")), &[]);
    }
}
