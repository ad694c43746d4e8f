//! Results to stdout, talk to stderr: tables for a terminal, tab-separated text for a pipe, JSON
//! when asked. What is shown of each resource is the business of the subcommands.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;

use crate::exit::{Failure, Outcome};

/// Columns where the terminal does not tell.
const COLUMNS_DEFAULT: u16 = 100;

/// Columns that are copied or compared as a whole, so they are never wrapped.
const WHOLE: &[&str] = &["id", "offer", "field", "key", "at", "updated", "since", "size", "as of"];

/// Columns from which on a terminal has room for a second id in a row, the last column.
const COLUMNS_WIDE: u16 = 140;

/// Room for the longest name of a state and the gap behind it.
const STATE_WIDTH: Width = Width::Fixed(13);

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where results and talk go.
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    color: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
}

impl Output {
    /// Looks at what stdout and stderr are.
    pub(crate) fn new(json: bool, quiet: bool, color: ColorChoice) -> Self {
        let stderr_is_terminal = io::stderr().is_terminal();
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                stderr_is_terminal && !no_color
            }
        };
        let stdout_is_terminal = io::stdout().is_terminal();
        Self { json, quiet, color, stdout_is_terminal, stderr_is_terminal }
    }

    /// Whether JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether nothing but results and errors is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether colour is wanted on stderr.
    pub(crate) fn is_colored(&self) -> bool {
        self.color
    }

    /// Whether somebody sees stderr.
    pub(crate) fn stderr_is_terminal(&self) -> bool {
        self.stderr_is_terminal
    }

    /// One line of result.
    pub(crate) fn line(&self, text: &str) -> Outcome {
        let mut stdout = io::stdout().lock();
        Ok(writeln!(stdout, "{text}")?)
    }

    /// The width of a page of text: that of a narrow terminal, else what reads well.
    pub(crate) fn page_width(&self) -> usize {
        let columns = if self.stdout_is_terminal { columns() } else { COLUMNS_DEFAULT };
        usize::from(columns.min(COLUMNS_DEFAULT))
    }

    /// A text of result as it is.
    pub(crate) fn text(&self, text: &str) -> Outcome {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// One JSON document, readable.
    pub(crate) fn document(&self, value: &Value) -> Outcome {
        self.line(&format!("{value:#}"))
    }

    /// One JSON document on one line, for streams.
    pub(crate) fn json_line(&self, value: &Value) -> Outcome {
        self.line(&value.to_string())
    }

    /// Rows under a header. Where nobody sees them: tabs, no header, nothing cut or left out.
    pub(crate) fn table(&self, header: &[&str], rows: &[Vec<String>]) -> Outcome {
        if !self.stdout_is_terminal {
            for row in rows {
                let cells: Vec<String> = row.iter().map(|cell| plain(cell)).collect();
                self.line(&cells.join("\t"))?;
            }
            return Ok(());
        }
        let columns = columns();
        let hidden = usize::from(columns < COLUMNS_WIDE && header.last() == Some(&"dataset"));
        let header = &header[..header.len() - hidden];
        let shown = |row: &Vec<String>| -> Vec<String> {
            row.iter().take(header.len()).map(|cell| printable(cell)).collect()
        };
        let rows = rows.iter().map(shown);
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(columns)
            .set_header(header.iter().map(|name| name.to_uppercase()))
            .add_rows(rows);
        for (column, name) in table.column_iter_mut().zip(header) {
            column.set_padding((0, 2));
            if WHOLE.contains(name) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if *name == "state" {
                column.set_constraint(ColumnConstraint::LowerBoundary(STATE_WIDTH));
            }
        }
        for line in table.lines() {
            // Spaces at the end only confuse whoever copies the line.
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// One resource, a field a line; nested values as JSON.
    pub(crate) fn details(&self, value: &Value) -> Outcome {
        let rows: Vec<Vec<String>> = value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| vec![name.replace('_', " "), cell(value)])
            .collect();
        self.table(&["field", "value"], &rows)
    }

    /// A sentence for whoever watches.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.talk(&printable(text));
        }
    }

    /// Something that is allowed but unwise.
    pub(crate) fn warn(&self, text: &str) {
        self.talk(&format!("{} {}", self.paint("warning:", "1;33"), printable(text)));
    }

    /// Why the command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        let detail: Vec<String> = failure.detail().lines().map(printable).collect();
        self.talk(&format!("{} {}", self.paint("error:", "1;31"), detail.join("\n")));
        for hint in failure.hints() {
            self.talk(&format!("{} {}", self.paint("hint:", "1;36"), printable(hint)));
        }
        if self.json {
            // Whoever reads stdout may be gone; the exit code still tells.
            let _ = self.document(&failure.to_document());
        }
    }

    /// A word in colour, where colour is wanted.
    pub(crate) fn paint(&self, word: &str, code: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }

    fn talk(&self, text: &str) {
        // There is nowhere to tell that stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// A value as one cell: texts bare, ids without their scheme, the rest as JSON.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => crate::values::short(text).to_owned(),
        other => other.to_string(),
    }
}

/// Peers choose titles, reasons and ids; none of them may move the cursor of our terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() || is_bidi_control(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn plain(text: &str) -> String {
    printable(text)
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn columns() -> u16 {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let asked = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col);
    asked.filter(|columns| *columns > 0).or(told).unwrap_or(COLUMNS_DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_peer_wrote_cannot_control_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\rc\td\ne\u{202e}f"),
            "a\u{fffd}[2Jb\u{fffd}c d e\u{fffd}f"
        );
        assert_eq!(printable("数据 عربي"), "数据 عربي");
    }

    #[test]
    fn a_cell_is_what_a_person_would_copy() {
        let check = |value: Value, expected: &str| assert_eq!(cell(&value), expected);
        check(json!(null), "");
        check(json!("urn:uuid:1-2"), "1-2");
        check(json!("urn:example:x"), "urn:example:x");
        check(json!(7), "7");
        check(json!({"en": "t"}), "{\"en\":\"t\"}");
    }
}
