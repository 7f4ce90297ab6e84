use super::*;
use crate::error::ErrorKind;
use PlaceholderStyle::{At, Dollar, Sqlite};

fn list(values: &[i128]) -> Params {
    Params::Positional(values.iter().map(|&value| Value::Int(value)).collect())
}

/// Each name with its place in the list as its value.
fn map(names: &[&str]) -> Params {
    let entry = |(at, &name): (usize, &&str)| (name.to_owned(), Value::Int(at as i128 + 1));
    Params::Named(names.iter().enumerate().map(entry).collect())
}

fn ints(values: &[&Value]) -> Vec<i128> {
    let int = |value: &&Value| match value {
        Value::Int(value) => *value,
        other => panic!("{other:?}"),
    };
    values.iter().map(int).collect()
}

#[test]
fn every_spelling_becomes_the_servers() {
    #[rustfmt::skip]
    let rows: &[(PlaceholderStyle, &str, Params, &str, &[i128])] = &[
        // `?` with a sequence
        (Dollar, "SELECT ?, ?", list(&[1, 2]), "SELECT $1, $2", &[1, 2]),
        (At, "SELECT ?, ?", list(&[1, 2]), "SELECT @P1, @P2", &[1, 2]),
        (Sqlite, "SELECT ?, ?", list(&[1, 2]), "SELECT ?, ?", &[1, 2]),
        (Dollar, "a=? AND b>=? AND c<>? AND d||? LIKE ? LIMIT ?", list(&[1, 2, 3, 4, 5, 6]),
            "a=$1 AND b>=$2 AND c<>$3 AND d||$4 LIKE $5 LIMIT $6", &[1, 2, 3, 4, 5, 6]),
        (Dollar, "a>? and b->>? and c@>? and d&&? and e~*? and -?<?-?", list(&[1, 2, 3, 4, 5, 6, 7, 8]),
            "a>$1 and b->>$2 and c@>$3 and d&&$4 and e~*$5 and -$6<$7-$8", &[1, 2, 3, 4, 5, 6, 7, 8]),
        (Dollar, "SELECT ?::int, (?)::int[], ARRAY[?], CAST(? AS text)", list(&[1, 2, 3, 4]),
            "SELECT $1::int, ($2)::int[], ARRAY[$3], CAST($4 AS text)", &[1, 2, 3, 4]),
        (Dollar, "SELECT ?||'x', ?-?, @?", list(&[1, 2, 3, 4]), "SELECT $1||'x', $2-$3, @$4", &[1, 2, 3, 4]),
        (Dollar, "x BETWEEN ? AND ? OFFSET ? ROWS FETCH FIRST ? ROWS ONLY", list(&[1, 2, 3, 4]),
            "x BETWEEN $1 AND $2 OFFSET $3 ROWS FETCH FIRST $4 ROWS ONLY", &[1, 2, 3, 4]),
        (Dollar, "ts AT TIME ZONE ?", list(&[1]), "ts AT TIME ZONE $1", &[1]),
        (Dollar, "LIMIT?OFFSET?", list(&[1, 2]), "LIMIT $1 OFFSET $2", &[1, 2]),
        (At, "TOP(?)a FROM[t]WHERE?<b", list(&[1, 2]), "TOP(@P1)a FROM[t]WHERE @P2<b", &[1, 2]),
        (Dollar, "né = ? -- 🦀?\r\nAND '🦀?' = ?", list(&[1, 2]), "né = $1 -- 🦀?\r\nAND '🦀?' = $2", &[1, 2]),
        (Dollar, "a>/*?*/? AND b<--?\n?", list(&[1, 2]), "a>/*?*/$1 AND b<--?\n$2", &[1, 2]),
        // SQLite's numbered form, on all of them
        (Dollar, "SELECT ?2, ?1, ?2", list(&[1, 2]), "SELECT $1, $2, $1", &[2, 1]),
        (Dollar, "SELECT ?2, ?", list(&[1, 2, 3]), "SELECT $1, $2", &[2, 3]),
        (Sqlite, "SELECT $2, $1", list(&[1, 2]), "SELECT $2, $1", &[2, 1]),
        (Sqlite, "SELECT ?2, ?1", list(&[1, 2]), "SELECT ?2, ?1", &[1, 2]),
        // `:name` with a mapping; a name that is used twice is bound once
        (Dollar, "SELECT :b, :a, :b", map(&["a", "b"]), "SELECT $1, $2, $1", &[2, 1]),
        (At, "SELECT :b, :a, :b", map(&["a", "b"]), "SELECT @P1, @P2, @P1", &[2, 1]),
        (Sqlite, "SELECT :b, :a, :b", map(&["a", "b"]), "SELECT :b, :a, :b", &[2, 1]),
        (Dollar, "SELECT :é, (:a), '[]'::jsonb, f(x := :a)", map(&["a", "é"]),
            "SELECT $1, ($2), '[]'::jsonb, f(x := $2)", &[2, 1]),
        (Dollar, "SELECT v[1:n], v[:a], v[:a\\:n], v[(:a):n]", map(&["a"]), "SELECT v[1:n], v[$1], v[$1:n], v[($1):n]", &[1]),
        (Dollar, "SELECT :a\\::b", map(&["a", "b"]), "SELECT $1:$2", &[1, 2]),
        // each server's own
        (Dollar, "SELECT $2, $1, a ? 'k', b ?? 'c', \\:", list(&[1, 2]), "SELECT $2, $1, a ? 'k', b ?? 'c', \\:", &[1, 2]),
        (At, "SELECT @P2, @P1", list(&[1, 2]), "SELECT @P2, @P1", &[1, 2]),
        (At, "SELECT @p2, @P1, '@p1', @p02+@p1", list(&[1, 2]), "SELECT @P2, @P1, '@p1', @P2+@P1", &[1, 2]),
        (At, "SELECT @b, @a, @@ROWCOUNT", map(&["a", "b"]), "SELECT @P1, @P2, @@ROWCOUNT", &[2, 1]),
        (At, "DECLARE @x int = :a; SELECT @x", map(&["a"]), "DECLARE @x int = @P1; SELECT @x", &[1]),
        (At, "EXEC p @a = @a, @b = :a", map(&["a"]), "EXEC p @a = @P1, @b = @P1", &[1]),
        (At, "EXEC p @a = ?, @b = ? OUTPUT", list(&[1, 2]), "EXEC p @a = @P1, @b = @P2 OUTPUT", &[1, 2]),
        (At, "SELECT $9.99, a::Method(), N'?' WHERE [a?] = ?", list(&[1]),
            "SELECT $9.99, a::Method(), N'?' WHERE [a?] = @P1", &[1]),
        (Sqlite, "SELECT @b, $a, :a", map(&["a", "b"]), "SELECT @b, $a, :a", &[2, 1]),
        // PostgreSQL's operators
        (Dollar, "SELECT a ? 'k', a ?| ?, a ?& (?)", list(&[1, 2]), "SELECT a ? 'k', a ?| $1, a ?& ($2)", &[1, 2]),
        (Dollar, "SELECT ? ? ?, a->'b' ? 'c', (x) ? 'c', y[1] ? 'c', \"z\" ? 'c'", list(&[1, 2]),
            "SELECT $1 ? $2, a->'b' ? 'c', (x) ? 'c', y[1] ? 'c', \"z\" ? 'c'", &[1, 2]),
        (Dollar, "SELECT a @? '$.b', :p @? '$', a::jsonb ? 'b'", map(&["p"]), "SELECT a @? '$.b', $1 @? '$', a::jsonb ? 'b'", &[1]),
        (Dollar, "SELECT ? ?? ?, a ??| ?, a ??& b, a @?? b", list(&[1, 2, 3]), "SELECT $1 ? $2, a ?| $3, a ?& b, a @? b", &[1, 2, 3]),
        (Dollar, "SELECT a ?|?, a ?-| ?", list(&[1, 2]), "SELECT a ?|$1, a ?-| $2", &[1, 2]),
        // nothing to do
        (Dollar, "SELECT '?:a', \"?:a\", $$?:a$$, E'\\'?' /*?*/ --?", list(&[]), "SELECT '?:a', \"?:a\", $$?:a$$, E'\\'?' /*?*/ --?", &[]),
        (Dollar, "SELECT a ? 'b', a::int, f(x := 1), v[1:n]", list(&[]), "SELECT a ? 'b', a::int, f(x := 1), v[1:n]", &[]),
        (At, "SELECT @x, @@VERSION, $action", list(&[]), "SELECT @x, @@VERSION, $action", &[]),
        (Dollar, "SELECT 1", map(&[]), "SELECT 1", &[]),
        (Dollar, "SELECT 'abc ?", list(&[1]), "SELECT 'abc ?", &[1]),
    ];
    for (style, sql, params, expected, values) in rows {
        let translated = translate(sql, *style, params).unwrap_or_else(|error| panic!("{sql} as {style:?}: {error}"));
        assert_eq!(translated.sql, *expected, "{sql} as {style:?}");
        assert_eq!(translated.len(), values.len(), "{sql} as {style:?}");
        assert_eq!(ints(&translated.values(params).unwrap()), *values, "{sql} as {style:?}");
        let borrowed = matches!(translated.sql, Cow::Borrowed(_));
        assert_eq!(borrowed, sql == expected, "{sql} is copied for nothing");
    }
}

#[test]
fn what_does_not_fit_names_the_placeholder() {
    #[rustfmt::skip]
    let rows: &[(PlaceholderStyle, &str, Params, &[&str])] = &[
        (Dollar, "SELECT ?, ?", list(&[1]), &["? number 2", "takes 2 parameters, 1 given"]),
        (At, "SELECT ?", list(&[]), &["? number 1", "takes 1 parameter, 0 given"]),
        (Dollar, "SELECT ?", list(&[1, 2]), &["parameter number 2", "takes 1 parameter, 2 given"]),
        (Dollar, "SELECT 1", list(&[1]), &["takes 0 parameters, 1 given"]),
        (Dollar, "SELECT $1, $3", list(&[1, 2]), &["$3", "takes 3"]),
        (Dollar, "SELECT $1", list(&[1, 2]), &["parameter number 2"]),
        (At, "SELECT @P2", list(&[1]), &["@P2"]),
        (Dollar, "SELECT ?3", list(&[1]), &["?3"]),
        (Dollar, "SELECT :a, :b", map(&["a"]), &[":b", "\"b\""]),
        (Dollar, "SELECT :a", list(&[]), &[":a"]),
        (Dollar, "SELECT :a", map(&["a", "bé"]), &["\"bé\""]),
        (Dollar, "SELECT :a", list(&[1]), &[":a", "pass a mapping"]),
        (Dollar, "SELECT ?", map(&["a"]), &["?", "pass a sequence"]),
        (Dollar, "SELECT $1", map(&["a"]), &["$1", "pass a sequence"]),
        (Dollar, "SELECT ?, :a", list(&[1]), &[":a"]),
        (Dollar, "SELECT ?, :a", map(&["a"]), &["?"]),
        (At, "SELECT ?, @P1", list(&[1]), &["mixes", "?", "@P1"]),
        (At, "SELECT @a, @b", map(&["a"]), &["@b"]),
        (At, "SELECT 1", list(&[1]), &["takes 0 parameters"]),
        (Dollar, "SELECT ?0", list(&[1]), &["number 0"]),
        (Dollar, "SELECT $0", list(&[1]), &["number 0"]),
        (Dollar, "SELECT ?99999999999999999999", list(&[1]), &["99999999999999999999"]),
    ];
    for (style, sql, params, expected) in rows {
        let error = translate(sql, *style, params).expect_err(sql);
        assert_eq!(error.kind(), ErrorKind::Execution, "{sql}");
        for part in *expected {
            assert!(error.message().contains(part), "{sql}: {error}");
        }
    }
}

#[test]
fn further_rows_are_checked_as_the_first() {
    let translated = translate("SELECT :a, :b, :a", Dollar, &map(&["a", "b"])).unwrap();
    let swapped = map(&["b", "a"]);
    assert_eq!(ints(&translated.values(&swapped).unwrap()), [2, 1]);
    for row in [map(&["a"]), map(&["a", "b", "c"]), list(&[1, 2]), list(&[])] {
        assert_eq!(translated.values(&row).expect_err("no fit").kind(), ErrorKind::Execution);
    }
}

#[test]
fn sqlite_says_which_index_is_which() {
    #[expect(clippy::type_complexity, reason = "a table of data: its columns say what they are")]
    #[rustfmt::skip]
    let fits: &[(&[Option<&str>], Params, &[i128])] = &[
        (&[], list(&[]), &[]),
        (&[], map(&[]), &[]),
        (&[None, None], list(&[1, 2]), &[1, 2]),
        (&[Some("?1"), Some("?2")], list(&[1, 2]), &[1, 2]),
        (&[None, Some("?2")], list(&[1, 2]), &[1, 2]),
        (&[Some("$2"), Some("$1")], list(&[1, 2]), &[2, 1]),
        (&[Some(":2"), Some("@1")], list(&[1, 2]), &[2, 1]),
        (&[Some("$1")], map(&["1"]), &[1]),
        (&[Some(":b"), Some("@a"), Some("$b")], map(&["a", "b"]), &[2, 1, 2]),
    ];
    for (names, params, values) in fits {
        let order = bind_order(names, params).unwrap_or_else(|error| panic!("{names:?}: {error}"));
        assert_eq!(ints(&order), *values, "{names:?}");
    }
    #[rustfmt::skip]
    let errors: &[(&[Option<&str>], Params, &str)] = &[
        (&[None, None], list(&[1]), "? number 2"),
        (&[None, Some("?2")], list(&[1]), "?2"),
        (&[None], list(&[1, 2]), "parameter number 2"),
        (&[], list(&[1]), "takes 0 parameters"),
        (&[], map(&["a"]), "\"a\""),
        (&[Some(":a")], list(&[1]), "pass a mapping"),
        (&[None], map(&["a"]), "pass a sequence"),
        (&[Some(":a"), Some(":b")], map(&["a"]), ":b"),
        (&[None, Some("$1")], list(&[1]), "mixes"),
        (&[Some("$3")], list(&[1]), "$3"),
    ];
    for (names, params, part) in errors {
        let error = bind_order(names, params).expect_err(part);
        assert_eq!(error.kind(), ErrorKind::Execution);
        assert!(error.message().contains(part), "{names:?}: {error}");
    }
}

#[test]
fn renumbering_leaves_room_behind_on_every_backend() {
    #[rustfmt::skip]
    let rows: &[(PlaceholderStyle, &str, Params, &str, &[i128])] = &[
        (Sqlite, "a = ? AND b = ?", list(&[1, 2]), "a = ?1 AND b = ?2", &[1, 2]),
        (Sqlite, "a = ?2 AND b = ?1", list(&[1, 2]), "a = ?1 AND b = ?2", &[2, 1]),
        (Sqlite, "a = $2 AND b = :1", list(&[1, 2]), "a = ?1 AND b = ?2", &[2, 1]),
        (Sqlite, "a = :b AND b = @a AND c = $b", map(&["a", "b"]), "a = ?1 AND b = ?2 AND c = ?1", &[2, 1]),
        (Sqlite, "a->'$.x' = :a", map(&["a"]), "a->'$.x' = ?1", &[1]),
        (Dollar, "a = $1", list(&[1]), "a = $1", &[1]),
        (At, "a = @P1", list(&[1]), "a = @P1", &[1]),
        (At, "a = @p1", list(&[1]), "a = @P1", &[1]),
    ];
    for (style, sql, params, expected, values) in rows {
        let translated = renumber(sql, *style, params).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!((translated.sql.as_ref(), ints(&translated.values(params).unwrap())), (*expected, values.to_vec()));
    }
}

#[test]
fn a_long_list_of_placeholders_is_quick() {
    let sql = format!("SELECT {}?", "?, ".repeat(60_000));
    let params = list(&vec![7; 60_001]);
    let translated = translate(&sql, Dollar, &params).unwrap();
    assert!(translated.sql.ends_with("$60001"));
    assert_eq!(translated.values(&params).unwrap().len(), 60_001);
}
