//! The values of one column's block, as typed arrays.

use std::ops::Range;
use std::sync::Arc;

use industrydb_core::error::Result;
use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, ListArray, PrimitiveArray, StaticArray as _, StructArray, Utf8ViewArray,
};
use polars_arrow::bitmap::Bitmap;

use super::numeric::Scale;
use super::shape::{Elements, Limit, Shape, Steps};
use super::typed::{codes, typed};
use crate::types::{Labels, NumericModifier};

/// Values of one column.
#[derive(Debug, Clone)]
pub enum Cells {
    Null,
    Bool(BooleanArray),
    Int2(PrimitiveArray<i16>),
    Int4(PrimitiveArray<i32>),
    Int8(PrimitiveArray<i64>),
    Oid(PrimitiveArray<u32>),
    Float4(PrimitiveArray<f32>),
    Float8(PrimitiveArray<f64>),
    Decimal(PrimitiveArray<i128>, Scale),
    FloatDecimal(PrimitiveArray<f64>, Option<NumericModifier>),
    TextDecimal(Utf8ViewArray, Option<NumericModifier>),
    Money(PrimitiveArray<i128>),
    Text(Utf8ViewArray, Limit),
    Jsonb(Utf8ViewArray),
    Bytea(BinaryViewArray),
    Geometry(BinaryViewArray),
    Date(PrimitiveArray<i32>),
    Time(PrimitiveArray<i64>, i64),
    Timestamp(PrimitiveArray<i64>, i64),
    TimestampTz(PrimitiveArray<i64>, i64),
    Interval(PrimitiveArray<i64>, Steps),
    Uuid(Utf8ViewArray),
    UuidBytes(BinaryViewArray),
    Label(PrimitiveArray<u32>, Arc<Labels>),
    Array(Box<Lists>),
    Row(Vec<(u32, Cells)>, Option<Bitmap>),
    Vector(Box<Lists>),
    Parsed(Utf8ViewArray),
}

/// Lists: where each begins and ends in the values of all.
#[derive(Debug, Clone)]
pub struct Lists {
    /// One more than there are lists.
    offsets: Vec<usize>,
    validity: Option<Bitmap>,
    /// The values' type.
    pub oid: u32,
    /// What stands between the values in text.
    pub delimiter: char,
    /// The values.
    pub values: Cells,
}

impl Lists {
    fn new(array: &dyn Array, shape: &Shape, oid: u32, delimiter: char) -> Result<Self> {
        let list: ListArray<i64> = typed(array)?;
        let place = |offset: &i64| usize::try_from(*offset).unwrap_or(0);
        let (first, last) = (place(list.offsets().first()), place(list.offsets().last()));
        // Of the values, only those of this block.
        let values = Cells::new(list.values().sliced(first, last - first).as_ref(), shape)?;
        let offsets = list.offsets().as_slice().iter().map(|offset| place(offset) - first).collect();
        Ok(Self { offsets, validity: list.validity().cloned(), oid, delimiter, values })
    }

    /// Where the list in `row` begins and ends; `None` if it is Null.
    pub fn range(&self, row: usize) -> Option<Range<usize>> {
        let valid = self.validity.as_ref().is_none_or(|bits| bits.get(row) == Some(true));
        valid.then(|| Some(*self.offsets.get(row)?..*self.offsets.get(row + 1)?))?
    }
}

impl Cells {
    /// The values of `array`, whose type is the one that `shape` asks for.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Execution`] if it has another one.
    pub fn new(array: &dyn Array, shape: &Shape) -> Result<Self> {
        Ok(match shape {
            Shape::Null => Self::Null,
            Shape::Bool => Self::Bool(typed(array)?),
            Shape::Int2 => Self::Int2(typed(array)?),
            Shape::Int4 => Self::Int4(typed(array)?),
            Shape::Int8 => Self::Int8(typed(array)?),
            Shape::Oid => Self::Oid(typed(array)?),
            Shape::Float4 => Self::Float4(typed(array)?),
            Shape::Float8 => Self::Float8(typed(array)?),
            Shape::Decimal(scale) => Self::Decimal(typed(array)?, *scale),
            Shape::FloatDecimal(modifier) => Self::FloatDecimal(typed(array)?, *modifier),
            Shape::TextDecimal(modifier) => Self::TextDecimal(typed(array)?, *modifier),
            Shape::Money => Self::Money(typed(array)?),
            Shape::Text(limit) => Self::Text(typed(array)?, *limit),
            Shape::Jsonb => Self::Jsonb(typed(array)?),
            Shape::Bytea => Self::Bytea(typed(array)?),
            Shape::Geometry => Self::Geometry(typed(array)?),
            Shape::Date => Self::Date(typed(array)?),
            Shape::Time(step) | Shape::TimeTz(step) => Self::Time(typed(array)?, *step),
            Shape::Timestamp(step) => Self::Timestamp(typed(array)?, *step),
            Shape::TimestampTz(step) => Self::TimestampTz(typed(array)?, *step),
            Shape::Interval(steps) => Self::Interval(typed(array)?, *steps),
            Shape::Uuid => Self::Uuid(typed(array)?),
            Shape::UuidBytes => Self::UuidBytes(typed(array)?),
            Shape::Label(labels) => Self::Label(codes(array)?, Arc::clone(labels)),
            Shape::Array(elements) => {
                let Elements { oid, delimiter, shape } = elements.as_ref();
                Self::Array(Box::new(Lists::new(array, shape, *oid, *delimiter)?))
            }
            Shape::Vector => Self::Vector(Box::new(Lists::new(array, &Shape::Float4, 0, ',')?)),
            Shape::Row(shapes) => {
                let row: StructArray = typed(array)?;
                let values = row.values().iter().zip(shapes);
                let values = values.map(|(array, (oid, shape))| Ok((*oid, Self::new(array.as_ref(), shape)?)));
                Self::Row(values.collect::<Result<_>>()?, row.validity().cloned())
            }
            Shape::Parsed => Self::Parsed(typed(array)?),
        })
    }

    /// Whether the value in `row` is Null.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(values) => values.get(row).is_none(),
            Self::Int2(values) => values.get(row).is_none(),
            Self::Int4(values) | Self::Date(values) => values.get(row).is_none(),
            Self::Oid(values) | Self::Label(values, _) => values.get(row).is_none(),
            Self::Int8(values)
            | Self::Time(values, _)
            | Self::Timestamp(values, _)
            | Self::TimestampTz(values, _)
            | Self::Interval(values, _) => values.get(row).is_none(),
            Self::Float4(values) => values.get(row).is_none(),
            Self::Float8(values) | Self::FloatDecimal(values, _) => values.get(row).is_none(),
            Self::Decimal(values, _) | Self::Money(values) => values.get(row).is_none(),
            Self::TextDecimal(values, _)
            | Self::Text(values, _)
            | Self::Jsonb(values)
            | Self::Uuid(values)
            | Self::Parsed(values) => values.get(row).is_none(),
            Self::Bytea(values) | Self::Geometry(values) | Self::UuidBytes(values) => values.get(row).is_none(),
            Self::Array(lists) | Self::Vector(lists) => lists.range(row).is_none(),
            Self::Row(_, validity) => !valid(validity, row),
        }
    }
}

#[inline]
pub fn valid(validity: &Option<Bitmap>, row: usize) -> bool {
    validity.as_ref().is_none_or(|bits| bits.get(row) == Some(true))
}
