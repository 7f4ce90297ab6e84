use polars_core::df;

use crate::connector::ReadOptions;
use crate::error::ErrorKind;
use crate::ops::fake::{Fake, column, now};
use crate::ops::{delete, execute, execute_many, select, update};
use crate::sql::generate::{Select, Where};
use crate::table::{ColumnInfo, TableName};
use crate::value::{Params, Value};

#[test]
fn the_last_result_set_is_given_whole() {
    let (first, last) = (df!["a" => [1]].unwrap(), df!["b" => [2, 3, 4]].unwrap());
    for (results, expected) in [
        (vec![first.clone(), last.clone()], last.clone()),
        (vec![last, first.clear()], first.clear()),
        (vec![], df!["rows_affected" => [0_i64]].unwrap()),
    ] {
        let mut fake = Fake { results: vec![results], ..Fake::new() };
        let frame = now(execute(&mut fake, "SELECT 1", &Params::NONE, ReadOptions::default())).unwrap();
        let expected = if expected.width() == 0 { df!["rows_affected" => [0_i64]].unwrap() } else { expected };
        assert!(frame.equals(&expected), "{frame} {expected}");
        assert_eq!(frame.schema(), expected.schema());
    }
    let frame = now(execute(&mut Fake::new(), "DELETE", &Params::NONE, ReadOptions::default())).unwrap();
    assert!(frame.equals(&df!["rows_affected" => [1_i64]].unwrap()));
}

#[test]
fn verbs_run_what_was_generated() {
    let table = TableName::parse("s.t").unwrap();
    let params = Params::Positional(vec![Value::Int(7)]);
    let condition = Where::Sql("a = ?".to_owned());
    let mut fake = Fake::new();
    let all = Select {
        table: &table,
        columns: None,
        condition: &condition,
        params: &params,
        order_by: &[],
        limit: None,
        offset: None,
    };
    now(select(&mut fake, &all, ReadOptions::default())).unwrap();
    let values = [("b".to_owned(), Value::Null)];
    assert_eq!(now(update(&mut fake, &table, &values, &condition, &params)).unwrap(), 1);
    assert_eq!(now(delete(&mut fake, &table, &condition, &params)).unwrap(), 1);
    assert_eq!(now(delete(&mut fake, &table, &Where::Missing, &params)).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(
        fake.log,
        [
            "SELECT * FROM \"s\".\"t\" WHERE (a = ?) Positional([Int(7)])",
            "UPDATE \"s\".\"t\" SET \"b\" = ?2 WHERE (a = ?1) Positional([Int(7), Null])",
            "DELETE FROM \"s\".\"t\" WHERE (a = ?) Positional([Int(7)])",
        ]
    );
}

#[test]
fn values_that_depend_on_types_have_them_looked_up() {
    let table = TableName::parse("t").unwrap();
    let condition = |value| Where::columns(vec![("a".to_owned(), Value::Int(value))]);
    let ticks = ColumnInfo { declared_type: "ticks".to_owned(), ..column("a", None) };
    let mut fake = Fake::with_table(vec![ticks]);
    for value in [3, 4] {
        now(delete(&mut fake, &table, &condition(value), &Params::NONE)).unwrap();
    }
    let mut nothing = Fake::new();
    now(delete(&mut nothing, &table, &condition(3), &Params::NONE)).unwrap();
    let plain = "DELETE FROM \"t\" WHERE \"a\" = ?1";
    let cast = "DELETE FROM \"t\" WHERE \"a\" = CAST(?1 AS ticks)";
    assert_eq!(fake.log, [format!("{cast} Positional([Int(3)])"), format!("{plain} Positional([Int(4)])")]);
    assert_eq!(nothing.log, [format!("{plain} Positional([Int(3)])")]);
}

#[test]
fn many_rows_are_all_or_none() {
    let rows = [Params::NONE, Params::NONE];
    let mut fake = Fake::new();
    assert_eq!(now(execute_many(&mut fake, "X", &rows)).unwrap(), 2);
    fake.fail_at("many");
    assert_eq!(now(execute_many(&mut fake, "X", &rows)).unwrap_err().message(), "no many");
    assert_eq!(fake.log, ["BEGIN", "many 2 X", "COMMIT", "BEGIN", "many 2 X", "ROLLBACK"]);
}
