//! Column builders in the layouts that Polars adopts without a copy.
//!
//! A connector decides once per column which builder it fills, then fills it in a loop. A builder keeps no validity
//! bitmap until the first NULL. `finish_*` moves the buffers out, so that nothing is copied on the way to the frame.

mod texts;

use polars_arrow::array::{BooleanArray, MutableBinaryViewArray, PrimitiveArray, ViewType};
use polars_arrow::bitmap::{Bitmap, MutableBitmap};
use polars_arrow::types::NativeType;
use polars_core::prelude::{
    BinaryChunked, BooleanChunked, ChunkedArray, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries, PlSmallStr,
    PolarsNumericType, Series, StringChunked, TimeUnit, TimeZone,
};

pub use self::texts::{NotUtf8, Texts};

/// Which rows hold a value: nothing until the first NULL.
#[derive(Debug, Clone, Default)]
struct Validity(Option<MutableBitmap>);

impl Validity {
    #[inline]
    fn push_valid(&mut self) {
        if let Some(bits) = &mut self.0 {
            bits.push(true);
        }
    }

    /// Marks the row after `rows` earlier ones as NULL.
    #[inline]
    fn push_null(&mut self, rows: usize) {
        let bits = self.0.get_or_insert_with(|| {
            let mut bits = MutableBitmap::new();
            bits.extend_constant(rows, true);
            bits
        });
        bits.push(false);
    }

    fn nulls(&self) -> usize {
        self.0.as_ref().map_or(0, MutableBitmap::unset_bits)
    }

    fn is_valid(&self, row: usize) -> bool {
        self.0.as_ref().is_none_or(|bits| bits.get(row))
    }

    fn finish(self) -> Option<Bitmap> {
        self.0.map(MutableBitmap::freeze)
    }
}

/// Values of one fixed width: integers, floats, days, µs, unscaled decimals.
#[derive(Debug, Clone, Default)]
pub struct Fixed<T> {
    values: Vec<T>,
    validity: Validity,
}

impl<T: NativeType> Fixed<T> {
    /// An empty column.
    pub fn new() -> Self {
        Self { values: Vec::new(), validity: Validity::default() }
    }

    /// An empty column with room for `rows` values.
    pub fn with_capacity(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), validity: Validity::default() }
    }

    /// A column of `rows` NULLs.
    pub fn nulls(rows: usize) -> Self {
        let mut bits = MutableBitmap::new();
        bits.extend_constant(rows, false);
        Self { values: vec![T::default(); rows], validity: Validity((rows > 0).then_some(bits)) }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.values.push(value);
        self.validity.push_valid();
    }

    /// Appends a NULL.
    #[inline]
    pub fn push_null(&mut self) {
        self.validity.push_null(self.values.len());
        self.values.push(T::default());
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether any row holds a value.
    pub fn has_values(&self) -> bool {
        self.validity.nulls() < self.values.len()
    }

    /// Bytes of the values.
    pub fn byte_len(&self) -> usize {
        size_of_val(self.values.as_slice())
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<T>> {
        self.values.iter().enumerate().map(|(row, value)| self.validity.is_valid(row).then_some(*value))
    }

    /// The column as another fixed width type, or `None` at the first value that `convert` refuses.
    pub fn try_map<U: NativeType>(&self, convert: impl Fn(T) -> Option<U>) -> Option<Fixed<U>> {
        let mut values = Vec::with_capacity(self.values.len());
        for (row, value) in self.values.iter().enumerate() {
            values.push(if self.validity.is_valid(row) { convert(*value)? } else { U::default() });
        }
        Some(Fixed { values, validity: self.validity.clone() })
    }

    fn into_chunked<P>(self, name: PlSmallStr) -> ChunkedArray<P>
    where
        P: PolarsNumericType<Native = T>,
    {
        let array = PrimitiveArray::from_vec(self.values).with_validity(self.validity.finish());
        ChunkedArray::with_chunk(name, array)
    }
}

/// A finished column of a plain number type `P`, such as `Int64Type`.
pub fn finish_number<P>(column: Fixed<P::Native>, name: PlSmallStr) -> Series
where
    P: PolarsNumericType,
    ChunkedArray<P>: IntoSeries,
{
    column.into_chunked::<P>(name).into_series()
}

/// A finished Date column from days since 1970-01-01.
pub fn finish_date(column: Fixed<i32>, name: PlSmallStr) -> Series {
    let days: Int32Chunked = column.into_chunked(name);
    days.into_date().into_series()
}

/// A finished Time column from nanoseconds since midnight.
pub fn finish_time(column: Fixed<i64>, name: PlSmallStr) -> Series {
    let nanoseconds: Int64Chunked = column.into_chunked(name);
    nanoseconds.into_time().into_series()
}

/// A finished Datetime column from `unit`s since 1970-01-01, in `zone`.
pub fn finish_datetime(column: Fixed<i64>, name: PlSmallStr, unit: TimeUnit, zone: Option<TimeZone>) -> Series {
    let instants: Int64Chunked = column.into_chunked(name);
    instants.into_datetime(unit, zone).into_series()
}

/// A finished Duration column from `unit`s.
pub fn finish_duration(column: Fixed<i64>, name: PlSmallStr, unit: TimeUnit) -> Series {
    let lengths: Int64Chunked = column.into_chunked(name);
    lengths.into_duration(unit).into_series()
}

/// A finished Decimal column from unscaled values; the caller has checked that they fit `precision`.
pub fn finish_decimal(column: Fixed<i128>, name: PlSmallStr, precision: usize, scale: usize) -> Series {
    let unscaled: Int128Chunked = column.into_chunked(name);
    unscaled.into_decimal_unchecked(precision, scale).into_series()
}

/// Truth values, one bit each.
#[derive(Debug, Clone, Default)]
pub struct Bools {
    values: MutableBitmap,
    validity: Validity,
}

impl Bools {
    /// A column of `rows` NULLs.
    pub fn nulls(rows: usize) -> Self {
        let mut column = Self::default();
        for _ in 0..rows {
            column.push_null();
        }
        column
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: bool) {
        self.values.push(value);
        self.validity.push_valid();
    }

    /// Appends a NULL.
    #[inline]
    pub fn push_null(&mut self) {
        self.validity.push_null(self.values.len());
        self.values.push(false);
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether any row holds a value.
    pub fn has_values(&self) -> bool {
        self.validity.nulls() < self.values.len()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<bool>> {
        (0..self.values.len()).map(|row| self.validity.is_valid(row).then(|| self.values.get(row)))
    }

    /// The finished Boolean column.
    pub fn finish(self, name: PlSmallStr) -> Series {
        let array = BooleanArray::from(self.values.freeze()).with_validity(self.validity.finish());
        BooleanChunked::with_chunk(name, array).into_series()
    }
}

/// Text (`Views<str>`) or bytes (`Views<[u8]>`) in the view layout: up to 12 bytes inline, longer ones in buffers that
/// are never moved again.
#[derive(Debug, Clone, Default)]
pub struct Views<T: ViewType + ?Sized> {
    array: MutableBinaryViewArray<T>,
    nulls: usize,
}

impl<T: ViewType + ?Sized> Views<T> {
    /// An empty column.
    pub fn new() -> Self {
        Self { array: MutableBinaryViewArray::new(), nulls: 0 }
    }

    /// An empty column with room for `rows` values of up to 12 bytes.
    pub fn with_capacity(rows: usize) -> Self {
        Self { array: MutableBinaryViewArray::with_capacity(rows), nulls: 0 }
    }

    /// A column of `rows` NULLs.
    pub fn nulls(rows: usize) -> Self {
        let mut column = Self::new();
        column.array.extend_null(rows);
        column.nulls = rows;
        column
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: &T) {
        self.array.push_value(value);
    }

    /// Appends a NULL.
    #[inline]
    pub fn push_null(&mut self) {
        self.nulls += 1;
        self.array.push_null();
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.array.len() == 0
    }

    /// Whether any row holds a value.
    pub fn has_values(&self) -> bool {
        self.nulls < self.array.len()
    }

    /// Bytes of the values.
    pub fn byte_len(&self) -> usize {
        self.array.total_bytes_len()
    }

    /// The rows in order.
    pub fn iter(&mut self) -> impl Iterator<Item = Option<&T>> {
        let valid: Option<MutableBitmap> = self.array.validity().cloned();
        self.array
            .values_iter()
            .enumerate()
            .map(move |(row, value)| valid.as_ref().is_none_or(|bits| bits.get(row)).then_some(value))
    }
}

impl Views<str> {
    /// The finished String column.
    pub fn finish(self, name: PlSmallStr) -> Series {
        StringChunked::with_chunk(name, self.array.freeze()).into_series()
    }
}

impl Views<[u8]> {
    /// The finished Binary column.
    pub fn finish(self, name: PlSmallStr) -> Series {
        BinaryChunked::with_chunk(name, self.array.freeze()).into_series()
    }
}
