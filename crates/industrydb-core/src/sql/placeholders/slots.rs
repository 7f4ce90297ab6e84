//! Which value each of the server's placeholders takes, and the errors when values and placeholders do not fit.

use crate::error::{Error, Result};
use crate::sql::PlaceholderStyle;
use crate::value::{Params, Value};

/// Where a placeholder's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The position in a sequence, counted from 0.
    Position(usize),
    /// The key of a mapping.
    Name(String),
}

/// One placeholder of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// As the statement spells it.
    pub(super) label: String,
    pub(super) source: Source,
}

/// The server's placeholders in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Slots(Vec<Slot>);

impl Slots {
    pub(super) fn of_statement(slots: impl Iterator<Item = Slot>) -> Self {
        Self(slots.collect())
    }

    /// One slot for each value, for a statement that only the server can judge.
    pub(super) fn as_given(params: &Params) -> Self {
        let slot = |(position, source)| Slot { label: format!("?{}", position + 1), source };
        match params {
            Params::Positional(values) => Self((0..values.len()).map(Source::Position).enumerate().map(slot).collect()),
            Params::Named(values) => {
                Self(values.iter().map(|(name, _)| Source::Name(name.clone())).enumerate().map(slot).collect())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Keeps each source once, in the order of the text, and gives the number from 1 that each old slot has now.
    pub(super) fn number_by_appearance(&mut self) -> Vec<usize> {
        let mut kept: Vec<Slot> = Vec::with_capacity(self.0.len());
        let mut numbers = Vec::with_capacity(self.0.len());
        for slot in self.0.drain(..) {
            // A `?` never repeats, so a long list of them is not searched again and again.
            let known =
                if slot.label == "?" { None } else { kept.iter().position(|other| other.source == slot.source) };
            numbers.push(known.map_or_else(
                || {
                    kept.push(slot);
                    kept.len()
                },
                |at| at + 1,
            ));
        }
        self.0 = kept;
        numbers
    }

    /// The server's order for a statement whose placeholders stay as they are: numbers say their own place, names
    /// (to SQLite also `$1`, `:1` and `@1`) have that of their first appearance.
    pub(super) fn keep_numbers(&mut self, style: PlaceholderStyle) {
        let is_name = |slot: &Slot| match slot.source {
            Source::Name(_) => true,
            Source::Position(_) => style == PlaceholderStyle::Sqlite && !slot.label.starts_with('?'),
        };
        if self.0.iter().any(is_name) {
            self.number_by_appearance();
        } else {
            let sigil = self.0.first().map_or("?", |slot| slot.label.trim_end_matches(|c: char| c.is_ascii_digit()));
            let slot =
                |position| Slot { label: format!("{sigil}{}", position + 1), source: Source::Position(position) };
            self.0 = (0..self.expected()).map(slot).collect();
        }
    }

    /// The values in the server's order.
    pub(super) fn values<'p>(&self, params: &'p Params) -> Result<Vec<&'p Value>> {
        match params {
            Params::Positional(values) => self.by_position(values),
            Params::Named(values) if values.is_empty() => self.by_position(&[]),
            Params::Named(values) => self.by_name(values),
        }
    }

    /// How many positions there are.
    fn expected(&self) -> usize {
        let positions = self.0.iter().map(|slot| match slot.source {
            Source::Position(position) => position + 1,
            Source::Name(_) => 0,
        });
        positions.max().unwrap_or(0)
    }

    fn by_position<'p>(&self, values: &'p [Value]) -> Result<Vec<&'p Value>> {
        let expected = self.expected();
        let mut chosen = Vec::with_capacity(self.0.len());
        for slot in &self.0 {
            match &slot.source {
                Source::Position(position) => {
                    chosen.push(
                        values.get(*position).ok_or_else(|| too_few(&slot.label, *position, expected, values.len()))?,
                    );
                }
                Source::Name(name) if values.is_empty() => return Err(missing(&slot.label, name)),
                Source::Name(_) => {
                    return Err(Error::execution(format!(
                        "the placeholder {} goes by name: pass a mapping, not a sequence",
                        slot.label
                    )));
                }
            }
        }
        if values.len() > expected { Err(too_many(expected, values.len())) } else { Ok(chosen) }
    }

    fn by_name<'p>(&self, values: &'p [(String, Value)]) -> Result<Vec<&'p Value>> {
        let mut chosen = Vec::with_capacity(self.0.len());
        for slot in &self.0 {
            match &slot.source {
                Source::Name(name) => {
                    let value = values.iter().find(|(given, _)| given == name);
                    chosen.push(value.map(|(_, value)| value).ok_or_else(|| missing(&slot.label, name))?);
                }
                Source::Position(_) => {
                    return Err(Error::execution(format!(
                        "the placeholder {} goes by position: pass a sequence, not a mapping",
                        slot.label
                    )));
                }
            }
        }
        let used = |name: &str| self.0.iter().any(|slot| matches!(&slot.source, Source::Name(used) if used == name));
        match values.iter().find(|(name, _)| !used(name)) {
            Some((name, _)) => {
                Err(Error::execution(format!("the statement has no placeholder for the parameter {name:?}")))
            }
            None => Ok(chosen),
        }
    }
}

/// For each of SQLite's parameters the value it takes. `names` are what `sqlite3_bind_parameter_name` gives for the
/// indexes 1, 2, …: the name with its sigil, or `None` for a bare `?` (and for a number that nothing uses).
///
/// # Errors
/// [`crate::error::ErrorKind::Execution`], as for [`super::translate`].
pub fn bind_order<'p>(names: &[Option<&str>], params: &'p Params) -> Result<Vec<&'p Value>> {
    if names.is_empty() && params.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_index = None;
    let mut by_own_number = None;
    let slots = Slots::of_statement(names.iter().enumerate().map(|(index, name)| {
        let label = name.unwrap_or("?");
        let rest = label.get(1..).unwrap_or_default();
        let own_number = rest.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let source = match own_number {
            // `?` and `?12` have the index that they say; `$1`, `:1` and `@1` are names to SQLite.
            _ if label.starts_with('?') => {
                by_index.get_or_insert(label);
                Source::Position(index)
            }
            Some(position) => {
                by_own_number.get_or_insert(label);
                Source::Position(position)
            }
            None => Source::Name(rest.to_owned()),
        };
        // A mapping may have the key "1".
        let source = match (source, params) {
            (Source::Position(_), Params::Named(_)) if !label.starts_with('?') => Source::Name(rest.to_owned()),
            (source, Params::Positional(_) | Params::Named(_)) => source,
        };
        Slot { label: label.to_owned(), source }
    }));
    match (by_index, by_own_number, params) {
        (Some(one), Some(other), Params::Positional(_)) => {
            Err(Error::execution(format!("the statement mixes the placeholders {one} and {other}")))
        }
        _ => slots.values(params),
    }
}

fn missing(label: &str, name: &str) -> Error {
    Error::execution(format!("no value for the placeholder {label}: the parameters have no {name:?}"))
}

fn too_few(label: &str, position: usize, expected: usize, given: usize) -> Error {
    let placeholder = if label == "?" { format!("? number {}", position + 1) } else { label.to_owned() };
    Error::execution(format!("no value for the placeholder {placeholder}: {}", counts(expected, given)))
}

fn too_many(expected: usize, given: usize) -> Error {
    Error::execution(format!("the parameter number {} has no placeholder: {}", expected + 1, counts(expected, given)))
}

fn counts(expected: usize, given: usize) -> String {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!("the statement takes {expected} parameter{}, {given} given", plural(expected))
}
