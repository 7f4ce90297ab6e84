//! What a column makes of one value: whether it keeps it, as `insert` would have it.

use std::cmp::Ordering;

use industrydb_core::decimal::parse_decimal;
use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use industrydb_core::table::ColumnInfo;
use industrydb_core::value::Value;
use polars_core::prelude::{
    DataFrame, DataType, Int128Chunked, IntoSeries as _, NamedFrom as _, NewChunkedArray as _, Series, TimeUnit,
    TimeZone,
};
use tiberius::ColumnData;

use crate::encode::{Encoder, Way, stored_frame};
use crate::params::Bound;
use crate::types::{Kind, MOST_DIGITS, is_filled_up, is_narrow, is_utf8};

const MICROS_PER_MINUTE: i64 = 60_000_000;
/// From here on a whole number may have more digits than the six that a `float` has as text.
const SEVEN_DIGITS: f64 = 1e6;

/// A parameter's value.
#[derive(Debug, Clone, Copy)]
pub struct Given<'g> {
    /// As it was given.
    pub value: &'g Value,
    /// As it is sent.
    pub bound: &'g Bound<'g>,
}

/// What a column makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It keeps it.
    Keeps,
    /// It changes it.
    Changes,
    /// It has a code page, of which the server has to say what it holds.
    InCodePage,
    /// It is not for such values, or the server refuses what it does not keep.
    ForTheServer,
}

impl<'g> Given<'g> {
    /// What is sent, if that is text beyond ASCII, which a code page may lack.
    pub fn wide_text(self) -> Option<&'g str> {
        match &self.bound.data {
            ColumnData::String(Some(text)) if !text.is_ascii() => Some(text),
            _ => None,
        }
    }

    /// Whether there is a column that would change it.
    pub fn is_at_risk(self) -> bool {
        self.wide_text().is_some() || at_risk(self.value)
    }

    /// What `target` makes of it.
    pub fn verdict(self, target: &ColumnInfo) -> Verdict {
        if self.wide_text().is_some() && code_page(target).is_some() {
            return Verdict::InCodePage;
        }
        if !at_risk(self.value) {
            // Text beyond ASCII, for a column that holds all of Unicode or is for something else.
            return if target.collation.is_some() { Verdict::Keeps } else { Verdict::ForTheServer };
        }
        match keeps(self.value, target) {
            Some(true) => Verdict::Keeps,
            Some(false) => Verdict::Changes,
            None => Verdict::ForTheServer,
        }
    }
}

/// The collation of a column whose text is in a code page other than UTF-8.
pub fn code_page(target: &ColumnInfo) -> Option<&str> {
    target.collation.as_deref().filter(|name| is_narrow(&target.declared_type) && !is_utf8(name))
}

/// Whether a `float` has as text all of its digits: six, in style 0 of CAST and CONVERT, which is that of a conversion
/// that nobody asked for (Transact-SQL reference, "CAST and CONVERT", "float and real styles").
fn has_six_digits(value: f64) -> bool {
    format!("{value:.5e}").parse() == Ok(value)
}

/// Whether there is a column that would change `value`.
fn at_risk(value: &Value) -> bool {
    match value {
        // A `real` has 24 bits.
        Value::Int(value) => {
            let magnitude = value.unsigned_abs();
            magnitude != 0 && u128::BITS - magnitude.leading_zeros() - magnitude.trailing_zeros() > f32::MANTISSA_DIGITS
        }
        Value::Float(value) => {
            value.fract() != 0.0 || f64::from(*value as f32) != *value || value.abs() >= SEVEN_DIGITS
        }
        Value::Decimal(_) => true,
        // Of a `smalldatetime` the minutes are kept.
        Value::Time(micros) => micros % MICROS_PER_MINUTE != 0,
        // A `date` keeps no time of day, a `time` no date.
        Value::Datetime(_) | Value::DatetimeUtc(_) => true,
        // A `binary(n)` fills them up.
        Value::Bytes(_) => true,
        Value::Text(text) => {
            let number = text.trim_start().starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
            text.ends_with(' ') || number && text.contains(['.', ':', 'e', 'E'])
        }
        Value::Null
        | Value::Bool(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::List(_)
        | Value::Json(_) => false,
    }
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
        Value::Float(value) if is_varying_text(kind, target) => return Some(has_six_digits(*value)),
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) if number => series(value)?,
        Value::Time(_) if is_varying_text(kind, target) => return Some(has_room(kind, TIME)),
        Value::Datetime(_) if is_varying_text(kind, target) => return Some(has_room(kind, DATETIME)),
        Value::DatetimeUtc(_) if is_varying_text(kind, target) => return Some(has_room(kind, DATETIME_UTC)),
        Value::Bytes(bytes) => return keeps_bytes(bytes, kind, target),
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

/// Whether a column is of text, and not one of the older types, which take no number.
fn is_varying_text(kind: Kind, target: &ColumnInfo) -> bool {
    let older = || ["text", "ntext"].iter().any(|older| target.declared_type.eq_ignore_ascii_case(older));
    matches!(kind, Kind::NText(_) | Kind::CodePageText(_) | Kind::LongText) && !older()
}

/// The characters of a time as text, in the types that parameters have: `07:08:09.123456`, that behind `2024-05-06 `, and
/// then ` +00:00` ("CAST and CONVERT": style 121).
const TIME: usize = 15;
const DATETIME: usize = 26;
const DATETIME_UTC: usize = 33;

/// Whether a column of text takes so many ASCII characters. A conversion cuts what goes beyond ("CAST and CONVERT",
/// "Truncating and rounding results"), while text that is stored has to fit ("SET ANSI_WARNINGS"); which of the two a
/// time on its way into a column is, the reference does not say.
fn has_room(kind: Kind, length: usize) -> bool {
    if let Kind::NText(most) | Kind::CodePageText(most) = kind { length <= most } else { true }
}

/// As [`keeps`], of bytes. Those that are too long are an error of the server's, unless only zeros go or they become text
/// ("SET ANSI_WARNINGS").
fn keeps_bytes(bytes: &[u8], kind: Kind, target: &ColumnInfo) -> Option<bool> {
    let length = bytes.len();
    if let Kind::CodePageText(most) = kind {
        return Some(length <= most);
    }
    if let Kind::NText(most) = kind {
        return Some(length <= 2 * most && length.is_multiple_of(2));
    }
    let Kind::Binary(most) = kind else { return None };
    match length.cmp(&most) {
        Ordering::Less => Some(!is_filled_up(&target.declared_type)),
        Ordering::Equal => Some(true),
        Ordering::Greater => bytes.ends_with(&[0]).then_some(false),
    }
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
    measured(value).and_then(|(_, series)| series)
}

/// What a number or a time is called, and it as a column of one row, if a decimal is not too long for one.
fn measured(value: &Value) -> Option<(&'static str, Option<Series>)> {
    let name = "".into();
    let instants = |zone| DataType::Datetime(TimeUnit::Microseconds, zone);
    let decimal = |unscaled: i128, scale: usize| {
        let number = Int128Chunked::from_slice("".into(), &[unscaled]);
        (scale <= MOST_DIGITS).then(|| number.into_decimal_unchecked(MOST_DIGITS, scale).into_series())
    };
    Some(match value {
        Value::Int(value) => ("the integer", decimal(*value, 0)),
        Value::Decimal(text) => {
            let number = parse_decimal(text.as_bytes());
            ("the decimal", number.and_then(|number| decimal(number.unscaled, number.scale)))
        }
        Value::Float(value) => ("the float", Some(Series::new(name, [*value]))),
        Value::Time(micros) => ("the time", Series::new(name, [micros * 1_000]).cast(&DataType::Time).ok()),
        Value::Datetime(micros) => ("the naive datetime", Series::new(name, [*micros]).cast(&instants(None)).ok()),
        Value::DatetimeUtc(micros) => {
            ("the aware datetime", Series::new(name, [*micros]).cast(&instants(Some(TimeZone::UTC))).ok())
        }
        Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::List(_)
        | Value::Json(_) => return None,
    })
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
pub fn shown(value: &Value) -> String {
    if let Value::Decimal(text) = value {
        return format!("the decimal {text}");
    }
    if let Value::Bytes(bytes) = value {
        return format!("the binary value of length {}", bytes.len());
    }
    let Some((what, series)) = measured(value) else { return "the value".to_owned() };
    let text = series.and_then(|series| exact::cast(&series, &DataType::String).ok());
    let text = text.and_then(|text| text.str().ok()?.get(0).map(str::to_owned));
    text.map_or_else(|| what.to_owned(), |text| format!("{what} {text}"))
}
