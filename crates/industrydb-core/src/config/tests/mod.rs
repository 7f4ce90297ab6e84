//! Tests of the grammars, on three made-up backends: one of each kind. The real ones test their own tables.

mod forms;
mod redaction;
mod round_trip;
mod values;

use super::*;
use crate::sql::PlaceholderStyle;

const fn field(field: Field, aliases: &'static [&'static str]) -> FieldSpec {
    FieldSpec { field, aliases, required: matches!(field, Field::Path) }
}

const fn option(name: &'static str, aliases: &'static [&'static str], kind: OptionKind) -> OptionSpec {
    OptionSpec { name, aliases, kind, doc: "" }
}

/// Like libpq: several hosts, the query overrides, keyword strings.
static MANY: BackendSpec = BackendSpec {
    name: "many",
    display_name: "Many Hosts",
    aliases: &["manyhosts"],
    schemes: &["many", "manyhosts"],
    uri: UriGrammar::Network { several_hosts: true, query_overrides: true, path_as_option: None },
    keywords: KeywordGrammar::Libpq,
    default_port: Some(1111),
    fields: &[
        field(Field::Host, &[]),
        field(Field::Port, &[]),
        field(Field::Database, &["dbname"]),
        field(Field::Username, &["user"]),
        field(Field::Password, &[]),
    ],
    options: OPTIONS,
    ignored_keywords: &[],
    placeholder_style: PlaceholderStyle::Dollar,
};

/// Like SQL Server: one host, instances, ADO strings.
static ONE: BackendSpec = BackendSpec {
    name: "one",
    display_name: "One Host",
    aliases: &[],
    schemes: &["one", "instance"],
    uri: UriGrammar::Network {
        several_hosts: false,
        query_overrides: false,
        path_as_option: Some(PathAsOption { scheme: "instance", option: "instance" }),
    },
    keywords: KeywordGrammar::Ado { instance: Some("instance") },
    default_port: Some(2222),
    fields: &[
        field(Field::Host, &["server"]),
        field(Field::Port, &[]),
        field(Field::Database, &["initial catalog"]),
        field(Field::Username, &["user id", "uid"]),
        field(Field::Password, &["pwd"]),
    ],
    options: OPTIONS,
    ignored_keywords: &["driver"],
    placeholder_style: PlaceholderStyle::At,
};

/// Like SQLite: a file.
static FILE: BackendSpec = BackendSpec {
    name: "file",
    display_name: "A File",
    aliases: &[],
    schemes: &["file"],
    uri: UriGrammar::File,
    keywords: KeywordGrammar::None,
    default_port: None,
    fields: &[field(Field::Path, &[])],
    options: OPTIONS,
    ignored_keywords: &[],
    placeholder_style: PlaceholderStyle::Sqlite,
};

const OPTIONS: &[OptionSpec] = &[
    option("flag", &[], OptionKind::Bool),
    option("count", &[], OptionKind::Integer { min: -5, max: 500 }),
    option("wait_time", &["patience"], OptionKind::Seconds),
    option("note", &[], OptionKind::Text),
    option("tls_mode", &[], OptionKind::Choice(&[("off", &["no"]), ("verify", &["yes", "true"])])),
    option("token", &[], OptionKind::Secret),
    option("instance", &[], OptionKind::Text),
];

static SPECS: &[&BackendSpec] = &[&MANY, &ONE, &FILE];

fn parse(text: &str) -> Config {
    Config::from_uri(text, SPECS).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    match Config::from_uri(text, SPECS) {
        Ok(config) => panic!("{text} gives {config:?}"),
        Err(error) => {
            assert_eq!(error.kind(), crate::error::ErrorKind::Configuration);
            error.message().to_owned()
        }
    }
}

fn config(pairs: &[(&str, &str)]) -> Result<Config> {
    Config::from_pairs(pairs.iter().copied(), SPECS)
}

/// `to_map` as one line, for tables of expectations.
fn fields(config: &Config) -> String {
    let map = config.to_map(Secrets::Shown);
    map.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
