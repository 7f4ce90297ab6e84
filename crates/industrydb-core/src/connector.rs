//! What a backend implements: one object-safe trait over one connection.
//!
//! Everything a user sees is built on the few primitives below: [`DatabaseConnector::query`] streams what a statement
//! gives, [`DatabaseConnector::append`] writes frames in bulk, [`DatabaseConnector::execute_many`] runs one statement
//! over many rows of parameters. Transactions, upserts and replaced tables are SQL that `ops` runs through them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars_core::prelude::{DataFrame, DataType, Schema, SchemaRef};

use crate::error::Result;
use crate::sql::Dialect;
use crate::table::{ColumnInfo, TableName};
use crate::value::Params;

/// A boxed future, as object-safe async methods return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// When a column whose type the server leaves open gets it (SQLite values that contradict a declared type,
/// PostgreSQL NUMERIC without a scale).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// Before the first row, as [`DatabaseConnector::describe`] says: the schema of a scan that is planned before it runs.
    /// A value that contradicts it is [`crate::error::ErrorKind::Conversion`], which names the override.
    Declared,
    /// With the first batch: what contradicts it in a later one is an error.
    FirstBatch,
    /// Once the whole result is there: it arrives as one batch.
    WholeResult,
}

/// How far a call has come, readable from any thread while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// Sets both counts.
    pub fn set(&self, rows: u64, bytes: u64) {
        self.rows.store(rows, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Rows and bytes so far.
    pub fn get(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// How a statement's result is to be read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// When open types settle.
    pub settle: Settle,
    /// Rows a batch; not used with [`Settle::WholeResult`].
    pub batch_rows: usize,
    /// Column name → the type that it must arrive in, exactly.
    pub overrides: Arc<Schema>,
    /// Where the count of rows and bytes goes.
    pub progress: Arc<Progress>,
}

impl Default for ReadOptions {
    /// The whole result, no overrides.
    fn default() -> Self {
        Self { settle: Settle::WholeResult, batch_rows: 65_536, overrides: Arc::default(), progress: Arc::default() }
    }
}

impl ReadOptions {
    /// The override for `column`, if there is one.
    pub fn override_for(&self, column: &str) -> Option<&DataType> {
        if self.overrides.is_empty() { None } else { self.overrides.get(column) }
    }
}

/// One thing that running SQL gives. A statement with a result set gives [`Event::Schema`], any number of
/// [`Event::Batch`], then [`Event::Done`]; one without gives [`Event::Done`] alone.
#[derive(Debug)]
pub enum Event {
    /// A result set begins. With [`Settle::Declared`] it may not have run yet.
    Schema(SchemaRef),
    /// Rows of it, at least one.
    Batch(DataFrame),
    /// The statement ended; the rows that it changed.
    Done(u64),
}

/// What a running script gives, one event at a time; `None` at its end. Dropping it early ends the statement.
pub trait EventStream: Send {
    /// The next event.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Event>>>;
}

/// Stops what a connection is doing, from any thread and without a lock of the connection.
pub trait Canceller: Send + Sync {
    /// Asks for it; the running call then fails with [`crate::error::ErrorKind::Cancelled`]. Does nothing if nothing
    /// runs. May be called again while the call has not ended yet.
    fn cancel(&self) -> BoxFuture<'static, Result<()>>;

    /// Whether the call that begins now has a time limit of its own, which then holds in place of one that the
    /// connector keeps for all calls. Said before each call.
    fn limits(&self, _itself: bool) {}
}

/// One connection to one database.
pub trait DatabaseConnector: Send {
    /// How this backend spells SQL.
    fn dialect(&self) -> &'static Dialect;

    /// The server's version, such as `3.50.4`; no I/O.
    fn server_version(&self) -> &str;

    /// Whether a transaction is open; no I/O.
    fn in_transaction(&self) -> bool;

    /// Why the connection can't be used any more, if it can't.
    fn closed_because(&self) -> Option<String>;

    /// What stops this connection's statements.
    fn canceller(&self) -> Arc<dyn Canceller>;

    /// Runs `sql` exactly once; several statements one after the other, where there are no parameters.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Execution`] before anything is sent if `params` do not fit the placeholders.
    fn query<'c>(
        &'c mut self,
        sql: &'c str,
        params: &'c Params,
        options: ReadOptions,
    ) -> BoxFuture<'c, Result<Box<dyn EventStream + 'c>>>;

    /// The schema that `sql` would give, without running it; empty for a statement without a result set.
    fn describe<'c>(&'c mut self, sql: &'c str, params: &'c Params) -> BoxFuture<'c, Result<Schema>>;

    /// Runs one statement once for each set of parameters and adds up the rows changed. The caller opens the
    /// transaction.
    fn execute_many<'c>(&'c mut self, sql: &'c str, rows: &'c [Params]) -> BoxFuture<'c, Result<u64>>;

    /// Appends all rows of `frame` to `table`, column by name, as fast as the backend can, and gives their number.
    /// `columns` are the table's columns of the same names in the frame's order; every value arrives exactly or
    /// nothing does. The caller opens the transaction.
    fn append<'c>(
        &'c mut self,
        table: &'c TableName,
        columns: &'c [ColumnInfo],
        frame: &'c DataFrame,
        progress: &'c Progress,
    ) -> BoxFuture<'c, Result<u64>>;

    /// The tables and views, in `schema` or in all that a user sees: columns `schema`, `name`, `kind`.
    fn tables<'c>(&'c mut self, schema: Option<&'c str>) -> BoxFuture<'c, Result<DataFrame>>;

    /// The columns of `table` in their order, or `None` if there is no such table.
    fn columns<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Option<Vec<ColumnInfo>>>>;

    /// The name by which every statement of a call finds the same table: where a bare name is searched for in several
    /// schemas, the one that has it, else the one in which it would be made.
    fn resolve<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<TableName>> {
        Box::pin(std::future::ready(Ok(table.clone())))
    }

    /// What stands in the way of swapping `table` for a new one: views, foreign keys and triggers that depend on it.
    fn dependents<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Vec<String>>>;

    /// One round trip.
    fn ping(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Ends the connection; what is open rolls back.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}
