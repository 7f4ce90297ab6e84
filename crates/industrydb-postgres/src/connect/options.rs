//! What the configuration means to the driver, and what it can't honour.

use std::io;
use std::path::Path;

use industrydb_core::config::Config;
use industrydb_core::error::{Error, Result};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::host::Host;
use super::{Phase, Refusal};
use crate::environment::{Environment, system_user};
use crate::error::BACKEND;
use crate::plan::CACHED_STATEMENTS;

/// What libpq sets on its socket.
const SOCKET_OPTIONS: [&str; 5] =
    ["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"];

/// Refuses what this client can't do, rather than leaving it out in silence.
pub(super) fn check(config: &Config) -> Result<()> {
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

pub(super) fn is_pooled(config: &Config) -> bool {
    config.option("pooler") == Some("transaction")
}

/// The driver's options for one host.
pub(super) fn options(config: &Config, host: &Host) -> Result<PgConnectOptions, Refusal> {
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
