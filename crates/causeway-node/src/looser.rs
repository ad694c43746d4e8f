//! Settings that let more happen than others would, compared with those of the last start. The
//! configuration is a file that one person can change, so four eyes cannot see it being changed:
//! here it is seen, told, and acknowledged. Looser automation is held back until then if four eyes
//! are on, or were at the last start; looser ways out are told and in force.
//!
//! Whoever can write to the node's files can also change what it remembers: this makes looser
//! settings visible to the others, and is no fence against the machine's own administrator.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use causeway_dsp::Question;
use causeway_store::{
    ChangeSet, CommitError, EventKind, LooseSettings, NewEvent, Put, Rule, Version,
};
use causeway_types::{Problem, ProblemCode};

use crate::access::Caller;
use crate::automation::script::Script;
use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::negotiate::busy;
use crate::settings::Settings;
use crate::{Dialect, Node, automation, read_failed};

const NO_FOUR_EYES: &str = "access.four_eyes = false";
const AUTOMATION: &str = "automation.";

/// Looser automation that nobody has acknowledged yet: it holds instead of deciding.
#[derive(Debug, Clone, Default)]
pub struct HeldBack(Arc<RwLock<BTreeSet<String>>>);

impl HeldBack {
    pub(crate) fn holds_rule(&self, question: Question, rule: &Rule) -> bool {
        self.holds(&rule_line(question, rule))
    }

    pub(crate) fn holds_script(&self, script: &Script) -> bool {
        self.holds(&script_line(script))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn holds(&self, line: &str) -> bool {
        // A panic elsewhere leaves the old or the new set, each whole.
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(line)
    }

    fn replace(&self, lines: BTreeSet<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = lines;
    }
}

/// Settings that are looser than before and that nobody has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loosened {
    /// Each as `key = value`.
    pub waiting: Vec<String>,
    /// Those of them that hold back what they would let happen.
    pub held: Vec<String>,
}

impl Node {
    /// Compares the settings with those of the last start, and tells of what is looser. The first
    /// start of a node compares with nothing.
    pub(crate) async fn compare_settings(&self) -> Result<(), Problem> {
        let settings = &self.0.settings;
        let present = loose(settings);
        let stored = self.loose_settings().await?;
        let (known, told) = match &stored {
            None => (present.clone(), BTreeSet::new()),
            Some((before, _)) => (
                // What became stricter and loose again is acknowledged again.
                before.known.iter().filter(|line| present.contains(*line)).cloned().collect(),
                before.waiting.iter().cloned().collect(),
            ),
        };
        let waiting: BTreeSet<String> = present.difference(&known).cloned().collect();
        let loosened = seen(settings, &waiting);
        settings.held.replace(loosened.held.iter().cloned().collect());
        for line in &waiting {
            let held = if loosened.held.contains(line) { "; it is held back" } else { "" };
            tracing::warn!(
                "{line}: looser than at the last start, and nobody has acknowledged it{held}; \
                 see causeway task list"
            );
        }
        let news: Vec<&str> = waiting.difference(&told).map(String::as_str).collect();
        let record = LooseSettings {
            known: known.into_iter().collect(),
            waiting: waiting.iter().cloned().collect(),
            by: stored.as_ref().and_then(|(before, _)| before.by.clone()),
            person: stored.as_ref().and_then(|(before, _)| before.person.clone()),
            at: self.now(),
        };
        if let Some((before, _)) = &stored
            && before.known == record.known
            && before.waiting == record.waiting
        {
            return Ok(());
        }
        let text =
            format!("the configuration is looser than at the last start: {}", news.join("; "));
        let event = (!news.is_empty()).then_some(text);
        let version = stored.map(|(_, version)| version);
        self.write_loose(&record, version, event).await.map_err(commit_failed)
    }

    /// What is looser than before, and waits for somebody to acknowledge it.
    pub async fn loosened(&self) -> Result<Loosened, Problem> {
        let stored = self.loose_settings().await?;
        let waiting = stored.map(|(record, _)| record.waiting).unwrap_or_default();
        Ok(seen(&self.0.settings, &waiting.into_iter().collect()))
    }

    /// Acknowledges all that waits, which the caller names, so that nothing is acknowledged that
    /// nobody has read. What was held back is in force from then on.
    pub async fn acknowledge_settings(&self, by: &Caller, named: &[String]) -> Result<(), Problem> {
        for _ in 0..CONFLICTS_MAX {
            let Some((mut record, version)) = self.loose_settings().await? else {
                return Err(nothing_waits());
            };
            if record.waiting.is_empty() {
                return Err(nothing_waits());
            }
            let waiting: BTreeSet<&String> = record.waiting.iter().collect();
            if waiting != named.iter().collect() {
                let found = record.waiting.join("; ");
                let text = format!("settings: found other ones than those that wait: {found}");
                return Err(Problem::new(ProblemCode::Conflict, text)
                    .hint("read them again: causeway task list"));
            }
            let lines = std::mem::take(&mut record.waiting);
            let text = format!("{} acknowledged looser settings: {}", by.name, lines.join("; "));
            record.known.extend(lines);
            record.known.sort();
            record.by = Some(by.id.clone());
            record.person = Some(by.person.clone());
            record.at = self.now();
            match self.write_loose(&record, Some(version), Some(text)).await {
                Ok(()) => {
                    self.0.settings.held.replace(BTreeSet::new());
                    return Ok(());
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    async fn loose_settings(&self) -> Result<Option<(LooseSettings, Version)>, Problem> {
        let read = causeway_store::read::<LooseSettings>(self.store(), LooseSettings::ID).await;
        Ok(read.map_err(read_failed)?.map(|stored| (stored.value, stored.version)))
    }

    async fn write_loose(
        &self,
        record: &LooseSettings,
        version: Option<Version>,
        text: Option<String>,
    ) -> Result<(), CommitError> {
        let (at, kind) = (record.at, EventKind::SettingsLoosened);
        let subject = LooseSettings::ID.to_owned();
        let event = text.map(|text| NewEvent { at, kind, process: None, subject, text });
        self.commit(ChangeSet {
            puts: vec![Put::of(record, version)],
            events: event.into_iter().collect(),
            ..ChangeSet::default()
        })
        .await
    }
}

/// Which of those that wait are held back: automation, if two persons would have had to agree.
fn seen(settings: &Settings, waiting: &BTreeSet<String>) -> Loosened {
    let is_guarded = settings.four_eyes || waiting.contains(NO_FOUR_EYES);
    let held = |line: &&String| is_guarded && line.starts_with(AUTOMATION);
    Loosened {
        waiting: waiting.iter().cloned().collect(),
        held: waiting.iter().filter(held).cloned().collect(),
    }
}

/// Each setting that lets more happen than another value would, as `key = value`.
fn loose(settings: &Settings) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for question in Question::ALL {
        let rule = automation::configured(settings, question);
        if rule != Rule::Hold {
            lines.insert(rule_line(question, &rule));
        }
    }
    lines.extend(settings.scripts.iter().map(script_line));
    lines.extend(
        settings
            .reachable
            .iter()
            .map(|net| format!("egress.reachable = {}/{}", net.address, net.prefix)),
    );
    for peer in &settings.peers {
        let hosts = peer.callback_hosts.iter();
        lines.extend(hosts.map(|host| format!("peers.{}.callback_hosts = {host}", peer.name)));
    }
    let dcp = &settings.dcp;
    let mode = format!("identity.mode = {}", settings.identity.as_str());
    for (line, is_loose) in [
        (mode.as_str(), settings.identity.is_insecure()),
        ("egress.insecure_allow_loopback = true", settings.is_loopback_allowed),
        ("identity.allow_drafts = true", dcp.dialect == Dialect::Draft),
        ("identity.allow_unsigned_status_lists = true", dcp.allows_unsigned_lists),
        (NO_FOUR_EYES, !settings.four_eyes),
    ] {
        if is_loose {
            lines.insert(line.to_owned());
        }
    }
    lines
}

fn rule_line(question: Question, rule: &Rule) -> String {
    match rule {
        Rule::Hold => format!("{AUTOMATION}{question} = hold"),
        Rule::Auto => format!("{AUTOMATION}{question} = auto"),
        Rule::Webhook(url) => format!("{AUTOMATION}{question} = {url}"),
    }
}

/// Scripts are compared by what they do.
fn script_line(script: &Script) -> String {
    let (dataset, role) = (&script.dataset, script.role);
    format!("{AUTOMATION}script of {dataset} as {role:?} = {:?}", script.steps)
}

fn nothing_waits() -> Problem {
    Problem::new(ProblemCode::IllegalState, "no setting waits to be acknowledged")
}
