//! What libpq takes from where it runs: a service file, environment variables, a password file.
//!
//! A pure part of connecting: whoever connects passes in how to look up variables and read files.

use std::io;
use std::path::{Path, PathBuf};

use industrydb_core::config::{Config, Secret};
use industrydb_core::error::{Error, Result};

/// Where variables and files come from.
pub struct Environment<'e> {
    /// The value of an environment variable.
    pub variable: &'e dyn Fn(&str) -> Option<String>,
    /// The text of a file; an error for a password file that others may read (PostgreSQL manual 34.16).
    pub read: &'e dyn Fn(&Path) -> io::Result<String>,
}

/// Variable → field or option (PostgreSQL manual 34.15).
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGDATABASE", "database"),
    ("PGUSER", "username"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGCLIENTENCODING", "client_encoding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGTZ", "timezone"),
];

impl Environment<'_> {
    /// `config` with what it does not say itself: from its service, then from the variables.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Configuration`]: a variable or a line of the service file that cannot be
    /// right (the message names it, not its value), an unknown service.
    pub fn complete(&self, config: &Config) -> Result<Config> {
        let mut config = self.with_service(config)?;
        for (variable, name) in VARIABLES {
            if let Some(text) = self.text(variable) {
                config = config.with_default(name, &text).map_err(|error| within(&error, variable))?;
            }
        }
        Ok(config)
    }

    /// The password for one of the hosts of `config`, from the password file, if that has one (PostgreSQL manual
    /// 34.16). `host` is `localhost` for a socket in the default directory.
    pub fn password(&self, config: &Config, host: &str, port: u16, database: &str, username: &str) -> Option<Secret> {
        let file = config.option("passfile").map(PathBuf::from).or_else(|| self.home_file(".pgpass"))?;
        let text = (self.read)(&file).ok()?;
        let wanted = [host, &port.to_string(), database, username];
        text.lines().filter(|line| !line.starts_with('#')).find_map(|line| password_in(line, &wanted)).map(Secret::new)
    }

    /// PostgreSQL manual 34.17.
    fn with_service(&self, config: &Config) -> Result<Config> {
        let given =
            |option: &str, variable: &str| config.option(option).map(str::to_owned).or_else(|| self.text(variable));
        let Some(service) = given("service", "PGSERVICE") else { return Ok(config.clone()) };
        let user_file = given("servicefile", "PGSERVICEFILE").map(PathBuf::from);
        let user_file = user_file.or_else(|| self.home_file(".pg_service.conf"));
        let system_file = self.text("PGSYSCONFDIR").map(|folder| Path::new(&folder).join("pg_service.conf"));
        let lines = [user_file, system_file]
            .into_iter()
            .flatten()
            .filter_map(|file| (self.read)(&file).ok())
            .find_map(|text| section(&text, &service));
        let mut lines = lines.ok_or_else(|| error(format!("there is no service {service:?}")))?;
        // A list of ports is checked against the hosts.
        lines.sort_by_key(|(name, _)| name != "host");
        lines.iter().try_fold(config.clone(), |config, (name, text)| {
            config.with_default(name, text).map_err(|error| within(&error, &format!("service {service:?}")))
        })
    }

    /// A variable's value; an empty one counts as unset.
    fn text(&self, variable: &str) -> Option<String> {
        (self.variable)(variable).filter(|text| !text.is_empty())
    }

    fn home_file(&self, name: &str) -> Option<PathBuf> {
        self.text("HOME").map(|home| Path::new(&home).join(name))
    }
}

/// Whose process this is: the default user name. As libpq, the name that the system knows the effective user by, else
/// what the environment says.
pub fn system_user() -> Option<String> {
    let named = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    passwd_user().or_else(|| named().filter(|name| !name.is_empty()))
}

#[cfg(unix)]
fn passwd_user() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of this entry is the process's effective user, where the system has it.
    let uid = std::fs::metadata("/proc/self").ok()?.uid();
    user_in(&std::fs::read_to_string("/etc/passwd").ok()?, uid)
}

#[cfg(not(unix))]
fn passwd_user() -> Option<String> {
    None
}

/// The name of the user `uid` in the text of `/etc/passwd` (passwd(5)).
#[cfg(unix)]
fn user_in(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The names and values of `[service]`, if the file has that section.
fn section(text: &str, service: &str) -> Option<Vec<(String, String)>> {
    let header = format!("[{service}]");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.find(|line| *line == header)?;
    let pairs = lines.take_while(|line| !line.starts_with('['));
    Some(pairs.filter_map(|line| line.split_once('=')).map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
}

/// The password of `hostname:port:database:username:password`, if the first four fit; `*` fits anything, and a
/// backslash takes the next character as it is.
fn password_in(line: &str, wanted: &[&str; 4]) -> Option<String> {
    let mut fields = vec![String::new()];
    let mut wild = Vec::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        // The password is the rest of the line, colons and all.
        let splits = c == ':' && fields.len() <= wanted.len();
        if splits {
            wild.push(fields.last().is_some_and(|field| field == "*"));
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
    }
    let (password, fields) = fields.split_last()?;
    let fits = fields.len() == wanted.len()
        && fields.iter().zip(wanted).zip(&wild).all(|((field, wanted), wild)| *wild || field == wanted);
    fits.then(|| password.clone())
}

fn error(message: String) -> Error {
    Error::configuration(message).with_backend(crate::SPEC.name)
}

fn within(cause: &Error, place: &str) -> Error {
    error(format!("{place}: {}", cause.message()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::SPEC;

    const FILES: &[(&str, &str)] = &[
        (
            "/home/u/.pgpass",
            "# host:port:database:user:password\n\
             db1:5432:d:u:first\n\
             db1:*:*:u:a:b\\\\c\n\
             ho\\:st:5432:*:*:escaped\n\
             *:5432:d:*:any\n\
             broken line\n",
        ),
        (
            "/home/u/.pg_service.conf",
            "# services\n[other]\nhost=x\n\n[prod]\nport=5433\nhost=db1\ndbname=d\n[bad]\nsslmode=7\n[two]\nport=1,2\nhost=a,b\n",
        ),
        ("/etc/pg/pg_service.conf", "[system]\nuser=s\n"),
        ("/own.pass", "*:*:*:*:own"),
    ];

    fn with<T>(variables: &[(&str, &str)], body: impl FnOnce(&Environment<'_>) -> T) -> T {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        let files: HashMap<&Path, &str> = FILES.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
        let variable = |name: &str| variables.get(name).map(|text| (*text).to_owned());
        let read = |path: &Path| {
            files.get(path).map(|text| (*text).to_owned()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        body(&Environment { variable: &variable, read: &read })
    }

    fn parse(uri: &str) -> Config {
        Config::from_uri(uri, &[&SPEC]).expect(uri)
    }

    #[test]
    fn what_the_configuration_says_goes_first_then_the_service_then_variables() {
        let home = ("HOME", "/home/u");
        for (uri, variables, expected) in [
            ("postgresql://", &[][..], "postgresql://"),
            ("postgresql://h", &[("PGHOST", "g"), ("PGUSER", "u"), ("PGPORT", "")], "postgresql://u@h"),
            ("postgresql://?host=", &[("PGHOST", "g")], "postgresql://g"),
            (
                "postgresql://",
                &[("PGSSLMODE", "require"), ("PGTZ", "UTC")],
                "postgresql://?sslmode=require&timezone=UTC",
            ),
            ("postgresql://a,b", &[("PGPORT", "1,2")], "postgresql://a:1,b:2"),
            ("postgresql://?service=prod", &[home, ("PGPORT", "1")], "postgresql://db1:5433/d?service=prod"),
            ("postgresql://?service=two", &[home], "postgresql://a:1,b:2?service=two"),
            ("postgresql:///e", &[home, ("PGSERVICE", "prod")], "postgresql://db1:5433/e"),
            ("postgresql://?service=system", &[home, ("PGSYSCONFDIR", "/etc/pg")], "postgresql://s@?service=system"),
        ] {
            let completed = with(variables, |environment| environment.complete(&parse(uri)));
            assert_eq!(completed, Ok(parse(expected)), "{uri} {variables:?}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_named() {
        for (uri, variables, reason) in [
            ("postgresql://", ("PGSSLMODE", "hunter2"), "PGSSLMODE: option \"sslmode\" cannot have this value"),
            ("postgresql://", ("PGPORT", "hunter2"), "PGPORT: \"port\" must be"),
            ("postgresql://?service=none", ("HOME", "/home/u"), "there is no service \"none\""),
            ("postgresql://?service=bad", ("HOME", "/home/u"), "service \"bad\": option \"sslmode\""),
        ] {
            let error = with(&[variables], |environment| environment.complete(&parse(uri))).expect_err(uri);
            assert!(error.message().starts_with(reason), "{error}");
            assert!(!error.message().contains("hunter2"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn users_of_the_system() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nada:x:1000:100::/home/ada:/bin/sh\n";
        let names = [0, 1000, 100].map(|uid| user_in(passwd, uid));
        assert_eq!(names, [Some("root".to_owned()), Some("ada".to_owned()), None]);
    }

    #[test]
    fn passwords_by_host() {
        for (uri, host, port, username, expected) in [
            ("postgresql://", "db1", 5432, "u", Some("first")),
            ("postgresql://", "db1", 5433, "u", Some("a:b\\c")),
            ("postgresql://", "ho:st", 5432, "x", Some("escaped")),
            ("postgresql://", "db2", 5432, "x", Some("any")),
            ("postgresql://", "db2", 5433, "x", None),
            ("postgresql://?passfile=/own.pass", "db2", 5433, "x", Some("own")),
            ("postgresql://?passfile=/missing", "db1", 5432, "u", None),
        ] {
            let password = with(&[("HOME", "/home/u")], |environment| {
                environment.password(&parse(uri), host, port, "d", username)
            });
            assert_eq!(password.as_ref().map(Secret::expose), expected, "{uri} {host} {port}");
        }
    }
}
