//! One column of a result while it is filled: decided once, then one value after the other.

use std::sync::Arc;

use industrydb_core::column::{
    Bools, Fixed, NotUtf8, Texts, Views, finish_date, finish_datetime, finish_decimal, finish_duration, finish_number,
    finish_time,
};
use industrydb_core::connector::Settle;
use industrydb_core::decimal::{MAX_PRECISION, decimal_to_f64, fits, rescale};
use industrydb_core::error::Result;
use industrydb_core::text::utf8;
use polars_core::prelude::{
    DataType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, PlSmallStr, Series, TimeUnit, TimeZone,
    UInt32Type,
};

use super::nested::{Lists, Structs};
use super::number::{Numeric, exact_double, settled_scale};
use super::time::{self, Misfit};
use super::wire::exactly;
use crate::error::conversion;
use crate::text;
use crate::types::{Kind, NumericModifier, OPEN_SCALE, Type};

/// Why a value has no place in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// The bytes are no value of that type: nothing that a server sends.
    Malformed,
    /// The type is another one than when the statement was prepared.
    Changed,
    /// Not UTF-8; an earlier value may be the first: [`Store::first_odd`].
    NotUtf8,
    /// Infinite, out of range, `24:00:00`, months.
    Time(Misfit),
    /// A number that is none: NaN or infinite.
    NotANumber,
    /// More digits than the Decimal has.
    Digits,
    /// An array of several dimensions.
    Dimensions,
    /// A number that no double is the shortest form of.
    Inexact,
}

impl From<Misfit> for Odd {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Malformed => Self::Malformed,
            Misfit::Infinite | Misfit::OutOfRange | Misfit::EndOfDay | Misfit::Months => Self::Time(misfit),
        }
    }
}

impl From<text::Malformed> for Odd {
    fn from(_: text::Malformed) -> Self {
        Self::Malformed
    }
}

/// A column being filled.
#[derive(Debug)]
pub enum Store {
    Bool(Bools),
    Int16(Fixed<i16>),
    Int32(Fixed<i32>),
    Int64(Fixed<i64>),
    UInt32(Fixed<u32>),
    Float32(Fixed<f32>),
    Float64(Fixed<f64>),
    /// NUMERIC of a known scale.
    Decimal {
        values: Fixed<i128>,
        precision: usize,
        scale: usize,
    },
    /// NUMERIC whose scale its values decide.
    OpenDecimal(OpenDecimal),
    /// NUMERIC that was asked for as Float64.
    NumericAsFloat(Fixed<f64>),
    Text(Views<str>),
    /// As `Text`, where many are checked at a time.
    Texts(Texts),
    Jsonb(Views<str>),
    Binary(Views<[u8]>),
    Date(Fixed<i32>),
    Time(Fixed<i64>),
    Datetime {
        values: Fixed<i64>,
        zone: Option<TimeZone>,
    },
    Duration(Fixed<i64>),
    /// Labels, as text until the column is finished.
    Enum {
        values: Views<str>,
        dtype: DataType,
    },
    /// Written as the server would write it.
    Formatted {
        values: Views<str>,
        ty: Arc<Type>,
        buffer: String,
    },
    /// Intervals as ISO 8601.
    IntervalText {
        values: Views<str>,
        buffer: String,
    },
    List(Box<Lists>),
    Vector(Box<Lists>),
    Struct(Box<Structs>),
}

/// Numbers whose largest scale becomes the column's.
#[derive(Debug, Default)]
pub struct OpenDecimal {
    values: Fixed<i128>,
    scale: usize,
    /// The largest scale of the zeros, which have a place at any other.
    zero_scale: usize,
    largest: u128,
    /// Whether the column settles with its first batch, on a scale with room for later ones.
    streams: bool,
}

impl OpenDecimal {
    /// An empty column; `streams` if it settles with its first batch.
    pub fn new(streams: bool) -> Self {
        Self { streams, ..Self::default() }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Odd> {
        let number = finite(bytes)?;
        if number.scale > self.scale {
            if number.unscaled(0) == Some(0) {
                self.zero_scale = self.zero_scale.max(number.scale.min(MAX_PRECISION));
                self.values.push(0);
                return Ok(());
            }
            let (from, to) = (self.scale, number.scale);
            let wider = |value| rescale(value, from, to).filter(|value| fits(*value, MAX_PRECISION));
            self.values = self.values.try_map(wider).ok_or(Odd::Digits)?;
            self.largest = self.values.iter().flatten().map(i128::unsigned_abs).max().unwrap_or(0);
            self.scale = number.scale;
        }
        let value = number.unscaled(self.scale).ok_or(Odd::Digits)?;
        self.largest = self.largest.max(value.unsigned_abs());
        self.values.push(value);
        Ok(())
    }
}

fn finite(bytes: &[u8]) -> Result<super::number::Finite<'_>, Odd> {
    match Numeric::parse(bytes) {
        Some(Numeric::Finite(number)) => Ok(number),
        Some(Numeric::NaN | Numeric::Infinite(_)) => Err(Odd::NotANumber),
        None => Err(Odd::Malformed),
    }
}

/// The double whose shortest decimal form is the number, or that is the number itself.
pub fn double(bytes: &[u8]) -> Result<f64, Odd> {
    match Numeric::parse(bytes).ok_or(Odd::Malformed)? {
        Numeric::NaN => Ok(f64::NAN),
        Numeric::Infinite(negative) => Ok(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        Numeric::Finite(number) => match number.unscaled(number.scale) {
            Some(value) => {
                decimal_to_f64(value, number.scale).or_else(|| exact_double(value, number.scale)).ok_or(Odd::Inexact)
            }
            // More than 38 digits: 1e40 is a double all the same.
            None => number.long_double().ok_or(Odd::Inexact),
        },
    }
}

impl Store {
    /// What a column of `ty` is filled into; `wanted` is the override, which is otherwise reached by a cast.
    pub fn new(ty: &Type, wanted: Option<&DataType>, settle: Settle) -> Self {
        if let Some(store) = Self::for_override(ty, wanted) {
            return store;
        }
        match &ty.kind {
            Kind::Bool => Self::Bool(Bools::default()),
            Kind::Int2 => Self::Int16(Fixed::new()),
            Kind::Int4 => Self::Int32(Fixed::new()),
            Kind::Int8 => Self::Int64(Fixed::new()),
            Kind::Oid => Self::UInt32(Fixed::new()),
            Kind::Float4 => Self::Float32(Fixed::new()),
            Kind::Float8 => Self::Float64(Fixed::new()),
            Kind::Numeric(modifier) => match modifier.and_then(NumericModifier::decimal) {
                Some((precision, scale)) => Self::Decimal { values: Fixed::new(), precision, scale },
                None if settle == Settle::Declared => {
                    Self::Decimal { values: Fixed::new(), precision: MAX_PRECISION, scale: OPEN_SCALE }
                }
                None => Self::OpenDecimal(OpenDecimal::new(settle == Settle::FirstBatch)),
            },
            Kind::Text | Kind::Other => Self::Text(Views::new()),
            Kind::Jsonb => Self::Jsonb(Views::new()),
            Kind::Bytea | Kind::Geometry => Self::Binary(Views::new()),
            Kind::Date => Self::Date(Fixed::new()),
            Kind::Time => Self::Time(Fixed::new()),
            Kind::Timestamp => Self::Datetime { values: Fixed::new(), zone: None },
            Kind::TimestampTz => Self::Datetime { values: Fixed::new(), zone: Some(TimeZone::UTC) },
            Kind::Interval => Self::Duration(Fixed::new()),
            Kind::Enum(_) => Self::Enum { values: Views::new(), dtype: ty.dtype() },
            Kind::Formatted(_) => Self::formatted(ty),
            Kind::Array(element) => Self::List(Box::new(Lists::new(element, Self::new(element, None, settle)))),
            Kind::Composite(attributes) => {
                let fields = attributes.iter().map(|field| (field.clone(), Self::new(&field.ty, None, settle)));
                Self::Struct(Box::new(Structs::new(fields.collect())))
            }
            Kind::Vector(width) => Self::Vector(Box::new(Lists::of_vectors(*width, Self::Float32(Fixed::new())))),
        }
    }

    /// As [`Self::new`], for a column of a result rather than a part of one.
    pub fn of_column(ty: &Type, wanted: Option<&DataType>, settle: Settle) -> Self {
        let store = Self::new(ty, wanted, settle);
        if matches!(store, Self::Text(_)) { Self::Texts(Texts::new()) } else { store }
    }

    /// The overrides that reach further than a cast of what the type reads as.
    fn for_override(ty: &Type, wanted: Option<&DataType>) -> Option<Self> {
        match (wanted?, &ty.kind) {
            (DataType::String, Kind::Text | Kind::Jsonb | Kind::Formatted(_) | Kind::Enum(_) | Kind::Other) => None,
            (DataType::String, Kind::Interval) => {
                Some(Self::IntervalText { values: Views::new(), buffer: String::new() })
            }
            // A text as its bytes, of whatever encoding.
            (DataType::String, Kind::Bytea) => None,
            (DataType::String, _) => Some(Self::formatted(ty)),
            (DataType::Binary, Kind::Text | Kind::Bytea | Kind::Geometry) => Some(Self::Binary(Views::new())),
            (DataType::Float64, Kind::Numeric(_)) => Some(Self::NumericAsFloat(Fixed::new())),
            (DataType::Decimal(precision, scale), Kind::Numeric(_)) => {
                Some(Self::Decimal { values: Fixed::new(), precision: *precision, scale: *scale })
            }
            _ => None,
        }
    }

    fn formatted(ty: &Type) -> Self {
        Self::Formatted { values: Views::new(), ty: Arc::new(ty.clone()), buffer: String::new() }
    }

    /// Appends a value in its binary form.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Odd> {
        fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Odd> {
            exactly(bytes).ok_or(Odd::Malformed)
        }
        match self {
            Self::Bool(values) => match bytes {
                [value] => values.push(*value != 0),
                _ => return Err(Odd::Malformed),
            },
            Self::Int16(values) => values.push(i16::from_be_bytes(fixed(bytes)?)),
            Self::Int32(values) => values.push(i32::from_be_bytes(fixed(bytes)?)),
            Self::Int64(values) => values.push(i64::from_be_bytes(fixed(bytes)?)),
            Self::UInt32(values) => values.push(u32::from_be_bytes(fixed(bytes)?)),
            Self::Float32(values) => values.push(f32::from_be_bytes(fixed(bytes)?)),
            Self::Float64(values) => values.push(f64::from_be_bytes(fixed(bytes)?)),
            Self::Decimal { values, precision, scale } => {
                let value = finite(bytes)?.unscaled(*scale).filter(|value| fits(*value, *precision));
                values.push(value.ok_or(Odd::Digits)?);
            }
            Self::OpenDecimal(open) => open.push(bytes)?,
            Self::NumericAsFloat(values) => values.push(double(bytes)?),
            Self::Text(values) => values.push(utf8(bytes).ok_or(Odd::NotUtf8)?),
            Self::Texts(values) => {
                if !values.push(bytes) {
                    return Err(Odd::NotUtf8);
                }
            }
            // A version, of which there is only 1.
            Self::Jsonb(values) => match bytes.split_first() {
                Some((1, text)) => values.push(utf8(text).ok_or(Odd::NotUtf8)?),
                _ => return Err(Odd::Malformed),
            },
            Self::Binary(values) => values.push(bytes),
            Self::Date(values) => values.push(time::date(bytes)?),
            Self::Time(values) => values.push(time::time(bytes)?),
            Self::Datetime { values, zone: _ } => values.push(time::timestamp(bytes)?),
            Self::Duration(values) => values.push(time::interval(bytes)?),
            Self::Enum { values, dtype: _ } => values.push(utf8(bytes).ok_or(Odd::NotUtf8)?),
            Self::Formatted { values, ty, buffer } => {
                buffer.clear();
                text::write(ty, bytes, buffer)?;
                values.push(buffer);
            }
            Self::IntervalText { values, buffer } => {
                buffer.clear();
                text::write_interval_iso(bytes, buffer)?;
                values.push(buffer);
            }
            Self::List(lists) => lists.push_array(bytes)?,
            Self::Vector(lists) => lists.push_vector(bytes)?,
            Self::Struct(structs) => structs.push(bytes)?,
        }
        Ok(())
    }

    /// Appends a NULL.
    #[inline]
    pub fn push_null(&mut self) {
        match self {
            Self::Bool(values) => values.push_null(),
            Self::Int16(values) => values.push_null(),
            Self::Int32(values) | Self::Date(values) => values.push_null(),
            Self::Int64(values) | Self::Time(values) | Self::Datetime { values, zone: _ } | Self::Duration(values) => {
                values.push_null()
            }
            Self::UInt32(values) => values.push_null(),
            Self::Float32(values) => values.push_null(),
            Self::Float64(values) | Self::NumericAsFloat(values) => values.push_null(),
            Self::Decimal { values, .. } => values.push_null(),
            Self::OpenDecimal(open) => open.values.push_null(),
            Self::Text(values)
            | Self::Jsonb(values)
            | Self::Enum { values, .. }
            | Self::Formatted { values, .. }
            | Self::IntervalText { values, .. } => values.push_null(),
            Self::Texts(values) => values.push_null(),
            Self::Binary(values) => values.push_null(),
            Self::List(lists) | Self::Vector(lists) => lists.push_null(),
            Self::Struct(structs) => structs.push_null(),
        }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int16(values) => values.len(),
            Self::Int32(values) | Self::Date(values) => values.len(),
            Self::Int64(values) | Self::Time(values) | Self::Datetime { values, zone: _ } | Self::Duration(values) => {
                values.len()
            }
            Self::UInt32(values) => values.len(),
            Self::Float32(values) => values.len(),
            Self::Float64(values) | Self::NumericAsFloat(values) => values.len(),
            Self::Decimal { values, .. } => values.len(),
            Self::OpenDecimal(open) => open.values.len(),
            Self::Text(values)
            | Self::Jsonb(values)
            | Self::Enum { values, .. }
            | Self::Formatted { values, .. }
            | Self::IntervalText { values, .. } => values.len(),
            Self::Texts(values) => values.len(),
            Self::Binary(values) => values.len(),
            Self::List(lists) | Self::Vector(lists) => lists.len(),
            Self::Struct(structs) => structs.len(),
        }
    }

    /// The first text of the column that is not UTF-8, to be asked for before it is finished.
    pub fn first_odd(&mut self) -> Option<NotUtf8> {
        let Self::Texts(values) = self else { return None };
        if values.check() { None } else { values.first_odd() }
    }

    /// The finished column, and what the next batch is filled into; `more` if there may be one, which gets room for as
    /// many rows.
    pub fn finish(self, name: PlSmallStr, more: bool) -> Result<(Series, Self)> {
        let room = if more { self.len() } else { 0 };
        Ok(match self {
            Self::Bool(values) => (values.finish(name), Self::Bool(Bools::default())),
            Self::Int16(values) => (finish_number::<Int16Type>(values, name), Self::Int16(Fixed::with_capacity(room))),
            Self::Int32(values) => (finish_number::<Int32Type>(values, name), Self::Int32(Fixed::with_capacity(room))),
            Self::Int64(values) => (finish_number::<Int64Type>(values, name), Self::Int64(Fixed::with_capacity(room))),
            Self::UInt32(values) => {
                (finish_number::<UInt32Type>(values, name), Self::UInt32(Fixed::with_capacity(room)))
            }
            Self::Float32(values) => {
                (finish_number::<Float32Type>(values, name), Self::Float32(Fixed::with_capacity(room)))
            }
            Self::Float64(values) => {
                (finish_number::<Float64Type>(values, name), Self::Float64(Fixed::with_capacity(room)))
            }
            Self::NumericAsFloat(values) => {
                (finish_number::<Float64Type>(values, name), Self::NumericAsFloat(Fixed::with_capacity(room)))
            }
            Self::Decimal { values, precision, scale } => {
                let next = Self::Decimal { values: Fixed::with_capacity(room), precision, scale };
                (finish_decimal(values, name, precision, scale), next)
            }
            Self::OpenDecimal(open) => open.finish(name, room)?,
            Self::Text(values) => (values.finish(name), Self::Text(Views::with_capacity(room))),
            Self::Texts(values) => {
                let series =
                    values.finish(name).map_err(|odd| conversion(format!("row {}: it is not UTF-8", odd.row)))?;
                (series, Self::Texts(Texts::with_capacity(room)))
            }
            Self::Jsonb(values) => (values.finish(name), Self::Jsonb(Views::with_capacity(room))),
            Self::Binary(values) => (values.finish(name), Self::Binary(Views::with_capacity(room))),
            Self::Date(values) => (finish_date(values, name), Self::Date(Fixed::with_capacity(room))),
            Self::Time(values) => (finish_time(values, name), Self::Time(Fixed::with_capacity(room))),
            Self::Datetime { values, zone } => {
                let next = Self::Datetime { values: Fixed::with_capacity(room), zone: zone.clone() };
                (finish_datetime(values, name, TimeUnit::Microseconds, zone), next)
            }
            Self::Duration(values) => {
                let next = Self::Duration(Fixed::with_capacity(room));
                (finish_duration(values, name, TimeUnit::Microseconds), next)
            }
            Self::Enum { values, dtype } => {
                let labels = values.finish(name);
                let series = labels.strict_cast(&dtype).map_err(|_| {
                    conversion(format!("column {:?}: the enum has labels that it did not have before", labels.name()))
                        .with_column(labels.name().as_str())
                        .with_hint("run it again: the labels are read anew")
                })?;
                (series, Self::Enum { values: Views::with_capacity(room), dtype })
            }
            Self::Formatted { values, ty, buffer } => {
                (values.finish(name), Self::Formatted { values: Views::with_capacity(room), ty, buffer })
            }
            Self::IntervalText { values, buffer } => {
                (values.finish(name), Self::IntervalText { values: Views::with_capacity(room), buffer })
            }
            Self::List(lists) => lists.finish(name, more)?,
            Self::Vector(lists) => match lists.finish(name, more)? {
                (series, Self::List(next)) => (series, Self::Vector(next)),
                other => other,
            },
            Self::Struct(structs) => structs.finish(name, more)?,
        })
    }
}

impl OpenDecimal {
    fn finish(self, name: PlSmallStr, room: usize) -> Result<(Series, Store)> {
        let scale = if !self.values.has_values() {
            OPEN_SCALE
        } else if self.streams {
            settled_scale(OPEN_SCALE, self.scale, self.largest)
        } else if self.largest == 0 {
            self.zero_scale
        } else {
            settled_scale(self.zero_scale, self.scale, self.largest)
        };
        let values = if scale == self.scale {
            self.values
        } else {
            self.values.try_map(|value| rescale(value, self.scale, scale)).ok_or_else(|| {
                conversion(format!("column {name:?}: its digits do not fit into Decimal(38, {scale})"))
            })?
        };
        let next = Store::Decimal { values: Fixed::with_capacity(room), precision: MAX_PRECISION, scale };
        Ok((finish_decimal(values, name, MAX_PRECISION, scale), next))
    }
}
