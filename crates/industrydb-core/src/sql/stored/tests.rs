use super::{Place, Role, stored, uses};

/// `0 a, 1 #2, 1 *`: each parameter's index with its column, its position or `*`; `None` where nothing can be said.
fn shown(sql: &str, names: &[Option<&str>]) -> Option<String> {
    let stored = stored(sql, names)?;
    let each = stored.parameters.iter().map(|(index, place)| match place {
        Place::Column(name) => format!("{index} {name}"),
        Place::Position(at) => format!("{index} #{at}"),
        Place::Any => format!("{index} *"),
    });
    Some(each.collect::<Vec<_>>().join(", "))
}

#[test]
fn parameters_are_stored_where_the_statement_says() {
    for (sql, expected) in [
        // INSERT … VALUES
        ("INSERT INTO t VALUES (?, ?)", "0 #0, 1 #1"),
        ("insert into t(a, \"b \"\"c\") values (?, ?);", "0 a, 1 b \"c"),
        ("INSERT INTO main.t ([a b], `c`, 'd') VALUES (?, 1, ?)", "0 a b, 1 d"),
        ("REPLACE INTO t (a) VALUES (?), (2), (?)", "0 a, 1 a"),
        ("INSERT OR REPLACE INTO t AS x (a) VALUES (?) RETURNING a, ?", "0 a"),
        ("INSERT INTO t VALUES ((?), +?, ((((?)))))", "0 #0, 1 #1, 2 #2"),
        ("INSERT INTO t VALUES (?3, ?1, ?)", "2 #0, 0 #1, 3 #2"),
        ("INSERT INTO t DEFAULT VALUES", ""),
        ("INSERT /* ( */ INTO t -- (?\n VALUES ('?', ?)", "0 #1"),
        // What is computed is not the parameter.
        ("INSERT INTO t VALUES (? + 1, -?, ? || 'x', 1 = ?, NOT ?, ? IS NULL, 2 + ?)", ""),
        ("INSERT INTO t VALUES (abs(?), round(?, 2), json_extract('{}', ?), \"f\"(?))", ""),
        ("INSERT INTO t VALUES (? IN (?, ?), 1 IN (SELECT ?), EXISTS (SELECT ?), ? BETWEEN ? AND ?)", ""),
        ("INSERT INTO t VALUES (? NOTNULL, ? LIKE 'x', ? GLOB ?, ? MATCH ?, ? REGEXP ?, ? ->> '$.a')", ""),
        ("INSERT INTO t VALUES (CAST(? AS REAL), CAST(? AS DECIMAL(10, 2)), CAST(? AS INTEGER))", ""),
        // What gives the parameter back
        (
            "INSERT INTO t VALUES (coalesce(?, 1), max(1, ?), iif(1, 2, ?), \"ifnull\"(?, ?))",
            "0 #0, 1 #1, 2 #2, 3 #3, 4 #3",
        ),
        ("INSERT INTO t VALUES (CAST(? AS TEXT), CAST(? AS VARCHAR(30)))", "0 #0, 1 #1"),
        ("INSERT INTO t VALUES (? COLLATE NOCASE)", "0 #0"),
        ("INSERT INTO t VALUES (1, CASE WHEN ? THEN ? WHEN 1 = ? THEN 2 ELSE ? END)", "1 #1, 3 #1"),
        ("INSERT INTO t VALUES (CASE ? WHEN ? THEN CASE 1 WHEN 1 THEN ? END ELSE 1 END + 1)", ""),
        ("INSERT INTO t VALUES (CASE 1 WHEN 2 THEN CASE 1 WHEN 1 THEN ? END ELSE ? END, ?)", "0 #0, 1 #0, 2 #1"),
        ("INSERT INTO t VALUES (1, (SELECT ?), (SELECT x FROM y WHERE z = ? LIMIT ?))", "0 #1"),
        // INSERT … SELECT
        ("INSERT INTO t (a, b) SELECT ?, x + ? FROM y WHERE z = ? ORDER BY ? LIMIT ? OFFSET ?", "0 a"),
        ("INSERT INTO t SELECT DISTINCT ? AS n, ? m, count(*), (?) FROM y GROUP BY ?", "0 #0, 1 #1, 2 #3"),
        ("INSERT INTO t SELECT ? UNION ALL SELECT ? EXCEPT SELECT a FROM b", "0 #0, 1 #0"),
        ("INSERT INTO t SELECT a * b, ? FROM y", "0 #1"),
        ("INSERT INTO t SELECT *, ? FROM y", "0 *"),
        ("INSERT INTO t SELECT y.*, ? FROM y WHERE true ON CONFLICT DO NOTHING", "0 *"),
        ("INSERT INTO t SELECT first_value(?) OVER (PARTITION BY a, ? ORDER BY b, ?), ? FROM y", "0 #0, 3 #1"),
        ("INSERT INTO t SELECT a FROM (SELECT ? AS a, b = ? FROM c)", "0 *"),
        ("INSERT INTO t SELECT a FROM x, (VALUES (?, ?)) JOIN (SELECT ?) ON a = ? JOIN f(?)", "0 *, 1 *, 2 *"),
        ("INSERT INTO t SELECT value FROM json_each(?)", ""),
        (
            "WITH d(a) AS (VALUES (?)), e AS NOT MATERIALIZED (SELECT ? WHERE a = ?) INSERT INTO t SELECT a FROM d",
            "0 *, 1 *",
        ),
        ("WITH replace AS (SELECT 1) INSERT INTO t SELECT ? FROM replace", "0 #0"),
        ("INSERT INTO t WITH d AS (SELECT ?) SELECT ? FROM d", "0 *, 1 #0"),
        // Upserts
        (
            "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) WHERE a > ? DO UPDATE SET b = ?, c = excluded.c + ?, (d, e) = (?, ?) WHERE f = ? RETURNING ?",
            "0 a, 2 b, 4 d, 5 e",
        ),
        // UPDATE
        ("UPDATE t SET a = ?, b = b + ?, c = (?) WHERE d = ? AND e IN (?)", "0 a, 2 c"),
        ("UPDATE OR IGNORE main.t AS x SET \"a\" = ? FROM (SELECT ? AS y) AS z WHERE x.id = z.y", "0 a, 1 *"),
        ("UPDATE t INDEXED BY i SET (a, b) = (?, 1 + ?), (c, d) = (SELECT 1, ?)", "0 a, 2 d"),
        ("UPDATE t SET a = b = ?, c = d == ?, e = f >= ?, g = coalesce(?, g)", "3 g"),
        ("UPDATE t SET a = CASE WHEN b = ? THEN ? ELSE a END", "1 a"),
        // Nothing is stored.
        ("SELECT ?", ""),
        ("WITH x AS (SELECT ?) SELECT * FROM x", ""),
        ("DELETE FROM t WHERE a = ?", ""),
        ("EXPLAIN INSERT INTO t VALUES (?)", ""),
        ("CREATE TABLE t AS SELECT ? AS a", ""),
        ("", ""),
    ] {
        let count = sql.matches('?').count();
        let unnamed = vec![None; count];
        let numbered = [Some("?1"), None, Some("?3"), None];
        let names = if sql.contains("?3") { numbered.as_slice() } else { unnamed.as_slice() };
        assert_eq!(shown(sql, names).as_deref(), Some(expected), "{sql}");
    }
}

#[test]
fn named_parameters_have_the_index_that_sqlite_gave_them() {
    let names = [Some(":a"), Some("@b"), Some("$c"), None];
    let sql = "INSERT INTO t (x, y, z, u) VALUES ($c, :a, @b, ?), (:a, 1, 1, 1)";
    assert_eq!(shown(sql, &names).as_deref(), Some("2 x, 0 y, 1 z, 3 u, 0 x"));
}

#[test]
fn the_table_and_its_columns_are_told() {
    for (sql, table, columns) in [
        ("INSERT INTO t VALUES (?)", &["t"] as &[_], None),
        ("INSERT INTO \"my db\".[t] (a, B) VALUES (1, 2)", &["my db", "t"], Some(&["a", "B"] as &[_])),
        (
            "INSERT INTO t (a) VALUES (1) ON CONFLICT DO UPDATE SET b = 1, (c, d) = (1, 2) WHERE e = 1",
            &["t"],
            Some(&["a", "b", "c", "d"]),
        ),
        ("UPDATE t SET a = 1, b = c = 2 FROM f WHERE f.x = 1", &["t"], Some(&["a", "b"])),
    ] {
        let found = stored(sql, &[None]).expect("read");
        assert_eq!(found.table, table, "{sql}");
        assert_eq!(
            found.columns.as_deref(),
            columns.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>()).as_deref()
        );
    }
}

#[test]
fn what_does_not_end_is_not_read() {
    for sql in ["INSERT INTO t VALUES (?", "INSERT INTO t VALUES ('?)", "INSERT INTO t VALUES (?))"] {
        assert_eq!(stored(sql, &[None]), None, "{sql}");
    }
}

/// Each place where a parameter stands, in order: `s`tored, `n`amed, `t`ext, `o`perand, `l`isted; with `=column` behind it.
fn used(sql: &str) -> String {
    let count = sql.matches('?').count();
    let uses = uses(sql, &vec![None; count]).expect("read");
    assert!(uses.each.iter().all(|each| sql.get(each.span.clone()) == Some("?")), "{sql}");
    let each = uses.each.iter().map(|each| match &each.role {
        Role::Stored => "s".to_owned(),
        Role::Named => "n".to_owned(),
        Role::Text => "t".to_owned(),
        Role::Operand { equals: None } => "o".to_owned(),
        Role::Operand { equals: Some(column) } => format!("o={column}"),
        Role::Listed(list) => match &uses.lists[*list].column {
            None => format!("l{list}"),
            Some(column) => format!("l{list}={column}"),
        },
    });
    each.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_becomes_of_each_parameter_is_told() {
    for (sql, expected) in [
        ("INSERT INTO t VALUES (?, ? + 1, max(?, 1), coalesce(?, 1), nullif(?, 0))", "s o o s o"),
        ("INSERT INTO t SELECT v FROM (SELECT ? AS v) WHERE v > ?", "n o"),
        ("UPDATE t SET a = ?, b = b * ? WHERE c = ? AND d > ?", "s o o=c o"),
        ("SELECT ?, CAST(? AS TEXT), CAST(? AS VARCHAR(9)), CAST(? AS REAL), CAST(? + 1 AS TEXT)", "o t t o o"),
        ("SELECT ? || 'x', 'x' || ?, a LIKE ?, ? NOT GLOB b, ? | 2", "t t t t o"),
        ("SELECT a FROM t WHERE a IN (?, 1, ?) OR x.b NOT IN (?)", "l0=a l0=a l1"),
        ("SELECT a FROM t WHERE a IN (SELECT ?) AND b IN (? + 1, (?))", "o o o"),
        ("SELECT a FROM main.t AS x WHERE (x.a == ?) AND \"b c\" = ? OR d=? LIMIT ?", "o=a o=b c o=d o"),
        ("DELETE FROM t WHERE a = ? AND b < ? AND c + d = ? AND -e = ? AND f = ? + 1", "o=a o o o o"),
        // Where a name may be another than the column's, or the comparison another's operand.
        ("SELECT a FROM t, u WHERE a = ?", "o"),
        ("SELECT a FROM t JOIN u WHERE a = ?", "o"),
        ("SELECT a FROM (SELECT b AS a FROM t) WHERE a = ?", "o"),
        ("SELECT a FROM f(1) WHERE a = ?", "o"),
        ("SELECT a FROM t WHERE b BETWEEN 1 AND a = ?", "o"),
        ("SELECT a FROM t WHERE b < a = ? AND NOT a = ?", "o o"),
        ("SELECT a FROM t WHERE a >= ? AND b <= ? AND c != ?", "o o o"),
        ("WITH t AS (SELECT 1 AS a) SELECT a FROM t WHERE a = ?", "o"),
        ("UPDATE t SET a = 1 FROM u WHERE a = ?", "o"),
    ] {
        assert_eq!(used(sql), expected, "{sql}");
    }
}

#[test]
fn lists_are_told_with_their_places() {
    for (sql, commas, plain) in [
        ("SELECT 1 IN (?)", 0, true),
        ("SELECT 1 IN (?, 2, -.5, NULL)", 3, true),
        ("SELECT 1 IN (?, 'a')", 1, false),
        ("SELECT 1 IN (?, f(1, 2))", 1, false),
        ("SELECT 1 IN (a, ?)", 1, false),
    ] {
        let found = uses(sql, &[None]).expect("read");
        let [list] = found.lists.as_slice() else { panic!("one list in {sql}") };
        let inside = sql.split_once("IN (").and_then(|(_, rest)| rest.strip_suffix(')'));
        assert_eq!(sql.get(list.inside.clone()), inside);
        assert_eq!((list.commas.len(), list.plain), (commas, plain), "{sql}");
        assert!(list.commas.iter().all(|at| sql[*at..].starts_with(',')));
    }
}
