//! `causeway check` and `causeway law` as a legal officer uses them.

use sha2::{Digest as _, Sha256};

use super::{Home, docs};

/// The pack of the invented area that the tests of pages use.
const NORTH: &str = include_str!("../../../causeway-law/tests/pages/north.toml");

#[test]
fn a_check_says_the_outcome_with_its_articles_and_the_exit_code() {
    let home = Home::new();
    home.write(
        "facts.json",
        r#"{ "data.personal": true, "importer.dpf_listed": true, "data.hr": false }"#,
    );
    let listed = home.run(&[
        "check",
        "FR",
        "US",
        "--facts",
        "facts.json",
        "--json",
        "--fact",
        "request.foreign_authority=false",
        "--fact",
        "data.special=false",
    ]);
    assert_eq!(listed.code, 0, "{}{}", listed.stdout, listed.stderr);
    assert_eq!(listed.json()["outcome"], "permitted");
    let before = home.run(&[
        "check",
        "FR",
        "US",
        "--facts",
        "facts.json",
        "--at",
        "2023-07-09",
        "--fact",
        "request.foreign_authority=false",
    ]);
    assert_eq!(before.code, 3, "{}", before.stdout);
    assert!(before.stdout.contains("Art. 44"), "{}", before.stdout);
    assert!(before.stdout.contains("not legal advice"), "{}", before.stdout);
    let unknown = home.run(&["check", "XX", "DE", "--json"]);
    assert_eq!((unknown.code, unknown.json()["outcome"].as_str()), (3, Some("unknown")));
    assert_eq!(unknown.json()["at_worst"], "prohibited");
}

#[test]
fn what_cannot_be_checked_is_refused_with_what_to_write_instead() {
    let home = Home::new();
    home.write("list.json", "[]");
    home.write("area.json", r#"{ "exporter.area": "KE" }"#);
    for (args, expected) in [
        (&["check", "DE"][..], "<TO>"),
        (&["check", "Germany", "US"], "expected a legal area"),
        (&["check", "DE", "US", "--fact", "count.ordinary_year=-1"], "a whole number from 0 on"),
        (&["check", "DE", "US", "--fact", "data.persnal=true"], "did you mean data.personal?"),
        (&["check", "DE", "US", "--fact", "count.ordinary_year=0.5"], "a whole number from 0 on"),
        (&["check", "DE", "US", "--fact", "count.ordinary_year=1e30"], "a whole number from 0 on"),
        (&["check", "DE", "US", "--fact", "count.ordinary_year=many"], "a whole number from 0 on"),
        (
            &["check", "DE", "US", "--fact", "data.special=true", "--fact", "data.personal=false"],
            "data.special=true and data.personal=false, which contradict each other",
        ),
        (&["check", "DE", "US", "--at", "soon"], "expected a day"),
        (&["check", "--facts", "list.json"], "expected a JSON object"),
        (&["check", "DE", "US", "--facts", "area.json"], "expected one of them"),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
    let none = home.run(&["check", "--facts", "none.json"]);
    assert_eq!(none.code, 1, "{}", none.stderr);
}

#[test]
fn the_packs_are_listed_shown_and_proved() {
    let home = Home::new();
    let list = home.run(&["law", "list", "--json"]).json();
    for pack in list["items"].as_array().unwrap() {
        let id = pack["id"].as_str().unwrap();
        let shown = home.run(&["law", "show", id, "--json"]).json();
        for rule in shown["rules"].as_array().unwrap() {
            assert!(!rule["articles"].as_array().unwrap().is_empty(), "{rule}");
        }
        assert_eq!(home.run(&["law", "show", id]).code, 0);
    }
    assert_eq!(home.run(&["law", "show", "nowhere"]).code, 8);
    assert!(home.run(&["law", "facts"]).stdout.contains("exporter.area"));
    let facts = home.run(&["law", "facts", "--json"]).json();
    for fact in facts["items"].as_array().unwrap() {
        assert!(!fact["packs"].as_array().unwrap().is_empty(), "no rule asks for {fact}");
    }
    let proved = home.run(&["law", "test", "--json"]);
    assert_eq!((proved.code, &proved.json()["holds"]), (0, &true.into()));
}

#[test]
fn words_stand_for_facts_and_are_told_with_them() {
    let home = Home::new();
    let words = [
        "check",
        "CN",
        "DE",
        "--data",
        "health,children",
        "--persons",
        "12000",
        "--purpose",
        "research",
        "--mechanism",
        "scc,tia",
    ];
    let told = home.run(&[&words[..], &["--json"]].concat()).json();
    for (fact, value) in [
        ("data.personal", serde_json::json!(true)),
        ("data.special", true.into()),
        ("data.children", true.into()),
        ("count.sensitive_year", 12_000.into()),
        ("tool.cn_standard_contract", true.into()),
        ("tool.transfer_assessment", true.into()),
        ("request.foreign_authority", false.into()),
    ] {
        assert_eq!(told["facts"][fact], value, "{fact}: {}", told["facts"]);
    }
    // A word says nothing of what it does not mean.
    assert!(told["facts"].get("data.important").is_none(), "{}", told["facts"]);
    let explained = home.run(&[&words[..], &["--explain"]].concat()).stdout;
    let line = "- --persons 12000: count.sensitive_year = 12000\n";
    assert!(explained.contains(line), "{explained}");
    assert!(explained.contains("- --data health (health data of people): data.personal = yes;"));
    let plain = home.run(&words).stdout;
    assert!(!plain.contains("--persons"), "{plain}");
    // One fact may be said twice, if both say the same.
    let twice = [&words[..], &["--fact", "data.personal=true"]].concat();
    assert_eq!(home.run(&twice).code, 3);
}

#[test]
fn words_that_make_no_sense_end_with_2_and_say_what_would() {
    let home = Home::new();
    home.write("facts.json", r#"{ "data.special": false }"#);
    for (args, expected) in [
        (&["--data", "helth"][..], "did you mean health?; there are ordinary, special, health,"),
        (&["--purpose", "reserch"], "did you mean research?"),
        (&["--mechanism", "cn-standard-contrakt"], "did you mean cn-standard-contract?"),
        (&["--data", "ordinary,health"], "data.special: found false from data ordinary and true"),
        (&["--data", "anonymous", "--data", "health"], "data.personal: found false from data anon"),
        (
            &["--data", "health", "--fact", "data.special=false"],
            "true from --data health, expected",
        ),
        (&["--data", "health", "--facts", "facts.json"], "data.special: found false and true from"),
        (&["--data", "health", "--persons", "-1"], "found \"-1\", expected a whole number from 0"),
        (&["--data", "health", "--persons", "1.5"], "found \"1.5\", expected a whole number"),
        (&["--persons", "12000"], "persons: found a number without a class of data"),
        (&["--data", "non-personal", "--persons", "1"], "persons: found a number without a class"),
        (&["--lang", "de"], "expected one of ar, zh, en, fr, ru, es"),
    ] {
        let ran = home.run(&[&["check", "DE", "CN"][..], args].concat());
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
    let elsewhere = home.run(&["check", "KE", "DE", "--mechanism", "scc", "--json"]);
    assert_eq!(elsewhere.code, 2);
    let detail = elsewhere.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("mechanism scc: found the exporter KE, expected one under"),
        "{detail}"
    );
}

#[test]
fn the_page_names_the_hash_of_the_json_that_the_same_command_writes() {
    let home = Home::new();
    let words = [
        "check",
        "DE",
        "KE",
        "--data",
        "health",
        "--mechanism",
        "eu-scc,tia",
        "--fact",
        "importer.under_exporters_law=false",
        "--at",
        "2026-06-01",
    ];
    let page = home.run(&words);
    assert_eq!(page.code, 0, "{}{}", page.stdout, page.stderr);
    let json = home.run(&[&words[..], &["--json"]].concat()).stdout;
    let hash = Sha256::digest(json.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(page.stdout.contains(&hash), "{hash} {}", page.stdout);
    let outcome =
        page.stdout.find("\nOUTCOME\nThe data may cross from DE to KE, if 3 duties are met");
    let why = page.stdout.find("\nWHY\n").unwrap();
    assert!(outcome.unwrap() < why, "{}", page.stdout);
    assert!(page.stdout.contains("Satisfied by rule eu.46-2-c: the Commission's standard"));
    assert!(page.stdout.lines().all(|line| line.chars().count() <= 100), "{}", page.stdout);
    let french = home.run(&[&words[..], &["--lang", "fr"]].concat()).stdout;
    assert!(french.contains("no reviewed translation into this language yet"), "{french}");
    assert!(french.contains(&hash), "the decision is the same in every language");
}

#[test]
fn what_nobody_said_is_taken_as_no_only_when_that_is_asked_for() {
    let home = Home::new();
    let words = ["check", "CN", "DE", "--data", "ordinary", "--persons", "12000"];
    let open = home.run(&[&words[..], &["--json"]].concat());
    assert_eq!((open.code, open.json()["assumed"].as_array().unwrap().len()), (3, 0));
    let closed = home.run(&[&words[..], &["--assume-no"]].concat());
    assert_eq!(closed.code, 0, "{}", closed.stdout);
    let said = "Taken as no or 0, because nobody said otherwise: exporter.";
    assert!(closed.stdout.contains(said), "{}", closed.stdout);
    assert!(closed.stdout.contains("exporter.ciio"), "{}", closed.stdout);
    // How many people it is was not said, and is no matter for an assumption.
    let persons = home.run(&["check", "CN", "DE", "--data", "ordinary", "--assume-no", "--json"]);
    assert_eq!(persons.json()["missing"][0]["fact"], "count.ordinary_year");
}

#[test]
fn the_matrix_comes_as_table_page_csv_and_json() {
    let home = Home::new();
    let words = [
        "law",
        "matrix",
        "--data",
        "health",
        "--persons",
        "12000",
        "--from",
        "DE,CN,ZA",
        "--to",
        "CN,US",
        "--at",
        "2026-06-01",
    ];
    let format = |more: &[&str]| {
        let ran = home.run(&[&words[..], more].concat());
        assert_eq!(ran.code, 0, "{more:?}: {}", ran.stderr);
        ran
    };
    let json = format(&["--json"]).json();
    let items = json["items"].as_array().unwrap();
    assert_eq!(items.len(), 5, "CN to CN is no crossing");
    let pair = |from: &str, to: &str| {
        items.iter().find(|item| item["from"] == from && item["to"] == to).unwrap()
    };
    let rules = |pair: &serde_json::Value| {
        let ways = pair["ways"].as_array().unwrap().iter();
        ways.map(|way| {
            let rules = way["rules"].as_array().unwrap().iter();
            rules.map(|rule| rule["rule"].as_str().unwrap()).collect::<Vec<_>>().join("+")
        })
        .collect::<Vec<_>>()
    };
    assert!(rules(pair("DE", "CN")).contains(&"eu.46-2-c".to_owned()));
    assert!(rules(pair("CN", "US")).contains(&"cn.assessment".to_owned()));
    // Special data needs two things together in South Africa.
    let both = "za.72-agreement+za.57-authorised".to_owned();
    assert!(rules(pair("ZA", "CN")).contains(&both), "{:?}", rules(pair("ZA", "CN")));
    let ways: usize = items.iter().map(|item| item["ways"].as_array().unwrap().len().max(1)).sum();
    let csv = format(&["--format", "csv"]).stdout;
    assert_eq!(csv.lines().count(), ways + 1);
    assert!(
        csv.starts_with("from,to,outcome,at_best,at_worst,rules,mechanism,needs,articles,then")
    );
    let html = format(&["--format", "html"]).stdout;
    assert!(html.starts_with("<!doctype html>") && !html.contains("<script"), "{html}");
    assert!(html.contains("draft, not reviewed by a lawyer"), "{html}");
    assert!(html.contains("not legal advice"), "{html}");
    let table = format(&[]);
    assert!(table.stdout.contains("DE\tCN\tneeds a mechanism\t"), "{}", table.stdout);
    assert!(table.stderr.contains("not legal advice"), "{}", table.stderr);
    for (args, expected) in [
        (&["law", "matrix", "--from", "Germany"][..], "expected a legal area"),
        (&["law", "matrix", "--data", "helth"], "did you mean health?"),
        (&["law", "matrix", "--persons", "-1"], "expected a whole number from 0 on"),
        (&["law", "matrix", "--format", "pdf"], "possible values"),
        (&["law", "matrix", "--at", "soon"], "expected a day"),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn packs_are_compared_like_files_with_1_where_they_differ() {
    let home = Home::new();
    // The program's dictionary has other facts than the invented area.
    let north = NORTH
        .replace("importer.listed", "importer.dpf_listed")
        .replace("data.secret", "data.important")
        .replace("count.year", "count.ordinary_year")
        .replace("tool.clauses", "tool.eu_scc")
        .replace("tool.assessment", "tool.transfer_assessment")
        .replace("tool.approval", "tool.cn_authority_approval");
    home.write("old.toml", &north);
    home.write("new.toml", &north.replace("value = 1000", "value = 3000"));
    home.write("bad.toml", "[pack]");
    let check = |args: &[&str], code: i32| {
        let ran = home.run(&[&["law", "diff"], args].concat());
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.stdout, ran.stderr);
        ran
    };
    let changed = check(&["old.toml", "new.toml"], 1).stdout;
    assert!(changed.contains("param many from 2020-01-01: changed\n  value:\n    - 1000\n"));
    let case = "case many (both): needs-authority-approval -> needs-mechanism";
    assert!(changed.contains(case), "{changed}");
    let same = check(&["old.toml", "old.toml"], 0);
    assert!(same.stdout.is_empty() && same.stderr.contains("both say the same"), "{}", same.stderr);
    assert_eq!(check(&["eu", "eu", "--json"], 0).json()["differs"], false);
    assert_eq!(check(&["eu", "cn", "--json"], 1).json()["differs"], true);
    let version = home.run(&["law", "list", "--json"]).json();
    let eu = version["items"].as_array().unwrap().iter().find(|pack| pack["id"] == "eu").unwrap();
    let text = |name: &str| format!("eu@{}", eu[name].as_str().unwrap());
    check(&[&text("version"), &text("known_from")], 0);
    check(&["eu@1066", "eu"], 8);
    check(&["nowhere", "eu"], 8);
    let bad = check(&["bad.toml", "eu"], 2);
    assert!(bad.stderr.contains("bad.toml:1: missing field"), "{}", bad.stderr);
}

#[test]
fn every_pack_is_written_for_review_and_for_translation() {
    let home = Home::new();
    let list = home.run(&["law", "list", "--json"]).json();
    for pack in list["items"].as_array().unwrap() {
        let id = pack["id"].as_str().unwrap();
        let page = home.run(&["law", "show", id, "--html"]);
        assert_eq!(page.code, 0, "{}", page.stderr);
        assert_eq!(
            page.stdout.matches("<tr id=").count(),
            usize::try_from(pack["rules"].as_u64().unwrap()).unwrap(),
            "{id}"
        );
        assert!(page.stdout.contains(pack["sha256"].as_str().unwrap()), "{id}");
        let messages = home.run(&["law", "messages", id]).stdout;
        assert!(messages.contains(&format!("\npack-{id} = ")), "{messages}");
    }
    assert!(home.run(&["law", "messages", "facts"]).stdout.contains("\nfact-exporter_area = In"));
    assert_eq!(home.run(&["law", "messages", "nowhere"]).code, 8);
    assert_eq!(home.run(&["law", "show", "cn", "--html", "--json"]).code, 2);
}

/// The commands of a guide, each on one line and without what the shell does.
fn commands_of(guide: &str) -> Vec<Vec<String>> {
    let guide = guide.replace(" \\\n", " ");
    let lines = guide.lines().filter_map(|line| line.strip_prefix("causeway "));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    lines.map(|line| words(line.split(" > ").next().unwrap_or(line))).collect()
}

#[test]
fn the_guide_for_legal_officers_works_as_it_is_written() {
    let home = Home::new();
    let crossing = r#"{ "exporter.area": "DE", "importer.area": "KE", "data.personal": true }"#;
    home.write("crossing.json", crossing);
    let guide = docs("../guides/border-check.md");
    let commands = commands_of(&guide);
    assert!(commands.len() >= 6, "{commands:?}");
    for command in &commands {
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let ran = home.run(&args);
        assert!([0, 3].contains(&ran.code), "{command:?}: {}", ran.stderr);
        assert!(!ran.stdout.is_empty(), "{command:?}");
    }
    // The first question leaves it open; with the answers it is decided.
    let run = |place: usize| {
        let args: Vec<&str> = commands[place].iter().map(String::as_str).collect();
        home.run(&[&args[..], &["--at", "2026-06-01", "--json"]].concat())
    };
    assert_eq!((run(0).code, run(0).json()["outcome"].as_str()), (3, Some("unknown")));
    assert_eq!(run(1).code, 0, "{}", run(1).stdout);
    assert!(run(1).json()["missing"].as_array().unwrap().is_empty());
}

#[test]
fn the_reference_lists_every_word_with_what_it_means() {
    let page = docs("law-packs.md");
    let classes = Home::new().run(&["law", "classes", "--json"]).json();
    for class in classes["items"].as_array().unwrap() {
        let (word, facts) = (class["word"].as_str().unwrap(), class["facts"].as_object().unwrap());
        // Tools are words by themselves, by a rule that the page gives.
        let is_tool = facts.keys().all(|fact| fact.starts_with("tool.")) && facts.len() == 1;
        assert!(is_tool || page.contains(&format!("`{word}`")), "{word}");
    }
    assert!(Home::new().run(&["law", "classes"]).stdout.contains("under cn: tool.cn_standard"));
}

#[test]
fn far_from_today_a_check_says_what_it_knows_of_that_day() {
    let home = Home::new();
    let past = home.run(&["check", "CN", "DE", "--at", "1900-01-01"]);
    assert_eq!(past.code, 3, "{}", past.stderr);
    for area in ["CN", "DE"] {
        let line = format!("no rule pack knows the law of {area} on 1900-01-01");
        assert_eq!(past.stdout.matches(&line).count(), 1, "{}", past.stdout);
    }
    assert!(past.stdout.contains("No pack applies."), "{}", past.stdout);
    assert!(!past.stdout.contains("may hold"), "{}", past.stdout);
    let future = ["check", "CN", "DE", "--at", "9999-12-31", "--known-at", "9999-12-31", "--json"];
    let future = home.run(&future);
    assert_eq!((future.code, &future.json()["as_of"]), (3, &"9999-12-31".into()));
}
