//! Fact sets: complete descriptions of crossings from China to the Union, the same for every
//! engine. Chosen by a fixed sequence, so that every run compares the same ones. Nothing here
//! knows what any engine makes of them.

use serde_json::{Map, Value, json};

/// What may hold of a crossing, by the names of the rule packs.
pub const FLAGS: [&str; 16] = [
    "data.personal",
    "data.important",
    "data.collected_abroad",
    "data.domestic_mixed",
    "data.hr",
    "data.ftz_listed",
    "basis.contract_with_person",
    "basis.hr_management",
    "basis.emergency",
    "exporter.ciio",
    "exporter.free_trade_zone",
    "request.foreign_authority",
    "tool.cn_standard_contract",
    "tool.cn_certification",
    "tool.cn_security_assessment",
    "tool.cn_authority_approval",
];
/// Persons concerned, around the thresholds of Order 16.
const ORDINARY: [u64; 5] = [0, 99_999, 100_000, 999_999, 1_000_000];
/// The same of sensitive information.
const SENSITIVE: [u64; 4] = [0, 1, 9_999, 10_000];

/// A crossing of which everything that Order 16 asks for is known; what is not named is no or 0.
pub fn crossing(named: &Value) -> Map<String, Value> {
    let mut facts: Map<String, Value> =
        FLAGS.iter().map(|flag| ((*flag).to_owned(), json!(false))).collect();
    facts.insert("count.ordinary_year".to_owned(), json!(0));
    facts.insert("count.sensitive_year".to_owned(), json!(0));
    facts.extend(named.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
    facts
}

/// The crossings that are timed: the thresholds from both sides, and what goes before them.
pub fn timed() -> Vec<Map<String, Value>> {
    [
        json!({ "data.personal": true, "count.ordinary_year": 99_999 }),
        json!({ "data.personal": true, "count.ordinary_year": 100_000 }),
        json!({ "data.personal": true, "count.ordinary_year": 1_000_000 }),
        json!({ "data.personal": true, "count.sensitive_year": 1 }),
        json!({ "data.personal": true, "count.sensitive_year": 10_000 }),
        json!({ "data.personal": true, "exporter.ciio": true, "count.ordinary_year": 1 }),
        json!({ "data.personal": true, "basis.contract_with_person": true,
                "count.ordinary_year": 2_000_000 }),
        json!({ "data.important": true }),
    ]
    .iter()
    .map(crossing)
    .collect()
}

/// Crossings to compare the engines on: every combination of counts, with flags by a fixed
/// sequence in which each flag holds in about one of four.
pub fn compared(count: usize) -> Vec<Map<String, Value>> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        // A linear congruential generator; the upper bits are good enough to choose by.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 32
    };
    (0..count)
        .map(|index| {
            let mut facts = crossing(&json!({
                "count.ordinary_year": ORDINARY[index % ORDINARY.len()],
                "count.sensitive_year": SENSITIVE[index / ORDINARY.len() % SENSITIVE.len()],
            }));
            for flag in FLAGS {
                // Without personal information most rules say nothing.
                let odds = if flag == "data.personal" { 3 } else { 1 };
                facts.insert(flag.to_owned(), json!(next() % 4 < odds));
            }
            facts
        })
        .collect()
}

/// The names of facts without dots, which neither Cedar nor Rego takes in a name.
pub fn flat(facts: &Map<String, Value>) -> Map<String, Value> {
    facts.iter().map(|(name, value)| (name.replace('.', "_"), value.clone())).collect()
}
