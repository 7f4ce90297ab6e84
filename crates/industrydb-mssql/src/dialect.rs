//! How SQL Server spells SQL.

use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::dialect::{
    DecimalType, Dialect, Finer, Limit, ListType, ReadOnly, Rename, Savepoints, Staging, Transactions, TypeNames,
    Upsert,
};

use crate::instant;

/// How SQL Server spells SQL.
pub static DIALECT: Dialect = Dialect {
    backend: "mssql",
    quotes: ('[', ']'),
    longest_name: None,
    folds_case: true,
    placeholders: PlaceholderStyle::At,
    insert_into: "INSERT INTO",
    max_parameters: 2_098, // 2,100 for sp_executesql, which takes two of them for itself
    limit: Limit::OffsetFetch,
    upsert: Upsert::UpdateThenInsert,
    staging: Staging::SelectIntoHash,
    rename: Rename::SpRename,
    never: "1 = 0",
    // From compatibility level 130 on a tick is compared with all its digits, .003333… (Transact-SQL reference,
    // "datetime2"); all that the other types keep, `smalldatetime` too, is what they show.
    finer: &[Finer { declared: "datetime", shows: instant::is_shown_tick }],
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
        key_binary: "varbinary(900)",
        date: "date",
        // With fewer digits both take as much room, and the client library does not send them (see `bulk`).
        time: "time(7)",
        datetime: "datetime2(6)",
        datetime_utc: "datetimeoffset(7)",
        duration: "bigint", // microseconds
        list: ListType::Document,
        document: "nvarchar(max)",
        null: "nvarchar(max)",
    },
    transactions: Transactions {
        begin: &["BEGIN TRANSACTION"],
        begin_writing: "BEGIN TRANSACTION",
        isolation: &[
            ("read uncommitted", &["SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "BEGIN TRANSACTION"]),
            ("read committed", &["SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "BEGIN TRANSACTION"]),
            ("repeatable read", &["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN TRANSACTION"]),
            ("serializable", &["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN TRANSACTION"]),
            ("snapshot", &["SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "BEGIN TRANSACTION"]),
        ],
        read_only: ReadOnly::Unsupported,
        deferrable: None,
        commit: "COMMIT TRANSACTION",
        rollback: "ROLLBACK TRANSACTION",
        reset_isolation: &["SET TRANSACTION ISOLATION LEVEL READ COMMITTED"],
        savepoints: Savepoints { set: "SAVE TRANSACTION ", rollback_to: "ROLLBACK TRANSACTION ", release: None },
    },
};

#[cfg(test)]
mod tests {
    use industrydb_core::sql::generate::{Where, can_be_swapped, rename_table, update};
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
                "b = ? AND c = ?",
                Params::Positional(vec![Value::Int(1), Value::Int(2)]),
                "UPDATE [s].[t] SET [a] = @P3 WHERE (b = @P1 AND c = @P2)",
                vec![Value::Int(1), Value::Int(2), Value::Null],
            ),
            (
                "b = @p1",
                Params::Positional(vec![Value::Int(1)]),
                "UPDATE [s].[t] SET [a] = @P2 WHERE (b = @P1)",
                vec![Value::Int(1), Value::Null],
            ),
            (
                "b = :b OR c = @b",
                Params::Named(vec![("b".to_owned(), Value::Int(1))]),
                "UPDATE [s].[t] SET [a] = @P2 WHERE (b = @P1 OR c = @P1)",
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
        let begin = DIALECT.begin(Some("snapshot"), false, false).unwrap();
        assert_eq!(begin, ["SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "BEGIN TRANSACTION"]);
        let after = DIALECT.after_transaction(Some("snapshot"), false);
        assert_eq!(after, ["SET TRANSACTION ISOLATION LEVEL READ COMMITTED"]);
        assert!(DIALECT.begin(None, true, false).is_err());
        let table = TableName::parse("s.it's").unwrap();
        assert_eq!(rename_table(&DIALECT, &table, "a]'b").unwrap(), "EXEC sp_rename N'[s].[it''s]', N'a]''b'");
        // In the table's database, as sp_rename knows no other.
        let elsewhere = TableName::parse("a]b.s.it's").unwrap();
        let expected = "EXEC [a]]b].sys.sp_rename N'[s].[it''s]', N'c'";
        assert_eq!(rename_table(&DIALECT, &elsewhere, "c").unwrap(), expected);
        let swapped = |name: &str| can_be_swapped(&DIALECT, &TableName::parse(name).unwrap());
        assert_eq!(["t", "s.t", "#t", "##t", "tempdb.dbo.#t"].map(swapped), [true, true, false, false, false]);
        assert_eq!(DIALECT.quote("a]b").unwrap(), "[a]]b]");
    }
}
