//! `Connection`: each verb is waited for, with the GIL released.

use std::sync::Arc;

use industrydb_core::config::Config;
use industrydb_core::error::Result;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyType};

use crate::call::{self, Call};
use crate::caller::Caller;
use crate::config::DatabaseConfig;
use crate::errors::to_py;
use crate::lifecycle;
use crate::log;
use crate::reader::BatchReader;
use crate::runtime::{block_on, runtime};
use crate::session::{GIVEN_UP, Session};
use crate::transaction::Transaction;
use crate::verbs::{self, Verb};

/// One connection to one database.
#[pyclass(frozen, weakref, module = "industrydb")]
pub struct Connection {
    session: Arc<Session>,
}

/// Opens a connection to what a URI, a key=value string or a configuration names.
#[pyfunction]
pub fn connect(uri_or_config: &Bound<'_, PyAny>) -> PyResult<Connection> {
    Connection::open(uri_or_config.py(), lifecycle::config("connect", uri_or_config)?)
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

    /// What is behind it.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Runs a verb in this thread's turn.
    fn run<'py>(&self, py: Python<'py>, verb: Verb) -> PyResult<Bound<'py, PyAny>> {
        let Verb { call, work } = verb;
        self.wait(py, &call, self.session.run(&Caller::thread(), &call, work))?.into_python(py)
    }

    /// Waits for `work` of this connection with the GIL released.
    ///
    /// # Errors
    /// Those of `work`, and what signal handlers raise.
    pub fn wait<T: Send>(
        &self,
        py: Python<'_>,
        call: &Call,
        work: impl Future<Output = Result<T>> + Send,
    ) -> PyResult<T> {
        self.session.check_process().map_err(to_py)?;
        let outcome = block_on(py, call, work);
        if call.was_given_up() {
            self.session.abandon(GIVEN_UP);
        }
        outcome
    }

    /// Waits for what begins a transaction. If the caller does not hear that it began, because a signal handler raised,
    /// it is rolled back: nobody would end it.
    ///
    /// # Errors
    /// Those of [`Self::wait`].
    pub fn wait_for_begin<T: Send>(
        &self,
        py: Python<'_>,
        call: &Call,
        begin: impl Future<Output = Result<T>> + Send,
    ) -> PyResult<T> {
        self.wait(py, call, begin).inspect_err(|_| {
            if call.has_begun() {
                let undoing = self.session.undo_begin(&Caller::thread());
                if let Ok(runtime) = runtime() {
                    py.detach(|| runtime.block_on(undoing));
                }
            }
        })
    }
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
        Self::open(py, lifecycle::parse(uri)?)
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
        self.run(py, verbs::execute(sql, params, schema_overrides, timeout, progress)?)
    }

    /// Runs one statement once for each entry of `params_list`, all in one transaction.
    #[pyo3(signature = (sql, params_list, *, timeout=None))]
    fn execute_many<'py>(
        &self,
        py: Python<'py>,
        sql: String,
        params_list: &Bound<'_, PyAny>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.run(py, verbs::execute_many(sql, params_list, timeout)?)
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
        let (reading, reporter) = verbs::execute_batches(sql, params, batch_size, schema_overrides, timeout, progress)?;
        let session = Arc::clone(&slf.get().session);
        BatchReader::open(slf, session, reading, reporter)
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
        self.run(py, verbs::schema(sql, params, timeout)?)
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
    fn insert<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
        mode: &str,
        on_conflict: &str,
        conflict_columns: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.run(py, verbs::insert(table, data, mode, on_conflict, conflict_columns, timeout, progress)?)
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
        let verb = verbs::select(table, columns, r#where, params, order_by, limit, offset, schema_overrides, timeout)?;
        self.run(py, verb)
    }

    /// Sets columns of the rows that match.
    #[pyo3(signature = (table, values, r#where, params=None, *, timeout=None))]
    fn update<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        r#where: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.run(py, verbs::update(table, values, r#where, params, timeout)?)
    }

    /// Deletes the rows that match.
    #[pyo3(signature = (table, r#where, params=None, *, timeout=None))]
    fn delete<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'_, PyAny>,
        r#where: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.run(py, verbs::delete(table, r#where, params, timeout)?)
    }

    /// A transaction as a context manager; a savepoint inside an open transaction.
    #[pyo3(signature = (*, isolation=None, read_only=false, deferrable=false))]
    fn transaction(
        slf: Bound<'_, Self>,
        isolation: Option<String>,
        read_only: bool,
        deferrable: bool,
    ) -> PyResult<Transaction> {
        let options = verbs::transaction(slf.get().session.dialect, isolation, read_only, deferrable)?;
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
        let options = verbs::transaction(self.session.dialect, isolation, read_only, deferrable)?;
        let call = Call::beginning(call::timeout(timeout)?);
        self.wait_for_begin(py, &call, self.session.begin(&Caller::thread(), &call, options))
    }

    /// Makes what the open transaction did permanent.
    #[pyo3(signature = (*, timeout=None))]
    fn commit(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        let call = Call::ending(call::timeout(timeout)?);
        self.wait(py, &call, self.session.commit(&Caller::thread(), &call))
    }

    /// Undoes what the open transaction did.
    #[pyo3(signature = (*, timeout=None))]
    fn rollback(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        let call = Call::ending(call::timeout(timeout)?);
        self.wait(py, &call, self.session.rollback(&Caller::thread(), &call))
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
        self.run(py, verbs::tables(schema, schema_overrides, timeout)?)
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
        self.run(py, verbs::columns(table, schema_overrides, timeout)?)
    }

    /// One round trip to the server.
    #[pyo3(signature = (*, timeout=None))]
    fn ping<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        self.run(py, verbs::ping(timeout)?)
    }

    /// Stops what the connection is doing; to be called from another thread.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.session.check_process().map_err(to_py)?;
        let runtime = runtime().map_err(to_py)?;
        py.detach(|| runtime.block_on(async { self.session.canceller().cancel().await })).map_err(to_py)
    }

    /// Closes the connection; an open transaction rolls back. May be called twice.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        lifecycle::close(py, &self.session)
    }

    /// Whether the connection is closed.
    fn is_closed(&self) -> bool {
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
        lifecycle::shown("Connection", &self.session)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        lifecycle::forget("Connection", &self.session);
    }
}
