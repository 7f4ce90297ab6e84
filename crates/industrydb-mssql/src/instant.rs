//! The server's times as plain numbers ↔ the numbers that Polars keeps. Nothing here rounds.
//!
//! \[MS-TDS\] 2.2.5.5.1.8: `date` counts days from 0001-01-01, `time(n)` 10⁻ⁿ s from midnight, `datetime2(n)` is both,
//! `datetimeoffset(n)` is a `datetime2` in UTC and an offset that only says where it was written. `datetime` counts days
//! from 1900-01-01 and ticks of 1/300 s, `smalldatetime` days and minutes.

use industrydb_core::value::Value;
use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time};

/// 0001-01-01 in days since 1970-01-01.
const YEAR_1: i32 = -719_162;
/// 1900-01-01 in days since 1970-01-01.
const YEAR_1900: i32 = -25_567;
/// 9999-12-31 in days since 1970-01-01.
const LAST_DAY: i32 = 2_932_896;
/// 1753-01-01, the first day of `datetime`, in days since 1970-01-01.
const FIRST_DATETIME_DAY: i32 = -79_257;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// `datetime` counts thirds of ten milliseconds.
const TICKS_PER_SECOND: i64 = 300;
/// What `time(6)`, `datetime2(6)` and `datetimeoffset(6)` count.
const MICROS: u8 = 6;
/// The finest that the server has: 100 ns.
const FINEST: u8 = 7;

/// `POWERS[n]` is 10ⁿ.
const POWERS: [i64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// An instant in whole seconds since 1970-01-01T00:00:00 and the nanoseconds on top of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Rounded down.
    pub seconds: i64,
    /// Below 10⁹; always a multiple of 100.
    pub nanos: u32,
}

impl Instant {
    /// Microseconds since 1970-01-01T00:00:00; `None` if a seventh digit would go.
    #[inline]
    pub fn micros(self) -> Option<i64> {
        self.nanos.is_multiple_of(1_000).then(|| self.micros_rounded_down())
    }

    /// The same without the seventh digit.
    #[inline]
    pub fn micros_rounded_down(self) -> i64 {
        self.seconds * 1_000_000 + i64::from(self.nanos / 1_000)
    }

    /// Nanoseconds since 1970-01-01T00:00:00; `None` beyond the years 1677 to 2262, which is what 64 bits hold.
    pub fn nanos(self) -> Option<i64> {
        self.seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(i64::from(self.nanos))
    }
}

/// Days since 1970-01-01.
#[inline]
pub fn of_date(date: Date) -> i32 {
    // Three bytes: no more than 2²⁴ days.
    date.days() as i32 + YEAR_1
}

/// Nanoseconds since midnight.
#[inline]
pub fn of_time(time: Time) -> i64 {
    let unit = POWERS.get(9 - usize::from(time.scale()).min(9)).copied().unwrap_or(1);
    // Five bytes at most, and no more than a day.
    time.increments() as i64 * unit
}

/// A `datetime2`, and the UTC part of a `datetimeoffset`.
#[inline]
pub fn of_datetime2(value: DateTime2) -> Instant {
    let of_day = of_time(value.time());
    let midnight = i64::from(of_date(value.date())) * SECONDS_PER_DAY;
    Instant { seconds: midnight + of_day / NANOS_PER_SECOND, nanos: (of_day % NANOS_PER_SECOND) as u32 }
}

/// The instant of a `datetimeoffset`; its offset is already taken off.
#[inline]
pub fn of_datetimeoffset(value: DateTimeOffset) -> Instant {
    of_datetime2(value.datetime2())
}

/// Microseconds of a `datetime`: the milliseconds that the server shows (.000, .003, .007).
#[inline]
pub fn of_datetime(value: DateTime) -> i64 {
    let millis = (i64::from(value.seconds_fragments()) * 1_000 + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND;
    (i64::from(value.days()) + i64::from(YEAR_1900)) * MICROS_PER_DAY + millis * 1_000
}

/// Whether `value` is what a `datetime` shows of a tick that is no whole millisecond: .003 of .003333…, .007 of .006667.
pub fn is_shown_tick(value: &Value) -> bool {
    match value {
        Value::Datetime(micros) | Value::DatetimeUtc(micros) => {
            matches!(micros.rem_euclid(10_000), 3_000 | 7_000) && to_datetime(*micros).is_some()
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Duration(_)
        | Value::Uuid(_)
        | Value::List(_)
        | Value::Json(_) => false,
    }
}

/// Microseconds of a `smalldatetime`.
#[inline]
pub fn of_smalldatetime(value: SmallDateTime) -> i64 {
    let day = i64::from(value.days()) + i64::from(YEAR_1900);
    day * MICROS_PER_DAY + i64::from(value.seconds_fragments()) * 60_000_000
}

/// The day; `None` outside the years 1 to 9999.
pub fn to_date(days: i32) -> Option<Date> {
    if !(YEAR_1..=LAST_DAY).contains(&days) {
        return None;
    }
    u32::try_from(days - YEAR_1).ok().map(Date::new)
}

/// A time of day as `time(scale)`; `None` for one that is finer.
pub fn to_time(nanos: i64, scale: u8) -> Option<Time> {
    let unit = POWERS[usize::from(9 - scale.min(FINEST))];
    (nanos % unit == 0).then(|| u64::try_from(nanos / unit).ok()).flatten().map(|count| Time::new(count, scale))
}

/// Microseconds since midnight as `time(6)`.
pub fn to_time_micros(micros: i64) -> Option<Time> {
    u64::try_from(micros).ok().filter(|_| micros < MICROS_PER_DAY).map(|count| Time::new(count, MICROS))
}

/// An instant as `datetime2(scale)`; `None` for one that is finer, and outside the years 1 to 9999.
pub fn to_datetime2(instant: Instant, scale: u8) -> Option<DateTime2> {
    let day = i32::try_from(instant.seconds.div_euclid(SECONDS_PER_DAY)).ok()?;
    let of_day = instant.seconds.rem_euclid(SECONDS_PER_DAY) * NANOS_PER_SECOND + i64::from(instant.nanos);
    Some(DateTime2::new(to_date(day)?, to_time(of_day, scale)?))
}

/// Microseconds as `datetime2(6)`.
pub fn to_datetime2_micros(micros: i64) -> Option<DateTime2> {
    to_datetime2(from_micros(micros), MICROS)
}

/// An instant as `datetimeoffset` in UTC.
pub fn to_datetimeoffset(value: DateTime2) -> DateTimeOffset {
    DateTimeOffset::new(value, 0)
}

/// An instant from microseconds since 1970-01-01T00:00:00.
pub fn from_micros(micros: i64) -> Instant {
    Instant { seconds: micros.div_euclid(1_000_000), nanos: (micros.rem_euclid(1_000_000) * 1_000) as u32 }
}

/// An instant from nanoseconds since 1970-01-01T00:00:00.
pub fn from_nanos(nanos: i64) -> Instant {
    Instant { seconds: nanos.div_euclid(NANOS_PER_SECOND), nanos: nanos.rem_euclid(NANOS_PER_SECOND) as u32 }
}

/// Microseconds as a `datetime` that shows the same; `None` if none does (before 1753, or other milliseconds).
pub fn to_datetime(micros: i64) -> Option<DateTime> {
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?;
    if !(FIRST_DATETIME_DAY..=LAST_DAY).contains(&day) {
        return None;
    }
    let millis = micros.rem_euclid(MICROS_PER_DAY) / 1_000;
    let ticks = u32::try_from((millis * TICKS_PER_SECOND + 500) / 1_000).ok()?;
    let value = DateTime::new(day - YEAR_1900, ticks);
    (of_datetime(value) == micros).then_some(value)
}

/// Microseconds as a whole minute of 1900-01-01 to 2079-06-06, the range of `smalldatetime`.
pub fn fits_smalldatetime(micros: i64) -> bool {
    const LAST: i64 = 65_535;
    let day = micros.div_euclid(MICROS_PER_DAY) - i64::from(YEAR_1900);
    micros % 60_000_000 == 0 && (0..=LAST).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use industrydb_core::temporal::parse_datetime;

    fn micros(text: &str) -> i64 {
        parse_datetime(text.as_bytes()).expect(text).0
    }

    #[test]
    fn ticks_are_told_by_what_is_shown_of_them() {
        for (text, is_one) in [
            ("2024-05-06T07:08:09.003", true),
            ("1899-12-31T23:59:59.997", true),
            ("1969-12-31T23:59:59.993", true),
            ("2024-05-06T07:08:09.010", false),
            ("2024-05-06T07:08:09.004", false),
            ("2024-05-06T07:08:09.003001", false),
            ("1700-01-01T00:00:00.003", false),
        ] {
            assert_eq!(is_shown_tick(&Value::Datetime(micros(text))), is_one, "{text}");
            assert_eq!(is_shown_tick(&Value::DatetimeUtc(micros(text))), is_one, "{text}");
        }
        assert!(!is_shown_tick(&Value::Time(3_000)));
    }

    #[test]
    fn the_epochs_are_right() {
        assert_eq!(i64::from(YEAR_1) * MICROS_PER_DAY, micros("0001-01-01"));
        assert_eq!(i64::from(YEAR_1900) * MICROS_PER_DAY, micros("1900-01-01"));
        assert_eq!(i64::from(FIRST_DATETIME_DAY) * MICROS_PER_DAY, micros("1753-01-01"));
        assert_eq!(i64::from(LAST_DAY) * MICROS_PER_DAY, micros("9999-12-31"));
        assert_eq!(of_date(Date::new(0)), YEAR_1);
    }

    #[test]
    fn datetime_shows_the_servers_milliseconds() {
        for (ticks, shown) in [(0, 0), (1, 3_000), (2, 7_000), (3, 10_000), (299, 997_000), (300, 1_000_000)] {
            assert_eq!(of_datetime(DateTime::new(-YEAR_1900, ticks)), shown, "{ticks}");
        }
        let last = DateTime::new(LAST_DAY - YEAR_1900, 86_400 * 300 - 1);
        assert_eq!(of_datetime(last), micros("9999-12-31 23:59:59.997"));
        for text in ["1753-01-01 00:00:00.003", "1900-01-01", "2024-02-29 12:34:56.990", "9999-12-31 23:59:59.997"] {
            assert_eq!(to_datetime(micros(text)).map(of_datetime), Some(micros(text)), "{text}");
        }
        for text in ["1752-12-31", "2024-01-01 00:00:00.001", "2024-01-01 00:00:00.003001", "2024-01-01 23:59:59.999"] {
            assert_eq!(to_datetime(micros(text)), None, "{text}");
        }
    }

    #[test]
    fn smalldatetime_counts_minutes() {
        assert_eq!(of_smalldatetime(SmallDateTime::new(0, 1)), micros("1900-01-01 00:01:00"));
        assert_eq!(of_smalldatetime(SmallDateTime::new(65_535, 1439)), micros("2079-06-06 23:59:00"));
        assert!(fits_smalldatetime(micros("2079-06-06 23:59:00")));
        assert!(!fits_smalldatetime(micros("2079-06-07")));
        assert!(!fits_smalldatetime(micros("2024-01-01 00:00:01")));
    }

    #[test]
    fn a_seventh_digit_is_not_lost_unseen() {
        let value = DateTime2::new(Date::new(0), Time::new(1, 7));
        let instant = of_datetime2(value);
        assert_eq!((instant.micros(), instant.micros_rounded_down()), (None, micros("0001-01-01")));
        assert_eq!(instant.nanos(), None);
        let near = of_datetime2(DateTime2::new(Date::new((-YEAR_1) as u32), Time::new(12, 7)));
        assert_eq!((near.nanos(), near.micros()), (Some(1_200), None));
        assert_eq!(of_time(Time::new(863_999_999_999, 7)), 86_399_999_999_900);
    }

    #[test]
    fn instants_go_there_and_back() {
        for text in
            ["0001-01-01", "1969-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "9999-12-31 23:59:59.999999"]
        {
            let there = to_datetime2_micros(micros(text)).expect(text);
            assert_eq!(of_datetime2(there).micros(), Some(micros(text)), "{text}");
        }
        assert_eq!(to_datetime2(from_micros(1_500), 3), None);
        assert_eq!(to_datetime2(from_nanos(-100), 7).map(|value| of_datetime2(value).nanos()), Some(Some(-100)));
        assert_eq!(to_date(YEAR_1 - 1), None);
        assert_eq!(to_date(LAST_DAY + 1), None);
    }
}
