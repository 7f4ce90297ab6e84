//! Arrays, rows and vectors, by what they hold.

use industrydb_core::error::Result;
use polars_arrow::array::{ListArray, PrimitiveArray};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_arrow::offset::OffsetsBuffer;
use polars_core::prelude::{DataType, IntoSeries, ListChunked, PlSmallStr, Series, StructChunked};

use super::store::{Odd, Store};
use super::wire::Wire;
use crate::error::conversion;
use crate::types::{Attribute, Type};

/// A column of one-dimensional arrays.
#[derive(Debug)]
pub struct Lists {
    ends: Vec<i64>,
    validity: MutableBitmap,
    element: u32,
    values: Store,
    /// The width of every list, where all have the same: a column of Array.
    width: Option<usize>,
}

impl Lists {
    /// An empty column of arrays of `element`.
    pub fn new(element: &Type, values: Store) -> Self {
        Self { ends: vec![0], validity: MutableBitmap::new(), element: element.oid, values, width: None }
    }

    /// An empty column of vectors of floats.
    pub fn of_vectors(width: Option<usize>, values: Store) -> Self {
        Self { ends: vec![0], validity: MutableBitmap::new(), element: 0, values, width }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.validity.len()
    }

    /// Appends a NULL.
    pub fn push_null(&mut self) {
        // An Array keeps room for what is not there.
        for _ in 0..self.width.unwrap_or(0) {
            self.values.push_null();
        }
        self.end_row(false);
    }

    fn end_row(&mut self, valid: bool) {
        self.ends.push(i64::try_from(self.values.len()).unwrap_or(i64::MAX));
        self.validity.push(valid);
    }

    /// Appends an array: dimensions, flags, element type, then each dimension's length and lower bound, then the
    /// elements (PostgreSQL source, `arrayfuncs.c`, `array_send`).
    pub fn push_array(&mut self, bytes: &[u8]) -> Result<(), Odd> {
        let mut wire = Wire(bytes);
        let malformed = Odd::Malformed;
        let dimensions = wire.count().ok_or(malformed)?;
        let (Some(_flags), Some(element)) = (wire.i32(), wire.u32()) else { return Err(malformed) };
        match dimensions {
            0 => {}
            1 if element == self.element => {
                let (Some(length), Some(_lower)) = (wire.count(), wire.i32()) else { return Err(malformed) };
                for _ in 0..length {
                    match wire.value().ok_or(malformed)? {
                        None => self.values.push_null(),
                        Some(value) => self.values.push(value)?,
                    }
                }
            }
            1 => return Err(malformed),
            _ => return Err(Odd::Dimensions),
        }
        self.end_row(true);
        Ok(())
    }

    /// Appends a vector: its length, two unused bytes, its floats (pgvector, `vector_send`).
    pub fn push_vector(&mut self, bytes: &[u8]) -> Result<(), Odd> {
        let mut wire = Wire(bytes);
        let (Some(length), Some(_unused)) = (wire.i16(), wire.i16()) else { return Err(Odd::Malformed) };
        let fits = usize::try_from(length).is_ok_and(|length| self.width.is_none_or(|width| width == length));
        if !fits || wire.0.len() != 4 * usize::try_from(length).unwrap_or(0) {
            return Err(Odd::Malformed);
        }
        for float in wire.0.chunks_exact(4) {
            self.values.push(float)?;
        }
        self.end_row(true);
        Ok(())
    }

    /// The finished column.
    pub fn finish(self, name: PlSmallStr, more: bool) -> Result<(Series, Store)> {
        let rows = self.values.len();
        let (values, next) = self.values.finish(PlSmallStr::from_static("item"), more)?;
        let failed = |cause: polars_core::error::PolarsError| conversion(cause.to_string());
        // The lists first, around placeholders; then the values take their place under their own type.
        let item = Field::new(PlSmallStr::from_static("item"), ArrowDataType::UInt8, true);
        let offsets = OffsetsBuffer::try_from(self.ends).map_err(failed)?;
        let lists = ListArray::<i64>::try_new(
            ArrowDataType::LargeList(Box::new(item)),
            offsets,
            PrimitiveArray::from_vec(vec![0_u8; rows]).boxed(),
            Some(self.validity.freeze()),
        )
        .map_err(failed)?;
        let lists = ListChunked::with_chunk(name, lists).apply_to_inner(&|_| Ok(values.clone())).map_err(failed)?;
        let series = match self.width {
            None => lists.into_series(),
            Some(width) => {
                let dtype = DataType::Array(Box::new(values.dtype().clone()), width);
                lists.into_series().cast(&dtype).map_err(failed)?
            }
        };
        let next = Self {
            ends: vec![0],
            validity: MutableBitmap::new(),
            element: self.element,
            values: next,
            width: self.width,
        };
        Ok((series, Store::List(Box::new(next))))
    }
}

/// A column of rows.
#[derive(Debug)]
pub struct Structs {
    attributes: Vec<(Attribute, Store)>,
    validity: MutableBitmap,
}

impl Structs {
    /// An empty column of rows of these attributes.
    pub fn new(attributes: Vec<(Attribute, Store)>) -> Self {
        Self { attributes, validity: MutableBitmap::new() }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.validity.len()
    }

    /// Appends a NULL.
    pub fn push_null(&mut self) {
        for (_, store) in &mut self.attributes {
            store.push_null();
        }
        self.validity.push(false);
    }

    /// Appends a row: how many attributes, then each one's type and value (PostgreSQL source, `rowtypes.c`,
    /// `record_send`).
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Odd> {
        let mut wire = Wire(bytes);
        if wire.count() != Some(self.attributes.len()) {
            return Err(Odd::Changed);
        }
        for (attribute, store) in &mut self.attributes {
            let oid = wire.u32().ok_or(Odd::Malformed)?;
            if oid != attribute.ty.oid {
                return Err(Odd::Changed);
            }
            match wire.value().ok_or(Odd::Malformed)? {
                None => store.push_null(),
                Some(value) => store.push(value)?,
            }
        }
        self.validity.push(true);
        Ok(())
    }

    /// The finished column.
    pub fn finish(self, name: PlSmallStr, more: bool) -> Result<(Series, Store)> {
        let rows = self.validity.len();
        let mut fields = Vec::with_capacity(self.attributes.len());
        let mut next = Vec::with_capacity(self.attributes.len());
        for (attribute, store) in self.attributes {
            let (series, store) = store.finish(attribute.name.clone(), more)?;
            fields.push(series);
            next.push((attribute, store));
        }
        if fields.is_empty() {
            // A row type without attributes: there is nothing to hold but the rows.
            fields.push(Series::full_null(PlSmallStr::EMPTY, rows, &DataType::Null));
        }
        let structs = StructChunked::from_series(name, rows, fields.iter())
            .map_err(|cause| conversion(cause.to_string()))?
            .with_outer_validity(Some(self.validity.freeze()));
        Ok((structs.into_series(), Store::Struct(Box::new(Self::new(next)))))
    }
}
