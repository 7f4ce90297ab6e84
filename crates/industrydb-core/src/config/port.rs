//! A port, or a list of ports for a list of hosts.

use std::fmt;

/// The field `port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Port {
    /// One port, for every host.
    One(u16),
    /// One entry for each host, `None` for the default port: libpq's `5432,,5433` (PostgreSQL manual 34.1.1.3).
    PerHost(Vec<Option<u16>>),
}

impl Port {
    /// What a port may be.
    pub const EXPECTED: &str = "a whole number from 1 to 65535";

    /// Reads `5432` or `5432,,5433`. The inner `None` is a list of nothing but defaults, the outer one bad text.
    pub(super) fn parse(text: &str) -> Option<Option<Self>> {
        let ports = text
            .split(',')
            .map(|part| if part.is_empty() { Some(None) } else { port_number(part).map(Some) })
            .collect::<Option<Vec<_>>>()?;
        Some(match ports[..] {
            [only] => only.map(Self::One),
            _ if ports.iter().all(Option::is_none) => None,
            _ => Some(Self::PerHost(ports)),
        })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(port) => write!(f, "{port}"),
            Self::PerHost(ports) => {
                let texts: Vec<String> =
                    ports.iter().map(|port| port.map(|port| port.to_string()).unwrap_or_default()).collect();
                f.write_str(&texts.join(","))
            }
        }
    }
}

fn port_number(text: &str) -> Option<u16> {
    // `str::parse` alone would take `+5432`.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port > 0)
}
