//! Which actions and left operands stock peers bind, and what their functions do. Tables only; how
//! a policy goes through them is in `engine`.

use causeway_types::Timestamp;

use super::Peer;
use crate::model::{Operand, Operator, RightOperand};
use crate::names::{CATENAX, EDC};
use crate::terms::{Iri, Term};

/// The kinds of rule that a peer has functions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A permission.
    Permission,
    /// A prohibition.
    Prohibition,
    /// A duty, or an obligation of the policy.
    Duty,
}

/// What a peer does with a left operand in the scopes of a contract: negotiation, transfer and
/// the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// It is not bound: the condition is removed.
    Dropped,
    /// Its function is always true.
    Assumed,
    /// It is bound, but there is no function for this kind of rule: nothing is ever fulfilled.
    Misplaced,
    /// It is bound in the monitor, where it has no function.
    EndsInMonitor,
    /// It is compared.
    Checked(Check),
}

/// How a left operand is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check {
    /// What the function takes.
    pub(super) operators: Operators,
    /// The values that the function can read.
    pub(super) value: Shape,
    /// Not before the transfer starts.
    pub(super) is_late: bool,
}

/// Which operators a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operators {
    /// These; others end in a failure.
    These(&'static [Operator]),
    /// It does not look: everything is read as `eq`.
    NotLookedAt,
}

/// What a function can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A time, or `contractAgreement+<n>s|m|h|d`.
    InForce,
    /// A time.
    Instant,
    /// A whole number.
    Days,
    /// The word `active`.
    Active,
    /// One text.
    Text,
    /// One text or several.
    Texts,
}

const COMPARISONS: &[Operator] =
    &[Operator::Eq, Operator::Neq, Operator::Gt, Operator::Gteq, Operator::Lt, Operator::Lteq];
const EQUALITY: &[Operator] = &[Operator::Eq, Operator::Neq];
const MEMBERSHIP: &[Operator] =
    &[Operator::Eq, Operator::Neq, Operator::IsAllOf, Operator::IsAnyOf, Operator::IsNoneOf];

/// The namespace of Tractus-X before the profile.
const TRACTUS_X: &str = "https://w3id.org/tractusx/v0.0.1/ns/";
/// The namespace of the Catena-X policies before September 2025.
const CATENAX_BEFORE: &str = "https://w3id.org/catenax/policy/";

/// Terms of permissions whose functions are always true.
const ASSUMED_IN_PERMISSIONS: &[&str] = &[
    "AffiliatesBpnl",
    "AffiliatesRegion",
    "ConfidentialInformationMeasures",
    "ConfidentialInformationSharing",
    "ContractReference",
    "ContractTermination",
    "DataFrequency",
    "ExclusiveUsage",
    "JurisdictionLocation",
    "JurisdictionLocationReference",
    "Liability",
    "Precedence",
    "UsagePurpose",
    "VersionChanges",
    "Warranty",
    "WarrantyDefinition",
    "WarrantyDurationMonths",
];
/// Terms of prohibitions whose functions are always true.
const ASSUMED_IN_PROHIBITIONS: &[&str] =
    &["AffiliatesBpnl", "AffiliatesRegion", "UsageRestriction"];

/// Whether rules with this action are kept.
pub(super) fn binds_action(peer: Peer, action: &Term) -> bool {
    let Term::Iri(action) = action else { return false };
    *action == Iri::USE
        || (peer == Peer::TractusX && action.as_str().strip_prefix(CATENAX) == Some("access"))
}

/// What the peer does with a left operand in this kind of rule.
pub(super) fn left(peer: Peer, kind: Kind, term: &Term) -> Left {
    let Term::Iri(term) = term else { return Left::Dropped };
    if term.as_str().strip_prefix(EDC) == Some("inForceDate") {
        return in_permission(kind, Operators::These(COMPARISONS), Shape::InForce, true);
    }
    if peer != Peer::TractusX {
        return Left::Dropped;
    }
    if let Some(name) = term.as_str().strip_prefix(CATENAX) {
        return catenax(kind, name);
    }
    if let Some(name) = term.as_str().strip_prefix(CATENAX_BEFORE) {
        return match name {
            "UsagePurpose" | "ContractReference" => assumed_in(kind, &[Kind::Permission]),
            name => credential(kind, name),
        };
    }
    match term.as_str().strip_prefix(TRACTUS_X) {
        Some("BusinessPartnerNumber") => {
            in_permission(kind, Operators::These(EQUALITY), Shape::Text, false)
        }
        Some("BusinessPartnerGroup") => {
            in_permission(kind, Operators::These(MEMBERSHIP), Shape::Texts, false)
        }
        _ => Left::Dropped,
    }
}

/// The value as the one text that the functions of EDC see; a datatype is not looked at.
pub(super) fn is_readable(shape: Shape, right: &RightOperand) -> bool {
    let text = |value: &Operand| match value {
        Operand::Text(text) => Some(text.clone()),
        Operand::Literal(literal) => Some(literal.text().to_owned()),
        Operand::Number(number) => Some(number.to_string()),
        Operand::Boolean(value) => Some(value.to_string()),
        Operand::Reference(_) | Operand::Verbatim(_) => None,
    };
    if shape == Shape::Texts {
        return right.values().iter().all(|value| text(value).is_some());
    }
    let [value] = right.values() else { return false };
    let Some(text) = text(value) else { return false };
    match shape {
        Shape::InForce => Timestamp::parse(&text).is_ok() || is_offset(&text),
        Shape::Instant => Timestamp::parse(&text).is_ok(),
        Shape::Days => text.parse::<i32>().is_ok(),
        Shape::Active => text == "active",
        Shape::Text | Shape::Texts => true,
    }
}

/// Such as `contractAgreement+30d`.
fn is_offset(text: &str) -> bool {
    let rest = ["contractAgreement+", "contractagreement+"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let number = rest.and_then(|rest| rest.strip_suffix(['s', 'm', 'h', 'd']));
    number.is_some_and(|number| !number.starts_with('+') && number.parse::<i32>().is_ok())
}

fn catenax(kind: Kind, name: &str) -> Left {
    match name {
        "DataUsageEndDate" => in_permission(kind, Operators::NotLookedAt, Shape::Instant, true),
        "DataUsageEndDurationDays" => {
            in_permission(kind, Operators::NotLookedAt, Shape::Days, true)
        }
        "DataUsageEndDefinition" if kind == Kind::Permission => Left::EndsInMonitor,
        "DataUsageEndDefinition" => Left::Misplaced,
        "DataProvisioningEndDate" => in_duty(kind, Shape::Instant),
        "DataProvisioningEndDurationDays" => in_duty(kind, Shape::Days),
        // Bound where an access policy is evaluated, which an offer's policy is not.
        "BusinessPartnerNumber" | "BusinessPartnerGroup" => Left::Dropped,
        name if ASSUMED_IN_PROHIBITIONS.contains(&name) => {
            let is_both = ASSUMED_IN_PERMISSIONS.contains(&name);
            let both: &[Kind] = &[Kind::Permission, Kind::Prohibition];
            assumed_in(kind, if is_both { both } else { &[Kind::Prohibition] })
        }
        name if ASSUMED_IN_PERMISSIONS.contains(&name) => assumed_in(kind, &[Kind::Permission]),
        name => credential(kind, name),
    }
}

/// Terms that are looked up in the credentials that the other party presented.
fn credential(kind: Kind, name: &str) -> Left {
    match name {
        "Membership" => in_permission(kind, Operators::NotLookedAt, Shape::Active, false),
        name if name.starts_with("FrameworkAgreement") || name.starts_with("Dismantler") => {
            in_permission(kind, Operators::These(EQUALITY), Shape::Text, false)
        }
        _ => Left::Dropped,
    }
}

fn in_permission(kind: Kind, operators: Operators, value: Shape, is_late: bool) -> Left {
    match kind {
        Kind::Permission => Left::Checked(Check { operators, value, is_late }),
        Kind::Prohibition | Kind::Duty => Left::Misplaced,
    }
}

fn in_duty(kind: Kind, value: Shape) -> Left {
    match kind {
        Kind::Duty => {
            Left::Checked(Check { operators: Operators::NotLookedAt, value, is_late: true })
        }
        Kind::Permission | Kind::Prohibition => Left::Misplaced,
    }
}

fn assumed_in(kind: Kind, kinds: &[Kind]) -> Left {
    if kinds.contains(&kind) { Left::Assumed } else { Left::Misplaced }
}
