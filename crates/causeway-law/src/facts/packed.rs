//! Facts at rest: the hundreds of cases of the packs stay in memory as long as an engine does, and
//! each names a few of the facts that there are. Nothing is decided on them in this form.

use std::sync::Arc;

use super::{FactId, Facts, Value};

/// What is known of a crossing, without a place for each fact that is not. A copy shares it.
#[derive(Debug, Clone)]
pub struct PackedFacts(Arc<Packed>);

#[derive(Debug)]
struct Packed {
    known: Box<[(FactId, Value)]>,
    /// How many facts there are.
    len: usize,
    /// Everything but the values.
    rest: Facts,
}

impl PackedFacts {
    /// The same, ready to be asked.
    pub fn unpack(&self) -> Facts {
        let mut facts = self.0.rest.clone();
        facts.values = vec![None; self.0.len];
        for (id, value) in &self.0.known {
            facts.set(*id, Some(*value));
        }
        facts
    }
}

impl From<Facts> for PackedFacts {
    fn from(mut facts: Facts) -> Self {
        let values = std::mem::take(&mut facts.values);
        let places = (0..).map(FactId).zip(&values);
        let known = places.filter_map(|(id, value)| value.map(|value| (id, value))).collect();
        Self(Arc::new(Packed { known, len: values.len(), rest: facts }))
    }
}
