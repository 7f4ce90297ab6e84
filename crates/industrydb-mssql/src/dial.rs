//! From a host's name to a socket: each of its addresses gets its chance, and none of them everybody's time.
//!
//! The name of an availability group's listener, or of an instance in several subnets, has an address in each subnet: one
//! of them answers, the others are silent. So the next address is tried beside one that does not answer at once (RFC 8305,
//! section 5), and the first that connects wins: what `MultiSubnetFailover=true` asks of Microsoft's own clients.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tiberius::SqlBrowser as _;
use tiberius::error::Error as Cause;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::wire::{Phase, Watch};

/// How long an address may take before the next one is tried as well ("Connection Attempt Delay": RFC 8305, section 8).
const HEAD_START: Duration = Duration::from_millis(250);
/// The client library gives SQL Server Browser a second: whoever waits longer waits for the socket.
const BROWSER_IS_DONE: Duration = Duration::from_millis(1_100);
/// After so much silence the system asks whether the other side is still there, and again each [`PROBE_INTERVAL`] until
/// it answers or the system gives it up: as in Microsoft's own clients. Without it nobody learns that a firewall or a
/// gateway has forgotten a connection whose statement took long; and being asked keeps them from forgetting it.
const SILENCE: Duration = Duration::from_secs(30);
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// `None` for the port that SQL Server Browser names.
    pub port: Option<u16>,
    /// The instance, if it has a name.
    pub instance: Option<String>,
    /// The server that sent us on to it, if one did: the one that the configuration names.
    pub sent_by: Option<Box<Target>>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.instance, self.port) {
            (Some(instance), None) => write!(f, "{}\\{instance}", self.host)?,
            (_, port) => write!(f, "{}:{}", self.host, port.unwrap_or(1433))?,
        }
        self.sent_by.as_ref().map_or(Ok(()), |first| write!(f, ", where {first} sends its clients"))
    }
}

/// Why an address gave no socket.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The address, with its port if that was known.
    pub place: String,
    /// What it was asked for: the instance's port, or a connection.
    pub phase: Phase,
    /// What the system or the client library said.
    pub cause: Cause,
}

impl Refusal {
    fn new(place: String, cause: Cause) -> Self {
        let phase = if matches!(cause, Cause::Io { .. }) { Phase::Tcp } else { Phase::Browser };
        Self { place, phase, cause }
    }

    /// What went wrong, without the client library's preface.
    pub fn words(&self) -> String {
        match &self.cause {
            Cause::Io { message, .. } => message.clone(),
            Cause::Conversion(message) => message.to_string(),
            other => other.to_string(),
        }
    }
}

/// The addresses that gave no socket so far; who gives up waiting for the others can still tell them.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Vec<Refusal>>);

impl Refusals {
    fn list(&self) -> MutexGuard<'_, Vec<Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, refusal: Refusal) {
        self.list().push(refusal);
    }

    /// Takes them out.
    pub fn take(&self) -> Vec<Refusal> {
        std::mem::take(&mut self.list())
    }
}

/// `10.0.0.1:1433: Connection refused; 10.0.0.2:1433: …`
pub fn told(refusals: &[Refusal]) -> String {
    let each = refusals.iter().map(|refusal| format!("{}: {}", refusal.place, refusal.words()));
    each.collect::<Vec<_>>().join("; ")
}

/// Why there is no socket.
#[derive(Debug)]
pub enum NoSocket {
    /// The name does not resolve.
    Name(io::Error),
    /// None of its addresses gave one; [`Refusals`] says why.
    Address,
}

/// A socket that leads to `target`, ready for use; `watch` is told how far that is.
pub async fn dial(target: &Target, watch: &Arc<Watch>, refusals: &Refusals) -> Result<TcpStream, NoSocket> {
    refusals.take();
    watch.enter(Phase::Dns);
    let found = tokio::net::lookup_host((target.host.as_str(), target.port.unwrap_or(1434))).await;
    let addresses: Vec<SocketAddr> = found.map_err(NoSocket::Name)?.collect();
    if addresses.is_empty() {
        return Err(NoSocket::Name(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    }
    let instance = target.instance.clone().filter(|_| target.port.is_none());
    watch.enter(if instance.is_some() { Phase::Browser } else { Phase::Tcp });
    let reach = |address| reach(address, instance.clone(), Arc::clone(watch));
    let socket = first_of(addresses, reach, refusals).await.ok_or(NoSocket::Address)?;
    watch.enter(Phase::Tcp);
    Ok(socket)
}

/// The first socket that one of `addresses` gives; those that refuse go to `refusals`, and the rest are given up.
async fn first_of<T: Send + 'static, F>(
    addresses: Vec<SocketAddr>,
    reach: impl Fn(SocketAddr) -> F,
    refusals: &Refusals,
) -> Option<T>
where
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    let mut waiting = addresses.into_iter();
    // What still runs ends when this is dropped.
    let mut running = JoinSet::new();
    loop {
        if let Some(address) = waiting.next() {
            running.spawn(reach(address));
        }
        let ended = if waiting.len() == 0 {
            running.join_next().await
        } else {
            match timeout(HEAD_START, running.join_next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            }
        };
        match ended? {
            Ok(Ok(socket)) => return Some(socket),
            Ok(Err(refusal)) => refusals.note(refusal),
            Err(cause) => refusals.note(Refusal::new("an address".to_owned(), io::Error::other(cause).into())),
        }
    }
}

/// The socket of one address, or of the port that SQL Server Browser names there.
async fn reach(address: SocketAddr, instance: Option<String>, watch: Arc<Watch>) -> Result<TcpStream, Refusal> {
    let (place, outcome) = match instance {
        None => (address.to_string(), TcpStream::connect(address).await.map_err(Cause::from)),
        Some(instance) => (address.ip().to_string(), through_browser(address, &instance, &watch).await),
    };
    let ready = outcome.and_then(|socket| {
        prepare(&socket)?;
        Ok(socket)
    });
    ready.map_err(|cause| Refusal::new(place, cause))
}

async fn through_browser(address: SocketAddr, instance: &str, watch: &Watch) -> Result<TcpStream, Cause> {
    let mut browser = tiberius::Config::new();
    browser.host(match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    });
    browser.instance_name(instance);
    let mut connecting = std::pin::pin!(TcpStream::connect_named(&browser));
    if let Ok(outcome) = timeout(BROWSER_IS_DONE, &mut connecting).await {
        return outcome;
    }
    // Another address may have won meanwhile.
    watch.advance(Phase::Browser, Phase::Tcp);
    connecting.await
}

/// Small packets go out at once, and a silent connection is looked after.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    SockRef::from(socket).set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE).with_interval(PROBE_INTERVAL))
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    /// 127.0.0.1 with these ports.
    fn addresses(ports: &[u16]) -> Vec<SocketAddr> {
        ports.iter().map(|port| (Ipv4Addr::LOCALHOST, *port).into()).collect()
    }

    /// An address that is silent (port 1), refuses (2), connects at once (3) or after a second (4).
    async fn act(address: SocketAddr) -> Result<u16, Refusal> {
        match address.port() {
            1 => pending().await,
            2 => {
                let cause = io::Error::from(io::ErrorKind::ConnectionRefused);
                Err(Refusal::new(address.to_string(), cause.into()))
            }
            4 => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(4)
            }
            other => Ok(other),
        }
    }

    #[tokio::test]
    async fn a_silent_address_is_not_waited_for() {
        for (ports, expected, refused) in [
            (&[3][..], Some(3), 0),
            (&[1, 3], Some(3), 0),
            (&[1, 1, 2, 1, 3], Some(3), 1),
            // The one that answers later is not given up when the next begins.
            (&[4, 1, 1], Some(4), 0),
            (&[4, 3], Some(3), 0),
            (&[2, 2], None, 2),
        ] {
            let refusals = Refusals::default();
            let found = timeout(Duration::from_secs(10), first_of(addresses(ports), act, &refusals)).await;
            assert_eq!(found.expect("in time"), expected, "{ports:?}");
            assert_eq!(refusals.take().len(), refused, "{ports:?}");
        }
    }

    #[tokio::test]
    async fn every_address_is_told() {
        let refusals = Refusals::default();
        assert_eq!(first_of(addresses(&[2, 2]), act, &refusals).await, None);
        assert_eq!(told(&refusals.take()), "127.0.0.1:2: connection refused; 127.0.0.1:2: connection refused");
    }

    #[tokio::test]
    async fn what_all_addresses_say_outlives_the_wait() {
        let refusals = Refusals::default();
        let found = timeout(HEAD_START * 2, first_of(addresses(&[2, 1]), act, &refusals)).await;
        assert!(found.is_err());
        assert_eq!(refusals.take().len(), 1);
    }

    #[tokio::test]
    async fn sockets_are_looked_after() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let socket = reach(address, None, Arc::default()).await.expect("listens");
        let socket = SockRef::from(&socket);
        assert!(socket.keepalive().expect("readable"));
        assert_eq!(socket.tcp_nodelay().ok(), Some(true));
    }
}
