//! `AsyncBatchReader`: a result that arrives piece by piece, for a task that awaits each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
use crate::session::Session;

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
    /// A task waits for the schema.
    Opening,
    Open(Arc<Incoming>),
    /// It never began, and will not.
    Closed,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncBatchReader {
    /// A reader of `connection` that has not begun.
    pub fn new(connection: Py<AsyncConnection>, reading: Reading, reporter: Option<Reporter>) -> Self {
        Self { connection, state: Arc::new(Mutex::new(State::Ready(Box::new((reading, reporter))))) }
    }

    /// Begins to read, if nobody has.
    fn begin(&self) -> Result<Begin> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, State::Opening) {
            State::Ready(ready) => {
                let (reading, reporter) = *ready;
                Ok(Begin::Now(reading, reporter))
            }
            State::Opening => Err(Error::execution("this BatchReader is being opened by another task")),
            State::Open(incoming) => {
                *state = State::Open(Arc::clone(&incoming));
                Ok(Begin::Before(incoming))
            }
            State::Closed => {
                *state = State::Closed;
                Err(Error::execution("the BatchReader was closed"))
            }
        }
    }

    /// The coroutine that begins to read, and gives the reader.
    fn opening(slf: Py<Self>, name: &'static str) -> Coroutine {
        Coroutine::new(name, move |py| {
            let this = slf.clone_ref(py);
            let this = this.get();
            let (reading, reporter) = match this.begin().map_err(to_py)? {
                Begin::Now(reading, reporter) => (reading, reporter),
                Begin::Before(_) => return EventLoop::running(py)?.ready(py, slf),
            };
            let call = Call::reading(reading.timeout);
            let (opening, running, caller) = (this.opener(), call.clone(), Caller::task(py)?);
            let work = Box::pin(async move { opening.open(&caller, &running, reading, reporter).await.map(drop) });
            let unheard = this.closer();
            this.connection.get().start(py, call, work, move |_, ()| Ok(slf.into_any()), unheard)
        })
    }

    fn opener(&self) -> Opener {
        Opener { session: Arc::clone(self.connection.get().session()), state: Arc::clone(&self.state) }
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
    Now(Reading, Option<Reporter>),
    /// It is open.
    Before(Arc<Incoming>),
}

/// What opens the result in the runtime.
struct Opener {
    session: Arc<Session>,
    state: Arc<Mutex<State>>,
}

impl Opener {
    async fn open(
        self,
        caller: &Caller,
        call: &Call,
        reading: Reading,
        reporter: Option<Reporter>,
    ) -> Result<Arc<Incoming>> {
        let opened = Incoming::open(self.session, caller, call, reading, reporter).await.map(Arc::new);
        *lock(&self.state) = opened.as_ref().map_or(State::Closed, |incoming| State::Open(Arc::clone(incoming)));
        opened
    }
}

/// Ends what is read, if it is, without waiting for that; calls wait for it.
fn leave(state: &Mutex<State>) {
    let State::Open(incoming) = &*lock(state) else { return };
    if let (true, Ok(runtime)) = (incoming.leave(), runtime()) {
        let incoming = Arc::clone(incoming);
        runtime.spawn(async move { incoming.close().await });
    }
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
        let incoming = match &*lock(&self.state) {
            State::Open(incoming) => Arc::clone(incoming),
            State::Ready(_) | State::Opening | State::Closed => {
                let message = "the schema is known once the reader was entered or asked for its first frame";
                return Err(to_py(Error::execution(message)));
            }
        };
        frames::schema_to_python(py, &incoming.schema)
    }

    /// Whether the reader is exhausted or closed.
    #[getter]
    fn closed(&self) -> bool {
        match &*lock(&self.state) {
            State::Ready(_) | State::Opening => false,
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
            let (call, begin) = match this.begin().map_err(to_py)? {
                Begin::Now(reading, reporter) => (Call::reading(reading.timeout), Begin::Now(reading, reporter)),
                Begin::Before(incoming) => {
                    if !incoming.has_more().map_err(to_py)? {
                        return Err(PyStopAsyncIteration::new_err(()));
                    }
                    (incoming.call(), Begin::Before(incoming))
                }
            };
            let (opener, running, caller) = (this.opener(), call.clone(), Caller::task(py)?);
            let work = Box::pin(async move {
                let incoming = match begin {
                    Begin::Now(reading, reporter) => opener.open(&caller, &running, reading, reporter).await?,
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
            let incoming = match &mut *lock(&this.state) {
                State::Open(incoming) => Some(Arc::clone(incoming)),
                never @ State::Ready(_) => {
                    *never = State::Closed;
                    None
                }
                State::Opening => {
                    return Err(to_py(Error::execution("this BatchReader is being opened by another task")));
                }
                State::Closed => None,
            };
            let Some(incoming) = incoming.filter(|incoming| incoming.leave()) else {
                return EventLoop::running(py)?.ready(py, py.None());
            };
            let closing = Arc::clone(&incoming);
            let work = Box::pin(async move {
                closing.close().await;
                Ok(())
            });
            let give = move |py: Python<'_>, ()| {
                drop(slf);
                incoming.abandon_progress(py).map(|()| py.None())
            };
            this.connection.get().start(py, Call::ending(None), work, give, Unheard::default())
        })
    }
}
