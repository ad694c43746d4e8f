//! Splits Rust source into code, comments and string literals, line by line in place.
//!
//! It is not a parser and accepts any input: it knows only where comments, strings and characters
//! begin and end, which is all that the text rules need to avoid false alarms.

/// A string literal with its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// The line of the opening quote, counted from 1.
    pub(crate) line: usize,
    /// The content, with the common escapes resolved.
    pub(crate) value: String,
}

/// One source text in three layers. `code` and `comments` keep the lines and columns of the
/// original: what belongs to another layer is blank.
pub(crate) struct Layers {
    pub(crate) code: String,
    pub(crate) comments: String,
    pub(crate) literals: Vec<Literal>,
}

/// Splits `text`; an unclosed comment or string runs to the end.
pub(crate) fn split(text: &str) -> Layers {
    let mut lexer = Lexer {
        input: text.chars().collect(),
        position: 0,
        line: 1,
        layers: Layers { code: String::new(), comments: String::new(), literals: Vec::new() },
    };
    while lexer.position < lexer.input.len() {
        lexer.step();
    }
    lexer.layers
}

#[derive(Clone, Copy)]
enum Layer {
    Code,
    Comment,
    String,
}

struct Lexer {
    input: Vec<char>,
    position: usize,
    line: usize,
    layers: Layers,
}

impl Lexer {
    fn step(&mut self) {
        match self.peek(0) {
            '/' if self.peek(1) == '/' => self.line_comment(),
            '/' if self.peek(1) == '*' => self.block_comment(),
            '"' => self.string(),
            '\'' => self.quote(),
            'r' if !self.follows_word() => self.raw_or_code(),
            _ => self.take(Layer::Code, 1),
        }
    }

    /// The character `offset` ahead, or NUL past the end.
    fn peek(&self, offset: usize) -> char {
        self.input.get(self.position + offset).copied().unwrap_or('\0')
    }

    /// Whether the current character continues a word; `b` and `c` alone are string prefixes.
    fn follows_word(&self) -> bool {
        let before = |distance: usize| {
            self.position.checked_sub(distance).map_or(' ', |position| self.input[position])
        };
        match before(1) {
            'b' | 'c' => is_word(before(2)),
            character => is_word(character),
        }
    }

    fn take(&mut self, layer: Layer, count: usize) {
        for _ in 0..count {
            let Some(&character) = self.input.get(self.position) else { return };
            let blank = if character == '\n' { '\n' } else { ' ' };
            let (code, comment) = match layer {
                Layer::Code => (character, blank),
                Layer::Comment => (blank, character),
                Layer::String => (blank, blank),
            };
            self.layers.code.push(code);
            self.layers.comments.push(comment);
            self.line += usize::from(character == '\n');
            self.position += 1;
        }
    }

    fn line_comment(&mut self) {
        while self.position < self.input.len() && self.peek(0) != '\n' {
            self.take(Layer::Comment, 1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.position < self.input.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.take(Layer::Comment, 2);
                }
                ('*', '/') => {
                    depth -= 1;
                    self.take(Layer::Comment, 2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.take(Layer::Comment, 1),
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        let mut value = String::new();
        self.take(Layer::String, 1);
        while self.position < self.input.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.escape(&mut value);
            } else {
                value.push(self.peek(0));
                self.take(Layer::String, 1);
            }
        }
        self.take(Layer::String, 1);
        self.layers.literals.push(Literal { line, value });
    }

    fn escape(&mut self, value: &mut String) {
        match self.peek(1) {
            '\n' => {
                // A line that ends in a backslash swallows the indentation of the next.
                self.take(Layer::String, 2);
                while self.position < self.input.len() && self.peek(0).is_whitespace() {
                    self.take(Layer::String, 1);
                }
                return;
            }
            'n' => value.push('\n'),
            't' => value.push('\t'),
            other => value.push(other),
        }
        self.take(Layer::String, 2);
    }

    /// `r"..."` and `r#"..."#` are strings; `r#word` and other words are code.
    fn raw_or_code(&mut self) {
        let mut hashes = 0;
        while self.peek(1 + hashes) == '#' {
            hashes += 1;
        }
        if self.peek(1 + hashes) != '"' {
            return self.take(Layer::Code, 1);
        }
        let line = self.line;
        let mut value = String::new();
        self.take(Layer::String, hashes + 2);
        while self.position < self.input.len() {
            let closes = self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#');
            if closes {
                self.take(Layer::String, hashes + 1);
                break;
            }
            value.push(self.peek(0));
            self.take(Layer::String, 1);
        }
        self.layers.literals.push(Literal { line, value });
    }

    /// `'x'` and `'\n'` are characters; `'static` is a lifetime and stays code.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.take(Layer::String, 3);
            while self.position < self.input.len() && !matches!(self.peek(0), '\'' | '\n') {
                self.take(Layer::String, 1);
            }
            self.take(Layer::String, 1);
        } else if self.peek(2) == '\'' {
            self.take(Layer::String, 3);
        } else {
            self.take(Layer::Code, 1);
        }
    }
}

/// Whether `character` may stand inside an identifier.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str, comments: &str, literals: &[(usize, &str)]) {
        let layers = split(text);
        let squeeze = |layer: &str| layer.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze(&layers.code), code, "code of {text}");
        assert_eq!(squeeze(&layers.comments), comments, "comments of {text}");
        let found: Vec<(usize, &str)> =
            layers.literals.iter().map(|literal| (literal.line, literal.value.as_str())).collect();
        assert_eq!(found, literals, "literals of {text}");
        assert_eq!(layers.code.lines().count(), text.lines().count());
    }

    #[test]
    fn comments_leave_the_code_layer() {
        check("a // b\nc", "a c", "// b", &[]);
        check("a /* b /* c */ d */ e", "a e", "/* b /* c */ d */", &[]);
        check("a /* never closed", "a", "/* never closed", &[]);
    }

    #[test]
    fn strings_leave_the_code_layer_with_their_line() {
        check("\nf(\"x // y\");", "f( );", "", &[(2, "x // y")]);
        check(r#"f("a\"b\n")"#, "f( )", "", &[(1, "a\"b\n")]);
        check("f(\"\\\n   a\")", "f( )", "", &[(1, "a")]);
        check("f(\"never closed", "f(", "", &[(1, "never closed")]);
    }

    #[test]
    fn raw_strings_end_only_at_their_own_hashes() {
        check("r#\"a\"b\"# c", "c", "", &[(1, "a\"b")]);
        check("br\"a\\\" c", "b c", "", &[(1, "a\\")]);
        check("r#type for", "r#type for", "", &[]);
        check("bar\"x\"", "bar", "", &[(1, "x")]);
    }

    #[test]
    fn characters_are_no_strings_and_lifetimes_are_code() {
        check("'\"' x", "x", "", &[]);
        check("'\\'' x '\\u{41}' y", "x y", "", &[]);
        check("&'static str", "&'static str", "", &[]);
    }
}
