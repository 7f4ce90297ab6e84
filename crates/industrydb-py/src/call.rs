//! One call of a verb: its deadline, its progress, and what asked it to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::{Canceller, Progress};
use industrydb_core::error::{Error, ErrorKind, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tokio::sync::Notify;

use crate::errors;
use crate::event_loop::EventLoop;
use crate::progress::Reporter;
use crate::runtime::runtime;
use crate::session::Ticket;

/// How often signal handlers and progress callbacks get a chance to run.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How often whoever waits for a call looks up.
const TICK: Duration = Duration::from_millis(25);
/// How often a call looks up that a task awaits, and that is told what concerns it.
const RARELY: Duration = Duration::from_secs(1);

/// Why a call has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its `timeout` is over.
    TimedOut,
    /// Python code raised: a signal handler or the progress callback.
    Raised,
    /// The task that awaits it was cancelled.
    Unawaited,
}

/// What a call means for the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Begins,
    /// It may be made after the server has ended the transaction by itself.
    Ends,
}

/// One call on its way, shared by whoever waits for it and the work that runs.
#[derive(Clone)]
pub struct Call(Arc<State>);

struct State {
    /// When somebody first waited for it: a coroutine may be awaited long after it was made.
    began: OnceLock<Instant>,
    timeout: Option<Duration>,
    canceller: Mutex<Option<Arc<dyn Canceller>>>,
    started: AtomicBool,
    begun: AtomicBool,
    given_up: AtomicBool,
    role: Role,
    progress: Arc<Progress>,
    reporter: Option<Reporter>,
    looked: Mutex<Looked>,
    /// Whose loop awaits the call, if a task does.
    event_loop: OnceLock<EventLoop>,
    ticket: Mutex<Option<Ticket>>,
    reading: Mutex<Option<Arc<Notify>>>,
    /// Something asks it to stop.
    stopped: Notify,
}

struct Looked {
    at: Instant,
    stop: Option<Stop>,
    raised: Option<PyErr>,
    /// Whether the work has ended: too late to be stopped.
    finished: bool,
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
        Self::of(timeout, reporter, Role::Plain)
    }

    /// A call that begins a transaction: nobody would end it if it were stopped all the same.
    pub fn beginning(timeout: Option<Duration>) -> Self {
        Self::of(timeout, None, Role::Begins)
    }

    /// A call that ends a transaction: it may be made after the server has done so by itself.
    pub fn ending(timeout: Option<Duration>) -> Self {
        Self::of(timeout, None, Role::Ends)
    }

    fn of(timeout: Option<Duration>, reporter: Option<Reporter>, role: Role) -> Self {
        let now = Instant::now();
        Self(Arc::new(State {
            began: OnceLock::new(),
            timeout,
            canceller: Mutex::new(None),
            started: AtomicBool::new(false),
            begun: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            role,
            progress: Arc::default(),
            reporter,
            looked: Mutex::new(Looked { at: now, stop: None, raised: None, finished: false }),
            event_loop: OnceLock::new(),
            ticket: Mutex::new(None),
            reading: Mutex::new(None),
            stopped: Notify::new(),
        }))
    }

    /// A task awaits the call: what it has to say to Python, it says on that task's event loop.
    pub fn await_on(&self, event_loop: EventLoop) {
        // A call is awaited once.
        let _ = self.0.event_loop.set(event_loop);
    }

    /// Whether a task awaits it, instead of a thread that waits.
    pub fn is_awaited(&self) -> bool {
        self.0.event_loop.get().is_some()
    }

    /// Where the work counts its rows and bytes.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.0.progress)
    }

    /// The work has got the connection: from now on stopping means cancelling.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] if it has to stop already: then nothing may be sent. What ends a transaction is sent.
    pub fn start(&self, canceller: Arc<dyn Canceller>) -> Result<()> {
        let looked = lock(&self.0.looked);
        if looked.stop.is_some() && self.0.role != Role::Ends {
            return Err(Error::new(ErrorKind::Cancelled, "interrupted before it began"));
        }
        canceller.limits(self.0.timeout.is_some());
        *lock(&self.0.canceller) = Some(canceller);
        self.0.started.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether the work has got the connection.
    pub fn has_started(&self) -> bool {
        self.0.started.load(Ordering::Acquire)
    }

    /// The call's place among those that wait for a turn, taken before it runs.
    pub fn queue(&self, ticket: Ticket) {
        *lock(&self.0.ticket) = Some(ticket);
    }

    /// Takes that place: whoever drops it gives it up.
    pub fn take_ticket(&self) -> Option<Ticket> {
        lock(&self.0.ticket).take()
    }

    /// The call waits for rows of the result that `stop` ends.
    pub fn read_until(&self, stop: &Arc<Notify>) {
        *lock(&self.0.reading) = Some(Arc::clone(stop));
    }

    /// What ends the result that the call waits for, if it waits for one.
    pub fn reading(&self) -> Option<Arc<Notify>> {
        lock(&self.0.reading).clone()
    }

    /// Whether it was made to begin a transaction.
    pub fn begins_transaction(&self) -> bool {
        self.0.role == Role::Begins
    }

    /// Whether the transaction that it was made to begin is open.
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire)
    }

    /// Notes whether the transaction that it was made to begin is open.
    pub fn note_begun(&self, begun: bool) {
        self.0.begun.store(begun, Ordering::Release);
    }

    /// Whether it was made to end a transaction.
    pub fn ends_transaction(&self) -> bool {
        self.0.role == Role::Ends
    }

    /// The time until the deadline, if there is one.
    pub fn time_left(&self) -> Option<Duration> {
        let began = self.0.began.get_or_init(Instant::now);
        self.0.timeout.map(|timeout| timeout.saturating_sub(began.elapsed()))
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

    /// The work is over: nothing is left to be cancelled. Gives why it had to stop, if it had to.
    pub fn finish_work(&self) -> Option<Stop> {
        *lock(&self.0.canceller) = None;
        let mut looked = lock(&self.0.looked);
        looked.finished = true;
        looked.stop
    }

    /// The task that awaited the call was cancelled. Asks the work to stop; `false` if it has ended already.
    ///
    /// What ends a transaction goes on to its end: nobody else would end it, and whether it was ended would be open.
    pub fn unawait(&self) -> bool {
        {
            let mut looked = lock(&self.0.looked);
            if looked.finished {
                return false;
            }
            if self.0.role == Role::Ends {
                return true;
            }
            looked.stop.get_or_insert(Stop::Unawaited);
        }
        self.0.stopped.notify_one();
        self.cancel_soon();
        true
    }

    /// Waits until something asks the call to stop, or it is time to look up.
    pub async fn look_up(&self) {
        let often = !self.is_awaited() || self.0.reporter.is_some() || self.stop().is_some();
        let patience = if often { TICK } else { RARELY };
        let patience = self.time_left().map_or(patience, |left| left.clamp(Duration::from_millis(1), patience));
        // Nothing to hear is the same as having heard it.
        let _ = tokio::time::timeout(patience, self.0.stopped.notified()).await;
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
        if newly_stopped {
            self.cancel_soon();
        }
    }

    /// Asks the server to stop, if it has begun, from another thread: a connector that keeps this one busy can't be
    /// waited for here.
    fn cancel_soon(&self) {
        if let (true, Ok(runtime)) = (self.has_started(), runtime()) {
            let call = self.clone();
            runtime.spawn(async move { call.cancel().await });
        }
    }

    /// Runs signal handlers and the progress callback; whether the call has to stop.
    fn look(&self) -> bool {
        match self.0.event_loop.get() {
            // Signals are the event loop's own matter.
            Some(event_loop) => {
                if self.0.reporter.as_ref().is_some_and(|reporter| reporter.has_news(&self.0.progress)) {
                    let call = self.clone();
                    event_loop.run_soon(move |py| call.note(call.report(py)));
                }
            }
            None => self.note(Python::attach(|py| py.check_signals().and_then(|()| self.report(py)))),
        }
        let mut looked = lock(&self.0.looked);
        if looked.stop.is_none() && self.time_left() == Some(Duration::ZERO) {
            looked.stop = Some(Stop::TimedOut);
        }
        looked.stop.is_some()
    }

    fn report(&self, py: Python<'_>) -> PyResult<()> {
        self.0.reporter.as_ref().map_or(Ok(()), |reporter| reporter.report(py, &self.0.progress))
    }

    /// Keeps what Python code has raised for [`Self::finish`].
    fn note(&self, outcome: PyResult<()>) {
        if let Err(raised) = outcome {
            let mut looked = lock(&self.0.looked);
            looked.raised.get_or_insert(raised);
            looked.stop.get_or_insert(Stop::Raised);
            drop(looked);
            self.0.stopped.notify_one();
        }
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
