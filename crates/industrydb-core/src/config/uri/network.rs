//! `//user:password@host:port/database?option=value` (RFC 3986, and PostgreSQL manual 34.1.1.2 for several hosts).

use std::net::Ipv6Addr;

use super::{build_query, percent, query_field};
use crate::config::Config;
use crate::config::builder::Builder;
use crate::config::port::Port;
use crate::config::secret::{HIDDEN, Secrets};
use crate::config::spec::{BackendSpec, Field};
use crate::error::Result;

const UNESCAPED: &str = "the URI's host or port is malformed; \
    in a username or password, write @ as %40, : as %3A, / as %2F, ? as %3F, % as %25";

/// Reads what follows `//`. `path_option` is the option that the path means if the query names the database.
pub(super) fn parse(
    spec: &'static BackendSpec,
    rest: &str,
    several_hosts: bool,
    query_overrides: bool,
    path_option: Option<&'static str>,
) -> Result<Config> {
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = before_query.split_once('/').unwrap_or((before_query, ""));
    // A password with a raw slash looks like this; taking it for a database would show it in messages.
    if path.contains(['@', '/']) {
        return Err(
            spec.error("the URI's path holds a raw @ or /; write @ as %40 and / as %2F, in a username or password too")
        );
    }
    let (user, hosts) = authority.rsplit_once('@').map_or((None, authority), |(user, hosts)| (Some(user), hosts));
    let (host, port) = parse_hosts(spec, hosts, several_hosts)?;
    let mut builder = build_query(spec, query, authority)?;
    let set = |builder: &mut Builder, field: Field, text: &str| {
        if query_overrides && builder.has(field) { Ok(()) } else { builder.set_field(field, text) }
    };

    if let Some(user) = user {
        let (name, password) = user.split_once(':').map_or((user, None), |(name, password)| (name, Some(password)));
        if !name.is_empty() {
            set(&mut builder, Field::Username, &percent::decode(spec, name)?)?;
        }
        if let Some(password) = password {
            set(&mut builder, Field::Password, &percent::decode(spec, password)?)?;
        }
    }
    if !host.is_empty() {
        set(&mut builder, Field::Host, &host)?;
    }
    if port.contains(|c| c != ',') {
        set(&mut builder, Field::Port, &port)?;
    }
    if !path.is_empty() {
        let path = percent::decode(spec, path)?;
        match path_option {
            Some(option) if builder.has(Field::Database) => builder.set(option, &path)?,
            _ => set(&mut builder, Field::Database, &path)?,
        }
    }
    builder.finish()
}

/// Hosts and ports, each with commas between them.
fn parse_hosts(spec: &'static BackendSpec, text: &str, several: bool) -> Result<(String, String)> {
    if text.contains(',') && !several {
        return Err(spec.error("a URI of this backend has one host; a port is written host:port"));
    }
    let parts = text.split(',').map(|part| parse_host(spec, part)).collect::<Result<Vec<_>>>()?;
    let (hosts, port_texts): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Ok((hosts.join(","), port_texts.join(",")))
}

/// A host, and its port or an empty text.
fn parse_host<'t>(spec: &'static BackendSpec, text: &'t str) -> Result<(String, &'t str)> {
    let malformed = || spec.error(UNESCAPED);
    let (host, port) = if let Some(address) = text.strip_prefix('[') {
        let (address, port) = address.split_once(']').ok_or_else(malformed)?;
        let host = percent::decode(spec, address)?;
        if !is_ipv6(&host) {
            return Err(malformed());
        }
        (host, if port.is_empty() { port } else { port.strip_prefix(':').ok_or_else(malformed)? })
    } else {
        let (host, port) = text.split_once(':').unwrap_or((text, ""));
        // Anything else has no place in a host name: most often it is a password with a raw @ in it, or another
        // driver's syntax.
        if !host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '%')) {
            return Err(malformed());
        }
        (percent::decode(spec, host)?, port)
    };
    // `finish` would say so as well, but without what went wrong most likely.
    match Port::parse(port) {
        Some(Some(Port::One(_)) | None) => Ok((host, port)),
        Some(Some(Port::PerHost(_))) | None => Err(malformed()),
    }
}

/// What follows `//`, and what has to go into the query.
pub(super) fn write(config: &Config, several_hosts: bool, secrets: Secrets) -> (String, Vec<String>) {
    let mut query = Vec::new();
    let mut main = String::new();

    // An empty text has no place of its own anywhere but as a password.
    let mut unless_empty = |field: Field, text: Option<&str>| match text {
        Some("") => {
            query.push(query_field(field, ""));
            None
        }
        text => text.map(str::to_owned),
    };
    let host = unless_empty(Field::Host, config.host());
    let username = unless_empty(Field::Username, config.username());
    let database = unless_empty(Field::Database, config.database());

    if let Some(username) = &username {
        main.push_str(&percent::encode(username));
    }
    if let Some(password) = config.password() {
        main.push(':');
        match secrets {
            Secrets::Shown => main.push_str(&percent::encode(password.expose())),
            Secrets::Hidden => main.push_str(HIDDEN),
        }
    }
    if username.is_some() || config.password().is_some() {
        main.push('@');
    }

    let hosts: Vec<&str> = match &host {
        Some(host) if several_hosts => host.split(',').collect(),
        Some(host) => vec![host],
        None => vec![""],
    };
    let ports: Vec<Option<u16>> = match config.port() {
        None => vec![None; hosts.len()],
        Some(Port::One(port)) if hosts.len() == 1 => vec![Some(*port)],
        Some(Port::PerHost(ports)) if hosts.len() == ports.len() => ports.clone(),
        Some(port) => {
            query.push(query_field(Field::Port, &port.to_string()));
            vec![None; hosts.len()]
        }
    };
    let places: Vec<String> = hosts.iter().zip(ports).map(|(host, port)| write_place(host, port)).collect();
    main.push_str(&places.join(","));

    if let Some(database) = &database {
        main.push('/');
        main.push_str(&percent::encode(database));
    }
    (main, query)
}

fn write_place(host: &str, port: Option<u16>) -> String {
    let host =
        if is_ipv6(host) { format!("[{}]", percent::encode(host).replace("%3A", ":")) } else { percent::encode(host) };
    port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// An IPv6 address, with or without a zone (`fe80::1%eth0`).
fn is_ipv6(host: &str) -> bool {
    host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}
