//! Rows of data: column, type, what is sent. The binary forms are those that a server sends for the same values.

use std::sync::Arc;

use industrydb_core::error::ErrorKind;
use industrydb_core::exact::hex;
use polars_core::prelude::*;

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
const INT4_ARRAY: u32 = 1007;
const TEXT_ARRAY: u32 = 1009;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const INTERVAL: u32 = 1186;
const TIMETZ: u32 = 1266;
const NUMERIC: u32 = 1700;
const UUID: u32 = 2950;
const JSONB: u32 = 3802;

const SIX_TWO: i32 = 4 + (6 << 16 | 2);
const MICROS: TimeUnit = TimeUnit::Microseconds;
const NANOS: TimeUnit = TimeUnit::Nanoseconds;
/// 2000-01-01 in µs.
const EPOCH: i64 = 946_684_800_000_000;

fn target(oid: u32, modifier: i32) -> Target {
    Target { name: "c".into(), ty: Type::builtin(oid, modifier).unwrap() }
}

fn own(name: &str, kind: Kind) -> Target {
    Target { name: "c".into(), ty: Type::new(99_999, name, kind) }
}

fn color() -> Target {
    own("color", Kind::Enum(Arc::new(Labels::new(vec!["red".into(), "green".into()]).unwrap())))
}

fn pair() -> Target {
    let attributes = [("a", INT4), ("b", TEXT)]
        .map(|(name, oid)| Attribute { name: name.into(), ty: Type::builtin(oid, -1).unwrap() });
    own("pair", Kind::Composite(attributes.into()))
}

fn vector() -> Target {
    own("vector", Kind::Vector(Some(2)))
}

fn frame(column: Series) -> DataFrame {
    DataFrame::new(column.len(), vec![column.with_name("c".into()).into()]).unwrap()
}

fn of<T: NumericNative>(values: &[T]) -> Series
where
    T::PolarsType: PolarsNumericType<Native = T>,
    ChunkedArray<T::PolarsType>: IntoSeries,
{
    ChunkedArray::<T::PolarsType>::from_slice("c".into(), values).into_series()
}

fn texts(values: &[&str]) -> Series {
    StringChunked::from_slice("c".into(), values).into_series()
}

fn binaries(values: &[&[u8]]) -> Series {
    BinaryChunked::from_slice("c".into(), values).into_series()
}

fn decimals(values: &[i128], precision: usize, scale: usize) -> Series {
    Int128Chunked::from_slice("c".into(), values).into_decimal_unchecked(precision, scale).into_series()
}

fn times(values: &[i64]) -> Series {
    Int64Chunked::from_slice("c".into(), values).into_time().into_series()
}

fn datetimes(values: &[i64], unit: TimeUnit, zone: Option<TimeZone>) -> Series {
    Int64Chunked::from_slice("c".into(), values).into_datetime(unit, zone).into_series()
}

fn durations(values: &[i64], unit: TimeUnit) -> Series {
    Int64Chunked::from_slice("c".into(), values).into_duration(unit).into_series()
}

fn dates(values: &[i32]) -> Series {
    Int32Chunked::from_slice("c".into(), values).into_date().into_series()
}

fn lists(values: Vec<Option<Series>>) -> Series {
    values.into_iter().collect::<ListChunked>().into_series()
}

fn structs(a: Series, b: Series) -> Series {
    let fields = [a.with_name("a".into()), b.with_name("b".into())];
    StructChunked::from_series("c".into(), fields[0].len(), fields.iter()).unwrap().into_series()
}

fn all(frame: &DataFrame, targets: &[Target]) -> Result<(Format, Vec<u8>)> {
    let mut rows = Rows::new(frame, targets)?;
    let mut out = Vec::new();
    while rows.fill(&mut out, 1 << 20)? {}
    assert_eq!(rows.rows_done(), frame.height());
    Ok((rows.format(), out))
}

/// The fields of a column in hexadecimal digits, `-` for NULL.
fn fields(column: Series, target: Target) -> Vec<String> {
    let (format, out) = all(&frame(column), &[target]).unwrap();
    assert_eq!(format, Format::Binary);
    let mut rest = out.strip_prefix(HEADER).unwrap();
    let mut fields = Vec::new();
    while let Some(field) = rest.strip_prefix(&[0, 1]) {
        let (length, after) = field.split_at(4);
        let length = i32::from_be_bytes(length.try_into().unwrap());
        let (value, after) = after.split_at(usize::try_from(length).unwrap_or(0));
        fields.push(if length < 0 { "-".into() } else { hex(value) });
        rest = after;
    }
    assert_eq!(rest, TRAILER);
    fields
}

/// What is sent in text.
fn lines(column: Series, target: Target) -> String {
    let (format, out) = all(&frame(column), &[target]).unwrap();
    assert_eq!(format, Format::Text);
    String::from_utf8(out).unwrap()
}

fn refusal(column: Series, target: Target) -> Error {
    let name = target.ty.name.clone();
    all(&frame(column), &[target]).expect_err(&name)
}

#[test]
fn values_take_their_binary_form() {
    for (column, target, expected) in [
        (of(&[1_i64, -1]), target(INT8, -1), &["0000000000000001", "ffffffffffffffff"][..]),
        (of(&[1_i64, -2]), target(INT2, -1), &["0001", "fffe"]),
        (of(&[1_u8]), target(INT4, -1), &["00000001"]),
        (texts(&["-5"]), target(INT4, -1), &["fffffffb"]),
        (of(&[u64::from(u32::MAX)]), target(OID, -1), &["ffffffff"]),
        (of(&[0.5_f64, f64::NAN, f64::NEG_INFINITY]), target(FLOAT4, -1), &["3f000000", "7fc00000", "ff800000"]),
        (of(&[-0.0_f64]), target(FLOAT8, -1), &["8000000000000000"]),
        (BooleanChunked::from_slice("c".into(), &[true, false]).into_series(), target(BOOL, -1), &["01", "00"]),
        (
            decimals(&[1250, -1, 0], 12, 2),
            target(NUMERIC, SIX_TWO),
            &["0002000000000002000c1388", "0001ffff400000020064", "0000000000000002"],
        ),
        (of(&[10_000_i64]), target(NUMERIC, -1), &["00010001000000000001"]),
        (of(&[i128::MAX]), target(NUMERIC, -1), &["000a00090000000000aa0583209a01d5090d0c601c871bf620da165f"]),
        (of(&[0.1_f64, f64::NAN]), target(NUMERIC, SIX_TWO), &["0001ffff0000000203e8", "00000000c0000000"]),
        (of(&[0.1_f32]), target(NUMERIC, -1), &["0001ffff0000000103e8"]),
        (of(&[f64::INFINITY]), target(NUMERIC, -1), &["00000000d0000000"]),
        (texts(&["1.50", "-Infinity"]), target(NUMERIC, -1), &["000200000000000200011388", "00000000f0000000"]),
        (decimals(&[150, -1], 10, 2), target(MONEY, -1), &["0000000000000096", "ffffffffffffffff"]),
        (texts(&["", "é"]), target(TEXT, -1), &["", "c3a9"]),
        (of(&[7_i64]), target(TEXT, -1), &["37"]),
        (texts(&["ééé"]), target(VARCHAR, 7), &["c3a9c3a9c3a9"]),
        (texts(&["é  "]), target(BPCHAR, 5), &["c3a92020"]),
        (texts(&["x"]), target(CHAR, -1), &["78"]),
        (texts(&["{}"]), target(JSONB, -1), &["017b7d"]),
        (texts(&["{}"]), target(JSON, -1), &["7b7d"]),
        (of(&[1_i64]), target(JSONB, -1), &["0131"]),
        (lists(vec![Some(of(&[1_i64, 2]))]), target(JSONB, -1), &["015b312c325d"]),
        (binaries(&[b"", b"\0\xff"]), target(BYTEA, -1), &["", "00ff"]),
        (binaries(&[b"\x01"]), own("geometry", Kind::Geometry), &["01"]),
        (dates(&[10_957, 0]), target(DATE, -1), &["00000000", "ffffd533"]),
        (times(&[1_000, 86_399_999_999_000]), target(TIME, -1), &["0000000000000001", "000000141dd75fff"]),
        (datetimes(&[EPOCH + 1], MICROS, None), target(TIMESTAMP, -1), &["0000000000000001"]),
        (datetimes(&[EPOCH * 1_000], NANOS, None), target(TIMESTAMP, 0), &["0000000000000000"]),
        (dates(&[10_958]), target(TIMESTAMP, -1), &["000000141dd76000"]),
        (datetimes(&[EPOCH - 1], MICROS, Some(TimeZone::UTC)), target(TIMESTAMPTZ, -1), &["ffffffffffffffff"]),
        (durations(&[-1], MICROS), target(INTERVAL, -1), &["ffffffffffffffff0000000000000000"]),
        // interval day keeps nothing but days.
        (
            durations(&[86_400_000], TimeUnit::Milliseconds),
            target(INTERVAL, 0x0008_ffff),
            &["00000000000000000000000100000000"],
        ),
        (texts(&["30313233-3435-3637-3839-616263646566"]), target(UUID, -1), &["30313233343536373839616263646566"]),
        (binaries(&[b"0123456789abcdef"]), target(UUID, -1), &["30313233343536373839616263646566"]),
        (texts(&["green", "red"]), color(), &["677265656e", "726564"]),
        (
            lists(vec![Some(of(&[1_i64, 2])), None, Some(of::<i64>(&[]))]),
            target(INT4_ARRAY, -1),
            &[
                "000000010000000000000017000000020000000100000004000000010000000400000002",
                "-",
                "000000000000000000000017",
            ],
        ),
        (structs(of(&[1_i64]), texts(&["x"])), pair(), &["00000002000000170000000400000001000000190000000178"]),
        (lists(vec![Some(of(&[0.5_f64, 1.0]))]), vector(), &["000200003f0000003f800000"]),
        (Series::full_null("c".into(), 2, &DataType::Null), target(INT4, -1), &["-", "-"]),
        (Series::full_null("c".into(), 2, &DataType::String), target(DATE, -1), &["-", "-"]),
    ] {
        let name = target.ty.name.clone();
        let sent = fields(column.clone(), target);
        let expected: Vec<String> = expected.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(sent, expected, "{column:?} as {name}");
    }
}

#[test]
fn a_null_in_an_array_is_announced() {
    let column = lists(vec![Some(StringChunked::from_slice_options("".into(), &[Some("a"), None]).into_series())]);
    let expected = "0000000100000001000000190000000200000001".to_owned() + "0000000161" + "ffffffff";
    assert_eq!(fields(column, target(TEXT_ARRAY, -1)), [expected]);
}

#[test]
fn what_has_no_binary_form_goes_in_text() {
    let boxes = Type::builtin(1020, -1).unwrap();
    for (column, target, expected) in [
        (texts(&["10.0.0.1", "::1"]), target(INET, -1), "10.0.0.1\n::1\n"),
        (times(&[1_000]), target(TIMETZ, -1), "00:00:00.000001\n"),
        (texts(&["P1M"]), target(INTERVAL, -1), "P1M\n"),
        (texts(&["{{1},{2}}"]), target(INT4_ARRAY, -1), "{{1},{2}}\n"),
        (texts(&["POINT(1 2)"]), own("geometry", Kind::Geometry), "POINT(1 2)\n"),
        (texts(&["a\tb\\\r\n"]), own("ltree", Kind::Other), "a\\tb\\\\\\r\\n\n"),
        (texts(&["\\N", "\\."]), own("ltree", Kind::Other), "\\\\N\n\\\\.\n"),
        (
            lists(vec![Some(texts(&["(1,1),(0,0)"])), None]),
            Target { name: "c".into(), ty: boxes },
            "{\"(1,1),(0,0)\"}\n\\N\n",
        ),
    ] {
        assert_eq!(lines(column, target.clone()), expected, "{}", target.ty.name);
    }
}

/// One column without a binary form sends all the others in text.
#[test]
fn the_other_columns_follow_in_text() {
    let targets = |columns: &[(Series, Target)]| {
        let mut targets = vec![Target { name: "other".into(), ..target(INET, -1) }];
        targets.extend(
            columns.iter().map(|(column, target)| Target { name: column.name().to_string(), ..target.clone() }),
        );
        targets
    };
    let columns = [
        (of(&[-1_i64]), target(INT8, -1)),
        (of(&[0.1_f64]), target(FLOAT8, -1)),
        (of(&[f64::INFINITY]), target(FLOAT4, -1)),
        (decimals(&[-5], 5, 2), target(NUMERIC, -1)),
        (of(&[1e3_f64]), target(NUMERIC, -1)),
        (decimals(&[150], 10, 2), target(MONEY, -1)),
        (BooleanChunked::from_slice("".into(), &[true]).into_series(), target(BOOL, -1)),
        (texts(&["{\"a\":\"\\t\"}"]), target(JSONB, -1)),
        (binaries(&[b"\x01"]), target(BYTEA, -1)),
        (binaries(&[b"\x01"]), own("geometry", Kind::Geometry)),
        (dates(&[-719_528]), target(DATE, -1)),
        (datetimes(&[1], MICROS, None), target(TIMESTAMP, -1)),
        (datetimes(&[0], MICROS, Some(TimeZone::UTC)), target(TIMESTAMPTZ, -1)),
        (durations(&[-1], MICROS), target(INTERVAL, -1)),
        (binaries(&[b"0123456789abcdef"]), target(UUID, -1)),
        (texts(&["green"]), color()),
        (lists(vec![Some(of(&[1_i64]))]), target(INT4_ARRAY, -1)),
        (structs(of(&[1_i64]), texts(&["a\"\\"])), pair()),
        (lists(vec![Some(of(&[0.5_f32, 1.0]))]), vector()),
    ];
    let columns: Vec<(Series, Target)> = columns
        .into_iter()
        .enumerate()
        .map(|(at, (column, to))| (column.with_name(at.to_string().into()), to))
        .collect();
    let targets = targets(&columns);
    let mut series: Vec<polars_core::prelude::Column> = vec![texts(&["::1"]).with_name("other".into()).into()];
    series.extend(columns.into_iter().map(|(column, _)| column.into()));
    let (format, out) = all(&DataFrame::new(1, series).unwrap(), &targets).unwrap();
    assert_eq!(format, Format::Text);
    let fields = [
        "::1",
        "-1",
        "0.1",
        "Infinity",
        "-0.05",
        "1000",
        "1.50",
        "true",
        r#"{"a":"\\t"}"#,
        r"\\x01",
        "01",
        "0001-01-01 BC",
        "1970-01-01 00:00:00.000001",
        "1970-01-01 00:00:00+00:00",
        "-0 hours -0.000001 seconds",
        "30313233-3435-3637-3839-616263646566",
        "green",
        r#"{"1"}"#,
        r#"("1","a\\"\\\\")"#,
        "[0.5,1.0]",
    ];
    assert_eq!(String::from_utf8(out).unwrap(), fields.join("\t") + "\n");
}

#[test]
fn what_does_not_fit_is_refused_with_column_and_row() {
    for (column, target, says) in [
        (of(&[0_i64, 40_000]), target(INT2, -1), "row 1: the Int64 40000 is not exactly any Int16"),
        (of(&[0.0, 0.1_f64]), target(FLOAT4, -1), "row 1"),
        (decimals(&[0, 12_345], 10, 3), target(NUMERIC, SIX_TWO), "row 1: 12.345 does not fit numeric"),
        (decimals(&[0, 1_000_000], 10, 2), target(NUMERIC, SIX_TWO), "10000.00 does not fit"),
        (of(&[0_i64, 10_000]), target(NUMERIC, SIX_TWO), "10000 does not fit"),
        (of(&[0.0, 0.125_f64]), target(NUMERIC, SIX_TWO), "0.125 does not fit"),
        (of(&[0.0, f64::INFINITY]), target(NUMERIC, SIX_TWO), "does not fit"),
        (texts(&["1", "1.001"]), target(NUMERIC, SIX_TWO), "does not fit"),
        (texts(&["1", "one"]), target(NUMERIC, -1), "\"one\" is no numeric"),
        (decimals(&[0, i128::MAX / 10], 38, 0), target(MONEY, -1), "row 1"),
        (decimals(&[0, 1], 10, 3), target(MONEY, -1), "row 1"),
        (texts(&["", "a\0"]), target(TEXT, -1), "NUL character"),
        (texts(&["", "a\0"]), target(JSONB, -1), "NUL character"),
        (texts(&["ééé", "éééé"]), target(VARCHAR, 7), "\"éééé\" is too long for character varying"),
        (texts(&["", "ab  "]), target(VARCHAR, 7), "too long"),
        (texts(&["a ", "ab"]), target(BPCHAR, 5), "too long"),
        (texts(&["a", "é"]), target(CHAR, -1), "too long"),
        (texts(&["a", &"x".repeat(64)]), target(NAME, -1), "too long"),
        (dates(&[0, i32::MAX]), target(DATE, -1), "2147483647 lies beyond date"),
        (datetimes(&[0, i64::MIN], MICROS, None), target(TIMESTAMP, -1), "lies beyond timestamp"),
        (datetimes(&[0, 1], MICROS, None), target(TIMESTAMP, 3), "is finer than timestamp"),
        (datetimes(&[0, 1], MICROS, Some(TimeZone::UTC)), target(TIMESTAMPTZ, 0), "is finer than"),
        (datetimes(&[0, 1], NANOS, None), target(TIMESTAMP, -1), "row 1"),
        (times(&[0, 1]), target(TIME, -1), "is finer than"),
        (times(&[0, 1_000]), target(TIME, 3), "is finer than"),
        (durations(&[0, 1], NANOS), target(INTERVAL, -1), "row 1"),
        (durations(&[0, 1], MICROS), target(INTERVAL, 0x0400_ffff), "is finer than"),
        (durations(&[0, 86_400_000_000], MICROS), target(INTERVAL, 0x0002_ffff), "is finer than"),
        (texts(&["30313233-3435-3637-3839-616263646566", "?"]), target(UUID, -1), "\"?\" is no uuid"),
        (binaries(&[b"0123456789abcdef", b"1"]), target(UUID, -1), "31 is no uuid"),
        (texts(&["red", "blue"]), color(), "row 1: the String \"blue\""),
        (lists(vec![None, Some(of(&[1_i64 << 40]))]), target(INT4_ARRAY, -1), "row 1"),
        (lists(vec![Some(texts(&["a"])), Some(texts(&["\0"]))]), target(TEXT_ARRAY, -1), "row 1"),
        (lists(vec![None, Some(Series::full_null("".into(), 2, &DataType::Float32))]), vector(), "is no vector"),
        (texts(&["::1", "a\0"]), target(INET, -1), "NUL character"),
    ] {
        let name = target.ty.name.clone();
        let error = refusal(column, target);
        assert_eq!(error.kind(), ErrorKind::Conversion, "{name}");
        assert_eq!(error.details().column_name.as_deref(), Some("c"));
        assert_eq!(error.details().backend, Some("postgres"));
        assert!(error.message().contains(says) && error.message().contains("row 1"), "{name}: {says}: {error}");
    }
}

#[test]
fn columns_that_have_no_way_into_the_target_are_refused_before_any_row() {
    let naive = || datetimes(&[], MICROS, None);
    for (column, target, says) in [
        (dates(&[]), target(INT4, -1), "Date can't be stored in a column of type integer"),
        (binaries(&[]), target(TEXT, -1), "Binary can't be stored"),
        (binaries(&[]), target(JSONB, -1), "Binary"),
        (dates(&[]), target(JSONB, -1), "Date"),
        (dates(&[]), color(), "color"),
        (of::<i64>(&[]), target(INET, -1), "inet"),
        (of::<f64>(&[]), target(MONEY, -1), "money"),
        (naive(), target(TIMESTAMPTZ, -1), "replace_time_zone"),
        (datetimes(&[], MICROS, Some(TimeZone::UTC)), target(TIMESTAMP, -1), "replace_time_zone(None)"),
        (lists(vec![Some(lists(vec![Some(of(&[1_i64]))]))]), target(INT4_ARRAY, -1), "List(List(Int64))"),
        (structs(of::<i64>(&[]), of::<i64>(&[])), target(INT4_ARRAY, -1), "integer[]"),
        (structs(of::<i64>(&[]), dates(&[])).struct_().unwrap().fields_as_series()[0].clone(), pair(), "pair"),
    ] {
        let error = Rows::new(&frame(column), &[target]).expect_err(says);
        assert_eq!(error.kind(), ErrorKind::Conversion);
        assert_eq!(error.details().column_name.as_deref(), Some("c"));
        assert!(error.message().contains(says), "{says}: {error}");
    }
    let error = Rows::new(&frame(dates(&[])), &[Target { name: "d".into(), ..target(DATE, -1) }]).expect_err("missing");
    assert_eq!(error.kind(), ErrorKind::Execution);
}

/// Blocks, chunks and calls may end anywhere: what is sent stays the same.
#[test]
fn pieces_make_the_same_whole() {
    let height = BLOCK as i64 + 100;
    let numbers: Vec<i64> = (0..height).collect();
    let labels: Vec<&str> = numbers.iter().map(|number| if number % 3 == 0 { "red" } else { "green" }).collect();
    let items: Vec<Option<Series>> =
        numbers.iter().map(|number| (number % 5 != 0).then(|| of(&numbers[..(*number % 4) as usize]))).collect();
    let whole = DataFrame::new(
        numbers.len(),
        vec![
            of(&numbers).with_name("a".into()).into(),
            texts(&labels).with_name("b".into()).into(),
            lists(items).with_name("c".into()).into(),
        ],
    )
    .unwrap();
    let targets = [
        Target { name: "a".into(), ..target(INT4, -1) },
        Target { name: "b".into(), ..color() },
        Target { name: "c".into(), ..target(INT4_ARRAY, -1) },
    ];
    let (_, expected) = all(&whole, &targets).unwrap();
    let mut chunked = whole.slice(0, 77);
    chunked.vstack_mut(&whole.slice(77, BLOCK)).unwrap();
    chunked.vstack_mut(&whole.slice(77 + BLOCK as i64, BLOCK)).unwrap();
    for bytes in [1, 1_000, 1 << 16] {
        let mut rows = Rows::new(&chunked, &targets).unwrap();
        let (mut sent, mut piece, mut more) = (Vec::new(), Vec::new(), true);
        while more {
            piece.clear();
            let before = rows.rows_done();
            more = rows.fill(&mut piece, bytes).unwrap();
            assert!(rows.rows_done() > before || !more);
            assert!(piece.len() < bytes + 200);
            sent.extend_from_slice(&piece);
        }
        assert!(sent == expected, "{bytes}");
    }
    let (_, empty) = all(&whole.clear(), &targets).unwrap();
    assert_eq!(empty, [HEADER, &TRAILER].concat());
    assert_eq!(lines(texts(&[]), target(INET, -1)), "");
}
