//! Conditions: SQL text with the caller's placeholders, or a mapping of columns to values.

use crate::error::{Error, Result};
use crate::sql::placeholders::numbered;
use crate::sql::tokens::{Kind, tokenize};
use crate::sql::{Dialect, renumber};
use crate::table::ColumnInfo;
use crate::value::{Params, Value};

/// Which rows a statement is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Where {
    /// Nothing was said: all rows of a select, an error elsewhere.
    Missing,
    /// All rows, in so many words.
    All,
    /// SQL text, with placeholders in any style that [`crate::sql::translate`] takes.
    Sql(String),
    /// All of the columns have one of their values: a list is `IN`, NULL is `IS NULL`, an empty list matches nothing.
    Columns(Vec<Match>),
}

/// A column, and what it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The column.
    pub column: String,
    /// Its value, or a list of those that it may have.
    pub value: Value,
    /// Its type, if it is among [`Dialect::finer`].
    pub finer: Option<&'static str>,
}

/// A condition's SQL and its values in the order of their numbers, from 1.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Numbered {
    /// ` WHERE …`, or nothing for all rows.
    pub(super) clause: String,
    pub(super) values: Vec<Value>,
}

impl Where {
    /// A condition out of columns and their values.
    pub fn columns(pairs: Vec<(String, Value)>) -> Self {
        Self::Columns(pairs.into_iter().map(|(column, value)| Match { column, value, finer: None }).collect())
    }

    /// Whether the types of the columns matter: [`Self::of_types`] takes them into account.
    pub(crate) fn depends_on_types(&self, dialect: &Dialect) -> bool {
        let depends = |value: &Value| dialect.finer.iter().any(|finer| (finer.shows)(value));
        match self {
            Self::Columns(matches) => matches.iter().any(|entry| match &entry.value {
                Value::List(items) => items.iter().any(depends),
                value => depends(value),
            }),
            Self::Missing | Self::All | Self::Sql(_) => false,
        }
    }

    /// The same for a table with these columns.
    #[must_use]
    pub(crate) fn of_types(mut self, dialect: &Dialect, columns: &[ColumnInfo]) -> Self {
        if let Self::Columns(matches) = &mut self {
            for entry in matches {
                let column = dialect.find(&entry.column, columns, |column| column.name.as_str());
                let finer = dialect.finer.iter().find(|finer| {
                    column.is_some_and(|column| column.declared_type.eq_ignore_ascii_case(finer.declared))
                });
                entry.finer = finer.map(|finer| finer.declared);
            }
        }
        self
    }

    /// Whether nothing limits the rows and nobody said that this is meant.
    fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Columns(columns) => columns.is_empty(),
            Self::All | Self::Sql(_) => false,
        }
    }

    /// For `update` and `delete`.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] if nothing was said.
    pub(super) fn check_given(&self) -> Result<()> {
        if self.is_missing() {
            return Err(Error::argument("where is missing: pass a condition, or True for all rows"));
        }
        Ok(())
    }

    /// The clause with the caller's own placeholders, and the parameters as they were given.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] for an empty text, a name that can't be quoted, and parameters without a
    /// text.
    pub(super) fn clause(&self, dialect: &Dialect, params: &Params) -> Result<(String, Params)> {
        match self {
            Self::Sql(text) => Ok((text_clause(dialect, text)?, params.clone())),
            Self::Missing | Self::All | Self::Columns(_) => {
                let numbered = self.numbered(dialect, params)?;
                Ok((numbered.clause, Params::Positional(numbered.values)))
            }
        }
    }

    /// The clause with placeholders numbered from 1, so that more can follow.
    ///
    /// # Errors
    /// As [`Where::clause`]; [`crate::error::ErrorKind::Execution`] if `params` do not fit the text.
    pub(super) fn numbered(&self, dialect: &Dialect, params: &Params) -> Result<Numbered> {
        if !params.is_empty() && !matches!(self, Self::Sql(_)) {
            return Err(Error::argument("params belong to a where text: a mapping has its values in itself"));
        }
        match self {
            Self::Missing | Self::All => Ok(Numbered::default()),
            Self::Sql(text) => {
                let clause = text_clause(dialect, text)?;
                let translated = renumber(&clause, dialect.placeholders, params)?;
                let values = translated.values(params)?.into_iter().cloned().collect();
                Ok(Numbered { clause: translated.sql.into_owned(), values })
            }
            Self::Columns(columns) => of_columns(dialect, columns),
        }
    }
}

/// ` WHERE (text)`; what ends the text (comments, semicolons) is left out, so that more SQL can follow.
fn text_clause(dialect: &Dialect, text: &str) -> Result<String> {
    let Some(tokens) = tokenize(text, dialect.placeholders) else {
        return Ok(format!(" WHERE ({text}\n)"));
    };
    let ends = |kind| matches!(kind, Kind::Trivia | Kind::Symbol(';'));
    match tokens.iter().rfind(|token| !ends(token.kind)) {
        Some(last) => Ok(format!(" WHERE ({})", text[..last.end].trim_start())),
        None => Err(Error::argument("where is empty: pass a condition, or True for all rows")),
    }
}

fn of_columns(dialect: &Dialect, matches: &[Match]) -> Result<Numbered> {
    let mut values = Vec::new();
    let mut terms = Vec::with_capacity(matches.len());
    for entry in matches {
        terms.push(term(dialect, &dialect.quote(&entry.column)?, entry, &mut values));
    }
    if values.len() > dialect.max_parameters {
        return Err(Error::argument(format!(
            "where has {} values, {} takes {} in one statement",
            values.len(),
            dialect.backend,
            dialect.max_parameters
        ))
        .with_hint("insert the values into a temporary table and compare with that"));
    }
    let clause = if terms.is_empty() { String::new() } else { format!(" WHERE {}", terms.join(" AND ")) };
    Ok(Numbered { clause, values })
}

/// One column's condition; appends the values that it compares with.
fn term(dialect: &Dialect, column: &str, entry: &Match, values: &mut Vec<Value>) -> String {
    let finer = entry.finer.and_then(|declared| dialect.finer.iter().find(|finer| finer.declared == declared));
    let mut bind = |value: &Value| {
        values.push(value.clone());
        let placeholder = numbered(dialect.placeholders, values.len());
        match finer {
            Some(finer) if (finer.shows)(value) => format!("CAST({placeholder} AS {})", finer.declared),
            Some(_) | None => placeholder,
        }
    };
    match &entry.value {
        Value::Null => format!("{column} IS NULL"),
        Value::List(items) => {
            let (nulls, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| **item == Value::Null);
            let placeholders: Vec<String> = others.into_iter().map(&mut bind).collect();
            match (placeholders.is_empty(), nulls.is_empty()) {
                (true, true) => dialect.never.to_owned(),
                (true, false) => format!("{column} IS NULL"),
                (false, true) => format!("{column} IN ({})", placeholders.join(", ")),
                (false, false) => format!("({column} IN ({}) OR {column} IS NULL)", placeholders.join(", ")),
            }
        }
        Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Datetime(_)
        | Value::DatetimeUtc(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::Json(_) => format!("{column} = {}", bind(&entry.value)),
    }
}
