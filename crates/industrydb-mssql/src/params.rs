//! A parameter's value → what the client library sends, and the type it is declared with.

use std::borrow::Cow;

use industrydb_core::decimal::{decimal_to_string, digits, parse_decimal, rescale};
use industrydb_core::error::{Error, Result};
use industrydb_core::temporal::{Style, Unrepresentable, format_date, format_datetime, format_time};
use industrydb_core::value::Value;
use tiberius::numeric::Numeric;
use tiberius::{ColumnData, Uuid};

use crate::error::BACKEND;
use crate::instant;
use crate::types::MOST_DIGITS;

/// The most UTF-16 units of an `nvarchar(n)`; longer text is `nvarchar(max)`.
const LONGEST_TEXT: usize = 4_000;
/// The most bytes of a `varbinary(n)`.
const LONGEST_BINARY: usize = 8_000;

/// A value with the type that the statement declares for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound<'v> {
    /// What is sent.
    pub data: ColumnData<'v>,
    /// The type in the declaration.
    pub declared: Cow<'static, str>,
}

impl<'v> Bound<'v> {
    fn new(data: ColumnData<'v>, declared: impl Into<Cow<'static, str>>) -> Self {
        Self { data, declared: declared.into() }
    }

    /// NULL of the type that the server expects in its place.
    pub fn null(declared: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ColumnData::String(None), declared)
    }

    /// The form of `value`; `place` names its placeholder in errors.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`]: a number beyond 38 digits, NaN and infinities, a year beyond 1
    /// to 9999.
    pub fn of(value: &'v Value, place: usize) -> Result<Self> {
        let refuse = |why: &str| Error::conversion(format!("parameter @P{place}: {why}")).with_backend(BACKEND);
        let years = || refuse("SQL Server's dates go from year 1 to 9999");
        Ok(match value {
            Value::Null => Self::null("nvarchar(4000)"),
            Value::Bool(value) => Self::new(ColumnData::Bit(Some(*value)), "bit"),
            Value::Int(value) => match i64::try_from(*value) {
                Ok(value) => Self::new(ColumnData::I64(Some(value)), "bigint"),
                Err(_) => Self::decimal(*value, 0)
                    .ok_or_else(|| refuse(&format!("{value} has more digits than SQL Server's {MOST_DIGITS}")))?,
            },
            Value::Float(value) if !value.is_finite() => return Err(refuse("SQL Server has no NaN and no infinity")),
            Value::Float(value) => Self::new(ColumnData::F64(Some(*value)), "float(53)"),
            Value::Text(value) => Self::text(Cow::Borrowed(value)),
            Value::Bytes(value) => Self::binary(Cow::Borrowed(value)),
            Value::Decimal(text) => {
                let number = parse_decimal(text.as_bytes())
                    .ok_or_else(|| refuse(&format!("{text} is no number that SQL Server's decimal holds")))?;
                Self::decimal(number.unscaled, number.scale)
                    .or_else(|| Self::decimal_as_text(text, number.unscaled, number.scale))
                    .ok_or_else(|| refuse(&format!("{text} has more digits than SQL Server's {MOST_DIGITS}")))?
            }
            Value::Date(days) => Self::new(ColumnData::Date(Some(instant::to_date(*days).ok_or_else(years)?)), "date"),
            Value::Time(micros) => {
                let time = instant::to_time_micros(*micros).ok_or_else(|| refuse("no time of day"))?;
                Self::new(ColumnData::Time(Some(time)), "time(6)")
            }
            Value::Datetime(micros) => {
                let value = instant::to_datetime2_micros(*micros).ok_or_else(years)?;
                Self::new(ColumnData::DateTime2(Some(value)), "datetime2(6)")
            }
            Value::DatetimeUtc(micros) => {
                let value = instant::to_datetime2_micros(*micros).ok_or_else(years)?;
                Self::new(ColumnData::DateTimeOffset(Some(instant::to_datetimeoffset(value))), "datetimeoffset(6)")
            }
            Value::Duration(micros) => Self::new(ColumnData::I64(Some(*micros)), "bigint"),
            // As text, which the server takes for a uniqueidentifier: the other way round it would write capitals.
            Value::Uuid(bytes) => Self::text(Cow::Owned(Uuid::from_bytes(*bytes).hyphenated().to_string())),
            Value::List(values) => Self::text(Cow::Owned(json_list(values, place)?.to_string())),
            Value::Json(document) => Self::text(Cow::Owned(document.to_string())),
        })
    }

    /// Text.
    pub fn of_text(text: &'v str) -> Self {
        Self::text(Cow::Borrowed(text))
    }

    fn text(text: Cow<'v, str>) -> Self {
        // The library goes by UTF-8 bytes, of which there are never fewer than UTF-16 units.
        let declared = if text.len() <= LONGEST_TEXT { "nvarchar(4000)" } else { "nvarchar(max)" };
        Self::new(ColumnData::String(Some(text)), declared)
    }

    fn binary(bytes: Cow<'v, [u8]>) -> Self {
        let declared = if bytes.len() <= LONGEST_BINARY { "varbinary(8000)" } else { "varbinary(max)" };
        Self::new(ColumnData::Binary(Some(bytes)), declared)
    }

    /// A decimal with 38 digits behind the point goes as text, which the server reads as what is declared: the library
    /// counts the zero before the point as a 39th digit.
    fn decimal_as_text(text: &'v str, unscaled: i128, scale: usize) -> Option<Self> {
        let fits = scale == MOST_DIGITS && digits(unscaled) <= MOST_DIGITS;
        // The server reads no exponent as a decimal.
        let plain = || decimal_to_string(unscaled, scale);
        let text = if text.contains(['e', 'E']) { Cow::Owned(plain()) } else { Cow::Borrowed(text) };
        fits.then(|| Self::new(ColumnData::String(Some(text)), format!("decimal({MOST_DIGITS}, {MOST_DIGITS})")))
    }

    /// A decimal of at most 38 digits, all of them kept.
    fn decimal(unscaled: i128, scale: usize) -> Option<Self> {
        // The library counts a zero before the point as a digit, which is one too many for a scale of 38.
        let most = if digits(unscaled) <= scale { MOST_DIGITS - 1 } else { MOST_DIGITS };
        let (mut unscaled, mut scale) = (unscaled, scale);
        while scale > 0 && scale > most {
            unscaled = rescale(unscaled, scale, scale - 1)?;
            scale -= 1;
        }
        let precision = digits(unscaled).max(scale + usize::from(digits(unscaled) <= scale));
        if precision > MOST_DIGITS {
            return None;
        }
        let number = Numeric::new_with_scale(unscaled, u8::try_from(scale).ok()?);
        Some(Self::new(ColumnData::Numeric(Some(number)), format!("decimal({precision}, {scale})")))
    }
}

/// A list as a JSON array; what JSON has no type for is text.
fn json_list(values: &[Value], place: usize) -> Result<serde_json::Value> {
    use serde_json::Value as Json;
    let refuse = |why: &str| Error::conversion(format!("parameter @P{place}: {why}")).with_backend(BACKEND);
    let text = |write: &dyn Fn(&mut Vec<u8>) -> Result<(), Unrepresentable>| {
        let mut out = Vec::new();
        write(&mut out).map_err(|Unrepresentable| refuse("dates go from year 0 to 9999"))?;
        Ok(Json::from(String::from_utf8(out).unwrap_or_default()))
    };
    let elements = values.iter().map(|value| {
        Ok(match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => match i64::try_from(*value) {
                Ok(value) => value.into(),
                Err(_) => value.to_string().into(),
            },
            Value::Float(value) => serde_json::Number::from_f64(*value)
                .map(Json::Number)
                .ok_or_else(|| refuse("JSON has no NaN and no infinity"))?,
            Value::Text(value) | Value::Decimal(value) => value.as_str().into(),
            Value::Bytes(_) => return Err(refuse("JSON has no bytes")),
            Value::Date(days) => text(&|out| format_date(*days, out))?,
            Value::Time(micros) => text(&|out| format_time(micros * 1_000, Style::for_time(micros * 1_000), out))?,
            Value::Datetime(micros) => text(&|out| format_datetime(*micros, Style::for_datetime(*micros), out))?,
            Value::DatetimeUtc(micros) => text(&|out| format_datetime(*micros, Style::for_utc(*micros), out))?,
            Value::Duration(micros) => (*micros).into(),
            Value::Uuid(bytes) => Uuid::from_bytes(*bytes).hyphenated().to_string().into(),
            Value::List(values) => json_list(values, place)?,
            Value::Json(document) => document.clone(),
        })
    });
    Ok(serde_json::Value::Array(elements.collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use industrydb_core::error::ErrorKind;
    use tiberius::time::{Date, DateTime2, Time};

    #[test]
    fn values_are_declared_with_the_type_that_holds_them() {
        let midnight = DateTime2::new(Date::new(719_162), Time::new(0, 6));
        for (value, data, declared) in [
            (Value::Null, ColumnData::String(None), "nvarchar(4000)"),
            (Value::Int(i128::from(i64::MIN)), ColumnData::I64(Some(i64::MIN)), "bigint"),
            (
                Value::Int(10_i128.pow(37)),
                ColumnData::Numeric(Some(Numeric::new_with_scale(10_i128.pow(37), 0))),
                "decimal(38, 0)",
            ),
            (
                Value::Decimal("12.50".into()),
                ColumnData::Numeric(Some(Numeric::new_with_scale(1250, 2))),
                "decimal(4, 2)",
            ),
            (Value::Decimal("0.05".into()), ColumnData::Numeric(Some(Numeric::new_with_scale(5, 2))), "decimal(3, 2)"),
            (
                Value::Decimal("1E+3".into()),
                ColumnData::Numeric(Some(Numeric::new_with_scale(1000, 0))),
                "decimal(4, 0)",
            ),
            (
                Value::Decimal("-1E-38".into()),
                ColumnData::String(Some("-0.00000000000000000000000000000000000001".into())),
                "decimal(38, 38)",
            ),
            (Value::Datetime(0), ColumnData::DateTime2(Some(midnight)), "datetime2(6)"),
            (
                Value::List(vec![Value::Int(1), Value::Null]),
                ColumnData::String(Some("[1,null]".into())),
                "nvarchar(4000)",
            ),
        ] {
            assert_eq!(Bound::of(&value, 1), Ok(Bound::new(data, declared)), "{value:?}");
        }
        let long = Value::Text("x".repeat(4_001));
        assert_eq!(Bound::of(&long, 1).map(|bound| bound.declared), Ok("nvarchar(max)".into()));
    }

    #[test]
    fn what_the_server_cannot_keep_is_refused() {
        for value in [
            Value::Int(10_i128.pow(38)),
            Value::Float(f64::NAN),
            Value::Float(f64::INFINITY),
            Value::Decimal("NaN".into()),
            Value::Decimal("1e39".into()),
            Value::Date(i32::MAX),
            Value::Datetime(i64::MIN),
            Value::List(vec![Value::Bytes(vec![1])]),
        ] {
            let error = Bound::of(&value, 3).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Conversion);
            assert!(error.message().contains("@P3"), "{error}");
        }
    }
}
