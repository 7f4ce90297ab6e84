//! Dates, datetimes and durations among each other.

use polars_core::prelude::*;

use super::number;
use super::rows::{Failure, Result, map};
use crate::temporal::SECONDS_PER_DAY;

/// How many of the unit make a second.
pub(super) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    }
}

/// A count of one unit in another; `None` if it is no whole number of that or does not fit.
fn convert(value: i64, from: TimeUnit, to: TimeUnit) -> Option<i64> {
    let (from, to) = (per_second(from), per_second(to));
    if to >= from {
        return value.checked_mul(to / from);
    }
    let ratio = from / to;
    (value % ratio == 0).then(|| value / ratio)
}

pub(super) fn cast(column: &Series, to: &DataType) -> Result<Series> {
    let physical = column.to_physical_repr();
    let units = |from, to| -> Result<Int64Chunked> { map(physical.i64()?, |value| convert(value, from, to)) };
    match (column.dtype(), to) {
        (DataType::Date, DataType::Datetime(unit, zone)) => {
            let day = SECONDS_PER_DAY * per_second(*unit);
            let midnights: Int64Chunked = map(physical.i32()?, |value| i64::from(value).checked_mul(day))?;
            Ok(midnights.into_datetime(*unit, zone.clone()).into_series())
        }
        (DataType::Datetime(unit, _), DataType::Date) => {
            let day = SECONDS_PER_DAY * per_second(*unit);
            let days: Int32Chunked =
                map(physical.i64()?, |value| (value % day == 0).then(|| i32::try_from(value / day).ok()).flatten())?;
            Ok(days.into_date().into_series())
        }
        (DataType::Datetime(from, _), DataType::Datetime(unit, zone)) => {
            let values = if from == unit { physical.i64()?.clone() } else { units(*from, *unit)? };
            Ok(values.into_datetime(*unit, zone.clone()).into_series())
        }
        (DataType::Duration(from), DataType::Duration(unit)) => {
            Ok(units(*from, *unit)?.into_duration(*unit).into_series())
        }
        (DataType::Duration(from), to) => number::cast(&units(*from, TimeUnit::Microseconds)?.into_series(), to),
        (_, DataType::Duration(unit)) => {
            let micros = number::cast(column, &DataType::Int64)?;
            let values: Int64Chunked = map(micros.i64()?, |value| convert(value, TimeUnit::Microseconds, *unit))?;
            Ok(values.into_duration(*unit).into_series())
        }
        (from, to) => Err(Failure::Whole(format!("no times: {from}, {to}"))),
    }
}
