//! Three truth values with Kleene's strong connectives. What makes something unknown, and what an
//! unknown leads to, is decided elsewhere.

/// Whether a statement holds, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It cannot be told.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    /// Both hold: the lesser of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// At least one holds: the greater of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// The opposite; unknown stays unknown.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    /// All hold; of none, true.
    pub fn all(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().fold(Self::True, Self::and)
    }

    /// At least one holds; of none, false.
    pub fn any(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().fold(Self::False, Self::or)
    }

    /// Exactly one holds; two that hold settle it as false, whatever is unknown.
    pub fn exactly_one(values: impl IntoIterator<Item = Self>) -> Self {
        let (mut holding, mut unknown) = (0_usize, false);
        for value in values {
            match value {
                Self::True => holding += 1,
                Self::Unknown => unknown = true,
                Self::False => {}
            }
        }
        match (holding, unknown) {
            (2.., _) => Self::False,
            (_, true) => Self::Unknown,
            (one, false) => Self::from(one == 1),
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Self::Unknown, Self::from)
    }
}
