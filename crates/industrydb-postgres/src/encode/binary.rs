//! The values of one column's block in binary form (PostgreSQL source, the `…_recv` functions). This is a hot path: one
//! call for each cell.

use std::ops::Range;

use industrydb_core::decimal::decimal_from_f64;
use polars_arrow::array::StaticArray as _;

use super::cells::{Cells, Lists, valid};
use super::check::{
    DOES_NOT_FIT, Fault, IS_NONE, OUT_OF_RANGE, TOO_LONG, float_number, label, parse_number, stepped, time, without_nul,
};
use super::form::parse_uuid;
use super::limits;
use super::numeric::{Scale, write_number};
use crate::types::NumericModifier;

impl Cells {
    /// Appends the value in `row`, its length in front; −1 for Null.
    #[inline]
    pub fn binary(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Null => null(out),
            Self::Bool(values) => match values.get(row) {
                Some(value) => out.extend_from_slice(&[0, 0, 0, 1, u8::from(value)]),
                None => null(out),
            },
            Self::Int2(values) => match values.get(row) {
                Some(value) => {
                    let [a, b] = value.to_be_bytes();
                    out.extend_from_slice(&[0, 0, 0, 2, a, b]);
                }
                None => null(out),
            },
            Self::Int4(values) => four(values.get(row).map(i32::cast_unsigned), out),
            Self::Oid(values) => four(values.get(row), out),
            Self::Float4(values) => four(values.get(row).map(f32::to_bits), out),
            Self::Int8(values) => eight(values.get(row).map(i64::cast_unsigned), out),
            Self::Float8(values) => eight(values.get(row).map(f64::to_bits), out),
            Self::Decimal(values, scale) => match values.get(row) {
                Some(value) if scale.takes(value) => scale.write(value, out),
                Some(_) => return Err(DOES_NOT_FIT),
                None => null(out),
            },
            Self::FloatDecimal(values, modifier) => match values.get(row) {
                Some(value) => float_decimal(value, *modifier, out)?,
                None => null(out),
            },
            Self::TextDecimal(values, modifier) => match values.get(row) {
                Some(text) => write_number(&parse_number(text, *modifier)?, out),
                None => null(out),
            },
            Self::Money(values) => match values.get(row) {
                Some(value) => eight(Some(i64::try_from(value).map_err(|_| DOES_NOT_FIT)?.cast_unsigned()), out),
                None => null(out),
            },
            Self::Text(values, limit) => match values.get(row) {
                Some(text) => bytes(limit.check(text)?.as_bytes(), out)?,
                None => null(out),
            },
            Self::Jsonb(values) => match values.get(row) {
                Some(text) => {
                    let length = length(without_nul(text)?.len() + 1)?;
                    out.extend_from_slice(&length);
                    out.push(1); // the only version there is
                    out.extend_from_slice(text.as_bytes());
                }
                None => null(out),
            },
            Self::Bytea(values) | Self::Geometry(values) => match values.get(row) {
                Some(value) => bytes(value, out)?,
                None => null(out),
            },
            Self::Date(values) => match values.get(row) {
                Some(days) => four(Some(limits::date(days).ok_or(OUT_OF_RANGE)?.cast_unsigned()), out),
                None => null(out),
            },
            Self::Time(values, step) => match values.get(row) {
                Some(nanos) => eight(Some(time(nanos, *step)?.cast_unsigned()), out),
                None => null(out),
            },
            Self::Timestamp(values, step) | Self::TimestampTz(values, step) => match values.get(row) {
                Some(micros) => {
                    let micros = limits::timestamp(stepped(micros, *step)?).ok_or(OUT_OF_RANGE)?;
                    eight(Some(micros.cast_unsigned()), out);
                }
                None => null(out),
            },
            Self::Interval(values, steps) => match values.get(row) {
                Some(micros) => {
                    let (days, micros) = steps.split(micros)?;
                    let value = u128::from(micros.cast_unsigned()) << 64 | u128::from(days.cast_unsigned()) << 32;
                    out.extend_from_slice(&[0, 0, 0, 16]);
                    out.extend_from_slice(&value.to_be_bytes()); // µs, days, no months
                }
                None => null(out),
            },
            Self::Uuid(values) => match values.get(row) {
                Some(text) => bytes(&parse_uuid(text).ok_or(IS_NONE)?, out)?,
                None => null(out),
            },
            Self::UuidBytes(values) => match values.get(row) {
                Some(value) if value.len() == 16 => bytes(value, out)?,
                Some(_) => return Err(IS_NONE),
                None => null(out),
            },
            Self::Label(codes, labels) => match codes.get(row) {
                Some(code) => bytes(label(code, labels)?.as_bytes(), out)?,
                None => null(out),
            },
            Self::Array(lists) => match lists.range(row) {
                Some(range) => framed(out, |out| lists.array(range, out))?,
                None => null(out),
            },
            Self::Vector(lists) => match lists.range(row) {
                Some(range) => framed(out, |out| lists.vector(range, out))?,
                None => null(out),
            },
            Self::Row(cells, validity) if valid(validity, row) => framed(out, |out| {
                out.extend_from_slice(&length(cells.len())?);
                cells.iter().try_for_each(|(oid, cells)| {
                    out.extend_from_slice(&oid.to_be_bytes());
                    cells.binary(row, out)
                })
            })?,
            Self::Row(..) => null(out),
            // Columns of it go in text; so this is their form.
            Self::Parsed(values) => match values.get(row) {
                Some(text) => bytes(without_nul(text)?.as_bytes(), out)?,
                None => null(out),
            },
        }
        Ok(())
    }
}

impl Lists {
    fn array(&self, range: Range<usize>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let dimensions = i32::from(!range.is_empty());
        let nulls = range.clone().any(|row| self.values.is_null(row));
        out.extend_from_slice(&dimensions.to_be_bytes());
        out.extend_from_slice(&i32::from(nulls).to_be_bytes());
        out.extend_from_slice(&self.oid.to_be_bytes());
        if dimensions == 1 {
            out.extend_from_slice(&length(range.len())?);
            out.extend_from_slice(&1_i32.to_be_bytes()); // where it counts from
        }
        range.into_iter().try_for_each(|row| self.values.binary(row, out))
    }

    fn vector(&self, range: Range<usize>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Cells::Float4(values) = &self.values else { return Err(IS_NONE) };
        out.extend_from_slice(&u16::try_from(range.len()).map_err(|_| TOO_LONG)?.to_be_bytes());
        out.extend_from_slice(&[0; 2]); // unused
        for row in range {
            out.extend_from_slice(&values.get(row).ok_or(IS_NONE)?.to_be_bytes());
        }
        Ok(())
    }
}

#[inline]
fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xff; 4]);
}

/// Length and value at once, for one check of the room.
#[inline]
fn four(value: Option<u32>, out: &mut Vec<u8>) {
    match value {
        Some(value) => out.extend_from_slice(&(4 << 32 | u64::from(value)).to_be_bytes()),
        None => null(out),
    }
}

#[inline]
fn eight(value: Option<u64>, out: &mut Vec<u8>) {
    match value {
        Some(value) => out.extend_from_slice(&(8 << 64 | u128::from(value)).to_be_bytes()[4..]),
        None => null(out),
    }
}

#[inline]
fn bytes(value: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    out.extend_from_slice(&length(value.len())?);
    out.extend_from_slice(value);
    Ok(())
}

#[inline]
fn length(length: usize) -> Result<[u8; 4], Fault> {
    i32::try_from(length).map(i32::to_be_bytes).map_err(|_| TOO_LONG)
}

/// What `write` appends, its length in front.
fn framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>) -> Result<(), Fault> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out)?;
    let length = length(out.len() - start - 4)?;
    out[start..start + 4].copy_from_slice(&length);
    Ok(())
}

/// A double by its shortest form; the usual declared scales without going through text.
fn float_decimal(value: f64, modifier: Option<NumericModifier>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let declared = modifier.filter(|modifier| modifier.precision <= 38 && (0..=22).contains(&modifier.scale));
    if let Some(NumericModifier { precision, scale }) = declared
        && let Ok(scale) = usize::try_from(scale)
        && let Some(unscaled) = decimal_from_f64(value, usize::from(precision), scale)
    {
        Scale::new(usize::from(precision), scale, None).write(unscaled, out);
        return Ok(());
    }
    write_number(&float_number(value, modifier)?, out);
    Ok(())
}
