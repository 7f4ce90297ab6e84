"""Types as rows of data: what each literal is when three clients read it, alone, as NULL, and from a table."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import datetime as dt
import struct
import uuid
from dataclasses import dataclass
from decimal import Decimal as D  # noqa: N817 - the table below is long
from typing import Any

import pytest

from tests.tds.conftest import Session

GUID = uuid.UUID("0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0")


def zone(minutes: int) -> dt.timezone:
    """An offset."""
    return dt.timezone(dt.timedelta(minutes=minutes))


def real(value: float) -> float:
    """The nearest number of 32 bits."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type, with literals and what a client makes of them."""

    declared: str
    values: tuple[tuple[str, Any], ...]


TYPES = (
    Type("bit", (("0", False), ("1", True), ("'true'", True), ("5", True))),
    Type("tinyint", (("0", 0), ("127", 127), ("255", 255))),
    Type("smallint", (("-32768", -32768), ("32767", 32767), ("0", 0))),
    Type("int", (("-2147483648", -(2**31)), ("2147483647", 2**31 - 1), ("0", 0), ("'42'", 42))),
    Type("bigint", (("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1), ("-1", -1))),
    Type("real", (("0.5", 0.5), ("-1.5e38", real(-1.5e38)), ("1.5e-38", real(1.5e-38)), ("0.1", real(0.1)))),
    Type("float", (("0.1", 0.1), ("1.7976931348623157e308", 1.7976931348623157e308), ("-2.5", -2.5), ("2.2250738585072014e-308", 2.2250738585072014e-308))),
    Type("decimal(5, 2)", (("1.5", D("1.50")), ("-999.99", D("-999.99")), ("0", D(0)), ("1.005", D("1.01")))),
    Type("decimal(12, 2)", (("9999999999.99", D("9999999999.99")), ("-0.01", D("-0.01")))),
    Type("decimal(19, 4)", (("123456789012345.6789", D("123456789012345.6789")),)),
    Type("decimal(28, 10)", (("-123456789012345678.0123456789", D("-123456789012345678.0123456789")),)),
    Type("decimal(38, 0)", (("99999999999999999999999999999999999999", D("9" * 38)), ("-99999999999999999999999999999999999999", D("-" + "9" * 38)))),
    Type("decimal(38, 38)", (("0.12345678901234567890123456789012345678", D("0.12345678901234567890123456789012345678")),)),
    Type("numeric(10, 3)", (("1234567.891", D("1234567.891")),)),
    Type("money", (("0", D(0)), ("922337203685477.5807", D("922337203685477.5807")), ("-922337203685477.5808", D("-922337203685477.5808")), ("0.0001", D("0.0001")), ("$12.5", D("12.5")))),
    Type("smallmoney", (("214748.3647", D("214748.3647")), ("-214748.3648", D("-214748.3648")))),
    Type("date", (("'0001-01-01'", dt.date.min), ("'9999-12-31'", dt.date.max), ("'20240229'", dt.date(2024, 2, 29)))),
    Type("time(0)", (("'00:00:00'", dt.time.min), ("'23:59:59'", dt.time(23, 59, 59)), ("'12:00:00.5'", dt.time(12, 0, 1)))),
    Type("time(3)", (("'23:59:59.999'", dt.time(23, 59, 59, 999_000)), ("'01:02:03.0045'", dt.time(1, 2, 3, 5_000)))),
    Type("time(7)", (("'12:34:56.1234560'", dt.time(12, 34, 56, 123_456)), ("'1:02 PM'", dt.time(13, 2)))),
    Type("datetime", (
        ("'1753-01-01'", dt.datetime(1753, 1, 1)),
        ("'9999-12-31 23:59:59.997'", dt.datetime(9999, 12, 31, 23, 59, 59, 997_000)),
        ("'2024-02-29T12:34:56.003'", dt.datetime(2024, 2, 29, 12, 34, 56, 3_000)),
        ("'1899-12-31 23:59:59'", dt.datetime(1899, 12, 31, 23, 59, 59)),
    )),
    Type("smalldatetime", (("'1900-01-01'", dt.datetime(1900, 1, 1)), ("'2079-06-06 23:59'", dt.datetime(2079, 6, 6, 23, 59)), ("'2024-02-29 12:34:31'", dt.datetime(2024, 2, 29, 12, 35)))),
    Type("datetime2(0)", (("'2024-02-29 12:34:56.5'", dt.datetime(2024, 2, 29, 12, 34, 57)),)),
    Type("datetime2(3)", (("'2024-02-29 12:34:56.789'", dt.datetime(2024, 2, 29, 12, 34, 56, 789_000)),)),
    Type("datetime2(6)", (
        ("'0001-01-01'", dt.datetime.min),
        ("'9999-12-31 23:59:59.999999'", dt.datetime.max),
        ("'1969-12-31 23:59:59.999999'", dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)),
    )),
    Type("datetime2(7)", (("'2024-02-29 12:34:56.1234560'", dt.datetime(2024, 2, 29, 12, 34, 56, 123_456)),)),
    Type("datetimeoffset(6)", (
        ("'2024-07-01 12:00:00.123456 +05:30'", dt.datetime(2024, 7, 1, 12, 0, 0, 123_456, zone(330))),
        ("'2024-07-01 12:00:00 -08:00'", dt.datetime(2024, 7, 1, 12, tzinfo=zone(-480))),
        ("'2024-07-01T12:00:00Z'", dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)),
    )),
    Type("datetimeoffset(0)", (("'1900-01-01 00:00:00 +14:00'", dt.datetime(1900, 1, 1, tzinfo=zone(840))),)),
    Type("char(5)", (("'ab'", "ab   "), ("''", "     "), ("'abcde'", "abcde"))),
    Type("varchar(20)", (("''", ""), ("'it''s'", "it's"), ("'trailing  '", "trailing  "), ("'é€'", "é€"))),
    Type("varchar(max)", (("REPLICATE(CAST('x' AS varchar(max)), 100000)", "x" * 100_000), ("''", ""))),
    Type("nchar(4)", (("N'żó'", "żó  "),)),
    Type("nvarchar(20)", (("N'żółw 🐢'", "żółw 🐢"), ("N''", ""), ("N'東京'", "東京"), ("'plain'", "plain"))),
    Type("nvarchar(max)", (("REPLICATE(CAST(N'ż' AS nvarchar(max)), 50000)", "ż" * 50_000), ("N''", ""))),
    Type("text", (("'old text'", "old text"),)),
    Type("ntext", (("N'stary tékst'", "stary tékst"),)),
    Type("xml", (("N'<a>1</a>'", "<a>1</a>"),)),
    Type("uniqueidentifier", (("'0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'", GUID), ("'00000000-0000-0000-0000-000000000000'", uuid.UUID(int=0)))),
    Type("binary(4)", (("0x0102", b"\1\2\0\0"), ("0xFFFFFFFF", b"\xff" * 4))),
    Type("varbinary(20)", (("0x", b""), ("0x00FF10", b"\x00\xff\x10"))),
    Type("varbinary(max)", (("CAST(REPLICATE(CAST('x' AS varchar(max)), 100000) AS varbinary(max))", b"x" * 100_000), ("0x", b""))),
    Type("image", (("0xABCD", b"\xab\xcd"),)),
    Type("hierarchyid", (("CAST(0x58 AS hierarchyid)", b"\x58"),)),
    Type("sql_variant", (
        ("CAST(5 AS smallint)", 5),
        ("N'wide'", "wide"),
        ("'narrow'", "narrow"),
        ("CAST(1.25 AS decimal(5, 2))", D("1.25")),
        ("CAST('2024-02-29' AS date)", dt.date(2024, 2, 29)),
        ("CAST(0.5 AS float)", 0.5),
        ("CAST(1 AS bit)", True),
    )),
)  # fmt: skip


def read(session: Session, sql: str) -> list[Any]:
    """The first column."""
    client, connection = session
    return [row[0] for row in client.query(connection, sql)]


def test_the_table_is_long() -> None:
    assert sum(len(type_.values) for type_ in TYPES) >= 100


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.declared.replace(" ", ""))
def test_a_column(session: Session, type_: Type) -> None:
    client, connection = session
    client.query(connection, f"CREATE TABLE v (id int NOT NULL, v {type_.declared} NULL)")
    try:
        for at, (literal, _) in enumerate(type_.values):
            client.query(connection, f"INSERT INTO v VALUES ({at}, {literal})")
        client.query(connection, f"INSERT INTO v VALUES ({len(type_.values)}, NULL)")
        found = read(session, "SELECT v FROM v ORDER BY id")
        if type_.declared in client.unreadable:
            assert all(isinstance(value, bytes) for value in found[:-1])
        else:
            assert found[:-1] == [value for _, value in type_.values]
        assert found[-1] is None
        assert read(session, "SELECT v FROM v WHERE v IS NULL") == [None]
    finally:
        client.query(connection, "DROP TABLE v")


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.declared.replace(" ", ""))
def test_a_column_without_null(session: Session, type_: Type) -> None:
    client, connection = session
    client.query(connection, f"CREATE TABLE v (v {type_.declared} NOT NULL)")
    try:
        literal, value = type_.values[0]
        client.query(connection, f"INSERT INTO v VALUES ({literal})")
        found = read(session, "SELECT v FROM v")
        assert found == [value] or (type_.declared in client.unreadable and isinstance(found[0], bytes))
    finally:
        client.query(connection, "DROP TABLE v")


EXPRESSIONS: tuple[tuple[str, Any], ...] = (
    ("1", 1),
    ("2147483648", D(2147483648)),
    ("1.5", D("1.5")),
    ("0.10", D("0.10")),
    ("1e0", 1.0),
    ("'a' + 'b'", "ab"),
    ("N'ż' + 'b'", "żb"),
    ("0x01", b"\1"),
    ("5 / 2", 2),
    ("-5 / 2", -2),
    ("-5 % 3", -2),
    ("5 / 2.0", D("2.500000")),
    ("1.0 / 3", D("0.333333")),
    ("2.0 / 3", D("0.666666")),
    ("1.50 + 1", D("2.50")),
    ("1.5 * 2.25", D("3.375")),
    ("CAST(1 AS money) / 3", D("0.3333")),
    ("CAST(10 AS tinyint) + CAST(250 AS smallint)", 260),
    ("7 & 3", 3),
    ("5 ^ 1", 4),
    ("~5", -6),
    ("CAST('12' AS int) + 1", 13),
    ("'3' + 4", 7),
    ("CASE WHEN 1 = 1 THEN 1 ELSE 2.5 END", D("1.0")),
    ("COALESCE(NULL, 2)", 2),
    ("ISNULL(CAST(NULL AS varchar(2)), 'abc')", "ab"),
    ("NULLIF(1, 1)", None),
    ("IIF(2 > 1, 'y', 'n')", "y"),
    ("LEN('ab  ')", 2),
    ("DATALENGTH(N'ab')", 4),
    ("SUBSTRING('hello', 2, 3)", "ell"),
    ("LEFT('hello', 2) + RIGHT('hello', 2)", "helo"),
    ("REPLACE('banana', 'AN', 'x')", "bxxa"),
    ("CHARINDEX('L', 'hello')", 3),
    ("REPLICATE('ab', 3)", "ababab"),
    ("LTRIM(RTRIM('  a  '))", "a"),
    ("CONCAT('a', NULL, 1)", "a1"),
    ("ROUND(2.345, 2)", D("2.350")),
    ("FLOOR(-1.5)", D(-2)),
    ("CEILING(1.2)", D(2)),
    ("ABS(-3)", 3),
    ("SIGN(-3)", -1),
    ("POWER(2, 10)", 1024),
    ("SQRT(9)", 3.0),
    ("CAST(2.6 AS int)", 2),
    ("CAST(-2.5 AS decimal(3, 0))", D(-3)),
    ("CAST(1.5e0 AS decimal(5, 2))", D("1.50")),
    ("CAST(123.45 AS varchar(10))", "123.45"),
    ("CAST(1 AS varbinary(4))", b"\0\0\0\1"),
    ("CAST(0x0102 AS int)", 258),
    ("CONVERT(varchar(10), CAST('2024-02-29' AS date), 23)", "2024-02-29"),
    ("CONVERT(varchar(30), CAST('2024-02-29 12:34:56.789' AS datetime2(3)), 126)", "2024-02-29T12:34:56.789"),
    ("CONVERT(varchar(10), 0xAB, 1)", "0xAB"),
    ("TRY_CAST('x' AS int)", None),
    ("DATEADD(month, 1, CAST('2024-01-31' AS date))", dt.date(2024, 2, 29)),
    ("DATEDIFF(day, '2024-02-28', '2024-03-01')", 2),
    ("DATEPART(weekday, CAST('2024-02-29' AS date))", 5),
    ("YEAR('2024-02-29')", 2024),
    ("CAST('2024-02-29 23:59:59.9999999' AS datetime2(3))", dt.datetime(2024, 3, 1)),
    ("CAST('a' AS char(3)) + '|'", "a  |"),
    ("QUOTENAME('a]b')", "[a]]b]"),
    ("(SELECT MAX(x) FROM (VALUES (1), (3), (2)) AS t (x))", 3),
    ("(SELECT SUM(x) FROM (VALUES (1.5), (2.25)) AS t (x))", D("3.75")),
    ("(SELECT AVG(x) FROM (VALUES (1), (2)) AS t (x))", 1),
    ("(SELECT AVG(x) FROM (VALUES (1.0), (2.0)) AS t (x))", D("1.500000")),
    ("(SELECT COUNT(DISTINCT x) FROM (VALUES ('a'), ('A'), ('b')) AS t (x))", 2),
    ("(SELECT STRING_AGG(x, ',') FROM (VALUES ('a')) AS t (x))", "a"),
)


@pytest.mark.parametrize(("sql", "value"), EXPRESSIONS, ids=lambda x: str(x)[:50])
def test_an_expression(session: Session, sql: str, value: Any) -> None:
    (found,) = read(session, f"SELECT {sql} AS v")
    assert found == value
    assert type(found) is type(value)
