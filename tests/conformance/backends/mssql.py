"""SQL Server's entry in the conformance suite: the server that `INDUSTRYDB_TEST_MSSQL` names, else the TDS test server."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import atexit
import datetime as dt
import functools
import os
import uuid
from collections.abc import Generator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import industrydb as idb
from tests.conformance.backends import shared
from tests.conformance.backends.base import (
    Backend,
    Bind,
    Database,
    Expression,
    Override,
    Placeholders,
    RefusedColumn,
    RoundTrip,
    Type,
    Violation,
)
from tests.conformance.backends.shared import (
    A_UUID,
    INT64_MAX,
    INT64_MIN,
    MICROSECONDS,
    UTC,
    UTC_MICROSECONDS,
    Colour,
    Level,
)
from tests.tds.certificates import issue
from tests.tds.clients import PYTDS, Tls
from tests.tds.process import Address, from_uri, running

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


@functools.cache
def server(tls: Tls) -> tuple[Address, Mapping[str, object]]:
    """The server of this run, and the options that a connection to it takes."""
    uri = os.environ.get("INDUSTRYDB_TEST_MSSQL")
    encrypt = "false" if tls == "plain" else "true"
    if uri:
        return from_uri(uri), {"encrypt": encrypt, "trust_server_certificate": True}
    stack = ExitStack()
    atexit.register(stack.close)
    if tls == "plain":
        return stack.enter_context(running()), {"encrypt": encrypt}
    certificate, authority = issue(Path(stack.enter_context(TemporaryDirectory(prefix="tls-"))))
    options = {"encrypt": encrypt, "trust_server_certificate_ca": authority}
    return stack.enter_context(running("login", certificate)), options


def unavailable(tls: Tls) -> str | None:
    """Why it cannot be reached."""
    try:
        PYTDS.open(replace(server(tls)[0], database="master"), "plain", "").close()
    except Exception as error:  # noqa: BLE001 - whatever the reason is, it is the answer
        return f"{type(error).__name__}: {error}"
    return None


@contextmanager
def database(directory: Path, *, tls: Tls) -> Generator[Database]:
    """A new database, where readers do not wait for writers and SNAPSHOT is allowed."""
    del directory
    address, options = server(tls)
    master = replace(address, database="master")
    name = f"industrydb_{uuid.uuid4().hex}"
    with closing(PYTDS.open(master, "plain", "")) as connection:
        PYTDS.query(connection, f"CREATE DATABASE {name}")
        PYTDS.query(connection, f"ALTER DATABASE {name} SET READ_COMMITTED_SNAPSHOT ON")
        PYTDS.query(connection, f"ALTER DATABASE {name} SET ALLOW_SNAPSHOT_ISOLATION ON")
    fields = {"host": address.host, "port": address.port, "username": address.user, "password": address.password}
    try:
        yield Database(idb.DatabaseConfig.from_dict({"type": "mssql", "database": name, **fields, **options}))
    finally:
        with closing(PYTDS.open(master, "plain", "")) as connection:
            PYTDS.query(connection, f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
            PYTDS.query(connection, f"DROP DATABASE {name}")


SPELLINGS = {
    "bigint": "bigint",
    "double": "float",
    "text": "nvarchar(max)",
    "key": "nvarchar(450)",
    "boolean": "bit",
    "blob": "varbinary(max)",
    "date": "date",
    "timestamp": "datetime2(6)",
    "decimal": "decimal(10, 2)",
    "recursive": "WITH",
    "begin": "BEGIN TRANSACTION",
    "create_temp": "CREATE TABLE #staging",
    "temp": "#staging",
    "insert_returning_id": "INSERT INTO t (id, name) OUTPUT inserted.id VALUES (7, N'seven')",
    "update_returning_id": "UPDATE t SET name = N'x' OUTPUT inserted.id WHERE id = 7",
    "delete_returning_id": "DELETE FROM t OUTPUT deleted.id WHERE id = 7",
}

TYPES = (
    Type("bit", pl.Boolean(), (("0", False), ("1", True))),
    Type("tinyint", pl.UInt8(), (("0", 0), ("255", 255))),
    Type("smallint", pl.Int16(), (("-32768", -32768), ("32767", 32767))),
    Type("int", pl.Int32(), (("0", 0), (str(INT32_MIN), INT32_MIN), (str(INT32_MAX), INT32_MAX))),
    Type("bigint", pl.Int64(), (("0", 0), (str(INT64_MIN), INT64_MIN), (str(INT64_MAX), INT64_MAX))),
    Type("real", pl.Float32(), (("0.5", 0.5), ("-1.5", -1.5), ("0", 0.0))),
    Type(
        "float",
        pl.Float64(),
        (("0.1", 0.1), ("-1e308", -1e308), ("1.7976931348623157e308", 1.7976931348623157e308), ("2.5e-308", 2.5e-308)),
    ),
    Type(
        "decimal(10, 2)",
        pl.Decimal(10, 2),
        (("12.5", Decimal("12.50")), ("-99999999.99", Decimal("-99999999.99")), ("0", Decimal("0.00"))),
    ),
    Type("decimal(19, 4)", pl.Decimal(19, 4), (("123456789012345.6789", Decimal("123456789012345.6789")),)),
    Type("decimal(28, 10)", pl.Decimal(28, 10), (("-1.0000000001", Decimal("-1.0000000001")),)),
    Type(
        "decimal(38, 0)",
        pl.Decimal(38, 0),
        (("9" * 38, Decimal("9" * 38)), ("-" + "9" * 38, Decimal("-" + "9" * 38))),
    ),
    Type("numeric(38, 38)", pl.Decimal(38, 38), (("0." + "1" * 38, Decimal("0." + "1" * 38)),)),
    Type(
        "money",
        pl.Decimal(19, 4),
        (("0.0001", Decimal("0.0001")), ("-899999999999.9999", Decimal("-899999999999.9999"))),
    ),
    Type("smallmoney", pl.Decimal(10, 4), (("214748.3647", Decimal("214748.3647")), ("-1.5", Decimal("-1.5000")))),
    Type(
        "date",
        pl.Date(),
        (("'2024-02-29'", dt.date(2024, 2, 29)), ("'0001-01-01'", dt.date.min), ("'9999-12-31'", dt.date.max)),
    ),
    Type("time(0)", pl.Time(), (("'12:30:15'", dt.time(12, 30, 15)),)),
    Type("time(6)", pl.Time(), (("'00:00:00'", dt.time.min), ("'23:59:59.999999'", dt.time.max))),
    Type("time(7)", pl.Time(), (("'12:30:15.1234560'", dt.time(12, 30, 15, 123_456)),)),
    Type(
        "datetime",
        MICROSECONDS,
        (
            ("'2024-02-29T12:34:56.997'", dt.datetime(2024, 2, 29, 12, 34, 56, 997_000)),
            ("'1753-01-01T00:00:00'", dt.datetime(1753, 1, 1)),
            ("'9999-12-31T23:59:59.997'", dt.datetime(9999, 12, 31, 23, 59, 59, 997_000)),
            ("'1899-12-31T23:59:59.003'", dt.datetime(1899, 12, 31, 23, 59, 59, 3_000)),
        ),
    ),
    Type(
        "smalldatetime",
        MICROSECONDS,
        (("'2024-02-29T12:34:00'", dt.datetime(2024, 2, 29, 12, 34)), ("'1900-01-01'", dt.datetime(1900, 1, 1))),
    ),
    Type("datetime2(0)", MICROSECONDS, (("'2024-02-29T12:34:56'", dt.datetime(2024, 2, 29, 12, 34, 56)),)),
    Type("datetime2(3)", MICROSECONDS, (("'2024-02-29T12:34:56.789'", dt.datetime(2024, 2, 29, 12, 34, 56, 789_000)),)),
    Type(
        "datetime2(6)",
        MICROSECONDS,
        (
            ("'0001-01-01T00:00:00'", dt.datetime.min),
            ("'9999-12-31T23:59:59.999999'", dt.datetime.max),
            ("'1969-12-31T23:59:59.999999'", dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        ),
    ),
    Type(
        "datetime2(7)",
        MICROSECONDS,
        (("'2024-02-29T12:34:56.1234560'", dt.datetime(2024, 2, 29, 12, 34, 56, 123_456)),),
    ),
    Type(
        "datetimeoffset(6)",
        UTC_MICROSECONDS,
        (
            ("'2024-02-29T12:34:56.000001+02:00'", dt.datetime(2024, 2, 29, 10, 34, 56, 1, tzinfo=UTC)),
            ("'2024-02-29T12:34:56Z'", dt.datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)),
            ("'2024-02-29T00:00:00-14:00'", dt.datetime(2024, 2, 29, 14, tzinfo=UTC)),
        ),
    ),
    Type("char(5)", pl.String(), (("'ab'", "ab   "), ("'abcde'", "abcde"))),
    Type("varchar(40)", pl.String(), (("''", ""), ("'it''s'", "it's"), ("'é€'", "é€"))),
    Type("varchar(max)", pl.String(), (("'long'", "long"), ("''", ""))),
    Type("nchar(4)", pl.String(), (("N'żó'", "żó  "),)),
    Type("nvarchar(40)", pl.String(), (("N''", ""), ("N'żółw 🐢'", "żółw 🐢"), ("N'a' + NCHAR(0) + N'b'", "a\0b"))),
    Type("nvarchar(max)", pl.String(), (("N'東京'", "東京"), ("N''", ""))),
    Type("text", pl.String(), (("'old'", "old"),)),
    Type("ntext", pl.String(), (("N'stary tékst'", "stary tékst"),)),
    Type("xml", pl.String(), (("N'<a>1</a>'", "<a>1</a>"),)),
    Type("uniqueidentifier", pl.String(), (("'0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'", str(A_UUID)),)),
    Type("binary(3)", pl.Binary(), (("0x00FF10", b"\x00\xff\x10"),)),
    Type("varbinary(40)", pl.Binary(), (("0x", b""), ("0x00FF10", b"\x00\xff\x10"))),
    Type("varbinary(max)", pl.Binary(), (("0x00", b"\0"), ("0x", b""))),
)

EXPRESSIONS = (
    Expression("SELECT 1 AS v", pl.Int32(), 1),
    Expression("SELECT 2147483648 AS v", pl.Decimal(10, 0), Decimal(2147483648)),
    Expression("SELECT 0.5 AS v", pl.Decimal(1, 1), Decimal("0.5")),
    Expression("SELECT 1e0 AS v", pl.Float64(), 1.0),
    Expression("SELECT 'x' AS v", pl.String(), "x"),
    Expression("SELECT N'ż' AS v", pl.String(), "ż"),
    Expression("SELECT 0x00 AS v", pl.Binary(), b"\0"),
    Expression("SELECT NULL AS v", pl.Int32(), None),
    Expression("SELECT COUNT(*) AS v FROM (SELECT 1 AS a UNION SELECT 2) AS t", pl.Int32(), 2),
    Expression("SELECT COUNT_BIG(*) AS v FROM (SELECT 1 AS a) AS t", pl.Int64(), 1),
    Expression("SELECT CAST('12' AS bigint) AS v", pl.Int64(), 12),
    Expression("SELECT CAST(1 AS bit) AS v", pl.Boolean(), True),
    Expression("SELECT SUM(x) AS v FROM (VALUES (1.5), (2.25)) AS t (x)", pl.Decimal(38, 2), Decimal("3.75")),
    Expression("SELECT AVG(x) AS v FROM (VALUES (1), (2)) AS t (x)", pl.Int32(), 1),
    Expression("SELECT 1.0 / 3 AS v", pl.Decimal(7, 6), Decimal("0.333333")),
    Expression("SELECT CAST('2024-02-29' AS date) AS v", pl.Date(), dt.date(2024, 2, 29)),
    Expression("SELECT CAST(5 AS smallint) AS v", pl.Int16(), 5),
    Expression("SELECT CAST(0x58 AS hierarchyid) AS v", pl.Binary(), b"\x58"),
    Expression("SELECT CAST(N'x' AS sql_variant) AS v", pl.String(), "x"),
    Expression("SELECT CAST(1.25 AS sql_variant) AS v", pl.String(), "1.25"),
)


TEXT, BYTES = "nvarchar(max)", "varbinary(max)"
BINDS = (
    Bind("none", None, TEXT, pl.String(), None),
    Bind("none-into-binary", None, BYTES, pl.Binary(), None),
    Bind("true", True, "bit", pl.Boolean(), True),
    Bind("false", False, "bit", pl.Boolean(), False),
    Bind("int", 42, "bigint", pl.Int64(), 42),
    Bind("int-into-tinyint", 255, "tinyint", pl.UInt8(), 255),
    Bind("int-min", INT64_MIN, "bigint", pl.Int64(), INT64_MIN),
    Bind("int-max", INT64_MAX, "bigint", pl.Int64(), INT64_MAX),
    Bind("int-into-decimal", 10**37, "decimal(38, 0)", pl.Decimal(38, 0), Decimal(10**37)),
    Bind("float", 0.1, "float", pl.Float64(), 0.1),
    Bind("float-large", 1.7976931348623157e308, "float", pl.Float64(), 1.7976931348623157e308),
    Bind("float-into-real", 0.5, "real", pl.Float32(), 0.5),
    Bind("str", "żółw 🐢", TEXT, pl.String(), "żółw 🐢"),
    Bind("str-empty", "", TEXT, pl.String(), ""),
    Bind("str-nul", "a\0b", TEXT, pl.String(), "a\0b"),
    Bind("str-long", "ż" * 5_000, TEXT, pl.String(), "ż" * 5_000),
    Bind("bytes", b"\x00\xff", BYTES, pl.Binary(), b"\x00\xff"),
    Bind("bytes-empty", b"", BYTES, pl.Binary(), b""),
    Bind("bytes-long", b"x" * 9_000, BYTES, pl.Binary(), b"x" * 9_000),
    Bind("bytearray", bytearray(b"ab"), BYTES, pl.Binary(), b"ab"),
    Bind("decimal", Decimal("12.50"), "decimal(10, 2)", pl.Decimal(10, 2), Decimal("12.50")),
    Bind("decimal-38", Decimal("-" + "9" * 38), "decimal(38, 0)", pl.Decimal(38, 0), Decimal("-" + "9" * 38)),
    Bind("decimal-into-money", Decimal("12.3456"), "money", pl.Decimal(19, 4), Decimal("12.3456")),
    Bind("date", dt.date(2024, 2, 29), "date", pl.Date(), dt.date(2024, 2, 29)),
    Bind("date-min", dt.date.min, "date", pl.Date(), dt.date.min),
    Bind(
        "datetime",
        dt.datetime(2024, 2, 29, 1, 2, 3, 4),
        "datetime2(6)",
        MICROSECONDS,
        dt.datetime(2024, 2, 29, 1, 2, 3, 4),
    ),
    Bind("datetime-min", dt.datetime.min, "datetime2(6)", MICROSECONDS, dt.datetime.min),
    Bind("datetime-max", dt.datetime.max, "datetime2(6)", MICROSECONDS, dt.datetime.max),
    Bind(
        "datetime-aware",
        dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
        "datetimeoffset(6)",
        UTC_MICROSECONDS,
        dt.datetime(2024, 2, 29, 6, 30, tzinfo=UTC),
    ),
    Bind("time", dt.time(1, 2, 3, 4), "time(6)", pl.Time(), dt.time(1, 2, 3, 4)),
    Bind("timedelta", dt.timedelta(days=-1, microseconds=5), "bigint", pl.Int64(), -86_399_999_995),
    Bind("uuid", A_UUID, "uniqueidentifier", pl.String(), str(A_UUID)),
    Bind("uuid-into-text", A_UUID, TEXT, pl.String(), str(A_UUID)),
    Bind("enum", Colour.RED, TEXT, pl.String(), "red"),
    Bind("int-enum", Level.HIGH, "bigint", pl.Int64(), 3),
    Bind("numpy-int", np.int16(-7), "bigint", pl.Int64(), -7),
    Bind("numpy-uint", np.uint64(7), "bigint", pl.Int64(), 7),
    Bind("numpy-float", np.float32(0.5), "float", pl.Float64(), 0.5),
    Bind("numpy-bool", np.bool_(True), "bit", pl.Boolean(), True),
    Bind("numpy-str", np.str_("x"), TEXT, pl.String(), "x"),
    Bind("list", [1, "zwei", None, [True]], TEXT, pl.String(), '[1,"zwei",null,[true]]'),
    Bind("dict", {"b": 1, "a": {"ü": [0.5]}}, TEXT, pl.String(), '{"b":1,"a":{"ü":[0.5]}}'),
)

UNBINDABLE = (
    Bind("int-huge", 10**40, "decimal(38, 0)", pl.Decimal(38, 0), None),
    Bind("nan", float("nan"), "float", pl.Float64(), None),
    Bind("infinity", float("inf"), "float", pl.Float64(), None),
)

PLACEHOLDERS = (
    Placeholders("SELECT @P1, @P2", [1, "a"], (1, "a")),
    Placeholders("SELECT @P2, @P1", [1, 2], (2, 1)),
    Placeholders("SELECT @P1, @p1", [5], (5, 5)),
    Placeholders("SELECT @a, @b, @a", {"a": 1, "b": 2}, (1, 2, 1)),
    Placeholders("SELECT @a", {"a": "x"}, ("x",)),
    Placeholders("SELECT ?, ?", [1, "a"], (1, "a")),
)


def _as(id: str, dtype: pl.DataType, values: list[object], read: pl.DataType) -> RoundTrip:  # noqa: A002 - it is one
    return RoundTrip(id, pl.Series(values, dtype=dtype), pl.Series(values, dtype=pl.Int64).cast(read))


ROUND_TRIPS = (
    *shared.ROUND_TRIPS,
    *shared.NESTED_AS_JSON,
    RoundTrip.same("int32", pl.Series([INT32_MIN, None, INT32_MAX], dtype=pl.Int32)),
    RoundTrip.same("int16", pl.Series([-32768, None, 32767], dtype=pl.Int16)),
    _as("int8", pl.Int8(), [-128, None, 127], pl.Int16()),
    RoundTrip.same("uint8", pl.Series([0, None, 255], dtype=pl.UInt8)),
    _as("uint16", pl.UInt16(), [0, None, 65535], pl.Int32()),
    _as("uint32", pl.UInt32(), [0, None, 2**32 - 1], pl.Int64()),
    RoundTrip(
        "uint64",
        pl.Series([0, None, 2**64 - 1], dtype=pl.UInt64),
        pl.Series([Decimal(0), None, Decimal(2**64 - 1)], dtype=pl.Decimal(20, 0)),
    ),
    RoundTrip.same("float64", pl.Series([0.1, None, -1.7976931348623157e308])),
    RoundTrip.same("float32", pl.Series([0.1, None], dtype=pl.Float32)),
    RoundTrip.same("string", pl.Series(["", None, "żółw 🐢", "a\0b", "x" * 100_000])),
    RoundTrip.same(
        "datetime-us",
        pl.Series([dt.datetime.min, None, dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), dt.datetime.max]),
    ),
    RoundTrip(
        "duration",
        pl.Series([dt.timedelta(days=-3, microseconds=1), None]),
        pl.Series([-259_199_999_999, None], dtype=pl.Int64),
    ),
    RoundTrip.same("decimal-38", pl.Series([Decimal("12345678901234567890.123456789"), None], dtype=pl.Decimal(38, 9))),
)

REFUSED_COLUMNS = (
    RefusedColumn("nan", pl.Series([0.5, float("nan")])),
    RefusedColumn("infinity", pl.Series([0.5, float("inf")])),
    RefusedColumn("datetime-ns-below-us", pl.Series([1], dtype=pl.Int64).cast(pl.Datetime("ns"))),
    RefusedColumn("text-into-integer", pl.Series(["not a number"]), "bigint"),
    RefusedColumn("text-into-date", pl.Series(["not a date"]), "date"),
    RefusedColumn("text-too-long", pl.Series(["abcd"]), "nvarchar(3)"),
    RefusedColumn("text-outside-the-code-page", pl.Series(["東京"]), "varchar(10)"),
    RefusedColumn("bytes-too-long", pl.Series([b"abcd"]), "varbinary(3)"),
    RefusedColumn("fraction-into-integer", pl.Series([0.5]), "bigint"),
    RefusedColumn("too-large-for-tinyint", pl.Series([256]), "tinyint"),
    RefusedColumn("negative-into-tinyint", pl.Series([-1]), "tinyint"),
    RefusedColumn("too-large-for-int", pl.Series([2**31]), "int"),
    RefusedColumn("too-many-digits", pl.Series([Decimal("1000.00")], dtype=pl.Decimal(10, 2)), "decimal(5, 2)"),
    RefusedColumn("too-fine-for-money", pl.Series([Decimal("0.00001")], dtype=pl.Decimal(10, 5)), "money"),
    RefusedColumn("inexact-int-into-double", pl.Series([2**53 + 1]), "float"),
    RefusedColumn("inexact-float-into-real", pl.Series([0.1]), "real"),
    RefusedColumn("too-early-for-datetime", pl.Series([dt.datetime(1752, 12, 31)]), "datetime"),
    RefusedColumn("too-fine-for-datetime", pl.Series([dt.datetime(2024, 1, 1, 0, 0, 0, 1000)]), "datetime"),
)

OVERRIDES = (
    Override("int-as-text", "bigint", "42", pl.String(), "42"),
    Override("int-as-small-int", "bigint", "-128", pl.Int8(), -128),
    Override("int-as-unsigned", "bigint", "255", pl.UInt8(), 255),
    Override("int-as-float", "bigint", "9007199254740992", pl.Float64(), 9007199254740992.0),
    Override("int-as-boolean", "bigint", "1", pl.Boolean(), True),
    Override("float-as-text", "float", "0.1", pl.String(), "0.1"),
    Override("float-as-int", "float", "3.0", pl.Int64(), 3),
    Override("float-as-float32", "float", "0.5", pl.Float32(), 0.5),
    Override("decimal-as-text", "decimal(10, 2)", "12.5", pl.String(), "12.50"),
    Override("decimal-as-float", "decimal(10, 2)", "12.5", pl.Float64(), 12.5),
    Override("text-as-int", "nvarchar(20)", "N'12'", pl.Int64(), 12),
    Override("text-as-date", "nvarchar(20)", "N'2024-02-29'", pl.Date(), dt.date(2024, 2, 29)),
    Override("date-as-text", "date", "'2024-02-29'", pl.String(), "2024-02-29"),
    Override("uuid-as-text", "uniqueidentifier", "'0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'", pl.String(), str(A_UUID)),
    Override(
        "timestamp-as-ms",
        "datetime2(3)",
        "'2024-02-29 00:00:00.001'",
        pl.Datetime("ms"),
        dt.datetime(2024, 2, 29, 0, 0, 0, 1000),
    ),
    Override("timestamp-as-date", "datetime2(3)", "'2024-02-29 00:00:00'", pl.Date(), dt.date(2024, 2, 29)),
)

REFUSED_OVERRIDES = (
    Override("int-overflows", "bigint", "128", pl.Int8()),
    Override("negative-into-unsigned", "bigint", "-1", pl.UInt64()),
    Override("int-not-exact-as-float", "bigint", "9007199254740993", pl.Float64()),
    Override("int-not-a-boolean", "bigint", "2", pl.Boolean()),
    Override("float-has-a-fraction", "float", "3.5", pl.Int64()),
    Override("float-rounds-as-float32", "float", "0.1", pl.Float32()),
    Override("text-is-not-a-number", "nvarchar(20)", "'x'", pl.Int64()),
    Override("text-is-not-a-date", "nvarchar(20)", "'2024-02-30'", pl.Date()),
    Override("timestamp-is-not-midnight", "datetime2(0)", "'2024-02-29 12:00:00'", pl.Date()),
)

VIOLATIONS = (
    Violation(
        "unique",
        ("CREATE TABLE v (id bigint, mail nvarchar(100) CONSTRAINT one_mail UNIQUE)", "INSERT INTO v VALUES (1, 'a')"),
        "INSERT INTO v VALUES (2, 'a')",
        idb.UniqueViolationError,
        {"code": "2627", "table_name": "v", "constraint_name": "one_mail"},
    ),
    Violation(
        "primary-key",
        ("CREATE TABLE v (id bigint CONSTRAINT one_id PRIMARY KEY)", "INSERT INTO v VALUES (1)"),
        "INSERT INTO v VALUES (1)",
        idb.UniqueViolationError,
        {"code": "2627", "table_name": "v", "constraint_name": "one_id"},
    ),
    Violation(
        "unique-index",
        ("CREATE TABLE v (id bigint)", "CREATE UNIQUE INDEX one_id ON v (id)", "INSERT INTO v VALUES (1)"),
        "INSERT INTO v VALUES (1)",
        idb.UniqueViolationError,
        {"code": "2601", "table_name": "v", "constraint_name": "one_id"},
    ),
    Violation(
        "foreign-key",
        ("CREATE TABLE p (id bigint PRIMARY KEY)", "CREATE TABLE v (p bigint CONSTRAINT to_p REFERENCES p (id))"),
        "INSERT INTO v VALUES (1)",
        idb.ForeignKeyViolationError,
        {"code": "547", "constraint_name": "to_p"},
    ),
    Violation(
        "not-null",
        ("CREATE TABLE v (id bigint NOT NULL)",),
        "INSERT INTO v VALUES (NULL)",
        idb.NotNullViolationError,
        {"code": "515", "table_name": "v", "column_name": "id"},
    ),
    Violation(
        "check",
        ("CREATE TABLE v (age bigint CONSTRAINT adult CHECK (age >= 18))",),
        "INSERT INTO v VALUES (17)",
        idb.CheckViolationError,
        {"code": "547", "constraint_name": "adult"},
    ),
)

PLAIN = Backend(
    name="mssql",
    unavailable=functools.partial(unavailable, "plain"),
    database=functools.partial(database, tls="plain"),
    spellings=SPELLINGS,
    quote=lambda name: "[" + name.replace("]", "]]") + "]",
    default_schema="dbo",
    series="(SELECT value AS i FROM GENERATE_SERIES(CAST(1 AS bigint), CAST({n} AS bigint)))",
    endless=(
        "SELECT COUNT_BIG(*) AS c FROM GENERATE_SERIES(1, 2000000000) AS a CROSS JOIN GENERATE_SERIES(1, 1000) AS b"
    ),
    # The server sends whole packets: the first rows fill some.
    stalling=(
        "SELECT REPLICATE(N'x', 4000) AS c FROM GENERATE_SERIES(1, 40) UNION ALL SELECT N'last' FROM "
        "GENERATE_SERIES(1, 2000000000) AS a CROSS JOIN GENERATE_SERIES(1, 1000) AS b WHERE a.value + b.value < 0"
    ),
    unreachable=lambda _: "mssql://sa:x@127.0.0.1:1/master?encrypt=false",
    misspelt_option=("aplication_name", "application_name"),
    isolations=("read uncommitted", "read committed", "repeatable read", "serializable", "snapshot"),
    read_only=False,
    closes_when_cut=True,
    syntax_code="2812",
    missing_table_code="208",
    types=TYPES,
    expressions=EXPRESSIONS,
    binds=BINDS,
    unbindable=UNBINDABLE,
    placeholders=PLACEHOLDERS,
    round_trips=ROUND_TRIPS,
    refused_columns=REFUSED_COLUMNS,
    overrides=OVERRIDES,
    refused_overrides=REFUSED_OVERRIDES,
    violations=VIOLATIONS,
    statements=(
        "EXEC sp_describe_first_result_set N'SELECT 1 AS a'",
        "SELECT name FROM sys.schemas",
        "DECLARE @a int = 1 SELECT @a AS a",
        "IF 1 = 1 SELECT 1 AS a ELSE SELECT 2 AS a",
    ),
)

ENCRYPTED = replace(
    PLAIN,
    version="tls",
    unavailable=functools.partial(unavailable, "all"),
    database=functools.partial(database, tls="all"),
)

BACKENDS = (PLAIN, ENCRYPTED)
