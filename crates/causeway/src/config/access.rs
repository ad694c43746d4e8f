//! `[access]` and `[oidc]`: who may use the management listeners, and how.

use causeway_api::AccessSettings;
use causeway_api::limiter::Rate;
use causeway_node::access::OidcSettings;
use causeway_node::access::oidc::RoleRule;

use super::Config;

impl Config {
    /// `access.*`.
    pub(crate) fn access(&self) -> AccessSettings {
        let count = |path| u32::try_from(self.count(path)).unwrap_or(u32::MAX);
        AccessSettings {
            four_eyes: self.flag("access.four_eyes"),
            rate: Rate {
                per_second: count("access.requests_per_second"),
                burst: count("access.requests_burst"),
            },
        }
    }

    /// `oidc.*`; nothing without an issuer.
    pub(crate) fn oidc(&self) -> Option<OidcSettings> {
        let text = |path| self.text(path).map(str::to_owned);
        Some(OidcSettings {
            issuer: text("oidc.issuer")?,
            audience: text("oidc.audience"),
            client_id: text("oidc.client_id"),
            roles: self.list("oidc.roles").iter().filter_map(|t| RoleRule::parse(t)).collect(),
            person_claim: text("oidc.person_claim").unwrap_or_else(|| "sub".to_owned()),
            accept_scopes: self.flag("oidc.accept_scopes"),
        })
    }

    /// A key that does not go with the others, and what was expected.
    pub(super) fn check_access(&self) -> Option<(&'static str, &'static str)> {
        let oidc = self.oidc()?;
        if oidc.audience.is_none() && oidc.client_id.is_none() {
            return Some(("oidc.issuer", "oidc.audience or oidc.client_id beside it"));
        }
        if oidc.roles.is_empty() && !oidc.accept_scopes {
            return Some(("oidc.issuer", "oidc.roles or oidc.accept_scopes beside it"));
        }
        // Whoever stands in the way could hand out keys of their own.
        let url = url::Url::parse(&oidc.issuer).ok()?;
        let is_local = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            _ => false,
        };
        (url.scheme() != "https" && !is_local)
            .then_some(("oidc.issuer", "an https URL, or one on this machine by its IP address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Layer;

    /// With these keys of `oidc`: nothing, or what is wrong.
    fn check(keys: &[(&str, &str)], expected: Option<&str>) {
        let mut flags = vec![("node.participant_id".to_owned(), "urn:example:a".to_owned())];
        flags.extend(keys.iter().map(|(key, text)| (format!("oidc.{key}"), (*text).to_owned())));
        let wrong = match Config::of_layers(None, vec![Layer::flags(flags.iter())]) {
            Ok(_) => None,
            Err(wrong) => Some(wrong.iter().map(ToString::to_string).collect::<String>()),
        };
        match (&wrong, expected) {
            (None, None) => {}
            (Some(found), Some(expected)) if found.contains(expected) => {}
            _ => panic!("{keys:?}: found {wrong:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_provider_is_taken_only_with_what_its_tokens_are_checked_by() {
        let issuer = ("issuer", "https://login.example.org/");
        let (client, roles) = (("client_id", "causeway"), ("roles", "legal=groups:legal"));
        check(&[], None);
        check(&[client, roles], None);
        check(&[issuer, client, roles], None);
        check(&[issuer, ("audience", "https://node.example"), ("accept_scopes", "true")], None);
        check(&[issuer, roles], Some("oidc.audience or oidc.client_id"));
        check(&[issuer, client], Some("oidc.roles or oidc.accept_scopes"));
        check(&[issuer, client, ("roles", "admin=groups:all")], Some("oidc.roles: found"));
        for (url, expected) in [
            ("http://login.example.org", Some("an https URL")),
            ("http://localhost:8080", Some("an https URL")),
            ("http://127.0.0.1:8080", None),
            ("http://[::1]:8080", None),
        ] {
            check(&[("issuer", url), client, roles], expected);
        }
    }
}
