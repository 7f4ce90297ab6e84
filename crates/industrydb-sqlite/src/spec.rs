//! What SQLite says about itself.

use industrydb_core::config::{
    BackendSpec, Field, FieldSpec, KeywordGrammar,
    OptionKind::{Bool, Choice, Integer, Seconds, Text},
    OptionSpec, UriGrammar,
};

use crate::dialect::DIALECT;

/// SQLite: a file, or a database in memory (`path=":memory:"`).
pub static SPEC: BackendSpec = BackendSpec {
    name: "sqlite",
    display_name: "SQLite",
    aliases: &["sqlite3"],
    schemes: &["sqlite", "sqlite3"],
    uri: UriGrammar::File,
    keywords: KeywordGrammar::None,
    default_port: None,
    fields: &[FieldSpec { field: Field::Path, aliases: &[], required: true }],
    options: OPTIONS,
    ignored_keywords: &[],
    placeholder_style: DIALECT.placeholders,
};

const OPTIONS: &[OptionSpec] = &[
    // SQLite manual, "Uniform Resource Identifiers", 3.3.
    OptionSpec {
        name: "mode",
        aliases: &[],
        kind: Choice(&[("ro", &[]), ("rw", &[]), ("rwc", &[]), ("memory", &[])]),
        doc: "Read only, read and write, create if missing (the default), or in memory.",
    },
    OptionSpec {
        name: "cache",
        aliases: &[],
        kind: Choice(&[("private", &[]), ("shared", &[])]),
        doc: "Whether connections of this process share one page cache, and one database in memory if its name is the same.",
    },
    OptionSpec {
        name: "immutable",
        aliases: &[],
        kind: Bool,
        doc: "The file cannot change, not even by others: no locks, no checks.",
    },
    OptionSpec { name: "vfs", aliases: &[], kind: Text, doc: "The SQLite VFS that opens the file." },
    OptionSpec {
        name: "timeout",
        aliases: &["busy_timeout"],
        kind: Seconds,
        doc: "How many seconds to wait for a lock of another connection (5).",
    },
    OptionSpec {
        name: "strict",
        aliases: &[],
        kind: Bool,
        doc: "A value that contradicts its column's declared type is an error, not a reason to promote the column.",
    },
    // SQLite manual, "PRAGMA statements".
    OptionSpec { name: "foreign_keys", aliases: &[], kind: Bool, doc: "Whether foreign keys are enforced (true)." },
    OptionSpec {
        name: "journal_mode",
        aliases: &[],
        kind: Choice(&[
            ("delete", &[]),
            ("truncate", &[]),
            ("persist", &[]),
            ("memory", &[]),
            ("wal", &[]),
            ("off", &[]),
        ]),
        doc: "How a transaction is kept until it commits; the file's own mode if not given.",
    },
    OptionSpec {
        name: "synchronous",
        aliases: &[],
        kind: Choice(&[("off", &["0"]), ("normal", &["1"]), ("full", &["2"]), ("extra", &["3"])]),
        doc: "How often data is forced to disk.",
    },
    OptionSpec {
        name: "locking_mode",
        aliases: &[],
        kind: Choice(&[("normal", &[]), ("exclusive", &[])]),
        doc: "Whether the file's lock is kept between transactions.",
    },
    OptionSpec {
        name: "cache_size",
        aliases: &[],
        kind: Integer { min: -2_147_483_648, max: 2_147_483_647 },
        doc: "Pages in the cache, or KiB if negative.",
    },
    OptionSpec {
        name: "mmap_size",
        aliases: &[],
        kind: Integer { min: 0, max: i64::MAX },
        doc: "Bytes of the file that are mapped into memory; SQLite maps at most 2 GiB.",
    },
    OptionSpec {
        name: "temp_store",
        aliases: &[],
        kind: Choice(&[("default", &["0"]), ("file", &["1"]), ("memory", &["2"])]),
        doc: "Where temporary tables and indices are kept.",
    },
];

#[cfg(test)]
mod tests {
    use industrydb_core::config::{Config, Secrets};

    use super::SPEC;

    #[test]
    fn accepted_forms() {
        for (text, path, uri) in [
            ("sqlite://", ":memory:", "sqlite://:memory:"),
            ("sqlite://:memory:", ":memory:", "sqlite://:memory:"),
            ("sqlite:///:memory:", ":memory:", "sqlite://:memory:"),
            ("sqlite:///relative.db", "relative.db", "sqlite:///relative.db"),
            ("sqlite:////abs.db", "/abs.db", "sqlite:////abs.db"),
            ("sqlite://./x.db", "./x.db", "sqlite:///./x.db"),
            ("sqlite:x.db?mode=RO", "x.db", "sqlite:///x.db?mode=ro"),
            ("sqlite:///x.db?busy_timeout=2.50", "x.db", "sqlite:///x.db?timeout=2.5"),
            ("sqlite:///x.db?journal_mode=WAL&strict=1", "x.db", "sqlite:///x.db?journal_mode=wal&strict=true"),
            (
                "sqlite:///x.db?synchronous=1&cache_size=-2000",
                "x.db",
                "sqlite:///x.db?cache_size=-2000&synchronous=normal",
            ),
            ("sqlite:///a%20b%25.db", "a b%.db", "sqlite:///a%20b%25.db"),
        ] {
            let config = Config::from_uri(text, &[&SPEC]).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((config.path(), config.to_uri(Secrets::Shown).as_str()), (Some(path), uri), "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for (text, reason) in [
            ("sqlite:///x.db?mode=wr", "\"mode\" cannot have this value; expected ro, rw, rwc, memory"),
            ("sqlite:///x.db?journalmode=wal", "did you mean \"journal_mode\"?"),
            ("sqlite:///x.db?host=h", "SQLite has no field \"host\"; its fields: \"path\""),
            ("sqlite:///100%.db", "%25"),
        ] {
            let error = Config::from_uri(text, &[&SPEC]).expect_err(text);
            assert!(error.message().contains(reason), "{text}: {error}");
        }
    }
}
