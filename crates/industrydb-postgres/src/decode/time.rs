//! Dates, times and intervals on the wire → what Polars keeps (PostgreSQL source, `timestamp.h`, `datetime.h`).

use industrydb_core::temporal::MICROS_PER_DAY;

use super::wire::{Wire, exactly};

/// Days from 1970-01-01 to 2000-01-01, where the server counts from.
pub const EPOCH_DAYS: i32 = 10_957;
/// The same in µs.
pub const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * MICROS_PER_DAY;

/// Why a value has no place in its Polars type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// Not the bytes of such a value.
    Malformed,
    /// `infinity` or `-infinity`.
    Infinite,
    /// Beyond what the type counts to.
    OutOfRange,
    /// `24:00:00`.
    EndOfDay,
    /// An interval with months, whose length depends on where it begins.
    Months,
}

/// Days since 1970-01-01.
#[inline]
pub fn date(bytes: &[u8]) -> Result<i32, Misfit> {
    match exactly(bytes).map(i32::from_be_bytes) {
        None => Err(Misfit::Malformed),
        Some(i32::MAX | i32::MIN) => Err(Misfit::Infinite),
        Some(days) => days.checked_add(EPOCH_DAYS).ok_or(Misfit::OutOfRange),
    }
}

/// Nanoseconds since midnight.
#[inline]
pub fn time(bytes: &[u8]) -> Result<i64, Misfit> {
    match exactly(bytes).map(i64::from_be_bytes) {
        Some(micros @ 0..MICROS_PER_DAY) => Ok(micros * 1_000),
        Some(MICROS_PER_DAY) => Err(Misfit::EndOfDay),
        _ => Err(Misfit::Malformed),
    }
}

/// µs since 1970-01-01T00:00:00.
#[inline]
pub fn timestamp(bytes: &[u8]) -> Result<i64, Misfit> {
    match exactly(bytes).map(i64::from_be_bytes) {
        None => Err(Misfit::Malformed),
        Some(i64::MAX | i64::MIN) => Err(Misfit::Infinite),
        Some(micros) => micros.checked_add(EPOCH_MICROS).ok_or(Misfit::OutOfRange),
    }
}

/// µs; a day has 24 hours.
#[inline]
pub fn interval(bytes: &[u8]) -> Result<i64, Misfit> {
    let parts = |mut wire: Wire<'_>| Some((wire.array().map(i64::from_be_bytes)?, wire.i32()?, wire.i32()?));
    match parts(Wire(bytes)).filter(|_| bytes.len() == 16) {
        None => Err(Misfit::Malformed),
        Some((i64::MAX, i32::MAX, i32::MAX) | (i64::MIN, i32::MIN, i32::MIN)) => Err(Misfit::Infinite),
        Some((micros, days, 0)) => i64::from(days)
            .checked_mul(MICROS_PER_DAY)
            .and_then(|days| days.checked_add(micros))
            .ok_or(Misfit::OutOfRange),
        Some(_) => Err(Misfit::Months),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_fit() {
        assert_eq!(date(&0_i32.to_be_bytes()), Ok(10_957));
        assert_eq!(date(&(-10_957_i32).to_be_bytes()), Ok(0));
        assert_eq!(time(&86_399_999_999_i64.to_be_bytes()), Ok(86_399_999_999_000));
        assert_eq!(timestamp(&0_i64.to_be_bytes()), Ok(946_684_800_000_000));
        let one_day_one = [&1_i64.to_be_bytes()[..], &1_i32.to_be_bytes(), &0_i32.to_be_bytes()].concat();
        assert_eq!(interval(&one_day_one), Ok(MICROS_PER_DAY + 1));
    }

    #[test]
    fn values_that_do_not() {
        assert_eq!(date(&i32::MAX.to_be_bytes()), Err(Misfit::Infinite));
        assert_eq!(date(b"abc"), Err(Misfit::Malformed));
        assert_eq!(time(&MICROS_PER_DAY.to_be_bytes()), Err(Misfit::EndOfDay));
        assert_eq!(time(&(-1_i64).to_be_bytes()), Err(Misfit::Malformed));
        assert_eq!(timestamp(&i64::MIN.to_be_bytes()), Err(Misfit::Infinite));
        assert_eq!(timestamp(&(i64::MAX - 1).to_be_bytes()), Err(Misfit::OutOfRange));
        let month = [&0_i64.to_be_bytes()[..], &0_i32.to_be_bytes(), &1_i32.to_be_bytes()].concat();
        assert_eq!(interval(&month), Err(Misfit::Months));
        let infinite = [&i64::MAX.to_be_bytes()[..], &i32::MAX.to_be_bytes(), &i32::MAX.to_be_bytes()].concat();
        assert_eq!(interval(&infinite), Err(Misfit::Infinite));
        assert_eq!(interval(&infinite[..15]), Err(Misfit::Malformed));
    }
}
