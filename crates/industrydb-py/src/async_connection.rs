//! `AsyncConnection`: the verbs of `Connection`, each a coroutine to be awaited.

use std::sync::{Arc, OnceLock};

use industrydb_core::config::Config;
use industrydb_core::connector::BoxFuture;
use industrydb_core::error::Result;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyType};

use crate::async_reader::AsyncBatchReader;
use crate::async_transaction::AsyncTransaction;
use crate::call::{self, Call};
use crate::caller::Caller;
use crate::config::DatabaseConfig;
use crate::coroutine::Coroutine;
use crate::errors::to_py;
use crate::event_loop::EventLoop;
use crate::lifecycle;
use crate::log;
use crate::runtime::{Awaited, Pending, Unheard, runtime};
use crate::session::{Session, Ticket};
use crate::verbs::{self, Outcome, Verb};

/// One connection to one database, for asyncio.
#[pyclass(frozen, weakref, module = "industrydb")]
pub struct AsyncConnection {
    session: Arc<Session>,
}

impl AsyncConnection {
    /// What is behind it.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn open(name: &'static str, config: Config) -> Coroutine {
        Coroutine::new(name, move |py| {
            let opened: Arc<OnceLock<Arc<Session>>> = Arc::default();
            let unwanted = Arc::clone(&opened);
            let opening = Awaited {
                call: Call::new(None, None),
                session: None,
                work: Box::pin(Session::open(config)),
                give: move |py: Python<'_>, session: Session| {
                    let session = Arc::clone(opened.get_or_init(|| Arc::new(session)));
                    log::debug(py, "connected", &session.config)?;
                    Ok(Py::new(py, Self { session })?.into_any())
                },
                unheard: Unheard::new(move || unwanted.get().into_iter().for_each(Session::close_soon)),
            };
            opening.start(py, EventLoop::running(py)?)
        })
    }

    /// Sets `work` going, which is what `call` does with this connection; the future gives what `give` makes of it.
    ///
    /// # Errors
    /// `ConnectionClosedError` in another process; `RuntimeError` without a running event loop.
    pub fn start<'py, T: Send + 'static>(
        &self,
        py: Python<'py>,
        call: Call,
        work: BoxFuture<'static, Result<T>>,
        give: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
        unheard: Unheard,
    ) -> PyResult<Pending<'py>> {
        self.session.check_process().map_err(to_py)?;
        let session = Some(Arc::clone(&self.session));
        Awaited { call, session, work, give, unheard }.start(py, EventLoop::running(py)?)
    }

    /// Sets going what begins a transaction. If the task does not hear that it began, because it was cancelled, it is
    /// rolled back: nobody would end it.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_begin<'py, T: Send + 'static>(
        &self,
        py: Python<'py>,
        caller: Caller,
        call: Call,
        work: BoxFuture<'static, Result<T>>,
        give: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Pending<'py>> {
        let (session, begun) = (Arc::clone(&self.session), call.clone());
        call.queue(Ticket::new(&session, &caller));
        let unheard = Unheard::new(move || {
            if let (true, Ok(runtime)) = (begun.has_begun(), runtime()) {
                runtime.spawn(session.undo_begin(&caller));
            }
        });
        self.start(py, call, work, give, unheard)
    }

    /// The coroutine that runs a verb in its task's turn.
    fn run(slf: Py<Self>, name: &'static str, verb: Verb) -> Coroutine {
        Coroutine::new(name, move |py| {
            let Verb { call, work } = verb;
            let session = Arc::clone(&slf.get().session);
            let (caller, running) = (Caller::task(py)?, call.clone());
            // Its place is that of its first step, not of whenever a thread gets to it.
            call.queue(Ticket::new(&session, &caller));
            let work = Box::pin(async move { session.run(&caller, &running, work).await });
            let connection = slf.clone_ref(py);
            // The connection is kept for as long as something of it runs.
            let give = move |py: Python<'_>, outcome: Outcome| {
                drop(slf);
                outcome.into_python(py).map(Bound::unbind)
            };
            connection.get().start(py, call, work, give, Unheard::default())
        })
    }

    /// The coroutine of what gives nothing.
    fn run_plain(
        slf: Py<Self>,
        name: &'static str,
        call: Call,
        work: impl FnOnce(Arc<Session>, Caller, Call) -> BoxFuture<'static, Result<()>> + Send + 'static,
    ) -> Coroutine {
        Coroutine::new(name, move |py| {
            let connection = slf.clone_ref(py);
            let (session, caller) = (Arc::clone(&connection.get().session), Caller::task(py)?);
            if call.ends_transaction() {
                call.queue(Ticket::new(&session, &caller));
            }
            let work = work(session, caller, call.clone());
            let give = move |py: Python<'_>, ()| {
                drop(slf);
                Ok(py.None())
            };
            connection.get().start(py, call, work, give, Unheard::default())
        })
    }

    /// The coroutine that closes the connection.
    fn closing(slf: Py<Self>, name: &'static str) -> Coroutine {
        Coroutine::new(name, move |py| {
            let session = Arc::clone(&slf.get().session);
            let (caller, was_open) = (Caller::task(py)?, !session.is_closed());
            let work: BoxFuture<'static, Result<()>> = Box::pin(async move {
                // Another process' is left alone.
                if session.is_foreign() { Ok(()) } else { session.close(&caller).await }
            });
            let give = move |py: Python<'_>, ()| {
                if was_open {
                    log::debug(py, "closed", &slf.get().session.config)?;
                }
                Ok(py.None())
            };
            Awaited { call: Call::ending(None), session: None, work, give, unheard: Unheard::default() }
                .start(py, EventLoop::running(py)?)
        })
    }
}

#[pymethods]
impl AsyncConnection {
    /// Opens a connection to what `config` names.
    #[classmethod]
    fn connect(_class: &Bound<'_, PyType>, config: &Bound<'_, DatabaseConfig>) -> Coroutine {
        Self::open("AsyncConnection.connect", config.get().config.clone())
    }

    /// Opens a connection to what `uri` names.
    #[classmethod]
    fn from_uri(_class: &Bound<'_, PyType>, uri: &str) -> PyResult<Coroutine> {
        Ok(Self::open("AsyncConnection.from_uri", lifecycle::parse(uri)?))
    }

    /// Runs SQL, exactly once, and gives its result.
    #[pyo3(
        signature = (sql, params=None, *, schema_overrides=None, timeout=None, progress=None),
        text_signature = "($self, sql, params=None, *, schema_overrides=None, timeout=None, progress=False)"
    )]
    fn execute(
        slf: Py<Self>,
        sql: String,
        params: Option<&Bound<'_, PyAny>>,
        schema_overrides: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Coroutine> {
        let verb = verbs::execute(sql, params, schema_overrides, timeout, progress)?;
        Ok(Self::run(slf, "AsyncConnection.execute", verb))
    }

    /// Runs one statement once for each entry of `params_list`, all in one transaction.
    #[pyo3(signature = (sql, params_list, *, timeout=None))]
    fn execute_many(
        slf: Py<Self>,
        sql: String,
        params_list: &Bound<'_, PyAny>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.execute_many", verbs::execute_many(sql, params_list, timeout)?))
    }

    /// Runs SQL and gives its result piece by piece.
    #[pyo3(
        signature = (sql, params=None, *, batch_size=None, schema_overrides=None, timeout=None, progress=None),
        text_signature = "($self, sql, params=None, *, batch_size=65536, schema_overrides=None, timeout=None, progress=False)"
    )]
    fn execute_batches(
        slf: Py<Self>,
        sql: String,
        params: Option<&Bound<'_, PyAny>>,
        batch_size: Option<&Bound<'_, PyAny>>,
        schema_overrides: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AsyncBatchReader> {
        let (reading, reporter) = verbs::execute_batches(sql, params, batch_size, schema_overrides, timeout, progress)?;
        Ok(AsyncBatchReader::new(slf, reading, reporter))
    }

    /// The schema that `execute` would give, without running the query.
    #[pyo3(signature = (sql, params=None, *, timeout=None))]
    fn schema(
        slf: Py<Self>,
        sql: String,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.schema", verbs::schema(sql, params, timeout)?))
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
        slf: Py<Self>,
        table: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
        mode: &str,
        on_conflict: &str,
        conflict_columns: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Coroutine> {
        let verb = verbs::insert(table, data, mode, on_conflict, conflict_columns, timeout, progress)?;
        Ok(Self::run(slf, "AsyncConnection.insert", verb))
    }

    /// Reads rows of one table.
    #[pyo3(signature = (
        table, columns=None, r#where=None, params=None, *,
        order_by=None, limit=None, offset=None, schema_overrides=None, timeout=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as the caller writes them")]
    fn select(
        slf: Py<Self>,
        table: &Bound<'_, PyAny>,
        columns: Option<&Bound<'_, PyAny>>,
        r#where: Option<&Bound<'_, PyAny>>,
        params: Option<&Bound<'_, PyAny>>,
        order_by: Option<&Bound<'_, PyAny>>,
        limit: Option<&Bound<'_, PyAny>>,
        offset: Option<&Bound<'_, PyAny>>,
        schema_overrides: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        let verb = verbs::select(table, columns, r#where, params, order_by, limit, offset, schema_overrides, timeout)?;
        Ok(Self::run(slf, "AsyncConnection.select", verb))
    }

    /// Sets columns of the rows that match.
    #[pyo3(signature = (table, values, r#where, params=None, *, timeout=None))]
    fn update(
        slf: Py<Self>,
        table: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        r#where: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.update", verbs::update(table, values, r#where, params, timeout)?))
    }

    /// Deletes the rows that match.
    #[pyo3(signature = (table, r#where, params=None, *, timeout=None))]
    fn delete(
        slf: Py<Self>,
        table: &Bound<'_, PyAny>,
        r#where: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.delete", verbs::delete(table, r#where, params, timeout)?))
    }

    /// A transaction as a context manager; a savepoint inside an open transaction.
    #[pyo3(signature = (*, isolation=None, read_only=false, deferrable=false))]
    fn transaction(
        slf: Py<Self>,
        isolation: Option<String>,
        read_only: bool,
        deferrable: bool,
    ) -> PyResult<AsyncTransaction> {
        let options = verbs::transaction(slf.get().session.dialect, isolation, read_only, deferrable)?;
        Ok(AsyncTransaction::new(slf, options))
    }

    /// Opens a transaction, which belongs to this task until `commit` or `rollback`.
    #[pyo3(signature = (*, isolation=None, read_only=false, deferrable=false, timeout=None))]
    fn begin(
        slf: Py<Self>,
        isolation: Option<String>,
        read_only: bool,
        deferrable: bool,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        let options = verbs::transaction(slf.get().session.dialect, isolation, read_only, deferrable)?;
        let call = Call::beginning(call::timeout(timeout)?);
        Ok(Coroutine::new("AsyncConnection.begin", move |py| {
            let session = Arc::clone(&slf.get().session);
            let (caller, beginner, running) = (Caller::task(py)?, Caller::task(py)?, call.clone());
            let work = Box::pin(async move { session.begin(&beginner, &running, options).await });
            slf.get().start_begin(py, caller, call, work, |py, ()| Ok(py.None()))
        }))
    }

    /// Makes what the open transaction did permanent.
    #[pyo3(signature = (*, timeout=None))]
    fn commit(slf: Py<Self>, timeout: Option<f64>) -> PyResult<Coroutine> {
        let call = Call::ending(call::timeout(timeout)?);
        Ok(Self::run_plain(slf, "AsyncConnection.commit", call, |session, caller, call| {
            Box::pin(async move { session.commit(&caller, &call).await })
        }))
    }

    /// Undoes what the open transaction did.
    #[pyo3(signature = (*, timeout=None))]
    fn rollback(slf: Py<Self>, timeout: Option<f64>) -> PyResult<Coroutine> {
        let call = Call::ending(call::timeout(timeout)?);
        Ok(Self::run_plain(slf, "AsyncConnection.rollback", call, |session, caller, call| {
            Box::pin(async move { session.rollback(&caller, &call).await })
        }))
    }

    /// The tables and views in `schema`, or in all schemas.
    #[pyo3(signature = (schema=None, *, schema_overrides=None, timeout=None))]
    fn tables(
        slf: Py<Self>,
        schema: Option<String>,
        schema_overrides: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.tables", verbs::tables(schema, schema_overrides, timeout)?))
    }

    /// The columns of `table`, one row each, in their order.
    #[pyo3(signature = (table, *, schema_overrides=None, timeout=None))]
    fn columns(
        slf: Py<Self>,
        table: &Bound<'_, PyAny>,
        schema_overrides: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.columns", verbs::columns(table, schema_overrides, timeout)?))
    }

    /// One round trip to the server.
    #[pyo3(signature = (*, timeout=None))]
    fn ping(slf: Py<Self>, timeout: Option<f64>) -> PyResult<Coroutine> {
        Ok(Self::run(slf, "AsyncConnection.ping", verbs::ping(timeout)?))
    }

    /// Stops what the connection is doing; to be called from another task or thread.
    fn cancel(slf: Py<Self>) -> Coroutine {
        Self::run_plain(slf, "AsyncConnection.cancel", Call::new(None, None), |session, _, _| {
            Box::pin(async move { session.canceller().cancel().await })
        })
    }

    /// Closes the connection; an open transaction rolls back. May be called twice.
    fn close(slf: Py<Self>) -> Coroutine {
        Self::closing(slf, "AsyncConnection.close")
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

    fn __aenter__(slf: Py<Self>) -> Coroutine {
        Coroutine::new("AsyncConnection.__aenter__", move |py| {
            slf.get().session.check_open().map_err(to_py)?;
            EventLoop::running(py)?.ready(py, slf)
        })
    }

    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __aexit__(
        slf: Py<Self>,
        _exc_type: Option<&Bound<'_, PyAny>>,
        _exc_value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> Coroutine {
        Self::closing(slf, "AsyncConnection.__aexit__")
    }

    fn __repr__(&self) -> String {
        lifecycle::shown("AsyncConnection", &self.session)
    }
}

impl Drop for AsyncConnection {
    fn drop(&mut self) {
        lifecycle::forget("AsyncConnection", &self.session);
    }
}
