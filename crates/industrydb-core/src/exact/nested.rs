//! Lists, arrays and structs, by what they hold.

use polars_core::chunked_array::ops::ChunkNestingUtils;
use polars_core::prelude::*;

use super::cast_part;
use super::rows::{Failure, Result};

pub(super) fn cast(column: &Series, to: &DataType) -> Result<Series> {
    match (column.dtype(), to) {
        (DataType::List(_), DataType::List(inner)) => Ok(list(column, inner)?.into_series()),
        (DataType::List(_), DataType::Array(inner, width)) => {
            let list = list(column, inner)?;
            check_lengths(&list, *width)?;
            Ok(list.cast(to)?)
        }
        (DataType::Array(..), DataType::Array(inner, _)) => Ok(array(column, inner)?.into_series()),
        (DataType::Array(..), DataType::List(inner)) => Ok(array(column, inner)?.cast(to)?),
        (DataType::Struct(_), DataType::Struct(fields)) => structure(column, fields),
        (from, to) => Err(Failure::Whole(format!("not nested alike: {from}, {to}"))),
    }
}

/// One chunk, in which no value hides behind a Null or outside the lists.
pub(super) fn visible_list(column: &Series) -> Result<ListChunked> {
    let list = column.list()?.rechunk().into_owned();
    let list = list.trim_lists_to_normalized_offsets().unwrap_or(list);
    Ok(list.propagate_nulls().unwrap_or(list))
}

/// As [`visible_list`].
pub(super) fn visible_array(column: &Series) -> Result<ArrayChunked> {
    let array = column.array()?.rechunk().into_owned();
    let array = array.trim_lists_to_normalized_offsets().unwrap_or(array);
    Ok(array.propagate_nulls().unwrap_or(array))
}

fn list(column: &Series, inner: &DataType) -> Result<ListChunked> {
    let list = visible_list(column)?;
    let values = cast_part(&list.get_inner(), inner).map_err(|failure| outer_row(&list, failure))?;
    Ok(list.apply_to_inner(&|_| Ok(values.clone()))?)
}

fn array(column: &Series, inner: &DataType) -> Result<ArrayChunked> {
    let array = visible_array(column)?;
    let width = array.width().max(1);
    let values = cast_part(&array.get_inner(), inner).map_err(|failure| match failure {
        Failure::Row(at) => Failure::Row(at / width),
        Failure::Whole(reason) => Failure::Whole(reason),
    })?;
    Ok(array.apply_to_inner(&|_| Ok(values.clone()))?)
}

/// The row of the list that holds the inner value at fault.
pub(super) fn outer_row(list: &ListChunked, failure: Failure) -> Failure {
    match failure {
        Failure::Row(at) => Failure::Row(
            list.downcast_iter()
                .flat_map(|chunk| chunk.offsets().lengths())
                .scan(0, |end, length| {
                    *end += length;
                    Some(*end)
                })
                .take_while(|end| *end <= at)
                .count(),
        ),
        Failure::Whole(reason) => Failure::Whole(reason),
    }
}

fn check_lengths(list: &ListChunked, width: usize) -> Result<()> {
    let lengths = list.downcast_iter().flat_map(|chunk| chunk.offsets().lengths());
    match lengths.zip(list.is_not_null().iter()).position(|(length, valid)| valid == Some(true) && length != width) {
        Some(row) => Err(Failure::Row(row)),
        None => Ok(()),
    }
}

fn structure(column: &Series, to: &[Field]) -> Result<Series> {
    let source = column.struct_()?.rechunk().into_owned();
    let source = source.propagate_nulls().unwrap_or(source);
    let mut fields = Vec::with_capacity(to.len());
    for field in to {
        fields.push(cast_part(&source.field_by_name(&field.name)?, &field.dtype)?.rechunk());
    }
    let out = StructChunked::from_series(column.name().clone(), source.len(), fields.iter())?;
    Ok(match source.rechunk_validity() {
        Some(validity) => out.with_outer_validity(Some(validity)).into_series(),
        None => out.into_series(),
    })
}
