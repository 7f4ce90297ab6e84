//! From a configuration to a session: name, socket, encryption, login; the phase that fails is in the error.

use std::sync::Arc;
use std::time::Duration;

use industrydb_core::config::{Config, Port};
use industrydb_core::error::{Error, ErrorKind, Result};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tiberius::{Client, EncryptionLevel};
use tokio::time::Instant;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use crate::authentication::Login;
use crate::dial::{NoSocket, Refusal, Refusals, Target, dial, told};
use crate::error::{self, BACKEND, of_option};
use crate::windows;
use crate::wire::{NO_ENCRYPTION, Phase, Watch, Wire};

/// The client library over our watched socket.
pub type TdsClient = Client<Compat<Wire>>;

/// How long connecting may take where the configuration says nothing, as in Microsoft's own clients.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How often a server may send us on to another one (Azure SQL does it once).
const MOST_ROUTINGS: usize = 4;
/// What `sys.dm_exec_sessions` shows where the configuration says nothing.
const APPLICATION: &str = "industrydb";
/// Bytes of a packet where the configuration says nothing, as in Microsoft's SqlClient: a bulk insert has half as many
/// packets as with the server's own 4,096.
const PACKET_SIZE: u32 = 8_000;
/// The most with TLS ("Configure the network packet size (server configuration option)": a TLS record holds no more).
const LARGEST_WITH_TLS: u32 = 16_383;

/// A connection that is logged in.
pub struct Opened {
    /// What speaks with the server.
    pub client: TdsClient,
    /// What is known of its socket.
    pub watch: Arc<Watch>,
    target: Target,
    limit: Duration,
    began: Instant,
}

/// The place of a server, for the errors of the first thing that is asked of it.
pub struct Place {
    target: Target,
    limit: Duration,
    until: Option<Instant>,
}

impl Opened {
    /// Where it leads to, and until when that has to have answered.
    pub fn place(&self) -> Place {
        let until = (!self.limit.is_zero()).then(|| self.began + self.limit);
        Place { target: self.target.clone(), limit: self.limit, until }
    }
}

impl Place {
    /// What the server answers to the first question, which is a part of connecting.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`], saying that this was the phase.
    pub async fn first<T>(&self, asked: impl Future<Output = Result<T>>) -> Result<T> {
        let answered = match self.until {
            None => Ok(asked.await),
            Some(until) => tokio::time::timeout_at(until, asked).await,
        };
        match answered {
            Ok(outcome) => outcome.map_err(|error| {
                let message = failed(&self.target, Phase::Done.name(), error.message()).message().to_owned();
                let error = error.with_kind(ErrorKind::Connection).with_message(message);
                if error.details().hint.is_some() { error } else { error.with_hint(HUNG_UP) }
            }),
            Err(_) => Err(timed_out(&self.target, Phase::Done, self.limit, &[])),
        }
    }
}

/// Connects and logs in.
///
/// # Errors
/// [`ErrorKind::Configuration`] for options that can't be honoured; [`ErrorKind::Connection`] naming the phase that
/// failed, its cause and what can be done.
pub async fn open(config: &Config) -> Result<Opened> {
    // Another crate of this process brings a second provider, and rustls refuses to choose. An error says that
    // somebody has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut target = target(config)?;
    let login = Login::of(config)?;
    let mut settings = settings(config, login)?;
    let watch = Arc::new(Watch::default());
    let limit = config.option_duration("connect_timeout").unwrap_or(CONNECT_TIMEOUT);
    let began = Instant::now();
    let mut encrypts = config.option("encrypt") != Some("false");
    let refusals = Refusals::default();
    let outcome = {
        let work = route(&mut target, &mut settings, &mut encrypts, &watch, &refusals);
        if limit.is_zero() { Ok(work.await) } else { tokio::time::timeout(limit, work).await }
    };
    match outcome {
        Ok(Ok(client)) => {
            watch.enter(Phase::Done);
            Ok(Opened { client, watch, target, limit, began })
        }
        Ok(Err(failure)) => Err(failure.into_error(&target, watch.phase(), login)),
        Err(_) => Err(timed_out(&target, watch.phase(), limit, &refusals.take())),
    }
}

/// What went wrong on the way.
enum Failure {
    /// The name does not resolve.
    Name(std::io::Error),
    /// None of the name's addresses gave a socket.
    Address(Vec<Refusal>),
    Client(tiberius::error::Error),
    TooManyRoutings,
}

impl From<tiberius::error::Error> for Failure {
    fn from(cause: tiberius::error::Error) -> Self {
        Self::Client(cause)
    }
}

/// Connects to `target`, and on to wherever that server sends us.
async fn route(
    target: &mut Target,
    settings: &mut tiberius::Config,
    encrypts: &mut bool,
    watch: &Arc<Watch>,
    refusals: &Refusals,
) -> Result<TdsClient, Failure> {
    for _ in 0..MOST_ROUTINGS {
        settings.host(&target.host);
        let socket = dial(target, watch, refusals).await.map_err(|none| match none {
            NoSocket::Name(cause) => Failure::Name(cause),
            NoSocket::Address => Failure::Address(refusals.take()),
        })?;
        // A Windows login names host and port of the service that it is for.
        settings.port(socket.peer_addr().map_or(target.port.unwrap_or(1433), |peer| peer.port()));
        let wire = Wire::new(socket, Arc::clone(watch));
        match Client::connect(settings.clone(), wire.compat_write()).await {
            Err(tiberius::error::Error::Routing { host, port }) => {
                // `host\instance` names the host's own instance, which the port has found already.
                let host = host.split_once('\\').map_or(host.as_str(), |(host, _)| host).to_owned();
                let first = Target { sent_by: None, ..target.clone() };
                let sent_by = target.sent_by.take().unwrap_or_else(|| Box::new(first));
                *target = Target { host, port: Some(port), instance: None, sent_by: Some(sent_by) };
            }
            // The server insists on encryption, and hung up on a client that did not offer it.
            Err(tiberius::error::Error::Io { .. }) if !*encrypts && watch.phase() == Phase::Tls => {
                *encrypts = true;
                settings.encryption(EncryptionLevel::Required);
                settings.packet_size(settings.get_packet_size().unwrap_or(PACKET_SIZE).min(LARGEST_WITH_TLS));
            }
            outcome => return Ok(outcome?),
        }
    }
    Err(Failure::TooManyRoutings)
}

/// Host, port and instance. A port says where the instance is, so that SQL Server Browser is not asked.
fn target(config: &Config) -> Result<Target> {
    let port = match config.port() {
        None => None,
        Some(Port::One(port)) => Some(*port),
        Some(Port::PerHost(_)) => return Err(of_option("port", "SQL Server takes one host and one port")),
    };
    let instance =
        config.option("instance").filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("MSSQLSERVER"));
    let host = config.host().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.eq_ignore_ascii_case("(localdb)") {
        return Err(of_option("host", LOCALDB));
    }
    let port = port.or_else(|| instance.is_none().then_some(1433));
    Ok(Target { host: host.to_owned(), port, instance: instance.map(str::to_owned), sent_by: None })
}

/// Everything that the client library has to know beside host and port.
fn settings(config: &Config, login: Login<'_>) -> Result<tiberius::Config> {
    let mut settings = tiberius::Config::new();
    // Both are ours: the handshake has the limit of all of connecting, and a statement may run for hours.
    settings.handshake_timeout(None);
    settings.command_timeout(None);
    settings.application_name(config.option("application_name").unwrap_or(APPLICATION));
    settings.readonly(config.option("application_intent") == Some("readonly"));
    settings.encryption(match config.option("encrypt") {
        None | Some("true") => EncryptionLevel::Required,
        Some("false") => EncryptionLevel::NotSupported,
        Some("login") => EncryptionLevel::Off,
        Some("strict") => EncryptionLevel::Strict,
        Some(other) => return Err(of_option("encrypt", &format!("{other:?} is unknown"))),
    });
    settings.authentication(login.method()?);
    trust(config, &mut settings)?;
    if let Some(database) = config.database().filter(|name| !name.is_empty()) {
        settings.database(database);
    }
    if let Some(name) = config.option("workstation_id") {
        settings.client_name(name);
    }
    if let Some(name) = config.option("hostname_in_certificate") {
        settings.hostname_in_certificate(name);
    }
    let size = config.option_integer("packet_size").and_then(|size| u32::try_from(size).ok()).unwrap_or(PACKET_SIZE);
    if size > LARGEST_WITH_TLS && matches!(config.option("encrypt"), None | Some("true" | "strict")) {
        return Err(of_option("packet_size", &format!("with TLS, packets have {LARGEST_WITH_TLS} bytes at most")));
    }
    settings.packet_size(size);
    Ok(settings)
}

/// Which certificates are good.
fn trust(config: &Config, settings: &mut tiberius::Config) -> Result<()> {
    const CA: &str = "trust_server_certificate_ca";
    let any = config.option_bool("trust_server_certificate").unwrap_or(false);
    match config.option(CA).filter(|path| !path.is_empty()) {
        Some(_) if any => {
            return Err(of_option(CA, "trust_server_certificate=true looks at no certificate: give one of them"));
        }
        Some(path) => {
            let bundle =
                std::fs::read(path).map_err(|cause| of_option(CA, &format!("can't read {path:?}: {cause}")))?;
            check_certificates(&bundle).map_err(|cause| of_option(CA, &format!("{path:?} {cause}")))?;
            settings.trust_cert_ca_bundle(bundle);
        }
        None if any => settings.trust_cert(),
        None => {}
    }
    Ok(())
}

/// Whether `bundle` is what the client library reads certificates from: text with each of them between its lines (PEM; RFC
/// 7468), or the bytes of one (DER).
fn check_certificates(bundle: &[u8]) -> Result<(), String> {
    let text = bundle.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bundle);
    let is_text = text.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"-----BEGIN"));
    let found: Result<Vec<_>, _> =
        if is_text { CertificateDer::pem_slice_iter(text).collect() } else { Ok(vec![CertificateDer::from(bundle)]) };
    let found = found.map_err(|cause| format!("holds something that is no certificate: {cause}"))?;
    if found.is_empty() {
        return Err("holds no certificate".to_owned());
    }
    let mut store = RootCertStore::empty();
    found.into_iter().try_for_each(|certificate| {
        store.add(certificate).map_err(|cause| format!("holds something that is no certificate: {cause}"))
    })
}

/// Nothing came in time, at least from those that are not in `refusals`.
fn timed_out(target: &Target, phase: Phase, limit: Duration, refusals: &[Refusal]) -> Error {
    let mut cause = format!("no answer within connect_timeout={} s", limit.as_secs_f64());
    if phase <= Phase::Tcp && !refusals.is_empty() {
        cause = format!("{cause}; {}", told(refusals));
    }
    let hint = match phase {
        Phase::Dns | Phase::Tcp if target.sent_by.is_some() => SENT_ON,
        Phase::Dns => "the name server does not answer",
        Phase::Browser => "UDP port 1434 does not answer: name the port instead of the instance",
        Phase::Tcp => "a firewall may drop the packets: check host and port",
        Phase::Prelogin => NO_SQL_SERVER,
        Phase::Tls | Phase::Login | Phase::Done => "the server is slow or stuck: raise connect_timeout",
    };
    failed(target, phase.name(), &cause).with_hint(hint)
}

/// `cannot connect to SQL Server at host:port (TLS): cause`
fn failed(target: &Target, phase: &str, cause: &str) -> Error {
    Error::connection(format!("cannot connect to SQL Server at {target} ({phase}): {cause}")).with_backend(BACKEND)
}

impl Failure {
    /// What the user reads; nothing in it is secret.
    fn into_error(self, target: &Target, phase: Phase, login: Login<'_>) -> Error {
        use tiberius::error::Error as Cause;
        match self {
            Self::TooManyRoutings => failed(target, "routing", "the servers send each other around in circles"),
            Self::Name(cause) if target.sent_by.is_some() => {
                failed(target, "DNS", &cause.to_string()).with_hint(SENT_ON)
            }
            Self::Name(cause) => failed(target, "DNS", &cause.to_string())
                .with_hint(format!("the name {:?} does not resolve: check the host", target.host)),
            Self::Address(refusals) => unreached(target, &refusals),
            Self::Client(Cause::Server(token)) => {
                let phase = if is_about_the_database(token.code()) { "database" } else { "login" };
                let cause = error::of_server(&token);
                let message = failed(target, phase, cause.message()).message().to_owned();
                let error = cause.with_kind(ErrorKind::Connection).with_message(message);
                match login_hint(token.code(), login) {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                }
            }
            Self::Client(Cause::Io { kind, message }) if login.is_windows() && windows::is_of_sspi(kind) => {
                failed(target, "login", &message).with_hint(windows::NO_NTLM)
            }
            Self::Client(Cause::Io { message, .. }) if message == NO_ENCRYPTION => no_encryption(target),
            Self::Client(Cause::Tls(cause)) if cause.contains("eof") => {
                failed(target, "TLS", "the server hung up in the handshake").with_hint(NO_HANDSHAKE)
            }
            Self::Client(Cause::Tls(cause)) => failed(target, "TLS", certificate_cause(&cause)).with_hint(TLS_HINT),
            Self::Client(Cause::Io { message, .. }) if phase == Phase::Tls => {
                failed(target, "TLS", &message).with_hint(NO_HANDSHAKE)
            }
            Self::Client(Cause::Io { kind, message }) => {
                let hint = match phase {
                    Phase::Prelogin => NO_SQL_SERVER,
                    _ => tcp_hint(kind),
                };
                failed(target, phase.name(), &message).with_hint(hint)
            }
            Self::Client(Cause::Protocol(message)) if message.contains("encryption level") => no_encryption(target),
            Self::Client(cause) if phase == Phase::Prelogin => {
                failed(target, phase.name(), &cause.to_string()).with_hint(NO_SQL_SERVER)
            }
            Self::Client(cause) => failed(target, phase.name(), &cause.to_string()),
        }
    }
}

fn no_encryption(target: &Target) -> Error {
    failed(target, "TLS", NO_ENCRYPTION)
        .with_hint("install a certificate on the server; encrypt=false goes without, for trusted networks alone")
}

/// What each address of the host said; the one that came furthest gives phase and hint.
fn unreached(target: &Target, refusals: &[Refusal]) -> Error {
    let furthest = refusals.iter().max_by_key(|refusal| refusal.phase);
    let phase = furthest.map_or(Phase::Tcp, |refusal| refusal.phase);
    let cause = match refusals {
        [alone] => alone.words(),
        several => told(several),
    };
    let hint = match furthest.map(|refusal| &refusal.cause) {
        _ if target.sent_by.is_some() => SENT_ON,
        Some(tiberius::error::Error::Io { kind, .. }) => tcp_hint(*kind),
        _ => "name the port instead of the instance",
    };
    failed(target, phase.name(), &cause).with_hint(hint)
}

const LOCALDB: &str = "LocalDB is an instance of one user, on Windows alone, which is reached by a named pipe; industrydb \
     connects over TCP: use an instance of SQL Server with TCP/IP enabled, such as the Express edition";

/// "Azure SQL connectivity architecture", the connection policy Redirect.
const SENT_ON: &str = "the server answers, and sends its clients on to this address, which this machine has to reach too: \
     check its firewall and name server (Azure SQL needs the ports 11000 to 11999 open, or the connection policy Proxy)";

const TLS_HINT: &str = "trust_server_certificate_ca=<file> names the authority that signed the certificate, \
     hostname_in_certificate=<name> the name in it; trust_server_certificate=true takes any";

const HUNG_UP: &str = "the server hung up: its log says why; encrypt may not be what it wants";

const NO_HANDSHAKE: &str = "the server's log says why; encrypt=strict needs a server that takes TDS 8 (SQL Server 2022), \
     encrypt=true one with a certificate";

const NO_SQL_SERVER: &str = "something listens there, but it does not answer as SQL Server does: check the port; a \
     server that takes TDS 8 alone needs encrypt=strict";

/// The cause alone: the library's text goes on with advice for its own callers.
fn certificate_cause(text: &str) -> &str {
    text.split_once(" To connect anyway").map_or(text, |(cause, _)| cause)
}

fn tcp_hint(kind: std::io::ErrorKind) -> &'static str {
    match kind {
        std::io::ErrorKind::ConnectionRefused => {
            "nothing listens there: check host and port, and that TCP/IP is enabled"
        }
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe => {
            HUNG_UP
        }
        _ => "check host and port, and what stands between",
    }
}

fn is_about_the_database(number: u32) -> bool {
    matches!(number, 911 | 916 | 4060 | 4064 | 40_613)
}

fn login_hint(number: u32, login: Login<'_>) -> Option<&'static str> {
    match number {
        18_456 if login.is_windows() => Some(
            "the server knows who that is, and has no login for the account or its groups: CREATE LOGIN … FROM WINDOWS \
             makes one",
        ),
        18_452 if login.is_windows() => Some(
            "the server's Windows does not take this account: its password is wrong, or its domain is not trusted there; a \
             SQL Server login and an access_token need neither",
        ),
        18_456 => Some(
            "check username and password (or that the access token is for this server and has not expired), and that \
             the server allows such logins",
        ),
        18_452 => Some(
            "the server takes Windows logins only: allow SQL logins, use an access_token or (on Windows) \
             trusted_connection=true",
        ),
        18_470 => Some("ALTER LOGIN … ENABLE allows it"),
        18_486 => Some("ALTER LOGIN … UNLOCK allows it again"),
        18_487 | 18_488 => Some("the password has expired: change it"),
        911 | 916 | 4060 | 4064 => Some("check the database's name, and that the login may use it"),
        40_615 | 40_914 => Some("the server's firewall does not let this address in"),
        40_532 => Some(
            "no server has this host's name: check it; a gateway that can't see the name finds the server if the username \
             is user@server",
        ),
        18_461 => Some("the server or database is in single user mode, and somebody else is in"),
        17_892 => Some("a login trigger of the server said no: its owner knows why"),
        40_613 => Some("the database is starting or on the move: try again in a minute"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SPEC;
    use crate::authentication::Account;

    fn config(uri: &str) -> Config {
        Config::from_uri(uri, &[&SPEC]).expect(uri)
    }

    fn settings_of(uri: &str) -> Result<tiberius::Config> {
        let config = config(uri);
        settings(&config, Login::of(&config)?)
    }

    #[test]
    fn a_port_goes_before_the_browser() {
        for (uri, host, port, instance) in [
            ("mssql://u:p@", "localhost", Some(1433), None),
            ("mssql://u:p@h", "h", Some(1433), None),
            ("mssql://u:p@h:1500", "h", Some(1500), None),
            ("mssql://u:p@[::1]:1500", "::1", Some(1500), None),
            ("mssql://u:p@h?instance=I", "h", None, Some("I")),
            ("mssql://u:p@h:1500?instance=I", "h", Some(1500), Some("I")),
            ("mssql://u:p@h?instance=MSSQLSERVER", "h", Some(1433), None),
        ] {
            let found = target(&config(uri)).expect(uri);
            assert_eq!((found.host.as_str(), found.port, found.instance.as_deref()), (host, port, instance), "{uri}");
        }
    }

    /// The library's own limits of 15 and 30 seconds would end what ours allow.
    #[test]
    fn the_librarys_timeouts_are_off() {
        let found = settings_of("mssql://u:hunter2@h").map(|settings| format!("{settings:?}"));
        let found = found.expect("valid");
        assert!(found.contains("handshake_timeout: None"), "{found}");
        assert!(found.contains("command_timeout: None"), "{found}");
        assert!(!found.contains("hunter2"), "{found}");
    }

    #[test]
    fn addresses_have_their_say() {
        use tiberius::error::Error as Cause;
        let target = target(&config("mssql://u:p@h:1500")).expect("valid");
        let io = |place: &str| Refusal {
            place: place.to_owned(),
            phase: Phase::Tcp,
            cause: Cause::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)),
        };
        let alone = unreached(&target, &[io("10.0.0.1:1500")]);
        assert_eq!(alone.message(), "cannot connect to SQL Server at h:1500 (TCP): connection refused");
        let browser = Refusal {
            place: "10.0.0.2".to_owned(),
            phase: Phase::Browser,
            cause: Cause::Conversion("no such instance".into()),
        };
        let both = unreached(&target, &[io("10.0.0.1:1500"), browser]);
        assert_eq!(
            both.message(),
            "cannot connect to SQL Server at h:1500 (TCP): 10.0.0.1:1500: connection refused; 10.0.0.2: no such instance"
        );
        assert!(both.details().hint.as_deref().is_some_and(|hint| hint.contains("nothing listens")));
        let late = |phase| timed_out(&target, phase, Duration::from_secs(1), &[io("10.0.0.1:1500")]);
        assert!(late(Phase::Tcp).message().ends_with("connect_timeout=1 s; 10.0.0.1:1500: connection refused"));
        assert!(late(Phase::Login).message().ends_with("connect_timeout=1 s"));
    }

    #[test]
    fn a_refused_login_is_told_by_its_kind() {
        let sql = Login::Sql { username: "u", password: "p" };
        let windows = Login::Windows(Account::OfTheProcess);
        for (number, login, hint) in [
            (18_456, sql, "check username and password"),
            (18_456, windows, "FROM WINDOWS"),
            (18_452, sql, "allow SQL logins"),
            (18_452, windows, "domain is not trusted"),
        ] {
            assert!(login_hint(number, login).is_some_and(|found| found.contains(hint)), "{number}: {hint}");
        }
    }

    /// Windows refuses before anything is sent, whatever the phase is then.
    #[test]
    fn what_windows_itself_refuses_is_no_fault_of_the_network() {
        let target = target(&config("mssql://u:p@h:1500")).expect("valid");
        let said = |cause: std::io::Error, login| {
            let error = Failure::Client(cause.into()).into_error(&target, Phase::Tls, login);
            (error.message().to_owned(), error.details().hint.clone().unwrap_or_default())
        };
        let windows = Login::Windows(Account::OfTheProcess);
        // SEC_E_NO_CREDENTIALS.
        let no_credentials = || std::io::Error::from_raw_os_error(-2_146_893_042);
        let (message, hint) = said(no_credentials(), windows);
        assert!(message.contains("(login)") && hint.contains("NTLM"), "{message}; {hint}");
        let hung_up = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        for (message, hint) in [said(hung_up(), windows), said(no_credentials(), Login::Token("t"))] {
            assert!(message.contains("(TLS)") && !hint.contains("NTLM"), "{message}; {hint}");
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for (uri, reason) in [
            ("mssql://u:p@h?trust_server_certificate=true&trust_server_certificate_ca=/x", "one of them"),
            ("mssql://u:p@h?trust_server_certificate_ca=/no/such/file.pem", "/no/such/file.pem"),
            ("mssql://u:p@h?packet_size=16384", "16383"),
            ("mssql://u:p@h?packet_size=16384&encrypt=strict", "16383"),
        ] {
            let Err(error) = settings_of(uri) else { panic!("{uri} is not refused") };
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains(reason), "{uri}: {error}");
        }
        for uri in ["mssql://u:p@h?packet_size=16383", "mssql://u:p@h?packet_size=32767&encrypt=login"] {
            assert!(settings_of(uri).is_ok(), "{uri}");
        }
    }
}
