//! Errors → exceptions. The classes live in `industrydb.exceptions`; this file says which is which.

use industrydb_core::error::{Error, ErrorKind};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule};

/// Where a kind of error finds its exception class.
enum Class {
    /// A class of `industrydb.exceptions`.
    Ours(&'static str),
    ValueError,
    TypeError,
}

fn class(kind: ErrorKind) -> Class {
    match kind {
        ErrorKind::Configuration => Class::Ours("ConfigurationError"),
        ErrorKind::Connection => Class::Ours("DatabaseConnectionError"),
        ErrorKind::ConnectionClosed => Class::Ours("ConnectionClosedError"),
        ErrorKind::Execution => Class::Ours("QueryExecutionError"),
        ErrorKind::Timeout => Class::Ours("QueryTimeoutError"),
        ErrorKind::Cancelled => Class::Ours("QueryCancelledError"),
        ErrorKind::Constraint => Class::Ours("ConstraintViolationError"),
        ErrorKind::UniqueViolation => Class::Ours("UniqueViolationError"),
        ErrorKind::ForeignKeyViolation => Class::Ours("ForeignKeyViolationError"),
        ErrorKind::NotNullViolation => Class::Ours("NotNullViolationError"),
        ErrorKind::CheckViolation => Class::Ours("CheckViolationError"),
        ErrorKind::Conversion => Class::Ours("DataConversionError"),
        ErrorKind::Argument => Class::ValueError,
        ErrorKind::ArgumentType => Class::TypeError,
    }
}

/// The exception that `error` becomes. Needs the interpreter, so it attaches to it.
pub fn to_py(error: Error) -> PyErr {
    Python::attach(|py| match class(error.kind()) {
        Class::ValueError => PyValueError::new_err(error.message().to_owned()),
        Class::TypeError => PyTypeError::new_err(error.message().to_owned()),
        Class::Ours(name) => instance(py, name, &error).map_or_else(|failure| failure, PyErr::from_value),
    })
}

fn instance<'py>(py: Python<'py>, class: &str, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static EXCEPTIONS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = EXCEPTIONS.get_or_try_init(py, || PyModule::import(py, "industrydb.exceptions").map(Bound::unbind))?;
    let details = error.details();
    let attributes = PyDict::new(py);
    attributes.set_item("backend", details.backend)?;
    attributes.set_item("code", details.code.as_deref())?;
    attributes.set_item("detail", details.detail.as_deref())?;
    attributes.set_item("hint", details.hint.as_deref())?;
    attributes.set_item("schema_name", details.schema_name.as_deref())?;
    attributes.set_item("table_name", details.table_name.as_deref())?;
    attributes.set_item("column_name", details.column_name.as_deref())?;
    attributes.set_item("constraint_name", details.constraint_name.as_deref())?;
    attributes.set_item("position", details.position)?;
    module.bind(py).getattr(class)?.call((error.message(),), Some(&attributes))
}
