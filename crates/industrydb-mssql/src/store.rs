//! One column of a result while it is being read: the builder of its type, and which values go into it how.

use industrydb_core::column::{
    Bools, Fixed, Views, finish_date, finish_datetime, finish_decimal, finish_number, finish_time,
};
use industrydb_core::decimal::{fits, rescale};
use polars_core::prelude::{
    DataType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, PlSmallStr, Series, TimeUnit, TimeZone,
    UInt8Type,
};
use tiberius::ColumnData;
use tiberius::numeric::Numeric;

use crate::instant::{self, Instant};
use crate::types::{Kind, MONEY, OPEN_DECIMAL, SMALLMONEY};
use crate::variant;

/// The largest amount of `money` that the client library gives exactly: it makes doubles of them, whose steps grow
/// beyond a ten thousandth.
const MOST_MONEY: f64 = 9.0e11;

/// A column of one type.
pub enum Store {
    Bool(Bools),
    U8(Fixed<u8>),
    I16(Fixed<i16>),
    I32(Fixed<i32>),
    I64(Fixed<i64>),
    F32(Fixed<f32>),
    F64(Fixed<f64>),
    Decimal {
        values: Fixed<i128>,
        precision: usize,
        /// `None` until a value says it.
        scale: Option<usize>,
    },
    /// `money` of either size.
    Money {
        values: Fixed<i128>,
        precision: usize,
    },
    Date(Fixed<i32>),
    /// Nanoseconds, which hold every digit that the server has.
    Time(Fixed<i64>),
    Instant {
        values: Fixed<i64>,
        fraction: Fraction,
        utc: bool,
    },
    Text(Views<str>),
    Binary(Views<[u8]>),
}

/// What becomes of the seventh digit of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fraction {
    /// Microseconds; it must be zero.
    Micros,
    /// Microseconds; it goes.
    MicrosRoundedDown,
    /// Nanoseconds.
    Nanos,
}

/// Why a column did not take a value.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// It has a seventh digit.
    SeventhDigit(Instant),
    /// It is beyond what nanoseconds hold.
    BeyondNanos(Instant),
    /// It may not be the amount that the server has.
    Money(f64),
    /// It does not fit the digits that the column is described with.
    Digits(Numeric),
    /// It is of another type.
    Type,
}

impl Store {
    /// An empty column of `kind`; `fraction` is for the types that count 100 ns.
    pub fn of_kind(kind: Kind, fraction: Fraction) -> Self {
        let instant = |fraction, utc| Self::Instant { values: Fixed::new(), fraction, utc };
        match kind {
            Kind::Bit => Self::Bool(Bools::default()),
            Kind::TinyInt => Self::U8(Fixed::new()),
            Kind::SmallInt => Self::I16(Fixed::new()),
            Kind::Int => Self::I32(Fixed::new()),
            Kind::BigInt => Self::I64(Fixed::new()),
            Kind::Real => Self::F32(Fixed::new()),
            Kind::Float => Self::F64(Fixed::new()),
            Kind::Decimal { precision, scale } => Self::Decimal { values: Fixed::new(), precision, scale: Some(scale) },
            Kind::OpenDecimal => Self::Decimal { values: Fixed::new(), precision: OPEN_DECIMAL.0, scale: None },
            Kind::Money => Self::Money { values: Fixed::new(), precision: MONEY.0 },
            Kind::SmallMoney => Self::Money { values: Fixed::new(), precision: SMALLMONEY.0 },
            Kind::Date => Self::Date(Fixed::new()),
            Kind::Time(_) => Self::Time(Fixed::new()),
            Kind::DateTime | Kind::SmallDateTime | Kind::DateTime2(_) => instant(fraction, false),
            Kind::DateTimeOffset(_) => instant(fraction, true),
            Kind::NText(_) | Kind::CodePageText(_) | Kind::LongText | Kind::Xml | Kind::Guid | Kind::Variant => {
                Self::Text(Views::new())
            }
            Kind::Binary(_) | Kind::LongBinary | Kind::RowVersion => Self::Binary(Views::new()),
        }
    }

    /// Takes a value.
    #[inline]
    pub fn push(&mut self, cell: ColumnData<'static>) -> Result<(), Refusal> {
        match (self, cell) {
            (Self::I32(values), ColumnData::I32(Some(value))) => values.push(value),
            (Self::I64(values), ColumnData::I64(Some(value))) => values.push(value),
            (Self::Text(values), ColumnData::String(Some(value))) => values.push(&value),
            (Self::F64(values), ColumnData::F64(Some(value))) => values.push(value),
            (Self::Bool(values), ColumnData::Bit(Some(value))) => values.push(value),
            (Self::I16(values), ColumnData::I16(Some(value))) => values.push(value),
            (Self::U8(values), ColumnData::U8(Some(value))) => values.push(value),
            (Self::F32(values), ColumnData::F32(Some(value))) => values.push(value),
            (Self::Decimal { values, precision, scale }, ColumnData::Numeric(Some(value))) => {
                let from = usize::from(value.scale());
                let to = *scale.get_or_insert(from);
                let unscaled = rescale(value.value(), from, to).filter(|unscaled| fits(*unscaled, *precision));
                values.push(unscaled.ok_or(Refusal::Digits(value))?);
            }
            (Self::Money { values, .. }, ColumnData::F64(Some(value))) => {
                values.push(money(value).ok_or(Refusal::Money(value))?);
            }
            (Self::Date(values), ColumnData::Date(Some(value))) => values.push(instant::of_date(value)),
            (Self::Time(values), ColumnData::Time(Some(value))) => values.push(instant::of_time(value)),
            (Self::Instant { values, fraction, .. }, ColumnData::DateTime2(Some(value))) => {
                values.push(count(instant::of_datetime2(value), *fraction)?);
            }
            (Self::Instant { values, fraction, .. }, ColumnData::DateTimeOffset(Some(value))) => {
                values.push(count(instant::of_datetimeoffset(value), *fraction)?);
            }
            (Self::Instant { values, fraction, .. }, ColumnData::DateTime(Some(value))) => {
                values.push(count(instant::from_micros(instant::of_datetime(value)), *fraction)?);
            }
            (Self::Instant { values, fraction, .. }, ColumnData::SmallDateTime(Some(value))) => {
                values.push(count(instant::from_micros(instant::of_smalldatetime(value)), *fraction)?);
            }
            (Self::Binary(values), ColumnData::Binary(Some(value))) => values.push(&value),
            (Self::Text(values), ColumnData::Guid(Some(value))) => {
                let mut text = [0; 36];
                values.push(value.hyphenated().encode_lower(&mut text));
            }
            (Self::Text(values), ColumnData::Xml(Some(value))) => values.push(value.as_ref().as_ref()),
            (store, cell) => return store.push_rest(&cell),
        }
        Ok(())
    }

    /// NULLs, and values of a `sql_variant` or an instant that are wanted as text.
    fn push_rest(&mut self, cell: &ColumnData<'static>) -> Result<(), Refusal> {
        if variant::is_null(cell) {
            self.push_null();
            return Ok(());
        }
        if let Some(value) = variant::doubtful_money(cell) {
            return Err(Refusal::Money(value));
        }
        match self {
            Self::Text(values) => values.push(&variant::text(cell).ok_or(Refusal::Type)?),
            _ => return Err(Refusal::Type),
        }
        Ok(())
    }

    #[inline]
    fn push_null(&mut self) {
        match self {
            Self::Bool(values) => values.push_null(),
            Self::U8(values) => values.push_null(),
            Self::I16(values) => values.push_null(),
            Self::I32(values) | Self::Date(values) => values.push_null(),
            Self::I64(values) | Self::Time(values) | Self::Instant { values, .. } => values.push_null(),
            Self::F32(values) => values.push_null(),
            Self::F64(values) => values.push_null(),
            Self::Decimal { values, .. } | Self::Money { values, .. } => values.push_null(),
            Self::Text(values) => values.push_null(),
            Self::Binary(values) => values.push_null(),
        }
    }

    /// Takes over what the server described once the values were there: a decimal's digits, that money is small. What the
    /// values contradict stays as it is.
    pub fn complete(&mut self, described: Kind) {
        match (self, described) {
            (Self::Decimal { values, precision, scale }, Kind::Decimal { precision: digits, scale: behind }) => {
                let agree = scale.is_none_or(|scale| scale == behind);
                if agree && values.iter().flatten().all(|unscaled| fits(unscaled, digits)) {
                    (*precision, *scale) = (digits, Some(behind));
                }
            }
            (Self::Money { precision, .. }, Kind::SmallMoney) => *precision = SMALLMONEY.0,
            _ => {}
        }
    }

    /// The scale that a decimal has, once it is known.
    pub fn scale(&self) -> Option<usize> {
        match self {
            Self::Decimal { scale, .. } => *scale,
            _ => None,
        }
    }

    /// The type that it has now.
    pub fn dtype(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Boolean,
            Self::U8(_) => DataType::UInt8,
            Self::I16(_) => DataType::Int16,
            Self::I32(_) => DataType::Int32,
            Self::I64(_) => DataType::Int64,
            Self::F32(_) => DataType::Float32,
            Self::F64(_) => DataType::Float64,
            Self::Decimal { precision, scale, .. } => DataType::Decimal(*precision, scale.unwrap_or(OPEN_DECIMAL.1)),
            Self::Money { precision, .. } => DataType::Decimal(*precision, MONEY.1),
            Self::Date(_) => DataType::Date,
            Self::Time(_) => DataType::Time,
            Self::Instant { fraction, utc, .. } => DataType::Datetime(fraction.unit(), zone(*utc)),
            Self::Text(_) => DataType::String,
            Self::Binary(_) => DataType::Binary,
        }
    }

    /// The finished column.
    pub fn finish(self, name: PlSmallStr) -> Series {
        match self {
            Self::Bool(values) => values.finish(name),
            Self::U8(values) => finish_number::<UInt8Type>(values, name),
            Self::I16(values) => finish_number::<Int16Type>(values, name),
            Self::I32(values) => finish_number::<Int32Type>(values, name),
            Self::I64(values) => finish_number::<Int64Type>(values, name),
            Self::F32(values) => finish_number::<Float32Type>(values, name),
            Self::F64(values) => finish_number::<Float64Type>(values, name),
            Self::Decimal { values, precision, scale } => {
                finish_decimal(values, name, precision, scale.unwrap_or(OPEN_DECIMAL.1))
            }
            Self::Money { values, precision } => finish_decimal(values, name, precision, MONEY.1),
            Self::Date(values) => finish_date(values, name),
            Self::Time(values) => finish_time(values, name),
            Self::Instant { values, fraction, utc } => finish_datetime(values, name, fraction.unit(), zone(utc)),
            Self::Text(values) => values.finish(name),
            Self::Binary(values) => values.finish(name),
        }
    }
}

impl Fraction {
    fn unit(self) -> TimeUnit {
        match self {
            Self::Micros | Self::MicrosRoundedDown => TimeUnit::Microseconds,
            Self::Nanos => TimeUnit::Nanoseconds,
        }
    }
}

fn zone(utc: bool) -> Option<TimeZone> {
    utc.then_some(TimeZone::UTC)
}

#[inline]
fn count(instant: Instant, fraction: Fraction) -> Result<i64, Refusal> {
    match fraction {
        Fraction::Micros => instant.micros().ok_or(Refusal::SeventhDigit(instant)),
        Fraction::MicrosRoundedDown => Ok(instant.micros_rounded_down()),
        Fraction::Nanos => instant.nanos().ok_or(Refusal::BeyondNanos(instant)),
    }
}

/// Ten thousandths; `None` where a double no longer tells one from the next.
fn money(value: f64) -> Option<i128> {
    (value.abs() < MOST_MONEY).then(|| (value * 1e4).round() as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_or_refused() {
        for unscaled in [0_i64, 1, -1, 12_345, 8_999_999_999_999_999, -8_999_999_999_999_999, 4_503_599_627_370_497] {
            // As the client library makes a double of the server's two halves.
            let (high, low) = (unscaled >> 32, unscaled as u32);
            let value = ((high << 32) as f64 + f64::from(low)) / 1e4;
            assert_eq!(money(value), Some(i128::from(unscaled)), "{unscaled}");
        }
        assert_eq!(money(9.0e11), None);
        assert_eq!(money(-9.223_372_036_854_775e14), None);
    }

    #[test]
    fn a_decimals_scale_comes_with_its_first_value() {
        let mut store = Store::of_kind(Kind::OpenDecimal, Fraction::Micros);
        assert_eq!(store.push(ColumnData::Numeric(None)), Ok(()));
        assert_eq!(store.dtype(), DataType::Decimal(38, 18));
        assert_eq!(store.push(ColumnData::Numeric(Some(Numeric::new_with_scale(-125, 2)))), Ok(()));
        assert_eq!(store.dtype(), DataType::Decimal(38, 2));
    }
}
