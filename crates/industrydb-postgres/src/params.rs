//! A parameter's value → what a Bind message carries, for the type that the server resolved.
//!
//! | value | types |
//! |---|---|
//! | text | every type: as it is where the type is text, jsonb, an enum or uuid; the server parses the rest |
//! | numbers | number types that hold them exactly, `money`, JSON |
//! | dates and times | their types; a date as midnight, a midnight as a date; naive ones for `timestamptz` and `timetz` are the session's, parsed by the server |
//! | list | arrays, more dimensions from lists of one length; `vector`, row types; JSON |
//! | dict | JSON |
//! | bytes | `bytea`, PostGIS, the 16 of a `uuid` |
//!
//! Any value but bytes has a text form, which text types and types that are not known here take.

mod binary;
#[cfg(test)]
pub mod cases;
mod json;
pub mod number;
pub mod refusal;
mod scalar;
pub mod stored;
mod text;

use industrydb_core::error::Result;
use industrydb_core::value::Value;

use crate::types::Type;
use stored::Stored;

/// How a value goes into a Bind message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// As NULL.
    Null,
    /// In binary form, which was appended.
    Binary,
    /// The server has to parse this text: bind it to `CAST($n::text AS T)`, T as [`cast_name`] spells it.
    Text(String),
}

/// Encodes `value` for a parameter of `ty`, appending its binary form to `out`, if that is how it goes.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Conversion`] naming value and type: the type does not hold the value exactly.
pub fn encode(value: &Value, ty: &Type, out: &mut Vec<u8>) -> Result<Bound> {
    let stored = Stored::of(value, ty)?;
    if stored == Stored::Null {
        return Ok(Bound::Null);
    }
    if stored.is_parsed() {
        let mut text = String::new();
        stored.form(&mut text);
        return Ok(Bound::Text(text));
    }
    match stored.binary(out) {
        Ok(()) => Ok(Bound::Binary),
        Err(binary::TooLarge) => Err(refusal::refuse_because(value, ty, "it is too large to be sent")),
    }
}

/// The type's name as a CAST has to spell it: `bit` and `character` would mean one bit and one character there, and cut
/// the rest off (PostgreSQL manual 8.3, 8.10).
pub fn cast_name(ty: &Type) -> &str {
    match ty.oid {
        1042 => "pg_catalog.bpchar",
        1014 => "pg_catalog.bpchar[]",
        1560 => "pg_catalog.\"bit\"",
        1561 => "pg_catalog.\"bit\"[]",
        _ => &ty.qualified,
    }
}

/// The SQL type that a value has by nature, for where the server has nothing to go by and settles on text; `None` for
/// text itself, NULL and lists of different things.
pub fn cast_type(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null | Value::Text(_) => None,
        Value::Bool(_) => Some("boolean"),
        Value::Int(value) if i64::try_from(*value).is_ok() => Some("bigint"),
        Value::Int(_) | Value::Decimal(_) => Some("numeric"),
        Value::Float(_) => Some("double precision"),
        Value::Bytes(_) => Some("bytea"),
        Value::Date(_) => Some("date"),
        Value::Time(_) => Some("time"),
        Value::Datetime(_) => Some("timestamp"),
        Value::DatetimeUtc(_) => Some("timestamptz"),
        Value::Duration(_) => Some("interval"),
        Value::Uuid(_) => Some("uuid"),
        // json keeps the text as it is.
        Value::Json(_) => Some("json"),
        Value::List(values) => array_type(element_type(values)?),
    }
}

/// What the list's values are: `text` if there is none, `None` if they differ.
fn element_type(values: &[Value]) -> Option<&'static str> {
    let mut all = None;
    let mut leaves = Vec::new();
    collect_leaves(values, &mut leaves);
    for value in leaves {
        let ty = cast_type(value).unwrap_or("text");
        all = Some(match all {
            None => ty,
            Some(other) if other == ty => ty,
            Some(other) => wider(other, ty)?,
        });
    }
    Some(all.unwrap_or("text"))
}

fn collect_leaves<'a>(values: &'a [Value], leaves: &mut Vec<&'a Value>) {
    for value in values {
        match value {
            Value::Null => {}
            Value::List(values) => collect_leaves(values, leaves),
            value => leaves.push(value),
        }
    }
}

/// The number type that holds the values of both.
fn wider(one: &'static str, other: &'static str) -> Option<&'static str> {
    const NUMBERS: [&str; 3] = ["bigint", "numeric", "double precision"];
    let both = NUMBERS.contains(&one) && NUMBERS.contains(&other);
    // An integer in a list of floats stays one; beside a decimal, a float is its shortest form.
    both.then(|| if [one, other].contains(&"numeric") { "numeric" } else { "double precision" })
}

fn array_type(element: &str) -> Option<&'static str> {
    const ARRAYS: [(&str, &str); 13] = [
        ("text", "text[]"),
        ("boolean", "boolean[]"),
        ("bigint", "bigint[]"),
        ("numeric", "numeric[]"),
        ("double precision", "double precision[]"),
        ("bytea", "bytea[]"),
        ("date", "date[]"),
        ("time", "time[]"),
        ("timestamp", "timestamp[]"),
        ("timestamptz", "timestamptz[]"),
        ("interval", "interval[]"),
        ("uuid", "uuid[]"),
        ("json", "json[]"),
    ];
    ARRAYS.iter().find(|(name, _)| *name == element).map(|(_, array)| *array)
}

#[cfg(test)]
mod tests;
