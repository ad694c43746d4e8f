//! Checking proofs: that an entry is in a tree, and that one tree begins with another. This is all
//! that somebody needs who trusts nobody's tiles.

use causeway_types::limits::{LOG_LEAVES_MAX, LOG_PROOF_HASHES_MAX};

use crate::hash::{Hash, empty_root, node_hash};

/// Why a proof does not prove anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such entry, or the older tree is larger, or no log is so large.
    #[error("check a proof: found {inner} for a tree of {size}, expected less")]
    Range {
        /// The index or the older size.
        inner: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The proof has more or fewer hashes than such a tree needs.
    #[error("check a proof: found {found} hashes, expected another number for these sizes")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// It does not lead to the root of the tree.
    #[error("check a proof: found another root than the tree's")]
    Root,
    /// It does not lead to the root of the older tree.
    #[error("check a proof: found another root than the older tree's")]
    OldRoot,
}

/// Checks that the leaf with this hash is at this index of the tree (RFC 9162, section 2.1.3.2).
///
/// # Errors
/// If the proof does not lead from the leaf to the root.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    match root_from_inclusion(index, size, leaf, proof)? == *root {
        true => Ok(()),
        false => Err(ProofError::Root),
    }
}

/// The root to which a proof of inclusion leads, which is to be compared with a signed one.
///
/// # Errors
/// If there is no such index, or the proof has another number of hashes than it needs.
pub fn root_from_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    if index >= size || size > LOG_LEAVES_MAX {
        return Err(ProofError::Range { inner: index, size });
    }
    let wrong_length = ProofError::Length { found: proof.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut root = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            root = node_hash(sibling, &root);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok(root) } else { Err(wrong_length) }
}

/// Checks that the newer tree begins with all leaves of the older one (RFC 9162, section 2.1.4.2).
///
/// Every tree begins with the empty one, and a tree with itself: both with an empty proof.
///
/// # Errors
/// If the proof does not lead to both roots.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size || new_size > LOG_LEAVES_MAX {
        return Err(ProofError::Range { inner: old_size, size: new_size });
    }
    if old_size == 0 || old_size == new_size {
        if !proof.is_empty() {
            return Err(ProofError::Length { found: proof.len() });
        }
        let empty = [(old_size, old_root), (new_size, new_root)];
        if empty.iter().any(|(size, root)| *size == 0 && **root != empty_root()) {
            return Err(ProofError::OldRoot);
        }
        let same = old_size != new_size || old_root == new_root;
        return if same { Ok(()) } else { Err(ProofError::Root) };
    }
    // The root of an older tree that is a full subtree is not written a second time.
    let mut hashes = Vec::with_capacity(proof.len() + 1);
    if old_size.is_power_of_two() {
        hashes.push(*old_root);
    }
    hashes.extend_from_slice(proof);
    let (old, new) = roots_from_prefix(old_size, new_size, &hashes)?;
    match (old == *old_root, new == *new_root) {
        (true, true) => Ok(()),
        (false, _) => Err(ProofError::OldRoot),
        (true, false) => Err(ProofError::Root),
    }
}

/// The roots of the older and of the newer tree that the same hashes lead to.
///
/// Whoever has these hashes and the newer root knows the only root that the older tree can have.
/// Other than in a proof of consistency, the first hash is there for every size of the older tree.
///
/// # Errors
/// If the older size is zero or not below the newer one, or the number of hashes is another.
pub fn roots_from_prefix(
    old_size: u64,
    new_size: u64,
    hashes: &[Hash],
) -> Result<(Hash, Hash), ProofError> {
    if old_size == 0 || old_size >= new_size || new_size > LOG_LEAVES_MAX {
        return Err(ProofError::Range { inner: old_size, size: new_size });
    }
    let wrong_length = ProofError::Length { found: hashes.len() };
    let (first, rest) = hashes.split_first().ok_or(wrong_length)?;
    if hashes.len() > LOG_PROOF_HASHES_MAX + 1 {
        return Err(wrong_length);
    }
    let skip = old_size.trailing_zeros();
    let (mut node, mut last) = ((old_size - 1) >> skip, (new_size - 1) >> skip);
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok((old, new)) } else { Err(wrong_length) }
}
