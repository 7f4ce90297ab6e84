//! A list as JSON text (RFC 8259): what JSON has no type for is text, as where a frame's lists become JSON.

use industrydb_core::value::Value;

use super::scalar::plain;
use crate::encode::form::display;

/// Appends `value` as JSON, integers with all their digits; `None` if JSON does not have it: NaN, infinities, bytes.
pub fn write(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => display(value, out),
        Value::Int(value) => display(value, out),
        Value::Float(value) => display(serde_json::Number::from_f64(*value)?, out),
        Value::Text(text) => string(text, out),
        Value::Json(document) => display(document, out),
        Value::List(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(value, out)?;
            }
            out.push(']');
        }
        Value::Bytes(_) => return None,
        Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Datetime(_)
        | Value::DatetimeUtc(_)
        | Value::Duration(_)
        | Value::Uuid(_) => string(&plain(value)?, out),
    }
    Some(())
}

fn string(text: &str, out: &mut String) {
    display(serde_json::Value::from(text), out);
}
