//! The hosts to try, in which order, and whose sessions will do.

use std::fmt;
use std::path::Path;

use industrydb_core::config::{Config, Port};

use super::Greeting;

/// The port where none is given.
const DEFAULT_PORT: u16 = 5432;

/// Where a server has its socket unless it is told otherwise: on Debian and its like, with Homebrew, as it is built.
pub(super) const SOCKET_DIRECTORIES: [&str; 3] = ["/var/run/postgresql", "/private/tmp", "/tmp"];

/// One host to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, an address, or the directory of a Unix socket.
    pub(super) name: String,
    /// The address of `name`, where it was given and need not be looked up.
    pub(super) address: Option<String>,
    pub(super) port: u16,
}

impl Host {
    pub(super) fn is_socket(&self) -> bool {
        self.address.is_none() && self.name.starts_with(['/', '@'])
    }

    /// The socket's directory. What begins with `@` is in the abstract namespace (PostgreSQL manual 34.1.2, `host`),
    /// where names begin with a NUL (unix(7)).
    pub(super) fn directory(&self) -> String {
        self.name.strip_prefix('@').map_or_else(|| self.name.clone(), |name| format!("\0{name}"))
    }

    /// What to connect to, if that is no socket.
    pub(super) fn target(&self) -> &str {
        self.address.as_deref().unwrap_or(&self.name)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) if *address != self.name => write!(f, "{} ({address}):{}", self.name, self.port),
            Some(_) | None if self.is_socket() => write!(f, "{}/.s.PGSQL.{}", self.name, self.port),
            Some(_) | None if self.name.contains(':') => write!(f, "[{}]:{}", self.name, self.port),
            Some(_) | None => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// The host where none is given: the directory with a socket for that port, else localhost.
fn default_name(port: u16, exists: &dyn Fn(&Path) -> bool) -> String {
    let socket = format!(".s.PGSQL.{port}");
    let found = SOCKET_DIRECTORIES.into_iter().find(|directory| exists(&Path::new(directory).join(&socket)));
    found.unwrap_or("localhost").to_owned()
}

/// A list with commas between its items; an empty item is none.
fn list(text: &str) -> Vec<Option<&str>> {
    text.split(',').map(|item| (!item.is_empty()).then_some(item)).collect()
}

/// One pass over the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempts {
    /// Takes any server that will do.
    Wanted,
    /// `prefer-standby`, and no host was one: takes any.
    Any,
}

impl Attempts {
    pub(super) fn of(config: &Config) -> impl Iterator<Item = Self> {
        let twice = config.option("target_session_attrs") == Some("prefer-standby");
        [Some(Self::Wanted), twice.then_some(Self::Any)].into_iter().flatten()
    }

    pub(super) fn hosts(self, config: &Config) -> Vec<Host> {
        let mut hosts = hosts(config, &|path| path.exists());
        if config.option("load_balance_hosts") == Some("random") {
            shuffle(&mut hosts);
        }
        hosts
    }

    /// Whether a session of this kind will do.
    pub(super) fn takes(self, config: &Config, greeting: &Greeting) -> Result<(), String> {
        let wanted = config.option("target_session_attrs").unwrap_or("any");
        let (fits, is) = match (self, wanted) {
            (Self::Wanted, "read-write") => (!greeting.read_only, "read-only"),
            (Self::Wanted, "read-only") => (greeting.read_only, "not read-only"),
            (Self::Wanted, "primary") => (!greeting.standby, "a standby"),
            (Self::Wanted, "standby" | "prefer-standby") => (greeting.standby, "not a standby"),
            (Self::Wanted | Self::Any, _) => (true, ""),
        };
        if fits { Ok(()) } else { Err(format!("the server is {is}, and target_session_attrs={wanted}")) }
    }
}

/// The hosts of `config`, in its order. Where there are addresses, it is they that are counted (PostgreSQL manual
/// 34.1.2, `hostaddr`).
fn hosts(config: &Config, exists: &dyn Fn(&Path) -> bool) -> Vec<Host> {
    let names = list(config.host().unwrap_or_default());
    let addresses = list(config.option("hostaddr").unwrap_or_default());
    let port = |at: usize| match config.port() {
        Some(Port::One(port)) => *port,
        Some(Port::PerHost(ports)) => ports.get(at).copied().flatten().unwrap_or(DEFAULT_PORT),
        None => DEFAULT_PORT,
    };
    let host = |at: usize| {
        let (address, port) = (addresses.get(at).copied().flatten(), port(at));
        let name = names.get(at).copied().flatten().or(address).map(str::to_owned);
        let name = name.unwrap_or_else(|| default_name(port, exists));
        Host { name, address: address.map(str::to_owned), port }
    };
    (0..names.len().max(addresses.len())).map(host).collect()
}

/// Another order each time: the hash of nothing under fresh keys is as good as a die.
fn shuffle(hosts: &mut [Host]) {
    use std::hash::{BuildHasher as _, RandomState};
    hosts.sort_by_cached_key(|_| RandomState::new().hash_one(0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SPEC;

    fn parse(uri: &str) -> Config {
        Config::from_uri(uri, &[&SPEC]).expect(uri)
    }

    #[test]
    fn hosts_and_their_ports() {
        let found = |uri: &str| {
            let hosts = hosts(&parse(uri), &|path| path == Path::new("/tmp/.s.PGSQL.7777"));
            hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        for (uri, expected) in [
            ("postgresql://a,b:1/d", "a:5432 b:1"),
            ("host=a,b port=7", "a:7 b:7"),
            ("postgresql://%2Frun%2Fpg:9/d", "/run/pg/.s.PGSQL.9"),
            ("postgresql://[::1]/d", "[::1]:5432"),
            ("postgresql:///d", "localhost:5432"),
            ("postgresql:///d?port=7777", "/tmp/.s.PGSQL.7777"),
            ("host=a, port=1,7777", "a:1 /tmp/.s.PGSQL.7777"),
            ("hostaddr=10.0.0.1", "10.0.0.1:5432"),
            ("hostaddr=10.0.0.1,::1 port=7", "10.0.0.1:7 [::1]:7"),
            ("host=a,b hostaddr=10.0.0.1, port=7", "a (10.0.0.1):7 b:7"),
            ("host=/run/pg hostaddr=10.0.0.1", "/run/pg (10.0.0.1):5432"),
        ] {
            assert_eq!(found(uri), expected, "{uri}");
        }
    }
}
