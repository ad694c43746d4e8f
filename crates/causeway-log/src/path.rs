//! The names of a log's resources as C2SP `tlog-tiles` writes them: `checkpoint`,
//! `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.

use std::fmt;

use causeway_types::limits::LOG_PATH_BYTES_MAX;

use crate::text::decimal;
use crate::tile::{TILE_WIDTH, Tile};

/// Something that a log publishes, by the path under its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The newest signed checkpoint.
    Checkpoint,
    /// Hashes of the tree.
    Tile(Tile),
    /// A bundle of entries, whose hashes are the tile of level 0 with these coordinates.
    Entries(Tile),
}

impl Resource {
    /// The bundle of entries below a tile of level 0, or none for a tile of a higher level.
    #[must_use]
    pub fn entries(tile: Tile) -> Option<Self> {
        (tile.level() == 0).then_some(Self::Entries(tile))
    }

    /// The path under the log's prefix, without a slash before it.
    #[must_use]
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads a path in the only form that it may have.
    ///
    /// # Errors
    /// Everything that is not the path of a resource that a log can have. What is read can be used
    /// as the name of a file: it has no dots, no empty parts and no other characters.
    pub fn parse(path: &str) -> Result<Self, ResourceError> {
        let refused = ResourceError;
        if path.len() > LOG_PATH_BYTES_MAX {
            return Err(refused);
        }
        if path == "checkpoint" {
            return Ok(Self::Checkpoint);
        }
        let (kind, rest) =
            path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(refused)?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, partial_width(width).ok_or(refused)?),
            None => (rest, TILE_WIDTH as u16),
        };
        let index = tile_index(number).ok_or(refused)?;
        let level = match kind {
            "entries" => 0,
            level => decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or(refused)?,
        };
        let tile = Tile::new(level, index, width).ok_or(refused)?;
        Ok(if kind == "entries" { Self::Entries(tile) } else { Self::Tile(tile) })
    }
}

/// A path that no log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "read a path of a log: expected checkpoint, tile/<level>/<index> or tile/entries/<index>, each \
     with .p/<width> if it is partial"
)]
pub struct ResourceError;

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = match self {
            Self::Checkpoint => return f.write_str("checkpoint"),
            Self::Tile(tile) => {
                write!(f, "tile/{}/", tile.level())?;
                tile
            }
            Self::Entries(tile) => {
                f.write_str("tile/entries/")?;
                tile
            }
        };
        write_index(f, tile.index())?;
        match tile.is_full() {
            true => Ok(()),
            false => write!(f, ".p/{}", tile.width()),
        }
    }
}

/// Three digits an element, all but the last with an `x`, so that no file is also a directory.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let mut parts = Vec::new();
    let mut rest = index;
    while rest >= 1000 {
        parts.push(rest % 1000);
        rest /= 1000;
    }
    parts.push(rest);
    for part in parts[1..].iter().rev() {
        write!(f, "x{part:03}/")?;
    }
    write!(f, "{:03}", parts[0])
}

fn tile_index(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split('/').collect();
    let (last, firsts) = parts.split_last()?;
    let mut index = 0_u64;
    for part in firsts.iter().map(|part| part.strip_prefix('x')).chain([Some(*last)]) {
        let digits = part.filter(|part| part.len() == 3)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    // A first element of zeroes would give one tile two names.
    let canonical = firsts.first().is_none_or(|first| *first != "x000");
    canonical.then_some(index)
}

fn partial_width(text: &str) -> Option<u16> {
    decimal(text).filter(|width| (1..TILE_WIDTH).contains(width)).map(|width| width as u16)
}
