//! Each kind of value and each kind of type, for tests that put all to all.

use std::sync::Arc;

use industrydb_core::value::Value;
use serde_json::json;

use crate::types::{Attribute, Kind, Labels, Type};

/// Values of each kind, small, large and odd.
pub fn values() -> Vec<Value> {
    let scalars = vec![
        Value::Null,
        Value::Bool(true),
        Value::Int(0),
        Value::Int(-70_000),
        Value::Int(1 << 40),
        Value::Int(i128::MAX),
        Value::Float(0.1),
        Value::Float(-2.0),
        Value::Float(f64::NAN),
        Value::Float(f64::INFINITY),
        Value::Text(String::new()),
        Value::Text("it's \"a\\b\"".into()),
        Value::Text("a\0b".into()),
        Value::Text("5".into()),
        Value::Bytes(vec![0, 39, 92]),
        Value::Bytes(vec![1; 16]),
        Value::Decimal("-1.50".into()),
        Value::Decimal("1E+200000".into()),
        Value::Decimal("NaN".into()),
        Value::Date(19_723),
        Value::Date(i32::MIN),
        Value::Time(1),
        Value::Time(-1),
        Value::Datetime(0),
        Value::Datetime(1),
        Value::Datetime(i64::MIN),
        Value::DatetimeUtc(0),
        Value::DatetimeUtc(i64::MIN),
        Value::Duration(-1),
        Value::Duration(i64::MIN),
        Value::Uuid([7; 16]),
        Value::Json(json!({"a": ["'", "\\", null, 1.5]})),
    ];
    let mut values = vec![Value::List(Vec::new())];
    values.extend(scalars.iter().map(|value| Value::List(vec![value.clone()])));
    values.extend(scalars.iter().map(|value| Value::List(vec![Value::List(vec![value.clone(), Value::Null])])));
    values.push(Value::List(vec![Value::Int(1), Value::Text("x".into())]));
    values.push(Value::List(vec![Value::List(vec![Value::Int(1)]), Value::List(Vec::new())]));
    values.extend(scalars);
    values
}

/// Types of each kind.
pub fn types() -> Vec<Type> {
    let builtin = (0..4_000).filter_map(|oid| Type::builtin(oid, -1));
    let of_kind = |name: &str, kind| Type::new(99_999, name, kind);
    let attributes =
        [("a", 23), ("b", 25)].map(|(name, oid)| Attribute { name: name.into(), ty: Type::builtin(oid, -1).unwrap() });
    let own = [
        of_kind("color", Kind::Enum(Arc::new(Labels::new(vec!["red".into(), "5".into()]).unwrap()))),
        of_kind("pair", Kind::Composite(attributes.into())),
        of_kind("vector", Kind::Vector(None)),
        of_kind("geometry", Kind::Geometry),
        of_kind("ltree", Kind::Other),
    ];
    let arrays: Vec<Type> =
        own.iter().map(|ty| of_kind(&format!("{}[]", ty.name), Kind::Array(Arc::new(ty.clone())))).collect();
    builtin.chain(own).chain(arrays).collect()
}
