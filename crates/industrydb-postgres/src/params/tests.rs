//! Rows of data: value, type, what is bound. The binary forms are those that a server sends for the same values.

use std::sync::Arc;

use industrydb_core::error::ErrorKind;
use industrydb_core::exact::hex;
use serde_json::json;

use super::*;
use crate::types::{Attribute, Kind, Labels};

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const CHAR: u32 = 18;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const OID: u32 = 26;
const JSON: u32 = 114;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const MONEY: u32 = 790;
const INET: u32 = 869;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const INTERVAL: u32 = 1186;
const TIMETZ: u32 = 1266;
const NUMERIC: u32 = 1700;
const UUID: u32 = 2950;
const JSONB: u32 = 3802;
const INT4_ARRAY: u32 = 1007;
const TEXT_ARRAY: u32 = 1009;
const BOX_ARRAY: u32 = 1020;
const TIMESTAMPTZ_ARRAY: u32 = 1185;
const JSONB_ARRAY: u32 = 3807;

fn builtin(oid: u32) -> Type {
    Type::builtin(oid, -1).unwrap()
}

fn of_kind(name: &str, kind: Kind) -> Type {
    Type::new(99_999, name, kind)
}

pub fn color() -> Type {
    of_kind("color", Kind::Enum(Arc::new(Labels::new(vec!["red".into(), "green".into()]).unwrap())))
}

pub fn pair() -> Type {
    let attributes = [("a", INT4), ("b", TEXT)].map(|(name, oid)| Attribute { name: name.into(), ty: builtin(oid) });
    of_kind("pair", Kind::Composite(attributes.into()))
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.into())
}

fn ints(values: &[i128]) -> Value {
    Value::List(values.iter().map(|value| Value::Int(*value)).collect())
}

/// The binary form in hexadecimal digits, the text in quotes, or NULL.
fn bound(value: &Value, ty: &Type) -> String {
    let mut out = vec![0xaa];
    match encode(value, ty, &mut out).unwrap_or_else(|error| panic!("{value:?} as {}: {error}", ty.name)) {
        Bound::Null => "NULL".into(),
        Bound::Binary => hex(&out[1..]),
        Bound::Text(text) => format!("{text:?}"),
    }
}

#[test]
fn values_take_the_form_of_their_type() {
    for (value, oid, expected) in [
        (Value::Null, INT4, "NULL"),
        (Value::Bool(true), BOOL, "01"),
        (Value::Int(-2), INT2, "fffe"),
        (Value::Int(32_767), INT2, "7fff"),
        (Value::Int(1), INT4, "00000001"),
        (Value::Int(i64::MIN.into()), INT8, "8000000000000000"),
        (Value::Int(4_294_967_295), OID, "ffffffff"),
        (Value::Int(1 << 24), FLOAT4, "4b800000"),
        (Value::Int((1 << 53) + 2), FLOAT8, "4340000000000001"),
        (Value::Int(-10_000), NUMERIC, "00010001400000000001"),
        (Value::Int(7), TEXT, "37"),
        (Value::Int(7), CHAR, "37"),
        (Value::Int(7), JSONB, "0137"),
        (Value::Int(7), MONEY, "\"7\""),
        (Value::Float(5.0), INT4, "00000005"),
        (Value::Float(0.5), FLOAT4, "3f000000"),
        (Value::Float(f64::NAN), FLOAT4, "7fc00000"),
        (Value::Float(f64::NEG_INFINITY), FLOAT4, "ff800000"),
        (Value::Float(0.1), FLOAT8, "3fb999999999999a"),
        (Value::Float(0.1), NUMERIC, "0001ffff0000000103e8"),
        (Value::Float(1e22), NUMERIC, "00010005000000000064"),
        (Value::Float(f64::INFINITY), NUMERIC, "00000000d0000000"),
        (Value::Float(0.1), TEXT, "302e31"),
        (Value::Float(1.5), JSON, "312e35"),
        (decimal("12.50"), NUMERIC, "0002000000000002000c1388"),
        (decimal("NaN"), NUMERIC, "00000000c0000000"),
        (decimal("1E+2"), INT2, "0064"),
        (decimal("0.1"), FLOAT8, "3fb999999999999a"),
        (decimal("1.50"), MONEY, "\"1.50\""),
        (decimal("1.50"), TEXT, "312e3530"),
        (text("é"), TEXT, "c3a9"),
        (text("{}"), JSONB, "017b7d"),
        (text("x"), CHAR, "78"),
        (text("5"), INT4, "\"5\""),
        (text("infinity"), DATE, "\"infinity\""),
        (text("10.0.0.1"), INET, "\"10.0.0.1\""),
        (text("30313233-3435-3637-3839-616263646566"), UUID, "30313233343536373839616263646566"),
        (text("{30313233-3435-3637-3839-616263646566}"), UUID, "30313233343536373839616263646566"),
        (text("none"), UUID, "\"none\""),
        (text("{1,2}"), INT4_ARRAY, "\"{1,2}\""),
        (Value::Bytes(vec![0, 255]), BYTEA, "00ff"),
        (Value::Bytes(b"0123456789abcdef".to_vec()), UUID, "30313233343536373839616263646566"),
        (Value::Date(10_958), DATE, "00000001"),
        (Value::Date(10_958), TIMESTAMP, "000000141dd76000"),
        (Value::Date(0), TIMESTAMPTZ, "\"1970-01-01\""),
        (Value::Date(0), TEXT, "313937302d30312d3031"),
        (Value::Time(1), TIME, "0000000000000001"),
        (Value::Time(1), TIMETZ, "\"00:00:00.000001\""),
        (Value::Datetime(946_684_800_000_001), TIMESTAMP, "0000000000000001"),
        (Value::Datetime(946_684_800_000_000), DATE, "00000000"),
        (Value::Datetime(1), TIMESTAMPTZ, "\"1970-01-01 00:00:00.000001\""),
        (Value::DatetimeUtc(946_684_799_999_999), TIMESTAMPTZ, "ffffffffffffffff"),
        (Value::Duration(-1), INTERVAL, "ffffffffffffffff0000000000000000"),
        (Value::Duration(86_400_000_000), TEXT, "503144"),
        (Value::Uuid(*b"0123456789abcdef"), UUID, "30313233343536373839616263646566"),
        (Value::Json(json!({"a": 1})), JSONB, "017b2261223a317d"),
        (Value::Json(json!({"a": 1})), TEXT, "7b2261223a317d"),
        (Value::List(vec![]), INT4_ARRAY, "000000000000000000000017"),
        (ints(&[5]), INT4_ARRAY, "00000001000000000000001700000001000000010000000400000005"),
    ] {
        assert_eq!(bound(&value, &builtin(oid)), expected, "{value:?} as {}", builtin(oid).name);
    }
}

#[test]
fn lists_are_arrays_of_any_dimension() {
    let header = |dimensions: &str, nulls: &str, element: &str, lengths: &[&str]| {
        let lengths: String = lengths.iter().map(|length| format!("{length}00000001")).collect();
        format!("{dimensions}{nulls}{element}{lengths}")
    };
    let nulls = Value::List(vec![text("a"), Value::Null]);
    let expected = header("00000001", "00000001", "00000019", &["00000002"]) + "0000000161ffffffff";
    assert_eq!(bound(&nulls, &builtin(TEXT_ARRAY)), expected);
    let square = Value::List(vec![ints(&[1, 2]), ints(&[3, 4])]);
    let expected = header("00000002", "00000000", "00000017", &["00000002", "00000002"])
        + "0000000400000001000000040000000200000004000000030000000400000004";
    assert_eq!(bound(&square, &builtin(INT4_ARRAY)), expected);
    // A list is a JSON document by itself.
    let expected = header("00000001", "00000000", "00000eda", &["00000001"]) + "00000006015b312c325d";
    assert_eq!(bound(&Value::List(vec![ints(&[1, 2])]), &builtin(JSONB_ARRAY)), expected);
    // What the server has to parse makes it parse the whole.
    let boxes = Value::List(vec![text("(1,1),(0,0)"), Value::Null]);
    assert_eq!(bound(&boxes, &builtin(BOX_ARRAY)), r#""{\"(1,1),(0,0)\";NULL}""#);
    let mixed = Value::List(vec![Value::DatetimeUtc(0), Value::Datetime(0)]);
    assert_eq!(
        bound(&mixed, &builtin(TIMESTAMPTZ_ARRAY)),
        r#""{\"1970-01-01 00:00:00+00:00\",\"1970-01-01 00:00:00\"}""#
    );
    assert_eq!(bound(&square, &builtin(TEXT)), hex(b"[[1,2],[3,4]]"));
    assert_eq!(bound(&square, &builtin(JSONB)), hex(b"\x01[[1,2],[3,4]]"));
}

#[test]
fn types_of_the_users_own() {
    let other = of_kind("ltree", Kind::Other);
    for (value, ty, expected) in [
        (text("red"), color(), hex(b"red")),
        (text("a.b"), other.clone(), "\"a.b\"".into()),
        (Value::Int(5), other, "\"5\"".into()),
        (
            Value::List(vec![Value::Int(1), text("x")]),
            pair(),
            "000000020000001700000004000000010000001900000001".to_owned() + "78",
        ),
        (
            Value::List(vec![Value::Float(0.5), Value::Int(1)]),
            of_kind("vector", Kind::Vector(Some(2))),
            "000200003f0000003f800000".into(),
        ),
        (text("[0.1]"), of_kind("vector", Kind::Vector(Some(1))), "\"[0.1]\"".into()),
        (Value::Bytes(vec![1]), of_kind("geometry", Kind::Geometry), "01".into()),
        (text("POINT(1 2)"), of_kind("geometry", Kind::Geometry), "\"POINT(1 2)\"".into()),
    ] {
        assert_eq!(bound(&value, &ty), expected, "{value:?} as {}", ty.name);
    }
}

#[test]
fn what_a_type_does_not_hold_is_refused() {
    let nan = || Value::Float(f64::NAN);
    for (value, oid, says) in [
        (Value::Int(32_768), INT2, "the integer 32768 can't become smallint"),
        (Value::Int(-1), OID, "oid"),
        (Value::Int(1 << 31), INT4, "integer"),
        (Value::Int(1 << 63), INT8, "bigint"),
        (Value::Int((1 << 24) + 1), FLOAT4, "exactly"),
        (Value::Int((1 << 53) + 1), FLOAT8, "exactly"),
        (Value::Int(1), BOOL, "boolean"),
        (Value::Bool(true), INT4, "the truth value true"),
        (Value::Float(0.1), FLOAT4, "CAST"),
        (Value::Float(1.5), INT4, "exactly"),
        (Value::Float(1e300), INT8, "exactly"),
        (nan(), INT4, "NaN"),
        (nan(), JSONB, "JSON"),
        (Value::Float(1.5), MONEY, "money"),
        (decimal("1.005"), MONEY, "money"),
        (decimal("NaN"), MONEY, "money"),
        (decimal("sNaN"), NUMERIC, "sNaN"),
        (decimal("1E+131072"), NUMERIC, "numeric"),
        (decimal("0.10000000000000001"), FLOAT8, "exactly"),
        (text("a\0b"), TEXT, "NUL"),
        (text("1\0"), INT4, "NUL"),
        (text("ab"), CHAR, "one ASCII character"),
        (text("é"), CHAR, "one ASCII character"),
        (text(&"x".repeat(64)), NAME, "63 bytes"),
        (Value::Bytes(vec![1]), TEXT, "decode"),
        (Value::Bytes(vec![1]), UUID, "1 bytes"),
        (Value::Date(i32::MAX), DATE, "date"),
        (Value::Date(i32::MAX), TIMESTAMP, "timestamp"),
        (Value::Datetime(1), DATE, "time of day"),
        (Value::Datetime(i64::MIN), TIMESTAMP, "timestamp"),
        (Value::DatetimeUtc(0), TIMESTAMP, "time zone would be lost"),
        (Value::DatetimeUtc(0), DATE, "time zone would be lost"),
        (Value::Time(86_400_000_000), TIME, "time"),
        (Value::Duration(1), INT8, "bigint"),
        (Value::Json(json!({})), INT4, "a JSON document"),
        (Value::Date(0), JSONB, "JSON"),
        (ints(&[1 << 40]), INT4_ARRAY, "the integer 1099511627776"),
        (Value::List(vec![ints(&[1]), ints(&[1, 2])]), INT4_ARRAY, "one length"),
        (Value::List(vec![ints(&[1]), Value::Null]), INT4_ARRAY, "one length"),
        (Value::List(vec![Value::Int(1), ints(&[1])]), INT4_ARRAY, "one length"),
        (Value::Int(1), INT4_ARRAY, "integer[]"),
        (ints(&[1]), INET, "inet"),
        ((0..7).fold(Value::Int(1), |inner, _| Value::List(vec![inner])), INT4_ARRAY, "6 dimensions"),
        (Value::List(vec![Value::Bytes(vec![1])]), JSONB, "JSON"),
    ] {
        let mut out = Vec::new();
        let error = encode(&value, &builtin(oid), &mut out).expect_err(says);
        assert_eq!(error.kind(), ErrorKind::Conversion);
        assert_eq!(error.details().backend, Some("postgres"));
        assert!(error.message().contains(says), "{says}: {error}");
    }
}

#[test]
fn a_cast_cuts_nothing_off() {
    for (oid, expected) in [
        (1560, "pg_catalog.\"bit\""),
        (1561, "pg_catalog.\"bit\"[]"),
        (1042, "pg_catalog.bpchar"),
        (1014, "pg_catalog.bpchar[]"),
        (INT4_ARRAY, "integer[]"),
    ] {
        assert_eq!(cast_name(&builtin(oid)), expected);
    }
}

#[test]
fn a_value_has_a_type_by_nature() {
    for (value, expected) in [
        (Value::Null, None),
        (text(""), None),
        (Value::Int(i64::MAX.into()), Some("bigint")),
        (Value::Int(1 << 63), Some("numeric")),
        (Value::Datetime(0), Some("timestamp")),
        (Value::DatetimeUtc(0), Some("timestamptz")),
        (Value::Json(json!({})), Some("json")),
        (Value::List(vec![]), Some("text[]")),
        (Value::List(vec![Value::Null, Value::Date(0)]), Some("date[]")),
        (Value::List(vec![text("a")]), Some("text[]")),
        (Value::List(vec![ints(&[1]), ints(&[2])]), Some("bigint[]")),
        (Value::List(vec![Value::Int(1), Value::Float(0.5)]), Some("double precision[]")),
        (Value::List(vec![Value::Int(1), Value::Float(0.5), decimal("1")]), Some("numeric[]")),
        (Value::List(vec![Value::Int(1), text("a")]), None),
    ] {
        assert_eq!(cast_type(&value), expected, "{value:?}");
    }
}
