//! `cargo xtask conformance dcp`: the official DCP TCK against the shipped binary, in three roles.
//!
//! The node under test is the release binary with a configuration; everything else it knows was
//! told to it by its commands, as an operator would. What must pass in each role is in
//! `conformance/dcp/expected.toml`. Before that the TCK shows that it works on this machine, and
//! after it that it can fail.

mod control;
mod node;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::node::{Place, Setup};
use super::expected::Expected;
use super::tck::{self, Suite, Tck, TestResult};
use super::{build, free_ports, kit, times};
use crate::metadata::Metadata;
use crate::report::Tally;
use crate::tree;

/// The folder of everything that belongs to the DCP TCK.
const FOLDER: &str = "conformance/dcp";
const LAUNCHER: &str = "org.eclipse.dataspacetck.dcp.system.DcpSystemLauncher";
/// Tests of each package, in which the TCK plays both sides.
const KIT_TESTS: [&str; 6] = [
    "cs_05_04_01_02_scopeByTypeRequest",
    "cs_06_05_01_credentialMessage_jtiAlreadyUsed",
    "cs_06_06_01_credentialOfferMessage_onlyIds",
    "is_6_4_1_credentialRequest",
    "verifier_05_01_presentationResponse_success",
    "verifier_05_04_03_07_presentationResponse_expiredCredential",
];

/// What the node is while it is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Holder,
    Issuer,
    Verifier,
}

impl Role {
    const ALL: [Self; 3] = [Self::Holder, Self::Issuer, Self::Verifier];

    fn name(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Issuer => "issuer",
            Self::Verifier => "verifier",
        }
    }

    fn suite(self) -> Suite {
        let packages: &[&str] = match self {
            Self::Holder => &[
                "org.eclipse.dataspacetck.dcp.verification.presentation.cs",
                "org.eclipse.dataspacetck.dcp.verification.issuance.cs",
            ],
            Self::Issuer => &["org.eclipse.dataspacetck.dcp.verification.issuance.issuer"],
            Self::Verifier => &["org.eclipse.dataspacetck.dcp.verification.presentation.verifier"],
        };
        Suite { packages, ..ALL_TESTS }
    }
}

const ALL_TESTS: Suite = Suite {
    launcher: LAUNCHER,
    packages: &["org.eclipse.dataspacetck.dcp.verification"],
    ids: "method",
};

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    roles: Vec<Role>,
    only: Vec<String>,
    times: u32,
    /// All tests with the TCK on both sides, and none against a node.
    is_local: bool,
    /// Whether tests must fail where they have to.
    is_controlled: bool,
    /// Another release of the TCK than the one that is pinned.
    release: Option<String>,
    /// A binary that is there already; without it, the release binary is built.
    binary: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            roles: Vec::new(),
            only: Vec::new(),
            times: 1,
            is_local: false,
            is_controlled: false,
            release: None,
            binary: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match *word {
                "--role" => {
                    let name = value()?;
                    let role = Role::ALL.into_iter().find(|role| role.name() == *name);
                    options.roles.push(role.with_context(|| {
                        format!("--role: found {name}, expected holder, issuer or verifier")
                    })?);
                }
                "--only" => options.only.push((*value()?).to_owned()),
                "--times" => options.times = times(value()?)?,
                "--binary" => options.binary = Some(PathBuf::from(value()?)),
                "--tck" => options.release = Some((*value()?).to_owned()),
                "--local" => options.is_local = true,
                "--control" => options.is_controlled = true,
                word => bail!("`{word}` is no option of conformance\nhint: cargo xtask help"),
            }
        }
        if options.is_local && options.is_controlled {
            bail!("--control needs a node, and --local runs none");
        }
        if options.roles.is_empty() {
            options.roles = Role::ALL.to_vec();
        }
        Ok(options)
    }
}

/// Runs the command; `false` when something is not as expected.
pub(crate) fn command(words: &[&str]) -> Result<bool> {
    let tally = run(&Options::parse(words)?)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// The part of `cargo xtask test`: every test in every role, and the control.
pub(crate) fn part() -> Result<Tally> {
    run(&Options { is_controlled: true, ..Options::parse(&[])? })
}

/// What every round needs.
struct Round<'a> {
    tck: &'a Tck,
    binary: &'a Path,
    home: &'a Path,
    /// Whether the TCK is a release candidate, which speaks a draft of the protocol.
    is_draft: bool,
}

fn run(options: &Options) -> Result<Tally> {
    let folder = tree::root().join(FOLDER);
    let target = Metadata::read(tree::root())?.target_directory;
    let release = match &options.release {
        Some(release) => release.clone(),
        None => pinned(&folder)?,
    };
    let home = target.join(format!("conformance-dcp-{release}"));
    let tck = Tck::prepare(&folder, &home, Some(&release)).context(kit::BROKEN)?;
    let [port] = free_ports()?;
    if options.is_local {
        let results = tck.run("local", &ALL_TESTS, &node::both_sides(port), &options.only)?;
        return Ok(tck::count(&results));
    }
    kit::prove(&tck, &ALL_TESTS, &node::both_sides(port), &KIT_TESTS).context(kit::BROKEN)?;
    let binary = match &options.binary {
        Some(binary) => std::path::absolute(binary).context("there is no folder to be in")?,
        None => build(&target)?,
    };
    let is_draft = release.contains("-RC");
    let round = Round { tck: &tck, binary: &binary, home: &home, is_draft };
    let mut tally = Tally::default();
    let mut closing = Vec::new();
    for number in 1..=options.times {
        for role in &options.roles {
            let name = role.name();
            println!("--- the node as {name}, round {number} of {}", options.times);
            let expected = Expected::read(&folder.join("expected.toml"), Some(name))?;
            let results = round.run(name, *role, Setup::Complete, &options.only)?;
            if results.is_empty() && !options.only.is_empty() {
                println!("{name}: no test begins so");
                continue;
            }
            let (found, complaints) = expected.judge(&results, &options.only);
            complaints.iter().for_each(|complaint| println!("{complaint}"));
            closing.push(format!("{name}: {found}"));
            tally.add(found);
        }
    }
    if closing.is_empty() {
        bail!("no test begins with {}", options.only.join(" or "));
    }
    if options.is_controlled {
        tally.add(control::run(&round, &options.roles)?);
    }
    closing.iter().for_each(|line| println!("{line}"));
    Ok(tally)
}

impl Round<'_> {
    /// Runs tests of a role against a node that was set up for it.
    fn run(
        &self,
        name: &str,
        role: Role,
        setup: Setup,
        only: &[String],
    ) -> Result<Vec<TestResult>> {
        let [own_port, tck_port] = free_ports()?;
        let place = Place {
            folder: self.home.join(format!("{name}-node")),
            binary: self.binary.to_owned(),
            own_port,
            tck_port,
            is_draft: self.is_draft,
        };
        let node = place.start(role, setup).with_context(|| format!("set up the {name}"))?;
        let results = self.tck.run(name, &role.suite(), &place.properties(role), only);
        drop(node);
        results
    }
}

/// The release that `pom.xml` names.
fn pinned(folder: &Path) -> Result<String> {
    let path = folder.join("pom.xml");
    let text = std::fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let (_, rest) = text.split_once("<tck.version>").context("pom.xml names no tck.version")?;
    let (version, _) = rest.split_once('<').context("pom.xml ends in its tck.version")?;
    Ok(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_after_the_command_say_what_runs() {
        let options = Options::parse(&[]).unwrap();
        assert_eq!((options.roles, options.times), (Role::ALL.to_vec(), 1));
        let options =
            Options::parse(&["--role", "issuer", "--only", "is_6_4", "--tck", "1.0.2"]).unwrap();
        assert_eq!(options.roles, [Role::Issuer]);
        assert_eq!((options.only, options.release), (vec!["is_6_4".into()], Some("1.0.2".into())));
        for (words, expected) in [
            (&["--rule"][..], "`--rule` is no option"),
            (&["--role", "wallet"], "found wallet, expected holder, issuer or verifier"),
            (&["--local", "--control"], "--control needs a node, and --local runs none"),
            (&["--times", "99"], "found 99, expected 1 to 20"),
        ] {
            let error = Options::parse(words).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn every_role_has_its_own_tests_and_its_own_expectation() {
        let folder = tree::root().join(FOLDER);
        for role in Role::ALL {
            Expected::read(&folder.join("expected.toml"), Some(role.name())).unwrap();
            for package in role.suite().packages {
                assert!(package.starts_with(ALL_TESTS.packages[0]));
                let others = Role::ALL.into_iter().filter(|other| *other != role);
                assert!(others.into_iter().all(|other| !other.suite().packages.contains(package)));
            }
        }
        assert!(pinned(&folder).unwrap().starts_with("1."));
    }
}
