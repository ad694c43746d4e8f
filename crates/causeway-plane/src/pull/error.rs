//! How one attempt of a pull can end without a file, each with what the caller may do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use causeway_types::{Blake3, Content, Sha256};

/// Why there is no file at the final path, and what became of the part file.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// What was delivered is not what the contract promises. The part file is gone. Where `resumed`
    /// is not zero, the fault may lie in bytes kept from an earlier attempt.
    #[error(
        "pull a file: found {found}, expected {} bytes with blake3 {}",
        expected.bytes(), expected.blake3()
    )]
    Integrity {
        /// What the contract promises.
        expected: Box<Content>,
        /// What came instead.
        found: Found,
        /// Bytes of the part file that this attempt started from.
        resumed: u64,
    },
    /// The attempt broke off; the part file stays and another attempt resumes it.
    #[error("pull a file: interrupted with {received} bytes in the part file: {reason}")]
    Interrupted {
        /// Bytes in the part file, those of earlier attempts included.
        received: u64,
        /// What broke it off.
        reason: Interruption,
    },
    /// The provider answered and does not deliver. The part file, if any, stays.
    #[error("pull a file: the provider refused with status {status}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the status means for the caller.
        refusal: Refusal,
        /// The start of the provider's answer, printable and bounded; untrusted text.
        detail: String,
        /// `Retry-After`, where given in seconds.
        retry_after_seconds: Option<u64>,
    },
    /// The provider's answer contradicts HTTP or the request. The part file, if any, stays.
    #[error("pull a file: the provider's answer makes no sense: {detail}")]
    Misbehaved {
        /// What was found and expected.
        detail: String,
    },
    /// The disk of the part file has no room. The part file, if any, stays.
    #[error("pull a file: the disk is full, found {free} bytes free, {needed} more are needed")]
    DiskFull {
        /// Bytes still to be written.
        needed: u64,
        /// Bytes free when that was noticed.
        free: u64,
    },
    /// Another file lies at the final path; it is never overwritten.
    #[error("pull a file: found another file at {path}, expected none or the promised one")]
    FinalExists {
        /// The final path.
        path: PathBuf,
    },
    /// Another pull, or the last job of a cancelled one, works on the part file.
    #[error("pull a file: the part file {path} is in use, expected to be its only user")]
    PartInUse {
        /// The part file.
        path: PathBuf,
    },
    /// The local file system failed otherwise. The part file, if any, stays.
    #[error("pull a file: cannot {attempted} {path}: {source}")]
    Local {
        /// What was attempted with the path.
        attempted: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What was delivered instead of the promised file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// More bytes than promised, announced or sent; none beyond the promised ones was kept.
    MoreBytes,
    /// A complete file of fewer bytes.
    FewerBytes {
        /// Its length.
        bytes: u64,
    },
    /// As many bytes, but other ones.
    OtherBytes {
        /// SHA-256 of what came.
        sha256: Sha256,
        /// BLAKE3 of what came.
        blake3: Blake3,
    },
}

/// What broke an attempt off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interruption {
    /// No connection came about: name, address or TLS.
    Unreachable {
        /// What the client said, without the address.
        detail: String,
    },
    /// The connection broke.
    Connection {
        /// What the client said, without the address.
        detail: String,
    },
    /// The provider ended properly, but before the end of the file.
    EndedEarly,
    /// No byte for [`causeway_types::limits::PULL_IDLE_SECONDS_MAX`].
    Idle,
    /// The caller's token was cancelled.
    Cancelled,
}

/// What a refusal means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// 401: the token is void; a new one has to come over the protocol.
    TokenInvalid,
    /// 403.
    Forbidden,
    /// 404 or 410: the provider has no such flow or file any more.
    NotFound,
    /// 409: the provider suspended the transfer; wait for it to be resumed.
    Suspended,
    /// 408, 425, 429 or 5xx: trying again later makes sense.
    Unavailable,
    /// Anything else that is no success, redirects included.
    Other,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MoreBytes => f.write_str("more bytes"),
            Self::FewerBytes { bytes } => write!(f, "{bytes} bytes"),
            Self::OtherBytes { sha256, blake3 } => {
                write!(f, "as many bytes with blake3 {blake3} and sha256 {sha256}")
            }
        }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { detail } => write!(f, "the provider is unreachable: {detail}"),
            Self::Connection { detail } => write!(f, "the connection broke: {detail}"),
            Self::EndedEarly => f.write_str("the provider ended before the end of the file"),
            Self::Idle => f.write_str("the provider sent nothing for too long"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Interruption {
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let unreachable = error.is_connect();
        // The address may hold what only the two parties know.
        let error = error.without_url();
        let mut detail = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            detail = format!("{detail}: {inner}");
            cause = inner.source();
        }
        if unreachable { Self::Unreachable { detail } } else { Self::Connection { detail } }
    }
}
