//! Where the hashes of a tree are kept: tiles of 256, each eight levels of the tree high.

use causeway_types::limits::LOG_LEAVES_MAX;

use crate::hash::Hash;

/// How many hashes a full tile has, and how many entries a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// The levels of the tree that one tile stands for.
pub(crate) const TILE_HEIGHT: u32 = 8;
/// The highest level at which the tallest tree has a tile.
pub(crate) const LEVEL_MAX: u8 = 7;

/// The coordinates of a tile: its level, its place in the level, and how many hashes it has.
///
/// The bundle of entries with the same index and width belongs to a tile of level 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// A tile that a log can have: not empty, not wider than 256, within the largest tree.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let wide = (1..=TILE_WIDTH).contains(&u64::from(width));
        if !wide || level > LEVEL_MAX {
            return None;
        }
        let end = index.checked_mul(TILE_WIDTH)?.checked_add(u64::from(width))?;
        let leaves = end.checked_mul(1 << (TILE_HEIGHT * u32::from(level)))?;
        (leaves <= LOG_LEAVES_MAX).then_some(Self { level, index, width })
    }

    /// The tile at this level and place as a tree of this size has it, or none.
    #[must_use]
    pub fn of_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let start = index.checked_mul(TILE_WIDTH)?;
        let left = hashes_at(level, size).checked_sub(start)?.min(TILE_WIDTH);
        Self::new(level, index, u16::try_from(left).ok()?)
    }

    /// All tiles of a tree of this size, level by level from the leaves, from left to right.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        (0..=LEVEL_MAX).flat_map(move |level| {
            let count = hashes_at(level, size).div_ceil(TILE_WIDTH);
            (0..count).filter_map(move |index| Self::of_tree(level, index, size))
        })
    }

    /// The level: 0 for hashes of leaves.
    #[must_use]
    pub fn level(self) -> u8 {
        self.level
    }

    /// The place in the level, counted from the left.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many hashes it has.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all 256 hashes and will never change.
    #[must_use]
    pub fn is_full(self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// The full tile at the same place.
    #[must_use]
    pub fn full(self) -> Option<Self> {
        Self::new(self.level, self.index, TILE_WIDTH as u16)
    }

    /// How many bytes its hashes take.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::from(self.width) * Hash::BYTES
    }
}

/// How many hashes a tree of this size has at a level of tiles.
pub(crate) fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0)
}
