"""Booleans, numbers, text, bytes."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from tests.conformance.backends.base import Type
from tests.conformance.backends.shared import INT64_MAX, INT64_MIN

INFINITY = float("inf")
NINES = "9" * 38

TYPES = (
    Type("BOOLEAN", pl.Boolean(), (("true", True), ("false", False), ("'yes'", True))),
    Type("SMALLINT", pl.Int16(), (("0", 0), ("-32768", -32768), ("32767", 32767))),
    Type("INTEGER", pl.Int32(), (("42", 42), ("-2147483648", -(2**31)), ("2147483647", 2**31 - 1))),
    Type("BIGINT", pl.Int64(), (("0", 0), ("-1", -1), (str(INT64_MAX), INT64_MAX), (f"'{INT64_MIN}'", INT64_MIN))),
    Type("OID", pl.UInt32(), (("0", 0), ("4294967295", 2**32 - 1))),
    Type(
        "REAL",
        pl.Float32(),
        (
            ("0.5", 0.5),
            ("-16777216", -16777216.0),
            ("'Infinity'", INFINITY),
            ("'-Infinity'", -INFINITY),
            ("'3.4028235e38'", 3.4028234663852886e38),
            ("'1e-45'", 1.401298464324817e-45),
        ),
    ),
    Type(
        "DOUBLE PRECISION",
        pl.Float64(),
        (
            ("0.1", 0.1),
            ("3", 3.0),
            ("'-1e308'", -1e308),
            ("'1.7976931348623157e308'", 1.7976931348623157e308),
            ("'5e-324'", 5e-324),
            ("'Infinity'", INFINITY),
            ("'-Infinity'", -INFINITY),
        ),
    ),
    Type(
        "NUMERIC(10, 2)",
        pl.Decimal(10, 2),
        (
            ("0", Decimal("0.00")),
            ("12.5", Decimal("12.50")),
            ("-99999999.99", Decimal("-99999999.99")),
            ("99999999.99", Decimal("99999999.99")),
            ("0.01", Decimal("0.01")),
            ("10000", Decimal("10000.00")),
            ("100000000 - 0.01", Decimal("99999999.99")),
        ),
    ),
    Type("NUMERIC(1, 0)", pl.Decimal(1, 0), (("9", Decimal(9)), ("-9", Decimal(-9)))),
    Type("NUMERIC(1, 1)", pl.Decimal(1, 1), (("0.9", Decimal("0.9")), ("-0.1", Decimal("-0.1")))),
    Type("NUMERIC(4)", pl.Decimal(4, 0), (("9999", Decimal(9999)), ("-1", Decimal(-1)))),
    Type("NUMERIC(20, 0)", pl.Decimal(20, 0), (("18446744073709551615", Decimal(2**64 - 1)),)),
    Type("NUMERIC(38, 0)", pl.Decimal(38, 0), ((NINES, Decimal(NINES)), (f"-{NINES}", Decimal(f"-{NINES}")))),
    Type(
        "NUMERIC(38, 38)",
        pl.Decimal(38, 38),
        ((f"0.{NINES}", Decimal(f"0.{NINES}")), (f"-0.{'0' * 37}1", Decimal(f"-0.{'0' * 37}1"))),
    ),
    Type(
        "NUMERIC(38, 18)",
        pl.Decimal(38, 18),
        (
            (f"{NINES[:20]}.{NINES[:18]}", Decimal(f"{NINES[:20]}.{NINES[:18]}")),
            ("0.000000000000000001", Decimal("0.000000000000000001")),
            ("10000.0001", Decimal("10000.0001")),
            ("100000000", Decimal(100000000)),
        ),
    ),
    Type("NUMERIC(5, -2)", pl.Decimal(7, 0), (("1250", Decimal(1300)), ("-9999900", Decimal(-9999900)))),
    Type(
        "TEXT",
        pl.String(),
        (
            ("''", ""),
            ("'it''s'", "it's"),
            ("'żółw 🐢'", "żółw 🐢"),
            (r"E'tab\tline\n'", "tab\tline\n"),
            (r"'back\slash'", r"back\slash"),
            ("'NULL'", "NULL"),
            ("repeat('x', 13)", "x" * 13),
            ("repeat('ü', 70000)", "ü" * 70_000),
        ),
    ),
    Type("VARCHAR(5)", pl.String(), (("'12345'", "12345"), ("'ż🐢'", "ż🐢"), ("'a '", "a "))),
    Type("CHAR(4)", pl.String(), (("'ab'", "ab  "), ("'żółw'", "żółw"), ("''", "    "))),
    Type("NAME", pl.String(), (("'a name'", "a name"), ("repeat('n', 63)", "n" * 63))),
    Type(
        "BYTEA",
        pl.Binary(),
        (
            (r"'\x'", b""),
            (r"'\x00ff10'", b"\x00\xff\x10"),
            ("'abc'::bytea", b"abc"),
            ("decode(repeat('00', 70000), 'hex')", b"\0" * 70_000),
        ),
    ),
)
