//! Runs SQL and takes what it gives.

use std::sync::Arc;

use polars_core::prelude::{Column, DataFrame, SchemaRef};

use crate::connector::{DatabaseConnector, Event, ReadOptions, Settle};
use crate::error::{Error, Result};
use crate::value::Params;

/// Runs `sql` and gives its last result set; if it has none, one row with one column `rows_affected` (Int64): the rows
/// that all its statements changed.
///
/// # Errors
/// Whatever the connector says; [`crate::error::ErrorKind::Conversion`] for more than `i64::MAX` rows.
pub async fn execute(
    connector: &mut dyn DatabaseConnector,
    sql: &str,
    params: &Params,
    options: ReadOptions,
) -> Result<DataFrame> {
    let mut events = connector.query(sql, params, options).await?;
    let mut last: Option<(SchemaRef, Option<DataFrame>)> = None;
    let mut changed = 0_u64;
    while let Some(event) = events.next().await? {
        match (event, &mut last) {
            (Event::Schema(schema), last) => *last = Some((schema, None)),
            (Event::Batch(batch), Some((_, Some(frame)))) => {
                frame.vstack_mut_owned(batch).map_err(|error| Error::conversion(error.to_string()))?;
            }
            (Event::Batch(batch), Some((_, frame))) => *frame = Some(batch),
            (Event::Batch(batch), last) => *last = Some((Arc::clone(batch.schema()), Some(batch))),
            (Event::Done(rows), _) => changed += rows,
        }
    }
    match last {
        Some((_, Some(frame))) => Ok(frame),
        Some((schema, None)) => Ok(DataFrame::empty_with_schema(&schema)),
        None => rows_affected(changed),
    }
}

/// One row with one column, `rows_affected` (Int64): what a statement without a result set gives.
///
/// # Errors
/// [`crate::error::ErrorKind::Conversion`] for more rows than Int64 holds.
pub fn rows_affected(rows: u64) -> Result<DataFrame> {
    let rows = i64::try_from(rows).map_err(|_| Error::conversion(format!("{rows} rows are more than Int64 holds")))?;
    let column = Column::new("rows_affected".into(), [rows]);
    DataFrame::new(1, vec![column]).map_err(|error| Error::conversion(error.to_string()))
}

/// Runs `sql` and gives the number of rows that it changed; what it selects is read and dropped.
///
/// # Errors
/// Whatever the connector says.
pub async fn run(connector: &mut dyn DatabaseConnector, sql: &str, params: &Params) -> Result<u64> {
    let options = ReadOptions { settle: Settle::FirstBatch, ..ReadOptions::default() };
    let mut events = connector.query(sql, params, options).await?;
    let mut changed = 0;
    while let Some(event) = events.next().await? {
        match event {
            Event::Done(rows) => changed += rows,
            Event::Schema(_) | Event::Batch(_) => {}
        }
    }
    Ok(changed)
}

/// As [`run`], without parameters.
///
/// # Errors
/// As [`run`].
pub async fn execute_simple(connector: &mut dyn DatabaseConnector, sql: &str) -> Result<u64> {
    run(connector, sql, &Params::NONE).await
}
