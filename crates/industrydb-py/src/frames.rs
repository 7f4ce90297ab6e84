//! Frames and schemas between Rust and Python, without a copy of the data.

use std::sync::Arc;

use industrydb_core::error::{Error, Result};
use polars_core::prelude::{DataFrame, IntoSeries, Schema, SchemaRef};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3_polars::{PyDataFrame, PySchema, PySeries};

/// A Polars DataFrame of Python over the same buffers.
///
/// All columns cross as one struct, whose fields Python takes out again: crossing one by one costs several µs each,
/// which is what a lookup of one row takes.
///
/// # Errors
/// What Polars raises.
pub fn to_python(py: Python<'_>, frame: DataFrame) -> PyResult<Bound<'_, PyAny>> {
    if frame.width() == 0 {
        return PyDataFrame(frame).into_pyobject(py);
    }
    let series = frame.into_struct("".into()).into_series();
    PySeries(series).into_pyobject(py)?.getattr(intern!(py, "struct"))?.call_method0(intern!(py, "unnest"))
}

/// The DataFrame that an `insert` gets from what it may be given, checked and made by Python.
///
/// # Errors
/// `TypeError`, `ValueError` or `DataConversionError`, as `industrydb._frames.to_frame` says.
pub fn from_python(data: &Bound<'_, PyAny>) -> PyResult<DataFrame> {
    static TO_FRAME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let to_frame = TO_FRAME.import(data.py(), "industrydb._frames", "to_frame")?;
    Ok(to_frame.call1((data,))?.extract::<PyDataFrame>()?.0)
}

/// A `polars.Schema`.
///
/// # Errors
/// What Polars raises.
pub fn schema_to_python(py: Python<'_>, schema: SchemaRef) -> PyResult<Bound<'_, PyAny>> {
    PySchema(schema).into_pyobject(py)
}

/// The `schema_overrides=` argument: a mapping of column names to Polars types, or to Python types that stand for some.
///
/// # Errors
/// `TypeError` for what Polars does not take as a schema.
pub fn overrides(argument: Option<&Bound<'_, PyAny>>) -> PyResult<Arc<Schema>> {
    let Some(argument) = argument.filter(|argument| !argument.is_none()) else { return Ok(Arc::default()) };
    static SCHEMA: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let schema = SCHEMA.import(argument.py(), "polars", "Schema")?.call1((argument,))?;
    Ok(schema.extract::<PySchema>()?.0)
}

/// Refuses overrides of columns that the result does not have.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Argument`] naming the column and those of the result.
pub fn check_overrides(overrides: &Schema, result: &Schema) -> Result<()> {
    match overrides.iter_names().find(|name| !result.contains(name)) {
        None => Ok(()),
        Some(unknown) => {
            let known: Vec<&str> = result.iter_names().map(|name| name.as_str()).collect();
            let known = known.join(", ");
            Err(Error::argument(format!("schema_overrides names {unknown:?}, which the result does not have: {known}")))
        }
    }
}
