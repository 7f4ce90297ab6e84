use polars_core::prelude::{DataType, Field, Schema, TimeUnit, TimeZone};

use super::*;
use crate::error::{ErrorKind, Result};
use crate::sql::dialect::fixture::{FIXTURE, OTHER};
use crate::table::{ColumnInfo, TableName};
use crate::value::Value;

fn table() -> TableName {
    TableName::parse("s.t").unwrap()
}

fn int(value: i128) -> Value {
    Value::Int(value)
}

fn ints(values: &[i128]) -> Params {
    Params::Positional(values.iter().copied().map(int).collect())
}

fn named(values: &[(&str, i128)]) -> Params {
    Params::Named(values.iter().map(|&(name, value)| (name.to_owned(), int(value))).collect())
}

fn sql(text: &str) -> Where {
    Where::Sql(text.to_owned())
}

fn columns(pairs: &[(&str, Value)]) -> Where {
    Where::columns(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn deleted(condition: &Where, params: &Params) -> Result<Statement> {
    delete(&FIXTURE, &table(), condition, params)
}

#[test]
fn conditions() {
    let list = |values: &[Value]| Value::List(values.to_vec());
    #[rustfmt::skip]
    let rows: &[(Where, Params, &str, Params)] = &[
        (Where::All, Params::NONE, "", Params::NONE),
        (sql("a = ?"), ints(&[1]), " WHERE (a = ?)", ints(&[1])),
        (sql("a = :a OR b = :b -- ? ;\n; "), named(&[("a", 1), ("b", 2)]), " WHERE (a = :a OR b = :b)", named(&[("a", 1), ("b", 2)])),
        (sql("a = 'open"), Params::NONE, " WHERE (a = 'open\n)", Params::NONE),
        (columns(&[("a", int(1)), ("b", Value::Null)]), Params::NONE, " WHERE \"a\" = ?1 AND \"b\" IS NULL", ints(&[1])),
        (columns(&[("a", list(&[int(1), int(2)])), ("b", int(3))]), Params::NONE,
            " WHERE \"a\" IN (?1, ?2) AND \"b\" = ?3", ints(&[1, 2, 3])),
        (columns(&[("a", list(&[int(10), Value::Null])), ("b", int(3))]), Params::NONE,
            " WHERE (\"a\" IN (?1) OR \"a\" IS NULL) AND \"b\" = ?2", ints(&[10, 3])),
        (columns(&[("a", list(&[Value::Null, Value::Null]))]), Params::NONE, " WHERE \"a\" IS NULL", Params::NONE),
        (columns(&[("a", list(&[])), ("b", int(3))]), Params::NONE, " WHERE 0 AND \"b\" = ?1", ints(&[3])),
        (columns(&[("select \"?\" :x -- żółw.", int(1))]), Params::NONE, " WHERE \"select \"\"?\"\" :x -- żółw.\" = ?1", ints(&[1])),
    ];
    for (condition, params, expected, values) in rows {
        let statement = deleted(condition, params).unwrap_or_else(|error| panic!("{condition:?}: {error}"));
        assert_eq!(statement.sql, format!("DELETE FROM \"s\".\"t\"{expected}"));
        assert_eq!(statement.params, *values, "{condition:?}");
    }
}

#[test]
fn values_are_cast_to_a_type_that_is_finer_than_it_shows() {
    let column = |name: &str, declared: &str| ColumnInfo {
        name: name.to_owned(),
        declared_type: declared.to_owned(),
        dtype: DataType::Int64,
        nullable: true,
        default: None,
        primary_key: None,
        generated: false,
        collation: None,
    };
    let types = [column("a", "TICKS"), column("b", "int")];
    let list = |values: &[i128]| Value::List(values.iter().copied().map(int).collect());
    #[rustfmt::skip]
    let rows: &[(Where, bool, &str, &[i128])] = &[
        (columns(&[("a", int(3)), ("b", int(3)), ("c", int(3))]), true,
            " WHERE \"a\" = CAST(?1 AS ticks) AND \"b\" = ?2 AND \"c\" = ?3", &[3, 3, 3]),
        (columns(&[("a", list(&[2, 3]))]), true, " WHERE \"a\" IN (?1, CAST(?2 AS ticks))", &[2, 3]),
        (columns(&[("a", int(4)), ("b", Value::Null)]), false, " WHERE \"a\" = ?1 AND \"b\" IS NULL", &[4]),
        (sql("a = 3"), false, " WHERE (a = 3)", &[]),
    ];
    for (condition, depends, expected, values) in rows {
        assert_eq!(condition.depends_on_types(&FIXTURE), *depends, "{condition:?}");
        let statement = deleted(&condition.clone().of_types(&FIXTURE, &types), &Params::NONE).unwrap();
        assert_eq!(statement.sql, format!("DELETE FROM \"s\".\"t\"{expected}"));
        assert_eq!(statement.params, ints(values));
    }
}

#[test]
fn conditions_that_make_no_sense() {
    let many = Where::columns(vec![("a".to_owned(), Value::List((0..6).map(int).collect()))]);
    #[rustfmt::skip]
    let rows = [
        (Where::Missing, Params::NONE, "True for all rows"),
        (columns(&[]), Params::NONE, "True for all rows"),
        (sql(""), Params::NONE, "True for all rows"),
        (sql(" -- nothing\n ; "), Params::NONE, "True for all rows"),
        (Where::All, ints(&[1]), "params belong to a where text"),
        (columns(&[("a", int(1))]), ints(&[1]), "params belong to a where text"),
        (columns(&[("", int(1))]), Params::NONE, "must not be empty"),
        (columns(&[("a\0", int(1))]), Params::NONE, "NUL"),
        (many, Params::NONE, "where has 6 values, fixture takes 5"),
    ];
    for (condition, params, message) in rows {
        for error in [
            deleted(&condition, &params).expect_err(message),
            update(&FIXTURE, &table(), &[("a".to_owned(), int(1))], &condition, &params).expect_err(message),
        ] {
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(message), "{error}");
        }
    }
    let error = update(&FIXTURE, &table(), &[], &Where::All, &Params::NONE).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Argument, "values is empty: name at least one column to set")
    );
}

#[test]
fn an_update_never_mixes_its_placeholders_with_the_callers() {
    #[rustfmt::skip]
    let rows: &[(Where, Params, &str, &[i128])] = &[
        (Where::All, Params::NONE, "\"a\" = ?1, \"b?:x\" = ?2", &[8, 9]),
        (sql("c = ? AND d = ?"), ints(&[1, 2]), "\"a\" = ?3, \"b?:x\" = ?4 WHERE (c = ?1 AND d = ?2)", &[1, 2, 8, 9]),
        (sql("c = ?2 AND d = ?1"), ints(&[1, 2]), "\"a\" = ?3, \"b?:x\" = ?4 WHERE (c = ?1 AND d = ?2)", &[2, 1, 8, 9]),
        (sql("c = :c OR c > @c OR d = $d"), named(&[("c", 1), ("d", 2)]),
            "\"a\" = ?3, \"b?:x\" = ?4 WHERE (c = ?1 OR c > ?1 OR d = ?2)", &[1, 2, 8, 9]),
        (sql("c = '?' -- ?"), Params::NONE, "\"a\" = ?1, \"b?:x\" = ?2 WHERE (c = '?')", &[8, 9]),
        (columns(&[("c", int(1))]), Params::NONE, "\"a\" = ?2, \"b?:x\" = ?3 WHERE \"c\" = ?1", &[1, 8, 9]),
    ];
    let values = [("a".to_owned(), int(8)), ("b?:x".to_owned(), int(9))];
    for (condition, params, expected, all) in rows {
        let statement = update(&FIXTURE, &table(), &values, condition, params).unwrap();
        assert_eq!(statement.sql, format!("UPDATE \"s\".\"t\" SET {expected}"));
        assert_eq!(statement.params, ints(all));
    }
    for (text, params) in [("c = ?", Params::NONE), ("c = :c", named(&[("d", 1)])), ("c = 1", ints(&[1]))] {
        let error = update(&FIXTURE, &table(), &values, &sql(text), &params).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Execution, "{text}: {error}");
    }
}

static MISSING: Where = Where::Missing;
static NONE: Params = Params::NONE;

/// All rows and columns of `table`.
fn everything(table: &TableName) -> Select<'_> {
    Select { table, columns: None, condition: &MISSING, params: &NONE, order_by: &[], limit: None, offset: None }
}

#[test]
fn selects() {
    let table = table();
    let everything = everything(&table);
    let columns = ["b".to_owned(), "a\"?".to_owned()];
    let order = [OrderBy::new("b", "DESC").unwrap(), OrderBy::new("a", "asc").unwrap()];
    let all = "* FROM \"s\".\"t\"";
    let ordered = "* FROM \"s\".\"t\" ORDER BY \"b\" DESC, \"a\"";
    let some = Select { columns: Some(&columns), ..everything };
    assert_eq!(some.statement(&FIXTURE).unwrap().sql, "SELECT \"b\", \"a\"\"?\" FROM \"s\".\"t\"");
    #[expect(clippy::type_complexity, reason = "a table of data: its columns say what they are")]
    #[rustfmt::skip]
    let rows: &[(Option<i64>, Option<i64>, &[OrderBy], String, String)] = &[
        (None, None, &[], format!("SELECT {all}"), format!("SELECT {all}")),
        (None, None, &order, format!("SELECT {ordered}"), format!("SELECT {ordered}")),
        (Some(2), None, &order, format!("SELECT {ordered} LIMIT 2"), format!("SELECT TOP (2) {ordered}")),
        (Some(2), Some(0), &[], format!("SELECT {all} LIMIT 2"), format!("SELECT TOP (2) {all}")),
        (Some(2), Some(3), &order, format!("SELECT {ordered} LIMIT 2 OFFSET 3"),
            format!("SELECT {ordered} OFFSET 3 ROWS FETCH NEXT 2 ROWS ONLY")),
        (None, Some(3), &[], format!("SELECT {all} LIMIT -1 OFFSET 3"), format!("SELECT {all} ORDER BY (SELECT NULL) OFFSET 3 ROWS")),
        (Some(0), Some(3), &[], format!("SELECT {all} LIMIT 0 OFFSET 3"), format!("SELECT TOP (0) {all}")),
    ];
    for (limit, offset, order_by, with_limit, with_fetch) in rows {
        let wanted = Select { order_by, limit: *limit, offset: *offset, ..everything };
        assert_eq!(wanted.statement(&FIXTURE).unwrap().sql, *with_limit);
        assert_eq!(wanted.statement(&OTHER).unwrap().sql, *with_fetch);
    }
    let no_filter = Select { condition: &Where::Columns(Vec::new()), ..everything };
    assert_eq!(no_filter.statement(&FIXTURE), everything.statement(&FIXTURE));
}

#[test]
fn selects_that_make_no_sense() {
    let error = OrderBy::new("a", "asc; DROP TABLE t").unwrap_err();
    assert!(error.message().contains("\"asc\" or \"desc\""), "{error}");
    let table = table();
    let everything = everything(&table);
    for (select, message) in [
        (Select { columns: Some(&[]), ..everything }, "columns is empty"),
        (Select { limit: Some(-1), ..everything }, "limit is negative: -1"),
        (Select { offset: Some(-2), ..everything }, "offset is negative: -2"),
    ] {
        let error = select.statement(&FIXTURE).expect_err(message);
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn every_polars_type_has_a_column_type() {
    let list = |dtype| DataType::List(Box::new(dtype));
    let pair = |dtype| DataType::Struct(vec![Field::new("a".into(), dtype)]);
    #[rustfmt::skip]
    let rows = [
        (DataType::Boolean, "bool"), (DataType::Int8, "i8"), (DataType::Int16, "i16"), (DataType::Int32, "i32"),
        (DataType::Int64, "i64"), (DataType::Int128, "i128"), (DataType::UInt8, "u8"), (DataType::UInt16, "u16"),
        (DataType::UInt32, "u32"), (DataType::UInt64, "u64"), (DataType::Float32, "f32"), (DataType::Float64, "f64"),
        (DataType::Decimal(15, 2), "dec(15, 2)"), (DataType::Decimal(16, 2), "digits"), (DataType::String, "text"),
        (DataType::Binary, "bytes"), (DataType::Date, "date"), (DataType::Time, "time"),
        (DataType::Datetime(TimeUnit::Nanoseconds, None), "datetime"),
        (DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)), "instant"),
        (DataType::Duration(TimeUnit::Microseconds), "duration"),
        (list(DataType::Int64), "i64[]"), (list(list(DataType::Int64)), "json"), (list(pair(DataType::Int64)), "json"),
        (DataType::Array(Box::new(DataType::Float32), 3), "f32[]"), (pair(DataType::Int64), "json"),
    ];
    for (dtype, name) in rows {
        assert_eq!(FIXTURE.type_name("c", &dtype).unwrap(), name, "{dtype}");
    }
    assert_eq!(FIXTURE.type_name("c", &DataType::Null).unwrap(), "");
    for dtype in [DataType::UInt128, DataType::Float16, list(DataType::UInt128), pair(DataType::Float16)] {
        let error = FIXTURE.type_name("c", &dtype).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conversion);
        assert_eq!(error.details().column_name.as_deref(), Some("c"));
        assert!(error.message().contains(&dtype.to_string()), "{error}");
    }
}

#[test]
fn tables() {
    let table = TableName::new(vec!["a.b".to_owned(), "DROP \"x\" ".to_owned()]).unwrap();
    let quoted = "\"a.b\".\"DROP \"\"x\"\" \"";
    let mut schema = Schema::default();
    schema.insert("id".into(), DataType::String);
    schema.insert("new\nline".into(), DataType::Null);
    let created = |unique: &[String]| create_table(&FIXTURE, &table, &schema, unique).unwrap();
    assert_eq!(created(&[]), format!("CREATE TABLE {quoted} (\"id\" text, \"new\nline\")"));
    assert_eq!(
        created(&["id".to_owned()]),
        format!("CREATE TABLE {quoted} (\"id\" key, \"new\nline\", UNIQUE (\"id\"))")
    );
    assert_eq!(drop_table(&FIXTURE, &table).unwrap(), format!("DROP TABLE {quoted}"));
    assert_eq!(delete_all(&FIXTURE, &table).unwrap(), format!("DELETE FROM {quoted}"));
    assert_eq!(rename_table(&FIXTURE, &table, "c\"").unwrap(), format!("ALTER TABLE {quoted} RENAME TO \"c\"\"\""));
    assert_eq!(
        insert_row(&FIXTURE, &table, ["a", "?"]).unwrap(),
        format!("INSERT INTO {quoted} (\"a\", \"?\") VALUES (?1, ?2)")
    );

    let error = create_table(&FIXTURE, &table, &Schema::default(), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    let nul = TableName::new(vec!["a\0b".to_owned()]).unwrap();
    assert_eq!(drop_table(&FIXTURE, &nul).unwrap_err().kind(), ErrorKind::Argument);
    assert_ne!(unique_name("a"), unique_name("a"));
}

fn column(name: &str, collation: Option<&str>) -> ColumnInfo {
    ColumnInfo {
        name: name.to_owned(),
        declared_type: String::new(),
        dtype: DataType::String,
        nullable: true,
        default: None,
        primary_key: None,
        generated: false,
        collation: collation.map(str::to_owned),
    }
}

#[test]
fn duplicates_go_by_the_collation_of_their_column() {
    let (plain, folding) = (column("a", None), column("b", Some("NOCASE")));
    assert_eq!(
        duplicate_keys(&FIXTURE, &table(), &[&plain, &folding], false).unwrap(),
        "SELECT COUNT(*) AS \"rows\" FROM \"s\".\"t\" WHERE \"a\" IS NOT NULL AND \"b\" IS NOT NULL \
         GROUP BY \"a\", \"b\" COLLATE \"NOCASE\" HAVING COUNT(*) > 1 LIMIT 1"
    );
    assert_eq!(
        duplicate_keys(&OTHER, &table(), &[&plain], true).unwrap(),
        "SELECT TOP (1) COUNT(*) AS \"rows\" FROM \"s\".\"t\" GROUP BY \"a\" HAVING COUNT(*) > 1"
    );
}

#[test]
fn an_upsert_without_on_conflict_is_two_statements() {
    let staging = TableName::parse("#x").unwrap();
    let columns = [column("n", None), ColumnInfo { nullable: false, ..column("id", None) }];
    let key = |name: &str, nulls_are_equal| Key { columns: vec![name.to_owned()], nulls_are_equal };
    let run = |action, keys: &[Key]| {
        let conflict = Conflict { action, keys: keys.to_vec() };
        insert_from_staging(&OTHER, &table(), &staging, &columns, &conflict).unwrap()
    };
    let absent = "NOT EXISTS (SELECT 1 FROM \"s\".\"t\" AS t WITH (UPDLOCK, SERIALIZABLE) WHERE t.\"id\" = s.\"id\")";
    let staged = |action, columns: &[ColumnInfo]| {
        let conflict = Conflict { action, keys: vec![key("id", true)] };
        create_staging(&OTHER, &staging, &table(), columns, &conflict).unwrap()
    };
    let from = "FROM (SELECT \"n\", \"id\" FROM \"s\".\"t\" WHERE 0 UNION ALL SELECT \"n\", \"id\" FROM \"s\".\"t\" WHERE 0) AS q";
    assert_eq!(staged(Action::Update, &columns), format!("SELECT q.* INTO \"#x\" {from}"));
    assert_eq!(
        staged(Action::Ignore, &columns),
        format!("SELECT IDENTITY(bigint, 1, 1) AS \"industrydb_row\", q.* INTO \"#x\" {from}")
    );
    // A typed xml column is bound to schemas that the temporary tables' database lacks.
    let xml = [ColumnInfo { declared_type: "xml".to_owned(), ..column("x", None) }];
    assert_eq!(
        staged(Action::Update, &xml),
        "SELECT q.* INTO \"#x\" FROM (SELECT CAST(\"x\" AS xml) AS \"x\" FROM \"s\".\"t\" WHERE 0 \
         UNION ALL SELECT CAST(\"x\" AS xml) AS \"x\" FROM \"s\".\"t\" WHERE 0) AS q"
    );
    assert_eq!(
        run(Action::Update, &[key("id", true)]),
        [
            "UPDATE t SET \"n\" = s.\"n\" FROM \"s\".\"t\" AS t WITH (UPDLOCK, SERIALIZABLE) \
         JOIN \"#x\" AS s ON t.\"id\" = s.\"id\""
                .to_owned(),
            format!("INSERT INTO \"s\".\"t\" (\"n\", \"id\") SELECT \"n\", \"id\" FROM \"#x\" AS s WHERE {absent}"),
        ]
    );
    let ignore = |places: &str, absent: &str, first: &str| {
        format!(
            "INSERT INTO \"s\".\"t\" (\"n\", \"id\") SELECT \"n\", \"id\" FROM (SELECT \"n\", \"id\"{places} FROM \"#x\" \
             AS s WHERE {absent}) AS s WHERE {first}"
        )
    };
    let place = |name: &str, at: usize| {
        format!(", ROW_NUMBER() OVER (PARTITION BY \"{name}\" ORDER BY \"industrydb_row\") AS \"industrydb_{at}\"")
    };
    let absent_n =
        |same: &str| format!("NOT EXISTS (SELECT 1 FROM \"s\".\"t\" AS t WITH (UPDLOCK, SERIALIZABLE) WHERE {same})");
    let first = "\"industrydb_1\" = 1";
    assert_eq!(run(Action::Ignore, &[key("id", false)]), [ignore(&place("id", 1), absent, first)]);
    // Two NULLs are no conflict, unless a constraint counts them as the same.
    let or_null = format!("({first} OR \"n\" IS NULL)");
    let equal = absent_n("t.\"n\" = s.\"n\"");
    assert_eq!(run(Action::Ignore, &[key("n", false)]), [ignore(&place("n", 1), &equal, &or_null)]);
    let same = absent_n("(t.\"n\" = s.\"n\" OR t.\"n\" IS NULL AND s.\"n\" IS NULL)");
    assert_eq!(
        run(Action::Ignore, &[key("id", true), key("n", true)]),
        [ignore(
            &(place("id", 1) + &place("n", 2)),
            &format!("{absent} AND {same}"),
            "\"industrydb_1\" = 1 AND \"industrydb_2\" = 1"
        )]
    );
}
