//! Receipts of inclusion as COSE (RFC 9942): the tree is the same, `RFC9162_SHA256`, so an entry
//! that has a proof has a receipt too. One shape is written and read, in deterministic CBOR:
//! `18([<< {1: -8, 4: key name, 395: 1} >>, {396: {-1: [<< [size, index, [hash, ..]] >>]}},
//! nil, signature])`. This is no reader of CBOR in general.
//!
//! What is signed is the root alone, so a receipt proves that a leaf is in the log, and not where:
//! that is what a proof file is for, whose checkpoint is signed with its size.

use causeway_types::limits::{
    COSE_RECEIPT_BYTES_MAX, LOG_LEAVES_MAX, LOG_PROOF_HASHES_MAX, NOTE_KEY_NAME_BYTES_MAX,
};

use crate::hash::Hash;
use crate::verify::{ProofError, root_from_inclusion};
use crate::vkey::{KeyName, VerifierKey};

/// Where a leaf is, before or after it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The name of the log's key.
    pub log: KeyName,
    /// The size of the tree, as the receipt says without a signature.
    pub size: u64,
    /// The index of the leaf, as the receipt says without a signature.
    pub index: u64,
    /// The hashes from the leaf's sibling up; at least one, as the specification has it.
    pub hashes: Vec<Hash>,
}

/// A receipt: where a leaf is, and the log's signature over the root that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Where the leaf is.
    pub inclusion: Inclusion,
    /// The signature over [`Inclusion::to_be_signed`].
    pub signature: [u8; 64],
}

/// Why something is no receipt, or not for this leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not the one shape that is read.
    #[error("read a receipt: expected a COSE receipt of inclusion with one proof, signed by EdDSA")]
    Form,
    /// It is of another log.
    #[error("check a receipt: found the key {found}, expected {expected}")]
    Log {
        /// Which key it names.
        found: KeyName,
        /// Which was asked for.
        expected: KeyName,
    },
    /// The hashes cannot belong to such a leaf.
    #[error("check a receipt")]
    Proof(#[from] ProofError),
    /// The log did not sign the root that follows from the leaf.
    #[error("check a receipt: found another leaf or another signature than the log's")]
    Signature,
}

impl Inclusion {
    /// What the log is to sign so that the leaf at this place has a receipt.
    ///
    /// # Errors
    /// If the hashes cannot belong to a leaf there, or the tree has only that leaf.
    pub fn to_be_signed(&self, leaf: &Hash) -> Result<Vec<u8>, ReceiptError> {
        let root = root_from_inclusion(self.index, self.size, leaf, &self.hashes)?;
        if self.hashes.is_empty() {
            return Err(ReceiptError::Form);
        }
        let mut out = Vec::new();
        head(&mut out, ARRAY, 4);
        text(&mut out, "Signature1");
        bytes(&mut out, &self.protected());
        bytes(&mut out, b"");
        bytes(&mut out, root.as_bytes());
        Ok(out)
    }

    fn protected(&self) -> Vec<u8> {
        let mut out = Vec::new();
        head(&mut out, MAP, 3);
        head(&mut out, UNSIGNED, 1);
        // -8, EdDSA.
        head(&mut out, NEGATIVE, 7);
        head(&mut out, UNSIGNED, 4);
        bytes(&mut out, self.log.as_str().as_bytes());
        head(&mut out, UNSIGNED, 395);
        head(&mut out, UNSIGNED, 1);
        out
    }

    fn proof(&self) -> Vec<u8> {
        let mut out = Vec::new();
        head(&mut out, ARRAY, 3);
        head(&mut out, UNSIGNED, self.size);
        head(&mut out, UNSIGNED, self.index);
        head(&mut out, ARRAY, self.hashes.len() as u64);
        for hash in &self.hashes {
            bytes(&mut out, hash.as_bytes());
        }
        out
    }
}

impl Receipt {
    /// The receipt as `application/cose`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        head(&mut out, TAG, 18);
        head(&mut out, ARRAY, 4);
        bytes(&mut out, &self.inclusion.protected());
        head(&mut out, MAP, 1);
        head(&mut out, UNSIGNED, 396);
        head(&mut out, MAP, 1);
        // -1, proofs of inclusion.
        head(&mut out, NEGATIVE, 0);
        head(&mut out, ARRAY, 1);
        bytes(&mut out, &self.inclusion.proof());
        // The payload is the root, which follows from leaf and proof: it is not sent.
        out.push(NIL);
        bytes(&mut out, &self.signature);
        out
    }

    /// Reads a receipt. Written again it has exactly the same bytes.
    ///
    /// # Errors
    /// If it has any other shape.
    pub fn parse(receipt: &[u8]) -> Result<Self, ReceiptError> {
        if receipt.len() > COSE_RECEIPT_BYTES_MAX {
            return Err(ReceiptError::Form);
        }
        Self::read(receipt).ok_or(ReceiptError::Form)
    }

    fn read(receipt: &[u8]) -> Option<Self> {
        let mut outer = Reader(receipt);
        outer.exactly(TAG, 18)?;
        outer.exactly(ARRAY, 4)?;
        let mut protected = Reader(outer.bytes()?);
        protected.exactly(MAP, 3)?;
        protected.exactly(UNSIGNED, 1)?;
        protected.exactly(NEGATIVE, 7)?;
        protected.exactly(UNSIGNED, 4)?;
        let name = protected.bytes().filter(|name| name.len() <= NOTE_KEY_NAME_BYTES_MAX)?;
        let log = KeyName::new(std::str::from_utf8(name).ok()?).ok()?;
        protected.exactly(UNSIGNED, 395)?;
        protected.exactly(UNSIGNED, 1)?;
        protected.end()?;
        outer.exactly(MAP, 1)?;
        outer.exactly(UNSIGNED, 396)?;
        outer.exactly(MAP, 1)?;
        outer.exactly(NEGATIVE, 0)?;
        outer.exactly(ARRAY, 1)?;
        let mut proof = Reader(outer.bytes()?);
        proof.exactly(ARRAY, 3)?;
        let size = proof.number(UNSIGNED).filter(|size| *size <= LOG_LEAVES_MAX)?;
        let index = proof.number(UNSIGNED).filter(|index| *index < size)?;
        let count = usize::try_from(proof.number(ARRAY)?).ok()?;
        if !(1..=LOG_PROOF_HASHES_MAX).contains(&count) {
            return None;
        }
        let hashes: Option<Vec<Hash>> =
            (0..count).map(|_| Some(Hash::new(proof.bytes()?.try_into().ok()?))).collect();
        let hashes = hashes?;
        proof.end()?;
        outer.byte().filter(|byte| *byte == NIL)?;
        let signature = outer.bytes()?.try_into().ok()?;
        outer.end()?;
        Some(Self { inclusion: Inclusion { log, size, index, hashes }, signature })
    }

    /// Checks that the log with this key signed that the leaf is where the receipt says.
    ///
    /// # Errors
    /// If it did not.
    pub fn verify(&self, leaf: &Hash, log: &VerifierKey) -> Result<(), ReceiptError> {
        if self.inclusion.log != *log.name() {
            let (found, expected) = (self.inclusion.log.clone(), log.name().clone());
            return Err(ReceiptError::Log { found, expected });
        }
        let message = self.inclusion.to_be_signed(leaf)?;
        match log.signed(&message, &self.signature) {
            true => Ok(()),
            false => Err(ReceiptError::Signature),
        }
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const NIL: u8 = 0xf6;

/// The head of an item in its shortest form, which is the only deterministic one.
fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..=23 => out.push(major | number as u8),
        24..=0xff => out.extend([major | 24, number as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(number.to_be_bytes());
        }
    }
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    head(out, BYTES, value.len() as u64);
    out.extend_from_slice(value);
}

fn text(out: &mut Vec<u8>, value: &str) {
    head(out, TEXT, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// The number in the head of an item of this kind, if it is written in its shortest form.
    fn number(&mut self, major: u8) -> Option<u64> {
        let first = self.byte().filter(|byte| byte >> 5 == major)? & 0x1f;
        let (length, least) = match first {
            0..=23 => return Some(u64::from(first)),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return None,
        };
        let (number, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let number = number.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        (number >= least).then_some(number)
    }

    fn exactly(&mut self, major: u8, expected: u64) -> Option<()> {
        (self.number(major)? == expected).then_some(())
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number(BYTES)?).ok()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
