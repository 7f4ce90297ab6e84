//! `AsyncBatchReader`: a result that arrives piece by piece, for a task that awaits each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use industrydb_core::error::{Error, Result};
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::async_connection::AsyncConnection;
use crate::call::Call;
use crate::caller::Caller;
use crate::coroutine::Coroutine;
use crate::errors::to_py;
use crate::event_loop::EventLoop;
use crate::frames;
use crate::progress::Reporter;
use crate::reading::{Incoming, Message, Reading};
use crate::runtime::{Unheard, runtime};
use crate::session::{Session, Ticket};

/// The result of `execute_batches` of an `AsyncConnection`.
#[pyclass(frozen, weakref, module = "industrydb")]
pub struct AsyncBatchReader {
    connection: Py<AsyncConnection>,
    state: Arc<Mutex<State>>,
}

/// Where the reader is.
enum State {
    /// Nothing was sent yet.
    Ready(Box<(Reading, Option<Reporter>)>),
    /// A task waits for the schema, by this call.
    Opening(Call),
    Open(Arc<Incoming>),
    /// It never began, and will not.
    Closed,
}

/// How often somebody looks whether a reader is open that is being opened.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What runs Python code when it is dropped is taken out of the lock first.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncBatchReader {
    /// A reader of `connection` that has not begun.
    pub fn new(connection: Py<AsyncConnection>, reading: Reading, reporter: Option<Reporter>) -> Self {
        Self { connection, state: Arc::new(Mutex::new(State::Ready(Box::new((reading, reporter))))) }
    }

    /// Begins to read, if nobody has. Its place in the queue is taken at once.
    fn begin(&self, caller: &Caller) -> Result<Begin> {
        let session = self.connection.get().session();
        let mut state = lock(&self.state);
        match &*state {
            State::Open(incoming) => return Ok(Begin::Before(Arc::clone(incoming))),
            State::Opening(_) => return Err(Error::execution("this BatchReader is being opened by another task")),
            State::Closed => return Err(Error::execution("the BatchReader was closed")),
            State::Ready(_) => {}
        }
        let before = std::mem::replace(&mut *state, State::Closed);
        let State::Ready(ready) = before else { return Err(Error::execution("the BatchReader was closed")) };
        let (reading, reporter) = *ready;
        let call = Call::new(reading.timeout, None);
        call.queue(Ticket::new(session, caller));
        *state = State::Opening(call.clone());
        let opener = Opener { session: Arc::clone(session), state: Arc::clone(&self.state), caller: caller.clone() };
        Ok(Begin::Now(Box::new(Opening { opener, call, reading, reporter })))
    }

    /// The coroutine that begins to read, and gives the reader.
    fn opening(slf: Py<Self>, name: &'static str) -> Coroutine {
        Coroutine::new(name, move |py| {
            let this = slf.clone_ref(py);
            let this = this.get();
            let event_loop = EventLoop::running(py)?;
            let opening = match this.begin(&Caller::task(py)?).map_err(to_py)? {
                Begin::Now(opening) => opening,
                Begin::Before(_) => return event_loop.ready(py, slf),
            };
            let call = opening.call.clone();
            let work = Box::pin(async move { opening.run().await.map(drop) });
            this.connection.get().start(py, call, work, move |_, ()| Ok(slf.into_any()), this.closer())
        })
    }

    /// What ends the statement if nobody hears of it any more.
    fn closer(&self) -> Unheard {
        let state = Arc::clone(&self.state);
        Unheard::new(move || leave(&state))
    }
}

/// How a task comes to the result.
enum Begin {
    /// It has to open it.
    Now(Box<Opening>),
    /// It is open.
    Before(Arc<Incoming>),
}

/// A result that is to be opened.
struct Opening {
    opener: Opener,
    call: Call,
    reading: Reading,
    reporter: Option<Reporter>,
}

impl Opening {
    async fn run(self) -> Result<Arc<Incoming>> {
        let Self { opener, call, reading, reporter } = self;
        let session = Arc::clone(&opener.session);
        let incoming = Arc::new(Incoming::open(session, &opener.caller, &call, reading, reporter).await?);
        *lock(&opener.state) = State::Open(Arc::clone(&incoming));
        Ok(incoming)
    }
}

/// Who opens a reader. If that does not come about, even if it is not waited for any more, the reader is closed.
struct Opener {
    session: Arc<Session>,
    state: Arc<Mutex<State>>,
    caller: Caller,
}

impl Drop for Opener {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Opening(_)) {
            *state = State::Closed;
        }
    }
}

/// The result, if it is open.
fn opened(state: &Mutex<State>) -> Option<Arc<Incoming>> {
    match &*lock(state) {
        State::Open(incoming) => Some(Arc::clone(incoming)),
        State::Ready(_) | State::Opening(_) | State::Closed => None,
    }
}

/// Ends what is read, if it is, without waiting for that; calls wait for it.
fn leave(state: &Mutex<State>) {
    let Some(incoming) = opened(state) else { return };
    if let (true, Ok(runtime)) = (incoming.leave(), runtime()) {
        let closing = Arc::clone(&incoming);
        runtime.spawn(async move { closing.close().await });
    }
    // Its bar, if it has one. At the interpreter's end there is none any more.
    let _ = Python::try_attach(|py| incoming.abandon_progress(py));
}

impl Drop for AsyncBatchReader {
    fn drop(&mut self) {
        leave(&self.state);
    }
}

/// The next message; what fails or is stopped ends the result.
async fn next(incoming: &Incoming, call: &Call) -> Result<Message> {
    let next = incoming.next().await;
    if next.is_err() && incoming.leave() {
        incoming.close().await;
    }
    call.finish_work();
    next
}

#[pymethods]
impl AsyncBatchReader {
    /// The columns and types of every frame.
    #[getter]
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let incoming = opened(&self.state).ok_or_else(|| {
            to_py(Error::execution("the schema is known once the reader was entered or asked for its first frame"))
        })?;
        frames::schema_to_python(py, &incoming.schema)
    }

    /// Whether the reader is exhausted or closed.
    #[getter]
    fn closed(&self) -> bool {
        match &*lock(&self.state) {
            State::Ready(_) | State::Opening(_) => false,
            State::Open(incoming) => !incoming.is_open(),
            State::Closed => true,
        }
    }

    /// Ends the statement and frees the connection. May be called twice.
    fn close(slf: Py<Self>) -> Coroutine {
        Self::closing(slf, "AsyncBatchReader.close")
    }

    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __anext__(slf: Py<Self>) -> Coroutine {
        Coroutine::new("AsyncBatchReader.__anext__", move |py| {
            let this = slf.clone_ref(py);
            let this = this.get();
            let begin = this.begin(&Caller::task(py)?).map_err(to_py)?;
            let call = match &begin {
                Begin::Now(opening) => opening.call.clone(),
                Begin::Before(incoming) => {
                    if !incoming.has_more().map_err(to_py)? {
                        return Err(PyStopAsyncIteration::new_err(()));
                    }
                    incoming.call().map_err(to_py)?
                }
            };
            let running = call.clone();
            let work = Box::pin(async move {
                let incoming = match begin {
                    Begin::Now(opening) => opening.run().await?,
                    Begin::Before(incoming) => incoming,
                };
                let message = next(&incoming, &running).await?;
                Ok((incoming, message))
            });
            let unheard = this.closer();
            let give = move |py: Python<'_>, (incoming, message): (Arc<Incoming>, Message)| {
                drop(slf);
                match incoming.frame(py, message)? {
                    Some(frame) => frames::to_python(py, frame).map(Bound::unbind),
                    None => Err(PyStopAsyncIteration::new_err(())),
                }
            };
            this.connection.get().start(py, call, work, give, unheard)
        })
    }

    fn __aenter__(slf: Py<Self>) -> Coroutine {
        Self::opening(slf, "AsyncBatchReader.__aenter__")
    }

    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __aexit__(
        slf: Py<Self>,
        _exc_type: Option<&Bound<'_, PyAny>>,
        _exc_value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> Coroutine {
        Self::closing(slf, "AsyncBatchReader.__aexit__")
    }
}

impl AsyncBatchReader {
    fn closing(slf: Py<Self>, name: &'static str) -> Coroutine {
        Coroutine::new(name, move |py| {
            let this = slf.clone_ref(py);
            let this = this.get();
            let never_begun = {
                let mut state = lock(&this.state);
                if let State::Opening(call) = &*state {
                    // Nobody is going to read it; whoever opens it hears that.
                    call.unawait();
                }
                matches!(*state, State::Ready(_)).then(|| std::mem::replace(&mut *state, State::Closed))
            };
            drop(never_begun);
            let state = Arc::clone(&this.state);
            let work = Box::pin(async move {
                while matches!(*lock(&state), State::Opening(_)) {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                let Some(incoming) = opened(&state).filter(|incoming| incoming.leave()) else { return Ok(None) };
                incoming.close().await;
                Ok(Some(incoming))
            });
            let give = move |py: Python<'_>, closed: Option<Arc<Incoming>>| {
                drop(slf);
                closed.map_or(Ok(()), |incoming| incoming.abandon_progress(py)).map(|()| py.None())
            };
            this.connection.get().start(py, Call::ending(None), work, give, Unheard::default())
        })
    }
}
