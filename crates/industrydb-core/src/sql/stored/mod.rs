//! Which parameters of a statement are stored as they are, and in which columns.
//!
//! A database that converts what it stores to its column's type (SQLite) may round a parameter on the way. Whether it
//! does depends on the column, so a value at risk needs to know where it goes. This reads tokens, not a grammar: what
//! it has never heard of is an expression, and no statement that the server takes is beyond it.
//!
//! A value is *stored as it is* where nothing computes with it: alone, in parentheses, as one branch of a CASE, out of
//! `coalesce`, out of a subquery, as text by a CAST of SQLite's. What `? * 2` or `CAST(? AS REAL)` makes of it, the statement says.

mod heads;
mod items;
#[cfg(test)]
mod tests;
mod uses;
mod words;

pub use self::heads::{stored_by_postgres, stored_by_sql_server};
use std::collections::HashSet;
use std::ops::Range;

use self::items::{Item, What, items};
pub use self::uses::{List, Role, Use, Uses, uses};
use self::words::{BEFORE_A_GROUP, BEFORE_A_VALUE, SQLITE, Words};
use crate::sql::PlaceholderStyle;

/// What a statement stores.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// The table's name in parts, outermost first; empty if nothing is stored as it is.
    pub table: Vec<String>,
    /// The columns that an INSERT or UPDATE names; `None` for an INSERT without a list of columns.
    pub columns: Option<Vec<String>>,
    /// The index of a parameter, counted from 0, and where it goes; one pair for each place.
    pub parameters: Vec<(usize, Place)>,
}

/// Where a parameter is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the column of this name.
    Column(String),
    /// In the table's column with this position, counted from 0 among those that can be written.
    Position(usize),
    /// In some of [`Stored::columns`]: it comes out of a subquery by name.
    Any,
}

/// What the one statement `sql` of SQLite stores. `names` are its parameters' names with their sigils, `None` for a bare
/// `?`. `None` if its strings or parentheses do not end.
pub fn stored(sql: &str, names: &[Option<&str>]) -> Option<Stored> {
    let items = items(sql, names)?;
    Some(Statement::of(&items).map_or_else(Stored::default, Statement::into_stored))
}

/// A statement that stores something.
struct Statement<'a, 's> {
    items: &'a [Item<'s>],
    table: Vec<String>,
    /// The columns that an INSERT lists.
    listed: Option<Vec<String>>,
    /// Where INSERT, UPDATE or MERGE stands.
    verb: usize,
    /// Where it begins, with its common table expressions, and what is behind its end.
    whole: Range<usize>,
    inserts: bool,
    /// It is a MERGE: each of its INSERTs has a list of columns of its own.
    merges: bool,
    /// A parenthesis around all that an INSERT inserts.
    source: Option<usize>,
    words: &'static Words,
}

/// A stretch of items that is one expression, and its position in the row that it is in.
#[derive(Clone, Copy)]
struct Span {
    first: usize,
    last: usize,
    position: usize,
}

/// What becomes of the value of an expression.
enum Next {
    /// It is the value of a larger expression.
    Within(Span),
    /// It is stored.
    At(Place),
    /// Something is computed from it, or compared with it.
    Used,
}

impl<'a, 's> Statement<'a, 's> {
    /// `None` if it neither inserts nor updates.
    fn of(items: &'a [Item<'s>]) -> Option<Self> {
        if items.first()?.is_word(&["EXPLAIN"]) {
            return None;
        }
        let top = |at: &usize| items[*at].parent.is_none();
        let verb = (0..items.len()).filter(top).find(|&at| {
            items[at].is_word(&["INSERT", "UPDATE", "DELETE", "SELECT", "VALUES"])
                // Not reserved: a common table expression may be called so.
                || items[at].is_word(&["REPLACE"]) && items.get(at + 1).is_some_and(|next| next.is_word(&["INTO"]))
        })?;
        let inserts = items[verb].is_word(&["INSERT", "REPLACE"]);
        let mut at = if inserts {
            (verb..items.len()).find(|&at| items[at].is_word(&["INTO"]))? + 1
        } else if items[verb].is_word(&["UPDATE"]) {
            // `UPDATE OR IGNORE t`: OR is reserved.
            if items.get(verb + 1)?.is_word(&["OR"]) { verb + 3 } else { verb + 1 }
        } else {
            return None;
        };
        let mut table = vec![items.get(at)?.name()];
        while items.get(at + 1).is_some_and(|next| next.is_symbol('.')) {
            table.push(items.get(at + 2)?.name());
            at += 2;
        }
        at += 1;
        if items.get(at).is_some_and(|next| next.is_word(&["AS"])) {
            at += 2;
        }
        let listed = match items.get(at) {
            Some(open) if inserts && open.is_symbol('(') => {
                let names = (at + 1..open.close).filter(|&name| !items[name].is_symbol(','));
                Some(names.map(|name| items[name].name()).collect())
            }
            Some(_) | None => None,
        };
        let whole = 0..items.len();
        Some(Self { items, table, listed, verb, whole, inserts, merges: false, source: None, words: &SQLITE })
    }

    fn into_stored(self) -> Stored {
        let mut parameters = Vec::new();
        let mut seen = HashSet::new();
        for at in self.whole.clone() {
            if let What::Parameter(index) = self.items[at].what
                && let Some(place) = self.place(at)
                && (seen.insert(index) || !parameters.contains(&(index, place.clone())))
            {
                parameters.push((index, place));
            }
        }
        let columns = self.columns();
        Stored { table: self.table, columns, parameters }
    }

    /// The name at `at`, as the server's catalog has it.
    fn name(&self, at: usize) -> String {
        let item = &self.items[at];
        // PostgreSQL manual 4.1.1: names that are not quoted are in lower case.
        let folds = self.words.style == PlaceholderStyle::Dollar && item.what == What::Word;
        if folds { item.name().to_lowercase() } else { item.name() }
    }

    /// All columns that it may write, as far as it names them.
    fn columns(&self) -> Option<Vec<String>> {
        let mut columns = match (self.inserts, self.merges) {
            (false, _) => Vec::new(),
            (true, false) => self.listed.clone()?,
            (true, true) => self.merged_columns()?,
        };
        for at in self.verb..self.whole.end {
            let equals = self.items[at].parent.is_none() && self.items[at].is_symbol('=');
            if equals && let Some(targets) = self.assigned(at) {
                columns.extend(targets);
            }
        }
        Some(columns)
    }

    /// Where the parameter at `at` is stored, if it is.
    fn place(&self, at: usize) -> Option<Place> {
        let mut span = Span { first: at, last: at, position: 0 };
        loop {
            match self.next(span) {
                Next::Within(larger) => span = larger,
                Next::At(place) => return Some(place),
                Next::Used => return None,
            }
        }
    }

    /// The item before `at` in the same parenthesis; `None` at its start.
    fn before(&self, at: usize) -> Option<&Item<'s>> {
        let before = at.checked_sub(1)?;
        if self.items[at].parent == Some(before) { None } else { self.items.get(before) }
    }

    /// One step outward.
    fn next(&self, span: Span) -> Next {
        let items = self.items;
        let parent = items[span.first].parent;
        let end = parent.map_or(items.len(), |open| items[open].close);
        let after = items.get(span.last + 1).filter(|_| span.last + 1 < end);
        // `? COLLATE NOCASE`, `max(?) FILTER (…) OVER (…)`: what follows changes nothing about the value.
        if let Some(word) = after
            && word.is_word(&["COLLATE", "FILTER", "OVER"])
            && let Some(next) = items.get(span.last + 2)
        {
            return Next::Within(Span { last: next.close.max(span.last + 2), ..span });
        }
        let ends = match after.map(|item| (item.what, item)) {
            None | Some((What::Symbol(',' | ';') | What::Name | What::Literal, _)) => true,
            Some((What::Word, word)) => !word.is_word(self.words.operators),
            Some((What::Symbol(_) | What::Parameter(_), _)) => false,
        };
        if !ends {
            return Next::Used;
        }
        if self.source == Some(span.first) {
            return Next::At(self.column(span.first, Some(span.position)));
        }
        match self.before(span.first) {
            // An operator without a left operand leaves any value as it is.
            Some(sign) if sign.is_symbol('+') && self.is_unary(span.first - 1) => {
                Next::Within(Span { first: span.first - 1, ..span })
            }
            Some(equals) if equals.is_symbol('=') => self.assignment(span),
            Some(word) if word.is_word(&["THEN", "ELSE"]) => self.case(span, end),
            None => self.outward(span, parent),
            Some(item) if item.is_symbol(',') || item.is_word(BEFORE_A_VALUE) => self.outward(span, parent),
            // A row of VALUES.
            Some(word) if word.is_word(&["VALUES"]) => self.outward(span, parent),
            Some(_) if self.is_past_modifiers(span.first) => self.outward(span, parent),
            // A table of its own: `WITH x AS (…)`, `FROM (…)`.
            Some(word) if word.is_word(&["AS", "MATERIALIZED", "FROM", "JOIN", "USING"]) && self.is_query(span) => {
                Next::At(Place::Any)
            }
            Some(_) => Next::Used,
        }
    }

    fn is_unary(&self, sign: usize) -> bool {
        self.before(sign).is_none_or(|item| {
            item.is_symbol(',') || item.is_symbol('=') || item.is_symbol('+') || item.is_word(BEFORE_A_VALUE)
        })
    }

    fn is_query(&self, span: Span) -> bool {
        let open = &self.items[span.first];
        open.is_symbol('(') && self.items[span.first + 1].is_word(&["SELECT", "VALUES", "WITH"])
    }

    /// The clause that `at` is in, in the same parenthesis.
    fn clause(&self, at: usize) -> Option<usize> {
        self.items[at].clause.filter(|word| self.items[at].parent.is_some() || *word >= self.verb)
    }

    /// Commas between `from` and `at`, in the parenthesis of `at`.
    fn commas(&self, from: usize, at: usize) -> usize {
        let parent = self.items[at].parent;
        (from..at).filter(|&comma| self.items[comma].parent == parent && self.items[comma].is_symbol(',')).count()
    }

    /// A whole item of a list: of a SELECT, of a row, of arguments.
    fn outward(&self, span: Span, parent: Option<usize>) -> Next {
        let clause = self.clause(span.first);
        let is = |word: &str| clause.is_some_and(|at| self.items[at].is_word(&[word]));
        let position = if is("SELECT") {
            let select = clause.unwrap_or_default();
            let star = (select..span.first).any(|at| {
                self.items[at].parent == parent
                    && self.items[at].is_symbol('*')
                    && self.before(at).is_none_or(|item| {
                        item.is_symbol(',') || item.is_symbol('.') || item.is_word(&["SELECT", "DISTINCT", "ALL"])
                    })
            });
            (!star).then(|| self.commas(select, span.first))
        } else if is("VALUES") {
            // The position in the row, which is the parenthesis that the last step left.
            Some(span.position)
        } else if is("FROM") && self.is_query(span) {
            return Next::At(Place::Any);
        } else if clause.is_none() {
            return self.out_of_list(span, parent);
        } else {
            return Next::Used;
        };
        match parent {
            None if !self.inserts || span.first < self.verb || span.first >= self.whole.end => Next::Used,
            None => Next::At(self.column(span.first, position)),
            // Out of the subquery, as the column at `position`.
            Some(open) => self.out_of_parenthesis(open, position.unwrap_or(0)),
        }
    }

    /// Where the value at `at` goes, which has this position in its row.
    fn column(&self, at: usize, position: Option<usize>) -> Place {
        let merged = if self.merges { self.list_before(at) } else { None };
        match (position, merged.as_ref().or(self.listed.as_ref())) {
            (None, _) => Place::Any,
            (Some(at), None) => Place::Position(at),
            (Some(at), Some(listed)) => listed.get(at).map_or(Place::Any, |name| Place::Column(name.clone())),
        }
    }

    /// Out of a parenthesis that is no subquery.
    fn out_of_list(&self, span: Span, parent: Option<usize>) -> Next {
        let Some(open) = parent else { return Next::Used };
        let caller = self.before(open);
        if caller.is_some_and(|word| word.is_word(&["CAST"])) {
            let text = self.words.style == PlaceholderStyle::Sqlite
                && Self::is_text(&self.items[span.last + 1..self.items[open].close]);
            return if text { self.grown(open - 1, open, 0) } else { Next::Used };
        }
        let function = caller.filter(|item| match item.what {
            What::Name => true,
            What::Word => {
                !item.is_word(self.words.clauses)
                    && !item.is_word(self.words.operators)
                    && !item.is_word(BEFORE_A_VALUE)
                    && !item.is_word(BEFORE_A_GROUP)
            }
            What::Parameter(_) | What::Literal | What::Symbol(_) => false,
        });
        match function {
            Some(name) if self.words.give_back.iter().any(|function| name.name().eq_ignore_ascii_case(function)) => {
                self.grown(open - 1, open, 0)
            }
            Some(_) => Next::Used,
            None if self.is_looked_for(open) => Next::Used,
            None => self.out_of_parenthesis(open, self.commas(open + 1, span.first)),
        }
    }

    /// Whether a CAST to the type that `kind` spells leaves text as it is.
    fn is_text(kind: &[Item<'_>]) -> bool {
        let kind = kind.iter().map(|item| item.text.to_uppercase()).collect::<Vec<_>>().join(" ");
        !kind.contains("INT") && ["CHAR", "CLOB", "TEXT", "BLOB"].iter().any(|word| kind.contains(word))
    }

    /// Whether the parenthesis is that of `IN (…)` or `EXISTS (…)`.
    fn is_looked_for(&self, open: usize) -> bool {
        self.before(open).is_some_and(|word| word.is_word(&["IN", "EXISTS"]))
    }

    fn out_of_parenthesis(&self, open: usize, position: usize) -> Next {
        if self.is_looked_for(open) {
            return Next::Used;
        }
        self.grown(open, open, position)
    }

    fn grown(&self, first: usize, open: usize, position: usize) -> Next {
        Next::Within(Span { first, last: self.items[open].close, position })
    }

    /// `span` is what a CASE gives in one of its branches.
    fn case(&self, span: Span, end: usize) -> Next {
        let parent = self.items[span.first].parent;
        let words = |at: &usize| self.items[*at].parent == parent;
        let mut depth = 0_usize;
        let first = (0..span.first).rev().filter(words).find(|&at| {
            let found = depth == 0 && self.items[at].is_word(&["CASE"]);
            if self.items[at].is_word(&["END"]) {
                depth += 1;
            } else if self.items[at].is_word(&["CASE"]) {
                depth = depth.saturating_sub(1);
            }
            found
        });
        let mut depth = 0_usize;
        let last = (span.last + 1..end).filter(words).find(|&at| {
            let found = depth == 0 && self.items[at].is_word(&["END"]);
            if self.items[at].is_word(&["CASE"]) {
                depth += 1;
            } else if self.items[at].is_word(&["END"]) {
                depth = depth.saturating_sub(1);
            }
            found
        });
        match (first, last) {
            (Some(first), Some(last)) => Next::Within(Span { first, last, position: 0 }),
            _ => Next::At(Place::Any),
        }
    }

    /// The columns that the assignment with its `=` at `equals` sets; `None` if that is a comparison.
    fn assigned(&self, equals: usize) -> Option<Vec<String>> {
        let clause = self.clause(equals)?;
        if !self.items[clause].is_word(&["SET"]) || clause < self.verb {
            return None;
        }
        let target = equals.checked_sub(1)?;
        let first = if self.items[target].is_symbol(')') {
            (clause..target).find(|&open| self.items[open].is_symbol('(') && self.items[open].close == target)?
        } else {
            target
        };
        let mut outer = first;
        // `UPDATE t SET t.a = …`, which the others do not take.
        while self.words.style == PlaceholderStyle::At && self.items.get(outer.checked_sub(1)?)?.is_symbol('.') {
            outer = outer.checked_sub(2)?;
        }
        let start = self.items.get(outer.checked_sub(1)?)?;
        if !(start.is_symbol(',') || outer - 1 == clause) {
            return None;
        }
        let names = (first..=target).filter(|&at| !matches!(self.items[at].what, What::Symbol(_)));
        Some(names.map(|at| self.name(at)).collect())
    }

    /// `span` stands behind an `=`.
    fn assignment(&self, span: Span) -> Next {
        if self.items[span.first].parent.is_some() {
            return Next::Used;
        }
        let Some(targets) = self.assigned(span.first - 1) else { return Next::Used };
        Next::At(match targets.as_slice() {
            [one] => Place::Column(one.clone()),
            several => several.get(span.position).map_or(Place::Any, |name| Place::Column(name.clone())),
        })
    }
}
