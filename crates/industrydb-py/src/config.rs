//! `DatabaseConfig`: the core's configuration as a Python class.

use industrydb_core::config::{Config, Field, Port, Secrets};
use industrydb_core::error::Error;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyMapping, PyString, PyTuple, PyType};

use crate::connection::Connection;
use crate::errors::to_py;
use crate::factory::specs;

/// How to reach one database: immutable, comparable, hashable, picklable.
#[pyclass(frozen, eq, hash, skip_from_py_object, module = "industrydb")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseConfig {
    /// The configuration itself.
    pub config: Config,
}

#[pymethods]
impl DatabaseConfig {
    #[new]
    #[pyo3(signature = (
        db_type, *, host=None, port=None, database=None, username=None, password=None, path=None, **options
    ))]
    #[expect(clippy::too_many_arguments, reason = "one for each field, as the caller writes them")]
    fn new(
        db_type: &Bound<'_, PyAny>,
        host: Option<&Bound<'_, PyAny>>,
        port: Option<&Bound<'_, PyAny>>,
        database: Option<&Bound<'_, PyAny>>,
        username: Option<&Bound<'_, PyAny>>,
        password: Option<&Bound<'_, PyAny>>,
        path: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut pairs = Pairs::default();
        pairs.add("db_type", db_type)?;
        for (field, value) in [
            (Field::Host, host),
            (Field::Port, port),
            (Field::Database, database),
            (Field::Username, username),
            (Field::Password, password),
            (Field::Path, path),
        ] {
            value.map_or(Ok(()), |value| pairs.add(field.name(), value))?;
        }
        if let Some(options) = options {
            pairs.add_all(options.as_mapping())?;
        }
        pairs.into_config()
    }

    /// A configuration from a URI, a libpq keyword string, or an ADO or ODBC string.
    #[classmethod]
    fn from_uri(_class: &Bound<'_, PyType>, uri: &Bound<'_, PyAny>) -> PyResult<Self> {
        let uri = uri.cast::<PyString>().map_err(|_| wrong_type("uri", "a str", uri))?;
        Config::from_uri(&unicode("uri", uri)?, specs()).map(|config| Self { config }).map_err(to_py)
    }

    /// A configuration from what `to_dict` gives; `type` may stand for `db_type`.
    #[classmethod]
    fn from_dict(_class: &Bound<'_, PyType>, mapping: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mapping = mapping.cast::<PyMapping>().map_err(|_| wrong_type("mapping", "a mapping", mapping))?;
        let mut pairs = Pairs::default();
        pairs.add_all(mapping)?;
        pairs.into_config()
    }

    /// Opens a connection.
    fn connect(&self, py: Python<'_>) -> PyResult<Connection> {
        Connection::open(py, self.config.clone())
    }

    /// The configuration as a URI, from which `from_uri` makes an equal one unless secrets are hidden.
    #[pyo3(signature = (*, hide_password=false))]
    fn to_uri(&self, hide_password: bool) -> String {
        self.config.to_uri(secrets(hide_password))
    }

    /// The fields and options that were given, in one flat dict, from which `from_dict` makes an equal one unless
    /// secrets are hidden.
    #[pyo3(signature = (*, hide_password=false))]
    fn to_dict<'py>(&self, py: Python<'py>, hide_password: bool) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize::pythonize(py, &self.config.to_map(secrets(hide_password)))?)
    }

    /// The backend: `postgres`, `sqlite` or `mssql`, whatever alias was given.
    #[getter]
    fn db_type(&self) -> &'static str {
        self.config.db_type()
    }

    /// The host, or several separated by commas.
    #[getter]
    fn host(&self) -> Option<&str> {
        self.config.host()
    }

    /// The port; one for each host as text (`"5432,5433"`) where they differ.
    #[getter]
    fn port<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.config
            .port()
            .map(|port| match port {
                Port::One(number) => Ok(number.into_pyobject(py)?.into_any()),
                Port::PerHost(_) => Ok(port.to_string().into_pyobject(py)?.into_any()),
            })
            .transpose()
    }

    /// The database's name on its server.
    #[getter]
    fn database(&self) -> Option<&str> {
        self.config.database()
    }

    /// Who logs in.
    #[getter]
    fn username(&self) -> Option<&str> {
        self.config.username()
    }

    /// The password, in clear.
    #[getter]
    fn password(&self) -> Option<&str> {
        self.config.password().map(|password| password.expose())
    }

    /// SQLite: the file, or `":memory:"`.
    #[getter]
    fn path(&self) -> Option<&str> {
        self.config.path()
    }

    /// The backend's options that were given, as a new dict.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize::pythonize(py, &self.config.options_map(Secrets::Shown))?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let map = self.config.to_map(Secrets::Hidden);
        let arguments = map
            .iter()
            .map(|(name, value)| {
                let shown = pythonize::pythonize(py, value)?.repr()?;
                Ok(if name == "db_type" { shown.to_string() } else { format!("{name}={shown}") })
            })
            .collect::<PyResult<Vec<_>>>()?;
        Ok(format!("DatabaseConfig({})", arguments.join(", ")))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let arguments = PyTuple::new(py, [slf.get().to_dict(py, false)?])?;
        Ok((py.get_type::<Self>().getattr("from_dict")?, arguments))
    }
}

/// Names and texts on their way from Python objects to a configuration.
#[derive(Default)]
struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Adds `value` unless it is None. A field is text (`port` a number too); an option may be a number or a bool.
    fn add(&mut self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if value.is_none() {
            return Ok(());
        }
        let text = if let Ok(text) = value.cast::<PyString>() {
            Some(unicode(name, text)?)
        } else {
            match Field::ALL.into_iter().find(|field| field.name() == name) {
                Some(Field::Host | Field::Database | Field::Username | Field::Password) => None,
                Some(Field::Port) if value.is_instance_of::<PyBool>() => None,
                Some(Field::Port) => integer(value),
                Some(Field::Path) => path(name, value)?,
                None if matches!(name, "db_type" | "type") => None,
                None => match scalar(value) {
                    None => path(name, value)?,
                    text => text,
                },
            }
        };
        let text = text.ok_or_else(|| configuration(format!("{name:?} cannot be of type {}", type_name(value))))?;
        self.0.push((name.to_owned(), text));
        Ok(())
    }

    fn add_all(&mut self, mapping: &Bound<'_, PyMapping>) -> PyResult<()> {
        for item in mapping.items()?.iter() {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let name = name
                .cast::<PyString>()
                .map_err(|_| configuration(format!("a key cannot be of type {}", type_name(&name))))?;
            self.add(&unicode("a key", name)?, &value)?;
        }
        Ok(())
    }

    fn into_config(self) -> PyResult<DatabaseConfig> {
        let pairs = self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Config::from_pairs(pairs, specs()).map(|config| DatabaseConfig { config }).map_err(to_py)
    }
}

fn secrets(hide_password: bool) -> Secrets {
    if hide_password { Secrets::Hidden } else { Secrets::Shown }
}

/// The text of a `str`. Python's own error for a lone surrogate would carry the whole text, which may be a password.
fn unicode(name: &str, text: &Bound<'_, PyString>) -> PyResult<String> {
    text.to_str().map(str::to_owned).map_err(|_| configuration(format!("{name:?} is not valid Unicode")))
}

/// A bool, an integer or a float as text.
fn scalar(value: &Bound<'_, PyAny>) -> Option<String> {
    let bool = value.extract::<bool>().ok().map(|bool| bool.to_string());
    bool.or_else(|| integer(value)).or_else(|| value.extract::<f64>().ok().map(|float| float.to_string()))
}

fn integer(value: &Bound<'_, PyAny>) -> Option<String> {
    value.extract::<i128>().ok().map(|integer| integer.to_string())
}

/// An `os.PathLike` as text.
fn path(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    match value.call_method0("__fspath__") {
        Ok(path) => path.cast::<PyString>().ok().map(|path| unicode(name, path)).transpose(),
        Err(_) => Ok(None),
    }
}

fn configuration(message: String) -> PyErr {
    to_py(Error::configuration(message))
}

fn wrong_type(argument: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{argument} must be {expected}, not {}", type_name(value)))
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "unknown".to_owned(), |name| name.to_string())
}
