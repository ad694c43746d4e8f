//! How a policy is read where ODRL leaves a choice. The defaults are the strictest readings.

/// The choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What an unfulfilled duty does to its permission.
    pub duty_mode: DutyMode,
    /// Whose time `odrl:dateTime` is.
    pub time_source: TimeSource,
    /// What holds for an action that no rule is about.
    pub behaviour: Behaviour,
    /// The offset from UTC, in minutes, of dates and times that state none. Without one they are
    /// compared only as far as every offset answers alike.
    pub offset_minutes: Option<i32>,
    /// Whether a rule without an action is about every action. The Information Model asks for
    /// one, so by default such a rule is not understood.
    pub takes_missing_action_for_any: bool,
}

/// What an unfulfilled duty does to its permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DutyMode {
    /// A duty that is due must be fulfilled first (ODRL Formal Semantics, draft of 2026).
    #[default]
    PreCondition,
    /// Only a violated duty stands in the way (compliance reports of the FORCE project).
    Eventual,
}

/// Whose time `odrl:dateTime` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeSource {
    /// The time of the requested action; the world's where the request states none.
    #[default]
    Action,
    /// The current time of the state of the world.
    World,
}

/// What holds for an action that no rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// It is denied.
    #[default]
    Closed,
    /// It is permitted unless it is prohibited.
    Open,
}
