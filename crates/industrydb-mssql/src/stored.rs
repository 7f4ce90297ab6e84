//! Parameters that the server would change as it stores them: refused before the statement runs.
//!
//! A parameter has a type of its own, and what the server does on the way into a column of another one it does without a
//! word: it cuts fractions off for an `int`, rounds for `decimal(p, s)`, `money`, `real` and the types of time, and cuts
//! spaces that have no room (Transact-SQL reference, "Data type conversion", "Truncating and rounding results"). Few
//! values are at risk, and [`at_risk`] tells at a glance. For one that is, the statement's words say which columns it goes
//! to, the catalog what they are declared as, and [`crate::encode`] whether such a column keeps it: what `insert` takes.

use std::collections::HashMap;
use std::sync::Arc;

use industrydb_core::decimal::parse_decimal;
use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use industrydb_core::sql::stored::{Place, Stored, stored_by_sql_server};
use industrydb_core::table::{ColumnInfo, TableName};
use industrydb_core::value::Value;
use polars_core::prelude::{
    DataFrame, DataType, Int128Chunked, IntoSeries as _, NamedFrom as _, NewChunkedArray as _, Series, TimeUnit,
    TimeZone,
};

use crate::catalog;
use crate::dialect::DIALECT;
use crate::encode::{Encoder, Way, stored_frame};
use crate::error::BACKEND;
use crate::session::Session;
use crate::statement::{Statement, is_of_the_statement};
use crate::types::Kind;

/// Statements that are remembered.
const MOST_REMEMBERED: usize = 256;
/// Digits of a decimal that holds any parameter.
const ALL_DIGITS: usize = 38;
const MICROS_PER_MINUTE: i64 = 60_000_000;

/// A parameter that is stored as it is.
#[derive(Debug)]
struct Parameter {
    /// Its index, counted from 0.
    at: usize,
    table: String,
    /// The columns that it may go to: one, unless it comes out of a subquery.
    targets: Vec<ColumnInfo>,
}

/// Where each statement stores its parameters, as of when it was looked up.
#[derive(Debug, Default)]
pub struct Cache(HashMap<String, Arc<[Parameter]>>);

impl Cache {
    /// Forgets all: there are other tables now.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn put(&mut self, sql: &str, found: Vec<Parameter>) -> Arc<[Parameter]> {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.clear();
        }
        let found: Arc<[Parameter]> = found.into();
        self.0.insert(sql.to_owned(), Arc::clone(&found));
        found
    }
}

/// Refuses the first parameter of `statement` that it would not store as it is.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Conversion`] naming parameter, value, column and what to do; a lost connection, a
/// cancel.
pub async fn check(session: &mut Session, statement: &Statement<'_>) -> Result<()> {
    if !statement.values.iter().any(|value| at_risk(value)) {
        return Ok(());
    }
    let (stored, is_new) = match session.descriptions.stored.0.get(&*statement.sql) {
        Some(known) => (Arc::clone(known), false),
        None => (look_up(session, &statement.sql).await?, true),
    };
    let Some(error) = refusal(&stored, &statement.values) else { return Ok(()) };
    if is_new {
        return Err(error);
    }
    // Somebody else may have changed the table since.
    let stored = look_up(session, &statement.sql).await?;
    refusal(&stored, &statement.values).map_or(Ok(()), Err)
}

/// Whether there is a column that would change `value`.
fn at_risk(value: &Value) -> bool {
    match value {
        // A `real` has 24 bits.
        Value::Int(value) => {
            let magnitude = value.unsigned_abs();
            magnitude != 0 && u128::BITS - magnitude.leading_zeros() - magnitude.trailing_zeros() > f32::MANTISSA_DIGITS
        }
        Value::Float(value) => value.fract() != 0.0 || f64::from(*value as f32) != *value,
        Value::Decimal(_) => true,
        // Of a `smalldatetime` the minutes are kept.
        Value::Time(micros) => micros % MICROS_PER_MINUTE != 0,
        // A `date` keeps no time of day, a `time` no date.
        Value::Datetime(_) | Value::DatetimeUtc(_) => true,
        Value::Text(text) => {
            let number = text.trim_start().starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
            text.ends_with(' ') || number && text.contains(['.', ':', 'e', 'E'])
        }
        Value::Null
        | Value::Bool(_)
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::List(_)
        | Value::Json(_) => false,
    }
}

/// What is said of the first value that no column that it may go to keeps.
fn refusal(stored: &[Parameter], values: &[&Value]) -> Option<Error> {
    stored.iter().find_map(|Parameter { at, table, targets }| {
        let value = values.get(*at).filter(|value| at_risk(value))?;
        let mut judged = targets.iter().filter_map(|target| Some((target, keeps(value, target)?)));
        let (target, kept) = judged.next()?;
        if kept || judged.any(|(_, kept)| kept) {
            return None;
        }
        let (place, ColumnInfo { name, declared_type, .. }) = (at + 1, target);
        let (shown, change) = match value {
            Value::Text(_) => ("the text".to_owned(), "change"),
            value => (shown(value), "round"),
        };
        let message = format!(
            "parameter @P{place}: {shown} is not kept exactly by the column {name:?}, declared {declared_type}"
        );
        let hint = format!("{change} it first, or let the statement do so: CAST(@P{place} AS {declared_type})");
        let error = Error::conversion(message).with_hint(hint).with_column(name).with_table(table);
        Some(error.with_backend(BACKEND))
    })
}

/// Whether a column keeps `value`; `None` if it is not for such values, or the server has to say.
fn keeps(value: &Value, target: &ColumnInfo) -> Option<bool> {
    let kind = Kind::of_declared(&target.declared_type);
    let (number, time, instant) = match kind {
        Kind::Bit | Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Real | Kind::Float => {
            (true, false, false)
        }
        Kind::Decimal { .. } | Kind::Money | Kind::SmallMoney => (true, false, false),
        Kind::Time(_) => (false, true, true),
        Kind::Date | Kind::DateTime | Kind::SmallDateTime | Kind::DateTime2(_) | Kind::DateTimeOffset(_) => {
            (false, false, true)
        }
        Kind::OpenDecimal
        | Kind::NText(_)
        | Kind::CodePageText(_)
        | Kind::LongText
        | Kind::Xml
        | Kind::Guid
        | Kind::Variant
        | Kind::Binary(_)
        | Kind::LongBinary
        | Kind::RowVersion => (false, false, false),
    };
    let series = match value {
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) if number => series(value)?,
        Value::Time(_) if time => series(value)?,
        // An instant that is not said to be elsewhere is one in UTC to the server.
        Value::Datetime(micros) if matches!(kind, Kind::DateTimeOffset(_)) => series(&Value::DatetimeUtc(*micros))?,
        Value::Datetime(_) | Value::DatetimeUtc(_) if instant => series(value)?,
        Value::Text(text) => return keeps_text(text, kind, target),
        _ => return None,
    };
    // A truth value is one of two integers.
    let series = if kind == Kind::Bit { exact::cast(&series, &DataType::Int64) } else { Ok(series) };
    Some(series.is_ok_and(|series| is_stored(series, target)))
}

/// As [`keeps`], of text that the server reads a number or a time from. What it spells in another way than we do is left to
/// the server.
fn keeps_text(text: &str, kind: Kind, target: &ColumnInfo) -> Option<bool> {
    let micros = TimeUnit::Microseconds;
    let read = |dtype: DataType| exact::cast(&Series::new("".into(), [text.trim()]), &dtype).ok();
    let series = match kind {
        Kind::NText(_) => Series::new("".into(), [text]),
        // Of other text only the server knows how many bytes it takes.
        Kind::CodePageText(most) => return text.is_ascii().then_some(text.len() <= most),
        Kind::Decimal { .. } | Kind::Money | Kind::SmallMoney => series(&Value::Decimal(text.trim().to_owned()))?,
        Kind::Time(_) => read(DataType::Time)?,
        Kind::Date | Kind::DateTime | Kind::SmallDateTime | Kind::DateTime2(_) => {
            read(DataType::Datetime(micros, None))?
        }
        Kind::DateTimeOffset(_) => read(DataType::Datetime(micros, Some(TimeZone::UTC)))?,
        Kind::Bit
        | Kind::TinyInt
        | Kind::SmallInt
        | Kind::Int
        | Kind::BigInt
        | Kind::Real
        | Kind::Float
        | Kind::OpenDecimal
        | Kind::LongText
        | Kind::Xml
        | Kind::Guid
        | Kind::Variant
        | Kind::Binary(_)
        | Kind::LongBinary
        | Kind::RowVersion => return None,
    };
    Some(is_stored(series, target))
}

/// The value as a column of one row; `None` for what is no number and no time.
fn series(value: &Value) -> Option<Series> {
    let name = "".into();
    let instants = |zone| DataType::Datetime(TimeUnit::Microseconds, zone);
    let decimal = |unscaled: i128, scale: usize| {
        (scale <= ALL_DIGITS)
            .then(|| Int128Chunked::from_slice("".into(), &[unscaled]).into_decimal_unchecked(ALL_DIGITS, scale))
    };
    match value {
        Value::Int(value) => Some(decimal(*value, 0)?.into_series()),
        Value::Decimal(text) => {
            let number = parse_decimal(text.as_bytes())?;
            Some(decimal(number.unscaled, number.scale)?.into_series())
        }
        Value::Float(value) => Some(Series::new(name, [*value])),
        Value::Time(micros) => Series::new(name, [micros * 1_000]).cast(&DataType::Time).ok(),
        Value::Datetime(micros) => Series::new(name, [*micros]).cast(&instants(None)).ok(),
        Value::DatetimeUtc(micros) => Series::new(name, [*micros]).cast(&instants(Some(TimeZone::UTC))).ok(),
        Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::List(_)
        | Value::Json(_) => None,
    }
}

/// Whether `insert` would store the one value of `series` in the column.
fn is_stored(series: Series, target: &ColumnInfo) -> bool {
    let store = || -> Result<()> {
        let column = series.with_name(target.name.as_str().into()).into();
        let frame = DataFrame::new(1, vec![column]).map_err(|cause| Error::execution(cause.to_string()))?;
        let stored = stored_frame(&frame, std::slice::from_ref(target))?;
        for column in stored.columns() {
            let series = column.as_materialized_series();
            for chunk in series.chunks() {
                let way = Way { staged: false, hex: false };
                Encoder::new(chunk.as_ref(), series.dtype(), target, way)?.cell(0, 0)?;
            }
        }
        Ok(())
    };
    store().is_ok()
}

/// The value for a person.
fn shown(value: &Value) -> String {
    let what = match value {
        Value::Int(_) => "the integer",
        Value::Float(_) => "the float",
        Value::Decimal(text) => return format!("the decimal {text}"),
        Value::Time(_) => "the time",
        Value::Datetime(_) => "the naive datetime",
        Value::DatetimeUtc(_) => "the aware datetime",
        Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::List(_)
        | Value::Json(_) => "the value",
    };
    let text = series(value).and_then(|series| exact::cast(&series, &DataType::String).ok());
    let text = text.and_then(|text| text.str().ok()?.get(0).map(str::to_owned));
    text.map_or_else(|| what.to_owned(), |text| format!("{what} {text}"))
}

/// Asks where `sql` stores its parameters, and remembers it. What the catalog does not say is left to the server.
async fn look_up(session: &mut Session, sql: &str) -> Result<Arc<[Parameter]>> {
    let mut found = Vec::new();
    for stored in stored_by_sql_server(sql) {
        let named = TableName::new(stored.table.clone()).filter(|_| !stored.parameters.is_empty());
        let Some(table) = named else { continue };
        let columns = match &stored.columns {
            Some(_) => catalog::columns(session, &table).await,
            // There is a value for each of them, in their order.
            None => catalog::listed(session, &table).await,
        };
        let columns = match columns {
            Ok(columns) => columns.unwrap_or_default(),
            Err(error) if is_of_the_statement(&error) => continue,
            Err(error) => return Err(error),
        };
        found.extend(stored.parameters.iter().map(|(at, place)| Parameter {
            at: *at,
            table: table.table().to_owned(),
            targets: targets(&columns, &stored, place),
        }));
    }
    Ok(session.descriptions.stored.put(sql, found))
}

/// The columns that `place` stands for.
fn targets(columns: &[ColumnInfo], stored: &Stored, place: &Place) -> Vec<ColumnInfo> {
    let named = |name: &String| DIALECT.find(name, columns, |column| column.name.as_str()).cloned();
    match (place, &stored.columns) {
        (Place::Column(name), _) => named(name).into_iter().collect(),
        (Place::Position(at), _) => columns.get(*at).cloned().into_iter().collect(),
        (Place::Any, Some(names)) => names.iter().filter_map(named).collect(),
        (Place::Any, None) => columns.to_vec(),
    }
}
