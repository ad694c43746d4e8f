//! What is done with our private keys while the node runs: who did it, and that it is told. The key
//! store is the truth of what a key is; what is recorded of it follows.
//!
//! An act changes the key store first and is recorded right after, with its event, in one commit.
//! If that commit fails, or the process dies in between, nothing is lost: whatever the key store
//! holds that was never recorded is recorded at the next chance, once a minute and at each start.
//! Only a process that died has forgotten who did it. The same tells of what `causeway keys` did
//! while the node did not run.

use std::collections::BTreeMap;

use causeway_dcp::jwk::Algorithm;
use causeway_keys::{KeyFault, KeyName, KeyRecord, KeyStore, Purpose, Rotation};
use causeway_store::{
    ChangeSet, CommitError, EventKind, KeyEvent, NewEvent, Page, Put, Remembered, Typed as _,
};
use causeway_types::limits::{KEY_EVENTS_KEPT_MAX, KEYS_MAX};
use causeway_types::{Problem, ProblemCode, Timestamp};

use crate::access::Caller;
use crate::commit::{Remember, commit_failed};
use crate::{Node, read_failed};

/// Records that are read at a time.
const PAGE: usize = 200;
/// A key that is no longer there, as records name its state.
const DESTROYED: &str = "destroyed";
/// What was done where nobody saw it.
const FOUND: &str = "found";

/// What somebody does with keys of a running node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAct {
    /// Makes the key that replaces the active one of a purpose.
    Rotate {
        /// The purpose.
        purpose: Purpose,
        /// Uses it at once, without the overlap of the configuration.
        at_once: bool,
        /// How it signs; as the one before it, if missing.
        algorithm: Option<Algorithm>,
    },
    /// Ends an overlap early.
    Retire(KeyName),
    /// Takes a key back.
    Revoke(KeyName),
    /// Forgets a key.
    Destroy(KeyName),
}

/// What was recorded of our keys. One at a time changes keys, so that each change has one doer.
#[derive(Default)]
pub(super) struct Custody(tokio::sync::Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    /// The purpose and the last known state of each key that is not gone; nothing before it is
    /// read.
    known: Option<BTreeMap<String, (String, String)>>,
    /// What is not recorded yet.
    untold: Vec<KeyEvent>,
    /// Records of keys that are long gone, to be forgotten.
    surplus: Vec<String>,
}

/// By whom and how keys were changed.
struct Doing<'a> {
    act: &'static str,
    by: Option<&'a Caller>,
}

impl KeyAct {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Rotate { .. } => "rotate",
            Self::Retire(_) => "retire",
            Self::Revoke(_) => "revoke",
            Self::Destroy(_) => "destroy",
        }
    }

    /// Does it to keys that nobody else changes meanwhile. Returns the key that it was about: as it
    /// is afterwards, or as it was if it is gone.
    pub async fn apply(
        &self,
        keys: &dyn KeyStore,
        overlap_seconds: u64,
        now: Timestamp,
    ) -> Result<KeyRecord, KeyFault> {
        let known = |name: &KeyName| keys.list().into_iter().find(|key| key.name == *name);
        match self {
            Self::Rotate { purpose, at_once, algorithm } => {
                let overlap_seconds = if *at_once { 0 } else { overlap_seconds };
                let (algorithm, usual) = (*algorithm, Rotation::of(*purpose));
                let rotation = Rotation { overlap_seconds, algorithm, ..usual };
                let made = keys.rotate(*purpose, rotation, now).await?;
                if overlap_seconds > 0 {
                    return Ok(made);
                }
                // If this fails, the new key takes its place at the next chance.
                keys.settle(now).await?;
                Ok(known(&made.name).unwrap_or(made))
            }
            Self::Retire(key) => keys.retire(key, now).await,
            Self::Revoke(key) => keys.revoke(key, now).await,
            Self::Destroy(name) => {
                let key =
                    known(name).ok_or_else(|| KeyFault::Unknown { found: name.to_string() })?;
                keys.destroy(name, now).await?;
                Ok(key)
            }
        }
    }
}

impl Node {
    /// Every key of ours, oldest first, with public halves only; none where the node has no keys.
    pub fn own_keys(&self) -> Vec<KeyRecord> {
        self.keys().map(KeyStore::list).unwrap_or_default()
    }

    /// What was done with a key of ours, newest first.
    pub async fn key_events(&self, key: &str) -> Result<Vec<KeyEvent>, Problem> {
        let page = Page { after: None, limit: PAGE };
        let found = causeway_store::list::<KeyEvent>(self.store(), Some(key), page).await;
        Ok(found.map_err(read_failed)?.into_iter().map(|stored| stored.value).collect())
    }

    /// Does something with our keys. Returns the key that it was about: as it is afterwards, or as
    /// it was if it is gone. It goes on to its end, even if whoever asked goes away.
    pub async fn change_keys(
        &self,
        by: &Caller,
        act: KeyAct,
        remember: Remember<KeyRecord>,
    ) -> Result<KeyRecord, Problem> {
        let (node, by) = (self.clone(), by.clone());
        let done = self.to_its_end(async move { node.act_on_keys(&by, &act, remember).await });
        done.await.unwrap_or_else(|| {
            Err(Problem::new(ProblemCode::Unavailable, "change the keys: the node is ending")
                .hint("look at them with: causeway keys list"))
        })
    }

    async fn act_on_keys(
        &self,
        by: &Caller,
        act: &KeyAct,
        remember: Remember<KeyRecord>,
    ) -> Result<KeyRecord, Problem> {
        let keys = self.keys().map_err(|_| {
            let mode = self.0.settings.identity.as_str();
            let text = format!("{} a key: the node uses none", act.as_str());
            Problem::new(ProblemCode::IllegalState, text)
                .hint(format!("identity.mode is {mode}; nodes have keys with dcp"))
        })?;
        let mut ledger = self.0.identity.custody.0.lock().await;
        // What happened before is told first, and not in the name of whoever comes now. If it
        // cannot be told, nothing is changed either.
        let before = Doing { act: FOUND, by: None };
        self.tell_keys(keys, &mut ledger, before, None).await.map_err(commit_failed)?;
        let changed = act.apply(keys, self.0.settings.key_overlap_seconds, self.now()).await;
        let key = changed.map_err(refused)?;
        self.keys_changed();
        let doing = Doing { act: act.as_str(), by: Some(by) };
        let remembered = remember.map(|remember| remember(&key));
        let told = self.tell_keys(keys, &mut ledger, doing, remembered).await;
        told.map_err(|error| {
            let problem = commit_failed(error);
            let text = format!(
                "{} the key {}: it is done, and it could not be recorded: {problem}",
                act.as_str(),
                key.name
            );
            let problem = Problem::new(ProblemCode::Unavailable, text)
                .hint("do not repeat it; the node records it as soon as it can write again");
            tracing::error!("{problem}");
            problem
        })?;
        Ok(key)
    }

    /// Lets time pass for our keys, and tells what was not told yet.
    pub(super) async fn settle_keys(&self, keys: &dyn KeyStore) {
        let mut ledger = self.0.identity.custody.0.lock().await;
        let before = Doing { act: FOUND, by: None };
        if let Err(error) = self.tell_keys(keys, &mut ledger, before, None).await {
            tracing::error!(%error, "what was done with keys could not be recorded");
        }
        match keys.settle(self.now()).await {
            Ok(changed) if changed.is_empty() => return,
            Ok(_) => self.keys_changed(),
            Err(error) => {
                tracing::error!(%error, "keys could not take each other's place");
                return;
            }
        }
        let doing = Doing { act: "settle", by: None };
        if let Err(error) = self.tell_keys(keys, &mut ledger, doing, None).await {
            tracing::error!(%error, "that keys took each other's place could not be recorded");
        }
    }

    /// Records what is different from what was recorded, as done by this. If it fails, it is kept
    /// with its doer for the next time.
    async fn tell_keys(
        &self,
        keys: &dyn KeyStore,
        ledger: &mut Ledger,
        doing: Doing<'_>,
        remember: Option<Remembered>,
    ) -> Result<(), CommitError> {
        let is_first = self.read_ledger(ledger).await?;
        let known = ledger.known.get_or_insert_default();
        for (name, purpose, state) in changes(known, &keys.list()) {
            ledger.untold.push(KeyEvent {
                id: self.mint().message().to_string(),
                key: name.clone(),
                purpose: purpose.clone(),
                act: doing.act.to_owned(),
                state: state.clone(),
                by: doing.by.map(|by| by.id.clone()),
                person: doing.by.map(|by| by.person.clone()),
                at: self.now(),
            });
            match state == DESTROYED {
                true => known.remove(&name),
                false => known.insert(name, (purpose, state)),
            };
        }
        if ledger.untold.is_empty() {
            return Ok(());
        }
        let changes = ChangeSet {
            puts: ledger.untold.iter().map(|event| Put::of(event, None)).collect(),
            // The keys that a node has when it first looks are no news.
            events: ledger.untold.iter().filter(|_| !is_first).map(told).collect(),
            forget: ledger.surplus.drain(..).map(|id| (KeyEvent::RECORD, id)).collect(),
            remember,
            ..ChangeSet::default()
        };
        let done = self.commit(changes).await;
        match &done {
            Ok(()) => ledger.untold.clear(),
            // It is not known whether it was written: what was is told no second time.
            Err(_) => self.drop_told(ledger).await,
        }
        done
    }

    /// Reads what was recorded, once. Returns whether that was nothing at all.
    async fn read_ledger(&self, ledger: &mut Ledger) -> Result<bool, CommitError> {
        if ledger.known.is_some() {
            return Ok(false);
        }
        let mut known = BTreeMap::new();
        let (mut after, mut count) = (None, 0);
        loop {
            let page = Page { after, limit: PAGE };
            let read = causeway_store::list::<KeyEvent>(self.store(), None, page).await;
            let read =
                read.map_err(|error| CommitError::Unavailable { reason: error.to_string() })?;
            let is_last = read.len() < PAGE;
            for stored in read {
                count += 1;
                after = Some(stored.sequence);
                let KeyEvent { id, key, purpose, state, .. } = stored.value;
                let latest: &mut (String, String) = known.entry(key).or_insert((purpose, state));
                // The records of a key that is there are few and stay.
                if count > KEY_EVENTS_KEPT_MAX && latest.1 == DESTROYED {
                    ledger.surplus.push(id);
                }
            }
            if is_last {
                break;
            }
        }
        known.retain(|_, (_, state)| state != DESTROYED);
        ledger.known = Some(known);
        Ok(count == 0)
    }

    /// Drops what was recorded by a commit whose end was not known.
    async fn drop_told(&self, ledger: &mut Ledger) {
        let mut untold = Vec::new();
        for event in ledger.untold.drain(..) {
            match causeway_store::read::<KeyEvent>(self.store(), &event.id).await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => untold.push(event),
            }
        }
        ledger.untold = untold;
    }
}

/// What is different between what was recorded and what there is: the key, its purpose, its state.
fn changes(
    known: &BTreeMap<String, (String, String)>,
    keys: &[KeyRecord],
) -> Vec<(String, String, String)> {
    let mut found = Vec::with_capacity(KEYS_MAX);
    for key in keys {
        let state = key.state.as_str();
        if known.get(key.name.as_str()).is_none_or(|(_, before)| before != state) {
            found.push((key.name.to_string(), key.purpose.to_string(), state.to_owned()));
        }
    }
    for (name, (purpose, _)) in known {
        if keys.iter().all(|key| key.name.as_str() != name) {
            found.push((name.clone(), purpose.clone(), DESTROYED.to_owned()));
        }
    }
    found
}

fn told(event: &KeyEvent) -> NewEvent {
    let KeyEvent { key, act, state, .. } = event;
    let text = match (&event.person, act.as_str()) {
        (Some(person), _) => format!("{person} did {act} keys: {key} is {state}"),
        (None, "settle") => format!("the time of a key has come: {key} is {state}"),
        (None, _) => format!("{key} is {state}; that was done while the node could not record it"),
    };
    let (at, subject) = (event.at, key.clone());
    NewEvent { at, kind: EventKind::KeyChanged, process: None, subject, text }
}

/// A key store that does not do what it was asked, for whoever asked.
fn refused(fault: KeyFault) -> Problem {
    let code = match &fault {
        KeyFault::Unknown { .. } => ProblemCode::NotFound,
        KeyFault::State { .. } | KeyFault::NoActive { .. } => ProblemCode::IllegalState,
        KeyFault::Taken { .. } | KeyFault::Full => ProblemCode::Conflict,
        KeyFault::Algorithm { .. } | KeyFault::Unsupported { .. } => ProblemCode::BadRequest,
        _ => ProblemCode::Unavailable,
    };
    let text = fault.to_string();
    match text.split_once("\nhint: ") {
        Some((detail, hint)) => Problem::new(code, detail).hint(hint),
        None => Problem::new(code, text),
    }
}
