"""Parameters that a column's declaration would round or cut are refused; every other one arrives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

import industrydb as idb

D = Decimal
FINE = datetime(2024, 5, 6, 7, 8, 9, 500_000)
"""Half a second that `timestamp(0)` does not keep."""
WHOLE = datetime(2024, 5, 6, 7, 8, 9)

TABLES = """
    CREATE DOMAIN short AS varchar(3);
    CREATE TABLE t (id int, n numeric(10, 2), ts timestamp(0), tz timestamptz(3), ti time(0), iv interval(0),
                    hours interval hour, v varchar(3), c char(3), d short, many numeric(5, 1)[], day date, free numeric,
                    k numeric(3, -2), txt text, i int, g numeric GENERATED ALWAYS AS (n * 2) STORED);
    CREATE TABLE "odd ""Name" ("A b" numeric(4, 1), n numeric(10, 2));
    CREATE VIEW w AS SELECT id, n, v FROM t;
    INSERT INTO t (id, n) VALUES (1, 1);
"""


@pytest.fixture
def tables(conn: idb.Connection) -> idb.Connection:
    conn.execute(TABLES)
    return conn


def dump(conn: idb.Connection) -> list[Any]:
    """All that is stored, and how often."""
    return [conn.execute(f"SELECT {name}::text FROM {name}").rows() for name in ("t", '"odd ""Name"')]


REFUSED: list[Any] = [
    # statement, parameters, column
    ("INSERT INTO t (n) VALUES ($1)", [D("1.239")], "n"),
    ("INSERT INTO t (n) VALUES ($1)", [1.239], "n"),
    ("INSERT INTO t (n) VALUES (?)", ["1.239"], "n"),
    ("INSERT INTO t (k) VALUES ($1)", [1234], "k"),
    ("INSERT INTO t (ts) VALUES ($1)", [FINE], "ts"),
    ("INSERT INTO t (ts) VALUES ($1)", ["2024-05-06 07:08:09.5"], "ts"),
    ("INSERT INTO t (tz) VALUES ($1)", [datetime(2024, 5, 6, 7, 8, 9, 1, tzinfo=UTC)], "tz"),
    ("INSERT INTO t (tz) VALUES ($1)", [datetime(2024, 5, 6, 7, 8, 9, 1)], "tz"),
    ("INSERT INTO t (ti) VALUES ($1)", [time(1, 2, 3, 4)], "ti"),
    ("INSERT INTO t (iv) VALUES ($1)", [timedelta(seconds=1.5)], "iv"),
    ("INSERT INTO t (hours) VALUES ($1)", [timedelta(minutes=90)], "hours"),
    ("INSERT INTO t (v) VALUES ($1)", ["abc  "], "v"),
    ("INSERT INTO t (d) VALUES ($1)", ["abc "], "d"),
    ("INSERT INTO t (many) VALUES ($1)", [[D("1.5"), None, D("1.25")]], "many"),
    ("INSERT INTO t VALUES ($1, $2)", [2, D("1.239")], "n"),
    ("INSERT INTO public.t (ID, N) VALUES (2, 1), (3, $1)", [D("1.239")], "n"),
    ("INSERT INTO t AS x (id, n) VALUES (:i, :n) RETURNING x.n", {"i": 2, "n": D("1.239")}, "n"),
    ("INSERT INTO t (id, n) SELECT 2, $1 WHERE true", [D("1.239")], "n"),
    ("INSERT INTO t (id, n) (SELECT 2, $1)", [D("1.239")], "n"),
    ("INSERT INTO t (n) SELECT coalesce($1, 0.0)", [D("1.239")], "n"),
    ("INSERT INTO t (i) SELECT coalesce($1, 0.5)", [D("1.5")], "i"),
    ("INSERT INTO t (n) SELECT CASE WHEN $1 THEN $2 ELSE 0.0 END", [True, D("1.239")], "n"),
    ("WITH d AS (SELECT $1 AS x) INSERT INTO t (v) SELECT x FROM d", ["abc "], "v"),
    ("INSERT INTO t (v) SELECT x FROM (VALUES ('a'), ($1)) AS d (x)", ["abc "], "v"),
    ("WITH d AS (INSERT INTO t (n) VALUES ($1) RETURNING n) SELECT * FROM d", [D("1.239")], "n"),
    ("INSERT INTO w (id, v) VALUES (2, $1)", ["abc "], "v"),
    ("UPDATE t SET id = 2, n = $2 WHERE id = $1", [1, D("1.239")], "n"),
    ("UPDATE ONLY public.t AS x SET (id, n) = ($1, $2) WHERE x.id = 1", [2, D("1.239")], "n"),
    ("UPDATE t SET v = s.v FROM (SELECT $1 AS v) AS s", ["abc "], "v"),
    ('INSERT INTO "odd ""Name" VALUES ($1)', [D("1.25")], "A b"),
    ('UPDATE "odd ""Name" SET "A b" = $1', [D("1.25")], "A b"),
]


@pytest.mark.parametrize(("sql", "params", "column"), REFUSED)
def test_what_would_be_changed_is_refused(tables: idb.Connection, sql: str, params: Any, column: str) -> None:
    tables.execute('INSERT INTO "odd ""Name" VALUES (1, 1)')
    before = dump(tables)
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute(sql, params)
    error = caught.value
    assert (error.backend, error.column_name) == ("postgres", column)
    assert "parameter $" in error.message
    assert column in error.message
    assert "CAST($" in (error.hint or "")
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute_many(sql, [params])
    assert "row 0" in (caught.value.detail or "")
    assert dump(tables) == before


STORED: list[Any] = [
    # statement, parameters, query, value
    ("INSERT INTO t (n) VALUES ($1)", [D("1.230")], "n", D("1.23")),
    ("INSERT INTO t (n) VALUES ($1)", [1.5], "n", D("1.50")),
    ("INSERT INTO t (n) VALUES ($1)", [7], "n", D("7.00")),
    ("INSERT INTO t (n) VALUES ($1)", [" 1.5 "], "n", D("1.50")),
    ("INSERT INTO t (n) VALUES (CAST($1 AS numeric))", [D("1.239")], "n", D("1.24")),
    ("INSERT INTO t (n) VALUES ($1::numeric)", [D("1.239")], "n", D("1.24")),
    ("INSERT INTO t (n) VALUES (round($1, 2))", [D("1.239")], "n", D("1.24")),
    ("INSERT INTO t (n) VALUES ($1 * 2.0)", [D("1.239")], "n", D("2.48")),
    ("INSERT INTO t (free) VALUES ($1)", [D("1.239")], "free::text", "1.239"),
    ("INSERT INTO t (txt, n) VALUES ($1, 1)", ["abc  "], "txt", "abc  "),
    ("INSERT INTO t (k) VALUES ($1)", [1200], "k::text", "1200"),
    ("INSERT INTO t (ts) VALUES ($1)", [WHOLE], "ts", WHOLE),
    ("INSERT INTO t (ts) VALUES ($1)", ["May 6 2024 07:08:09"], "ts", WHOLE),
    ("INSERT INTO t (ts) VALUES (CAST($1 AS timestamp(0)))", [FINE], "ts", datetime(2024, 5, 6, 7, 8, 10)),
    ("INSERT INTO t (ts) VALUES (date_trunc('second', $1::timestamp))", [FINE], "ts", WHOLE),
    ("INSERT INTO t (tz) VALUES ($1)", [FINE.replace(tzinfo=UTC)], "tz", FINE.replace(tzinfo=UTC)),
    ("INSERT INTO t (ti) VALUES ($1)", [time(1, 2, 3)], "ti", time(1, 2, 3)),
    ("INSERT INTO t (iv) VALUES ($1)", [timedelta(days=1, seconds=1)], "iv", timedelta(days=1, seconds=1)),
    ("INSERT INTO t (hours) VALUES ($1)", [timedelta(hours=5)], "hours", timedelta(hours=5)),
    ("INSERT INTO t (v) VALUES ($1)", ["ab "], "v", "ab "),
    ("INSERT INTO t (v) VALUES (CAST($1 AS varchar(3)))", ["abcd"], "v", "abc"),
    ("INSERT INTO t (c) VALUES ($1)", ["ab  "], "rtrim(c)", "ab"),
    ("INSERT INTO t (many) VALUES ($1)", [[D("1.5"), None]], "many::text", "{1.5,NULL}"),
    ("INSERT INTO t (day) VALUES ($1)", [date(2024, 5, 6)], "day", date(2024, 5, 6)),
    ("WITH d AS (SELECT $1 AS a, $2 AS b) INSERT INTO t (v, txt) SELECT * FROM d", ["a", "abc "], "txt", "abc "),
    ("UPDATE t SET n = 5 WHERE n < $1 AND id = $2", [D("1.239"), 1], "n", D("5.00")),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "params", "column", "value"), STORED)
@pytest.mark.parametrize("many", [False, True])
def test_what_is_kept_arrives(
    tables: idb.Connection, sql: str, params: Any, column: str, value: object, *, many: bool
) -> None:
    if many:
        assert tables.execute_many(sql, [params, params]) >= 1
    else:
        tables.execute(sql, params)
    assert tables.execute(f"SELECT {column} FROM t ORDER BY ctid DESC LIMIT 1").item() == value


def test_a_query_takes_any_value(tables: idb.Connection) -> None:
    assert tables.execute("SELECT $1 + 1.0, $2", [D("1.239"), "abc  "]).row(0) == (D("2.239"), "abc  ")


def test_merge(tables: idb.Connection) -> None:
    merge = (
        "MERGE INTO t USING (VALUES ($1::int)) AS s (id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = $2 "
        "WHEN NOT MATCHED THEN INSERT (id, n) VALUES ($1, $3)"
    )
    assert tables.execute(merge, [1, D("2.5"), D("3.5")]).item() == 1
    lost: list[Any] = [[1, D("2.555"), D("3.5")], [1, D("2.5"), D("3.555")]]
    for params in lost:
        with pytest.raises(idb.DataConversionError, match=r"numeric\(10,2\)"):
            tables.execute(merge, params)
    assert tables.select("t", ["id", "n"]).rows() == [(1, D("2.50"))]


def test_an_upsert(tables: idb.Connection) -> None:
    tables.execute("CREATE UNIQUE INDEX ON t (id)")
    sql = "INSERT INTO t (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = $1, v = $2"
    with pytest.raises(idb.DataConversionError, match="1.239"):
        tables.execute(sql, [D("1.239"), "a"])
    with pytest.raises(idb.DataConversionError):
        tables.execute(sql, [D("1.23"), "abc "])
    assert tables.execute(sql, [D("1.23"), "abc"]).item() == 1


def test_the_verbs_refuse_too(tables: idb.Connection) -> None:
    with pytest.raises(idb.DataConversionError, match=r"1\.239"):
        tables.update("t", {"n": D("1.239")}, {"id": 1})
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute_many("INSERT INTO t (n) VALUES ($1)", [[D("1.5")], [D("2.5")], [D("1.555")]])
    assert "row 2" in (caught.value.detail or "")
    assert tables.execute("SELECT count(*), max(n) FROM t").row(0) == (1, D("1.00"))
    assert tables.update("t", {"free": D("1.239"), "n": D("1.5")}, {"id": 1}) == 1
    assert tables.delete("t", {"n": D("1.239")}) == 0


def test_text_stays_out_of_the_message(tables: idb.Connection) -> None:
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute("INSERT INTO t (v) VALUES ($1)", ["hidden  "])
    assert "hidden" not in str(caught.value)


def test_an_open_transaction_goes_on(tables: idb.Connection) -> None:
    with tables.transaction():
        tables.execute("INSERT INTO t (id, n) VALUES (2, $1)", [D("1.25")])
        with pytest.raises(idb.DataConversionError):
            tables.execute("UPDATE t SET n = $1", [D("1.255")])
        tables.execute("UPDATE t SET n = $1 WHERE id = 1", [D("7.25")])
    assert tables.execute("SELECT n FROM t ORDER BY id").rows() == [(D("7.25"),), (D("1.25"),)]


def test_a_failed_look_up_leaves_the_transaction_open(tables: idb.Connection) -> None:
    role = f"plain_{uuid4().hex}"
    tables.execute(f"CREATE ROLE {role}; GRANT ALL ON t TO {role}")
    tables.execute("REVOKE SELECT ON pg_catalog.pg_attribute FROM public")
    with tables.transaction():
        tables.execute(f"SET LOCAL ROLE {role}")
        tables.execute("INSERT INTO t (id, n) VALUES (2, $1)", [D("1.25")])
        tables.execute("INSERT INTO t (id, n) VALUES (3, $1)", [D("2.25")])
    assert tables.execute("SELECT count(*) FROM t").item() == 3
    tables.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_changed_table_is_looked_at_again(database: Any) -> None:
    sql = "INSERT INTO t VALUES ($1)"
    with database.connect() as conn, database.connect() as other:
        conn.execute("CREATE TABLE t (v numeric(10, 2))")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [D("1.239")])
        other.execute("ALTER TABLE t ALTER v TYPE numeric(10, 3)")
        assert conn.execute(sql, [D("1.239")]).item() == 1
        conn.execute("ALTER TABLE t ALTER v TYPE numeric(10, 2)")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [D("1.239")])
        conn.execute("CREATE TEMP TABLE t (v numeric(10, 5))")
        assert conn.execute(sql, [D("1.239")]).item() == 1
        conn.execute("DROP TABLE pg_temp.t")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [D("1.239")])


def test_another_search_path_is_another_table(tables: idb.Connection) -> None:
    tables.execute("CREATE SCHEMA mine; CREATE TABLE mine.t (id int, n numeric(10, 5))")
    sql = "INSERT INTO t (n) VALUES ($1)"
    tables.execute("SET search_path = mine")
    assert tables.execute(sql, [D("1.239")]).item() == 1
    tables.execute("SET search_path = public")
    with pytest.raises(idb.DataConversionError):
        tables.execute(sql, [D("1.239")])


def test_behind_a_pooler(database: Any) -> None:
    with database.connect(pooler="transaction") as conn:
        conn.execute("CREATE TABLE t (id int, n numeric(10, 2))")
        for _ in range(2):
            with pytest.raises(idb.DataConversionError):
                conn.execute("INSERT INTO t (n) VALUES ($1)", [D("1.239")])
            with pytest.raises(idb.DataConversionError):
                conn.execute_many("INSERT INTO t (n) VALUES ($1)", [[D("1.23")], [D("1.239")]])
            assert conn.execute("INSERT INTO t (n) VALUES ($1)", [D("1.23")]).item() == 1
        assert conn.execute("SELECT n FROM t").rows() == [(D("1.23"),)] * 2
        # The question itself is prepared while it is answered.
        assert conn.execute("SELECT count(*) FROM pg_prepared_statements").item() == 1
