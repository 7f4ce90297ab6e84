//! Connecting: which hosts, in which order, with what TLS; and which phase failed, where one did.

use std::fmt;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use industrydb_core::config::{Config, Port};
use industrydb_core::error::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, raw_sql};
use tokio::net::lookup_host;

use crate::cancel::Calls;
use crate::environment::{Environment, system_user};
use crate::error::{BACKEND, sqlstate};
use crate::plan::CACHED_STATEMENTS;
use crate::second::{Process, Second};
use crate::session::Session;
use crate::settings::{self, Settings};

/// The port where none is given.
const DEFAULT_PORT: u16 = 5432;
/// How long a look at a host that failed may take, to say how far one gets there.
const PROBE: Duration = Duration::from_secs(2);

/// `invalid_authorization_specification`: no line of pg_hba.conf fits.
const REFUSED: &str = "28000";
/// `cannot_connect_now`: the server is starting or stopping.
const NOT_NOW: &str = "57P03";

/// What libpq sets on its socket.
const SOCKET_OPTIONS: [&str; 5] =
    ["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"];

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
    hint: Option<&'static str>,
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

/// One host to try.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    /// A name, an address, or the directory of a Unix socket; `None` for the default socket, else localhost.
    name: Option<String>,
    port: u16,
}

impl Host {
    fn is_socket(&self) -> bool {
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
    Environment { variable: &variable, read: &|path| std::fs::read_to_string(path) }.complete(config)
}

/// Refuses what this client can't do, rather than leaving it out in silence.
fn check(config: &Config) -> Result<()> {
    let refuse =
        |option: &str, why: &str| Err(Error::configuration(format!("option {option:?}: {why}")).with_backend(BACKEND));
    if config.option("channel_binding") == Some("require") {
        let why = "SCRAM is not bound to the TLS channel here; leave it out, and sslmode=verify-full makes sure of the server";
        return refuse("channel_binding", why);
    }
    if config.option("require_auth").is_some_and(|methods| !methods.is_empty()) {
        let why =
            "the server's choice of authentication can't be limited here; leave it out, and limit it in pg_hba.conf";
        return refuse("require_auth", why);
    }
    if config.option("sslpassword").is_some() {
        return refuse("sslpassword", "an encrypted private key can't be read here; decrypt the file first");
    }
    if config.option("sslcert").is_some() != config.option("sslkey").is_some() {
        return refuse("sslcert", "sslcert and sslkey go together");
    }
    let is_set = |option: &&&str| match **option {
        "keepalives" => config.option_bool(option) == Some(true),
        _ => config.option_integer(option).is_some_and(|value| value != 0),
    };
    if let Some(option) = SOCKET_OPTIONS.iter().find(is_set) {
        let why = "the driver does not let its socket be set up; leave it out, and set it for the system or bound calls \
                   with timeout=";
        return refuse(option, why);
    }
    if is_pooled(config) {
        for option in ["search_path", "statement_timeout", "options"] {
            if config.option(option).is_some() {
                return refuse(option, "behind a pooler in transaction mode no session has settings of its own");
            }
        }
        if config.option("timezone").is_some_and(|zone| zone != "UTC") {
            return refuse("timezone", "behind a pooler in transaction mode every session is in UTC");
        }
    }
    if config.option("sslmode") != Some("disable") {
        check_files(config)?;
    }
    server_options(config).map(drop)
}

/// The settings in `options`, which libpq passes on as a command line: `-c name=value` and `--name=value`.
fn server_options(config: &Config) -> Result<Vec<(String, String)>> {
    let Some(text) = config.option("options") else { return Ok(Vec::new()) };
    let malformed = || {
        let message = "option \"options\": only -c name=value and --name=value are understood";
        Error::configuration(message).with_backend(BACKEND)
    };
    let mut settings = Vec::new();
    let mut words = split_words(text).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("--").or_else(|| word.strip_prefix("-c").filter(|rest| !rest.is_empty()))
        {
            Some(setting) => setting.to_owned(),
            None if word == "-c" => words.next().ok_or_else(malformed)?,
            None => return Err(malformed()),
        };
        let (name, value) = setting.split_once('=').ok_or_else(malformed)?;
        settings.push((name.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

/// Words between spaces; a backslash takes the next character as it is (PostgreSQL manual 54.2.1.1).
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn is_pooled(config: &Config) -> bool {
    config.option("pooler") == Some("transaction")
}

/// One pass over the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempts {
    /// Takes any server that will do.
    Wanted,
    /// `prefer-standby`, and no host was one: takes any.
    Any,
}

impl Attempts {
    fn of(config: &Config) -> impl Iterator<Item = Self> {
        let twice = config.option("target_session_attrs") == Some("prefer-standby");
        [Some(Self::Wanted), twice.then_some(Self::Any)].into_iter().flatten()
    }

    fn hosts(self, config: &Config) -> Vec<Host> {
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
    fn takes(self, config: &Config, greeting: &Greeting) -> Result<(), String> {
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

/// A session on one host.
async fn reach(config: &Config, host: &Host, attempt: Attempts) -> Result<(Session, String), Refusal> {
    let timeout = config.option_duration("connect_timeout").filter(|timeout| !timeout.is_zero());
    let session = apart(config, host, attempt);
    match timeout {
        None => session.await,
        Some(timeout) => match tokio::time::timeout(timeout, session).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let phase = phase_reached(host).await;
                let cause = format!("no answer within connect_timeout={} s", timeout.as_secs_f64());
                Err(Refusal::new(phase, cause))
            }
        },
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
async fn phase_reached(host: &Host) -> Phase {
    let reached = async {
        match host.name.as_deref() {
            None => true,
            Some(_) if host.is_socket() => answers_on_socket(host).await,
            Some(name) => tokio::net::TcpStream::connect((name, host.port)).await.is_ok(),
        }
    };
    match tokio::time::timeout(PROBE, reached).await {
        Ok(true) => Phase::Login,
        Ok(false) | Err(_) if host.is_socket() => Phase::Socket,
        Ok(false) | Err(_) => Phase::Tcp,
    }
}

#[cfg(unix)]
async fn answers_on_socket(host: &Host) -> bool {
    tokio::net::UnixStream::connect(host.to_string()).await.is_ok()
}

#[cfg(not(unix))]
async fn answers_on_socket(_: &Host) -> bool {
    false
}

async fn open(config: &Config, host: &Host, attempt: Attempts) -> Result<(Session, String), Refusal> {
    if let Some(name) = host.name.as_deref().filter(|_| !host.is_socket()) {
        let addresses = lookup_host((name, host.port)).await;
        let found = addresses.is_ok_and(|mut addresses| addresses.next().is_some());
        if !found {
            return Err(Refusal::new(Phase::Dns, format!("the name {name:?} has no address")));
        }
    }
    let options = options(config, host)?;
    let began = Instant::now();
    let (mut connection, options) = dial(config, host, options).await?;
    let greeting = greet(config, &mut connection).await.map_err(|cause| refusal(&cause, Phase::Session))?;
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

/// The driver's options for one host.
fn options(config: &Config, host: &Host) -> Result<PgConnectOptions, Refusal> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(host.port)
        .disable_statement_logging()
        .statement_cache_capacity(CACHED_STATEMENTS)
        .ssl_mode(ssl_mode(config, host));
    options = match &host.name {
        Some(name) if host.is_socket() => options.socket(name),
        Some(name) => options.host(name),
        None => options,
    };
    let username = config.username().filter(|username| !username.is_empty()).map(str::to_owned);
    if let Some(username) = username.or_else(system_user) {
        options = options.username(&username);
    }
    if let Some(database) = config.database().filter(|database| !database.is_empty()) {
        options = options.database(database);
    }
    let name = config.option("application_name").or_else(|| config.option("fallback_application_name"));
    options = options.application_name(name.unwrap_or("industrydb"));
    if let Some(password) = password(config, host, &options) {
        options = options.password(&password);
    }
    if let Some(roots) = config.option("sslrootcert").filter(|file| *file != "system") {
        options = options.ssl_root_cert(roots);
    }
    if let (Some(certificate), Some(key)) = (config.option("sslcert"), config.option("sslkey")) {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    if is_pooled(config) {
        // A pooler refuses settings that it does not keep track of.
        return Ok(options.extra_float_digits(None));
    }
    let mut settings = server_options(config).map_err(|error| Refusal::new(Phase::Session, error.message()))?;
    // Here as well, so that RESET and DISCARD return to them. (The driver escapes no other blanks than spaces.)
    let path = config.option("search_path").filter(|path| !path.contains(['\t', '\n', '\r', '\x0b', '\x0c']));
    settings.extend(path.map(|path| ("search_path".to_owned(), path.to_owned())));
    let timeout = config.option_duration("statement_timeout").map(|timeout| timeout.as_millis().to_string());
    settings.extend(timeout.map(|millis| ("statement_timeout".to_owned(), millis)));
    Ok(if settings.is_empty() { options } else { options.options(settings) })
}

/// The password that was given, else the password file's.
fn password(config: &Config, host: &Host, options: &PgConnectOptions) -> Option<String> {
    if let Some(password) = config.password() {
        return Some(password.expose().to_owned());
    }
    let variable = |name: &str| std::env::var(name).ok();
    let environment = Environment { variable: &variable, read: &read_private };
    // A socket where the server puts it by default goes by the name of localhost.
    let name = match host.name.as_deref() {
        None | Some("/tmp" | "/var/run/postgresql" | "/run/postgresql") => "localhost",
        Some(name) => name,
    };
    let username = options.get_username();
    let database = options.get_database().unwrap_or(username);
    environment.password(config, name, host.port, database, username).map(|password| password.expose().to_owned())
}

/// A password file; one that others may read is not used (PostgreSQL manual 34.16).
fn read_private(path: &Path) -> io::Result<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may read it"));
        }
    }
    std::fs::read_to_string(path)
}

/// PostgreSQL manual, table 34.1; a root certificate with `require` asks for `verify-ca`, as in libpq.
fn ssl_mode(config: &Config, host: &Host) -> PgSslMode {
    if host.is_socket() {
        return PgSslMode::Disable;
    }
    match config.option("sslmode").unwrap_or("prefer") {
        "disable" => PgSslMode::Disable,
        "allow" => PgSslMode::Allow,
        "require" if config.option("sslrootcert").is_some() => PgSslMode::VerifyCa,
        "require" => PgSslMode::Require,
        "verify-ca" => PgSslMode::VerifyCa,
        "verify-full" => PgSslMode::VerifyFull,
        _ => PgSslMode::Prefer,
    }
}

/// Looks for the files of TLS before anything is sent.
fn check_files(config: &Config) -> Result<()> {
    for option in ["sslrootcert", "sslcert", "sslkey"] {
        let Some(file) = config.option(option).filter(|file| *file != "system") else { continue };
        if let Err(cause) = std::fs::File::open(file) {
            let message = format!("option {option:?}: the file {file:?} can't be read: {cause}");
            return Err(Error::configuration(message).with_backend(BACKEND));
        }
    }
    Ok(())
}

/// Opens the socket and logs in; `allow` and `prefer` try the other way as well. Gives the options that worked.
async fn dial(
    config: &Config,
    host: &Host,
    options: PgConnectOptions,
) -> Result<(PgConnection, PgConnectOptions), Refusal> {
    // Two crypto providers are linked in, and rustls does not choose; it may have been told before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cause = match options.connect().await {
        Ok(connection) => return Ok((connection, options)),
        Err(cause) => cause,
    };
    let other = match (config.option("sslmode").unwrap_or("prefer"), &cause) {
        ("allow", sqlx::Error::Database(_)) if !host.is_socket() => Some(PgSslMode::Require),
        ("prefer", sqlx::Error::Tls(_)) if !host.is_socket() => Some(PgSslMode::Disable),
        // pg_hba.conf may take from here only what is not encrypted.
        ("prefer", sqlx::Error::Database(_)) if !host.is_socket() && sqlstate(&cause) == Some(REFUSED) => {
            Some(PgSslMode::Disable)
        }
        _ => None,
    };
    if let Some(mode) = other {
        let options = options.ssl_mode(mode);
        if let Ok(connection) = options.connect().await {
            return Ok((connection, options));
        }
    }
    Err(refusal(&cause, phase_reached(host).await))
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
        sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            Refusal::new(otherwise, "the server closed the connection")
        }
        sqlx::Error::Io(cause) => Refusal::new(otherwise, cause.to_string()),
        sqlx::Error::Protocol(cause) => Refusal::new(otherwise, format!("not PostgreSQL's protocol: {cause}")),
        other => Refusal::new(otherwise, other.to_string()),
    };
    let code = sqlstate(cause);
    refusal.code = code.map(str::to_owned);
    (refusal.phase, refusal.hint) = match code {
        Some("3D000") => (Phase::Database, Some("the database does not exist")),
        Some("28P01") => (Phase::Login, Some("check the user name and the password")),
        Some("28000") => {
            (Phase::Login, Some("pg_hba.conf on the server decides who may log in, from where, with TLS or not"))
        }
        Some("53300") => {
            (Phase::Login, Some("the server has no connection left: raise max_connections, or use a pooler"))
        }
        _ if refusal.phase == Phase::Tls => (
            Phase::Tls,
            Some("sslrootcert names the authority that signed the server's certificate; sslmode says what is checked"),
        ),
        _ => (refusal.phase, None),
    };
    refusal
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
        let settings = [
            ("TimeZone", Some(config.option("timezone").unwrap_or("UTC"))),
            ("search_path", config.option("search_path")),
            ("statement_timeout", millis.as_deref()),
            // Where results are read as text, this is the text that is read.
            ("IntervalStyle", Some("postgres")),
            ("bytea_output", Some("hex")),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                // Writing to a String does not fail.
                let _ = write!(sql, "SELECT pg_catalog.set_config('{name}', {}, false); ", quoted(value));
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
    let error = match last.hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    };
    match &last.code {
        Some(code) => error.with_code(code.clone()),
        None => error,
    }
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

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for (uri, option) in [
            ("postgresql://h?channel_binding=require", "channel_binding"),
            ("postgresql://h?require_auth=scram-sha-256", "require_auth"),
            ("postgresql://h?sslcert=a", "sslcert"),
            ("postgresql://h?sslpassword=a", "sslpassword"),
            ("postgresql://h?keepalives=true", "\"keepalives\""),
            ("postgresql://h?keepalives_idle=3", "keepalives_idle"),
            ("postgresql://h?tcp_user_timeout=3", "tcp_user_timeout"),
            ("postgresql://h?pooler=transaction&search_path=a", "search_path"),
            ("postgresql://h?pooler=transaction&timezone=Asia/Tokyo", "timezone"),
            ("postgresql://h?options=-B%2012", "options"),
        ] {
            let error = check(&parse(uri)).expect_err(uri);
            assert!(error.message().contains(option), "{uri}: {error}");
        }
        assert!(check(&parse("postgresql://h?channel_binding=prefer&gssencmode=prefer&keepalives=0")).is_ok());
    }

    #[test]
    fn settings_of_a_command_line() {
        let settings = |text: &str| {
            let config = Config::from_pairs([("db_type", "postgres"), ("options", text)], &[&SPEC]).expect(text);
            server_options(&config).map(|all| all.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(
            settings("-c geqo=off --search_path=a\\ b  -cwork_mem=1MB").as_deref(),
            Ok("geqo=off|search_path=a b|work_mem=1MB")
        );
        assert!(settings("-c").is_err());
        assert!(settings("-d 3").is_err());
    }
}
