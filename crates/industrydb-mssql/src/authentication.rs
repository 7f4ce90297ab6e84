//! Who logs in, and how that is shown: decided from the configuration alone, the same on every system.

use industrydb_core::config::Config;
use industrydb_core::error::Result;
use tiberius::AuthMethod;

use crate::error::of_option;
use crate::windows;

/// A way to log in, with what it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Login<'a> {
    /// A login that the server itself keeps.
    Sql {
        /// Its name.
        username: &'a str,
        /// Empty if none is given.
        password: &'a str,
    },
    /// An access token of Microsoft Entra ID.
    Token(&'a str),
    /// An account of Windows.
    Windows(Account<'a>),
}

/// Which account of Windows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Account<'a> {
    /// That of the user who runs this process.
    OfTheProcess,
    /// One that is named.
    Named {
        /// `DOMAIN\name`, `name@domain` or, for an account of the server's own, `name`.
        username: &'a str,
        /// Its password.
        password: &'a str,
    },
}

impl<'a> Login<'a> {
    /// What `config` asks for.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](industrydb_core::error::ErrorKind::Configuration) where something is missing, or
    /// where two options ask for different ways.
    pub fn of(config: &'a Config) -> Result<Self> {
        let authentication = config.option("authentication");
        let token = config.option("access_token");
        let username = config.username();
        let password = config.password().map(|password| password.expose());
        if config.option("trusted_connection") == Some("true") {
            let why = match authentication {
                Some(other @ ("sql" | "token")) => {
                    format!(
                        "true is a Windows login, and authentication={other} asks for another: leave one of them out"
                    )
                }
                _ if token.is_some() => {
                    "true logs in as the user of this process, access_token as whom it names: leave one of them out"
                        .to_owned()
                }
                _ if username.is_some() || password.is_some() => {
                    "true logs in as the user of this process: leave username and password out \
                     (authentication=windows takes those of a Windows account)"
                        .to_owned()
                }
                _ => return Ok(Self::Windows(Account::OfTheProcess)),
            };
            return Err(of_option("trusted_connection", &why));
        }
        match (authentication, token, username) {
            (Some(way @ ("sql" | "windows")), Some(_), _) => Err(of_option(
                "access_token",
                &format!("authentication={way} takes a username and a password: leave one of them out"),
            )),
            (Some("token"), None, _) => Err(of_option("authentication", "token needs access_token")),
            (_, Some(_), _) if username.is_some() || password.is_some() => {
                Err(of_option("access_token", "a token says who logs in: leave username and password out"))
            }
            (_, Some(token), _) => Ok(Self::Token(token)),
            (Some("windows"), None, None) => Err(of_option("authentication", NEEDS_AN_ACCOUNT)),
            (_, None, None) => Err(of_option(
                "username",
                "SQL Server needs a username and a password, an access_token, or (on Windows) trusted_connection=true",
            )),
            (Some("windows"), None, Some(username)) => Self::named(username, password),
            // CREATE LOGIN: a login of SQL Server's own can't contain a backslash, one of Windows' does.
            (Some("sql"), None, Some(username)) if username.contains('\\') => Err(of_option(
                "authentication",
                "sql takes a SQL Server login: a username with a backslash is a Windows account (authentication=windows)",
            )),
            (None, None, Some(username)) if username.contains('\\') => Self::named(username, password),
            (_, None, Some(username)) => Ok(Self::Sql { username, password: password.unwrap_or("") }),
        }
    }

    /// An account with a name: without one, NTLM would log in as nobody.
    fn named(username: &'a str, password: Option<&'a str>) -> Result<Self> {
        let name = username.split_once('\\').map_or(username, |(_, name)| name);
        match password {
            Some(password) if !name.is_empty() => Ok(Self::Windows(Account::Named { username, password })),
            Some(_) | None => Err(of_option("authentication", NEEDS_AN_ACCOUNT)),
        }
    }

    /// Whether it is an account of Windows.
    pub fn is_windows(&self) -> bool {
        match self {
            Self::Windows(_) => true,
            Self::Sql { .. } | Self::Token(_) => false,
        }
    }

    /// What the client library is told.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](industrydb_core::error::ErrorKind::Configuration) for an account of Windows on
    /// another system.
    pub fn method(&self) -> Result<AuthMethod> {
        match self {
            Self::Sql { username, password } => Ok(AuthMethod::sql_server(username, password)),
            Self::Token(token) => Ok(AuthMethod::aad_token(token)),
            Self::Windows(account) => windows::method(*account),
        }
    }
}

const NEEDS_AN_ACCOUNT: &str = "a Windows account needs username (DOMAIN\\name) and password; trusted_connection=true \
     logs in as the user of this process";

#[cfg(test)]
mod tests {
    use industrydb_core::error::ErrorKind;

    use super::*;
    use crate::SPEC;

    fn config(uri: &str) -> Config {
        Config::from_uri(uri, &[&SPEC]).unwrap_or_else(|error| panic!("{uri}: {error}"))
    }

    fn sql<'a>(username: &'a str, password: &'a str) -> Login<'a> {
        Login::Sql { username, password }
    }

    fn named<'a>(username: &'a str, password: &'a str) -> Login<'a> {
        Login::Windows(Account::Named { username, password })
    }

    const OF_THE_PROCESS: Login<'_> = Login::Windows(Account::OfTheProcess);

    #[test]
    fn who_logs_in() {
        for (text, expected) in [
            ("mssql://u:p@h", sql("u", "p")),
            ("mssql://u@h", sql("u", "")),
            ("mssql://u:p@h?authentication=sql", sql("u", "p")),
            ("mssql://u:p@h?trusted_connection=no", sql("u", "p")),
            ("mssql://h?access_token=t", Login::Token("t")),
            ("mssql://h?authentication=token&access_token=t", Login::Token("t")),
            ("mssql://h?trusted_connection=yes", OF_THE_PROCESS),
            ("mssql://h?trusted_connection=true&authentication=windows", OF_THE_PROCESS),
            ("Server=h;Integrated Security=SSPI", OF_THE_PROCESS),
            ("Driver={ODBC Driver 18 for SQL Server};Server=h;Trusted_Connection=Yes;UID=;PWD=", OF_THE_PROCESS),
            ("mssql://D%5Cu:p@h?authentication=windows", named("D\\u", "p")),
            ("mssql://u:p@h?authentication=windows", named("u", "p")),
            ("mssql://u:@h?authentication=windows&trusted_connection=false", named("u", "")),
            (r"Server=h;User ID=D\u;Password=p", named("D\\u", "p")),
        ] {
            // Neither side has a Debug form, so that no password has one.
            assert!(Login::of(&config(text)) == Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_contradicts_itself() {
        for (uri, reasons) in [
            ("mssql://h", ["username", "trusted_connection"]),
            ("mssql://h?authentication=sql", ["username", "password"]),
            ("mssql://:hunter2@h", ["username", "password"]),
            ("mssql://h?authentication=token", ["authentication", "access_token"]),
            ("mssql://u:hunter2@h?access_token=hunter2", ["access_token", "leave username and password out"]),
            ("mssql://h?authentication=sql&access_token=hunter2", ["access_token", "authentication=sql"]),
            ("mssql://h?authentication=windows&access_token=hunter2", ["access_token", "authentication=windows"]),
            ("mssql://u:hunter2@h?trusted_connection=true", ["trusted_connection", "username and password"]),
            ("mssql://u@h?trusted_connection=true", ["trusted_connection", "username and password"]),
            ("mssql://:hunter2@h?trusted_connection=true", ["trusted_connection", "username and password"]),
            ("mssql://h?trusted_connection=true&access_token=hunter2", ["trusted_connection", "access_token"]),
            ("mssql://h?trusted_connection=true&authentication=sql", ["trusted_connection", "authentication=sql"]),
            ("mssql://h?trusted_connection=true&authentication=token", ["trusted_connection", "authentication=token"]),
            ("mssql://h?authentication=windows", ["authentication", "trusted_connection=true"]),
            ("mssql://D%5Cu@h", ["password", "trusted_connection=true"]),
            ("mssql://D%5C:hunter2@h", ["username", "trusted_connection=true"]),
            ("mssql://:hunter2@h?authentication=windows", ["username", "trusted_connection=true"]),
            ("mssql://D%5Cu:hunter2@h?authentication=sql", ["username", "authentication=windows"]),
        ] {
            let config = config(uri);
            let Err(error) = Login::of(&config) else { panic!("{uri} is not refused") };
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(reasons.iter().all(|reason| error.message().contains(reason)), "{uri}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{uri}: {error:?}");
        }
    }

    #[test]
    fn windows_accounts_are_for_windows() {
        for uri in [
            "mssql://h?trusted_connection=true",
            "mssql://D%5Cu:hunter2@h",
            "mssql://u:hunter2@h?authentication=windows",
        ] {
            let config = config(uri);
            let found = Login::of(&config).and_then(|login| login.method());
            assert_eq!(found.is_ok(), cfg!(windows), "{uri}");
            if let Err(error) = found {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                assert!(
                    ["SQL Server login", "access_token"].iter().all(|way| error.message().contains(way)),
                    "{error}"
                );
                assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            }
        }
    }
}
