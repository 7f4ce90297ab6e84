//! The socket, watched: how many bytes came, and how far the login is.
//!
//! The client library says neither. Whether anything has been read tells whether a cancelled statement leaves the
//! connection in a known state; the kind of the last packet sent tells in which phase a login failed (\[MS-TDS\]
//! 2.2.3.1.1: packet types 0x12 and 0x10; RFC 8446, section 5.1: record types 0x16 and 0x17). And what the server answers to
//! the first packet tells whether it has encryption: where the login alone is to be encrypted, the client library begins a
//! handshake with a server that has none as well.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How far connecting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// The host's name is being resolved.
    Dns,
    /// SQL Server Browser is being asked for the instance.
    Browser,
    /// The socket is being connected.
    Tcp,
    /// Client and server agree on the protocol.
    Prelogin,
    /// They agree on the encryption.
    Tls,
    /// The user logs in.
    Login,
    /// The login is done, and the server is asked for its version.
    Done,
}

impl Phase {
    const ALL: [Self; 7] = [Self::Dns, Self::Browser, Self::Tcp, Self::Prelogin, Self::Tls, Self::Login, Self::Done];

    /// What a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Browser => "SQL Server Browser",
            Self::Tcp => "TCP",
            Self::Prelogin => "prelogin",
            Self::Tls => "TLS",
            Self::Login => "login",
            Self::Done => "first query",
        }
    }
}

/// What is known of a socket, readable while the client library owns it.
#[derive(Debug, Default)]
pub struct Watch {
    read: AtomicU64,
    phase: AtomicU8,
    has_no_encryption: AtomicBool,
}

/// What writing fails with where a handshake would begin with a server that has no encryption.
pub const NO_ENCRYPTION: &str = "the server offers no encryption";

const PRELOGIN: u8 = 0x12;

/// The answer to PRELOGIN says that the server has no encryption (\[MS-TDS\] 2.2.6.5: behind the packet's header, each
/// option's number, where it begins and how long it is). An answer that comes in pieces is not understood.
fn refuses_encryption(packet: &[u8]) -> bool {
    const HEADER: usize = 8;
    const ENCRYPTION: u8 = 1;
    const NOT_SUPPORTED: u8 = 2;
    let answer = packet.get(HEADER..).unwrap_or_default();
    let mut options = answer.chunks_exact(5).take_while(|option| option[0] != 0xFF);
    let begin = options.find(|option| option[0] == ENCRYPTION).map(|option| [option[1], option[2]]);
    begin.is_some_and(|begin| answer.get(usize::from(u16::from_be_bytes(begin))) == Some(&NOT_SUPPORTED))
}

impl Watch {
    /// Bytes that came so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// How far connecting has come.
    pub fn phase(&self) -> Phase {
        let now = self.phase.load(Ordering::Relaxed);
        Phase::ALL.into_iter().find(|phase| *phase as u8 == now).unwrap_or(Phase::Done)
    }

    /// It has come that far.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// It has come to `to`, unless it has left `from` otherwise.
    pub fn advance(&self, from: Phase, to: Phase) {
        // Where it stands elsewhere, it stays.
        let _ = self.phase.compare_exchange(from as u8, to as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Looks at the first byte of what is sent during the login.
    fn note_sent(&self, first: u8) {
        const LOGIN: u8 = 0x10;
        const TLS_HANDSHAKE: u8 = 0x16;
        const TLS_DATA: u8 = 0x17;
        match (self.phase(), first) {
            (Phase::Tcp, PRELOGIN) => self.enter(Phase::Prelogin),
            // The second prelogin packet wraps the first TLS record.
            (Phase::Prelogin, PRELOGIN) | (Phase::Tcp, TLS_HANDSHAKE) => self.enter(Phase::Tls),
            (Phase::Prelogin | Phase::Tls, LOGIN | TLS_DATA) => self.enter(Phase::Login),
            _ => {}
        }
    }
}

/// Bytes that are taken off the socket at once. Who reads here asks for 8 KB (the client library) or less (TLS).
const AHEAD: usize = 64 << 10;

/// A TCP connection with its watch.
pub struct Wire {
    socket: TcpStream,
    watch: Arc<Watch>,
    /// What came and nobody has read yet is `ahead[start..end]`.
    ahead: Box<[u8]>,
    start: usize,
    end: usize,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Wire {
    /// Watches `socket`.
    pub fn new(socket: TcpStream, watch: Arc<Watch>) -> Self {
        Self { socket, watch, ahead: vec![0; AHEAD].into(), start: 0, end: 0 }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.start == this.end {
            let mut ahead = ReadBuf::new(&mut this.ahead);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut ahead))?;
            (this.start, this.end) = (0, ahead.filled().len());
            if this.watch.phase() == Phase::Prelogin && refuses_encryption(&this.ahead[..this.end]) {
                this.watch.has_no_encryption.store(true, Ordering::Relaxed);
            }
        }
        // What nobody has read has not come.
        let came = buf.remaining().min(this.end - this.start);
        buf.put_slice(&this.ahead[this.start..this.start + came]);
        this.start += came;
        this.watch.read.fetch_add(came as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(first) = buf.first()
            && this.watch.phase() < Phase::Login
        {
            let begins_tls = this.watch.phase() == Phase::Prelogin && *first == PRELOGIN;
            if begins_tls && this.watch.has_no_encryption.load(Ordering::Relaxed) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::Unsupported, NO_ENCRYPTION)));
            }
            this.watch.note_sent(*first);
        }
        Pin::new(&mut this.socket).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_late_changes_nothing() {
        let watch = Watch::default();
        watch.enter(Phase::Browser);
        watch.advance(Phase::Browser, Phase::Tcp);
        assert_eq!(watch.phase(), Phase::Tcp);
        watch.enter(Phase::Login);
        watch.advance(Phase::Browser, Phase::Tcp);
        assert_eq!(watch.phase(), Phase::Login);
    }

    #[test]
    fn the_answer_tells_whether_there_is_encryption() {
        for (encryption, expected) in [(0, false), (1, false), (2, true), (3, false)] {
            let mut packet = vec![4, 1, 0, 27, 0, 0, 1, 0, 0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 16, 0, 0, 0, 0, 0];
            packet.push(encryption);
            assert_eq!(refuses_encryption(&packet), expected, "{encryption}");
            for end in 0..packet.len() - 1 {
                assert!(!refuses_encryption(&packet[..end]), "{end}");
            }
        }
        assert!(!refuses_encryption(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    }

    #[test]
    fn packets_tell_the_phase() {
        for (sent, phases) in [
            (vec![0x12, 0x12, 0x12, 0x17], vec![Phase::Prelogin, Phase::Tls, Phase::Tls, Phase::Login]),
            (vec![0x12, 0x10], vec![Phase::Prelogin, Phase::Login]),
            (vec![0x16, 0x14, 0x17, 0x17], vec![Phase::Tls, Phase::Tls, Phase::Login, Phase::Login]),
        ] {
            let watch = Watch::default();
            watch.enter(Phase::Tcp);
            for (first, phase) in sent.into_iter().zip(phases) {
                watch.note_sent(first);
                assert_eq!(watch.phase(), phase);
            }
        }
    }
}
