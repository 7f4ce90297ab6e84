//! What a backend says about itself, as plain data: everything that this crate knows about one.

use std::hash::{Hash, Hasher};

use super::option::OptionSpec;
use crate::error::Error;
use crate::sql::PlaceholderStyle;

/// A backend: its names, what its URIs and key=value strings look like, its fields and options.
#[derive(Debug)]
pub struct BackendSpec {
    /// What `db_type` reads back as, such as `sqlite`.
    pub name: &'static str,
    /// What a person calls it.
    pub display_name: &'static str,
    /// Other names that `db_type` takes.
    pub aliases: &'static [&'static str],
    /// The URI schemes that mean this backend; URIs are written with the first.
    pub schemes: &'static [&'static str],
    /// What follows the scheme.
    pub uri: UriGrammar,
    /// Which key=value strings mean this backend.
    pub keywords: KeywordGrammar,
    /// The port that is used where none is given.
    pub default_port: Option<u16>,
    /// The fields that it has.
    pub fields: &'static [FieldSpec],
    /// The options that it has.
    pub options: &'static [OptionSpec],
    /// Keys that other clients write into their key=value strings, and that change nothing here.
    pub ignored_keywords: &'static [&'static str],
    /// How its server spells placeholders.
    pub placeholder_style: PlaceholderStyle,
}

/// What follows a URI's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriGrammar {
    /// `//user:password@host:port/database?option=value`.
    Network {
        /// Whether there may be several hosts, `host1:port1,host2:port2`.
        several_hosts: bool,
        /// Whether a field in the query replaces the one before it, as libpq has it, or both are an error.
        query_overrides: bool,
        /// The scheme whose path is an option wherever the query names the database.
        path_as_option: Option<PathAsOption>,
    },
    /// `//` and `/` and a path, `?option=value`.
    File,
}

/// See [`UriGrammar::Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathAsOption {
    /// The scheme.
    pub scheme: &'static str,
    /// The option.
    pub option: &'static str,
}

/// A kind of key=value string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeywordGrammar {
    /// There is none for this backend.
    None,
    /// `host=localhost dbname='my db'` (PostgreSQL manual 34.1.1.1).
    Libpq,
    /// `Server=host,1433;Database=db;Pwd={a;b}`: ADO.NET's and ODBC's. Names are the same in upper and lower case,
    /// with and without spaces and underscores, also as options and in URIs.
    Ado {
        /// The option that takes the `INSTANCE` of `Server=host\INSTANCE`.
        instance: Option<&'static str>,
    },
}

/// A field of a configuration; everything else is an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A host name, an address or a socket's directory; several with commas between them where the backend has that.
    Host,
    /// A port, or one for each host.
    Port,
    /// The database on the server.
    Database,
    /// Who logs in.
    Username,
    /// With which password.
    Password,
    /// The database file.
    Path,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Host, Self::Port, Self::Database, Self::Username, Self::Password, Self::Path];

    /// Its name everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Port => "port",
            Self::Database => "database",
            Self::Username => "username",
            Self::Password => "password",
            Self::Path => "path",
        }
    }
}

/// A field that a backend has.
#[derive(Debug)]
pub struct FieldSpec {
    /// Which.
    pub field: Field,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// Whether a configuration without it makes no sense.
    pub required: bool,
}

/// How an error tells of a name that means nothing: it could be a piece of a password that was not escaped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Naming {
    /// It can be none.
    Shown,
    /// It could be one.
    Hidden,
    /// It could be one, and this is its place in the string, from 1.
    Counted(usize),
}

/// What a name means to a backend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Field(Field),
    Option(&'static OptionSpec),
}

impl Key {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Field(field) => field.name(),
            Self::Option(option) => option.name,
        }
    }

    pub(super) fn is_secret(self) -> bool {
        match self {
            Self::Field(field) => field == Field::Password,
            Self::Option(option) => option.kind.is_secret(),
        }
    }
}

impl BackendSpec {
    /// The option called `name`, or one of its aliases.
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        match self.key(name)? {
            Key::Field(_) => None,
            Key::Option(option) => Some(option),
        }
    }

    /// What `name` means.
    pub(super) fn key(&self, name: &str) -> Option<Key> {
        self.names().find(|(known, _)| self.same_name(known, name)).map(|(_, key)| key)
    }

    /// Whether `name` is to be skipped in a key=value string.
    pub(super) fn ignores(&self, name: &str) -> bool {
        self.ignored_keywords.iter().any(|known| self.same_name(known, name))
    }

    /// Whether it has `field`.
    pub(super) fn has(&self, field: Field) -> bool {
        self.fields.iter().any(|known| known.field == field)
    }

    /// An error of this backend's configuration.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::configuration(message).with_backend(self.name)
    }

    /// The error for a name that means nothing, and never shown where it looks like no name (`password:secret`).
    pub(super) fn unknown_name(&self, name: &str, naming: Naming) -> Error {
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
        let what = match naming {
            Naming::Shown if plain => format!("has no option {name:?}"),
            Naming::Shown | Naming::Hidden => "has no option".to_owned(),
            Naming::Counted(place) => format!(
                "has no option with name {place} of the string (not shown, as it may be a piece of a password with a \
                 separator in it)"
            ),
        };
        let wanted = self.fold(name);
        let remedy = match nearest(&wanted, self.names().map(|(known, key)| (self.fold(known), key.name()))) {
            Some(known) => format!("did you mean {known:?}?"),
            None => {
                let known: Vec<&str> = self.options.iter().map(|option| option.name).collect();
                format!("the options are {}", known.join(", "))
            }
        };
        self.error(format!("{} {what}; {remedy}", self.display_name))
    }

    fn names(&self) -> impl Iterator<Item = (&'static str, Key)> {
        let fields = self.fields.iter().flat_map(|spec| {
            std::iter::once(spec.field.name())
                .chain(spec.aliases.iter().copied())
                .map(|name| (name, Key::Field(spec.field)))
        });
        let options = self.options.iter().flat_map(|spec| {
            std::iter::once(spec.name).chain(spec.aliases.iter().copied()).map(move |name| (name, Key::Option(spec)))
        });
        fields.chain(options)
    }

    fn same_name(&self, known: &str, name: &str) -> bool {
        known == name || self.fold(known) == self.fold(name)
    }

    fn fold(&self, name: &str) -> String {
        match self.keywords {
            KeywordGrammar::None | KeywordGrammar::Libpq => name.to_owned(),
            KeywordGrammar::Ado { .. } => {
                name.chars().filter(|c| !matches!(c, ' ' | '_')).map(|c| c.to_ascii_lowercase()).collect()
            }
        }
    }
}

/// Two specs are the same backend if they have the same name.
impl PartialEq for BackendSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for BackendSpec {}

impl Hash for BackendSpec {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// The backend whose name or alias is `db_type`, in upper or lower case.
///
/// # Errors
/// [`crate::error::ErrorKind::Configuration`] if there is none; it says which there are.
pub fn find_spec(db_type: &str, specs: &[&'static BackendSpec]) -> Result<&'static BackendSpec, Error> {
    let names = |spec: &'static BackendSpec| std::iter::once(spec.name).chain(spec.aliases.iter().copied());
    specs.iter().copied().find(|spec| names(spec).any(|name| name.eq_ignore_ascii_case(db_type))).ok_or_else(|| {
        let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
        let candidates = specs.iter().flat_map(|spec| names(spec).map(|name| (name.to_owned(), spec.name)));
        let remedy = match nearest(&db_type.to_ascii_lowercase(), candidates) {
            Some(name) => format!("did you mean {name:?}?"),
            None => format!("this build has {}", known.join(", ")),
        };
        Error::configuration(format!("unknown db_type {db_type:?}; {remedy}"))
    })
}

/// What the candidate most like `name` stands for, if any is like it at all.
pub(super) fn nearest(name: &str, candidates: impl Iterator<Item = (String, &'static str)>) -> Option<&'static str> {
    /// Below this, Jaro-Winkler pairs words that no typing error turns into each other.
    const ALIKE: f64 = 0.75;
    candidates
        .map(|(candidate, known)| (strsim::jaro_winkler(&candidate, name), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}
