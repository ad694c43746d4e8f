//! What facts say of each other: data of a special category is about people, so whoever denies the
//! one and affirms the other is told so, and whoever answers one need not answer the other.

use super::{Dictionary, FactError, FactId, Facts, Kind, Value};

/// Whether a value makes true what its fact implies.
fn affirms(value: Value) -> bool {
    matches!(value, Value::Flag(true)) || matches!(value, Value::Count(count) if count > 0)
}

impl Dictionary {
    /// Resolves the names of what each fact implies, and what these imply in turn.
    pub(super) fn resolve(&mut self, implied: Vec<Vec<String>>) -> Result<(), String> {
        for (place, names) in implied.into_iter().enumerate() {
            let fact = &self.facts[place];
            if !names.is_empty() && !matches!(fact.kind, Kind::Flag | Kind::Count) {
                return Err(format!("{}: only a flag or a count can imply something", fact.name));
            }
            let mut ids = Vec::new();
            for name in names {
                match self.find(&name).filter(|id| self.fact(*id).kind == Kind::Flag) {
                    Some(id) if usize::from(id.0) != place => ids.push(id),
                    _ => return Err(format!("{}: implies {name}, no other flag", fact.name)),
                }
            }
            self.facts[place].implies = ids;
        }
        for place in 0..self.facts.len() {
            let mut all = self.facts[place].implies.clone();
            let mut next = 0;
            while let Some(id) = all.get(next).copied() {
                next += 1;
                for further in &self.fact(id).implies {
                    if !all.contains(further) && usize::from(further.0) != place {
                        all.push(*further);
                    }
                }
            }
            self.facts[place].implies = all;
        }
        self.implied_by = vec![Vec::new(); self.facts.len()];
        for (place, fact) in (0..).map(FactId).zip(&self.facts) {
            for other in &fact.implies {
                self.implied_by[usize::from(other.0)].push(place);
            }
        }
        Ok(())
    }

    /// Fills in what the given facts imply: what is implied is yes, and what would imply something
    /// that was denied is no.
    pub(super) fn derive(&self, facts: &mut Facts) -> Result<(), FactError> {
        let implications = || self.iter().filter(|(_, fact)| !fact.implies.is_empty());
        for (id, fact) in implications() {
            let Some(value) = facts.get(id).filter(|value| affirms(*value)) else { continue };
            for other in &fact.implies {
                match facts.get(*other) {
                    None => facts.derive(*other, Value::Flag(true)),
                    Some(Value::Flag(false)) => {
                        let implied = self.fact(*other);
                        return Err(FactError::Contradiction {
                            name: fact.name.clone(),
                            found: match value {
                                Value::Count(count) => count.to_string(),
                                _ => "true".to_owned(),
                            },
                            implied: implied.name.clone(),
                            question: implied.question.clone(),
                        });
                    }
                    Some(_) => {}
                }
            }
        }
        for (id, fact) in implications() {
            let is_denied = |other: &FactId| facts.get(*other) == Some(Value::Flag(false));
            if facts.get(id).is_none() && fact.implies.iter().any(is_denied) {
                let no =
                    if fact.kind == Kind::Count { Value::Count(0) } else { Value::Flag(false) };
                facts.derive(id, no);
            }
        }
        Ok(())
    }

    /// Whether a fact can have a value, as far as the others are known.
    pub(crate) fn is_possible(&self, id: FactId, value: Value, facts: &Facts) -> bool {
        let fact = self.fact(id);
        if affirms(value) {
            let is_denied = |other: &FactId| facts.get(*other) == Some(Value::Flag(false));
            return !fact.implies.iter().any(is_denied);
        }
        let is_affirmed = |other: &FactId| facts.get(*other).is_some_and(affirms);
        value != Value::Flag(false) || !self.implied_by[usize::from(id.0)].iter().any(is_affirmed)
    }
}

impl Facts {
    fn derive(&mut self, id: FactId, value: Value) {
        self.set(id, Some(value));
        self.derived.push(id);
    }

    /// Whether a fact was not given but follows from one that was.
    pub fn is_derived(&self, id: FactId) -> bool {
        self.derived.contains(&id)
    }
}
