//! Tokens of the management API. A token is shown once, when it is made; the node keeps its
//! SHA-256. What is looked up is that hash, so that neither the answer nor its time tells a guesser
//! anything.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_store::{ApiToken, ChangeSet, CommitError, EventKind, NewEvent, Page, Put, Stored};
use causeway_types::limits::{
    API_TOKEN_NAME_BYTES_MAX, API_TOKEN_NETWORKS_MAX, API_TOKEN_SCOPES_MAX, API_TOKEN_SECONDS_MAX,
    API_TOKEN_USED_SECONDS, API_TOKENS_MAX,
};
use causeway_types::{Problem, ProblemCode, Sha256, Timestamp};
use sha2::Digest as _;

use super::{Caller, Role, Scopes, person};
use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::negotiate::busy;
use crate::{Network, Node, read_failed};

/// How tokens begin, so that one that is found somewhere is recognised.
const PREFIX: &str = "cwk_";
/// The bits of a token.
const SECRET_BYTES: usize = 32;
/// Tokens that are read at a time.
const PAGE: usize = 200;

/// A token on its way to whoever asked for it. No `Debug`, no `Display`.
pub struct MintedToken(String);

impl MintedToken {
    /// The text, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What a new token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Who stands behind it; whoever makes it, if missing.
    pub person: Option<String>,
    /// Its role.
    pub role: Option<Role>,
    /// Its scopes, as they were asked for.
    pub scopes: Vec<String>,
    /// The networks it may be used from; any, if there are none.
    pub networks: Vec<String>,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
}

impl NewToken {
    /// What it would allow.
    pub fn allows(&self) -> Result<Scopes, Problem> {
        allowed(self.role, &self.scopes)
    }
}

impl Node {
    /// Makes a token, which allows at most what its maker may do.
    pub async fn create_token(
        &self,
        by: &Caller,
        new: NewToken,
    ) -> Result<(MintedToken, ApiToken), Problem> {
        let now = self.now();
        let (scopes, owner) = check(by, &new, now)?;
        let page = Page { after: None, limit: API_TOKENS_MAX };
        let store = self.store();
        let held = causeway_store::list::<ApiToken>(store, Some(&owner), page).await;
        let held = held.map_err(read_failed)?;
        if held.iter().filter(|token| counts_at(&token.value, now)).count() >= API_TOKENS_MAX {
            let text = format!("{owner:?} holds {API_TOKENS_MAX} tokens, the most there may be");
            return Err(Problem::new(ProblemCode::Conflict, text).hint("revoke some first"));
        }
        let mut bytes = [0; SECRET_BYTES];
        self.0.entropy.fill(&mut bytes);
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let token = ApiToken {
            id: id_of(&secret),
            name: new.name.trim().to_owned(),
            person: owner,
            role: new.role.map(|role| role.to_string()),
            scopes: if new.role.is_some() && new.scopes.is_empty() {
                Vec::new()
            } else {
                allowed(None, &new.scopes)?.texts()
            },
            networks: new.networks,
            created_by: by.id.clone(),
            created_at: now,
            expires_at: new.expires_at,
            used_at: None,
            revoked_at: None,
        };
        let what = token.role.clone().unwrap_or_else(|| scopes.texts().join(" "));
        let text =
            format!("{} made the token {:?} of {}: {what}", by.name, token.name, token.person);
        let changes = ChangeSet {
            puts: vec![Put::of(&token, None)],
            events: vec![told(&token.id, text, now)],
            ..ChangeSet::default()
        };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok((MintedToken(secret), token))
    }

    /// Whoever shows this token from this address; `None` if it does not count, for whatever
    /// reason. The reason goes to the log.
    pub async fn token_caller(
        &self,
        secret: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<Caller>, Problem> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let found = causeway_store::read::<ApiToken>(self.store(), &id_of(secret)).await;
        let Some(Stored { value: token, .. }) = found.map_err(read_failed)? else {
            return Ok(None);
        };
        let now = self.now();
        let refused = if token.revoked_at.is_some() {
            Some("it was revoked")
        } else if token.expires_at <= now {
            Some("it has expired")
        } else if !is_at_home(&token, from) {
            Some("it may not be used from there")
        } else {
            None
        };
        if let Some(reason) = refused {
            let from = from.map(|from| from.to_string());
            tracing::info!(token = short(&token.id), from, "a token was not taken: {reason}");
            return Ok(None);
        }
        let since = token.used_at.map(|used| now.micros_since(used));
        if since.is_none_or(|since| since >= API_TOKEN_USED_SECONDS * 1_000_000) {
            let (node, id) = (self.clone(), token.id.clone());
            self.0.tasks.spawn(async move { node.token_used(&id, now).await });
        }
        Ok(Some(caller(&token)))
    }

    /// Takes a token back. It counts no more when this returns.
    pub async fn revoke_token(&self, by: &Caller, id: &str) -> Result<ApiToken, Problem> {
        for _ in 0..CONFLICTS_MAX {
            let found = causeway_store::read::<ApiToken>(self.store(), id).await;
            let Stored { value: mut token, version, .. } =
                found.map_err(read_failed)?.ok_or_else(|| no_token(id))?;
            if token.revoked_at.is_some() {
                return Ok(token);
            }
            let now = self.now();
            token.revoked_at = Some(now);
            let text =
                format!("{} revoked the token {:?} of {}", by.name, token.name, token.person);
            let changes = ChangeSet {
                puts: vec![Put::of(&token, Some(version))],
                events: vec![told(id, text, now)],
                ..ChangeSet::default()
            };
            match self.commit(changes).await {
                Ok(()) => return Ok(token),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// Takes all tokens of a person back, as when they leave.
    pub async fn revoke_person(&self, by: &Caller, name: &str) -> Result<Vec<ApiToken>, Problem> {
        let owner = person(name);
        let (mut revoked, mut after) = (Vec::new(), None);
        loop {
            let page = Page { after, limit: PAGE };
            let found = causeway_store::list::<ApiToken>(self.store(), Some(&owner), page).await;
            let found = found.map_err(read_failed)?;
            for token in found.iter().filter(|token| token.value.revoked_at.is_none()) {
                revoked.push(self.revoke_token(by, &token.value.id).await?);
            }
            match found.last() {
                Some(last) if found.len() == PAGE => after = Some(last.sequence),
                _ => return Ok(revoked),
            }
        }
    }

    /// Remembers that a token was used. That it was is worth less than the request, so a commit
    /// that fails is only told.
    async fn token_used(&self, id: &str, now: Timestamp) {
        let found = causeway_store::read::<ApiToken>(self.store(), id).await;
        let Ok(Some(Stored { value: mut token, version, .. })) = found else { return };
        if token.used_at.is_some_and(|used| used >= now) {
            return;
        }
        token.used_at = Some(now);
        let changes =
            ChangeSet { puts: vec![Put::of(&token, Some(version))], ..ChangeSet::default() };
        if let Err(error) = self.commit(changes).await {
            tracing::debug!("the use of a token was not recorded: {error}");
        }
    }
}

/// Whether a token counts at a time.
fn counts_at(token: &ApiToken, now: Timestamp) -> bool {
    token.revoked_at.is_none() && now < token.expires_at
}

/// Whether it may be used from there. From nowhere that is known, only if it may be from anywhere.
fn is_at_home(token: &ApiToken, from: Option<IpAddr>) -> bool {
    let networks = &token.networks;
    let from = from.map(|from| from.to_canonical());
    networks.is_empty()
        || from.is_some_and(|from| {
            networks.iter().filter_map(|text| Network::parse(text)).any(|n| n.contains(from))
        })
}

fn caller(token: &ApiToken) -> Caller {
    let role = token.role.as_deref().and_then(Role::parse);
    // What this program does not know allows nothing.
    let mut scopes = role.map(Role::scopes).unwrap_or_default();
    for scope in token.scopes.iter().filter_map(|text| Scopes::read(text).ok()) {
        scopes.extend(&scope);
    }
    Caller {
        id: token.id.clone(),
        person: token.person.clone(),
        name: format!("{} ({})", token.person, token.name),
        role,
        scopes,
        is_local: false,
    }
}

fn allowed(role: Option<Role>, texts: &[String]) -> Result<Scopes, Problem> {
    let mut scopes = role.map(Role::scopes).unwrap_or_default();
    if texts.len() > API_TOKEN_SCOPES_MAX {
        let found = texts.len();
        return Err(bad(format!("scopes: found {found}, expected at most {API_TOKEN_SCOPES_MAX}")));
    }
    for text in texts {
        scopes.extend(&Scopes::read(text).map_err(|error| bad(error.to_string()))?);
    }
    Ok(scopes)
}

fn check(by: &Caller, new: &NewToken, now: Timestamp) -> Result<(Scopes, String), Problem> {
    named("name", &new.name)?;
    let owner = person(new.person.as_deref().unwrap_or(&by.person));
    named("person", &owner)?;
    if new.role == Some(Role::Admin) {
        return Err(bad("role: admin is whoever may open the node's socket; no token has it"));
    }
    let scopes = new.allows()?;
    if scopes.is_empty() {
        return Err(bad("found neither a role nor a scope, expected at least one of them"));
    }
    if !by.scopes.covers(&scopes) {
        let beyond = scopes.iter().find(|scope| !by.scopes.allows(*scope));
        let beyond = beyond.map(|scope| scope.to_string()).unwrap_or_default();
        let text =
            format!("a token allows at most what its maker may do, and that is not {beyond}");
        return Err(Problem::new(ProblemCode::Forbidden, text));
    }
    if new.networks.len() > API_TOKEN_NETWORKS_MAX {
        let found = new.networks.len();
        let text = format!("networks: found {found}, expected at most {API_TOKEN_NETWORKS_MAX}");
        return Err(bad(text));
    }
    if let Some(wrong) = new.networks.iter().find(|text| Network::parse(text).is_none()) {
        return Err(bad(format!("networks: found {wrong:?}, expected one such as 10.0.0.0/8")));
    }
    let latest = now.plus_millis(API_TOKEN_SECONDS_MAX * 1000);
    if new.expires_at <= now || new.expires_at > latest {
        let found = new.expires_at;
        return Err(bad(format!(
            "expires_at: found {found}, expected a time from now to {latest}"
        )));
    }
    Ok((scopes, owner))
}

fn named(what: &str, text: &str) -> Result<(), Problem> {
    let text = text.trim();
    if text.is_empty() || text.len() > API_TOKEN_NAME_BYTES_MAX {
        let (found, most) = (text.len(), API_TOKEN_NAME_BYTES_MAX);
        return Err(bad(format!("{what}: found {found} bytes, expected 1 to {most}")));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(found) => Err(bad(format!("{what}: found the control character {found:?}"))),
        None => Ok(()),
    }
}

fn id_of(secret: &str) -> String {
    Sha256::from_bytes(sha2::Sha256::digest(secret.as_bytes()).into()).to_string()
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn told(id: &str, text: String, at: Timestamp) -> NewEvent {
    let kind = EventKind::AccessChanged;
    NewEvent { at, kind, process: None, subject: id.to_owned(), text }
}

fn bad(text: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::BadRequest, text)
}

fn no_token(id: &str) -> Problem {
    let shown: String = id.chars().take(80).collect();
    Problem::new(ProblemCode::NotFound, format!("there is no token {shown}"))
        .hint("list them with: causeway token list")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(networks: &[&str]) -> ApiToken {
        let at = Timestamp::EPOCH;
        ApiToken {
            id: String::new(),
            name: "n".to_owned(),
            person: "p".to_owned(),
            role: Some("someone-else".to_owned()),
            scopes: vec!["causeway:offers:write".to_owned(), "causeway:new:read".to_owned()],
            networks: networks.iter().map(|n| (*n).to_owned()).collect(),
            created_by: "socket".to_owned(),
            created_at: at,
            expires_at: at,
            used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_token_that_is_bound_to_networks_counts_nowhere_else() {
        let check = |networks: &[&str], from: Option<&str>, expected: bool| {
            let from = from.map(|from| from.parse().unwrap());
            assert_eq!(is_at_home(&token(networks), from), expected, "{networks:?} {from:?}");
        };
        check(&[], None, true);
        check(&["10.0.0.0/8"], None, false);
        check(&["10.0.0.0/8"], Some("10.1.2.3"), true);
        check(&["10.0.0.0/8"], Some("::ffff:10.1.2.3"), true);
        check(&["10.0.0.0/8"], Some("11.1.2.3"), false);
        check(&["10.0.0.0/8", "::1"], Some("::1"), true);
        check(&["not a network"], Some("10.1.2.3"), false);
    }

    #[test]
    fn a_role_or_scope_that_this_program_does_not_know_allows_nothing() {
        let found = caller(&token(&[]));
        assert_eq!(found.role, None);
        assert_eq!(found.scopes.texts(), ["causeway:offers:write"]);
    }
}
