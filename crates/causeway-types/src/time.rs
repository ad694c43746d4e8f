//! Points in time as microseconds since the Unix epoch, UTC. Reading the clock is not here: time
//! is an argument.

use std::fmt;

/// A point in time, UTC, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// 9999-12-30T21:59:59Z, the last whole second that is a valid time in every offset.
const MICROS_MAX: i64 = 253_402_207_199_000_000;

/// Why a text or number is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Not RFC 3339 with an offset.
    #[error("timestamp: found {found:?}, expected RFC 3339 such as 2026-01-31T08:00:00Z")]
    Text {
        /// What was found, cut to a printable length.
        found: String,
    },
    /// Outside the years that can be printed.
    #[error("timestamp: {micros} µs since 1970 lies outside the years -9999 to 9999")]
    Range {
        /// The microseconds that were given.
        micros: i64,
    },
}

impl Timestamp {
    /// The epoch, 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since the epoch.
    pub fn from_unix_micros(micros: i64) -> Result<Self, TimestampError> {
        jiff::Timestamp::from_microsecond(micros)
            .map(|_| Self(micros))
            .map_err(|_| TimestampError::Range { micros })
    }

    /// Microseconds since the epoch.
    pub fn unix_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch; 0 for times before it.
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    /// Whole seconds since the epoch, rounded down; 0 for times before it.
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1_000_000)).unwrap_or(0)
    }

    /// This time plus `milliseconds`, held at the end of the range.
    #[must_use]
    pub fn plus_millis(self, milliseconds: u64) -> Self {
        let micros = i64::try_from(milliseconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(MICROS_MAX))
    }

    /// Microseconds from `earlier` to this time; 0 if it is not earlier.
    pub fn micros_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// Reads RFC 3339; any offset is accepted and converted to UTC.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|_| TimestampError::Text { found: text.chars().take(64).collect() })
    }
}

/// RFC 3339 in UTC, ending in `Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => timestamp.fmt(f),
            // Every constructor checks the range, so this arm is never reached.
            Err(_) => f.write_str("out of range"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back_is_the_identity_in_utc() {
        for text in ["2026-11-24T07:07:28.123456Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
        {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        let offset = Timestamp::parse("2026-11-24T08:07:28+01:00").unwrap();
        assert_eq!(offset.to_string(), "2026-11-24T07:07:28Z");
    }

    #[test]
    fn a_time_without_offset_is_refused() {
        assert!(Timestamp::parse("2026-11-24T07:07:28").is_err());
        assert!(Timestamp::parse("").is_err());
    }

    #[test]
    fn adding_past_the_end_stays_in_range() {
        let late = Timestamp::parse("9999-12-01T00:00:00Z").unwrap().plus_millis(u64::MAX);
        assert_eq!(late.to_string(), "9999-12-30T21:59:59Z");
    }
}
