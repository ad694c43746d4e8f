//! The index that offers are searched by: one row an offer, with the words of its texts and what
//! it is filed under. What words and facets are is said in `causeway_store::search`; here they
//! become tokens, and a selection becomes one expression over them.
//!
//! A token of `facets` is a letter for its kind and the value in hexadecimal digits, so that no
//! value can be mistaken for another or for a part of an expression.

use std::fmt::Write as _;

use causeway_store::search::{self, Facet, Subject, Word};
use causeway_store::{Audience, Page, PublishedOffer, ReadError, Selection, Stored};
use causeway_types::ParticipantId;
use rusqlite::{Connection, params};

use super::{read, statements};

statements! {
    AUDIENCE_INSERT = "\
-- audience_insert
insert into audience (members)
values (?1)
on conflict do nothing";
    AUDIENCE = "\
-- audience
select class
from audience
where members = ?1";
    AUDIENCE_MEMBER_INSERT = "\
-- audience_member_insert
insert into audience_member (party, class)
values (?1, ?2)
on conflict do nothing";
    CLASSES_OF_PARTY = "\
-- classes_of_party
select class
from audience_member
where party = ?1";
    OFFER_SEQUENCE = "\
-- offer_sequence
select sequence
from offer
where id = ?1";
    OFFER_INDEX_PUT = "\
-- offer_index_put
insert or replace into offer_index (rowid, words, facets)
values (?1, ?2, ?3)";
    OFFERS_FOUND = "\
-- offers_found
select offer.id, offer.sequence, offer.version, offer.body
from offer_index
cross join offer on offer.sequence = offer_index.rowid
where offer_index match ?1 and offer_index.rowid > ?2
and (?4 is null or (offer.starts_at <= ?5 and offer.ends_at >= ?4))
order by offer_index.rowid
limit ?3";
    OFFERS_FOUND_NEWEST_FIRST = "\
-- offers_found_newest_first
select offer.id, offer.sequence, offer.version, offer.body
from offer_index
cross join offer on offer.sequence = offer_index.rowid
where offer_index match ?1 and offer_index.rowid < ?2
and (?4 is null or (offer.starts_at <= ?5 and offer.ends_at >= ?4))
order by offer_index.rowid desc
limit ?3";
    OFFERS_TO_INDEX = "\
-- offers_to_index
select id, sequence, version, body
from offer
where sequence > ?1
order by sequence
limit ?2";
}

/// The class of the migration that everyone is in.
const EVERYONE: i64 = 1;
/// Offers that are read at a time while the index is filled.
const FILL_ROWS: i64 = 1_000;

/// What the index holds of something, except its state and class; made before the writer's turn.
pub(super) struct Entry {
    pub(super) words: String,
    pub(super) facets: String,
}

impl Entry {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let mut facets = String::new();
        for facet in Facet::ALL {
            for key in facet.keys(subject) {
                facets.push_str(&token(facet, &key));
                facets.push(' ');
            }
        }
        if let Some(period) = subject.temporal() {
            facets.push_str(TIMED);
            match search::years(period) {
                None => write(&mut facets, format_args!(" {LONG}")),
                Some(years) => {
                    years.iter().for_each(|y| write(&mut facets, format_args!(" {}", year(*y))));
                }
            }
        }
        Self { words: subject.pieces().join(" "), facets }
    }
}

/// The class of an audience; a new one if no offer had it before.
pub(super) fn class(connection: &Connection, audience: &Audience) -> rusqlite::Result<i64> {
    let Audience::Only(parties) = audience else {
        return Ok(EVERYONE);
    };
    let names: Vec<&str> = parties.iter().map(ParticipantId::as_str).collect();
    // An id has no line breaks.
    let members = names.join("\n");
    let is_new = connection.prepare_cached(AUDIENCE_INSERT)?.execute([&members])? > 0;
    let class = connection.prepare_cached(AUDIENCE)?.query_row([&members], |row| row.get(0))?;
    if is_new {
        let mut insert = connection.prepare_cached(AUDIENCE_MEMBER_INSERT)?;
        for name in names {
            insert.execute(params![name, class])?;
        }
    }
    Ok(class)
}

/// Brings the index up to date with an offer that was written just now.
pub(super) fn put(
    connection: &Connection,
    offer: &PublishedOffer,
    class: i64,
    entry: &Entry,
) -> rusqlite::Result<()> {
    let id = offer.id.as_str();
    let sequence: i64 =
        connection.prepare_cached(OFFER_SEQUENCE)?.query_row([id], |row| row.get(0))?;
    let state = if offer.withdrawn_at.is_some() { GONE } else { LIVE };
    let facets = format!("{state} {state}{class} {}", entry.facets);
    connection.prepare_cached(OFFER_INDEX_PUT)?.execute(params![sequence, entry.words, facets])?;
    Ok(())
}

/// Fills the index for the offers of an older schema, which were all for everyone. Runs inside
/// the transaction of the migration: if we die here, nothing of it happened.
pub(super) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut last = i64::MIN;
    loop {
        let page = read::raw_offers(connection, OFFERS_TO_INDEX, last, FILL_ROWS)?;
        for (sequence, offer) in &page {
            last = *sequence;
            // A record that cannot be read is reported when it is read; it is not found by words.
            if let Ok(offer) = offer {
                put(connection, offer, EVERYONE, &Entry::of(&offer.into()))?;
            }
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

/// A page of the offers that a selection takes.
pub(super) fn search(
    connection: &Connection,
    selection: &Selection,
    page: Page,
) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
    let mut classes = None;
    if let Some(party) = &selection.visible_to {
        let mut found = vec![EVERYONE];
        let mut statement =
            connection.prepare_cached(CLASSES_OF_PARTY).map_err(read::unavailable)?;
        let rows = statement.query_map([party.as_str()], |row| row.get::<_, i64>(0));
        for class in rows.map_err(read::unavailable)? {
            found.push(class.map_err(read::unavailable)?);
        }
        classes = Some(found);
    }
    let (sql, start) = match selection.newest_first {
        true => (OFFERS_FOUND_NEWEST_FIRST, page.after.unwrap_or(i64::MAX)),
        false => (OFFERS_FOUND, page.after.unwrap_or(i64::MIN)),
    };
    let (from, to) = selection.temporal.unzip();
    let values = params![
        expression(selection, classes.as_deref()),
        start,
        read::limit(page.limit),
        from.map(|at| at.unix_micros()),
        to.map(|at| at.unix_micros()),
    ];
    read::many(connection, sql, values)
}

/// Filed by every offer that is not withdrawn.
pub(super) const LIVE: &str = "live";
const GONE: &str = "gone";
/// Filed by every offer that says what time it is about.
const TIMED: &str = "timed";
/// Filed instead of the years where they are too many.
const LONG: &str = "long";

/// A selection as an expression of the index. It is never empty: every offer is live or gone.
pub(super) fn expression(selection: &Selection, classes: Option<&[i64]>) -> String {
    let states = if selection.withdrawn { &[LIVE, GONE][..] } else { &[LIVE] };
    let mut states_and_classes = Vec::new();
    for state in states {
        match classes {
            None => states_and_classes.push((*state).to_owned()),
            Some(classes) => {
                states_and_classes.extend(classes.iter().map(|class| format!("{state}{class}")));
            }
        }
    }
    let mut all = vec![format!("facets : ({})", states_and_classes.join(" OR "))];
    for (facet, key) in selection.facets() {
        all.push(format!("facets : {}", token(facet, &key)));
    }
    if let Some(period) = selection.temporal {
        let years = search::years(period).map_or_else(
            || TIMED.to_owned(),
            |years| {
                let years = years.into_iter().map(year);
                years.chain([LONG.to_owned()]).collect::<Vec<_>>().join(" OR ")
            },
        );
        all.push(format!("facets : ({years})"));
    }
    let phrase = |Word { pieces, is_beginning }| {
        let star = if is_beginning { " *" } else { "" };
        format!("words : \"{}\"{star}", pieces.join(" "))
    };
    all.extend(selection.words().into_iter().map(phrase));
    all.join(" AND ")
}

fn token(facet: Facet, key: &str) -> String {
    let token = String::from(match facet {
        Facet::Theme => "t",
        Facet::MediaType => "m",
        Facet::Jurisdiction => "j",
        Facet::Spatial => "s",
        Facet::Licence => "r",
    });
    digits(token, key)
}

/// What the copies of a peer's datasets are filed under.
pub(super) fn party(party: &ParticipantId) -> String {
    digits("p".to_owned(), party.as_str())
}

fn digits(mut token: String, key: &str) -> String {
    key.bytes().for_each(|byte| write(&mut token, format_args!("{byte:02x}")));
    token
}

/// Years before 1970 are negative, which is no token.
fn year(year: i64) -> String {
    let sign = if year < 0 { "b" } else { "a" };
    format!("y{sign}{}", year.unsigned_abs())
}

fn write(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(more);
}
