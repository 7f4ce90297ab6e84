//! How connections of both classes begin and end: from what Python gives, with a warning for those that are forgotten.

use std::ffi::CString;
use std::sync::Arc;

use industrydb_core::config::Config;
use pyo3::exceptions::{PyResourceWarning, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::caller::Caller;
use crate::config::DatabaseConfig;
use crate::errors::to_py;
use crate::factory::specs;
use crate::log;
use crate::runtime::runtime;
use crate::session::Session;

/// What `function` is to connect to: a URI or another connection string, or a configuration.
///
/// # Errors
/// `ConfigurationError`; `TypeError` for anything else.
pub fn config(function: &str, uri_or_config: &Bound<'_, PyAny>) -> PyResult<Config> {
    if let Ok(config) = uri_or_config.cast::<DatabaseConfig>() {
        Ok(config.get().config.clone())
    } else if let Ok(uri) = uri_or_config.cast::<PyString>() {
        parse(uri.to_str()?)
    } else {
        let name = uri_or_config.get_type().qualname()?;
        Err(PyTypeError::new_err(format!("{function}() takes a URI or a DatabaseConfig, not {name}")))
    }
}

/// What a connection string names.
///
/// # Errors
/// `ConfigurationError`.
pub fn parse(uri: &str) -> PyResult<Config> {
    Config::from_uri(uri, specs()).map_err(to_py)
}

/// A connection of `class` as its `repr`.
pub fn shown(class: &str, session: &Session) -> String {
    let state = if session.is_closed() { "closed" } else { "open" };
    format!("<industrydb.{class} {state} {}>", log::shown(&session.config))
}

/// Closes a connection, and waits for that; what is open rolls back.
///
/// # Errors
/// What the server says to it.
pub fn close(py: Python<'_>, session: &Arc<Session>) -> PyResult<()> {
    if session.is_foreign() {
        return Ok(());
    }
    let was_open = !session.is_closed();
    let runtime = runtime().map_err(to_py)?;
    py.detach(|| runtime.block_on(session.close(&Caller::thread()))).map_err(to_py)?;
    if was_open { log::debug(py, "closed", &session.config) } else { Ok(()) }
}

/// A connection of `class` that nobody refers to any more: one that was not closed is, with a `ResourceWarning`.
pub fn forget(class: &str, session: &Arc<Session>) {
    if session.is_foreign() {
        return session.leak();
    }
    if session.is_closed() {
        return;
    }
    // At the interpreter's own end there is nobody to warn any more.
    let _ = Python::try_attach(|py| {
        // It may be dropped while an exception is on its way, which has to arrive.
        let on_its_way = PyErr::take(py);
        let warned = CString::new(format!("unclosed {}", shown(class, session)))
            .map_err(PyErr::from)
            .and_then(|message| PyErr::warn(py, &py.get_type::<PyResourceWarning>(), &message, 1));
        for failed in [warned, close(py, session)] {
            if let Err(error) = failed {
                error.write_unraisable(py, None);
            }
        }
        if let Some(error) = on_its_way {
            error.restore(py);
        }
    });
}
