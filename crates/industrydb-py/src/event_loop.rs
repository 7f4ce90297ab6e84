//! A task's event loop of asyncio, as the runtime's threads reach it.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyTuple};
use tokio::task::block_in_place;

use crate::interpreter;
use crate::runtime::Pending;

/// The event loop that runs a task, and the task's context variables.
#[derive(Clone)]
pub struct EventLoop(Arc<Inner>);

struct Inner {
    event_loop: Py<PyAny>,
    context: Py<PyAny>,
}

impl EventLoop {
    /// The one that runs on this thread.
    ///
    /// # Errors
    /// `RuntimeError` if none does.
    pub fn running(py: Python<'_>) -> PyResult<Self> {
        static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static COPY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let event_loop = RUNNING.import(py, "asyncio", "get_running_loop")?.call0()?.unbind();
        let context = COPY.import(py, "contextvars", "copy_context")?.call0()?.unbind();
        Ok(Self(Arc::new(Inner { event_loop, context })))
    }

    /// A new `asyncio.Future` of it.
    ///
    /// # Errors
    /// What the loop raises.
    pub fn future<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.event_loop.bind(py).call_method0(intern!(py, "create_future"))
    }

    /// A future of it that is done and gives `value`.
    ///
    /// # Errors
    /// What the loop raises.
    pub fn ready<'py>(&self, py: Python<'py>, value: impl IntoPyObject<'py>) -> PyResult<Pending<'py>> {
        let future = self.future(py)?;
        future.call_method1(intern!(py, "set_result"), (value,))?;
        Ok(Pending { future, abandoned: None })
    }

    /// Has `work` run on the loop's thread, from whatever thread of ours; `false` if it will not, since the loop is closed.
    pub fn run_soon(&self, work: impl FnOnce(Python<'_>) + Send + 'static) -> bool {
        // The GIL may be long in coming: the runtime's other tasks go on meanwhile.
        block_in_place(|| {
            // At the interpreter's own end there is nobody either.
            interpreter::enter(|py| self.schedule(py, work).is_ok()).unwrap_or(false)
        })
    }

    fn schedule(&self, py: Python<'_>, work: impl FnOnce(Python<'_>) + Send + 'static) -> PyResult<()> {
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "context"), &self.0.context)?;
        let callback = once(py, |argument| work(argument.py()))?;
        let arguments = (callback, py.None());
        self.0.event_loop.call_method(py, intern!(py, "call_soon_threadsafe"), arguments, Some(&keywords)).map(drop)
    }
}

/// A callable of Python with one argument, that runs `work` when it is first called.
///
/// # Errors
/// If there is no memory for it.
pub fn once<'py>(
    py: Python<'py>,
    work: impl FnOnce(&Bound<'_, PyAny>) + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let work = Mutex::new(Some(work));
    let callable = move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(work) = work {
            work(&arguments.get_item(0)?);
        }
        Ok(())
    };
    PyCFunction::new_closure(py, None, None, callable).map(Bound::into_any)
}
