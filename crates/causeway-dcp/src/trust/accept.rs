//! When a trust file is accepted: who has to sign it, and what it may follow.
//!
//! The first file of a dataspace is signed by keys that the operator was given in another way. Each
//! later one is signed by as many maintainers of the file before it as that file asks for, and by
//! as many of its own as it asks for itself, so that keys that nobody has are noticed at once.

use causeway_seal::{Finding, KeyId, SignatureError};
use causeway_types::Timestamp;

use super::{MaintainerKey, TrustFile, TrustSignature};

/// The keys by which the first file of a dataspace is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    /// The keys.
    pub keys: Vec<MaintainerKey>,
    /// How many of them have to sign; at least 1 counts.
    pub threshold: usize,
}

/// What became of a trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is the first one, or the next one.
    New {
        /// The file.
        file: Box<TrustFile>,
        /// Whose signatures were counted.
        signers: Vec<KeyId>,
    },
    /// These very bytes are in force already.
    Same,
}

/// Why a trust file is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("{}", .0.iter().map(Finding::render).collect::<Vec<_>>().join("\n"))]
    File(Vec<Finding>),
    /// One of the signatures beside it is not right; a file is not taken with a forged one.
    #[error("the signatures of the trust file: {0}")]
    Signature(SignatureError),
    /// Too few of those who have to sign did.
    #[error("the trust file: found {found} signatures of {whose}, expected at least {expected}")]
    Threshold {
        /// Who has to sign.
        whose: &'static str,
        /// How many did.
        found: usize,
        /// How many have to.
        expected: usize,
    },
    /// Nobody said by which keys the first file is recognised.
    #[error("the trust file of {dataspace} is the first one: expected keys to recognise it by")]
    NoPins {
        /// The dataspace.
        dataspace: String,
    },
    /// It is about another dataspace.
    #[error("the trust file: found the dataspace {found}, expected {expected}")]
    Dataspace {
        /// In the file.
        found: String,
        /// In the one before.
        expected: String,
    },
    /// It is older than what is there: whoever could bring it back could bring back an issuer that
    /// was struck off.
    #[error(
        "the trust file of {dataspace}: found the sequence {found}, and {newest} is in force; \
         trust is not rolled back"
    )]
    Rollback {
        /// The dataspace.
        dataspace: String,
        /// In the file.
        found: u64,
        /// What is in force.
        newest: u64,
    },
    /// Another file has its number.
    #[error(
        "the trust file of {dataspace}: another file with the sequence {sequence} is in force; two \
         files under one number mean that the maintainers say different things to different nodes"
    )]
    Fork {
        /// The dataspace.
        dataspace: String,
        /// The number.
        sequence: u64,
    },
    /// It is over.
    #[error("the trust file of {dataspace} is over since {until}")]
    Over {
        /// The dataspace.
        dataspace: String,
        /// The first moment at which it no longer held.
        until: Timestamp,
    },
    /// It does not hold yet; installing it would leave nothing in force until it does.
    #[error("the trust file of {dataspace} begins at {from}; install it then")]
    NotYet {
        /// The dataspace.
        dataspace: String,
        /// When it begins.
        from: Timestamp,
    },
}

/// Whether a file may be the first one of its dataspace, or may follow the one in force.
pub fn accept(
    previous: Option<&TrustFile>,
    pins: Option<&Pins>,
    name: &str,
    bytes: &[u8],
    signatures: &[TrustSignature],
    now: Timestamp,
) -> Result<Acceptance, TrustError> {
    let refused = |text: &str| {
        let severity = causeway_seal::Severity::Error;
        TrustError::File(vec![Finding::at(name, "", 0..0, severity, text.to_owned())])
    };
    let text = std::str::from_utf8(bytes).map_err(|_| refused("expected UTF-8"))?;
    let file = TrustFile::read(name, text).map_err(TrustError::File)?;
    let dataspace = || file.dataspace.clone();
    if let Some(previous) = previous {
        if file.dataspace != previous.dataspace {
            let expected = previous.dataspace.clone();
            return Err(TrustError::Dataspace { found: dataspace(), expected });
        }
        if file.sha256 == previous.sha256 {
            return Ok(Acceptance::Same);
        }
    }
    // Nothing a file says of itself counts before it is known who answers for it.
    let mut signers = match (previous, pins) {
        (Some(previous), _) => {
            let whose = "the maintainers of the file before it";
            check_signatures(bytes, signatures, &previous.keys(), previous.threshold, whose)?
        }
        (None, Some(pins)) => {
            let threshold = pins.threshold.max(1);
            let whose = "the keys that it is recognised by";
            check_signatures(bytes, signatures, &pins.keys, threshold, whose)?
        }
        (None, None) => return Err(TrustError::NoPins { dataspace: dataspace() }),
    };
    let own =
        check_signatures(bytes, signatures, &file.keys(), file.threshold, "its own maintainers")?;
    signers.extend(own.into_iter().filter(|key| !signers.contains(key)).collect::<Vec<_>>());
    if let Some(previous) = previous {
        let (found, newest) = (file.sequence, previous.sequence);
        if found == newest {
            return Err(TrustError::Fork { dataspace: dataspace(), sequence: found });
        }
        if found < newest {
            return Err(TrustError::Rollback { dataspace: dataspace(), found, newest });
        }
    }
    if now >= file.period.until {
        return Err(TrustError::Over { dataspace: dataspace(), until: file.period.until });
    }
    if now < file.period.from {
        return Err(TrustError::NotYet { dataspace: dataspace(), from: file.period.from });
    }
    Ok(Acceptance::New { file: Box::new(file), signers })
}

/// The keys that signed, each once, if they are enough. A signature of somebody else is passed
/// over; one that is forged is not.
pub fn check_signatures(
    bytes: &[u8],
    signatures: &[TrustSignature],
    keys: &[MaintainerKey],
    threshold: usize,
    whose: &'static str,
) -> Result<Vec<KeyId>, TrustError> {
    let mut signers: Vec<KeyId> = Vec::new();
    for signature in signatures {
        match signature.verify(bytes, keys) {
            Ok(key) if !signers.contains(key.id()) => signers.push(key.id().clone()),
            Ok(_) | Err(SignatureError::UnknownKey { .. }) => {}
            Err(error) => return Err(TrustError::Signature(error)),
        }
    }
    match signers.len() >= threshold.max(1) {
        true => Ok(signers),
        false => {
            let (found, expected) = (signers.len(), threshold.max(1));
            Err(TrustError::Threshold { whose, found, expected })
        }
    }
}
