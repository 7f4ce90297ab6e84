//! The one way into a [`Config`]: names and texts, checked against a backend's spec.

use std::collections::BTreeMap;

use super::Config;
use super::port::Port;
use super::secret::Secret;
use super::spec::{BackendSpec, Field, Key, Naming, UriGrammar};
use crate::error::Result;

/// Collects names and texts for one backend.
pub(super) struct Builder {
    spec: &'static BackendSpec,
    naming: Naming,
    given: BTreeMap<&'static str, String>,
}

impl Builder {
    pub(super) fn new(spec: &'static BackendSpec, naming: Naming) -> Self {
        Self { spec, naming, given: BTreeMap::new() }
    }

    /// From now on, errors tell of names in this way.
    pub(super) fn set_naming(&mut self, naming: Naming) {
        self.naming = naming;
    }

    /// A builder with what `config` says.
    pub(super) fn from_config(config: &Config) -> Self {
        let fields = [
            (Field::Host, config.host.clone()),
            (Field::Port, config.port.as_ref().map(Port::to_string)),
            (Field::Database, config.database.clone()),
            (Field::Username, config.username.clone()),
            (Field::Password, config.password.as_ref().map(|password| password.expose().to_owned())),
            (Field::Path, config.path.clone()),
        ];
        let mut given = config.options.clone();
        given.extend(fields.into_iter().filter_map(|(field, text)| Some((field.name(), text?))));
        Self { spec: config.spec, naming: Naming::Shown, given }
    }

    /// Whether `name` was given, and not as an empty text.
    pub(super) fn has_text(&self, name: &str) -> bool {
        self.spec.key(name).and_then(|key| self.given.get(key.name())).is_some_and(|text| !text.is_empty())
    }

    /// Sets what `name` means to this backend, given before or not.
    ///
    /// # Errors
    /// As [`Builder::set`].
    pub(super) fn replace(&mut self, name: &str, text: &str) -> Result<()> {
        if let Some(key) = self.spec.key(name) {
            self.given.remove(key.name());
        }
        self.set(name, text)
    }

    /// Sets what `name` means to this backend.
    ///
    /// # Errors
    /// An unknown name, a name given twice, a value that is none.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let spec = self.spec;
        match spec.key(name) {
            Some(Key::Field(field)) => self.set_field(field, text),
            Some(Key::Option(option)) => {
                let canonical = option.kind.canonical(text).ok_or_else(|| {
                    spec.error(format!(
                        "option {:?} cannot have this value; expected {}",
                        option.name,
                        option.kind.expected()
                    ))
                })?;
                self.insert(option.name, canonical)
            }
            None => match Field::ALL.into_iter().find(|field| field.name() == name) {
                Some(field) => Err(self.misplaced(field)),
                None => Err(spec.unknown_name(name, self.naming)),
            },
        }
    }

    /// Sets a field.
    ///
    /// # Errors
    /// A field given twice, or one that the backend does not have.
    pub(super) fn set_field(&mut self, field: Field, text: &str) -> Result<()> {
        if !self.spec.has(field) {
            return Err(self.misplaced(field));
        }
        // Messages show these fields; the password in such a URI is not theirs to show.
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if matches!(field, Field::Host | Field::Database)
            && scheme.is_some_and(|scheme| self.spec.schemes.contains(&scheme))
        {
            let message = format!("{:?} is a whole URI: from_uri() and connect() take one", field.name());
            return Err(self.spec.error(message));
        }
        self.insert(field.name(), text.to_owned())
    }

    /// Whether `field` was given.
    pub(super) fn has(&self, field: Field) -> bool {
        self.given.contains_key(field.name())
    }

    /// Checks what belongs together.
    ///
    /// # Errors
    /// A bad port, more ports than hosts, a missing field.
    pub(super) fn finish(mut self) -> Result<Config> {
        let spec = self.spec;
        for required in spec.fields.iter().filter(|field| field.required) {
            if !self.has(required.field) {
                return Err(spec.error(format!("{} needs {:?}", spec.display_name, required.field.name())));
            }
        }
        let mut take = |field: Field| self.given.remove(field.name());
        let host = take(Field::Host);
        let port = take(Field::Port).map(|text| parse_port(spec, &text, host.as_deref())).transpose()?.flatten();
        Ok(Config {
            spec,
            host,
            port,
            database: take(Field::Database),
            username: take(Field::Username),
            password: take(Field::Password).map(Secret::new),
            path: take(Field::Path),
            options: self.given,
        })
    }

    fn insert(&mut self, name: &'static str, text: String) -> Result<()> {
        if text.contains('\0') {
            return Err(self.spec.error(format!("{name:?} contains a NUL character")));
        }
        match self.given.insert(name, text) {
            None => Ok(()),
            Some(_) => Err(self.spec.error(format!("{name:?} is given twice"))),
        }
    }

    fn misplaced(&self, field: Field) -> crate::error::Error {
        let fields: Vec<String> = self.spec.fields.iter().map(|spec| format!("{:?}", spec.field.name())).collect();
        let (name, known) = (self.spec.display_name, fields.join(", "));
        self.spec.error(format!("{name} has no field {:?}; its fields: {known}", field.name()))
    }
}

fn parse_port(spec: &'static BackendSpec, text: &str, host: Option<&str>) -> Result<Option<Port>> {
    let bad = || spec.error(format!("\"port\" must be {}", Port::EXPECTED));
    let port = Port::parse(text).ok_or_else(bad)?;
    let Some(Port::PerHost(ports)) = &port else { return Ok(port) };
    match spec.uri {
        UriGrammar::Network { several_hosts: true, .. } => {
            let hosts = host.map_or(1, |host| host.split(',').count());
            if hosts == ports.len() {
                return Ok(port);
            }
            Err(spec.error(format!("{} ports do not fit {hosts} hosts: give one for all or one for each", ports.len())))
        }
        UriGrammar::Network { several_hosts: false, .. } | UriGrammar::File => Err(bad()),
    }
}
