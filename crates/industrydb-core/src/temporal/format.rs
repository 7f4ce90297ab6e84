//! Numbers → text.

use super::civil::civil;
use super::style::{Clock, Style, Zone};
use super::{NANOS_PER_DAY, SECONDS_PER_DAY};

/// The value has no text of that style: its year is outside 0000 to 9999, or the style drops a part that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ISO 8601 text of this form holds the years 0000 to 9999 and no finer part than it spells out")]
pub struct Unrepresentable;

/// `2000-01-01 00:00:00.123456789+00:00` is the longest form.
const LONGEST: usize = 35;

/// Appends `YYYY-MM-DD`; `days` count from 1970-01-01.
///
/// # Errors
/// Years outside 0000 to 9999.
pub fn format_date(days: i32, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let mut line = Line::new();
    line.date(i64::from(days))?;
    line.append_to(out);
    Ok(())
}

/// Appends a time of day; `nanos` count from midnight. [`Style::for_time`] is the usual style.
///
/// # Errors
/// `nanos` outside a day, or finer than the style.
pub fn format_time(nanos: i64, style: Style, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    if !(0..NANOS_PER_DAY).contains(&nanos) || style.is_date() {
        return Err(Unrepresentable);
    }
    let mut line = Line::new();
    line.clock(nanos / 1_000_000_000, nanos % 1_000_000_000, style.clock)?;
    line.append_to(out);
    Ok(())
}

/// Appends a datetime; `micros` count from 1970-01-01T00:00:00, in UTC if the style has an offset. The usual styles are
/// [`Style::for_datetime`] and [`Style::for_utc`].
///
/// # Errors
/// Years outside 0000 to 9999, or a value finer than the style.
pub fn format_datetime(micros: i64, style: Style, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    format_parts(micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) * 1_000, style, out)
}

/// As [`format_datetime`], from seconds and the nanoseconds (below 10⁹) on top of them.
///
/// # Errors
/// As [`format_datetime`].
pub fn format_datetime_parts(seconds: i64, nanos: u32, style: Style, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    format_parts(seconds, i64::from(nanos), style, out)
}

fn format_parts(seconds: i64, nanos: i64, style: Style, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let local = seconds.checked_add(i64::from(style.offset) * 60).ok_or(Unrepresentable)?;
    let (day, of_day) = (local.div_euclid(SECONDS_PER_DAY), local.rem_euclid(SECONDS_PER_DAY));
    let mut line = Line::new();
    line.date(day)?;
    if !style.is_date() {
        line.push(if style.clock.is_after_t() { b'T' } else { b' ' });
    }
    line.clock(of_day, nanos, style.clock)?;
    line.zone(style);
    line.append_to(out);
    Ok(())
}

/// One value's text, built on the stack: the output grows once for each value.
struct Line {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Line {
    fn new() -> Self {
        Self { bytes: [0; LONGEST], len: 0 }
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..self.len]);
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// `value`, which is below 100, as two digits.
    fn two(&mut self, value: u32) {
        self.push(b'0' + (value / 10) as u8);
        self.push(b'0' + (value % 10) as u8);
    }

    fn date(&mut self, day: i64) -> Result<(), Unrepresentable> {
        let (year, month, day) = civil(day).ok_or(Unrepresentable)?;
        self.two(year / 100);
        self.two(year % 100);
        self.push(b'-');
        self.two(month);
        self.push(b'-');
        self.two(day);
        Ok(())
    }

    fn clock(&mut self, seconds: i64, nanos: i64, clock: Clock) -> Result<(), Unrepresentable> {
        let (seconds, mut nanos) = (seconds as u32, nanos as u32);
        if clock.is_none() {
            return if seconds == 0 && nanos == 0 { Ok(()) } else { Err(Unrepresentable) };
        }
        self.two(seconds / 3_600);
        self.push(b':');
        self.two(seconds / 60 % 60);
        let Some(digits) = clock.fraction_digits() else {
            return if seconds % 60 == 0 && nanos == 0 { Ok(()) } else { Err(Unrepresentable) };
        };
        self.push(b':');
        self.two(seconds % 60);
        if digits > 0 {
            self.push(b'.');
        }
        for _ in 0..digits {
            self.push(b'0' + (nanos / 100_000_000) as u8);
            nanos = nanos % 100_000_000 * 10;
        }
        if nanos == 0 { Ok(()) } else { Err(Unrepresentable) }
    }

    fn zone(&mut self, style: Style) {
        let minutes = u32::from(style.offset.unsigned_abs());
        let sign = if style.offset < 0 { b'-' } else { b'+' };
        match style.zone {
            Zone::None => {}
            Zone::Z => self.push(b'Z'),
            Zone::Colon => {
                self.push(sign);
                self.two(minutes / 60);
                self.push(b':');
                self.two(minutes % 60);
            }
            Zone::Compact => {
                self.push(sign);
                self.two(minutes / 60);
                self.two(minutes % 60);
            }
            Zone::Hours => {
                self.push(sign);
                self.two(minutes / 60);
            }
        }
    }
}
