//! Keys made and used in memory, for tests of this crate and of others. A node keeps its keys
//! elsewhere.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};

use crate::did::{Did, KeyId};
use crate::document::{DidDocument, Relationship};
use crate::jwk::{Algorithm, PublicKey};
use crate::jws::Unsigned;

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A key of a party in a test.
pub struct TestKey {
    id: KeyId,
    algorithm: Algorithm,
    pair: Pair,
}

impl TestKey {
    /// A fresh P-256 key of `did`, called `#key-1`.
    ///
    /// # Panics
    ///
    /// If `did` is no DID.
    pub fn new(did: &str) -> Self {
        Self::with(did, "key-1", Algorithm::Es256)
    }

    /// An Ed25519 key of `did` that is the same every time, called `#key-1`: for inputs that must
    /// mean tomorrow what they mean today.
    ///
    /// # Panics
    ///
    /// If `did` is no DID.
    pub fn fixed(did: &str, seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any seed is one");
        let id = Did::parse(did).and_then(|did| did.key("key-1")).expect("a test names a did");
        Self { id, algorithm: Algorithm::EdDsa, pair: Pair::Ed25519(pair) }
    }

    /// A fresh key of a kind and a name.
    ///
    /// # Panics
    ///
    /// If `did` is no DID, or `fragment` no name.
    pub fn with(did: &str, fragment: &str, algorithm: Algorithm) -> Self {
        const MADE: &str = "a key is made from good randomness";
        let ecdsa = |kind| Pair::Ecdsa(EcdsaKeyPair::generate(kind).expect(MADE));
        let pair = match algorithm {
            Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().expect(MADE)),
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Pair::Rsa(RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect(MADE))
            }
        };
        let did = Did::parse(did).expect("a test names a did");
        let id = did.key(fragment).expect("a test names a key");
        Self { id, algorithm, pair }
    }

    /// Its name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whose it is.
    pub fn did(&self) -> &Did {
        self.id.did()
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half.
    ///
    /// # Panics
    ///
    /// Never: the key was made by the same library.
    pub fn public(&self) -> PublicKey {
        const OWN: &str = "a key that was just made is one";
        match (&self.pair, self.algorithm) {
            (Pair::Ecdsa(pair), Algorithm::Es256) => PublicKey::p256(pair.public_key().as_ref()),
            (Pair::Ecdsa(pair), _) => PublicKey::p384(pair.public_key().as_ref()),
            (Pair::Ed25519(pair), _) => PublicKey::ed25519(pair.public_key().as_ref()),
            (Pair::Rsa(pair), _) => {
                let key = pair.public_key();
                PublicKey::rsa(
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                )
            }
        }
        .expect(OWN)
    }

    /// The document of its owner, where the key is for everything.
    ///
    /// # Panics
    ///
    /// Never: the name of the key was checked when it was made.
    pub fn document(&self) -> DidDocument {
        DidDocument::new(self.did().clone())
            .with_key(self.id.fragment(), self.public(), &Relationship::ALL)
            .expect("the name of the key was checked")
    }

    /// The signature of a text.
    ///
    /// # Panics
    ///
    /// If the library cannot sign.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        const SIGNED: &str = "a key in memory signs";
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).expect(SIGNED).as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let encoding = match self.algorithm {
                    Algorithm::Rs256 => &RSA_PKCS1_SHA256,
                    _ => &RSA_PSS_SHA256,
                };
                pair.sign(encoding, &random, message, &mut signature).expect(SIGNED);
                signature
            }
        }
    }

    /// The finished text.
    ///
    /// # Panics
    ///
    /// If the text is for an algorithm of another kind of key.
    pub fn finish(&self, unsigned: Unsigned) -> String {
        let signature = self.sign(unsigned.signing_input());
        unsigned.finish(&signature).expect("the text is for this kind of key")
    }
}
