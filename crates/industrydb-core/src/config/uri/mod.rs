//! URIs: finding the grammar by the scheme, and what all grammars share.
//!
//! Whatever a grammar has no place for (an empty host, one port for several hosts) goes into the query under the
//! field's name, so that every configuration has a URI. A `#` is an ordinary character, as for libpq.

mod file;
mod network;
mod percent;

use super::Config;
use super::builder::Builder;
use super::secret::{HIDDEN, Secrets};
use super::spec::{BackendSpec, Field, Key, Naming, UriGrammar, nearest};
use crate::error::{Error, Result};

/// The configuration in `text`, or `None` if it is no URI at all.
pub(super) fn parse(text: &str, specs: &[&'static BackendSpec]) -> Option<Result<Config>> {
    let (scheme, rest) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme))?;
    let scheme = scheme.to_ascii_lowercase();
    let found = specs.iter().copied().find(|spec| spec.schemes.contains(&scheme.as_str()));
    match (found, rest.strip_prefix("//")) {
        (Some(spec), rest_of_uri) => match (spec.uri, rest_of_uri) {
            (UriGrammar::Network { several_hosts, query_overrides, path_as_option }, Some(rest)) => {
                let path_option = path_as_option.filter(|it| it.scheme == scheme).map(|it| it.option);
                Some(network::parse(spec, rest, several_hosts, query_overrides, path_option))
            }
            (UriGrammar::Network { .. }, None) => {
                Some(Err(spec.error(format!("a URI begins with {scheme}://, with two slashes"))))
            }
            (UriGrammar::File, _) => Some(file::parse(spec, rest)),
        },
        (None, Some(_)) => Some(Err(unknown_scheme(&scheme, specs))),
        (None, None) => None,
    }
}

/// The URI of `config`.
pub(super) fn write(config: &Config, secrets: Secrets) -> String {
    let scheme = config.spec.schemes.first().unwrap_or(&config.spec.name);
    let (main, mut query) = match config.spec.uri {
        UriGrammar::Network { several_hosts, .. } => network::write(config, several_hosts, secrets),
        UriGrammar::File => file::write(config),
    };
    query.extend(config.shown_options(secrets).map(|(name, text)| {
        let shown = if text == HIDDEN { text.to_owned() } else { percent::encode(text) };
        format!("{name}={shown}")
    }));
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{main}{mark}{}", query.join("&"))
}

/// The names and texts of a query.
///
/// # Errors
/// A part without `=`, a percent sign that escapes nothing.
fn parse_query(spec: &'static BackendSpec, query: &str) -> Result<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, text) =
                part.split_once('=').ok_or_else(|| spec.error("a part of the URI's query has no \"=\""))?;
            Ok((percent::decode(spec, name)?, percent::decode(spec, text)?))
        })
        .collect()
}

/// A builder with what the query says. Its errors show unknown names unless one could be a piece of a password: of
/// one in the query, of one before an `@` that was not escaped, or of one that began in the `authority`.
fn build_query(spec: &'static BackendSpec, query: &str, authority: &str) -> Result<Builder> {
    let pairs = parse_query(spec, query)?;
    let secret = pairs.iter().any(|(name, _)| spec.key(name).is_some_and(Key::is_secret));
    let unended = authority.contains(':') && !authority.contains('@');
    let naming = if secret || unended || query.contains('@') { Naming::Hidden } else { Naming::Shown };
    let mut builder = Builder::new(spec, naming);
    for (name, text) in &pairs {
        builder.set(name, text)?;
    }
    Ok(builder)
}

/// A field as a part of the query.
fn query_field(field: Field, text: &str) -> String {
    format!("{}={}", field.name(), percent::encode(text))
}

/// RFC 3986, 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn unknown_scheme(scheme: &str, specs: &[&'static BackendSpec]) -> Error {
    let candidates = specs.iter().flat_map(|spec| spec.schemes).map(|known| ((*known).to_owned(), *known));
    let remedy = match nearest(scheme, candidates) {
        Some(known) => format!("did you mean {known}://?"),
        None => format!("this build has {}", list_schemes(specs)),
    };
    Error::configuration(format!("unknown URI scheme {scheme}://; {remedy}"))
}

/// `sqlite://, postgresql://`.
pub(super) fn list_schemes(specs: &[&'static BackendSpec]) -> String {
    let schemes: Vec<String> =
        specs.iter().filter_map(|spec| spec.schemes.first()).map(|it| format!("{it}://")).collect();
    schemes.join(", ")
}
