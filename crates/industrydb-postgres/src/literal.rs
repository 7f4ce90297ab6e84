//! A parameter's value as an SQL literal, for where nothing can be bound: `EXECUTE name(…)`.
//!
//! Each value but NULL is a quoted string, which takes the parameter's type through the input function of that type
//! (PostgreSQL manual 4.1.2.7): no digit passes through another type on the way.

use industrydb_core::error::Result;
use industrydb_core::value::Value;

use crate::params::stored::Stored;
use crate::types::Type;

/// Appends `value` as a literal for a parameter of `ty`; it takes what [`crate::params::encode`] takes.
///
/// # Errors
/// As [`crate::params::encode`].
pub fn write(value: &Value, ty: &Type, out: &mut String) -> Result<()> {
    let stored = Stored::of(value, ty)?;
    if stored == Stored::Null {
        out.push_str("NULL");
        return Ok(());
    }
    let mut text = String::new();
    stored.form(&mut text);
    quote(&text, out);
    Ok(())
}

/// Appends `text` in single quotes. Where it has a backslash, as an escape string, which means the same whatever
/// `standard_conforming_strings` is (PostgreSQL manual 4.1.2.2).
fn quote(text: &str, out: &mut String) {
    let escaped = text.contains('\\');
    out.push_str(if escaped { " E'" } else { "'" });
    for character in text.chars() {
        if character == '\'' || character == '\\' {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::params::{cases, encode};

    fn literal(value: &Value, ty: &Type) -> Result<String> {
        let mut out = String::new();
        write(value, ty, &mut out).map(|()| out)
    }

    #[test]
    fn literals_are_quoted_and_exact() {
        let text = |text: &str| Value::Text(text.into());
        for (value, oid, expected) in [
            (Value::Null, 23, "NULL"),
            (Value::Bool(false), 16, "'false'"),
            (Value::Int(i64::MIN.into()), 20, "'-9223372036854775808'"),
            (Value::Float(f64::NAN), 701, "'NaN'"),
            (Value::Float(-0.0), 701, "'-0.0'"),
            (Value::Float(5e-324), 701, "'5e-324'"),
            (Value::Float(f64::INFINITY), 700, "'Infinity'"),
            (Value::Decimal("-1.50E+3".into()), 1700, "'-1500'"),
            (text("it's"), 25, "'it''s'"),
            (text(r"\'; DROP TABLE t --"), 25, r" E'\\''; DROP TABLE t --'"),
            (text("'{}'"), 3802, "'''{}'''"),
            (text("null"), 1009, "'null'"),
            (Value::Bytes(vec![0, 0x5c]), 17, r" E'\\x005c'"),
            (Value::Date(-719_162), 1082, "'0001-01-01'"),
            (Value::Time(1_500_000), 1083, "'00:00:01.500000'"),
            (Value::Datetime(0), 1114, "'1970-01-01 00:00:00'"),
            (Value::Datetime(0), 1184, "'1970-01-01 00:00:00'"),
            (Value::DatetimeUtc(-1), 1184, "'1969-12-31 23:59:59.999999+00:00'"),
            (Value::Duration(-90_061_000_001), 1186, "'-25 hours -61.000001 seconds'"),
            (Value::Uuid([0; 16]), 2950, "'00000000-0000-0000-0000-000000000000'"),
            (Value::Json(json!({"a": "'"})), 3802, "'{\"a\":\"''\"}'"),
            (
                Value::List(vec![text("NULL"), Value::Null, text("a\"b"), text("c,'\\")]),
                1009,
                r#" E'{"NULL",NULL,"a\\"b","c,''\\\\"}'"#,
            ),
            (
                Value::List(vec![Value::List(vec![Value::Int(1)]), Value::List(vec![Value::Int(2)])]),
                1007,
                r#"'{{"1"},{"2"}}'"#,
            ),
        ] {
            let ty = Type::builtin(oid, -1).unwrap();
            assert_eq!(literal(&value, &ty).as_deref(), Ok(expected), "{value:?}");
        }
    }

    /// Every kind of value for every type: what can be bound can be written, and the other way round.
    #[test]
    fn literals_take_what_can_be_bound() {
        let (mut taken, mut refused) = (0, 0);
        for ty in cases::types() {
            for value in cases::values() {
                let bound = encode(&value, &ty, &mut Vec::new());
                let written = literal(&value, &ty);
                assert_eq!(bound.is_ok(), written.is_ok(), "{value:?} as {}", ty.name);
                assert_eq!(bound.err(), written.as_ref().err().cloned());
                if let Ok(written) = written {
                    taken += 1;
                    assert_eq!(written == "NULL", value == Value::Null);
                } else {
                    refused += 1;
                }
            }
        }
        assert!(taken > 300 && refused > 300, "{taken} {refused}");
    }
}
