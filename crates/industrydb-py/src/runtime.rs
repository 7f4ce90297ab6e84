//! Where async Rust meets blocking Python and asyncio: the one runtime, how a thread waits for a call and how a task
//! awaits one.
//!
//! A call runs with the GIL released. Now and then it looks up: on a thread signals are handled (so that Ctrl-C works),
//! progress is reported, the deadline is checked. Whatever asks a call to stop goes through the connection's canceller,
//! and the call is then waited for, so that the connection is in a known state afterwards. That holds for a task that is
//! cancelled, too, although it hears of that at once: the call goes on to its end without it, and what the task does next
//! with the connection waits for that. So what has begun on the server is never dropped in the middle.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::BoxFuture;
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::tick;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::call::{Call, Stop};
use crate::event_loop::{self, EventLoop};
use crate::interpreter;
use crate::session::{GIVEN_UP, Session};
use crate::{errors, log};

/// How long a call that was asked to stop may take to do so before it is given up.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long asking a call to stop may take before it is asked again.
const ASKING: Duration = Duration::from_millis(25);

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
            Err(panicked())
        })
    });
    let passed_on = log::pass_on(py);
    let value = call.finish(py, outcome)?;
    passed_on.map(|()| value)
}

/// What a task awaits: a call, its work, and what is made of its outcome.
pub struct Awaited<T, G> {
    /// The call, not yet begun.
    pub call: Call,
    /// The connection that is closed if the work does not stop when it is asked to.
    pub session: Option<Arc<Session>>,
    /// The work, which runs to its end whatever happens to the task.
    pub work: BoxFuture<'static, Result<T>>,
    /// What the task gets of it.
    pub give: G,
    /// What has to happen if the task does not hear that the work succeeded.
    pub unheard: Unheard,
}

/// What is done once at most: when a task was cancelled whose call had succeeded before anything could stop it.
#[derive(Clone, Default)]
pub struct Unheard(Arc<Mutex<Option<Undo>>>);

type Undo = Box<dyn FnOnce() + Send>;

impl Unheard {
    /// Does `undo`.
    pub fn new(undo: impl FnOnce() + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(undo)))))
    }

    /// The task did not hear of it.
    pub fn undo(&self) {
        let undo = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(undo) = undo {
            undo();
        }
    }
}

/// A future that a task awaits, and the call behind it.
pub struct Pending<'py> {
    /// An `asyncio.Future`.
    pub future: Bound<'py, PyAny>,
    /// For when nobody awaits it any more; `None` if nothing runs.
    pub abandoned: Option<Abandoned>,
}

/// What is to be done about a call that nobody awaits any more.
#[derive(Clone)]
pub struct Abandoned {
    call: Call,
    session: Option<Arc<Session>>,
    unheard: Unheard,
}

impl Abandoned {
    /// Stops the call, or undoes what has ended already. May be said again.
    pub fn give_up(&self) {
        if !self.call.unawait() {
            self.unheard.undo();
        } else if let (Some(session), Some(stop)) = (&self.session, self.call.reading()) {
            // What comes next need not be refused: the result that is being read ends.
            session.leave_reading(&stop);
        }
    }
}

impl<T, G> Awaited<T, G>
where
    T: Send + 'static,
    G: FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
{
    /// Sets it going; its outcome comes to a future of `event_loop`.
    ///
    /// # Errors
    /// `RuntimeError` if the interpreter is ending; if no thread can be started, and what the loop raises.
    pub fn start<'py>(self, py: Python<'py>, event_loop: EventLoop) -> PyResult<Pending<'py>> {
        let Self { call, session, work, give, unheard } = self;
        if interpreter::is_closed() {
            return Err(PyRuntimeError::new_err("the interpreter is ending: nothing can be awaited any more"));
        }
        let runtime = runtime().map_err(errors::to_py)?;
        let future = event_loop.future(py)?;
        call.await_on(event_loop.clone());
        let abandoned = Abandoned { call: call.clone(), session: session.clone(), unheard };
        let done = on_done(py, abandoned.clone())?;
        future.call_method1(intern!(py, "add_done_callback"), (done,))?;
        let (awaited, delivered) = (future.clone().unbind(), abandoned.clone());
        runtime.spawn(async move {
            let working = call.clone();
            // What panicked is not used again: the connection is given up.
            let outcome = tokio::spawn(async move { wait(&working, work).await }).await.unwrap_or_else(|_| {
                call.give_up();
                Err(panicked())
            });
            drop(call.take_ticket());
            call.finish_work();
            if let (Some(session), true) = (session, call.was_given_up()) {
                session.abandon(GIVEN_UP);
            }
            let unheard = delivered.unheard.clone();
            let said = event_loop.run_soon(move |py| {
                let future = awaited.bind(py);
                if let Err(error) = deliver(future, &call, outcome, give, &delivered.unheard) {
                    error.write_unraisable(py, Some(future));
                }
            });
            if !said {
                unheard.undo();
            }
        });
        Ok(Pending { future, abandoned: Some(abandoned) })
    }
}

/// Says the outcome of `call` to whoever awaits `future`; on its loop's thread.
fn deliver<T>(
    future: &Bound<'_, PyAny>,
    call: &Call,
    outcome: Result<T>,
    give: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>>,
    unheard: &Unheard,
) -> PyResult<()> {
    let py = future.py();
    let is_done = || future.call_method0(intern!(py, "done"))?.is_truthy();
    let passed_on = log::pass_on(py);
    let outcome = call.finish(py, outcome).and_then(|value| passed_on.map(|()| value));
    if is_done()? {
        unheard.undo();
        return Ok(());
    }
    let given = outcome.and_then(|value| give(py, value));
    // Python code has run, which may have cancelled the task.
    if given.is_err() || is_done()? {
        unheard.undo();
    }
    match given {
        _ if is_done()? => Ok(()),
        Ok(value) => future.call_method1(intern!(py, "set_result"), (value,)).map(drop),
        Err(error) => {
            let set = intern!(py, "set_exception");
            // A future takes no StopIteration, which would look like its end.
            future.call_method1(set, (error.clone_ref(py),)).map(drop).or_else(|_| {
                let replaced = PyRuntimeError::new_err("StopIteration was raised while a call was awaited");
                replaced.set_cause(py, Some(error));
                future.call_method1(set, (replaced,)).map(drop)
            })
        }
    }
}

/// What a future calls when it is done: if the task was cancelled, its call has to stop.
fn on_done(py: Python<'_>, abandoned: Abandoned) -> PyResult<Bound<'_, PyAny>> {
    event_loop::once(py, move |future: &Bound<'_, PyAny>| {
        let cancelled =
            future.call_method0(intern!(future.py(), "cancelled")).and_then(|cancelled| cancelled.is_truthy());
        if cancelled.unwrap_or(false) {
            abandoned.give_up();
        }
    })
}

/// The error for what has panicked.
pub fn panicked() -> Error {
    Error::execution("the call failed inside industrydb: please report it")
}

/// Drives `work`, looking up now and then; once asked to stop, until it has stopped or the grace is over.
async fn wait<T>(call: &Call, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    let mut stopping = Duration::ZERO;
    loop {
        let waiting = Instant::now();
        tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            () = call.look_up() => {}
        }
        // Python code may run now, and wait for calls of its own.
        if call.is_awaited() {
            call.tick()
        } else {
            tokio::task::block_in_place(|| call.tick())
        }
        match call.stop() {
            None => {}
            // Nothing runs on the server yet: it waits for its turn, and is just not waited for any more.
            Some(stop) if !call.has_started() => {
                drop(call.take_ticket());
                return Err(stop.error_while_waiting(call));
            }
            Some(_) => {
                // By the clock: work that waits by itself looks up a little later than it was asked to.
                stopping += waiting.elapsed();
                if stopping > GRACE {
                    call.give_up();
                    return Err(Error::new(ErrorKind::Cancelled, "the server did not stop when it was asked to"));
                }
                // The way to the server may be blocked: asking must not outlast the grace.
                let asked = Instant::now();
                if tokio::time::timeout(ASKING, call.cancel()).await.is_err() {
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
            Self::Raised | Self::Unawaited => Error::new(ErrorKind::Cancelled, "interrupted before it began"),
        }
    }
}
