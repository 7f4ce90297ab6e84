//! Where async Rust meets blocking Python: the one runtime, and how a Python thread waits for a call.
//!
//! A call runs with the GIL released. Every [`TICK`] its thread looks up: signals are handled (so that Ctrl-C works),
//! progress is reported, the deadline is checked. Whatever asks a call to stop goes through the connection's canceller,
//! and the call is then waited for, so that the connection is in a known state afterwards.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::tick;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::call::{Call, Stop};
use crate::{errors, log};

/// How often a waiting thread looks up.
const TICK: Duration = Duration::from_millis(25);
/// How long a call that was asked to stop may take to do so before it is given up.
pub const GRACE: Duration = Duration::from_secs(5);

/// How many batch readers can be open in a process at once: each has a thread while it is.
const OPEN_READERS: usize = 1 << 14;

/// The process' runtime. A forked child gets its own: threads do not survive a fork, and the parent's is left alone.
pub fn runtime() -> Result<Arc<Runtime>> {
    static RUNTIME: Mutex<Option<(u32, Arc<Runtime>)>> = Mutex::new(None);
    let mut slot = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = std::process::id();
    match &*slot {
        Some((owner, runtime)) if *owner == pid => Ok(Arc::clone(runtime)),
        _ => {
            let runtime = Builder::new_multi_thread()
                .worker_threads(2)
                .max_blocking_threads(OPEN_READERS)
                .thread_name("industrydb")
                .enable_all()
                .build()
                .map_err(|cause| Error::connection(format!("no thread could be started: {cause}")))?;
            let runtime = Arc::new(runtime);
            // Dropping the parent's runtime in a child would wait for threads that are not there.
            std::mem::forget(slot.replace((pid, Arc::clone(&runtime))));
            Ok(runtime)
        }
    }
}

/// Waits for `work` on this thread, with the GIL released.
///
/// # Errors
/// What a signal handler or the progress callback raised, a timeout, or the error of `work`.
pub fn block_on<T: Send>(py: Python<'_>, call: &Call, work: impl Future<Output = Result<T>> + Send) -> PyResult<T> {
    let runtime = runtime().map_err(errors::to_py)?;
    let outcome = py.detach(|| {
        let ticking = call.clone();
        let work =
            AssertUnwindSafe(|| tick::scope(Rc::new(move || ticking.tick()), || runtime.block_on(wait(call, work))));
        // What panicked is not used again: the connection is given up.
        catch_unwind(work).unwrap_or_else(|_| {
            call.give_up();
            Err(Error::execution("the call failed inside industrydb: please report it"))
        })
    });
    let passed_on = log::pass_on(py);
    let value = call.finish(py, outcome)?;
    passed_on.map(|()| value)
}

/// Drives `work`, looking up now and then; once asked to stop, until it has stopped or the grace is over.
async fn wait<T>(call: &Call, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    let mut stopping = Duration::ZERO;
    loop {
        let patience = call.time_left().map_or(TICK, |left| left.clamp(Duration::from_millis(1), TICK));
        let waiting = Instant::now();
        if let Ok(outcome) = tokio::time::timeout(patience, &mut work).await {
            return outcome;
        }
        // Python code may run now, and wait for calls of its own.
        tokio::task::block_in_place(|| call.tick());
        match call.stop() {
            None => {}
            // Nothing runs on the server yet: it waits for its turn, and is just not waited for any more.
            Some(stop) if !call.has_started() => return Err(stop.error_while_waiting(call)),
            Some(_) => {
                // By the clock: work that waits by itself looks up a little later than it was asked to.
                stopping += waiting.elapsed();
                if stopping > GRACE {
                    call.give_up();
                    return Err(Error::new(ErrorKind::Cancelled, "the server did not stop when it was asked to"));
                }
                // The way to the server may be blocked: asking must not outlast the grace.
                let asked = Instant::now();
                if tokio::time::timeout(TICK, call.cancel()).await.is_err() {
                    stopping += asked.elapsed();
                }
            }
        }
    }
}

impl Stop {
    fn error_while_waiting(self, call: &Call) -> Error {
        match self {
            Self::TimedOut => call.timeout_error("while another call of this connection, or its transaction, went on"),
            Self::Raised => Error::new(ErrorKind::Cancelled, "interrupted before it began"),
        }
    }
}
