//! `BatchReader`: a result that arrives piece by piece.
//!
//! A task of the runtime holds the connector and runs the statement; its frames come through a channel of one place, so
//! that the server is read one batch ahead of the consumer and never further.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::{Event, EventStream, Progress, ReadOptions};
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::ops;
use industrydb_core::value::Params;
use polars_core::prelude::{CompatLevel, DataFrame, IntoSeries, PolarsError, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard};
use tokio::time::timeout;

use crate::call::Call;
use crate::connection::Connection;
use crate::errors::to_py;
use crate::frames;
use crate::gil::Released;
use crate::progress::Reporter;
use crate::runtime::{GRACE, block_on, runtime};
use crate::session::{Session, Slot};

/// How often a consumer of the Arrow stream that waits looks for signals.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What the task sends: the schema first, then frames, then that this was all. A channel that closes without that word
/// is a task that died.
enum Message {
    Schema(SchemaRef),
    Batch(DataFrame),
    End,
}

/// The consumer's end of the channel. As long as it is there, the connection is the reader's.
struct Messages {
    receiver: Receiver<Result<Message>>,
    session: Arc<Session>,
    stop: Arc<Notify>,
}

impl Messages {
    /// The next message.
    ///
    /// # Errors
    /// What the task says last.
    async fn next(&mut self) -> Result<Message> {
        let died = || Err(Error::execution("the result ended before its end: the task that reads it is gone"));
        self.receiver.recv().await.unwrap_or_else(died)
    }

    /// The next message, for a consumer of which nothing is known: neither whether it holds the GIL nor what it makes of
    /// an exception. Other threads run meanwhile, and signals are handled.
    ///
    /// # Errors
    /// As [`Self::next`]; [`ErrorKind::Cancelled`] with the class of what a signal handler raised, which is raised by
    /// itself when Python code runs again.
    fn wait(&mut self, runtime: &Runtime) -> Result<Message> {
        if let Ok(message) = self.receiver.try_recv() {
            return message;
        }
        let Some(mut released) = Released::begin() else { return runtime.block_on(self.next()) };
        loop {
            if let Ok(message) = runtime.block_on(async { timeout(LOOK_EVERY, self.next()).await }) {
                return message;
            }
            if let Some(raised) = released.check_signals() {
                let stopped = runtime.block_on(async {
                    // Closing alone would let a statement go on whose transaction is open.
                    let _ = timeout(GRACE, self.session.canceller().cancel()).await;
                    timeout(GRACE, self.session.close_reader_of(&self.stop)).await
                });
                if stopped.is_err() {
                    self.session.abandon("the connection is closed: a call did not stop when it was cancelled");
                }
                let message = format!("a signal handler raised {raised}: the query was cancelled");
                return Err(Error::new(ErrorKind::Cancelled, message));
            }
        }
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.session.finish_reading(&self.stop);
    }
}

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// All of it has been given.
    Exhausted,
    /// It ended before that, or the consumer of a capsule has it.
    Closed,
}

/// The result of `execute_batches`.
#[pyclass(frozen, module = "industrydb")]
pub struct BatchReader {
    /// Kept, for without a connection there is no result.
    _connection: Py<Connection>,
    session: Arc<Session>,
    schema: SchemaRef,
    messages: Arc<AsyncMutex<Option<Messages>>>,
    stop: Arc<Notify>,
    state: Mutex<State>,
    progress: Arc<Progress>,
    reporter: Option<Reporter>,
}

/// What to read and how.
pub struct Reading {
    /// One statement with a result set, or a script that ends in one.
    pub sql: String,
    /// Its parameters.
    pub params: Params,
    /// How its rows are read.
    pub options: ReadOptions,
    /// Seconds that the server may work.
    pub timeout: Option<Duration>,
}

impl BatchReader {
    /// Starts to read and waits for the schema.
    ///
    /// # Errors
    /// What comes before the first row: the statement's own errors, and those of waiting for the connection.
    pub fn open(
        connection: Bound<'_, Connection>,
        session: Arc<Session>,
        reading: Reading,
        reporter: Option<Reporter>,
    ) -> PyResult<Self> {
        let py = connection.py();
        session.check_process().map_err(to_py)?;
        let call = Call::new(reading.timeout, None);
        let progress = Arc::clone(&reading.options.progress);
        let (schema, messages) = block_on(py, &call, start(&session, &call, reading))?;
        Ok(Self {
            _connection: connection.unbind(),
            session,
            schema,
            stop: Arc::clone(&messages.stop),
            messages: Arc::new(AsyncMutex::new(Some(messages))),
            state: Mutex::new(State::Open),
            progress,
            reporter,
        })
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_state(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn next_frame(&self, py: Python<'_>) -> PyResult<Option<DataFrame>> {
        match self.state() {
            State::Open => {}
            State::Exhausted => return Ok(None),
            State::Closed => return Err(to_py(ended())),
        }
        self.session.check_process().map_err(to_py)?;
        if let Err(closed) = self.session.check_open() {
            return Err(to_py(self.last_word(py)?.unwrap_or(closed)));
        }
        let call = Call::new(None, None);
        call.start(self.session.canceller());
        let messages = Arc::clone(&self.messages);
        let next = block_on(py, &call, async move {
            let mut messages = messages.lock().await;
            let Some(open) = messages.as_mut() else { return Ok(Message::End) };
            let next = open.next().await?;
            if matches!(next, Message::End) {
                *messages = None;
            }
            Ok(next)
        });
        match next {
            Ok(Message::Batch(frame)) => {
                if let Some(reporter) = &self.reporter {
                    reporter.report(py, &self.progress)?;
                }
                Ok(Some(frame))
            }
            Ok(Message::Schema(_) | Message::End) => {
                self.set_state(State::Exhausted);
                if let Some(reporter) = &self.reporter {
                    reporter.finish(py, &self.progress)?;
                }
                Ok(None)
            }
            Err(error) => {
                if call.was_given_up() {
                    self.session.abandon("the connection is closed: a call did not stop when it was cancelled");
                }
                self.close(py)?;
                Err(error)
            }
        }
    }

    /// Why the connection was lost while it was read, if that is how it was closed: said once.
    fn last_word(&self, py: Python<'_>) -> PyResult<Option<Error>> {
        let runtime = runtime().map_err(to_py)?;
        let last = py.detach(|| {
            let mut messages = self.messages.try_lock().ok()?;
            let rest = async {
                loop {
                    match messages.as_mut()?.next().await {
                        // What came before the loss is no result any more.
                        Ok(Message::Schema(_) | Message::Batch(_)) => {}
                        Ok(Message::End) => return None,
                        Err(error) => return Some(error),
                    }
                }
            };
            let last = runtime.block_on(async { timeout(GRACE, rest).await }).ok().flatten();
            *messages = None;
            last
        });
        Ok(last.filter(|error| error.kind() == ErrorKind::Connection))
    }

    fn end(&self, py: Python<'_>) -> Result<()> {
        if self.state() != State::Open || self.session.is_foreign() {
            return Ok(());
        }
        self.set_state(State::Closed);
        let runtime = runtime()?;
        py.detach(|| {
            runtime.block_on(async {
                self.session.close_reader_of(&self.stop).await;
                if let Ok(mut messages) = self.messages.try_lock() {
                    *messages = None;
                }
            });
        });
        Ok(())
    }
}

impl Drop for BatchReader {
    fn drop(&mut self) {
        // Without an interpreter to wait in, closing the channel ends the task all the same.
        let _ = Python::try_attach(|py| self.end(py));
    }
}

#[pymethods]
impl BatchReader {
    /// The columns and types of every frame.
    #[getter]
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        frames::schema_to_python(py, &self.schema)
    }

    /// Whether the reader is exhausted or closed.
    #[getter]
    fn closed(&self) -> bool {
        self.state() != State::Open
    }

    /// Ends the statement and frees the connection. May be called twice.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let was_open = self.state() == State::Open;
        self.end(py).map_err(to_py)?;
        match &self.reporter {
            Some(reporter) if was_open => reporter.abandon(py),
            Some(_) | None => Ok(()),
        }
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.next_frame(py)?.map(|frame| frames::to_python(py, frame)).transpose()
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _exc_type: Option<&Bound<'_, PyAny>>,
        _exc_value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.close(py)
    }

    /// The rest of the result as an `arrow_array_stream` capsule; from then on the consumer of the capsule has it.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer keep its own schema.
        let _ = requested_schema;
        self.session.check_process().map_err(to_py)?;
        let taken = match self.messages.try_lock() {
            Ok(mut messages) if self.state() == State::Open => messages.take(),
            Ok(_) | Err(_) => None,
        };
        let mut messages = taken;
        if messages.is_none() {
            return Err(to_py(Error::execution(
                "the BatchReader is closed, exhausted, or being read by another thread",
            )));
        }
        self.set_state(State::Closed);
        let runtime = runtime().map_err(to_py)?;
        let batches = std::iter::from_fn(move || {
            let open = messages.as_mut()?;
            match open.wait(&runtime) {
                Ok(Message::Batch(frame)) => Some(Ok(to_arrow(frame))),
                Ok(Message::Schema(_) | Message::End) => {
                    messages = None;
                    None
                }
                Err(error) => {
                    messages = None;
                    Some(Err(PolarsError::ComputeError(error.to_string().into())))
                }
            }
        });
        let stream = polars_arrow::ffi::export_iterator(Box::new(batches), self.arrow_field());
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The schema as an `arrow_schema` capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = polars_arrow::ffi::export_field_to_c(&self.arrow_field());
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}

impl BatchReader {
    fn arrow_field(&self) -> polars_arrow::datatypes::Field {
        DataFrame::empty_with_schema(&self.schema)
            .into_struct("".into())
            .into_series()
            .field()
            .to_arrow(CompatLevel::newest())
    }
}

/// The error for asking a reader that will not give the rest: its end would look like that of the result.
fn ended() -> Error {
    Error::execution("the BatchReader was closed, or has handed its result over as an Arrow stream")
}

fn to_arrow(frame: DataFrame) -> Box<dyn polars_arrow::array::Array> {
    frame.into_struct("".into()).into_series().rechunk().to_arrow(0, CompatLevel::newest())
}

/// Takes the connection, sets the task going and waits for the schema.
async fn start(session: &Arc<Session>, call: &Call, reading: Reading) -> Result<(SchemaRef, Messages)> {
    let (slot, stop) = session.begin_reading(crate::session::Caller::current(), call).await?;
    let (sender, receiver) = channel(1);
    let mut messages = Messages { receiver, session: Arc::clone(session), stop: Arc::clone(&stop) };
    tokio::spawn(pump(Arc::clone(session), slot, reading, Consumer { sender, stop }));
    match messages.next().await? {
        Message::Schema(schema) => Ok((schema, messages)),
        Message::Batch(_) | Message::End => Err(Error::execution("the statement ended before it gave a schema")),
    }
}

/// Where the frames go, and what says that they are not wanted any more.
struct Consumer {
    sender: Sender<Result<Message>>,
    stop: Arc<Notify>,
}

impl Consumer {
    /// Sends a message as soon as there is room; `false` if the reader is gone.
    ///
    /// # Errors
    /// [`ErrorKind::Execution`] if the reader was closed from elsewhere: what it has got is not the whole result.
    async fn deliver(&self, message: Message) -> Result<bool> {
        tokio::select! {
            sent = self.sender.send(Ok(message)) => Ok(sent.is_ok()),
            () = self.stop.notified() => Err(Error::execution("the BatchReader was closed before the end of its result")),
        }
    }
}

/// Runs the statement and sends what it gives. The connection is free again before the last word is sent.
async fn pump(session: Arc<Session>, mut slot: OwnedMutexGuard<Slot>, reading: Reading, consumer: Consumer) {
    let consumer = Arc::new(consumer);
    // A thread of its own: connectors keep whoever polls them busy, be it with a file or with waiting for a socket.
    let work = tokio::task::spawn_blocking({
        let (session, consumer) = (Arc::clone(&session), Arc::clone(&consumer));
        let runtime = Handle::current();
        move || {
            let was_open = slot.as_ref().is_some_and(|connector| connector.in_transaction());
            let outcome = runtime.block_on(async {
                let outcome = produce(&session, &mut slot, &reading, &consumer).await;
                match slot.as_mut() {
                    Some(connector) => connector.recover().await.and(outcome),
                    None => outcome,
                }
            });
            if let Some(connector) = slot.as_mut() {
                session.note_outcome(was_open, connector.as_ref(), &outcome);
            }
            (slot, outcome)
        }
    });
    let last = match work.await {
        Ok((slot, outcome)) => {
            session.end_reading(slot);
            outcome.map(|()| Message::End)
        }
        Err(_) => {
            session.abandon("the connection is closed: reading from it failed inside industrydb");
            Err(Error::execution("reading failed inside industrydb: please report it"))
        }
    };
    // Nobody may be there any more to hear it.
    let _ = consumer.sender.send(last.map_err(|error| error.with_backend(session.config.db_type()))).await;
}

async fn produce(session: &Session, slot: &mut Slot, reading: &Reading, consumer: &Consumer) -> Result<()> {
    let Some(connector) = slot else { return Err(Error::closed("the connection is closed")) };
    let mut clock = ServerClock { session, timeout: reading.timeout, used: Duration::ZERO };
    let mut events = clock.time(connector.query(&reading.sql, &reading.params, reading.options.clone())).await?;
    let mut has_schema = false;
    let mut changed = 0;
    while let Some(event) = clock.time(next(events.as_mut())).await? {
        let message = match event {
            Event::Schema(_) if has_schema => {
                return Err(Error::execution(
                    "the script gives a second result set, for which a batch reader has no place",
                ));
            }
            Event::Schema(schema) => {
                has_schema = true;
                frames::check_overrides(&reading.options.overrides, &schema)?;
                Message::Schema(schema)
            }
            Event::Batch(frame) => Message::Batch(frame),
            Event::Done(rows) => {
                changed = rows;
                continue;
            }
        };
        if !consumer.deliver(message).await? {
            return Ok(());
        }
    }
    if !has_schema {
        let frame = ops::rows_affected(changed)?;
        consumer.deliver(Message::Schema(Arc::clone(frame.schema()))).await?;
        consumer.deliver(Message::Batch(frame)).await?;
    }
    Ok(())
}

async fn next(events: &mut dyn EventStream) -> Result<Option<Event>> {
    events.next().await
}

/// Counts the time that the server works, and stops it when its time is over.
struct ServerClock<'s> {
    session: &'s Session,
    timeout: Option<Duration>,
    used: Duration,
}

impl ServerClock<'_> {
    async fn time<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(timeout) = self.timeout else { return work.await };
        let left = timeout.saturating_sub(self.used);
        let canceller = self.session.canceller();
        let alarm = AbortOnDrop(tokio::spawn(async move {
            tokio::time::sleep(left).await;
            loop {
                // Again until the work ends: a cancel can come a moment too early.
                let _ = canceller.cancel().await;
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }));
        let began = Instant::now();
        let outcome = work.await;
        drop(alarm);
        self.used += began.elapsed();
        outcome.map_err(|error| {
            if error.kind() == ErrorKind::Cancelled && self.used >= timeout {
                let message = format!("the server worked longer than the timeout of {} s", timeout.as_secs_f64());
                error.with_kind(ErrorKind::Timeout).with_message(message)
            } else {
                error
            }
        })
    }
}

/// Ends a task when nobody waits for it any more.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
