//! `causeway check` and `causeway law` as a legal officer uses them.

use super::Home;

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
fn far_from_today_a_check_says_what_it_knows_of_that_day() {
    let home = Home::new();
    let past = home.run(&["check", "CN", "CN", "--at", "1900-01-01"]);
    assert_eq!(past.code, 3, "{}", past.stderr);
    let line = "no pack knows the law of CN on 1900-01-01";
    assert_eq!(past.stdout.matches(line).count(), 1, "{}", past.stdout);
    assert!(!past.stdout.contains("may hold"), "{}", past.stdout);
    let future = ["check", "CN", "DE", "--at", "9999-12-31", "--known-at", "9999-12-31", "--json"];
    let future = home.run(&future);
    assert_eq!((future.code, &future.json()["as_of"]), (3, &"9999-12-31".into()));
}
