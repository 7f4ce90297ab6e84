//! The connector: each verb of the trait in terms of a [`Session`].
//!
//! SQLite has no socket to wait for: its work is done on the thread that polls the future. On a runtime's worker
//! [`blocking`] hands the worker's other tasks on first; on a caller's own thread that thread just works, and looks up
//! through `industrydb_core::tick`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use industrydb_core::config::Config;
use industrydb_core::connector::{BoxFuture, Canceller, DatabaseConnector, Event, EventStream, Progress, ReadOptions};
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::Dialect;
use industrydb_core::table::{ColumnInfo, TableName};
use industrydb_core::value::{Params, Value};
use polars_core::prelude::{DataFrame, Schema};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::cache::Prepared;
use crate::catalog::{self, Nature};
use crate::dialect::DIALECT;
use crate::encode::{Encoder, stored_frame};
use crate::error::{self, BACKEND};
use crate::raw::{self, Database, Interrupt};
use crate::script::Script;
use crate::session::Session;

/// How long a lock of another connection is waited for where the configuration says nothing, as in sqlite3 of Python.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows between two reports of progress.
const ROWS_BETWEEN_REPORTS: usize = 4_096;

/// Runs `work`, which may take long, on this thread.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// One connection to one SQLite database.
pub struct SqliteConnector {
    session: Session,
    version: String,
}

/// Opens the database of `config`.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Connection`] naming the path: it does not exist, can't be opened, or is no
/// SQLite database.
pub async fn connect(config: &Config) -> Result<Box<dyn DatabaseConnector>> {
    let path = config.path().unwrap_or(":memory:");
    let opening = |cause: sqlx::Error| error::of_opening(&cause, path);
    let connection = options(config, path)?.connect().await.map_err(opening)?;
    let busy_timeout = config.option_duration("timeout").unwrap_or(BUSY_TIMEOUT);
    let database = Database::new(connection, Arc::<Interrupt>::default(), busy_timeout).await.map_err(opening)?;
    database.set_busy_timeout(Duration::ZERO);
    let session = Session::new(database, config.option_bool("strict").unwrap_or(false));
    blocking(|| greet(&session)).map_err(|cause| refused(&cause, path))?;
    session.database().set_busy_timeout(busy_timeout);
    Ok(Box::new(SqliteConnector { session, version: raw::version() }))
}

/// What sqlx needs to open the file, and the settings that are SQL.
fn options(config: &Config, path: &str) -> Result<SqliteConnectOptions> {
    // `file:` would make SQLite read the rest as a URI of its own.
    let filename = if path.starts_with("file:") { format!("./{path}") } else { path.to_owned() };
    let mode = config.option("mode").unwrap_or("rwc");
    let in_memory = mode == "memory" || path == ":memory:";
    let shared = config.option("cache") == Some("shared");
    // Memory is shared by its name, which SQLite looks for in a URI only (inmemorydb.html).
    let filename = if in_memory && shared { shared_memory(path) } else { filename };
    let mut options = SqliteConnectOptions::new()
        .filename(filename)
        .create_if_missing(mode == "rwc" || in_memory)
        .read_only(mode == "ro")
        .in_memory(in_memory)
        .shared_cache(shared)
        .immutable(config.option_bool("immutable").unwrap_or(false))
        .foreign_keys(config.option_bool("foreign_keys").unwrap_or(true))
        .busy_timeout(config.option_duration("timeout").unwrap_or(BUSY_TIMEOUT))
        .disable_statement_logging();
    if let Some(vfs) = config.option("vfs") {
        options = options.vfs(vfs.to_owned());
    }
    // Their values are of closed sets or numbers: nothing that SQL could be smuggled in with.
    for pragma in ["journal_mode", "synchronous", "locking_mode", "cache_size", "mmap_size", "temp_store"] {
        if let Some(value) = config.option(pragma) {
            options = options.pragma(pragma, value.to_owned());
        }
    }
    Ok(options)
}

/// The URI of a database in memory that all connections of this process to the same `name` share.
fn shared_memory(name: &str) -> String {
    let mut uri = String::from("file:");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() {
            uri.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?mode=memory&cache=shared"
}

/// Reads the file's first page: whether it is a database at all.
fn greet(session: &Session) -> Result<()> {
    match session.for_each_row("PRAGMA schema_version", &[], |_| ()) {
        // Whoever has it locked knows that it is a database; the first statement waits for the lock.
        Err(busy) if busy.details().code.as_deref().is_some_and(|code| code.starts_with("SQLITE_BUSY")) => Ok(()),
        outcome => outcome,
    }
}

fn refused(cause: &Error, path: &str) -> Error {
    let message = format!("cannot open the SQLite database {path:?}: {}", cause.message());
    cause.clone().with_kind(ErrorKind::Connection).with_message(message)
}

struct SqliteCanceller(Arc<Interrupt>);

impl Canceller for SqliteCanceller {
    fn cancel(&self) -> BoxFuture<'static, Result<()>> {
        self.0.cancel();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Marks a call as running for as long as it lives.
struct Call(Arc<Interrupt>);

impl Call {
    fn begin(session: &Session) -> Self {
        let interrupt = Arc::clone(session.interrupt());
        interrupt.begin();
        Self(interrupt)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl SqliteConnector {
    /// Runs synchronous work on the session as one call that can be cancelled.
    fn call<'c, T: Send + 'c>(
        &'c mut self,
        work: impl FnOnce(&mut Session) -> Result<T> + Send + 'c,
    ) -> BoxFuture<'c, Result<T>> {
        Box::pin(async move {
            let _call = Call::begin(&self.session);
            blocking(|| work(&mut self.session))
        })
    }
}

impl DatabaseConnector for SqliteConnector {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn server_version(&self) -> &str {
        &self.version
    }

    fn in_transaction(&self) -> bool {
        !self.session.database().autocommit()
    }

    fn closed_because(&self) -> Option<String> {
        None
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(SqliteCanceller(Arc::clone(self.session.interrupt())))
    }

    fn query<'c>(
        &'c mut self,
        sql: &'c str,
        params: &'c Params,
        options: ReadOptions,
    ) -> BoxFuture<'c, Result<Box<dyn EventStream + 'c>>> {
        Box::pin(async move {
            let script = blocking(|| Script::start(&mut self.session, sql, params, options))?;
            Ok(Box::new(script) as Box<dyn EventStream + 'c>)
        })
    }

    fn describe<'c>(&'c mut self, sql: &'c str, params: &'c Params) -> BoxFuture<'c, Result<Schema>> {
        self.call(move |session| {
            session.notice_changes()?;
            let mut prepared = Prepared::new(session.only_statement(sql)?);
            session.bind(&mut prepared, params)?;
            Ok(Schema::clone(&prepared.plan().schema))
        })
    }

    fn execute_many<'c>(&'c mut self, sql: &'c str, rows: &'c [Params]) -> BoxFuture<'c, Result<u64>> {
        self.call(move |session| {
            let mut prepared = Prepared::new(session.only_statement(sql)?);
            let mut changed = 0;
            for params in rows {
                prepared.statement.reset();
                session.bind(&mut prepared, params)?;
                let before = session.database().total_changes();
                while prepared.statement.step().map_err(|failure| session.error(&failure, sql))? {}
                if session.database().total_changes() != before {
                    changed += session.database().changes();
                }
            }
            Ok(u64::try_from(changed).unwrap_or(0))
        })
    }

    fn append<'c>(
        &'c mut self,
        table: &'c TableName,
        columns: &'c [ColumnInfo],
        frame: &'c DataFrame,
        progress: &'c Progress,
    ) -> BoxFuture<'c, Result<u64>> {
        self.call(move |session| append(session, table, columns, frame, progress))
    }

    fn tables<'c>(&'c mut self, schema: Option<&'c str>) -> BoxFuture<'c, Result<DataFrame>> {
        Box::pin(async move {
            let schema = schema.map_or(Value::Null, |schema| Value::Text(schema.to_owned()));
            let params = Params::Positional(vec![schema]);
            let overrides = Arc::new(catalog::tables_schema());
            let mut events =
                self.query(catalog::TABLES, &params, ReadOptions { overrides, ..ReadOptions::default() }).await?;
            let mut tables = None;
            while let Some(event) = events.next().await? {
                match event {
                    Event::Schema(schema) => tables = Some(DataFrame::empty_with_schema(&schema)),
                    Event::Batch(frame) => tables = Some(frame),
                    Event::Done(_) => {}
                }
            }
            tables.ok_or_else(|| Error::execution("SQLite gave no list of its tables").with_backend(BACKEND))
        })
    }

    fn columns<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Option<Vec<ColumnInfo>>>> {
        self.call(move |session| catalog::columns(session, table))
    }

    fn resolve<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<TableName>> {
        self.call(move |session| catalog::resolve(session, table))
    }

    fn dependents<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Vec<String>>> {
        self.call(move |session| catalog::dependents(session, table))
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        self.call(|session| session.for_each_row("SELECT 1", &[], |_| ()))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let database = self.session.into_database();
            database.close().await.map_err(|cause| Error::connection(cause.to_string()).with_backend(BACKEND))
        })
    }
}

/// Inserts all rows of `frame`: one prepared statement, each row bound without a copy.
fn append(
    session: &mut Session,
    table: &TableName,
    columns: &[ColumnInfo],
    frame: &DataFrame,
    progress: &Progress,
) -> Result<u64> {
    let stored = stored_frame(frame, columns).map_err(|error| error.with_backend(BACKEND))?;
    let names = columns.iter().map(|column| column.name.as_str());
    let sql = industrydb_core::sql::generate::insert_row(&DIALECT, table, names)?;
    let mut statement = session.only_statement(&sql)?;
    let strict = keeps_any(session, table, columns)?;
    let types = stored.dtypes();
    let bytes = frame.estimated_size() as u64;
    let mut done = 0;
    let mut stored_rows = 0;
    let mut changes = session.database().total_changes();
    for chunk in stored.iter_chunks(polars_core::prelude::CompatLevel::newest(), false) {
        let arrays = chunk.arrays();
        let mut encoders = arrays
            .iter()
            .zip(&types)
            .zip(columns)
            .map(|((array, dtype), column)| Encoder::new(array.as_ref(), dtype, column, strict))
            .collect::<Result<Vec<_>>>()?;
        for row in 0..chunk.len() {
            let cells = encoders.iter_mut().map(|encoder| encoder.cell(row, done));
            statement.run_row(cells).map_err(|error: Error| in_row(session.told_to_stop(error), done + row))?;
            // A table's own ON CONFLICT IGNORE, or a trigger, may have left the row out.
            let now = session.database().total_changes();
            if now != changes {
                changes = now;
                stored_rows += session.database().changes();
            }
            if (done + row).is_multiple_of(ROWS_BETWEEN_REPORTS) {
                progress.set((done + row) as u64, bytes * (done + row) as u64 / frame.height().max(1) as u64);
            }
        }
        done += chunk.len();
    }
    progress.set(done as u64, bytes);
    Ok(u64::try_from(stored_rows).unwrap_or(0))
}

/// Whether the columns declared ANY keep what they are given: those of a STRICT table do, and those of its copy, which
/// have no declared type there.
fn keeps_any(session: &Session, table: &TableName, columns: &[ColumnInfo]) -> Result<bool> {
    let is_any = |column: &&ColumnInfo| column.declared_type.trim().eq_ignore_ascii_case("ANY");
    if !columns.iter().any(|column| is_any(&column)) {
        return Ok(false);
    }
    let table = catalog::resolve(session, table)?;
    if catalog::nature(session, &table)? == (Nature::Table { strict: true }) {
        return Ok(true);
    }
    let there = catalog::columns(session, &table)?.unwrap_or_default();
    let untyped = |name: &str| there.iter().any(|column| column.name == name && column.declared_type.is_empty());
    Ok(columns.iter().filter(is_any).all(|column| untyped(&column.name)))
}

/// The error with the row of the data that caused it, where the row is to blame.
fn in_row(mut error: Error, row: usize) -> Error {
    if error.kind().is_constraint() {
        error.details_mut().detail = Some(format!("row {row} of the data"));
    }
    error
}
