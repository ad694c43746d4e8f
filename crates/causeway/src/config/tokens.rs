//! `identity.sts_*`: the one program that may have tokens made in the node's name. Its secret is
//! read when the node starts, and never shown.

use causeway_node::TokenClient;

use super::Config;
use super::peers::SecretSource;
use crate::exit::{Exit, Failure, Outcome};

impl Config {
    /// The client of the token service, if there is one.
    pub(crate) fn token_client(&self) -> Outcome<Option<TokenClient>> {
        let keys = (self.text("identity.sts_client_id"), self.path("identity.sts_secret_file"));
        let (id, file) = match keys {
            (Some(id), Some(file)) => (id, file),
            (None, None) => return Ok(None),
            _ => {
                let text = "found one of identity.sts_client_id and identity.sts_secret_file, \
                            expected both or none";
                return Err(Failure::new(Exit::Usage, text));
            }
        };
        let secret = SecretSource::File(file).read().map_err(|reason| {
            Failure::new(Exit::Usage, format!("identity.sts_secret_file: {reason}"))
                .hint("the client of the token service needs the same secret")
        })?;
        Ok(Some(TokenClient { id: id.to_owned(), secret }))
    }
}
