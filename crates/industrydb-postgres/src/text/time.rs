//! Dates and times of day, ISO style: `0044-03-15 BC`, `24:00:00`, `2024-02-29 12:34:56.789+00`, `infinity`.
//! (PostgreSQL source: `datetime.c`, `date.c`, `timestamp.c`.)

use std::ops::Range;

use industrydb_core::temporal::MICROS_PER_DAY;

use super::Malformed;
use super::ascii::Ascii;
use super::reader::Reader;
use crate::encode::form::civil;
use crate::encode::limits::EPOCH_DAYS;

const MICROS_PER_SECOND: u64 = 1_000_000;

/// The days that a date can be, counted from 2000-01-01: 4714-11-24 BC to 5874897-12-31
/// (PostgreSQL source, `IS_VALID_DATE`).
const DAYS: Range<i32> = -2_451_545..2_145_031_949;
/// The microseconds that a timestamp can be, counted from 2000-01-01: the years 4714 BC to 294276
/// (PostgreSQL source, `IS_VALID_TIMESTAMP`).
const MICROS: Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
/// Offsets are smaller, in seconds (PostgreSQL source, `TZDISP_LIMIT`).
const OFFSET_LIMIT: u32 = 16 * 3_600;

/// Appends a date; `days` count from 2000-01-01.
pub(super) fn date(days: i32, out: &mut String) -> Result<(), Malformed> {
    match days {
        i32::MIN => out.push_str("-infinity"),
        i32::MAX => out.push_str("infinity"),
        _ if !DAYS.contains(&days) => return Err(Malformed),
        _ => {
            let mut line = Ascii::new(out);
            let before_christ = day(days.into(), &mut line);
            era(before_christ, line);
        }
    }
    Ok(())
}

/// Appends a timestamp, and its offset before the era; `micros` count from 2000-01-01 00:00:00.
pub(super) fn timestamp(micros: i64, offset: &str, out: &mut String) -> Result<(), Malformed> {
    match micros {
        i64::MIN => out.push_str("-infinity"),
        i64::MAX => out.push_str("infinity"),
        _ if !MICROS.contains(&micros) => return Err(Malformed),
        _ => {
            let mut line = Ascii::new(out);
            let before_christ = day(micros.div_euclid(MICROS_PER_DAY), &mut line);
            line.push(b' ');
            clock(micros.rem_euclid(MICROS_PER_DAY).unsigned_abs(), &mut line);
            line.push_str(offset);
            era(before_christ, line);
        }
    }
    Ok(())
}

/// Appends a time of day; `micros` count from midnight, the next midnight included.
pub(super) fn time(micros: i64, out: &mut String) -> Result<(), Malformed> {
    let mut line = Ascii::new(out);
    clock(of_day(micros)?, &mut line);
    line.finish();
    Ok(())
}

/// Appends a time of day with its offset: the microseconds, then the seconds west of UTC.
pub(super) fn timetz(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let (micros, west) = (of_day(from.i64()?)?, from.i32()?);
    from.end()?;
    if west.unsigned_abs() >= OFFSET_LIMIT {
        return Err(Malformed);
    }
    let mut line = Ascii::new(out);
    clock(micros, &mut line);
    line.push(if west > 0 { b'-' } else { b'+' });
    let offset = u64::from(west.unsigned_abs());
    line.two(offset / 3_600);
    if !offset.is_multiple_of(3_600) {
        line.push(b':');
        line.two(offset / 60 % 60);
    }
    if !offset.is_multiple_of(60) {
        line.push(b':');
        line.two(offset % 60);
    }
    line.finish();
    Ok(())
}

fn of_day(micros: i64) -> Result<u64, Malformed> {
    if !(0..=MICROS_PER_DAY).contains(&micros) {
        return Err(Malformed);
    }
    Ok(micros.unsigned_abs())
}

/// `HH:MM:SS[.f…]`.
fn clock(micros: u64, line: &mut Ascii<'_>) {
    let seconds = micros / MICROS_PER_SECOND;
    line.two(seconds / 3_600);
    line.push(b':');
    line.two(seconds / 60 % 60);
    line.push(b':');
    line.two(seconds % 60);
    line.fraction(micros % MICROS_PER_SECOND);
}

/// `YYYY-MM-DD`, counted from 2000-01-01; whether it lies before Christ, which is said at the very end. There is no year 0.
fn day(days: i64, line: &mut Ascii<'_>) -> bool {
    let (year, month, day) = civil(days + i64::from(EPOCH_DAYS));
    let before_christ = year <= 0;
    let shown = if before_christ { 1 - year } else { year };
    line.number(shown.unsigned_abs(), 4);
    line.push(b'-');
    line.two(month.unsigned_abs());
    line.push(b'-');
    line.two(day.unsigned_abs());
    before_christ
}

fn era(before_christ: bool, mut line: Ascii<'_>) {
    if before_christ {
        line.push_str(" BC");
    }
    line.finish();
}
