//! `transaction()`: a transaction as a context manager, a savepoint inside another.

use std::sync::{Mutex, MutexGuard, PoisonError};

use industrydb_core::error::Error;
use industrydb_core::ops::TransactionOptions;
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::call::Call;
use crate::caller::Caller;
use crate::connection::Connection;
use crate::errors::to_py;
use crate::session::Block;

/// A transaction that begins with `with`, commits at its end and rolls back on an exception. Inside an open
/// transaction it is a savepoint.
#[pyclass(frozen, module = "industrydb")]
pub struct Transaction {
    connection: Py<Connection>,
    options: TransactionOptions,
    open: Mutex<Option<Block>>,
}

impl Transaction {
    /// A transaction of `connection` that has not begun.
    pub fn new(connection: Py<Connection>, options: TransactionOptions) -> Self {
        Self { connection, options, open: Mutex::new(None) }
    }

    fn open(&self) -> MutexGuard<'_, Option<Block>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error for entering a transaction twice.
pub fn begun_already() -> PyErr {
    to_py(Error::execution("this transaction has begun already; call transaction() for another"))
}

#[pymethods]
impl Transaction {
    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let this = slf.get();
        if this.open().is_some() {
            return Err(begun_already());
        }
        let connection = this.connection.get();
        let call = Call::beginning(None);
        let caller = Caller::thread();
        let entering = connection.session().enter(&caller, &call, this.options.clone());
        let opened = connection.wait_for_begin(slf.py(), &call, entering)?;
        *this.open() = Some(opened);
        Ok(slf)
    }

    #[pyo3(signature = (exc_type, _exc_value, _traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: Option<&Bound<'_, PyAny>>,
        _exc_value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let Some(block) = self.open().take() else { return Ok(()) };
        let (connection, caller, call) = (self.connection.get(), Caller::thread(), Call::ending(None));
        let leaving = connection.session().leave(&caller, &call, block, self.options.clone(), exc_type.is_some());
        connection.wait(py, &call, leaving)
    }
}
