//! The values of one column's block in text, for tables with a column that has no known binary form.

use std::ops::Range;

use industrydb_core::decimal::decimal_to_string;
use industrydb_core::exact;
use polars_arrow::array::StaticArray as _;

use super::cells::{Cells, valid};
use super::check::{
    DOES_NOT_FIT, Fault, IS_NONE, OUT_OF_RANGE, float_number, label, parse_number, stepped, time, without_nul,
};
use super::form::{self, Float as _, display};
use super::limits;

impl Cells {
    /// Appends the value in `row` as the server's input function reads it; `false` for Null, which has no text.
    pub fn form(&self, row: usize, out: &mut String) -> Result<bool, Fault> {
        match self {
            Self::Null => Ok(false),
            Self::Bool(values) => shown(values.get(row), out),
            Self::Int2(values) => shown(values.get(row), out),
            Self::Int4(values) => shown(values.get(row), out),
            Self::Int8(values) => shown(values.get(row), out),
            Self::Oid(values) => shown(values.get(row), out),
            Self::Float4(values) => always(values.get(row), |value| value.form(out)),
            Self::Float8(values) => always(values.get(row), |value| value.form(out)),
            Self::Decimal(values, scale) => written(values.get(row), |value| {
                let fits = scale.takes(value);
                fits.then(|| out.push_str(&decimal_to_string(value, scale.digits))).ok_or(DOES_NOT_FIT)
            }),
            Self::FloatDecimal(values, modifier) => {
                written(values.get(row), |value| float_number(value, *modifier).map(|number| number.text(out)))
            }
            Self::TextDecimal(values, modifier) => {
                written(values.get(row), |text| parse_number(text, *modifier).map(|number| number.text(out)))
            }
            Self::Money(values) => written(values.get(row), |value| {
                let cents = i64::try_from(value).map_err(|_| DOES_NOT_FIT)?;
                out.push_str(&decimal_to_string(cents.into(), 2));
                Ok(())
            }),
            Self::Text(values, limit) => {
                written(values.get(row), |text| limit.check(text).map(|text| out.push_str(text)))
            }
            Self::Jsonb(values) | Self::Parsed(values) => {
                written(values.get(row), |text| without_nul(text).map(|text| out.push_str(text)))
            }
            Self::Bytea(values) => always(values.get(row), |value| form::bytea(value, out)),
            Self::Geometry(values) => always(values.get(row), |value| out.push_str(&exact::hex(value))),
            Self::Date(values) => {
                written(values.get(row), |days| limits::date(days).map(|_| form::date(days, out)).ok_or(OUT_OF_RANGE))
            }
            Self::Time(values, step) => {
                written(values.get(row), |nanos| time(nanos, *step).map(|micros| form::time(micros, out)))
            }
            Self::Timestamp(values, step) => written(values.get(row), |micros| {
                instant(micros, *step).map(|micros| form::timestamp(micros, false, out))
            }),
            Self::TimestampTz(values, step) => written(values.get(row), |micros| {
                instant(micros, *step).map(|micros| form::timestamp(micros, true, out))
            }),
            Self::Interval(values, steps) => written(values.get(row), |micros| {
                steps.split(micros).map(|(days, micros)| form::interval(days, micros, out))
            }),
            Self::Uuid(values) => written(values.get(row), |text| {
                form::parse_uuid(text).map(|bytes| form::uuid(&bytes, out)).ok_or(IS_NONE)
            }),
            Self::UuidBytes(values) => written(values.get(row), |value| {
                value.try_into().map(|bytes| form::uuid(bytes, out)).map_err(|_| IS_NONE)
            }),
            Self::Label(codes, labels) => {
                written(codes.get(row), |code| label(code, labels).map(|label| out.push_str(label)))
            }
            Self::Array(lists) => written(lists.range(row), |range| {
                let items = range.map(|row| (&lists.values, row));
                items_form(('{', lists.delimiter, '}'), "NULL", items, out)
            }),
            Self::Vector(lists) => written(lists.range(row), |range| vector_form(&lists.values, range, out)),
            Self::Row(cells, validity) => written(valid(validity, row).then_some(()), |()| {
                let items = cells.iter().map(|(_, cells)| (cells, row));
                items_form(('(', ',', ')'), "", items, out)
            }),
        }
    }
}

/// Whether there was a value to be written.
fn written<T>(value: Option<T>, write: impl FnOnce(T) -> Result<(), Fault>) -> Result<bool, Fault> {
    value.map_or(Ok(false), |value| write(value).map(|()| true))
}

/// As [`written`], where nothing is refused.
fn always<T>(value: Option<T>, write: impl FnOnce(T)) -> Result<bool, Fault> {
    Ok(value.map(write).is_some())
}

fn shown(value: Option<impl std::fmt::Display>, out: &mut String) -> Result<bool, Fault> {
    always(value, |value| display(value, out))
}

/// A day and its time within what the server holds.
fn instant(micros: i64, step: i64) -> Result<i64, Fault> {
    limits::timestamp(stepped(micros, step)?).map(|_| micros).ok_or(OUT_OF_RANGE)
}

/// The values in quotes between marks.
fn items_form<'a>(
    marks: (char, char, char),
    null: &str,
    items: impl Iterator<Item = (&'a Cells, usize)>,
    out: &mut String,
) -> Result<(), Fault> {
    let mut text = String::new();
    form::try_listed(marks, items, out, |(cells, row), out| {
        text.clear();
        if cells.form(row, &mut text)? {
            form::quoted(&text, out);
        } else {
            out.push_str(null);
        }
        Ok(())
    })
}

fn vector_form(values: &Cells, range: Range<usize>, out: &mut String) -> Result<(), Fault> {
    form::try_listed(('[', ',', ']'), range, out, |row, out| {
        let present = values.form(row, out)?;
        present.then_some(()).ok_or(IS_NONE)
    })
}

/// Appends `text` as a field of COPY's text format (PostgreSQL manual, COPY, "Text Format").
pub fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            _ => b"\\\\",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
