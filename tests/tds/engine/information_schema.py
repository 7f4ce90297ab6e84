"""The rows of the views of INFORMATION_SCHEMA."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.tds.engine import answers, catalog_views, meta
from tests.tds.engine.catalog import Object
from tests.tds.engine.catalog_views import Row, real

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def tables(session: Session, items: list[Object]) -> Iterator[Row]:
    """TABLES."""
    del session
    for item in real(items, "UV"):
        yield [item.database, item.schema, item.name, "BASE TABLE" if item.kind == "U" else "VIEW"]


def columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """COLUMNS."""
    del session
    for item in real(items, "UV"):
        for at, column in enumerate(item.columns, 1):
            type_ = column.type
            precision, scale = meta.precision_scale(type_)
            name = type_.name
            sized = "char" in name or "binary" in name or name in {"text", "ntext", "image", "xml"}
            octets = {"text": 2147483647, "image": 2147483647, "ntext": 2147483646}.get(name, type_.max_length)
            characters = {"ntext": 1073741823}.get(
                name, octets // 2 if name in {"nchar", "nvarchar"} and octets > 0 else octets
            )
            number = "int" in name or name in {"decimal", "numeric", "money", "smallmoney", "float", "real"}
            radix = None if not number else 2 if name in {"float", "real"} else 10
            moment = (
                type_.scale
                if name in {"time", "datetime2", "datetimeoffset"}
                else {"datetime": 3, "smalldatetime": 0, "date": 0}.get(name)
            )
            yield [
                item.database, item.schema, item.name, column.name, at, column.default or None,
                "YES" if column.nullable else "NO", name, characters if sized else None, octets if sized else None,
                precision if number else None, radix, scale if number and radix == 10 else None, moment, None, None,
                "iso_1" if meta.collation(type_) and name[0] != "n" else "UNICODE" if meta.collation(type_) else None,
                None, None, meta.collation(type_), None, None, None,
            ]  # fmt: skip


def constraints(session: Session, items: list[Object]) -> Iterator[Row]:
    """TABLE_CONSTRAINTS."""
    del session
    kinds = {"PK": "PRIMARY KEY", "UQ": "UNIQUE", "C": "CHECK", "F": "FOREIGN KEY"}
    for item in real(items, "U"):
        for constraint, letter in answers.constraints(item):
            yield [
                item.database,
                item.schema,
                constraint.name,
                item.database,
                item.schema,
                item.name,
                kinds[letter],
                "NO",
                "NO",
            ]


def keys(session: Session, items: list[Object]) -> Iterator[Row]:
    """KEY_COLUMN_USAGE."""
    del session
    for item in real(items, "U"):
        for constraint, letter in answers.constraints(item):
            for at, number in enumerate(constraint.columns if letter != "C" else (), 1):
                yield [
                    item.database,
                    item.schema,
                    constraint.name,
                    item.database,
                    item.schema,
                    item.name,
                    item.by_id(number).name,
                    at,
                ]


def usage(session: Session, items: list[Object]) -> Iterator[Row]:
    """CONSTRAINT_COLUMN_USAGE."""
    for row in keys(session, items):
        yield [*row[3:7], *row[:3]]


def references(session: Session, items: list[Object]) -> Iterator[Row]:
    """REFERENTIAL_CONSTRAINTS."""
    for item in real(items, "U"):
        for key in item.foreign:
            parent = session.catalog.get(key.table)
            assert parent is not None
            unique = next(
                known.name for known in parent.keys if known.unique and set(known.columns) == set(key.referenced)
            )
            rule = key.on_delete.replace("_", " ")
            yield [
                item.database,
                item.schema,
                key.name,
                parent.database,
                parent.schema,
                unique,
                "SIMPLE",
                "NO ACTION",
                rule,
            ]


def views(session: Session, items: list[Object]) -> Iterator[Row]:
    """VIEWS."""
    del session
    for item in real(items, "V"):
        yield [item.database, item.schema, item.name, item.text, "NONE", "NO"]


def schemata(session: Session, items: list[Object]) -> Iterator[Row]:
    """SCHEMATA."""
    for name, _, _ in catalog_views.schemata(session, items):
        yield [session.database, name, "dbo", None, None, "iso_1"]


def checks(session: Session, items: list[Object]) -> Iterator[Row]:
    """CHECK_CONSTRAINTS."""
    del session
    for item in real(items, "U"):
        for check in item.checks:
            yield [item.database, item.schema, check.name, check.text]


def routines(session: Session, items: list[Object]) -> Iterator[Row]:
    """ROUTINES."""
    del session
    for item in real(items, "P"):
        yield [item.database, item.schema, item.name, item.database, item.schema, item.name, "PROCEDURE", item.text]
