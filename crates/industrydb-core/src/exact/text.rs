//! Anything that is not nested → text.

use std::io::Write;

use polars_core::prelude::*;

use super::rows::{Result, write};
use super::time::per_second;
use crate::decimal::format_decimal;
use crate::temporal::{Style, format_date, format_datetime_parts, format_duration_nanos, format_time};

/// Bytes as lower-case hexadecimal digits, two each.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

pub(super) fn cast(column: &Series) -> Result<Series> {
    let physical = column.to_physical_repr();
    match column.dtype() {
        &DataType::Decimal(_, scale) => write(physical.i128()?, |value, out| {
            format_decimal(value, scale, out);
            Some(())
        }),
        // The derived form of a float is the shortest one, with a point or an exponent: `1.0`, `1e300`, `NaN`, `inf`.
        DataType::Float32 => write(physical.f32()?, |value, out| write!(out, "{value:?}").ok()),
        DataType::Float64 => write(physical.f64()?, |value, out| write!(out, "{value:?}").ok()),
        DataType::Binary => write(physical.binary()?, |value, out| {
            out.extend_from_slice(hex(value).as_bytes());
            Some(())
        }),
        DataType::Date => write(physical.i32()?, |value, out| format_date(value, out).ok()),
        DataType::Time => write(physical.i64()?, |value, out| format_time(value, Style::for_time(value), out).ok()),
        DataType::Datetime(unit, zone) => {
            let per_second = per_second(*unit);
            write(physical.i64()?, |value, out| {
                let nanos = u32::try_from(value.rem_euclid(per_second) * (1_000_000_000 / per_second)).ok()?;
                let style = Style::for_nanos(nanos, zone.is_some());
                format_datetime_parts(value.div_euclid(per_second), nanos, style, out).ok()
            })
        }
        DataType::Duration(unit) => {
            let nanos = i128::from(1_000_000_000 / per_second(*unit));
            write(physical.i64()?, |value, out| {
                format_duration_nanos(i128::from(value) * nanos, out);
                Some(())
            })
        }
        // Integers, truth values and labels have one text only, which Polars gives.
        _ => Ok(column.cast(&DataType::String)?),
    }
}
