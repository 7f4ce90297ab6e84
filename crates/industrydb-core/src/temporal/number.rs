//! SQLite's numeric dates (<https://www.sqlite.org/datatype3.html> 2.2, <https://www.sqlite.org/lang_datefunc.html> 2):
//! an INTEGER counts seconds since 1970-01-01T00:00:00, a REAL is a Julian day number. Both hold the years 0000 to 9999.

use super::civil::{MAX_DAY, MIN_DAY};
use super::{MICROS_PER_DAY, SECONDS_PER_DAY};

/// 1970-01-01T00:00:00 as a Julian day number, in milliseconds.
const EPOCH_MILLIS: i64 = 210_866_760_000_000;
const MILLIS_PER_DAY: f64 = 86_400_000.0;
/// The end of 9999-12-31 as a Julian day number.
const END: f64 = 5_373_484.5;

/// Microseconds since 1970-01-01T00:00:00 from seconds since then; `None` outside the years 0000 to 9999.
pub fn unix_seconds_to_micros(seconds: i64) -> Option<i64> {
    in_range(seconds.div_euclid(SECONDS_PER_DAY)).then(|| seconds * 1_000_000)
}

/// Microseconds since 1970-01-01T00:00:00 from a Julian day number, rounded to milliseconds, which is how SQLite reads
/// one; `None` outside the years 0000 to 9999.
pub fn julian_day_to_micros(day: f64) -> Option<i64> {
    // NaN is in no range; what is negative lies before the year 0000 anyway.
    if !(0.0..END).contains(&day) {
        return None;
    }
    let micros = ((day * MILLIS_PER_DAY + 0.5) as i64 - EPOCH_MILLIS) * 1_000;
    in_range(micros.div_euclid(MICROS_PER_DAY)).then_some(micros)
}

fn in_range(day: i64) -> bool {
    (MIN_DAY..=MAX_DAY).contains(&day)
}
