use polars_core::df;
use polars_core::prelude::DataFrame;

use crate::connector::Progress;
use crate::error::{ErrorKind, Result};
use crate::ops::fake::{Failure, Fake, column, now};
use crate::ops::{InsertMode, InsertOptions, OnConflict, insert};
use crate::sql::dialect::fixture::{OTHER, SP_RENAME};
use crate::sql::generate::Key;
use crate::table::{ColumnInfo, TableName};

use InsertMode::{Append, Create, CreateAppend, Overwrite, Replace};
use OnConflict::{Error as Fail, Ignore, Update};

fn columns() -> Vec<ColumnInfo> {
    vec![column("id", Some(1)), column("n", None)]
}

fn frame() -> DataFrame {
    df!["n" => [1_i64, 2], "id" => [1_i64, 2]].unwrap()
}

fn options(mode: InsertMode, on_conflict: OnConflict, keys: &[&str]) -> InsertOptions {
    let conflict_columns = (!keys.is_empty()).then(|| keys.iter().map(|&key| key.to_owned()).collect());
    InsertOptions { mode, on_conflict, conflict_columns }
}

fn run(fake: &mut Fake, frame: &DataFrame, options: &InsertOptions) -> Result<u64> {
    let table = TableName::parse("s.t").unwrap();
    now(insert(fake, &table, frame, options, &Progress::default()))
}

/// With the table and without it.
fn fakes() -> (Fake, Fake) {
    let made = Fake { made: columns(), ..Fake::new() };
    (Fake { table: Some(columns()), made: columns(), ..Fake::new() }, made)
}

const STAGED: [&str; 2] = [
    "CREATE TABLE \"temp\".\"industrydb_staging_#\" AS SELECT \"n\", \"id\" FROM \"s\".\"t\" WHERE 0",
    "append 2 rows to temp.industrydb_staging_#",
];
const DUPLICATES: &str = "SELECT COUNT(*) AS \"rows\" FROM \"temp\".\"industrydb_staging_#\" WHERE \"id\" IS NOT NULL \
                          GROUP BY \"id\" HAVING COUNT(*) > 1 LIMIT 1";
const FROM_STAGING: &str = "INSERT INTO \"s\".\"t\" (\"n\", \"id\") SELECT \"n\", \"id\" FROM \
                            \"temp\".\"industrydb_staging_#\" WHERE true ON CONFLICT ";
const DROPPED: &str = "DROP TABLE \"temp\".\"industrydb_staging_#\"";
const CREATED: &str = "CREATE TABLE \"s\".\"t\" (\"n\" i64, \"id\" i64)";
const APPENDED: &str = "append 2 rows to s.t";

/// Each way through, what it runs between BEGIN and COMMIT, and the rows that it counts.
fn ways() -> Vec<(Fake, InsertOptions, Vec<String>, u64)> {
    let there = || fakes().0;
    let missing = || fakes().1;
    let own = |entries: &[&str]| entries.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>();
    let upsert = |action: &str, checked: bool| {
        let mut entries = own(&STAGED);
        entries.extend(checked.then(|| DUPLICATES.to_owned()));
        entries.extend([format!("{FROM_STAGING}{action}"), DROPPED.to_owned()]);
        entries
    };
    let update = "(\"id\") DO UPDATE SET \"n\" = excluded.\"n\"";
    let replaced = own(&[
        "CREATE TABLE \"s\".\"industrydb_new_#\" (\"n\" i64, \"id\" i64)",
        "append 2 rows to s.industrydb_new_#",
        "DROP TABLE \"s\".\"t\"",
        "ALTER TABLE \"s\".\"industrydb_new_#\" RENAME TO \"t\"",
    ]);
    let emptied = [own(&["DELETE FROM \"s\".\"t\""]), upsert("DO NOTHING", false)].concat();
    let keyed = [own(&["CREATE TABLE \"s\".\"t\" (\"n\" i64, \"id\" i64, UNIQUE (\"id\"))"]), upsert(update, true)];
    vec![
        (there(), options(Append, Fail, &[]), own(&[APPENDED]), 2),
        (there(), options(CreateAppend, Fail, &[]), own(&[APPENDED]), 2),
        (missing(), options(CreateAppend, Fail, &[]), own(&[CREATED, APPENDED]), 2),
        (missing(), options(Create, Fail, &[]), own(&[CREATED, APPENDED]), 2),
        (missing(), options(Replace, Fail, &[]), own(&[CREATED, APPENDED]), 2),
        (there(), options(Replace, Fail, &[]), replaced, 2),
        (there(), options(Overwrite, Fail, &[]), own(&["DELETE FROM \"s\".\"t\"", APPENDED]), 2),
        (there(), options(Append, Ignore, &[]), upsert("DO NOTHING", false), 1),
        (there(), options(Append, Ignore, &["id"]), upsert("(\"id\") DO NOTHING", false), 1),
        (there(), options(Append, Update, &[]), upsert(update, true), 1),
        (there(), options(CreateAppend, Update, &["id"]), upsert(update, true), 1),
        (there(), options(Overwrite, Ignore, &[]), emptied, 1),
        (missing(), options(CreateAppend, Update, &["id"]), keyed.concat(), 1),
    ]
}

#[test]
fn each_mode_runs_its_statements_in_one_transaction() {
    for (mut fake, options, expected, rows) in ways() {
        assert_eq!(run(&mut fake, &frame(), &options), Ok(rows), "{options:?}");
        let (first, rest) = fake.log.split_first().unwrap();
        let (last, inner) = rest.split_last().unwrap();
        assert_eq!((first.as_str(), last.as_str()), ("BEGIN", "COMMIT"));
        assert_eq!(inner, expected, "{options:?}");
    }
}

#[test]
fn a_failure_at_any_step_takes_everything_back() {
    for inside in [false, true] {
        for (way, (_, _, steps, _)) in ways().iter().enumerate() {
            for step in steps {
                let (mut fake, options, ..) = ways().swap_remove(way);
                fake.open = inside;
                fake.fail_at(step);
                assert_eq!(run(&mut fake, &frame(), &options).unwrap_err().message(), format!("no {step}"));
                let last = fake.log.last().unwrap();
                assert_eq!(last, if inside { "RELEASE \"industrydb_#\"" } else { "ROLLBACK" }, "{options:?} at {step}");
                assert_eq!(fake.open, inside);
                assert!(!fake.log.contains(&"COMMIT".to_owned()));
            }
        }
    }
}

#[test]
fn a_server_that_rolled_back_itself_is_not_asked_again() {
    let mut fake = fakes().0;
    let error = crate::error::Error::execution("database or disk is full");
    fake.failures.push(Failure { at: "append".to_owned(), error, times: 1, rolls_back: true });
    let error = run(&mut fake, &frame(), &options(Append, Fail, &[])).unwrap_err();
    assert_eq!((error.message(), error.details().backend), ("database or disk is full", Some("fixture")));
    assert_eq!(fake.log, ["BEGIN", APPENDED]);
}

#[test]
fn a_key_twice_stores_nothing() {
    let mut fake = fakes().0;
    fake.results = vec![vec![df!["rows" => [2]].unwrap()]];
    let error = run(&mut fake, &frame(), &options(Append, Update, &[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    assert_eq!(error.message(), "the data has rows of s.t with the same key (id)");
    assert_eq!(error.details().column_name.as_deref(), Some("id"));
    assert_eq!(fake.log.last().unwrap(), "ROLLBACK");
}

#[test]
fn two_statements_where_there_is_no_on_conflict() {
    let unique_keys = vec![Key { columns: vec!["id".to_owned()], nulls_are_equal: true }];
    let mut fake = Fake { dialect: &OTHER, table: Some(columns()), unique_keys, ..Fake::new() };
    assert_eq!(run(&mut fake, &frame(), &options(Append, Update, &["ID"])), Ok(2));
    let starts: Vec<&str> = fake.log.iter().map(|entry| entry.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(starts, ["BEGIN", "SELECT", "append", "SELECT", "UPDATE", "INSERT", "DROP", "COMMIT"]);
    // Without any key, there is nothing to conflict in.
    let mut fake = Fake { dialect: &OTHER, table: Some(vec![column("ID", None), column("N", None)]), ..Fake::new() };
    assert_eq!(run(&mut fake, &frame(), &options(Append, Ignore, &[])), Ok(2));
    assert_eq!(fake.log, ["BEGIN", APPENDED, "COMMIT"]);
    // Any unique key counts, but one that the server fills.
    let with_keys = |keys: &[&[&str]], nulls_are_equal: bool| {
        let columns = |key: &&[&str]| key.iter().map(|&name| name.to_owned()).collect();
        let unique_keys = keys.iter().map(|key| Key { columns: columns(key), nulls_are_equal }).collect();
        Fake { dialect: &OTHER, table: Some(vec![column("ID", None), column("N", None)]), unique_keys, ..Fake::new() }
    };
    let mut fake = with_keys(&[&["serial"], &["N", "ID"]], true);
    assert_eq!(run(&mut fake, &frame(), &options(Append, Ignore, &[])), Ok(1));
    assert!(fake.log.iter().any(|entry| entry.contains("PARTITION BY \"N\", \"ID\" ")), "{:?}", fake.log);
    // With several keys, until no row moves.
    let mut fake = with_keys(&[&["ID"], &["N"]], true);
    fake.moves = 3;
    assert_eq!(run(&mut fake, &frame(), &options(Append, Ignore, &[])), Ok(3));
    assert_eq!(fake.log.iter().filter(|entry| entry.starts_with("INSERT")).count(), 4);
    // A constraint counts NULLs as the same, an index without them does not.
    for (nulls_are_equal, same) in
        [(true, "(t.\"ID\" = s.\"ID\" OR t.\"ID\" IS NULL AND s.\"ID\" IS NULL)"), (false, " ON t.\"ID\" = s.\"ID\"")]
    {
        let mut fake = with_keys(&[&["ID"]], nulls_are_equal);
        assert_eq!(run(&mut fake, &frame(), &options(Append, Update, &["id"])), Ok(2));
        assert!(fake.log.iter().any(|entry| entry.starts_with("UPDATE") && entry.ends_with(same)), "{:?}", fake.log);
    }
    let mut fake = with_keys(&[&["ID", "N"]], true);
    let error = run(&mut fake, &frame(), &options(Append, Update, &["id"])).unwrap_err();
    assert_eq!(error.message(), "the table s.t has no unique constraint on (ID)");
}

/// A case-sensitive database may have both, and only its own spelling finds a column.
#[test]
fn names_that_differ_in_case_are_those_of_the_table() {
    let run = |columns: &[&str], names: [&str; 2]| {
        let table = columns.iter().map(|&name| column(name, (name == "a").then_some(1))).collect();
        let unique_keys = vec![Key { columns: vec!["a".to_owned()], nulls_are_equal: true }];
        let mut fake = Fake { dialect: &OTHER, table: Some(table), unique_keys, ..Fake::new() };
        let frame = df![names[0] => [1], names[1] => [2]].unwrap();
        run(&mut fake, &frame, &options(Append, Update, &[])).map(|_| fake.log.join("\n"))
    };
    for (columns, names, expected) in [
        (&["a", "A"][..], ["A", "a"], "SET \"A\" = s.\"A\" FROM"),
        (&["a", "A"][..], ["a", "A"], "SET \"A\" = s.\"A\" FROM"),
        (&["a", "Name"][..], ["A", "NAME"], "SET \"Name\" = s.\"Name\" FROM"),
    ] {
        let log = run(columns, names).unwrap();
        assert!(log.contains(expected) && log.contains("(t.\"a\" = s.\"a\" OR"), "{log}");
    }
    for (columns, names, expected) in [
        (&["a"][..], ["a", "A"], "\"a\" and \"A\" are the same column"),
        (&["a"][..], ["A", "a"], "\"A\" and \"a\" are the same column"),
        (&["a", "Ab", "aB"][..], ["a", "AB"], "no column \"AB\"; it has a, Ab, aB"),
    ] {
        let error = run(columns, names).unwrap_err();
        assert!(error.message().contains(expected), "{error}");
    }
}

#[test]
fn a_table_that_can_not_be_swapped_is_made_anew() {
    let mut fake = Fake { dialect: &SP_RENAME, ..fakes().0 };
    let table = TableName::parse("#t").unwrap();
    let options = options(Replace, Fail, &[]);
    assert_eq!(now(insert(&mut fake, &table, &frame(), &options, &Progress::default())), Ok(2));
    assert_eq!(
        fake.log,
        ["BEGIN", "DROP TABLE \"#t\"", "CREATE TABLE \"#t\" (\"n\" i64, \"id\" i64)", "append 2 rows to #t", "COMMIT"]
    );
}

#[test]
fn data_without_rows_or_columns() {
    let none = DataFrame::empty();
    let no_rows = frame().clear();
    let rows: [(&DataFrame, InsertOptions, &[&str]); 4] = [
        (&none, options(Append, Fail, &[]), &["BEGIN", "COMMIT"]),
        (&none, options(Append, Update, &[]), &["BEGIN", "COMMIT"]),
        (&none, options(Overwrite, Fail, &[]), &["BEGIN", "DELETE FROM \"s\".\"t\"", "COMMIT"]),
        (&no_rows, options(Append, Fail, &[]), &["BEGIN", "append 0 rows to s.t", "COMMIT"]),
    ];
    for (frame, options, log) in rows {
        let mut fake = fakes().0;
        assert_eq!(run(&mut fake, frame, &options), Ok(0), "{options:?}");
        assert_eq!(fake.log, log);
    }
    let mut fake = fakes().1;
    assert_eq!(run(&mut fake, &no_rows, &options(Create, Fail, &[])), Ok(0));
    assert_eq!(fake.log, ["BEGIN", CREATED, "append 0 rows to s.t", "COMMIT"]);
}

#[test]
fn what_makes_no_sense_is_said() {
    let generated = vec![column("id", None), ColumnInfo { generated: true, ..column("n", None) }];
    let keyless = vec![column("id", None), column("n", None)];
    let cased = vec![column("ID", None), column("N", None)];
    let views = Fake { dependents: vec!["view v".to_owned(), "table c".to_owned()], ..Fake::with_table(columns()) };
    let twice = df!["id" => [1], "ID" => [2]].unwrap();
    let folding = Fake { dialect: &OTHER, ..Fake::with_table(cased.clone()) };
    #[rustfmt::skip]
    let rows: [(Fake, DataFrame, InsertOptions, ErrorKind, &str); 15] = [
        (Fake::new(), frame(), options(Append, Fail, &[]), ErrorKind::Execution, "no table s.t"),
        (Fake::new(), frame(), options(Overwrite, Fail, &[]), ErrorKind::Execution, "no table s.t"),
        (Fake::with_table(vec![column("id", None)]), frame(), options(Append, Fail, &[]), ErrorKind::Execution,
            "the table s.t has no column \"n\"; it has id"),
        (Fake::with_table(cased), frame(), options(Append, Fail, &[]), ErrorKind::Execution, "no column \"n\"; it has ID, N"),
        (folding, twice, options(Append, Fail, &[]), ErrorKind::Execution, "\"id\" and \"ID\" are the same column"),
        (Fake::with_table(generated), frame(), options(Append, Fail, &[]), ErrorKind::Execution, "\"n\" of s.t is generated"),
        (views, frame(), options(Replace, Fail, &[]), ErrorKind::Execution, "view v, table c depend on it"),
        (Fake::with_table(keyless), frame(), options(Append, Update, &[]), ErrorKind::Execution, "no primary key"),
        (Fake::new(), frame(), options(Create, Update, &[]), ErrorKind::Execution, "no primary key"),
        (Fake::new(), frame(), options(Create, Update, &["x"]), ErrorKind::Execution, "the data has no column \"x\""),
        (Fake::with_table(columns()), frame(), options(Append, Update, &["x"]), ErrorKind::Execution,
            "no column \"x\" for conflict_columns; it has id, n"),
        (Fake::with_table(columns()), df!["n" => [1]].unwrap(), options(Append, Update, &[]), ErrorKind::Execution,
            "the data has no column \"id\""),
        (Fake::with_table(columns()), frame(), options(Append, Fail, &["id"]), ErrorKind::Argument, "on_conflict"),
        (Fake::with_table(columns()), frame(), InsertOptions { conflict_columns: Some(vec![]), ..options(Append, Update, &[]) },
            ErrorKind::Argument, "conflict_columns is empty"),
        (Fake::new(), DataFrame::empty(), options(Create, Fail, &[]), ErrorKind::Argument, "without columns"),
    ];
    for (mut fake, frame, options, kind, message) in rows {
        fake.made = vec![column("id", None), column("n", None)];
        let error = run(&mut fake, &frame, &options).expect_err(message);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(message), "{error} is not {message}");
        assert!(!fake.log.iter().any(|entry| entry.starts_with("append") || entry == "COMMIT"), "{:?}", fake.log);
        assert!(!fake.open);
    }
}

#[test]
fn modes_and_conflicts_have_names() {
    for name in ["append", "create", "create_append", "replace", "overwrite"] {
        InsertMode::parse(name).unwrap();
    }
    assert_eq!(OnConflict::parse("update"), Ok(Update));
    let error = InsertMode::parse("upsert").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("\"append\", \"create\""), "{error}");
    assert!(OnConflict::parse("").unwrap_err().message().contains("\"ignore\""));
}
