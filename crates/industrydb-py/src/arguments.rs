//! What the verbs take, from Python's objects: tables, columns, conditions, orders.

use industrydb_core::sql::generate::{OrderBy, Where};
use industrydb_core::table::TableName;
use industrydb_core::value::{Params, Value};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyMapping, PySequence, PyString, PyTuple};

use crate::errors::to_py;
use crate::params::params;

fn wrong_type(what: &str, expected: &str, given: &Bound<'_, PyAny>) -> PyErr {
    match given.get_type().qualname() {
        Ok(name) => PyTypeError::new_err(format!("{what} must be {expected}, not {name}")),
        Err(error) => error,
    }
}

/// A list of strings; a lone string is no list of its characters.
fn strings(what: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if given.is_instance_of::<PyString>() || given.cast::<PySequence>().is_err() {
        return Err(wrong_type(what, "a list of str", given));
    }
    given.try_iter()?.map(|part| string(what, &part?)).collect()
}

fn string(what: &str, given: &Bound<'_, PyAny>) -> PyResult<String> {
    given.extract().map_err(|_| wrong_type(what, "a str", given))
}

/// An int; beyond 64 bits the nearest that is not: no table has so many rows.
///
/// # Errors
/// `TypeError`.
pub fn integer(given: &Bound<'_, PyAny>) -> PyResult<i64> {
    match given.extract::<i64>() {
        Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => {
            Ok(if given.gt(0)? { i64::MAX } else { i64::MIN })
        }
        outcome => outcome,
    }
}

/// `"name"`, `"schema.name"` or a tuple of parts.
///
/// # Errors
/// `TypeError`, and `ValueError` for an empty part.
pub fn table(given: &Bound<'_, PyAny>) -> PyResult<TableName> {
    let name = if given.is_instance_of::<PyString>() {
        TableName::parse(&string("table", given)?)
    } else if given.is_instance_of::<PyTuple>() {
        TableName::new(strings("table", given)?)
    } else {
        return Err(wrong_type("table", "a str or a tuple of str", given));
    };
    name.ok_or_else(|| PyValueError::new_err("a table's name has no empty part; pass a tuple if a part contains a dot"))
}

/// The columns of a select: one name or a list of them; `None` for all.
///
/// # Errors
/// `TypeError`, and `ValueError` for an empty list.
pub fn columns(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<String>>> {
    let Some(given) = given else { return Ok(None) };
    if given.is_instance_of::<PyString>() {
        return Ok(Some(vec![string("columns", given)?]));
    }
    let columns = strings("columns", given)?;
    if columns.is_empty() {
        return Err(PyValueError::new_err("columns must name at least one column, or be None for all"));
    }
    Ok(Some(columns))
}

/// The columns of a key.
///
/// # Errors
/// `TypeError`.
pub fn key_columns(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<String>>> {
    given.map(|given| strings("conflict_columns", given)).transpose()
}

/// A `where`: SQL text, a mapping, True, or nothing.
///
/// # Errors
/// `TypeError`.
pub fn condition(given: Option<&Bound<'_, PyAny>>) -> PyResult<Where> {
    let Some(given) = given.filter(|given| !given.is_none()) else { return Ok(Where::Missing) };
    if let Ok(all) = given.cast::<PyBool>() {
        if all.is_true() { Ok(Where::All) } else { Err(PyValueError::new_err("where must be a condition, or True")) }
    } else if given.is_instance_of::<PyString>() {
        string("where", given).map(Where::Sql)
    } else if given.cast::<PyMapping>().is_ok() {
        named("where", given).map(Where::columns)
    } else {
        Err(wrong_type("where", "SQL text, a mapping of columns to values, or True", given))
    }
}

/// A mapping of columns to values.
///
/// # Errors
/// `TypeError`, and what a value's conversion raises.
pub fn named(what: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Value)>> {
    if given.cast::<PyMapping>().is_err() {
        return Err(wrong_type(what, "a mapping of columns to values", given));
    }
    match params(Some(given))? {
        Params::Named(values) => Ok(values),
        Params::Positional(_) => Ok(Vec::new()),
    }
}

/// An `order_by`: a column, `(column, "desc")`, or a list of those.
///
/// # Errors
/// `TypeError`, and `ValueError` for a direction that is neither `"asc"` nor `"desc"`.
pub fn order_by(given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<OrderBy>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if given.is_instance_of::<PyString>() || given.is_instance_of::<PyTuple>() {
        return Ok(vec![order(given)?]);
    }
    if given.cast::<PySequence>().is_err() {
        return Err(wrong_type("order_by", "a column, (column, \"desc\"), or a list of those", given));
    }
    given.try_iter()?.map(|part| order(&part?)).collect()
}

fn order(given: &Bound<'_, PyAny>) -> PyResult<OrderBy> {
    if given.is_instance_of::<PyString>() {
        return OrderBy::new(string("order_by", given)?, "asc").map_err(to_py);
    }
    match given.extract::<(String, String)>() {
        Ok((column, direction)) => OrderBy::new(column, &direction).map_err(to_py),
        Err(_) => Err(wrong_type("order_by", "a column, (column, \"desc\"), or a list of those", given)),
    }
}
