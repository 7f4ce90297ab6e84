//! Dialects for tests of what is written for any dialect.

use super::{
    DecimalType, Dialect, Finer, Limit, ListType, ReadOnly, Rename, Savepoints, Staging, Transactions, TypeNames,
    Upsert,
};
use crate::sql::PlaceholderStyle;
use crate::value::Value;

const TICKS: &[Finer] = &[Finer { declared: "ticks", shows: is_three }];

fn is_three(value: &Value) -> bool {
    *value == Value::Int(3)
}

const fn fixture() -> Dialect {
    Dialect {
        backend: "fixture",
        quotes: ('"', '"'),
        longest_name: None,
        folds_case: false,
        placeholders: PlaceholderStyle::Sqlite,
        insert_into: "INSERT INTO",
        max_parameters: 5,
        limit: Limit::LimitOffset { all: "-1" },
        upsert: Upsert::OnConflict { guard: " WHERE true" },
        staging: Staging::CreateTempAs { schema: "temp" },
        rename: Rename::AlterTable,
        never: "0",
        finer: TICKS,
        types: TypeNames {
            boolean: "bool",
            int8: "i8",
            int16: "i16",
            int32: "i32",
            int64: "i64",
            int128: "i128",
            uint8: "u8",
            uint16: "u16",
            uint32: "u32",
            uint64: "u64",
            float32: "f32",
            float64: "f64",
            decimal: DecimalType { name: "dec", max_precision: 15, beyond: "digits" },
            text: "text",
            key_text: "key",
            binary: "bytes",
            key_binary: "key_bytes",
            date: "date",
            time: "time",
            datetime: "datetime",
            datetime_utc: "instant",
            duration: "duration",
            list: ListType::ArrayOf,
            document: "json",
            null: "",
        },
        transactions: Transactions {
            begin: &["BEGIN"],
            begin_writing: "BEGIN",
            isolation: &[("strict", &["SET STRICT", "BEGIN"]), ("lax", &["BEGIN LAX"])],
            read_only: ReadOnly::Setting { enter: "READ ONLY", leave: "READ WRITE" },
            deferrable: Some(" LATER"),
            commit: "COMMIT",
            rollback: "ROLLBACK",
            reset_isolation: &["SET USUAL"],
            savepoints: Savepoints { set: "SAVEPOINT ", rollback_to: "ROLLBACK TO ", release: Some("RELEASE ") },
        },
    }
}

/// Everything as SQLite has it.
pub(crate) static FIXTURE: Dialect = fixture();

/// Tables that only sp_rename renames.
pub(crate) static SP_RENAME: Dialect = Dialect { rename: Rename::SpRename, ..fixture() };

/// Names in any case, upserts in two statements, savepoints that stay, transactions that can't be read-only.
pub(crate) static OTHER: Dialect = Dialect {
    folds_case: true,
    upsert: Upsert::UpdateThenInsert,
    staging: Staging::SelectIntoHash,
    limit: Limit::OffsetFetch,
    transactions: Transactions {
        read_only: ReadOnly::Unsupported,
        deferrable: None,
        savepoints: Savepoints { set: "SAVE ", rollback_to: "ROLLBACK TO ", release: None },
        ..fixture().transactions
    },
    ..fixture()
};
