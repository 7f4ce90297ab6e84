//! The hosts to try, in which order, and whose sessions will do.

use std::fmt;

use industrydb_core::config::{Config, Port};

use super::Greeting;

/// The port where none is given.
const DEFAULT_PORT: u16 = 5432;

/// One host to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, an address, or the directory of a Unix socket; `None` for the default socket, else localhost.
    pub(super) name: Option<String>,
    pub(super) port: u16,
}

impl Host {
    pub(super) fn is_socket(&self) -> bool {
        self.name.as_deref().is_some_and(|name| name.starts_with(['/', '@']))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if self.is_socket() => write!(f, "{name}/.s.PGSQL.{}", self.port),
            Some(name) if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Some(name) => write!(f, "{name}:{}", self.port),
            None => write!(f, "the default host, port {}", self.port),
        }
    }
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
        let names: Vec<Option<String>> = match config.host() {
            None | Some("") => vec![None],
            Some(hosts) => hosts.split(',').map(|name| (!name.is_empty()).then(|| name.to_owned())).collect(),
        };
        let port = |at: usize| match config.port() {
            Some(Port::One(port)) => *port,
            Some(Port::PerHost(ports)) => ports.get(at).copied().flatten().unwrap_or(DEFAULT_PORT),
            None => DEFAULT_PORT,
        };
        let mut hosts: Vec<Host> =
            names.into_iter().enumerate().map(|(at, name)| Host { name, port: port(at) }).collect();
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
        let hosts = |uri: &str| {
            let hosts = Attempts::Wanted.hosts(&parse(uri));
            hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(hosts("postgresql://a,b:1/d"), "a:5432 b:1");
        assert_eq!(hosts("host=a,b port=7"), "a:7 b:7");
        assert_eq!(hosts("postgresql://%2Frun%2Fpg:9/d"), "/run/pg/.s.PGSQL.9");
        assert_eq!(hosts("postgresql://[::1]/d"), "[::1]:5432");
        assert_eq!(hosts("postgresql:///d"), "the default host, port 5432");
    }
}
