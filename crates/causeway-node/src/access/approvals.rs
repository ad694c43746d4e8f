//! The yes of a second person. Whoever wants to do something risky asks; somebody else approves;
//! whoever asked repeats the request, and it is carried out once. Which acts are risky is the
//! API's business: this knows a request by its method, path and the digest of its body.
//!
//! The node keeps no body, so nothing secret waits in its store, and the answer goes to whoever
//! asked.

use causeway_store::{
    Approval, ChangeSet, CommitError, EventKind, NewEvent, Page, Put, Stored, Verdict, Version,
};
use causeway_types::limits::{
    APPROVAL_REASON_BYTES_MAX, APPROVAL_SECONDS_MAX, APPROVALS_WAITING_MAX,
};
use causeway_types::{Problem, ProblemCode, Sha256, Timestamp};

use super::{Caller, Scopes};
use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::negotiate::busy;
use crate::{Node, read_failed};

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The method of the request.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The SHA-256 of its body.
    pub body: Sha256,
    /// The act in words.
    pub words: String,
    /// Any of these scopes is needed for it.
    pub needs: Vec<String>,
}

impl Node {
    /// Writes down that somebody wants to do something, for a second person to say yes. Asking the
    /// same again while it waits changes nothing.
    pub async fn ask_approval(&self, by: &Caller, act: Act) -> Result<Approval, Problem> {
        let now = self.now();
        let page = Page { after: None, limit: APPROVALS_WAITING_MAX };
        let asked = causeway_store::list::<Approval>(self.store(), Some(&by.person), page).await;
        let asked: Vec<Approval> =
            asked.map_err(read_failed)?.into_iter().map(|stored| stored.value).collect();
        let waiting = || asked.iter().filter(|known| is_waiting(known, now));
        if let Some(known) = waiting().find(|known| is_same(known, &act)) {
            return Ok(known.clone());
        }
        if waiting().count() >= APPROVALS_WAITING_MAX {
            let text = format!("{APPROVALS_WAITING_MAX} acts of {} wait already", by.person);
            return Err(Problem::new(ProblemCode::Conflict, text));
        }
        let approval = Approval {
            id: self.mint().message().to_string(),
            method: act.method,
            path: act.path,
            body: act.body,
            words: act.words,
            needs: act.needs,
            asked_by: by.id.clone(),
            asked_person: by.person.clone(),
            asked_at: now,
            expires_at: now.plus_millis(APPROVAL_SECONDS_MAX * 1000),
            verdict: None,
            used_at: None,
            outcome: None,
        };
        let text = format!("{} wants to {}; a second person has to agree", by.name, approval.words);
        self.write(&approval, None, Some((EventKind::ApprovalAsked, text))).await?;
        Ok(approval)
    }

    /// Says yes or no to an act of somebody else.
    pub async fn decide_approval(
        &self,
        by: &Caller,
        id: &str,
        approved: bool,
        reason: Option<String>,
    ) -> Result<Approval, Problem> {
        if let Some(reason) = &reason
            && reason.len() > APPROVAL_REASON_BYTES_MAX
        {
            let (found, most) = (reason.len(), APPROVAL_REASON_BYTES_MAX);
            let text = format!("reason: found {found} bytes, expected at most {most}");
            return Err(Problem::new(ProblemCode::BadRequest, text));
        }
        for _ in 0..CONFLICTS_MAX {
            let now = self.now();
            let (mut approval, version) = self.approval(id).await?;
            check_decider(by, &approval, approved, now)?;
            approval.verdict = Some(Verdict {
                approved,
                by: by.id.clone(),
                person: by.person.clone(),
                at: now,
                reason: reason.clone(),
            });
            let said = if approved { "approved" } else { "rejected" };
            let text = format!(
                "{} {said} what {} asked for: {}",
                by.name, approval.asked_person, approval.words
            );
            match self.try_write(&approval, version, (EventKind::ApprovalGiven, text)).await {
                Ok(()) => return Ok(approval),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// Uses an approval up, before the act is carried out: of two requests at the same time one
    /// gets it. If the process dies right after, the approval is used and the act has to be asked
    /// for again.
    pub async fn use_approval(
        &self,
        by: &Caller,
        id: &str,
        act: &Act,
    ) -> Result<Approval, Problem> {
        let now = self.now();
        let (mut approval, version) = self.approval(id).await?;
        check_use(by, &approval, act, now)?;
        approval.used_at = Some(now);
        let text = format!("{} does what was approved: {}", by.name, approval.words);
        match self.try_write(&approval, version, (EventKind::ApprovalGiven, text)).await {
            Ok(()) => Ok(approval),
            Err(CommitError::Conflict { .. }) => Err(used(&approval)),
            Err(error) => Err(commit_failed(error)),
        }
    }

    /// Writes down how the act ended. One that was refused did nothing, so it may be tried again.
    pub async fn close_approval(&self, id: &str, status: u16) -> Result<(), Problem> {
        for _ in 0..CONFLICTS_MAX {
            let (mut approval, version) = self.approval(id).await?;
            approval.outcome = Some(status);
            if (400..500).contains(&status) {
                approval.used_at = None;
            }
            let text = format!("it ended with {status}: {}", approval.words);
            match self.try_write(&approval, version, (EventKind::ApprovalGiven, text)).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    async fn approval(&self, id: &str) -> Result<(Approval, Version), Problem> {
        let found =
            causeway_store::read::<Approval>(self.store(), id).await.map_err(read_failed)?;
        let Stored { value, version, .. } = found.ok_or_else(|| {
            let shown: String = id.chars().take(80).collect();
            Problem::new(ProblemCode::NotFound, format!("there is no approval {shown}"))
                .hint("list them with: causeway approval list")
        })?;
        Ok((value, version))
    }

    async fn write(
        &self,
        approval: &Approval,
        expected: Option<Version>,
        told: Option<(EventKind, String)>,
    ) -> Result<(), Problem> {
        let changes = changes(approval, expected, told, self.now());
        self.commit(changes).await.map_err(commit_failed)
    }

    async fn try_write(
        &self,
        approval: &Approval,
        version: Version,
        told: (EventKind, String),
    ) -> Result<(), CommitError> {
        self.commit(changes(approval, Some(version), Some(told), self.now())).await
    }
}

fn changes(
    approval: &Approval,
    expected: Option<Version>,
    told: Option<(EventKind, String)>,
    at: Timestamp,
) -> ChangeSet {
    let subject = approval.id.clone();
    let event = told.map(|(kind, text)| NewEvent { at, kind, process: None, subject, text });
    ChangeSet {
        puts: vec![Put::of(approval, expected)],
        events: event.into_iter().collect(),
        ..ChangeSet::default()
    }
}

fn is_waiting(approval: &Approval, now: Timestamp) -> bool {
    approval.used_at.is_none()
        && approval.verdict.as_ref().is_none_or(|verdict| verdict.approved)
        && now < approval.expires_at
}

fn is_same(approval: &Approval, act: &Act) -> bool {
    approval.method == act.method && approval.path == act.path && approval.body == act.body
}

fn check_decider(
    by: &Caller,
    approval: &Approval,
    approved: bool,
    now: Timestamp,
) -> Result<(), Problem> {
    check_open(approval, now)?;
    if let Some(verdict) = &approval.verdict {
        let said = if verdict.approved { "approved" } else { "rejected" };
        let text = format!("{} {said} it already", verdict.person);
        return Err(Problem::new(ProblemCode::IllegalState, text));
    }
    // Whoever asked may take it back, but not agree with themselves.
    if by.person == approval.asked_person {
        if !approved {
            return Ok(());
        }
        let text = format!("{} asked for it and cannot approve it too", by.person);
        return Err(Problem::new(ProblemCode::Forbidden, text).hint(
            "somebody else has to approve it; another token of the same person is no other",
        ));
    }
    let may = |text: &String| {
        Scopes::read(text).is_ok_and(|needed| !needed.is_empty() && by.scopes.covers(&needed))
    };
    if !approval.needs.iter().any(may) {
        let text = format!("to approve it one needs {}", approval.needs.join(" or "));
        return Err(Problem::new(ProblemCode::Forbidden, text));
    }
    Ok(())
}

fn check_use(by: &Caller, approval: &Approval, act: &Act, now: Timestamp) -> Result<(), Problem> {
    if by.person != approval.asked_person {
        let text = format!("{} asked for it; nobody else carries it out", approval.asked_person);
        return Err(Problem::new(ProblemCode::Forbidden, text));
    }
    if !is_same(approval, act) {
        let text = format!("the request is not the one that was approved: {}", approval.words);
        return Err(Problem::new(ProblemCode::Conflict, text)
            .hint("repeat the request as it was, or ask for this one without an approval"));
    }
    check_open(approval, now)?;
    match &approval.verdict {
        Some(verdict) if verdict.approved && verdict.person != by.person => Ok(()),
        Some(verdict) => {
            let text = format!("{} rejected it", verdict.person);
            Err(Problem::new(ProblemCode::Forbidden, text))
        }
        None => Err(Problem::new(ProblemCode::IllegalState, "nobody has approved it yet").hint(
            format!("another person does it with: causeway approval approve {}", approval.id),
        )),
    }
}

fn check_open(approval: &Approval, now: Timestamp) -> Result<(), Problem> {
    if approval.used_at.is_some() {
        return Err(used(approval));
    }
    if now >= approval.expires_at {
        let text = format!("it was to be approved and done before {}", approval.expires_at);
        return Err(Problem::new(ProblemCode::IllegalState, text).hint("ask again"));
    }
    Ok(())
}

fn used(approval: &Approval) -> Problem {
    let text = format!("it was done already: {}", approval.words);
    Problem::new(ProblemCode::IllegalState, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(second * 1000)
    }

    fn caller(person: &str, role: Role) -> Caller {
        Caller {
            id: format!("{person}'s"),
            person: person.to_owned(),
            name: person.to_owned(),
            role: Some(role),
            scopes: role.scopes(),
            is_local: false,
        }
    }

    fn act(body: u8) -> Act {
        Act {
            method: "POST".to_owned(),
            path: "/api/v1/tokens".to_owned(),
            body: Sha256::from_bytes([body; 32]),
            words: "make a token".to_owned(),
            needs: vec!["causeway:tokens:admin".to_owned()],
        }
    }

    fn asked() -> Approval {
        let Act { method, path, body, words, needs } = act(1);
        Approval {
            id: "a".to_owned(),
            method,
            path,
            body,
            words,
            needs,
            asked_by: "ada's".to_owned(),
            asked_person: "ada".to_owned(),
            asked_at: at(0),
            expires_at: at(100),
            verdict: None,
            used_at: None,
            outcome: None,
        }
    }

    fn said(approved: bool, person: &str) -> Approval {
        let (by, reason) = (String::new(), None);
        let verdict = Verdict { approved, by, person: person.to_owned(), at: at(1), reason };
        Approval { verdict: Some(verdict), ..asked() }
    }

    #[test]
    fn only_somebody_else_who_may_do_it_themselves_approves() {
        let check = |person: &str, role: Role, approval: Approval, now: u64, expected: bool| {
            let found = check_decider(&caller(person, role), &approval, true, at(now));
            assert_eq!(found.is_ok(), expected, "{person} {role} {now}: {found:?}");
        };
        check("bob", Role::Operator, asked(), 1, true);
        check("ada", Role::Operator, asked(), 1, false);
        check("bob", Role::Legal, asked(), 1, false);
        check("bob", Role::Auditor, asked(), 1, false);
        check("bob", Role::Operator, asked(), 100, false);
        check("bob", Role::Operator, said(true, "eve"), 1, false);
        check("bob", Role::Operator, said(false, "eve"), 1, false);
        check("bob", Role::Operator, Approval { used_at: Some(at(1)), ..asked() }, 2, false);
        check("bob", Role::Operator, Approval { needs: Vec::new(), ..asked() }, 1, false);
        let unheard = vec!["causeway:unheard:of".to_owned()];
        check("bob", Role::Operator, Approval { needs: unheard, ..asked() }, 1, false);
    }

    #[test]
    fn whoever_asked_may_take_it_back() {
        let ada = caller("ada", Role::Operator);
        assert!(check_decider(&ada, &asked(), false, at(1)).is_ok());
    }

    #[test]
    fn only_what_was_approved_is_done_once_in_time_by_whoever_asked() {
        let check = |person: &str, approval: Approval, body: u8, now: u64, expected: &str| {
            let by = caller(person, Role::Operator);
            let found = check_use(&by, &approval, &act(body), at(now));
            let found = found.err().map(|problem| problem.to_string()).unwrap_or_default();
            assert!(found.contains(expected), "{found:?}, expected {expected:?}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
        };
        check("ada", said(true, "bob"), 1, 99, "");
        check("ada", said(true, "bob"), 1, 100, "before");
        check("ada", said(true, "bob"), 2, 1, "not the one that was approved");
        check("bob", said(true, "bob"), 1, 1, "nobody else");
        check("ada", asked(), 1, 1, "nobody has approved");
        check("ada", said(false, "bob"), 1, 1, "rejected");
        check("ada", said(true, "ada"), 1, 1, "rejected");
        let used = Approval { used_at: Some(at(1)), ..said(true, "bob") };
        check("ada", used, 1, 2, "done already");
    }
}
