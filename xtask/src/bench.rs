//! `cargo xtask bench`: runs benchmarks by name, from every crate that has some, and by the name
//! `engines` the comparison with other policy engines, which has a workspace of its own.
//!
//! It measures nothing itself and keeps no history.

use anyhow::{Context, Result, bail};

use crate::metadata::{Metadata, cargo};
use crate::tree;

/// The benchmarks that drive the whole product and speak JSON; the others are criterion's.
const SPEAK_JSON: [&str; 3] = ["exchange", "catalog", "identity"];

/// The comparison with other engines. Only its name runs it: what it takes to build them has no
/// place in the product's own build.
const ENGINES: &str = "engines";
const ENGINES_MANIFEST: &str = "benches/engines/Cargo.toml";

/// What to run: which benchmark, and what to hand to it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options<'a> {
    name: Option<&'a str>,
    rest: Vec<&'a str>,
}

/// Runs the benchmarks chosen by `words`; `false` when one of them failed.
pub(crate) fn command(words: &[&str]) -> Result<bool> {
    let options = parse(words)?;
    if options.name == Some(ENGINES) {
        return engines(&options.rest);
    }
    let metadata = Metadata::read(tree::root())?;
    let chosen = choose(&metadata, options.name)?;
    let mut passed = true;
    for (package, bench) in chosen {
        let status = cargo()
            .args(["bench", "--locked", "-p", &package, "--bench", &bench, "--"])
            .args(&options.rest)
            .current_dir(tree::root())
            .status()
            .context("cannot start cargo")?;
        passed &= status.success();
    }
    Ok(passed)
}

fn engines(rest: &[&str]) -> Result<bool> {
    let status = cargo()
        .args(["run", "--release", "--locked", "--manifest-path", ENGINES_MANIFEST, "--"])
        .args(rest)
        .current_dir(tree::root())
        .status()
        .context("cannot start cargo")?;
    Ok(status.success())
}

fn parse<'a>(words: &[&'a str]) -> Result<Options<'a>> {
    let mut options = Options::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "--" => options.rest.extend(words.by_ref()),
            "--json" => options.rest.push(word),
            word if word.starts_with('-') => {
                bail!("`{word}` is no option of bench\nhint: hand it on behind `--`")
            }
            word => match options.name {
                None => options.name = Some(word),
                Some(first) => bail!("bench takes one name, found `{first}` and `{word}`"),
            },
        }
    }
    // Asking for it without a name chooses the first that knows it.
    if options.rest.contains(&"--json") {
        let name = *options.name.get_or_insert(SPEAK_JSON[0]);
        if !SPEAK_JSON.contains(&name) {
            let known = SPEAK_JSON.join(", ");
            bail!("`--json` is known only to {known}, found `{name}`");
        }
    }
    Ok(options)
}

/// Package and benchmark names; all of them when no name is given.
fn choose(metadata: &Metadata, name: Option<&str>) -> Result<Vec<(String, String)>> {
    let all: Vec<(String, String)> = metadata
        .packages
        .values()
        .filter(|package| package.ours)
        .flat_map(|package| {
            package.benches.iter().map(|bench| (package.name.clone(), bench.clone()))
        })
        .collect();
    if all.is_empty() {
        bail!("no crate of ours has a benchmark");
    }
    let Some(name) = name else { return Ok(all) };
    let known = all.iter().map(|(_, bench)| bench.as_str()).chain([ENGINES]);
    let known: Vec<&str> = known.collect();
    if !known.contains(&name) {
        bail!("there is no benchmark `{name}`, expected one of: {}", known.join(", "));
    }
    Ok(all.into_iter().filter(|(_, bench)| bench == name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Package;

    fn check(words: &[&str], expectation: Result<(Option<&str>, &[&str]), &str>) {
        match (parse(words), expectation) {
            (Ok(options), Ok((name, rest))) => {
                assert_eq!(options, Options { name, rest: rest.to_vec() });
            }
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (found, expectation) => panic!("found {found:?}, expected {expectation:?}"),
        }
    }

    #[test]
    fn options_choose_a_benchmark_and_hand_on_the_rest() {
        check(&[], Ok((None, &[])));
        check(&["commit", "--", "--quick", "x"], Ok((Some("commit"), &["--quick", "x"])));
        check(&["--json"], Ok((Some("exchange"), &["--json"])));
        check(&["catalog", "--json"], Ok((Some("catalog"), &["--json"])));
        check(&["identity", "--json"], Ok((Some("identity"), &["--json"])));
        check(&["commit", "--json"], Err("known only to exchange, catalog, identity"));
        check(&["a", "b"], Err("found `a` and `b`"));
        check(&["--quick"], Err("behind `--`"));
    }

    #[test]
    fn the_comparison_has_a_workspace_and_a_lock_of_its_own() {
        let root = tree::root();
        let text = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        assert!(text(ENGINES_MANIFEST).contains("\n[workspace]\n"));
        assert!(text("benches/engines/Cargo.lock").contains("name = \"cedar-policy\""));
        assert!(!text("Cargo.lock").contains("name = \"cedar-policy\""));
    }

    #[test]
    fn a_name_is_looked_up_in_every_crate_of_ours() {
        let mut metadata = Metadata::default();
        for (name, ours) in [("a", true), ("b", true), ("foreign", false)] {
            let benches = vec![format!("{name}-fast")];
            let package = Package { name: name.into(), ours, benches, ..Package::default() };
            metadata.packages.insert(name.to_owned(), package);
        }
        assert_eq!(choose(&metadata, None).unwrap().len(), 2);
        assert_eq!(choose(&metadata, Some("b-fast")).unwrap(), [("b".into(), "b-fast".into())]);
        let error = choose(&metadata, Some("foreign-fast")).unwrap_err().to_string();
        assert!(error.ends_with("expected one of: a-fast, b-fast, engines"), "{error}");
        assert!(choose(&Metadata::default(), None).is_err());
    }
}
