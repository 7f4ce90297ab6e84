//! What the driver leaves out when it opens a TCP socket: TCP_NODELAY, and what libpq's options set.
//!
//! Without TCP_NODELAY the end of a COPY, or the next message of a handshake, is held back until the server has
//! acknowledged the last one (RFC 896), which it puts off while it has nothing to say (RFC 1122, 4.2.3.2; 40 ms on
//! Linux). The driver hands out neither its sockets nor their numbers. So while a connection comes about, what this
//! process has newly open is looked through, and TCP sockets that lead to the server's port are set up before anything
//! is sent that could wait.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use industrydb_core::config::Config;
use socket2::TcpKeepalive;

/// How the sockets of one connection are set up.
#[derive(Debug, Clone)]
pub struct Sockets {
    port: u16,
    keepalive: Option<TcpKeepalive>,
    user_timeout: Option<Duration>,
}

/// Whether sockets can be set up on this operating system.
pub const CAN_BE_SET_UP: bool = cfg!(unix);

impl Sockets {
    /// Sockets that lead to `port`, without more than is always set.
    pub fn to(port: u16) -> Self {
        Self { port, keepalive: None, user_timeout: None }
    }

    /// As the options say that libpq has as well (PostgreSQL manual 34.1.2): keepalives unless they are off, at the
    /// system's own times where none are given.
    pub fn configured(port: u16, config: &Config) -> Self {
        let given = |option| config.option_integer(option).and_then(|value| u64::try_from(value).ok());
        let seconds = |option| given(option).filter(|value| *value > 0).map(Duration::from_secs);
        let mut keepalive = TcpKeepalive::new();
        if let Some(idle) = seconds("keepalives_idle") {
            keepalive = keepalive.with_time(idle);
        }
        #[cfg(unix)]
        {
            if let Some(interval) = seconds("keepalives_interval") {
                keepalive = keepalive.with_interval(interval);
            }
            if let Some(count) = given("keepalives_count").filter(|count| *count > 0) {
                keepalive = keepalive.with_retries(u32::try_from(count).unwrap_or(u32::MAX));
            }
        }
        Self {
            port,
            keepalive: (config.option_bool("keepalives") != Some(false)).then_some(keepalive),
            user_timeout: given("tcp_user_timeout").filter(|limit| *limit > 0).map(Duration::from_millis),
        }
    }

    /// Drives `connecting`, which opens a socket, and sets that up.
    pub async fn of<T>(&self, connecting: impl Future<Output = T>) -> T {
        let before = open::numbers();
        let mut found = false;
        let mut connecting = pin!(connecting);
        poll_fn(|cx| {
            let outcome = connecting.as_mut().poll(cx);
            found = found || self.set_up_new(&before);
            outcome
        })
        .await
    }

    /// Sets up what is open beyond `before`, if it leads to the server; whether there is such a socket by now.
    fn set_up_new(&self, before: &BTreeSet<i32>) -> bool {
        let new = open::numbers().difference(before).copied().collect::<Vec<_>>();
        new.into_iter().filter(|number| open::set_up(*number, self)).count() > 0
    }
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "a descriptor by its number; the function says why that is sound")]
mod open {
    use std::collections::BTreeSet;
    use std::os::fd::BorrowedFd;

    use socket2::SockRef;

    use super::Sockets;

    /// The numbers of all sockets that are open. Files do not count, of which the list itself is one while it is read.
    pub fn numbers() -> BTreeSet<i32> {
        let entries = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
        let all: Vec<i32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        all.into_iter().filter(|number| with(*number, |socket| socket.r#type().is_ok())).collect()
    }

    /// Sets up the socket `number`, if it is one that leads to the server.
    pub fn set_up(number: i32, sockets: &Sockets) -> bool {
        with(number, |socket| {
            let peer = socket.peer_addr().ok().and_then(|peer| peer.as_socket());
            let leads_there = peer.is_some_and(|address| address.port() == sockets.port);
            if leads_there {
                // As libpq and others do: a socket without them still does its work.
                let _ = socket.set_tcp_nodelay(true);
                if let Some(keepalive) = &sockets.keepalive {
                    let _ = socket.set_tcp_keepalive(keepalive);
                }
                #[cfg(target_os = "linux")]
                if sockets.user_timeout.is_some() {
                    let _ = socket.set_tcp_user_timeout(sockets.user_timeout);
                }
            }
            leads_there
        })
    }

    /// Asks or sets options of `number`, which may be no socket, and may be none by now.
    fn with(number: i32, work: impl FnOnce(SockRef<'_>) -> bool) -> bool {
        // SAFETY: nothing is read or written, closed or kept, only a socket's options are asked for and set. The number
        // was open a moment ago. If another thread has closed it since, the system refuses it; if it stands for
        // something else by now, that is left alone unless it is a TCP socket to the same port, which does no harm to
        // it. The borrow ends here.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        work(SockRef::from(&descriptor))
    }
}

/// Where descriptors have no numbers, nothing is set up.
#[cfg(not(unix))]
mod open {
    use std::collections::BTreeSet;

    use super::Sockets;

    pub fn numbers() -> BTreeSet<i32> {
        BTreeSet::new()
    }

    pub fn set_up(_: i32, sockets: &Sockets) -> bool {
        let _ = (&sockets.port, &sockets.keepalive, &sockets.user_timeout);
        false
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use industrydb_core::config::Config;
    use socket2::SockRef;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::SPEC;

    async fn socket_of(uri: &str) -> TcpStream {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let config = Config::from_uri(uri, &[&SPEC]).expect("right");
        let connecting = TcpStream::connect(address);
        Sockets::configured(address.port(), &config).of(connecting).await.expect("listens")
    }

    #[tokio::test]
    async fn small_packets_go_out_at_once() {
        let socket = socket_of("postgresql://h").await;
        let socket = SockRef::from(&socket);
        assert!(socket.tcp_nodelay().expect("readable"));
        assert!(socket.keepalive().expect("readable"), "as in libpq");
    }

    #[tokio::test]
    async fn what_the_options_say() {
        let given = "keepalives_idle=7&keepalives_interval=3&keepalives_count=2&tcp_user_timeout=1500";
        let socket = socket_of(&format!("postgresql://h?{given}")).await;
        let socket = SockRef::from(&socket);
        assert_eq!(socket.tcp_keepalive_time().expect("readable"), Duration::from_secs(7));
        assert_eq!(socket.tcp_keepalive_interval().expect("readable"), Duration::from_secs(3));
        assert_eq!(socket.tcp_keepalive_retries().expect("readable"), 2);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().expect("readable"), Some(Duration::from_millis(1500)));
        let without = socket_of("postgresql://h?keepalives=0").await;
        assert!(!SockRef::from(&without).keepalive().expect("readable"));
    }

    #[tokio::test]
    async fn other_sockets_are_left_alone() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let before = TcpStream::connect(address).await.expect("listens");
        let to_elsewhere = Sockets::to(address.port().wrapping_add(1));
        let elsewhere = to_elsewhere.of(TcpStream::connect(address)).await.expect("listens");
        let ours = Sockets::to(address.port()).of(TcpStream::connect(address)).await.expect("listens");
        let waits = |socket: &TcpStream| !socket.nodelay().expect("readable");
        assert_eq!([waits(&before), waits(&elsewhere), waits(&ours)], [true, true, false]);
    }
}
