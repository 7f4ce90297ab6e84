//! The second connection to a session's server: over it the session's process is asked to stop, or looked at.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, raw_sql};

use crate::connect::quoted;
use crate::sockets::Sockets;

/// The least that the server gets for its answer, the time to log in included.
const LEAST_PATIENCE: Duration = Duration::from_millis(1300);
/// The most.
const MOST_PATIENCE: Duration = Duration::from_secs(4);
/// How many times as long as the first connection the second may take, which does the same, and asks: the machine may
/// be busier by now.
const TIMES_AS_LONG: u32 = 10;
/// In which steps patience is counted. On a machine that is too busy for us each of them takes longer.
const STEP: Duration = Duration::from_millis(20);

/// The server's process of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: i32,
    /// When it began, in microseconds: another process may have its number later.
    pub began: Option<i64>,
    /// The server's address, as the server sees it: a name may stand for several.
    pub address: Option<String>,
}

/// What the server says of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It waits for its client: for the next statement, for data, or for its own data to be taken.
    Waits,
    /// It is at work.
    Works,
    /// There is no such process.
    Gone,
    /// It is another server that answers.
    Elsewhere,
}

/// How to reach the session's server again.
#[derive(Debug)]
pub struct Second {
    options: PgConnectOptions,
    process: Process,
    patience: Duration,
}

impl Second {
    /// For `process`, reached by `options` in the time `took`.
    pub fn new(options: PgConnectOptions, process: Process, took: Duration) -> Self {
        let patience = took.saturating_mul(TIMES_AS_LONG).clamp(LEAST_PATIENCE, MOST_PATIENCE);
        Self { options, process, patience }
    }

    /// Asks the process to stop its statement, over `connection`, which is opened if need be. `None` if that can't be
    /// done. The answer tells how things were just before.
    pub async fn cancel(&self, connection: &mut Option<PgConnection>) -> Option<Answer> {
        self.ask(connection, "pg_catalog.pg_cancel_backend(a.pid)").await
    }

    /// Looks at the process. `None` if that can't be done.
    pub async fn look(&self) -> Option<Answer> {
        self.ask(&mut None, "true").await
    }

    async fn ask(&self, connection: &mut Option<PgConnection>, what: &str) -> Option<Answer> {
        let Process { id, began, address } = &self.process;
        let began = began.map_or_else(String::new, |began| {
            format!(" AND (extract(epoch FROM a.backend_start) * 1000000)::int8 = {began}")
        });
        let address = address.as_deref().map_or_else(|| "NULL".to_owned(), quoted);
        let sql = format!(
            "SELECT a.pid IS NOT NULL, a.wait_event_type IS NOT DISTINCT FROM 'Client', \
               host(pg_catalog.inet_server_addr()) IS NOT DISTINCT FROM {address}, {what} \
             FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = {id}{began}"
        );
        let asked = async {
            let mut second = match connection.take() {
                Some(second) => second,
                None => Sockets::to(self.options.get_port()).of(self.options.connect()).await?,
            };
            let row = raw_sql(AssertSqlSafe(sql)).fetch_one(&mut second).await?;
            let (there, waits, here) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            *connection = Some(second);
            Ok::<(bool, bool, bool), sqlx::Error>((there, waits, here))
        };
        let (there, waits, here) = self.patiently(asked).await?.ok()?;
        Some(match (there, waits, here) {
            (true, true, _) => Answer::Waits,
            (true, false, _) => Answer::Works,
            (false, _, true) => Answer::Gone,
            (false, _, false) => Answer::Elsewhere,
        })
    }

    /// Waits for `work` as long as patience lasts.
    async fn patiently<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        for _ in 0..self.patience.as_millis() / STEP.as_millis() {
            if let Ok(outcome) = tokio::time::timeout(STEP, &mut work).await {
                return Some(outcome);
            }
        }
        None
    }

    /// Ends the second connection as the server likes it.
    pub async fn end(connection: Option<PgConnection>) {
        if let Some(second) = connection {
            // It is not needed any more, whether it ends well or not.
            let _ = tokio::time::timeout(LEAST_PATIENCE, second.close()).await;
        }
    }
}
