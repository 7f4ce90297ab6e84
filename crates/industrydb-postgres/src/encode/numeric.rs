//! `numeric`: 128-bit decimals → base-10000 digits. This is a hot path: one call for each cell.
//!
//! The binary form is the number of groups of four digits, the weight of the first one, the sign, the scale that is
//! shown, and the groups from the first to the last that is not zero; the point stands between two groups (PostgreSQL
//! source, `numeric.c`, `numeric_recv`).

use crate::params::number::Number;
use crate::types::NumericModifier;

/// 38 digits and the zeros that align them make at most 11 groups; three parts of four make 12.
const MOST_GROUPS: usize = 12;
/// The length, then four fields of two bytes.
const HEAD: usize = 12;
const LEN: usize = HEAD + 2 * MOST_GROUPS;
/// Four groups, the most that fit 64 bits whatever they are.
const FOUR_GROUPS: u128 = 10_000_000_000_000_000;

/// How the decimals of one column are cut into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The digits behind the point.
    pub digits: usize,
    /// The groups behind the point.
    groups: i16,
    /// What makes the last group whole.
    factor: u64,
    bounds: Option<Bounds>,
}

/// What a column of `numeric(precision, scale)` takes without rounding, as unscaled numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    below: u128,
    multiple_of: u128,
}

impl Scale {
    /// For unscaled numbers of at most `precision` digits, `digits` of them behind the point, on their way into a
    /// column declared `modifier`.
    pub fn new(precision: usize, digits: usize, modifier: Option<NumericModifier>) -> Self {
        let groups = digits.div_ceil(4);
        let factor = 10_u64.pow(u32::try_from(groups * 4 - digits).unwrap_or(0));
        let bounds = modifier.and_then(|modifier| Bounds::new(precision, digits, modifier));
        Self { digits, groups: i16::try_from(groups).unwrap_or(i16::MAX), factor, bounds }
    }

    /// Whether the column takes the number without rounding.
    #[inline]
    pub fn takes(&self, unscaled: i128) -> bool {
        self.bounds.is_none_or(|bounds| {
            let magnitude = unscaled.unsigned_abs();
            magnitude < bounds.below && (bounds.multiple_of == 1 || magnitude.is_multiple_of(bounds.multiple_of))
        })
    }

    /// Appends the number's binary form with its length in front.
    #[inline]
    pub fn write(&self, unscaled: i128, out: &mut Vec<u8>) {
        let mut line = [0; LEN];
        let magnitude = unscaled.unsigned_abs();
        let narrow = u64::try_from(magnitude).ok().and_then(|magnitude| magnitude.checked_mul(self.factor));
        let first = match narrow {
            Some(aligned) => narrow_groups(aligned, &mut line),
            None => match magnitude.checked_mul(u128::from(self.factor)) {
                Some(aligned) => wide_groups(aligned, &mut line),
                None => return self.write_widest(unscaled, out),
            },
        };
        let mut end = LEN;
        while end > first && line[end - 2..end] == [0, 0] {
            end -= 2;
        }
        let count = (end - first) / 2;
        let weight = if count == 0 { 0 } else { ((LEN - first) / 2) as i16 - self.groups - 1 };
        let sign: u16 = if unscaled < 0 { 0x4000 } else { 0 };
        let head = u128::from(2 * count as u32 + 8) << 64
            | u128::from(count as u16) << 48
            | u128::from(weight as u16) << 32
            | u128::from(sign) << 16
            | u128::from(self.digits as u16);
        line[first - HEAD..first].copy_from_slice(&head.to_be_bytes()[4..]);
        out.extend_from_slice(&line[first - HEAD..end]);
    }

    /// Numbers that can't be aligned in 128 bits.
    #[cold]
    fn write_widest(&self, unscaled: i128, out: &mut Vec<u8>) {
        if let Some(number) = Number::from_decimal(unscaled, self.digits) {
            write_number(&number, out);
        }
    }
}

/// Appends a number's binary form with its length in front.
pub fn write_number(number: &Number, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    number.binary(out);
    // A number that fits has at most 74 kB.
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Writes the groups at the end of the line and gives where they begin.
#[inline]
fn narrow_groups(mut rest: u64, line: &mut [u8; LEN]) -> usize {
    let mut at = LEN;
    while rest != 0 {
        at -= 2;
        line[at..at + 2].copy_from_slice(&((rest % 10_000) as u16).to_be_bytes());
        rest /= 10_000;
    }
    at
}

/// As [`narrow_groups`], four groups at a time, because 128 bits divide slowly.
fn wide_groups(mut rest: u128, line: &mut [u8; LEN]) -> usize {
    let mut at = LEN;
    while rest != 0 {
        let mut part = (rest % FOUR_GROUPS) as u64;
        rest /= FOUR_GROUPS;
        for _ in 0..4 {
            if part == 0 && rest == 0 {
                break;
            }
            at -= 2;
            line[at..at + 2].copy_from_slice(&((part % 10_000) as u16).to_be_bytes());
            part /= 10_000;
        }
    }
    at
}

impl Bounds {
    /// `None` if every number of so many digits is taken.
    fn new(precision: usize, digits: usize, modifier: NumericModifier) -> Option<Self> {
        let (precision, digits) = (i64::try_from(precision).ok()?, i64::try_from(digits).ok()?);
        let (most, scale) = (i64::from(modifier.precision), i64::from(modifier.scale));
        if digits <= scale && precision - digits <= most - scale {
            return None;
        }
        // Beyond 128 bits there is no limit, and no multiple but zero.
        let power = |exponent: i64| 10_u128.checked_pow(u32::try_from(exponent.max(0)).ok()?);
        let below = power(most - scale + digits).unwrap_or(u128::MAX);
        let multiple_of = power(digits - scale).unwrap_or(u128::MAX);
        Some(Self { below, multiple_of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fast(unscaled: i128, digits: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Scale::new(39, digits, None).write(unscaled, &mut out);
        out
    }

    fn slow(unscaled: i128, digits: usize) -> Vec<u8> {
        let mut out = Vec::new();
        write_number(&Number::from_decimal(unscaled, digits).unwrap(), &mut out);
        out
    }

    #[test]
    fn the_groups_stand_around_the_point() {
        // 12.50, as a server sends it.
        let expected: &[u8] = &[0, 0, 0, 12, 0, 2, 0, 0, 0, 0, 0, 2, 0, 12, 0x13, 0x88];
        assert_eq!(fast(1250, 2), expected);
        for unscaled in [0, 1, -1, 9_999, 10_000, -10_001, i128::MAX, i128::MIN, u64::MAX.into(), 10_i128.pow(20)] {
            for digits in 0..=38 {
                assert_eq!(fast(unscaled, digits), slow(unscaled, digits), "{unscaled} {digits}");
            }
        }
    }

    #[test]
    fn a_declared_column_takes_what_it_need_not_round() {
        for (unscaled, digits, precision, scale, expected) in [
            (99_999, 2, 5, 2, true),
            (100_000, 2, 5, 2, false),
            (999_990, 3, 5, 2, true),
            (999_991, 3, 5, 2, false),
            (-999, 0, 5, 2, true),
            (1_000, 0, 5, 2, false),
            (99_000, 0, 2, -3, true),
            (99_500, 0, 2, -3, false),
            (99, 4, 2, 4, true),
            (100, 4, 2, 4, false),
            (1, 38, 2, -100, false),
            (0, 38, 2, -100, true),
            (i128::MAX, 0, 1000, 0, true),
        ] {
            let column = Scale::new(39, digits, Some(NumericModifier { precision, scale }));
            assert_eq!(column.takes(unscaled), expected, "{unscaled} {digits} numeric({precision},{scale})");
        }
        assert_eq!(Scale::new(10, 2, Some(NumericModifier { precision: 12, scale: 3 })).bounds, None);
    }

    /// Numbers of every length at every scale, against the plain way.
    #[test]
    fn all_ways_give_the_same() {
        let mut state = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128;
        for round in 0..20_000_u32 {
            state = state.wrapping_mul(0x2d99_787b_4d29_1b3f_5851_f42d_4c95_7f2d).wrapping_add(1);
            let unscaled = state.cast_signed() >> (round % 128);
            let digits = (state >> 120) as usize % 39;
            assert_eq!(fast(unscaled, digits), slow(unscaled, digits), "{unscaled} {digits}");
        }
    }
}
