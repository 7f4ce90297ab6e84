//! Lists, arrays and structs → JSON text (RFC 8259).

use polars_core::chunked_array::ops::ChunkNestingUtils;
use polars_core::prelude::*;
use serde_json::{Map, Number, Value};

use super::nested::{outer_row, visible_array, visible_list};
use super::rows::{Failure, Result};
use super::text;

pub(super) fn cast(column: &Series) -> Result<Series> {
    let mut out = StringChunkedBuilder::new(column.name().clone(), column.len());
    for value in values(column)? {
        match value {
            Value::Null => out.append_null(),
            value => out.append_value(value.to_string()),
        }
    }
    Ok(out.finish().into_series())
}

/// One JSON value for each row.
fn values(column: &Series) -> Result<Vec<Value>> {
    match column.dtype() {
        DataType::List(_) => {
            let list = visible_list(column)?;
            let mut inner = values(&list.get_inner()).map_err(|failure| outer_row(&list, failure))?.into_iter();
            let lengths = list.downcast_iter().flat_map(|chunk| chunk.offsets().lengths());
            Ok(lengths.zip(list.is_not_null().iter()).map(|(length, valid)| take(&mut inner, length, valid)).collect())
        }
        DataType::Array(_, width) => {
            let array = visible_array(column)?;
            let mut inner = values(&array.get_inner())
                .map_err(|failure| match failure {
                    Failure::Row(at) => Failure::Row(at / (*width).max(1)),
                    Failure::Whole(reason) => Failure::Whole(reason),
                })?
                .into_iter();
            Ok(array.is_not_null().iter().map(|valid| take(&mut inner, *width, valid)).collect())
        }
        DataType::Struct(_) => objects(column),
        DataType::Null => Ok(vec![Value::Null; column.len()]),
        DataType::Boolean => Ok(column.bool()?.iter().map(|value| value.map_or(Value::Null, Value::Bool)).collect()),
        dtype if dtype.is_integer() => numbers(column.cast(&DataType::Int128)?.i128()?, Number::from_i128),
        DataType::Float64 => numbers(column.f64()?, Number::from_f64),
        // By its own shortest form: 0.1, not 0.10000000149011612.
        DataType::Float32 => numbers(column.f32()?, |value| Number::from_f64(format!("{value:?}").parse().ok()?)),
        _ => {
            let text = if column.dtype() == &DataType::String { column.clone() } else { text::cast(column)? };
            Ok(text.str()?.iter().map(|text| text.map_or(Value::Null, Value::from)).collect())
        }
    }
}

/// The first number in `column` that [`numbers`] has no JSON for, as text.
pub(super) fn no_json(column: &Series) -> Option<String> {
    match column.dtype() {
        DataType::List(_) => no_json(&visible_list(column).ok()?.get_inner()),
        DataType::Array(..) => no_json(&visible_array(column).ok()?.get_inner()),
        DataType::Struct(_) => column.struct_().ok()?.fields_as_series().iter().find_map(no_json),
        dtype if dtype.is_float() => {
            let floats = column.cast(&DataType::Float64).ok()?;
            floats.f64().ok()?.iter().flatten().find(|value| !value.is_finite()).map(|value| value.to_string())
        }
        dtype if dtype.is_integer() => {
            let ints = column.cast(&DataType::Int128).ok()?;
            let beyond = |value: &i128| Number::from_i128(*value).is_none();
            ints.i128().ok()?.iter().flatten().find(beyond).map(|value| value.to_string())
        }
        _ => None,
    }
}

/// The next `length` values as a list; skipped, where the list is Null.
fn take(values: &mut impl Iterator<Item = Value>, length: usize, valid: Option<bool>) -> Value {
    let list: Vec<Value> = values.take(length).collect();
    if valid == Some(true) { Value::Array(list) } else { Value::Null }
}

fn objects(column: &Series) -> Result<Vec<Value>> {
    let source = column.struct_()?.rechunk().into_owned();
    let source = source.propagate_nulls().unwrap_or(source);
    let valid = column.is_not_null();
    let mut objects: Vec<Value> =
        valid.iter().map(|valid| if valid == Some(true) { Value::Object(Map::new()) } else { Value::Null }).collect();
    for field in source.fields_as_series() {
        for (object, value) in objects.iter_mut().zip(values(&field)?) {
            if let Value::Object(object) = object {
                object.insert(field.name().to_string(), value);
            }
        }
    }
    Ok(objects)
}

/// Numbers that JSON has; NaN, infinities and integers beyond 64 bits it has not.
fn numbers<T>(values: &ChunkedArray<T>, number: impl Fn(T::Native) -> Option<Number>) -> Result<Vec<Value>>
where
    T: PolarsNumericType,
{
    let value = |(row, value): (usize, Option<T::Native>)| match value {
        Some(value) => number(value).map(Value::Number).ok_or(Failure::Row(row)),
        None => Ok(Value::Null),
    };
    values.iter().enumerate().map(value).collect()
}
