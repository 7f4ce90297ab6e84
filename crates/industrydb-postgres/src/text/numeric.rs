//! `numeric`: `-1234.50`; `money`: `-$1,234.50`. (PostgreSQL source: `numeric.c`, `cash.c`.)

use super::Malformed;
use super::ascii::Ascii;
use super::reader::Reader;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const NEGATIVE_INFINITY: u16 = 0xf000;

/// Digits that the binary form holds in one number.
const GROUP: usize = 4;

/// The most digits behind the point (PostgreSQL source, `NUMERIC_DSCALE_MAX`).
const LONGEST_SCALE: u16 = 0x3fff;

/// Appends a number: how many digits of base 10,000 follow, the power of 10,000 of the first one, the sign, how many
/// decimal digits are shown behind the point, and the digits.
pub(super) fn numeric(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let (count, weight, sign, scale) = (from.u16()?, from.i16()?, from.u16()?, from.u16()?);
    let digits = from.bytes(2 * usize::from(count))?;
    from.end()?;
    match sign {
        0 | NEGATIVE => {}
        NAN | INFINITY | NEGATIVE_INFINITY if count == 0 => {
            out.push_str(match sign {
                NAN => "NaN",
                INFINITY => "Infinity",
                _ => "-Infinity",
            });
            return Ok(());
        }
        _ => return Err(Malformed),
    }
    let (pairs, _) = digits.as_chunks::<2>();
    if scale > LONGEST_SCALE || pairs.iter().any(|pair| u16::from_be_bytes(*pair) > 9999) {
        return Err(Malformed);
    }
    let mut line = Ascii::new(out);
    if sign == NEGATIVE {
        line.push(b'-');
    }
    finite(pairs, i32::from(weight), usize::from(scale), &mut line);
    line.finish();
    Ok(())
}

fn finite(pairs: &[[u8; 2]], weight: i32, scale: usize, line: &mut Ascii<'_>) {
    // Zeros that are not sent stand around the digits.
    let group = |power: i32| {
        let at = usize::try_from(weight - power).ok();
        at.and_then(|at| pairs.get(at)).map_or(0, |pair| u64::from(u16::from_be_bytes(*pair)))
    };
    if weight < 0 || pairs.is_empty() {
        line.push(b'0');
    } else {
        line.number(group(weight), 1);
        (0..weight).rev().for_each(|power| line.number(group(power), GROUP));
    }
    if scale > 0 {
        line.push(b'.');
    }
    for (groups, start) in (0..scale).step_by(GROUP).enumerate() {
        let four = group(-1 - groups as i32);
        match scale - start {
            1 => line.number(four / 1000, 1),
            2 => line.number(four / 100, 2),
            3 => line.number(four / 10, 3),
            _ => line.number(four, GROUP),
        }
    }
}

/// Appends an amount, given in cents.
pub(super) fn money(cents: i64, out: &mut String) {
    let mut line = Ascii::new(out);
    if cents < 0 {
        line.push(b'-');
    }
    line.push(b'$');
    let whole = cents.unsigned_abs() / 100;
    let thousands = whole.checked_ilog(1000).unwrap_or(0);
    line.number(whole / 1000_u64.pow(thousands), 1);
    for power in (0..thousands).rev() {
        line.push(b',');
        line.number(whole / 1000_u64.pow(power) % 1000, 3);
    }
    line.push(b'.');
    line.two(cents.unsigned_abs() % 100);
    line.finish();
}
