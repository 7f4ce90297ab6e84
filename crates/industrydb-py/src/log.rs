//! What goes to the standard logger `industrydb`: which connections open and close, and what servers say beside their
//! results (NOTICE, PRINT). Never a parameter's value, never a secret.
//!
//! A driver passes a server's message on from whatever thread reads the socket, through the `log` facade. It waits here
//! until a thread with the GIL comes by: nothing that reads may wait for the GIL, which its reader may be holding.

use std::sync::Mutex;

use industrydb_core::config::{Config, Secrets};
use log::{Level, LevelFilter, Log, Metadata, Record};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::factory;

/// Messages that wait at most; a server that says more in one call is told so in the last one.
const WAITING: usize = 10_000;

/// What servers said, oldest first.
static MESSAGES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

/// Keeps what the drivers pass on of their servers' messages, and nothing else of theirs.
struct Messages;

impl Log for Messages {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        factory::messages().any(|messages| metadata.target() == messages.target)
    }

    fn log(&self, record: &Record<'_>) {
        let Some(messages) = factory::messages().find(|messages| record.target() == messages.target) else { return };
        let text = record.args().to_string();
        let Some(level) = (messages.level)(record.level(), &text) else { return };
        let Ok(mut waiting) = MESSAGES.lock() else { return };
        match waiting.len() {
            0..WAITING => waiting.push((level, text)),
            WAITING => {
                waiting.push((Level::Warn, "the server said more than is kept: the rest is left out".to_owned()))
            }
            _ => {}
        }
    }

    fn flush(&self) {}
}

/// Listens to the drivers; when the module is made.
pub fn listen() {
    // There is one logger in this library, and the module may be made again in a subinterpreter.
    if log::set_logger(&Messages).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

/// Passes on what servers said meanwhile.
///
/// # Errors
/// What a handler of the logger raises.
pub fn pass_on(py: Python<'_>) -> PyResult<()> {
    // A lock that a fork left locked, or that a worker holds for a moment: the next call comes by again.
    let messages = MESSAGES.try_lock().map(|mut messages| std::mem::take(&mut *messages)).unwrap_or_default();
    for (level, message) in messages {
        let method = match level {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Info => "info",
            Level::Debug | Level::Trace => "debug",
        };
        logger(py)?.call_method1(py, method, ("server: %s", message))?;
    }
    Ok(())
}

fn logger(py: Python<'_>) -> PyResult<&Py<PyAny>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOGGER.get_or_try_init(py, || py.import("logging")?.call_method1("getLogger", ("industrydb",)).map(Bound::unbind))
}

/// A configuration as it may be shown.
pub fn shown(config: &Config) -> String {
    config.to_uri(Secrets::Hidden)
}

/// Logs `event` of the connection of `config` at level DEBUG.
///
/// # Errors
/// What a handler of the logger raises.
pub fn debug(py: Python<'_>, event: &str, config: &Config) -> PyResult<()> {
    logger(py)?.call_method1(py, "debug", ("%s: %s", event, shown(config))).map(drop)
}
