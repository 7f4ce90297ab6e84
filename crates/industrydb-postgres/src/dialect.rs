//! How PostgreSQL spells SQL.

use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::dialect::{
    DecimalType, Dialect, Limit, ListType, ReadOnly, Rename, Savepoints, Staging, Transactions, TypeNames, Upsert,
};

/// How PostgreSQL spells SQL.
pub static DIALECT: Dialect = Dialect {
    backend: "postgres",
    quotes: ('"', '"'),
    longest_name: Some(63), // NAMEDATALEN - 1 (manual, 4.1.1)
    folds_case: false,
    placeholders: PlaceholderStyle::Dollar,
    insert_into: "INSERT INTO",
    max_parameters: 65_535, // the Bind message counts them in 16 bits (manual, 54.7)
    limit: Limit::LimitOffset { all: "" },
    upsert: Upsert::OnConflict { guard: "" },
    staging: Staging::CreateTempAs { schema: "pg_temp" },
    rename: Rename::AlterTable,
    never: "false",
    finer: &[],
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
        key_binary: "bytea",
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
        begin_writing: "BEGIN",
        isolation: &[
            ("read uncommitted", &["BEGIN ISOLATION LEVEL READ UNCOMMITTED"]),
            ("read committed", &["BEGIN ISOLATION LEVEL READ COMMITTED"]),
            ("repeatable read", &["BEGIN ISOLATION LEVEL REPEATABLE READ"]),
            ("serializable", &["BEGIN ISOLATION LEVEL SERIALIZABLE"]),
        ],
        read_only: ReadOnly::Clause(" READ ONLY"),
        deferrable: Some(" DEFERRABLE"),
        commit: "COMMIT",
        rollback: "ROLLBACK",
        reset_isolation: &[],
        savepoints: Savepoints { set: "SAVEPOINT ", rollback_to: "ROLLBACK TO ", release: Some("RELEASE ") },
    },
};

#[cfg(test)]
mod tests {
    use industrydb_core::sql::generate::{Where, rename_table, update};
    use industrydb_core::sql::translate;
    use industrydb_core::table::TableName;
    use industrydb_core::value::{Params, Value};

    use super::DIALECT;

    #[test]
    fn an_update_numbers_its_values_behind_the_callers() {
        let table = TableName::parse("s.t").unwrap();
        let values = [("a".to_owned(), Value::Null)];
        for (condition, params, expected, all) in [
            (
                "b = ? AND c ? 'k' AND d::int = ?",
                Params::Positional(vec![Value::Int(1), Value::Int(2)]),
                "UPDATE \"s\".\"t\" SET \"a\" = $3 WHERE (b = $1 AND c ? 'k' AND d::int = $2)",
                vec![Value::Int(1), Value::Int(2), Value::Null],
            ),
            (
                "b = $1",
                Params::Positional(vec![Value::Int(1)]),
                "UPDATE \"s\".\"t\" SET \"a\" = $2 WHERE (b = $1)",
                vec![Value::Int(1), Value::Null],
            ),
            (
                "b = :b OR c = :b",
                Params::Named(vec![("b".to_owned(), Value::Int(1))]),
                "UPDATE \"s\".\"t\" SET \"a\" = $2 WHERE (b = $1 OR c = $1)",
                vec![Value::Int(1), Value::Null],
            ),
        ] {
            let statement = update(&DIALECT, &table, &values, &Where::Sql(condition.to_owned()), &params).unwrap();
            assert_eq!(statement.sql, expected);
            assert_eq!(statement.params, Params::Positional(all));
            // It is sent as it is.
            let sent = translate(&statement.sql, DIALECT.placeholders, &statement.params).unwrap();
            assert_eq!(sent.sql, statement.sql);
        }
    }

    #[test]
    fn transactions_and_tables() {
        let begin = DIALECT.begin(Some("Serializable"), true, true).unwrap();
        assert_eq!(begin, ["BEGIN ISOLATION LEVEL SERIALIZABLE DEFERRABLE READ ONLY"]);
        assert!(DIALECT.after_transaction(Some("serializable"), true).is_empty());
        assert!(DIALECT.begin(Some("snapshot"), false, false).is_err());
        let table = TableName::parse("s.t").unwrap();
        assert_eq!(rename_table(&DIALECT, &table, "a\"b").unwrap(), "ALTER TABLE \"s\".\"t\" RENAME TO \"a\"\"b\"");
    }
}
