//! numpy scalars, without importing numpy: if nobody has, there are none.

use industrydb_core::value::Value;
use pyo3::intern;
use pyo3::prelude::*;

use super::value::{unsupported, value};
use super::{Place, conversion};

/// A numpy scalar and the module it comes from.
pub(super) struct Scalar<'a, 'py> {
    numpy: Bound<'py, PyAny>,
    object: &'a Bound<'py, PyAny>,
}

impl<'a, 'py> Scalar<'a, 'py> {
    /// `object`, if it is one.
    pub(super) fn of(object: &'a Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let py = object.py();
        let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
        let numpy = modules.call_method1(intern!(py, "get"), (intern!(py, "numpy"),))?;
        if numpy.is_none() || !object.is_instance(&numpy.getattr(intern!(py, "generic"))?)? {
            return Ok(None);
        }
        Ok(Some(Self { numpy, object }))
    }

    pub(super) fn value(&self, place: Place<'_>) -> PyResult<Value> {
        if self.object.is_instance(&self.numpy.getattr("datetime64")?)? {
            return self.datetime(place);
        }
        if self.object.is_instance(&self.numpy.getattr("timedelta64")?)? {
            return self.timedelta(place);
        }
        let item = self.object.call_method0("item")?;
        // An extended double, for one, is its own item.
        if Self::of(&item)?.is_some() { Err(unsupported(self.object, place)) } else { value(&item, place, 0) }
    }

    fn datetime(&self, place: Place<'_>) -> PyResult<Value> {
        if self.is_nat()? {
            return Ok(Value::Null);
        }
        match self.unit()?.as_str() {
            "Y" | "M" | "W" | "D" => match i32::try_from(self.count("datetime64[D]", place)?) {
                Ok(days) => Ok(Value::Date(days)),
                Err(_) => Err(self.out_of_range(place)),
            },
            _ => Ok(Value::Datetime(self.count("datetime64[us]", place)?)),
        }
    }

    fn timedelta(&self, place: Place<'_>) -> PyResult<Value> {
        if self.is_nat()? {
            return Ok(Value::Null);
        }
        match self.unit()?.as_str() {
            // Months and years have no length, a bare count has no unit.
            "Y" | "M" | "generic" => Err(unsupported(self.object, place)),
            _ => Ok(Value::Duration(self.count("timedelta64[us]", place)?)),
        }
    }

    fn is_nat(&self) -> PyResult<bool> {
        self.numpy.call_method1("isnat", (self.object,))?.is_truthy()
    }

    fn unit(&self) -> PyResult<String> {
        let dtype = self.object.getattr("dtype")?;
        self.numpy.call_method1("datetime_data", (dtype,))?.get_item(0)?.extract()
    }

    /// The number of units since 1970-01-01; numpy truncates and wraps where it converts, so the way back is checked.
    fn count(&self, unit: &str, place: Place<'_>) -> PyResult<i64> {
        let there = self.object.call_method1("astype", (unit,))?;
        let back = there.call_method1("astype", (self.object.getattr("dtype")?,))?;
        if !self.object.eq(back)? {
            return Err(self.out_of_range(place));
        }
        there.call_method1("astype", ("int64",))?.call_method0("item")?.extract()
    }

    fn out_of_range(&self, place: Place<'_>) -> PyErr {
        let message = format!("{place} is finer than a microsecond or out of range: {}", self.object);
        conversion(self.object.py(), message)
    }
}
