//! Times, dates and durations of XML Schema, compared as far as they can be: a date is a day, a
//! time without an offset is one of many, a month has 28 to 31 days. What may be less, equal or
//! greater is a set of orders, and whoever asks sees whether all of them answer alike.

use std::cmp::Ordering;

use causeway_types::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::truth::Truth;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// The widest offsets that XML Schema allows.
const OFFSET_MINUTES_MAX: i64 = 14 * 60;

/// The orders that are possible between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orders {
    less: bool,
    equal: bool,
    greater: bool,
}

/// A point in time or a whole day, perhaps without an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds since the epoch, in UTC or, without an offset, on the clock of the place.
    start: i64,
    /// A day, or nothing for a point.
    length: i64,
    has_offset: bool,
}

/// A duration of XML Schema: months and, apart from them, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Duration {
    months: i32,
    micros: i64,
}

impl Orders {
    const NONE: Self = Self { less: false, equal: false, greater: false };

    pub(crate) fn exactly(order: Ordering) -> Self {
        Self::NONE.with(order)
    }

    fn with(mut self, order: Ordering) -> Self {
        match order {
            Ordering::Less => self.less = true,
            Ordering::Equal => self.equal = true,
            Ordering::Greater => self.greater = true,
        }
        self
    }

    /// Whether `is` holds for every possible order, for none, or for some.
    pub(crate) fn all(self, is: fn(Ordering) -> bool) -> Truth {
        let (mut holds, mut fails) = (false, false);
        for (possible, order) in [
            (self.less, Ordering::Less),
            (self.equal, Ordering::Equal),
            (self.greater, Ordering::Greater),
        ] {
            if possible {
                holds |= is(order);
                fails |= !is(order);
            }
        }
        match (holds, fails) {
            (true, false) => Truth::True,
            (false, true) => Truth::False,
            _ => Truth::Unknown,
        }
    }
}

impl Moment {
    /// Reads `xsd:dateTime`, with or without an offset, and RFC 3339.
    pub(crate) fn date_time(text: &str) -> Option<Self> {
        if let Ok(time) = Timestamp::parse(text) {
            return Some(Self { start: time.unix_micros(), length: 0, has_offset: true });
        }
        let local = text.contains('T').then(|| text.parse::<DateTime>().ok()).flatten()?;
        Some(Self { start: civil_micros(local)?, length: 0, has_offset: false })
    }

    /// Reads `xsd:date`, with or without an offset: the whole day.
    pub(crate) fn date(text: &str) -> Option<Self> {
        let (day, offset) = (text.get(..10)?, text.get(10..)?);
        let is_dashed = day.as_bytes()[4] == b'-' && day.as_bytes()[7] == b'-';
        let date = is_dashed.then(|| day.parse::<Date>().ok()).flatten()?;
        let local = civil_micros(date.to_datetime(jiff::civil::Time::midnight()))?;
        let minutes = match offset {
            "" => None,
            "Z" => Some(0),
            offset => Some(offset_minutes(offset)?),
        };
        let start = local - minutes.unwrap_or(0) * MINUTE;
        Some(Self { start, length: DAY, has_offset: minutes.is_some() })
    }

    /// How `time` may lie to this moment. Within a day it is equal to that day: a date says on
    /// which days something holds. Without an offset it is one in any of them, or in the one that
    /// is taken for granted.
    pub(crate) fn orders(self, time: Timestamp, offset_minutes: Option<i32>) -> Orders {
        let time = time.unix_micros();
        let (first, last) = match (self.has_offset, offset_minutes) {
            (true, _) => (0, 0),
            (false, Some(minutes)) => (-i64::from(minutes), -i64::from(minutes)),
            (false, None) => (-OFFSET_MINUTES_MAX, OFFSET_MINUTES_MAX),
        };
        let (earliest, latest) = (self.start + first * MINUTE, self.start + last * MINUTE);
        // A point is a day without length, which it is enough to reach.
        let end = |start: i64| start + self.length.max(1);
        Orders {
            less: time < latest,
            equal: time >= earliest && time < end(latest),
            greater: time >= end(earliest),
        }
    }

    /// The point in time, where it is one.
    pub(crate) fn point(self) -> Option<Timestamp> {
        (self.has_offset && self.length == 0)
            .then(|| Timestamp::from_unix_micros(self.start).ok())
            .flatten()
    }
}

fn civil_micros(local: DateTime) -> Option<i64> {
    let utc = jiff::tz::Offset::UTC.to_timestamp(local).ok()?;
    Some(utc.as_microsecond())
}

fn offset_minutes(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').filter(|_| rest.len() == 5)?;
    let total = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    (total <= OFFSET_MINUTES_MAX).then_some(sign * total)
}

impl Duration {
    /// No time.
    pub const ZERO: Self = Self { months: 0, micros: 0 };
    /// Longer than any other duration that is compared.
    pub const MAX: Self = Self { months: 0, micros: i64::MAX };

    /// From microseconds.
    pub fn from_micros(micros: i64) -> Self {
        Self { months: 0, micros }
    }

    /// Both together, held at the longest.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            months: self.months.saturating_add(other.months),
            micros: self.micros.saturating_add(other.micros),
        }
    }

    /// Reads `xsd:duration`, such as `P1Y2M3DT4H5M6S`, and ISO 8601 weeks.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.strip_prefix('-').unwrap_or(text).starts_with('P') {
            return None;
        }
        let span: jiff::Span = text.parse().ok()?;
        let months = i32::from(span.get_years()).checked_mul(12)?.checked_add(span.get_months())?;
        let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
        let parts = [
            days.checked_mul(DAY)?,
            i64::from(span.get_hours()).checked_mul(60 * MINUTE)?,
            span.get_minutes().checked_mul(MINUTE)?,
            span.get_seconds().checked_mul(1_000_000)?,
            span.get_milliseconds().checked_mul(1_000)?,
            span.get_microseconds(),
            span.get_nanoseconds() / 1_000,
        ];
        let micros = parts.iter().try_fold(0_i64, |sum, part| sum.checked_add(*part))?;
        Some(Self { months, micros })
    }

    /// How it may lie to another one: XML Schema Part 2 §3.2.6.2 adds both to four dates between
    /// which the lengths of months differ most.
    pub(crate) fn orders(self, other: Self) -> Orders {
        if self.months == other.months {
            return Orders::exactly(self.micros.cmp(&other.micros));
        }
        let starts = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)];
        let mut orders = Orders::NONE;
        for (year, month) in starts {
            match (self.after(year, month), other.after(year, month)) {
                (Some(one), Some(another)) => orders = orders.with(one.cmp(&another)),
                // Beyond the calendar nothing can be told.
                _ => return Orders { less: true, equal: true, greater: true },
            }
        }
        orders
    }

    fn after(self, year: i16, month: i8) -> Option<i128> {
        let start = Date::new(year, month, 1).ok()?;
        let end = start.checked_add(jiff::Span::new().try_months(self.months).ok()?).ok()?;
        let local = civil_micros(end.to_datetime(jiff::civil::Time::midnight()))?;
        Some(i128::from(local) + i128::from(self.micros))
    }
}

/// In XML Schema's form.
impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (months, micros) = (self.months.unsigned_abs(), self.micros.unsigned_abs());
        let sign = if self.months < 0 || self.micros < 0 { "-" } else { "" };
        write!(f, "{sign}P")?;
        if months > 0 {
            write!(f, "{months}M")?;
        }
        let (days, rest) = (micros / DAY.unsigned_abs(), micros % DAY.unsigned_abs());
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if rest > 0 || (months == 0 && days == 0) {
            write!(f, "T{}", rest / 1_000_000)?;
            if rest % 1_000_000 > 0 {
                write!(f, ".{:06}", rest % 1_000_000)?;
            }
            write!(f, "S")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn check(moment: Option<Moment>, at: &str, offset: Option<i32>, expected: [Truth; 3]) {
        let orders = moment.unwrap().orders(time(at), offset);
        let found = [Ordering::is_lt, Ordering::is_eq, Ordering::is_gt].map(|is| orders.all(is));
        assert_eq!(found, expected, "{at} {offset:?}");
    }

    const T: Truth = Truth::True;
    const F: Truth = Truth::False;
    const U: Truth = Truth::Unknown;

    #[test]
    fn a_date_is_a_day_and_without_an_offset_one_of_many() {
        let zoned = Moment::date("2024-02-12Z");
        check(zoned, "2024-02-11T23:59:59.999999Z", None, [T, F, F]);
        check(zoned, "2024-02-12T00:00:00Z", None, [F, T, F]);
        check(zoned, "2024-02-12T23:59:59Z", None, [F, T, F]);
        check(zoned, "2024-02-13T00:00:00Z", None, [F, F, T]);
        let east = Moment::date("2024-02-12+02:00");
        check(east, "2024-02-11T22:00:00Z", None, [F, T, F]);
        check(east, "2024-02-12T22:00:00Z", None, [F, F, T]);
        let open = Moment::date("2024-02-12");
        check(open, "2024-02-11T09:59:59Z", None, [T, F, F]);
        check(open, "2024-02-11T10:00:00Z", None, [U, U, F]);
        check(open, "2024-02-12T11:00:00Z", None, [U, U, U]);
        check(open, "2024-02-13T14:00:00Z", None, [F, F, T]);
        check(open, "2024-02-12T11:00:00Z", Some(0), [F, T, F]);
        check(open, "2024-02-11T23:00:00Z", Some(60), [F, T, F]);
        for text in ["2024-2-12", "20240212", "2024-02-12x", "2024-02-30", "2024-02-12+15:00"] {
            assert!(Moment::date(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_told_only_from_afar() {
        let open = Moment::date_time("2024-02-12T12:00:00");
        check(open, "2024-02-11T21:59:59Z", None, [T, F, F]);
        check(open, "2024-02-13T02:00:01Z", None, [F, F, T]);
        check(open, "2024-02-12T12:00:00Z", Some(0), [F, T, F]);
        let point = Moment::date_time("2024-02-12T12:00:00+01:00");
        check(point, "2024-02-12T11:00:00Z", None, [F, T, F]);
        assert!(Moment::date_time("2024-02-12").is_none());
    }

    #[test]
    fn durations_compare_as_far_as_months_let_them() {
        let check = |one: &str, other: &str, expected: [Truth; 3]| {
            let orders = Duration::parse(one).unwrap().orders(Duration::parse(other).unwrap());
            let found =
                [Ordering::is_lt, Ordering::is_eq, Ordering::is_gt].map(|is| orders.all(is));
            assert_eq!(found, expected, "{one} {other}");
        };
        check("P1D", "PT24H", [F, T, F]);
        check("PT59M", "PT1H", [T, F, F]);
        check("P1Y", "P12M", [F, T, F]);
        check("P1M", "P27D", [F, F, T]);
        check("P1M", "P30D", [U, U, U]);
        check("P1M", "P32D", [T, F, F]);
        check("P1W", "P7D", [F, T, F]);
        check("-P1D", "PT0S", [T, F, F]);
        check("P9999Y", "P1D", [U, U, U]);
        for text in ["1 day", "", "P", "PT", "1D", "P1.5M"] {
            assert!(Duration::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_so_that_it_reads_back_the_same() {
        for text in ["P1M", "P3D", "PT5S", "PT0.5S", "P13M2DT7S", "PT0S", "-P1D"] {
            let duration = Duration::parse(text).unwrap();
            assert_eq!(Duration::parse(&duration.to_string()), Some(duration), "{text}");
        }
    }
}
