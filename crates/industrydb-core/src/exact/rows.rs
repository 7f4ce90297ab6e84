//! The loop that all casts share: one value after the other, up to the first that has no equal.

use polars_core::prelude::*;

/// Why a cast failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The value in this row, counted from 0, has no equal.
    Row(usize),
    /// Not because of one value.
    Whole(String),
}

impl From<PolarsError> for Failure {
    fn from(error: PolarsError) -> Self {
        Self::Whole(error.to_string())
    }
}

pub(super) type Result<T> = std::result::Result<T, Failure>;

/// Each value through `op`; Null stays.
pub(super) fn map<'a, T, V, K>(
    values: &'a ChunkedArray<T>,
    mut op: impl FnMut(T::Physical<'a>) -> Option<K>,
) -> Result<ChunkedArray<V>>
where
    T: PolarsDataType,
    V: PolarsDataType,
    V::Array: ArrayFromIter<Option<K>>,
{
    let mut row = 0;
    arity::try_unary_elementwise(values, |value| {
        let out = match value {
            Some(value) => Some(op(value).ok_or(Failure::Row(row))?),
            None => None,
        };
        row += 1;
        Ok(out)
    })
}

/// Each value as the text that `write` appends; Null stays.
pub(super) fn write<'a, T>(
    values: &'a ChunkedArray<T>,
    mut write: impl FnMut(T::Physical<'a>, &mut Vec<u8>) -> Option<()>,
) -> Result<Series>
where
    T: PolarsDataType,
{
    let mut out = StringChunkedBuilder::new(values.name().clone(), values.len());
    let mut text = Vec::new();
    let mut row = 0;
    for chunk in values.downcast_iter() {
        for value in chunk.iter() {
            match value {
                Some(value) => {
                    text.clear();
                    write(value, &mut text).ok_or(Failure::Row(row))?;
                    out.append_value(std::str::from_utf8(&text).map_err(|_| Failure::Row(row))?);
                }
                None => out.append_null(),
            }
            row += 1;
        }
    }
    Ok(out.finish().into_series())
}

/// Where the two differ first; Null equals Null, NaN equals NaN.
pub(super) fn first_difference(left: &Series, right: &Series) -> Result<Option<usize>> {
    let differs = left.not_equal_missing(right)?;
    if !differs.any() {
        return Ok(None);
    }
    Ok(differs.iter().position(|differs| differs == Some(true)))
}
