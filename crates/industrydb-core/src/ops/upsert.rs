//! Rows that may conflict: they go through a staging table.

use polars_core::prelude::DataFrame;

use super::execute::{execute, execute_simple};
use super::insert::{Insert, OnConflict};
use crate::connector::{DatabaseConnector, ReadOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::dialect::Upsert;
use crate::sql::generate::{
    Action, Conflict, Key, create_staging, drop_table, duplicate_keys, insert_from_staging, staging_name,
};
use crate::table::{ColumnInfo, TableName};
use crate::value::Params;

/// `cardinality_violation` (SQL:2016, 24.1), which a row that an upsert would update twice is.
const CARDINALITY: &str = "21000";

/// What the options and the table say about conflicts; `None` if they are errors.
///
/// # Errors
/// [`ErrorKind::Execution`] for a key that the table or the data does not have, or if there is none; whatever the server
/// says.
pub(super) async fn conflict(
    connector: &mut dyn DatabaseConnector,
    insert: &Insert<'_>,
    columns: &[ColumnInfo],
) -> Result<Option<Conflict>> {
    let (table, options) = (insert.table, insert.options);
    let action = match options.on_conflict {
        OnConflict::Error => return Ok(None),
        OnConflict::Ignore => Action::Ignore,
        OnConflict::Update => Action::Update,
    };
    let dialect = connector.dialect();
    let unique = match dialect.upsert {
        Upsert::OnConflict { .. } => Vec::new(),
        Upsert::UpdateThenInsert => connector.unique_keys(table).await?,
    };
    let names = match (&options.conflict_columns, action, dialect.upsert) {
        (Some(names), _, _) => names.clone(),
        (None, Action::Update, _) => primary_key(columns),
        // `ON CONFLICT DO NOTHING` knows every unique constraint by itself.
        (None, Action::Ignore, Upsert::OnConflict { .. }) => return Ok(Some(Conflict { action, keys: Vec::new() })),
        (None, Action::Ignore, Upsert::UpdateThenInsert) => {
            // Rows can't conflict in a key that the server fills.
            let has = |name: &String| insert.frame.schema().contains(name);
            let keys: Vec<Key> = unique.into_iter().filter(|key| key.columns.iter().all(has)).collect();
            // What has no key has no conflicts.
            return Ok((!keys.is_empty()).then_some(Conflict { action, keys }));
        }
    };
    if names.is_empty() {
        let message = format!("the table {table} has no primary key: name conflict_columns");
        return Err(Error::execution(message).with_table(table.table()));
    }
    let mut key_columns = Vec::with_capacity(names.len());
    for name in &names {
        let Some(column) = dialect.find(name, columns, |column| column.name.as_str()) else {
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let message =
                format!("the table {table} has no column {name:?} for conflict_columns; it has {}", known.join(", "));
            return Err(Error::execution(message).with_column(name).with_table(table.table()));
        };
        key_columns.push(column.name.clone());
    }
    let key = unique.iter().find(|key| are_same(&key.columns, &key_columns));
    let nulls_are_equal = match (dialect.upsert, key) {
        // It says itself what is not unique.
        (Upsert::OnConflict { .. }, _) => false,
        (Upsert::UpdateThenInsert, Some(key)) => key.nulls_are_equal,
        (Upsert::UpdateThenInsert, None) => {
            let message = format!("the table {table} has no unique constraint on ({})", key_columns.join(", "));
            return Err(Error::execution(message).with_table(table.table()));
        }
    };
    if insert.frame.width() > 0 {
        check_in_frame(insert.frame, &key_columns)?;
    }
    Ok(Some(Conflict { action, keys: vec![Key { columns: key_columns, nulls_are_equal }] }))
}

/// Whether two keys have the same columns.
fn are_same(one: &[String], other: &[String]) -> bool {
    one.iter().all(|name| other.contains(name)) && other.iter().all(|name| one.contains(name))
}

/// The primary key's columns in its order.
fn primary_key(columns: &[ColumnInfo]) -> Vec<String> {
    let mut keys: Vec<(u32, &str)> =
        columns.iter().filter_map(|column| Some((column.primary_key?, column.name.as_str()))).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, name)| name.to_owned()).collect()
}

/// # Errors
/// [`ErrorKind::Execution`] if one of `keys` is not among the columns of `frame`.
pub(super) fn check_in_frame(frame: &DataFrame, keys: &[String]) -> Result<()> {
    let missing = keys.iter().find(|key| frame.schema().get(key).is_none());
    missing.map_or(Ok(()), |key| {
        let message = format!("the data has no column {key:?}, which makes its rows unique");
        Err(Error::execution(message).with_column(key))
    })
}

/// Appends to a staging table and moves from there.
///
/// # Errors
/// [`ErrorKind::UniqueViolation`] for a key that is there twice, if conflicts update; whatever the server says.
pub(super) async fn through_staging(
    connector: &mut dyn DatabaseConnector,
    insert: &Insert<'_>,
    targets: &[ColumnInfo],
    conflict: &Conflict,
) -> Result<u64> {
    let dialect = connector.dialect();
    let staging = staging_name(dialect).ok_or_else(|| Error::execution("a staging table needs a name"))?;

    execute_simple(connector, &create_staging(dialect, &staging, insert.table, targets, conflict)?).await?;
    connector.append(&staging, targets, insert.frame, insert.progress).await?;
    if let (Action::Update, [key, ..]) = (conflict.action, conflict.keys.as_slice()) {
        refuse_duplicates(connector, insert.table, &staging, targets, key).await?;
    }
    let mut rows = 0;
    loop {
        let mut moved = 0;
        for sql in insert_from_staging(dialect, insert.table, &staging, targets, conflict)? {
            let outcome = execute_simple(connector, &sql).await;
            moved += outcome.map_err(|error| twice(error, insert.table, &conflict.keys))?;
        }
        rows += moved;
        if moved == 0 || conflict.keys.len() < 2 {
            break;
        }
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
    key: &Key,
) -> Result<()> {
    let keys = key.columns.as_slice();
    let columns: Vec<&ColumnInfo> = targets.iter().filter(|target| keys.contains(&target.name)).collect();
    let sql = duplicate_keys(connector.dialect(), staging, &columns, key.nulls_are_equal)?;
    let duplicates = execute(connector, &sql, &Params::NONE, ReadOptions::default()).await?;
    if duplicates.height() == 0 { Ok(()) } else { Err(duplicate(table, keys)) }
}

/// The error for a row that is updated twice after all: NULLs in its key are the same where the constraint says so.
fn twice(error: Error, table: &TableName, keys: &[Key]) -> Error {
    // A trigger may raise the same, but not in these words of SQL, which no server translates.
    let is_ours = error.details().code.as_deref() == Some(CARDINALITY) && error.message().contains("ON CONFLICT");
    match keys {
        [key, ..] if is_ours => duplicate(table, &key.columns).with_code(CARDINALITY),
        _ => error,
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
