//! The connector: each verb of the trait in terms of a [`Session`].

use std::sync::Arc;

use industrydb_core::config::Config;
use industrydb_core::connector::{BoxFuture, Canceller, DatabaseConnector, EventStream, Progress, ReadOptions};
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::Dialect;
use industrydb_core::table::{ColumnInfo, TableName};
use industrydb_core::value::Params;
use polars_core::prelude::{DataFrame, Schema};
use sqlx::Connection as _;
use tokio::task::AbortHandle;

use crate::cancel::{ABORTED, Calls, PostgresCanceller};
use crate::dialect::DIALECT;
use crate::error::of_driver;
use crate::session::{Held, Session, State, given_up};
use crate::{catalog, copy, decode, many, stream};

/// One connection to one PostgreSQL server.
pub struct PostgresConnector {
    session: Arc<Held>,
    state: Arc<State>,
    calls: Arc<Calls>,
    version: String,
    /// The task of the last query, which has the session while it runs.
    task: Option<AbortHandle>,
}

/// Connects to the server of `config`.
///
/// # Errors
/// As [`crate::connect::connect`].
pub async fn connect(config: &Config) -> Result<Box<dyn DatabaseConnector>> {
    let (session, version) = crate::connect::connect(config).await?;
    Ok(Box::new(PostgresConnector {
        state: Arc::clone(&session.state),
        calls: Arc::clone(&session.calls),
        session: Arc::new(Held::new(session)),
        version,
        task: None,
    }))
}

impl PostgresConnector {
    /// Runs `work` as one call that can be cancelled; behind a pooler in a transaction that leaves nothing behind.
    async fn call<T>(&self, work: impl AsyncFnOnce(&mut Session) -> Result<T>) -> Result<T> {
        self.state.check()?;
        let Some(session) = self.session.get() else { return Err(given_up()) };
        let mut session = session.lock().await;
        self.state.check()?;
        self.calls.begin();
        let whole = async {
            let entered = session.enter_pooled().await?;
            let outcome = work(&mut session).await;
            session.leave_pooled(entered, outcome).await
        };
        let outcome = tokio::select! {
            outcome = whole => Some(outcome),
            () = self.calls.aborted() => None,
        };
        // Before the next call can begin: it would be taken for its end.
        self.calls.end().await;
        drop(session);
        outcome.unwrap_or_else(|| {
            self.state.close(ABORTED);
            Err(given_up())
        })
    }
}

impl Drop for PostgresConnector {
    fn drop(&mut self) {
        // A task that still waits for the server would keep its socket open.
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl DatabaseConnector for PostgresConnector {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn server_version(&self) -> &str {
        &self.version
    }

    fn in_transaction(&self) -> bool {
        self.state.in_transaction()
    }

    fn closed_because(&self) -> Option<String> {
        self.state.closed()
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(PostgresCanceller(Arc::clone(&self.calls), Arc::clone(&self.state)))
    }

    fn query<'c>(
        &'c mut self,
        sql: &'c str,
        params: &'c Params,
        options: ReadOptions,
    ) -> BoxFuture<'c, Result<Box<dyn EventStream + 'c>>> {
        Box::pin(async move {
            if self.task.as_ref().is_some_and(|task| !task.is_finished()) && stream::takes_back(sql) {
                // The rest of a result that was to be read for the sake of the transaction is not any more.
                self.calls.stop_running().await;
            }
            let (events, task) = stream::start(&self.session, sql, params, options).await?;
            self.task = Some(task);
            Ok(Box::new(events) as Box<dyn EventStream + 'c>)
        })
    }

    fn describe<'c>(&'c mut self, sql: &'c str, params: &'c Params) -> BoxFuture<'c, Result<Schema>> {
        Box::pin(self.call(async move |session: &mut Session| {
            let columns = session.described_columns(sql, params).await?;
            Ok(decode::declared_schema(&columns, &ReadOptions::default()))
        }))
    }

    fn execute_many<'c>(&'c mut self, sql: &'c str, rows: &'c [Params]) -> BoxFuture<'c, Result<u64>> {
        Box::pin(self.call(async move |session: &mut Session| many::execute_many(session, sql, rows).await))
    }

    fn append<'c>(
        &'c mut self,
        table: &'c TableName,
        columns: &'c [ColumnInfo],
        frame: &'c DataFrame,
        progress: &'c Progress,
    ) -> BoxFuture<'c, Result<u64>> {
        Box::pin(
            self.call(async move |session: &mut Session| copy::append(session, table, columns, frame, progress).await),
        )
    }

    fn tables<'c>(&'c mut self, schema: Option<&'c str>) -> BoxFuture<'c, Result<DataFrame>> {
        Box::pin(self.call(async move |session: &mut Session| catalog::tables(session, schema).await))
    }

    fn columns<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Option<Vec<ColumnInfo>>>> {
        Box::pin(self.call(async move |session: &mut Session| catalog::columns(session, table).await))
    }

    fn resolve<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<TableName>> {
        Box::pin(self.call(async move |session: &mut Session| catalog::resolve(session, table).await))
    }

    fn dependents<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Vec<String>>> {
        Box::pin(self.call(async move |session: &mut Session| catalog::dependents(session, table).await))
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.call(async move |session: &mut Session| {
            let outcome = session.connection.ping().await;
            outcome.map_err(|cause| session.error(cause))
        }))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            if self.state.closed().is_some() {
                return Ok(());
            }
            let session = self.session.let_go();
            drop(self);
            let Some(session) = session.and_then(Arc::into_inner) else {
                // A task has it, and ends with the connector.
                return Ok(());
            };
            let closed = session.into_inner().connection.close().await;
            match closed {
                // The server was gone already: closed is closed.
                Err(sqlx::Error::Io(_)) | Ok(()) => Ok(()),
                Err(cause) => Err::<(), Error>(of_driver(cause)),
            }
        })
    }
}
