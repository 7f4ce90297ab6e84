//! Text → anything that is not nested.

use std::fmt::LowerExp;

use polars_core::chunked_array::cast::CastOptions;
use polars_core::prelude::*;

use super::number;
use super::rows::{Failure, Result, map};
use super::time::per_second;
use crate::decimal::{fits, parse_decimal, rescale};
use crate::temporal::{parse_date, parse_datetime_parts, parse_duration_nanos, parse_time};

/// Any decimal of so many significant digits survives the way into the float and back (`FLT_DIG`, `DBL_DIG`).
const SAFE_DIGITS_F32: usize = f32::DIGITS as usize;
const SAFE_DIGITS_F64: usize = f64::DIGITS as usize;
/// No double has more significant digits than this in its exact decimal form.
const MOST_DIGITS: usize = 767;

pub(super) fn cast(column: &Series, to: &DataType) -> Result<Series> {
    let text = column.str()?;
    match to {
        DataType::Boolean => Ok(map::<_, BooleanType, _>(text, boolean)?.into_series()),
        to if to.is_integer() => {
            let wide = map::<_, Int128Type, _>(text, |text| text.parse::<i128>().ok())?.into_series();
            if to == &DataType::Int128 { Ok(wide) } else { number::cast(&wide, to) }
        }
        DataType::Float32 => Ok(map::<_, Float32Type, _>(text, float32)?.into_series()),
        DataType::Float64 => Ok(map::<_, Float64Type, _>(text, float64)?.into_series()),
        &DataType::Decimal(precision, scale) => {
            let unscaled: Int128Chunked = map(text, |text| {
                let number = parse_decimal(text.as_bytes())?;
                rescale(number.unscaled, number.scale, scale).filter(|&unscaled| fits(unscaled, precision))
            })?;
            Ok(unscaled.into_decimal_unchecked(precision, scale).into_series())
        }
        DataType::Date => {
            let days: Int32Chunked = map(text, |text| parse_date(text.as_bytes()))?;
            Ok(days.into_date().into_series())
        }
        DataType::Time => {
            let nanos: Int64Chunked = map(text, |text| parse_time(text.as_bytes()).map(|(nanos, _)| nanos))?;
            Ok(nanos.into_time().into_series())
        }
        DataType::Datetime(unit, zone) => {
            let values: Int64Chunked = map(text, |text| {
                let (seconds, nanos, style) = parse_datetime_parts(text.as_bytes())?;
                (style.offset().is_some() == zone.is_some()).then_some(())?;
                count(i128::from(seconds) * 1_000_000_000 + i128::from(nanos), *unit)
            })?;
            Ok(values.into_datetime(*unit, zone.clone()).into_series())
        }
        DataType::Duration(unit) => {
            let values: Int64Chunked = map(text, |text| count(parse_duration_nanos(text.as_bytes())?, *unit))?;
            Ok(values.into_duration(*unit).into_series())
        }
        DataType::Binary => Ok(text.as_binary().into_series()),
        DataType::Categorical(..) => Ok(text.cast_with_options(to, CastOptions::Strict)?),
        DataType::Enum(_, labels) => {
            let unknown = |text: Option<&str>| text.is_some_and(|text| labels.get_cat(text).is_none());
            match text.iter().position(unknown) {
                Some(row) => Err(Failure::Row(row)),
                None => Ok(text.cast_with_options(to, CastOptions::Strict)?),
            }
        }
        to => Err(Failure::Whole(format!("no text form of {to} is known"))),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Nanoseconds in another unit.
fn count(nanos: i128, unit: TimeUnit) -> Option<i64> {
    let ratio = i128::from(1_000_000_000 / per_second(unit));
    (nanos % ratio == 0).then(|| i64::try_from(nanos / ratio).ok()).flatten()
}

fn float64(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    let sure = if value.is_normal() { SAFE_DIGITS_F64 } else { 0 };
    shows(text, value, value.is_finite(), sure).then_some(value)
}

fn float32(text: &str) -> Option<f32> {
    let value: f32 = text.parse().ok()?;
    let sure = if value.is_normal() { SAFE_DIGITS_F32 } else { 0 };
    shows(text, value, value.is_finite(), sure).then_some(value)
}

/// Whether the float that was read from `text` shows the same digits, in its shortest form or when it is written with
/// as many of them. Up to `sure` digits it always does.
fn shows(text: &str, value: impl LowerExp, finite: bool, sure: usize) -> bool {
    if !finite {
        // `inf` and `NaN` are what they say; digits that became infinite are not.
        return !text.bytes().any(|byte| byte.is_ascii_digit());
    }
    let digits = significant_digits(text);
    let more = digits.len().saturating_sub(1);
    digits.len() <= sure
        || digits.len() <= MOST_DIGITS
            && (significant_digits(&format!("{value:e}")) == digits
                || significant_digits(&format!("{value:.more$e}")) == digits)
}

/// The digits of the number without its point, exponent, leading and trailing zeros.
fn significant_digits(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}
