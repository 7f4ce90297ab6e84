"""What stands in the way of `mode="replace"`: whatever a table has that the new one would not."""

from __future__ import annotations

import pytest

import industrydb as idb
from tests.conformance.types import Run

BOUND = [
    ("PARTITION OF another", "CREATE TABLE t PARTITION OF parts FOR VALUES IN (1)", "the rows of table parts"),
    ("a child", "CREATE TABLE t () INHERITS (parent)", "the rows of table parent"),
    ("row security", "CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY", "row security"),
    ("a policy", "CREATE TABLE t (id int); CREATE POLICY own ON t USING (id > 1)", "policy own"),
    ("a publication", "CREATE TABLE t (id int); CREATE PUBLICATION out FOR TABLE t", "publication out"),
    ("a rule", "CREATE TABLE t (id int); CREATE RULE keep AS ON DELETE TO t DO INSTEAD NOTHING", "rule keep"),
]


@pytest.mark.parametrize(("setup", "names"), [row[1:] for row in BOUND], ids=[row[0] for row in BOUND])
def test_what_a_new_table_would_lack(conn: idb.Connection, run: Run, setup: str, names: str) -> None:
    run("CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE parent (id int)")
    run(setup)
    conn.insert("t", {"id": [1]})
    try:
        with pytest.raises(idb.QueryExecutionError, match=names):
            conn.insert("t", {"id": [2]}, mode="replace")
    finally:
        run("DROP PUBLICATION IF EXISTS out")
    assert conn.select("t")["id"].to_list() == [1]
    if "parent" in setup or "parts" in setup:
        assert conn.execute(f"SELECT id FROM {names.rsplit(maxsplit=1)[-1]}")["id"].to_list() == [1]


def test_a_plain_table_is_replaced(conn: idb.Connection, run: Run) -> None:
    run("CREATE TABLE t (id int PRIMARY KEY, v text DEFAULT 'x'); CREATE PUBLICATION every FOR ALL TABLES")
    conn.insert("t", {"id": [1]})
    try:
        assert conn.insert("t", {"id": [2]}, mode="replace") == 1
    finally:
        run("DROP PUBLICATION every")
    assert conn.select("t").to_dict(as_series=False) == {"id": [2]}
