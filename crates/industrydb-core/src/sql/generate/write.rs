//! `INSERT`, `UPDATE` and `DELETE` with the caller's values.

use super::{Statement, Where};
use crate::error::{Error, Result};
use crate::sql::Dialect;
use crate::sql::placeholders::numbered;
use crate::table::TableName;
use crate::value::{Params, Value};

/// `INSERT` of one row, a numbered placeholder for each of `columns`.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn insert_row<'n>(
    dialect: &Dialect,
    table: &TableName,
    columns: impl IntoIterator<Item = &'n str>,
) -> Result<String> {
    let names: Vec<String> = columns.into_iter().map(|name| dialect.quote(name)).collect::<Result<_>>()?;
    let placeholders: Vec<String> = (1..=names.len()).map(|number| numbered(dialect.placeholders, number)).collect();
    let table = dialect.quote_table(table)?;
    Ok(format!("{} {table} ({}) VALUES ({})", dialect.insert_into, names.join(", "), placeholders.join(", ")))
}

/// `UPDATE`. The condition's placeholders come first and are numbered; the values that are set follow them, so that
/// whatever style the caller wrote the condition in, the two never meet.
///
/// # Errors
/// [`crate::error::ErrorKind::Argument`] without values or condition; [`crate::error::ErrorKind::Execution`] if
/// `params` do not fit the condition.
pub fn update(
    dialect: &Dialect,
    table: &TableName,
    values: &[(String, Value)],
    condition: &Where,
    params: &Params,
) -> Result<Statement> {
    condition.check_given()?;
    if values.is_empty() {
        return Err(Error::argument("values is empty: name at least one column to set"));
    }
    let mut condition = condition.numbered(dialect, params)?;
    let mut assignments = Vec::with_capacity(values.len());
    for (column, value) in values {
        condition.values.push(value.clone());
        let placeholder = numbered(dialect.placeholders, condition.values.len());
        assignments.push(format!("{} = {placeholder}", dialect.quote(column)?));
    }
    let sql = format!("UPDATE {} SET {}{}", dialect.quote_table(table)?, assignments.join(", "), condition.clause);
    Ok(Statement { sql, params: Params::Positional(condition.values) })
}

/// `DELETE`.
///
/// # Errors
/// [`crate::error::ErrorKind::Argument`] without a condition.
pub fn delete(dialect: &Dialect, table: &TableName, condition: &Where, params: &Params) -> Result<Statement> {
    condition.check_given()?;
    let (clause, params) = condition.clause(dialect, params)?;
    Ok(Statement { sql: format!("DELETE FROM {}{clause}", dialect.quote_table(table)?), params })
}
