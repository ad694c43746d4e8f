//! Decimal numbers as canonical text, compared exactly. Not arithmetic: policies compare, they do
//! not calculate, and a binary float would make `0.1` something else than it says.

use std::cmp::Ordering;
use std::fmt;

use causeway_types::limits::{NUMBER_BYTES_MAX, NUMBER_DIGITS_MAX};

/// A decimal number of at most [`NUMBER_DIGITS_MAX`] significant digits and [`NUMBER_BYTES_MAX`]
/// bytes of text. `1`, `1.0` and `10e-1` are the same number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Significant digits without leading or trailing zeros; empty for zero.
    digits: Box<str>,
    /// The value is `0.DIGITS` times ten to this power.
    exponent: i32,
}

/// Powers of ten outside these bounds are printed with an exponent.
const PLAIN_EXPONENT_MIN: i32 = -18;
const PLAIN_EXPONENT_MAX: i32 = 64;
/// An exponent beyond this is no quantity of anything.
const EXPONENT_MAX: i32 = 100_000;

impl Number {
    /// Reads an optional sign, digits with an optional point, and an optional exponent.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > NUMBER_BYTES_MAX {
            return None;
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_start_matches('0');
        let digits: Box<str> = significant.trim_end_matches('0').into();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        if digits.len() > NUMBER_DIGITS_MAX {
            return None;
        }
        let leading = i32::try_from(all.len() - significant.len()).ok()?;
        let whole = i32::try_from(whole.len()).ok()?;
        let exponent = power.checked_add(whole)?.checked_sub(leading)?;
        // The bound also keeps every printed form parseable.
        (-EXPONENT_MAX..=EXPONENT_MAX).contains(&exponent).then_some(Self {
            negative,
            digits,
            exponent,
        })
    }

    /// The number, where it is a whole one of that size.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        self.to_string().parse().ok()
    }

    /// The local name of the XML Schema datatype that this number is written with.
    pub(crate) fn datatype(&self) -> &'static str {
        if !self.is_plain() {
            "double"
        } else if self.exponent >= self.places() {
            "integer"
        } else {
            "decimal"
        }
    }

    fn is_plain(&self) -> bool {
        (PLAIN_EXPONENT_MIN..=PLAIN_EXPONENT_MAX).contains(&self.exponent)
    }

    /// How many significant digits there are; text is far shorter than `i32::MAX`.
    fn places(&self) -> i32 {
        i32::try_from(self.digits.len()).unwrap_or(i32::MAX)
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        // Without leading zeros the power of ten decides first; zero has no digits.
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
            }
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        let text = value.unsigned_abs().to_string();
        let digits = text.trim_matches('0');
        // At most 19 digits, so the length fits any integer type.
        let exponent = if digits.is_empty() { 0 } else { i32::try_from(text.len()).unwrap_or(0) };
        Self { negative: value < 0, digits: digits.into(), exponent }
    }
}

/// The canonical text: no needless zeros, no plus sign, an exponent only where the plain form
/// would be mostly zeros.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = &*self.digits;
        if digits.is_empty() {
            return f.write_str("0");
        }
        if !self.is_plain() {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return write!(f, "{sign}{first}{point}{rest}E{}", self.exponent - 1);
        }
        let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
        match usize::try_from(self.exponent) {
            Ok(whole) if whole >= digits.len() => {
                write!(f, "{sign}{digits}{}", zeros(self.exponent - self.places()))
            }
            Ok(whole) if whole > 0 => {
                write!(f, "{sign}{}.{}", &digits[..whole], &digits[whole..])
            }
            _ => write!(f, "{sign}0.{}{digits}", zeros(-self.exponent)),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_canonical_text() {
        for (text, expected) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("0e99999999", "0"),
            ("+5", "5"),
            ("005.500", "5.5"),
            ("10e-1", "1"),
            ("1E3", "1000"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0.0012", "-0.0012"),
            ("1e70", "1E70"),
            ("-12.5e-30", "-1.25E-29"),
            ("18446744073709551616", "18446744073709551616"),
        ] {
            let number = Number::parse(text).unwrap();
            assert_eq!(number.to_string(), expected, "{text}");
            assert_eq!(Number::parse(expected).unwrap(), number, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_decimal_number_is_refused() {
        let long = "1".repeat(NUMBER_BYTES_MAX + 1);
        for text in ["", ".", "-", "1x", "0x1", "NaN", "INF", "1e", "1e999999", "--1", "١", &long]
        {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_compare_exactly_beyond_what_a_float_can_hold() {
        let ordered = [
            "-1e90",
            "-10",
            "-9.99",
            "-0.1",
            "0",
            "0.09",
            "0.1",
            "0.10000000000000000001",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
        ];
        let numbers: Vec<_> = ordered.iter().filter_map(|text| Number::parse(text)).collect();
        assert_eq!(numbers.len(), ordered.len());
        assert!(numbers.is_sorted_by(|a, b| a < b));
        for value in [0, 7, -7, 100, i64::MIN, i64::MAX] {
            assert_eq!(Number::from(value), Number::parse(&value.to_string()).unwrap());
        }
    }
}
