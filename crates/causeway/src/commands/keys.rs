//! `causeway keys`: the private keys of a node while it does not run. What is shown of them is
//! public; the private halves stay where they are.

mod open;

use std::path::PathBuf;

use causeway_dcp::jwk::Algorithm;
use causeway_keys::{
    FileStore, Guard, KeyName, KeyRecord, KeyState, KeyStore, Passphrase, Purpose, Rotation, Unlock,
};
use causeway_node::clock::{Clock as _, System};
use causeway_types::Timestamp;
use clap::Subcommand;
use serde_json::{Map, Value, json};

pub(crate) use self::open::{failure, open, open_or_make};
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Look at the private keys of a node that does not run, and replace them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the keys with their purposes and states.
    List,
    /// Make the keys that are missing, one for each purpose.
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
    /// Lock the file of keys by a passphrase, or change it.
    Passphrase {
        /// A file with the new passphrase; it is asked for, if missing.
        #[arg(long, value_name = "FILE", conflicts_with = "remove")]
        new_file: Option<PathBuf>,
        /// Lock it by a key of the machine instead, which anybody who reads the directory has.
        #[arg(long)]
        remove: bool,
    },
}

const HEADER: &[&str] = &["key", "purpose", "algorithm", "state", "since", "until"];

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
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
    match args.what {
        What::List => return list(context, &store.list()),
        What::ExportPublic { purpose } => {
            return context.output.document(&public_keys(store.as_ref(), purpose, now));
        }
        What::Make { algorithm } => {
            let made = store.ensure(&Purpose::ALL, algorithm, now).await.map_err(failure)?;
            return list(context, &made);
        }
        What::Rotate { purpose, now: at_once, algorithm } => {
            let overlap = if at_once { 0 } else { config.custody().overlap_seconds };
            let usual = Rotation::of(purpose);
            let rotation = Rotation { overlap_seconds: overlap, algorithm, ..usual };
            let key = store.rotate(purpose, rotation, now).await.map_err(failure)?;
            store.settle(now).await.map_err(failure)?;
            show(context, store.as_ref(), &key.name)?;
        }
        What::Retire { key } => {
            let key = store.retire(&name(&key)?, now).await.map_err(failure)?;
            show(context, store.as_ref(), &key.name)?;
        }
        What::Revoke { key, yes } => {
            let key = name(&key)?;
            let question =
                format!("revoke {key}, so that nothing it signed is believed any longer");
            super::confirm(context, &question, yes).await?;
            store.revoke(&key, now).await.map_err(failure)?;
            show(context, store.as_ref(), &key)?;
        }
        What::Destroy { key } => {
            let key = name(&key)?;
            store.destroy(&key, now).await.map_err(failure)?;
            context.output.say(&format!("destroyed {key}"));
        }
        // Answered above.
        What::Passphrase { .. } => {}
    }
    Ok(())
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

fn list(context: &Context, keys: &[KeyRecord]) -> Outcome {
    let items: Vec<Value> = keys.iter().map(|key| Value::Object(key_json(key))).collect();
    super::show_list(context, &json!({ "items": items }), HEADER, row)
}

fn show(context: &Context, store: &dyn KeyStore, name: &KeyName) -> Outcome {
    let key = store.list().into_iter().find(|key| key.name == *name);
    let key = key.map(|key| Value::Object(key_json(&key))).unwrap_or_default();
    super::show(context, &key)
}

fn row(key: &Value) -> Vec<String> {
    HEADER.iter().map(|name| crate::output::cell(&key[*name])).collect()
}

/// A key as programs read it.
pub(crate) fn key_json(key: &KeyRecord) -> Map<String, Value> {
    let (since, until) = match key.state {
        KeyState::Next { from, .. } => (key.made, Some(from)),
        KeyState::Active { since } | KeyState::Revoked { since } => (since, None),
        KeyState::Retired { since, published_until } => (since, Some(published_until)),
    };
    let mut json = Map::new();
    json.insert("key".to_owned(), key.name.as_str().into());
    json.insert("purpose".to_owned(), key.purpose.as_str().into());
    json.insert("algorithm".to_owned(), key.algorithm.name().into());
    json.insert("state".to_owned(), key.state.as_str().into());
    json.insert("since".to_owned(), since.to_string().into());
    json.insert("until".to_owned(), until.map(|until| until.to_string()).into());
    json.insert("made".to_owned(), key.made.to_string().into());
    json.insert("thumbprint".to_owned(), key.public.thumbprint().into());
    json
}

/// The public keys that others must be able to find, as a JWK set (RFC 7517 §5).
fn public_keys(store: &dyn KeyStore, purpose: Option<Purpose>, now: Timestamp) -> Value {
    let purposes = Purpose::ALL.into_iter().filter(|one| purpose.is_none_or(|only| only == *one));
    let jwk = |key: KeyRecord| {
        let mut jwk = key.public.to_jwk();
        jwk.insert("kid".to_owned(), key.name.as_str().into());
        jwk.insert("alg".to_owned(), key.algorithm.name().into());
        jwk.insert("use".to_owned(), "sig".into());
        Value::Object(jwk)
    };
    let keys: Vec<Value> =
        purposes.flat_map(|purpose| store.published(purpose, now)).map(jwk).collect();
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
        .filter(|one| matches!(one, Algorithm::Es256 | Algorithm::EdDsa))
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
