//! Connecting: which hosts, in which order, with what TLS; and which phase failed, where one did.

mod host;
mod options;

use std::fmt;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use industrydb_core::config::Config;
use industrydb_core::error::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, raw_sql};
use tokio::net::lookup_host;

use self::host::{Attempts, Host};
use self::options::{check, given_setting, is_behind_pooler, is_pooled, no_password, options, server_options};
use crate::cancel::Calls;
use crate::environment::{Environment, read_lossy};
use crate::error::{BACKEND, sqlstate, without_place};
use crate::second::{Process, Second};
use crate::session::Session;
use crate::settings::{self, Settings};
use crate::sockets::Sockets;

/// How long a look at a host that failed may take, to say how far one gets there.
const PROBE: Duration = Duration::from_secs(2);

/// `invalid_authorization_specification`: no line of pg_hba.conf fits.
const REFUSED: &str = "28000";
/// `invalid_password`.
const WRONG_PASSWORD: &str = "28P01";
/// `cannot_connect_now`: the server is starting or stopping.
const NOT_NOW: &str = "57P03";

/// What a session says about itself when it begins. Freeing three megabytes once makes the allocator of a server on
/// glibc keep its heap, which it would otherwise give back and fault in again for every wide row that it sends.
const GREETING: &str = "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('server_version'), \
     pg_catalog.current_setting('lc_monetary'), pg_catalog.pg_is_in_recovery(), \
     pg_catalog.current_setting('transaction_read_only'), \
     (SELECT (extract(epoch FROM backend_start) * 1000000)::int8 \
       FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())), \
     host(pg_catalog.inet_server_addr()), \
     pg_catalog.octet_length(pg_catalog.repeat(pg_catalog.repeat('x', 1000), 3000)), ";

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Dns,
    Tcp,
    Socket,
    Tls,
    Login,
    Database,
    Session,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Socket => "the Unix socket",
            Self::Tls => "TLS",
            Self::Login => "login",
            Self::Database => "database",
            Self::Session => "session",
        })
    }
}

/// Why one host did not do.
struct Refusal {
    phase: Phase,
    cause: String,
    hint: Option<String>,
    code: Option<String>,
}

impl Refusal {
    fn new(phase: Phase, cause: impl Into<String>) -> Self {
        Self { phase, cause: cause.into(), hint: None, code: None }
    }

    /// Whether the other hosts are not asked any more: this one was reached and refuses whoever comes (PostgreSQL
    /// manual 34.1.1.3, and what libpq does: only a server that is starting or stopping is passed over).
    fn is_final(&self) -> bool {
        match self.phase {
            Phase::Dns | Phase::Tcp | Phase::Socket => false,
            Phase::Tls => true,
            Phase::Login | Phase::Database | Phase::Session => self.code.as_deref().is_some_and(|code| code != NOT_NOW),
        }
    }
}

/// What a session tells when it begins.
struct Greeting {
    process: Process,
    version: String,
    lc_monetary: String,
    standby: bool,
    read_only: bool,
    settings: Settings,
}

/// Connects to the first host that will do, and gives the session with the server's version.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Configuration`] for what can't be honoured;
/// [`industrydb_core::error::ErrorKind::Connection`] naming each host, the phase that failed there and the cause.
pub async fn connect(config: &Config) -> Result<(Session, String)> {
    let config = completed(config)?;
    check(&config)?;
    let mut refusals = Vec::new();
    for attempt in Attempts::of(&config) {
        for host in attempt.hosts(&config) {
            match reach(&config, &host, attempt).await {
                Ok(session) => return Ok(session),
                Err(refusal) => {
                    let last = refusal.is_final();
                    refusals.push((host, refusal));
                    if last {
                        return Err(refused(&config, &refusals));
                    }
                }
            }
        }
    }
    Err(refused(&config, &refusals))
}

/// The configuration with what the service file and the environment add.
fn completed(config: &Config) -> Result<Config> {
    let variable = |name: &str| std::env::var(name).ok();
    Environment { variable: &variable, read: &read_lossy }.complete(config)
}

/// A session on one host.
async fn reach(config: &Config, host: &Host, attempt: Attempts) -> Result<(Session, String), Refusal> {
    let timeout = config.option_duration("connect_timeout").filter(|timeout| !timeout.is_zero());
    let session = apart(config, host, attempt);
    let Some(timeout) = timeout else { return session.await };
    let deadline = tokio::time::Instant::now() + timeout;
    // Who waits is told in time how far one gets there: the look takes the last part of it.
    let probe = PROBE.min(timeout / 2);
    let look = async {
        tokio::time::sleep_until(deadline - probe).await;
        let phase = phase_reached(host, probe).await;
        tokio::time::sleep_until(deadline).await;
        phase
    };
    tokio::select! {
        outcome = session => outcome,
        phase = look => {
            Err(Refusal::new(phase, format!("no answer within connect_timeout={} s", timeout.as_secs_f64())))
        }
    }
}

/// [`open`] in a task of its own: the driver panics over some of what is not PostgreSQL's protocol.
async fn apart(config: &Config, host: &Host, attempt: Attempts) -> Result<(Session, String), Refusal> {
    let (config, host) = (config.clone(), host.clone());
    // Dropped with the set, the task ends.
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { open(&config, &host, attempt).await });
    match tasks.join_next().await {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) | None => Err(Refusal::new(Phase::Login, "not PostgreSQL's protocol")),
    }
}

/// How far one gets there: whether anything listens; asked only after a connection failed.
async fn phase_reached(host: &Host, within: Duration) -> Phase {
    let reached = async {
        if host.is_socket() {
            answers_on_socket(host).await
        } else {
            tokio::net::TcpStream::connect((host.target(), host.port)).await.is_ok()
        }
    };
    match tokio::time::timeout(within, reached).await {
        Ok(true) => Phase::Login,
        Ok(false) | Err(_) if host.is_socket() => Phase::Socket,
        Ok(false) | Err(_) => Phase::Tcp,
    }
}

#[cfg(unix)]
async fn answers_on_socket(host: &Host) -> bool {
    let path = format!("{}/.s.PGSQL.{}", host.directory(), host.port);
    tokio::net::UnixStream::connect(path).await.is_ok()
}

#[cfg(not(unix))]
async fn answers_on_socket(_: &Host) -> bool {
    false
}

async fn open(config: &Config, host: &Host, attempt: Attempts) -> Result<(Session, String), Refusal> {
    if !host.is_socket() {
        let addresses = lookup_host((host.target(), host.port)).await;
        let found = addresses.is_ok_and(|mut addresses| addresses.next().is_some());
        if !found {
            return Err(Refusal::new(Phase::Dns, format!("the name {:?} has no address", host.target())));
        }
    }
    let options = options(config, host)?;
    let began = Instant::now();
    let (mut connection, options) = dial(config, host, options).await?;
    let greeting = greet(config, &mut connection).await.map_err(|cause| {
        let refusal = refusal(&cause, Phase::Session);
        Refusal { phase: Phase::Session, ..refusal }
    })?;
    let took = began.elapsed();
    if let Err(why) = attempt.takes(config, &greeting) {
        // A session that is not wanted; whether it ends well does not matter.
        let _ = connection.close().await;
        return Err(Refusal::new(Phase::Session, why));
    }
    let pooled = is_pooled(config);
    let calls = Arc::new(Calls::new(Second::new(options, greeting.process, took), pooled));
    Ok((Session::new(connection, calls, &greeting.lc_monetary, greeting.settings, pooled), greeting.version))
}

/// Opens the socket and logs in; `allow` and `prefer` try the other way as well. Gives the options that worked.
async fn dial(
    config: &Config,
    host: &Host,
    options: PgConnectOptions,
) -> Result<(PgConnection, PgConnectOptions), Refusal> {
    // Two crypto providers are linked in, and rustls does not choose; it may have been told before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sockets = Sockets::configured(host.port, config);
    let cause = match sockets.of(options.connect()).await {
        Ok(connection) => return Ok((connection, options)),
        Err(cause) => cause,
    };
    let other = match (config.option("sslmode").unwrap_or("prefer"), &cause) {
        ("allow", sqlx::Error::Database(_)) if !host.is_socket() => Some(PgSslMode::Require),
        ("prefer", sqlx::Error::Tls(_)) if !host.is_socket() => Some(PgSslMode::Disable),
        // The two sides could not agree on how to encrypt.
        ("prefer", sqlx::Error::Io(cause)) if !host.is_socket() && is_tls(cause) => Some(PgSslMode::Disable),
        // pg_hba.conf may take from here only what is not encrypted.
        ("prefer", sqlx::Error::Database(_)) if !host.is_socket() && sqlstate(&cause) == Some(REFUSED) => {
            Some(PgSslMode::Disable)
        }
        _ => None,
    };
    if let Some(mode) = other {
        let options = options.clone().ssl_mode(mode);
        if let Ok(connection) = sockets.of(options.connect()).await {
            return Ok((connection, options));
        }
    }
    let mut refusal = refusal(&cause, phase_reached(host, PROBE).await);
    if refusal.code.as_deref() == Some(WRONG_PASSWORD)
        && let Some(why) = no_password(config, host, &options)
    {
        refusal.hint = Some(why);
    }
    Err(refusal)
}

/// What the driver's error says about where it went wrong; `otherwise` where it says nothing.
fn refusal(cause: &sqlx::Error, otherwise: Phase) -> Refusal {
    let mut refusal = match cause {
        sqlx::Error::Database(server) => Refusal::new(Phase::Login, server.message()),
        sqlx::Error::Tls(cause) => Refusal::new(Phase::Tls, cause.to_string()),
        // The driver's words quote a character of the password.
        sqlx::Error::Configuration(cause) if cause.to_string().contains("saslprep") => {
            let cause = "the user name or password has a character that SASLprep (RFC 4013) does not allow";
            Refusal::new(Phase::Login, cause)
        }
        sqlx::Error::Configuration(cause) => Refusal::new(Phase::Tls, cause.to_string()),
        sqlx::Error::Io(cause) if is_tls(cause) => Refusal::new(Phase::Tls, cause.to_string()),
        sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => Refusal::new(otherwise, CLOSED),
        sqlx::Error::Io(cause) => Refusal::new(otherwise, cause.to_string()),
        sqlx::Error::Protocol(cause) => unexpected(cause, otherwise),
        other => Refusal::new(otherwise, other.to_string()),
    };
    let code = sqlstate(cause);
    refusal.code = code.map(str::to_owned);
    let (phase, hint) = match code {
        Some("3D000") => (Phase::Database, Some("the database does not exist")),
        Some(WRONG_PASSWORD) => (Phase::Login, Some("check the user name and the password")),
        Some(REFUSED) => {
            (Phase::Login, Some("pg_hba.conf on the server decides who may log in, from where, with TLS or not"))
        }
        Some("53300") => {
            (Phase::Login, Some("the server has no connection left: raise max_connections, or use a pooler"))
        }
        Some("08P01") if refusal.cause.contains("unsupported startup parameter") => {
            (Phase::Login, Some("this is a pooler, such as pgbouncer: connect with pooler=\"transaction\""))
        }
        _ if refusal.phase == Phase::Tls => (Phase::Tls, Some(tls_hint(&refusal.cause))),
        _ => (refusal.phase, None),
    };
    refusal.phase = phase;
    refusal.hint = hint.map(str::to_owned).or(refusal.hint);
    refusal
}

const CLOSED: &str = "the server closed the connection";

/// What an answer means that the driver does not understand.
fn unexpected(cause: &str, otherwise: Phase) -> Refusal {
    // PostgreSQL manual 54.7, AuthenticationXXX.
    const METHODS: [(&str, &str); 7] = [
        ("authentication method: 2", "Kerberos V5"),
        ("authentication method: 6", "SCM credentials"),
        ("authentication method: 7", "GSSAPI"),
        ("authentication method: 9", "SSPI"),
        ("SASL authentication mechanisms: OAUTHBEARER", "OAuth"),
        ("SASL authentication mechanisms: ", "a SASL mechanism other than SCRAM-SHA-256"),
        ("authentication method: ", "an unknown method"),
    ];
    let cause = without_place(cause);
    let method = METHODS.iter().find(|(words, _)| match words.strip_suffix(char::is_numeric) {
        Some(_) => cause.ends_with(words),
        None => cause.contains(words),
    });
    if let Some((_, method)) = method {
        let refusal =
            Refusal::new(Phase::Login, format!("the server asks for a login by {method}, which is not possible here"));
        let hint = "possible are passwords (scram-sha-256, md5, password), certificates, trust, and what the server asks others";
        return Refusal { hint: Some(hint.to_owned()), ..refusal };
    }
    // The driver reads the one byte that answers its request for TLS (PostgreSQL manual 54.2.10).
    if cause.ends_with("response from SSLRequest: 0x00") {
        return Refusal::new(otherwise, CLOSED);
    }
    if cause.ends_with("response from SSLRequest: 0x45") {
        return Refusal::new(
            otherwise,
            "the server answered the request for TLS with an error, such as that it is full",
        );
    }
    Refusal::new(otherwise, format!("not PostgreSQL's protocol: {cause}"))
}

/// What to do about an error of TLS.
fn tls_hint(cause: &str) -> &'static str {
    if cause.contains("CaUsedAsEndEntity") {
        return "the server's certificate is an authority's own, as `openssl req -x509` makes it, which is not taken for a \
                server's: make it with -addext basicConstraints=critical,CA:FALSE and -addext subjectAltName=DNS:HOST";
    }
    if cause.contains("UnsupportedCertVersion") {
        return "the server's certificate is of X.509 version 1, which is not taken: sign it with an -extfile that has \
                subjectAltName=DNS:HOST, which makes it version 3";
    }
    "sslrootcert names the authority that signed the server's certificate; sslmode says what is checked"
}

/// Whether the driver's I/O error is one of the TLS handshake.
fn is_tls(cause: &io::Error) -> bool {
    cause.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// Sets the session up and asks what there is to know about it.
async fn greet(config: &Config, connection: &mut PgConnection) -> sqlx::Result<Greeting> {
    let mut sql = String::new();
    if !is_pooled(config) {
        let millis = config.option_duration("statement_timeout").map(|timeout| timeout.as_millis().to_string());
        // The driver says UTC and MDY when it logs in, whatever `options` says.
        let zone = config.option("timezone").map(str::to_owned).or_else(|| given_setting(config, "timezone"));
        let dates = given_setting(config, "datestyle");
        let settings = [
            ("TimeZone", Some(zone.as_deref().unwrap_or("UTC"))),
            ("DateStyle", dates.as_deref()),
            ("search_path", config.option("search_path")),
            ("statement_timeout", millis.as_deref()),
            // Where results are read as text, this is the text that is read.
            ("IntervalStyle", given_setting(config, "intervalstyle").is_none().then_some("postgres")),
            ("bytea_output", given_setting(config, "bytea_output").is_none().then_some("hex")),
        ];
        // What a pooler does not take with the login, its session takes afterwards.
        let given = if is_behind_pooler(config) { server_options(config).unwrap_or_default() } else { Vec::new() };
        let given = given.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
        for (name, value) in given.chain(settings) {
            if let Some(value) = value {
                // Writing to a String does not fail.
                let _ = write!(sql, "SELECT pg_catalog.set_config({}, {}, false); ", quoted(name), quoted(value));
            }
        }
    }
    sql.extend([GREETING, settings::COLUMNS]);
    let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await?;
    let row: &PgRow = rows.last().ok_or(sqlx::Error::RowNotFound)?;
    let version: String = row.try_get(1)?;
    Ok(Greeting {
        process: Process { id: row.try_get(0)?, began: row.try_get(5)?, address: row.try_get(6)? },
        version: version.split(' ').next().unwrap_or_default().to_owned(),
        lc_monetary: row.try_get(2)?,
        standby: row.try_get(3)?,
        read_only: row.try_get::<String, _>(4)? == "on",
        settings: Settings::read(row)?,
    })
}

/// A text as an SQL literal, whatever standard_conforming_strings says.
pub fn quoted(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

fn refused(config: &Config, refusals: &[(Host, Refusal)]) -> Error {
    let database = config.database().map_or_else(String::new, |database| format!("database {database:?} "));
    let each = |(host, refusal): &(Host, Refusal)| format!("at {host}: {} failed: {}", refusal.phase, refusal.cause);
    let all: Vec<String> = refusals.iter().map(each).collect();
    let error = Error::connection(format!("cannot connect to the PostgreSQL {database}{}", all.join("; ")));
    let error = error.with_backend(BACKEND);
    let Some((_, last)) = refusals.last() else { return error };
    let error = match &last.hint {
        Some(hint) => error.with_hint(hint.clone()),
        None => error,
    };
    match &last.code {
        Some(code) => error.with_code(code.clone()),
        None => error,
    }
}
