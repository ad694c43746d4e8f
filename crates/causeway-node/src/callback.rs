//! Where a peer may have its answers sent. An address that a peer names is called by this node,
//! with a token of this node's: it must lie where the peer is known to be, or it would lead
//! anywhere.

use causeway_types::{Address, ParticipantId, Problem, ProblemCode};
use url::Url;

use crate::Node;
use crate::egress::{Purpose, plain_name};
use crate::settings::Peer;

impl Node {
    /// Refuses an address for answers that is not on a host of the peer's, or that this node will
    /// not call. The port and the path are the peer's business.
    pub(crate) fn check_callback(
        &self,
        peer: &ParticipantId,
        callback: &Address,
    ) -> Result<(), Problem> {
        let bad = |text: String| Problem::new(ProblemCode::BadRequest, text);
        let known = self.0.directory.peer(peer);
        let host = host(callback);
        let is_theirs = known.as_ref().is_some_and(|known| hosts(known).any(|own| own == host));
        if !is_theirs {
            tracing::warn!(
                %peer,
                host,
                "refused a callback address on a host that is not the peer's; if it is meant to be \
                 there, name the host in peers.callback_hosts"
            );
            return Err(bad(format!(
                "callbackAddress: found the host {host:?}, expected one under which {peer} is known"
            ))
            .hint(
                "use the host of your address, or ask this node's operator to name the other one",
            ));
        }
        let called = self.0.egress.check(Purpose::Peer, callback.as_str());
        called.map(drop).map_err(|error| bad(format!("callbackAddress: {error}")))
    }
}

/// The hosts under which a peer is known: what its operator serves there is its own.
fn hosts(peer: &Peer) -> impl Iterator<Item = String> {
    let own = std::iter::once(&peer.address).chain(&peer.base).map(host);
    own.chain(peer.callback_hosts.iter().map(|host| plain_name(host)))
}

fn host(address: &Address) -> String {
    let url = Url::parse(address.as_str()).ok();
    plain_name(url.as_ref().and_then(Url::host_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use causeway_types::StatedFacts;

    use super::*;
    use crate::settings::Secret;

    #[test]
    fn the_hosts_of_a_peer_are_those_it_is_known_under_and_nothing_like_them() {
        let address = |text: &str| Address::parse(text).unwrap();
        let peer = Peer {
            name: "peer".to_owned(),
            participant_id: ParticipantId::parse("did:web:did.example").unwrap(),
            address: address("https://Peer.Example:8443/root"),
            base: Some(address("https://base.example./dsp")),
            jurisdiction: None,
            facts: StatedFacts::new(),
            secret: Secret::new(""),
            callback_hosts: vec!["answers.example".to_owned(), "[2A00::1]".to_owned()],
        };
        for (text, expected) in [
            ("https://peer.example", true),
            ("http://peer.example:1234/a/b", true),
            ("https://PEER.example./", true),
            ("https://base.example", true),
            ("https://answers.example:1/x", true),
            ("https://[2a00:0::1]/", true),
            ("https://ｐeer.example", true),
            ("https://did.example", false),
            ("https://a.peer.example", false),
            ("https://example", false),
            ("https://peer.example.evil.example", false),
            ("https://evilpeer.example", false),
            ("https://peer.example..", false),
            ("https://peer.exampl\u{435}", false),
            ("http://169.254.169.254", false),
        ] {
            let found = hosts(&peer).any(|own| own == host(&address(text)));
            assert_eq!(found, expected, "{text}");
        }
    }
}
