//! What a statement does with each of its parameters: stores it, reads it as text, or takes it as a number.
//!
//! SQLite compares a parameter, which has no type, by its storage class: text is larger than any number. So a number
//! that is bound as text has to know where it is compared and computed with. As in the rest of this module, what is not
//! known to store or to read text is an expression.

use std::ops::Range;

use super::items::{Item, What, items};
use super::words::{COMPARE, READ_TEXT};
use super::{Next, Place, Span, Statement};

/// All that a statement does with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uses {
    /// One for each place where a parameter stands, in the order of the text.
    pub each: Vec<Use>,
    /// The lists behind IN that hold one.
    pub lists: Vec<List>,
    /// The one table that the statement is about, its name in parts, if it is a plain SELECT, UPDATE or DELETE.
    pub table: Option<Vec<String>>,
}

/// One place where a parameter stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The parameter's index, counted from 0.
    pub parameter: usize,
    /// The placeholder's bytes.
    pub span: Range<usize>,
    /// What becomes of it there.
    pub role: Role,
}

/// What becomes of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It is stored as it is.
    Stored,
    /// It comes out of a subquery by name: it may be stored, compared, or both.
    Named,
    /// Its text is asked for: `CAST(? AS TEXT)`, `? || 'x'`, `LIKE ?`.
    Text,
    /// It is compared, computed with, or a result. `equals`: the column of [`Uses::table`] that it is compared with by `=`.
    Operand {
        /// The column's name.
        equals: Option<String>,
    },
    /// A whole item of the list with this index in [`Uses::lists`].
    Listed(usize),
}

/// A list behind IN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The bytes between its parentheses.
    pub inside: Range<usize>,
    /// Where its commas are.
    pub commas: Vec<usize>,
    /// Whether its other items are numbers and NULL alone.
    pub plain: bool,
    /// The column of [`Uses::table`] that is looked for in it.
    pub column: Option<String>,
}

/// What the one statement `sql` of SQLite does with its parameters; `names` as for [`super::stored`]. `None` if its
/// strings or parentheses do not end.
pub fn uses(sql: &str, names: &[Option<&str>]) -> Option<Uses> {
    let items = items(sql, names)?;
    let statement = Statement::of(&items);
    let table = only_table(&items);
    let filter = items.iter().position(|item| item.is_word(&["WHERE"])).filter(|_| table.is_some());
    let mut uses = Uses { each: Vec::new(), lists: Vec::new(), table };
    let mut opened = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let What::Parameter(parameter) = item.what else { continue };
        let place = statement.as_ref().and_then(|statement| statement.kept(at));
        let role = match place {
            Some(Place::Column(_) | Place::Position(_)) => Role::Stored,
            Some(Place::Any) => Role::Named,
            None if reads_text(&items, at) => Role::Text,
            None => match list_of(&items, at) {
                Some(open) => {
                    let known = opened.iter().position(|&other| other == open);
                    Role::Listed(known.unwrap_or_else(|| {
                        let column = filter.and_then(|_| column(&items, open.checked_sub(2)?));
                        uses.lists.push(list(&items, open, column));
                        opened.push(open);
                        opened.len() - 1
                    }))
                }
                None => Role::Operand { equals: filter.filter(|word| *word < at).and_then(|_| equals(&items, at)) },
            },
        };
        uses.each.push(Use { parameter, span: item.start..item.start + item.text.len(), role });
    }
    Some(uses)
}

impl Statement<'_, '_> {
    /// Where the parameter at `at` is stored, if nothing compares it on its way.
    fn kept(&self, at: usize) -> Option<Place> {
        let mut span = Span { first: at, last: at, position: 0 };
        loop {
            match self.next(span) {
                Next::Within(larger) => {
                    let calls = self.items.get(larger.first + 1).is_some_and(|next| next.is_symbol('('));
                    let name = self.items[larger.first].name();
                    if calls && COMPARE.iter().any(|function| name.eq_ignore_ascii_case(function)) {
                        return None;
                    }
                    span = larger;
                }
                Next::At(place) => return Some(place),
                Next::Used => return None,
            }
        }
    }
}

/// The item `steps` after `at`, or before it, in the same parenthesis.
fn neighbour<'i, 's>(items: &'i [Item<'s>], at: usize, steps: isize) -> Option<&'i Item<'s>> {
    items.get(at.checked_add_signed(steps)?).filter(|item| item.parent == items[at].parent)
}

/// Whether the text of the parameter at `at` is what is read.
fn reads_text(items: &[Item<'_>], at: usize) -> bool {
    let is = |steps: isize, test: &dyn Fn(&Item<'_>) -> bool| neighbour(items, at, steps).is_some_and(test);
    let pipe = |item: &Item<'_>| item.is_symbol('|');
    let joined = is(-1, &pipe) && is(-2, &pipe) || is(1, &pipe) && is(2, &pipe);
    let matched = |item: &Item<'_>| item.is_word(READ_TEXT);
    let denied = is(1, &|item| item.is_word(&["NOT"])) && is(2, &matched);
    joined || is(-1, &matched) || is(1, &matched) || denied || is_cast_to_text(items, at)
}

fn is_cast_to_text(items: &[Item<'_>], at: usize) -> bool {
    let Some(open) = items[at].parent else { return false };
    let cast = open.checked_sub(1).is_some_and(|before| items[before].is_word(&["CAST"]));
    let alone = open + 1 == at && items.get(at + 1).is_some_and(|word| word.is_word(&["AS"]));
    cast && alone && Statement::is_text(&items[at + 2..items[open].close])
}

/// The `(` of the list behind IN that the parameter at `at` is an item of.
fn list_of(items: &[Item<'_>], at: usize) -> Option<usize> {
    let open = items[at].parent?;
    let is_in = items[open.checked_sub(1)?].is_word(&["IN"]);
    let starts = at == open + 1 || items[at - 1].is_symbol(',');
    let ends = at + 1 == items[open].close || items[at + 1].is_symbol(',');
    (is_in && starts && ends).then_some(open)
}

/// The list that opens at `open`.
fn list(items: &[Item<'_>], open: usize, column: Option<String>) -> List {
    let close = items[open].close;
    let commas: Vec<usize> =
        (open + 1..close).filter(|&at| items[at].is_symbol(',') && items[at].parent == Some(open)).collect();
    let ends = commas.iter().copied().chain([close]);
    let mut start = open + 1;
    let plain = ends.fold(true, |plain, end| {
        let entry = &items[start..end];
        start = end + 1;
        plain && is_plain(entry)
    });
    List {
        inside: items[open].start + 1..items[close].start,
        commas: commas.into_iter().map(|at| items[at].start).collect(),
        plain,
        column,
    }
}

/// Whether an item of a list is a parameter, a number or NULL.
fn is_plain(entry: &[Item<'_>]) -> bool {
    match entry {
        [one] => match one.what {
            What::Parameter(_) => true,
            What::Literal => one.text.starts_with(|first: char| first.is_ascii_digit() || first == '.'),
            What::Word => one.is_word(&["NULL"]),
            What::Name | What::Symbol(_) => false,
        },
        [sign, number] if sign.is_symbol('-') || sign.is_symbol('+') => {
            number.what == What::Literal && is_plain(std::slice::from_ref(number))
        }
        _ => false,
    }
}

/// The one table of a SELECT, UPDATE or DELETE whose WHERE can name no column but the table's.
fn only_table(items: &[Item<'_>]) -> Option<Vec<String>> {
    let count = |words: &[&str]| items.iter().filter(|item| item.is_word(words)).count();
    if count(&["SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "VALUES", "WITH"]) != 1
        || count(&["JOIN", "GROUP", "HAVING", "BETWEEN", "CASE", "EXPLAIN"]) != 0
        || count(&["FROM"]) > 1
    {
        return None;
    }
    let verb = items.first()?;
    let mut at = if verb.is_word(&["UPDATE"]) {
        if count(&["FROM"]) != 0 {
            return None;
        }
        if items.get(1)?.is_word(&["OR"]) { 3 } else { 1 }
    } else if verb.is_word(&["SELECT", "DELETE"]) {
        items.iter().position(|item| item.parent.is_none() && item.is_word(&["FROM"]))? + 1
    } else {
        return None;
    };
    let mut table = Vec::new();
    loop {
        let part = items.get(at).filter(|item| matches!(item.what, What::Word | What::Name))?;
        table.push(part.name());
        match items.get(at + 1) {
            Some(dot) if dot.is_symbol('.') => at += 2,
            _ => break,
        }
    }
    // Another table behind a comma, the arguments of a function.
    let end = items.iter().position(|item| item.is_word(&["WHERE"])).unwrap_or(items.len());
    let from = if verb.is_word(&["UPDATE"]) { end } else { at + 1 };
    let alone = items.get(from..end)?.iter().all(|item| matches!(item.what, What::Word | What::Name));
    alone.then_some(table)
}

/// The column that ends at `at` and is all that stands on its side of an operator.
fn column(items: &[Item<'_>], at: usize) -> Option<String> {
    let name = items.get(at).filter(|item| matches!(item.what, What::Word | What::Name))?;
    let mut first = at;
    while neighbour(items, first, -1).is_some_and(|item| item.is_symbol('.')) {
        first = first.checked_sub(2)?;
    }
    let before = items.get(first.checked_sub(1)?)?;
    (before.is_word(&["WHERE", "AND", "OR"]) || before.is_symbol('(')).then(|| name.name())
}

/// The column that the parameter at `at` is compared with by `=`, where that is the whole comparison.
fn equals(items: &[Item<'_>], at: usize) -> Option<String> {
    let ends = items.get(at + 1).is_none_or(|item| {
        item.is_symbol(')') || item.is_symbol(';') || item.is_word(&["AND", "OR", "ORDER", "LIMIT", "RETURNING"])
    });
    let sign = at.checked_sub(1)?;
    if !ends || !items[sign].is_symbol('=') {
        return None;
    }
    let twice = items[sign.checked_sub(1)?].is_symbol('=');
    column(items, sign.checked_sub(if twice { 2 } else { 1 })?)
}
