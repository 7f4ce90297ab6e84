//! How a result arrives piece by piece, for the readers.
//!
//! A task of the runtime holds the connector and runs the statement; its frames come through a channel of one place, so
//! that the server is read one batch ahead of the consumer and never further.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::{Event, EventStream, Progress, ReadOptions};
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::ops;
use industrydb_core::value::Params;
use polars_core::prelude::{DataFrame, SchemaRef};
use pyo3::prelude::*;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard};
use tokio::time::timeout;

use crate::call::Call;
use crate::caller::Caller;
use crate::frames;
use crate::gil::Released;
use crate::progress::Reporter;
use crate::runtime::GRACE;
use crate::session::{Session, Slot};

/// How often a consumer of the Arrow stream that waits looks for signals.
const LOOK_EVERY: Duration = Duration::from_millis(25);

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

/// What the task sends: the schema first, then frames, then that this was all. A channel that closes without that word
/// is a task that died.
pub enum Message {
    /// The columns and types of every frame.
    Schema(SchemaRef),
    /// The next rows.
    Batch(DataFrame),
    /// That was all.
    End,
}

/// The consumer's end of the channel. As long as it is there, the connection is the reader's.
pub struct Messages {
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
    pub fn wait(&mut self, runtime: &Runtime) -> Result<Message> {
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

/// Where a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// All of it has been given.
    Exhausted,
    /// It ended before that, or somebody else has the rest.
    Closed,
}

/// A result on its way, as both classes of readers have it.
pub struct Incoming {
    /// The columns and types of every frame.
    pub schema: SchemaRef,
    session: Arc<Session>,
    messages: AsyncMutex<Option<Messages>>,
    stop: Arc<Notify>,
    state: Mutex<State>,
    progress: Arc<Progress>,
    reporter: Option<Reporter>,
}

impl Incoming {
    /// Takes the connection, sets the task going that reads, and waits for the schema.
    ///
    /// # Errors
    /// What comes before the first row: the statement's own errors, and those of waiting for the connection.
    pub async fn open(
        session: Arc<Session>,
        caller: &Caller,
        call: &Call,
        reading: Reading,
        reporter: Option<Reporter>,
    ) -> Result<Self> {
        let progress = Arc::clone(&reading.options.progress);
        let (schema, messages) = start(&session, caller, call, reading).await?;
        Ok(Self {
            schema,
            session,
            stop: Arc::clone(&messages.stop),
            messages: AsyncMutex::new(Some(messages)),
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

    /// Whether there may be more.
    pub fn is_open(&self) -> bool {
        self.state() == State::Open
    }

    /// Whether there is something to wait for; not once the end has been given.
    ///
    /// # Errors
    /// [`ErrorKind::Execution`] if the reader was closed before that; [`ErrorKind::ConnectionClosed`] if the connection
    /// was, or belongs to another process.
    pub fn has_more(&self) -> Result<bool> {
        self.session.check_process()?;
        match self.state() {
            State::Open => Ok(true),
            State::Exhausted => Ok(false),
            // Its end would look like that of the result.
            State::Closed => Err(self.session.check_open().err().unwrap_or_else(|| {
                Error::execution("the BatchReader was closed, or has handed its result over as an Arrow stream")
            })),
        }
    }

    /// A call that waits for the next message, and stops the statement if it is stopped.
    ///
    /// # Errors
    /// None: nothing can have stopped it yet.
    pub fn call(&self) -> Result<Call> {
        let call = Call::new(None, None);
        call.read_until(&self.stop);
        call.start(self.session.canceller())?;
        Ok(call)
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// Those of the statement; [`ErrorKind::ConnectionClosed`].
    pub async fn next(&self) -> Result<Message> {
        if let Err(closed) = self.session.check_open() {
            return Err(self.last_word().await.unwrap_or(closed));
        }
        let mut messages = self.messages.lock().await;
        let Some(open) = messages.as_mut() else { return Ok(Message::End) };
        let next = open.next().await?;
        if matches!(next, Message::End) {
            *messages = None;
        }
        Ok(next)
    }

    /// Why the connection was lost while it was read, if that is how it was closed: said once.
    async fn last_word(&self) -> Option<Error> {
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
        let last = timeout(GRACE, rest).await.ok().flatten();
        *messages = None;
        last.filter(|error| error.kind() == ErrorKind::Connection)
    }

    /// The frame of a message, `None` for the end; reports how far the reader has come.
    ///
    /// # Errors
    /// What the progress callback raises.
    pub fn frame(&self, py: Python<'_>, message: Message) -> PyResult<Option<DataFrame>> {
        match message {
            Message::Batch(frame) => {
                self.reporter.as_ref().map_or(Ok(()), |reporter| reporter.report(py, &self.progress))?;
                Ok(Some(frame))
            }
            Message::Schema(_) | Message::End => {
                self.set_state(State::Exhausted);
                self.reporter.as_ref().map_or(Ok(()), |reporter| reporter.finish(py, &self.progress))?;
                Ok(None)
            }
        }
    }

    /// The rest of the result, for somebody else; `None` if it is closed, exhausted, or being read.
    pub fn take(&self) -> Option<Messages> {
        let taken = match self.messages.try_lock() {
            Ok(mut messages) if self.is_open() => messages.take(),
            Ok(_) | Err(_) => None,
        };
        if taken.is_some() {
            self.set_state(State::Closed);
        }
        taken
    }

    /// The result will not be read further: calls may wait for the connection from now on. `false` if it was read whole
    /// or closed before.
    pub fn leave(&self) -> bool {
        if !self.is_open() || self.session.is_foreign() {
            return false;
        }
        self.set_state(State::Closed);
        self.session.leave_reading(&self.stop);
        true
    }

    /// Ends the statement and waits until the connection is free.
    pub async fn close(&self) {
        self.session.close_reader_of(&self.stop).await;
        if let Ok(mut messages) = self.messages.try_lock() {
            *messages = None;
        }
    }

    /// What waited for the next message did not stop when it was asked to.
    pub fn give_up(&self) {
        self.session.abandon("the connection is closed: a call did not stop when it was cancelled");
    }

    /// Closes the bar of what was not read whole.
    ///
    /// # Errors
    /// What closing it raises.
    pub fn abandon_progress(&self, py: Python<'_>) -> PyResult<()> {
        self.reporter.as_ref().map_or(Ok(()), |reporter| reporter.abandon(py))
    }
}

/// Takes the connection, sets the task going and waits for the schema.
async fn start(
    session: &Arc<Session>,
    caller: &Caller,
    call: &Call,
    reading: Reading,
) -> Result<(SchemaRef, Messages)> {
    let (slot, stop) = session.begin_reading(caller, call).await?;
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
