//! Stopping what a connection is doing: `pg_cancel_backend` over a second connection, since the driver keeps the key of
//! a cancel request to itself (PostgreSQL manual, 9.28.2).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use industrydb_core::connector::{BoxFuture, Canceller};
use industrydb_core::error::Result;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, raw_sql};

use crate::connect::quoted;

use crate::session::State;

/// How long the server gets to act on a cancel before it is asked again.
const BETWEEN_TWO: Duration = Duration::from_millis(200);

/// Why a connection is closed after a call that was given up.
pub const ABORTED: &str = "the connection is closed: a call was cancelled that the server could not be told to stop";
/// How long a cancel may take to get through.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which call of a connection runs, and what asks it to stop.
#[derive(Debug)]
pub struct Calls {
    /// How to reach the server again.
    options: PgConnectOptions,
    /// The server's process for this connection.
    process: i32,
    /// When that began, as the server writes it: a pid alone may be another session's by now, or that of another server
    /// behind the same name.
    began: Option<String>,
    /// Odd while a call runs.
    count: AtomicU64,
    /// Held by a cancel on its way, so that it can't hit the next call.
    gate: tokio::sync::Mutex<()>,
    /// The call that was asked last, and when.
    asked: Mutex<Option<(u64, Instant)>>,
    /// Behind a pooler the server's process may be serving somebody else: a cancel ends the connection instead.
    pooled: bool,
    aborts: tokio::sync::Notify,
    /// The consumer of the running query wants no more of it.
    leaves: tokio::sync::Notify,
}

impl Calls {
    /// No call yet.
    pub fn new(options: PgConnectOptions, process: i32, began: Option<String>, pooled: bool) -> Self {
        let asked = Mutex::new(None);
        let (gate, aborts) = (tokio::sync::Mutex::new(()), tokio::sync::Notify::new());
        let leaves = tokio::sync::Notify::new();
        Self { options, process, began, count: AtomicU64::new(0), gate, asked, pooled, aborts, leaves }
    }

    /// A call begins.
    pub fn begin(&self) {
        self.count.fetch_or(1, Ordering::AcqRel);
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

    /// The call will never end, and its connection goes with it: nothing is left to be cancelled.
    pub fn give_up(&self) {
        self.count.fetch_add(self.count.load(Ordering::Acquire) & 1, Ordering::AcqRel);
    }

    /// Whether the running call was asked to stop.
    pub fn was_asked(&self) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        matches!((&*asked, self.running()), (Some((call, _)), Some(running)) if *call == running)
    }

    /// Comes when the running call has to be given up, together with its connection.
    pub async fn aborted(&self) {
        self.aborts.notified().await;
    }

    /// Comes when the consumer of the running query wants no more of it.
    pub async fn left(&self) {
        self.leaves.notified().await;
    }

    /// The call has ended; a cancel on its way arrives first.
    pub async fn end(&self) {
        let _gate = self.gate.lock().await;
        if self.running().is_some() {
            self.count.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Asks the server to stop the running call; from within it, for lack of anybody who wants its rows. Behind a pooler
    /// that would cost the connection: there the rows come and are thrown away.
    pub async fn stop_running(&self) {
        if self.pooled {
            return;
        }
        if let Some(call) = self.running() {
            // If it does not get through, the rows come and are thrown away.
            let _ = self.stop(call).await;
        }
    }

    /// Asks the server to stop `call`, unless that was said just now.
    async fn stop(&self, call: u64) -> Result<()> {
        let _gate = self.gate.lock().await;
        {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let recently = matches!(*asked, Some((last, at)) if last == call && at.elapsed() < BETWEEN_TWO);
            if self.running() != Some(call) || recently {
                return Ok(());
            }
            *asked = Some((call, Instant::now()));
        }
        if self.pooled {
            self.aborts.notify_waiters();
            return Ok(());
        }
        if !matches!(tokio::time::timeout(PATIENCE, self.reach()).await, Ok(Ok(()))) {
            // Whoever cancels wants to get out, and the server can't be told: the call stops all the same, and the
            // connection, which goes with it, says why.
            self.aborts.notify_waiters();
        }
        Ok(())
    }

    /// # Errors
    /// What the server says; [`sqlx::Error::RowNotFound`] if it has no such session.
    async fn reach(&self) -> sqlx::Result<()> {
        let mut second = self.options.connect().await?;
        let began = self
            .began
            .as_deref()
            .map_or(String::new(), |began| format!(" WHERE backend_start = {}::pg_catalog.timestamptz", quoted(began)));
        let sql = format!(
            "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_get_activity({}){began}",
            self.process
        );
        let told = raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut second).await?;
        let told = told.map_or(Ok(false), |row| row.try_get::<bool, _>(0))?;
        second.close().await?;
        if told { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
    }
}

/// The canceller of one connection, with what tells whether a transaction is open.
pub struct PostgresCanceller(pub Arc<Calls>, pub Arc<State>);

impl Canceller for PostgresCanceller {
    fn cancel(&self) -> BoxFuture<'static, Result<()>> {
        let Some(call) = self.0.running() else { return Box::pin(std::future::ready(Ok(()))) };
        let calls = Arc::clone(&self.0);
        // On a thread of the runtime: whoever asks may stop waiting, and half a login helps nobody.
        let asked = tokio::spawn(async move { calls.stop(call).await });
        Box::pin(async move { asked.await.unwrap_or(Ok(())) })
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
