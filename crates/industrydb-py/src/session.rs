//! One connection as several threads or tasks share it: who may use it, and when.
//!
//! Calls take turns in the order in which they were made. An open transaction belongs to whoever opened it: the calls of others wait until it ends. While a
//! batch reader is open, every call fails at once. None of this is I/O; the connector itself is behind a lock of its
//! own, so that a reader's task can hold it.

mod queue;
mod transactions;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use industrydb_core::config::Config;
use industrydb_core::connector::{BoxFuture, Canceller, DatabaseConnector};
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::Dialect;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::task::{block_in_place, spawn_blocking};

use crate::call::Call;
use crate::caller::{Caller, Owner};
use crate::factory;
use crate::runtime::{panicked, runtime};
use queue::Queue;
pub use queue::Ticket;
pub use transactions::Block;
use transactions::Ledger;

/// How often a call that waits for another's transaction looks whether that one is still there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Why a connection is closed whose call did not end as it should.
pub const GIVEN_UP: &str =
    "the connection is closed: a call did not stop when it was cancelled, or failed inside industrydb";

/// The connector, until the connection closes.
pub type Slot = Option<Box<dyn DatabaseConnector>>;

/// One connection, shared.
pub struct Session {
    /// What it was opened with.
    pub config: Config,
    /// How its backend spells SQL.
    pub dialect: &'static Dialect,
    /// The server's version.
    pub server_version: String,
    pid: u32,
    connector: Arc<tokio::sync::Mutex<Slot>>,
    canceller: Arc<dyn Canceller>,
    in_transaction: AtomicBool,
    turns: Mutex<Turns>,
    ledger: Mutex<Ledger>,
    /// Somebody's turn, transaction or reader has ended.
    ended: Notify,
}

/// Whose turn it is.
#[derive(Debug, Default)]
struct Turns {
    /// Who waits for a turn.
    queue: Queue,
    /// Who is in a call right now.
    busy: Option<Caller>,
    /// To whom the open transaction belongs.
    owner: Option<Owner>,
    /// What ends the open batch reader, if there is one: each has its own, so that none ends the next.
    reading: Option<Arc<Notify>>,
    /// Whether that reader is being closed already, so that it is worth waiting for its end.
    leaving: bool,
    /// Whether a batch reader's task still holds the connector.
    pumping: bool,
    /// Whether the open transaction is going to be rolled back before anybody's call, its owner's included.
    undoing: bool,
    /// Why the connection is closed, once it is.
    closed: Option<String>,
}

/// The right to use the connection until it is dropped.
pub struct Turn {
    session: Arc<Session>,
    caller: Caller,
}

impl Turns {
    fn wake_next(&self) {
        self.queue.wake_next(self.owner.as_ref().map(|owner| &owner.caller));
    }

    /// Whether nobody else is in a call or has a transaction open, and no reader is open.
    fn is_free_for(&self, caller: &Caller) -> bool {
        self.closed.is_none()
            && self.reading.is_none()
            && self.busy.is_none()
            && !self.undoing
            && self.owner.as_ref().is_none_or(|owner| owner.caller == *caller)
    }

    /// Whether what stands in the way is `owner`'s transaction alone. It may have been ended since it was asked.
    fn waits_for(&self, owner: &Owner) -> bool {
        self.busy.is_none() && !self.undoing && self.owner.as_ref().is_some_and(|open| open.caller == owner.caller)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.session.shut("the connection is closed: a call failed inside industrydb");
        }
        let open = self.session.in_transaction();
        // Asks the interpreter for the thread's name, which nobody may wait for who has the lock.
        let new = (open && self.session.turns().owner.is_none()).then(|| Owner::new(self.caller.clone()));
        let mut turns = self.session.turns();
        turns.busy = None;
        turns.owner = if open { turns.owner.take().or(new) } else { None };
        turns.wake_next();
        drop(turns);
        self.session.ended.notify_waiters();
    }
}

impl Session {
    /// Opens the database of `config`.
    ///
    /// # Errors
    /// Those of [`factory::connect`].
    pub async fn open(config: Config) -> Result<Self> {
        let connector = factory::connect(&config).await?;
        Ok(Self {
            dialect: connector.dialect(),
            server_version: connector.server_version().to_owned(),
            canceller: connector.canceller(),
            connector: Arc::new(tokio::sync::Mutex::new(Some(connector))),
            config,
            pid: std::process::id(),
            in_transaction: AtomicBool::new(false),
            turns: Mutex::default(),
            ledger: Mutex::default(),
            ended: Notify::new(),
        })
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a transaction is open, as of the last call that ended.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction.load(Ordering::Acquire)
    }

    /// Whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        // After a fork the lock may be locked for ever.
        self.is_foreign() || self.turns().closed.is_some()
    }

    /// Whether this process is a fork of the one that opened the connection.
    pub fn is_foreign(&self) -> bool {
        self.pid != std::process::id()
    }

    /// What stops the running call.
    pub fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::clone(&self.canceller)
    }

    /// Refuses the connection of another process. Comes before any lock, which the fork may have left locked.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::ConnectionClosed`].
    pub fn check_process(&self) -> Result<()> {
        if !self.is_foreign() {
            return Ok(());
        }
        let message = format!(
            "this connection was opened by process {} and cannot be used after a fork: open a new one in this process",
            self.pid
        );
        Err(Error::closed(message).with_backend(self.config.db_type()))
    }

    /// Refuses a connection that is closed.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::ConnectionClosed`].
    pub fn check_open(&self) -> Result<()> {
        self.turns().closed.as_ref().map_or(Ok(()), |reason| Err(self.closed_error(reason)))
    }

    fn closed_error(&self, reason: &str) -> Error {
        Error::closed(reason).with_backend(self.config.db_type())
    }

    /// Waits for this caller's turn.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::ConnectionClosed`]; [`industrydb_core::error::ErrorKind::Execution`] at
    /// once if a batch reader is open, if the caller is in the middle of another call already, or if the thread or task
    /// whose transaction is open has ended.
    async fn turn(self: &Arc<Self>, caller: &Caller, call: &Call) -> Result<Turn> {
        let ticket = call.take_ticket().unwrap_or_else(|| Ticket::new(self, caller));
        loop {
            let owner = {
                let mut turns = self.turns();
                if let Some(reason) = &turns.closed {
                    return Err(self.closed_error(reason));
                }
                if turns.reading.is_some() && !turns.leaving {
                    return Err(self.refusal("a BatchReader of this connection is open: exhaust it or close it first"));
                }
                // A task can't be: what is still running is a call of its own that was cancelled.
                if matches!(caller, Caller::Thread(_)) && turns.busy.as_ref() == Some(caller) {
                    return Err(self.refusal("this thread is in the middle of another call of this connection"));
                }
                let owner = turns.owner.as_ref().map(|owner| &owner.caller);
                if turns.is_free_for(caller) && turns.queue.is_next(&ticket, owner) {
                    return Ok(self.take(&mut turns, caller));
                }
                // One is enough to look whether the owner is still there; when it leaves the queue, the next one does.
                turns.owner.clone().filter(|_| turns.queue.is_at_the_head(&ticket))
            };
            let Some(owner) = owner else {
                ticket.woken().await;
                continue;
            };
            if self.turns().waits_for(&owner) && block_in_place(|| owner.is_gone()) && self.turns().waits_for(&owner) {
                return Err(self
                    .refusal(&format!("a transaction is open that nobody can end: its {owner} has ended"))
                    .with_hint("close the connection, which rolls back, and open another one"));
            }
            // A thread or task that ends says nothing: look again now and then.
            let _ = tokio::time::timeout(LOOK_EVERY, ticket.woken()).await;
        }
    }

    /// This caller's turn, before anybody else's, to undo a transaction: [`Turns::undoing`] is set. `None` if the
    /// connection is closed meanwhile.
    async fn turn_to_undo(self: &Arc<Self>, caller: &Caller) -> Option<Turn> {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            {
                let mut turns = self.turns();
                if turns.closed.is_some() {
                    return None;
                }
                if turns.busy.is_none() {
                    return Some(self.take(&mut turns, caller));
                }
            }
            ended.await;
        }
    }

    fn take(self: &Arc<Self>, turns: &mut Turns, caller: &Caller) -> Turn {
        turns.busy = Some(caller.clone());
        Turn { session: Arc::clone(self), caller: caller.clone() }
    }

    fn refusal(&self, message: &str) -> Error {
        Error::execution(message).with_backend(self.config.db_type())
    }

    /// Runs a verb when it is this caller's turn.
    ///
    /// # Errors
    /// Those of waiting for the turn, and those of `verb`.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        caller: &Caller,
        call: &Call,
        verb: impl for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let turn = self.turn(caller, call).await?;
        self.run_in(turn, call, verb).await
    }

    /// Runs a verb in this turn.
    async fn run_in<T: Send + 'static>(
        self: &Arc<Self>,
        turn: Turn,
        call: &Call,
        verb: impl for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let mut slot = Arc::clone(&self.connector).lock_owned().await;
        // From here on it runs to its end: a call that has begun is not dropped.
        call.start(self.canceller())?;
        match &turn.caller {
            Caller::Thread(_) => self.work(&turn.caller, &mut slot, call, verb).await,
            Caller::Task(_) => {
                // Connectors keep whoever polls them busy, be it with a file or with waiting for a socket: for as long as
                // it has the connection, a task's call has a thread.
                let (session, caller, call, runtime) =
                    (Arc::clone(self), turn.caller.clone(), call.clone(), Handle::current());
                let work =
                    spawn_blocking(move || runtime.block_on(session.work(&caller, &mut slot, &call, verb))).await;
                work.unwrap_or_else(|_| {
                    self.abandon("the connection is closed: a call failed inside industrydb");
                    Err(panicked())
                })
            }
        }
    }

    async fn work<T>(
        &self,
        caller: &Caller,
        slot: &mut Slot,
        call: &Call,
        verb: impl for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<T>>,
    ) -> Result<T> {
        let Some(connector) = slot.as_mut() else { return Err(self.closed_error("the connection is closed")) };
        if let (false, Some(error)) = (call.ends_transaction(), self.lost_transaction(caller)) {
            call.finish_work();
            return Err(error);
        }
        let was_open = connector.in_transaction();
        let mut outcome = verb(connector.as_mut()).await.map_err(|error| error.with_backend(self.config.db_type()));
        if call.begins_transaction() && !was_open {
            call.note_begun(connector.in_transaction());
        }
        let stopped = call.finish_work().is_some();
        if !call.ends_transaction() {
            self.note_outcome(was_open, connector.as_ref(), &outcome);
        }
        let tidied = self.tidy_transaction(connector.as_mut(), stopped && call.has_begun()).await;
        if stopped {
            call.note_begun(false);
        }
        if let (Ok(_), Err(error)) = (&outcome, tidied) {
            outcome = Err(error);
        }
        self.note_state(slot);
        if self.is_closed()
            && let Some(connector) = slot.take()
        {
            // Closed from within this very call: by its progress callback, or by a signal handler.
            connector.close().await?;
        }
        outcome
    }

    /// Takes the connector for a batch reader, with what tells it to stop; [`Self::end_reading`] gives it back.
    ///
    /// # Errors
    /// Those of waiting for the turn.
    pub async fn begin_reading(
        self: &Arc<Self>,
        caller: &Caller,
        call: &Call,
    ) -> Result<(OwnedMutexGuard<Slot>, Arc<Notify>)> {
        let _turn = self.turn(caller, call).await?;
        if let Some(error) = self.lost_transaction(caller) {
            return Err(error);
        }
        let slot = Arc::clone(&self.connector).lock_owned().await;
        let stop = Arc::new(Notify::new());
        call.read_until(&stop);
        call.start(self.canceller())?;
        let mut turns = self.turns();
        turns.reading = Some(Arc::clone(&stop));
        // A task that was cancelled by now is not going to read.
        turns.leaving = call.stop().is_some();
        turns.pumping = true;
        turns.queue.wake_all();
        drop(turns);
        Ok((slot, stop))
    }

    /// The batch reader's task is done with the connector; the reader itself stays open until its consumer is done.
    pub fn end_reading(&self, mut slot: OwnedMutexGuard<Slot>) {
        self.note_state(&mut slot);
        let mut turns = self.turns();
        turns.pumping = false;
        if !self.in_transaction() {
            turns.owner = None;
        }
        drop(turns);
        drop(slot);
    }

    /// The batch reader that has `stop` is exhausted or closed; other calls may go on.
    pub fn finish_reading(&self, stop: &Arc<Notify>) {
        let mut turns = self.turns();
        if turns.reading.as_ref().is_some_and(|open| Arc::ptr_eq(open, stop)) {
            turns.reading = None;
        }
        turns.wake_next();
    }

    /// The batch reader that has `stop` is going to be closed: calls may wait for that.
    pub fn leave_reading(&self, stop: &Arc<Notify>) {
        let mut turns = self.turns();
        turns.leaving |= turns.reading.as_ref().is_some_and(|open| Arc::ptr_eq(open, stop));
    }

    /// Ends the open batch reader, if there is one, whoever has it.
    pub async fn close_reader(&self) {
        let open = self.turns().reading.clone();
        if let Some(stop) = open {
            self.close_reader_of(&stop).await;
        }
    }

    /// Ends the batch reader that has `stop`, unless it has ended; waits until the connection is free.
    pub async fn close_reader_of(&self, stop: &Arc<Notify>) {
        let reads = |turns: &Turns| turns.pumping && turns.reading.as_ref().is_some_and(|open| Arc::ptr_eq(open, stop));
        while reads(&self.turns()) {
            stop.notify_one();
            // It can come too early, so this is said again until the reader has ended.
            let _ = self.canceller.leave().await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.finish_reading(stop);
    }

    /// Asks what runs to stop and gives it a moment; a cancel can come too early, so this is said again until it ends.
    async fn press(&self) {
        // If the cancel does not get through, the next one may.
        let _ = self.canceller.cancel().await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }

    /// Takes over what a call has changed: the transaction, or that the connection is of no use any more.
    fn note_state(&self, slot: &mut Slot) {
        let Some(connector) = slot else { return };
        self.in_transaction.store(connector.in_transaction() && !self.is_closed(), Ordering::Release);
        if let Some(reason) = connector.closed_because() {
            *slot = None;
            self.shut(&reason);
        }
    }

    fn shut(&self, reason: &str) {
        self.in_transaction.store(false, Ordering::Release);
        let mut turns = self.turns();
        turns.closed.get_or_insert_with(|| reason.to_owned());
        turns.queue.wake_all();
        drop(turns);
        self.ended.notify_waiters();
    }

    /// Nobody gets the connection again, for this reason.
    pub fn abandon(&self, reason: &str) {
        self.turns().pumping = false;
        self.shut(reason);
    }

    /// Closes the connection; what runs in other threads is cancelled, what is open rolls back. Closing again does
    /// nothing.
    ///
    /// # Errors
    /// What the server says to it.
    pub async fn close(&self, caller: &Caller) -> Result<()> {
        self.shut("the connection is closed");
        if matches!(caller, Caller::Thread(_)) && self.turns().busy.as_ref() == Some(caller) {
            // The call below this one on the stack has the connector, and closes it when it ends.
            return self.canceller.cancel().await;
        }
        let mut slot = loop {
            self.close_reader().await;
            match self.connector.try_lock() {
                Ok(slot) => break slot,
                Err(_) => self.press().await,
            }
        };
        match slot.take() {
            Some(connector) => connector.close().await,
            None => Ok(()),
        }
    }

    /// Closes the connection, of which nobody knows, without waiting for that.
    pub fn close_soon(self: &Arc<Self>) {
        self.shut("the connection is closed");
        if let Ok(runtime) = runtime() {
            let session = Arc::clone(self);
            // Nobody is there to hear what the server says to it.
            runtime.spawn(async move { session.close(&Caller::thread()).await });
        }
    }

    /// In a forked child: the parent's connector must not be touched, not even to free it.
    pub fn leak(&self) {
        if let Ok(mut slot) = self.connector.try_lock() {
            std::mem::forget(slot.take());
        }
    }
}
