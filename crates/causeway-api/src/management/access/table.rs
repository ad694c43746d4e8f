//! What each route of the management API needs: the one table. A route that is not in it is denied
//! to everybody, and a test compares it with the OpenAPI document, which is made from it.

use axum::http::Method;
use causeway_node::access::Resource::{
    Agreements, Answers, Approvals, Catalogs, Content, Credentials, Events, Keys, Law,
    Negotiations, Node, Objects, Offers, Peers, Tokens, Transfers, Trust,
};
use causeway_node::access::Right::{Admin, Read, Write};
use causeway_node::access::{Resource, Right, Scope};

/// A route and what it needs.
pub(crate) struct Route {
    /// The method, in capitals.
    pub(crate) method: &'static str,
    /// The path below the API's root, as it is registered.
    pub(crate) path: &'static str,
    /// Any of these is enough; without any, whoever is known may call it.
    pub(crate) needs: &'static [(Resource, Right)],
    /// What makes it an act for two persons.
    pub(crate) risk: Option<Risk>,
}

/// An act that one person should not do alone.
pub(crate) struct Risk {
    /// The act in words, after "wants to".
    pub(crate) words: &'static str,
    /// Whether a request with this body is such an act.
    pub(crate) is_risky: fn(&[u8]) -> bool,
}

impl Route {
    /// What it needs, any of it.
    pub(crate) fn needs(&self) -> impl Iterator<Item = Scope> + '_ {
        self.needs.iter().map(|(resource, right)| Scope::new(*resource, *right))
    }

    const fn risky(mut self, words: &'static str, is_risky: fn(&[u8]) -> bool) -> Self {
        self.risk = Some(Risk { words, is_risky });
        self
    }
}

type Needs = &'static [(Resource, Right)];

const fn on(method: &'static str, path: &'static str, needs: Needs) -> Route {
    Route { method, path, needs, risk: None }
}

const fn get(path: &'static str, needs: Needs) -> Route {
    on("GET", path, needs)
}

const fn post(path: &'static str, needs: Needs) -> Route {
    on("POST", path, needs)
}

/// What begins or ends something, and what answers a question of the protocol.
const NEGOTIATE: Needs = &[(Negotiations, Write)];
const END_NEGOTIATION: Needs = &[(Negotiations, Write), (Answers, Write)];
const TRANSFER: Needs = &[(Transfers, Write)];
const END_TRANSFER: Needs = &[(Transfers, Write), (Answers, Write)];
const ANSWER: Needs = &[(Answers, Write)];

/// Whatever is asked for.
fn always(_: &[u8]) -> bool {
    true
}

/// Every route, by resource.
pub(crate) const ROUTES: &[Route] = &[
    get("/openapi.json", &[]),
    get("/access", &[]),
    get("/node", &[(Node, Read)]),
    get("/peers", &[(Peers, Read)]),
    // It asks the peer and changes nothing.
    post("/peers/{peer}/check", &[(Peers, Read)]),
    get("/peers/{peer}/identity", &[(Peers, Read)]),
    post("/peers/{peer}/identity/approve", &[(Trust, Admin)])
        .risky("take changed keys of a peer for its own", always),
    get("/changed-keys", &[(Peers, Read)]),
    get("/peers/{peer}/catalog", &[(Catalogs, Read)]),
    get("/peers/{peer}/datasets/{id}", &[(Catalogs, Read)]),
    get("/catalogs", &[(Catalogs, Read)]),
    get("/peers/{peer}/sync", &[(Catalogs, Read)]),
    post("/peers/{peer}/sync", &[(Catalogs, Write)]),
    get("/search", &[(Catalogs, Read)]),
    post("/objects", &[(Objects, Write)]),
    on("HEAD", "/objects/{blake3}", &[(Objects, Read)]),
    post("/objects/{blake3}/persons", &[(Objects, Write)]),
    get("/offers", &[(Offers, Read)]),
    post("/offers", &[(Offers, Write)]),
    post("/offers/batch", &[(Offers, Write)]),
    get("/offers/{id}", &[(Offers, Read)]),
    get("/offers/{id}/crossings", &[(Offers, Read)]),
    post("/offers/{id}/withdraw", &[(Offers, Write)]),
    get("/negotiations", &[(Negotiations, Read)]),
    post("/negotiations", NEGOTIATE),
    get("/negotiations/{id}", &[(Negotiations, Read)]),
    get("/negotiations/{id}/history", &[(Negotiations, Read)]),
    post("/negotiations/{id}/accept", ANSWER),
    post("/negotiations/{id}/propose", ANSWER),
    post("/negotiations/{id}/terminate", END_NEGOTIATION),
    get("/agreements", &[(Agreements, Read)]),
    get("/agreements/{id}", &[(Agreements, Read)]),
    post("/agreements/{id}/duties/{duty}/done", &[(Agreements, Write)]),
    get("/transfers", &[(Transfers, Read)]),
    post("/transfers", TRANSFER),
    get("/transfers/{id}", &[(Transfers, Read)]),
    get("/transfers/{id}/history", &[(Transfers, Read)]),
    get("/transfers/{id}/content", &[(Content, Read)]),
    post("/transfers/{id}/accept", ANSWER),
    post("/transfers/{id}/suspend", END_TRANSFER),
    post("/transfers/{id}/resume", TRANSFER),
    post("/transfers/{id}/complete", TRANSFER),
    post("/transfers/{id}/terminate", END_TRANSFER),
    get("/decisions", &[(Law, Read)]),
    get("/decisions/{id}", &[(Law, Read)]),
    get("/attestations", &[(Law, Read)]),
    post("/attestations", &[(Law, Write)]),
    post("/attestations/{id}/revoke", &[(Law, Write)]),
    post("/law/recheck", &[(Law, Write)]),
    get("/trust", &[(Trust, Read)]),
    post("/trust", &[(Trust, Admin)]).risky("go by the trust files that are installed", always),
    get("/issuer/definitions", &[(Credentials, Read)]),
    post("/issuer/definitions", &[(Credentials, Admin)])
        .risky("issue credentials to whoever asks", super::super::issuer::is_automatic),
    post("/issuer/definitions/{id}/withdraw", &[(Credentials, Admin)]),
    get("/issuer/requests", &[(Credentials, Read)]),
    get("/issuer/requests/{id}", &[(Credentials, Read)]),
    get("/issuer/requests/{id}/history", &[(Credentials, Read)]),
    post("/issuer/requests/{id}/approve", &[(Credentials, Write)]),
    post("/issuer/requests/{id}/reject", &[(Credentials, Write)]),
    get("/issuer/credentials", &[(Credentials, Read)]),
    post("/issuer/credentials", &[(Credentials, Write)]),
    get("/issuer/credentials/{id}", &[(Credentials, Read)]),
    post("/issuer/credentials/{id}/revoke", &[(Credentials, Write)]),
    post("/issuer/offers", &[(Credentials, Write)]),
    get("/credentials", &[(Credentials, Read)]),
    get("/credentials/{id}", &[(Credentials, Read)]),
    on("DELETE", "/credentials/{id}", &[(Credentials, Write)]),
    post("/credentials/{id}/renew", &[(Credentials, Write)]),
    get("/credential-requests", &[(Credentials, Read)]),
    post("/credential-requests", &[(Credentials, Write)]),
    get("/credential-requests/{id}", &[(Credentials, Read)]),
    get("/credential-requests/{id}/history", &[(Credentials, Read)]),
    get("/credential-offers", &[(Credentials, Read)]),
    get("/events", &[(Events, Read)]),
    get("/tokens", &[(Tokens, Read)]),
    post("/tokens", &[(Tokens, Admin)])
        .risky("make a token that can change who may do what", super::super::tokens::is_powerful),
    get("/tokens/{id}", &[(Tokens, Read)]),
    post("/tokens/{id}/revoke", &[(Tokens, Admin)]),
    post("/persons/{person}/revoke", &[(Tokens, Admin)]),
    get("/approvals", &[(Approvals, Read)]),
    get("/approvals/{id}", &[(Approvals, Read)]),
    post("/approvals/{id}/approve", &[(Approvals, Write)]),
    post("/approvals/{id}/reject", &[(Approvals, Write)]),
    get("/keys", &[(Keys, Read)]),
    get("/keys/{key}", &[(Keys, Read)]),
    post("/keys/rotate", &[(Keys, Admin)]).risky("replace a key of the node", always),
    post("/keys/{key}/retire", &[(Keys, Admin)]).risky("retire a key of the node", always),
    post("/keys/{key}/revoke", &[(Keys, Admin)]).risky("revoke a key of the node", always),
    post("/keys/{key}/destroy", &[(Keys, Admin)]).risky("forget a key of the node", always),
    get("/settings/loosened", &[(Node, Read)]),
    post("/settings/loosened/acknowledge", &[(Approvals, Write), (Node, Admin)])
        .risky("let the configuration be looser than it was", always),
];

/// The route of a request that matched this path below the API's root. What answers GET answers
/// HEAD too.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Route> {
    let of = |method: &str| ROUTES.iter().find(|r| r.path == path && r.method == method);
    of(method.as_str()).or_else(|| (method == Method::HEAD).then(|| of("GET")).flatten())
}

/// The methods of a path, should another one be asked for.
pub(crate) fn methods(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| route.path == path).map(|route| route.method).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::management::ROOT;

    /// What the document does not list, since it is the document.
    const UNLISTED: &[&str] = &["GET /openapi.json"];

    #[test]
    fn every_operation_has_its_row_and_every_row_its_operation() {
        let document = crate::openapi_json();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let mut listed = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let path = path.strip_prefix(ROOT).unwrap();
                listed.insert(format!("{} {path}", method.to_uppercase()));
                assert!(operation["security"].is_array(), "{method} {path}");
            }
        }
        let rows: BTreeSet<String> = ROUTES
            .iter()
            .map(|route| format!("{} {}", route.method, route.path))
            .filter(|row| !UNLISTED.contains(&row.as_str()))
            .collect();
        assert_eq!(rows.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(listed.difference(&rows).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(rows.len() + UNLISTED.len(), ROUTES.len(), "a row stands twice");
    }

    #[test]
    fn only_who_one_is_and_the_document_need_no_scope() {
        let open: Vec<&str> =
            ROUTES.iter().filter(|route| route.needs.is_empty()).map(|route| route.path).collect();
        assert_eq!(open, ["/openapi.json", "/access"]);
    }

    #[test]
    fn what_answers_get_answers_head_and_nothing_else_is_guessed() {
        let check = |method: Method, path: &str, expected: Option<&str>| {
            let found = find(&method, path).map(|route| route.method);
            assert_eq!(found, expected, "{method} {path}");
        };
        check(Method::HEAD, "/offers", Some("GET"));
        check(Method::HEAD, "/objects/{blake3}", Some("HEAD"));
        check(Method::HEAD, "/objects", None);
        check(Method::DELETE, "/offers", None);
        check(Method::GET, "/unheard", None);
    }
}
