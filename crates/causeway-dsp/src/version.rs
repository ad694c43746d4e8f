//! The version document at `/.well-known/dspace-version` (DSP 2025-1, Common Functionalities).
//! It is plain JSON without `@context`, unversioned and unauthenticated.

/// The version this product speaks.
pub const VERSION: &str = "2025-1";
/// The binding this product speaks.
pub const BINDING: &str = "HTTPS";

/// One protocol version a peer speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolVersion {
    /// Such as `2025-1`.
    pub version: String,
    /// Appended to the root to get the base of all other endpoints; `/` for the root itself.
    pub path: String,
    /// Such as `HTTPS`.
    pub binding: String,
}

impl ProtocolVersion {
    /// Whether this entry is the version and binding this product speaks.
    pub fn is_ours(&self) -> bool {
        self.version == VERSION && self.binding.eq_ignore_ascii_case(BINDING)
    }
}
