//! The values of one column's block in text, for tables with a column that has no known binary form.

use industrydb_core::decimal::decimal_to_string;

use super::cells::Cells;
use super::check::{
    DOES_NOT_FIT, Fault, IS_NONE, OUT_OF_RANGE, float_number, label, parse_number, stepped, time, without_nul,
};
use super::form::{self, Float as _, display};
use super::limits;

impl Cells {
    /// Appends the value in `row` as the server's input function reads it; `false` for Null, which has no text.
    pub fn form(&self, row: usize, out: &mut String) -> Result<bool, Fault> {
        if self.is_null(row) {
            return Ok(false);
        }
        self.append(row, out).map(|value| value.is_some())
    }

    /// As [`Self::form`], `None` for Null.
    fn append(&self, row: usize, out: &mut String) -> Result<Option<()>, Fault> {
        use polars_arrow::array::StaticArray as _;
        Ok(match self {
            Self::Null => None,
            Self::Bool(values) => values.get(row).map(|value| display(value, out)),
            Self::Int2(values) => values.get(row).map(|value| display(value, out)),
            Self::Int4(values) => values.get(row).map(|value| display(value, out)),
            Self::Int8(values) => values.get(row).map(|value| display(value, out)),
            Self::Oid(values) => values.get(row).map(|value| display(value, out)),
            Self::Float4(values) => values.get(row).map(|value| value.form(out)),
            Self::Float8(values) => values.get(row).map(|value| value.form(out)),
            Self::Decimal(values, scale) => match values.get(row) {
                Some(value) if !scale.takes(value) => return Err(DOES_NOT_FIT),
                value => value.map(|value| out.push_str(&decimal_to_string(value, scale.digits))),
            },
            Self::FloatDecimal(values, modifier) => match values.get(row) {
                Some(value) => Some(float_number(value, *modifier)?.text(out)),
                None => None,
            },
            Self::TextDecimal(values, modifier) => match values.get(row) {
                Some(text) => Some(parse_number(text, *modifier)?.text(out)),
                None => None,
            },
            Self::Money(values) => match values.get(row) {
                Some(value) if i64::try_from(value).is_err() => return Err(DOES_NOT_FIT),
                value => value.map(|value| out.push_str(&decimal_to_string(value, 2))),
            },
            Self::Text(values, limit) => match values.get(row) {
                Some(text) => Some(out.push_str(limit.check(text)?)),
                None => None,
            },
            Self::Jsonb(values) | Self::Parsed(values) => match values.get(row) {
                Some(text) => Some(out.push_str(without_nul(text)?)),
                None => None,
            },
            Self::Bytea(values) => values.get(row).map(|value| form::bytea(value, out)),
            Self::Geometry(values) => values.get(row).map(|value| out.push_str(&industrydb_core::exact::hex(value))),
            Self::Date(values) => match values.get(row) {
                Some(days) if limits::date(days).is_none() => return Err(OUT_OF_RANGE),
                value => value.map(|days| form::date(days, out)),
            },
            Self::Time(values, step) => match values.get(row) {
                Some(nanos) => Some(form::time(time(nanos, *step)?, out)),
                None => None,
            },
            Self::Timestamp(values, step) => match values.get(row) {
                Some(micros) => Some(form::timestamp(instant(micros, *step)?, false, out)),
                None => None,
            },
            Self::TimestampTz(values, step) => match values.get(row) {
                Some(micros) => Some(form::timestamp(instant(micros, *step)?, true, out)),
                None => None,
            },
            Self::Interval(values, steps) => match values.get(row) {
                Some(micros) => {
                    let (days, micros) = steps.split(micros)?;
                    Some(form::interval(days, micros, out))
                }
                None => None,
            },
            Self::Uuid(values) => match values.get(row) {
                Some(text) => Some(form::uuid(&form::parse_uuid(text).ok_or(IS_NONE)?, out)),
                None => None,
            },
            Self::UuidBytes(values) => match values.get(row) {
                Some(value) => Some(form::uuid(value.try_into().map_err(|_| IS_NONE)?, out)),
                None => None,
            },
            Self::Label(codes, labels) => match codes.get(row) {
                Some(code) => Some(out.push_str(label(code, labels)?)),
                None => None,
            },
            Self::Array(lists) => match lists.range(row) {
                Some(range) => {
                    let items = range.map(|row| (&lists.values, row));
                    Some(items_form(('{', lists.delimiter, '}'), "NULL", items, out)?)
                }
                None => None,
            },
            Self::Vector(lists) => match lists.range(row) {
                Some(range) => {
                    let items = range.map(|row| (&lists.values, row));
                    Some(vector_form(items, out)?)
                }
                None => None,
            },
            Self::Row(cells, _) => {
                let items = cells.iter().map(|(_, cells)| (cells, row));
                Some(items_form(('(', ',', ')'), "", items, out)?)
            }
        })
    }
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

fn vector_form<'a>(items: impl Iterator<Item = (&'a Cells, usize)>, out: &mut String) -> Result<(), Fault> {
    form::try_listed(('[', ',', ']'), items, out, |(cells, row), out| match cells.form(row, out)? {
        true => Ok(()),
        false => Err(IS_NONE),
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
