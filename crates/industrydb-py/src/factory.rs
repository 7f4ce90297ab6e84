//! The one list of backends. A new one is a line here and a Cargo feature.

use industrydb_core::config::{BackendSpec, Config};
use industrydb_core::connector::{BoxFuture, DatabaseConnector};
use industrydb_core::error::{Error, Result};
use log::Level;

type Connect = for<'c> fn(&'c Config) -> BoxFuture<'c, Result<Box<dyn DatabaseConnector>>>;

/// A backend of this build: what its configuration means, and how to connect.
struct Backend {
    spec: &'static BackendSpec,
    connect: Connect,
    /// How its driver passes the server's messages on, if the server sends any.
    messages: Option<Messages>,
}

/// Where the messages of a server are among the records that its driver gives to the `log` facade.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(any(feature = "postgres", feature = "mssql")),
    allow(dead_code, reason = "in a build of SQLite alone nobody says anything")
)]
pub struct Messages {
    /// Under which target.
    pub target: &'static str,
    /// What a record of that target is worth, by the driver's level and its text; `None` if it is no message.
    pub level: fn(Level, &str) -> Option<Level>,
}

const BACKENDS: &[Backend] = &[
    #[cfg(feature = "postgres")]
    Backend {
        spec: &industrydb_postgres::SPEC,
        connect: |config| Box::pin(industrydb_postgres::connect(config)),
        messages: Some(Messages { target: "sqlx::postgres::notice", level: |level, _| Some(level) }),
    },
    #[cfg(feature = "sqlite")]
    Backend {
        spec: &industrydb_sqlite::SPEC,
        connect: |config| Box::pin(industrydb_sqlite::connect(config)),
        messages: None,
    },
    #[cfg(feature = "mssql")]
    Backend {
        spec: &industrydb_mssql::SPEC,
        connect: |config| Box::pin(industrydb_mssql::connect(config)),
        messages: Some(Messages { target: "tiberius::tds::stream::token", level: of_tiberius }),
    },
];

const SPECS: [&BackendSpec; BACKENDS.len()] = {
    let mut specs = [BACKENDS[0].spec; BACKENDS.len()];
    let mut at = 0;
    while at < BACKENDS.len() {
        specs[at] = BACKENDS[at].spec;
        at += 1;
    }
    specs
};

/// What the configuration of each backend of this build may contain.
pub fn specs() -> &'static [&'static BackendSpec] {
    &SPECS
}

/// The backends that this build connects to.
pub fn connectable() -> impl Iterator<Item = &'static str> {
    BACKENDS.iter().map(|backend| backend.spec.name)
}

/// Where the servers' messages are.
pub fn messages() -> impl Iterator<Item = Messages> {
    BACKENDS.iter().filter_map(|backend| backend.messages)
}

/// Tiberius tells what PRINT and RAISERROR say at level DEBUG, among the changes of the session's environment and the
/// server's own words about them; errors, which become exceptions, are told as such.
#[cfg(feature = "mssql")]
fn of_tiberius(level: Level, text: &str) -> Option<Level> {
    const CHANGES: [&str; 12] = [
        "Changed database context to '",
        "Changed language setting to ",
        "Microsoft SQL Server version ",
        "Database change from '",
        "Packet size change from '",
        "SQL collation change",
        "Begin transaction",
        "Commit transaction",
        "Rollback transaction",
        "Defect transaction",
        "Fallback mirror server: `",
        "Ignored env change: `",
    ];
    match level {
        Level::Debug if CHANGES.iter().any(|change| text.starts_with(change)) => Some(Level::Debug),
        Level::Debug => Some(Level::Info),
        Level::Error | Level::Warn | Level::Info | Level::Trace => None,
    }
}

/// Connects to the database of `config`.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Configuration`] if this build has no connector for it, and what the connector
/// says.
pub async fn connect(config: &Config) -> Result<Box<dyn DatabaseConnector>> {
    let wanted = config.db_type();
    match BACKENDS.iter().find(|backend| backend.spec.name == wanted) {
        Some(backend) => (backend.connect)(config).await.map_err(|error| error.with_backend(wanted)),
        None => {
            let built: Vec<&str> = connectable().collect();
            let message =
                format!("this build of industrydb does not connect to {wanted}; it does to: {}", built.join(", "));
            Err(Error::configuration(message).with_backend(wanted))
        }
    }
}
