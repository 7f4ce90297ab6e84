//! ISO 8601 durations of a fixed length: weeks, days, hours, minutes and seconds; a month or a year has none.

use std::io::Write;

use super::NANOS_PER_DAY;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Nanoseconds of each designator: those of the date, then those that follow the `T`.
const DATE_UNITS: [(u8, i128); 2] = [(b'W', 7 * NANOS_PER_DAY as i128), (b'D', NANOS_PER_DAY as i128)];
const TIME_UNITS: [(u8, i128); 3] =
    [(b'H', 3_600 * NANOS_PER_SECOND), (b'M', 60 * NANOS_PER_SECOND), (b'S', NANOS_PER_SECOND)];

/// Microseconds from a duration such as `P1DT2H3.5S` or `-PT0.000001S`; `None` for anything else, for years and
/// months, for what is finer than a microsecond and for what 64 bits do not hold.
pub fn parse_duration(text: &[u8]) -> Option<i64> {
    let nanos = parse_duration_nanos(text)?;
    (nanos % 1_000 == 0).then(|| i64::try_from(nanos / 1_000).ok()).flatten()
}

/// As [`parse_duration`], in nanoseconds.
pub fn parse_duration_nanos(text: &[u8]) -> Option<i128> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let [b'P', text @ ..] = text else { return None };
    let split = text.iter().position(|&byte| byte == b'T');
    let (date, time) = match split {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    // A `T` with nothing behind it and a `P` with nothing at all are no durations.
    if time.is_empty() && (split.is_some() || date.is_empty()) {
        return None;
    }
    let total = components(date, &DATE_UNITS)?.checked_add(components(time, &TIME_UNITS)?)?;
    Some(if negative { -total } else { total })
}

/// Reads `n` and its designator as often as they come, each designator once and in the order of `units`. Only seconds
/// may have a fraction.
fn components(mut text: &[u8], mut units: &[(u8, i128)]) -> Option<i128> {
    let mut total = 0_i128;
    while !text.is_empty() {
        let (whole, rest) = digits(text)?;
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => digits(rest)?,
            _ => (&[][..], rest),
        };
        let (designator, rest) = rest.split_first()?;
        let at = units.iter().position(|(unit, _)| unit == designator)?;
        let mut nanos = number(whole)?.checked_mul(units[at].1)?;
        if !fraction.is_empty() {
            if *designator != b'S' || fraction.len() > 9 {
                return None;
            }
            nanos = nanos.checked_add(number(fraction)? * 10_i128.pow(9 - u32::try_from(fraction.len()).ok()?))?;
        }
        total = total.checked_add(nanos)?;
        (text, units) = (rest, &units[at + 1..]);
    }
    Some(total)
}

/// One digit or more, and what follows.
fn digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (len > 0).then(|| text.split_at(len))
}

fn number(digits: &[u8]) -> Option<i128> {
    digits.iter().try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')))
}

/// Appends a duration such as `P1DT2H3.5S`: days, hours, minutes and seconds, what is zero left out, `PT0S` for none;
/// a fraction without trailing zeros; a minus sign in front.
pub fn format_duration(micros: i64, out: &mut Vec<u8>) {
    format_duration_nanos(i128::from(micros) * 1_000, out);
}

/// As [`format_duration`], from nanoseconds.
pub fn format_duration_nanos(nanos: i128, out: &mut Vec<u8>) {
    if nanos < 0 {
        out.push(b'-');
    }
    out.push(b'P');
    let second = NANOS_PER_SECOND.unsigned_abs();
    let (days, rest) = (nanos.unsigned_abs() / (86_400 * second), nanos.unsigned_abs() % (86_400 * second));
    let (hours, minutes) = (rest / (3_600 * second), rest / (60 * second) % 60);
    let (seconds, fraction) = (rest / second % 60, rest % second);
    component(days, b'D', out);
    if rest == 0 && days != 0 {
        return;
    }
    out.push(b'T');
    component(hours, b'H', out);
    component(minutes, b'M', out);
    if fraction != 0 {
        append(out, format_args!("{seconds}.{fraction:09}"));
        while out.last() == Some(&b'0') {
            out.pop();
        }
        out.push(b'S');
    } else if seconds != 0 || rest == 0 {
        append(out, format_args!("{seconds}S"));
    }
}

fn component(value: u128, designator: u8, out: &mut Vec<u8>) {
    if value != 0 {
        append(out, format_args!("{value}{}", char::from(designator)));
    }
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}
