//! `transaction()`: a transaction as a context manager, a savepoint inside another.

use std::sync::{Mutex, MutexGuard, PoisonError};

use industrydb_core::connector::DatabaseConnector;
use industrydb_core::error::{Error, Result};
use industrydb_core::ops::{self, Atomic, TransactionOptions};
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::call::Call;
use crate::connection::Connection;
use crate::errors::to_py;

/// A transaction that begins with `with`, commits at its end and rolls back on an exception. Inside an open
/// transaction it is a savepoint.
#[pyclass(frozen, module = "industrydb")]
pub struct Transaction {
    connection: Py<Connection>,
    options: TransactionOptions,
    open: Mutex<Option<Open>>,
}

/// What `with` has opened.
enum Open {
    Whole,
    Nested(Atomic),
}

impl Transaction {
    /// A transaction of `connection` that has not begun.
    pub fn new(connection: Py<Connection>, options: TransactionOptions) -> Self {
        Self { connection, options, open: Mutex::new(None) }
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Transaction {
    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let this = slf.get();
        if this.open().is_some() {
            return Err(to_py(Error::execution("this transaction has begun already; call transaction() for another")));
        }
        let options = this.options.clone();
        let connection = this.connection.get();
        let opened = connection.run_begin(slf.py(), &Call::new(None, None), move |connector| {
            Box::pin(async move { begin(connector, &options).await })
        })?;
        if matches!(opened, Open::Whole) {
            connection.remember_transaction(&this.options);
        }
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
        let Some(open) = self.open().take() else { return Ok(()) };
        let connection = self.connection.get();
        let failed = exc_type.is_some();
        if failed && connection.is_closed() {
            // Closing has rolled back.
            return Ok(());
        }
        // What still reads in the block ends with it.
        connection.close_reader(py)?;
        if let Some(lost) = connection.lost_transaction() {
            if matches!(open, Open::Whole) {
                connection.forget_transaction();
            }
            return if failed { Ok(()) } else { Err(to_py(lost)) };
        }
        if matches!(open, Open::Whole) && connection.forget_transaction().is_none() {
            // The block itself has called commit() or rollback().
            return Ok(());
        }
        let options = self.options.clone();
        connection.run(py, &Call::ending(None), move |connector| {
            Box::pin(async move { end(connector, open, &options, failed).await })
        })
    }
}

async fn begin(connector: &mut dyn DatabaseConnector, options: &TransactionOptions) -> Result<Open> {
    if !connector.in_transaction() {
        ops::begin(connector, options).await?;
        return Ok(Open::Whole);
    }
    if *options != TransactionOptions::default() {
        return Err(Error::execution(
            "a transaction is open already: what is nested in it is a savepoint, without isolation, read_only or \
             deferrable of its own",
        ));
    }
    Atomic::begin(connector).await.map(Open::Nested)
}

async fn end(
    connector: &mut dyn DatabaseConnector,
    open: Open,
    options: &TransactionOptions,
    failed: bool,
) -> Result<()> {
    match (open, failed) {
        (Open::Whole, false) => match ops::commit(connector, options).await {
            Err(error) if connector.in_transaction() => {
                // Nobody is left who could try again. Why it could not be committed is what the caller has to know.
                let _ = ops::rollback(connector, options).await;
                Err(error)
            }
            outcome => outcome,
        },
        // The server may have rolled back by itself: SQLite does when the disk is full.
        (Open::Whole, true) if !connector.in_transaction() => ops::put_back(connector, options).await,
        (Open::Whole, true) => ops::rollback(connector, options).await,
        (Open::Nested(savepoint), false) => savepoint.end(connector, Ok(())).await,
        (Open::Nested(savepoint), true) => {
            // The exception of the body goes on by itself; only a rollback that failed is news.
            let body = Error::execution("the block of a savepoint raised");
            match savepoint.end::<()>(connector, Err(body)).await {
                Err(error) if error.details().detail.is_some() => Err(error),
                _ => Ok(()),
            }
        }
    }
}
