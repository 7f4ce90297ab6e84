//! The `progress=` argument: a callable, or True for a bar.

use std::sync::{Mutex, PoisonError};

use industrydb_core::connector::Progress;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

/// Calls Python with the rows and bytes so far, whenever they have changed.
pub struct Reporter {
    callback: Py<PyAny>,
    /// Whether we made the callback, a bar that has to be closed.
    is_bar: bool,
    reported: Mutex<(u64, u64)>,
}

impl Reporter {
    /// From the argument; `None` for False and None.
    ///
    /// # Errors
    /// `TypeError` for what is neither a bool nor callable, `ImportError` for True without tqdm.
    pub fn new(progress: Option<&Bound<'_, PyAny>>, verb: &str) -> PyResult<Option<Self>> {
        let Some(progress) = progress.filter(|progress| !progress.is_none()) else { return Ok(None) };
        let (callback, is_bar) = if let Ok(wanted) = progress.cast::<PyBool>() {
            if !wanted.is_true() {
                return Ok(None);
            }
            (progress.py().import("industrydb._progress")?.call_method1("tqdm_callback", (verb,))?, true)
        } else if progress.is_callable() {
            (progress.clone(), false)
        } else {
            let name = progress.get_type().qualname()?;
            return Err(PyTypeError::new_err(format!("progress must be True, False or a callable, not {name}")));
        };
        Ok(Some(Self { callback: callback.unbind(), is_bar, reported: Mutex::new((0, 0)) }))
    }

    /// Whether something has changed since the last report.
    pub fn has_news(&self, progress: &Progress) -> bool {
        *self.reported.lock().unwrap_or_else(PoisonError::into_inner) != progress.get()
    }

    /// Reports what is new.
    ///
    /// # Errors
    /// What the callback raises.
    pub fn report(&self, py: Python<'_>, progress: &Progress) -> PyResult<()> {
        let now = progress.get();
        {
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            if *reported == now {
                return Ok(());
            }
            *reported = now;
        }
        self.callback.call1(py, now).map(drop)
    }

    /// Reports the end, and closes the bar.
    ///
    /// # Errors
    /// What the callback raises.
    pub fn finish(&self, py: Python<'_>, progress: &Progress) -> PyResult<()> {
        self.report(py, progress).and(self.abandon(py))
    }

    /// Closes the bar.
    ///
    /// # Errors
    /// What closing it raises.
    pub fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_bar { self.callback.call_method0(py, "close").map(drop) } else { Ok(()) }
    }
}
