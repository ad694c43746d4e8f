//! Publishing many datasets in one commit. Each offer succeeds or is refused on its own; only the
//! commit is shared. What one offer is made of is in `offers`.

use std::collections::{HashMap, HashSet};

use causeway_store::{ChangeSet, CommitError, Entity, PublishedOffer, Put};
use causeway_types::{Blake3, Problem, ProblemCode};

use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::offers::{NewOffer, no_object, published};
use crate::{Node, read_failed};

/// What became of one offer of a batch.
#[derive(Debug, Clone)]
pub enum InBatch {
    /// It is offered now.
    Published(Box<PublishedOffer>),
    /// Its dataset was offered already, with the same bytes; nothing was changed.
    Unchanged(Box<PublishedOffer>),
    /// It cannot be offered.
    Refused(Problem),
}

/// What is known while a batch is looked through.
#[derive(Default)]
struct Seen {
    objects: HashMap<Blake3, bool>,
    ids: HashSet<String>,
}

impl Node {
    /// Publishes what can be published, in one commit, and says what became of each. If the
    /// process dies here, all of it happened or none, and the same batch can be sent again.
    pub async fn publish_all(
        &self,
        offers: Vec<Result<NewOffer, Problem>>,
    ) -> Result<Vec<InBatch>, Problem> {
        for _ in 0..CONFLICTS_MAX {
            let mut seen = Seen::default();
            let mut outcomes = Vec::with_capacity(offers.len());
            for offer in &offers {
                outcomes.push(match offer {
                    Ok(offer) => self.in_batch(offer.clone(), &mut seen).await?,
                    Err(problem) => InBatch::Refused(problem.clone()),
                });
            }
            let mut changes = ChangeSet::default();
            for outcome in &outcomes {
                if let InBatch::Published(offer) = outcome {
                    changes.events.push(published(offer));
                    let entity = Entity::Offer(offer.clone());
                    changes.puts.push(Put { entity, expected: None });
                }
            }
            if changes.is_empty() {
                return Ok(outcomes);
            }
            match self.commit(changes).await {
                Ok(()) => return Ok(outcomes),
                // Somebody published one of them meanwhile.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(crate::negotiate::busy())
    }

    async fn in_batch(&self, offer: NewOffer, seen: &mut Seen) -> Result<InBatch, Problem> {
        let blake3 = offer.content.blake3();
        let exists = match seen.objects.get(&blake3) {
            Some(exists) => *exists,
            None => {
                let exists = self.0.objects.exists(&blake3).await.map_err(|error| {
                    Problem::new(ProblemCode::Unavailable, "the node could not look for a file")
                        .internal(error.to_string())
                })?;
                seen.objects.insert(blake3, exists);
                exists
            }
        };
        if !exists {
            return Ok(InBatch::Refused(no_object(&blake3)));
        }
        // An id that is minted here is new.
        let stored = match &offer.dataset_id {
            Some(id) => self.0.store.offer_of_dataset(id).await.map_err(read_failed)?,
            None => None,
        };
        if let Some(stored) = stored {
            let known = Box::new(stored.value);
            let is_same = known.content == offer.content && known.withdrawn_at.is_none();
            return Ok(match is_same {
                true => InBatch::Unchanged(known),
                false => InBatch::Refused(taken(known.dataset_id.as_str())),
            });
        }
        if let Some(id) = &offer.id
            && self.0.store.offer(id).await.map_err(read_failed)?.is_some()
        {
            return Ok(InBatch::Refused(taken(id.as_str())));
        }
        let offer = self.prepared(offer);
        for id in [offer.id.as_str(), offer.dataset_id.as_str()] {
            if !seen.ids.insert(id.to_owned()) {
                return Ok(InBatch::Refused(taken(id)));
            }
        }
        Ok(InBatch::Published(Box::new(offer)))
    }
}

fn taken(id: &str) -> Problem {
    let text = format!("{id} is offered already, with another file or withdrawn, or named twice");
    Problem::new(ProblemCode::Conflict, text)
}
