//! What the law says of a crossing, and how sure that is.

use std::fmt;

/// What the law says of a crossing, from the mildest to the strictest. Several laws together say
/// the strictest that one of them says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It may happen.
    Permitted,
    /// It may happen, and somebody has to do something for it.
    PermittedWithObligations,
    /// It may happen once the parties have put a mechanism in place.
    NeedsMechanism,
    /// It may happen once an authority has approved it.
    NeedsAuthorityApproval,
    /// It may not happen.
    Prohibited,
}

impl Outcome {
    /// Every outcome, mildest first.
    pub const ALL: [Self; 5] = [
        Self::Permitted,
        Self::PermittedWithObligations,
        Self::NeedsMechanism,
        Self::NeedsAuthorityApproval,
        Self::Prohibited,
    ];

    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::PermittedWithObligations => "permitted-with-obligations",
            Self::NeedsMechanism => "needs-mechanism",
            Self::NeedsAuthorityApproval => "needs-authority-approval",
            Self::Prohibited => "prohibited",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Whether the crossing may happen now.
    pub fn lets_pass(self) -> bool {
        self <= Self::PermittedWithObligations
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Between which outcomes the truth lies. Where both are the same, it is determined, even if not
/// every fact is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The mildest outcome that the missing facts leave open.
    pub at_best: Outcome,
    /// The strictest; whoever enforces the law goes by this one.
    pub at_worst: Outcome,
}

impl Interval {
    /// Nothing is known.
    pub const OPEN: Self = Self { at_best: Outcome::Permitted, at_worst: Outcome::Prohibited };

    /// A single outcome.
    pub fn of(outcome: Outcome) -> Self {
        Self { at_best: outcome, at_worst: outcome }
    }

    /// The outcome, if there is only one left.
    pub fn determined(self) -> Option<Outcome> {
        (self.at_best == self.at_worst).then_some(self.at_best)
    }

    /// What two laws say together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            at_best: self.at_best.max(other.at_best),
            at_worst: self.at_worst.max(other.at_worst),
        }
    }

    /// What may be if it is this or that.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            at_best: self.at_best.min(other.at_best),
            at_worst: self.at_worst.max(other.at_worst),
        }
    }
}

/// Whether something holds, as far as that is known (Kleene's strong logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not.
    False,
    /// A fact is missing.
    Unknown,
    /// It does.
    True,
}

impl Truth {
    /// A known truth.
    pub fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// The text form: `yes`, `no`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::False => "no",
            Self::Unknown => "unknown",
            Self::True => "yes",
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_together_are_as_strict_as_the_strictest() {
        let mechanism = Interval::of(Outcome::NeedsMechanism);
        assert_eq!(mechanism.and(Interval::of(Outcome::Permitted)), mechanism);
        let open = Interval::OPEN.and(mechanism);
        assert_eq!((open.at_best, open.at_worst), (Outcome::NeedsMechanism, Outcome::Prohibited));
        assert_eq!(open.determined(), None);
        assert_eq!(mechanism.or(Interval::of(Outcome::Permitted)).at_best, Outcome::Permitted);
    }

    #[test]
    fn every_outcome_reads_back_and_only_the_mildest_two_let_pass() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::parse("allowed"), None);
        let passing: Vec<Outcome> = Outcome::ALL.into_iter().filter(|o| o.lets_pass()).collect();
        assert_eq!(passing, [Outcome::Permitted, Outcome::PermittedWithObligations]);
    }
}
