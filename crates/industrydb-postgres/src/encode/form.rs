//! Values in the text that the server's input functions read, exactly and whatever the session's settings are.

use std::fmt::{Display, Write};

use industrydb_core::temporal::MICROS_PER_DAY;

/// Appends `value` as it displays itself.
pub fn display(value: impl Display, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

/// A float by its shortest form.
pub trait Float: Copy {
    /// Appends it as `float4in` and `float8in` read it: `1.5`, `1e300`, `NaN`, `-Infinity`.
    fn form(self, out: &mut String);
}

macro_rules! float {
    ($($float:ty),*) => {$(
        impl Float for $float {
            fn form(self, out: &mut String) {
                if self.is_infinite() {
                    out.push_str(if self > 0.0 { "Infinity" } else { "-Infinity" });
                } else {
                    display(format_args!("{self:?}"), out);
                }
            }
        }
    )*};
}
float!(f32, f64);

/// Appends `YYYY-MM-DD`, years above 9999 with as many digits as they have, those before 1 with ` BC` behind; `days`
/// count from 1970-01-01.
pub fn date(days: i32, out: &mut String) {
    let era = calendar(i64::from(days), out);
    out.push_str(era);
}

/// Appends `HH:MM:SS` and six digits of fraction if there is one; `micros` count from midnight.
pub fn time(micros: i64, out: &mut String) {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    display(format_args!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60), out);
    if fraction != 0 {
        display(format_args!(".{fraction:06}"), out);
    }
}

/// Appends date and time, `+00:00` behind them if it is an instant; `micros` count from 1970-01-01.
pub fn timestamp(micros: i64, instant: bool, out: &mut String) {
    let era = calendar(micros.div_euclid(MICROS_PER_DAY), out);
    out.push(' ');
    time(micros.rem_euclid(MICROS_PER_DAY), out);
    if instant {
        out.push_str("+00:00");
    }
    out.push_str(era);
}

/// Appends an interval that has no months, as days, or hours and seconds: with the hours in a clock time, the server
/// does not read the longest that it holds.
pub fn interval(days: i32, micros: i64, out: &mut String) {
    if days != 0 {
        display(format_args!("{days} days "), out);
    }
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let (hours, seconds) = (seconds / 3_600, seconds % 3_600);
    // Each number has its sign, so that `IntervalStyle` does not matter.
    display(format_args!("{sign}{hours} hours {sign}{seconds}.{fraction:06} seconds"), out);
}

/// Appends `8-4-4-4-12` lower-case hexadecimal digits (RFC 9562, section 4).
pub fn uuid(bytes: &[u8; 16], out: &mut String) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        display(format_args!("{byte:02x}"), out);
    }
}

/// Appends bytes as `bytea` reads them: `\x`, then two hexadecimal digits each.
pub fn bytea(bytes: &[u8], out: &mut String) {
    out.push_str("\\x");
    out.push_str(&industrydb_core::exact::hex(bytes));
}

/// The 16 bytes of a UUID as the server reads it: 32 hexadecimal digits, a hyphen behind any four of them, braces around
/// it all (PostgreSQL manual 8.12); `None` for what is none.
pub fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text = text.strip_prefix('{').map_or(Some(text), |text| text.strip_suffix('}'))?;
    let mut number = 0_u128;
    let mut digits = 0;
    let mut hyphen = false;
    for byte in text.bytes() {
        if byte == b'-' && digits % 4 == 0 && (1..32).contains(&digits) && !hyphen {
            hyphen = true;
        } else {
            number = number << 4 | u128::from(char::from(byte).to_digit(16).filter(|_| digits < 32)?);
            digits += 1;
            hyphen = false;
        }
    }
    (digits == 32).then(|| number.to_be_bytes())
}

/// Appends `value` in double quotes, as an array or a row has it.
pub fn quoted(value: &str, out: &mut String) {
    out.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Appends the items between the marks that begin, part and end a list.
pub fn listed<T>(
    marks: (char, char, char),
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    let Ok(()) = try_listed(marks, items, out, |item, out| {
        write(item, out);
        Ok::<(), std::convert::Infallible>(())
    });
}

/// As [`listed`], up to the first item that fails.
///
/// # Errors
/// Those of `write`.
pub fn try_listed<T, E>(
    (begin, part, end): (char, char, char),
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    mut write: impl FnMut(T, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    out.push(begin);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(part);
        }
        write(item, out)?;
    }
    out.push(end);
    Ok(())
}

/// Year, month and day in the proleptic Gregorian calendar, whose year 0 is 1 BC; `days` count from 1970-01-01. Years start
/// in March here, so that the leap day is their last day and the months' lengths follow the line ⌊(153·m + 2) / 5⌋; they
/// repeat after 400. (E. G. Richards, Explanatory Supplement to the Astronomical Almanac, 3rd ed., 15.11.)
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, in_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * in_year + 2) / 153;
    let day = in_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Appends year, month and day, and gives what has to stand behind it all.
fn calendar(days: i64, out: &mut String) -> &'static str {
    let (year, month, day) = civil(days);
    // There is no year 0: 1 BC is before 1.
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    display(format_args!("{year:04}-{month:02}-{day:02}"), out);
    era
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn times_are_written_as_the_server_reads_them() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (19_782, "2024-02-29"),
            (-719_528, "0001-01-01 BC"),
            (-719_162, "0001-01-01"),
            (2_932_897, "10000-01-01"),
            (-2_440_588, "4714-11-24 BC"),
            (2_145_042_905, "5874897-12-31"),
        ] {
            assert_eq!(text(|out| date(days, out)), expected);
        }
        assert_eq!(text(|out| timestamp(-1, true, out)), "1969-12-31 23:59:59.999999+00:00");
        assert_eq!(text(|out| timestamp(-719_528 * MICROS_PER_DAY, false, out)), "0001-01-01 00:00:00 BC");
        assert_eq!(text(|out| interval(0, -3_723_000_001, out)), "-1 hours -123.000001 seconds");
        assert_eq!(text(|out| interval(-2, 0, out)), "-2 days 0 hours 0.000000 seconds");
        assert_eq!(text(|out| interval(0, i64::MIN, out)), "-2562047788 hours -54.775808 seconds");
    }

    #[test]
    fn floats_are_written_by_their_shortest_form() {
        assert_eq!(text(|out| 0.1_f32.form(out)), "0.1");
        assert_eq!(text(|out| (-0.0_f64).form(out)), "-0.0");
        assert_eq!(text(|out| f64::MAX.form(out)), "1.7976931348623157e308");
        assert_eq!(text(|out| f64::NEG_INFINITY.form(out)), "-Infinity");
        assert_eq!(text(|out| f64::NAN.form(out)), "NaN");
    }

    #[test]
    fn uuids_are_read_as_the_server_reads_them() {
        let bytes = *b"0123456789abcdef";
        let written = text(|out| uuid(&bytes, out));
        assert_eq!(written, "30313233-3435-3637-3839-616263646566");
        for form in [
            &written,
            &written.replace('-', ""),
            &written.to_uppercase(),
            "{30313233-3435-3637-3839-616263646566}",
            "3031-3233-3435-3637-3839-6162-6364-6566",
            "{3031323334353637-3839616263646566}",
        ] {
            assert_eq!(parse_uuid(form), Some(bytes), "{form}");
        }
        for wrong in [
            "",
            "{}",
            "30313233-3435-3637-3839-61626364656",
            "30313233-3435-3637-3839-6162636465660",
            "30313233+3435-3637-3839-616263646566",
            "30313233--3435-3637-3839-616263646566",
            "-30313233-3435-3637-3839-616263646566",
            "30313233-3435-3637-3839-616263646566-",
            "303132-333435-3637-3839-616263646566",
            "{30313233-3435-3637-3839-616263646566",
            &"é".repeat(16),
        ] {
            assert_eq!(parse_uuid(wrong), None, "{wrong}");
        }
    }
}
