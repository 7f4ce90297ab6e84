//! What is said of a value that its parameter's type does not hold.

use std::fmt::Display;

use industrydb_core::error::Error;
use industrydb_core::value::Value;

use super::scalar::plain;
use crate::dialect::DIALECT;
use crate::types::{Kind, Type};

/// The most characters of a value that a message shows.
const SHOWN: usize = 60;

/// `value` has no place in `ty`; with the remedy where there is one.
pub(super) fn refuse(value: &Value, ty: &Type) -> Error {
    let why = match (value, &ty.kind) {
        (Value::DatetimeUtc(_), Kind::Timestamp | Kind::Date) => {
            "its time zone would be lost; pass a naive datetime, or write CAST(… AS timestamptz) around the placeholder"
        }
        (Value::Datetime(_), Kind::Date) => "its time of day would be lost",
        (Value::Float(_), Kind::Float4) => {
            "it would be rounded; write CAST(… AS double precision) around the placeholder, or pass it as text"
        }
        (Value::List(_), Kind::Vector(_)) => {
            "a vector takes as many numbers as it is wide, each one exactly a 32-bit float; text is parsed by the server"
        }
        (Value::List(_), Kind::Composite(_)) => "it has another number of values",
        (Value::Bytes(_), Kind::Text) => "bytes are no text; decode them",
        (Value::Int(_) | Value::Float(_) | Value::Decimal(_), kind) if is_number(kind) => "it does not fit exactly",
        (_, kind) if is_json(kind, ty) => "it has no JSON form; put it into a list, or pass JSON text",
        _ => "",
    };
    refuse_because(value, ty, why)
}

/// `value` has no place in `ty`, because `why`.
pub(super) fn refuse_because(value: &Value, ty: &Type, why: impl Display) -> Error {
    let (shown, name) = (shown(value), &ty.name);
    let why = why.to_string();
    let colon = if why.is_empty() { "" } else { ": " };
    Error::conversion(format!("{shown} can't become {name}{colon}{why}")).with_backend(DIALECT.backend)
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Oid | Kind::Float4 | Kind::Float8 | Kind::Numeric(_))
}

fn is_json(kind: &Kind, ty: &Type) -> bool {
    matches!(kind, Kind::Jsonb) || &*ty.name == "json"
}

/// The value for a person; text and bytes may be long and secret, and stay out.
pub fn shown(value: &Value) -> String {
    let what = match value {
        Value::Null => return "NULL".to_owned(),
        Value::Text(_) => return "text".to_owned(),
        Value::Bytes(bytes) => return format!("{} bytes", bytes.len()),
        Value::List(_) => return "a list".to_owned(),
        Value::Json(_) => return "a JSON document".to_owned(),
        Value::Uuid(_) => return "a UUID".to_owned(),
        Value::Bool(_) => "the truth value",
        Value::Int(_) => "the integer",
        Value::Float(_) => "the float",
        Value::Decimal(_) => "the decimal",
        Value::Date(_) => "the date",
        Value::Time(_) => "the time",
        Value::Datetime(_) => "the naive datetime",
        Value::DatetimeUtc(_) => "the aware datetime",
        Value::Duration(_) => "the duration",
    };
    let mut text = plain(value).unwrap_or_default().into_owned();
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    format!("{what} {text}")
}
