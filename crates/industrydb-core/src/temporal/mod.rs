//! ISO 8601 text and SQLite's date numbers ↔ the numbers that Polars keeps: exact, or not at all.
//!
//! | Polars | number | text |
//! |---|---|---|
//! | Date | days since 1970-01-01 | `YYYY-MM-DD` |
//! | Time | nanoseconds since midnight | `HH:MM[:SS[.f…]]`, 1 to 9 digits |
//! | Datetime | microseconds since 1970-01-01T00:00:00 | `YYYY-MM-DD[( \|T)HH:MM[:SS[.f…]][Z\|±HH:MM\|±HHMM\|±HH]]` |
//! | Duration | microseconds | `[-]P[nW][nD][T[nH][nM][n[.f…]S]]` |
//!
//! The calendar is the proleptic Gregorian one, years are 0000 to 9999, a day has 86,400 seconds: `24:00:00`, leap
//! seconds and `-00:00` (which ISO 8601 forbids) are no times. Parsing gives a [`Style`] with each value; formatting
//! the value with it gives back the very bytes that were read.

mod civil;
mod duration;
mod format;
mod number;
mod parse;
mod style;
#[cfg(test)]
mod tests;

pub use duration::{format_duration, format_duration_nanos, parse_duration, parse_duration_nanos};
pub use format::{Unrepresentable, format_date, format_datetime, format_datetime_parts, format_time};
pub use number::{julian_day_to_micros, unix_seconds_to_micros};
pub use parse::{parse_date, parse_datetime, parse_datetime_parts, parse_time};
pub use style::Style;

/// Seconds of a day.
pub const SECONDS_PER_DAY: i64 = 86_400;
/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = SECONDS_PER_DAY * 1_000_000;
/// Nanoseconds of a day.
pub const NANOS_PER_DAY: i64 = SECONDS_PER_DAY * 1_000_000_000;
