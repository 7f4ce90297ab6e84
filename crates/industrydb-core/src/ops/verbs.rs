//! `select`, `update`, `delete`, `execute_many`.

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
    let statement = select.statement(connector.dialect())?;
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
    let statement = generate::update(connector.dialect(), table, values, condition, params)?;
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
    let statement = generate::delete(connector.dialect(), table, condition, params)?;
    run(connector, &statement.sql, &statement.params).await
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
