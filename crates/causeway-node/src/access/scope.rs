//! What a caller of the management API may do: scopes, each a right on a resource, and the roles
//! that bundle them. What a route needs is the API's business.

use std::collections::BTreeMap;
use std::fmt;

/// How scopes begin.
const PREFIX: &str = "causeway:";
/// How scopes begin that are written for other connectors.
const ALIAS: &str = "management-api:";

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable text form.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads the text form back.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// What the management API is about.
    Resource {
        /// The node itself.
        Node => "node",
        /// The parties it knows.
        Peers => "peers",
        /// What they offer, and the copies of it.
        Catalogs => "catalogs",
        /// Uploaded files.
        Objects => "objects",
        /// What this node offers.
        Offers => "offers",
        /// Negotiations: looking at them, beginning and ending them.
        Negotiations => "negotiations",
        /// Concluded agreements and their duties.
        Agreements => "agreements",
        /// Transfers: looking at them, beginning and ending them.
        Transfers => "transfers",
        /// Answers to what waits for a person.
        Answers => "answers",
        /// The bytes that were received.
        Content => "content",
        /// What the law says, and what people recorded for it.
        Law => "law",
        /// Everything that happens.
        Events => "events",
        /// The node's keys.
        Keys => "keys",
        /// Whom the node trusts to say what of others.
        Trust => "trust",
        /// Credentials: held, asked for, issued.
        Credentials => "credentials",
        /// Tokens of the management API.
        Tokens => "tokens",
        /// The yes of a second person.
        Approvals => "approvals",
    }
}

names! {
    /// What may be done with a resource. Each right holds those before it.
    Right {
        /// Look.
        Read => "read",
        /// Change what is there.
        Write => "write",
        /// Decide who and what is allowed.
        Admin => "admin",
    }
}

names! {
    /// Scopes that belong together.
    Role {
        /// Whoever may open the node's socket. No token has this role.
        Admin => "admin",
        /// Everything about the node, also its keys, tokens and whom it trusts.
        Operator => "operator",
        /// Publishes and withdraws offers.
        Steward => "steward",
        /// Keeps the records that the law asks for, and answers what waits for a person.
        Legal => "legal",
        /// Begins and ends negotiations and transfers, and fetches what was received.
        Developer => "developer",
        /// Looks at everything, but at no data.
        Auditor => "auditor",
    }
}

/// A right on a resource: `causeway:offers:write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// On what.
    pub resource: Resource,
    /// What may be done.
    pub right: Right,
}

impl Scope {
    /// A right on a resource.
    pub const fn new(resource: Resource, right: Right) -> Self {
        Self { resource, right }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}:{}", self.resource, self.right)
    }
}

/// A text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "scope: found {found:?}, expected causeway:<resource>:<read|write|admin> with one of the \
     resources {known}"
)]
pub struct ScopeError {
    found: String,
    known: String,
}

/// The highest right on each resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeMap<Resource, Right>);

impl Scopes {
    /// Reads one scope, or one that is written for other connectors and stands for several.
    pub fn read(text: &str) -> Result<Self, ScopeError> {
        let found = match text.strip_prefix(PREFIX) {
            Some(rest) => rest.split_once(':').and_then(|(resource, right)| {
                let right = Right::parse(right)?;
                Some(Self::of(&[(Resource::parse(resource)?, right)]))
            }),
            None => text.strip_prefix(ALIAS).and_then(alias),
        };
        found.ok_or_else(|| ScopeError {
            found: text.chars().take(80).collect(),
            known: Resource::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// These rights.
    pub fn of(rights: &[(Resource, Right)]) -> Self {
        let mut scopes = Self::default();
        for (resource, right) in rights {
            scopes.insert(Scope::new(*resource, *right));
        }
        scopes
    }

    /// Adds a right.
    pub fn insert(&mut self, scope: Scope) {
        let right = self.0.entry(scope.resource).or_insert(scope.right);
        *right = scope.right.max(*right);
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: &Self) {
        other.iter().for_each(|scope| self.insert(scope));
    }

    /// Only what both sets allow.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let both = |(resource, right): (&Resource, &Right)| {
            Some((*resource, *other.0.get(resource)?.min(right)))
        };
        Self(self.0.iter().filter_map(both).collect())
    }

    /// Whether this may be done.
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.get(&scope.resource).is_some_and(|right| *right >= scope.right)
    }

    /// Whether all of another set may be done.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.allows(scope))
    }

    /// Whether whoever has it could give themselves more.
    pub fn is_powerful(&self) -> bool {
        let guarded = [Resource::Keys, Resource::Trust, Resource::Tokens, Resource::Approvals];
        self.iter().any(|scope| {
            scope.right == Right::Admin
                || (scope.right == Right::Write && guarded.contains(&scope.resource))
        })
    }

    /// Whether nothing may be done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes, by resource.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().map(|(resource, right)| Scope::new(*resource, *right))
    }

    /// As texts.
    pub fn texts(&self) -> Vec<String> {
        self.iter().map(|scope| scope.to_string()).collect()
    }
}

/// `read`, `write` or `admin` of everything, or of something by its name in other connectors.
/// Writing everything is exchanging data: keys, trust, tokens and approvals need `admin`.
fn alias(rest: &str) -> Option<Scopes> {
    use Resource::{Approvals, Content, Keys, Tokens, Trust};
    if let Some(right) = Right::parse(rest) {
        let of = |resource: &Resource| match (right, resource) {
            (Right::Read, Content) => None,
            (Right::Write, Keys | Trust | Tokens | Approvals) => Some((*resource, Right::Read)),
            _ => Some((*resource, right)),
        };
        return Some(Scopes::of(&Resource::ALL.iter().filter_map(of).collect::<Vec<_>>()));
    }
    let (name, right) = rest.split_once(':')?;
    let right = Right::parse(right)?;
    let resource = match name {
        "assets" | "policydefinitions" | "contractdefinitions" => Resource::Offers,
        "catalog" => Resource::Catalogs,
        "contractnegotiations" => Resource::Negotiations,
        "contractagreements" => Resource::Agreements,
        "transferprocesses" => Resource::Transfers,
        "edrs" => Resource::Content,
        own => Resource::parse(own)?,
    };
    Some(Scopes::of(&[(resource, right)]))
}

impl Role {
    /// What the role may do.
    pub fn scopes(self) -> Scopes {
        use Resource::{
            Agreements, Answers, Approvals, Content, Law, Negotiations, Objects, Offers, Tokens,
            Transfers,
        };
        let all = |right: Right| {
            Scopes::of(&Resource::ALL.iter().map(|of| (*of, right)).collect::<Vec<_>>())
        };
        let without = |hidden: &[Resource]| {
            let mut scopes = all(Right::Read);
            scopes.0.retain(|resource, _| !hidden.contains(resource));
            scopes
        };
        let and = |more: &[(Resource, Right)]| {
            let mut scopes = without(&[Content, Tokens, Approvals]);
            scopes.extend(&Scopes::of(more));
            scopes
        };
        match self {
            Self::Admin | Self::Operator => all(Right::Admin),
            Self::Steward => and(&[(Offers, Right::Write), (Objects, Right::Write)]),
            Self::Legal => {
                and(&[(Law, Right::Write), (Agreements, Right::Write), (Answers, Right::Write)])
            }
            Self::Developer => and(&[
                (Negotiations, Right::Write),
                (Transfers, Right::Write),
                (Content, Right::Read),
            ]),
            Self::Auditor => without(&[Content]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[&str]>) {
        let found = Scopes::read(text).ok().map(|scopes| scopes.texts());
        let expected = expected.map(|all| all.iter().map(|s| (*s).to_owned()).collect());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_scope_is_read_only_if_all_of_it_is_known() {
        check("causeway:offers:write", Some(&["causeway:offers:write"]));
        check("management-api:assets:read", Some(&["causeway:offers:read"]));
        check("management-api:offers:admin", Some(&["causeway:offers:admin"]));
        for text in [
            "",
            "causeway",
            "causeway:offers",
            "causeway:offers:delete",
            "causeway:everything:read",
            "causeway:offers:write:more",
            "Causeway:offers:write",
            "causeway:*:admin",
            "management-api:",
            "management-api:delete",
            "management-api:unheard:read",
            "offers:write",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_scopes_of_other_connectors_hold_no_power_over_access() {
        let write = Scopes::read("management-api:write").unwrap();
        assert!(!write.is_powerful());
        assert!(write.allows(Scope::new(Resource::Offers, Right::Write)));
        assert!(!write.allows(Scope::new(Resource::Tokens, Right::Write)));
        let read = Scopes::read("management-api:read").unwrap();
        assert!(!read.allows(Scope::new(Resource::Content, Right::Read)));
        let admin = Scopes::read("management-api:admin").unwrap();
        assert_eq!(admin, Role::Operator.scopes());
    }

    #[test]
    fn a_right_holds_those_below_it_and_no_other_resource() {
        let scopes = Scopes::of(&[(Resource::Offers, Right::Write)]);
        for (resource, right, expected) in [
            (Resource::Offers, Right::Read, true),
            (Resource::Offers, Right::Write, true),
            (Resource::Offers, Right::Admin, false),
            (Resource::Negotiations, Right::Read, false),
        ] {
            assert_eq!(scopes.allows(Scope::new(resource, right)), expected, "{resource} {right}");
        }
    }

    #[test]
    fn two_sets_together_allow_only_what_both_allow() {
        let role = Role::Developer.scopes();
        let told = Scopes::of(&[
            (Resource::Transfers, Right::Admin),
            (Resource::Keys, Right::Admin),
            (Resource::Content, Right::Read),
        ]);
        let expected = [
            "causeway:transfers:write".to_owned(),
            "causeway:content:read".to_owned(),
            "causeway:keys:read".to_owned(),
        ];
        assert_eq!(role.within(&told).texts(), expected);
        assert_eq!(told.within(&role), role.within(&told));
        assert!(role.covers(&role.within(&told)));
    }

    #[test]
    fn only_operators_could_give_themselves_more() {
        for role in Role::ALL {
            let expected = matches!(role, Role::Admin | Role::Operator);
            assert_eq!(role.scopes().is_powerful(), expected, "{role}");
        }
    }

    #[test]
    fn whoever_only_looks_sees_no_data() {
        for role in [Role::Auditor, Role::Steward, Role::Legal] {
            let content = Scope::new(Resource::Content, Right::Read);
            assert!(!role.scopes().allows(content), "{role}");
        }
        assert!(Role::Auditor.scopes().iter().all(|scope| scope.right == Right::Read));
    }
}
