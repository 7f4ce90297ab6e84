//! What the tokenizer library has to know about each backend's characters.
//!
//! The library's own dialects also join operators (`>` and `?` into `>?`), which hides placeholders and comments behind
//! operators. These join nothing; [`super::tokens`] takes operators character by character.

use std::any::TypeId;

use sqlparser::dialect::{Dialect, PostgreSqlDialect};

use super::PlaceholderStyle;

/// The lexical rules of the backend that reads `style`.
pub(super) fn of(style: PlaceholderStyle) -> &'static dyn Dialect {
    match style {
        PlaceholderStyle::Dollar => &Postgres,
        PlaceholderStyle::Sqlite => &Sqlite,
        PlaceholderStyle::At => &TransactSql,
    }
}

/// PostgreSQL manual, section 4.1. `U&'…'` ends where any string ends, so it needs no rule.
#[derive(Debug)]
struct Postgres;

impl Dialect for Postgres {
    /// The library asks for this where a rule is PostgreSQL's alone: `B'…'`, and a comment that ends at a lone CR.
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_' || !ch.is_ascii()
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        self.is_identifier_start(ch) || ch.is_ascii_digit() || ch == '$'
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }
    fn supports_nested_comments(&self) -> bool {
        true
    }
    fn supports_string_escape_constant(&self) -> bool {
        true
    }
    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }
}

/// SQLite's `tokenize.c` as its manual describes it: "SQL Keywords", "Literal Values", "Comments".
#[derive(Debug)]
struct Sqlite;

impl Dialect for Sqlite {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_' || !ch.is_ascii()
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        self.is_identifier_start(ch) || ch.is_ascii_digit() || ch == '$'
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '"' | '[' | '`')
    }
    /// `$name` is a placeholder; there are no dollar quotes.
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }
    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }
}

/// Transact-SQL reference, "Database identifiers" and "Slash star (block comment)".
#[derive(Debug)]
struct TransactSql;

impl Dialect for TransactSql {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || matches!(ch, '_' | '@' | '#')
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || matches!(ch, '_' | '@' | '#' | '$')
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '"' | '[')
    }
    fn supports_nested_comments(&self) -> bool {
        true
    }
    /// There are no dollar quotes: `$` begins money (`$9.99`) or a pseudo column (`$action`).
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }
}
