//! How the runtime's threads reach the interpreter, and that none is inside when it ends.
//!
//! A thread that waits for the GIL while the interpreter ends is ended by it, in the middle of what it does (Python's
//! documentation of `PyEval_RestoreThread`): with Rust on its stack, that aborts the process. So the door is closed before
//! the interpreter begins to end, and who is inside is waited for.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

/// How long the end of the interpreter waits for those inside.
const PATIENCE: Duration = Duration::from_secs(1);

static CLOSED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// Whose threads are counted: a fork has a number of threads that it does not have.
static COUNTED_IN: AtomicU32 = AtomicU32::new(0);

fn count_anew_after_a_fork() {
    let pid = std::process::id();
    if COUNTED_IN.swap(pid, Ordering::SeqCst) != pid {
        INSIDE.store(0, Ordering::SeqCst);
    }
}

/// Counts down also if the work panics.
struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `work` with the GIL on a thread of ours; not once the interpreter is about to end.
pub fn enter<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    count_anew_after_a_fork();
    INSIDE.fetch_add(1, Ordering::SeqCst);
    let _inside = Inside;
    if CLOSED.load(Ordering::SeqCst) { None } else { Python::try_attach(work) }
}

/// Whether the interpreter is about to end.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::SeqCst)
}

/// Has the door closed when the interpreter is about to end.
///
/// # Errors
/// What `atexit` raises.
pub fn close_at_exit(py: Python<'_>) -> PyResult<()> {
    let close = PyCFunction::new_closure(py, None, None, |arguments, _| {
        CLOSED.store(true, Ordering::SeqCst);
        arguments.py().detach(|| {
            count_anew_after_a_fork();
            let began = Instant::now();
            while INSIDE.load(Ordering::SeqCst) > 0 && began.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_micros(100));
            }
        });
    })?;
    py.import("atexit")?.call_method1("register", (close,)).map(drop)
}
