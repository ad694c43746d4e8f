//! `causeway keys`: the private keys of a node. A node that runs does what is asked itself, over
//! its socket; otherwise the keys are opened here. What is shown of them is public; the private
//! halves stay where they are.

mod open;

use std::path::PathBuf;

use causeway_api::management::models::Key;
use causeway_dcp::jwk::Algorithm;
use causeway_keys::{
    ALGORITHMS, FileStore, Guard, KeyName, KeyRecord, KeyStore, Passphrase, Purpose, Unlock,
};
use causeway_node::KeyAct;
use causeway_node::clock::{Clock as _, System};
use clap::Subcommand;
use serde_json::{Value, json};

pub(crate) use self::open::{failure, open, open_or_make};
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::values::items;

/// Look at the private keys of a node, and replace them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the keys with their purposes and states.
    List,
    /// Make the keys that are missing, one for each purpose, while the node does not run.
    Make {
        /// How they sign: ES256 or EdDSA.
        #[arg(long, default_value = "ES256", value_parser = algorithm)]
        algorithm: Algorithm,
    },
    /// Make the key that replaces the active one of a purpose.
    Rotate {
        /// The purpose: identity, issuer or access.
        #[arg(value_parser = purpose)]
        purpose: Purpose,
        /// Use it at once, and retire the old one: peers that remember the old one may refuse the
        /// new one for a while.
        #[arg(long)]
        now: bool,
        /// How the new one signs: ES256 or EdDSA; as the old one, if missing.
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<Algorithm>,
    },
    /// End the wait of a new key: it becomes active, and the old one retires.
    Retire {
        /// The active key.
        key: String,
    },
    /// Take a key back that somebody else may have; rotate and retire it first.
    Revoke {
        /// The key.
        key: String,
        /// Do not ask: what it signed is believed no longer.
        #[arg(long)]
        yes: bool,
    },
    /// Forget a key that nobody has to find any longer.
    Destroy {
        /// The key.
        key: String,
    },
    /// Write the public keys that are published now, as a JWK set.
    ExportPublic {
        /// Only those of one purpose.
        #[arg(long, value_parser = purpose)]
        purpose: Option<Purpose>,
    },
    /// Lock the file of keys by a passphrase, or change it, while the node does not run.
    Passphrase {
        /// A file with the new passphrase; it is asked for, if missing.
        #[arg(long, value_name = "FILE", conflicts_with = "remove")]
        new_file: Option<PathBuf>,
        /// Lock it by a key of the machine instead, which anybody who reads the directory has.
        #[arg(long)]
        remove: bool,
    },
}

const PATH: &str = "/keys";
const HEADER: &[&str] = &["key", "purpose", "algorithm", "state", "since", "until"];

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    if !matches!(args.what, What::Make { .. } | What::Passphrase { .. })
        && let Some(client) = holder(context).await?
    {
        return running(context, &client, args.what).await;
    }
    let config = context.config()?;
    let now = System.now();
    if let What::Passphrase { new_file, remove } = &args.what {
        return relock(context, &open::open_file(&config)?, new_file.as_ref(), *remove);
    }
    let store = match &args.what {
        What::Make { .. } => open_or_make(&config)?,
        _ => open(&config)?,
    };
    // What was to happen while the node did not run has happened.
    store.settle(now).await.map_err(failure)?;
    stopped(context, store.as_ref(), args.what, config.custody().overlap_seconds).await
}

/// The node, if it runs and has keys: then nobody else can open them. One that was named is never
/// passed over.
async fn holder(context: &Context) -> Outcome<Option<Client>> {
    let is_named = context.globals.node.as_deref().is_some_and(|node| !node.is_empty());
    let client = context.client()?;
    match client.get(PATH).await {
        Ok(keys) => Ok((is_named || !items(&keys).is_empty()).then_some(client)),
        Err(failure) if !is_named && failure.exit() == Exit::Unreachable => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Has the node do it.
async fn running(context: &Context, client: &Client, what: What) -> Outcome {
    let act = |key: &str, act: &str| format!("{PATH}/{}/{act}", segment(key));
    match what {
        What::List => super::show_list(context, &client.get(PATH).await?, HEADER, row),
        What::ExportPublic { purpose } => {
            let keys = client.get(PATH).await?;
            context.output.document(&public_keys(items(&keys), purpose))
        }
        What::Rotate { purpose, now, algorithm } => {
            let algorithm = algorithm.map(Algorithm::name);
            let body = json!({ "purpose": purpose.as_str(), "now": now, "algorithm": algorithm });
            super::show(context, &client.post(&format!("{PATH}/rotate"), &body).await?)
        }
        What::Retire { key } => {
            super::show(context, &client.post(&act(&key, "retire"), &json!({})).await?)
        }
        What::Revoke { key, yes } => {
            confirm(context, &key, yes).await?;
            super::show(context, &client.post(&act(&key, "revoke"), &json!({})).await?)
        }
        What::Destroy { key } => {
            let gone = client.post(&act(&key, "destroy"), &json!({})).await?;
            context.output.say(&format!("destroyed {key}"));
            super::show(context, &gone)
        }
        // They are for a node that does not run.
        What::Make { .. } | What::Passphrase { .. } => Ok(()),
    }
}

/// Does it with keys that nobody else has open.
async fn stopped(
    context: &Context,
    store: &dyn KeyStore,
    what: What,
    overlap_seconds: u64,
) -> Outcome {
    let now = System.now();
    let json = |key: &KeyRecord| serde_json::to_value(Key::of(key, now)).unwrap_or_default();
    let list = |keys: &[KeyRecord]| keys.iter().map(json).collect::<Vec<Value>>();
    let show = |key: &KeyRecord| super::show(context, &json(key));
    let act = async |act: KeyAct| act.apply(store, overlap_seconds, now).await.map_err(failure);
    match what {
        What::List => {
            super::show_list(context, &json!({ "items": list(&store.list()) }), HEADER, row)
        }
        What::ExportPublic { purpose } => {
            context.output.document(&public_keys(&list(&store.list()), purpose))
        }
        What::Make { algorithm } => {
            let made = store.ensure(&Purpose::ALL, algorithm, now).await.map_err(failure)?;
            super::show_list(context, &json!({ "items": list(&made) }), HEADER, row)
        }
        What::Rotate { purpose, now: at_once, algorithm } => {
            show(&act(KeyAct::Rotate { purpose, at_once, algorithm }).await?)
        }
        What::Retire { key } => show(&act(KeyAct::Retire(name(&key)?)).await?),
        What::Revoke { key, yes } => {
            let key = name(&key)?;
            confirm(context, key.as_str(), yes).await?;
            show(&act(KeyAct::Revoke(key)).await?)
        }
        What::Destroy { key } => {
            let gone = act(KeyAct::Destroy(name(&key)?)).await?;
            context.output.say(&format!("destroyed {key}"));
            let gone = serde_json::to_value(Key::destroyed(&gone, now)).unwrap_or_default();
            super::show(context, &gone)
        }
        // Answered above.
        What::Passphrase { .. } => Ok(()),
    }
}

async fn confirm(context: &Context, key: &str, yes: bool) -> Outcome {
    let question = format!("revoke {key}, so that nothing it signed is believed any longer");
    super::confirm(context, &question, yes).await
}

fn relock(
    context: &Context,
    store: &FileStore,
    new_file: Option<&PathBuf>,
    remove: bool,
) -> Outcome {
    let unlock = match new_file {
        _ if remove => Unlock::MachineKey,
        Some(file) => {
            Unlock::Passphrase(Passphrase::from_file(file, Guard::Permissions).map_err(failure)?)
        }
        None => Unlock::Passphrase(open::ask_new()?),
    };
    store.relock(&unlock).map_err(failure)?;
    let by = store.protection().as_str();
    context.output.say(&format!("the keys are locked by a {by} now"));
    context.output.say("copies that were made before are opened by what opened them then");
    if !remove {
        context.output.say(
            "the node needs the passphrase at its start: keys.passphrase_file, the systemd \
             credential causeway-keys, or somebody at the terminal",
        );
    }
    Ok(())
}

fn row(key: &Value) -> Vec<String> {
    HEADER.iter().map(|name| crate::output::cell(&key[*name])).collect()
}

/// The public keys that others must be able to find, as a JWK set (RFC 7517 §5).
fn public_keys(keys: &[Value], purpose: Option<Purpose>) -> Value {
    let purposes = Purpose::ALL.into_iter().filter(|one| purpose.is_none_or(|only| only == *one));
    let of = |purpose: Purpose| {
        let published = keys.iter().filter(|key| key["published"] == true);
        published.filter(move |key| key["purpose"] == purpose.as_str())
    };
    let keys: Vec<&Value> = purposes.flat_map(of).map(|key| &key["jwk"]).collect();
    json!({ "keys": keys })
}

fn name(text: &str) -> Outcome<KeyName> {
    KeyName::parse(text).map_err(failure)
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let found = Purpose::parse(text);
    found.ok_or_else(|| format!("found {text:?}, expected identity, issuer or access"))
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    let found = Algorithm::parse(text);
    found
        .filter(|one| ALGORITHMS.contains(one))
        .ok_or_else(|| format!("found {text:?}, expected ES256 or EdDSA"))
}

/// Makes the keys of a new node, or leaves those that are there.
pub(crate) fn make(config: &crate::config::Config) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::new(Exit::Failure, format!("start the runtime: {error}")))?;
    runtime.block_on(async {
        let store = open_or_make(config)?;
        store.ensure(&Purpose::ALL, Algorithm::Es256, System.now()).await.map_err(failure)?;
        Ok(())
    })
}
