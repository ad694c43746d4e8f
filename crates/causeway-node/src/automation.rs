//! Who answers the protocol's questions: configuration. `hold` waits for a person, `auto` goes on
//! if the policy is understood and permits it, a webhook asks a program of the operator's, and a
//! [`script`] replaces all three for its dataset.
//!
//! "Unknown never grants": what `auto` cannot be sure of becomes `hold`, and the reason says why.

pub(crate) mod known;
pub(crate) mod script;

use causeway_dsp::negotiation::{Decision, Negotiation, Offer};
use causeway_dsp::{Question, Reason};
use causeway_policy::{Compiled, Policy, Request, Verdict, Vocabulary};
use causeway_store::{PublishedOffer, Rule};
use causeway_types::{Address, DatasetId, StatedFacts};

use self::known::Known;
use self::script::NegotiationMove;
use crate::border::Gate;
use crate::clock::Mint;
use crate::settings::Settings;

/// What to do about a question now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer<D> {
    /// Go on like this.
    Decide(D),
    /// Wait, because of this.
    Hold(String),
    /// Ask this URL.
    Ask(String),
}

/// The rule for a question: the offer's own, then the configured one, then the default. Only an
/// offer of other terms waits for a person by default; all others go on if the policy permits.
pub(crate) fn rule(
    settings: &Settings,
    offer: Option<&PublishedOffer>,
    question: Question,
) -> Rule {
    if let Some(own) = offer.and_then(|offer| of(&offer.rules, question)) {
        return own;
    }
    let rule = configured(settings, question);
    if settings.held.holds_rule(question, &rule) { Rule::Hold } else { rule }
}

/// The rule of the configuration for a question, else the default, whether it is held back or not.
pub(crate) fn configured(settings: &Settings, question: Question) -> Rule {
    of(&settings.rules, question).unwrap_or(match question {
        Question::OfferReceived => Rule::Hold,
        _ => Rule::Auto,
    })
}

/// Why the rule for a question is to hold.
pub(crate) fn why_hold(
    settings: &Settings,
    offer: Option<&PublishedOffer>,
    question: Question,
) -> String {
    let own = offer.and_then(|offer| of(&offer.rules, question));
    if own.is_none() && configured(settings, question) != Rule::Hold {
        return "the rule for this question is looser than before, and nobody has acknowledged it: \
                see causeway task list"
            .to_owned();
    }
    "the rule for this question is hold".to_owned()
}

fn of(rules: &[(Question, Rule)], question: Question) -> Option<Rule> {
    rules.iter().find(|(asked, _)| *asked == question).map(|(_, rule)| rule.clone())
}

/// The answer to a negotiation's question.
pub(crate) fn negotiation(
    settings: &Settings,
    published: Option<&PublishedOffer>,
    negotiation: &Negotiation,
    question: Question,
    known: &Known<'_>,
    mint: &Mint<'_>,
) -> Answer<Decision> {
    match rule(settings, published, question) {
        Rule::Hold => Answer::Hold(why_hold(settings, published, question)),
        Rule::Webhook(url) => Answer::Ask(url),
        Rule::Auto => match automatic(published, negotiation, question, known, mint) {
            Ok(decision) => Answer::Decide(decision),
            Err(reason) => Answer::Hold(reason),
        },
    }
}

/// What `auto` decides, or why it does not.
fn automatic(
    published: Option<&PublishedOffer>,
    negotiation: &Negotiation,
    question: Question,
    known: &Known<'_>,
    mint: &Mint<'_>,
) -> Result<Decision, String> {
    match question {
        Question::ContractRequested | Question::OfferAccepted => {
            let published = published.ok_or("the offer is not published here")?;
            if published.withdrawn_at.is_some() {
                return Err("the offer was withdrawn".to_owned());
            }
            let offer = negotiation.stage.offer().ok_or("there are no terms on the table")?;
            if !offer.policy.same_as(&published.policy) {
                return Err("the consumer asks for other terms than published".to_owned());
            }
            permits(&offer.policy, known)?;
            Ok(agree(mint, target(offer, published), known.checked.stated.clone()))
        }
        // The machine has compared the agreement with the offer before it asks.
        Question::AgreementReceived => Ok(Decision::Verify),
        Question::AgreementVerified => Ok(Decision::Finalize),
        Question::OfferReceived => {
            let offer = negotiation.stage.offer().ok_or("there are no terms on the table")?;
            permits(&offer.policy, known)?;
            Ok(Decision::Accept)
        }
        Question::TransferRequested | Question::TransferStarted => {
            Err("this question is not about a negotiation".to_owned())
        }
    }
}

/// What a step of a script decides; `Ok(None)` for a hold. The error says why it is held all the
/// same: a script does not agree to terms that `auto` would not agree to.
pub(crate) fn scripted(
    published: Option<&PublishedOffer>,
    negotiation: &Negotiation,
    act: NegotiationMove,
    known: &Known<'_>,
    callback: &Address,
    mint: &Mint<'_>,
) -> Result<Option<Decision>, String> {
    let offer = || negotiation.stage.offer().cloned().ok_or("there are no terms on the table");
    let callback = callback.clone();
    let goes_on = act.goes_on();
    match &known.checked.gate {
        Gate::Pass => {}
        Gate::Hold(reason) if goes_on => return Err(reason.clone()),
        Gate::Refuse(reason) if goes_on => return Err(reason.to_string()),
        Gate::Hold(_) | Gate::Refuse(_) => {}
    }
    let decision = match act {
        NegotiationMove::Hold => return Ok(None),
        NegotiationMove::Offer => {
            let policy = published.ok_or("the offer is not published here")?.policy.clone();
            Decision::Offer { offer: Offer { policy, ..offer()? }, callback }
        }
        NegotiationMove::Counter => Decision::Request { offer: offer()?, callback },
        NegotiationMove::Agree => {
            automatic(published, negotiation, Question::ContractRequested, known, mint)?
        }
        NegotiationMove::Accept => {
            automatic(published, negotiation, Question::OfferReceived, known, mint)?
        }
        NegotiationMove::Verify => Decision::Verify,
        NegotiationMove::Finalize => Decision::Finalize,
        NegotiationMove::Terminate => Decision::Terminate { reason: script_ends() },
    };
    Ok(Some(decision))
}

/// What the peer is told when a script ends a process.
pub(crate) fn script_ends() -> Reason {
    Reason::of("declined", "it was planned to end here")
}

/// What the peer is told when a script holds a transfer.
pub(crate) fn script_suspends() -> Reason {
    Reason::of("held", "it was planned to be held here")
}

/// Whether the evaluator is sure that the policy lets the data be used now.
pub(crate) fn permits(policy: &Policy, known: &Known<'_>) -> Result<(), String> {
    let policy = Compiled::new(policy, &Vocabulary::odrl());
    let policy = policy.map_err(|error| format!("the policy is {}: {error}", Verdict::Unknown))?;
    let (request, world) = (Request::to_use(known.facts(&policy)), known.world());
    let evaluation = policy.evaluate(&request, &world);
    if evaluation.verdict() == Verdict::Permitted {
        return Ok(());
    }
    let report = evaluation.report();
    let findings: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.truth != causeway_policy::Truth::True)
        .map(ToString::to_string)
        .collect();
    Err(format!("the policy is {}: {}", report.verdict, findings.join("; ")))
}

/// The decision to agree to the terms on the table.
pub(crate) fn agree(mint: &Mint<'_>, target: DatasetId, facts: StatedFacts) -> Decision {
    Decision::Agree { id: mint.agreement(), timestamp: mint.now, target, facts }
}

fn target(offer: &Offer, published: &PublishedOffer) -> DatasetId {
    offer.target.clone().unwrap_or_else(|| published.dataset_id.clone())
}

#[cfg(test)]
mod tests;
