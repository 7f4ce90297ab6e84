//! What a verb of asyncio gives: a coroutine, which begins when it is first awaited.
//!
//! Only then is it known which task awaits it, and on which event loop: `create_task(conn.execute(…))` belongs to the new
//! task. It awaits one future and gives what that gives.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::runtime::{Abandoned, Pending};

/// Sets the work going.
type Start = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Pending<'py>> + Send>;

/// A coroutine of a verb, as `collections.abc.Coroutine` defines one.
#[pyclass(frozen, weakref, module = "industrydb")]
pub struct Coroutine {
    name: &'static str,
    state: Mutex<State>,
}

enum State {
    /// Nothing has happened yet.
    Ready(Start),
    Awaiting(Awaiting),
    Done,
}

struct Awaiting {
    /// The iterator of a future, which does the awaiting.
    iterator: Py<PyAny>,
    abandoned: Option<Abandoned>,
}

impl Awaiting {
    /// Nobody awaits it any more.
    fn give_up(&self) {
        if let Some(abandoned) = &self.abandoned {
            abandoned.give_up();
        }
    }
}

impl Coroutine {
    /// The coroutine of `name`, such as `AsyncConnection.execute`.
    pub fn new(
        name: &'static str,
        start: impl for<'py> FnOnce(Python<'py>) -> PyResult<Pending<'py>> + Send + 'static,
    ) -> Self {
        Self { name, state: Mutex::new(State::Ready(Box::new(start))) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The iterator that awaits, set going if it was not.
    fn awaiting<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let awaiting = match self.replace(State::Done) {
            State::Ready(start) => {
                let Pending { future, abandoned } = start(py)?;
                Awaiting { iterator: future.call_method0(intern!(py, "__await__"))?.unbind(), abandoned }
            }
            State::Awaiting(awaiting) => awaiting,
            State::Done => return Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine")),
        };
        let iterator = awaiting.iterator.bind(py).clone();
        self.replace(State::Awaiting(awaiting));
        Ok(iterator)
    }

    /// Not locked while Python runs.
    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.state(), state)
    }

    /// What the iterator gives; once it raises, be it `StopIteration`, the coroutine is over.
    fn stepped<'py>(&self, outcome: PyResult<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        outcome.inspect_err(|_| drop(self.replace(State::Done)))
    }
}

#[pymethods]
impl Coroutine {
    fn send<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let iterator = self.awaiting(py)?;
        self.stepped(iterator.call_method1(intern!(py, "send"), (value,)))
    }

    #[pyo3(signature = (exc_type, value=None, traceback=None))]
    fn throw<'py>(
        &self,
        py: Python<'py>,
        exc_type: Bound<'py, PyAny>,
        value: Option<Bound<'py, PyAny>>,
        traceback: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.replace(State::Done) {
            State::Ready(_) | State::Done => {
                let is_class = exc_type.is_instance_of::<PyType>();
                let error = value.unwrap_or(if is_class { exc_type.call0()? } else { exc_type });
                Err(PyErr::from_value(error))
            }
            State::Awaiting(awaiting) => {
                let thrown = match (value, traceback) {
                    (None, None) => awaiting.iterator.bind(py).call_method1(intern!(py, "throw"), (exc_type,)),
                    (value, traceback) => {
                        awaiting.iterator.bind(py).call_method1(intern!(py, "throw"), (exc_type, value, traceback))
                    }
                };
                // A future's iterator passes on what is thrown into it: a task that is cancelled just now does not hear
                // of a result that is there.
                awaiting.give_up();
                thrown
            }
        }
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        match self.replace(State::Done) {
            State::Ready(_) | State::Done => Ok(()),
            State::Awaiting(awaiting) => {
                awaiting.give_up();
                awaiting.iterator.call_method0(py, intern!(py, "close")).map(drop)
            }
        }
    }

    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.send(py.None().bind(py))
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    fn __repr__(&self) -> String {
        format!("<coroutine industrydb.{}>", self.name)
    }
}

impl Drop for Coroutine {
    fn drop(&mut self) {
        match self.replace(State::Done) {
            State::Ready(_) => {}
            // Its task was forgotten in the middle.
            State::Awaiting(awaiting) => return awaiting.give_up(),
            State::Done => return,
        }
        // As Python's own coroutines do. At the interpreter's end there is nobody to warn.
        let _ = Python::try_attach(|py| {
            let on_its_way = PyErr::take(py);
            let message = format!("coroutine '{}' was never awaited", self.name);
            let warned = std::ffi::CString::new(message)
                .map_err(PyErr::from)
                .and_then(|message| PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, 1));
            if let Err(error) = warned {
                error.write_unraisable(py, None);
            }
            if let Some(error) = on_its_way {
                error.restore(py);
            }
        });
    }
}
