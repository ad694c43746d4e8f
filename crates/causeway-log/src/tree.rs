//! The tree of a log: how it grows tile by tile, and proofs made from its tiles.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;

use causeway_types::limits::LOG_LEAVES_MAX;

use crate::hash::{Hash, empty_root, fold, node_hash};
use crate::tile::{LEVEL_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, hashes_at};

/// Where tiles come from: a directory, a cache, another node.
///
/// What comes back need not be true: a proof that was made from wrong tiles does not lead to the
/// signed root, so whoever reads tiles of others checks what was made of them.
pub trait TileReader {
    /// Why a tile cannot be had.
    type Error: Error + Send + Sync + 'static;

    /// The bytes of a tile. A reader may give the full tile where a partial one was asked for.
    ///
    /// # Errors
    /// If the tile cannot be had.
    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

/// Why a tree cannot be read from its tiles.
#[derive(Debug, thiserror::Error)]
pub enum TileError<E: Error + Send + Sync + 'static> {
    /// The tile cannot be had.
    #[error("read tile {} of level {}", tile.index(), tile.level())]
    Unread {
        /// Which one.
        tile: Tile,
        /// Why.
        source: E,
    },
    /// The tile has another number of bytes than its width says.
    #[error(
        "read tile {} of level {}: found {found} bytes, expected {}",
        tile.index(), tile.level(), tile.bytes()
    )]
    Size {
        /// Which one.
        tile: Tile,
        /// How many bytes came.
        found: usize,
    },
    /// The tree has no such leaf or no such older size.
    #[error("make a proof: found {inner} for a tree of {size}, expected less")]
    Range {
        /// The index or the older size.
        inner: u64,
        /// The size of the tree.
        size: u64,
    },
}

/// The right edge of a tree: its size and the hashes of the tiles that are not full yet.
///
/// This is all that is needed to go on: at most 255 hashes a level, whatever the size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// One row a level, from the leaves: what the level's last tile has, if that is not full.
    edge: Vec<Vec<Hash>>,
}

/// What becomes of a tree by new leaves: nothing is changed until its tiles are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The right edge afterwards.
    pub frontier: Frontier,
    /// The tiles that are new or wider than before with their bytes, lower levels first.
    pub tiles: Vec<(Tile, Vec<u8>)>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads the right edge of a tree of this size from its tiles.
    ///
    /// # Errors
    /// If a tile cannot be had or has the wrong length. Compare [`Self::root`] with what was
    /// signed: tiles with other hashes give another root.
    pub fn load<R: TileReader>(size: u64, tiles: &R) -> Result<Self, TileError<R::Error>> {
        if size > LOG_LEAVES_MAX {
            return Err(TileError::Range { inner: size, size: LOG_LEAVES_MAX });
        }
        let nodes = Nodes::new(size, tiles);
        let mut edge = Vec::new();
        for level in 0..=LEVEL_MAX {
            let count = hashes_at(level, size);
            let row = match Tile::of_tree(level, count / TILE_WIDTH, size) {
                Some(tile) => nodes.tile(tile)?,
                None => Vec::new(),
            };
            edge.push(row);
        }
        let mut frontier = Self { size, edge };
        frontier.trim();
        Ok(frontier)
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        // Full subtrees from the right, each the left sibling of all that is right of it.
        for row in &self.edge {
            let mut end = row.len();
            while end > 0 {
                let width = 1 << end.trailing_zeros();
                let left = fold(row[end - width..end].to_vec());
                root = Some(root.map_or(left, |right| node_hash(&left, &right)));
                end -= width;
            }
        }
        root.unwrap_or_else(empty_root)
    }

    /// What the tree becomes with these leaves after those it has.
    ///
    /// # Panics
    /// If the log had more than [`LOG_LEAVES_MAX`] leaves, which takes longer than there is time.
    #[must_use]
    pub fn append(&self, leaves: &[Hash]) -> Growth {
        let mut next = self.clone();
        let mut full = Vec::new();
        for leaf in leaves {
            next.push(0, *leaf, &mut full);
            next.size += 1;
        }
        assert!(next.size <= LOG_LEAVES_MAX, "a log is never this large");
        next.trim();
        let partial = next.edge.iter().enumerate().filter_map(|(level, row)| {
            let level = u8::try_from(level).ok()?;
            let changed = hashes_at(level, self.size) != hashes_at(level, next.size);
            let tile = Tile::of_tree(level, hashes_at(level, next.size) / TILE_WIDTH, next.size);
            tile.filter(|_| changed).map(|tile| (tile, bytes_of(row)))
        });
        let mut tiles: Vec<_> = full.into_iter().chain(partial).collect();
        tiles.sort_by_key(|(tile, _)| *tile);
        Growth { frontier: next, tiles }
    }

    fn push(&mut self, level: u8, hash: Hash, full: &mut Vec<(Tile, Vec<u8>)>) {
        let row = usize::from(level);
        if self.edge.len() <= row {
            self.edge.push(Vec::new());
        }
        self.edge[row].push(hash);
        if self.edge[row].len() < TILE_WIDTH as usize {
            return;
        }
        let hashes = std::mem::take(&mut self.edge[row]);
        // The size counts the leaves before this one, which completed the tile.
        let index = hashes_at(level, self.size) / TILE_WIDTH;
        if let Some(tile) = Tile::new(level, index, TILE_WIDTH as u16) {
            full.push((tile, bytes_of(&hashes)));
        }
        self.push(level + 1, fold(hashes), full);
    }

    /// Two edges of one tree are equal: empty rows at the top say nothing.
    fn trim(&mut self) {
        while self.edge.last().is_some_and(Vec::is_empty) {
            self.edge.pop();
        }
    }
}

/// The root of the tree of this size.
///
/// # Errors
/// If a tile cannot be had or has the wrong length.
pub fn root<R: TileReader>(size: u64, tiles: &R) -> Result<Hash, TileError<R::Error>> {
    match size {
        0 => Ok(empty_root()),
        size => Nodes::new(size, tiles).subtree(0, size),
    }
}

/// The hashes that lead from a leaf to the root of a tree (RFC 6962, section 2.1.1).
///
/// # Errors
/// If the tree has no such leaf, or a tile cannot be had or has the wrong length.
pub fn inclusion_proof<R: TileReader>(
    index: u64,
    size: u64,
    tiles: &R,
) -> Result<Vec<Hash>, TileError<R::Error>> {
    if index >= size || size > LOG_LEAVES_MAX {
        return Err(TileError::Range { inner: index, size });
    }
    let nodes = Nodes::new(size, tiles);
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(nodes.subtree(middle, end)?);
            end = middle;
        } else {
            proof.push(nodes.subtree(start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that show that a tree begins with an older one (RFC 6962, section 2.1.2).
///
/// # Errors
/// If the older tree is the larger one, or a tile cannot be had or has the wrong length.
pub fn consistency_proof<R: TileReader>(
    old_size: u64,
    new_size: u64,
    tiles: &R,
) -> Result<Vec<Hash>, TileError<R::Error>> {
    if old_size > new_size || new_size > LOG_LEAVES_MAX {
        return Err(TileError::Range { inner: old_size, size: new_size });
    }
    if old_size == 0 || old_size == new_size {
        return Ok(Vec::new());
    }
    let mut proof = prefix_proof(old_size, new_size, tiles)?;
    // Who checks it has the root of the older tree, so a full subtree is not sent.
    if old_size.is_power_of_two() {
        proof.remove(0);
    }
    Ok(proof)
}

/// The hashes from which both roots follow, for [`crate::verify::roots_from_prefix`].
///
/// # Errors
/// If the older size is zero or not below the newer one, or a tile cannot be had.
pub fn prefix_proof<R: TileReader>(
    old_size: u64,
    new_size: u64,
    tiles: &R,
) -> Result<Vec<Hash>, TileError<R::Error>> {
    if old_size == 0 || old_size >= new_size || new_size > LOG_LEAVES_MAX {
        return Err(TileError::Range { inner: old_size, size: new_size });
    }
    let nodes = Nodes::new(new_size, tiles);
    let (mut start, mut end) = (0, new_size);
    let mut proof = Vec::new();
    while old_size != end {
        let middle = start + split(end - start);
        if old_size <= middle {
            proof.push(nodes.subtree(middle, end)?);
            end = middle;
        } else {
            proof.push(nodes.subtree(start, middle)?);
            start = middle;
        }
    }
    proof.push(nodes.subtree(start, end)?);
    proof.reverse();
    Ok(proof)
}

/// The largest power of two below a number of at least two.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The nodes of one tree, read from tiles; each tile is asked for once.
struct Nodes<'a, R> {
    size: u64,
    tiles: &'a R,
    read: RefCell<BTreeMap<Tile, Vec<Hash>>>,
}

impl<'a, R: TileReader> Nodes<'a, R> {
    fn new(size: u64, tiles: &'a R) -> Self {
        Self { size, tiles, read: RefCell::default() }
    }

    /// The hash over the leaves from `start` to `end`, where a subtree of the tree is.
    fn subtree(&self, start: u64, end: u64) -> Result<Hash, TileError<R::Error>> {
        let count = end - start;
        if count.is_power_of_two() {
            return self.full(start, count.trailing_zeros());
        }
        let middle = start + split(count);
        Ok(node_hash(&self.subtree(start, middle)?, &self.subtree(middle, end)?))
    }

    /// The hash over a full subtree of a height, from the tile that has the nodes below it.
    fn full(&self, start: u64, height: u32) -> Result<Hash, TileError<R::Error>> {
        let level = height / TILE_HEIGHT;
        let first = start >> (level * TILE_HEIGHT);
        let count = 1_usize << (height % TILE_HEIGHT);
        let place = (first % TILE_WIDTH) as usize;
        let range = TileError::Range { inner: start, size: self.size };
        let level = level as u8;
        let tile = Tile::of_tree(level, first / TILE_WIDTH, self.size).ok_or(range)?;
        let hashes = self.tile(tile)?;
        Ok(fold(hashes[place..place + count].to_vec()))
    }

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, TileError<R::Error>> {
        if let Some(hashes) = self.read.borrow().get(&tile) {
            return Ok(hashes.clone());
        }
        let bytes = self.tiles.tile(tile).map_err(|source| TileError::Unread { tile, source })?;
        let full = TILE_WIDTH as usize * Hash::BYTES;
        if bytes.len() != tile.bytes() && bytes.len() != full {
            return Err(TileError::Size { tile, found: bytes.len() });
        }
        let (hashes, _) = bytes[..tile.bytes()].as_chunks::<{ Hash::BYTES }>();
        let hashes: Vec<Hash> = hashes.iter().map(|bytes| Hash::new(*bytes)).collect();
        self.read.borrow_mut().insert(tile, hashes.clone());
        Ok(hashes)
    }
}
