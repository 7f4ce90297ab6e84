//! What goes to the standard logger `industrydb`: which connections open and close. Never a value, never a secret.

use industrydb_core::config::{Config, Secrets};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A configuration as it may be shown.
pub fn shown(config: &Config) -> String {
    config.to_uri(Secrets::Hidden)
}

/// Logs `event` of the connection of `config` at level DEBUG.
///
/// # Errors
/// What a handler of the logger raises.
pub fn debug(py: Python<'_>, event: &str, config: &Config) -> PyResult<()> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let logger = LOGGER
        .get_or_try_init(py, || py.import("logging")?.call_method1("getLogger", ("industrydb",)).map(Bound::unbind))?;
    logger.call_method1(py, "debug", ("%s: %s", event, shown(config))).map(drop)
}
