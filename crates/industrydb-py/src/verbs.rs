//! The verbs: what each makes of its arguments, and the work that it does with the connector.
//!
//! Both classes of connections call these: `Connection` waits for the work, `AsyncConnection` gives it to be awaited.

use std::sync::Arc;

use industrydb_core::connector::{BoxFuture, DatabaseConnector, ReadOptions, Settle};
use industrydb_core::error::Result;
use industrydb_core::ops::{self, InsertMode, InsertOptions, OnConflict, TransactionOptions};
use industrydb_core::sql::Dialect;
use industrydb_core::sql::generate::Select;
use polars_core::prelude::{DataFrame, Schema};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::call::{self, Call};
use crate::errors::to_py;
use crate::progress::Reporter;
use crate::reading::Reading;
use crate::{arguments, frames, params};

/// Rows of a batch, unless the caller says otherwise.
const BATCH_SIZE: i64 = 65_536;

/// An argument as Python gave it.
type Argument<'a, 'py> = &'a Bound<'py, PyAny>;

/// What a verb does in its turn.
pub type Work = Box<dyn for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<Outcome>> + Send>;

/// A verb whose arguments are read.
pub struct Verb {
    /// Its deadline and progress.
    pub call: Call,
    /// What it does.
    pub work: Work,
}

/// What a verb gives.
pub enum Outcome {
    /// A `polars.DataFrame`.
    Frame(DataFrame),
    /// A `polars.Schema`.
    Schema(Schema),
    /// A number of rows.
    Rows(u64),
    /// None.
    Nothing,
}

impl Outcome {
    /// The object of Python.
    ///
    /// # Errors
    /// What Polars raises.
    pub fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Frame(frame) => frames::to_python(py, frame),
            Self::Schema(schema) => frames::schema_to_python(py, &schema),
            Self::Rows(rows) => rows.into_bound_py_any(py),
            Self::Nothing => Ok(py.None().into_bound(py)),
        }
    }
}

impl Verb {
    fn new(
        call: Call,
        work: impl for<'c> FnOnce(&'c mut dyn DatabaseConnector) -> BoxFuture<'c, Result<Outcome>> + Send + 'static,
    ) -> Self {
        Self { call, work: Box::new(work) }
    }
}

/// A call with a timeout alone.
fn timed(timeout: Option<f64>) -> PyResult<Call> {
    Ok(Call::new(call::timeout(timeout)?, None))
}

/// Options of a read that collects the whole result.
fn whole_result(schema_overrides: Option<Argument<'_, '_>>, call: &Call) -> PyResult<ReadOptions> {
    Ok(ReadOptions {
        overrides: frames::overrides(schema_overrides)?,
        progress: call.progress(),
        ..ReadOptions::default()
    })
}

fn checked(frame: DataFrame, overrides: &Schema) -> Result<Outcome> {
    if !overrides.is_empty() {
        frames::check_overrides(overrides, frame.schema())?;
    }
    Ok(Outcome::Frame(frame))
}

/// Runs SQL, exactly once, and gives its result.
pub fn execute(
    sql: String,
    params: Option<Argument<'_, '_>>,
    schema_overrides: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
    progress: Option<Argument<'_, '_>>,
) -> PyResult<Verb> {
    let params = params::params(params)?;
    let call = Call::new(call::timeout(timeout)?, Reporter::new(progress, "execute")?);
    let options = whole_result(schema_overrides, &call)?;
    Ok(Verb::new(call, move |connector| {
        Box::pin(async move {
            let overrides = Arc::clone(&options.overrides);
            checked(ops::execute(connector, &sql, &params, options).await?, &overrides)
        })
    }))
}

/// Runs one statement once for each entry of `params_list`, all in one transaction.
pub fn execute_many(sql: String, params_list: Argument<'_, '_>, timeout: Option<f64>) -> PyResult<Verb> {
    let rows = params::params_list(params_list)?;
    Ok(Verb::new(timed(timeout)?, move |connector| {
        Box::pin(async move { ops::execute_many(connector, &sql, &rows).await.map(Outcome::Rows) })
    }))
}

/// What a batch reader is to read, and where it reports to.
pub fn execute_batches(
    sql: String,
    params: Option<Argument<'_, '_>>,
    batch_size: Option<Argument<'_, '_>>,
    schema_overrides: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
    progress: Option<Argument<'_, '_>>,
) -> PyResult<(Reading, Option<Reporter>)> {
    let batch_size = batch_size.map_or(Ok(BATCH_SIZE), arguments::integer)?;
    let batch_rows = usize::try_from(batch_size).ok().filter(|rows| *rows > 0);
    let Some(batch_rows) = batch_rows else {
        return Err(PyValueError::new_err(format!("batch_size must be at least 1, not {batch_size}")));
    };
    let options = ReadOptions {
        settle: Settle::FirstBatch,
        batch_rows,
        overrides: frames::overrides(schema_overrides)?,
        progress: Arc::default(),
    };
    let reading = Reading { sql, params: params::params(params)?, options, timeout: call::timeout(timeout)? };
    Ok((reading, Reporter::new(progress, "execute_batches")?))
}

/// The schema that `execute` would give, without running the query.
pub fn schema(sql: String, params: Option<Argument<'_, '_>>, timeout: Option<f64>) -> PyResult<Verb> {
    let params = params::params(params)?;
    Ok(Verb::new(timed(timeout)?, move |connector| {
        Box::pin(async move { connector.describe(&sql, &params).await.map(Outcome::Schema) })
    }))
}

/// Writes all rows of `data`, column by name, or none of them.
pub fn insert(
    table: Argument<'_, '_>,
    data: Argument<'_, '_>,
    mode: &str,
    on_conflict: &str,
    conflict_columns: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
    progress: Option<Argument<'_, '_>>,
) -> PyResult<Verb> {
    let table = arguments::table(table)?;
    let options = InsertOptions {
        mode: InsertMode::parse(mode).map_err(to_py)?,
        on_conflict: OnConflict::parse(on_conflict).map_err(to_py)?,
        conflict_columns: arguments::key_columns(conflict_columns)?,
    };
    let call = Call::new(call::timeout(timeout)?, Reporter::new(progress, "insert")?);
    let frame = frames::from_python(data)?;
    let progress = call.progress();
    Ok(Verb::new(call, move |connector| {
        Box::pin(async move { ops::insert(connector, &table, &frame, &options, &progress).await.map(Outcome::Rows) })
    }))
}

/// Reads rows of one table.
#[expect(clippy::too_many_arguments, reason = "as the caller writes them")]
pub fn select(
    table: Argument<'_, '_>,
    columns: Option<Argument<'_, '_>>,
    r#where: Option<Argument<'_, '_>>,
    params: Option<Argument<'_, '_>>,
    order_by: Option<Argument<'_, '_>>,
    limit: Option<Argument<'_, '_>>,
    offset: Option<Argument<'_, '_>>,
    schema_overrides: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
) -> PyResult<Verb> {
    let table = arguments::table(table)?;
    let columns = arguments::columns(columns)?;
    let condition = arguments::condition(r#where)?;
    let order_by = arguments::order_by(order_by)?;
    let limit = limit.map(arguments::integer).transpose()?;
    let offset = offset.map(arguments::integer).transpose()?;
    let params = params::params(params)?;
    let call = timed(timeout)?;
    let options = whole_result(schema_overrides, &call)?;
    Ok(Verb::new(call, move |connector| {
        Box::pin(async move {
            let select = Select {
                table: &table,
                columns: columns.as_deref(),
                condition: &condition,
                params: &params,
                order_by: &order_by,
                limit,
                offset,
            };
            let overrides = Arc::clone(&options.overrides);
            checked(ops::select(connector, &select, options).await?, &overrides)
        })
    }))
}

/// Sets columns of the rows that match.
pub fn update(
    table: Argument<'_, '_>,
    values: Argument<'_, '_>,
    r#where: Argument<'_, '_>,
    params: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
) -> PyResult<Verb> {
    let table = arguments::table(table)?;
    let values = arguments::named("values", values)?;
    let condition = arguments::condition(Some(r#where))?;
    let params = params::params(params)?;
    Ok(Verb::new(timed(timeout)?, move |connector| {
        Box::pin(async move { ops::update(connector, &table, &values, &condition, &params).await.map(Outcome::Rows) })
    }))
}

/// Deletes the rows that match.
pub fn delete(
    table: Argument<'_, '_>,
    r#where: Argument<'_, '_>,
    params: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
) -> PyResult<Verb> {
    let table = arguments::table(table)?;
    let condition = arguments::condition(Some(r#where))?;
    let params = params::params(params)?;
    Ok(Verb::new(timed(timeout)?, move |connector| {
        Box::pin(async move { ops::delete(connector, &table, &condition, &params).await.map(Outcome::Rows) })
    }))
}

/// What a transaction is to be like, if `dialect` has that.
pub fn transaction(
    dialect: &Dialect,
    isolation: Option<String>,
    read_only: bool,
    deferrable: bool,
) -> PyResult<TransactionOptions> {
    let options = TransactionOptions { isolation, read_only, deferrable };
    options.check(dialect).map_err(to_py)?;
    Ok(options)
}

/// The tables and views in `schema`, or in all schemas.
pub fn tables(
    schema: Option<String>,
    schema_overrides: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
) -> PyResult<Verb> {
    let overrides = frames::overrides(schema_overrides)?;
    Ok(Verb::new(timed(timeout)?, move |connector| {
        Box::pin(async move {
            frames::overridden(connector.tables(schema.as_deref()).await?, &overrides).map(Outcome::Frame)
        })
    }))
}

/// The columns of `table`, one row each, in their order.
pub fn columns(
    table: Argument<'_, '_>,
    schema_overrides: Option<Argument<'_, '_>>,
    timeout: Option<f64>,
) -> PyResult<Verb> {
    let table = arguments::table(table)?;
    let overrides = frames::overrides(schema_overrides)?;
    Ok(Verb::new(timed(timeout)?, move |connector| {
        Box::pin(
            async move { frames::overridden(ops::columns(connector, &table).await?, &overrides).map(Outcome::Frame) },
        )
    }))
}

/// One round trip to the server.
pub fn ping(timeout: Option<f64>) -> PyResult<Verb> {
    Ok(Verb::new(timed(timeout)?, |connector| {
        Box::pin(async move { connector.ping().await.map(|()| Outcome::Nothing) })
    }))
}
