//! Decimals of any length: what Python's `Decimal` may hold and `numeric` stores.

use std::fmt::LowerExp;

use industrydb_core::decimal::decimal_to_string;

use crate::encode::form::display;
use crate::types::NumericModifier;

/// Digits that `numeric` holds before and behind the point (PostgreSQL manual 8.1.2).
const MOST_WHOLE: i64 = 131_072;
const MOST_SCALE: i64 = 16_383;
/// No double has more significant digits than this in its exact decimal form.
const MOST_DIGITS_OF_A_DOUBLE: usize = 767;

/// A value of `numeric`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// Not a number.
    NaN,
    /// An infinity; the server has them from version 14 on.
    Infinity {
        /// Whether it is −∞.
        negative: bool,
    },
    /// A number.
    Finite(Digits),
}

/// `±digits · 10^-scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    negative: bool,
    /// 0 to 9 each, the first one not 0; none for zero.
    digits: Vec<u8>,
    scale: i64,
}

impl Number {
    /// Reads `[±]digits[.digits][(e|E)[±]digits]`, `NaN`, `[±]Infinity` and `[±]inf`, letters of either case; `None` for
    /// anything else, such as a signalling NaN, which no `numeric` keeps.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if text.eq_ignore_ascii_case("nan") {
            return Some(Self::NaN);
        }
        if rest.eq_ignore_ascii_case(b"infinity") || rest.eq_ignore_ascii_case(b"inf") {
            return Some(Self::Infinity { negative });
        }
        let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let mut digits = Vec::with_capacity(mantissa.len());
        let mut scale = None;
        for byte in mantissa {
            match byte {
                b'0'..=b'9' => {
                    digits.push(byte - b'0');
                    scale = scale.map(|scale: i64| scale + 1);
                }
                b'.' if scale.is_none() => scale = Some(0),
                _ => return None,
            }
        }
        let scale = scale.unwrap_or(0) - exponent;
        (!digits.is_empty()).then(|| Self::Finite(Digits::new(negative, digits, scale)))
    }

    /// A double by its shortest form, single precision by its own.
    pub fn from_float(value: impl LowerExp) -> Option<Self> {
        Self::parse(&format!("{value:e}"))
    }

    /// `unscaled · 10^-scale`.
    pub fn from_decimal(unscaled: i128, scale: usize) -> Option<Self> {
        Self::parse(&decimal_to_string(unscaled, scale))
    }

    /// Whether the server's `numeric` holds it, or `numeric(precision, scale)` if that is declared, without rounding.
    pub fn fits(&self, modifier: Option<NumericModifier>) -> bool {
        match (self, modifier) {
            (Self::NaN, _) | (Self::Infinity { .. }, None) => true,
            // `numeric(p, s)` has no infinity (PostgreSQL manual 8.1.2).
            (Self::Infinity { .. }, Some(_)) => false,
            (Self::Finite(number), None) => number.within(MOST_WHOLE, MOST_SCALE),
            (Self::Finite(number), Some(NumericModifier { precision, scale })) => {
                number.within(i64::from(precision) - i64::from(scale), i64::from(scale))
            }
        }
    }

    /// Appends the binary form: number of base-10000 digits, weight of the first, sign, display scale, the digits
    /// (PostgreSQL source, `numeric.c`, `numeric_recv`). The number has to fit.
    pub fn binary(&self, out: &mut Vec<u8>) {
        match self {
            Self::NaN => out.extend_from_slice(&[0, 0, 0, 0, 0xc0, 0, 0, 0]),
            Self::Infinity { negative: false } => out.extend_from_slice(&[0, 0, 0, 0, 0xd0, 0, 0, 0]),
            Self::Infinity { negative: true } => out.extend_from_slice(&[0, 0, 0, 0, 0xf0, 0, 0, 0]),
            Self::Finite(number) => number.binary(out),
        }
    }

    /// Appends its text without an exponent. The number has to fit.
    pub fn text(&self, out: &mut String) {
        match self {
            Self::NaN => out.push_str("NaN"),
            Self::Infinity { negative: false } => out.push_str("Infinity"),
            Self::Infinity { negative: true } => out.push_str("-Infinity"),
            Self::Finite(number) => number.text(out),
        }
    }

    /// It as an integer; `None` if it is none or 128 bits do not hold it.
    pub fn integer(&self) -> Option<i128> {
        let Self::Finite(number) = self else { return None };
        let number = number.without_zeros();
        let zeros = u32::try_from(number.scale.checked_neg()?).ok()?;
        let push = |sum: i128, digit: &u8| sum.checked_mul(10)?.checked_add(i128::from(*digit));
        let magnitude = number.digits.iter().try_fold(0, push)?.checked_mul(10_i128.checked_pow(zeros)?)?;
        Some(if number.negative { -magnitude } else { magnitude })
    }

    /// The double that shows exactly this number: by its shortest form, or with all of its digits.
    pub fn float8(&self) -> Option<f64> {
        self.float(|text| text.parse().ok().filter(|value: &f64| value.is_finite()), f64::NAN, f64::INFINITY)
    }

    /// As [`Self::float8`], in single precision.
    pub fn float4(&self) -> Option<f32> {
        self.float(|text| text.parse().ok().filter(|value: &f32| value.is_finite()), f32::NAN, f32::INFINITY)
    }

    fn float<T>(&self, parse: impl Fn(&str) -> Option<T>, nan: T, infinity: T) -> Option<T>
    where
        T: Copy + LowerExp + std::ops::Neg<Output = T>,
    {
        let number = match self {
            Self::NaN => return Some(nan),
            Self::Infinity { negative } => return Some(if *negative { -infinity } else { infinity }),
            Self::Finite(number) => number.without_zeros(),
        };
        let mut text = if number.negative { String::from("-") } else { String::new() };
        text.extend(number.digits.iter().map(|digit| char::from(b'0' + digit)));
        display(format_args!("0e{}", number.scale.checked_neg()?.checked_sub(1)?), &mut text);
        let value = parse(&text)?;
        let shows = |text: String| match Self::parse(&text) {
            Some(Self::Finite(shown)) => shown.without_zeros() == number,
            Some(Self::NaN | Self::Infinity { .. }) | None => false,
        };
        let all = MOST_DIGITS_OF_A_DOUBLE - 1;
        (shows(format!("{value:e}")) || number.digits.len() > 6 && shows(format!("{value:.all$e}"))).then_some(value)
    }
}

impl Digits {
    fn new(negative: bool, mut digits: Vec<u8>, scale: i64) -> Self {
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..zeros);
        Self { negative, digits, scale }
    }

    /// The same number without zeros at the end; zero with scale 0.
    fn without_zeros(&self) -> Self {
        let len = self.digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
        let dropped = i64::try_from(self.digits.len() - len).unwrap_or(i64::MAX);
        let scale = if len == 0 { 0 } else { self.scale.saturating_sub(dropped) };
        Self { negative: self.negative, digits: self.digits[..len].to_vec(), scale }
    }

    /// How many of its digits stand before the point; negative if zeros follow it first.
    fn whole(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_sub(self.scale)
    }

    /// Whether it has at most so many digits before and behind the point.
    fn within(&self, whole: i64, scale: i64) -> bool {
        self.digits.is_empty() || self.whole() <= whole && self.without_zeros().scale <= scale
    }

    /// The scale that it is shown with.
    fn shown_scale(&self) -> u16 {
        u16::try_from(self.scale.clamp(0, MOST_SCALE)).unwrap_or(0)
    }

    fn binary(&self, out: &mut Vec<u8>) {
        let whole = self.whole();
        let weight = (whole - 1).div_euclid(4);
        // The first group has 1 to 4 digits, so that the point stands between two groups.
        let first = usize::try_from((whole - 1).rem_euclid(4) + 1).unwrap_or(4);
        let (head, tail) = self.digits.split_at(first.min(self.digits.len()));
        // A group that the digits end in goes on with zeros.
        let group = |digits: &[u8], len: usize| {
            let sum = digits.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(*digit));
            sum * 10_u16.pow(u32::try_from(len.saturating_sub(digits.len())).unwrap_or(0))
        };
        let mut groups = vec![group(head, first)];
        groups.extend(tail.chunks(4).map(|digits| group(digits, 4)));
        while groups.last() == Some(&0) {
            groups.pop();
        }
        let (weight, sign) =
            if groups.is_empty() { (0, 0) } else { (weight, if self.negative { 0x4000_u16 } else { 0 }) };
        out.extend_from_slice(&u16::try_from(groups.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(&i16::try_from(weight).unwrap_or(i16::MAX).to_be_bytes());
        out.extend_from_slice(&sign.to_be_bytes());
        out.extend_from_slice(&self.shown_scale().to_be_bytes());
        for group in groups {
            out.extend_from_slice(&group.to_be_bytes());
        }
    }

    fn text(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        let whole = self.whole();
        let digit = |place: i64| {
            let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place)).copied().unwrap_or(0);
            char::from(b'0' + digit)
        };
        if whole <= 0 || self.digits.is_empty() {
            out.push('0');
        } else {
            out.extend((0..whole).map(digit));
        }
        let scale = i64::from(self.shown_scale());
        if scale > 0 {
            out.push('.');
            let start = if self.digits.is_empty() { 0 } else { whole };
            out.extend((start..start + scale).map(digit));
        }
    }
}

/// An exponent; one that no number of any use has stays out of range without overflowing.
fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(sign * digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 40)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    fn binary(text: &str) -> Vec<i32> {
        let mut out = Vec::new();
        number(text).binary(&mut out);
        out.chunks(2).map(|pair| i32::from(i16::from_be_bytes([pair[0], pair[1]]))).collect()
    }

    /// What a server (16.14) sends for the number: digits, weight, sign, display scale, groups.
    #[test]
    fn the_binary_form_is_the_servers() {
        for (text, expected) in [
            ("0", &[0, 0, 0, 0][..]),
            ("-0", &[0, 0, 0, 0]),
            ("0.00", &[0, 0, 0, 2]),
            ("1", &[1, 0, 0, 0, 1]),
            ("10", &[1, 0, 0, 0, 10]),
            ("12.50", &[2, 0, 0, 2, 12, 5000]),
            ("-12345.6789", &[3, 1, 0x4000, 4, 1, 2345, 6789]),
            ("0.1", &[1, -1, 0, 1, 1000]),
            ("0.00012", &[2, -1, 0, 5, 1, 2000]),
            ("0.00001", &[1, -2, 0, 5, 1000]),
            ("1E+3", &[1, 0, 0, 0, 1000]),
            ("1E+4", &[1, 1, 0, 0, 1]),
            ("12E+5", &[1, 1, 0, 0, 120]),
            ("10000.0001", &[3, 1, 0, 4, 1, 0, 1]),
            ("1E-16383", &[1, -4096, 0, 16383, 10]),
            ("9E+131071", &[1, 32767, 0, 0, 9000]),
            ("NaN", &[0, 0, -0x4000, 0]),
            ("Infinity", &[0, 0, -0x3000, 0]),
            ("-inf", &[0, 0, -0x1000, 0]),
        ] {
            assert_eq!(binary(text), expected, "{text}");
        }
    }

    #[test]
    fn the_text_has_no_exponent() {
        for (text, expected) in [
            ("-0", "-0"),
            ("0.00", "0.00"),
            ("00012.50", "12.50"),
            ("1E+3", "1000"),
            ("1.25E+1", "12.5"),
            ("-1.5E-3", "-0.0015"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0E-3", "0.000"),
        ] {
            let mut out = String::new();
            number(text).text(&mut out);
            assert_eq!(out, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "sNaN", "-NaN", "NaN123", "1_000", " 1", "--1", "0x1"] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_numeric_does_not_hold_is_known() {
        let small = Some(NumericModifier { precision: 5, scale: 2 });
        let thousands = Some(NumericModifier { precision: 2, scale: -3 });
        let tiny = Some(NumericModifier { precision: 2, scale: 4 });
        for (text, modifier, expected) in [
            ("9E+131071", None, true),
            ("1E+131072", None, false),
            ("1E-16383", None, true),
            ("1E-16384", None, false),
            ("10E-16384", None, true),
            ("0E-99999", None, true),
            ("0E+99999999999999999999", None, true),
            ("Infinity", None, true),
            ("999.99", small, true),
            ("999.990", small, true),
            ("1000", small, false),
            ("0.001", small, false),
            ("NaN", small, true),
            ("Infinity", small, false),
            ("99000", thousands, true),
            ("99500", thousands, false),
            ("100000", thousands, false),
            ("0.0099", tiny, true),
            ("0.01", tiny, false),
        ] {
            assert_eq!(number(text).fits(modifier), expected, "{text} {modifier:?}");
        }
    }

    #[test]
    fn other_types_take_it_only_if_they_hold_it() {
        assert_eq!(number("-1.50E+2").integer(), Some(-150));
        assert_eq!(number("1.5").integer(), None);
        assert_eq!(number("1E+40").integer(), None);
        assert_eq!(number("0.00").integer(), Some(0));
        assert_eq!(number("0.1").float8(), Some(0.1));
        assert_eq!(number("0.10000000000000001").float8(), None);
        assert_eq!(number("0.1000000000000000055511151231257827021181583404541015625").float8(), Some(0.1));
        assert_eq!(number("9.31322574615478515625E-10").float8(), Some(2_f64.powi(-30)));
        assert_eq!(number("1E+400").float8(), None);
        assert_eq!(number("1E-400").float8(), None);
        assert_eq!(number("-0").float8().map(f64::to_bits), Some((-0.0_f64).to_bits()));
        assert_eq!(number("0.1").float4(), Some(0.1));
        assert_eq!(number("16777217").float4(), None);
        assert_eq!(number("-Infinity").float4(), Some(f32::NEG_INFINITY));
    }
}
