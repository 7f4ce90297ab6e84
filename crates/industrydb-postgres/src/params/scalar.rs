//! Single values as the server's types hold them: exactly, or not at all.

use std::borrow::Cow;

use industrydb_core::temporal::{MICROS_PER_DAY, format_duration};
use industrydb_core::value::Value;

use super::json;
use super::number::Number;
use crate::encode::form::{self, Float as _};
use crate::encode::limits;
use crate::types::NumericModifier;

/// What `money` holds where two digits stand behind its point (PostgreSQL manual 8.2).
const MONEY: NumericModifier = NumericModifier { precision: 19, scale: 2 };
/// Integers of so many bits are exact in each kind of float.
const FLOAT4_BITS: u32 = f32::MANTISSA_DIGITS;
const FLOAT8_BITS: u32 = f64::MANTISSA_DIGITS;

pub(super) fn integer(value: &Value) -> Option<i128> {
    if let Value::Int(value) = value { Some(*value) } else { number(value)?.integer() }
}

/// A number of any kind.
pub(super) fn number(value: &Value) -> Option<Number> {
    if let Value::Int(value) = value {
        Number::from_decimal(*value, 0)
    } else if let Value::Float(value) = value {
        Number::from_float(*value)
    } else if let Value::Decimal(text) = value {
        Number::parse(text)
    } else {
        None
    }
}

/// A single is as exact as a double only if it is the same number: a float is not taken by its shortest form here.
pub(super) fn float4(value: &Value) -> Option<f32> {
    if let Value::Int(value) = value {
        (bits(*value) <= FLOAT4_BITS).then_some(*value as f32)
    } else if let Value::Float(value) = value {
        let single = *value as f32;
        (f64::from(single) == *value || value.is_nan()).then_some(single)
    } else {
        number(value)?.float4()
    }
}

pub(super) fn float8(value: &Value) -> Option<f64> {
    if let Value::Int(value) = value {
        (bits(*value) <= FLOAT8_BITS).then_some(*value as f64)
    } else if let Value::Float(value) = value {
        Some(*value)
    } else {
        number(value)?.float8()
    }
}

/// The bits between the first one that is set and the last.
fn bits(value: i128) -> u32 {
    let magnitude = value.unsigned_abs();
    (u128::BITS - magnitude.leading_zeros()).saturating_sub(magnitude.trailing_zeros())
}

/// The text that `money` reads.
pub(super) fn money(value: &Value) -> Option<String> {
    if let Value::Float(_) = value {
        return None;
    }
    let number = number(value).filter(|number| *number != Number::NaN && number.fits(Some(MONEY)))?;
    let mut out = String::new();
    number.text(&mut out);
    Some(out)
}

/// Days since 1970-01-01.
pub(super) fn date(value: &Value) -> Option<i32> {
    let days = if let Value::Date(days) = value {
        *days
    } else if let Value::Datetime(micros) = value {
        (micros % MICROS_PER_DAY == 0).then(|| i32::try_from(micros / MICROS_PER_DAY).ok())??
    } else {
        return None;
    };
    limits::date(days).map(|_| days)
}

/// Microseconds since midnight.
pub(super) fn time(value: &Value) -> Option<i64> {
    if let Value::Time(micros) = value { limits::time(*micros) } else { None }
}

/// Microseconds since 1970-01-01T00:00:00 of a naive datetime; a date is its midnight.
pub(super) fn timestamp(value: &Value) -> Option<i64> {
    let micros = if let Value::Datetime(micros) = value {
        *micros
    } else if let Value::Date(days) = value {
        i64::from(*days).checked_mul(MICROS_PER_DAY)?
    } else {
        return None;
    };
    limits::timestamp(micros).map(|_| micros)
}

pub(super) fn uuid(value: &Value) -> Option<[u8; 16]> {
    if let Value::Uuid(bytes) = value {
        Some(*bytes)
    } else if let Value::Bytes(bytes) = value {
        bytes.as_slice().try_into().ok()
    } else {
        None
    }
}

/// A JSON document: a truth value, a number, a list, a dict.
pub(super) fn json_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Json(_) => {
            let mut out = String::new();
            json::write(value, &mut out)?;
            Some(Cow::Owned(out))
        }
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Null
        | Value::Bytes(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Datetime(_)
        | Value::DatetimeUtc(_)
        | Value::Duration(_)
        | Value::Uuid(_) => None,
    }
}

/// The value as text: digits, ISO 8601, JSON. Bytes are none.
pub(super) fn plain(value: &Value) -> Option<Cow<'_, str>> {
    let mut out = String::new();
    match value {
        Value::Null | Value::Bytes(_) => return None,
        Value::Text(text) | Value::Decimal(text) => return Some(Cow::Borrowed(text)),
        Value::Bool(value) => form::display(value, &mut out),
        Value::Int(value) => form::display(value, &mut out),
        Value::Float(value) => value.form(&mut out),
        Value::Date(days) => form::date(*days, &mut out),
        Value::Time(micros) => form::time(*micros, &mut out),
        Value::Datetime(micros) => form::timestamp(*micros, false, &mut out),
        Value::DatetimeUtc(micros) => form::timestamp(*micros, true, &mut out),
        Value::Duration(micros) => {
            let mut text = Vec::new();
            format_duration(*micros, &mut text);
            out = String::from_utf8(text).ok()?;
        }
        Value::Uuid(bytes) => form::uuid(bytes, &mut out),
        Value::List(_) | Value::Json(_) => json::write(value, &mut out)?,
    }
    Some(Cow::Owned(out))
}
