//! Python objects → parameters.
//!
//! | Python | [`Value`] |
//! |---|---|
//! | `None` | Null |
//! | `bool`, `int` up to 128 bits, `float`, `str` | Bool, Int, Float, Text |
//! | `bytes`, `bytearray`, `memoryview` | Bytes |
//! | `decimal.Decimal` | Decimal, every digit |
//! | `datetime.date`, naive `time` | Date, Time |
//! | `datetime.datetime` naive · aware | Datetime · `DatetimeUtc`, the same instant |
//! | `datetime.timedelta` | Duration |
//! | `uuid.UUID` | Uuid |
//! | `list`, `tuple` · `dict` | List · Json |
//! | `enum.Enum` member, numpy scalar | what its `value`, its `item()` is |
//!
//! Subclasses count as their base. Anything else is a `TypeError`; a value of a type above that the [`Value`] can't hold
//! is a `DataConversionError`.

mod json;
mod numpy;
mod types;
mod value;

use std::fmt;

use industrydb_core::value::{Params, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyMapping, PyMemoryView, PySequence, PyString, PyTuple};
use value::value;

/// Where a parameter stands, for messages.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The set of parameters it belongs to, counted from 0, where there are many.
    row: Option<usize>,
    key: Key<'a>,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    /// Counted from 0.
    Index(usize),
    Name(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            Key::Index(index) => write!(f, "parameter {}", index + 1)?,
            Key::Name(name) => write!(f, "parameter {name:?}")?,
        }
        match self.row {
            Some(row) => write!(f, " of params_list[{row}]"),
            None => Ok(()),
        }
    }
}

/// The parameters of one statement: None, a sequence or a mapping.
///
/// # Errors
/// `TypeError` for anything else, `str` and `bytes` included, and for a parameter of a type that is none;
/// `DataConversionError` for a value that is out of range.
pub fn params(object: Option<&Bound<'_, PyAny>>) -> PyResult<Params> {
    match object {
        Some(object) if !object.is_none() => set_of_params(object, None),
        Some(_) | None => Ok(Params::NONE),
    }
}

/// Many sets of parameters for one statement, from any iterable of sequences and mappings.
///
/// # Errors
/// As [`params`], and what the iterable raises.
pub fn params_list(object: &Bound<'_, PyAny>) -> PyResult<Vec<Params>> {
    if is_scalar(object) || object.cast::<PyMapping>().is_ok() {
        let message = format!("params_list has to be an iterable of sequences or mappings, not {}", type_name(object));
        return Err(PyTypeError::new_err(message));
    }
    let mut rows = Vec::with_capacity(object.len().unwrap_or(0));
    for (row, item) in object.try_iter()?.enumerate() {
        rows.push(set_of_params(&item?, Some(row))?);
    }
    Ok(rows)
}

fn set_of_params(object: &Bound<'_, PyAny>, row: Option<usize>) -> PyResult<Params> {
    if let Ok(list) = object.cast_exact::<PyList>() {
        return positional(list.iter(), list.len(), row);
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        return positional(tuple.iter(), tuple.len(), row);
    }
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        return named(dict.iter().map(Ok), row);
    }
    if let Ok(mapping) = object.cast::<PyMapping>() {
        let pairs = mapping.items()?;
        return named(pairs.iter().map(|pair| pair.extract()), row);
    }
    if !is_scalar(object) && object.cast::<PySequence>().is_ok() {
        let items = object.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        return positional(items.iter().cloned(), items.len(), row);
    }
    let name = type_name(object);
    let what = row.map_or_else(|| "params".to_owned(), |row| format!("params_list[{row}]"));
    Err(PyTypeError::new_err(format!(
        "{what} has to be a sequence or a mapping, not {name}; put a single value into a list: [value]"
    )))
}

fn positional<'py>(
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    len: usize,
    row: Option<usize>,
) -> PyResult<Params> {
    let mut values = Vec::with_capacity(len);
    for (index, item) in items.enumerate() {
        values.push(value(&item, Place { row, key: Key::Index(index) }, 0)?);
    }
    Ok(Params::Positional(values))
}

fn named<'py>(
    pairs: impl Iterator<Item = PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>>,
    row: Option<usize>,
) -> PyResult<Params> {
    let mut values: Vec<(String, Value)> = Vec::with_capacity(pairs.size_hint().0);
    for pair in pairs {
        let (name, item) = pair?;
        let Ok(name) = name.extract::<String>() else {
            let message = format!("names of parameters have to be str, not {}", type_name(&name));
            return Err(PyTypeError::new_err(message));
        };
        let value = value(&item, Place { row, key: Key::Name(&name) }, 0)?;
        values.push((name, value));
    }
    Ok(Params::Named(values))
}

/// Whether it is one value although it can be iterated over.
fn is_scalar(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyBytes>()
        || object.is_instance_of::<PyByteArray>()
        || object.is_instance_of::<PyMemoryView>()
}

/// The type's name with its module, as a message shows it: `decimal.Decimal`, but `set`.
fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().fully_qualified_name().map_or_else(|_| "an unnamed type".to_owned(), |name| name.to_string())
}

/// `DataConversionError`.
fn conversion(py: Python<'_>, message: String) -> PyErr {
    let error = || py.import(intern!(py, "industrydb.exceptions"))?.getattr(intern!(py, "DataConversionError"))?.call1((message,));
    error().map_or_else(|error| error, PyErr::from_value)
}
