//! How PostgreSQL spells SQL.

use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::dialect::{
    DecimalType, Dialect, Limit, ListType, ReadOnly, Rename, Savepoints, Staging, Transactions, TypeNames, Upsert,
};

/// How PostgreSQL spells SQL.
pub static DIALECT: Dialect = Dialect {
    backend: "postgres",
    quotes: ('"', '"'),
    folds_case: false,
    placeholders: PlaceholderStyle::Dollar,
    max_parameters: 65_535, // the Bind message counts them in 16 bits (manual, 54.7)
    limit: Limit::LimitOffset { all: "" },
    upsert: Upsert::OnConflict { guard: "" },
    staging: Staging::CreateTempAs { schema: "pg_temp" },
    rename: Rename::AlterTable,
    never: "false",
    types: TypeNames {
        boolean: "boolean",
        int8: "smallint",
        int16: "smallint",
        int32: "integer",
        int64: "bigint",
        int128: "numeric(38, 0)",
        uint8: "smallint",
        uint16: "integer",
        uint32: "bigint",
        uint64: "numeric(20, 0)",
        float32: "real",
        float64: "double precision",
        decimal: DecimalType { name: "numeric", max_precision: 1000, beyond: "numeric" },
        text: "text",
        key_text: "text",
        binary: "bytea",
        date: "date",
        time: "time",
        datetime: "timestamp",
        datetime_utc: "timestamptz",
        duration: "interval",
        list: ListType::ArrayOf,
        document: "jsonb",
        null: "text",
    },
    transactions: Transactions {
        begin: &["BEGIN"],
        isolation: &[
            ("read uncommitted", &["BEGIN ISOLATION LEVEL READ UNCOMMITTED"]),
            ("read committed", &["BEGIN ISOLATION LEVEL READ COMMITTED"]),
            ("repeatable read", &["BEGIN ISOLATION LEVEL REPEATABLE READ"]),
            ("serializable", &["BEGIN ISOLATION LEVEL SERIALIZABLE"]),
        ],
        read_only: ReadOnly::Clause(" READ ONLY"),
        commit: "COMMIT",
        rollback: "ROLLBACK",
        reset_isolation: &[],
        savepoints: Savepoints { set: "SAVEPOINT ", rollback_to: "ROLLBACK TO ", release: Some("RELEASE ") },
    },
};
