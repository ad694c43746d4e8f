//! Which packs may apply, by the areas of the two parties alone: most packs speak of one country,
//! and a crossing has two. What is left is asked in full; nothing is left out that could apply.

use crate::expression::{Expression, Names, Operand, Order};
use crate::facts::{FactId, Facts, Symbol, Value};
use crate::pack::Pack;

/// Most alternatives of one condition that are kept apart; beyond them a pack is always asked.
const GATES_MAX: usize = 16;

/// Places of packs, a bit each.
type Places = Vec<u64>;

/// The packs by area.
#[derive(Debug, Clone, Default)]
pub(super) struct Areas {
    /// By the number of an area: packs that apply only to exporters there.
    exporter: Vec<Places>,
    /// The same for importers.
    importer: Vec<Places>,
    /// All of the first, for an exporter whose area is not known.
    exporter_any: Places,
    /// All of the second.
    importer_any: Places,
    /// Packs that are asked whatever the areas are.
    always: Places,
    /// By the number of an area: packs that say they know its law.
    covering: Vec<Places>,
}

/// What must hold of the areas for a pack to apply; `None` is anything.
#[derive(Debug, Clone, Default)]
struct Gate {
    exporter: Option<Vec<Symbol>>,
    importer: Option<Vec<Symbol>>,
}

impl Areas {
    pub(super) fn of(packs: &[Pack], exporter: FactId, importer: FactId) -> Self {
        let mut areas = Self::default();
        for (place, pack) in packs.iter().enumerate() {
            for area in &pack.covers {
                insert(at(&mut areas.covering, *area), place);
            }
            for gate in gates(&pack.applies, &pack.names, exporter, importer) {
                let (by_area, any, symbols) = match (gate.exporter, gate.importer) {
                    (Some(symbols), _) => (&mut areas.exporter, &mut areas.exporter_any, symbols),
                    (None, Some(symbols)) => {
                        (&mut areas.importer, &mut areas.importer_any, symbols)
                    }
                    (None, None) => {
                        insert(&mut areas.always, place);
                        continue;
                    }
                };
                insert(any, place);
                symbols.into_iter().for_each(|area| insert(at(by_area, area), place));
            }
        }
        areas
    }

    /// The places of the packs that may apply, in order.
    pub(super) fn candidates(
        &self,
        facts: &Facts,
        exporter: FactId,
        importer: FactId,
    ) -> impl Iterator<Item = usize> {
        let of = |fact: FactId, by_area: &'_ [Places], any: &'_ Places| match facts.get(fact) {
            Some(Value::Text(area)) => by_area.get(area.0 as usize).cloned().unwrap_or_default(),
            _ => any.clone(),
        };
        let mut all = self.always.clone();
        merge(&mut all, &of(exporter, &self.exporter, &self.exporter_any));
        merge(&mut all, &of(importer, &self.importer, &self.importer_any));
        ones(all)
    }

    /// The places of the packs that say they know the law of an area.
    pub(super) fn covering(&self, area: Symbol) -> impl Iterator<Item = usize> {
        ones(self.covering.get(area.0 as usize).cloned().unwrap_or_default())
    }
}

fn at(by_area: &mut Vec<Places>, area: Symbol) -> &mut Places {
    let place = area.0 as usize;
    if by_area.len() <= place {
        by_area.resize(place + 1, Places::new());
    }
    &mut by_area[place]
}

fn insert(places: &mut Places, place: usize) {
    if places.len() <= place / 64 {
        places.resize(place / 64 + 1, 0);
    }
    places[place / 64] |= 1 << (place % 64);
}

fn merge(places: &mut Places, others: &Places) {
    if places.len() < others.len() {
        places.resize(others.len(), 0);
    }
    places.iter_mut().zip(others).for_each(|(own, other)| *own |= other);
}

fn ones(places: Places) -> impl Iterator<Item = usize> {
    places.into_iter().enumerate().flat_map(|(word, bits)| {
        let next = |bits: &u64| Some(bits & (bits - 1)).filter(|rest| *rest != 0);
        let words = std::iter::successors(Some(bits).filter(|bits| *bits != 0), next);
        words.map(move |bits| word * 64 + bits.trailing_zeros() as usize)
    })
}

/// Alternatives of which one must hold for a condition not to fail.
fn gates(condition: &Expression, names: &Names, exporter: FactId, importer: FactId) -> Vec<Gate> {
    let any = || vec![Gate::default()];
    let one_of = |fact: FactId, symbols: Vec<Symbol>| match fact {
        _ if fact == exporter => vec![Gate { exporter: Some(symbols), importer: None }],
        _ if fact == importer => vec![Gate { exporter: None, importer: Some(symbols) }],
        _ => any(),
    };
    let found = match condition {
        Expression::InList(fact, list) => {
            let periods = names.lists[*list].1.entries.iter();
            one_of(*fact, periods.flat_map(|period| period.value.clone()).collect())
        }
        Expression::In(fact, symbols) => one_of(*fact, symbols.clone()),
        Expression::Compare(fact, Order::Equal, Operand::Value(Value::Text(symbol))) => {
            one_of(*fact, vec![*symbol])
        }
        Expression::Any(parts) => {
            let gates = parts.iter().flat_map(|part| gates(part, names, exporter, importer));
            gates.collect()
        }
        Expression::All(parts) => {
            let all = parts.iter().map(|part| gates(part, names, exporter, importer));
            all.fold(any(), |before, part| {
                if before.len() * part.len() > GATES_MAX {
                    return before;
                }
                let both = |a: &Gate, b: &Gate| Gate {
                    exporter: common(&a.exporter, &b.exporter),
                    importer: common(&a.importer, &b.importer),
                };
                before.iter().flat_map(|a| part.iter().map(move |b| both(a, b))).collect()
            })
        }
        _ => any(),
    };
    if found.len() > GATES_MAX { any() } else { found }
}

fn common(a: &Option<Vec<Symbol>>, b: &Option<Vec<Symbol>>) -> Option<Vec<Symbol>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().copied().filter(|area| b.contains(area)).collect()),
        (one, None) | (None, one) => one.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Engine;
    use crate::outcome::Truth;
    use serde_json::json;

    #[test]
    fn no_pack_is_left_out_that_could_apply() {
        let engine = Engine::shipped().unwrap();
        let day = jiff::civil::date(2026, 6, 1);
        let mut areas = vec![json!(null), json!("XX")];
        for pack in engine.packs() {
            let covers = pack.covers.iter().map(|area| engine.dictionary().symbols().text(*area));
            areas.extend(covers.map(|area| json!(area)));
        }
        let (mut candidates, mut pairs) = (0, 0);
        for exporter in &areas {
            for importer in &areas {
                let facts = json!({ "exporter.area": exporter, "importer.area": importer });
                let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
                let found: Vec<&str> =
                    engine.candidates(&facts, day).map(|pack| pack.id.as_str()).collect();
                for pack in engine.packs_known_at(day) {
                    let may_apply = pack.applies(&facts, day) != Truth::False;
                    assert!(!may_apply || found.contains(&pack.id.as_str()), "{}", pack.id);
                }
                if !exporter.is_null() && !importer.is_null() {
                    candidates += found.len();
                    pairs += 1;
                }
            }
        }
        // It is worth it: of all packs, hardly more than one is asked.
        assert!(candidates < pairs * engine.packs().len() / 4, "{candidates} of {pairs}");
    }
}
