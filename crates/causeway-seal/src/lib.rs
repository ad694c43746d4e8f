//! Files that people write, sign and hand on: their signatures, and what is wrong with them, shown
//! with its place. What such a file says is for the crate that knows its kind.

mod finding;
mod signature;
mod text;

pub use self::finding::{Finding, Severity};
pub use self::signature::{Form, KeyId, PublicKey, Signature, SignatureError, SigningKey};
pub use self::text::{read_register, read_toml, sha256, write_register};
