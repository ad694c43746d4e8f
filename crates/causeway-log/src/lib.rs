//! Verifiable logs as formats and checks: the tree of RFC 6962 in the tiles of C2SP, checkpoints as
//! signed notes, cosignatures, proofs, witness rules, policies and receipts. Nothing here signs,
//! reads a file, asks the network or knows the time: bytes to sign are handed out, and signatures
//! and tiles are handed in.

pub mod checkpoint;
pub mod cose;
pub mod cosignature;
pub mod entries;
pub mod fork;
pub mod hash;
pub mod leaf;
pub mod note;
pub mod path;
pub mod policy;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod vkey;
pub mod witness;

mod text;

pub use self::checkpoint::{Checkpoint, CheckpointError};
pub use self::fork::{Contradiction, ForkError, ForkProof};
pub use self::hash::{Hash, empty_root, leaf_hash, node_hash};
pub use self::leaf::{Commitment, Leaf, LeafError};
pub use self::note::{Note, NoteError, NoteSignature};
pub use self::path::{Resource, ResourceError};
pub use self::policy::{Policy, PolicyError, Unmet, Witnessed};
pub use self::proof::{LogProof, LogProofError};
pub use self::tile::{TILE_WIDTH, Tile};
pub use self::tree::{Frontier, Growth, TileError, TileReader};
pub use self::verify::{ProofError, verify_consistency, verify_inclusion};
pub use self::vkey::{Algorithm, KeyName, VerifierKey, VkeyError};
pub use self::witness::{AddCheckpoint, Known, Refusal};
