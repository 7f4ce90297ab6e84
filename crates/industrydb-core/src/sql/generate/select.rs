//! `SELECT`.

use super::{Statement, Where};
use crate::error::{Error, Result};
use crate::sql::Dialect;
use crate::sql::dialect::Limit;
use crate::table::TableName;
use crate::value::Params;

/// One column that the rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The column.
    pub column: String,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl OrderBy {
    /// From a column and `asc` or `desc` in any case.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] for another direction.
    pub fn new(column: impl Into<String>, direction: &str) -> Result<Self> {
        let descending = match direction.to_ascii_lowercase().as_str() {
            "asc" => false,
            "desc" => true,
            _ => return Err(Error::argument(format!("order_by takes \"asc\" or \"desc\", not {direction:?}"))),
        };
        Ok(Self { column: column.into(), descending })
    }
}

/// What to select.
#[derive(Debug, Clone, Copy)]
pub struct Select<'a> {
    /// From where.
    pub table: &'a TableName,
    /// These columns; `None` for all.
    pub columns: Option<&'a [String]>,
    /// These rows.
    pub condition: &'a Where,
    /// The parameters of a condition that is SQL text.
    pub params: &'a Params,
    /// In this order.
    pub order_by: &'a [OrderBy],
    /// At most so many rows.
    pub limit: Option<i64>,
    /// After leaving out so many.
    pub offset: Option<i64>,
}

impl Select<'_> {
    /// The statement.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] for an empty list of columns, a negative limit or offset, and whatever
    /// [`Where`] and [`Dialect::quote`] refuse.
    pub fn statement(&self, dialect: &Dialect) -> Result<Statement> {
        let columns = match self.columns {
            None => "*".to_owned(),
            Some([]) => return Err(Error::argument("columns is empty: name at least one, or pass None for all")),
            Some(columns) => dialect.quote_list(columns.iter().map(String::as_str))?,
        };
        let limit = count("limit", self.limit)?;
        let offset = count("offset", self.offset)?.filter(|&offset| offset > 0);
        let (condition, params) = self.condition.clause(dialect, self.params)?;
        let table = dialect.quote_table(self.table)?;
        let order = self.order(dialect)?;
        let (top, tail) = match dialect.limit {
            Limit::LimitOffset { all } => (String::new(), limit_offset(limit, offset, all)),
            Limit::OffsetFetch => offset_fetch(limit, offset, order.is_empty()),
        };
        Ok(Statement { sql: format!("SELECT {top}{columns} FROM {table}{condition}{order}{tail}"), params })
    }

    fn order(&self, dialect: &Dialect) -> Result<String> {
        let mut terms = Vec::with_capacity(self.order_by.len());
        for order in self.order_by {
            let direction = if order.descending { " DESC" } else { "" };
            terms.push(format!("{}{direction}", dialect.quote(&order.column)?));
        }
        Ok(if terms.is_empty() { String::new() } else { format!(" ORDER BY {}", terms.join(", ")) })
    }
}

fn count(name: &str, value: Option<i64>) -> Result<Option<u64>> {
    let check = |value: i64| u64::try_from(value).map_err(|_| Error::argument(format!("{name} is negative: {value}")));
    value.map(check).transpose()
}

fn limit_offset(limit: Option<u64>, offset: Option<u64>, all: &str) -> String {
    let limit = match (limit, offset) {
        (Some(limit), _) => format!(" LIMIT {limit}"),
        (None, Some(_)) if !all.is_empty() => format!(" LIMIT {all}"),
        (None, _) => String::new(),
    };
    let offset = offset.map_or_else(String::new, |offset| format!(" OFFSET {offset}"));
    limit + &offset
}

/// What follows SELECT and what ends the statement. OFFSET needs an ORDER BY, and FETCH refuses 0 rows.
fn offset_fetch(limit: Option<u64>, offset: Option<u64>, unordered: bool) -> (String, String) {
    match (limit, offset) {
        (None, None) => (String::new(), String::new()),
        (Some(limit), None) => (format!("TOP ({limit}) "), String::new()),
        (Some(0), Some(_)) => ("TOP (0) ".to_owned(), String::new()),
        (limit, Some(offset)) => {
            let order = if unordered { " ORDER BY (SELECT NULL)" } else { "" };
            let fetch = limit.map_or_else(String::new, |limit| format!(" FETCH NEXT {limit} ROWS ONLY"));
            (String::new(), format!("{order} OFFSET {offset} ROWS{fetch}"))
        }
    }
}
