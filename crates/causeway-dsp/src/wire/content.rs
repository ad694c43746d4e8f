//! What the bytes of a file are, on distributions, offers and agreements. DSP has no names for
//! it, so DCAT's and SPDX's are written as absolute IRIs, which need no context and survive every
//! JSON-LD processor and schema. Comparing bytes with it is not here.

use causeway_types::{Blake3, Content, Sha256};

use super::build::Object;
use super::error::WireError;
use super::fields::{Node, loose_text};
use super::terms::{BYTE_SIZE, CHECKSUM, CHECKSUM_ALGORITHM, CHECKSUM_VALUE, Term};

const CHECKSUM_TYPE: &str = "http://spdx.org/rdf/terms#Checksum";
const SHA256: &str = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256";
const BLAKE3: &str = "http://spdx.org/rdf/terms#checksumAlgorithm_blake3";

impl Object {
    /// Adds the size and both digests, where they are known.
    pub(super) fn content(self, content: Option<&Content>) -> Self {
        let Some(content) = content else {
            return self;
        };
        let checksum = |algorithm: &str, digest: String| {
            let algorithm = Self::plain().id(Some(algorithm));
            Self::node(CHECKSUM_TYPE)
                .value(CHECKSUM_ALGORITHM, algorithm)
                .text(CHECKSUM_VALUE, digest)
                .into()
        };
        self.value(BYTE_SIZE, content.bytes()).list(
            CHECKSUM,
            [
                checksum(SHA256, content.sha256().to_string()),
                checksum(BLAKE3, content.blake3().to_string()),
            ],
        )
    }
}

/// The size and both digests. A peer's catalog may well have sizes and digests in other forms;
/// what cannot be understood in full promises nothing, so it counts as not said.
pub(super) fn read_content(node: &Node<'_>) -> Result<Option<Content>, WireError> {
    let Some(bytes) = loose(node, BYTE_SIZE)?.as_deref().and_then(parse_size) else {
        return Ok(None);
    };
    let (mut sha256, mut blake3) = (Digest::Unsaid, Digest::Unsaid);
    for checksum in node.find_all(CHECKSUM)? {
        let Ok(checksum) = checksum.node() else {
            continue;
        };
        let (Some(algorithm), Some(digest)) =
            (loose(&checksum, CHECKSUM_ALGORITHM)?, loose(&checksum, CHECKSUM_VALUE)?)
        else {
            continue;
        };
        match algorithm.rsplit(['_', ':', '#', '/']).next() {
            Some("sha256") => sha256 = sha256.also(Sha256::parse(&digest).ok()),
            Some("blake3") => blake3 = blake3.also(Blake3::parse(&digest).ok()),
            _ => {}
        }
    }
    let (Digest::Is(sha256), Digest::Is(blake3)) = (sha256, blake3) else {
        return Ok(None);
    };
    Ok(Content::new(bytes, sha256, blake3).ok())
}

/// What is said of a digest by all checksums together.
enum Digest<T> {
    Unsaid,
    Is(T),
    /// Two of one algorithm: which one counts would depend on the reader.
    Disputed,
}

impl<T: PartialEq> Digest<T> {
    fn also(self, found: Option<T>) -> Self {
        match (self, found) {
            (Self::Unsaid, Some(found)) => Self::Is(found),
            (Self::Is(known), Some(found)) if known != found => Self::Disputed,
            (said, _) => said,
        }
    }
}

fn loose(node: &Node<'_>, term: Term) -> Result<Option<String>, WireError> {
    Ok(node.find(term)?.and_then(|found| loose_text(found.value)))
}

/// A whole number of bytes; DCAT 2 had decimals.
fn parse_size(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    fraction.bytes().all(|b| b == b'0').then(|| whole.parse().ok()).flatten()
}
