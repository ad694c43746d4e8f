//! Comma-separated values as RFC 4180 describes them: quoted fields may hold commas, line breaks
//! and doubled quotes. Line breaks are LF or CRLF.

/// A line of a table, which may span several lines of its text.
pub(super) struct Record {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// Its fields, or why it has none.
    pub(super) fields: Result<Vec<String>, String>,
}

/// The records of a table; empty lines are passed over.
pub(super) fn records(text: &str) -> impl Iterator<Item = Record> {
    let (mut rest, mut line) = (text, 1);
    std::iter::from_fn(move || {
        while let Some(after) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
            rest = after;
            line += 1;
        }
        if rest.is_empty() {
            return None;
        }
        let (fields, used) = record(rest);
        let begin = line;
        line += rest[..used].matches('\n').count();
        rest = &rest[used..];
        Some(Record { line: begin, fields })
    })
}

/// The fields of the record at the start, and how many bytes it takes.
fn record(text: &str) -> (Result<Vec<String>, String>, usize) {
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let (field, end) = match text[at..].strip_prefix('"') {
            None => {
                let length = text[at..].find([',', '\n']).unwrap_or(text.len() - at);
                (text[at..at + length].trim_end_matches('\r').to_owned(), at + length)
            }
            Some(quoted) => match unquoted(quoted) {
                Some((field, used)) => (field, at + 1 + used),
                None => return (Err("found a quote that does not end".to_owned()), text.len()),
            },
        };
        fields.push(field);
        let after = &text[end..];
        if after.starts_with(',') {
            at = end + 1;
        } else if after.is_empty() || after.starts_with('\n') || after.starts_with("\r\n") {
            return (Ok(fields), end + after.find('\n').map_or(after.len(), |found| found + 1));
        } else {
            let used = after.find('\n').map_or(text.len(), |found| end + found + 1);
            let found = after.chars().next().unwrap_or_default();
            let reason = format!("found {found:?} behind a quoted field, expected a comma");
            return (Err(reason), used);
        }
    }
}

/// A field without its quotes, and how many bytes it took with the closing one.
fn unquoted(text: &str) -> Option<(String, usize)> {
    let (mut field, mut at) = (String::new(), 0);
    loop {
        let quote = at + text[at..].find('"')?;
        field.push_str(&text[at..quote]);
        if !text[quote + 1..].starts_with('"') {
            return Some((field, quote + 1));
        }
        field.push('"');
        at = quote + 2;
    }
}
