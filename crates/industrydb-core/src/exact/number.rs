//! Integers, floats, truth values and decimals among each other.

use polars_core::chunked_array::cast::CastOptions;
use polars_core::prelude::*;

use super::rows::{Failure, Result, first_difference, map};
use crate::decimal::{decimal_from_f32, decimal_from_f64, decimal_to_f32, decimal_to_f64, fits, rescale};

/// Numbers that the target type holds survive the way there and back, others don't.
pub(super) fn cast(column: &Series, to: &DataType) -> Result<Series> {
    let there = column.cast_with_options(to, CastOptions::NonStrict)?;
    let widened = there.null_count() == column.null_count() && column.dtype().is_integer() && to.is_integer();
    if !widened {
        let back = there.cast_with_options(column.dtype(), CastOptions::NonStrict)?;
        if let Some(row) = first_difference(column, &back)? {
            return Err(Failure::Row(row));
        }
    }
    Ok(there)
}

/// From or to a decimal, or both.
pub(super) fn decimal(column: &Series, to: &DataType) -> Result<Series> {
    match (column.dtype(), to) {
        (_, &DataType::Decimal(precision, scale)) => {
            let unscaled: Int128Chunked = match column.dtype() {
                &DataType::Decimal(_, from) => map(column.to_physical_repr().i128()?, |value| {
                    rescale(value, from, scale).filter(|&value| fits(value, precision))
                })?,
                DataType::Float32 => map(column.f32()?, |value| decimal_from_f32(value, precision, scale))?,
                DataType::Float64 => map(column.f64()?, |value| decimal_from_f64(value, precision, scale))?,
                _ => map(cast(column, &DataType::Int128)?.i128()?, |value| {
                    rescale(value, 0, scale).filter(|&value| fits(value, precision))
                })?,
            };
            Ok(unscaled.into_decimal_unchecked(precision, scale).into_series())
        }
        (&DataType::Decimal(_, scale), to) => {
            let unscaled = column.to_physical_repr();
            let unscaled = unscaled.i128()?;
            match to {
                DataType::Float32 => {
                    Ok(map::<_, Float32Type, _>(unscaled, |value| decimal_to_f32(value, scale))?.into_series())
                }
                DataType::Float64 => {
                    Ok(map::<_, Float64Type, _>(unscaled, |value| decimal_to_f64(value, scale))?.into_series())
                }
                _ => cast(&map::<_, Int128Type, _>(unscaled, |value| rescale(value, scale, 0))?.into_series(), to),
            }
        }
        (from, to) => Err(Failure::Whole(format!("neither {from} nor {to} is a decimal"))),
    }
}
