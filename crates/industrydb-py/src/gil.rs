//! Waiting inside an Arrow stream. Whoever pulls from it may hold the GIL or have released it, with pyo3 or without.
//!
//! pyo3 counts who is attached for each of its copies in a process: when Polars, which has its own, calls into this
//! extension, our copy's count says nothing, and `Python::attach` or `detach` may abort the process. The interpreter
//! itself always knows. `PyGILState_Ensure` is right in both cases, and behind it the GIL is held for certain, so that it
//! can be released for the time of the wait.

use std::ffi::{c_int, c_void};

use pyo3::types::PyTypeMethods as _;
use pyo3::{PyErr, Python, ffi};

/// A stretch of time in which this thread does not hold the GIL, whatever came before it.
pub struct Released {
    /// What `PyEval_SaveThread` gave.
    thread: *mut ffi::PyThreadState,
    /// What `PyGILState_Ensure` gave.
    before: ffi::PyGILState_STATE,
}

impl Released {
    /// Lets other threads run Python code from here on; `None` if there is no interpreter.
    pub fn begin() -> Option<Self> {
        // SAFETY: may be called at any time, from any thread.
        if unsafe { ffi::Py_IsInitialized() } == 0 {
            return None;
        }
        // SAFETY: the interpreter is there. `Ensure` may be called with and without the GIL, and leaves it held, which is
        // what `SaveThread` asks for. `drop` undoes both, in the opposite order, on this thread: the type is not `Send`.
        unsafe {
            let before = ffi::PyGILState_Ensure();
            Some(Self { thread: ffi::PyEval_SaveThread(), before })
        }
    }

    /// Runs the handlers of signals that have arrived, on the main thread. What one of them raises reaches Python code as
    /// soon as any runs on the main thread again; here comes the name of its class.
    pub fn check_signals(&mut self) -> Option<String> {
        // SAFETY: `thread` is what `SaveThread` gave on this thread; until it is called again the GIL is held, so that the
        // token is true.
        unsafe {
            ffi::PyEval_RestoreThread(self.thread);
            let py = Python::assume_attached();
            let raised = py.check_signals().err().map(|error| {
                let name = error.get_type(py).name().map_or_else(|_| String::new(), |name| name.to_string());
                raise_later(error);
                name
            });
            self.thread = ffi::PyEval_SaveThread();
            raised
        }
    }
}

impl Drop for Released {
    fn drop(&mut self) {
        // SAFETY: as in `check_signals`; `before` is what `Ensure` gave on this thread.
        unsafe {
            ffi::PyEval_RestoreThread(self.thread);
            ffi::PyGILState_Release(self.before);
        }
    }
}

/// Lets the interpreter raise `error` on its main thread. The GIL must be held.
fn raise_later(error: PyErr) {
    let error = Box::into_raw(Box::new(error)).cast::<c_void>();
    // SAFETY: `raise` gets the pointer once. Where there is no room for another call, the box is ours again, and what is
    // left is the mark that Ctrl-C itself makes.
    unsafe {
        if ffi::Py_AddPendingCall(Some(raise), error) != 0 {
            drop(Box::from_raw(error.cast::<PyErr>()));
            ffi::PyErr_SetInterrupt();
        }
    }
}

extern "C" fn raise(error: *mut c_void) -> c_int {
    // SAFETY: called once by the interpreter, which holds the GIL, with the pointer that `raise_later` gave.
    unsafe { Box::from_raw(error.cast::<PyErr>()).restore(Python::assume_attached()) };
    -1
}
