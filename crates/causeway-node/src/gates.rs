//! The provider's gates: the token that opens one, and bringing the data plane into line with what
//! was committed, after each commit and after a start.

use causeway_dsp::transfer::{Body, DataAddress, EDC_NAMESPACE, Message};
use causeway_plane::{FlowSpec, FlowState, PullToken};
use causeway_store::{Flow, Page, PublishedOffer, Stored, TransferEntry};
use causeway_types::{Problem, Role, Timestamp};

use crate::clock::Mint;
use crate::negotiate::encoded;
use crate::settings::{DATA_PATH, ENDPOINT_TYPE_HTTP};
use crate::{Node, read_failed};

impl Node {
    /// A fresh token with the address it opens. Connectors based on EDC pass over `endpoint`, and
    /// hand on to their applications only what has a name in their namespace.
    pub(crate) fn gate(&self, entry: &TransferEntry, mint: &Mint<'_>) -> DataAddress {
        let mut bits = [0; 32];
        mint.entropy.fill(&mut bits);
        let token = PullToken::from_random(bits);
        let path = format!("{DATA_PATH}/{}", encoded(entry.transfer.id.as_str()));
        let endpoint = self.0.settings.address.join(&path);
        let edc = |name: &str| format!("{EDC_NAMESPACE}{name}");
        let properties = vec![
            ("authorization".to_owned(), token.expose()),
            ("authType".to_owned(), "bearer".to_owned()),
            (edc("endpoint"), endpoint.clone()),
            (edc("authorization"), token.expose()),
            (edc("authType"), "bearer".to_owned()),
        ];
        DataAddress {
            endpoint_type: ENDPOINT_TYPE_HTTP.to_owned(),
            endpoint: Some(endpoint),
            properties,
        }
    }

    /// Brings the data plane into line with what is committed. Of two commits the later may get
    /// here first, so one at a time reads what stands: whoever comes last has read the last.
    pub(crate) async fn after_transfer(
        &self,
        entry: &TransferEntry,
        offer: Option<&PublishedOffer>,
    ) {
        let _turn = self.0.plane_turn.lock().await;
        let process = &entry.transfer.id;
        let stands = self.0.store.transfer(process).await.unwrap_or_else(|error| {
            tracing::warn!(%process, %error, "could not read a transfer after its commit");
            None
        });
        self.set_plane(stands.as_ref().map_or(entry, |stored| &stored.value), offer);
    }

    fn set_plane(&self, entry: &TransferEntry, offer: Option<&PublishedOffer>) {
        match entry.transfer.role {
            Role::Provider => self.set_gate(entry, offer),
            Role::Consumer => self.set_pull(entry),
        }
    }

    fn set_gate(&self, entry: &TransferEntry, offer: Option<&PublishedOffer>) {
        let (Some(flow), Some(content)) = (&entry.flow, entry.content) else {
            self.0.flows.close(&entry.transfer.id);
            return;
        };
        let state =
            if entry.transfer.is_flowing() { FlowState::Open } else { FlowState::Suspended };
        let spec = FlowSpec {
            id: entry.transfer.id.clone(),
            token_hash: flow.token_hash,
            content,
            media_type: offer
                .map_or_else(|| "application/octet-stream".to_owned(), |o| o.media_type.clone()),
            file_name: offer.and_then(|o| o.file_name.clone()),
            expires_at: flow.expires_at,
            state,
        };
        if let Err(error) = self.0.flows.open(spec) {
            tracing::error!(process = %entry.transfer.id, %error, "cannot open a flow");
        }
    }

    /// After a start, before anything else commits: opens the gates of running transfers, and goes
    /// on with downloads.
    pub(crate) async fn take_up(&self) -> Result<(), Problem> {
        let mut page = Page { after: None, limit: 500 };
        loop {
            let open = self.0.store.open_transfers(page).await.map_err(read_failed)?;
            for Stored { value, .. } in &open {
                let offer = match value.transfer.role {
                    Role::Consumer => None,
                    Role::Provider => {
                        let offer = self.0.store.offer_of_dataset(&value.dataset_id).await;
                        offer.map_err(read_failed)?.map(|stored| stored.value)
                    }
                };
                self.set_plane(value, offer.as_ref());
            }
            match open.last() {
                Some(last) => page.after = Some(last.sequence),
                None => return Ok(()),
            }
        }
    }
}

/// When our start message with a token is put into the outbox, the gate for it is recorded.
pub(crate) fn open_flow(
    entry: &mut TransferEntry,
    message: &Message,
    lifetime: std::time::Duration,
    now: Timestamp,
) {
    if let (Role::Provider, Body::Start { data_address: Some(address) }) =
        (entry.transfer.role, &message.body)
        && let Some(token) = address.property("authorization").and_then(PullToken::parse)
    {
        let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        entry.flow = Some(Flow { token_hash: token.hash(), expires_at: now.plus_millis(millis) });
        // The token lives in the outbox row until it is delivered, and nowhere else.
        entry.transfer.data_address = None;
    }
}
