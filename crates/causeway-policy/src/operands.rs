//! Left operands by name: all of the ODRL 2.2 vocabulary, and our own under their full IRIs. What
//! their values are is said by requests and the state of the world, see `world` and `eval::lookup`.

use std::borrow::Cow;

use crate::names::ODRL;
use crate::terms::Iri;

macro_rules! namespace {
    () => {
        "https://w3id.org/causeway/policy/v1/"
    };
}

/// The namespace of our own left operands.
pub const CAUSEWAY: &str = namespace!();

macro_rules! own {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $name: Iri = Iri::known(concat!(namespace!(), $text));
        )*

        /// Every left operand of our own.
        pub const OWN: &[Iri] = &[$($name),*];
    };
}

own! {
    /// What the law check said about the crossing: its outcome as text.
    LEGAL_DECISION = "legalDecision";
    /// The area whose law the recipient is under, such as `KE`.
    JURISDICTION = "jurisdiction";
    /// What kind of data it is, such as `personal` or `health`.
    DATA_CATEGORY = "dataCategory";
    /// How many people's data crossed within the window that the law counts.
    PERSONS_IN_WINDOW = "personsInWindow";
    /// The legal mechanism that covers the crossing, such as standard clauses.
    MECHANISM = "mechanism";
    /// A certification that the recipient holds.
    CERTIFICATION = "certification";
    /// The security level of the recipient, as a number.
    SECURITY_LEVEL = "securityLevel";
    /// Whether the data stay in place and only a computation goes to them.
    COMPUTE_ONLY = "computeOnly";
}

/// The left operands of the ODRL 2.2 vocabulary, the two outdated ones included.
pub const ODRL_LEFT_OPERANDS: &[&str] = &[
    "absolutePosition",
    "absoluteSize",
    "absoluteSpatialPosition",
    "absoluteTemporalPosition",
    "count",
    "dateTime",
    "delayPeriod",
    "deliveryChannel",
    "device",
    "elapsedTime",
    "event",
    "fileFormat",
    "industry",
    "language",
    "media",
    "meteredTime",
    "payAmount",
    "percentage",
    "product",
    "purpose",
    "recipient",
    "relativePosition",
    "relativeSize",
    "relativeSpatialPosition",
    "relativeTemporalPosition",
    "resolution",
    "spatial",
    "spatialCoordinates",
    "system",
    "systemDevice",
    "timeInterval",
    "unitOfCount",
    "version",
    "virtualLocation",
];

/// Left operands whose value may be a property of the target.
const OF_ASSET: &[&str] = &[
    "absolutePosition",
    "absoluteSize",
    "absoluteSpatialPosition",
    "absoluteTemporalPosition",
    "fileFormat",
    "language",
    "media",
    "product",
    "relativePosition",
    "relativeSize",
    "relativeSpatialPosition",
    "relativeTemporalPosition",
    "resolution",
    "version",
];

/// Left operands whose value may be a property of the assignee.
const OF_PARTY: &[&str] = &["industry"];
const OWN_OF_PARTY: &[&str] = &["jurisdiction", "certification", "securityLevel"];
const OWN_OF_ASSET: &[&str] = &["dataCategory"];

/// Where a value comes from when no fact of the request or the world states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere else.
    Stated,
    /// The property of the target.
    Asset,
    /// The property of the assignee.
    Party,
    /// The time of the action or of the world.
    DateTime,
    /// Time since the action was first done.
    ElapsedTime,
    /// Time since the agreement, or within an `andSequence` since the step before.
    DelayPeriod,
    /// Time since the action was last done.
    TimeInterval,
    /// How long the action was done in all.
    MeteredTime,
    /// The events of the world.
    Event,
    /// How often the action was done, the requested time included.
    Count,
}

/// The one name of a left operand: `device` and `system` are outdated names of `systemDevice`.
pub(crate) fn canonical(left: &Iri) -> Iri {
    match left.odrl_name() {
        Some("device" | "system") => Iri::known("http://www.w3.org/ns/odrl/2/systemDevice"),
        _ => left.clone(),
    }
}

pub(crate) fn origin(left: &Iri) -> Origin {
    if let Some(name) = left.as_str().strip_prefix(CAUSEWAY) {
        return match name {
            name if OWN_OF_PARTY.contains(&name) => Origin::Party,
            name if OWN_OF_ASSET.contains(&name) => Origin::Asset,
            _ => Origin::Stated,
        };
    }
    match left.odrl_name() {
        Some("dateTime") => Origin::DateTime,
        Some("elapsedTime") => Origin::ElapsedTime,
        Some("delayPeriod") => Origin::DelayPeriod,
        Some("timeInterval") => Origin::TimeInterval,
        Some("meteredTime") => Origin::MeteredTime,
        Some("event") => Origin::Event,
        Some("count") => Origin::Count,
        Some(name) if OF_ASSET.contains(&name) => Origin::Asset,
        Some(name) if OF_PARTY.contains(&name) => Origin::Party,
        _ => Origin::Stated,
    }
}

/// Whether it is a left operand that is known by name.
pub fn is_known(left: &Iri) -> bool {
    let is_odrl = left.odrl_name().is_some_and(|name| ODRL_LEFT_OPERANDS.contains(&name));
    is_odrl || OWN.contains(left)
}

/// `name` in the ODRL namespace.
pub(crate) fn odrl(name: &str) -> Iri {
    Iri::from_cow(Cow::Owned(format!("{ODRL}{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_thirty_four_left_operands_of_odrl_are_known_and_sorted() {
        assert_eq!(ODRL_LEFT_OPERANDS.len(), 34);
        assert!(ODRL_LEFT_OPERANDS.is_sorted_by(|a, b| a < b));
        assert!(ODRL_LEFT_OPERANDS.iter().all(|name| is_known(&odrl(name))));
        assert!(!is_known(&odrl("use")));
    }

    #[test]
    fn our_own_operands_are_in_our_namespace_and_in_no_other_table() {
        for own in OWN {
            assert!(own.as_str().starts_with(CAUSEWAY) && Iri::parse(own.as_str()).is_ok());
            assert!(is_known(own), "{own}");
        }
        for name in OF_ASSET.iter().chain(OF_PARTY) {
            assert!(ODRL_LEFT_OPERANDS.contains(name), "{name}");
        }
        for name in OWN_OF_ASSET.iter().chain(OWN_OF_PARTY) {
            assert!(OWN.contains(&Iri::parse(&format!("{CAUSEWAY}{name}")).unwrap()), "{name}");
        }
    }
}
