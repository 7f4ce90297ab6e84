//! One Python object → one [`Value`].

use industrydb_core::value::Value;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple};

use super::types::Types;
use super::{Place, conversion, json, numpy, type_name};

/// How deep lists and dicts may nest: far beyond what a database takes, and well before the stack ends (a list can
/// contain itself).
pub(super) const MAX_DEPTH: usize = 100;

/// `datetime.date(1970, 1, 1).toordinal()`
const EPOCH_ORDINAL: i32 = 719_163;

pub(super) fn value(object: &Bound<'_, PyAny>, place: Place<'_>, depth: usize) -> PyResult<Value> {
    // The usual types first, by identity of the type. `bool` is no exact `int`.
    if object.is_none() {
        Ok(Value::Null)
    } else if object.is_exact_instance_of::<PyInt>() {
        int(object, place)
    } else if let Ok(text) = object.cast_exact::<PyString>() {
        self::text(text, place)
    } else if let Ok(float) = object.cast_exact::<PyFloat>() {
        Ok(Value::Float(float.value()))
    } else if let Ok(truth) = object.cast_exact::<PyBool>() {
        Ok(Value::Bool(truth.is_true()))
    } else if let Ok(bytes) = object.cast_exact::<PyBytes>() {
        Ok(Value::Bytes(bytes.as_bytes().to_vec()))
    } else if let Ok(list) = object.cast_exact::<PyList>() {
        self::list(list.iter(), place, depth)
    } else {
        other(object, place, depth)
    }
}

/// The rarer types, and subclasses.
fn other(object: &Bound<'_, PyAny>, place: Place<'_>, depth: usize) -> PyResult<Value> {
    let py = object.py();
    let types = Types::get(py)?;
    // A datetime is a date; an Enum member or a numpy scalar may also be an int, a str or a float.
    if object.is_instance(types.enumeration.bind(py))? {
        deeper(depth, place)?;
        value(&object.getattr(intern!(py, "value"))?, place, depth + 1)
    } else if object.is_instance(types.datetime.bind(py))? {
        datetime(object, types, place)
    } else if object.is_instance(types.date.bind(py))? {
        let ordinal: i32 = types.date_toordinal.bind(py).call1((object,))?.extract()?;
        Ok(Value::Date(ordinal - EPOCH_ORDINAL))
    } else if object.is_instance(types.time.bind(py))? {
        time(object, place)
    } else if object.is_instance(types.timedelta.bind(py))? {
        if !object.get_type().is(&types.timedelta) {
            whole_micros(object, "nanoseconds", place)?;
        }
        Ok(Value::Duration(timedelta_micros(object, place)?))
    } else if object.is_instance(types.decimal.bind(py))? {
        Ok(Value::Decimal(object.str()?.to_str()?.to_owned()))
    } else if object.is_instance(types.uuid.bind(py))? {
        let number: u128 = object.getattr(intern!(py, "int"))?.extract()?;
        Ok(Value::Uuid(number.to_be_bytes()))
    } else if let Some(scalar) = numpy::Scalar::of(object)? {
        scalar.value(place)
    } else if let Ok(tuple) = object.cast::<PyTuple>() {
        list(tuple.iter(), place, depth)
    } else if let Ok(items) = object.cast::<PyList>() {
        list(items.iter(), place, depth)
    } else if let Ok(dict) = object.cast::<PyDict>() {
        Ok(Value::Json(json::object(dict, place, depth)?))
    } else if object.is_instance_of::<PyInt>() {
        int(object, place)
    } else if let Ok(text) = object.cast::<PyString>() {
        self::text(text, place)
    } else if let Ok(float) = object.cast::<PyFloat>() {
        Ok(Value::Float(float.value()))
    } else if let Ok(bytes) = object.cast::<PyBytes>() {
        Ok(Value::Bytes(bytes.as_bytes().to_vec()))
    } else if object.is_instance_of::<PyByteArray>() || object.is_instance_of::<PyMemoryView>() {
        let copy = py.get_type::<PyBytes>().call1((object,))?;
        Ok(Value::Bytes(copy.cast::<PyBytes>()?.as_bytes().to_vec()))
    } else {
        Err(unsupported(object, place))
    }
}

pub(super) fn unsupported(object: &Bound<'_, PyAny>, place: Place<'_>) -> PyErr {
    PyTypeError::new_err(format!("{place} has a type that is no parameter: {}", type_name(object)))
}

pub(super) fn deeper(depth: usize, place: Place<'_>) -> PyResult<()> {
    if depth < MAX_DEPTH {
        return Ok(());
    }
    Err(conversion(format!("{place} nests more than {MAX_DEPTH} levels deep, or contains itself")))
}

fn int(object: &Bound<'_, PyAny>, place: Place<'_>) -> PyResult<Value> {
    if let Ok(value) = object.extract::<i64>() {
        return Ok(Value::Int(value.into()));
    }
    if let Ok(value) = object.extract::<i128>() {
        return Ok(Value::Int(value));
    }
    // NUMERIC holds more than any integer type. Python writes no more digits than `sys.get_int_max_str_digits()`.
    let digits = object.str().map_err(|error| conversion(format!("{place}: {}", error.value(object.py()))))?;
    Ok(Value::Decimal(digits.to_str()?.to_owned()))
}

fn text(text: &Bound<'_, PyString>, place: Place<'_>) -> PyResult<Value> {
    Ok(Value::Text(utf8(text, place)?.to_owned()))
}

pub(super) fn utf8<'a>(text: &'a Bound<'_, PyString>, place: Place<'_>) -> PyResult<&'a str> {
    text.to_str().map_err(|_| {
        let message = format!("{place} contains a lone surrogate, which no database stores as text");
        conversion(message)
    })
}

fn list<'py>(items: impl Iterator<Item = Bound<'py, PyAny>>, place: Place<'_>, depth: usize) -> PyResult<Value> {
    let mut values = Vec::with_capacity(items.size_hint().0);
    for item in items {
        deeper(depth, place)?;
        values.push(value(&item, place, depth + 1)?);
    }
    Ok(Value::List(values))
}

fn datetime(object: &Bound<'_, PyAny>, types: &Types, place: Place<'_>) -> PyResult<Value> {
    let py = object.py();
    if !object.get_type().is(&types.datetime) {
        // pandas' NaT is an instance of datetime that is not even equal to itself.
        if object.ne(object)? {
            return Ok(Value::Null);
        }
        whole_micros(object, "nanosecond", place)?;
    }
    let sub = types.datetime_sub.bind(py);
    if object.getattr(intern!(py, "tzinfo"))?.is_none() {
        return Ok(Value::Datetime(timedelta_micros(&sub.call1((object, &types.epoch))?, place)?));
    }
    // A zone that knows no offset leaves a datetime naive (Python library reference, "Aware and Naive Objects").
    if object.call_method0(intern!(py, "utcoffset"))?.is_none() {
        let naive = object.call_method(intern!(py, "replace"), (), Some(&no_zone(py)?))?;
        return Ok(Value::Datetime(timedelta_micros(&sub.call1((naive, &types.epoch))?, place)?));
    }
    // Python subtracts instants here: zone, offset and fold are its own business.
    Ok(Value::DatetimeUtc(timedelta_micros(&sub.call1((object, &types.epoch_utc))?, place)?))
}

fn no_zone(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let kwargs = PyDict::new(py);
    kwargs.set_item(intern!(py, "tzinfo"), py.None())?;
    Ok(kwargs)
}

/// Microseconds of a `datetime.timedelta`.
fn timedelta_micros(object: &Bound<'_, PyAny>, place: Place<'_>) -> PyResult<i64> {
    let py = object.py();
    let days: i64 = object.getattr(intern!(py, "days"))?.extract()?;
    let seconds: i64 = object.getattr(intern!(py, "seconds"))?.extract()?;
    let micros: i64 = object.getattr(intern!(py, "microseconds"))?.extract()?;
    // Python allows 999,999,999 days; 64 bits of microseconds hold a ninth of that.
    let total = (i128::from(days) * 86_400 + i128::from(seconds)) * 1_000_000 + i128::from(micros);
    i64::try_from(total).map_err(|_| conversion(format!("{place} is a timedelta of more than 64 bits of microseconds")))
}

fn time(object: &Bound<'_, PyAny>, place: Place<'_>) -> PyResult<Value> {
    let py = object.py();
    if !object.getattr(intern!(py, "tzinfo"))?.is_none() {
        let message =
            format!("{place} is a time with a time zone, which means nothing without a date; pass a datetime");
        return Err(PyTypeError::new_err(message));
    }
    let hours: i64 = object.getattr(intern!(py, "hour"))?.extract()?;
    let minutes: i64 = object.getattr(intern!(py, "minute"))?.extract()?;
    let seconds: i64 = object.getattr(intern!(py, "second"))?.extract()?;
    let micros: i64 = object.getattr(intern!(py, "microsecond"))?.extract()?;
    Ok(Value::Time(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros))
}

/// pandas' subclasses of `datetime` and `timedelta` count nanoseconds on top.
fn whole_micros(object: &Bound<'_, PyAny>, attribute: &str, place: Place<'_>) -> PyResult<()> {
    match object.getattr_opt(attribute)? {
        Some(nanos) if nanos.is_truthy()? => {
            Err(conversion(format!("{place} has nanoseconds; a parameter holds microseconds")))
        }
        Some(_) | None => Ok(()),
    }
}
