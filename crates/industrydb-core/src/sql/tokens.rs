//! A statement as a flat row of tokens with byte spans, so that rewriting it only splices text.

use sqlparser::tokenizer::{Location, Token as LibraryToken, TokenWithSpan, Tokenizer, Whitespace};

use super::{PlaceholderStyle, lexicon};

/// What a token is, as far as placeholders and statements need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// White space or a comment.
    Trivia,
    /// A bare identifier or keyword; in T-SQL also `@variable` and `#table`.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string, a dollar-quoted string, a number.
    Literal,
    /// `$` with what belongs to it: `$1`, `$name`.
    Dollar,
    /// Any other character, one by one.
    Symbol(char),
}

/// A token and where it is: bytes `start..end` of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

impl Token {
    /// Its text in `sql`.
    pub fn text<'s>(&self, sql: &'s str) -> &'s str {
        &sql[self.start..self.end]
    }

    /// Whether it is the bare word `word` in any case.
    pub fn is_word(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }
}

/// The tokens of `sql`, one behind the other without a gap. `None` if a string, a quoted name or a comment does not
/// end: the server is then the one to say so.
pub fn tokenize(sql: &str, style: PlaceholderStyle) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    // One round is the rule. A further one starts where the library went wrong.
    while at < sql.len() {
        let mut library_tokens = Vec::new();
        let outcome = Tokenizer::new(lexicon::of(style), &sql[at..])
            .with_unescape(false)
            .tokenize_with_location_into_buf(&mut library_tokens);
        let first = tokens.len();
        at = convert(sql, at, &library_tokens, &mut tokens)?;
        if let Some(overlooked) = overlooked_comment(&tokens[first..]) {
            tokens.truncate(first + overlooked);
            at = tokens.last().map_or(0, |token: &Token| token.end);
        } else if outcome.is_err() {
            at = step_over(sql, at, style, &mut tokens)?;
        }
    }
    Some(tokens)
}

/// Appends `library_tokens`, which begin at byte `at`, and gives the byte behind the last of them.
fn convert(sql: &str, at: usize, library_tokens: &[TokenWithSpan], tokens: &mut Vec<Token>) -> Option<usize> {
    let mut cursor = Cursor { rest: &sql[at..], byte: at, location: Location::new(1, 1) };
    for token in library_tokens {
        let start = cursor.byte;
        let end = cursor.advance_to(token.span.end)?;
        match kind_of(&token.token) {
            Some(kind) => tokens.push(Token { kind, start, end }),
            None => symbols(sql, start, end, tokens),
        }
    }
    Some(cursor.byte)
}

/// What a library token is to us; `None` for operators and punctuation.
fn kind_of(token: &LibraryToken) -> Option<Kind> {
    match token {
        LibraryToken::Whitespace(
            Whitespace::Space
            | Whitespace::Newline
            | Whitespace::Tab
            | Whitespace::SingleLineComment { .. }
            | Whitespace::MultiLineComment(_),
        ) => Some(Kind::Trivia),
        LibraryToken::Word(word) if word.quote_style.is_some() => Some(Kind::Quoted),
        LibraryToken::Word(_) => Some(Kind::Word),
        LibraryToken::Placeholder(text) if text.starts_with('$') => Some(Kind::Dollar),
        LibraryToken::Number(..)
        | LibraryToken::SingleQuotedString(_)
        | LibraryToken::DoubleQuotedString(_)
        | LibraryToken::DollarQuotedString(_)
        | LibraryToken::SingleQuotedByteStringLiteral(_)
        | LibraryToken::DoubleQuotedByteStringLiteral(_)
        | LibraryToken::NationalStringLiteral(_)
        | LibraryToken::EscapedStringLiteral(_)
        | LibraryToken::HexStringLiteral(_) => Some(Kind::Literal),
        // Operators, punctuation and `?12`.
        _ => None,
    }
}

/// Appends `sql[start..end]` character by character; digits (of `?12`) stay together as a number.
fn symbols(sql: &str, start: usize, end: usize, tokens: &mut Vec<Token>) {
    let mut at = start;
    for character in sql[start..end].chars() {
        let next = at + character.len_utf8();
        match tokens.last_mut() {
            Some(last) if character.is_ascii_digit() && last.kind == Kind::Literal && last.start > start => {
                last.end = next
            }
            _ if character.is_ascii_digit() => tokens.push(Token { kind: Kind::Literal, start: at, end: next }),
            _ => tokens.push(Token { kind: Kind::Symbol(character), start: at, end: next }),
        }
        at = next;
    }
}

/// The first of two symbols that begin a comment: the library read them as parts of operators (`||/*`).
fn overlooked_comment(tokens: &[Token]) -> Option<usize> {
    tokens.windows(2).position(|pair| {
        matches!(
            (pair[0].kind, pair[1].kind),
            (Kind::Symbol('-'), Kind::Symbol('-')) | (Kind::Symbol('/'), Kind::Symbol('*'))
        )
    })
}

/// Reads one token that the library refuses though the server takes it, and gives the byte behind it.
fn step_over(sql: &str, at: usize, style: PlaceholderStyle, tokens: &mut Vec<Token>) -> Option<usize> {
    let rest = &sql[at..];
    // `(row)._field`: the library allows a name that begins with `_` behind a bare name only.
    if rest.starts_with("._") {
        tokens.push(Token { kind: Kind::Symbol('.'), start: at, end: at + 1 });
        return Some(at + 1);
    }
    // `E'\uD83D\uDE00'`: the library evaluates escapes and knows fewer of them than the server.
    if style == PlaceholderStyle::Dollar && rest.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("e'")) {
        let end = at + escape_string_length(rest)?;
        tokens.push(Token { kind: Kind::Literal, start: at, end });
        return Some(end);
    }
    None
}

/// How many bytes the `E'…'` at the start of `text` takes; `None` if it does not end.
fn escape_string_length(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(2).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '\'' if characters.next_if(|&(_, next)| next == '\'').is_none() => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Turns the library's lines and columns (of characters, a line ending at each LF) into bytes, front to back.
struct Cursor<'s> {
    rest: &'s str,
    byte: usize,
    location: Location,
}

impl Cursor<'_> {
    /// The byte at `target`; `None` if it lies behind us or beyond the end.
    fn advance_to(&mut self, target: Location) -> Option<usize> {
        while self.location < target {
            let character = self.rest.chars().next()?;
            self.rest = &self.rest[character.len_utf8()..];
            self.byte += character.len_utf8();
            if character == '\n' {
                self.location = Location::new(self.location.line + 1, 1);
            } else {
                self.location.column += 1;
            }
        }
        (self.location == target).then_some(self.byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PlaceholderStyle::{At, Dollar, Sqlite};

    /// The tokens without trivia, each as one letter for its kind and its text.
    fn shown(sql: &str, style: PlaceholderStyle) -> Option<Vec<String>> {
        let tokens = tokenize(sql, style)?;
        let mut at = 0;
        for token in &tokens {
            assert_eq!(token.start, at, "a gap in {sql:?}");
            at = token.end;
        }
        assert_eq!(at, sql.len(), "the end of {sql:?} is missing");
        let letter = |kind| match kind {
            Kind::Trivia => "",
            Kind::Word => "w",
            Kind::Quoted => "q",
            Kind::Literal => "l",
            Kind::Dollar => "$",
            Kind::Symbol(_) => "s",
        };
        let significant = tokens.iter().filter(|token| token.kind != Kind::Trivia);
        Some(significant.map(|token| format!("{} {}", letter(token.kind), token.text(sql))).collect())
    }

    #[test]
    fn tokens_are_what_each_server_reads() {
        let all = [Dollar, Sqlite, At];
        let rows: &[(&[PlaceholderStyle], &str, &[&str])] = &[
            (&all, "", &[]),
            (&all, "a >= 'x''?' -- ? :a", &["w a", "s >", "s =", "l 'x''?'"]),
            (&all, "/* ? */ \"a\"\"?\"\r\n\t1.5e3", &["q \"a\"\"?\"", "l 1.5e3"]),
            (&all, "né=?", &["w né", "s =", "s ?"]),
            (&all, "'🦀\r\n'||?", &["l '🦀\r\n'", "s |", "s |", "s ?"]),
            (&all, ":name x::int", &["s :", "w name", "w x", "s :", "s :", "w int"]),
            (&all, "(r)._f", &["s (", "w r", "s )", "s .", "w _f"]),
            (&all, "a||/* it's */?", &["w a", "s |", "s |", "s ?"]),
            (&all, "x'0A' X'0b'", &["l x'0A'", "l X'0b'"]),
            (&[Dollar, At], "/* a /* ? */ ? */ 1", &["l 1"]),
            (&[Sqlite], "/* a /* ? */ ?", &["s ?"]),
            (&[Sqlite, At], "?12 ? ?3", &["s ?", "l 12", "s ?", "s ?", "l 3"]),
            (&[Sqlite, At], "[a?]", &["q [a?]"]),
            (&[Dollar], "a[1:2]", &["w a", "s [", "l 1", "s :", "l 2", "s ]"]),
            (&[Dollar], "$1 $$ ? $$ $t$ ' $$ ? $t$", &["$ $1", "l $$ ? $$", "l $t$ ' $$ ? $t$"]),
            (&[Dollar], "a$1", &["w a$1"]),
            (&[Dollar], "E'\\'?' E'\\uD83D\\uDE00' ?", &["l E'\\'?'", "l E'\\uD83D\\uDE00'", "s ?"]),
            (&[Dollar], "U&'d\\0061t?' B'01' N'?'", &["w U", "s &", "l 'd\\0061t?'", "l B'01'", "l N'?'"]),
            (&[Dollar], "a @? b ?| c", &["w a", "s @", "s ?", "w b", "s ?", "s |", "w c"]),
            (&[Dollar], "a <--b\nc", &["w a", "s <", "w c"]),
            (&[Dollar], "a #--b\nc", &["w a", "s #", "w c"]),
            (&[Dollar], "1 --a\rb", &["l 1", "w b"]),
            (&[Sqlite], "$name @a :b `?`", &["$ $name", "s @", "w a", "s :", "w b", "q `?`"]),
            (&[At], "@P1 @@ROWCOUNT #t ##t N'?'", &["w @P1", "w @@ROWCOUNT", "w #t", "w ##t", "l N'?'"]),
            (&[At], "$9.99 $action", &["$ $9", "l .99", "$ $action"]),
        ];
        for (styles, sql, expected) in rows {
            for &style in *styles {
                let found = shown(sql, style).unwrap_or_else(|| panic!("{sql} has no end as {style:?}"));
                assert_eq!(found, *expected, "{sql} as {style:?}");
            }
        }
    }

    #[test]
    fn what_does_not_end_is_left_to_the_server() {
        for (style, sql) in [
            (Dollar, "'a"),
            (Dollar, "E'a\\'"),
            (Dollar, "\"a"),
            (Dollar, "$$a"),
            (Dollar, "$t$a$$"),
            (Dollar, "/* /* */"),
            (Sqlite, "[a"),
            (Sqlite, "`a"),
            (At, "/*"),
        ] {
            assert_eq!(tokenize(sql, style), None, "{sql}");
        }
    }
}
