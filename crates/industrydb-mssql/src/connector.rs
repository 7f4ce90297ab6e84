//! The connector: each verb of the trait in terms of a [`Session`].

use std::sync::Arc;
use std::time::Duration;

use industrydb_core::config::Config;
use industrydb_core::connector::{BoxFuture, Canceller, DatabaseConnector, EventStream, Progress, ReadOptions};
use industrydb_core::error::Result;
use industrydb_core::sql::Dialect;
use industrydb_core::sql::generate::Key;
use industrydb_core::table::{ColumnInfo, TableName};
use industrydb_core::value::Params;
use polars_core::prelude::{DataFrame, Field, Schema};
use tiberius::ColumnData;
use tokio::time::timeout;

use crate::decode::unique_names;
use crate::describe::{compile, describe, is_beyond_description};
use crate::dialect::DIALECT;
use crate::interrupt::MssqlCanceller;
use crate::login;
use crate::script::Script;
use crate::session::{Request, Session};
use crate::statement::Statement;
use crate::{bulk, catalog, many};

/// How long saying goodbye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// One connection to one database on SQL Server.
pub struct MssqlConnector {
    session: Session,
    version: String,
}

/// Connects to the server of `config` and logs in.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Configuration`] for options that can't be honoured;
/// [`industrydb_core::error::ErrorKind::Connection`] naming the phase that failed, its cause and what can be done.
pub async fn connect(config: &Config) -> Result<Box<dyn DatabaseConnector>> {
    let opened = login::open(config).await?;
    let place = opened.place();
    let query_timeout = config.option_duration("query_timeout").filter(|timeout| !timeout.is_zero());
    let truncate_100ns = config.option_bool("truncate_100ns").unwrap_or(false);
    let mut session = Session::new(opened.client, opened.watch, query_timeout, truncate_100ns);
    let version = Request::Batch("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))");
    let rows = place.first(session.rows(version)).await?;
    let version = match rows.first().and_then(|row| row.first()) {
        Some(ColumnData::String(Some(version))) => version.to_string(),
        _ => String::new(),
    };
    Ok(Box::new(MssqlConnector { session, version }))
}

impl MssqlConnector {
    /// Runs work on the session as one call that can be cancelled.
    fn call<'c, T: Send + 'c, F: Future<Output = Result<T>> + Send + 'c>(
        &'c mut self,
        work: impl FnOnce(&'c mut Session) -> F + Send + 'c,
    ) -> BoxFuture<'c, Result<T>> {
        let running = self.session.interrupt().begin();
        let work = work(&mut self.session);
        Box::pin(async move {
            let outcome = work.await;
            drop(running);
            outcome
        })
    }
}

impl DatabaseConnector for MssqlConnector {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn server_version(&self) -> &str {
        &self.version
    }

    fn in_transaction(&self) -> bool {
        self.session.in_transaction()
    }

    fn closed_because(&self) -> Option<String> {
        self.session.closed_because().map(str::to_owned)
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(MssqlCanceller(Arc::clone(self.session.interrupt())))
    }

    fn query<'c>(
        &'c mut self,
        sql: &'c str,
        params: &'c Params,
        options: ReadOptions,
    ) -> BoxFuture<'c, Result<Box<dyn EventStream + 'c>>> {
        Box::pin(async move {
            let statement = Statement::new(sql, params)?;
            Ok(Box::new(Script::new(&mut self.session, statement, options)) as Box<dyn EventStream + 'c>)
        })
    }

    fn describe<'c>(&'c mut self, sql: &'c str, params: &'c Params) -> BoxFuture<'c, Result<Schema>> {
        self.call(async move |session| {
            let mut statement = Statement::new(sql, params)?;
            statement.type_nulls(session).await?;
            let columns = match describe(session, &statement.sql, &statement.declarations()).await {
                Err(error) if is_beyond_description(&error) && !statement.shape.calls => {
                    compile(session, &statement).await.map_err(|_| error)?
                }
                outcome => outcome?,
            };
            let names = unique_names(columns.iter().map(|column| column.name.as_str()));
            let fields = names.into_iter().zip(&columns).map(|(name, column)| Field::new(name, column.kind.dtype()));
            Ok(fields.collect())
        })
    }

    fn execute_many<'c>(&'c mut self, sql: &'c str, rows: &'c [Params]) -> BoxFuture<'c, Result<u64>> {
        self.call(move |session| many::execute_many(session, sql, rows))
    }

    fn append<'c>(
        &'c mut self,
        table: &'c TableName,
        columns: &'c [ColumnInfo],
        frame: &'c DataFrame,
        progress: &'c Progress,
    ) -> BoxFuture<'c, Result<u64>> {
        self.call(move |session| bulk::append(session, table, columns, frame, progress))
    }

    fn tables<'c>(&'c mut self, schema: Option<&'c str>) -> BoxFuture<'c, Result<DataFrame>> {
        self.call(move |session| catalog::tables(session, schema))
    }

    fn columns<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Option<Vec<ColumnInfo>>>> {
        self.call(move |session| catalog::columns(session, table))
    }

    fn resolve<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<TableName>> {
        self.call(move |session| catalog::resolve(session, table))
    }

    fn unique_keys<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Vec<Key>>> {
        self.call(move |session| catalog::unique_keys(session, table))
    }

    fn dependents<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Vec<String>>> {
        self.call(move |session| catalog::dependents(session, table))
    }

    fn recover(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            // What is wrong with the connection shows at the next call; a result that was not wanted is no error.
            let _ = self.session.make_ready().await;
            Ok(())
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        self.call(async move |session| session.rows(Request::Batch("SELECT 1")).await.map(drop))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            // Whoever hangs up first, the connection is closed; a network that takes nothing any more is not waited for.
            let _ = timeout(FAREWELL, self.session.close()).await;
            Ok(())
        })
    }
}
