//! The connector: each verb of the trait in terms of a [`Session`].

use std::sync::{Arc, PoisonError};

use industrydb_core::config::Config;
use industrydb_core::connector::{BoxFuture, Canceller, DatabaseConnector, EventStream, Progress, ReadOptions};
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::Dialect;
use industrydb_core::table::{ColumnInfo, TableName};
use industrydb_core::value::Params;
use polars_core::prelude::{DataFrame, Schema};
use sqlx::Connection as _;

use crate::cancel::{Calls, PostgresCanceller, aborted_error};
use crate::dialect::DIALECT;
use crate::drive::Driver;
use crate::error::of_driver;
use crate::session::{Held, Session, State, given_up};
use crate::{catalog, copy, decode, many, stream};

/// One connection to one PostgreSQL server.
pub struct PostgresConnector {
    session: Arc<Held>,
    state: Arc<State>,
    calls: Arc<Calls>,
    /// What waits for its sockets.
    driver: Arc<Driver>,
    version: String,
    /// What is left of a query that was given up, and still has the session.
    rest: stream::Rest,
}

/// Connects to the server of `config`.
///
/// # Errors
/// As [`crate::connect::connect`].
pub async fn connect(config: &Config) -> Result<Box<dyn DatabaseConnector>> {
    let driver = Arc::new(Driver::new()?);
    let (session, version) = driver.run(crate::connect::connect(config)).await?;
    Ok(Box::new(PostgresConnector {
        state: Arc::clone(&session.state),
        calls: Arc::clone(&session.calls),
        session: Arc::new(Held::new(session)),
        driver,
        version,
        rest: stream::Rest::default(),
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
            // It has to be listening before the other waits for the server.
            biased;
            reason = self.calls.aborted() => {
                self.state.close(reason);
                Err(aborted_error(reason))
            }
            outcome = self.driver.run(whole) => outcome,
        };
        // Before the next call can begin: it would be taken for its end.
        self.calls.end().await;
        drop(session);
        outcome
    }

    /// Whether the rest of a result that nobody wants is still being read.
    fn is_draining(&self) -> bool {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.as_ref().is_some_and(|task| !task.is_finished())
    }
}

impl Drop for PostgresConnector {
    fn drop(&mut self) {
        // A task that still waits for the server would keep its socket open.
        if let Some(task) = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        // Its process may end, and another one have its number.
        self.calls.leave();
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
            if stream::takes_back(sql) && self.is_draining() {
                // The rest of a result that was to be read for the sake of the transaction is not any more.
                self.calls.stop_running().await;
            }
            let start = stream::start(&self.session, &self.driver, &self.rest, sql, params, options);
            Ok(Box::new(start.await?) as Box<dyn EventStream + 'c>)
        })
    }

    fn describe<'c>(&'c mut self, sql: &'c str, params: &'c Params) -> BoxFuture<'c, Result<Schema>> {
        Box::pin(self.call(async move |session: &mut Session| {
            // Running a statement shows that its tables have changed; describing it does not.
            session.note_stale();
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
            let (session, driver) = (self.session.let_go(), Arc::clone(&self.driver));
            drop(self);
            let Some(session) = session.and_then(Arc::into_inner) else {
                // A task has it, and ends with the connector.
                return Ok(());
            };
            let closed = driver.run(session.into_inner().connection.close()).await;
            match closed {
                // The server was gone already: closed is closed.
                Err(sqlx::Error::Io(_)) | Ok(()) => Ok(()),
                Err(cause) => Err::<(), Error>(of_driver(cause)),
            }
        })
    }
}
