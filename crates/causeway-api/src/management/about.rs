//! What an offer says of itself and who may know of it: read within limits, and shown again.

use causeway_dsp::catalog::Metadata;
use causeway_node::InBatch;
use causeway_store::Audience;
use causeway_types::limits::{AUDIENCE_MAX, CATALOG_TERM_BYTES_MAX, CATALOG_TERMS_MAX};
use causeway_types::{ParticipantId, Problem, Timestamp};

use super::convert::bad;
use super::models::{NewOffer, Period, PublishOutcome};

/// What a new offer says of itself.
pub(super) fn metadata(offer: &NewOffer) -> Result<Metadata, Problem> {
    let licence = offer.licence.as_deref().map(|licence| term("licence", licence));
    Ok(Metadata {
        themes: terms("themes", &offer.themes)?,
        keywords: terms("keywords", &offer.keywords)?,
        licence: licence.transpose()?,
        spatial: terms("spatial", &offer.spatial)?,
        temporal: offer.temporal.as_ref().map(read_period).transpose()?,
        jurisdiction: None,
    })
}

/// Who may know of it.
pub(super) fn audience(parties: Option<&[String]>) -> Result<Audience, Problem> {
    let Some(parties) = parties else {
        return Ok(Audience::Everyone);
    };
    if parties.len() > AUDIENCE_MAX {
        let found = parties.len();
        return Err(bad(format!(
            "audience: found {found} parties, expected at most {AUDIENCE_MAX}"
        )));
    }
    let parties = parties.iter().map(ParticipantId::parse).collect::<Result<_, _>>();
    parties.map(Audience::Only).map_err(|error| bad(format!("audience: {error}")))
}

/// The parties of an audience; `None` for everyone.
pub(super) fn parties(audience: &Audience) -> Option<Vec<String>> {
    match audience {
        Audience::Everyone => None,
        Audience::Only(parties) => Some(parties.iter().map(ToString::to_string).collect()),
    }
}

/// A stretch of time as it is shown.
pub(super) fn period(period: Option<(Timestamp, Timestamp)>) -> Option<Period> {
    period.map(|(start, end)| Period { start: start.to_string(), end: end.to_string() })
}

/// What became of one offer of a batch.
pub(super) fn outcome(of: &InBatch) -> PublishOutcome {
    let (outcome, offer, detail) = match of {
        InBatch::Published(offer) => ("published", Some(offer), None),
        InBatch::Unchanged(offer) => ("unchanged", Some(offer), None),
        InBatch::Refused(problem) => ("refused", None, Some(problem.detail().to_owned())),
    };
    PublishOutcome {
        outcome: outcome.to_owned(),
        id: offer.map(|offer| offer.id.to_string()),
        dataset_id: offer.map(|offer| offer.dataset_id.to_string()),
        detail,
    }
}

fn read_period(period: &Period) -> Result<(Timestamp, Timestamp), Problem> {
    between("temporal", &period.start, &period.end)
}

/// Two times with a slash between.
pub(super) fn parse_period(text: &str) -> Result<(Timestamp, Timestamp), Problem> {
    let (start, end) = text
        .split_once('/')
        .ok_or_else(|| bad("time: expected two RFC 3339 times with a slash between"))?;
    between("time", start, end)
}

fn between(name: &str, start: &str, end: &str) -> Result<(Timestamp, Timestamp), Problem> {
    let time = |text: &str| Timestamp::parse(text).map_err(|error| bad(format!("{name}: {error}")));
    let (start, end) = (time(start)?, time(end)?);
    if start > end {
        return Err(bad(format!("{name}: found the end {end} before the start {start}")));
    }
    Ok((start, end))
}

fn terms(name: &str, terms: &[String]) -> Result<Vec<String>, Problem> {
    if terms.len() > CATALOG_TERMS_MAX {
        let found = terms.len();
        return Err(bad(format!("{name}: found {found}, expected at most {CATALOG_TERMS_MAX}")));
    }
    terms.iter().map(|text| term(name, text)).collect()
}

fn term(name: &str, text: &str) -> Result<String, Problem> {
    if text.is_empty() || text.len() > CATALOG_TERM_BYTES_MAX {
        let found = text.len();
        let expected = format!("expected 1 to {CATALOG_TERM_BYTES_MAX}");
        return Err(bad(format!("{name}: found {found} bytes, {expected}")));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(found) => Err(bad(format!("{name}: found the control character {found:?}"))),
        None => Ok(text.to_owned()),
    }
}
