//! The extension module `industrydb._industrydb`: Python's view of the connectors.
//!
//! `factory` lists the backends; `runtime` waits, or gives what is awaited (a `coroutine` on an `event_loop`, while the
//! `interpreter` lasts); `session` shares a connection between threads and tasks, whose `call`s take turns; `verbs` reads
//! arguments. The classes are in `connection`, `transaction` and `reader`, with a second one of each for asyncio.
//! Everything that a verb means is in `industrydb_core::ops`.
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "a global allocator is an unsafe trait; the module says why it is sound")]
mod alloc;
mod arguments;
mod async_connection;
mod async_reader;
mod async_transaction;
mod call;
mod caller;
mod config;
mod connection;
mod coroutine;
mod errors;
mod event_loop;
mod factory;
mod frames;
#[allow(unsafe_code, reason = "the GIL without pyo3, which can't be asked here; the module says why")]
mod gil;
mod interpreter;
mod lifecycle;
mod log;
mod params;
mod progress;
mod reader;
mod reading;
mod runtime;
mod session;
mod transaction;
mod verbs;

use pyo3::prelude::*;
use pyo3::types::PyTuple;

#[global_allocator]
static ALLOCATOR: alloc::Allocator = alloc::Allocator;

/// The backends that this build connects to.
#[pyfunction]
fn backends(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, factory::connectable().collect::<Vec<_>>())
}

#[pymodule(gil_used = false)]
fn _industrydb(module: &Bound<'_, PyModule>) -> PyResult<()> {
    log::listen();
    interpreter::close_at_exit(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<config::DatabaseConfig>()?;
    module.add_class::<connection::Connection>()?;
    module.add_class::<transaction::Transaction>()?;
    module.add_class::<reader::BatchReader>()?;
    module.add_class::<async_connection::AsyncConnection>()?;
    module.add_class::<async_transaction::AsyncTransaction>()?;
    module.add_class::<async_reader::AsyncBatchReader>()?;
    module.add_function(wrap_pyfunction!(connection::connect, module)?)?;
    module.add_function(wrap_pyfunction!(backends, module)?)?;
    Ok(())
}
