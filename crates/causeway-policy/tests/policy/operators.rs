//! Every operator against every type of value, as a table of what is met, unmet or cannot be told.

use causeway_policy::{
    Compiled, Contexts, Duration, Fact, Facts, Number, Operator, Relation, Request, Term, Verdict,
    Vocabulary, World, odrl,
};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use crate::whole::iri;

/// What each operator says, in the order of `Operator::ALL`: eq gt gteq hasPart isA isAllOf isAnyOf
/// isNoneOf isPartOf lt lteq neq. `+` met, `-` unmet, `?` cannot be told.
fn check(fact: &Fact, right: &Value, expected: &str) {
    check_with(fact, right, json!({}), expected);
}

fn check_with(fact: &Fact, right: &Value, more: Value, expected: &str) {
    let request = Request::to_use(Facts::new().with(iri("urn:left"), fact.clone()));
    let vocabulary = hierarchies();
    let mut found = String::new();
    for operator in Operator::ALL {
        let mut constraint = json!({
            "leftOperand": "urn:left", "operator": operator.as_str(), "rightOperand": right,
        });
        for (name, value) in more.as_object().unwrap() {
            constraint[name] = value.clone();
        }
        let policy = json!({ "permission": { "action": "use", "constraint": constraint } });
        let policy = odrl::read(&policy, &Contexts::dsp()).unwrap();
        let compiled = Compiled::whole(&policy, &vocabulary).unwrap();
        let world = World::default();
        found.push(match compiled.evaluate(&request, &world).verdict() {
            Verdict::Permitted => '+',
            Verdict::Denied => '-',
            Verdict::Unknown => '?',
        });
    }
    assert_eq!(found, expected.replace(' ', ""), "{fact:?} {right}");
}

fn hierarchies() -> Vocabulary {
    [("DE", "EU"), ("EU", "Earth"), ("KE", "Earth"), ("urn:de", "urn:eu"), ("urn:ke", "urn:au")]
        .into_iter()
        .fold(Vocabulary::odrl(), |all, (part, whole)| {
            all.with_value(Relation::PartOf, part, whole)
        })
        .with_value(Relation::IsA, "urn:rex", "urn:dog")
        .with_value(Relation::IsA, "urn:dog", "urn:animal")
        .with_value(Relation::IsA, "urn:tom", "urn:cat")
}

fn text(text: &str) -> Fact {
    Fact::Text(text.to_owned())
}

fn thing(name: &str) -> Fact {
    Fact::Iri(iri(name))
}

fn typed(text: &str, datatype: &str) -> Value {
    json!({ "@value": text, "@type": format!("xsd:{datatype}") })
}

#[test]
fn the_table_is_in_the_order_of_the_operators() {
    let names: Vec<&str> = Operator::ALL.iter().map(|operator| operator.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "eq gt gteq hasPart isA isAllOf isAnyOf isNoneOf isPartOf lt lteq neq"
    );
}

#[test]
fn numbers() {
    let five = Fact::Number(Number::from(5));
    //                                          eq gt ge hP iA al an no iP lt le ne
    for right in [json!(5), json!("5.0"), typed("5", "decimal"), typed("5.00", "float")] {
        check(&five, &right, "                  +  -  +  +  +  +  +  -  +  -  +  -");
    }
    check(&five, &json!(6), "                   -  -  -  ?  ?  -  -  +  ?  +  +  +");
    check(&five, &json!(4), "                   -  +  +  ?  ?  -  -  +  ?  -  -  +");
    check(&five, &json!([4, 5]), "              ?  ?  ?  ?  +  -  +  -  +  ?  ?  ?");
    for right in [json!("five"), json!(true), json!({ "@id": "urn:five" }), typed("5", "date")] {
        check(&five, &right, "                  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    }
}

#[test]
fn numbers_with_units_compare_in_the_same_unit_only() {
    let price = Fact::Quantity(Number::from(5), "urn:euro".into());
    let unit = |unit: &str| json!({ "unit": unit });
    let cannot = "?????? ??????";
    check(&price, &json!(5), cannot);
    check_with(&price, &json!(5), unit("urn:dollar"), cannot);
    check_with(&price, &json!(5), unit("urn:euro"), "+-++++ +-+-+-");
    check_with(&price, &json!(6), unit("urn:euro"), "---??- -+?+++");
    check_with(&Fact::Number(Number::from(5)), &json!(5), unit("urn:euro"), cannot);
    check_with(&text("5"), &json!("5"), unit("urn:euro"), cannot);
    let code = Fact::Quantity(Number::from(5), "EUR".into());
    check_with(&code, &json!(5), json!({ "unit": { "@id": "EUR" } }), "+-++++ +-+-+-");
}

#[test]
fn texts() {
    //                                                eq gt ge hP iA al an no iP lt le ne
    check(&text("a"), &json!("a"), "                  +  ?  ?  +  +  +  +  -  +  ?  ?  -");
    check(&text("a"), &json!("b"), "                  -  ?  ?  ?  ?  -  -  +  ?  ?  ?  +");
    check(&text("a"), &json!(["a", "b"]), "           ?  ?  ?  ?  +  -  +  -  +  ?  ?  ?");
    check(&text("a"), &json!({ "@value": "a", "@language": "en" }), "????????????");
    check(&text("a"), &typed("a", "token"), "         +  ?  ?  +  +  +  +  -  +  ?  ?  -");
    check(&text("5"), &json!(5), "????????????");
    check_with(&text("5"), &json!("5"), json!({ "dataType": "xsd:integer" }), "????????????");
    let five = Fact::Number(Number::from(5));
    check_with(&five, &json!("5"), json!({ "dataType": "xsd:integer" }), "+-++++ +-+-+-");
    check_with(&five, &json!("5"), json!({ "dataType": "urn:own" }), "????????????");
}

#[test]
fn codes_and_things_in_hierarchies() {
    //                                                 eq gt ge hP iA al an no iP lt le ne
    check(&text("DE"), &json!("EU"), "                 -  ?  ?  -  ?  -  -  +  +  ?  ?  +");
    check(&text("DE"), &json!("Earth"), "              -  ?  ?  -  ?  -  -  +  +  ?  ?  +");
    check(&text("EU"), &json!("DE"), "                 -  ?  ?  +  ?  -  -  +  -  ?  ?  +");
    check(&text("DE"), &json!("KE"), "                 -  ?  ?  -  ?  -  -  +  -  ?  ?  +");
    check(&text("DE"), &json!(["KE", "EU"]), "         ?  ?  ?  -  ?  -  -  +  +  ?  ?  ?");
    check(&text("FR"), &json!("EU"), "                 -  ?  ?  ?  ?  -  -  +  ?  ?  ?  +");
    let place = |name: &str| json!({ "@id": name });
    check(&thing("urn:de"), &place("urn:eu"), "        -  ?  ?  -  ?  -  -  +  +  ?  ?  +");
    check(&thing("urn:de"), &json!("urn:eu"), "        -  ?  ?  -  ?  -  -  +  +  ?  ?  +");
    check(&thing("urn:de"), &place("urn:au"), "        -  ?  ?  -  ?  -  -  +  -  ?  ?  +");
    check(&thing("urn:de"), &json!("DE"), "            ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    check(&thing("urn:de"), &json!({ "@id": "DE" }), " ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    check(&thing("urn:rex"), &place("urn:animal"), "   -  ?  ?  ?  +  -  -  +  ?  ?  ?  +");
    check(&thing("urn:rex"), &place("urn:cat"), "      -  ?  ?  ?  -  -  -  +  ?  ?  ?  +");
    check(&thing("urn:rex"), &place("urn:rex"), "      +  ?  ?  +  +  +  +  -  +  ?  ?  -");
    check(&thing("urn:rex"), &typed("urn:rex", "anyURI"), "+  ?  ?  +  +  +  +  -  +  ?  ?  -");
}

#[test]
fn sets() {
    let both = Fact::Set(vec![text("DE"), text("KE")]);
    //                                                 eq gt ge hP iA al an no iP lt le ne
    check(&both, &json!("DE"), "                       ?  ?  ?  +  ?  +  ?  -  ?  ?  ?  ?");
    check(&both, &json!(["DE", "KE"]), "               ?  ?  ?  +  +  +  +  -  +  ?  ?  ?");
    check(&both, &json!(["KE", "DE", "EU"]), "         ?  ?  ?  -  +  -  +  -  +  ?  ?  ?");
    check(&both, &json!("Earth"), "                    ?  ?  ?  -  ?  -  -  +  +  ?  ?  ?");
    check(&both, &json!("FR"), "                       ?  ?  ?  ?  ?  -  -  +  ?  ?  ?  ?");
    check(&Fact::Set(Vec::new()), &json!("DE"), "      ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    check(&Fact::Set(vec![text("a")]), &json!("a"), "  +  ?  ?  +  +  +  +  -  +  ?  ?  -");
}

#[test]
fn booleans() {
    for right in [json!(true), json!("true"), typed("1", "boolean")] {
        check(&Fact::Boolean(true), &right, "          +  ?  ?  +  +  +  +  -  +  ?  ?  -");
        check(&Fact::Boolean(false), &right, "         -  ?  ?  ?  ?  -  -  +  ?  ?  ?  +");
    }
    check(&Fact::Boolean(true), &json!("1"), "         ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
}

#[test]
fn times_dates_and_durations() {
    let noon = Fact::Timestamp(Timestamp::parse("2024-02-12T12:00:00Z").unwrap());
    //                                                      eq gt ge hP iA al an no iP lt le ne
    let same = typed("2024-02-12T13:00:00+01:00", "dateTime");
    check(&noon, &same, "                                   +  -  +  +  +  +  +  -  +  -  +  -");
    check(&noon, &typed("2024-02-12Z", "date"), "           +  -  +  +  +  +  +  -  +  -  +  -");
    check(&noon, &typed("2024-02-11Z", "date"), "           -  +  +  ?  ?  -  -  +  ?  -  -  +");
    check(&noon, &typed("2024-02-12", "date"), "            ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    check(&noon, &json!("2024-03-01"), "                    -  -  -  ?  ?  -  -  +  ?  +  +  +");
    check(&noon, &typed("2024-02-12T12:00:00", "dateTime"), "????????????");
    check(&noon, &typed("2024-02-10T12:00:00", "dateTime"), "-  +  +  ?  ?  -  -  +  ?  -  -  +");
    check(&noon, &typed("noon", "dateTime"), "              ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    let hour = Fact::Duration(Duration::parse("PT1H").unwrap());
    for right in [typed("PT60M", "duration"), json!("PT3600S"), typed("PT1H", "dayTimeDuration")] {
        check(&hour, &right, "                              +  -  +  +  +  +  +  -  +  -  +  -");
    }
    check(&hour, &typed("P1D", "duration"), "               -  -  -  ?  ?  -  -  +  ?  +  +  +");
    let month = Fact::Duration(Duration::parse("P30D").unwrap());
    check(&month, &typed("P1M", "duration"), "              ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
    check(&month, &typed("P2M", "yearMonthDuration"), "     -  -  -  ?  ?  -  -  +  ?  +  +  +");
    check(&hour, &json!(3600), "                            ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?");
}

#[test]
fn versions_have_an_order_and_other_texts_have_none() {
    let check = |found: &str, operator: &str, right: &str, expected: Verdict| {
        let constraint =
            json!({ "leftOperand": "version", "operator": operator, "rightOperand": right });
        let policy = json!({ "permission": { "action": "use", "constraint": constraint } });
        let Term::Iri(version) = Contexts::dsp().resolve("version").unwrap() else {
            panic!("expected an IRI");
        };
        let request = Request::to_use(Facts::new().with(version, text(found)));
        let report = causeway_policy::evaluate(&crate::policy(&policy), &request);
        assert_eq!(report.verdict, expected, "{found} {operator} {right}");
    };
    check("1.10", "gt", "1.9", Verdict::Permitted);
    check("1.2.0", "lteq", "1.2", Verdict::Permitted);
    check("2", "lt", "1.9.9", Verdict::Denied);
    check("1.0-beta", "lt", "2", Verdict::Unknown);
    check("1.0-beta", "eq", "1.0-beta", Verdict::Permitted);
}
