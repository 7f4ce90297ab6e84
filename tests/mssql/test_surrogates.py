"""Text that is not UTF-16: nvarchar keeps any pairs of bytes, and `LEFT(N'🐢', 1)` is half of a character."""

from __future__ import annotations

import socket

import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.postgres.proxy import Proxy
from tests.tds.server import Server
from tests.tds.types import MAX, SqlType, Variant
from tests.tds.wire import tokens
from tests.tds.wire.tokens import Column

pytestmark = pytest.mark.backend("mssql")

QUERY = "SELECT a, v, z FROM halves"
HALF = "\ue123"
"""What stands for half of a character in `answer`."""
WIDE = SqlType("nvarchar", 20)
INT = SqlType("int")


def answer(text: SqlType, values: list[str], behind: SqlType = INT) -> bytes:
    """Rows of a number, a text and `behind`."""
    columns = [Column("a", INT), Column("v", text), Column("z", behind)]
    row = tokens.row_encoder(columns)
    last = 1 if behind is INT else "z"
    rows = b"".join(
        row((at, Variant(WIDE, value) if text.name == "sql_variant" else value, last))
        for at, value in enumerate(values)
    )
    halves = rows.replace(HALF.encode("utf-16-le"), b"\x3d\xd8")
    return (
        tokens.column_metadata(columns)
        + halves
        + tokens.done(tokens.DONE, tokens.COUNT, tokens.COMMAND_SELECT, len(values))
    )


@pytest.mark.parametrize(
    "declared",
    [WIDE, SqlType("nchar", 6), SqlType("nvarchar", MAX), SqlType("ntext"), SqlType("sql_variant")],
    ids=str,
)
def test_half_a_character_is_an_error_of_its_value(server: Server, ms: idb.Connection, declared: SqlType) -> None:
    server.faults.responses[QUERY] = answer(declared, ["whole🐢", HALF + "other", "third1"] + ["more12"] * 1_000)
    ms.begin()
    with pytest.raises(idb.DataConversionError, match='column "v", row 1: .*UTF-16') as caught:
        ms.execute(QUERY)
    assert "varbinary(max)" in (caught.value.hint or "")
    assert caught.value.column_name == "v"
    assert "lost" not in str(caught.value)
    assert "closed" not in str(caught.value)
    # What is left of the answer is passed over.
    assert ms.in_transaction
    assert ms.execute("SELECT 7 AS a").item() == 7
    ms.commit()


def test_the_row_is_told_where_the_column_is_not_known(server: Server, ms: idb.Connection) -> None:
    server.faults.responses[QUERY] = answer(WIDE, ["whole"] * 700 + [HALF], behind=WIDE)
    with pytest.raises(idb.DataConversionError, match="^row 700: .*UTF-16") as caught:
        ms.execute(QUERY)
    assert caught.value.column_name is None
    assert ms.execute("SELECT 7 AS a").item() == 7


def test_half_a_character_in_batches(server: Server, ms: idb.Connection) -> None:
    server.faults.responses[QUERY] = answer(WIDE, ["whole"] * 250 + [HALF] + ["whole"] * 250)
    with ms.execute_batches(QUERY, batch_size=100) as batches:
        assert [next(batches).height, next(batches).height] == [100, 100]
        with pytest.raises(idb.DataConversionError, match='column "v", row 250'):
            next(batches)
    assert ms.execute("SELECT 7 AS a").item() == 7


def test_batches_that_nobody_reads_to_half_a_character(server: Server, ms: idb.Connection) -> None:
    server.faults.responses[QUERY] = answer(WIDE, ["whole"] * 250 + [HALF] + ["whole"] * 250)
    with ms.execute_batches(QUERY, batch_size=100) as batches:
        assert next(batches).height == 100
    assert ms.execute("SELECT 7 AS a").item() == 7


def test_a_rest_that_does_not_come_closes_the_connection(server: Server) -> None:
    server.faults.responses[QUERY] = answer(WIDE, ["whole", HALF] + ["whole"] * 50_000)
    with (
        Proxy(lambda: socket.create_connection((server.host, server.port))) as proxy,
        config(server, host="127.0.0.1", port=proxy.port).connect() as conn,
    ):
        proxy.arm("stall", after=300_000)
        with pytest.raises(idb.DataConversionError, match='column "v", row 1: .*UTF-16.*closed') as caught:
            conn.execute(QUERY)
        assert "varbinary(max)" in (caught.value.hint or "")
        with pytest.raises(idb.ConnectionClosedError, match="UTF-16"):
            conn.execute("SELECT 7 AS a")
