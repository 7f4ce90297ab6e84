//! A parameter's value → what SQLite binds.
//!
//! SQLite has no type for dates, decimals or UUIDs: they are bound in the form that the type table reads back.

use industrydb_core::decimal::{parse_decimal, rescale};
use industrydb_core::error::{Error, Result};
use industrydb_core::temporal::{Style, Unrepresentable, format_date, format_datetime, format_time};
use industrydb_core::value::Value;

use crate::error::BACKEND;
use crate::raw::Cell;
use crate::store::exact_f64;
use crate::stored::{shortened, significant};
use crate::types::DECIMAL_DIGITS;

/// A value in a form that can be bound.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Bound {
    /// The form of `value`; `place` names its placeholder in errors.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`]: an integer beyond 64 bits, NaN, a year beyond 0 to 9999.
    pub fn of(value: &Value, place: &str) -> Result<Self> {
        let refuse = |why: String| Err(Error::conversion(format!("parameter {place}: {why}")).with_backend(BACKEND));
        let text = |write: &dyn Fn(&mut Vec<u8>) -> Result<(), Unrepresentable>| {
            let mut out = Vec::new();
            match write(&mut out) {
                Ok(()) => Ok(Self::Text(String::from_utf8(out).unwrap_or_default())),
                Err(Unrepresentable) => refuse("SQLite's dates go from year 0 to 9999".into()),
            }
        };
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Int(i64::from(*value)),
            Value::Int(value) => match i64::try_from(*value) {
                Ok(value) => Self::Int(value),
                Err(_) => return refuse(format!("{value} does not fit SQLite's 64-bit INTEGER")),
            },
            Value::Float(value) if value.is_nan() => return refuse("SQLite has no NaN: it would store NULL".into()),
            Value::Float(value) => Self::Real(*value),
            Value::Text(value) | Value::Decimal(value) => Self::Text(value.clone()),
            Value::Bytes(value) => Self::Blob(value.clone()),
            Value::Date(days) => text(&|out| format_date(*days, out))?,
            Value::Time(micros) => {
                let nanos = micros * 1_000;
                text(&|out| format_time(nanos, Style::for_time(nanos), out))?
            }
            Value::Datetime(micros) => text(&|out| format_datetime(*micros, Style::for_datetime(*micros), out))?,
            Value::DatetimeUtc(micros) => text(&|out| format_datetime(*micros, Style::for_utc(*micros), out))?,
            Value::Duration(micros) => Self::Int(*micros),
            Value::Uuid(bytes) => Self::Text(uuid_text(bytes)),
            Value::List(values) => Self::Text(json_list(values, place, Self::of)?.to_string()),
            Value::Json(document) => Self::Text(document.to_string()),
        })
    }

    /// The form of `value` where it is compared or computed with: as [`Self::of`], but a Decimal is a number.
    ///
    /// # Errors
    /// Those of [`Self::of`], and for a Decimal that no REAL stands for.
    pub fn number(value: &Value, place: &str) -> Result<Self> {
        match value {
            Value::Decimal(text) => match (decimal_number(value), whole(text)) {
                (Some(_), Some(int)) => Ok(Self::Int(int)),
                (Some(real), None) => Ok(Self::Real(real)),
                (None, _) => Err(not_a_number(value, place)),
            },
            Value::List(values) => Ok(Self::Text(json_list(values, place, Self::number)?.to_string())),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Bytes(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::Datetime(_)
            | Value::DatetimeUtc(_)
            | Value::Duration(_)
            | Value::Uuid(_)
            | Value::Json(_) => Self::of(value, place),
        }
    }

    /// Borrowed for binding.
    pub fn as_cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(value) => Cell::Int(*value),
            Self::Real(value) => Cell::Real(*value),
            Self::Text(value) => Cell::Text(value.as_bytes()),
            Self::Blob(value) => Cell::Blob(value),
        }
    }
}

/// `8-4-4-4-12` lower-case hexadecimal digits (RFC 9562, section 4).
fn uuid_text(bytes: &[u8; 16]) -> String {
    let hex = industrydb_core::exact::hex(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Whether `value` is a Decimal, or a list that holds one.
pub fn has_decimal(value: &Value) -> bool {
    match value {
        Value::Decimal(_) => true,
        Value::List(values) => values.iter().any(has_decimal),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Datetime(_)
        | Value::DatetimeUtc(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::Json(_) => false,
    }
}

/// The REAL that stands for a Decimal: up to 15 significant digits no other Decimal has the same
/// (<https://www.sqlite.org/floatingpoint.html>). `None` for NaN, more digits, and what no double is large or small
/// enough for.
pub fn decimal_number(value: &Value) -> Option<f64> {
    let Value::Decimal(text) = value else { return None };
    let real = text.parse::<f64>().ok()?;
    if !text.contains(|digit: char| digit.is_ascii_digit()) {
        return real.is_infinite().then_some(real);
    }
    let digits = significant(text);
    (digits.is_empty() || digits.len() <= DECIMAL_DIGITS && real.is_normal()).then_some(real)
}

/// The integer that a Decimal is and no double is: beyond 2⁵³ a column of integers holds more of them.
fn whole(text: &str) -> Option<i64> {
    let decimal = parse_decimal(text.as_bytes())?;
    let whole = i64::try_from(rescale(decimal.unscaled, decimal.scale, 0)?).ok()?;
    exact_f64(whole).is_none().then_some(whole)
}

/// The error for a Decimal that is compared or computed with, and is no number in SQLite.
pub fn not_a_number(value: &Value, place: &str) -> Error {
    let Value::Decimal(text) = value else {
        return Error::conversion(format!("parameter {place}: SQLite has no such number")).with_backend(BACKEND);
    };
    Error::conversion(format!(
        "parameter {place}: {} is compared or computed with, where SQLite's numbers have up to 15 significant digits",
        shortened(text)
    ))
    .with_hint("pass an int, or a float where the nearest double will do; to compare it with text, pass it as a str")
    .with_backend(BACKEND)
}

/// A list as a JSON array, its elements in the forms that they would be bound in.
fn json_list(values: &[Value], place: &str, form: fn(&Value, &str) -> Result<Bound>) -> Result<serde_json::Value> {
    let elements = values.iter().map(|value| match value {
        Value::Bool(value) => Ok(serde_json::Value::Bool(*value)),
        Value::List(values) => json_list(values, place, form),
        Value::Json(document) => Ok(document.clone()),
        other => match form(other, place)? {
            Bound::Null => Ok(serde_json::Value::Null),
            Bound::Int(value) => Ok(value.into()),
            Bound::Real(value) => serde_json::Number::from_f64(value).map(serde_json::Value::Number).ok_or_else(|| {
                Error::conversion(format!("parameter {place}: JSON has no infinity")).with_backend(BACKEND)
            }),
            Bound::Text(value) => Ok(value.into()),
            Bound::Blob(_) => {
                Err(Error::conversion(format!("parameter {place}: JSON has no bytes")).with_backend(BACKEND))
            }
        },
    });
    Ok(serde_json::Value::Array(elements.collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use industrydb_core::error::ErrorKind;

    #[test]
    fn values_are_bound_in_the_form_that_reads_back() {
        for (value, expected) in [
            (Value::Null, Bound::Null),
            (Value::Bool(true), Bound::Int(1)),
            (Value::Int(i128::from(i64::MIN)), Bound::Int(i64::MIN)),
            (Value::Float(-0.5), Bound::Real(-0.5)),
            (Value::Decimal("12.50".into()), Bound::Text("12.50".into())),
            (Value::Date(19_723), Bound::Text("2024-01-01".into())),
            (Value::Time(1), Bound::Text("00:00:00.000001".into())),
            (Value::Datetime(0), Bound::Text("1970-01-01 00:00:00".into())),
            (Value::DatetimeUtc(1_500_000), Bound::Text("1970-01-01 00:00:01.500000+00:00".into())),
            (Value::Duration(-1), Bound::Int(-1)),
            (Value::Uuid(*b"0123456789abcdef"), Bound::Text("30313233-3435-3637-3839-616263646566".into())),
            (
                Value::List(vec![Value::Int(1), Value::Null, Value::Bool(false), Value::Text("é\"".into())]),
                Bound::Text("[1,null,false,\"é\\\"\"]".into()),
            ),
        ] {
            assert_eq!(Bound::of(&value, "?1"), Ok(expected), "{value:?}");
        }
    }

    #[test]
    fn decimals_are_numbers_up_to_15_digits() {
        for (text, expected) in [
            ("12.50", Some(12.5)),
            ("-0.1", Some(-0.1)),
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("1E+30", Some(1e30)),
            ("0E-999", Some(0.0)),
            ("1000000000000000000", Some(1e18)),
            ("Infinity", Some(f64::INFINITY)),
            ("9007199254740993", None),
            ("0.1234567890123456", None),
            ("1E+400", None),
            ("1E-320", None),
            ("NaN", None),
        ] {
            let value = Value::Decimal(text.into());
            assert_eq!(decimal_number(&value), expected, "{text}");
            assert_eq!(Bound::number(&value, "?1").ok(), expected.map(Bound::Real), "{text}");
        }
        let list = Value::List(vec![Value::Decimal("1.50".into()), Value::List(vec![Value::Int(1)])]);
        assert_eq!(Bound::number(&list, "?1"), Ok(Bound::Text("[1.5,[1]]".into())));
        assert_eq!(Bound::of(&list, "?1"), Ok(Bound::Text("[\"1.50\",[1]]".into())));
    }

    #[test]
    fn what_sqlite_cannot_keep_is_refused() {
        for value in [
            Value::Int(i128::from(i64::MAX) + 1),
            Value::Float(f64::NAN),
            Value::Date(i32::MAX),
            Value::List(vec![Value::Float(f64::INFINITY)]),
            Value::List(vec![Value::Bytes(vec![1])]),
        ] {
            let error = Bound::of(&value, "?1").expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Conversion);
            assert!(error.message().contains("?1"));
        }
    }
}
