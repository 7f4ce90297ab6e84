//! One session on the server: what is prepared, what is known about types, what state it is in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::names;
use industrydb_core::sql::generate::unique_name;
use industrydb_core::sql::tokens::{Kind as TokenKind, tokenize};
use industrydb_core::sql::{PlaceholderStyle, TransactionEffect, first_keyword, split, transaction_effects, translate};
use industrydb_core::value::{Params, Value};
use sqlx::postgres::{PgStatement, PgTypeInfo};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _, Statement as _};
use sqlx::{Column as _, raw_sql};

use crate::bind::Bindings;
use crate::cancel::Calls;
use crate::connect::quoted;
use crate::copy;
use crate::dialect::DIALECT;
use crate::error::{
    BACKEND, conversion, ends_connection, is_misread, is_notification, is_stale_plan, of_driver, of_interrupted,
    sqlstate,
};
use crate::literal;
use crate::lookup::Types;
use crate::params::{self, Bound};
use crate::plan::{Plan, PlannedColumn, Plans, parameters};
use crate::settings::{self, Changes, Settings};
use crate::stored;
use crate::types::Type;
use crate::{kept, textual};

/// `text`, which the server also takes for a parameter about which nothing else is known.
const TEXT: u32 = 25;
/// How many bytes their values can have: a message is shorter than 1 GiB (PostgreSQL source, `PQ_LARGE_MESSAGE_LIMIT`),
/// what stands around the values included.
const MOST_BYTES: usize = (1 << 30) - (1 << 20);
/// "could not determine data type of parameter": an error of preparing, before anything is run.
const INDETERMINATE: &str = "42P18";

/// What the connector tells without asking the server, while a statement may be running.
#[derive(Debug, Default)]
pub struct State {
    in_transaction: AtomicBool,
    closed: Mutex<Option<String>>,
}

impl State {
    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction.load(Ordering::Acquire)
    }

    /// Why the connection can't be used any more, if it can't.
    pub fn closed(&self) -> Option<String> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Refuses a connection that can't be used any more.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] with the reason.
    pub fn check(&self) -> Result<()> {
        self.closed().map_or(Ok(()), |reason| Err(Error::connection(reason).with_backend(BACKEND)))
    }

    /// Nothing more can be done with the connection.
    pub fn close(&self, reason: impl Into<String>) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.into());
        self.in_transaction.store(false, Ordering::Release);
    }
}

/// A session until it is let go, which closes its socket once no call has it.
pub struct Held(Mutex<Option<Arc<tokio::sync::Mutex<Session>>>>);

impl Held {
    /// Holds `session`.
    pub fn new(session: Session) -> Self {
        Self(Mutex::new(Some(Arc::new(tokio::sync::Mutex::new(session)))))
    }

    /// The session, unless it was let go.
    pub fn get(&self) -> Option<Arc<tokio::sync::Mutex<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the session go and gives it, if there still is one.
    pub fn let_go(&self) -> Option<Arc<tokio::sync::Mutex<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

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

/// A statement with its parameters, ready to run.
pub struct Ready {
    /// What is sent.
    pub sql: String,
    /// Its types.
    pub plan: Arc<Plan>,
    /// Its parameters.
    pub bindings: Bindings,
    /// The same with its parameters written into it, where the result can only be read as text.
    pub textual: Option<Textual>,
}

/// A query with its parameters written into it, and what it gives.
pub struct Textual {
    /// What is sent.
    pub sql: String,
    /// The result's columns.
    pub columns: Vec<PlannedColumn>,
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

    /// Prepares `sql` for `params`: each value goes out in the type that the server gives its placeholder.
    ///
    /// Where the server only guessed `text`, because nothing around the placeholder says more, the value's own type is
    /// written into the statement (`$1::bigint`); where a type has no binary form here, the value goes out as text and
    /// the server converts it (`CAST($1::text AS inet)`).
    ///
    /// # Errors
    /// [`ErrorKind::Execution`] if `params` do not fit the placeholders; [`ErrorKind::Conversion`] for a value that its
    /// type does not hold; what the server says.
    pub async fn ready(&mut self, sql: &str, params: &Params) -> Result<Ready> {
        check_text(sql)?;
        copy::check(sql)?;
        if params.is_empty() && has_own_parameters(sql) {
            let plan = self.prepare(sql).await.map_err(|cause| self.error(cause))?;
            return Ok(Ready { sql: sql.to_owned(), plan, bindings: Bindings::default(), textual: None });
        }
        let translated = translate(sql, PlaceholderStyle::Dollar, params)?;
        let values = translated.values(params)?;
        let mut casts = Casts::new();
        // Each round writes casts for placeholders that had none, so this ends.
        loop {
            let (text, plan) = self.typed_with(sql, &translated.sql, &values, &mut casts).await?;
            let before = casts.len();
            let bindings = bind(&plan, &values, &mut casts)?;
            if casts.len() == before {
                let (sql, row) = (&translated.sql, std::slice::from_ref(&values));
                let checked = stored::check(self, sql, &plan.parameters, !casts.is_empty(), row).await;
                checked.map_err(|(_, error)| error)?;
                let textual = if plan.needs_text && !values.is_empty() {
                    let sql = written(&text, &values, &plan.parameters, &casts)?;
                    Some(Textual { sql, columns: plan.columns.clone() })
                } else {
                    None
                };
                return Ok(Ready { sql: text, plan, bindings, textual });
            }
        }
    }

    /// Prepares `translated`, which is `sql` with the server's placeholders, for values of the types of `values`.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn typed(&mut self, sql: &str, translated: &str, values: &[&Value]) -> Result<(String, Arc<Plan>)> {
        self.typed_with(sql, translated, values, &mut Casts::new()).await
    }

    /// The columns that `sql` would give.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn described_columns(&mut self, sql: &str, params: &Params) -> Result<Vec<PlannedColumn>> {
        match self.describe(sql, params).await {
            Ok(plan) => Ok(plan.columns.clone()),
            Err(error) if is_unknown(&error) && params.is_empty() => self.describe_by_row(sql).await,
            Err(error) => Err(error),
        }
    }

    async fn describe(&mut self, sql: &str, params: &Params) -> Result<Arc<Plan>> {
        check_text(sql)?;
        let translated = translate(sql, PlaceholderStyle::Dollar, params)?;
        let values = translated.values(params)?;
        self.typed(sql, &translated.sql, &values).await.map(|(_, plan)| plan)
    }

    async fn typed_with(
        &mut self,
        sql: &str,
        translated: &str,
        values: &[&Value],
        casts: &mut Casts,
    ) -> Result<(String, Arc<Plan>)> {
        if values.len() > DIALECT.max_parameters {
            let message = format!("{} parameters: a statement takes {} at most", values.len(), DIALECT.max_parameters);
            return Err(Error::execution(message).with_backend(BACKEND));
        }
        loop {
            let text = splice(translated, casts);
            let plan = match self.prepare(&text).await {
                Ok(plan) => plan,
                Err(cause)
                    if sqlstate(&cause) == Some(INDETERMINATE)
                        && !self.state.in_transaction()
                        && add_natural(casts, values, |_| true) =>
                {
                    continue;
                }
                Err(sqlx::Error::ColumnDecode { .. }) => {
                    // The driver does not know the class of a type; ours to say what the parameters are.
                    if self.cast_unknown(&text, values, casts).await? {
                        continue;
                    }
                    return Err(unknown_to_the_driver());
                }
                Err(cause) => {
                    // The casts may follow from a plan with types that its tables no longer have.
                    self.stale |= !casts.is_empty() && is_misread(&cause);
                    return Err(self.located(cause, sql, &text));
                }
            };
            if plan.parameters.len() != values.len() {
                let message = format!("the statement has {} parameters, not {}", plan.parameters.len(), values.len());
                return Err(Error::execution(message).with_backend(BACKEND));
            }
            // Bytes on their way into a text column are refused; the server would write them as hexadecimal digits.
            let stores = is_writing(sql);
            let guessed = |at: usize| {
                plan.parameters.get(at).is_some_and(|ty| ty.oid == TEXT)
                    && !(stores && matches!(values.get(at), Some(Value::Bytes(_))))
            };
            if !add_natural(casts, values, guessed) {
                return Ok((text.into_owned(), plan));
            }
        }
    }

    /// Adds a cast from text for each parameter of a type that the driver can't prepare a statement with (it does not
    /// know multiranges); whether there was any.
    async fn cast_unknown(&mut self, sql: &str, values: &[&Value], casts: &mut Casts) -> Result<bool> {
        let types = self.parameter_types(sql).await?;
        let before = casts.len();
        for (at, (value, ty)) in values.iter().zip(&types).enumerate() {
            if Type::builtin(ty.oid, -1).is_none() && !casts.contains_key(&at) {
                let text = match params::encode(value, ty, &mut Vec::new())? {
                    Bound::Text(text) => Some(text),
                    Bound::Null => None,
                    Bound::Binary => continue,
                };
                casts.insert(at, Cast::Text(params::cast_name(ty).to_owned(), text));
            }
        }
        Ok(casts.len() > before)
    }

    /// The types that the server gives the parameters of `sql`, which the driver can't prepare.
    async fn parameter_types(&mut self, sql: &str) -> Result<Vec<Type>> {
        self.drop_left().await?;
        // Behind a pooler nobody may come across one that could not be dropped.
        let name = unique_name("industrydb_types");
        self.run_simple(&format!("PREPARE {name} AS {sql}")).await?;
        let types = "SELECT unnest(parameter_types)::oid::int8 FROM pg_catalog.pg_prepared_statements WHERE name = ";
        let rows = raw_sql(AssertSqlSafe(format!("{types}'{name}'"))).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(|cause| self.error(cause));
        self.forget_prepared(&name, rows.is_err()).await?;
        let rows = rows?;
        let oids =
            rows.iter().map(|row| row.try_get::<i64, _>(0)).collect::<sqlx::Result<Vec<_>>>().map_err(of_driver)?;
        let wanted: Vec<(u32, i32)> = oids.into_iter().map(|oid| (u32::try_from(oid).unwrap_or(0), -1)).collect();
        self.resolve_types(&wanted).await
    }

    /// A query with parameters that the driver can't prepare (it does not know multiranges), as text.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn ready_as_text(&mut self, sql: &str, params: &Params) -> Result<Textual> {
        check_text(sql)?;
        let translated = translate(sql, PlaceholderStyle::Dollar, params)?;
        let values = translated.values(params)?;
        let mut casts = Casts::new();
        loop {
            let text = splice(&translated.sql, &casts);
            let types = self.parameter_types(&text).await?;
            if types.len() != values.len() {
                let message = format!("the statement has {} parameters, not {}", types.len(), values.len());
                return Err(Error::execution(message).with_backend(BACKEND));
            }
            if !add_natural(&mut casts, &values, |at| types.get(at).is_some_and(|ty| ty.oid == TEXT)) {
                let (own, row) = (&translated.sql, std::slice::from_ref(&values));
                let checked = stored::check(self, own, &types, !casts.is_empty(), row).await;
                checked.map_err(|(_, error)| error)?;
                let sql = written(&text, &values, &types, &casts)?;
                let columns = self.describe_by_row(&sql).await?;
                return Ok(Textual { sql, columns });
            }
        }
    }

    /// What a query of no parameters gives, for one that the driver can't prepare: its columns, from a row of NULLs that
    /// an outer join gives without running it.
    ///
    /// # Errors
    /// That of [`is_unknown`] for a statement that can't stand in a FROM; what the server says.
    pub async fn describe_by_row(&mut self, sql: &str) -> Result<Vec<PlannedColumn>> {
        let Some(sql) = split(sql, PlaceholderStyle::Dollar).first().copied().filter(|sql| only_reads(sql)) else {
            // The server would refuse it as a mistake, which ends an open transaction.
            return Err(unknown_to_the_driver());
        };
        let probe = format!("SELECT described.* FROM (SELECT 1) one LEFT JOIN (\n{sql}\n) described ON false");
        let rows = raw_sql(AssertSqlSafe(probe)).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(|cause| self.error(cause))?;
        let Some(row) = rows.first() else { return Err(unknown_to_the_driver()) };
        let wanted: Vec<(u32, i32)> =
            row.columns().iter().map(|column| (column.type_info().oid().map_or(0, |oid| oid.0), -1)).collect();
        let types = self.resolve_types(&wanted).await?;
        let names = names::unique(row.columns().iter().map(|column| column.name().to_owned()).collect());
        Ok(names.into_iter().zip(types).map(|(name, ty)| PlannedColumn { name, ty }).collect())
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

    /// Takes the notifications that have come.
    ///
    /// # Errors
    /// What the server says.
    pub async fn settle(&mut self) -> Result<()> {
        if !self.listening || self.state.in_transaction() {
            return Ok(());
        }
        self.connection.ping().await.map_err(|cause| self.error(cause))
    }

    /// Begins the transaction that a call behind a pooler needs, so that all of it reaches the same server session.
    ///
    /// # Errors
    /// What the server says.
    pub async fn enter_pooled(&mut self) -> Result<bool> {
        self.settle().await?;
        if !(self.pooled || self.listening) || self.state.in_transaction() {
            return Ok(false);
        }
        self.run_simple("BEGIN").await.map(|()| true)
    }

    /// Drops what is prepared on the server, while it is still this server session that answers.
    ///
    /// # Errors
    /// What the server says.
    pub async fn clear_prepared(&mut self) -> Result<()> {
        self.plans.clear();
        let cleared = self.connection.clear_cached_statements().await;
        cleared.map_err(|cause| self.error(cause))
    }

    /// Leaves the server's session as it was found: nothing prepared, and the transaction of [`Self::enter_pooled`]
    /// ended.
    ///
    /// # Errors
    /// That of `outcome`, else what the server says.
    pub async fn leave_pooled<T>(&mut self, entered: bool, outcome: Result<T>) -> Result<T> {
        if !(self.pooled || entered) || self.state.closed().is_some() {
            return outcome;
        }
        let cleared = if self.pooled { self.clear_prepared().await } else { Ok(()) };
        if !entered {
            return cleared.and(outcome);
        }
        match cleared.and(outcome) {
            Ok(value) => self.run_simple("COMMIT").await.map(|()| value),
            Err(error) => {
                // What went wrong is what the caller has to know, whatever becomes of the rollback.
                let _ = self.run_simple("ROLLBACK").await;
                Err(error)
            }
        }
    }
}

/// What stands around each placeholder, by its place counted from 0.
type Casts = BTreeMap<usize, Cast>;

/// What stands around a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cast {
    /// `$1::bigint`: the value's own type.
    Natural(&'static str),
    /// `CAST($1::text AS inet)`, and the text to send.
    Text(String, Option<String>),
    /// The value itself, in place of the placeholder.
    Literal(String),
}

/// Adds a cast to the value's own type wherever `wanted` says so and there is none yet; whether there was any.
fn add_natural(casts: &mut Casts, values: &[&Value], wanted: impl Fn(usize) -> bool) -> bool {
    let before = casts.len();
    for (at, value) in values.iter().enumerate() {
        if let Some(ty) = params::cast_type(value)
            && wanted(at)
            && !casts.contains_key(&at)
        {
            casts.insert(at, Cast::Natural(ty));
        }
    }
    casts.len() > before
}

/// Encodes the values; those that only the server can convert get a cast.
fn bind(plan: &Plan, values: &[&Value], casts: &mut Casts) -> Result<Bindings> {
    let mut bindings = Bindings::default();
    for (at, (value, ty)) in values.iter().zip(&plan.parameters).enumerate() {
        let begin = bindings.bytes.len();
        let as_text = match casts.get(&at) {
            Some(Cast::Text(_, text)) => Some(text.clone().map_or(Value::Null, Value::Text)),
            Some(Cast::Natural(_) | Cast::Literal(_)) | None => None,
        };
        let numbered = |error: Error| {
            let message = format!("parameter ${}: {}", at + 1, error.message());
            error.with_message(message).with_backend(BACKEND)
        };
        let bound = params::encode(as_text.as_ref().unwrap_or(value), ty, &mut bindings.bytes).map_err(numbered)?;
        bindings.values.push(match bound {
            Bound::Null => None,
            Bound::Binary => Some(begin..bindings.bytes.len()),
            Bound::Text(text) => {
                casts.insert(at, Cast::Text(params::cast_name(ty).to_owned(), Some(text)));
                None
            }
        });
        if bindings.bytes.len() > MOST_BYTES {
            let message = "with this value the parameters have more bytes than a message to the server holds (1 GiB)";
            return Err(numbered(conversion(message)));
        }
    }
    Ok(bindings)
}

/// `sql`, whose placeholders have `types`, with the values in their places.
fn written(sql: &str, values: &[&Value], types: &[Type], casts: &Casts) -> Result<String> {
    let mut literals = Casts::new();
    for (at, (value, ty)) in values.iter().zip(types).enumerate() {
        let as_text = match casts.get(&at) {
            Some(Cast::Text(_, text)) => Some(text.clone().map_or(Value::Null, Value::Text)),
            Some(Cast::Natural(_) | Cast::Literal(_)) | None => None,
        };
        let mut literal = String::from("CAST(");
        literal::write(as_text.as_ref().unwrap_or(value), ty, &mut literal)?;
        literal.extend([" AS ", params::cast_name(ty), ")"]);
        literals.insert(at, Cast::Literal(literal));
    }
    Ok(splice(sql, &literals).into_owned())
}

/// Writes the casts around their placeholders.
fn splice<'s>(sql: &'s str, casts: &Casts) -> Cow<'s, str> {
    if casts.is_empty() {
        return Cow::Borrowed(sql);
    }
    let Some(tokens) = tokenize(sql, PlaceholderStyle::Dollar) else { return Cow::Borrowed(sql) };
    let mut out = String::with_capacity(sql.len() + 24 * casts.len());
    let mut copied = 0;
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Dollar) {
        let placeholder = token.text(sql);
        let number = placeholder.get(1..).and_then(|digits| digits.parse::<usize>().ok());
        let Some(cast) = number.and_then(|number| casts.get(&number.checked_sub(1)?)) else { continue };
        out.push_str(&sql[copied..token.start]);
        match cast {
            Cast::Natural(ty) => out.extend(["CAST(", placeholder, " AS ", ty, ")"]),
            Cast::Text(ty, _) => out.extend(["CAST(", placeholder, "::text AS ", ty, ")"]),
            Cast::Literal(literal) => out.push_str(literal),
        }
        copied = token.end;
    }
    out.push_str(&sql[copied..]);
    Cow::Owned(out)
}

/// Whether `$1` in a statement may be a parameter of what it defines, such as a prepared statement or a function.
fn has_own_parameters(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "prepare" | "create")
}

/// Whether a statement is a query that changes nothing, as one has to be that stands in a FROM.
fn only_reads(sql: &str) -> bool {
    let style = PlaceholderStyle::Dollar;
    let keyword = first_keyword(sql, style).unwrap_or_default().to_ascii_lowercase();
    match keyword.as_str() {
        "select" | "values" | "table" => true,
        // Any of its parts may be one that writes; a word of a column's name is taken for one as well.
        "with" => {
            let tokens = tokenize(sql, style).unwrap_or_default();
            let writes = |word| tokens.iter().any(|token| token.is_word(sql, word));
            !["insert", "update", "delete", "merge"].into_iter().any(writes)
        }
        _ => false,
    }
}

/// Whether a statement stores values, rather than only reading some.
fn is_writing(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "insert" | "update" | "merge" | "call")
}

/// The error for a statement that the driver can't prepare.
fn unknown_to_the_driver() -> Error {
    crate::error::conversion("the statement has a type that can't be read or bound here")
        .with_hint("cast it in the statement, such as with ::text")
}

/// Whether the error is that of [`unknown_to_the_driver`].
pub fn is_unknown(error: &Error) -> bool {
    *error == unknown_to_the_driver()
}

/// Refuses a NUL, which the protocol takes for the end of the text, and another encoding than UTF-8.
///
/// # Errors
/// [`ErrorKind::Execution`].
pub fn check_text(sql: &str) -> Result<()> {
    if sql.contains('\0') {
        return Err(Error::execution("the SQL text contains a NUL character").with_backend(BACKEND));
    }
    kept::check_encoding(sql)
}

/// The error of a call that was given up.
pub fn given_up() -> Error {
    Error::new(ErrorKind::Cancelled, "the call was cancelled").with_backend(BACKEND)
}
