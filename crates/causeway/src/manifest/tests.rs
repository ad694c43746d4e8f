//! What manifests say, and what they say wrong.

use super::*;

fn write(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

/// The line and what it says, as JSON or as the reason.
fn said(path: &Path) -> Vec<(String, Result<Value, String>)> {
    let rows = read(path, "en").unwrap();
    rows.map(|row| {
        let line = row.place.rsplit(':').next().unwrap_or_default().to_owned();
        (line, row.says.map(|entry| json!({ "file": entry.name, "offer": entry.offer })))
    })
    .collect()
}

#[test]
fn a_table_is_read_with_quotes_languages_lists_and_days() {
    let (_directory, path) = write(
        "all.csv",
        "\u{feff}file,title,title_zh,keywords,time,licence\r\n\
         rain.csv,\"Rain, \"\"daily\"\"\",降雨,rain; 雨 ;,2026-01-01/2026-12-31,\r\n\
         \r\n\
         b.csv,\"two\nlines\",,,2026-01-01T00:00:00Z/2026-01-01T01:00:00Z,CC0-1.0\n\
         c.csv,,,,,",
    );
    let rows = said(&path);
    let lines: Vec<&str> = rows.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines, ["2", "4", "6"]);
    let expected = json!({ "file": "rain.csv", "offer": {
        "keywords": ["rain", "雨"],
        "temporal": { "start": "2026-01-01T00:00:00Z", "end": "2026-12-31T23:59:59Z" },
        "title": { "en": "Rain, \"daily\"", "zh": "降雨" },
        "description": {},
    } });
    assert_eq!(rows[0].1, Ok(expected));
    let second = rows[1].1.as_ref().unwrap();
    assert_eq!(second["offer"]["title"]["en"], "two\nlines");
    assert_eq!(second["offer"]["licence"], "CC0-1.0");
    let third = rows[2].1.as_ref().unwrap();
    assert_eq!(third["offer"]["title"]["en"], "c.csv");
}

#[test]
fn a_broken_row_is_named_and_the_others_are_read() {
    let (_directory, path) = write(
        "all.csv",
        "file,title\na.csv,A\nb.csv\n,no file\n\"c.csv\"x,C\nd.csv,D\na.csv,again\n\"e.csv,E\n",
    );
    let found: Vec<(String, Option<String>)> =
        said(&path).into_iter().map(|(line, says)| (line, says.err())).collect();
    let expected = [
        ("2", None),
        ("3", Some("found 1 fields, expected 2")),
        ("4", Some("file: found nothing, expected the path of a file")),
        ("5", Some("found 'x' behind a quoted field, expected a comma")),
        ("6", None),
        ("7", Some("this file or dataset_id was named before; give each row a dataset_id")),
        ("8", Some("found a quote that does not end")),
    ];
    let expected = expected.map(|(line, reason)| (line.to_owned(), reason.map(str::to_owned)));
    assert_eq!(found, expected);
}

#[test]
fn json_lines_hold_texts_lists_and_policies() {
    let (_directory, path) = write(
        "all.jsonl",
        "{\"file\":\"a.csv\",\"title_ar\":\"مطر\",\"themes\":[\"x\"],\
         \"policy\":{\"permission\":[]}}\n\
         {\"file\":5}\n\nnot json\n{\"file\":\"b\",\"colour\":\"red\"}\n\
         {\"file\":\"c\",\"policy\":\"missing.json\"}\n{\"file\":\"d\",\"time\":\"2026\"}\n",
    );
    let rows = said(&path);
    let expected = json!({ "file": "a.csv", "offer": {
        "themes": ["x"],
        "policy": { "permission": [] },
        "title": { "ar": "مطر" },
        "description": {},
    } });
    assert_eq!(rows[0], ("1".to_owned(), Ok(expected)));
    let reasons: Vec<(&str, &str)> = rows[1..]
        .iter()
        .map(|(line, says)| (line.as_str(), says.as_ref().unwrap_err().as_str()))
        .collect();
    assert_eq!(reasons[0], ("2", "file: found 5, expected a text"));
    assert!(reasons[1].0 == "4" && reasons[1].1.starts_with("found no JSON object"));
    assert!(reasons[2].0 == "5" && reasons[2].1.contains("there is no column \"colour\""));
    assert!(reasons[3].0 == "6" && reasons[3].1.contains("missing.json"));
    assert!(reasons[4].0 == "7" && reasons[4].1.starts_with("time: found \"2026\", expected"));
}

#[test]
fn a_column_that_does_not_exist_is_told_before_anything_is_done() {
    let (_directory, path) = write("all.csv", "file,titel\na,b\n");
    let failure = read(&path, "en").err().unwrap();
    let told = format!("{failure:?}");
    assert!(told.contains("did you mean title?"), "{told}");
}

#[test]
fn a_directory_is_every_file_in_it() {
    let (directory, path) = write("b.csv", "x");
    std::fs::create_dir(directory.path().join("a")).unwrap();
    std::fs::write(directory.path().join("a/c.csv"), "x").unwrap();
    std::fs::write(directory.path().join(".hidden"), "x").unwrap();
    let rows = read(path.parent().unwrap(), "en").unwrap();
    let names: Vec<String> = rows.map(|row| row.says.unwrap().name).collect();
    assert_eq!(names, ["a/c.csv", "b.csv"]);
}

#[test]
fn data_is_declared_with_words_facts_and_persons() {
    let (_directory, path) = write(
        "all.csv",
        "file,data,facts,persons,persons_column\n\
         a.csv,health; genetic,basis.explicit_consent=true;transaction=vendor,12,\n\
         b.csv,ordinary,,,id\n\
         c.csv,,,,\n\
         d.csv,ordinary,,many,\n\
         e.csv,ordinary,,3,id\n\
         f.csv,ordinary,consent,,\n",
    );
    let rows: Vec<Row> = read(&path, "en").unwrap().collect();
    let entry = |at: usize| rows[at].says.as_ref().unwrap();
    let expected = json!({
        "classes": ["health", "genetic"],
        "facts": { "basis.explicit_consent": true, "transaction": "vendor" },
        "persons": 12,
    });
    assert_eq!(entry(0).offer["data"], expected);
    assert_eq!(entry(1).persons_column.as_deref(), Some("id"));
    assert_eq!(entry(1).offer["data"]["persons"], Value::Null);
    assert!(!entry(2).offer.contains_key("data"));
    let reason = |at: usize| rows[at].says.as_ref().unwrap_err().as_str();
    assert!(reason(3).starts_with("persons: found \"many\""), "{}", reason(3));
    assert!(reason(4).contains("expected one of them"), "{}", reason(4));
    assert!(reason(5).starts_with("facts: found \"consent\""), "{}", reason(5));
}
