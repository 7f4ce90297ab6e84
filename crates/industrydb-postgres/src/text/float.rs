//! `real` and `double precision`: the fewest digits that lead back to the number, `1e+20`, `0.0001`, `-0`.
//!
//! The server takes a decimal for a number only if it lies nearer to it than to any other (PostgreSQL source, `d2s.c`,
//! `f2s.c`). Rust also takes one that lies in the middle of two numbers, where reading rounds to this one: its `1e23` is
//! the server's `9.999999999999999e+22`. And where a number lies in the middle of two decimals, the server takes the one
//! that ends in an even digit, Rust the greater one.

use std::fmt::{self, Write};

use super::ascii::Ascii;

/// The digits of a double that is written in full.
const MOST_DIGITS: usize = 17;

/// Appends a number in single precision; with an exponent below 10⁻⁴ and from 10⁶ on.
pub(super) fn float4(value: f32, out: &mut String) {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 23 & 0xff) as i32, bits & 0x7f_ffff);
    let binary = Binary::new(exponent, fraction.into(), 23, 150);
    number(value, value.is_sign_negative(), (value.is_nan(), value.is_infinite()), binary, 6, out);
}

/// Appends a number in double precision; with an exponent below 10⁻⁴ and from 10¹⁵ on.
pub(super) fn float8(value: f64, out: &mut String) {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & 0xf_ffff_ffff_ffff);
    let binary = Binary::new(exponent, fraction, 52, 1075);
    number(value, value.is_sign_negative(), (value.is_nan(), value.is_infinite()), binary, 15, out);
}

fn number(
    value: impl fmt::LowerExp + Copy,
    negative: bool,
    (nan, infinite): (bool, bool),
    binary: Binary,
    fixed_below: i32,
    out: &mut String,
) {
    let mut line = Ascii::new(out);
    if negative && !nan {
        line.push(b'-');
    }
    if nan {
        line.push_str("NaN");
    } else if infinite {
        line.push_str("Infinity");
    } else if binary.significand == 0 {
        line.push(b'0');
    } else {
        let mut decimal = Decimal::new(format_args!("{value:e}"));
        while binary.is_midpoint(&decimal) && decimal.len < MOST_DIGITS {
            decimal = Decimal::new(format_args!("{value:.*e}", decimal.len));
        }
        binary.round_to_even(&mut decimal);
        decimal.append(fixed_below, &mut line);
    }
    line.finish();
}

/// A finite number's size: significand · 2^exponent.
struct Binary {
    significand: u64,
    exponent: i32,
    /// The next smaller number is only half as far away as the next greater one.
    is_power: bool,
}

impl Binary {
    /// From the fields of IEEE 754: the exponent as stored, the fraction of so many bits, and what the exponent of the
    /// fraction's last bit is biased by.
    fn new(exponent: i32, fraction: u64, bits: u32, bias: i32) -> Self {
        if exponent == 0 {
            return Self { significand: fraction, exponent: 1 - bias, is_power: false };
        }
        let is_power = fraction == 0 && exponent > 1;
        Self { significand: fraction | 1 << bits, exponent: exponent - bias, is_power }
    }

    /// Whether the decimal lies in the middle of this number and the next one above or below. Reading takes it for the
    /// even one of the two.
    fn is_midpoint(&self, decimal: &Decimal) -> bool {
        if !self.significand.is_multiple_of(2) {
            return false;
        }
        let (digits, power) = decimal.scaled();
        let below = if self.is_power {
            (4 * self.significand - 1, self.exponent - 2)
        } else {
            (2 * self.significand - 1, self.exponent - 1)
        };
        let above = (2 * self.significand + 1, self.exponent - 1);
        [below, above].into_iter().any(|(odd, exponent)| is_same(digits, power, odd, exponent))
    }

    /// Makes the decimal end in an even digit, if the number lies in the middle of that one and this one.
    fn round_to_even(&self, decimal: &mut Decimal) {
        let (digits, power) = decimal.scaled();
        let Some(last) = decimal.digits[..decimal.len].last_mut() else { return };
        if digits.is_multiple_of(2) {
            return;
        }
        let is_here = |tenths| is_same(tenths, power - 1, self.significand, self.exponent);
        // Below a power of two, the middle is only a quarter of the last bit away: the 5 of the tenths may lie beyond.
        let reaches_below = !self.is_power || 20 * self.significand < 10 * digits - 5;
        if reaches_below && is_here(10 * digits - 5) {
            *last -= 1;
        } else if is_here(10 * digits + 5) && *last < b'9' {
            *last += 1;
        }
    }
}

/// Whether `digits` · 10^`power` is `significand` · 2^`exponent`; neither number is zero.
fn is_same(digits: u64, power: i32, significand: u64, exponent: i32) -> bool {
    // The powers of two on both sides, and what is left of each.
    let (left, right) = (digits.trailing_zeros() as i32, significand.trailing_zeros() as i32);
    // 5²⁷ is the last one below 2⁶⁴; with a greater one, the sides differ in size.
    if power.unsigned_abs() > 27 || left + power != right + exponent {
        return false;
    }
    let (digits, odd) = (u128::from(digits >> left), u128::from(significand >> right));
    let fives = 5_u128.pow(power.unsigned_abs());
    if power < 0 { digits == odd * fives } else { digits * fives == odd }
}

/// What `{:e}` writes, `d.ddde±x`, taken apart: the digits without their point and the first one's power of ten.
struct Decimal {
    digits: [u8; MOST_DIGITS],
    len: usize,
    exponent: i32,
    /// What of the text comes next.
    part: Part,
}

#[derive(PartialEq, Eq)]
enum Part {
    Digits,
    Exponent { negative: bool },
}

impl Write for Decimal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            match (&mut self.part, byte) {
                (Part::Digits, b'0'..=b'9') => {
                    *self.digits.get_mut(self.len).ok_or(fmt::Error)? = byte;
                    self.len += 1;
                }
                (Part::Digits, b'e') => self.part = Part::Exponent { negative: false },
                (Part::Exponent { negative }, b'-') => *negative = true,
                (Part::Exponent { .. }, b'0'..=b'9') => self.exponent = self.exponent * 10 + i32::from(byte - b'0'),
                // The point, and the sign in front.
                _ => {}
            }
        }
        Ok(())
    }
}

impl Decimal {
    fn new(text: fmt::Arguments<'_>) -> Self {
        let mut decimal = Self { digits: [b'0'; MOST_DIGITS], len: 0, exponent: 0, part: Part::Digits };
        // At most seventeen digits are asked for, and no shortest form has more.
        let _ = decimal.write_fmt(text);
        if decimal.part == (Part::Exponent { negative: true }) {
            decimal.exponent = -decimal.exponent;
        }
        decimal
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The digits as an integer, and the power of ten that belongs to it.
    fn scaled(&self) -> (u64, i32) {
        let number = self.digits().iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        (number, self.exponent + 1 - self.len as i32)
    }

    fn append(&self, fixed_below: i32, line: &mut Ascii<'_>) {
        let digits = self.digits();
        if (-4..0).contains(&self.exponent) {
            line.push_str("0.");
            (self.exponent + 1..0).for_each(|_| line.push(b'0'));
            digits.iter().for_each(|&digit| line.push(digit));
        } else if (0..fixed_below).contains(&self.exponent) {
            let whole = self.exponent as usize + 1;
            for at in 0..whole.max(digits.len()) {
                if at == whole {
                    line.push(b'.');
                }
                line.push(digits.get(at).copied().unwrap_or(b'0'));
            }
        } else {
            for (at, &digit) in digits.iter().enumerate() {
                if at == 1 {
                    line.push(b'.');
                }
                line.push(digit);
            }
            line.push_str(if self.exponent < 0 { "e-" } else { "e+" });
            line.number(self.exponent.unsigned_abs().into(), 2);
        }
    }
}
