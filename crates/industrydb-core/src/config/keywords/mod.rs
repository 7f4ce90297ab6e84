//! key=value strings: which grammar a text is in, and what it says.
//!
//! Both grammars take almost any text, so each backend reads it and the one that knows most of its names gets it.

mod ado;
mod libpq;

use super::Config;
use super::builder::Builder;
use super::spec::{BackendSpec, Field, Key, KeywordGrammar, Naming};
use super::uri::list_schemes;
use crate::error::{Error, Result};

/// A name and its value.
struct Pair {
    name: String,
    value: String,
    quoted: bool,
}

/// What a scanner read before the text ended or stopped making sense.
#[derive(Default)]
struct Scan {
    pairs: Vec<Pair>,
    /// Why it stopped. It never shows a piece of the text.
    fault: Option<&'static str>,
}

impl Scan {
    fn push(&mut self, name: String, value: String, quoted: bool) {
        self.pairs.push(Pair { name, value, quoted });
    }

    /// The scan so far, whose last value had `fault`. Its name still counts.
    fn stop(mut self, name: String, fault: &'static str) -> Self {
        self.push(name, String::new(), true);
        self.fault = Some(fault);
        self
    }
}

/// The configuration in `text`.
pub(super) fn parse(text: &str, specs: &[&'static BackendSpec]) -> Result<Config> {
    let mut best: Option<(usize, &'static BackendSpec, Scan)> = None;
    for spec in specs.iter().copied() {
        let scan = match spec.keywords {
            KeywordGrammar::None => continue,
            KeywordGrammar::Libpq => libpq::scan(text),
            KeywordGrammar::Ado { .. } => ado::scan(text),
        };
        let known = scan.pairs.iter().filter(|pair| spec.key(&pair.name).is_some()).count();
        if known > best.as_ref().map_or(0, |(most, ..)| *most) {
            best = Some((known, spec, scan));
        }
    }
    match best {
        Some((_, spec, scan)) => build(spec, &scan),
        None => Err(Error::configuration(format!(
            "neither a URI nor a key=value string of this build's backends; URIs begin with {}",
            list_schemes(specs)
        ))),
    }
}

fn build(spec: &'static BackendSpec, scan: &Scan) -> Result<Config> {
    if let Some(fault) = scan.fault {
        return Err(spec.error(fault));
    }
    let mut builder = Builder::new(spec, Naming::Shown);
    let mut secret = false;
    for (at, Pair { name, value, quoted }) in scan.pairs.iter().enumerate() {
        // A name before all passwords is a piece of none. Behind one nothing tells, not even its quotes: they may be a part
        // of it.
        if secret {
            builder.set_naming(Naming::Counted(at + 1));
        }
        secret |= spec.key(name).is_some_and(Key::is_secret);
        if spec.ignores(name) {
            continue;
        }
        if !quoted && holds_secret(spec, value) {
            return Err(spec.error("an unquoted value holds another name=value pair; check the separators or quote it"));
        }
        match (spec.keywords, spec.key(name)) {
            // An empty value leaves the default (ADO.NET: `Database=;`).
            (KeywordGrammar::Ado { .. }, _) if value.is_empty() && !quoted => (),
            (KeywordGrammar::Ado { instance }, Some(Key::Field(Field::Host))) => {
                set_server(&mut builder, spec, value, instance)?;
            }
            _ => builder.set(name, value)?,
        }
    }
    builder.finish()
}

/// Sets what `Server=` says: a host, perhaps an instance, perhaps a port.
fn set_server(
    builder: &mut Builder,
    spec: &'static BackendSpec,
    value: &str,
    instance_option: Option<&'static str>,
) -> Result<()> {
    let server = ado::split_server(value)
        .ok_or_else(|| spec.error("the server's address must be host, host\\instance or host,port, over TCP"))?;
    builder.set_field(Field::Host, server.host)?;
    if let Some(port) = server.port {
        builder.set_field(Field::Port, port)?;
    }
    match (server.instance, instance_option) {
        (Some(instance), Some(option)) => builder.set(option, instance),
        (Some(_), None) => Err(spec.error("a server of this backend has no instances")),
        (None, _) => Ok(()),
    }
}

/// Whether `value` looks as if a separator was forgotten and a password became a part of it.
fn holds_secret(spec: &'static BackendSpec, value: &str) -> bool {
    value.match_indices('=').any(|(end, _)| {
        let last_word = value[..end].trim_end().rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next();
        last_word.and_then(|word| spec.key(word)).is_some_and(Key::is_secret)
    })
}
