"""Frames into char, varchar and text, whose collations say how the bytes are read: the right text, or an error."""

from __future__ import annotations

from typing import Any

import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("mssql")

COLLATIONS = {
    "Latin1_General_CI_AS": "déjà vu, 5 €",
    "Cyrillic_General_CI_AS": "Съешь же ещё",
    "Greek_CI_AS": "ξεσκεπάζω",
    "Japanese_CI_AS": "日本語ソ",
    "Chinese_PRC_CI_AS": "简体中文 €",
    "SQL_Latin1_General_CP437_CI_AS": "café ½",
    "SQL_Latin1_General_CP850_CI_AS": "café ½",
}
"""A text in the code page of each."""


def stored(ms: idb.Connection) -> list[str | None]:
    """The column v as the server has it, whatever a client makes of its bytes."""
    return ms.execute("SELECT CAST(v AS nvarchar(max)) AS v FROM t ORDER BY id")["v"].to_list()


@pytest.mark.parametrize("declared", ["varchar(40)", "char(40)", "varchar(max)", "text"])
@pytest.mark.parametrize(("collation", "text"), COLLATIONS.items(), ids=COLLATIONS)
def test_text_in_the_code_page_of_its_column(ms: idb.Connection, collation: str, text: str, declared: str) -> None:
    ms.execute(f"CREATE TABLE t (id int IDENTITY, v {declared} COLLATE {collation} NULL)")
    values = [text, None, "", "plain"]
    assert ms.insert("t", {"v": values}) == 4
    assert ms.insert("t", {"v": ["ASCII alone"]}) == 1
    found = stored(ms)
    if declared.startswith("char"):
        found = [value if value is None else value.rstrip(" ") for value in found]
    assert found == [*values, "ASCII alone"]


@pytest.mark.parametrize("declared", ["varchar(max)", "text"])
def test_long_text_in_another_code_page(ms: idb.Connection, declared: str) -> None:
    ms.execute(f"CREATE TABLE t (id int IDENTITY, v {declared} COLLATE Cyrillic_General_CI_AS NULL)")
    values = ["ещё" * 30_000, "x" * 70_000, None, "short"]
    assert ms.insert("t", {"v": values}) == 4
    assert stored(ms) == values


def test_other_columns_may_be_the_reason_for_staging(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, v varchar(5), w varchar(9) COLLATE Greek_CI_AS, n nchar(2))")
    assert ms.insert("t", {"v": ["é€", "plain"], "w": ["ζω", None], "n": ["żó", "ab"]}) == 2
    assert stored(ms) == ["é€", "plain"]
    with pytest.raises(idb.DataConversionError, match="too long") as caught:
        ms.insert("t", {"v": ["a", "beyond"], "n": ["żó", "ab"]})
    assert caught.value.column_name == "v"
    assert "row 1" in str(caught.value)
    with pytest.raises(idb.DataConversionError, match="code page"):
        ms.insert("t", {"v": ["東京"], "n": ["żó"]})
    assert ms.select("t").height == 2


LOST = [
    ("Cyrillic_General_CI_AS", "東京"),
    # Windows' code page has another character in its place, the web's a backslash.
    ("Japanese_CI_AS", "¥100"),
    ("SQL_Latin1_General_CP437_CI_AS", "東"),
    ("SQL_Latin1_General_CP1_CI_AS", "Łódka"),
]


@pytest.mark.parametrize(("collation", "text"), LOST, ids=[collation for collation, _ in LOST])
@pytest.mark.parametrize("declared", ["varchar(20)", "varchar(max)"])
def test_what_the_code_page_lacks_is_an_error(ms: idb.Connection, collation: str, text: str, declared: str) -> None:
    ms.execute(f"CREATE TABLE t (id int IDENTITY, v {declared} COLLATE {collation} NULL)")
    with pytest.raises(idb.DataConversionError, match="code page of its collation") as caught:
        ms.insert("t", {"v": ["plain", text, None]})
    assert caught.value.column_name == "v"
    assert "row 1" in str(caught.value)
    if not collation.startswith("SQL_Latin1_General_CP1_"):
        assert text in str(caught.value)
    assert stored(ms) == []
    # It goes on without it.
    assert ms.insert("t", {"v": ["plain"]}) == 1


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        # Of two bytes each.
        ("varchar(5) COLLATE Japanese_CI_AS", "日本語"),
        # The server would cut spaces without a word.
        ("varchar(3) COLLATE Cyrillic_General_CI_AS", "ещё   "),
        ("char(3) COLLATE Cyrillic_General_CI_AS", "ещё "),
        ("varchar(3) COLLATE SQL_Latin1_General_CP437_CI_AS", "abcd"),
        ("varchar(3) COLLATE SQL_Latin1_General_CP437_CI_AS", "abc "),
    ],
)
def test_what_is_too_long_is_never_cut(ms: idb.Connection, declared: str, text: str) -> None:
    ms.execute(f"CREATE TABLE t (id int IDENTITY, v {declared} NULL)")
    with pytest.raises(idb.DataConversionError, match="too long") as caught:
        ms.insert("t", {"v": ["a", None, text]})
    assert caught.value.column_name == "v"
    assert "row 2" in str(caught.value)
    assert stored(ms) == []


def test_upserts_into_another_code_page(ms: idb.Connection) -> None:
    ms.execute(
        "CREATE TABLE t (id varchar(20) COLLATE Cyrillic_General_CI_AS PRIMARY KEY, v varchar(20) COLLATE Greek_CI_AS)"
    )
    assert ms.insert("t", {"id": ["ёж"], "v": ["ζω"]}) == 1
    rows = {"id": ["ёж", "уж"], "v": ["αβ", "γδ"]}
    assert ms.insert("t", rows, on_conflict="update") == 2
    found = ms.execute("SELECT CAST(id AS nvarchar(20)) AS id, CAST(v AS nvarchar(20)) AS v FROM t ORDER BY v")
    assert found.rows() == [("ёж", "αβ"), ("уж", "γδ")]
    assert ms.insert("t", rows, on_conflict="ignore") == 0


def test_temporary_tables_of_another_code_page(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE #t (v varchar(20) COLLATE Cyrillic_General_CI_AS, w varchar(20))")
    assert ms.insert("#t", {"v": ["ёж"], "w": ["é€"]}) == 1
    found = ms.execute("SELECT CAST(v AS nvarchar(20)) AS v, CAST(w AS nvarchar(20)) AS w FROM #t")
    assert found.rows() == [("ёж", "é€")]


def test_white_space_of_xml_stays(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, v xml)")
    values = ["<a> <b>1</b>\n\t<b> 2 </b> </a>", f"<a> {'<b>x</b> ' * 10_000}</a>", None]
    assert ms.insert("t", {"v": values}) == 3
    assert ms.execute("SELECT v FROM t ORDER BY id")["v"].to_list() == values


def test_bytes_are_never_filled_up(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (v binary(4) NULL)")
    assert ms.insert("t", {"v": [b"\x01\0\0\0", None]}) == 2
    for values in ([b"\x01\0\0\0", b"\x01"], [b"\x01\0\0\0", b""]):
        with pytest.raises(idb.DataConversionError, match="too short") as caught:
            ms.insert("t", {"v": values})
        assert "row 1" in str(caught.value)
        assert "varbinary" in (caught.value.hint or "")
    assert ms.select("t")["v"].to_list() == [b"\x01\0\0\0", None]


TABLES = {"straight": "v varchar(9) NULL", "staged": "v nchar(9) NULL"}


@pytest.mark.parametrize("nocount", ["OFF", "ON"])
@pytest.mark.parametrize("column", TABLES.values(), ids=TABLES)
def test_an_index_that_drops_duplicates(ms: idb.Connection, column: str, nocount: str) -> None:
    ms.execute(f"CREATE TABLE t (k int, {column}, PRIMARY KEY (k) WITH (IGNORE_DUP_KEY = ON))")
    ms.execute(f"SET NOCOUNT {nocount}")
    rows: dict[str, list[Any]] = {"k": [1, 2], "v": ["a", "b"]}
    assert ms.insert("t", rows) == 2
    for keys in ([3, 2], [4, 4], [1, 2]):
        with pytest.raises(idb.UniqueViolationError, match="IGNORE_DUP_KEY") as caught:
            ms.insert("t", {"k": keys, "v": ["c", "d"]})
        assert "on_conflict" in (caught.value.hint or "")
    assert ms.select("t", order_by="k")["k"].to_list() == [1, 2]
    assert ms.insert("t", {"k": [2, 3], "v": ["c", "d"]}, on_conflict="ignore") == 1


@pytest.mark.parametrize("column", TABLES.values(), ids=TABLES)
def test_nocount_is_no_reason_to_doubt(ms: idb.Connection, column: str) -> None:
    ms.execute(f"CREATE TABLE t (k int, {column})")
    ms.execute("SET NOCOUNT ON")
    assert ms.insert("t", {"k": range(3_000), "v": ["x"] * 3_000}) == 3_000
    assert ms.execute("SELECT COUNT(*) AS n FROM t").item() == 3_000


def test_set_rowcount_does_not_lose_rows(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (k int, v nchar(3))")
    ms.execute("SET ROWCOUNT 2")
    with pytest.raises(idb.QueryExecutionError, match="of 3 rows the server stored 2") as caught:
        ms.insert("t", {"k": [1, 2, 3], "v": ["a", "b", "c"]})
    assert "SET ROWCOUNT" in (caught.value.hint or "")
    ms.execute("SET ROWCOUNT 0")
    assert ms.select("t").height == 0
