//! One call of a verb: its deadline, its progress, and what asked it to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::{Canceller, Progress};
use industrydb_core::error::{Error, ErrorKind, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors;
use crate::progress::Reporter;

/// How often signal handlers get a chance to run.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why a call has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its `timeout` is over.
    TimedOut,
    /// Python code raised: a signal handler or the progress callback.
    Raised,
}

/// One call on its way, shared by the thread that waits and the work that runs.
#[derive(Clone)]
pub struct Call(Arc<State>);

struct State {
    began: Instant,
    timeout: Option<Duration>,
    canceller: Mutex<Option<Arc<dyn Canceller>>>,
    started: AtomicBool,
    given_up: AtomicBool,
    progress: Arc<Progress>,
    reporter: Option<Reporter>,
    looked: Mutex<Looked>,
}

struct Looked {
    at: Instant,
    stop: Option<Stop>,
    raised: Option<PyErr>,
}

/// The seconds of a `timeout=` argument.
///
/// # Errors
/// `ValueError` unless it is a positive number.
pub fn timeout(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(seconds) = seconds else { return Ok(None) };
    match Duration::try_from_secs_f64(seconds) {
        Ok(timeout) if !timeout.is_zero() && seconds <= 1e9 => Ok(Some(timeout)),
        // Beyond any clock: no limit at all.
        _ if seconds > 1e9 => Ok(None),
        _ => Err(PyValueError::new_err(format!("timeout must be a positive number of seconds, not {seconds}"))),
    }
}

impl Call {
    /// A call that may take `timeout` and reports to `reporter`.
    pub fn new(timeout: Option<Duration>, reporter: Option<Reporter>) -> Self {
        let now = Instant::now();
        Self(Arc::new(State {
            began: now,
            timeout,
            canceller: Mutex::new(None),
            started: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            progress: Arc::default(),
            reporter,
            looked: Mutex::new(Looked { at: now, stop: None, raised: None }),
        }))
    }

    /// Where the work counts its rows and bytes.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.0.progress)
    }

    /// The work has got the connection: from now on stopping means cancelling.
    pub fn start(&self, canceller: Arc<dyn Canceller>) {
        canceller.limits(self.0.timeout.is_some());
        *lock(&self.0.canceller) = Some(canceller);
        self.0.started.store(true, Ordering::Release);
    }

    /// Whether the work has got the connection.
    pub fn has_started(&self) -> bool {
        self.0.started.load(Ordering::Acquire)
    }

    /// The time until the deadline, if there is one.
    pub fn time_left(&self) -> Option<Duration> {
        self.0.timeout.map(|timeout| timeout.saturating_sub(self.0.began.elapsed()))
    }

    /// Why the call has to stop, if it has to.
    pub fn stop(&self) -> Option<Stop> {
        lock(&self.0.looked).stop
    }

    /// The call did not stop in time: its connection can't be trusted any more.
    pub fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Release);
    }

    /// Whether [`Self::give_up`] was said.
    pub fn was_given_up(&self) -> bool {
        self.0.given_up.load(Ordering::Acquire)
    }

    /// Asks the server to stop; a failure to ask shows as the call not stopping.
    pub async fn cancel(&self) {
        // Begun under the lock, so that it cannot reach the connection's next call.
        let asked = lock(&self.0.canceller).as_ref().map(|canceller| canceller.cancel());
        if let Some(asked) = asked {
            // Asked again at the next tick if it did not get through.
            let _ = asked.await;
        }
    }

    /// The work is over: nothing is left to be cancelled.
    pub fn finish_work(&self) {
        *lock(&self.0.canceller) = None;
    }

    /// Looks up from the work: deadline, signals, progress. Called on the thread that waits, at any rate.
    pub fn tick(&self) {
        let newly_stopped = {
            let mut looked = lock(&self.0.looked);
            if looked.stop.is_some() {
                true
            } else if looked.at.elapsed() < LOOK_EVERY && self.time_left() != Some(Duration::ZERO) {
                false
            } else {
                looked.at = Instant::now();
                drop(looked);
                self.look()
            }
        };
        if newly_stopped && self.has_started() {
            // A connector that keeps this thread busy can't be waited for here; the runtime's threads are free.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let call = self.clone();
                runtime.spawn(async move { call.cancel().await });
            }
        }
    }

    /// Runs signal handlers and the progress callback; whether the call has to stop.
    fn look(&self) -> bool {
        let raised = Python::attach(|py| {
            py.check_signals()?;
            match &self.0.reporter {
                Some(reporter) => reporter.report(py, &self.0.progress),
                None => Ok(()),
            }
        });
        let mut looked = lock(&self.0.looked);
        if let Err(raised) = raised {
            looked.raised = Some(raised);
            looked.stop = Some(Stop::Raised);
        } else if self.time_left() == Some(Duration::ZERO) {
            looked.stop = Some(Stop::TimedOut);
        }
        looked.stop.is_some()
    }

    /// What the caller gets: a cancel that Python code caused is its exception, one by the deadline a timeout.
    ///
    /// # Errors
    /// As said, else the error of `outcome`.
    pub fn finish<T>(&self, py: Python<'_>, outcome: Result<T>) -> PyResult<T> {
        let (stop, raised) = {
            let mut looked = lock(&self.0.looked);
            (looked.stop, looked.raised.take())
        };
        let reported = match (&self.0.reporter, &outcome) {
            (Some(reporter), Ok(_)) => reporter.finish(py, &self.0.progress),
            (Some(reporter), Err(_)) => reporter.abandon(py),
            (None, _) => Ok(()),
        };
        match (outcome, raised) {
            (_, Some(raised)) => Err(raised),
            (Err(error), None) if error.kind() == ErrorKind::Cancelled && stop == Some(Stop::TimedOut) => {
                let mut timed_out = self.timeout_error("and was cancelled");
                *timed_out.details_mut() = error.details().clone();
                Err(errors::to_py(timed_out))
            }
            (Err(error), None) => Err(errors::to_py(error)),
            (Ok(value), None) => reported.map(|()| value),
        }
    }

    /// The error of a call that took too long; `how` completes the sentence.
    pub fn timeout_error(&self, how: &str) -> Error {
        let seconds = self.0.timeout.unwrap_or_default().as_secs_f64();
        Error::new(ErrorKind::Timeout, format!("the call took longer than its timeout of {seconds} s, {how}"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
