//! Rows that may conflict: they go through a staging table.

use polars_core::prelude::DataFrame;

use super::execute::{execute, execute_simple};
use super::insert::{Insert, OnConflict};
use crate::connector::{DatabaseConnector, ReadOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::Dialect;
use crate::sql::dialect::Upsert;
use crate::sql::generate::{Conflict, create_staging, drop_table, duplicate_keys, insert_from_staging, staging_name};
use crate::table::{ColumnInfo, TableName};
use crate::value::Params;

/// `cardinality_violation` (SQL:2016, 24.1), which a row that an upsert would update twice is.
const CARDINALITY: &str = "21000";

/// What a row may conflict in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Conflicts are errors.
    None,
    /// They are settled.
    Conflict(Settled),
}

/// How conflicts are settled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settled {
    /// The columns that make a row unique; none for any unique constraint.
    keys: Vec<String>,
    updates: bool,
}

/// What the options and the table say about conflicts.
///
/// # Errors
/// [`ErrorKind::Execution`] for a key that the table or the data does not have, or if there is none.
pub(super) fn keys(dialect: &Dialect, insert: &Insert<'_>, columns: &[ColumnInfo]) -> Result<Keys> {
    let (table, options) = (insert.table, insert.options);
    let updates = match options.on_conflict {
        OnConflict::Error => return Ok(Keys::None),
        OnConflict::Ignore => false,
        OnConflict::Update => true,
    };
    let keys = match &options.conflict_columns {
        Some(keys) => keys.clone(),
        // `ON CONFLICT DO NOTHING` knows every unique constraint by itself.
        None if !updates && matches!(dialect.upsert, Upsert::OnConflict { .. }) => Vec::new(),
        None => primary_key(columns),
    };
    let any_constraint_will_do = !updates && options.conflict_columns.is_none();
    if keys.is_empty() {
        return match (any_constraint_will_do, dialect.upsert) {
            (true, Upsert::OnConflict { .. }) => Ok(Keys::Conflict(Settled { keys, updates })),
            // A table without a key has no conflicts that we could know of.
            (true, Upsert::UpdateThenInsert) => Ok(Keys::None),
            (false, _) => Err(Error::execution(format!("the table {table} has no primary key: name conflict_columns"))
                .with_table(table.table())),
        };
    }
    for key in &keys {
        if !columns.iter().any(|column| dialect.same_name(&column.name, key)) {
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let message =
                format!("the table {table} has no column {key:?} for conflict_columns; it has {}", known.join(", "));
            return Err(Error::execution(message).with_column(key).with_table(table.table()));
        }
    }
    let keys = as_in_frame(dialect, insert.frame, keys)?;
    Ok(Keys::Conflict(Settled { keys, updates }))
}

/// The primary key's columns in its order.
fn primary_key(columns: &[ColumnInfo]) -> Vec<String> {
    let mut keys: Vec<(u32, &str)> =
        columns.iter().filter_map(|column| Some((column.primary_key?, column.name.as_str()))).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, name)| name.to_owned()).collect()
}

/// The keys under the frame's spelling.
fn as_in_frame(dialect: &Dialect, frame: &DataFrame, keys: Vec<String>) -> Result<Vec<String>> {
    let names = frame.get_column_names();
    let spelled = |key: String| {
        let found = names.iter().find(|name| dialect.same_name(name, &key));
        found.map(|name| name.to_string()).ok_or_else(|| not_in_frame(&key))
    };
    if names.is_empty() { Ok(keys) } else { keys.into_iter().map(spelled).collect() }
}

/// # Errors
/// [`ErrorKind::Execution`] if one of `keys` is not among the columns of `frame`.
pub(super) fn check_in_frame(frame: &DataFrame, keys: &[String]) -> Result<()> {
    let missing = keys.iter().find(|key| frame.schema().get(key).is_none());
    missing.map_or(Ok(()), |key| Err(not_in_frame(key)))
}

fn not_in_frame(key: &str) -> Error {
    Error::execution(format!("the data has no column {key:?}, which makes its rows unique")).with_column(key)
}

/// Appends to a staging table and moves from there.
///
/// # Errors
/// [`ErrorKind::UniqueViolation`] for a key that is there twice, if conflicts update; whatever the server says.
pub(super) async fn through_staging(
    connector: &mut dyn DatabaseConnector,
    insert: &Insert<'_>,
    targets: &[ColumnInfo],
    settled: &Settled,
) -> Result<u64> {
    let dialect = connector.dialect();
    let staging = staging_name(dialect).ok_or_else(|| Error::execution("a staging table needs a name"))?;
    let keys = settled.keys.as_slice();
    let conflict = if settled.updates { Conflict::Update { keys } } else { Conflict::Ignore { keys } };

    execute_simple(connector, &create_staging(dialect, &staging, insert.table, targets)?).await?;
    connector.append(&staging, targets, insert.frame, insert.progress).await?;
    if settled.updates {
        refuse_duplicates(connector, insert.table, &staging, targets, keys).await?;
    }
    let mut rows = 0;
    for sql in insert_from_staging(dialect, insert.table, &staging, targets, conflict)? {
        rows += execute_simple(connector, &sql).await.map_err(|error| twice(error, insert.table, keys))?;
    }
    execute_simple(connector, &drop_table(dialect, &staging)?).await?;
    Ok(rows)
}

/// A row that would be updated twice by one call has no value that could be called right.
async fn refuse_duplicates(
    connector: &mut dyn DatabaseConnector,
    table: &TableName,
    staging: &TableName,
    targets: &[ColumnInfo],
    keys: &[String],
) -> Result<()> {
    let columns: Vec<&ColumnInfo> = targets.iter().filter(|target| keys.contains(&target.name)).collect();
    let sql = duplicate_keys(connector.dialect(), staging, &columns)?;
    let duplicates = execute(connector, &sql, &Params::NONE, ReadOptions::default()).await?;
    if duplicates.height() == 0 { Ok(()) } else { Err(duplicate(table, keys)) }
}

/// The error for a row that is updated twice after all: NULLs in its key are the same where the constraint says so.
fn twice(error: Error, table: &TableName, keys: &[String]) -> Error {
    // A trigger may raise the same, but not in these words of SQL, which no server translates.
    if error.details().code.as_deref() == Some(CARDINALITY) && error.message().contains("ON CONFLICT") {
        duplicate(table, keys).with_code(CARDINALITY)
    } else {
        error
    }
}

fn duplicate(table: &TableName, keys: &[String]) -> Error {
    let mut error = Error::new(
        ErrorKind::UniqueViolation,
        format!("the data has rows of {table} with the same key ({})", keys.join(", ")),
    )
    .with_table(table.table());
    if let [key] = keys {
        error = error.with_column(key);
    }
    error
}
