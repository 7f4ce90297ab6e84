//! Python's own types that parameters may have, looked up once: the stable ABI has no C API for them.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// The types, and what their values are computed with.
pub struct Types {
    pub decimal: Py<PyType>,
    pub date: Py<PyType>,
    pub datetime: Py<PyType>,
    pub time: Py<PyType>,
    pub timedelta: Py<PyType>,
    pub uuid: Py<PyType>,
    pub enumeration: Py<PyType>,
    /// `datetime.datetime.__sub__`. Subclasses may subtract in ways of their own; this one gives a `timedelta`.
    pub datetime_sub: Py<PyAny>,
    /// `datetime.date.toordinal`
    pub date_toordinal: Py<PyAny>,
    /// 1970-01-01T00:00:00
    pub epoch: Py<PyAny>,
    /// 1970-01-01T00:00:00Z
    pub epoch_utc: Py<PyAny>,
}

impl Types {
    pub fn get(py: Python<'_>) -> PyResult<&Self> {
        static TYPES: PyOnceLock<Types> = PyOnceLock::new();
        TYPES.get_or_try_init(py, || Self::import(py))
    }

    fn import(py: Python<'_>) -> PyResult<Self> {
        let module = py.import("datetime")?;
        let class = |name: &str| -> PyResult<Bound<'_, PyType>> { Ok(module.getattr(name)?.cast_into()?) };
        let (date, datetime) = (class("date")?, class("datetime")?);
        let utc = PyDict::new(py);
        utc.set_item("tzinfo", module.getattr("timezone")?.getattr("utc")?)?;
        Ok(Self {
            decimal: py.import("decimal")?.getattr("Decimal")?.cast_into()?.unbind(),
            uuid: py.import("uuid")?.getattr("UUID")?.cast_into()?.unbind(),
            enumeration: py.import("enum")?.getattr("Enum")?.cast_into()?.unbind(),
            time: class("time")?.unbind(),
            timedelta: class("timedelta")?.unbind(),
            datetime_sub: datetime.getattr("__sub__")?.unbind(),
            date_toordinal: date.getattr("toordinal")?.unbind(),
            epoch: datetime.call1((1970, 1, 1))?.unbind(),
            epoch_utc: datetime.call((1970, 1, 1), Some(&utc))?.unbind(),
            date: date.unbind(),
            datetime: datetime.unbind(),
        })
    }
}
