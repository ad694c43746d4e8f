//! Negotiations: what peers send, what operators decide, what the dispatcher learns.

mod plan;

use causeway_dsp::Question;
use causeway_dsp::Reason;
use causeway_dsp::negotiation::{Body, Decision, Input, Message, Negotiation, Offer, State};
use causeway_store::{
    ChangeSet, CommitError, NegotiationEntry, PublishedOffer, Settle, Starts, Stored,
};
use causeway_types::{Address, ParticipantId, Problem, ProblemCode, ProcessId, Role};

use crate::automation::{self, known::Known};
use crate::border::{Checked, Crossed, Gate, Ground};
use crate::clock::Mint;
use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::offers::{is_offered, no_offer};
use crate::push::Push;
use crate::{Node, read_failed};

/// What an operator, or a webhook, wants done with a negotiation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Answer the open question with yes: agree, accept, verify or finalize.
    Accept,
    /// Propose other terms: a counter-offer of the provider, or a new request of the consumer.
    Propose(Terms),
    /// Answer no, or end the negotiation out of turn.
    Terminate(Reason),
}

/// Terms to propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The rules.
    pub policy: causeway_policy::Policy,
}

/// A negotiation after a peer's opening message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The negotiation.
    pub entry: NegotiationEntry,
    /// Whether this message began it; false for a repeated one.
    pub is_new: bool,
}

/// Everything one input causes.
struct Plan {
    entry: NegotiationEntry,
    changes: ChangeSet,
}

impl Node {
    /// A peer's first message: a consumer's request, or a provider's offer.
    pub async fn negotiation_opened(
        &self,
        peer: &ParticipantId,
        message: Message,
    ) -> Result<Opened, Problem> {
        let (role, pid, callback) = opening_parts(&message)?;
        for _ in 0..CONFLICTS_MAX {
            let known = self.0.store.negotiation_of_peer(peer, &pid, role).await;
            if let Some(known) = known.map_err(read_failed)? {
                return Ok(Opened { entry: known.value, is_new: false });
            }
            let (published, message) = self.opening_terms(peer, message.clone()).await?;
            let content = published.as_ref().map(|offer| offer.content);
            let ground = self.ground(peer, published, content).await?;
            self.check_callback(peer, &callback)?;
            let published = ground.published.as_ref();
            let mint = self.mint();
            let opening = Negotiation::opening(
                mint.process(),
                role,
                self.0.settings.participant_id.clone(),
                peer.clone(),
                callback.clone(),
            );
            let entry = NegotiationEntry {
                negotiation: opening,
                offer_id: published.map(|offer| offer.id.clone()),
                script: 0,
                decision: None,
                created_at: mint.now,
                updated_at: mint.now,
            };
            let push = Input::Received(message).into();
            let plan = self.plan(entry, None, &ground, push, &mint)?;
            match self.commit(plan.changes).await {
                Ok(()) => return Ok(Opened { entry: plan.entry, is_new: true }),
                // The same message arrived twice at the same time; the other one began it.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// A peer's further message.
    pub async fn negotiation_received(
        &self,
        peer: &ParticipantId,
        id: &ProcessId,
        message: Message,
    ) -> Result<NegotiationEntry, Problem> {
        self.drive_negotiation(id, None, |entry, _, _| {
            let is_theirs = entry.negotiation.peer == *peer;
            is_theirs.then(|| Input::Received(message.clone())).ok_or_else(|| unknown(id))
        })
        .await
    }

    /// A negotiation, if it is one with this peer. Others' are as unknown as none.
    pub async fn negotiation_of(
        &self,
        peer: &ParticipantId,
        id: &ProcessId,
    ) -> Result<NegotiationEntry, Problem> {
        let stored = self.0.store.negotiation(id).await.map_err(read_failed)?;
        stored
            .map(|stored| stored.value)
            .filter(|entry| entry.negotiation.peer == *peer)
            .ok_or_else(|| unknown(id))
    }

    /// Begins a negotiation as the consumer. `offer` must name its target.
    pub async fn request_contract(
        &self,
        peer: &ParticipantId,
        offer: Offer,
        remember: Remember<NegotiationEntry>,
    ) -> Result<NegotiationEntry, Problem> {
        if offer.target.is_none() {
            return Err(Problem::new(
                ProblemCode::BadRequest,
                "the offer has no target, so it does not say which dataset is requested",
            ));
        }
        let ground = self.ground(peer, None, None).await?;
        let base = self.peer_base(peer).await?;
        let mint = self.mint();
        let crossed = Crossed {
            peer,
            role: Role::Consumer,
            dataset: offer.target.as_ref(),
            terms: &offer.facts,
            is_agreed: false,
            now: mint.now,
        };
        // A request moves nothing yet, so only what no person could permit is refused here.
        let checked = self.checked(&ground, crossed);
        if matches!(checked.gate, Gate::Refuse(_)) {
            checked.must_pass()?;
        }
        let own = self.0.settings.participant_id.clone();
        let entry = NegotiationEntry {
            negotiation: Negotiation::opening(
                mint.process(),
                Role::Consumer,
                own,
                peer.clone(),
                base,
            ),
            offer_id: None,
            script: 0,
            decision: None,
            created_at: mint.now,
            updated_at: mint.now,
        };
        let callback = self.0.settings.protocol_base();
        let decision = Decision::Request { offer, callback };
        let input = Input::Decided { decision, message_id: mint.message() };
        let push = Push::checked(input, Some(Box::new(checked)));
        let mut plan = self.plan(entry, None, &ground, push, &mint)?;
        plan.changes.remember = remember.map(|remember| remember(&plan.entry));
        self.commit(plan.changes).await.map_err(commit_failed)?;
        Ok(plan.entry)
    }

    /// What an operator or a webhook decided.
    pub async fn decide_negotiation(
        &self,
        id: &ProcessId,
        act: &Act,
    ) -> Result<NegotiationEntry, Problem> {
        self.drive_negotiation(id, None, |entry, ground, mint| {
            let checked = match act {
                Act::Accept => {
                    let checked = self.checked_negotiation(&entry.negotiation, ground, mint.now);
                    checked.must_pass()?;
                    Some(Box::new(checked))
                }
                Act::Propose(_) | Act::Terminate(_) => None,
            };
            let callback = self.0.settings.protocol_base();
            let decision = decision(entry, act, checked.as_deref(), &callback, mint)?;
            let doubt = checked
                .as_deref()
                .and_then(|checked| self.doubted(&entry.negotiation, ground, checked, mint));
            let input = Input::Decided { decision, message_id: mint.message() };
            Ok(Push { doubt, ..Push::checked(input, checked) })
        })
        .await
    }

    /// Asks a negotiation's open question again, since something about it became known.
    pub(crate) async fn ask_negotiation_again(&self, id: &ProcessId) -> Result<(), Problem> {
        self.drive_negotiation(id, None, |_, _, _| Ok(Push::ask_again())).await.map(drop)
    }

    /// Why automation would not agree to the terms that somebody agrees to.
    fn doubted(
        &self,
        negotiation: &Negotiation,
        ground: &Ground,
        checked: &Checked,
        mint: &Mint<'_>,
    ) -> Option<String> {
        use Question::{ContractRequested, OfferAccepted, OfferReceived};
        let asked = negotiation.question?;
        if !matches!(asked, ContractRequested | OfferAccepted | OfferReceived) {
            return None;
        }
        let offer = negotiation.stage.offer()?;
        let known = self.known_of_negotiation(negotiation, ground, checked, mint.now);
        automation::permits(&offer.policy, &known).err()
    }

    /// What is known of a use under a contract that is not concluded yet, were it made now: it
    /// would be the first.
    pub(crate) fn known_of_negotiation<'a>(
        &'a self,
        negotiation: &'a Negotiation,
        ground: &'a Ground,
        checked: &'a Checked,
        now: causeway_types::Timestamp,
    ) -> Known<'a> {
        let parties = (negotiation.role, &negotiation.peer);
        let known = self.known(parties, ground.published.as_ref(), checked, now);
        Known { starts: Some(Starts::default()), ..known }
    }

    /// What is known of a use by one of two parties, but how often it was made.
    pub(crate) fn known<'a>(
        &'a self,
        (role, peer): (Role, &'a ParticipantId),
        published: Option<&'a PublishedOffer>,
        checked: &'a Checked,
        now: causeway_types::Timestamp,
    ) -> Known<'a> {
        let settings = &self.0.settings;
        let (consumer, address, area) = match role {
            Role::Consumer => {
                let area = settings.jurisdiction.clone();
                (&settings.participant_id, Some(settings.address.to_string()), area)
            }
            Role::Provider => {
                let known = self.directory().peer(peer);
                (peer, known.map(|known| known.address.to_string()), checked.area.clone())
            }
        };
        let themes = published.map_or(&[][..], |offer| &offer.metadata.themes);
        let law = self.0.law.dictionary();
        let (agreed_at, starts) = (None, None);
        Known { consumer, address, area, themes, checked, law, agreed_at, starts, now }
    }

    /// What the law says of the terms that a negotiation has come to.
    pub(crate) fn checked_negotiation(
        &self,
        negotiation: &Negotiation,
        ground: &Ground,
        now: causeway_types::Timestamp,
    ) -> Checked {
        let agreement = negotiation.stage.agreement().or_else(|| negotiation.concluded());
        let offer = negotiation.offer();
        let target = || offer.and_then(|offer| offer.target.as_ref());
        let own = ground.published.as_ref().map(|offer| self.stated_by(offer));
        let terms = own.as_ref().or_else(|| agreement.map(|agreement| &agreement.facts));
        let nothing = causeway_types::StatedFacts::new();
        let terms = terms.or_else(|| offer.map(|offer| &offer.facts)).unwrap_or(&nothing);
        self.checked(
            ground,
            Crossed {
                peer: &negotiation.peer,
                role: negotiation.role,
                dataset: agreement.map(|agreement| &agreement.target).or_else(target),
                terms,
                is_agreed: agreement.is_some(),
                now,
            },
        )
    }

    /// Loads, steps and commits, again from the start if somebody else wrote meanwhile. `settle`
    /// leaves the outbox in the same commit. The input is made from the entry, our offer it is
    /// about, and fresh ids.
    pub(crate) async fn drive_negotiation<P: Into<Push<Input>>>(
        &self,
        id: &ProcessId,
        settle: Option<Settle>,
        push: impl Fn(&mut NegotiationEntry, &Ground, &Mint<'_>) -> Result<P, Problem>,
    ) -> Result<NegotiationEntry, Problem> {
        for _ in 0..CONFLICTS_MAX {
            let stored = self.0.store.negotiation(id).await.map_err(read_failed)?;
            let stored = stored.ok_or_else(|| unknown(id))?;
            let published = self.published(&stored.value).await?;
            // Once it is finalized nothing is checked any more, so nobody needs to be counted.
            let is_open = stored.value.is_open();
            let content = published.as_ref().filter(|_| is_open).map(|offer| offer.content);
            let ground = self.ground(&stored.value.negotiation.peer, published, content).await?;
            let mint = self.mint();
            let Stored { mut value, version, .. } = stored;
            let push = push(&mut value, &ground, &mint)?.into();
            let mut plan = self.plan(value, Some(version), &ground, push, &mint)?;
            plan.changes.settle.extend(settle.clone());
            if plan.changes.is_empty() {
                return Ok(plan.entry);
            }
            match self.commit(plan.changes).await {
                Ok(()) => return Ok(plan.entry),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// Our offer that a negotiation is about.
    async fn published(&self, entry: &NegotiationEntry) -> Result<Option<PublishedOffer>, Problem> {
        match &entry.offer_id {
            None => Ok(None),
            Some(id) => {
                let stored = self.0.store.offer(id).await.map_err(read_failed)?;
                Ok(stored.map(|stored| stored.value))
            }
        }
    }

    /// For a consumer's request: the offer it names, with the published content and dataset put
    /// in. The rules stay as the consumer sent them; whether they are the published ones is
    /// decided by automation or a person.
    async fn opening_terms(
        &self,
        peer: &ParticipantId,
        mut message: Message,
    ) -> Result<(Option<PublishedOffer>, Message), Problem> {
        let Body::Request { offer, .. } = &mut message.body else {
            return Ok((None, message));
        };
        let stored = self.0.store.offer(&offer.id).await.map_err(read_failed)?;
        let published = stored
            .map(|stored| stored.value)
            .filter(|published| is_offered(published, peer))
            .ok_or_else(|| no_offer(&offer.id))?;
        if offer.target.as_ref().is_some_and(|target| *target != published.dataset_id) {
            return Err(Problem::new(
                ProblemCode::BadRequest,
                format!(
                    "the offer's target is another dataset than offer {} is for, expected {}",
                    published.id, published.dataset_id
                ),
            ));
        }
        offer.target = Some(published.dataset_id.clone());
        offer.content = Some(published.content);
        offer.facts = self.stated_by(&published);
        Ok((Some(published), message))
    }
}

fn opening_parts(message: &Message) -> Result<(Role, ProcessId, Address), Problem> {
    let missing = |what: &str| {
        Problem::new(ProblemCode::BadRequest, format!("a first message must have a {what}"))
    };
    let (role, pid, callback) = match &message.body {
        Body::Request { callback, .. } => {
            (Role::Provider, message.consumer_pid.as_ref().map(|pid| pid.as_str()), callback)
        }
        Body::Offer { callback, .. } => {
            (Role::Consumer, message.provider_pid.as_ref().map(|pid| pid.as_str()), callback)
        }
        other => {
            return Err(Problem::new(
                ProblemCode::BadRequest,
                format!("a negotiation does not begin with a {}", other.kind()),
            ));
        }
    };
    let pid = pid.ok_or_else(|| missing("pid of its sender"))?;
    let pid = ProcessId::parse(pid)
        .map_err(|error| Problem::new(ProblemCode::BadRequest, error.to_string()))?;
    let callback = callback.clone().ok_or_else(|| missing("callbackAddress"))?;
    Ok((role, pid, callback))
}

/// What an act means for a negotiation in this state.
fn decision(
    entry: &NegotiationEntry,
    act: &Act,
    checked: Option<&Checked>,
    callback: &Address,
    mint: &Mint<'_>,
) -> Result<Decision, Problem> {
    let negotiation = &entry.negotiation;
    let callback = callback.clone();
    match act {
        Act::Terminate(reason) => Ok(Decision::Terminate { reason: reason.clone() }),
        Act::Propose(terms) => {
            let offer = negotiation.stage.offer().ok_or_else(|| nothing_to_answer(negotiation))?;
            let offer = Offer { policy: terms.policy.clone(), ..offer.clone() };
            Ok(match negotiation.role {
                Role::Provider => Decision::Offer { offer, callback },
                Role::Consumer => Decision::Request { offer, callback },
            })
        }
        Act::Accept => match negotiation.question {
            Some(Question::ContractRequested | Question::OfferAccepted) => {
                let target = negotiation.stage.offer().and_then(|offer| offer.target.clone());
                let target = target.ok_or_else(|| nothing_to_answer(negotiation))?;
                let stated = checked.map(|checked| checked.stated.clone()).unwrap_or_default();
                Ok(automation::agree(mint, target, stated))
            }
            Some(Question::AgreementVerified) => Ok(Decision::Finalize),
            Some(Question::OfferReceived) => Ok(Decision::Accept),
            Some(Question::AgreementReceived) => Ok(Decision::Verify),
            Some(Question::TransferRequested | Question::TransferStarted) | None => {
                Err(nothing_to_answer(negotiation))
            }
        },
    }
}

/// An id as one path segment.
pub(crate) fn encoded(id: &str) -> impl std::fmt::Display + '_ {
    percent_encoding::utf8_percent_encode(id, SEGMENT)
}

/// Everything but the unreserved characters and the colon, which every server takes as it is.
const SEGMENT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

fn unknown(id: &ProcessId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no negotiation {id}"))
}

fn nothing_to_answer(negotiation: &Negotiation) -> Problem {
    let state = negotiation.state().map_or("not yet acknowledged by the peer", State::as_str);
    Problem::new(
        ProblemCode::IllegalState,
        format!("negotiation {} is {state} and waits for no answer of yours", negotiation.id),
    )
}

pub(crate) fn busy() -> Problem {
    Problem::new(ProblemCode::Conflict, "others keep changing this at the same time")
        .hint("repeat the request")
}
