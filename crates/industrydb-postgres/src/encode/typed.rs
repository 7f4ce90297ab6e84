//! Arrays of a type that is known by now.

use industrydb_core::error::{Error, Result};
use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, ListArray, PrimitiveArray, StaticArray as _, StructArray, Utf8ViewArray,
};
use polars_arrow::types::NativeType;

use crate::dialect::DIALECT;

/// The array as one of a known type, without a bitmap that says nothing.
pub fn typed<A: Typed>(array: &dyn Array) -> Result<A> {
    let typed: Option<&A> = array.as_any().downcast_ref();
    match typed {
        Some(array) => Ok(array.clone().tidy()),
        None => {
            let message = format!("a column has an unexpected layout: {:?}", array.dtype());
            Err(Error::execution(message).with_backend(DIALECT.backend))
        }
    }
}

/// Arrays whose bitmap may go.
pub trait Typed: Array + Clone + 'static {
    /// The same values.
    fn tidy(self) -> Self {
        self
    }
}

impl Typed for ListArray<i64> {}
impl Typed for StructArray {}

impl<T: NativeType> Typed for PrimitiveArray<T> {
    fn tidy(self) -> Self {
        if self.null_count() == 0 { self.with_validity_typed(None) } else { self }
    }
}

impl Typed for BooleanArray {
    fn tidy(self) -> Self {
        if self.null_count() == 0 { self.with_validity_typed(None) } else { self }
    }
}

impl Typed for Utf8ViewArray {
    fn tidy(self) -> Self {
        if self.null_count() == 0 { self.with_validity_typed(None) } else { self }
    }
}

impl Typed for BinaryViewArray {
    fn tidy(self) -> Self {
        if self.null_count() == 0 { self.with_validity_typed(None) } else { self }
    }
}

/// The codes of a categorical column, of whatever width.
pub fn codes(array: &dyn Array) -> Result<PrimitiveArray<u32>> {
    fn widened<T: NativeType + Into<u32>>(array: &PrimitiveArray<T>) -> PrimitiveArray<u32> {
        let codes = array.values().iter().map(|code| (*code).into()).collect();
        PrimitiveArray::from_vec(codes).with_validity(array.validity().cloned())
    }
    let any = array.as_any();
    if let Some(codes) = any.downcast_ref::<PrimitiveArray<u8>>() {
        Ok(widened(codes))
    } else if let Some(codes) = any.downcast_ref::<PrimitiveArray<u16>>() {
        Ok(widened(codes))
    } else {
        typed(array)
    }
}
