//! How SQL Server spells SQL.

use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::dialect::{
    DecimalType, Dialect, Limit, ListType, ReadOnly, Rename, Savepoints, Staging, Transactions, TypeNames, Upsert,
};

/// How SQL Server spells SQL.
pub static DIALECT: Dialect = Dialect {
    backend: "mssql",
    quotes: ('[', ']'),
    folds_case: true,
    placeholders: PlaceholderStyle::At,
    max_parameters: 2_098, // 2,100 for sp_executesql, which takes two of them for itself
    limit: Limit::OffsetFetch,
    upsert: Upsert::UpdateThenInsert,
    staging: Staging::SelectIntoHash,
    rename: Rename::SpRename,
    never: "1 = 0",
    types: TypeNames {
        boolean: "bit",
        int8: "smallint",
        int16: "smallint",
        int32: "int",
        int64: "bigint",
        int128: "decimal(38, 0)",
        uint8: "tinyint",
        uint16: "int",
        uint32: "bigint",
        uint64: "decimal(20, 0)",
        float32: "real",
        float64: "float(53)",
        decimal: DecimalType { name: "decimal", max_precision: 38, beyond: "nvarchar(max)" },
        text: "nvarchar(max)",
        key_text: "nvarchar(450)", // 900 bytes, the longest key of a clustered index
        binary: "varbinary(max)",
        date: "date",
        time: "time(6)",
        datetime: "datetime2(6)",
        datetime_utc: "datetimeoffset(6)",
        duration: "bigint", // microseconds
        list: ListType::Document,
        document: "nvarchar(max)",
        null: "nvarchar(max)",
    },
    transactions: Transactions {
        begin: &["BEGIN TRANSACTION"],
        isolation: &[
            ("read uncommitted", &["SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "BEGIN TRANSACTION"]),
            ("read committed", &["SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "BEGIN TRANSACTION"]),
            ("repeatable read", &["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN TRANSACTION"]),
            ("serializable", &["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN TRANSACTION"]),
            ("snapshot", &["SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "BEGIN TRANSACTION"]),
        ],
        read_only: ReadOnly::Unsupported,
        commit: "COMMIT TRANSACTION",
        rollback: "ROLLBACK TRANSACTION",
        reset_isolation: &["SET TRANSACTION ISOLATION LEVEL READ COMMITTED"],
        savepoints: Savepoints { set: "SAVE TRANSACTION ", rollback_to: "ROLLBACK TRANSACTION ", release: None },
    },
};
