//! NUMERIC: base-10000 digits ↔ unscaled integers (PostgreSQL source, `numeric.c`, `numeric_send`).

use industrydb_core::decimal::{MAX_PRECISION, digits, fits, rescale};

use super::wire::Wire;

/// Decimal digits in one base-10000 digit.
const GROUP: i32 = 4;
/// Significant decimal digits that no double has more of.
const MOST_DIGITS: usize = 767;
/// The sign of negative numbers; all other signs but zero are no numbers.
const NEGATIVE: u16 = 0x4000;
/// NaN.
const NAN: u16 = 0xc000;
/// Infinity (PostgreSQL 14).
const INFINITY: u16 = 0xd000;
/// −Infinity.
const MINUS_INFINITY: u16 = 0xf000;

/// A NUMERIC on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numeric<'b> {
    /// A number.
    Finite(Finite<'b>),
    /// NaN.
    NaN,
    /// Infinity, or −Infinity if `true`.
    Infinite(bool),
}

/// Base-10000 digits and where the point stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finite<'b> {
    groups: &'b [u8],
    /// The power of 10000 of the first group.
    weight: i32,
    negative: bool,
    /// Digits behind the point that the server shows.
    pub scale: usize,
}

impl<'b> Numeric<'b> {
    /// From its binary form; `None` if it is none.
    #[inline]
    pub fn parse(bytes: &'b [u8]) -> Option<Self> {
        let mut wire = Wire(bytes);
        let count = usize::try_from(wire.i16()?).ok()?;
        let weight = i32::from(wire.i16()?);
        let sign = u16::from_be_bytes(wire.array()?);
        let scale = usize::try_from(wire.i16()?).ok()?;
        match sign {
            0 | NEGATIVE if wire.0.len() == 2 * count => {
                Some(Self::Finite(Finite { groups: wire.0, weight, negative: sign == NEGATIVE, scale }))
            }
            NAN => Some(Self::NaN),
            INFINITY => Some(Self::Infinite(false)),
            MINUS_INFINITY => Some(Self::Infinite(true)),
            _ => None,
        }
    }
}

impl Finite<'_> {
    /// The number times 10^`scale`; `None` if that is no integer or has more than 38 digits.
    #[inline]
    pub fn unscaled(&self, scale: usize) -> Option<i128> {
        let groups = self.groups.len() / 2;
        if groups > 4 {
            return self.wide(scale);
        }
        // At most 16 digits: what most numbers are.
        let digits = self
            .groups
            .chunks_exact(2)
            .fold(0_i64, |digits, group| digits * 10_000 + i64::from(u16::from_be_bytes([group[0], group[1]])));
        let narrow = if self.negative { -digits } else { digits };
        if narrow == 0 {
            return Some(0);
        }
        // The last group's power of ten, seen from the wanted scale.
        let shift = GROUP * (self.weight - i32::try_from(groups).ok()? + 1) + i32::try_from(scale).ok()?;
        let near = match shift {
            0 => Some(narrow),
            1 => Some(narrow * 10),
            2 => Some(narrow * 100),
            // The last group of a fraction has up to three zeros too many.
            -1 => divided::<10>(narrow),
            -2 => divided::<100>(narrow),
            -3 => divided::<1_000>(narrow),
            _ => {
                let power = usize::try_from(shift.unsigned_abs()).ok()?;
                let (from, to) = if shift >= 0 { (0, power) } else { (power, 0) };
                return rescale(narrow.into(), from, to).filter(|scaled| fits(*scaled, MAX_PRECISION));
            }
        };
        near.map(i128::from)
    }
}

/// `value / BY` by a constant, which costs no division; `None` if that is no integer.
#[inline]
fn divided<const BY: i64>(value: i64) -> Option<i64> {
    (value % BY == 0).then_some(value / BY)
}

impl Finite<'_> {
    /// As [`Self::unscaled`], for numbers of many digits: the last group has up to three zeros that 38 digits have no
    /// room for.
    fn wide(&self, scale: usize) -> Option<i128> {
        let group = |pair: &[u8]| i128::from(u16::from_be_bytes([pair[0], pair[1]]));
        let groups = self.groups.len() / 2;
        let (head, last) = self.groups.split_at_checked(2 * groups.checked_sub(1)?)?;
        let head =
            head.chunks_exact(2).try_fold(0_i128, |sum, pair| sum.checked_mul(10_000)?.checked_add(group(pair)))?;
        let shift = GROUP * (self.weight - i32::try_from(groups).ok()? + 1) + i32::try_from(scale).ok()?;
        let last = group(last);
        let scaled = match shift {
            -3..=-1 => {
                let surplus = [1, 10, 100, 1_000][usize::try_from(-shift).ok()?];
                let whole = (last % surplus == 0).then_some(last / surplus)?;
                head.checked_mul(10_000 / surplus)?.checked_add(whole)?
            }
            0.. => {
                let whole = head.checked_mul(10_000)?.checked_add(last)?;
                rescale(whole, 0, usize::try_from(shift).ok()?)?
            }
            _ => rescale(head.checked_mul(10_000)?.checked_add(last)?, usize::try_from(-shift).ok()?, 0)?,
        };
        fits(scaled, MAX_PRECISION).then_some(if self.negative { -scaled } else { scaled })
    }

    /// The double that is the number, exactly or in its shortest decimal form, however many digits it has.
    pub fn long_double(&self) -> Option<f64> {
        let digits: String = self
            .groups
            .chunks_exact(2)
            .map(|group| format!("{:04}", u16::from_be_bytes([group[0], group[1]])))
            .collect();
        let exponent = GROUP * (self.weight + 1);
        let value: f64 = format!("0.{digits}e{exponent}").parse().ok()?;
        // One digit, the point, the others, the power of ten: the same number has the same digits.
        let same = |shown: String| {
            let mantissa = shown.split_once('e').map(|(mantissa, _)| mantissa.replace('.', ""));
            mantissa.is_some_and(|mantissa| mantissa.trim_end_matches('0') == digits.trim_matches('0'))
        };
        let is_number = same(format!("{value:e}")) || same(format!("{value:.MOST_DIGITS$e}"));
        (is_number && value.is_finite()).then_some(if self.negative { -value } else { value })
    }
}

/// The scale on which a stream of numbers settles that have had up to `seen` digits behind the point and are at most
/// `largest`, unscaled: the larger of `wanted` and `seen`, as far as 38 digits allow.
pub fn settled_scale(wanted: usize, seen: usize, largest: u128) -> usize {
    let all = digits(i128::try_from(largest).unwrap_or(i128::MAX));
    let room = MAX_PRECISION - all.saturating_sub(seen).min(MAX_PRECISION);
    wanted.max(seen).min(room).max(seen)
}

/// The double that is `unscaled` · 10⁻ˢᶜᵃˡᵉ itself, if one is, however long its digits are.
pub fn exact_double(unscaled: i128, scale: usize) -> Option<f64> {
    // Halves, quarters, … only: the fives of the denominator have to be in the digits as well.
    let fives = 5_i128.checked_pow(u32::try_from(scale).ok()?)?;
    if unscaled % fives != 0 {
        return None;
    }
    let whole = unscaled / fives;
    let double = whole as f64;
    (double as i128 == whole).then(|| double / 2_f64.powi(i32::try_from(scale).unwrap_or(i32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(weight: i16, sign: u16, scale: i16, groups: &[u16]) -> Vec<u8> {
        let head = [i16::try_from(groups.len()).unwrap(), weight].map(i16::to_be_bytes).concat();
        let tail = [sign.to_be_bytes(), scale.to_be_bytes()].concat();
        [head, tail, groups.iter().flat_map(|group| group.to_be_bytes()).collect()].concat()
    }

    #[test]
    fn doubles_with_more_digits_than_their_shortest_form() {
        for (unscaled, scale, expected) in [
            (20_028_343_948_099_968, 0, Some(20_028_343_948_099_968.0)),
            (200_283_439_480_999_680, 1, Some(20_028_343_948_099_968.0)),
            (-931_322_574_615_478_515_625, 30, Some(-(2_f64.powi(-30)))),
            (20_028_343_948_099_969, 0, None),
            (1, 1, None),
            (1, 60, None),
        ] {
            assert_eq!(exact_double(unscaled, scale), expected, "{unscaled} {scale}");
        }
    }

    #[test]
    fn numbers_at_a_scale() {
        for (weight, sign, scale, groups, at, expected) in [
            (0, 0, 0, &[][..], 2, Some(0)),
            (0, 0, 0, &[1][..], 0, Some(1)),
            (0, 0, 2, &[12, 5000][..], 2, Some(1250)),
            (0, 0x4000, 2, &[12, 5000][..], 2, Some(-1250)),
            (0, 0, 2, &[12, 5000][..], 4, Some(125_000)),
            (-1, 0, 2, &[100][..], 2, Some(1)),
            (-1, 0, 4, &[1][..], 4, Some(1)),
            (-1, 0, 4, &[1][..], 3, None),
            (-2, 0, 8, &[1][..], 8, Some(1)),
            (1, 0, 0, &[1][..], 0, Some(10_000)),
            (9, 0, 0, &[99, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999][..], 0, Some(10_i128.pow(38) - 1)),
            (9, 0, 0, &[100][..], 0, None),
            (0, 0, 0, &[1][..], 38, None),
            (
                -1,
                0,
                38,
                &[9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900][..],
                38,
                Some(10_i128.pow(38) - 1),
            ),
            (-1, 0, 38, &[9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9910][..], 38, None),
        ] {
            let bytes = wire(weight, sign, scale, groups);
            let Some(Numeric::Finite(finite)) = Numeric::parse(&bytes) else { panic!("{groups:?}") };
            assert_eq!(finite.unscaled(at), expected, "{groups:?} at {at}");
        }
    }

    #[test]
    fn what_is_no_number() {
        assert_eq!(Numeric::parse(&wire(0, 0xc000, 0, &[])), Some(Numeric::NaN));
        assert_eq!(Numeric::parse(&wire(0, 0xd000, 0, &[])), Some(Numeric::Infinite(false)));
        assert_eq!(Numeric::parse(&wire(0, 0xf000, 0, &[])), Some(Numeric::Infinite(true)));
        assert_eq!(Numeric::parse(&wire(0, 0x1234, 0, &[])), None);
        assert_eq!(Numeric::parse(b""), None);
        assert_eq!(Numeric::parse(&wire(0, 0, 0, &[1, 2])[..10]), None);
    }

    #[test]
    fn a_stream_settles_as_far_as_digits_allow() {
        for (seen, largest, expected) in [
            (0, 0, 18),
            (2, 1250, 18),
            (20, 1, 20),
            (0, 10_u128.pow(37), 0),
            (0, 10_u128.pow(29), 8),
            (5, 10_u128.pow(37), 5),
        ] {
            assert_eq!(settled_scale(18, seen, largest), expected, "{seen} {largest}");
        }
    }
}
