//! Bundles of entries: each with its length in two bytes before it, one after the other.

use causeway_types::limits::LOG_ENTRY_BYTES_MAX;

use crate::tile::Tile;

/// Why a bundle cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// An entry has more bytes than its length can say.
    #[error(
        "write a bundle of entries: found an entry of {found} bytes, expected at most \
         {LOG_ENTRY_BYTES_MAX}"
    )]
    Long {
        /// How many bytes it has.
        found: usize,
    },
    /// The bundle ends within an entry.
    #[error("read a bundle of entries: found its end within entry {index}")]
    Cut {
        /// The place of the entry in the bundle.
        index: usize,
    },
    /// The bundle has another number of entries than its name says.
    #[error("read a bundle of entries: found {found} entries, expected {expected}")]
    Count {
        /// How many are there; counting stops above what is expected.
        found: usize,
        /// How many the name says.
        expected: usize,
    },
}

/// Writes entries as a bundle, or as what is to be appended to one.
///
/// # Errors
/// If an entry is too long.
pub fn encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, EntriesError> {
    let mut bundle = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length =
            u16::try_from(entry.len()).map_err(|_| EntriesError::Long { found: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Reads the bundle that belongs to a tile of level 0.
///
/// # Errors
/// If it is cut short, or has another number of entries than the tile has hashes.
pub fn decode(bundle: &[u8], tile: Tile) -> Result<Vec<&[u8]>, EntriesError> {
    let expected = usize::from(tile.width());
    let mut entries = Vec::with_capacity(expected);
    let mut rest = bundle;
    while !rest.is_empty() {
        let index = entries.len();
        if index == expected {
            return Err(EntriesError::Count { found: index + 1, expected });
        }
        let cut = EntriesError::Cut { index };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(cut.clone())?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(cut)?;
        entries.push(entry);
        rest = after;
    }
    match entries.len() == expected {
        true => Ok(entries),
        false => Err(EntriesError::Count { found: entries.len(), expected }),
    }
}
