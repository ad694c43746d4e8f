//! Portability: what a peer of another make would silently ignore, misread or refuse in a policy.
//! A policy that this crate evaluates in full may hold nothing at all where the data goes.
//!
//! What is said of a stock Eclipse EDC and of Tractus-X was read in their sources of August 2026:
//! `ScopeFilter`, `PolicyEvaluator` and the JSON-LD transformers of `eclipse-edc/Connector`
//! (ed3f509), `CxPolicyExtension` with its functions of `eclipse-tractusx/tractusx-edc`
//! (d61fb72), and the `cx-odrl-profile` of `catenax-eV` (3c7c885). A peer that adds bindings of
//! its own enforces more. Not here: whether a policy says what its author means, and whether this
//! crate enforces it.

mod bindings;
mod engine;
mod schema;

use std::fmt;

use crate::model::Policy;

/// A make of peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Any peer that reads what the schema of DSP 2025-1 describes, and no more.
    Dsp,
    /// Eclipse EDC without extensions of policy.
    Edc,
    /// Tractus-X EDC, the connector of Catena-X.
    TractusX,
}

/// What becomes of the policy at the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// It lets through what the policy does not let through. A condition lost below an `xone` can
    /// also refuse more.
    Lost,
    /// It refuses what the policy lets through, or the whole policy.
    Refused,
    /// It enforces the term, but only once the transfer starts.
    Later,
}

/// One way in which a peer differs. The codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The rule's action is not bound, so the rule is removed.
    ActionDropped,
    /// The left operand is not bound, so the condition is removed.
    LeftOperandDropped,
    /// The condition is taken as met without a look.
    LeftOperandAssumed,
    /// The left operand is bound, but not in this kind of rule.
    LeftOperandMisplaced,
    /// The operator is not looked at.
    OperatorIgnored,
    /// The operator is not supported for this left operand.
    OperatorRefused,
    /// The value has a form that is not supported for this left operand.
    ValueRefused,
    /// The connective is not read, or not part of the profile.
    ConnectiveRefused,
    /// Conditions on the action are read but not evaluated.
    RefinementIgnored,
    /// A duty or obligation is not demanded.
    DutyIgnored,
    /// A remedy of a prohibition is not looked at.
    RemedyIgnored,
    /// A consequence of a duty is not looked at.
    ConsequenceIgnored,
    /// A property of a rule or condition is not read.
    PropertyIgnored,
    /// A prohibition without conditions never forbids.
    ProhibitionNever,
    /// Each condition of a prohibition forbids on its own.
    ProhibitionAny,
    /// The prohibition always forbids.
    ProhibitionAlways,
    /// All permissions must hold, where one should be enough.
    PermissionsAll,
    /// Without a permission everything is permitted.
    PermissionMissing,
    /// The term is looked at when the transfer starts, not when the contract is made.
    CheckedLate,
    /// The monitor has no function for the term and ends every transfer.
    MonitorEnds,
    /// The profile demands terms that the policy lacks.
    TermsRequired,
    /// No context that peers know defines the name.
    NameUnknown,
    /// There is neither a permission nor a prohibition.
    RuleMissing,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hazard {
    /// What it is.
    pub code: Code,
    /// At which peer.
    pub peer: Peer,
    /// What becomes of the policy there.
    pub effect: Effect,
    /// Where: a JSON pointer into the policy as [`crate::write()`] writes it.
    pub at: String,
    /// The name it is about; empty where it is the policy as a whole.
    pub term: String,
}

/// What `peer` would ignore, misread or refuse in `policy`, in the policy's order.
pub fn lint(policy: &Policy, peer: Peer) -> Vec<Hazard> {
    match peer {
        Peer::Dsp => schema::lint(policy),
        Peer::Edc | Peer::TractusX => engine::lint(policy, peer),
    }
}

impl Peer {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::Dsp, Self::Edc, Self::TractusX];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dsp => "dsp",
            Self::Edc => "edc",
            Self::TractusX => "tractus-x",
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::Dsp => "a peer that goes by the schema of DSP",
            Self::Edc => "a stock EDC",
            Self::TractusX => "Tractus-X",
        }
    }
}

impl Effect {
    /// The word in documents for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::Later => "later",
        }
    }
}

impl Hazard {
    /// What the peer would do, as a sentence.
    pub fn does(&self) -> String {
        let (peer, term) = (self.peer.told(), &self.term);
        let Some(does) = self.code.of_the_schema().filter(|_| self.peer == Peer::Dsp) else {
            return format!("{peer} {}", self.code.does(term));
        };
        format!("{peer} {}", does.replace("{term}", term))
    }

    /// What to write instead.
    pub fn instead(&self) -> &'static str {
        self.code.instead(self.peer)
    }
}

/// Such as `/permission/0/constraint/1: a stock EDC …; instead: …`.
impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "/" } else { &self.at };
        write!(f, "{at}: {}; instead: {}", self.does(), self.instead())
    }
}

impl Code {
    /// Every one of them.
    pub const ALL: &[Self] = &[
        Self::ActionDropped,
        Self::LeftOperandDropped,
        Self::LeftOperandAssumed,
        Self::LeftOperandMisplaced,
        Self::OperatorIgnored,
        Self::OperatorRefused,
        Self::ValueRefused,
        Self::ConnectiveRefused,
        Self::RefinementIgnored,
        Self::DutyIgnored,
        Self::RemedyIgnored,
        Self::ConsequenceIgnored,
        Self::PropertyIgnored,
        Self::ProhibitionNever,
        Self::ProhibitionAny,
        Self::ProhibitionAlways,
        Self::PermissionsAll,
        Self::PermissionMissing,
        Self::CheckedLate,
        Self::MonitorEnds,
        Self::TermsRequired,
        Self::NameUnknown,
        Self::RuleMissing,
    ];

    /// The word in documents for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActionDropped => "action-dropped",
            Self::LeftOperandDropped => "left-operand-dropped",
            Self::LeftOperandAssumed => "left-operand-assumed",
            Self::LeftOperandMisplaced => "left-operand-misplaced",
            Self::OperatorIgnored => "operator-ignored",
            Self::OperatorRefused => "operator-refused",
            Self::ValueRefused => "value-refused",
            Self::ConnectiveRefused => "connective-refused",
            Self::RefinementIgnored => "refinement-ignored",
            Self::DutyIgnored => "duty-ignored",
            Self::RemedyIgnored => "remedy-ignored",
            Self::ConsequenceIgnored => "consequence-ignored",
            Self::PropertyIgnored => "property-ignored",
            Self::ProhibitionNever => "prohibition-never",
            Self::ProhibitionAny => "prohibition-any",
            Self::ProhibitionAlways => "prohibition-always",
            Self::PermissionsAll => "permissions-all",
            Self::PermissionMissing => "permission-missing",
            Self::CheckedLate => "checked-late",
            Self::MonitorEnds => "monitor-ends",
            Self::TermsRequired => "terms-required",
            Self::NameUnknown => "name-unknown",
            Self::RuleMissing => "rule-missing",
        }
    }

    /// What a peer does that knows no more than the schema, where that differs.
    fn of_the_schema(self) -> Option<&'static str> {
        Some(match self {
            Self::RefinementIgnored => {
                "expects the action {term} as a text and refuses an object with conditions"
            }
            Self::DutyIgnored => "has no place for the duty {term} inside a permission",
            Self::RemedyIgnored => "has no place for the remedy {term}",
            Self::ConsequenceIgnored => "has no place for the consequence {term}",
            Self::PropertyIgnored => "has no place for the property {term} and may skip it",
            _ => return None,
        })
    }

    fn does(self, term: &str) -> String {
        let tail = match self {
            Self::ActionDropped => "binds no scope to the action {term} and removes the whole rule",
            Self::LeftOperandDropped => {
                "binds no scope of a contract to {term} and removes the condition"
            }
            Self::LeftOperandAssumed => "takes {term} as met and compares nothing",
            Self::LeftOperandMisplaced => {
                "has no function for {term} in this kind of rule and refuses everything"
            }
            Self::OperatorIgnored => "does not look at the operator of {term}: it goes by eq",
            Self::OperatorRefused => "has no such operator for {term} and refuses everything",
            Self::ValueRefused => "cannot read this value of {term} and refuses everything",
            Self::ConnectiveRefused => "does not take {term}: the policy is refused",
            Self::RefinementIgnored => {
                "reads the conditions on the action {term} and evaluates none"
            }
            Self::DutyIgnored => "does not demand the duty {term} and keeps no record of it",
            Self::RemedyIgnored => "never looks at the remedy {term}",
            Self::ConsequenceIgnored => "never looks at the consequence {term}",
            Self::PropertyIgnored => "does not read the property {term}",
            Self::ProhibitionNever => {
                "forbids only through conditions, so without one {term} is never forbidden"
            }
            Self::ProhibitionAny => {
                "forbids {term} as soon as one of these conditions holds, not only when all do"
            }
            Self::ProhibitionAlways => {
                "takes {term} as met and compares nothing, so the prohibition refuses everybody"
            }
            Self::PermissionsAll => "demands that every permission holds, not only one of them",
            Self::PermissionMissing => "permits what nothing forbids, also without a permission",
            Self::CheckedLate => {
                "makes the contract without a look at {term}, and checks it once a transfer starts"
            }
            Self::MonitorEnds => {
                "has no function for {term} in the monitor, which then ends every running transfer"
            }
            Self::TermsRequired => {
                "accepts only permissions that name FrameworkAgreement and UsagePurpose"
            }
            Self::NameUnknown => "knows no context that defines {term}, and may skip or misread it",
            Self::RuleMissing => "expects a permission or a prohibition and refuses the policy",
        };
        tail.replace("{term}", term)
    }

    fn instead(self, peer: Peer) -> &'static str {
        match self {
            Self::ActionDropped => "say it with the action use, or in the contract's text",
            Self::LeftOperandDropped if peer == Peer::TractusX => {
                "use a term of the Catena-X profile, offer it to some only (--audience), or write \
                 it into the contract's text"
            }
            Self::LeftOperandDropped => {
                "use edc:inForceDate for time, offer it to some only (--audience), or write it \
                 into the contract's text"
            }
            Self::LeftOperandAssumed => {
                "rely on it as a term of the contract only; deliver through a node that checks it"
            }
            Self::LeftOperandMisplaced => "put the opposite condition into the permission",
            Self::OperatorIgnored => "write the operator eq",
            Self::OperatorRefused => "write one of eq, neq, lt, lteq, gt, gteq, or eq in Catena-X",
            Self::ValueRefused => "write one text: a time in UTC, days, active, or a name",
            Self::ConnectiveRefused => "write and, or one offer for each alternative",
            Self::RefinementIgnored => "write them as constraints of the rule",
            Self::DutyIgnored => "write it into the contract's text, or demand it before the offer",
            Self::RemedyIgnored | Self::ConsequenceIgnored => "write it into the contract's text",
            Self::PropertyIgnored => "leave it out, or write a constraint that says the same",
            Self::ProhibitionNever => "leave it out and narrow the permission",
            Self::ProhibitionAny => "join the conditions with one and",
            Self::ProhibitionAlways => "put it into the contract's text, or a permission",
            Self::PermissionsAll => "write one offer for each permission",
            Self::PermissionMissing => "add the permission that is meant",
            Self::CheckedLate => "nothing, if no data before the transfer is protection enough",
            Self::MonitorEnds => "use DataUsageEndDate or DataUsageEndDurationDays",
            Self::TermsRequired => "add cx-policy:FrameworkAgreement and cx-policy:UsagePurpose",
            Self::NameUnknown => "write the full IRI, or declare the prefix",
            Self::RuleMissing => "add a permission",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
