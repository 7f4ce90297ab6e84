//! `interval` in two of the server's styles: `1 year 2 mons -3 days +04:05:06.7` and `P1Y2M-3DT4H5M6.7S`.
//! (PostgreSQL source: `EncodeInterval`.)

use super::Malformed;
use super::ascii::Ascii;
use super::reader::Reader;

const MICROS_PER_SECOND: u64 = 1_000_000;
const MICROS_PER_MINUTE: u64 = 60 * MICROS_PER_SECOND;
const MICROS_PER_HOUR: u64 = 60 * MICROS_PER_MINUTE;

/// What an interval consists of, each part with its own sign.
enum Interval {
    Finite {
        years: i32,
        months: i32,
        days: i32,
        micros: i64,
    },
    /// PostgreSQL 17 and later; before, it was the longest interval, which nothing else reaches.
    Infinity {
        negative: bool,
    },
}

impl Interval {
    /// The microseconds, the days, the months.
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let (micros, days, months) = (from.i64()?, from.i32()?, from.i32()?);
        from.end()?;
        Ok(match (micros, days, months) {
            (i64::MAX, i32::MAX, i32::MAX) => Self::Infinity { negative: false },
            (i64::MIN, i32::MIN, i32::MIN) => Self::Infinity { negative: true },
            _ => Self::Finite { years: months / 12, months: months % 12, days, micros },
        })
    }
}

/// Appends an interval in the style postgres, the server's default.
pub(super) fn postgres(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let interval = Interval::read(bytes)?;
    let mut line = Ascii::new(out);
    match interval {
        Interval::Infinity { negative } => infinity(negative, &mut line),
        Interval::Finite { years, months, days, micros } => {
            let mut before = Before::Nothing;
            for (value, unit) in [(years, " year"), (months, " mon"), (days, " day")] {
                before = part(value, unit, before, &mut line);
            }
            clock(micros, before, &mut line);
        }
    }
    line.finish();
    Ok(())
}

/// What stands in front of a part. A sign would be read on: what follows a negative part says so if it is positive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Positive,
    Negative,
}

/// A number and its unit, unless it is zero.
fn part(value: i32, unit: &str, before: Before, line: &mut Ascii<'_>) -> Before {
    if value == 0 {
        return before;
    }
    if before != Before::Nothing {
        line.push(b' ');
    }
    sign(value < 0, before, line);
    line.number(value.unsigned_abs().into(), 1);
    line.push_str(unit);
    if value != 1 {
        line.push(b's');
    }
    if value < 0 { Before::Negative } else { Before::Positive }
}

/// `HH:MM:SS[.f…]`, unless it is zero and something stands in front.
fn clock(micros: i64, before: Before, line: &mut Ascii<'_>) {
    if before != Before::Nothing {
        if micros == 0 {
            return;
        }
        line.push(b' ');
    }
    sign(micros < 0, before, line);
    let micros = micros.unsigned_abs();
    line.number(micros / MICROS_PER_HOUR, 2);
    line.push(b':');
    line.two(micros % MICROS_PER_HOUR / MICROS_PER_MINUTE);
    line.push(b':');
    line.two(micros % MICROS_PER_MINUTE / MICROS_PER_SECOND);
    line.fraction(micros % MICROS_PER_SECOND);
}

fn sign(negative: bool, before: Before, line: &mut Ascii<'_>) {
    if negative {
        line.push(b'-');
    } else if before == Before::Negative {
        line.push(b'+');
    }
}

/// Appends an interval in the style iso_8601. What is zero is left out, `PT0S` stands for nothing at all; each part has
/// its own sign.
pub(super) fn iso(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let interval = Interval::read(bytes)?;
    let mut line = Ascii::new(out);
    match interval {
        Interval::Infinity { negative } => infinity(negative, &mut line),
        Interval::Finite { years: 0, months: 0, days: 0, micros: 0 } => line.push_str("PT0S"),
        Interval::Finite { years, months, days, micros } => {
            line.push(b'P');
            for (value, unit) in [(years, b'Y'), (months, b'M'), (days, b'D')] {
                iso_part(value < 0, value.unsigned_abs().into(), 0, unit, &mut line);
            }
            if micros != 0 {
                line.push(b'T');
                iso_clock(micros < 0, micros.unsigned_abs(), &mut line);
            }
        }
    }
    line.finish();
    Ok(())
}

fn iso_clock(negative: bool, micros: u64, line: &mut Ascii<'_>) {
    iso_part(negative, micros / MICROS_PER_HOUR, 0, b'H', line);
    iso_part(negative, micros % MICROS_PER_HOUR / MICROS_PER_MINUTE, 0, b'M', line);
    let seconds = micros % MICROS_PER_MINUTE;
    iso_part(negative, seconds / MICROS_PER_SECOND, seconds % MICROS_PER_SECOND, b'S', line);
}

fn iso_part(negative: bool, whole: u64, micros: u64, unit: u8, line: &mut Ascii<'_>) {
    if whole == 0 && micros == 0 {
        return;
    }
    if negative {
        line.push(b'-');
    }
    line.number(whole, 1);
    line.fraction(micros);
    line.push(unit);
}

/// The bytes of an interval in the style postgres, which [`postgres`] writes; `None` for any other text.
pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
    let (mut micros, mut days, mut months) = (0_i64, 0_i32, 0_i32);
    match text {
        "infinity" => (micros, days, months) = (i64::MAX, i32::MAX, i32::MAX),
        "-infinity" => (micros, days, months) = (i64::MIN, i32::MIN, i32::MIN),
        _ => {
            let mut words = text.split(' ');
            while let Some(word) = words.next() {
                if word.contains(':') {
                    micros = parse_clock(word)?;
                    continue;
                }
                let value: i32 = word.parse().ok()?;
                match words.next()? {
                    "year" | "years" => months = months.checked_add(value.checked_mul(12)?)?,
                    "mon" | "mons" => months = months.checked_add(value)?,
                    "day" | "days" => days = value,
                    _ => return None,
                }
            }
        }
    }
    let mut bytes = [0; 16];
    let parts = micros.to_be_bytes().into_iter().chain(days.to_be_bytes()).chain(months.to_be_bytes());
    bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
    Some(bytes)
}

/// The microseconds of `[±]HH:MM:SS[.f…]`.
fn parse_clock(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (hours, rest) = text.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':')?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<u64>().ok());
    let fraction = number(&format!("{fraction:0<6}")).flatten().filter(|_| fraction.len() <= 6)?;
    let micros = number(hours)??
        .checked_mul(MICROS_PER_HOUR)?
        .checked_add(number(minutes)??.checked_mul(MICROS_PER_MINUTE)?)?
        .checked_add(number(seconds)??.checked_mul(MICROS_PER_SECOND)?)?
        .checked_add(fraction)?;
    if negative { 0_i64.checked_sub_unsigned(micros) } else { i64::try_from(micros).ok() }
}

fn infinity(negative: bool, line: &mut Ascii<'_>) {
    line.push_str(if negative { "-infinity" } else { "infinity" });
}
