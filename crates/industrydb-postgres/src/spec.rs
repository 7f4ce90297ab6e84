//! What PostgreSQL says about itself.

use industrydb_core::config::{
    BackendSpec, Field, FieldSpec, KeywordGrammar,
    OptionKind::{Bool, Choice, Integer, Path, Seconds, Secret, Text},
    OptionSpec, UriGrammar,
};

use crate::dialect::DIALECT;

/// PostgreSQL, configured as libpq is (PostgreSQL manual 34.1.1, 34.1.2).
pub static SPEC: BackendSpec = BackendSpec {
    name: "postgres",
    display_name: "PostgreSQL",
    aliases: &["postgresql"],
    schemes: &["postgresql", "postgres"],
    uri: UriGrammar::Network { several_hosts: true, query_overrides: true, path_as_option: None },
    keywords: KeywordGrammar::Libpq,
    default_port: Some(5432),
    fields: &[
        FieldSpec { field: Field::Host, aliases: &[], required: false },
        FieldSpec { field: Field::Port, aliases: &[], required: false },
        FieldSpec { field: Field::Database, aliases: &["dbname"], required: false },
        FieldSpec { field: Field::Username, aliases: &["user"], required: false },
        FieldSpec { field: Field::Password, aliases: &[], required: false },
    ],
    options: OPTIONS,
    ignored_keywords: &[],
    placeholder_style: DIALECT.placeholders,
};

const TLS_VERSIONS: &[(&str, &[&str])] = &[("TLSv1", &[]), ("TLSv1.1", &[]), ("TLSv1.2", &[]), ("TLSv1.3", &[])];

const OPTIONS: &[OptionSpec] = &[
    // libpq's (PostgreSQL manual 34.1.2).
    OptionSpec {
        name: "sslmode",
        aliases: &["ssl"],
        kind: Choice(&[
            ("disable", &[]),
            ("allow", &[]),
            ("prefer", &[]),
            ("require", &["true"]),
            ("verify-ca", &[]),
            ("verify-full", &[]),
        ]),
        doc: "Whether to use TLS, and what to check (PostgreSQL manual 34.19.3); a JDBC URI's `ssl=true` is `require`.",
    },
    OptionSpec {
        name: "sslrootcert",
        aliases: &[],
        kind: Path,
        doc: "File of trusted root certificates, PEM; `system` for those of the operating system.",
    },
    OptionSpec { name: "sslcert", aliases: &[], kind: Path, doc: "File of the client's certificate, PEM." },
    OptionSpec { name: "sslkey", aliases: &[], kind: Path, doc: "File of the client's private key, PEM." },
    OptionSpec { name: "sslpassword", aliases: &[], kind: Secret, doc: "Passphrase of the private key." },
    OptionSpec {
        name: "sslcertmode",
        aliases: &[],
        kind: Choice(&[("disable", &[]), ("allow", &[]), ("require", &[])]),
        doc: "Whether the client's certificate may, must or must not be sent.",
    },
    OptionSpec { name: "sslcrl", aliases: &[], kind: Path, doc: "File of revoked certificates, PEM." },
    OptionSpec { name: "sslcrldir", aliases: &[], kind: Path, doc: "Directory of files of revoked certificates." },
    OptionSpec { name: "sslsni", aliases: &[], kind: Bool, doc: "Whether the server is told which name is meant." },
    OptionSpec {
        name: "sslcompression",
        aliases: &[],
        kind: Bool,
        doc: "Accepted for other clients' sake: there is no compression, as in libpq since version 14.",
    },
    OptionSpec {
        name: "sslnegotiation",
        aliases: &[],
        kind: Choice(&[("postgres", &[]), ("direct", &[])]),
        doc: "Whether TLS is asked for first.",
    },
    OptionSpec {
        name: "ssl_min_protocol_version",
        aliases: &[],
        kind: Choice(TLS_VERSIONS),
        doc: "The oldest version of TLS to speak.",
    },
    OptionSpec {
        name: "ssl_max_protocol_version",
        aliases: &[],
        kind: Choice(TLS_VERSIONS),
        doc: "The newest version of TLS to speak.",
    },
    OptionSpec {
        name: "min_protocol_version",
        aliases: &[],
        kind: Choice(&[("3.0", &[]), ("3.2", &[]), ("latest", &[])]),
        doc: "The oldest version of PostgreSQL's protocol to speak.",
    },
    OptionSpec {
        name: "max_protocol_version",
        aliases: &[],
        kind: Choice(&[("3.0", &[]), ("3.2", &[]), ("latest", &[])]),
        doc: "The newest version of PostgreSQL's protocol to speak; it is 3.0 here.",
    },
    OptionSpec { name: "requirepeer", aliases: &[], kind: Text, doc: "Who has to run the server behind a socket." },
    OptionSpec { name: "replication", aliases: &[], kind: Bool, doc: "Whether this is a connection for replication." },
    OptionSpec { name: "krbsrvname", aliases: &[], kind: Text, doc: "Accepted: there is no GSSAPI here." },
    OptionSpec { name: "gsslib", aliases: &[], kind: Text, doc: "Accepted: there is no GSSAPI here." },
    OptionSpec { name: "gssdelegation", aliases: &[], kind: Bool, doc: "Accepted: there is no GSSAPI here." },
    OptionSpec {
        name: "hostaddr",
        aliases: &[],
        kind: Text,
        doc: "The host's address, where its name is not to be looked up; one for each of several hosts.",
    },
    OptionSpec {
        name: "channel_binding",
        aliases: &[],
        kind: Choice(&[("disable", &[]), ("prefer", &[]), ("require", &[])]),
        doc: "Whether SCRAM has to be bound to the TLS channel.",
    },
    OptionSpec {
        name: "require_auth",
        aliases: &[],
        kind: Text,
        doc: "The authentication methods that the server may ask for, with commas between them.",
    },
    OptionSpec {
        name: "gssencmode",
        aliases: &[],
        kind: Choice(&[("disable", &[]), ("prefer", &[])]),
        doc: "Accepted for other clients' sake: there is no GSSAPI encryption here.",
    },
    OptionSpec { name: "application_name", aliases: &[], kind: Text, doc: "What pg_stat_activity shows." },
    OptionSpec {
        name: "fallback_application_name",
        aliases: &[],
        kind: Text,
        doc: "The same, where application_name is not given.",
    },
    OptionSpec {
        name: "client_encoding",
        aliases: &[],
        kind: Choice(&[("UTF8", &["utf-8", "auto", "unicode"])]),
        doc: "Always UTF8.",
    },
    OptionSpec {
        name: "options",
        aliases: &[],
        kind: Text,
        doc: "Command-line options for the server, such as `-c geqo=off`.",
    },
    OptionSpec {
        name: "connect_timeout",
        aliases: &[],
        kind: Seconds,
        doc: "How many seconds to wait for one host; 0 waits for ever.",
    },
    OptionSpec {
        name: "target_session_attrs",
        aliases: &[],
        kind: Choice(&[
            ("any", &[]),
            ("read-write", &[]),
            ("read-only", &[]),
            ("primary", &[]),
            ("standby", &[]),
            ("prefer-standby", &[]),
        ]),
        doc: "Which of several hosts will do.",
    },
    OptionSpec {
        name: "load_balance_hosts",
        aliases: &[],
        kind: Choice(&[("disable", &[]), ("random", &[])]),
        doc: "The order in which several hosts are tried.",
    },
    OptionSpec { name: "passfile", aliases: &[], kind: Path, doc: "File of passwords (PostgreSQL manual 34.16)." },
    OptionSpec {
        name: "service",
        aliases: &[],
        kind: Text,
        doc: "Section of the service file with further fields and options (PostgreSQL manual 34.17).",
    },
    OptionSpec { name: "servicefile", aliases: &[], kind: Path, doc: "The service file." },
    OptionSpec { name: "keepalives", aliases: &[], kind: Bool, doc: "Whether TCP keepalives are sent." },
    OptionSpec {
        name: "keepalives_idle",
        aliases: &[],
        kind: Integer { min: 0, max: 2_147_483_647 },
        doc: "Seconds without traffic before the first keepalive; 0 for the system's default.",
    },
    OptionSpec {
        name: "keepalives_interval",
        aliases: &[],
        kind: Integer { min: 0, max: 2_147_483_647 },
        doc: "Seconds between keepalives; 0 for the system's default.",
    },
    OptionSpec {
        name: "keepalives_count",
        aliases: &[],
        kind: Integer { min: 0, max: 2_147_483_647 },
        doc: "Lost keepalives before the connection counts as dead; 0 for the system's default.",
    },
    OptionSpec {
        name: "tcp_user_timeout",
        aliases: &[],
        kind: Integer { min: 0, max: 2_147_483_647 },
        doc: "Milliseconds that sent data may stay unacknowledged; 0 for the system's default.",
    },
    // Ours.
    OptionSpec { name: "search_path", aliases: &[], kind: Text, doc: "The session's search_path." },
    OptionSpec {
        name: "statement_timeout",
        aliases: &[],
        kind: Seconds,
        doc: "How many seconds a statement may take where the call has no timeout of its own; 0 for any.",
    },
    OptionSpec {
        name: "timezone",
        aliases: &["TimeZone"],
        kind: Text,
        doc: "The session's time zone; else PGTZ, else UTC.",
    },
    OptionSpec {
        name: "pooler",
        aliases: &[],
        kind: Choice(&[("none", &[]), ("session", &[]), ("transaction", &[])]),
        doc: "What stands between us and the server: with `transaction` (pgbouncer and its like) no state is kept in a session.",
    },
];

#[cfg(test)]
mod tests {
    use industrydb_core::config::{Config, Secrets};

    use super::SPEC;

    fn fields(text: &str) -> String {
        let config = Config::from_uri(text, &[&SPEC]).unwrap_or_else(|error| panic!("{text}: {error}"));
        let again = Config::from_uri(&config.to_uri(Secrets::Shown), &[&SPEC]);
        assert_eq!(again.as_ref(), Ok(&config), "{text}");
        let map = config.to_map(Secrets::Shown);
        map.iter().skip(1).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// The examples of PostgreSQL manual 34.1.1, and URIs as hosting services hand them out.
    #[test]
    fn accepted_forms() {
        for (text, expected) in [
            ("postgresql://", ""),
            ("postgres://localhost", r#"host="localhost""#),
            ("postgresql://localhost:5433", r#"host="localhost" port=5433"#),
            ("postgresql://localhost/mydb", r#"host="localhost" database="mydb""#),
            ("postgresql://user:secret@localhost", r#"host="localhost" username="user" password="secret""#),
            (
                "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
                r#"host="localhost" database="otherdb" username="other" application_name="myapp" connect_timeout=10"#,
            ),
            (
                "postgresql://host1:123,host2:456/somedb?target_session_attrs=any&application_name=myapp",
                r#"host="host1,host2" port="123,456" database="somedb" application_name="myapp" target_session_attrs="any""#,
            ),
            (
                "postgresql://user@localhost:5433/mydb?options=-c%20synchronous_commit%3Doff",
                r#"host="localhost" port=5433 database="mydb" username="user" options="-c synchronous_commit=off""#,
            ),
            ("postgresql:///mydb?host=localhost&port=5433", r#"host="localhost" port=5433 database="mydb""#),
            ("postgresql://[2001:db8::1234]/database", r#"host="2001:db8::1234" database="database""#),
            ("postgresql:///dbname?host=/var/lib/postgresql", r#"host="/var/lib/postgresql" database="dbname""#),
            ("postgresql://%2Fvar%2Flib%2Fpostgresql/dbname", r#"host="/var/lib/postgresql" database="dbname""#),
            (
                "postgresql://postgres:@/postgres?host=/run/pg",
                r#"host="/run/pg" database="postgres" username="postgres" password="""#,
            ),
            (
                "postgresql://u:p@ep-x.example.com/db?sslmode=require&channel_binding=require",
                r#"host="ep-x.example.com" database="db" username="u" password="p" channel_binding="require" sslmode="require""#,
            ),
            ("postgresql://h/db?ssl=true", r#"host="h" database="db" sslmode="require""#),
            (
                "host=localhost port=5432 dbname=mydb connect_timeout=10",
                r#"host="localhost" port=5432 database="mydb" connect_timeout=10"#,
            ),
            ("service=prod user='a b'", r#"username="a b" service="prod""#),
            ("dbname = d keepalives=0", r#"database="d" keepalives=false"#),
            (
                "postgres://h?pooler=transaction&timezone=Europe/Berlin&statement_timeout=0.5&search_path=a,b",
                r#"host="h" pooler="transaction" search_path="a,b" statement_timeout=0.5 timezone="Europe/Berlin""#,
            ),
        ] {
            assert_eq!(fields(text), expected, "{text}");
        }
    }

    #[test]
    fn misspelt_options() {
        for (name, nearest) in [("sslmod", "sslmode"), ("ssl_mode", "sslmode"), ("aplication_name", "application_name")]
        {
            let error = Config::from_pairs([("db_type", "postgresql"), (name, "x")], &[&SPEC]).expect_err(name);
            assert!(error.message().contains(&format!("did you mean {nearest:?}?")), "{error}");
        }
    }
}
