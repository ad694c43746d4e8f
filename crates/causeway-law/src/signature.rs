//! What is peculiar to the signatures of pack files: how their lines begin, and what keeps them
//! apart from signatures of anything else. How signing works is in `causeway-seal`.

pub use causeway_seal::{KeyId, SignatureError};

/// Files of rule packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackForm;

impl causeway_seal::Form for PackForm {
    const DOMAIN: &'static [u8] = b"causeway law pack v1\0";
    const SIGNATURE: &'static str = "causeway-law-signature-v1";
    const PUBLIC_KEY: &'static str = "causeway-law-public-key-v1";
    const PRIVATE_KEY: &'static str = "causeway-law-private-key-v1";
}

/// The key that verifies packs.
pub type PublicKey = causeway_seal::PublicKey<PackForm>;
/// The key that signs packs.
pub type SigningKey = causeway_seal::SigningKey<PackForm>;
/// A signature of a pack.
pub type Signature = causeway_seal::Signature<PackForm>;
