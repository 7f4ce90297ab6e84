//! Placeholders: from any spelling to the one that the server reads.
//!
//! `?` with a sequence and `:name` with a mapping work on every backend, and each backend's own style always works:
//! `$1` (PostgreSQL), `?1`, `:a`, `@a`, `$a` (SQLite), `@P1`, `@a` (SQL Server). A statement whose parameters do not fit
//! its placeholders is an error before anything is sent.

mod operand;
mod scan;
mod slots;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

use self::scan::{Found, Key, Scanned};
pub use self::slots::bind_order;
use self::slots::{Slot, Slots, Source};
use super::PlaceholderStyle;
use super::tokens::tokenize;
use crate::error::Result;
use crate::value::{Params, Value};

/// A statement in the server's own style, and which value each of its placeholders takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated<'s> {
    /// What to send.
    pub sql: Cow<'s, str>,
    slots: Slots,
}

impl Translated<'_> {
    /// How many values the server gets.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it gets none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values in the server's order: the first is `$1`. A name that is used twice is bound once.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Execution`], naming the placeholder, if there are too few, too many or unknown ones.
    pub fn values<'p>(&self, params: &'p Params) -> Result<Vec<&'p Value>> {
        self.slots.values(params)
    }
}

/// Translates `sql` into `style` for parameters such as `params`.
///
/// On PostgreSQL a `?` after an operand is an operator and `??` always is (it becomes `?`), `\:` is a literal colon, and
/// a statement that contains `$n` is left alone. On SQL Server `@name` is a placeholder if `params` has that name. For
/// [`PlaceholderStyle::Sqlite`] nothing is rewritten; there [`bind_order`] goes by what SQLite itself found.
///
/// # Errors
/// [`crate::error::ErrorKind::Execution`], naming the placeholder, if `params` are too few, too many, unknown, or named
/// where they must be in order (or the other way round).
pub fn translate<'s>(sql: &'s str, style: PlaceholderStyle, params: &Params) -> Result<Translated<'s>> {
    rewrite(sql, style, params, style != PlaceholderStyle::Sqlite)
}

/// As [`translate`], but into numbered placeholders on every backend (`?1` on SQLite), so that more of them can follow.
///
/// # Errors
/// As [`translate`].
pub fn renumber<'s>(sql: &'s str, style: PlaceholderStyle, params: &Params) -> Result<Translated<'s>> {
    rewrite(sql, style, params, true)
}

/// The placeholder with `number`, counted from 1, in the server's style.
pub fn numbered(style: PlaceholderStyle, number: usize) -> String {
    match style {
        PlaceholderStyle::Dollar => format!("${number}"),
        PlaceholderStyle::Sqlite => format!("?{number}"),
        PlaceholderStyle::At => format!("@P{number}"),
    }
}

fn rewrite<'s>(sql: &'s str, style: PlaceholderStyle, params: &Params, splice: bool) -> Result<Translated<'s>> {
    let untouched = |slots| Translated { sql: Cow::Borrowed(sql), slots };
    if params.is_empty() && !may_have_placeholders(sql) {
        return Ok(untouched(Slots::default()));
    }
    // A statement that does not end (`'abc`) goes out as it is: the server says where it is wrong.
    let Some(tokens) = tokenize(sql, style) else {
        return Ok(untouched(Slots::as_given(params)));
    };
    let mut scanned = scan::scan(sql, style, &tokens, params)?;
    let mut slots = Slots::of_statement(scanned.placeholders.iter().map(|found| Slot {
        label: sql[found.span.clone()].to_owned(),
        source: match found.key {
            Key::Position(position) => Source::Position(position),
            Key::Name(name) => Source::Name(name.to_owned()),
        },
    }));
    slots.values(params).map_err(|error| {
        let has_colon = scanned.placeholders.iter().any(|found| sql[found.span.clone()].starts_with(':'));
        if has_colon && splice { error.with_hint("write a colon that begins no placeholder as \\:") } else { error }
    })?;
    if !splice {
        slots.keep_numbers(style);
        return Ok(untouched(slots));
    }
    let numbers = if scanned.native {
        slots.keep_numbers(style);
        keep_respelled(sql, style, &mut scanned.placeholders)
    } else {
        slots.number_by_appearance()
    };
    let sql = splice_all(sql, style, &scanned, &numbers);
    Ok(Translated { sql, slots })
}

/// Of the server's own placeholders keeps those that are not spelled as they are declared, and gives their numbers. A
/// SQL Server whose own collation tells capitals apart knows no `@p1` where `@P1` is declared (Transact-SQL reference,
/// "COLLATE": variables have the collation of the instance).
fn keep_respelled(sql: &str, style: PlaceholderStyle, placeholders: &mut Vec<Found<'_>>) -> Vec<usize> {
    let respelled = |found: &Found<'_>| match found.key {
        Key::Position(at) => Some(at + 1).filter(|number| sql[found.span.clone()] != numbered(style, *number)),
        Key::Name(_) => None,
    };
    let numbers = placeholders.iter().filter_map(respelled).collect();
    placeholders.retain(|found| respelled(found).is_some());
    numbers
}

/// One look at the bytes, so that a statement without parameters costs nothing more.
fn may_have_placeholders(sql: &str) -> bool {
    sql.bytes().any(|byte| matches!(byte, b'?' | b':' | b'$' | b'@' | b'\\'))
}

/// Puts each placeholder's new spelling and each escape's plain form in.
fn splice_all<'s>(sql: &'s str, style: PlaceholderStyle, scanned: &Scanned<'_>, numbers: &[usize]) -> Cow<'s, str> {
    if scanned.placeholders.is_empty() && scanned.escapes.is_empty() {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len() + 2 * numbers.len());
    let mut copied = 0;
    let mut escapes = scanned.escapes.iter().copied().peekable();
    for (Found { span, .. }, number) in scanned.placeholders.iter().zip(numbers) {
        while let Some(escape) = escapes.next_if(|&escape| escape < span.start) {
            out.push_str(&sql[copied..escape]);
            copied = escape + 1;
        }
        out.push_str(&sql[copied..span.start]);
        // `LIMIT?` and `?AND` are fine; `LIMIT$1` is a name and `$1AND` an error.
        if out.ends_with(joins_a_word) {
            out.push(' ');
        }
        // Writing to a String does not fail.
        let _ = write!(out, "{}", numbered(style, *number));
        if sql[span.end..].starts_with(joins_a_word) {
            out.push(' ');
        }
        copied = span.end;
    }
    for escape in escapes {
        out.push_str(&sql[copied..escape]);
        copied = escape + 1;
    }
    out.push_str(&sql[copied..]);
    Cow::Owned(out)
}

fn joins_a_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}
