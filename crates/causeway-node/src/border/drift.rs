//! Live contracts are checked again when rule packs change, when a day begins and when a record is
//! taken back or ends: a transfer that the law no longer lets pass is suspended, with the reason.

use std::collections::HashMap;
use std::time::Duration;

use causeway_dsp::Reason;
use causeway_dsp::transfer::{State, Transfer};
use causeway_store::{AgreementEntry, ChangeSet, CommitError, Entity, Page, Put, Stored};
use causeway_types::{AgreementId, Problem, ProcessId};
use serde_json::Value as Json;

use super::{Checked, Gate, NOT_SATISFIED, decided};
use crate::commit::commit_failed;
use crate::{Node, TransferAct, read_failed};

/// How often live contracts are checked again without another cause.
const EVERY: Duration = Duration::from_secs(3_600);
/// Most contracts that are read at a time.
const PAGE: usize = 200;

/// What checking live contracts again found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// Contracts that were looked at.
    pub agreements: u64,
    /// Contracts of which the law now says something else, or says it for other reasons.
    pub changed: Vec<AgreementId>,
    /// Transfers that were suspended.
    pub suspended: Vec<ProcessId>,
}

/// Checks live contracts at the start and every hour, until the node stops.
pub(crate) async fn watch(node: Node) {
    loop {
        match node.recheck().await {
            Ok(drift) if drift.changed.is_empty() => {}
            Ok(drift) => tracing::info!(
                agreements = drift.agreements,
                changed = drift.changed.len(),
                suspended = drift.suspended.len(),
                "checked live contracts against the law again"
            ),
            Err(problem) => tracing::warn!(%problem, "could not check live contracts again"),
        }
        if !node.wait(EVERY, &node.0.stop).await {
            return;
        }
    }
}

impl Node {
    /// Checks every contract again, and suspends what the law no longer lets pass.
    pub async fn recheck(&self) -> Result<Drift, Problem> {
        let mut started: HashMap<AgreementId, Vec<ProcessId>> = HashMap::new();
        for transfer in self.running_transfers().await? {
            started.entry(transfer.agreement_id).or_default().push(transfer.id);
        }
        let mut drift = Drift::default();
        let mut page = Page { after: None, limit: PAGE };
        loop {
            let agreements = self.0.store.agreements(page).await.map_err(read_failed)?;
            let Some(last) = agreements.last() else { return Ok(drift) };
            page.after = Some(last.sequence);
            for stored in agreements {
                let transfers = started.remove(&stored.value.agreement.id).unwrap_or_default();
                self.recheck_one(stored, &transfers, &mut drift).await?;
            }
        }
    }

    /// Transfers that run.
    pub(crate) async fn running_transfers(&self) -> Result<Vec<Transfer>, Problem> {
        let mut running = Vec::new();
        let mut page = Page { after: None, limit: PAGE };
        loop {
            let open = self.0.store.open_transfers(page).await.map_err(read_failed)?;
            let Some(last) = open.last() else { return Ok(running) };
            page.after = Some(last.sequence);
            let transfers = open.into_iter().map(|stored| stored.value.transfer);
            running.extend(transfers.filter(|transfer| transfer.state() == Some(State::Started)));
        }
    }

    async fn recheck_one(
        &self,
        stored: Stored<AgreementEntry>,
        transfers: &[ProcessId],
        drift: &mut Drift,
    ) -> Result<(), Problem> {
        let Stored { value: mut entry, version, .. } = stored;
        let checked = self.checked_agreement(&entry).await?;
        drift.agreements += 1;
        if self.record_drift(&mut entry, version, &checked).await? {
            drift.changed.push(entry.agreement.id.clone());
        }
        let text = match &checked.gate {
            Gate::Pass => return Ok(()),
            Gate::Hold(text) => text.clone(),
            Gate::Refuse(reason) => reason.to_string(),
        };
        for transfer in transfers {
            let act = TransferAct::Suspend(Reason::of(NOT_SATISFIED, text.clone()));
            match self.decide_transfer(transfer, &act).await {
                Ok(_) => drift.suspended.push(transfer.clone()),
                // It ended meanwhile, or its start is still on its way and is checked by itself.
                Err(problem) => {
                    tracing::debug!(%transfer, %problem, "a transfer could not be suspended");
                }
            }
        }
        Ok(())
    }

    /// Records another decision of a contract; whether there was one.
    async fn record_drift(
        &self,
        entry: &mut AgreementEntry,
        version: causeway_store::Version,
        checked: &Checked,
    ) -> Result<bool, Problem> {
        let Some(now) = &checked.decision else { return Ok(false) };
        let before = match &entry.decision {
            None => None,
            Some(id) if *id == now.id => return Ok(false),
            Some(id) => self.0.store.decision(id).await.map_err(read_failed)?,
        };
        if before.is_some_and(|before| said(&before.value.document) == said(&now.document)) {
            // Only the day changed.
            return Ok(false);
        }
        entry.decision = Some(now.id.clone());
        for duty in &checked.duties {
            if entry.duties.iter().all(|known| known.id != duty.id) {
                entry.duties.push(duty.clone());
            }
        }
        let agreement = Entity::Agreement(Box::new(entry.clone()));
        let decision = Entity::Decision(Box::new(now.clone()));
        let changes = ChangeSet {
            puts: vec![
                Put { entity: decision, expected: None },
                Put { entity: agreement, expected: Some(version) },
            ],
            events: vec![decided(&entry.negotiation, now, self.now())],
            ..ChangeSet::default()
        };
        match self.commit(changes).await {
            Ok(()) => Ok(true),
            // Somebody else changed the contract; the next round looks at it again.
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(error) => Err(commit_failed(error)),
        }
    }
}

/// What a decision says and by which packs, without the day.
fn said(document: &str) -> Option<Vec<String>> {
    let document: Json = serde_json::from_str(document).ok()?;
    let decision = &document["decision"];
    let mut said = vec![decision["at_best"].to_string(), decision["at_worst"].to_string()];
    for pack in decision["packs"].as_array().into_iter().flatten() {
        said.push(pack["sha256"].to_string());
        let rules = pack["rules"].as_array().into_iter().flatten();
        said.extend(rules.filter(|r| r["effect"] == "counts").map(|r| r["rule"].to_string()));
    }
    Some(said)
}
