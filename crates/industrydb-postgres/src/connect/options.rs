//! What the configuration means to the driver, and what it can't honour.

use std::io;
use std::path::Path;

use industrydb_core::config::{Config, Secret};
use industrydb_core::error::{Error, Result};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::host::{Attempts, Host, SOCKET_DIRECTORIES};
use super::{Phase, Refusal};
use crate::environment::{Environment, read_lossy, system_user};
use crate::error::BACKEND;
use crate::plan::CACHED_STATEMENTS;
use crate::sockets;

/// The `sslrootcert` that is no file: the authorities that the operating system trusts.
const SYSTEM: &str = "system";

/// What libpq sets on its socket.
const SOCKET_OPTIONS: [&str; 5] =
    ["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"];

/// What libpq can be told and this client can't do: the values that mean no more than it does anyway, and why others
/// are refused.
const UNSUPPORTED: &[(&str, &[&str], &str)] = &[
    (
        "channel_binding",
        &["disable", "prefer"],
        "SCRAM is not bound to the TLS channel here; leave it out, and sslmode=verify-full makes sure of the server",
    ),
    (
        "require_auth",
        &[""],
        "the server's choice of authentication can't be limited here; leave it out, and limit it in pg_hba.conf",
    ),
    ("sslpassword", &[], "an encrypted private key can't be read here; decrypt the file first"),
    ("sslcrl", &[""], "certificates are not looked up in revocation lists here"),
    ("sslcrldir", &[""], "certificates are not looked up in revocation lists here"),
    ("sslcertmode", &["allow", "disable"], "whether the server asks for the certificate is not looked at here"),
    ("sslsni", &["true"], "the host's name is always sent to the server"),
    ("sslnegotiation", &["postgres"], "TLS is always asked for in PostgreSQL's way first"),
    (
        "ssl_min_protocol_version",
        &["TLSv1", "TLSv1.1", "TLSv1.2"],
        "TLS 1.2 and 1.3 are both spoken, whichever the server likes",
    ),
    ("ssl_max_protocol_version", &["TLSv1.3"], "TLS 1.2 and 1.3 are both spoken, whichever the server likes"),
    ("requirepeer", &[""], "who runs the server behind a socket is not looked up here"),
    ("replication", &["false"], "replication has a protocol of its own, which is not spoken here"),
    ("min_protocol_version", &["3.0"], "version 3.0 of the protocol is spoken here"),
];

/// Refuses what this client can't do, rather than leaving it out in silence.
pub(super) fn check(config: &Config) -> Result<()> {
    let refuse =
        |option: &str, why: &str| Err(Error::configuration(format!("option {option:?}: {why}")).with_backend(BACKEND));
    for (option, harmless, why) in UNSUPPORTED {
        if config.option(option).is_some_and(|value| !harmless.contains(&value)) {
            return refuse(option, why);
        }
    }
    if config.option("sslcert").is_some() != config.option("sslkey").is_some() {
        return refuse("sslcert", "sslcert and sslkey go together");
    }
    let is_set = |option: &&&str| match **option {
        "keepalives" => config.option_bool(option) == Some(true),
        _ => config.option_integer(option).is_some_and(|value| value != 0),
    };
    if let (false, Some(option)) = (sockets::CAN_BE_SET_UP, SOCKET_OPTIONS.iter().find(is_set)) {
        let why = "on this system the driver does not let its socket be set up; leave it out, and set it for the system or \
                   bound calls with timeout=";
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
    if config.option("sslcertmode") == Some("disable") && config.option("sslcert").is_some() {
        return refuse("sslcertmode", "a certificate that is given is sent: leave out sslcert and sslkey");
    }
    let mode = config.option("sslmode");
    if config.option("sslrootcert") == Some(SYSTEM) && mode != Some("verify-full") {
        // As libpq: who may be anybody of those that the system knows needs the name that was meant.
        return refuse("sslrootcert", "\"system\" goes with sslmode=verify-full alone");
    }
    let hosts = Attempts::Wanted.hosts(config);
    if mode == Some("verify-full") && hosts.iter().any(|host| host.target() != host.name) {
        let why = "sslmode=verify-full can't check the host's name beside an address; leave it out, or use verify-ca";
        return refuse("hostaddr", why);
    }
    let addresses = config.option("hostaddr").map(|addresses| addresses.split(',').count());
    let names = config.host().filter(|names| !names.is_empty()).map(|names| names.split(',').count());
    if let (Some(addresses), Some(names)) = (addresses, names)
        && addresses != names
    {
        return refuse("hostaddr", "there must be as many addresses as hosts");
    }
    if mode != Some("disable") && !hosts.iter().all(Host::is_socket) {
        check_files(config)?;
    }
    server_options(config).map(drop)
}

/// The settings in `options`, which libpq passes on as a command line: `-c name=value` and `--name=value`.
pub(super) fn server_options(config: &Config) -> Result<Vec<(String, String)>> {
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
        // As the server does, which takes one for the other.
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

/// What `options` sets `name` to, a setting's name in lower case, as far as it does.
pub(super) fn given_setting(config: &Config, name: &str) -> Option<String> {
    let settings = server_options(config).unwrap_or_default();
    settings.into_iter().rev().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
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

pub(super) fn is_pooled(config: &Config) -> bool {
    config.option("pooler") == Some("transaction")
}

/// Whether a pooler stands before the server, in whichever mode.
pub(super) fn is_behind_pooler(config: &Config) -> bool {
    matches!(config.option("pooler"), Some("transaction" | "session"))
}

/// The driver's options for one host.
pub(super) fn options(config: &Config, host: &Host) -> Result<PgConnectOptions, Refusal> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(host.port)
        .disable_statement_logging()
        .statement_cache_capacity(CACHED_STATEMENTS)
        .ssl_mode(ssl_mode(config, host));
    options = if host.is_socket() { options.socket(host.directory()) } else { options.host(host.target()) };
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
    options = match config.option("sslrootcert") {
        // None beside the system's, whatever the driver found in the environment.
        Some(SYSTEM) => options.ssl_root_cert_from_pem(Vec::new()),
        Some(roots) => options.ssl_root_cert(roots),
        None => options,
    };
    if let (Some(certificate), Some(key)) = (config.option("sslcert"), config.option("sslkey")) {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    if is_behind_pooler(config) {
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
    // As libpq, which looks for another password where an empty one is given.
    if let Some(password) = config.password().map(Secret::expose).filter(|password| !password.is_empty()) {
        return Some(password.to_owned());
    }
    let variable = |name: &str| std::env::var(name).ok();
    let environment = Environment { variable: &variable, read: &read_private };
    // A socket where the server puts it by default goes by the name of localhost.
    let is_default = host.name == "/run/postgresql" || SOCKET_DIRECTORIES.contains(&host.name.as_str());
    let name = if is_default { "localhost" } else { &host.name };
    let username = options.get_username();
    let database = options.get_database().unwrap_or(username);
    environment.password(config, name, host.port, database, username).map(|password| password.expose().to_owned())
}

/// What to say where a login failed for want of a password: `None` if there was one.
pub(super) fn no_password(config: &Config, host: &Host, options: &PgConnectOptions) -> Option<String> {
    if password(config, host, options).is_some() {
        return None;
    }
    let variable = |name: &str| std::env::var(name).ok();
    let file = Environment { variable: &variable, read: &read_private }.password_file(config);
    let unread = file.filter(|file| read_private(file).is_err_and(|why| why.kind() != io::ErrorKind::NotFound));
    Some(match unread {
        Some(file) => format!(
            "there was no password: the file {} is not used, since it can't be read or others may read it (chmod 0600)",
            file.display()
        ),
        None => "there was no password: neither in the configuration, nor in PGPASSWORD, nor in the password file"
            .to_owned(),
    })
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
    read_lossy(path)
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
    let error = |option: &str, file: &str, why: &str| {
        let message = format!("option {option:?}: the file {file:?} {why}");
        Err(Error::configuration(message).with_backend(BACKEND))
    };
    for option in ["sslrootcert", "sslcert", "sslkey"] {
        let Some(file) = config.option(option).filter(|file| *file != SYSTEM) else { continue };
        if let Err(cause) = std::fs::File::open(file) {
            return error(option, file, &format!("can't be read: {cause}"));
        }
    }
    let Some(file) = config.option("sslkey") else { return Ok(()) };
    if !is_private_key(Path::new(file)) {
        let why = "may be read by others, so that it is no secret: chmod 0600, or 0640 if root owns it";
        return error("sslkey", file, why);
    }
    match std::fs::read_to_string(file) {
        // `ENCRYPTED PRIVATE KEY` (RFC 7468 11), `Proc-Type: 4,ENCRYPTED` (RFC 1421 4.6.1.1).
        Ok(text) if text.contains("ENCRYPTED") => {
            error("sslkey", file, "is encrypted, and can't be read here; decrypt it first")
        }
        Ok(text) if text.contains("-----BEGIN ") => Ok(()),
        Ok(_) | Err(_) => error("sslkey", file, "is no private key in the PEM format"),
    }
}

/// Whether nobody else may read a key, as libpq demands it (PostgreSQL manual 34.19.2): its owner alone, or the group
/// of a file that belongs to root.
#[cfg(unix)]
fn is_private_key(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|file| {
        let forbidden = if file.uid() == 0 { 0o037 } else { 0o077 };
        file.mode() & forbidden == 0
    })
}

#[cfg(not(unix))]
fn is_private_key(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SPEC;

    fn parse(uri: &str) -> Config {
        Config::from_uri(uri, &[&SPEC]).expect(uri)
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for (uri, option) in [
            ("postgresql://h?channel_binding=require", "channel_binding"),
            ("postgresql://h?require_auth=scram-sha-256", "require_auth"),
            ("postgresql://h?sslcert=a", "sslcert"),
            ("postgresql://h?sslpassword=a", "sslpassword"),
            ("postgresql://h?pooler=transaction&search_path=a", "search_path"),
            ("postgresql://h?pooler=transaction&timezone=Asia/Tokyo", "timezone"),
            ("postgresql://h?options=-B%2012", "options"),
            ("postgresql://h?sslrootcert=system&sslmode=require", "sslrootcert"),
            ("postgresql://h?sslcrl=a", "sslcrl"),
            ("postgresql://h?sslcertmode=require", "sslcertmode"),
            ("postgresql://h?sslcertmode=disable&sslcert=a&sslkey=b", "sslcertmode"),
            ("postgresql://h?ssl_min_protocol_version=TLSv1.3", "ssl_min_protocol_version"),
            ("postgresql://h?requirepeer=postgres", "requirepeer"),
            ("postgresql://h?hostaddr=10.0.0.1&sslmode=verify-full", "hostaddr"),
            ("postgresql://h?hostaddr=10.0.0.1,10.0.0.2", "hostaddr"),
        ] {
            let error = check(&parse(uri)).expect_err(uri);
            assert!(error.message().contains(option), "{uri}: {error}");
        }
        for uri in [
            "postgresql://h?channel_binding=prefer&gssencmode=prefer&keepalives=0&sslcompression=1&krbsrvname=a",
            "postgresql://h?ssl_min_protocol_version=TLSv1.2&ssl_max_protocol_version=TLSv1.3&sslsni=1&replication=off",
            "postgresql://h?sslnegotiation=postgres&sslcertmode=allow&min_protocol_version=3.0&max_protocol_version=3.2",
            "postgresql://h?sslrootcert=system&sslmode=verify-full",
            "postgresql://h?hostaddr=10.0.0.1&sslmode=require",
            "postgresql://?hostaddr=10.0.0.1,10.0.0.2&sslmode=verify-full",
        ] {
            assert_eq!(check(&parse(uri)), Ok(()), "{uri}");
        }
    }

    #[test]
    fn sockets_are_set_up_where_they_can_be() {
        for uri in [
            "postgresql://h?keepalives=true",
            "postgresql://h?keepalives_idle=3&keepalives_interval=2&keepalives_count=1",
            "postgresql://h?tcp_user_timeout=3",
        ] {
            assert_eq!(check(&parse(uri)).is_ok(), sockets::CAN_BE_SET_UP, "{uri}");
        }
    }

    #[test]
    fn settings_of_a_command_line() {
        let settings = |text: &str| {
            let config = Config::from_pairs([("db_type", "postgres"), ("options", text)], &[&SPEC]).expect(text);
            server_options(&config).map(|all| all.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(
            settings("-c geqo=off --search-path=a\\ b  -cwork_mem=1MB").as_deref(),
            Ok("geqo=off|search_path=a b|work_mem=1MB")
        );
        assert!(settings("-c").is_err());
        assert!(settings("-d 3").is_err());
    }
}
