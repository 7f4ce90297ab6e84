//! The text of values, made from their binary form: what `value::text` gives on the server.
//!
//! | family | file | types |
//! |---|---|---|
//! | numbers | `float` `numeric` | `real` `double precision`, `numeric` `money` |
//! | times | `time` `interval` | `date` `time` `timetz` `timestamp` `timestamptz`, `interval` |
//! | addresses | `network` | `inet` `cidr` `macaddr` `macaddr8` |
//! | bytes | `bits` | `bytea` `bit` `uuid` `geometry` |
//! | figures | `geometric` | `point` `line` `lseg` `box` `path` `polygon` `circle`, and `vector` |
//! | words | `search` | `tsvector` |
//! | of other types | `array` `composite` `range` | `T[]`, row types, ranges and multiranges |
//!
//! The text is the one of a session with `DateStyle` ISO, `IntervalStyle` postgres, `bytea_output` hex, time zone UTC,
//! `lc_monetary` C and `extra_float_digits` at its default, on PostgreSQL 15 to 18; `tests` holds values of such
//! servers. Two types are shown as the server sends them, which their cast to text does not do: `character(n)` with the
//! blanks at its end, `xml` without a declaration that says nothing but version 1.0 and an encoding.

mod array;
mod ascii;
mod bits;
mod composite;
mod float;
mod geometric;
mod interval;
mod network;
mod numeric;
mod quote;
mod range;
mod reader;
mod search;
#[cfg(test)]
mod tests;
mod time;

use std::fmt::Write;

use crate::types::{Formatted, Kind, Type};
use network::Mask;

/// The bytes are no value of that type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// How deep types may stand in each other. The server sets no limit; each level of quoting about doubles the text.
const DEEPEST: u8 = 64;

/// Appends the server's text of `bytes`, a binary value of `ty`.
///
/// # Errors
/// [`Malformed`] if the bytes are no value of that type, and for [`Kind::Other`], whose binary form is not known;
/// nothing is appended then.
pub(crate) fn write(ty: &Type, bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let start = out.len();
    let written = match &ty.kind {
        // These two have a cast to text that differs from what stands in an array or row.
        Kind::Bool => boolean(bytes).map(|value| out.push_str(if value { "true" } else { "false" })),
        Kind::Formatted(Formatted::Inet) => network::inet(bytes, Mask::Always, out),
        Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Oid
        | Kind::Float4
        | Kind::Float8
        | Kind::Numeric(_)
        | Kind::Text
        | Kind::Jsonb
        | Kind::Bytea
        | Kind::Geometry
        | Kind::Date
        | Kind::Time
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Interval
        | Kind::Enum(_)
        | Kind::Array(_)
        | Kind::Composite(_)
        | Kind::Vector(_)
        | Kind::Formatted(_)
        | Kind::Other => nested(ty, bytes, 0, out),
    };
    written.inspect_err(|_| out.truncate(start))
}

/// Appends an interval as ISO 8601 (`P1Y2M3DT4H5M6.7S`; PostgreSQL's `IntervalStyle` iso_8601).
///
/// # Errors
/// [`Malformed`] if the bytes are no interval; nothing is appended then.
pub(crate) fn write_interval_iso(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    interval::iso(bytes, out)
}

/// The bytes of an interval that the server wrote in its default style, postgres; `None` for any other text.
pub(crate) fn parse_interval(text: &str) -> Option<[u8; 16]> {
    interval::parse(text)
}

/// Appends the text that the type's output function gives: what stands in arrays, rows and ranges. `depth` says in
/// how many of them.
fn nested(ty: &Type, bytes: &[u8], depth: u8, out: &mut String) -> Result<(), Malformed> {
    if depth > DEEPEST {
        return Err(Malformed);
    }
    let inner = depth + 1;
    match &ty.kind {
        Kind::Bool => out.push(if boolean(bytes)? { 't' } else { 'f' }),
        Kind::Int2 => integer(i16::from_be_bytes(fixed(bytes)?), out),
        Kind::Int4 => integer(i32::from_be_bytes(fixed(bytes)?), out),
        Kind::Int8 => integer(i64::from_be_bytes(fixed(bytes)?), out),
        Kind::Oid => integer(u32::from_be_bytes(fixed(bytes)?), out),
        Kind::Float4 => float::float4(f32::from_be_bytes(fixed(bytes)?), out),
        Kind::Float8 => float::float8(f64::from_be_bytes(fixed(bytes)?), out),
        Kind::Numeric(_) => numeric::numeric(bytes, out)?,
        Kind::Text => out.push_str(utf8(bytes)?),
        Kind::Jsonb => match bytes {
            [1, json @ ..] => out.push_str(utf8(json)?),
            _ => return Err(Malformed),
        },
        Kind::Bytea => bits::bytea(bytes, out),
        Kind::Geometry => bits::geometry(bytes, out)?,
        Kind::Date => time::date(i32::from_be_bytes(fixed(bytes)?), out)?,
        Kind::Time => time::time(i64::from_be_bytes(fixed(bytes)?), out)?,
        Kind::Timestamp => time::timestamp(i64::from_be_bytes(fixed(bytes)?), "", out)?,
        Kind::TimestampTz => time::timestamp(i64::from_be_bytes(fixed(bytes)?), "+00", out)?,
        Kind::Interval => interval::postgres(bytes, out)?,
        // A label that the catalog did not know yet is a label nevertheless.
        Kind::Enum(_) => out.push_str(utf8(bytes)?),
        Kind::Array(element) => array::array(element, bytes, inner, out)?,
        Kind::Composite(attributes) => composite::composite(attributes, bytes, inner, out)?,
        Kind::Vector(_) => geometric::vector(bytes, out)?,
        Kind::Formatted(formatted) => match formatted {
            Formatted::Transaction => integer(u32::from_be_bytes(fixed(bytes)?), out),
            Formatted::Char => char(fixed(bytes)?, out),
            Formatted::Uuid => bits::uuid(fixed(bytes)?, out),
            Formatted::Inet => network::inet(bytes, Mask::UnlessHost, out)?,
            Formatted::Cidr => network::inet(bytes, Mask::Always, out)?,
            Formatted::Macaddr => network::macaddr::<6>(fixed(bytes)?, out),
            Formatted::Macaddr8 => network::macaddr::<8>(fixed(bytes)?, out),
            Formatted::Bit => bits::bit(bytes, out)?,
            Formatted::Money => numeric::money(i64::from_be_bytes(fixed(bytes)?), out),
            Formatted::TimeTz => time::timetz(bytes, out)?,
            Formatted::TsVector => search::tsvector(bytes, out)?,
            Formatted::Range(bound) => range::range(bound, bytes, inner, out)?,
            Formatted::Multirange(bound) => range::multirange(bound, bytes, inner, out)?,
            Formatted::Point => geometric::point(bytes, out)?,
            Formatted::Line => geometric::line(bytes, out)?,
            Formatted::Lseg => geometric::lseg(bytes, out)?,
            Formatted::Box => geometric::corners(bytes, out)?,
            Formatted::Path => geometric::path(bytes, out)?,
            Formatted::Polygon => geometric::polygon(bytes, out)?,
            Formatted::Circle => geometric::circle(bytes, out)?,
        },
        Kind::Other => return Err(Malformed),
    }
    Ok(())
}

fn boolean(bytes: &[u8]) -> Result<bool, Malformed> {
    match bytes {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(Malformed),
    }
}

fn integer(value: impl std::fmt::Display, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

/// `"char"`, whose one byte is shown as nothing where it is zero, and in octal where it is above ASCII.
fn char([byte]: [u8; 1], out: &mut String) {
    if !byte.is_ascii() {
        let _ = write!(out, "\\{byte:03o}");
    } else if byte != 0 {
        out.push(char::from(byte));
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed)
}

/// The bytes of a type of fixed width.
fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}
