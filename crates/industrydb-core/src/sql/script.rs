//! Scripts: where one statement ends and the next begins.

use super::PlaceholderStyle;
use super::tokens::{Kind, Token, tokenize};

/// The statements of a PostgreSQL script, without their semicolons; empty ones and trailing comments are left out.
///
/// Semicolons between parentheses (`CREATE RULE … DO (a; b)`) and between `BEGIN ATOMIC` and its `END` separate
/// nothing, as in psql. A script that does not end (`'abc`) is one statement: the server says where it is wrong.
pub fn split(sql: &str, style: PlaceholderStyle) -> Vec<&str> {
    let Some(tokens) = tokenize(sql, style) else {
        return vec![sql];
    };
    let mut statements = Vec::new();
    let mut nesting = Nesting::default();
    let mut first = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Symbol(';') && nesting.is_flat() {
            statements.extend(statement(sql, &tokens[first..at]));
            first = at + 1;
            nesting = Nesting::default();
        } else {
            nesting.enter_or_leave(sql, *token);
        }
    }
    statements.extend(statement(sql, &tokens[first..]));
    statements
}

/// The text of a statement's `tokens` from its first comment or word to its last word; `None` if it has no word.
fn statement<'s>(sql: &'s str, tokens: &[Token]) -> Option<&'s str> {
    let first = tokens.first()?;
    let last = tokens.iter().rfind(|token| token.kind != Kind::Trivia)?;
    Some(sql[first.start..last.end].trim_start())
}

/// How deep in parentheses and `BEGIN ATOMIC` bodies a token is.
#[derive(Default)]
struct Nesting {
    parentheses: usize,
    /// `BEGIN ATOMIC` and the CASEs in it, all of which an END ends.
    blocks: usize,
    after_begin: bool,
}

impl Nesting {
    fn is_flat(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }

    fn enter_or_leave(&mut self, sql: &str, token: Token) {
        match token.kind {
            Kind::Trivia => return,
            Kind::Symbol('(') => self.parentheses += 1,
            Kind::Symbol(')') => self.parentheses = self.parentheses.saturating_sub(1),
            Kind::Word if self.after_begin && token.is_word(sql, "atomic") => self.blocks += 1,
            Kind::Word if self.blocks > 0 && token.is_word(sql, "case") => self.blocks += 1,
            Kind::Word if self.blocks > 0 && token.is_word(sql, "end") => self.blocks -= 1,
            Kind::Word | Kind::Quoted | Kind::Literal | Kind::Dollar | Kind::Symbol(_) => {}
        }
        self.after_begin = token.is_word(sql, "begin");
    }
}

/// The word that a statement begins with, as it is spelled, behind comments, semicolons and parentheses.
pub fn first_keyword(sql: &str, style: PlaceholderStyle) -> Option<&str> {
    if let Some(word) = plain_keyword(sql) {
        return Some(word);
    }
    let skipped = |kind| matches!(kind, Kind::Trivia | Kind::Symbol('(' | ';'));
    let tokens = tokenize(sql, style)?;
    let first = tokens.iter().find(|token| !skipped(token.kind))?;
    (first.kind == Kind::Word).then(|| first.text(sql))
}

/// The word at the very beginning, if white space follows it: no look at the rest is needed to tell that it is one.
pub(super) fn plain_keyword(sql: &str) -> Option<&str> {
    let sql = sql.trim_ascii_start();
    let end = sql.bytes().position(|byte| !byte.is_ascii_alphabetic())?;
    (end > 0 && sql.as_bytes().get(end).is_some_and(u8::is_ascii_whitespace)).then(|| &sql[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use PlaceholderStyle::{Dollar, Sqlite};

    #[test]
    fn a_script_is_split_between_its_statements() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            (" ;; -- nothing\n;", &[]),
            ("SELECT 1", &["SELECT 1"]),
            ("SELECT 1; -- done", &["SELECT 1"]),
            ("/*+ hint */ SELECT 1 /* x */ ;SELECT ';' ;", &["/*+ hint */ SELECT 1", "SELECT ';'"]),
            (
                "SELECT \"a;b\", $$;$$, $x$ ; $$ ; $x$, E'\\';' -- ;\n; SELECT 2",
                &["SELECT \"a;b\", $$;$$, $x$ ; $$ ; $x$, E'\\';'", "SELECT 2"],
            ),
            (
                "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
                &["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"],
            ),
            (
                "CREATE FUNCTION f() RETURNS int BEGIN /**/ ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;",
                &[
                    "CREATE FUNCTION f() RETURNS int BEGIN /**/ ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                    "SELECT 3",
                ],
            ),
            ("BEGIN; SELECT CASE WHEN a THEN 1 END; END", &["BEGIN", "SELECT CASE WHEN a THEN 1 END", "END"]),
            ("SELECT ')'); SELECT 1", &["SELECT ')')", "SELECT 1"]),
            ("SELECT 'a; SELECT 1", &["SELECT 'a; SELECT 1"]),
        ];
        for (script, statements) in rows {
            assert_eq!(split(script, Dollar), *statements, "{script}");
        }
    }

    #[test]
    fn the_first_keyword_is_behind_comments() {
        for (sql, keyword) in [
            ("", None),
            ("-- a\n", None),
            ("/* a */ ; (SELECT 1)", Some("SELECT")),
            ("pragma x", Some("pragma")),
            ("'text'", None),
            ("SELECT 'open", Some("SELECT")),
            ("SELECT/**/'open", None),
            ("\n select\t1", Some("select")),
            ("select1", Some("select1")),
            ("E 'a'", Some("E")),
        ] {
            assert_eq!(first_keyword(sql, Sqlite), keyword, "{sql}");
        }
    }
}
