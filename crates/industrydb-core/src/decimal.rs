//! Decimals as an integer and a scale: exact, or not at all.
//!
//! A decimal is `unscaled · 10^-scale`, as Polars keeps it: 128 bits, at most 38 digits.

use std::io::Write;

/// The most digits that a Polars Decimal holds.
pub const MAX_PRECISION: usize = 38;

/// `POWERS[n]` is 10ⁿ.
const POWERS: [i128; MAX_PRECISION + 1] = {
    let mut powers = [1; MAX_PRECISION + 1];
    let mut n = 1;
    while n <= MAX_PRECISION {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
};

/// The powers of ten that a double holds exactly.
const FLOAT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Below this, a number has at most 15 significant digits: every one of those survives the way into a double and back
/// (`f64::DIGITS`), so that no two of them share one.
const FIFTEEN_DIGITS: f64 = 1e15;

/// A number as text spelled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// The number without its point.
    pub unscaled: i128,
    /// How many of its digits stand behind the point.
    pub scale: usize,
}

/// Reads `[±]digits[.digits][(e|E)[±]digits]`, where the digits on one side of the point may be missing. Zeros behind
/// the point count in the scale (`1.50` has 2), unless 128 bits would not hold them. `None` for anything else, NaN and
/// infinities included, and for numbers that 128 bits do not hold.
pub fn parse_decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (whole, text) = split_digits(text);
    let (fraction, text) = match text {
        [b'.', rest @ ..] => split_digits(rest),
        _ => (&[][..], text),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match text {
        [] => 0,
        [b'e' | b'E', rest @ ..] => exponent(rest)?,
        _ => return None,
    };
    let (magnitude, scale) = magnitude(whole, fraction)?;
    let unscaled = if negative { -magnitude } else { magnitude };
    let scale = i64::try_from(scale).ok()?.checked_sub(exponent)?;
    if unscaled == 0 {
        return Some(Decimal { unscaled, scale: usize::try_from(scale).unwrap_or(0).min(MAX_PRECISION) });
    }
    match usize::try_from(scale) {
        Ok(scale) => Some(Decimal { unscaled, scale }),
        Err(_) => {
            let power = POWERS.get(usize::try_from(scale.unsigned_abs()).ok()?)?;
            Some(Decimal { unscaled: unscaled.checked_mul(*power)?, scale: 0 })
        }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// An exponent; one that no number of any use has stays out of range without overflowing.
fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(sign * text.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 40)))
}

/// The digits of both sides as one number, and how many of them stand behind the point.
fn magnitude(whole: &[u8], fraction: &[u8]) -> Option<(i128, usize)> {
    // Nineteen digits always fit 64 bits, whose arithmetic is several times faster.
    if whole.len() + fraction.len() <= 19 {
        let sum = whole.iter().chain(fraction).fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        return Some((i128::from(sum), fraction.len()));
    }
    let push = |sum: i128, digit: &u8| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0'));
    let all = whole.iter().chain(fraction).try_fold(0, push);
    if let Some(sum) = all {
        return Some((sum, fraction.len()));
    }
    let last = fraction.iter().rposition(|&digit| digit != b'0').map_or(0, |at| at + 1);
    let fraction = &fraction[..last];
    Some((whole.iter().chain(fraction).try_fold(0, push)?, last))
}

/// The same number with another scale; `None` if digits other than zeros would go or 128 bits do not hold it.
#[inline]
pub fn rescale(unscaled: i128, from: usize, to: usize) -> Option<i128> {
    if from == to || unscaled == 0 {
        return Some(unscaled);
    }
    if to > from {
        return unscaled.checked_mul(*POWERS.get(to - from)?);
    }
    // Narrow numbers divide several times faster.
    let power = *POWERS.get(from - to)?;
    match (i64::try_from(unscaled), i64::try_from(power)) {
        (Ok(unscaled), Ok(power)) => (unscaled % power == 0).then(|| i128::from(unscaled / power)),
        _ => (unscaled % power == 0).then(|| unscaled / power),
    }
}

/// Whether the number has at most `precision` digits (at most 38, as Polars').
#[inline]
pub fn fits(unscaled: i128, precision: usize) -> bool {
    unscaled.unsigned_abs() < POWERS[precision.min(MAX_PRECISION)].unsigned_abs()
}

/// How many digits the number has, at least 1.
pub fn digits(unscaled: i128) -> usize {
    unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Appends the number with all `scale` digits behind the point: `-0.50`.
pub fn format_decimal(unscaled: i128, scale: usize, out: &mut Vec<u8>) {
    if unscaled < 0 {
        out.push(b'-');
    }
    let start = out.len();
    // Writing to a vector cannot fail.
    let _ = write!(out, "{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    if scale > 0 {
        let point = out.len().saturating_sub(scale).max(start);
        out.insert(point, b'.');
    }
}

/// The number with all `scale` digits behind the point, as text of its own.
pub fn decimal_to_string(unscaled: i128, scale: usize) -> String {
    let mut out = Vec::with_capacity(MAX_PRECISION + 3);
    format_decimal(unscaled, scale, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The unscaled number of a double as a decimal of that precision and scale. What counts is the double's shortest
/// decimal form, the one that a person wrote or reads: 0.1 is `0.1`, not `0.1000000000000000055…`. −0.0 is 0. `None` if
/// that form has more digits behind the point or in all, and for NaN and infinities.
#[inline]
pub fn decimal_from_f64(value: f64, precision: usize, scale: usize) -> Option<i128> {
    if let Some(power) = FLOAT_POWERS.get(scale) {
        // The nearest integer; `round` is a call on plain x86-64, and what it gives is checked below anyway.
        let near = value * power;
        let unscaled = (near + 0.5_f64.copysign(near)) as i64;
        let digits = unscaled as f64;
        // Both sides of the division are exact, so the double nearest to their quotient is `value`: a number of at most
        // 15 digits that reads as `value` is the shortest there is, because no other number of so many digits does.
        if digits.abs() < FIFTEEN_DIGITS && digits / power == value {
            let unscaled = i128::from(unscaled);
            return fits(unscaled, precision).then_some(unscaled);
        }
    }
    unscaled_of(&format!("{value:e}"), precision, scale)
}

/// As [`decimal_from_f64`], from a single-precision number by its own shortest form.
pub fn decimal_from_f32(value: f32, precision: usize, scale: usize) -> Option<i128> {
    unscaled_of(&format!("{value:e}"), precision, scale)
}

/// The unscaled number of such a text.
fn unscaled_of(text: &str, precision: usize, scale: usize) -> Option<i128> {
    let decimal = parse_decimal(text.as_bytes())?;
    rescale(decimal.unscaled, decimal.scale, scale).filter(|&unscaled| fits(unscaled, precision))
}

/// The digits behind the point that the smallest double has, and no double has more of.
const MOST_PLACES: usize = 1_074;

/// The double that is this number, either exactly or in its shortest decimal form; `None` if there is none, because it
/// has too many digits.
pub fn decimal_to_f64(unscaled: i128, scale: usize) -> Option<f64> {
    let power = FLOAT_POWERS.get(scale);
    if let (Some(power), Ok(narrow)) = (power, i64::try_from(unscaled)) {
        // As above: at most 15 digits, both sides of the division exact.
        if (narrow as f64).abs() < FIFTEEN_DIGITS {
            return Some(narrow as f64 / power);
        }
    }
    let value = decimal_to_string(unscaled, scale).parse().ok()?;
    let same =
        decimal_from_f64(value, MAX_PRECISION, scale) == Some(unscaled) || exactly(value, scale) == Some(unscaled);
    same.then_some(value)
}

/// As [`decimal_to_f64`], in single precision.
pub fn decimal_to_f32(unscaled: i128, scale: usize) -> Option<f32> {
    let value = decimal_to_string(unscaled, scale).parse().ok()?;
    let same = decimal_from_f32(value, MAX_PRECISION, scale) == Some(unscaled)
        || exactly(value.into(), scale) == Some(unscaled);
    same.then_some(value)
}

/// The number that the double is, to its last digit.
fn exactly(value: f64, scale: usize) -> Option<i128> {
    unscaled_of(&format!("{value:.MOST_PLACES$}"), MAX_PRECISION, scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Option<(i128, usize)> {
        parse_decimal(text.as_bytes()).map(|decimal| (decimal.unscaled, decimal.scale))
    }

    #[test]
    fn text_is_read_exactly() {
        let long_zeros = format!("1.5{}", "0".repeat(60));
        let nines = "9".repeat(38);
        let cases: &[(&str, Option<(i128, usize)>)] = &[
            ("0", Some((0, 0))),
            ("-0.00", Some((0, 2))),
            ("1.50", Some((150, 2))),
            ("+12", Some((12, 0))),
            (".5", Some((5, 1))),
            ("5.", Some((5, 0))),
            ("1E+3", Some((1000, 0))),
            ("1.25e1", Some((125, 1))),
            ("-1e-7", Some((-1, 7))),
            ("0e99999999999999999999", Some((0, 0))),
            ("0e-99999999999999999999", Some((0, 38))),
            ("1e38", Some((10_i128.pow(38), 0))),
            ("1e39", None),
            ("1e99999999999999999999", None),
            (&long_zeros, Some((15, 1))),
            (&nines, Some((10_i128.pow(38) - 1, 0))),
            ("99999999999999999999", Some((99_999_999_999_999_999_999, 0))),
            ("170141183460469231731687303715884105728", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1e", None),
            ("1e+", None),
            ("1 ", None),
            ("1_000", None),
            ("1,5", None),
            ("NaN", None),
            ("inf", None),
            ("0x10", None),
            ("--1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), *expected, "{text}");
        }
    }

    #[test]
    fn a_scale_changes_without_loss_or_not_at_all() {
        let max = 10_i128.pow(38) - 1;
        let cases = [
            (150, 2, 1, Some(15)),
            (151, 2, 1, None),
            (-150, 2, 4, Some(-15_000)),
            (0, 38, 0, Some(0)),
            (0, 0, 99, Some(0)),
            (1, 0, 38, Some(10_i128.pow(38))),
            (1, 60, 38, None),
            (2, 0, 39, None),
            (max, 0, 1, None),
            (max, 1, 0, None),
            (max - 9, 1, 0, Some(max / 10)),
        ];
        for (unscaled, from, to, expected) in cases {
            assert_eq!(rescale(unscaled, from, to), expected, "{unscaled} {from} {to}");
        }
    }

    #[test]
    fn precision_counts_digits() {
        for (unscaled, count) in [(0, 1), (9, 1), (-10, 2), (10_i128.pow(38) - 1, 38), (i128::MIN, 39)] {
            assert_eq!(digits(unscaled), count, "{unscaled}");
            assert!(!fits(unscaled, count - 1) || unscaled == 0, "{unscaled}");
            assert_eq!(fits(unscaled, count), count <= MAX_PRECISION, "{unscaled}");
        }
    }

    #[test]
    fn text_shows_every_digit_of_the_scale() {
        let cases = [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (12_345, 2, "123.45"),
            (-7, 0, "-7"),
            (1, 38, "0.00000000000000000000000000000000000001"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
        ];
        for (unscaled, scale, text) in cases {
            assert_eq!(decimal_to_string(unscaled, scale), text);
        }
    }

    #[test]
    fn doubles_count_by_their_shortest_form() {
        let cases: &[(f64, usize, usize, Option<i128>)] = &[
            (0.1, 15, 2, Some(10)),
            (0.1 + 0.2, 38, 2, None),
            (0.1 + 0.2, 38, 17, Some(30_000_000_000_000_004)),
            (-0.0, 5, 2, Some(0)),
            (12.345, 15, 2, None),
            (999.99, 5, 2, Some(99_999)),
            (1000.0, 5, 2, None),
            (123_456_789_012_345.0, 15, 0, Some(123_456_789_012_345)),
            (9_007_199_254_740_993.0, 38, 0, Some(9_007_199_254_740_992)),
            (1e22, 38, 0, Some(10_i128.pow(22))),
            (1e37, 38, 0, Some(10_i128.pow(37))),
            (1e38, 38, 0, None),
            (5e-324, 38, 38, None),
            (1e-38, 38, 38, Some(1)),
            (f64::MAX, 38, 0, None),
            (f64::NAN, 38, 2, None),
            (f64::INFINITY, 38, 2, None),
            (f64::NEG_INFINITY, 38, 2, None),
        ];
        for &(value, precision, scale, expected) in cases {
            assert_eq!(decimal_from_f64(value, precision, scale), expected, "{value:e} as ({precision}, {scale})");
        }
        assert_eq!(decimal_from_f32(0.1, 15, 2), Some(10));
        assert_eq!(decimal_from_f64(f64::from(0.1_f32), 15, 2), None);
    }

    #[test]
    fn decimals_become_doubles_that_show_the_same_digits() {
        assert_eq!(decimal_to_f64(10, 2), Some(0.1));
        assert_eq!(decimal_to_f64(123_456_789_012_345_678, 5), None);
        assert_eq!(decimal_to_f64(10_i128.pow(37), 0), Some(1e37));
        // Its shortest form is 36216963917659930, and it is the number all the same.
        assert_eq!(decimal_to_f64(36_216_963_917_659_928, 0), Some(36_216_963_917_659_928.0));
        assert_eq!(decimal_to_f64(36_216_963_917_659_929, 0), None);
        assert_eq!(decimal_to_f64(-(1_i128 << 90), 0), Some(-(2_f64.powi(90))));
        assert_eq!(decimal_to_f32(1 << 30, 0), Some(1_073_741_824.0));
        assert_eq!(decimal_to_f64(30_000_000_000_000_004, 17), Some(0.1 + 0.2));
        assert_eq!(decimal_to_f32(10, 2), Some(0.1));
        assert_eq!(decimal_to_f32(123_456_789, 0), None);
    }

    proptest! {
        #[test]
        fn decimal_text_returns(unscaled in -(10_i128.pow(38) - 1)..10_i128.pow(38), scale in 0_usize..=38) {
            let text = decimal_to_string(unscaled, scale);
            prop_assert_eq!(parse_decimal(text.as_bytes()), Some(Decimal { unscaled, scale }));
        }

        #[test]
        fn the_fast_path_agrees_with_the_shortest_form(unscaled in -(10_i64.pow(17))..10_i64.pow(17), scale in 0_usize..20) {
            let value: f64 = decimal_to_string(i128::from(unscaled), scale).parse().unwrap();
            for (precision, scale) in [(15, scale), (38, scale), (38, scale + 3), (9, scale.saturating_sub(2))] {
                let slow = unscaled_of(&format!("{value:e}"), precision, scale);
                prop_assert_eq!(decimal_from_f64(value, precision, scale), slow);
            }
        }

        #[test]
        fn any_double_agrees_with_its_shortest_form(bits: u64, scale in 0_usize..=38) {
            let value = f64::from_bits(bits);
            prop_assert_eq!(decimal_from_f64(value, 38, scale), unscaled_of(&format!("{value:e}"), 38, scale));
        }

        #[test]
        fn nothing_panics(text in "[-+.eE0-9]{0,50}") {
            if let Some(decimal) = parse_decimal(text.as_bytes()) {
                prop_assert!(text.parse::<f64>().is_ok());
                let _ = rescale(decimal.unscaled, decimal.scale, 3);
            }
        }
    }
}
