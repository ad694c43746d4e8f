//! What is done with the objects of a token, in the words of PKCS #11. Keys are found by `CKA_ID`;
//! their labels are for people who look into the token with other tools.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use causeway_dcp::jwk::{Algorithm, PublicKey};
use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::ObjectId;
use crate::fault::KeyFault;
use crate::record::Purpose;

/// How the labels of our keys begin.
const LABEL: &str = "causeway ";
/// `secp256r1` as an object identifier.
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// Ed25519 as tokens understand it: by its name (PKCS #11 3.0 §2.3.10), or by its identifier.
const ED25519: [&[u8]; 2] = [b"\x13\x0cedwards25519", &[0x06, 0x03, 0x2b, 0x65, 0x70]];

impl ObjectId {
    pub(super) fn random() -> Result<Self, KeyFault> {
        let mut id = [0; 16];
        let made = SystemRandom::new().fill(&mut id);
        made.map_err(|_| KeyFault::Library { doing: "make the id of a key" })?;
        Ok(Self(id))
    }
}

/// Whether a node made keys here.
pub(super) fn has_keys(session: &Session) -> Result<bool, Error> {
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Token(true)];
    for handle in session.find_objects(&template)? {
        for attribute in session.get_attributes(handle, &[AttributeType::Label])? {
            if matches!(&attribute, Attribute::Label(label) if label.starts_with(LABEL.as_bytes()))
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether the token makes and uses keys of a kind.
pub(super) fn can_make(
    context: &Pkcs11,
    session: &Session,
    algorithm: Algorithm,
) -> Result<bool, Error> {
    let needed = match algorithm {
        Algorithm::Es256 => [MechanismType::ECC_KEY_PAIR_GEN, MechanismType::ECDSA],
        Algorithm::EdDsa => [MechanismType::ECC_EDWARDS_KEY_PAIR_GEN, MechanismType::EDDSA],
        _ => return Ok(false),
    };
    let slot = session.get_session_info()?.slot_id();
    let known = context.get_mechanism_list(slot)?;
    Ok(needed.iter().all(|mechanism| known.contains(mechanism)))
}

/// Makes both halves; returns the point as the token says it.
pub(super) fn make(
    session: &Session,
    id: &ObjectId,
    purpose: Purpose,
    algorithm: Algorithm,
) -> Result<Vec<u8>, Error> {
    let (mechanism, curves): (_, &[&[u8]]) = match algorithm {
        Algorithm::EdDsa => (Mechanism::EccEdwardsKeyPairGen, &ED25519),
        _ => (Mechanism::EccKeyPairGen, &[P256]),
    };
    let both = [
        Attribute::Token(true),
        Attribute::Id(id.0.to_vec()),
        Attribute::Label(format!("{LABEL}{purpose}").into_bytes()),
    ];
    let private = [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    let private: Vec<Attribute> = both.iter().chain(&private).cloned().collect();
    let mut failed = Error::InvalidValue;
    for curve in curves {
        let public = [
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(curve.to_vec()),
        ];
        let public: Vec<Attribute> = both.iter().chain(&public).cloned().collect();
        match session.generate_key_pair(&mechanism, &public, &private) {
            Ok((public, _)) => return point(session, public),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn point(session: &Session, public: ObjectHandle) -> Result<Vec<u8>, Error> {
    for attribute in session.get_attributes(public, &[AttributeType::EcPoint])? {
        if let Attribute::EcPoint(point) = attribute {
            return Ok(point);
        }
    }
    Err(Error::InvalidValue)
}

/// The public half: an octet string (PKCS #11 3.0 §2.3.3), as some tokens say it a bit string, or
/// the bare bytes.
pub(super) fn public(algorithm: Algorithm, point: &[u8]) -> Option<PublicKey> {
    let read = |bytes: &[u8]| match algorithm {
        Algorithm::Es256 => PublicKey::p256(bytes).ok(),
        _ => PublicKey::ed25519(bytes).ok(),
    };
    match (algorithm, point) {
        (Algorithm::Es256, [0x04, 0x41, rest @ ..]) if rest.len() == 65 => read(rest),
        (Algorithm::EdDsa, [0x04, 0x20, rest @ ..]) if rest.len() == 32 => read(rest),
        (Algorithm::Es256, [0x03, 0x42, 0x00, rest @ ..]) if rest.len() == 65 => read(rest),
        (Algorithm::EdDsa, [0x03, 0x21, 0x00, rest @ ..]) if rest.len() == 32 => read(rest),
        (_, bare) => read(bare),
    }
}

/// The private half of this id; nothing if there is none.
pub(super) fn private(session: &Session, id: &ObjectId) -> Result<Option<ObjectHandle>, Error> {
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Token(true),
        Attribute::Id(id.0.to_vec()),
    ];
    Ok(session.find_objects(&template)?.first().copied())
}

/// Tokens that hash by themselves are rare, so ECDSA is given the digest.
pub(super) fn sign(
    session: &Session,
    key: ObjectHandle,
    algorithm: Algorithm,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    match algorithm {
        Algorithm::Es256 => session.sign(&Mechanism::Ecdsa, key, digest(&SHA256, message).as_ref()),
        _ => {
            let parameters = EddsaParams::new(EddsaSignatureScheme::Ed25519);
            session.sign(&Mechanism::Eddsa(parameters), key, message)
        }
    }
}

/// Erases both halves of this id.
pub(super) fn erase(session: &Session, id: &ObjectId) -> Result<(), Error> {
    let template = [Attribute::Token(true), Attribute::Id(id.0.to_vec())];
    for handle in session.find_objects(&template)? {
        match session.destroy_object(handle) {
            Ok(()) | Err(Error::Pkcs11(RvError::ObjectHandleInvalid, _)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
