use proptest::prelude::*;

use super::*;

fn text(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Unrepresentable>) -> Option<String> {
    let mut out = Vec::new();
    write(&mut out).ok()?;
    Some(String::from_utf8(out).unwrap())
}

#[test]
fn dates() {
    let cases = [
        ("1970-01-01", Some(0)),
        ("1969-12-31", Some(-1)),
        ("2000-02-29", Some(11_016)),
        ("0000-01-01", Some(-719_528)),
        ("0000-02-29", Some(-719_469)),
        ("9999-12-31", Some(2_932_896)),
        ("1900-02-29", None),
        ("2023-02-29", None),
        ("2023-04-31", None),
        ("2023-00-01", None),
        ("2023-13-01", None),
        ("2023-01-00", None),
        ("2023-1-1", None),
        ("20230101", None),
        ("2023-01-01 ", None),
        ("-2023-01-01", None),
        ("2023/01/01", None),
        ("2023-01-0\u{666}", None),
        ("", None),
    ];
    for (written, expected) in cases {
        assert_eq!(parse_date(written.as_bytes()), expected, "{written}");
        if let Some(days) = expected {
            assert_eq!(text(|out| format_date(days, out)).as_deref(), Some(written));
        }
    }
    for days in [-719_529, 2_932_897, i32::MIN, i32::MAX] {
        assert_eq!(text(|out| format_date(days, out)), None, "{days}");
    }
}

#[test]
fn every_day_of_the_calendar_returns() {
    let mut previous = String::new();
    let mut out = Vec::new();
    for days in -719_528..=2_932_896 {
        out.clear();
        format_date(days, &mut out).unwrap();
        assert_eq!(parse_date(&out), Some(days));
        let written = String::from_utf8(out.clone()).unwrap();
        assert!(previous < written, "{previous} {written}");
        previous = written;
    }
}

#[test]
fn times() {
    const HOUR: i64 = 3_600_000_000_000;
    let cases = [
        ("00:00", Some(0)),
        ("01:00:00", Some(HOUR)),
        ("23:59:59.999999999", Some(24 * HOUR - 1)),
        ("00:00:00.5", Some(500_000_000)),
        ("00:00:00.500", Some(500_000_000)),
        ("24:00:00", None),
        ("23:60", None),
        ("23:59:60", None),
        ("1:00", None),
        ("01:00:", None),
        ("01:00:00.", None),
        ("01:00:00.1234567890", None),
        ("01:00:00,5", None),
        ("01:00Z", None),
        ("01:00:00+00:00", None),
        (" 01:00", None),
        ("", None),
    ];
    for (written, expected) in cases {
        let parsed = parse_time(written.as_bytes());
        assert_eq!(parsed.map(|(nanos, _)| nanos), expected, "{written}");
        if let Some((nanos, style)) = parsed {
            assert_eq!(text(|out| format_time(nanos, style, out)).as_deref(), Some(written));
        }
    }
    let usual = |nanos| text(|out| format_time(nanos, Style::for_time(nanos), out));
    assert_eq!(usual(HOUR).as_deref(), Some("01:00:00"));
    assert_eq!(usual(500_000_000).as_deref(), Some("00:00:00.500000"));
    assert_eq!(usual(1).as_deref(), Some("00:00:00.000000001"));
    assert_eq!(usual(24 * HOUR), None);
    assert_eq!(usual(-1), None);
}

#[test]
fn datetimes() {
    #[expect(clippy::type_complexity, reason = "a table of data: its columns say what they are")]
    let cases: &[(&str, Option<(i64, Option<i16>)>)] = &[
        ("1970-01-01", Some((0, None))),
        ("1970-01-01 00:00", Some((0, None))),
        ("1970-01-01T00:00:01", Some((1_000_000, None))),
        ("1969-12-31 23:59:59.999999", Some((-1, None))),
        ("1970-01-01 00:00:00.000001000", Some((1, None))),
        ("1970-01-01 00:00:00.0000001", None),
        ("1970-01-01T00:00:00Z", Some((0, Some(0)))),
        ("1970-01-01 01:00+01", Some((0, Some(60)))),
        ("1970-01-01 01:30:00+0130", Some((0, Some(90)))),
        ("1970-01-01 00:00:00.5-00:30", Some((1_800_500_000, Some(-30)))),
        ("0000-01-01 00:00:00+23:59", Some((-62_167_219_200_000_000 - 86_340_000_000, Some(1439)))),
        ("9999-12-31 23:59:59.999999", Some((253_402_300_799_999_999, None))),
        ("1970-01-01 00:00:00-00:00", None),
        ("1970-01-01 00:00:00+24:00", None),
        ("1970-01-01 00:00:00+01:60", None),
        ("1970-01-01 00:00:00 +01:00", None),
        ("1970-01-01 00:00:00z", None),
        ("1970-01-01t00:00:00", None),
        ("1970-01-01T", None),
        ("1970-01-01Z", None),
        ("1970-01-01 24:00:00", None),
        ("1970-01-01  00:00", None),
        ("00:00:00", None),
        ("now", None),
        ("", None),
    ];
    for (written, expected) in cases {
        let parsed = parse_datetime(written.as_bytes());
        assert_eq!(parsed.map(|(micros, style)| (micros, style.offset())), *expected, "{written}");
        if let Some((micros, style)) = parsed {
            assert_eq!(text(|out| format_datetime(micros, style, out)).as_deref(), Some(*written));
        }
    }
}

#[test]
fn usual_styles() {
    let naive = |micros| text(|out| format_datetime(micros, Style::for_datetime(micros), out));
    let utc = |micros| text(|out| format_datetime(micros, Style::for_utc(micros), out));
    assert_eq!(naive(0).as_deref(), Some("1970-01-01 00:00:00"));
    assert_eq!(naive(-1).as_deref(), Some("1969-12-31 23:59:59.999999"));
    assert_eq!(utc(1_500_000).as_deref(), Some("1970-01-01 00:00:01.500000+00:00"));
    for micros in [i64::MIN, i64::MAX, -62_167_219_200_000_001, 253_402_300_800_000_000] {
        assert_eq!(naive(micros), None, "{micros}");
    }
    let nanos = |nanos, utc| text(|out| format_datetime_parts(0, nanos, Style::for_nanos(nanos, utc), out));
    assert_eq!(nanos(1, false).as_deref(), Some("1970-01-01 00:00:00.000000001"));
    assert_eq!(nanos(0, true).as_deref(), Some("1970-01-01 00:00:00+00:00"));
}

#[test]
fn a_style_never_drops_a_part() {
    let (_, date) = parse_datetime(b"2000-01-01").unwrap();
    let (_, minutes) = parse_datetime(b"2000-01-01 00:00").unwrap();
    let (_, millis) = parse_datetime(b"2000-01-01 00:00:00.123").unwrap();
    assert_eq!(text(|out| format_datetime(1, date, out)), None);
    assert_eq!(text(|out| format_datetime(1_000_000, minutes, out)), None);
    assert_eq!(text(|out| format_datetime(1, millis, out)), None);
    assert_eq!(text(|out| format_time(0, date, out)), None);
    assert_eq!(size_of::<Style>(), 4);
}

#[test]
fn durations() {
    const DAY: i64 = 86_400_000_000;
    let cases: &[(&str, Option<i64>)] = &[
        ("PT0S", Some(0)),
        ("P1DT2H3.5S", Some(DAY + 7_203_500_000)),
        ("-P1D", Some(-DAY)),
        ("+P1W", Some(7 * DAY)),
        ("P1W2D", Some(9 * DAY)),
        ("PT36H", Some(DAY + DAY / 2)),
        ("PT0.000001S", Some(1)),
        ("PT0.0000001S", None),
        ("PT1.500000000S", Some(1_500_000)),
        ("P1Y", None),
        ("P1M", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("P1", None),
        ("1D", None),
        ("P1H", None),
        ("PT1D", None),
        ("PT1M1H", None),
        ("PT1H1H", None),
        ("PT1.5H", None),
        ("PT1.S", None),
        ("PT.5S", None),
        ("PT-1S", None),
        ("P1DT1HT1M", None),
        ("", None),
        ("PT9223372036854.775807S", Some(i64::MAX)),
        ("PT9223372036854.775808S", None),
        ("-PT9223372036854.775808S", Some(i64::MIN)),
        ("P99999999999999999999999999999999999999999D", None),
    ];
    for (written, expected) in cases {
        assert_eq!(parse_duration(written.as_bytes()), *expected, "{written}");
    }
    let format = |micros| {
        let mut out = Vec::new();
        format_duration(micros, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(format(0), "PT0S");
    assert_eq!(format(DAY), "P1D");
    assert_eq!(format(-DAY - 3_661_500_000), "-P1DT1H1M1.5S");
    assert_eq!(format(60_000_000), "PT1M");
    assert_eq!(format(1), "PT0.000001S");
}

#[test]
fn numbers() {
    assert_eq!(unix_seconds_to_micros(-1), Some(-1_000_000));
    assert_eq!(unix_seconds_to_micros(253_402_300_799), Some(253_402_300_799_000_000));
    for seconds in [253_402_300_800, -62_167_219_201, i64::MIN, i64::MAX] {
        assert_eq!(unix_seconds_to_micros(seconds), None, "{seconds}");
    }
    // From SQLite 3.50: SELECT julianday('2000-01-01 12:00:00'), julianday('2023-11-05 06:07:08.123').
    assert_eq!(julian_day_to_micros(2_451_545.0), Some(946_728_000_000_000));
    assert_eq!(julian_day_to_micros(2_460_253.754_955_127_3), Some(1_699_164_428_123_000));
    assert_eq!(julian_day_to_micros(1_721_059.5), Some(-62_167_219_200_000_000));
    for day in [1_721_059.4, -1.0, 5_373_484.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert_eq!(julian_day_to_micros(day), None, "{day}");
    }
}

proptest! {
    #[test]
    fn a_datetime_returns_as_it_was_written(
        written in "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6}(000)?)?)?(Z|[+-]0[1-9](:?[0-5][0-9])?)?"
    ) {
        let (micros, style) = parse_datetime(written.as_bytes()).expect("canonical");
        prop_assert_eq!(text(|out| format_datetime(micros, style, out)), Some(written));
    }

    #[test]
    fn what_is_read_at_all_returns(written in "[0-9T :.+Z-]{0,30}") {
        if let Some((micros, style)) = parse_datetime(written.as_bytes()) {
            prop_assert_eq!(text(|out| format_datetime(micros, style, out)), Some(written.clone()));
        }
        if let Some((nanos, style)) = parse_time(written.as_bytes()) {
            prop_assert_eq!(text(|out| format_time(nanos, style, out)), Some(written));
        }
    }

    #[test]
    fn a_datetime_value_returns(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
        let written = text(|out| format_datetime(micros, Style::for_utc(micros), out)).unwrap();
        prop_assert_eq!(parse_datetime(written.as_bytes()).map(|(value, _)| value), Some(micros));
    }

    #[test]
    fn a_duration_returns(micros: i64) {
        let mut out = Vec::new();
        format_duration(micros, &mut out);
        prop_assert_eq!(parse_duration(&out), Some(micros));
    }

    #[test]
    fn bytes_never_panic(bytes: Vec<u8>) {
        let _ = (parse_date(&bytes), parse_time(&bytes), parse_datetime(&bytes), parse_duration(&bytes));
    }
}
