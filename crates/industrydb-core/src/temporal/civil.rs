//! Calendar arithmetic: a day's number ↔ year, month, day.
//!
//! Both ways count from 0000-03-01, so that the leap day is the last day of its year and the months' lengths follow
//! the line ⌊(153·m + 2) / 5⌋ (E. G. Richards, Explanatory Supplement to the Astronomical Almanac, 3rd ed., 15.11).

/// 1970-01-01, counted from 0000-03-01.
const EPOCH: i64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// 0000-01-01 in days since 1970-01-01.
pub(super) const MIN_DAY: i64 = -719_528;
/// 9999-12-31 in days since 1970-01-01.
pub(super) const MAX_DAY: i64 = 2_932_896;

/// The days of each month, where February has 29.
const MONTH_DAYS: [u8; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days since 1970-01-01, or `None` if the calendar has no such day.
#[inline]
pub(super) fn day_number(year: u32, month: u32, day: u32) -> Option<i32> {
    let longest = u32::from(*MONTH_DAYS.get(month as usize)?);
    if day == 0 || day > longest || (month == 2 && day == 29 && !is_leap(year)) {
        return None;
    }
    // One era is added first, so that January and February of year 0 stay above zero.
    let march_based = (month + 9) % 12;
    let year = year + 400 - u32::from(march_based >= 10);
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * march_based + 2) / 5 + day - 1;
    i32::try_from(i64::from(days) - DAYS_PER_ERA - EPOCH).ok()
}

/// Year, month and day, or `None` outside the years 0000 to 9999.
#[inline]
pub(super) fn civil(day_number: i64) -> Option<(u32, u32, u32)> {
    if !(MIN_DAY..=MAX_DAY).contains(&day_number) {
        return None;
    }
    let days = u32::try_from(day_number + EPOCH + DAYS_PER_ERA).ok()?;
    let (era, in_era) = (days / 146_097, days % 146_097);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * in_year + 2) / 153;
    let day = in_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    let year = era * 400 + year_of_era + u32::from(month <= 2) - 400;
    Some((year, month, day))
}
