//! Frames and schemas between Rust and Python, without a copy of the data.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use polars_core::prelude::{DataFrame, IntoColumn as _, PolarsError, Schema};
use polars_ffi::version_0::{SeriesExport, export_column};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyMapping;
use pyo3_polars::PyDataFrame;

/// A Polars DataFrame of Python over the same buffers.
///
/// All columns cross in one call, as Arrow structures that Polars takes over: for a lookup of one row, crossing is what
/// takes most of the time.
///
/// # Errors
/// What Polars raises.
pub fn to_python(py: Python<'_>, frame: DataFrame) -> PyResult<Bound<'_, PyAny>> {
    static IMPORT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static WRAP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let import = IMPORT.get_or_try_init(py, || {
        py.import("polars._plr")?.getattr("PyDataFrame")?.getattr("_import_columns").map(Bound::unbind)
    })?;
    let wrap = WRAP
        .get_or_try_init(py, || py.import("polars")?.getattr("DataFrame")?.getattr("_from_pydf").map(Bound::unbind))?;
    // Polars moves each of them out of its place, so nothing is left here to be dropped.
    let exports: Vec<ManuallyDrop<SeriesExport>> =
        frame.columns().iter().map(|column| ManuallyDrop::new(export_column(column))).collect();
    let imported = import.call1(py, (exports.as_ptr().addr(), exports.len()))?;
    wrap.bind(py).call1((imported,))
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

/// A `polars.Schema`: that of an empty frame, since frames cross with every type.
///
/// # Errors
/// What Polars raises.
pub fn schema_to_python<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyAny>> {
    to_python(py, DataFrame::empty_with_schema(schema))?.getattr(intern!(py, "schema"))
}

/// The `schema_overrides=` argument: a mapping of column names to Polars types, or to Python types that stand for some.
///
/// # Errors
/// `TypeError` for what Polars does not take as a schema.
pub fn overrides(argument: Option<&Bound<'_, PyAny>>) -> PyResult<Arc<Schema>> {
    let Some(argument) = argument.filter(|argument| !argument.is_none()) else { return Ok(Arc::default()) };
    let py = argument.py();
    if argument.cast::<PyMapping>().is_err() {
        let name = argument.get_type().qualname()?;
        return Err(PyTypeError::new_err(format!(
            "schema_overrides must be a mapping of columns to types, not {name}"
        )));
    }
    static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let empty = EMPTY.import(py, "industrydb._frames", "empty_frame")?.call1((argument,))?;
    Ok(Arc::clone(empty.extract::<PyDataFrame>()?.0.schema()))
}

/// A frame of our own making with the types that the caller asked for.
///
/// # Errors
/// As [`check_overrides`]; [`industrydb_core::error::ErrorKind::Conversion`] for what a type does not hold.
pub fn overridden(mut frame: DataFrame, overrides: &Schema) -> Result<DataFrame> {
    check_overrides(overrides, frame.schema())?;
    for (name, dtype) in overrides.iter() {
        let failed = |cause: PolarsError| Error::execution(cause.to_string());
        let series = frame.column(name).map_err(failed)?.as_materialized_series();
        let cast = if series.dtype() == dtype { series.clone() } else { exact::cast_from(series, dtype, 0)? };
        frame.with_column(cast.into_column()).map_err(failed)?;
    }
    Ok(frame)
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
