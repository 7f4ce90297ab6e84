//! What SQL Server says about itself.

use industrydb_core::config::{
    BackendSpec, Field, FieldSpec, KeywordGrammar,
    OptionKind::{Bool, Choice, Integer, Path, Seconds, Secret, Text},
    OptionSpec, PathAsOption, UriGrammar,
};

use crate::dialect::DIALECT;

/// Microsoft SQL Server, with the names that Microsoft.Data.SqlClient (`SqlConnection.ConnectionString`) and the ODBC
/// driver ("DSN and connection string keywords") give to fields and options.
pub static SPEC: BackendSpec = BackendSpec {
    name: "mssql",
    display_name: "SQL Server",
    aliases: &["sqlserver"],
    schemes: &["mssql", "sqlserver"],
    uri: UriGrammar::Network {
        several_hosts: false,
        query_overrides: false,
        path_as_option: Some(PathAsOption { scheme: "sqlserver", option: "instance" }),
    },
    keywords: KeywordGrammar::Ado { instance: Some("instance") },
    default_port: Some(1433),
    fields: &[
        FieldSpec {
            field: Field::Host,
            aliases: &["server", "data source", "address", "addr", "network address"],
            required: false,
        },
        FieldSpec { field: Field::Port, aliases: &[], required: false },
        FieldSpec { field: Field::Database, aliases: &["initial catalog"], required: false },
        FieldSpec { field: Field::Username, aliases: &["user", "user id", "uid"], required: false },
        FieldSpec { field: Field::Password, aliases: &["pwd"], required: false },
    ],
    options: OPTIONS,
    ignored_keywords: &[
        // Which driver is to read the string: this one does.
        "driver",
        "provider",
        // Several results at a time, pools and retries: none of them changes what a query gives.
        "multiple active result sets",
        "mars_connection",
        "pooling",
        "min pool size",
        "max pool size",
        "connect retry count",
        "connect retry interval",
        // All addresses of a name are tried side by side: it is always so.
        "multi subnet failover",
        "transparent network ip resolution",
        // Whether the password can be read back from the other client's objects.
        "persist security info",
    ],
    placeholder_style: DIALECT.placeholders,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "encrypt",
        aliases: &[],
        kind: Choice(&[
            ("true", &["yes", "on", "1", "mandatory"]),
            ("false", &["no", "off", "0", "optional"]),
            ("strict", &[]),
            ("login", &[]),
        ]),
        doc: "TLS for everything, only where the server insists, from the first byte (TDS 8), or for the login alone.",
    },
    OptionSpec {
        name: "trust_server_certificate",
        aliases: &[],
        kind: Bool,
        doc: "Whether any certificate of the server will do.",
    },
    OptionSpec {
        name: "trust_server_certificate_ca",
        aliases: &["ssl_root_cert"],
        kind: Path,
        doc: "File of trusted root certificates, PEM or DER.",
    },
    OptionSpec {
        name: "hostname_in_certificate",
        aliases: &[],
        kind: Text,
        doc: "The name that the server's certificate is to carry, if not the host's.",
    },
    OptionSpec {
        name: "instance",
        aliases: &["instance_name"],
        kind: Text,
        doc: "A named instance, found through SQL Server Browser.",
    },
    OptionSpec {
        name: "authentication",
        aliases: &[],
        kind: Choice(&[("sql", &["SqlPassword"]), ("token", &["ActiveDirectoryAccessToken"]), ("windows", &[])]),
        doc: "A SQL Server login's password, an access token of Microsoft Entra ID, or a Windows account's password.",
    },
    OptionSpec { name: "access_token", aliases: &[], kind: Secret, doc: "The access token." },
    OptionSpec {
        name: "trusted_connection",
        aliases: &["integrated_security"],
        kind: Choice(&[("true", &["yes", "on", "1", "SSPI"]), ("false", &["no", "off", "0"])]),
        doc: "Whether the user of this process logs in, with the Windows account that it has (on Windows alone).",
    },
    OptionSpec { name: "application_name", aliases: &["app"], kind: Text, doc: "What sys.dm_exec_sessions shows." },
    OptionSpec { name: "workstation_id", aliases: &["wsid"], kind: Text, doc: "The client's name in the same view." },
    OptionSpec {
        name: "application_intent",
        aliases: &[],
        kind: Choice(&[("readwrite", &[]), ("readonly", &[])]),
        doc: "Whether a readable secondary replica will do.",
    },
    OptionSpec {
        name: "packet_size",
        aliases: &[],
        kind: Integer { min: 512, max: 32_767 },
        doc: "Bytes of a TDS packet (8000); at most 16383 with TLS.",
    },
    OptionSpec {
        name: "connect_timeout",
        aliases: &["connection_timeout", "login_timeout", "timeout"],
        kind: Seconds,
        doc: "How many seconds connecting and logging in may take; 0 waits for ever.",
    },
    OptionSpec {
        name: "query_timeout",
        aliases: &["command_timeout"],
        kind: Seconds,
        doc: "How many seconds a statement may take where the call has no timeout of its own; 0 for any.",
    },
    OptionSpec {
        name: "truncate_100ns",
        aliases: &[],
        kind: Bool,
        doc: "Whether times lose a seventh digit, which is an error otherwise.",
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

    #[test]
    fn accepted_forms() {
        for (text, expected) in [
            ("mssql://", ""),
            ("mssql://host/X", r#"host="host" database="X""#),
            ("sqlserver://host/X", r#"host="host" database="X""#),
            ("sqlserver://host/X?database=Y", r#"host="host" database="Y" instance="X""#),
            (
                "mssql://user:pw@host:1433/db?encrypt=strict&trust_server_certificate=no&instance=I",
                r#"host="host" port=1433 database="db" username="user" password="pw" encrypt="strict" instance="I" trust_server_certificate=false"#,
            ),
            ("mssql://h?encrypt=yes", r#"host="h" encrypt="true""#),
            ("mssql://h?Encrypt=Mandatory", r#"host="h" encrypt="true""#),
            ("mssql://h?encrypt=optional", r#"host="h" encrypt="false""#),
            ("mssql://h?encrypt=login", r#"host="h" encrypt="login""#),
            ("mssql://h?trustServerCertificate=true", r#"host="h" trust_server_certificate=true"#),
            // What the Azure portal hands out for ADO.NET and for ODBC.
            (
                "Server=tcp:x.example.net,1433;Initial Catalog=db;Persist Security Info=False;User ID=u;Password={p;w};\
                 MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;Connection Timeout=30;",
                r#"host="x.example.net" port=1433 database="db" username="u" password="p;w" connect_timeout=30 encrypt="true" trust_server_certificate=false"#,
            ),
            (
                "Driver={ODBC Driver 18 for SQL Server};Server=tcp:x.example.net,1433;Database=db;Uid=u;Pwd={p};\
                 Encrypt=yes;TrustServerCertificate=no;Connection Timeout=30;",
                r#"host="x.example.net" port=1433 database="db" username="u" password="p" connect_timeout=30 encrypt="true" trust_server_certificate=false"#,
            ),
            (
                r"Data Source=(local)\SQLEXPRESS;Integrated Security=false;Application Intent=ReadOnly;App=x",
                r#"host="localhost" application_intent="readonly" application_name="x" instance="SQLEXPRESS" trusted_connection="false""#,
            ),
            (r"Server=h;Integrated Security=SSPI", r#"host="h" trusted_connection="true""#),
            (r"Server=h;Trusted_Connection=Yes;UID=;PWD=", r#"host="h" trusted_connection="true""#),
            ("mssql://h?integratedSecurity=true", r#"host="h" trusted_connection="true""#),
            (
                "mssql://D%5Cu:p@h?authentication=Windows",
                r#"host="h" username="D\\u" password="p" authentication="windows""#,
            ),
            // What an availability group's documentation tells its clients to say.
            ("Server=tcp:ag,1433;Database=d;MultiSubnetFailover=True", r#"host="ag" port=1433 database="d""#),
            (
                "Server=ag;MultiSubnetFailover=Yes;TransparentNetworkIPResolution=Disabled;Database=d",
                r#"host="ag" database="d""#,
            ),
        ] {
            assert_eq!(fields(text), expected, "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for (text, reason) in [
            (
                "Server=h;Trusted_Connection=maybe",
                "\"trusted_connection\" cannot have this value; expected true, false",
            ),
            ("Server=h;Authentication=ActiveDirectoryIntegrated", "expected sql, token, windows"),
            ("Server=h;Databse=d", "did you mean \"database\"?"),
            ("mssql://h?trust_server_cert=1", "did you mean \"trust_server_certificate\"?"),
            ("mssql://h?packet_size=100", "a whole number from 512 to 32767"),
            ("mssql://h?encrypt=maybe", "expected true, false, strict, login"),
        ] {
            let error = Config::from_uri(text, &[&SPEC]).expect_err(text);
            assert!(error.message().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_token_is_a_secret() {
        let config = Config::from_uri("mssql://h?access_token=hunter2", &[&SPEC]).expect("valid");
        assert_eq!(config.to_uri(Secrets::Hidden), "mssql://h?access_token=***");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
