//! `select`, `update`, `delete`, `execute_many`.

use std::borrow::Cow;

use polars_core::prelude::DataFrame;

use super::atomic::Atomic;
use super::execute::{execute, run};
use crate::connector::{DatabaseConnector, ReadOptions};
use crate::error::Result;
use crate::sql::generate::{self, Select, Where};
use crate::table::TableName;
use crate::value::{Params, Value};

/// Selects rows of one table.
///
/// # Errors
/// As [`Select::statement`], and whatever the connector says.
pub async fn select(
    connector: &mut dyn DatabaseConnector,
    select: &Select<'_>,
    options: ReadOptions,
) -> Result<DataFrame> {
    let condition = typed(connector, select.table, select.condition).await?;
    let statement = Select { condition: &condition, ..*select }.statement(connector.dialect())?;
    execute(connector, &statement.sql, &statement.params, options).await
}

/// Sets `values` in the rows that `condition` finds and gives their number.
///
/// # Errors
/// As [`generate::update`], and whatever the connector says.
pub async fn update(
    connector: &mut dyn DatabaseConnector,
    table: &TableName,
    values: &[(String, Value)],
    condition: &Where,
    params: &Params,
) -> Result<u64> {
    let condition = typed(connector, table, condition).await?;
    let statement = generate::update(connector.dialect(), table, values, &condition, params)?;
    run(connector, &statement.sql, &statement.params).await
}

/// Deletes the rows that `condition` finds and gives their number.
///
/// # Errors
/// As [`generate::delete`], and whatever the connector says.
pub async fn delete(
    connector: &mut dyn DatabaseConnector,
    table: &TableName,
    condition: &Where,
    params: &Params,
) -> Result<u64> {
    let condition = typed(connector, table, condition).await?;
    let statement = generate::delete(connector.dialect(), table, &condition, params)?;
    run(connector, &statement.sql, &statement.params).await
}

/// `condition` for the columns of `table`, which are looked up if its values depend on them. Of a table that is not there
/// the statement says so.
async fn typed<'w>(
    connector: &mut dyn DatabaseConnector,
    table: &TableName,
    condition: &'w Where,
) -> Result<Cow<'w, Where>> {
    let dialect = connector.dialect();
    if !condition.depends_on_types(dialect) {
        return Ok(Cow::Borrowed(condition));
    }
    let columns = connector.columns(table).await?;
    Ok(columns.map_or(Cow::Borrowed(condition), |columns| Cow::Owned(condition.clone().of_types(dialect, &columns))))
}

/// Runs one statement for each set of parameters, all or none, and gives the rows changed.
///
/// # Errors
/// Whatever the connector says.
pub async fn execute_many(connector: &mut dyn DatabaseConnector, sql: &str, rows: &[Params]) -> Result<u64> {
    let atomic = Atomic::begin(connector).await?;
    let outcome = connector.execute_many(sql, rows).await;
    atomic.end(connector, outcome).await
}
