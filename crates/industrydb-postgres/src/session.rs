//! One session on the server: what is prepared, what is known about types, what state it is in.

mod casts;
mod pooled;
mod ready;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::{PlaceholderStyle, TransactionEffect, first_keyword, transaction_effects};
use sqlx::postgres::{PgStatement, PgTypeInfo};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _, Statement as _};
use sqlx::{Column as _, raw_sql};

pub use self::ready::{Ready, Textual, check_text, is_unknown};
pub use self::state::{Held, State};
use crate::cancel::Calls;
use crate::connect::quoted;
use crate::error::{
    BACKEND, conversion, ends_connection, is_misread, is_notification, is_stale_plan, of_driver, of_interrupted,
    sqlstate,
};
use crate::lookup::Types;
use crate::plan::{Plan, PlannedColumn, Plans, parameters};
use crate::settings::{self, Changes, Settings};
use crate::types::Type;
use crate::{kept, stored, textual};

/// One session on the server.
pub struct Session {
    /// The driver's connection.
    pub connection: PgConnection,
    /// What the connector tells about it.
    pub state: Arc<State>,
    /// Which call runs.
    pub calls: Arc<Calls>,
    types: Types,
    plans: Plans,
    /// The configured time zone.
    zone: String,
    /// Where statements store their parameters.
    pub stored: stored::Cache,
    /// Behind a pooler in transaction mode: every call leaves the server's session as it was.
    pooled: bool,
    /// The open transaction can only be rolled back.
    failed: bool,
    /// Statements that SQL prepared and that a failed transaction, or a cancel, kept from being dropped.
    left_prepared: Vec<String>,
    /// SQL may have dropped our prepared statements.
    dropped: bool,
    /// Listens for notifications. They come between two transactions, and the driver takes them only from [`PgConnection`]'s
    /// `ping`: so one goes ahead of every call, and what can be is wrapped in a transaction.
    listening: bool,
    /// What is prepared and known may no longer be so.
    stale: bool,
    /// The open transaction has changed tables or types, which its end may take back.
    redefined: bool,
    settings: Settings,
    changes: Changes,
}

impl Session {
    /// A session on a fresh connection.
    pub fn new(
        connection: PgConnection,
        calls: Arc<Calls>,
        lc_monetary: &str,
        settings: Settings,
        pooled: bool,
    ) -> Self {
        Self {
            connection,
            state: Arc::default(),
            calls,
            types: Types::new(lc_monetary, &settings.time_zone),
            plans: Plans::default(),
            zone: settings.time_zone.clone(),
            stored: stored::Cache::default(),
            pooled,
            failed: false,
            left_prepared: Vec::new(),
            dropped: false,
            listening: false,
            stale: false,
            redefined: false,
            settings,
            changes: Changes::default(),
        }
    }

    /// Whether a statement with parameters runs inside a transaction, ours or the caller's.
    pub fn is_inside(&self) -> bool {
        self.pooled || self.listening || self.state.in_transaction()
    }

    /// Whether no state may be left on the server.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Refuses to read floats as text that the server would round.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] naming the column.
    pub fn check_floats(&self, columns: &[PlannedColumn]) -> Result<()> {
        match columns.iter().find(|column| textual::has_float(&column.ty)) {
            Some(column) if !self.settings.exact_floats => {
                let message = format!(
                    "column {:?}: {} is rounded to the session's extra_float_digits beside a type that only has a text form",
                    column.name, column.ty.name
                );
                Err(conversion(message).with_column(column.name.as_str()).with_hint("RESET extra_float_digits"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Our error for the driver's; notes what it means for the session.
    pub fn error(&mut self, cause: sqlx::Error) -> Error {
        if ends_connection(&cause) {
            let error = of_driver(cause);
            self.state.close(format!("the connection is closed: {}", error.message()));
            return error;
        }
        if self.state.in_transaction() && sqlstate(&cause).is_some() {
            self.failed = true;
        }
        self.listening |= is_notification(&cause);
        let is_stale = is_stale_plan(&cause);
        self.dropped |= is_stale;
        let took = (!self.calls.was_asked()).then(|| self.calls.elapsed());
        let error = of_interrupted(cause, took, self.settings.statement_timeout);
        if is_stale && self.failed && error.details().code.as_deref() == Some("0A000") {
            let hint =
                "its tables or types were changed since it was prepared: roll back, and run the transaction again";
            return error.with_hint(hint);
        }
        error
    }

    /// How a statement ended whose rest nobody wanted: nobody hears of its error, but it may have cost the transaction.
    pub fn note_end(&mut self, last: sqlx::Result<()>) {
        if let Err(cause) = last {
            self.error(cause);
        }
    }

    /// What `sql` did to the open transaction, once it has run.
    ///
    /// # Errors
    /// [`ErrorKind::Execution`] for a COMMIT of a transaction that had failed, which the server answers with a
    /// ROLLBACK (PostgreSQL manual, COMMIT).
    pub fn note_effects(&mut self, sql: &str) -> Result<()> {
        let mut open = self.state.in_transaction();
        let mut lost = false;
        let effects = transaction_effects(sql, PlaceholderStyle::Dollar);
        for effect in &effects {
            match effect {
                TransactionEffect::Commit | TransactionEffect::CommitChain => {
                    lost |= std::mem::take(&mut self.failed);
                    self.stale |= std::mem::take(&mut self.redefined) && lost;
                }
                TransactionEffect::Rollback | TransactionEffect::RollbackChain => {
                    self.failed = false;
                    self.stale |= std::mem::take(&mut self.redefined);
                }
                TransactionEffect::RollbackTo => {
                    self.failed = false;
                    self.stale |= self.redefined;
                }
                TransactionEffect::Begin | TransactionEffect::Savepoint | TransactionEffect::Release => {}
            }
            open = effect.leaves_open(open);
        }
        self.state.in_transaction.store(open, Ordering::Release);
        self.changes.note(sql, &effects, open);
        let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
        self.stored.note(&keyword);
        if matches!(keyword.as_str(), "create" | "alter" | "drop") {
            self.stale = true;
            self.redefined |= open;
        }
        self.listening |= keyword == "listen";
        self.dropped |= matches!(keyword.as_str(), "discard" | "deallocate");
        if lost {
            let message = "the transaction was rolled back, not committed: a statement in it had failed";
            return Err(Error::execution(message).with_code("25P02").with_backend(BACKEND));
        }
        Ok(())
    }

    /// As [`Self::note_effects`], for a statement that failed: a COMMIT that fails has ended the transaction as well.
    pub fn note_failure(&mut self, sql: &str) {
        let ends = |effect: &TransactionEffect| match effect {
            TransactionEffect::Commit
            | TransactionEffect::CommitChain
            | TransactionEffect::Rollback
            | TransactionEffect::RollbackChain => true,
            TransactionEffect::Begin
            | TransactionEffect::Savepoint
            | TransactionEffect::RollbackTo
            | TransactionEffect::Release => false,
        };
        let effects = transaction_effects(sql, PlaceholderStyle::Dollar);
        if self.state.in_transaction() && effects.iter().any(ends) {
            self.state.in_transaction.store(false, Ordering::Release);
            self.failed = false;
            self.stale |= std::mem::take(&mut self.redefined);
        }
        self.changes.note(sql, &effects, self.state.in_transaction());
    }

    /// Makes the next statement prepare and look up everything anew.
    pub fn note_stale(&mut self) {
        self.stale = true;
    }

    /// Forgets all that is prepared and known: the server has other tables now, or has forgotten our statements.
    pub async fn forget(&mut self) -> sqlx::Result<()> {
        self.types.clear();
        self.plans.clear();
        self.stored.clear();
        self.connection.clear_cached_statements().await
    }

    /// Runs our own SQL that gives nothing.
    ///
    /// # Errors
    /// What the server says.
    pub async fn run_simple(&mut self, sql: &str) -> Result<()> {
        let mut outcome = self.connection.execute(raw_sql(AssertSqlSafe(sql))).await.map(drop);
        if outcome.as_ref().is_err_and(is_notification) {
            outcome = self.connection.ping().await;
        }
        outcome.map_err(|cause| self.error(cause))
    }

    /// Gives the session its time zone back if `sql`, which has run, has reset it: the driver begins with UTC.
    ///
    /// # Errors
    /// What the server says.
    pub async fn restore_zone(&mut self, sql: &str) -> Result<()> {
        if self.zone == "UTC" {
            return Ok(());
        }
        let Some(local) = kept::resets_zone(sql) else { return Ok(()) };
        let zone = quoted(&self.zone);
        self.run_simple(&format!("SELECT pg_catalog.set_config('TimeZone', {zone}, {local})")).await
    }

    /// Prepares `sql`, or finds it prepared.
    ///
    /// # Errors
    /// What the server says.
    pub async fn prepare(&mut self, sql: &str) -> sqlx::Result<Arc<Plan>> {
        self.read_settings().await?;
        if self.stale || std::mem::take(&mut self.dropped) {
            // The driver keeps what it knows of a statement, such as the table that its columns are of.
            self.forget().await?;
            self.stale = false;
        }
        let mut prepared = (&mut self.connection).prepare(AssertSqlSafe(sql).into_sql_str()).await;
        if prepared.as_ref().is_err_and(is_notification) {
            self.take_notification().await?;
            prepared = (&mut self.connection).prepare(AssertSqlSafe(sql).into_sql_str()).await;
        }
        let statement = prepared?;
        if let Some(plan) = self.plans.get(sql, &statement) {
            return Ok(plan);
        }
        let plan = Arc::new(self.plan(statement).await?);
        self.plans.put(sql, Arc::clone(&plan));
        Ok(plan)
    }

    /// Reads the settings again if they may have changed.
    async fn read_settings(&mut self) -> sqlx::Result<()> {
        if self.failed || !self.changes.take() {
            return Ok(());
        }
        let sql = format!("SELECT {}", settings::COLUMNS);
        let row = raw_sql(AssertSqlSafe(sql)).fetch_one(&mut self.connection).await;
        match row.and_then(|row| Settings::read(&row)) {
            Ok(settings) => {
                self.stale |= self.types.set_time_zone(&settings.time_zone);
                self.settings = settings;
                Ok(())
            }
            Err(cause) => {
                self.changes.put_back();
                Err(cause)
            }
        }
    }

    async fn plan(&mut self, statement: PgStatement) -> sqlx::Result<Plan> {
        let oid = |ty: &PgTypeInfo| ty.oid().map_or(0, |oid| oid.0);
        let modifiers = self.modifiers(&statement).await?;
        let columns: Vec<(u32, i32)> = statement
            .columns()
            .iter()
            .zip(modifiers)
            .map(|(column, modifier)| (oid(column.type_info()), modifier))
            .collect();
        let wanted: Vec<(u32, i32)> = parameters(&statement).iter().map(|ty| (oid(ty), -1)).collect();
        self.types.clear_changing();
        let types = self.types.resolve(&mut self.connection, &columns).await?;
        let parameters = self.types.resolve(&mut self.connection, &wanted).await?;
        let needs_text = types.iter().any(Type::needs_text);
        let columns = Plan::name_columns(&statement, types);
        Ok(Plan { statement, parameters, columns, needs_text })
    }

    /// The type modifiers of the result's columns, which the driver drops: those of table columns are in the catalog.
    async fn modifiers(&mut self, statement: &PgStatement) -> sqlx::Result<Vec<i32>> {
        let origin = |column: &sqlx::postgres::PgColumn| {
            let has_modifier = column.type_info().oid().is_some_and(|oid| crate::types::has_modifier(oid.0));
            has_modifier.then(|| Some((column.relation_id()?.0, column.relation_attribute_no()?))).flatten()
        };
        let origins: Vec<Option<(u32, i16)>> = statement.columns().iter().map(origin).collect();
        let wanted: Vec<String> =
            origins.iter().flatten().map(|(relation, attribute)| format!("({relation}, {attribute})")).collect();
        if wanted.is_empty() {
            return Ok(vec![-1; origins.len()]);
        }
        // The server announces a domain as the type under it, whose modifier the domain declares.
        let sql = format!(
            "WITH RECURSIVE base (relation, attribute, type, modifier) AS ( \
             SELECT attrelid, attnum, atttypid, atttypmod FROM pg_catalog.pg_attribute \
               WHERE (attrelid, attnum) IN ({}) \
             UNION ALL SELECT relation, attribute, typbasetype, typtypmod FROM base \
               JOIN pg_catalog.pg_type t ON t.oid = type WHERE typtype = 'd') \
             SELECT relation::int8, attribute, modifier FROM base \
               JOIN pg_catalog.pg_type t ON t.oid = type WHERE typtype <> 'd'",
            wanted.join(", ")
        );
        let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await?;
        let mut modifiers = BTreeMap::new();
        for row in &rows {
            modifiers.insert((row.try_get::<i64, _>(0)?, row.try_get::<i16, _>(1)?), row.try_get::<i32, _>(2)?);
        }
        let modifier = |origin: &Option<(u32, i16)>| {
            origin.and_then(|(relation, attribute)| modifiers.get(&(i64::from(relation), attribute)).copied())
        };
        Ok(origins.iter().map(|origin| modifier(origin).unwrap_or(-1)).collect())
    }

    /// The types with these OIDs and modifiers.
    ///
    /// # Errors
    /// What the server says.
    pub async fn resolve_types(&mut self, wanted: &[(u32, i32)]) -> Result<Vec<Type>> {
        let types = self.types.resolve(&mut self.connection, wanted).await;
        types.map_err(|cause| self.error(cause))
    }

    /// Drops a statement that SQL prepared; at the next use of the name if the transaction has `failed`.
    ///
    /// # Errors
    /// What the server says.
    pub async fn forget_prepared(&mut self, name: &str, failed: bool) -> Result<()> {
        // It is known as long as it is not certain to be gone.
        self.left_prepared.push(name.to_owned());
        if !failed {
            self.run_simple(&format!("DEALLOCATE {name}")).await?;
            self.left_prepared.pop();
        }
        Ok(())
    }

    /// Drops what an earlier transaction could not.
    ///
    /// # Errors
    /// What the server says.
    pub async fn drop_left(&mut self) -> Result<()> {
        if self.left_prepared.is_empty() {
            return Ok(());
        }
        // A DISCARD may have been quicker; dropping what is not there would end the transaction.
        let names: Vec<String> = self.left_prepared.iter().map(|name| format!("'{name}'")).collect();
        let sql = format!("SELECT name FROM pg_catalog.pg_prepared_statements WHERE name IN ({})", names.join(", "));
        let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await;
        for row in rows.map_err(|cause| self.error(cause))? {
            let name: String = row.try_get(0).map_err(of_driver)?;
            self.run_simple(&format!("DEALLOCATE {name}")).await?;
        }
        self.left_prepared.clear();
        Ok(())
    }

    /// An error of ours has made the server give the open transaction up.
    pub fn note_failed(&mut self) {
        self.failed |= self.state.in_transaction();
    }

    /// An error of the server about `sent`, with a position that counts in `sql`.
    pub fn located(&mut self, cause: sqlx::Error, sql: &str, sent: &str) -> Error {
        let mut error = self.error(cause);
        if sql != sent
            && let Some(position) = error.details().position
        {
            // Placeholders were rewritten: places in front of the first one are still the same.
            let same = sql.chars().zip(sent.chars()).take_while(|(one, other)| one == other).count();
            if position > same as u64 {
                error.details_mut().position = None;
            }
        }
        error
    }

    /// Whether the failed statement may be prepared anew and run after all: it was refused before it began, because a
    /// table or type has changed since it was prepared.
    pub fn may_retry(&self, cause: &sqlx::Error) -> bool {
        (is_stale_plan(cause) || is_misread(cause)) && !self.state.in_transaction()
    }

    /// Forgets all that is prepared and known, before a statement is run that [`Self::may_retry`] allows. Where the call
    /// has `entered` a transaction of its own, which the refusal has ended, it gets another one.
    ///
    /// # Errors
    /// What the server says.
    pub async fn start_over(&mut self, entered: bool) -> Result<()> {
        self.forget().await.map_err(|cause| self.error(cause))?;
        if entered {
            self.run_simple("ROLLBACK").await?;
            self.run_simple("BEGIN").await?;
        }
        Ok(())
    }

    /// Waits for the end of what was sent when a notification came in its place: of a channel that a function listens to,
    /// since a LISTEN would be known.
    ///
    /// # Errors
    /// What the server says to what was sent.
    pub async fn take_notification(&mut self) -> sqlx::Result<()> {
        self.listening = true;
        self.connection.ping().await
    }
}

/// The error of a call that was given up.
pub fn given_up() -> Error {
    Error::new(ErrorKind::Cancelled, "the call was cancelled").with_backend(BACKEND)
}
