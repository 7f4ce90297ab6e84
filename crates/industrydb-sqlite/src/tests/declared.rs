//! `Settle::Declared`: the schema comes first, as `describe` says, and what contradicts it is an error.

use std::sync::Arc;

use industrydb_core::config::Config;
use industrydb_core::connector::{DatabaseConnector, Event, ReadOptions, Settle};
use industrydb_core::error::{Error, ErrorKind};
use industrydb_core::ops::execute_simple;
use industrydb_core::value::Params;
use polars_core::prelude::{DataFrame, DataType, Field, Schema};

const TABLE: &str = "CREATE TABLE t (id INTEGER, name TEXT, day DATE, free)";

fn schema(fields: &[(&str, DataType)]) -> Schema {
    fields.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
}

/// What reading `sql` by declaration gives: the schema, the batches, and the error that ended it.
async fn read(
    connector: &mut dyn DatabaseConnector,
    sql: &str,
    overrides: Schema,
) -> (Option<Schema>, Vec<DataFrame>, Option<Error>) {
    let options = ReadOptions {
        settle: Settle::Declared,
        batch_rows: 2,
        overrides: Arc::new(overrides),
        ..ReadOptions::default()
    };
    let params = Params::NONE;
    let mut events = match connector.query(sql, &params, options).await {
        Ok(events) => events,
        Err(error) => return (None, Vec::new(), Some(error)),
    };
    let (mut schema, mut batches) = (None, Vec::new());
    loop {
        match events.next().await {
            Ok(Some(Event::Schema(declared))) => {
                assert!(schema.is_none() && batches.is_empty(), "the schema comes once, and first");
                schema = Some(Schema::clone(&declared));
            }
            Ok(Some(Event::Batch(batch))) => batches.push(batch),
            Ok(Some(Event::Done(_))) => {}
            Ok(None) => return (schema, batches, None),
            Err(error) => return (schema, batches, Some(error)),
        }
    }
}

fn run(test: impl AsyncFnOnce(&mut dyn DatabaseConnector)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let config = Config::from_uri("sqlite://", &[&crate::SPEC]).expect("a configuration");
        let mut connector = crate::connect(&config).await.expect("a database");
        execute_simple(connector.as_mut(), TABLE).await.expect("a table");
        test(connector.as_mut()).await;
    });
}

#[test]
fn the_schema_is_what_describe_says() {
    run(async |connector| {
        execute_simple(
            connector,
            "INSERT INTO t VALUES (1, 'a', '2024-01-01', NULL), (2, 'b', NULL, NULL), (3, 'c', NULL, NULL)",
        )
        .await
        .expect("rows");
        for sql in ["SELECT * FROM t", "SELECT id, free, NULL AS n FROM t", "SELECT * FROM t WHERE false"] {
            let declared = connector.describe(sql, &Params::NONE).await.expect("a description");
            let (schema, batches, error) = read(connector, sql, Schema::default()).await;
            assert_eq!(error, None, "{sql}");
            assert_eq!(schema.as_ref(), Some(&declared), "{sql}");
            assert!(batches.iter().all(|batch| **batch.schema() == declared), "{sql}");
            let heights: Vec<usize> = batches.iter().map(DataFrame::height).collect();
            assert_eq!(heights, if sql.contains("false") { vec![] } else { vec![2, 1] }, "{sql}");
        }
    });
}

#[test]
fn a_value_that_contradicts_is_an_error_that_names_the_override() {
    run(async |connector| {
        for (insert, sql, column, remedy) in [
            ("INSERT INTO t (id) VALUES ('x')", "SELECT id FROM t", "id", "pl.String"),
            ("INSERT INTO t (name) VALUES (x'00')", "SELECT name FROM t", "name", "pl.Binary"),
            ("INSERT INTO t (day) VALUES (20240101)", "SELECT day FROM t", "day", "pl.String"),
            ("INSERT INTO t (free) VALUES (1)", "SELECT free FROM t", "free", "pl.Int64"),
            ("INSERT INTO t (free) VALUES (1.5)", "SELECT free FROM t", "free", "pl.Float64"),
            ("INSERT INTO t (free) VALUES ('x')", "SELECT free FROM t", "free", "pl.String"),
            ("SELECT 1", "SELECT count(*) AS n FROM t", "n", "pl.Int64"),
        ] {
            execute_simple(connector, "DELETE FROM t").await.expect("an empty table");
            execute_simple(connector, insert).await.expect("a row");
            let (schema, batches, error) = read(connector, sql, Schema::default()).await;
            let error = error.expect(sql);
            assert!(schema.is_some() && batches.is_empty(), "{sql}");
            assert_eq!(error.kind(), ErrorKind::Conversion, "{sql}");
            assert_eq!(error.details().column_name.as_deref(), Some(column), "{sql}");
            assert!(error.details().hint.as_deref().is_some_and(|hint| hint.contains(remedy)), "{error:?}");
        }
    });
}

#[test]
fn an_override_is_part_of_the_schema() {
    run(async |connector| {
        execute_simple(connector, "INSERT INTO t (id, free) VALUES (1, 7), ('x', NULL), (3, 8)").await.expect("rows");
        let wanted = [("id", DataType::String), ("free", DataType::Int64)];
        let (schema, batches, error) = read(connector, "SELECT id, free FROM t", self::schema(&wanted)).await;
        assert_eq!(error, None);
        assert_eq!(schema, Some(self::schema(&wanted)));
        assert_eq!(batches.len(), 2);
        assert!(batches.iter().all(|batch| **batch.schema() == self::schema(&wanted)));
    });
}

#[test]
fn the_schema_is_there_before_the_statement_runs() {
    run(async |connector| {
        // Its first row is an error.
        let (schema, batches, error) =
            read(connector, "SELECT id, abs(-9223372036854775808) FROM (SELECT 1 AS id)", Schema::default()).await;
        assert_eq!(schema.map(|schema| schema.len()), Some(2));
        assert!(batches.is_empty());
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Execution));
    });
}

#[test]
fn a_statement_without_a_result_runs_once() {
    run(async |connector| {
        let (schema, batches, error) = read(connector, "INSERT INTO t (id) VALUES (1)", Schema::default()).await;
        assert!(schema.is_none() && batches.is_empty() && error.is_none());
        let (_, batches, error) =
            read(connector, "INSERT INTO t (id) VALUES (2) RETURNING id", Schema::default()).await;
        assert_eq!((batches.len(), error), (1, None));
        let (_, batches, _) = read(connector, "SELECT id FROM t", Schema::default()).await;
        assert_eq!(batches.iter().map(DataFrame::height).sum::<usize>(), 2);
    });
}
