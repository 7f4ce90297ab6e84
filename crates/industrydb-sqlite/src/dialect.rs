//! How SQLite spells SQL.

use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::dialect::{
    DecimalType, Dialect, Limit, ListType, ReadOnly, Rename, Savepoints, Staging, Transactions, TypeNames, Upsert,
};

/// How SQLite spells SQL.
pub static DIALECT: Dialect = Dialect {
    backend: "sqlite",
    quotes: ('"', '"'),
    longest_name: None,
    folds_case: true,
    placeholders: PlaceholderStyle::Sqlite,
    // A table's own ON CONFLICT clause must not leave rows out, or others (lang_conflict.html).
    insert_into: "INSERT OR ABORT INTO",
    max_parameters: 32_766, // SQLITE_MAX_VARIABLE_NUMBER's default, limits.html section 9
    limit: Limit::LimitOffset { all: "-1" },
    upsert: Upsert::OnConflict { guard: " WHERE true" },
    staging: Staging::CreateTempAs { schema: "temp" },
    rename: Rename::AlterTable,
    never: "0",
    finer: &[],
    types: TypeNames {
        boolean: "BOOLEAN",
        int8: "INTEGER",
        int16: "INTEGER",
        int32: "INTEGER",
        int64: "INTEGER",
        int128: "INTEGER",
        uint8: "INTEGER",
        uint16: "INTEGER",
        uint32: "INTEGER",
        uint64: "INTEGER",
        float32: "REAL",
        float64: "REAL",
        // NUMERIC affinity keeps 15 significant digits (datatype3.html, section 3): more of them stay text.
        decimal: DecimalType { name: "DECIMAL", max_precision: 15, beyond: "TEXT" },
        text: "TEXT",
        key_text: "TEXT",
        binary: "BLOB",
        key_binary: "BLOB",
        date: "DATE",
        time: "TIME",
        datetime: "DATETIME",
        datetime_utc: "TIMESTAMPTZ",
        duration: "INTEGER", // microseconds
        list: ListType::Document,
        document: "TEXT",
        null: "", // no declared type: the values alone say what they are, and none of them gives Null again
    },
    transactions: Transactions {
        begin: &["BEGIN"],
        // A read lock that wants to become a write lock is refused at once if another does too (lang_transaction.html).
        begin_writing: "BEGIN IMMEDIATE",
        isolation: &[
            ("deferred", &["BEGIN DEFERRED"]),
            ("immediate", &["BEGIN IMMEDIATE"]),
            ("exclusive", &["BEGIN EXCLUSIVE"]),
        ],
        read_only: ReadOnly::Setting { enter: "PRAGMA query_only = ON", leave: "PRAGMA query_only = OFF" },
        deferrable: None,
        commit: "COMMIT",
        rollback: "ROLLBACK",
        reset_isolation: &[],
        savepoints: Savepoints { set: "SAVEPOINT ", rollback_to: "ROLLBACK TO ", release: Some("RELEASE ") },
    },
};
