//! What a user says about a connection: fields and options, from names, URIs and key=value strings, and back.
//!
//! No backend is named here. What differs between them is data: each backend crate exports a [`BackendSpec`], and
//! whoever reads a configuration passes the list of those that exist.

mod builder;
mod keywords;
mod option;
mod port;
mod secret;
mod spec;
#[cfg(test)]
mod tests;
mod uri;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json};

pub use self::option::{Choice, OptionKind, OptionSpec};
pub use self::port::Port;
pub use self::secret::{HIDDEN, Secret, Secrets};
pub use self::spec::{BackendSpec, Field, FieldSpec, KeywordGrammar, PathAsOption, UriGrammar, find_spec};

use self::builder::Builder;
use self::spec::Naming;
use crate::error::{Error, Result};

/// How to connect to one database. What was not given is `None`: defaults apply when connecting.
///
/// An empty text is not the same as none, and any text goes through [`Config::to_uri`] and back unchanged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Config {
    spec: &'static BackendSpec,
    host: Option<String>,
    port: Option<Port>,
    database: Option<String>,
    username: Option<String>,
    password: Option<Secret>,
    path: Option<String>,
    options: BTreeMap<&'static str, String>,
}

impl Config {
    /// A configuration from names and texts, one of them `db_type` (or `type`); what [`Config::to_map`] gives.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Configuration`]: no or an unknown `db_type`, an unknown name (it says which is
    /// nearest), a field that the backend does not have, a value that does not fit, a name given twice, a NUL.
    pub fn from_pairs<'p>(
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
        specs: &[&'static BackendSpec],
    ) -> Result<Self> {
        let (types, rest): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(name, _)| matches!(*name, "db_type" | "type"));
        let db_type = match types[..] {
            [(_, db_type)] => db_type,
            [] => return Err(Error::configuration("\"db_type\" is missing")),
            _ => return Err(Error::configuration("\"db_type\" is given twice")),
        };
        let mut builder = Builder::new(find_spec(db_type, specs)?, Naming::Shown);
        for (name, text) in rest {
            builder.set(name, text)?;
        }
        builder.finish()
    }

    /// A configuration from a URI or a key=value string in one of the grammars of `specs`.
    ///
    /// # Errors
    /// As [`Config::from_pairs`], and for malformed text. The message never holds a piece of the text that could be a
    /// piece of a password.
    pub fn from_uri(text: &str, specs: &[&'static BackendSpec]) -> Result<Self> {
        let text = text.trim();
        match uri::parse(text, specs) {
            Some(config) => config,
            None => keywords::parse(text, specs),
        }
    }

    /// The same with `text` for `name`, unless that was given already; an empty text counts as not given. For what a
    /// client takes from its environment when it connects.
    ///
    /// # Errors
    /// As [`Config::from_pairs`].
    pub fn with_default(&self, name: &str, text: &str) -> Result<Self> {
        let mut builder = Builder::from_config(self);
        if !builder.has_text(name) {
            builder.replace(name, text)?;
        }
        builder.finish()
    }

    /// The URI that [`Config::from_uri`] turns into an equal configuration, unless secrets are hidden.
    pub fn to_uri(&self, secrets: Secrets) -> String {
        uri::write(self, secrets)
    }

    /// What was given, by name, `db_type` first. Options are booleans, numbers or texts, as they are by nature.
    pub fn to_map(&self, secrets: Secrets) -> Map<String, Json> {
        let port = self.port.as_ref().map(|port| match port {
            Port::One(port) => Json::from(*port),
            Port::PerHost(_) => Json::from(port.to_string()),
        });
        let password = self.password.as_ref().map(|password| match secrets {
            Secrets::Shown => password.expose(),
            Secrets::Hidden => HIDDEN,
        });
        let text = |text: &Option<String>| text.as_deref().map(Json::from);
        let fields = [
            (Field::Host, text(&self.host)),
            (Field::Port, port),
            (Field::Database, text(&self.database)),
            (Field::Username, text(&self.username)),
            (Field::Password, password.map(Json::from)),
            (Field::Path, text(&self.path)),
        ];
        let mut map = Map::from_iter([("db_type".to_owned(), Json::from(self.spec.name))]);
        map.extend(fields.into_iter().filter_map(|(field, value)| Some((field.name().to_owned(), value?))));
        map.extend(self.options_map(secrets));
        map
    }

    /// The options that were given, by name, as booleans, numbers or texts.
    pub fn options_map(&self, secrets: Secrets) -> Map<String, Json> {
        self.shown_options(secrets)
            .map(|(name, text)| {
                let value = self.spec.option(name).map_or_else(|| Json::from(text), |spec| spec.kind.typed(text));
                (name.to_owned(), value)
            })
            .collect()
    }

    /// The backend that it is for.
    pub fn spec(&self) -> &'static BackendSpec {
        self.spec
    }

    /// The backend's name.
    pub fn db_type(&self) -> &'static str {
        self.spec.name
    }

    /// The host, or several with commas between them.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port or ports.
    pub fn port(&self) -> Option<&Port> {
        self.port.as_ref()
    }

    /// The database on the server.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Who logs in.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// With which password.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The database file.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The options that were given, in their one spelling, sorted by name. Secret ones are among them.
    pub fn options(&self) -> &BTreeMap<&'static str, String> {
        &self.options
    }

    /// An option's value in its one spelling.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// The value of an option of [`OptionKind::Bool`].
    pub fn option_bool(&self, name: &str) -> Option<bool> {
        self.option(name).map(|text| text == "true")
    }

    /// The value of an option of [`OptionKind::Integer`].
    pub fn option_integer(&self, name: &str) -> Option<i64> {
        self.option(name).and_then(|text| text.parse().ok())
    }

    /// The value of an option of [`OptionKind::Seconds`].
    pub fn option_duration(&self, name: &str) -> Option<Duration> {
        self.option(name)
            .and_then(|text| text.parse().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    fn shown_options(&self, secrets: Secrets) -> impl Iterator<Item = (&'static str, &str)> {
        self.options.iter().map(move |(name, text)| {
            let secret = self.spec.option(name).is_some_and(|spec| spec.kind.is_secret());
            (*name, if secret && secrets == Secrets::Hidden { HIDDEN } else { text.as_str() })
        })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config({:?})", self.to_uri(Secrets::Hidden))
    }
}
