//! Finds the placeholders among a statement's tokens.

use std::ops::Range;

use super::operand::ends_operand;
use crate::error::{Error, Result};
use crate::sql::PlaceholderStyle;
use crate::sql::tokens::{Kind, Token};
use crate::value::Params;

/// Which value a placeholder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'s> {
    /// The one at this position, counted from 0.
    Position(usize),
    /// The one of this name.
    Name(&'s str),
}

/// One placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'s> {
    pub(super) span: Range<usize>,
    pub(super) key: Key<'s>,
}

/// What a statement contains.
#[derive(Debug, Default)]
pub(super) struct Scanned<'s> {
    /// In the order of the text.
    pub(super) placeholders: Vec<Found<'s>>,
    /// The bytes to leave out: one `?` of `??`, the backslash of `\:`.
    pub(super) escapes: Vec<usize>,
    /// Whether the placeholders are the server's own numbered ones: they keep their numbers.
    pub(super) native: bool,
}

/// Finds the placeholders of `sql`.
///
/// # Errors
/// [`crate::error::ErrorKind::Execution`] for `?` beside `@P1`, and for a number that is none.
pub(super) fn scan<'s>(
    sql: &'s str,
    style: PlaceholderStyle,
    tokens: &[Token],
    params: &Params,
) -> Result<Scanned<'s>> {
    let mut scan = Scan {
        sql,
        style,
        tokens,
        params,
        at: 0,
        operand: false,
        largest: 0,
        numbers: Vec::new(),
        found: Scanned::default(),
    };
    while let Some(&token) = tokens.get(scan.at) {
        scan.step(token)?;
    }
    scan.finish()
}

struct Scan<'a, 's> {
    sql: &'s str,
    style: PlaceholderStyle,
    tokens: &'a [Token],
    params: &'a Params,
    at: usize,
    /// Whether what stands before `at` ends an operand.
    operand: bool,
    /// The largest number so far; a bare `?` takes the next one, as in SQLite.
    largest: usize,
    /// The server's own numbered placeholders: `$1`, `@P1`.
    numbers: Vec<Found<'s>>,
    found: Scanned<'s>,
}

impl<'s> Scan<'_, 's> {
    /// Takes the token at `at` and whatever belongs to it.
    fn step(&mut self, token: Token) -> Result<()> {
        match token.kind {
            Kind::Trivia => {
                self.at += 1;
                return Ok(());
            }
            Kind::Symbol('?') => return self.question_mark(token),
            Kind::Symbol(':') => return self.colon(token),
            Kind::Symbol('\\') if self.touching(1) == Some(Kind::Symbol(':')) => {
                self.found.escapes.push(token.start);
                self.skip(2);
                return Ok(());
            }
            Kind::Symbol('@') if self.style == PlaceholderStyle::Sqlite => return self.sigil(token),
            Kind::Dollar => self.dollar(token)?,
            Kind::Word if self.style == PlaceholderStyle::At && token.text(self.sql).starts_with('@') => {
                self.variable(token)?;
            }
            Kind::Word | Kind::Quoted | Kind::Literal | Kind::Symbol(_) => {}
        }
        self.operand = ends_operand(self.sql, token);
        self.at += 1;
        Ok(())
    }

    /// `?`, `?12`, and PostgreSQL's operators.
    fn question_mark(&mut self, token: Token) -> Result<()> {
        if self.style == PlaceholderStyle::Dollar {
            if self.touching(1) == Some(Kind::Symbol('?')) {
                self.found.escapes.push(token.start);
                self.skip(2);
                return Ok(());
            }
            if self.operand || self.is_path_exists() {
                self.skip(1);
                return Ok(());
            }
        }
        let (position, length) = match self.touching_number() {
            Some(digits) => (self.position(digits)?, 2),
            None => (self.largest, 1),
        };
        self.largest = self.largest.max(position + 1);
        self.push(token, length, Key::Position(position));
        Ok(())
    }

    /// Whether the `?` at `at` is the end of the operator `@?` between two operands (PostgreSQL manual, 9.16.1).
    fn is_path_exists(&self) -> bool {
        let Some((&Token { kind: Kind::Symbol('@'), .. }, before)) = self.tokens[..self.at].split_last() else {
            return false;
        };
        let operand = before.iter().rfind(|token| token.kind != Kind::Trivia);
        operand.is_some_and(|&token| ends_operand(self.sql, token) || self.is_placeholder_end(token.end))
    }

    /// `:name`, and the colons that are something else: `::`, `:=`, `a[1:n]`.
    fn colon(&mut self, token: Token) -> Result<()> {
        if let Some(Kind::Symbol(':' | '=')) = self.touching(1) {
            self.skip(2);
            return Ok(());
        }
        let behind_operand = self.operand && self.at > 0 && self.tokens[self.at - 1].kind != Kind::Trivia;
        if behind_operand {
            self.skip(1);
            return Ok(());
        }
        self.sigil(token)
    }

    /// `:name`, `@name`; on SQLite also `:1` and `@1`.
    fn sigil(&mut self, token: Token) -> Result<()> {
        if self.touching(1) == Some(Kind::Word) {
            let name = self.tokens[self.at + 1].text(self.sql);
            self.push(token, 2, Key::Name(name));
        } else if let (PlaceholderStyle::Sqlite, Some(digits)) = (self.style, self.touching_number()) {
            let position = self.position(digits)?;
            self.push(token, 2, Key::Position(position));
        } else {
            self.skip(1);
        }
        Ok(())
    }

    /// `$1` of PostgreSQL; `$name` and `$1` of SQLite; T-SQL's money and pseudo columns.
    fn dollar(&mut self, token: Token) -> Result<()> {
        let span = token.start..token.end;
        let name = &token.text(self.sql)[1..];
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        match self.style {
            PlaceholderStyle::Dollar if is_number => {
                let key = Key::Position(self.position(name)?);
                self.numbers.push(Found { span, key });
            }
            PlaceholderStyle::Sqlite if !name.is_empty() => {
                let key = if is_number { Key::Position(self.position(name)?) } else { Key::Name(name) };
                self.found.placeholders.push(Found { span, key });
            }
            PlaceholderStyle::Dollar | PlaceholderStyle::Sqlite | PlaceholderStyle::At => {}
        }
        Ok(())
    }

    /// `@P1` and `@name` of T-SQL, where `@name` may as well be a variable or a procedure's parameter.
    fn variable(&mut self, token: Token) -> Result<()> {
        let span = token.start..token.end;
        let name = &token.text(self.sql)[1..];
        match self.params {
            Params::Positional(values) if !values.is_empty() => {
                let digits = name.strip_prefix(['P', 'p']).filter(|rest| !rest.is_empty());
                if let Some(digits) = digits.filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) {
                    let key = Key::Position(self.position(digits)?);
                    self.numbers.push(Found { span, key });
                }
            }
            Params::Positional(_) => {}
            Params::Named(values) => {
                let given = values.iter().any(|(given, _)| given == name);
                if given && !self.names_a_parameter() || !given && !name.starts_with('@') && !self.has_variables() {
                    self.found.placeholders.push(Found { span, key: Key::Name(name) });
                }
            }
        }
        Ok(())
    }

    /// Whether the `@name` at `at` is the left side in `EXEC procedure @name = …`.
    fn names_a_parameter(&self) -> bool {
        let next = self.tokens[self.at + 1..].iter().find(|token| token.kind != Kind::Trivia);
        let in_call = || {
            let statement = self.tokens[..self.at].iter().rev().take_while(|token| token.kind != Kind::Symbol(';'));
            statement.into_iter().any(|token| token.is_word(self.sql, "exec") || token.is_word(self.sql, "execute"))
        };
        next.is_some_and(|token| token.kind == Kind::Symbol('=')) && in_call()
    }

    /// Whether the statement can have `@names` of its own.
    fn has_variables(&self) -> bool {
        const MAKERS: [&str; 5] = ["declare", "exec", "execute", "create", "alter"];
        self.tokens.iter().any(|token| MAKERS.iter().any(|maker| token.is_word(self.sql, maker)))
    }

    fn push(&mut self, first: Token, length: usize, key: Key<'s>) {
        let end = self.tokens[self.at + length - 1].end;
        self.found.placeholders.push(Found { span: first.start..end, key });
        self.at += length;
        self.operand = true;
    }

    /// Passes `count` tokens of an operator.
    fn skip(&mut self, count: usize) {
        self.at += count;
        self.operand = false;
    }

    /// What stands `ahead` tokens ahead; tokens have no gaps, so it touches.
    fn touching(&self, ahead: usize) -> Option<Kind> {
        self.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    fn touching_number(&self) -> Option<&'s str> {
        let token = self.tokens.get(self.at + 1).filter(|token| token.kind == Kind::Literal)?;
        let text = token.text(self.sql);
        text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
    }

    /// A placeholder's number, from its digits, as a position.
    fn position(&self, digits: &str) -> Result<usize> {
        let position = digits.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        position.ok_or_else(|| Error::execution(format!("a placeholder can't have the number {digits}")))
    }

    fn is_placeholder_end(&self, byte: usize) -> bool {
        self.found.placeholders.last().is_some_and(|found| found.span.end == byte)
    }

    fn finish(mut self) -> Result<Scanned<'s>> {
        if self.numbers.is_empty() {
            return Ok(self.found);
        }
        // `$1` says that the statement is PostgreSQL's own: its `?` are operators. `@P1` says nothing like that.
        if let (PlaceholderStyle::At, Some(other)) = (self.style, self.found.placeholders.first()) {
            let (other, number) = (&self.sql[other.span.clone()], &self.sql[self.numbers[0].span.clone()]);
            return Err(Error::execution(format!("the statement mixes the placeholders {other} and {number}")));
        }
        self.found = Scanned { placeholders: self.numbers, escapes: Vec::new(), native: true };
        Ok(self.found)
    }
}
