//! Text → numbers. This is a hot path (one call for each cell): no allocation, one pass.

use super::SECONDS_PER_DAY;
use super::civil::day_number;
use super::style::{Clock, Style, Zone};

/// `POWERS[d]` brings a fraction of `d` digits to nanoseconds.
const POWERS: [u32; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// Days since 1970-01-01 from `YYYY-MM-DD`, years 0000 to 9999; `None` for anything else.
#[inline]
pub fn parse_date(text: &[u8]) -> Option<i32> {
    date(text.try_into().ok()?)
}

/// Nanoseconds since midnight, and the spelling, from `HH:MM[:SS[.f…]]` with 1 to 9 digits of fraction; `None` for
/// anything else, an offset included.
#[inline]
pub fn parse_time(text: &[u8]) -> Option<(i64, Style)> {
    let (clock, seconds, nanos, rest) = clock(text)?;
    rest.is_empty().then(|| (i64::from(seconds) * 1_000_000_000 + i64::from(nanos), Style::naive(clock)))
}

/// Microseconds since 1970-01-01T00:00:00, and the spelling, from a date with or without a time of day and offset
/// (the forms that the module's table lists). With an offset ([`Style::offset`]), the microseconds count in UTC.
/// `None` for anything else, and for a fraction finer than a microsecond.
#[inline]
pub fn parse_datetime(text: &[u8]) -> Option<(i64, Style)> {
    let (seconds, nanos, style) = parse_datetime_parts(text)?;
    nanos.is_multiple_of(1_000).then(|| (seconds * 1_000_000 + i64::from(nanos / 1_000), style))
}

/// As [`parse_datetime`], to the nanosecond: seconds since 1970-01-01T00:00:00, rounded down, the nanoseconds on top of
/// them, and the spelling.
#[inline]
pub fn parse_datetime_parts(text: &[u8]) -> Option<(i64, u32, Style)> {
    let (day, rest) = text.split_first_chunk::<10>()?;
    let midnight = i64::from(date(day)?) * SECONDS_PER_DAY;
    let Some((separator, rest)) = rest.split_first() else {
        return Some((midnight, 0, Style::naive(Clock::NONE)));
    };
    let after_t = match separator {
        b'T' => true,
        b' ' => false,
        _ => return None,
    };
    let (clock, seconds, nanos, rest) = clock(rest)?;
    let (zone, offset) = zone(rest)?;
    let seconds = midnight + i64::from(seconds) - i64::from(offset) * 60;
    Some((seconds, nanos, Style { clock: clock.after_t(after_t), zone, offset }))
}

#[inline]
fn date(text: &[u8; 10]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    day_number(year, two(m1, m2)?, two(d1, d2)?)
}

/// The clock's form, seconds since midnight, nanoseconds, and what follows.
#[inline]
fn clock(text: &[u8]) -> Option<(Clock, u32, u32, &[u8])> {
    let (&[h1, h2, b':', m1, m2], rest) = text.split_first_chunk::<5>()? else { return None };
    let seconds = below(two(h1, h2)?, 24)? * 3_600 + below(two(m1, m2)?, 60)? * 60;
    let Some((&[b':', s1, s2], rest)) = rest.split_first_chunk::<3>() else {
        return Some((Clock::MINUTES, seconds, 0, rest));
    };
    let seconds = seconds + below(two(s1, s2)?, 60)?;
    let [b'.', fraction @ ..] = rest else { return Some((Clock::seconds(0), seconds, 0, rest)) };
    let mut value = 0;
    let mut digits: u8 = 0;
    for byte in fraction {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        if digits == 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
        digits += 1;
    }
    if digits == 0 {
        return None;
    }
    let rest = &fraction[usize::from(digits)..];
    Some((Clock::seconds(digits), seconds, value * POWERS[usize::from(digits)], rest))
}

#[inline]
fn zone(text: &[u8]) -> Option<(Zone, i16)> {
    let (zone, sign, hours, minutes) = match *text {
        [] => return Some((Zone::None, 0)),
        [b'Z'] => return Some((Zone::Z, 0)),
        [sign, h1, h2, b':', m1, m2] => (Zone::Colon, sign, two(h1, h2)?, two(m1, m2)?),
        [sign, h1, h2, m1, m2] => (Zone::Compact, sign, two(h1, h2)?, two(m1, m2)?),
        [sign, h1, h2] => (Zone::Hours, sign, two(h1, h2)?, 0),
        _ => return None,
    };
    let offset = i16::try_from(below(hours, 24)? * 60 + below(minutes, 60)?).ok()?;
    match sign {
        b'+' => Some((zone, offset)),
        b'-' if offset != 0 => Some((zone, -offset)),
        _ => None,
    }
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

#[inline]
fn below(value: u32, limit: u32) -> Option<u32> {
    (value < limit).then_some(value)
}
