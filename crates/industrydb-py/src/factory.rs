//! The one list of backends. A new one is a line here and a Cargo feature.

use industrydb_core::config::{BackendSpec, Config};
use industrydb_core::connector::{BoxFuture, DatabaseConnector};
use industrydb_core::error::{Error, Result};

type Connect = for<'c> fn(&'c Config) -> BoxFuture<'c, Result<Box<dyn DatabaseConnector>>>;

/// A backend of this build: what its configuration means, and how to connect.
struct Backend {
    spec: &'static BackendSpec,
    /// `None` while only its configuration is there.
    connect: Option<Connect>,
}

const BACKENDS: &[Backend] = &[
    #[cfg(feature = "postgres")]
    Backend { spec: &industrydb_postgres::SPEC, connect: None },
    #[cfg(feature = "sqlite")]
    Backend { spec: &industrydb_sqlite::SPEC, connect: Some(|config| Box::pin(industrydb_sqlite::connect(config))) },
    #[cfg(feature = "mssql")]
    Backend { spec: &industrydb_mssql::SPEC, connect: Some(|config| Box::pin(industrydb_mssql::connect(config))) },
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
    BACKENDS.iter().filter(|backend| backend.connect.is_some()).map(|backend| backend.spec.name)
}

/// Connects to the database of `config`.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Configuration`] if this build has no connector for it, and what the connector
/// says.
pub async fn connect(config: &Config) -> Result<Box<dyn DatabaseConnector>> {
    let wanted = config.db_type();
    let connect = BACKENDS.iter().find(|backend| backend.spec.name == wanted).and_then(|backend| backend.connect);
    match connect {
        Some(connect) => connect(config).await.map_err(|error| error.with_backend(wanted)),
        None => {
            let built: Vec<&str> = connectable().collect();
            let message =
                format!("this build of industrydb does not connect to {wanted}; it does to: {}", built.join(", "));
            Err(Error::configuration(message).with_backend(wanted))
        }
    }
}
