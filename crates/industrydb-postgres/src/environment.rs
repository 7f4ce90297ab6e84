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
    ("PGHOSTADDR", "hostaddr"),
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
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGMINPROTOCOLVERSION", "min_protocol_version"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGTZ", "timezone"),
];

/// Files in `~/.postgresql` that are used where they are (PostgreSQL manual 34.19), with the options that name others.
const ROOTS: (&str, &str) = ("root.crt", "sslrootcert");
const CERTIFICATE: [(&str, &str); 2] = [("postgresql.crt", "sslcert"), ("postgresql.key", "sslkey")];

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
        // The older way to say it (PostgreSQL manual 34.15), which is not to be overlooked.
        if self.text("PGREQUIRESSL").is_some_and(|text| text.starts_with('1')) {
            config = config.with_default("sslmode", "require")?;
        }
        if config.option("sslrootcert") == Some("system") {
            config = config.with_default("sslmode", "verify-full")?;
        }
        self.with_own_files(config)
    }

    /// `config` with the files of TLS that are where libpq looks for them.
    fn with_own_files(&self, config: Config) -> Result<Config> {
        let own = |(name, option)| {
            let path = self.home_file(".postgresql")?.join(name);
            (self.read)(&path).ok().map(|_| (option, path.display().to_string()))
        };
        let mut found: Vec<(&str, String)> = own(ROOTS).into_iter().collect();
        let key = CERTIFICATE.iter().copied().filter(|(_, option)| config.option(option).is_none());
        let key: Vec<(&str, String)> = key.map_while(own).collect();
        // Never one half of a pair, unless the other half was given.
        let given = CERTIFICATE.iter().filter(|(_, option)| config.option(option).is_some()).count();
        if key.len() + given == CERTIFICATE.len() && config.option("sslcertmode") != Some("disable") {
            found.extend(key);
        }
        found.iter().try_fold(config, |config, (option, path)| config.with_default(option, path))
    }

    /// The password for one of the hosts of `config`, from the password file, if that has one (PostgreSQL manual
    /// 34.16). `host` is `localhost` for a socket in the default directory.
    pub fn password(&self, config: &Config, host: &str, port: u16, database: &str, username: &str) -> Option<Secret> {
        let text = (self.read)(&self.password_file(config)?).ok()?;
        let wanted = [host, &port.to_string(), database, username];
        text.lines().filter(|line| !line.starts_with('#')).find_map(|line| password_in(line, &wanted)).map(Secret::new)
    }

    /// Where the password file would be.
    pub fn password_file(&self, config: &Config) -> Option<PathBuf> {
        config.option("passfile").map(PathBuf::from).or_else(|| self.home_file(".pgpass"))
    }

    /// PostgreSQL manual 34.17.
    fn with_service(&self, config: &Config) -> Result<Config> {
        let given =
            |option: &str, variable: &str| config.option(option).map(str::to_owned).or_else(|| self.text(variable));
        let Some(service) = given("service", "PGSERVICE") else { return Ok(config.clone()) };
        let user_file = given("servicefile", "PGSERVICEFILE").map(PathBuf::from);
        let user_file = user_file.or_else(|| self.home_file(".pg_service.conf"));
        let system_file = self.text("PGSYSCONFDIR").map(|folder| Path::new(&folder).join("pg_service.conf"));
        let files: Vec<PathBuf> = [user_file, system_file].into_iter().flatten().collect();
        let found = files.iter().find_map(|file| {
            let lines = section(&(self.read)(file).ok()?, &service)?;
            Some(lines.map_err(|line| error(format!("{}, line {line}: not name=value", file.display()))))
        });
        let mut lines = found.unwrap_or_else(|| {
            let searched: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            let place = if searched.is_empty() { "any file".to_owned() } else { searched.join(" nor in ") };
            Err(error(format!("there is no service {service:?} in {place}")))
        })?;
        if lines.iter().any(|(name, _)| name == "service" || name == "servicefile") {
            return Err(error(format!("service {service:?}: a service can't name another one")));
        }
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

/// The names and values of `[service]`, if the file has that section; else the number of the line that has neither.
fn section(text: &str, service: &str) -> Option<Result<Vec<(String, String)>, usize>> {
    let header = format!("[{service}]");
    let mut lines = text.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    lines.find(|(line, _)| *line == header)?;
    let pairs = lines.take_while(|(line, _)| !line.starts_with('['));
    let pair = |(line, number): (&str, usize)| {
        line.split_once('=').map(|(name, text)| (name.to_owned(), text.to_owned())).ok_or(number)
    };
    Some(pairs.map(pair).collect())
}

/// A text file, with a mark for what is not UTF-8: that is somebody else's line.
pub fn read_lossy(path: &Path) -> io::Result<String> {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The password of `hostname:port:database:username:password`, if the first four fit; `*` fits anything, a backslash
/// takes the next character as it is, and what follows a further colon is nothing, as in libpq.
fn password_in(line: &str, wanted: &[&str; 4]) -> Option<String> {
    let mut fields = vec![String::new()];
    let mut wild = Vec::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == ':' {
            wild.push(fields.last().is_some_and(|field| field == "*"));
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
    }
    let password = fields.get(wanted.len())?;
    let fits = fields.iter().zip(wanted).zip(&wild).all(|((field, wanted), wild)| *wild || field == wanted);
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
             db1:*:*:u:a\\:b\\\\c:more\n\
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

    #[test]
    fn files_where_libpq_looks_for_them() {
        let completed = |uri: &str, there: &[&str], variables: &[(&str, &str)]| {
            let variable = |name: &str| {
                let all = [&[("HOME", "/home/u")][..], variables].concat();
                all.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
            };
            let read = |path: &Path| {
                let name = path.strip_prefix("/home/u/.postgresql").ok().and_then(Path::to_str);
                let found = name.filter(|name| there.contains(name)).map(str::to_owned);
                found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
            };
            Environment { variable: &variable, read: &read }.complete(&parse(uri)).map(|config| {
                ["sslmode", "sslrootcert", "sslcert", "sslkey"]
                    .map(|option| config.option(option).unwrap_or("-").replace("/home/u/.postgresql/", "~"))
                    .join(" ")
            })
        };
        let (root, certificate, key) = ("root.crt", "postgresql.crt", "postgresql.key");
        for (uri, there, variables, expected) in [
            ("postgresql://h", &[][..], &[][..], "- - - -"),
            ("postgresql://h", &[root, certificate, key], &[], "- ~root.crt ~postgresql.crt ~postgresql.key"),
            ("postgresql://h", &[certificate], &[], "- - - -"),
            ("postgresql://h?sslcert=a", &[certificate, key], &[], "- - a ~postgresql.key"),
            ("postgresql://h?sslrootcert=a", &[root], &[], "- a - -"),
            ("postgresql://h?sslrootcert=system", &[root], &[], "verify-full system - -"),
            ("postgresql://h", &[], &[("PGSSLROOTCERT", "system")], "verify-full system - -"),
            ("postgresql://h", &[], &[("PGREQUIRESSL", "1")], "require - - -"),
            ("postgresql://h?sslmode=prefer", &[], &[("PGREQUIRESSL", "1")], "prefer - - -"),
            ("postgresql://h", &[], &[("PGREQUIRESSL", "0")], "- - - -"),
        ] {
            assert_eq!(completed(uri, there, variables).as_deref(), Ok(expected), "{uri} {there:?} {variables:?}");
        }
    }

    #[test]
    fn service_files_that_make_no_sense() {
        for (text, reason) in [
            ("[a]\nhost=h\n\npassword hunter2\n", "/home/u/.pg_service.conf, line 4: not name=value"),
            ("[a]\nservice=b\n[b]\nhost=h\n", "service \"a\": a service can't name another one"),
            ("[b]\nhost=h\n", "there is no service \"a\" in /home/u/.pg_service.conf"),
        ] {
            let variable = |name: &str| (name == "HOME").then(|| "/home/u".to_owned());
            let environment = Environment { variable: &variable, read: &|_| Ok(text.to_owned()) };
            let error = environment.complete(&parse("postgresql://?service=a")).expect_err(text);
            assert_eq!(error.message(), reason);
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
