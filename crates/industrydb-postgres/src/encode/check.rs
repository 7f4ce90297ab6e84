//! What a value has to be for its column beyond what the cast has seen to.

use industrydb_core::temporal::MICROS_PER_DAY;

use super::limits;
use super::shape::{Limit, Steps};
use crate::params::number::Number;
use crate::types::{Labels, NumericModifier};

/// What is wrong with a value: what stands between it and the name of the column's type in a message.
pub type Fault = &'static str;

pub const DOES_NOT_FIT: Fault = "does not fit";
pub const TOO_FINE: Fault = "is finer than";
pub const TOO_LONG: Fault = "is too long for";
pub const HAS_NUL: Fault = "has a NUL character, which PostgreSQL stores in no";
pub const OUT_OF_RANGE: Fault = "lies beyond";
pub const IS_NONE: Fault = "is no";

impl Limit {
    /// `text`, if there is room for it.
    #[inline]
    pub fn check(self, text: &str) -> Result<&str, Fault> {
        without_nul(text)?;
        let beyond = |most| if text.len() > most { text.char_indices().nth(most) } else { None };
        let fits = match self {
            Self::None => true,
            Self::Characters(most) => beyond(most).is_none(),
            Self::Padded(most) => beyond(most).is_none_or(|(end, _)| text[end..].bytes().all(|byte| byte == b' ')),
            Self::Bytes(most) => text.len() <= most,
            Self::Ascii => text.len() == 1,
        };
        if fits { Ok(text) } else { Err(TOO_LONG) }
    }
}

impl Steps {
    /// Days and the µs on top of them.
    pub fn split(self, micros: i64) -> Result<(i32, i64), Fault> {
        if self.micros != 1 && micros != 0 && (self.micros == 0 || micros % self.micros != 0) {
            return Err(TOO_FINE);
        }
        if !self.days {
            return Ok((0, micros));
        }
        i32::try_from(micros / MICROS_PER_DAY).map(|days| (days, 0)).map_err(|_| OUT_OF_RANGE)
    }
}

#[inline]
pub fn without_nul(text: &str) -> Result<&str, Fault> {
    if text.as_bytes().contains(&0) { Err(HAS_NUL) } else { Ok(text) }
}

#[inline]
pub fn stepped(micros: i64, step: i64) -> Result<i64, Fault> {
    if step == 1 || micros % step == 0 { Ok(micros) } else { Err(TOO_FINE) }
}

/// Microseconds since midnight from nanoseconds.
#[inline]
pub fn time(nanos: i64, step: i64) -> Result<i64, Fault> {
    let micros = stepped(nanos, 1_000)? / 1_000;
    limits::time(stepped(micros, step)?).ok_or(OUT_OF_RANGE)
}

pub fn label(code: u32, labels: &Labels) -> Result<&str, Fault> {
    usize::try_from(code).ok().and_then(|code| labels.names.get(code)).map(String::as_str).ok_or(IS_NONE)
}

pub fn parse_number(text: &str, modifier: Option<NumericModifier>) -> Result<Number, Fault> {
    Number::parse(text).ok_or(IS_NONE).and_then(|number| fitting(number, modifier))
}

pub fn float_number(value: f64, modifier: Option<NumericModifier>) -> Result<Number, Fault> {
    Number::from_float(value).ok_or(IS_NONE).and_then(|number| fitting(number, modifier))
}

fn fitting(number: Number, modifier: Option<NumericModifier>) -> Result<Number, Fault> {
    if number.fits(modifier) { Ok(number) } else { Err(DOES_NOT_FIT) }
}
