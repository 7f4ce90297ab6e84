//! Times as the server counts them, and how far it does.
//!
//! PostgreSQL counts from 2000-01-01, Polars and our parameters from 1970-01-01 (PostgreSQL source,
//! `datatype/timestamp.h`, which also has the limits).

use industrydb_core::temporal::MICROS_PER_DAY;

/// 2000-01-01 in days since 1970-01-01.
pub const EPOCH_DAYS: i32 = 10_957;
/// 4714-11-24 BC, Julian day 0, in days since 2000-01-01.
const FIRST_DAY: i32 = -2_451_545;
/// The day after 5874897-12-31, in days since 2000-01-01.
const END_DAY: i32 = 2_145_031_949;
/// 4714-11-24 BC in µs since 2000-01-01.
const FIRST_MICRO: i64 = -211_813_488_000_000_000;
/// The end of 294276-12-31 in µs since 2000-01-01.
const END_MICRO: i64 = 9_223_371_331_200_000_000;

/// Days since 2000-01-01 from days since 1970-01-01; `None` for what the server's `date` does not hold.
#[inline]
pub fn date(days: i32) -> Option<i32> {
    days.checked_sub(EPOCH_DAYS).filter(|days| (FIRST_DAY..END_DAY).contains(days))
}

/// Microseconds since 2000-01-01 from microseconds since 1970-01-01; `None` for what the server's `timestamp` does not
/// hold.
#[inline]
pub fn timestamp(micros: i64) -> Option<i64> {
    const EPOCH: i64 = EPOCH_DAYS as i64 * MICROS_PER_DAY;
    micros.checked_sub(EPOCH).filter(|micros| (FIRST_MICRO..END_MICRO).contains(micros))
}

/// Microseconds since midnight; `None` if they are not of one day.
#[inline]
pub fn time(micros: i64) -> Option<i64> {
    (0..MICROS_PER_DAY).contains(&micros).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_the_servers() {
        // Checked against a server: '4714-11-24 BC', '5874897-12-31', '294276-12-31 23:59:59.999999'.
        assert_eq!(date(0), Some(-10_957));
        assert_eq!(date(FIRST_DAY + EPOCH_DAYS), Some(FIRST_DAY));
        assert_eq!(date(FIRST_DAY + EPOCH_DAYS - 1), None);
        assert_eq!(date(END_DAY + EPOCH_DAYS - 1), Some(END_DAY - 1));
        assert_eq!(date(END_DAY + EPOCH_DAYS), None);
        assert_eq!(date(i32::MIN), None);
        assert_eq!(date(i32::MAX), None);
        assert_eq!(timestamp(0), Some(-946_684_800_000_000));
        assert_eq!(timestamp(i64::MIN), None);
        assert_eq!(timestamp(i64::MAX), Some(i64::MAX - 946_684_800_000_000));
        assert_eq!(timestamp(FIRST_MICRO + 946_684_800_000_000 - 1), None);
        assert_eq!(time(-1), None);
        assert_eq!(time(MICROS_PER_DAY), None);
        assert_eq!(time(MICROS_PER_DAY - 1), Some(86_399_999_999));
    }
}
