//! `causeway demo register` as somebody uses it who needs a table of persons.

use super::Home;

#[test]
fn a_register_is_the_same_wherever_it_is_written() {
    let home = Home::new();
    let args = ["demo", "register", "--persons", "500", "--seed", "7"];
    let written = home.run(&[&args[..], &["-o", "health.csv", "--json"]].concat());
    assert_eq!(written.code, 0, "{}", written.stderr);
    let table = std::fs::read_to_string(home.path("health.csv")).unwrap();
    assert_eq!(written.json()["persons"], 500);
    assert_eq!(written.json()["bytes"], table.len());
    assert_eq!(table.lines().count(), 501);
    let printed = home.run(&[&args[..], &["--out", "-"]].concat());
    assert_eq!((printed.code, printed.stdout), (0, table));
}

#[test]
fn an_ordinary_register_is_about_the_same_persons() {
    let home = Home::new();
    let all = home.run(&["demo", "register", "--persons", "50", "-o", "-"]).stdout;
    let args = ["demo", "register", "--persons", "20", "--skip", "30", "--ordinary", "-o", "-"];
    let some = home.run(&args).stdout;
    let (all, some): (Vec<_>, Vec<_>) = (all.lines().collect(), some.lines().collect());
    assert_eq!((all.len(), some.len()), (51, 21));
    for (one, other) in all[31..].iter().zip(&some[1..]) {
        assert!(one.starts_with(&format!("{other},")), "{one} {other}");
    }
}

#[test]
fn a_register_replaces_nothing_and_has_its_limit() {
    let home = Home::new();
    home.write("there.csv", "mine");
    let ran = home.run(&["demo", "register", "-o", "there.csv"]);
    assert_eq!(ran.code, 9, "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(home.path("there.csv")).unwrap(), "mine");
    let check = |args: &[&str], expected: &str| {
        let ran = home.run(&[&["demo"], args].concat());
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    };
    check(&["register", "--persons", "0", "-o", "x"], "0 is not in 1..=10000000");
    check(&["register", "--persons", "2", "--skip", "9999999", "-o", "x"], "10000001 with those");
    check(&["register"], "--output");
    check(&["--keep", "register", "-o", "x"], "cannot be used");
    assert!(!home.path("x").exists());
}
