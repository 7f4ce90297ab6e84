//! A dict → a JSON document (RFC 8259), value by value: what JSON has no type for is refused, not converted.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Number, Value};

use super::value::{deeper, utf8};
use super::{Place, conversion, type_name};

pub(super) fn object(dict: &Bound<'_, PyDict>, place: Place<'_>, depth: usize) -> PyResult<Value> {
    deeper(depth, place, dict.py())?;
    let mut map = Map::new();
    for (key, item) in dict.iter() {
        let Ok(key) = key.cast::<PyString>() else {
            let message = format!("{place} is JSON, whose keys have to be str, not {}", type_name(&key));
            return Err(PyTypeError::new_err(message));
        };
        map.insert(utf8(key, place)?.to_owned(), value(&item, place, depth + 1)?);
    }
    Ok(Value::Object(map))
}

fn array<'py>(items: impl Iterator<Item = Bound<'py, PyAny>>, place: Place<'_>, depth: usize) -> PyResult<Value> {
    items.map(|item| value(&item, place, depth + 1)).collect::<PyResult<_>>().map(Value::Array)
}

fn value(item: &Bound<'_, PyAny>, place: Place<'_>, depth: usize) -> PyResult<Value> {
    let py = item.py();
    if item.is_none() {
        Ok(Value::Null)
    } else if let Ok(truth) = item.cast::<PyBool>() {
        Ok(Value::Bool(truth.is_true()))
    } else if let Ok(text) = item.cast::<PyString>() {
        Ok(Value::String(utf8(text, place)?.to_owned()))
    } else if item.is_instance_of::<PyInt>() {
        let number = item.extract::<i128>().ok().and_then(Number::from_i128);
        number.map(Value::Number).ok_or_else(|| {
            conversion(py, format!("{place} holds an integer of more than 64 bits, which JSON numbers here do not"))
        })
    } else if let Ok(float) = item.cast::<PyFloat>() {
        Number::from_f64(float.value()).map(Value::Number).ok_or_else(|| {
            conversion(py, format!("{place} holds {}, which JSON has no number for (RFC 8259, 6)", float.value()))
        })
    } else if let Ok(dict) = item.cast::<PyDict>() {
        object(dict, place, depth)
    } else if let Ok(list) = item.cast::<PyList>() {
        deeper(depth, place, py)?;
        array(list.iter(), place, depth)
    } else if let Ok(tuple) = item.cast::<PyTuple>() {
        deeper(depth, place, py)?;
        array(tuple.iter(), place, depth)
    } else {
        let message = format!("{place} is JSON and holds a {}, which JSON has no type for", type_name(item));
        Err(PyTypeError::new_err(message))
    }
}
