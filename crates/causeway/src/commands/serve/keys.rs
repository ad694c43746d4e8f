//! The private keys of a node that is started: opened, or made where there are none yet.

use std::sync::Arc;

use causeway_dcp::jwk::Algorithm;
use causeway_keys::{KeyStore, Purpose};
use causeway_node::clock::{Clock as _, System};

use super::super::keys::{failure, open_or_make};
use crate::config::Config;
use crate::exit::Outcome;

/// Opens the key store of the configuration, and makes what is missing.
pub(super) async fn open(config: &Config) -> Outcome<Arc<dyn KeyStore>> {
    let store = open_or_make(config)?;
    let made = store.ensure(&Purpose::ALL, Algorithm::Es256, System.now()).await;
    for key in made.map_err(failure)? {
        tracing::info!(key = %key.name, "made a key");
    }
    Ok(store)
}
