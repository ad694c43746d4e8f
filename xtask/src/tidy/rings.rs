//! The ring rule: which crate of ours may depend on which, and what the inner ring never reaches.
//!
//! Edges come from `cargo metadata`, so the rule sees what is compiled and not what is meant. The
//! map of the rings with its reasons is in `docs/decisions`; this table is what is enforced.

use std::collections::BTreeSet;

use super::Finding;
use crate::metadata::{Kind, Metadata, Package};

const RING_REASON: &str = "an inner ring never depends on an outer one, or it cannot be reasoned \
                           about, tested and reused alone";
const PURE_REASON: &str = "ring 0 does no IO, so that its tests need no server and its decisions \
                           can be replayed";
const TABLE_REASON: &str = "a crate exists when it has a place in the rings";

/// One crate of the product.
struct Place {
    name: &'static str,
    ring: u8,
    /// The crates of ours that it may use outside its tests.
    may_use: &'static [&'static str],
}

const PLACES: [Place; 16] = [
    Place { name: "causeway-types", ring: 0, may_use: &[] },
    Place { name: "causeway-policy", ring: 0, may_use: &["causeway-types"] },
    Place { name: "causeway-json", ring: 0, may_use: &["causeway-types"] },
    Place { name: "causeway-seal", ring: 0, may_use: &[] },
    Place { name: "causeway-log", ring: 0, may_use: &["causeway-types"] },
    Place { name: "causeway-law", ring: 0, may_use: &["causeway-seal"] },
    Place {
        name: "causeway-dcp",
        ring: 0,
        may_use: &["causeway-json", "causeway-seal", "causeway-types"],
    },
    Place {
        name: "causeway-schema",
        ring: 0,
        may_use: &["causeway-dcp", "causeway-json", "causeway-types"],
    },
    Place {
        name: "causeway-dsp",
        ring: 0,
        may_use: &["causeway-json", "causeway-policy", "causeway-types"],
    },
    Place {
        name: "causeway-store",
        ring: 1,
        may_use: &["causeway-dsp", "causeway-policy", "causeway-types"],
    },
    Place {
        name: "causeway-store-sql",
        ring: 1,
        may_use: &["causeway-store", "causeway-dsp", "causeway-policy", "causeway-types"],
    },
    Place { name: "causeway-plane", ring: 1, may_use: &["causeway-types"] },
    Place { name: "causeway-keys", ring: 1, may_use: &["causeway-dcp", "causeway-types"] },
    Place {
        name: "causeway-node",
        ring: 2,
        may_use: &[
            "causeway-json",
            "causeway-types",
            "causeway-policy",
            "causeway-law",
            "causeway-dcp",
            "causeway-dsp",
            "causeway-keys",
            "causeway-store",
            "causeway-plane",
        ],
    },
    Place {
        name: "causeway-api",
        ring: 2,
        may_use: &[
            "causeway-keys",
            "causeway-json",
            "causeway-law",
            "causeway-node",
            "causeway-types",
            "causeway-policy",
            "causeway-dcp",
            "causeway-dsp",
            "causeway-store",
            "causeway-plane",
        ],
    },
    Place {
        name: "causeway",
        ring: 2,
        may_use: &[
            "causeway-api",
            "causeway-dcp",
            "causeway-keys",
            "causeway-law",
            "causeway-node",
            "causeway-seal",
            "causeway-store",
            "causeway-store-sql",
            "causeway-plane",
            "causeway-schema",
            "causeway-types",
            "causeway-policy",
            "causeway-dsp",
        ],
    },
];

/// What ring 0 never reaches, directly or through others, outside its tests.
const IMPURE: [&str; 8] =
    ["tokio", "axum", "hyper", "reqwest", "rusqlite", "tokio-postgres", "mio", "socket2"];

/// Judges every crate of ours, and that the table above names exactly these.
pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, package) in metadata.packages.iter().filter(|(_, package)| package.ours) {
        if package.name == "xtask" {
            findings.extend(edges(metadata, package, None));
            continue;
        }
        let Some(place) = PLACES.iter().find(|place| place.name == package.name) else {
            findings.push(finding(package, "the crate has no ring".to_owned(), TABLE_REASON));
            continue;
        };
        findings.extend(edges(metadata, package, Some(place)));
        if place.ring == 0 {
            findings.extend(impure(metadata, id));
        }
    }
    for place in &PLACES {
        if !metadata.packages.values().any(|package| package.ours && package.name == place.name) {
            let message = format!("{} has a ring and is no crate", place.name);
            findings.push(Finding::new("xtask/src/tidy/rings.rs", 1, message, TABLE_REASON));
        }
    }
    findings
}

fn finding(package: &Package, message: String, reason: &'static str) -> Finding {
    let path = match package.name.as_str() {
        "xtask" => "xtask/Cargo.toml".to_owned(),
        name => format!("crates/{name}/Cargo.toml"),
    };
    Finding::new(&path, 1, message, reason)
}

/// Direct edges between our crates; without a place none is allowed.
fn edges(metadata: &Metadata, package: &Package, place: Option<&Place>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (to, kinds) in &package.edges {
        let Some(to) = metadata.packages.get(to).filter(|to| to.ours) else { continue };
        for kind in kinds {
            let allowed = place.is_some_and(|place| match kind {
                Kind::Normal | Kind::Build => place.may_use.contains(&to.name.as_str()),
                Kind::Dev => may_test_with(place, &to.name),
            });
            if !allowed {
                let message = match kind {
                    Kind::Dev => format!("its tests depend on {}", to.name),
                    Kind::Normal | Kind::Build => format!("it depends on {}", to.name),
                };
                findings.push(finding(package, message, RING_REASON));
            }
        }
    }
    findings
}

/// Tests may reach sideways and inwards, those of the binary everything.
fn may_test_with(place: &Place, to: &str) -> bool {
    let ring = PLACES.iter().find(|other| other.name == to).map(|other| other.ring);
    place.name == "causeway" || ring.is_some_and(|ring| ring <= place.ring)
}

/// Walks normal edges from one crate of ring 0.
fn impure(metadata: &Metadata, start: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::from([start]);
    let mut waiting = vec![(start, String::new())];
    while let Some((id, way)) = waiting.pop() {
        let Some(package) = metadata.packages.get(id) else { continue };
        let way = if way.is_empty() { package.name.clone() } else { way + " > " + &package.name };
        if IMPURE.contains(&package.name.as_str()) {
            let message = format!("it reaches {}: {way}", package.name);
            findings.extend(metadata.packages.get(start).map(|p| finding(p, message, PURE_REASON)));
            continue;
        }
        for (to, kinds) in &package.edges {
            if kinds.contains(&Kind::Normal) && seen.insert(to) {
                waiting.push((to, way.clone()));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    /// A workspace with every crate of the table plus `edges`, written `from > to kind`.
    fn world(edges: &[(&str, &str, Kind)]) -> Metadata {
        let mut metadata = Metadata::default();
        let names = PLACES.iter().map(|place| place.name).chain(["xtask"]);
        for (name, ours) in names.map(|name| (name, true)).chain([("tokio", false), ("y", false)]) {
            let package = Package { name: name.to_owned(), ours, ..Package::default() };
            metadata.packages.insert(name.to_owned(), package);
        }
        for (from, to, kind) in edges {
            let package = metadata.packages.get_mut(*from).unwrap();
            package.edges.push(((*to).to_owned(), vec![*kind]));
        }
        metadata
    }

    fn check_edges(edges: &[(&str, &str, Kind)], expectation: &[&str]) {
        expect(&check(&world(edges)), expectation);
    }

    #[test]
    fn an_inner_crate_does_not_use_an_outer_one() {
        check_edges(&[("causeway-dsp", "causeway-policy", Kind::Normal)], &[]);
        check_edges(
            &[("causeway-policy", "causeway-dsp", Kind::Normal)],
            &["1: it depends on causeway-dsp"],
        );
        check_edges(
            &[("causeway-plane", "causeway-store", Kind::Build)],
            &["1: it depends on causeway-store"],
        );
        check_edges(&[("xtask", "causeway", Kind::Normal)], &["1: it depends on causeway"]);
    }

    #[test]
    fn tests_reach_sideways_and_inwards_only() {
        check_edges(&[("causeway-store", "causeway-store-sql", Kind::Dev)], &[]);
        check_edges(&[("causeway", "causeway-store-sql", Kind::Dev)], &[]);
        check_edges(
            &[("causeway-plane", "causeway-node", Kind::Dev)],
            &["1: its tests depend on causeway-node"],
        );
    }

    #[test]
    fn ring_0_reaches_no_runtime_even_through_others() {
        let reached = ["1: it reaches tokio: causeway-types > y > tokio"];
        let through = ("y", "tokio", Kind::Normal);
        check_edges(&[("causeway-types", "y", Kind::Normal), through], &reached);
        check_edges(&[("causeway-types", "y", Kind::Dev), through], &[]);
        check_edges(&[("causeway-plane", "y", Kind::Normal), through], &[]);
    }

    #[test]
    fn the_table_names_exactly_the_crates_that_exist() {
        let mut metadata = world(&[]);
        metadata.packages.remove("causeway-api");
        let package =
            Package { name: "causeway-extra".to_owned(), ours: true, ..Package::default() };
        metadata.packages.insert("causeway-extra".to_owned(), package);
        expect(
            &check(&metadata),
            &["1: the crate has no ring", "1: causeway-api has a ring and is no crate"],
        );
    }
}
