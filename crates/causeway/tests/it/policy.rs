//! `causeway policy` as somebody uses it who writes an offer: make, explain, lint, publish.

use std::collections::BTreeSet;

use serde_json::Value;

use super::lifecycle::Serve;
use super::{Home, docs};

/// Every template with its examples, as arguments of `policy make`.
fn templates(home: &Home) -> Vec<Vec<String>> {
    let listed = home.run(&["policy", "templates", "--json"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    let list = listed.json();
    let items = list["items"].as_array().unwrap();
    let arguments = |item: &Value| {
        let parameters = item["parameters"].as_array().unwrap().iter();
        let values = parameters.map(|parameter| {
            let text = |name: &str| parameter[name].as_str().unwrap().to_owned();
            format!("{}={}", text("name"), text("example"))
        });
        let id = item["id"].as_str().unwrap().to_owned();
        ["policy".to_owned(), "make".to_owned(), id].into_iter().chain(values).collect()
    };
    items.iter().map(arguments).collect()
}

#[test]
fn every_template_makes_a_policy_that_is_explained_and_published() {
    let home = Home::with_node();
    let node = Serve::start(&home);
    home.write("rain.csv", "day,mm\n1,3\n");
    let templates = templates(&home);
    assert_eq!(templates.len(), 25);
    let mut explained = BTreeSet::new();
    for arguments in &templates {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let made = home.run(&arguments);
        assert_eq!(made.code, 0, "{arguments:?}: {}", made.stderr);
        // Whoever makes one is told what becomes of it.
        let told =
            ["enforced at ", "such contracts wait for a person, ", "this cannot be enforced"];
        let is_told = told.iter().any(|words| made.stderr.contains(words));
        assert!(is_told, "{arguments:?}: {}", made.stderr);
        home.write("policy.json", &made.stdout);
        let words = home.run(&["policy", "explain", "policy.json"]);
        assert_eq!(words.code, 0, "{}", words.stderr);
        assert!(words.stdout.starts_with("It is permitted to use the data"), "{}", words.stdout);
        explained.insert(words.stdout);
        let publish = ["offer", "publish", "rain.csv", "--policy", "policy.json", "--json"];
        let offer = home.run(&publish);
        assert_eq!(offer.code, 0, "{arguments:?}: {}", offer.stderr);
        let offered = &offer.json()["policy"];
        for (name, rules) in offered.as_object().unwrap() {
            assert_eq!(made.json()[name], *rules, "{arguments:?}");
        }
    }
    // No two say the same, except that two classes end at two times.
    assert!(explained.len() >= 24, "{explained:#?}");
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn the_lint_ends_with_10_exactly_if_protection_is_lost() {
    let home = Home::new();
    let constraint = |left: &str, right: &str| {
        format!(
            r#"{{ "permission": [{{ "action": "use", "constraint": [{{ "leftOperand": "{left}",
                "operator": "lteq", "rightOperand": "{right}" }}] }}] }}"#
        )
    };
    home.write("time.json", &constraint("edc:inForceDate", "2027-01-01T00:00:00Z"));
    home.write("lost.json", &constraint("odrl:dateTime", "2027-01-01T00:00:00Z"));
    for (file, peer, code) in [
        ("time.json", "edc", 0),
        ("time.json", "tractus-x", 0),
        ("time.json", "all", 0),
        ("lost.json", "dsp", 0),
        ("lost.json", "edc", 10),
        ("lost.json", "all", 10),
    ] {
        let ran = home.run(&["policy", "lint", file, "--peer", peer]);
        assert_eq!(ran.code, code, "{file} {peer}: {}{}", ran.stdout, ran.stderr);
    }
    let ran = home.run(&["policy", "lint", "lost.json", "--json"]);
    let document = ran.json();
    assert_eq!((ran.code, &document["lost"]), (10, &2.into()), "{document}");
    let first = &document["items"][0];
    assert_eq!(first["code"], "left-operand-dropped");
    assert_eq!((&first["peer"], &first["effect"]), (&"edc".into(), &"lost".into()));
    assert_eq!(first["at"], "/permission/0/constraint/0");
    let told = home.run(&["policy", "lint", "lost.json", "--peer", "edc"]);
    assert!(
        told.stdout.starts_with("lost\tleft-operand-dropped\t/permission/0/"),
        "{}",
        told.stdout
    );
    assert!(told.stderr.contains("1 finding, and protection is lost"), "{}", told.stderr);
}

#[test]
fn what_cannot_be_made_or_read_is_refused_with_what_to_write() {
    let home = Home::new();
    home.write("list.json", "[]");
    home.write("other.json", r#"{ "permission": [{ "action": "use", "constraint": [7] }] }"#);
    for (args, code, expected) in [
        (&["policy", "make", "purpos", "purposes=x"][..], 8, "hint: did you mean purpose?"),
        (&["policy", "make", "purpose"], 2, "found no purposes, expected one such as purposes="),
        (&["policy", "make", "purpose", "purposes"], 2, "expected KEY=VALUE"),
        (&["policy", "make", "event", "from=soon", "until=later"], 2, "expected a time such as"),
        (&["policy", "lint", "list.json"], 2, "expected an offer, agreement or set"),
        (&["policy", "explain", "other.json"], 2, "/permission/0/constraint/0"),
        (&["policy", "lint", "none.json"], 1, "read none.json"),
        (&["policy", "lint", "list.json", "--peer", "x"], 2, "tractus-x"),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn the_guide_names_every_template_with_what_becomes_of_it_and_every_code() {
    let home = Home::new();
    let guide = docs("../guides/policies.md");
    let listed = home.run(&["policy", "templates"]).stdout;
    assert_eq!(listed.lines().count(), 25, "{listed}");
    for line in listed.lines() {
        let [id, class, here] = line.splitn(4, '\t').take(3).collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let plain = guide.replace('`', "");
        assert!(plain.contains(&format!("| {id} | {class} | {here} | ")), "{id}: {here}");
    }
    for code in causeway_policy::Code::ALL {
        assert!(guide.contains(&format!("| `{code}` | ")), "{code}");
    }
}
