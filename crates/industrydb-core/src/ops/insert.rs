//! `insert`: frames into tables, in every mode, all rows or none.

use polars_core::prelude::DataFrame;

use super::atomic::Atomic;
use super::execute::execute_simple;
use super::upsert;
use crate::connector::{DatabaseConnector, Progress};
use crate::error::{Error, Result};
use crate::sql::generate::{can_be_swapped, create_table, delete_all, drop_table, rename_table, unique_name};
use crate::table::{ColumnInfo, TableName};

/// What becomes of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InsertMode {
    /// It is there and gets more rows.
    #[default]
    Append,
    /// It is made.
    Create,
    /// It is made if it is missing, and gets the rows.
    CreateAppend,
    /// A new table takes its place.
    Replace,
    /// It stays, its rows go.
    Overwrite,
}

/// What becomes of a row that conflicts with one that is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Nothing is stored.
    #[default]
    Error,
    /// It is left out.
    Ignore,
    /// It replaces the other's columns.
    Update,
}

impl InsertMode {
    const NAMES: [(&'static str, Self); 5] = [
        ("append", Self::Append),
        ("create", Self::Create),
        ("create_append", Self::CreateAppend),
        ("replace", Self::Replace),
        ("overwrite", Self::Overwrite),
    ];

    /// From its name.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] for another name.
    pub fn parse(name: &str) -> Result<Self> {
        parse("mode", name, &Self::NAMES)
    }
}

impl OnConflict {
    const NAMES: [(&'static str, Self); 3] =
        [("error", Self::Error), ("ignore", Self::Ignore), ("update", Self::Update)];

    /// From its name.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] for another name.
    pub fn parse(name: &str) -> Result<Self> {
        parse("on_conflict", name, &Self::NAMES)
    }
}

fn parse<T: Copy>(what: &str, name: &str, names: &[(&'static str, T)]) -> Result<T> {
    let known = names.iter().find(|(known, _)| *known == name);
    known.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<String> = names.iter().map(|(known, _)| format!("{known:?}")).collect();
        Error::argument(format!("{what} must be one of {}, not {name:?}", names.join(", ")))
    })
}

/// How to insert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InsertOptions {
    /// What becomes of the table.
    pub mode: InsertMode,
    /// What becomes of rows that conflict.
    pub on_conflict: OnConflict,
    /// The columns whose values make a row unique; the primary key if `None`.
    pub conflict_columns: Option<Vec<String>>,
}

/// Inserts all rows of `frame`, or none, and gives how many arrived: those that `on_conflict` left out are not counted.
///
/// A table that is made with `conflict_columns` gets a unique constraint on them, so that the same call works again.
///
/// # Errors
/// [`crate::error::ErrorKind::Argument`] for options or data that make no sense; [`crate::error::ErrorKind::Execution`]
/// for a table or column that is not there, a generated column, a key that is not known, and dependents in the way of
/// `replace`; [`crate::error::ErrorKind::Conversion`] for a value that its column does not hold exactly;
/// [`crate::error::ErrorKind::UniqueViolation`] for a key that is twice in an upsert; whatever else the server says.
pub async fn insert(
    connector: &mut dyn DatabaseConnector,
    table: &TableName,
    frame: &DataFrame,
    options: &InsertOptions,
    progress: &Progress,
) -> Result<u64> {
    let backend = connector.dialect().backend;
    check(frame, options)?;
    let atomic = Atomic::begin(connector).await?;
    let outcome = match connector.resolve(table).await {
        Ok(table) => in_mode(connector, &Insert { table: &table, frame, options, progress }).await,
        Err(error) => Err(error),
    };
    atomic.end(connector, outcome.map_err(|error| error.with_backend(backend))).await
}

/// What can be said without looking at the database.
fn check(frame: &DataFrame, options: &InsertOptions) -> Result<()> {
    match (&options.conflict_columns, options.on_conflict) {
        (Some(columns), _) if columns.is_empty() => {
            return Err(Error::argument("conflict_columns is empty: name at least one, or pass None"));
        }
        (Some(_), OnConflict::Error) => {
            return Err(Error::argument("conflict_columns needs on_conflict=\"ignore\" or on_conflict=\"update\""));
        }
        (Some(_), OnConflict::Ignore | OnConflict::Update) | (None, _) => {}
    }
    if frame.width() == 0 && options.mode == InsertMode::Replace {
        return Err(Error::argument("a table can't be replaced by data without columns"));
    }
    if frame.width() == 0 && frame.height() > 0 {
        return Err(Error::argument("the data has rows but no columns"));
    }
    Ok(())
}

#[derive(Clone, Copy)]
pub(super) struct Insert<'a> {
    pub(super) table: &'a TableName,
    pub(super) frame: &'a DataFrame,
    pub(super) options: &'a InsertOptions,
    pub(super) progress: &'a Progress,
}

async fn in_mode(connector: &mut dyn DatabaseConnector, insert: &Insert<'_>) -> Result<u64> {
    let table = insert.table;
    match insert.options.mode {
        InsertMode::Append => {
            let columns = existing(connector, table).await?;
            fill(connector, insert, &columns).await
        }
        InsertMode::Create => create(connector, insert).await,
        InsertMode::CreateAppend => match connector.columns(table).await? {
            Some(columns) => fill(connector, insert, &columns).await,
            None => create(connector, insert).await,
        },
        InsertMode::Replace => match connector.columns(table).await? {
            Some(_) => replace(connector, insert).await,
            None => create(connector, insert).await,
        },
        InsertMode::Overwrite => {
            let columns = existing(connector, table).await?;
            let sql = delete_all(connector.dialect(), table)?;
            execute_simple(connector, &sql).await?;
            fill(connector, insert, &columns).await
        }
    }
}

async fn existing(connector: &mut dyn DatabaseConnector, table: &TableName) -> Result<Vec<ColumnInfo>> {
    let missing = || {
        Error::execution(format!("there is no table {table}"))
            .with_table(table.table())
            .with_hint("mode=\"create\" or mode=\"create_append\" makes it")
    };
    connector.columns(table).await?.ok_or_else(missing)
}

async fn create(connector: &mut dyn DatabaseConnector, insert: &Insert<'_>) -> Result<u64> {
    let unique = insert.options.conflict_columns.as_deref().unwrap_or_default();
    upsert::check_in_frame(insert.frame, unique)?;
    let sql = create_table(connector.dialect(), insert.table, insert.frame.schema(), unique)?;
    execute_simple(connector, &sql).await?;
    let columns = existing(connector, insert.table).await?;
    fill(connector, insert, &columns).await
}

/// Readers see the old table or the new one: all of it is one transaction.
async fn replace(connector: &mut dyn DatabaseConnector, insert: &Insert<'_>) -> Result<u64> {
    let table = insert.table;
    // Nothing depends on a temporary table. Whoever reads one that all see waits for the end of the transaction.
    if !can_be_swapped(connector.dialect(), table) {
        let sql = drop_table(connector.dialect(), table)?;
        execute_simple(connector, &sql).await?;
        return create(connector, insert).await;
    }
    let dependents = connector.dependents(table).await?;
    if !dependents.is_empty() {
        return Err(Error::execution(format!("can't replace the table {table}: {} on it", depend(&dependents)))
            .with_table(table.table())
            .with_hint("mode=\"overwrite\" keeps the table and swaps its rows"));
    }
    let new = table.sibling(unique_name("industrydb_new"));
    let rows =
        create(connector, &Insert { table: &new, ..*insert }).await.map_err(|error| about(error, &new, table))?;
    let dialect = connector.dialect();
    for sql in [drop_table(dialect, table)?, rename_table(dialect, &new, table.table())?] {
        execute_simple(connector, &sql).await?;
    }
    Ok(rows)
}

/// The error about `new`, which the caller does not know, as one about `table`, which it stands for.
fn about(error: Error, new: &TableName, table: &TableName) -> Error {
    let message = error.message().replace(&new.to_string(), &table.to_string()).replace(new.table(), table.table());
    let mut error = error.with_message(message);
    if error.details().table_name.as_deref() == Some(new.table()) {
        error.details_mut().table_name = Some(table.table().to_owned());
    }
    error
}

fn depend(dependents: &[String]) -> String {
    let verb = if dependents.len() == 1 { "depends" } else { "depend" };
    format!("{} {verb}", dependents.join(", "))
}

/// Puts the rows into a table that has `columns`.
async fn fill(connector: &mut dyn DatabaseConnector, insert: &Insert<'_>, columns: &[ColumnInfo]) -> Result<u64> {
    let targets = targets(connector, insert, columns)?;
    // From here on all is called as the table calls it: the server may see more in its names than the data's do.
    let mut frame = insert.frame.clone();
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    frame.set_column_names(&names).map_err(|cause| Error::execution(cause.to_string()))?;
    let insert = &Insert { frame: &frame, ..*insert };
    let conflict = upsert::conflict(connector, insert, columns).await?;
    match conflict {
        _ if targets.is_empty() => Ok(0),
        None => connector.append(insert.table, &targets, insert.frame, insert.progress).await,
        Some(conflict) => upsert::through_staging(connector, insert, &targets, &conflict).await,
    }
}

/// The table's column for each of the frame's.
fn targets(connector: &dyn DatabaseConnector, insert: &Insert<'_>, columns: &[ColumnInfo]) -> Result<Vec<ColumnInfo>> {
    let dialect = connector.dialect();
    let table = insert.table;
    let error = |name: &str, message: String| Error::execution(message).with_column(name).with_table(table.table());
    let mut targets: Vec<ColumnInfo> = Vec::with_capacity(insert.frame.width());
    let names = insert.frame.get_column_names();
    for name in &names {
        let Some(column) = dialect.find(name, columns, |column| column.name.as_str()) else {
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let message = format!("the table {table} has no column {name:?}; it has {}", known.join(", "));
            return Err(error(name, message));
        };
        if column.generated {
            return Err(error(name, format!("the column {name:?} of {table} is generated: leave it out of the data")));
        }
        if let Some(twin) =
            targets.iter().zip(&names).find_map(|(other, twin)| (other.name == column.name).then_some(twin))
        {
            return Err(error(name, format!("{twin:?} and {name:?} are the same column of {table}")));
        }
        targets.push(column.clone());
    }
    Ok(targets)
}
