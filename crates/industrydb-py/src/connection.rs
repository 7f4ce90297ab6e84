//! `Connection`: each verb reads its arguments, runs one async function of `industrydb_core::ops` in its turn, and
//! hands over what it gave.

use std::sync::Arc;

use industrydb_core::config::Config;
use industrydb_core::connector::{BoxFuture, DatabaseConnector, ReadOptions, Settle};
use industrydb_core::error::{Error, Result};
use industrydb_core::ops::{self, InsertMode, InsertOptions, OnConflict, TransactionOptions};
use industrydb_core::sql::generate::Select;
use polars_core::prelude::DataFrame;
use pyo3::exceptions::{PyResourceWarning, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyString, PyType};

use crate::arguments;
use crate::call::{self, Call};
use crate::config::DatabaseConfig;
use crate::errors::to_py;
use crate::factory::specs;
use crate::frames;
use crate::log;
use crate::params::{params, params_list};
use crate::progress::Reporter;
use crate::reader::{BatchReader, Reading};
use crate::runtime::{block_on, runtime};
use crate::session::{Caller, Session};
use crate::transaction::Transaction;

/// Rows of a batch, unless the caller says otherwise.
const BATCH_SIZE: i64 = 65_536;

/// One connection to one database.
#[pyclass(frozen, weakref, module = "industrydb")]
pub struct Connection {
    session: Arc<Session>,
}

/// Opens a connection to what a URI, a key=value string or a configuration names.
#[pyfunction]
pub fn connect(uri_or_config: &Bound<'_, PyAny>) -> PyResult<Connection> {
    let config = if let Ok(config) = uri_or_config.cast::<DatabaseConfig>() {
        config.get().config.clone()
    } else if let Ok(uri) = uri_or_config.cast::<PyString>() {
        Config::from_uri(uri.to_str()?, specs()).map_err(to_py)?
    } else {
        let name = uri_or_config.get_type().qualname()?;
        return Err(PyTypeError::new_err(format!("connect() takes a URI or a DatabaseConfig, not {name}")));
    };
    Connection::open(uri_or_config.py(), config)
}

impl Connection {
    /// Opens the database of `config`.
    ///
    /// # Errors
    /// `ConfigurationError`, `DatabaseConnectionError`.
    pub fn open(py: Python<'_>, config: Config) -> PyResult<Self> {
        let session = block_on(py, &Call::new(None, None), Session::open(config))?;
        log::debug(py, "connected", &session.config)?;
        Ok(Self { session: Arc::new(session) })
    }

    /// Runs a verb in this thread's turn and waits for it with the GIL released.
    ///
    /// # Errors
    /// Those of the verb, of waiting for the turn, and what signal handlers raise.
    pub fn run<T: Send>(
        &self,
        py: Python<'_>,
        call: &Call,
        verb: impl for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<T>> + Send,
    ) -> PyResult<T> {
        self.session.check_process().map_err(to_py)?;
        let outcome = block_on(py, call, self.session.run(Caller::current(), call, verb));
        if call.has_started() && !self.session.in_transaction() {
            self.put_back(py)?;
        }
        if call.was_given_up() {
            self.session.abandon(
                "the connection is closed: a call did not stop when it was cancelled, or failed inside industrydb",
            );
        }
        outcome
    }

    /// Puts back what `begin` set for the session, if SQL of the caller's has ended the transaction.
    fn put_back(&self, py: Python<'_>) -> PyResult<()> {
        let options = match &mut *self.session.begun() {
            // Noted as begun all the same: whoever ends it has to hear that it is gone.
            Some(begun) if begun.options != TransactionOptions::default() => std::mem::take(&mut begun.options),
            Some(_) | None => return Ok(()),
        };
        let call = Call::ending(None);
        block_on(
            py,
            &call,
            self.session.run(Caller::current(), &call, |connector| {
                Box::pin(async move { ops::put_back(connector, &options).await })
            }),
        )
    }

    /// Runs what begins a transaction. If the caller does not hear that it began, because a signal handler raised, it is
    /// rolled back: nobody would end it.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub fn run_begin<T: Send>(
        &self,
        py: Python<'_>,
        call: &Call,
        begin: impl for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<T>> + Send,
    ) -> PyResult<T> {
        let was_open = self.session.in_transaction();
        self.run(py, call, begin).inspect_err(|_| {
            if call.has_started() && !was_open && self.session.in_transaction() {
                let rolled_back = self.run(py, &Call::ending(None), |connector| {
                    Box::pin(async move { ops::rollback(connector, &TransactionOptions::default()).await })
                });
                if let Err(error) = rolled_back {
                    error.write_unraisable(py, None);
                }
            }
        })
    }

    /// Notes how the transaction was begun that is open now.
    pub fn remember_transaction(&self, options: &TransactionOptions) {
        self.session.remember_transaction(options);
    }

    /// Takes back what [`Self::remember_transaction`] noted: one of our verbs ends the transaction.
    pub fn forget_transaction(&self) -> Option<TransactionOptions> {
        self.session.begun().take().map(|begun| begun.options)
    }

    /// The error for this thread's transaction if the database has rolled it back by itself.
    pub fn lost_transaction(&self) -> Option<Error> {
        self.session.lost_transaction(Caller::current())
    }

    /// Runs `end` with what the transaction was begun with, and forgets that once the transaction is over.
    fn end_transaction(
        &self,
        py: Python<'_>,
        timeout: Option<f64>,
        end: for<'c> fn(&'c mut dyn DatabaseConnector, &'c TransactionOptions) -> BoxFuture<'c, Result<()>>,
    ) -> PyResult<()> {
        let call = Call::ending(call::timeout(timeout)?);
        let options = self.session.begun().as_ref().map(|begun| begun.options.clone()).unwrap_or_default();
        let outcome = self.run(py, &call, move |connector| Box::pin(async move { end(connector, &options).await }));
        if call.has_started() && !self.session.in_transaction() {
            self.forget_transaction();
        }
        outcome
    }

    /// Ends the batch reader that is open, if there is one.
    ///
    /// # Errors
    /// If no thread can be started for it.
    pub fn close_reader(&self, py: Python<'_>) -> PyResult<()> {
        let runtime = runtime().map_err(to_py)?;
        py.detach(|| runtime.block_on(self.session.close_reader()));
        Ok(())
    }
}

/// A call with a timeout alone.
fn timed(timeout: Option<f64>) -> PyResult<Call> {
    Ok(Call::new(call::timeout(timeout)?, None))
}

#[pymethods]
impl Connection {
    #[new]
    fn new(py: Python<'_>, config: &Bound<'_, DatabaseConfig>) -> PyResult<Self> {
        Self::open(py, config.get().config.clone())
    }

    /// The same as `Connection(config)`.
    #[classmethod]
    fn connect(_class: &Bound<'_, PyType>, py: Python<'_>, config: &Bound<'_, DatabaseConfig>) -> PyResult<Self> {
        Self::new(py, config)
    }

    /// Opens a connection to what `uri` names.
    #[classmethod]
    fn from_uri(_class: &Bound<'_, PyType>, py: Python<'_>, uri: &str) -> PyResult<Self> {
        Self::open(py, Config::from_uri(uri, specs()).map_err(to_py)?)
    }

    /// Runs SQL, exactly once, and gives its result.
    #[pyo3(
        signature = (sql, params=None, *, schema_overrides=None, timeout=None, progress=None),
        text_signature = "($self, sql, params=None, *, schema_overrides=None, timeout=None, progress=False)"
    )]
    fn execute<'py>(
        &self,
        py: Python<'py>,
        sql: String,
        params: Option<&Bound<'py, PyAny>>,
        schema_overrides: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = self::params(params)?;
        let call = Call::new(call::timeout(timeout)?, Reporter::new(progress, "execute")?);
        let options = whole_result(schema_overrides, &call)?;
        let frame = self.run(py, &call, move |connector| {
            Box::pin(async move {
                let overrides = Arc::clone(&options.overrides);
                checked(ops::execute(connector, &sql, &params, options).await?, &overrides)
            })
        })?;
        frames::to_python(py, frame)
    }

    /// Runs one statement once for each entry of `params_list`, all in one transaction.
    #[pyo3(signature = (sql, params_list, *, timeout=None))]
    fn execute_many(
        &self,
        py: Python<'_>,
        sql: String,
        params_list: &Bound<'_, PyAny>,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        let rows = self::params_list(params_list)?;
        self.run(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { ops::execute_many(connector, &sql, &rows).await })
        })
    }

    /// Runs SQL and gives its result piece by piece.
    #[pyo3(
        signature = (sql, params=None, *, batch_size=None, schema_overrides=None, timeout=None, progress=None),
        text_signature = "($self, sql, params=None, *, batch_size=65536, schema_overrides=None, timeout=None, progress=False)"
    )]
    fn execute_batches(
        slf: Bound<'_, Self>,
        sql: String,
        params: Option<&Bound<'_, PyAny>>,
        batch_size: Option<&Bound<'_, PyAny>>,
        schema_overrides: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<BatchReader> {
        let batch_size = batch_size.map_or(Ok(BATCH_SIZE), arguments::integer)?;
        let batch_rows = usize::try_from(batch_size).ok().filter(|rows| *rows > 0);
        let Some(batch_rows) = batch_rows else {
            return Err(PyValueError::new_err(format!("batch_size must be at least 1, not {batch_size}")));
        };
        let options = ReadOptions {
            settle: Settle::FirstBatch,
            batch_rows,
            overrides: frames::overrides(schema_overrides)?,
            progress: Arc::default(),
        };
        let reading = Reading { sql, params: self::params(params)?, options, timeout: call::timeout(timeout)? };
        let session = Arc::clone(&slf.get().session);
        BatchReader::open(slf, session, reading, Reporter::new(progress, "execute_batches")?)
    }

    /// The schema that `execute` would give, without running the query.
    #[pyo3(signature = (sql, params=None, *, timeout=None))]
    fn schema<'py>(
        &self,
        py: Python<'py>,
        sql: String,
        params: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = self::params(params)?;
        let schema = self.run(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { connector.describe(&sql, &params).await })
        })?;
        frames::schema_to_python(py, &schema)
    }

    /// Writes all rows of `data`, column by name, or none of them.
    #[pyo3(
        signature = (
            table, data, *, mode="append", on_conflict="error", conflict_columns=None, timeout=None, progress=None
        ),
        text_signature = "($self, table, data, *, mode='append', on_conflict='error', conflict_columns=None, timeout=None, \
                          progress=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as the caller writes them")]
    fn insert(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
        mode: &str,
        on_conflict: &str,
        conflict_columns: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        let table = arguments::table(table)?;
        let options = InsertOptions {
            mode: InsertMode::parse(mode).map_err(to_py)?,
            on_conflict: OnConflict::parse(on_conflict).map_err(to_py)?,
            conflict_columns: arguments::key_columns(conflict_columns)?,
        };
        let call = Call::new(call::timeout(timeout)?, Reporter::new(progress, "insert")?);
        let frame = frames::from_python(data)?;
        let progress = call.progress();
        self.run(py, &call, move |connector| {
            Box::pin(async move { ops::insert(connector, &table, &frame, &options, &progress).await })
        })
    }

    /// Reads rows of one table.
    #[pyo3(signature = (
        table, columns=None, r#where=None, params=None, *,
        order_by=None, limit=None, offset=None, schema_overrides=None, timeout=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as the caller writes them")]
    fn select<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'py, PyAny>,
        columns: Option<&Bound<'py, PyAny>>,
        r#where: Option<&Bound<'py, PyAny>>,
        params: Option<&Bound<'py, PyAny>>,
        order_by: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
        offset: Option<&Bound<'py, PyAny>>,
        schema_overrides: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let table = arguments::table(table)?;
        let columns = arguments::columns(columns)?;
        let condition = arguments::condition(r#where)?;
        let order_by = arguments::order_by(order_by)?;
        let limit = limit.map(arguments::integer).transpose()?;
        let offset = offset.map(arguments::integer).transpose()?;
        let params = self::params(params)?;
        let call = timed(timeout)?;
        let options = whole_result(schema_overrides, &call)?;
        let frame = self.run(py, &call, move |connector| {
            Box::pin(async move {
                let select = Select {
                    table: &table,
                    columns: columns.as_deref(),
                    condition: &condition,
                    params: &params,
                    order_by: &order_by,
                    limit,
                    offset,
                };
                let overrides = Arc::clone(&options.overrides);
                checked(ops::select(connector, &select, options).await?, &overrides)
            })
        })?;
        frames::to_python(py, frame)
    }

    /// Sets columns of the rows that match.
    #[pyo3(signature = (table, values, r#where, params=None, *, timeout=None))]
    fn update(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        r#where: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        let table = arguments::table(table)?;
        let values = arguments::named("values", values)?;
        let condition = arguments::condition(Some(r#where))?;
        let params = self::params(params)?;
        self.run(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { ops::update(connector, &table, &values, &condition, &params).await })
        })
    }

    /// Deletes the rows that match.
    #[pyo3(signature = (table, r#where, params=None, *, timeout=None))]
    fn delete(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        r#where: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        let table = arguments::table(table)?;
        let condition = arguments::condition(Some(r#where))?;
        let params = self::params(params)?;
        self.run(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { ops::delete(connector, &table, &condition, &params).await })
        })
    }

    /// A transaction as a context manager; a savepoint inside an open transaction.
    #[pyo3(signature = (*, isolation=None, read_only=false, deferrable=false))]
    fn transaction(
        slf: Bound<'_, Self>,
        isolation: Option<String>,
        read_only: bool,
        deferrable: bool,
    ) -> PyResult<Transaction> {
        let options = TransactionOptions { isolation, read_only, deferrable };
        options.check(slf.get().session.dialect).map_err(to_py)?;
        Ok(Transaction::new(slf.unbind(), options))
    }

    /// Opens a transaction, which belongs to this thread until `commit` or `rollback`.
    #[pyo3(signature = (*, isolation=None, read_only=false, deferrable=false, timeout=None))]
    fn begin(
        &self,
        py: Python<'_>,
        isolation: Option<String>,
        read_only: bool,
        deferrable: bool,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        let options = TransactionOptions { isolation, read_only, deferrable };
        let begun = options.clone();
        self.run_begin(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { ops::begin(connector, &options).await })
        })?;
        self.remember_transaction(&begun);
        Ok(())
    }

    /// Makes what the open transaction did permanent.
    #[pyo3(signature = (*, timeout=None))]
    fn commit(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        if let Some(lost) = self.lost_transaction() {
            self.forget_transaction();
            return Err(to_py(lost));
        }
        self.end_transaction(py, timeout, |connector, options| Box::pin(ops::commit(connector, options)))
    }

    /// Undoes what the open transaction did.
    #[pyo3(signature = (*, timeout=None))]
    fn rollback(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        if self.lost_transaction().is_some() {
            self.forget_transaction();
            return Ok(());
        }
        self.end_transaction(py, timeout, |connector, options| Box::pin(ops::rollback(connector, options)))
    }

    /// The tables and views in `schema`, or in all schemas.
    #[pyo3(signature = (schema=None, *, schema_overrides=None, timeout=None))]
    fn tables<'py>(
        &self,
        py: Python<'py>,
        schema: Option<String>,
        schema_overrides: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let overrides = frames::overrides(schema_overrides)?;
        let frame = self.run(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { frames::overridden(connector.tables(schema.as_deref()).await?, &overrides) })
        })?;
        frames::to_python(py, frame)
    }

    /// The columns of `table`, one row each, in their order.
    #[pyo3(signature = (table, *, schema_overrides=None, timeout=None))]
    fn columns<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'py, PyAny>,
        schema_overrides: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let table = arguments::table(table)?;
        let overrides = frames::overrides(schema_overrides)?;
        let frame = self.run(py, &timed(timeout)?, move |connector| {
            Box::pin(async move { frames::overridden(ops::columns(connector, &table).await?, &overrides) })
        })?;
        frames::to_python(py, frame)
    }

    /// One round trip to the server.
    #[pyo3(signature = (*, timeout=None))]
    fn ping(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        self.run(py, &timed(timeout)?, |connector| connector.ping())
    }

    /// Stops what the connection is doing; to be called from another thread.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.session.check_process().map_err(to_py)?;
        let runtime = runtime().map_err(to_py)?;
        py.detach(|| runtime.block_on(async { self.session.canceller().cancel().await })).map_err(to_py)
    }

    /// Closes the connection; an open transaction rolls back. May be called twice.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.session.is_foreign() {
            return Ok(());
        }
        let was_open = !self.session.is_closed();
        let runtime = runtime().map_err(to_py)?;
        py.detach(|| runtime.block_on(self.session.close(Caller::current()))).map_err(to_py)?;
        if was_open { log::debug(py, "closed", &self.session.config) } else { Ok(()) }
    }

    /// Whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    /// Whether the connection is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.session.is_closed()
    }

    /// Whether a transaction is open.
    #[getter]
    fn in_transaction(&self) -> bool {
        self.session.in_transaction()
    }

    /// The backend: `postgres`, `sqlite` or `mssql`.
    #[getter]
    fn backend(&self) -> &'static str {
        self.session.config.db_type()
    }

    /// The server's version.
    #[getter]
    fn server_version(&self) -> &str {
        &self.session.server_version
    }

    /// What the connection was opened with.
    #[getter]
    fn config(&self) -> DatabaseConfig {
        DatabaseConfig { config: self.session.config.clone() }
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().session.check_open().map_err(to_py)?;
        Ok(slf)
    }

    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _exc_type: Option<&Bound<'_, PyAny>>,
        _exc_value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        let state = if self.is_closed() { "closed" } else { "open" };
        format!("<industrydb.Connection {state} {}>", log::shown(&self.session.config))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.session.is_foreign() {
            self.session.leak();
        } else if !self.session.is_closed() {
            // At the interpreter's own end there is nobody to warn any more.
            let _ = Python::try_attach(|py| {
                // It may be dropped while an exception is on its way, which has to arrive.
                let on_its_way = PyErr::take(py);
                let message = format!("unclosed {}", self.__repr__());
                let warned = std::ffi::CString::new(message)
                    .map_err(PyErr::from)
                    .and_then(|message| PyErr::warn(py, &py.get_type::<PyResourceWarning>(), &message, 1));
                if let Err(error) = warned {
                    error.write_unraisable(py, None);
                }
                if let Err(error) = self.close(py) {
                    error.write_unraisable(py, None);
                }
                if let Some(error) = on_its_way {
                    error.restore(py);
                }
            });
        }
    }
}

/// Options of a read that collects the whole result.
fn whole_result(schema_overrides: Option<&Bound<'_, PyAny>>, call: &Call) -> PyResult<ReadOptions> {
    Ok(ReadOptions {
        overrides: frames::overrides(schema_overrides)?,
        progress: call.progress(),
        ..ReadOptions::default()
    })
}

fn checked(frame: DataFrame, overrides: &polars_core::prelude::Schema) -> Result<DataFrame> {
    if !overrides.is_empty() {
        frames::check_overrides(overrides, frame.schema())?;
    }
    Ok(frame)
}
