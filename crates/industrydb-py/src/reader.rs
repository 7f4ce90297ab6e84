//! `BatchReader`: a result that arrives piece by piece, for a thread that waits for each.

use std::sync::Arc;

use industrydb_core::error::Error;
use polars_core::prelude::{CompatLevel, DataFrame, IntoSeries, PolarsError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::call::Call;
use crate::caller::Caller;
use crate::connection::Connection;
use crate::errors::to_py;
use crate::frames;
use crate::progress::Reporter;
use crate::reading::{Incoming, Message, Reading};
use crate::runtime::{block_on, runtime};
use crate::session::Session;

/// The result of `execute_batches`.
#[pyclass(frozen, module = "industrydb")]
pub struct BatchReader {
    /// Kept, for without a connection there is no result.
    _connection: Py<Connection>,
    incoming: Incoming,
}

impl BatchReader {
    /// Starts to read and waits for the schema.
    ///
    /// # Errors
    /// What comes before the first row: the statement's own errors, and those of waiting for the connection.
    pub fn open(
        connection: Bound<'_, Connection>,
        session: Arc<Session>,
        reading: Reading,
        reporter: Option<Reporter>,
    ) -> PyResult<Self> {
        session.check_process().map_err(to_py)?;
        let call = Call::new(reading.timeout, None);
        let caller = Caller::thread();
        let opening = Incoming::open(session, &caller, &call, reading, reporter);
        let incoming = block_on(connection.py(), &call, opening)?;
        Ok(Self { _connection: connection.unbind(), incoming })
    }

    fn next_frame(&self, py: Python<'_>) -> PyResult<Option<DataFrame>> {
        if !self.incoming.has_more().map_err(to_py)? {
            return Ok(None);
        }
        let call = self.incoming.call().map_err(to_py)?;
        match block_on(py, &call, self.incoming.next()) {
            Ok(message) => self.incoming.frame(py, message),
            Err(error) => {
                if call.was_given_up() {
                    self.incoming.give_up();
                }
                self.close(py)?;
                Err(error)
            }
        }
    }

    /// Whether it was open until now.
    fn end(&self, py: Python<'_>) -> PyResult<bool> {
        let was_open = self.incoming.leave();
        if was_open {
            let runtime = runtime().map_err(to_py)?;
            py.detach(|| runtime.block_on(self.incoming.close()));
        }
        Ok(was_open)
    }

    fn arrow_field(&self) -> polars_arrow::datatypes::Field {
        DataFrame::empty_with_schema(&self.incoming.schema)
            .into_struct("".into())
            .into_series()
            .field()
            .to_arrow(CompatLevel::newest())
    }
}

impl Drop for BatchReader {
    fn drop(&mut self) {
        // Without an interpreter to wait in, closing the channel ends the task all the same.
        let _ = Python::try_attach(|py| self.end(py));
    }
}

#[pymethods]
impl BatchReader {
    /// The columns and types of every frame.
    #[getter]
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        frames::schema_to_python(py, &self.incoming.schema)
    }

    /// Whether the reader is exhausted or closed.
    #[getter]
    fn closed(&self) -> bool {
        !self.incoming.is_open()
    }

    /// Ends the statement and frees the connection. May be called twice.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.end(py)? { self.incoming.abandon_progress(py) } else { Ok(()) }
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.next_frame(py)?.map(|frame| frames::to_python(py, frame)).transpose()
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
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

    /// The rest of the result as an `arrow_array_stream` capsule; from then on the consumer of the capsule has it.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer keep its own schema.
        let _ = requested_schema;
        self.incoming.has_more().map_err(to_py)?;
        let mut messages = self.incoming.take();
        if messages.is_none() {
            return Err(to_py(Error::execution(
                "the BatchReader is closed, exhausted, or being read by another thread",
            )));
        }
        let runtime = runtime().map_err(to_py)?;
        let batches = std::iter::from_fn(move || {
            let open = messages.as_mut()?;
            match open.wait(&runtime) {
                Ok(Message::Batch(frame)) => Some(Ok(to_arrow(frame))),
                Ok(Message::Schema(_) | Message::End) => {
                    messages = None;
                    None
                }
                Err(error) => {
                    messages = None;
                    Some(Err(PolarsError::ComputeError(error.to_string().into())))
                }
            }
        });
        let stream = polars_arrow::ffi::export_iterator(Box::new(batches), self.arrow_field());
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The schema as an `arrow_schema` capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = polars_arrow::ffi::export_field_to_c(&self.arrow_field());
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}

fn to_arrow(frame: DataFrame) -> Box<dyn polars_arrow::array::Array> {
    frame.into_struct("".into()).into_series().rechunk().to_arrow(0, CompatLevel::newest())
}
