use polars_core::prelude::*;
use proptest::prelude::*;

use super::{cast, castable};
use crate::error::ErrorKind;

const US: TimeUnit = TimeUnit::Microseconds;
const MS: TimeUnit = TimeUnit::Milliseconds;
const NS: TimeUnit = TimeUnit::Nanoseconds;
/// 10⁷ microseconds.
const TEN_SECONDS: i64 = 10_000_000;

fn utc() -> Option<TimeZone> {
    Some(TimeZone::UTC)
}

fn zone(name: &'static str) -> Option<TimeZone> {
    TimeZone::opt_try_new(Some(name)).unwrap()
}

fn ints(values: &[Option<i64>]) -> Series {
    Int64Chunked::from_slice_options("c".into(), values).into_series()
}

fn floats(values: &[f64]) -> Series {
    Series::new("c".into(), values)
}

fn texts(values: &[&str]) -> Series {
    Series::new("c".into(), values)
}

fn decimals(values: &[i128], precision: usize, scale: usize) -> Series {
    Int128Chunked::from_slice("c".into(), values).into_decimal_unchecked(precision, scale).into_series()
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

fn times(values: &[i64]) -> Series {
    Int64Chunked::from_slice("c".into(), values).into_time().into_series()
}

fn labels(values: &[&str]) -> DataType {
    DataType::from_frozen_categories(FrozenCategories::new(values.iter().copied()).unwrap())
}

fn list(rows: &[Option<Series>]) -> Series {
    rows.iter().cloned().collect::<ListChunked>().with_name("c".into()).into_series()
}

fn structs(fields: &[Series]) -> Series {
    StructChunked::from_series("c".into(), fields[0].len(), fields.iter()).unwrap().into_series()
}

fn named(name: &str, series: Series) -> Series {
    series.with_name(name.into())
}

#[track_caller]
fn check(column: &Series, to: &DataType, expected: &Series) {
    let out = cast(column, to).unwrap_or_else(|error| panic!("{:?} → {to:?}: {error}", column.dtype()));
    assert_eq!(out.dtype(), to);
    assert_eq!(out.name(), column.name());
    assert!(out.equals_missing(expected), "{:?} → {to:?}: {out:?} is not {expected:?}", column.dtype());
}

/// Both ways.
#[track_caller]
fn twins(left: &Series, right: &Series) {
    check(left, right.dtype(), right);
    check(right, left.dtype(), left);
}

#[track_caller]
fn refused(column: &Series, to: &DataType, parts: &[&str]) {
    let error = cast(column, to).expect_err("no exact cast");
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(error.details().column_name.as_deref(), Some("c"));
    for part in parts {
        assert!(error.message().contains(part), "{} lacks {part:?}", error.message());
    }
}

#[test]
fn equal_values_of_two_types() {
    let bytes = Series::new("c".into(), &[&b"a\xc3\xa9"[..], b""]);
    let pairs = [
        (ints(&[Some(1), None, Some(-128)]), Series::new("c".into(), &[Some(1_i8), None, Some(-128)])),
        (ints(&[Some(0), Some(255)]), Series::new("c".into(), &[0_u8, 255])),
        (
            ints(&[Some(i64::MAX), Some(i64::MIN)]),
            Series::new("c".into(), &[i128::from(i64::MAX), i128::from(i64::MIN)]),
        ),
        (ints(&[Some(1 << 53), None, Some(-3)]), Series::new("c".into(), &[Some(2_f64.powi(53)), None, Some(-3.0)])),
        (ints(&[Some(i64::MIN)]), floats(&[-(2_f64.powi(63))])),
        (ints(&[Some(1), None, Some(0)]), Series::new("c".into(), &[Some(true), None, Some(false)])),
        (ints(&[Some(12), Some(-3)]), decimals(&[1_200, -300], 5, 2)),
        (ints(&[Some(12), None]), Series::new("c".into(), &[Some("12"), None])),
        (floats(&[0.5, f64::NAN, f64::NEG_INFINITY]), Series::new("c".into(), &[0.5_f32, f32::NAN, f32::NEG_INFINITY])),
        (floats(&[0.1, -12.25]), decimals(&[10, -1_225], 10, 2)),
        (Series::new("c".into(), &[0.1_f32, 2.5]), decimals(&[10, 250], 10, 2)),
        (floats(&[0.1, 1.0, 1e300, -0.0, 5e-324]), texts(&["0.1", "1.0", "1e300", "-0.0", "5e-324"])),
        (floats(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]), texts(&["NaN", "inf", "-inf"])),
        (Series::new("c".into(), &[0.1_f32, 16_777_216.0]), texts(&["0.1", "16777216.0"])),
        (decimals(&[150, -5], 5, 2), decimals(&[15_000, -500], 38, 4)),
        (decimals(&[150, -5, 0], 5, 2), texts(&["1.50", "-0.05", "0.00"])),
        (Series::new("c".into(), &[true, false]), texts(&["true", "false"])),
        (dates(&[0, -719_528, 2_932_896]), texts(&["1970-01-01", "0000-01-01", "9999-12-31"])),
        (dates(&[0, -1]), datetimes(&[0, -86_400_000_000], US, None)),
        (times(&[0, 1_500_000_000, 1]), texts(&["00:00:00", "00:00:01.500000", "00:00:00.000000001"])),
        (datetimes(&[0, -1], US, None), texts(&["1970-01-01 00:00:00", "1969-12-31 23:59:59.999999"])),
        (datetimes(&[0, -1], MS, utc()), texts(&["1970-01-01 00:00:00+00:00", "1969-12-31 23:59:59.999000+00:00"])),
        (datetimes(&[1], NS, None), texts(&["1970-01-01 00:00:00.000000001"])),
        (datetimes(&[0, -1], MS, None), datetimes(&[0, -1_000_000], NS, None)),
        (datetimes(&[5], US, utc()), datetimes(&[5_000], NS, zone("Europe/Berlin"))),
        (durations(&[TEN_SECONDS, -1], US), durations(&[TEN_SECONDS * 1_000, -1_000], NS)),
        (durations(&[90_061_500_000, 0, -1], US), texts(&["P1DT1H1M1.5S", "PT0S", "-PT0.000001S"])),
        (durations(&[1, -7], MS), ints(&[Some(1_000), Some(-7_000)])),
        (texts(&["b", "a"]), texts(&["b", "a"]).cast(&labels(&["a", "b"])).unwrap()),
        (texts(&["b", "a"]), texts(&["b", "a"]).cast(&DataType::from_categories(Categories::global())).unwrap()),
        (
            list(&[Some(ints(&[Some(1), None])), None, Some(ints(&[]))]),
            list(&[
                Some(Series::new("".into(), &[Some(1_i8), None])),
                None,
                Some(Series::new("".into(), &[] as &[i8])),
            ]),
        ),
        (
            structs(&[named("a", ints(&[Some(1)])), named("b", texts(&["2"]))]),
            structs(&[named("a", floats(&[1.0])), named("b", ints(&[Some(2)]))]),
        ),
    ];
    for (left, right) in &pairs {
        twins(left, right);
        check(left, left.dtype(), left);
    }
    check(&texts(&["aé", ""]), &DataType::Binary, &bytes);
    check(&bytes, &DataType::String, &texts(&["61c3a9", ""]));
}

#[test]
fn one_way() {
    let cases = [
        (Series::new_null("c".into(), 2), Series::full_null("c".into(), 2, &DataType::Decimal(5, 2))),
        (Series::new_null("c".into(), 2), Series::full_null("c".into(), 2, &labels(&["a"]))),
        (texts(&["TRUE", "1", "False", "0"]), Series::new("c".into(), &[true, true, false, false])),
        (texts(&["+7", "-0", "007"]), ints(&[Some(7), Some(0), Some(7)])),
        (texts(&["1e3", "1.50", ".5", "1E-2"]), decimals(&[100_000, 150, 50, 1], 10, 2)),
        (texts(&["1", "0.10000000000000001", "1e-320", "000.10", "0e999"]), floats(&[1.0, 0.1, 1e-320, 0.1, 0.0])),
        (texts(&["2000-01-01", "2000-01-01T00:00"]), datetimes(&[946_684_800_000_000; 2], US, None)),
        (texts(&["1970-01-01T01:00:00+01:00", "1970-01-01 00:00Z"]), datetimes(&[0, 0], US, zone("Asia/Tokyo"))),
        (texts(&["12:30"]), times(&[45_000_000_000_000])),
        (floats(&[-0.0]), ints(&[Some(0)])),
        (floats(&[-0.0]), decimals(&[0], 5, 2)),
        (list(&[Some(ints(&[Some(1), Some(2)])), None]), texts(&["[1,2]", ""]).new_from_index(0, 1).extended_null()),
        (list(&[Some(texts(&["a\"", "é"]))]), texts(&["[\"a\\\"\",\"é\"]"])),
        (list(&[Some(dates(&[0]))]), texts(&["[\"1970-01-01\"]"])),
        (list(&[Some(decimals(&[150], 5, 2))]), texts(&["[\"1.50\"]"])),
        (list(&[Some(Series::new("".into(), &[0.1_f32]))]), texts(&["[0.1]"])),
        (
            structs(&[named("b", ints(&[Some(1)])), named("a", list(&[Some(Series::new("".into(), &[true]))]))]),
            texts(&["{\"b\":1,\"a\":[true]}"]),
        ),
    ];
    for (from, to) in &cases {
        check(from, to.dtype(), to);
    }
}

trait Extended {
    fn extended_null(self) -> Series;
}

impl Extended for Series {
    /// The same with a Null at its end.
    fn extended_null(mut self) -> Series {
        self.append(&Series::full_null(self.name().clone(), 1, self.dtype())).unwrap();
        self
    }
}

#[test]
fn what_does_not_fit_names_row_and_value() {
    let cases = [
        (
            ints(&[Some(1), None, Some(300)]),
            DataType::Int8,
            "row 2: the Int64 300 is not exactly any Int8; Int64 or String",
        ),
        (ints(&[Some(-1)]), DataType::UInt64, "-1"),
        (ints(&[Some((1 << 53) + 1)]), DataType::Float64, "9007199254740993"),
        (ints(&[Some(i64::MAX)]), DataType::Float64, "9223372036854775807"),
        (ints(&[Some((1 << 24) + 1)]), DataType::Float32, "16777217"),
        (ints(&[Some(2)]), DataType::Boolean, "row 0: the Int64 2"),
        (ints(&[Some(1_000)]), DataType::Decimal(5, 2), "Decimal(5, 2)"),
        (floats(&[1.0, 1.5]), DataType::Int64, "row 1: the Float64 1.5"),
        (floats(&[2_f64.powi(63)]), DataType::Int64, "9.223372036854776e18"),
        (floats(&[f64::NAN]), DataType::Int32, "NaN"),
        (floats(&[f64::INFINITY]), DataType::Int64, "inf"),
        (floats(&[f64::NAN]), DataType::Decimal(38, 2), "NaN"),
        (floats(&[0.1]), DataType::Float32, "0.1"),
        (floats(&[1e300]), DataType::Float32, "1e300"),
        (floats(&[0.125]), DataType::Decimal(10, 2), "0.125"),
        (decimals(&[151], 5, 2), DataType::Decimal(5, 1), "1.51"),
        (decimals(&[99_999], 5, 2), DataType::Decimal(4, 2), "999.99"),
        (decimals(&[150], 5, 2), DataType::Int64, "1.50"),
        (decimals(&[12_345_678_901_234_567_890], 38, 2), DataType::Float64, "123456789012345678.90"),
        (decimals(&[25_600], 5, 2), DataType::UInt8, "256.00"),
        (texts(&["1", "1.0"]), DataType::Int64, "row 1: the String \"1.0\" is not exactly any Int64; String would"),
        (texts(&["256"]), DataType::UInt8, "\"256\""),
        (texts(&["9007199254740993"]), DataType::Float64, "9007199254740993"),
        (texts(&["1e999"]), DataType::Float64, "1e999"),
        (texts(&["3e-324"]), DataType::Float64, "3e-324"),
        (texts(&[" 1"]), DataType::Float64, "\" 1\""),
        (texts(&["yes"]), DataType::Boolean, "yes"),
        (texts(&["1.005"]), DataType::Decimal(10, 2), "1.005"),
        (texts(&["2023-02-29"]), DataType::Date, "2023-02-29"),
        (texts(&["24:00:00"]), DataType::Time, "24:00:00"),
        (texts(&["2000-01-01 00:00:00+00:00"]), DataType::Datetime(US, None), "+00:00"),
        (texts(&["2000-01-01 00:00:00"]), DataType::Datetime(US, utc()), "'UTC'"),
        (texts(&["2000-01-01 00:00:00.0000001"]), DataType::Datetime(US, None), "Datetime('us')"),
        (texts(&["1600-01-01"]), DataType::Datetime(NS, None), "Datetime('ns')"),
        (texts(&["P1M"]), DataType::Duration(US), "P1M"),
        (texts(&["a", "c"]), labels(&["a", "b"]), "row 1: the String \"c\" is not exactly any Enum"),
        (datetimes(&[1], NS, None), DataType::Datetime(US, None), "1970-01-01 00:00:00.000000001"),
        (datetimes(&[i64::MAX], US, None), DataType::Datetime(NS, None), "9223372036854775807"),
        (datetimes(&[1], US, None), DataType::Date, "00:00:00.000001"),
        (datetimes(&[i64::MAX], US, None), DataType::String, "row 0"),
        (durations(&[1], US), DataType::Duration(MS), "PT0.000001S"),
        (durations(&[i64::MAX], MS), DataType::Int64, "row 0"),
        (dates(&[2_932_897]), DataType::String, "2932897"),
        (dates(&[i32::MAX]), DataType::Datetime(NS, None), "2147483647"),
    ];
    for (column, to, part) in &cases {
        refused(column, to, &["column \"c\"", part]);
    }
    let long = "x".repeat(500);
    let error = cast(&texts(&[&long]), &DataType::Int64).unwrap_err();
    assert!(error.message().contains(&format!("{}…", "x".repeat(60))) && error.message().len() < 250, "{error}");
}

#[test]
fn nested_values_name_the_outer_row() {
    let lists = list(&[Some(ints(&[Some(1), Some(2)])), None, Some(ints(&[])), Some(ints(&[Some(3), Some(300)]))]);
    refused(&lists, &DataType::List(Box::new(DataType::Int8)), &["row 3", "[3,300]", "List(Int64)"]);
    let ragged = list(&[Some(ints(&[Some(1), Some(2)])), Some(ints(&[Some(1)]))]);
    refused(&ragged, &DataType::Array(Box::new(DataType::Int64), 2), &["row 1", "[1]"]);
    let pairs = list(&[Some(ints(&[Some(1), Some(2)])), None, Some(ints(&[Some(3), Some(300)]))]);
    let array = cast(&pairs, &DataType::Array(Box::new(DataType::Int64), 2)).unwrap();
    assert_eq!(array.null_count(), 1);
    check(&array, pairs.dtype(), &pairs);
    refused(&array, &DataType::Array(Box::new(DataType::Int8), 2), &["row 2", "[3,300]"]);
    refused(&list(&[None, Some(floats(&[1.0, f64::NAN]))]), &DataType::String, &["row 1", "List(Float64)", "NaN"]);
    let deep = list(&[Some(structs(&[named("a", floats(&[f64::NEG_INFINITY]))]))]);
    refused(&deep, &DataType::String, &["row 0", "holds -inf, which JSON has not"]);
    let fields = structs(&[named("a", ints(&[Some(1), Some(300)]))]);
    let narrow = DataType::Struct(vec![Field::new("a".into(), DataType::Int8)]);
    refused(&fields, &narrow, &["row 1", "{\"a\":300}"]);
    // What lies outside a slice or behind a Null is not looked at.
    assert_eq!(cast(&lists.slice(0, 3), &DataType::List(Box::new(DataType::Int8))).unwrap().len(), 3);
}

#[test]
fn types_that_have_nothing_in_common_are_refused_before_any_value() {
    let aware = DataType::Datetime(US, utc());
    let cases = [
        (DataType::Datetime(US, None), aware.clone(), "replace_time_zone"),
        (aware.clone(), DataType::Datetime(US, None), "replace_time_zone(None)"),
        (aware, DataType::Date, "Datetime('us', 'UTC') cannot become Date"),
        (DataType::Boolean, DataType::Float64, "Boolean cannot become Float64"),
        (DataType::Int64, DataType::Date, "Int64 cannot become Date"),
        (DataType::Time, DataType::Duration(US), "Time cannot become Duration('us')"),
        (DataType::Binary, DataType::Int64, "Binary cannot become Int64"),
        (DataType::Int64, DataType::Null, "Int64 cannot become Null"),
        (DataType::String, DataType::List(Box::new(DataType::Int64)), "List(Int64)"),
        (DataType::Int64, DataType::UInt128, "not supported"),
        (DataType::String, DataType::Float16, "not supported"),
        (DataType::Null, DataType::List(Box::new(DataType::UInt128)), "not supported"),
        (DataType::Int64, DataType::Decimal(39, 0), "not supported"),
        (DataType::Int64, DataType::Decimal(5, 6), "not supported"),
        (
            DataType::Struct(vec![Field::new("a".into(), DataType::Int64)]),
            DataType::Struct(vec![Field::new("b".into(), DataType::Int64)]),
            "Struct({\"a\": Int64}) cannot become Struct({\"b\": Int64})",
        ),
    ];
    for (from, to, part) in &cases {
        assert!(!castable(from, to), "{from:?} → {to:?}");
        refused(&Series::new_empty("c".into(), from), to, &[part]);
    }
}

#[test]
fn an_allowed_cast_works_on_no_rows_and_on_nulls() {
    let types = [
        DataType::Boolean,
        DataType::Int8,
        DataType::UInt64,
        DataType::Int128,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal(10, 2),
        DataType::String,
        DataType::Binary,
        DataType::Date,
        DataType::Time,
        DataType::Datetime(MS, None),
        DataType::Datetime(US, utc()),
        DataType::Duration(NS),
        DataType::Null,
        labels(&["a"]),
        DataType::from_categories(Categories::global()),
        DataType::List(Box::new(DataType::Int64)),
        DataType::List(Box::new(DataType::String)),
        DataType::Array(Box::new(DataType::Float64), 2),
        DataType::Array(Box::new(DataType::Float32), 0),
        DataType::Struct(vec![Field::new("a".into(), DataType::Date)]),
        DataType::Struct(vec![Field::new("a".into(), DataType::String)]),
    ];
    for from in &types {
        for to in &types {
            for rows in [0, 3] {
                let column = Series::full_null("c".into(), rows, from);
                let out = cast(&column, to);
                assert_eq!(out.is_ok(), castable(from, to), "{from:?} → {to:?}, {rows} rows: {out:?}");
                if let Ok(out) = out {
                    assert_eq!((out.dtype(), out.len(), out.null_count()), (to, rows, rows), "{from:?} → {to:?}");
                }
            }
        }
    }
}

#[test]
fn rows_count_across_chunks() {
    let mut column = ints(&[Some(1), Some(2)]);
    column.append(&ints(&[None, Some(300)])).unwrap();
    assert_eq!(column.n_chunks(), 2);
    refused(&column, &DataType::Int8, &["row 3"]);
    refused(&column, &DataType::Decimal(4, 2), &["row 3"]);
    check(&column, &DataType::Int16, &Series::new("c".into(), &[Some(1_i16), Some(2), None, Some(300)]));
    check(&column, &DataType::String, &Series::new("c".into(), &[Some("1"), Some("2"), None, Some("300")]));
}

proptest! {
    #[test]
    fn a_cast_that_succeeds_can_be_undone(values: Vec<i64>, floats: Vec<f64>) {
        let kinds = [
            DataType::Int16, DataType::UInt64, DataType::Float32, DataType::Float64, DataType::Decimal(20, 2), DataType::String,
        ];
        let small: Vec<i64> = values.iter().map(|value| value >> 40).collect();
        for column in [Series::new("c".into(), values), Series::new("c".into(), small), Series::new("c".into(), floats)] {
            for kind in &kinds {
                if let Ok(out) = cast(&column, kind) {
                    let back = cast(&out, column.dtype()).unwrap();
                    prop_assert!(back.equals_missing(&column), "{:?} → {:?}: {:?} is not {:?}", column.dtype(), kind, back, column);
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[-+.:eETPDHMSZ0-9 a]{0,24}") {
        let column = Series::new("c".into(), &[text.as_str()]);
        let targets = [
            DataType::Boolean, DataType::Int8, DataType::UInt64, DataType::Float32, DataType::Float64,
            DataType::Decimal(10, 2), DataType::Date, DataType::Time, DataType::Datetime(NS, None),
            DataType::Datetime(MS, utc()), DataType::Duration(NS), DataType::Binary, labels(&["a"]),
        ];
        for to in &targets {
            if let Err(error) = cast(&column, to) {
                prop_assert_eq!(error.kind(), ErrorKind::Conversion);
            }
        }
    }
}
