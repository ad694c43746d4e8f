//! A health register of persons who do not exist, and a plain register of the same persons: tables
//! for the demo and for tests that count people. The same seed gives the same bytes for ever. It is
//! not a model of any population: nothing can be learnt from it.
//!
//! A person's id is `ZZSYN-`, ten digits, `-` and two check digits, such as `ZZSYN-0000000001-95`.
//! ISO 3166-1 leaves the code `ZZ` to its users and never gives it to a country, so no country can
//! number its people like this. The check digits make the number of all twelve digits leave the
//! remainder 1 when it is divided by 97 (ISO/IEC 7064, MOD 97-10): one wrong digit is found, and so
//! are two neighbours that changed places. No two persons of one seed share an id. Regions are
//! invented in the same way. Each row says that it is synthetic, so that a row alone does too.

use std::io::{self, Write};
use std::ops::Range;

/// Most persons of one seed.
pub(crate) const REGISTER_PERSONS_MAX: u64 = 10_000_000;

/// The largest prime number of ten digits: what the numbers in ids are counted by.
const NUMBERS: u64 = 9_999_999_967;
/// The first year in which somebody is diagnosed.
const FIRST_YEAR: u32 = 2016;
/// The last year in which somebody is diagnosed or treated.
const LAST_YEAR: u32 = 2025;
/// The earliest year of birth.
const BORN_FROM: u32 = 1935;
/// Half of the years in which people are born; most are born in the middle.
const BORN_YEARS_HALF: u64 = 36;
/// Regions, of which the first have the most people.
const REGIONS: u64 = 12;
/// Of a thousand people, so many are neither female nor male.
const OTHER_PER_MILLE: u64 = 4;
/// Of ten people, so many are treated.
const TREATED_OF_TEN: u64 = 9;
/// A treatment begins less than so many days after the diagnosis.
const TREATED_DAYS: u64 = 120;

const HEALTH: &str = "synthetic,synthetic_id,sex,birth_year,region,icd10,diagnosed_on,treated_on";
const ORDINARY: &str = "synthetic,synthetic_id,sex,birth_year,region";

/// What is known of the persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Id, sex, year of birth, region, a diagnosis and its dates.
    Health,
    /// Id, sex, year of birth and region.
    Ordinary,
}

/// A disease, as far as it decides who has it.
struct Diagnosis {
    /// ICD-10, World Health Organization.
    code: &'static str,
    /// Nobody has it at a lower age.
    age_min: u32,
    /// How often it is met, against the others.
    weight: u64,
    /// Who has it alone.
    sex: Option<&'static str>,
}

const fn diagnosis(
    code: &'static str,
    age_min: u32,
    weight: u64,
    sex: Option<&'static str>,
) -> Diagnosis {
    Diagnosis { code, age_min, weight, sex }
}

const DIAGNOSES: [Diagnosis; 10] = [
    // Human immunodeficiency virus disease.
    diagnosis("B20", 15, 2, None),
    // Cancer of the breast, and of the prostate.
    diagnosis("C50", 25, 4, Some("female")),
    diagnosis("C61", 40, 4, Some("male")),
    // Diabetes of type 1, and of type 2.
    diagnosis("E10", 1, 5, None),
    diagnosis("E11", 18, 20, None),
    // Depressive episode.
    diagnosis("F32", 12, 12, None),
    // High blood pressure, and a heart attack.
    diagnosis("I10", 18, 28, None),
    diagnosis("I21", 30, 6, None),
    // Asthma.
    diagnosis("J45", 2, 14, None),
    // Chronic kidney disease.
    diagnosis("N18", 20, 5, None),
];

/// Writes the persons with these numbers, a row each, below a header. Lines end with LF. Two ranges
/// of one seed share the persons whose numbers they share.
pub(crate) fn write(
    seed: u64,
    persons: Range<u64>,
    columns: Columns,
    to: &mut impl Write,
) -> io::Result<()> {
    let ids = Ids::of(seed);
    writeln!(to, "{}", if columns == Columns::Health { HEALTH } else { ORDINARY })?;
    for number in persons {
        let mut random = Random::of(seed, number);
        let sex = match (random.below(1_000) < OTHER_PER_MILLE, random.below(2)) {
            (true, _) => "other",
            (false, 0) => "female",
            (false, _) => "male",
        };
        let years = random.below(BORN_YEARS_HALF) + random.below(BORN_YEARS_HALF);
        let born = BORN_FROM + years as u32;
        let region = 1 + random.below(REGIONS).min(random.below(REGIONS));
        write!(to, "synthetic,{},{sex},{born},ZZ-{region:02}", ids.id(number))?;
        match columns {
            Columns::Ordinary => writeln!(to)?,
            Columns::Health => write_disease(&mut random, sex, born, to)?,
        }
    }
    Ok(())
}

fn write_disease(random: &mut Random, sex: &str, born: u32, to: &mut impl Write) -> io::Result<()> {
    // From that year on, everybody who was born then has that age.
    let year = |one: &Diagnosis| FIRST_YEAR.max(born + one.age_min + 1);
    let can_be =
        |one: &&Diagnosis| year(one) <= LAST_YEAR && one.sex.is_none_or(|only| only == sex);
    let possible = || DIAGNOSES.iter().filter(can_be);
    let mut left = random.below(possible().map(|one| one.weight).sum());
    // Somebody who was born last may have asthma, so something is always possible.
    for one in possible() {
        if left >= one.weight {
            left -= one.weight;
            continue;
        }
        let (first, end) = (day(year(one)), day(LAST_YEAR + 1));
        let diagnosed = first + random.below(end - first);
        let treated = diagnosed + random.below(TREATED_DAYS);
        let is_treated = random.below(10) < TREATED_OF_TEN && treated < end;
        write!(to, ",{},{},", one.code, date(diagnosed))?;
        if is_treated {
            to.write_all(date(treated).as_bytes())?;
        }
        break;
    }
    writeln!(to)
}

fn year_days(year: u32) -> u64 {
    // Holds from 1901 to 2099.
    if year.is_multiple_of(4) { 366 } else { 365 }
}

/// The first day of a year, counted from the first day of the first year.
fn day(year: u32) -> u64 {
    (FIRST_YEAR..year).map(year_days).sum()
}

/// A day as ISO 8601 writes it.
fn date(mut day: u64) -> String {
    let mut year = FIRST_YEAR;
    while day >= year_days(year) {
        day -= year_days(year);
        year += 1;
    }
    let february = year_days(year) - 337;
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

/// The ids of one seed: `factor * number + shift` modulo a prime, which never repeats.
struct Ids {
    factor: u64,
    shift: u64,
}

impl Ids {
    fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        Self { factor: 1 + random.below(NUMBERS - 1), shift: random.below(NUMBERS) }
    }

    fn id(&self, number: u64) -> String {
        let spread = u128::from(self.factor) * u128::from(number) + u128::from(self.shift);
        // Less than the prime number, which fits.
        let digits = (spread % u128::from(NUMBERS)) as u64;
        let check = 98 - digits * 100 % 97;
        format!("ZZSYN-{digits:010}-{check:02}")
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): a sequence whose every step is mixed. It is the same
/// for ever, which a library's generator need not be, and it is no source of secrets.
struct Random(u64);

impl Random {
    /// What one person is made of, whoever is written before.
    fn of(seed: u64, number: u64) -> Self {
        let place = Self(number).next();
        Self(seed ^ place)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, less than that.
    fn below(&mut self, end: u64) -> u64 {
        // The upper half of the product is less than `end`.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use sha2::Digest as _;

    use super::*;

    fn text(seed: u64, persons: Range<u64>, columns: Columns) -> String {
        let mut bytes = Vec::new();
        write(seed, persons, columns, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn rows(text: &str) -> Vec<Vec<&str>> {
        text.lines().skip(1).map(|line| line.split(',').collect()).collect()
    }

    /// Reads an id as its definition says, digit by digit.
    fn is_valid(id: &str) -> bool {
        let Some((number, check)) = id.strip_prefix("ZZSYN-").and_then(|id| id.split_once('-'))
        else {
            return false;
        };
        let digits = || number.bytes().chain(check.bytes());
        let remainder = digits().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
        (number.len(), check.len()) == (10, 2)
            && digits().all(|digit| digit.is_ascii_digit())
            && remainder == 1
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_for_ever() {
        let check = |columns, expected: &str| {
            let text = text(2026, 0..10_000, columns);
            let sha256 = sha2::Sha256::digest(text.as_bytes());
            let sha256 = causeway_types::Sha256::from_bytes(sha256.into()).to_string();
            assert_eq!(sha256, expected, "{columns:?}, which begins\n{}", &text[..400]);
        };
        check(Columns::Health, "01c0bb13e5b865308dd9f9ef1a38dc80f63bca964031b3c67ce6cedf66dcf11f");
        check(
            Columns::Ordinary,
            "28adad660f94a92c4ae99be1c395166835cb9e7091c6b9567c9fc05563a4a6c0",
        );
        let other = text(2027, 0..10, Columns::Health);
        assert_ne!(other, text(2026, 0..10, Columns::Health));
    }

    #[test]
    fn every_id_is_valid_and_names_one_person() {
        for seed in [0, 1, 2026, u64::MAX] {
            let text = text(seed, 0..10_000, Columns::Ordinary);
            let ids: BTreeSet<&str> = rows(&text).into_iter().map(|row| row[1]).collect();
            assert_eq!(ids.len(), 10_000);
            assert!(ids.iter().all(|id| is_valid(id)));
        }
        let last = Ids::of(7).id(REGISTER_PERSONS_MAX - 1);
        assert!(is_valid(&last), "{last}");
        assert_eq!(Ids { factor: 1, shift: 0 }.id(1), "ZZSYN-0000000001-95");
    }

    #[test]
    fn a_wrong_digit_and_changed_places_make_an_id_invalid() {
        let id = Ids::of(2026).id(17);
        let places: Vec<usize> = id.char_indices().skip(6).map(|(place, _)| place).collect();
        let with = |place: usize, digit: u8| {
            let mut bytes = id.clone().into_bytes();
            bytes[place] = digit;
            String::from_utf8(bytes).unwrap()
        };
        let mut wrong = 0;
        for place in places.iter().filter(|place| id.as_bytes()[**place] != b'-') {
            for digit in b'0'..=b'9' {
                let other = with(*place, digit);
                assert_eq!(is_valid(&other), other == id, "{other}");
                wrong += usize::from(other != id);
            }
        }
        assert_eq!(wrong, 12 * 9);
        for place in 6..15 {
            let mut bytes = id.clone().into_bytes();
            bytes.swap(place, place + 1);
            let other = String::from_utf8(bytes).unwrap();
            assert_eq!(is_valid(&other), other == id, "{other}");
        }
    }

    #[test]
    fn every_row_says_that_it_is_synthetic_and_fits_together() {
        let text = text(2026, 0..10_000, Columns::Health);
        assert!(text.starts_with("synthetic,synthetic_id,"), "{}", &text[..80]);
        let (mut codes, mut untreated) = (BTreeMap::new(), 0);
        for row in rows(&text) {
            let [mark, _, sex, born, region, code, diagnosed, treated] = row[..] else {
                panic!("{row:?}");
            };
            assert_eq!(mark, "synthetic");
            let born: u32 = born.parse().unwrap();
            assert!((1935..=2005).contains(&born) && region.starts_with("ZZ-"), "{row:?}");
            let one = DIAGNOSES.iter().find(|one| one.code == code).unwrap();
            assert!(one.sex.is_none_or(|only| only == sex), "{row:?}");
            let day = |date: &str| causeway_types::Timestamp::parse(&format!("{date}T00:00:00Z"));
            let year: u32 = diagnosed[..4].parse().unwrap();
            assert!(year > born + one.age_min && (2016..=2025).contains(&year), "{row:?}");
            assert!(day(diagnosed).is_ok(), "{row:?}");
            if treated.is_empty() {
                untreated += 1;
            } else {
                assert!(diagnosed <= treated && treated <= "2025-12-31", "{row:?}");
                assert!(day(treated).is_ok(), "{row:?}");
            }
            *codes.entry(code).or_insert(0) += 1;
        }
        assert_eq!(codes.len(), DIAGNOSES.len(), "{codes:?}");
        assert!((800..2_000).contains(&untreated), "{untreated} are not treated");
    }

    #[test]
    fn the_plain_register_holds_the_same_persons_without_their_diagnoses() {
        let (health, ordinary) =
            (text(5, 10..30, Columns::Health), text(5, 20..40, Columns::Ordinary));
        let (health, ordinary) = (rows(&health), rows(&ordinary));
        for (one, other) in health[10..].iter().zip(&ordinary[..10]) {
            assert_eq!(one[..5], other[..]);
        }
        let ids: BTreeSet<&str> = health.iter().chain(&ordinary).map(|row| row[1]).collect();
        assert_eq!(ids.len(), 30);
    }

    #[test]
    fn days_are_counted_through_leap_years() {
        for (count, expected) in [
            (0, "2016-01-01"),
            (59, "2016-02-29"),
            (60, "2016-03-01"),
            (365, "2016-12-31"),
            (366 + 58, "2017-02-28"),
            (366 + 59, "2017-03-01"),
            (day(LAST_YEAR + 1) - 1, "2025-12-31"),
        ] {
            assert_eq!(date(count), expected);
        }
    }
}
