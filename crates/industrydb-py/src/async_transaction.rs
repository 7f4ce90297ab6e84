//! `AsyncTransaction`: `transaction()` for a task.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use industrydb_core::ops::TransactionOptions;
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::async_connection::AsyncConnection;
use crate::call::Call;
use crate::caller::Caller;
use crate::coroutine::Coroutine;
use crate::event_loop::EventLoop;
use crate::runtime::Unheard;
use crate::session::{Block, Ticket};
use crate::transaction::begun_already;

/// A transaction that begins with `async with`, commits at its end and rolls back on an exception. Inside an open
/// transaction it is a savepoint.
#[pyclass(frozen, module = "industrydb")]
pub struct AsyncTransaction {
    connection: Py<AsyncConnection>,
    options: TransactionOptions,
    open: Mutex<Option<Block>>,
}

impl AsyncTransaction {
    /// A transaction of `connection` that has not begun.
    pub fn new(connection: Py<AsyncConnection>, options: TransactionOptions) -> Self {
        Self { connection, options, open: Mutex::new(None) }
    }

    fn open(&self) -> MutexGuard<'_, Option<Block>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl AsyncTransaction {
    fn __aenter__(slf: Py<Self>) -> Coroutine {
        Coroutine::new("AsyncTransaction.__aenter__", move |py| {
            let this = slf.clone_ref(py);
            let this = this.get();
            if this.open().is_some() {
                return Err(begun_already());
            }
            let (call, caller, connection) = (Call::beginning(None), Caller::task(py)?, this.connection.get());
            let (session, by, running) = (Arc::clone(connection.session()), caller.clone(), call.clone());
            let options = this.options.clone();
            let work = Box::pin(async move { session.enter(&by, &running, options).await });
            connection.start_begin(py, caller, call, work, move |_, block| {
                *slf.get().open() = Some(block);
                Ok(slf.into_any())
            })
        })
    }

    #[pyo3(signature = (exc_type, _exc_value, _traceback, /))]
    fn __aexit__(
        slf: Py<Self>,
        exc_type: Option<&Bound<'_, PyAny>>,
        _exc_value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> Coroutine {
        let failed = exc_type.is_some();
        Coroutine::new("AsyncTransaction.__aexit__", move |py| {
            let this = slf.get();
            let Some(block) = this.open().take() else { return EventLoop::running(py)?.ready(py, py.None()) };
            let (call, caller, connection) = (Call::ending(None), Caller::task(py)?, this.connection.get());
            let (session, running) = (Arc::clone(connection.session()), call.clone());
            call.queue(Ticket::new(&session, &caller));
            let options = this.options.clone();
            let work = Box::pin(async move { session.leave(&caller, &running, block, options, failed).await });
            connection.start(py, call, work, |py, ()| Ok(py.None()), Unheard::default())
        })
    }
}
