//! Pages of HTML that need nothing else: no script, no file, no network. What stands on them is in
//! the modules below.

mod matrix;
mod review;

use crate::words::{Telling, messages};

/// How every page looks, on a screen and on paper. Nothing is told by colour alone.
const STYLE: &str = "\
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1.5rem;
  max-width: 120rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; }
caption { text-align: start; font-weight: 600; padding: 0.5rem 0; }
th, td { border: 1px solid #767676; padding: 0.4rem 0.6rem; text-align: start;
  vertical-align: top; }
thead th { background: #eef1f4; }
tbody th, thead th:first-child { background: #f6f7f9; position: sticky; inset-inline-start: 0; }
td, th, li, p, caption, h1, h2, h3 { unicode-bidi: plaintext; }
ul { margin: 0.2rem 0; padding-inline-start: 1.2rem; }
a { color: #0b4f9e; } code { overflow-wrap: anywhere; }
.notice { border: 2px solid #7a4b00; background: #fff6e0; padding: 0.6rem 1rem; }
.scroll { overflow-x: auto; }
.sign td { height: 2.6rem; min-width: 12rem; }
.permitted { background: #dff0df; } .permitted-with-obligations { background: #eef5d6; }
.needs-mechanism { background: #fdf1c7; } .needs-authority-approval { background: #fde0c4; }
.prohibited { background: #f9d3d3; } .unknown { background: #e6e6e6; }
.small { font-size: 0.85rem; } .article { min-width: 11rem; } .agree { min-width: 5rem; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } a { color: inherit; }
  tr, h3 { break-inside: avoid; } thead { display: table-header-group; } }
";

/// A page that is being written.
pub(crate) struct Html(String);

impl Html {
    pub(crate) fn new(tell: &Telling<'_>, title: &str) -> Self {
        let language = tell.language();
        let direction = if language.is_right_to_left() { "rtl" } else { "ltr" };
        let mut page = Self(String::new());
        page.raw("<!doctype html>\n<html lang=\"").raw(language.as_str()).raw("\" dir=\"");
        page.raw(direction).raw("\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.raw("<meta http-equiv=\"Content-Security-Policy\" ");
        page.raw("content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        page.element("title", title).raw("\n<style>\n").raw(STYLE).raw("</style>\n</head>\n");
        page.raw("<body>\n<main>\n").element("h1", title).raw("\n");
        page
    }

    /// The whole page; says what had to be told in English.
    pub(crate) fn end(mut self, tell: &Telling<'_>) -> String {
        let fallen = tell.fallen();
        if fallen > 0 {
            self.element("p", &tell.say(messages::english_instead(fallen))).raw("\n");
        }
        self.raw("</main>\n</body>\n</html>\n");
        self.0
    }

    /// Markup as it is.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, whatever stands in it.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// A text in an element.
    pub(crate) fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">").text(text).raw("</").raw(name).raw(">")
    }

    /// A text that leads to an address on the web, if that is what it is.
    pub(crate) fn link(&mut self, url: Option<&str>, text: &str) -> &mut Self {
        match url.filter(|url| url.starts_with("https://")) {
            Some(url) => self.raw("<a href=\"").text(url).raw("\">").text(text).raw("</a>"),
            None => self.text(text),
        }
    }

    /// A list; nothing if there is nothing to list.
    pub(crate) fn list(&mut self, lines: &[String]) -> &mut Self {
        if lines.is_empty() {
            return self;
        }
        self.raw("<ul>");
        for line in lines {
            self.element("li", line);
        }
        self.raw("</ul>")
    }

    /// The beginning of a table up to its first row.
    pub(crate) fn table(&mut self, caption: &str, columns: &[String]) -> &mut Self {
        self.raw("<div class=\"scroll\">\n<table>\n").element("caption", caption);
        self.raw("\n<thead><tr>");
        for column in columns {
            self.column(column);
        }
        self.raw("</tr></thead>\n<tbody>\n")
    }

    /// The end of a table.
    pub(crate) fn table_end(&mut self) -> &mut Self {
        self.raw("</tbody>\n</table>\n</div>\n")
    }

    /// The header of a column.
    pub(crate) fn column(&mut self, text: &str) -> &mut Self {
        self.raw("<th scope=\"col\">").text(text).raw("</th>")
    }

    /// The header of a row.
    pub(crate) fn row(&mut self, text: &str) -> &mut Self {
        self.raw("<th scope=\"row\">").text(text).raw("</th>")
    }
}
