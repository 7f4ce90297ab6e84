//! Stopping what a connection is doing: `pg_cancel_backend` over a second connection, since the driver keeps the key of
//! a cancel request to itself (PostgreSQL manual, 9.28.2).
//!
//! A call that was asked to stop is asked again until it has ended, and the server is asked each time what its process
//! waits for. So a network that lost the answer is told from a server that needs a while: the first is given up soon.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::{BoxFuture, Canceller};
use industrydb_core::error::{Error, ErrorKind, Result};
use sqlx::PgConnection;
use tokio::sync::{Notify, oneshot};

use crate::error::BACKEND;
use crate::second::{Answer, Second};
use crate::session::State;

/// How long the server gets to act on a cancel before it is asked again.
const BETWEEN_TWO: Duration = Duration::from_millis(200);
/// How often the server is asked to stop a call before that is given up: three seconds, more where answers take long.
const MOST_ASKS: usize = 15;
/// How often in a row the server's process may be found waiting for us, while we wait for it, before the network is known
/// to have lost something: after a second, later on a busy machine.
const SILENCE: usize = 5;
/// How long something may be on its way to the server before it is asked whether its process is still there.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Why a call was given up together with its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Behind a pooler the server's process may be serving somebody else.
    Pooled,
    /// The server can't be reached again.
    Unreachable,
    /// It can, and the connection's process is not there.
    Gone,
    /// It has stopped the statement, or waits for more of it, and nothing of that arrives.
    Silent,
    /// It goes on all the same.
    Deaf,
}

impl Why {
    /// Why the connection is closed, for whoever uses it next.
    fn reason(self) -> &'static str {
        match self {
            Self::Pooled => {
                "the connection is closed: a call was cancelled, and behind a pooler no cancel can be addressed safely, \
                 since the server's process may be serving somebody else"
            }
            Self::Unreachable => {
                "the connection is closed: a call was cancelled, and no second connection to the server came about that \
                 could have told it to stop"
            }
            Self::Gone => "the connection is closed: a call was cancelled whose process is not on the server any more",
            Self::Silent => {
                "the connection is closed: a call was cancelled, and what the server says to that does not arrive"
            }
            Self::Deaf => "the connection is closed: a call was cancelled, and the server did not stop it in time",
        }
    }
}

/// Which call of a connection runs, and what asks it to stop.
#[derive(Debug)]
pub struct Calls {
    /// How to reach the server again.
    second: Second,
    /// Odd while a call runs.
    count: AtomicU64,
    /// When the last call began.
    began: Mutex<Instant>,
    /// Held by a cancel on its way, so that it can't hit the next call.
    gate: tokio::sync::Mutex<()>,
    /// The call that was asked last.
    asked: AtomicU64,
    /// Behind a pooler the server's process may be serving somebody else: a cancel ends the connection instead.
    pooled: bool,
    /// The running call waits for whoever reads its rows.
    held_up: AtomicBool,
    /// The call that was given up, and why.
    aborted: Mutex<Option<(u64, Why)>>,
    aborts: Notify,
    /// A call has ended.
    ends: Notify,
    /// The consumer of the running query wants no more of it.
    leaves: Notify,
}

impl Calls {
    /// No call yet.
    pub fn new(second: Second, pooled: bool) -> Self {
        Self {
            second,
            count: AtomicU64::new(0),
            began: Mutex::new(Instant::now()),
            gate: tokio::sync::Mutex::new(()),
            asked: AtomicU64::new(0),
            pooled,
            held_up: AtomicBool::new(false),
            aborted: Mutex::new(None),
            aborts: Notify::new(),
            ends: Notify::new(),
            leaves: Notify::new(),
        }
    }

    /// A call begins.
    pub fn begin(&self) {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.count.fetch_or(1, Ordering::AcqRel);
    }

    /// The time since the last call began.
    pub fn elapsed(&self) -> Duration {
        self.began.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// The running call, if there is one.
    fn running(&self) -> Option<u64> {
        let count = self.count.load(Ordering::Acquire);
        (count & 1 == 1).then_some(count)
    }

    /// Whether a call runs.
    #[cfg(test)]
    pub fn is_running(&self) -> bool {
        self.running().is_some()
    }

    /// Whether the running call was asked to stop.
    pub fn was_asked(&self) -> bool {
        self.running() == Some(self.asked.load(Ordering::Acquire))
    }

    /// Waits for whoever reads the rows to take some. What the server does meanwhile says nothing about the network.
    pub async fn held_up<T>(&self, work: impl Future<Output = T>) -> T {
        self.held_up.store(true, Ordering::Release);
        let outcome = work.await;
        self.held_up.store(false, Ordering::Release);
        outcome
    }

    /// Comes when the running call has to be given up, together with its connection; says why.
    pub async fn aborted(&self) -> &'static str {
        loop {
            let mut notified = std::pin::pin!(self.aborts.notified());
            notified.as_mut().enable();
            let aborted = *self.aborted.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((call, why)) = aborted
                && self.running() == Some(call)
            {
                return why.reason();
            }
            notified.await;
        }
    }

    fn abort(&self, call: u64, why: Why) {
        *self.aborted.lock().unwrap_or_else(PoisonError::into_inner) = Some((call, why));
        self.aborts.notify_waiters();
    }

    /// Comes when the consumer of the running query wants no more of it.
    pub async fn left(&self) {
        self.leaves.notified().await;
    }

    /// The call has ended; a cancel on its way arrives first.
    pub async fn end(&self) {
        let _gate = self.gate.lock().await;
        self.leave();
    }

    /// The call has ended, or its connection has: nobody asks it any more.
    pub fn leave(&self) {
        let ended = |count: u64| (count & 1 == 1).then(|| count + 1);
        let _ = self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, ended);
        self.ends.notify_waiters();
    }

    /// Comes when `call` has ended.
    async fn ended(&self, call: u64) {
        loop {
            let mut notified = std::pin::pin!(self.ends.notified());
            notified.as_mut().enable();
            if self.running() != Some(call) {
                return;
            }
            notified.await;
        }
    }

    /// Asks the server once to stop the running call; from within it, for lack of anybody who wants its rows. Behind a
    /// pooler that would cost the connection: there the rows come and are thrown away, as they do where the server can't
    /// be reached.
    pub async fn stop_running(&self) {
        if self.pooled {
            return;
        }
        let _gate = self.gate.lock().await;
        if self.running().is_some() {
            self.second.cancel(&mut None).await;
        }
    }

    /// Waits for `work`, which sends something. The driver reads nothing meanwhile, so that it does not see where the
    /// server has ended the connection: if it takes long, the server is asked now and then.
    ///
    /// # Errors
    /// That of `work`; [`sqlx::Error::Io`] if the server has no such process any more.
    pub async fn watched<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let mut work = std::pin::pin!(work);
        loop {
            if let Ok(outcome) = tokio::time::timeout(BETWEEN_LOOKS, &mut work).await {
                return outcome;
            }
            let is_gone = async { !self.pooled && self.second.look().await == Some(Answer::Gone) };
            let gone = tokio::select! {
                outcome = &mut work => return outcome,
                gone = is_gone => gone,
            };
            if gone {
                let cause = "its process is not on the server any more";
                return Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::ConnectionAborted, cause)));
            }
        }
    }

    /// Asks the server to stop `call` until it has ended, or gives it up. `told` is dropped once it was asked.
    async fn pursue(&self, call: u64, told: oneshot::Sender<()>) {
        let mut connection = None;
        if let Some(why) = self.ask_until_it_ends(call, told, &mut connection).await {
            let _gate = self.gate.lock().await;
            if self.running() == Some(call) {
                self.abort(call, why);
            }
        }
        Second::end(connection).await;
    }

    /// Why `call` has to be given up; `None` if it has ended.
    async fn ask_until_it_ends(
        &self,
        call: u64,
        told: oneshot::Sender<()>,
        connection: &mut Option<PgConnection>,
    ) -> Option<Why> {
        let mut told = Some(told);
        let mut silent = 0;
        for _ in 0..MOST_ASKS {
            let gate = self.gate.lock().await;
            if self.running() != Some(call) {
                return None;
            }
            if self.pooled {
                return Some(Why::Pooled);
            }
            match self.second.cancel(connection).await {
                None | Some(Answer::Elsewhere) => return Some(Why::Unreachable),
                Some(Answer::Gone) => return Some(Why::Gone),
                Some(Answer::Works) => silent = 0,
                // It may have begun to wait because of something else.
                Some(Answer::Waits) if told.is_some() => {}
                Some(Answer::Waits) => silent += 1,
            }
            if silent == SILENCE {
                return Some(Why::Silent);
            }
            drop(gate);
            drop(told.take());
            loop {
                if tokio::time::timeout(BETWEEN_TWO, self.ended(call)).await.is_ok() {
                    return None;
                }
                if !self.held_up.load(Ordering::Acquire) {
                    break;
                }
                silent = 0;
            }
        }
        Some(Why::Deaf)
    }
}

/// The canceller of one connection, with what tells whether a transaction is open.
pub struct PostgresCanceller(pub Arc<Calls>, pub Arc<State>);

impl Canceller for PostgresCanceller {
    fn cancel(&self) -> BoxFuture<'static, Result<()>> {
        let Some(call) = self.0.running() else { return Box::pin(std::future::ready(Ok(()))) };
        let (told, is_told) = oneshot::channel();
        if self.0.asked.swap(call, Ordering::AcqRel) != call {
            let calls = Arc::clone(&self.0);
            // On a thread of the runtime: whoever asks may stop waiting, and half a login helps nobody.
            tokio::spawn(async move { calls.pursue(call, told).await });
        }
        Box::pin(async move {
            // Nothing is ever sent: it ends when the server was asked, or need not be.
            let _ = is_told.await;
            Ok(())
        })
    }

    fn leave(&self) -> BoxFuture<'static, Result<()>> {
        if !self.1.in_transaction() {
            return self.cancel();
        }
        // The server gives a transaction up in which a statement was cancelled.
        self.0.leaves.notify_waiters();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The error of a call that was given up together with its connection.
pub fn aborted_error(reason: &str) -> Error {
    Error::new(ErrorKind::Cancelled, "the call was cancelled").with_hint(reason).with_backend(BACKEND)
}
