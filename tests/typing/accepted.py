"""What a strictly typed program may write, and the types that it gets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import assert_type
from uuid import UUID

import numpy as np
import polars as pl

import industrydb as idb
from industrydb.typing import ArrowStream, FrameLike, OrderBy, Params, SchemaOverrides, TableLike, Where


class Colour(Enum):
    RED = "red"


class Exporter:
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return pl.DataFrame({"a": [1]}).__arrow_c_stream__(requested_schema)


def configuration(path: Path) -> None:
    config = idb.DatabaseConfig("sqlite", path=path, strict=True, timeout=2.5)
    assert_type(config, idb.DatabaseConfig)
    assert_type(idb.DatabaseConfig.from_uri("sqlite://").to_uri(hide_password=True), str)
    assert_type(idb.DatabaseConfig.from_dict(config.to_dict()) == config, bool)
    assert_type(config.host, str | None)
    assert_type(config.port, int | str | None)
    assert_type(idb.load_config(path)["main"], idb.DatabaseConfig)
    assert_type(idb.backends(), tuple[str, ...])
    assert_type(idb.__version__, str)
    assert_type({config: 1}[config], int)


def connections(config: idb.DatabaseConfig) -> Iterator[idb.Connection]:
    yield assert_type(idb.connect("sqlite://"), idb.Connection)
    yield assert_type(idb.connect(config), idb.Connection)
    yield assert_type(idb.Connection(config), idb.Connection)
    yield assert_type(idb.Connection.connect(config), idb.Connection)
    yield assert_type(idb.Connection.from_uri("sqlite://"), idb.Connection)
    with config.connect() as conn:
        yield assert_type(conn, idb.Connection)


def parameters() -> Iterator[Params]:
    yield [None, True, 1, 1.5, "text", b"bytes", Decimal("1.5"), UUID(int=0), Colour.RED, timedelta(seconds=1)]
    yield (datetime.now(UTC), datetime.now(UTC).date(), datetime.now(UTC).time())
    yield [np.int64(1), np.float32(1.5), [1, 2], ("a", "b"), {"key": [1, {"deep": None}]}]
    yield {"a": 1, "b": "two"}
    names: list[str] = ["a"]
    numbers: dict[str, int] = {"a": 1}
    yield names
    yield numbers


def frames() -> Iterator[FrameLike]:
    yield pl.DataFrame({"a": [1]})
    yield pl.LazyFrame({"a": [1]})
    yield {"a": [1], "b": ("x",), "c": pl.Series([1.5]), "d": np.array([1])}
    yield [{"a": 1}, {"a": None}]
    yield Exporter()


def conditions() -> Iterator[Where]:
    yield "a = 1"
    yield {"id": [1, 2], "deleted_at": None}


def orders() -> Iterator[OrderBy]:
    yield "a"
    yield ("a", "desc")
    yield ["a", "b"]
    yield [("a", "desc"), "b"]


def tables() -> Iterator[TableLike]:
    yield "flights"
    yield "main.flights"
    yield ("main", "odd.name")


def progress(rows: int, num_bytes: int) -> tuple[int, int]:
    return rows, num_bytes


def verbs(conn: idb.Connection) -> None:
    overrides: SchemaOverrides = {"a": pl.String, "b": pl.Decimal(12, 2)}
    assert_type(conn.execute("SELECT ?", [1], schema_overrides=overrides, timeout=1, progress=progress), pl.DataFrame)
    assert_type(conn.execute_many("DELETE FROM t WHERE a = :a", [{"a": 1}], timeout=1.5), int)
    assert_type(conn.schema("SELECT 1"), pl.Schema)
    for frame in frames():
        assert_type(conn.insert("t", frame, mode="create", on_conflict="update", conflict_columns=["a"]), int)
    for table in tables():
        for where in conditions():
            for order_by in orders():
                assert_type(conn.select(table, ["a"], where, order_by=order_by, limit=1, offset=2), pl.DataFrame)
            assert_type(conn.update(table, {"a": None}, where, timeout=1), int)
        assert_type(conn.delete(table, True), int)
    assert_type(conn.tables(), pl.DataFrame)
    assert_type(conn.columns(("main", "t")), pl.DataFrame)
    with conn.transaction(isolation="immediate", read_only=True) as transaction:
        assert_type(transaction, idb.Transaction)
    conn.begin(isolation="serializable")
    assert_type(conn.in_transaction, bool)
    conn.rollback()
    assert_type(conn.closed or conn.is_closed(), bool)
    assert_type(conn.config, idb.DatabaseConfig)
    assert_type(conn.backend + conn.server_version, str)


def batches(conn: idb.Connection) -> pl.DataFrame:
    with conn.execute_batches("SELECT 1 AS a", batch_size=10) as reader:
        assert_type(reader, idb.BatchReader)
        assert_type(reader.schema, pl.Schema)
        for batch in reader:
            assert_type(batch, pl.DataFrame)
        assert_type(list(reader), list[pl.DataFrame])
    stream: ArrowStream = conn.execute_batches("SELECT 1 AS a")
    return pl.DataFrame(stream)


def errors(conn: idb.Connection) -> None:
    try:
        conn.ping()
    except idb.QueryTimeoutError as error:
        assert_type(error.position, int | None)
        as_builtin: TimeoutError = error
        raise as_builtin from None
    except idb.IndustryDbError as error:
        assert_type(error.code, str | None)
        assert_type(error.message, str)
        raise


async def awaited(config: idb.DatabaseConfig) -> None:
    async with idb.connect_async("sqlite://") as conn:
        assert_type(conn, idb.AsyncConnection)
        assert_type(await conn.execute("SELECT ?", [1], timeout=2.5), pl.DataFrame)
        assert_type(await conn.execute_many("INSERT INTO t VALUES (?)", [[1]]), int)
        assert_type(await conn.schema("SELECT 1"), pl.Schema)
        assert_type(await conn.insert("t", {"a": [1]}, mode="create"), int)
        assert_type(await conn.select("t", where={"a": 1}), pl.DataFrame)
        assert_type(await conn.update("t", {"a": 1}, True), int)
        assert_type(await conn.delete("t", {"a": [1, None]}), int)
        assert_type(await conn.tables(), pl.DataFrame)
        assert_type(conn.in_transaction, bool)
        async with conn.transaction(isolation="deferred") as transaction:
            assert_type(transaction, idb.AsyncTransaction)
        async for frame in conn.execute_batches("SELECT 1"):
            assert_type(frame, pl.DataFrame)
        async with conn.execute_batches("SELECT 1") as reader:
            assert_type(reader, idb.AsyncBatchReader)
            assert_type(reader.schema, pl.Schema)
    assert_type(await idb.AsyncConnection.connect(config), idb.AsyncConnection)
    assert_type(await idb.AsyncConnection.from_uri("sqlite://"), idb.AsyncConnection)
    assert_type(await idb.connect_async(config), idb.AsyncConnection)
