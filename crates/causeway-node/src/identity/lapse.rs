//! What peers showed is looked at again while it is relied on: a credential that expired, was taken
//! back, or whose issuer is trusted no more ends what rests on it, with the reason.

use std::time::Duration;

use causeway_dcp::did::Did;
use causeway_dcp::presentation::VerifiedCredential;
use causeway_dsp::Reason;
use causeway_store::{
    ChangeSet, CommitError, EventKind, NewEvent, Page, PeerCredentials, Put, Stored,
};
use causeway_types::{ParticipantId, Problem};

use super::holder::Standing;
use super::shown::{read_verified, vouched};
use crate::commit::commit_failed;
use crate::settings::Asks;
use crate::transfer::Act;
use crate::{Node, read_failed};

/// How often what peers showed is looked at again.
const EVERY: Duration = Duration::from_secs(60);
/// Most records that are read at a time.
const PAGE: usize = 200;
/// The code of a suspension because a credential counts no more.
const LAPSED: &str = "credential-lapsed";

/// What looking at credentials again found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lapses {
    /// Peers that were looked at.
    pub peers: u64,
    /// Peers that lost something, and why.
    pub lapsed: Vec<(ParticipantId, String)>,
}

/// Looks at the start, every minute, and when a trust file changed, until the node stops.
pub(crate) async fn watch(node: Node) {
    if node.own_did().is_none() {
        return;
    }
    loop {
        if let Err(problem) = node.recheck_credentials().await {
            tracing::warn!(%problem, "could not look at the credentials of peers again");
        }
        let look_again = node.0.identity.look_again.notified();
        tokio::select! {
            waited = node.wait(EVERY, node.stopping()) => if !waited { return },
            () = look_again => {}
        }
    }
}

impl Node {
    /// Looks at what every peer showed, and suspends what no longer rests on anything.
    pub async fn recheck_credentials(&self) -> Result<Lapses, Problem> {
        let mut lapses = Lapses::default();
        let mut page = Page { after: None, limit: PAGE };
        loop {
            let known = causeway_store::list::<PeerCredentials>(self.store(), None, page).await;
            let known = known.map_err(read_failed)?;
            let Some(last) = known.last() else { break };
            page.after = Some(last.sequence);
            for stored in known.into_iter().filter(|stored| stored.value.lapsed.is_none()) {
                lapses.peers += 1;
                let Ok(peer) = ParticipantId::parse(&stored.value.did) else { continue };
                if let Some(reason) = self.recheck_peer(&peer, stored).await? {
                    lapses.lapsed.push((peer, reason));
                }
            }
        }
        if !lapses.lapsed.is_empty() {
            // The law may have gone by what those credentials said.
            self.recheck().await?;
        }
        Ok(lapses)
    }

    /// Why something of a peer lapsed, if anything did.
    async fn recheck_peer(
        &self,
        peer: &ParticipantId,
        stored: Stored<PeerCredentials>,
    ) -> Result<Option<String>, Problem> {
        let Stored { value, version, .. } = stored;
        let mut kept = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut reasons = Vec::new();
        for text in &value.credentials {
            let Some(shown) = read_verified(text) else { continue };
            match self.still_counts(&shown).await {
                Ok(()) => {
                    names.extend(shown.credential.types.iter().cloned());
                    kept.push(text.clone());
                }
                Err(reason) => {
                    let issuer = &shown.credential.issuer;
                    let types = shown.credential.types.iter();
                    let own: Vec<&str> = types
                        .map(String::as_str)
                        .filter(|name| *name != "VerifiableCredential")
                        .collect();
                    reasons.push(format!("the {} of {issuer}: {reason}", own.join(" ")));
                }
            }
        }
        if reasons.is_empty() {
            return Ok(None);
        }
        let reason = reasons.join("; ");
        let required = self.0.settings.dcp.required(Asks::Transfer);
        let is_short = required.iter().any(|name| !names.contains(name));
        let record = PeerCredentials {
            credentials: kept,
            lapsed: is_short.then(|| reason.clone()),
            ..value
        };
        let event = NewEvent {
            at: self.now(),
            kind: EventKind::IdentityAlarm,
            process: None,
            subject: peer.to_string(),
            text: format!("a credential of {peer} counts no more: {reason}"),
        };
        let puts = vec![Put::of(&record, Some(version))];
        let changes = ChangeSet { puts, events: vec![event], ..ChangeSet::default() };
        match self.commit(changes).await {
            Ok(()) => {}
            // It showed others at the same time; the next round looks at those.
            Err(CommitError::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(commit_failed(error)),
        }
        if let Ok(did) = Did::parse(peer.as_str()) {
            self.0.identity.shown.forget_of(&did);
        }
        if is_short {
            self.suspend_all_of(peer, &reason).await?;
        }
        Ok(Some(reason))
    }

    /// Whether a credential that was verified once still counts. While a status list cannot be
    /// fetched it is not known that anything was taken back; the next showing decides.
    async fn still_counts(&self, shown: &VerifiedCredential) -> Result<(), String> {
        let (credential, now) = (&shown.credential, self.now());
        credential.check_time(now).map_err(|error| error.to_string())?;
        vouched(shown, &self.trust(), now)?;
        match self.standing(credential).await {
            Standing::Counts | Standing::Unknown => Ok(()),
            Standing::TakenBack(reason) | Standing::Unlisted(reason) => Err(reason),
        }
    }

    /// Suspends every running transfer with a peer.
    async fn suspend_all_of(&self, peer: &ParticipantId, reason: &str) -> Result<(), Problem> {
        for transfer in self.running_transfers().await? {
            if transfer.peer != *peer {
                continue;
            }
            let act = Act::Suspend(Reason::of(LAPSED, reason.to_owned()));
            if let Err(problem) = self.decide_transfer(&transfer.id, &act).await {
                tracing::debug!(transfer = %transfer.id, %problem, "could not be suspended");
            }
        }
        Ok(())
    }
}
