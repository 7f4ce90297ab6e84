//! A statement as items: its tokens without white space, its parameters numbered, each with the parenthesis it is in.

use std::collections::HashMap;

use super::words::{SQLITE, Words};
use crate::sql::PlaceholderStyle;
use crate::sql::tokens::{Kind, Token, tokenize};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The parameter with this index, counted from 0.
    Parameter(usize),
    /// A keyword or bare name.
    Word,
    /// A quoted name.
    Name,
    /// A string or number.
    Literal,
    /// One character of an operator or of punctuation.
    Symbol(char),
}

/// One item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'s> {
    pub(super) what: What,
    pub(super) text: &'s str,
    /// Its first byte.
    pub(super) start: usize,
    /// The `(` that it is in.
    pub(super) parent: Option<usize>,
    /// The word that begins the clause that it is in, in the same parenthesis.
    pub(super) clause: Option<usize>,
    /// For a `(` its `)`.
    pub(super) close: usize,
}

impl Item<'_> {
    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        self.what == What::Word && words.iter().any(|word| self.text.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        self.what == What::Symbol(symbol)
    }

    /// The name that it spells: SQLite reads a string as a name where only a name can be.
    pub(super) fn name(&self) -> String {
        let text = self.text;
        let Some(quote @ ('"' | '`' | '\'' | '[')) = text.chars().next() else { return text.to_owned() };
        let inner = text.get(1..text.len() - 1).unwrap_or_default();
        if quote == '[' {
            inner.replace("]]", "]")
        } else {
            inner.replace(&format!("{quote}{quote}"), &quote.to_string())
        }
    }
}

/// Items that are being put in a row.
struct Row<'s> {
    items: Vec<Item<'s>>,
    /// The parentheses that are open.
    open: Vec<usize>,
    /// What begins the clause in each of them, and in what is in none.
    clauses: Vec<Option<usize>>,
    words: &'static Words,
}

impl<'s> Row<'s> {
    fn new(words: &'static Words) -> Self {
        Self { items: Vec::new(), open: Vec::new(), clauses: vec![None], words }
    }

    /// Appends an item; `None` for a `)` without its `(`.
    fn push(&mut self, what: What, text: &'s str, start: usize) -> Option<()> {
        let here = self.items.len();
        if matches!(what, What::Symbol(')' | ']')) {
            let begin = self.open.pop()?;
            self.items[begin].close = here;
            self.clauses.pop();
        }
        let (parent, clause) = (self.open.last().copied(), self.clauses.last().copied().flatten());
        let item = Item { what, text, start, parent, clause, close: here };
        // `DISTINCT ON (…)` is a part of SELECT.
        let of_select = || item.is_word(&["ON"]) && self.items.last().is_some_and(|last| last.is_word(&["DISTINCT"]));
        if item.is_word(self.words.clauses)
            && !of_select()
            && let Some(clause) = self.clauses.last_mut()
        {
            *clause = Some(here);
        }
        self.items.push(item);
        if matches!(what, What::Symbol('(' | '[')) {
            self.open.push(here);
            self.clauses.push(None);
        }
        Some(())
    }

    fn end(self) -> Option<Vec<Item<'s>>> {
        self.open.is_empty().then_some(self.items)
    }
}

/// The items of a text of PostgreSQL (`$1`) or SQL Server (`@P1`), the brackets of an array taken as parentheses. `None` if
/// a string or comment has no end, or parentheses don't match.
pub(super) fn numbered_items<'s>(sql: &'s str, words: &'static Words) -> Option<Vec<Item<'s>>> {
    let style = words.style;
    let mut row = Row::new(words);
    for token in tokenize(sql, style)? {
        let text = token.text(sql);
        let numbered = |sigil: &str| {
            let digits = text.strip_prefix(sigil).or(text.strip_prefix(sigil.to_ascii_lowercase().as_str()))?;
            digits.parse::<usize>().ok()?.checked_sub(1).map(What::Parameter)
        };
        let what = match (token.kind, style) {
            (Kind::Trivia, _) => continue,
            (Kind::Word, PlaceholderStyle::At) => numbered("@P").unwrap_or(What::Word),
            (Kind::Word, PlaceholderStyle::Dollar | PlaceholderStyle::Sqlite) => What::Word,
            (Kind::Quoted, _) => What::Name,
            (Kind::Literal, _) => What::Literal,
            (Kind::Dollar, PlaceholderStyle::Dollar) => numbered("$").unwrap_or(What::Literal),
            // An amount of money, `$action`.
            (Kind::Dollar, PlaceholderStyle::At | PlaceholderStyle::Sqlite) => What::Literal,
            (Kind::Symbol(symbol), _) => What::Symbol(symbol),
        };
        row.push(what, text, token.start)?;
    }
    row.end()
}

/// The items of one statement of SQLite. `names` are its parameters' own names, as `sqlite3_bind_parameter_name` gives
/// them. `None` if a string or comment has no end, or parentheses don't match.
pub(super) fn items<'s>(sql: &'s str, names: &[Option<&str>]) -> Option<Vec<Item<'s>>> {
    let tokens = tokenize(sql, PlaceholderStyle::Sqlite)?;
    let indexes: HashMap<&str, usize> =
        names.iter().enumerate().filter_map(|(at, name)| name.map(|name| (name, at))).collect();
    let mut row = Row::new(&SQLITE);
    let mut largest = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let (what, text) = match token.kind {
            Kind::Trivia => continue,
            Kind::Word => (What::Word, token.text(sql)),
            Kind::Quoted => (What::Name, token.text(sql)),
            Kind::Literal => (What::Literal, token.text(sql)),
            Kind::Symbol('?' | ':' | '@') | Kind::Dollar => {
                let end = match tokens.get(at) {
                    Some(rest) if token.kind != Kind::Dollar && continues(*token, *rest) => {
                        at += 1;
                        rest.end
                    }
                    Some(_) | None => token.end,
                };
                let text = &sql[token.start..end];
                // A bare `?` takes the number after the largest so far (lang_expr.html, "Parameters").
                let index = match indexes.get(text) {
                    Some(index) => *index,
                    None if text == "?" => largest,
                    // A number that SQLite reads alike but spells otherwise (`?01`).
                    None => text.get(1..)?.parse::<usize>().ok()?.checked_sub(1)?,
                };
                largest = largest.max(index + 1);
                (What::Parameter(index), text)
            }
            Kind::Symbol(symbol) => (What::Symbol(symbol), token.text(sql)),
        };
        row.push(what, text, token.start)?;
    }
    row.end()
}

/// Whether `rest` belongs to the placeholder that `sigil` begins.
fn continues(sigil: Token, rest: Token) -> bool {
    let fits = match sigil.kind {
        Kind::Symbol('?') => rest.kind == Kind::Literal,
        _ => matches!(rest.kind, Kind::Word | Kind::Literal),
    };
    fits && sigil.end == rest.start
}
