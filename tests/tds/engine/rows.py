"""Rows on their way into a table: what each column demands, and the errors that say so."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.tds.engine import convert
from tests.tds.engine.bound import type_number
from tests.tds.engine.catalog import Check, Column, ForeignKey, Key, Object
from tests.tds.engine.storage import load
from tests.tds.errors import SqlError
from tests.tds.types import BYTES, MAX, TEXTS, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

Row = tuple[Any, ...]
KEY_BYTES = 1700
"""The longest key of an index."""


def unlimited(type_: SqlType) -> SqlType:
    """The type that a value is converted to before its length is looked at."""
    if type_.name in {"char", "varchar"}:
        return SqlType("varchar", MAX, collation=type_.collation)
    if type_.name in {"nchar", "nvarchar"}:
        return SqlType("nvarchar", MAX, collation=type_.collation)
    if type_.name in {"binary", "varbinary"}:
        return SqlType("varbinary", MAX)
    return type_


def name_of(table: Object) -> str:
    """As 515 and 2628 name a table: database.schema.table."""
    return f"{'tempdb' if table.temporary else table.database}.{table.schema}.{table.name}"


def is_null_refused(table: Object, column: Column, verb: str) -> SqlError:
    """515."""
    text = f"Cannot insert the value NULL into column '{column.name}', table '{name_of(table)}'; column does not allow nulls. {verb} fails."
    return SqlError(515, text, 16, 2)


def too_long(table: Object, column: Column, value: Any) -> SqlError:
    """2628 for texts, which shows how they begin; 8152 for binaries."""
    shown = value[: column.type.length] if isinstance(value, str) else ""
    text = f"String or binary data would be truncated in table '{name_of(table)}', column '{column.name}'. Truncated value: '{shown}'."
    return SqlError(2628, text)


@dataclass(slots=True)
class Target:
    """A table that rows go into."""

    session: Session
    table: Object
    verb: str = "INSERT"

    @property
    def stored(self) -> list[Column]:
        """The columns that SQLite keeps."""
        return [column for column in self.table.columns if column.stored]

    def finisher(self, column: Column) -> Callable[[Any], Any]:
        """What checks a stored value of the unlimited type, and fills it up."""
        table, verb, type_ = self.table, self.verb, column.type
        measured = type_.name in {"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"} and type_.length != MAX
        filled = type_.name in {"char", "nchar", "binary"}

        def finish(value: Any) -> Any:
            if value is None:
                if not column.nullable:
                    raise is_null_refused(table, column, verb)
                return None
            if measured and convert.is_longer(value, type_):
                raise too_long(table, column, value)
            if measured and type_.name in BYTES:
                return value[: type_.length].ljust(type_.length if filled else 0, b"\0")
            if measured and (filled or len(value) > type_.length // 2):
                return convert.fitted(value, type_) if type_.name in TEXTS else value
            return value

        return finish

    def finished(self, rows: Iterable[Row]) -> list[Row]:
        """Rows of all stored columns, checked."""
        finishers: list[tuple[int, Callable[[Any], Any]]] = []
        for at, column in enumerate(self.stored):
            type_ = column.type
            plain = column.nullable and (
                type_.length in {0, MAX} or (type_.name not in TEXTS and type_.name not in BYTES)
            )
            if not plain:
                finishers.append((at, self.finisher(column)))
        if not finishers:
            return list(rows)
        found: list[Row] = []
        for row in rows:
            values = list(row)
            for at, finish in finishers:
                values[at] = finish(values[at])
            found.append(tuple(values))
        return found

    def insert(self, rows: list[Row], rowids: Sequence[int] = ()) -> list[Row]:
        """Stores rows, checked already; under their old numbers if they have some. Gives those that were stored: a new
        one that is there already is left out, if its index has IGNORE_DUP_KEY.

        Raises:
            SqlError: 2627, 2601, 547.
        """
        columns = [f"c{column.id}" for column in self.stored]
        if rowids:
            columns = ["rowid", *columns]
            rows = [(rowid, *row) for rowid, row in zip(rowids, rows, strict=True)]
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {self.table.storage} ({', '.join(columns)}) VALUES ({marks})"
        db = self.session.db
        if not rowids and any(key.ignores_duplicates for key in self.table.keys):
            return self.insert_new(rows, sql)
        try:
            db.executemany(sql, rows)
        except sqlite3.IntegrityError as error:
            raise self.violation(str(error), sql, rows, numbered=bool(rowids)) from None
        except UnicodeEncodeError:
            raise SqlError(50000, "The TDS test server refuses: half a surrogate pair.", ends="batch") from None
        return rows

    def insert_new(self, rows: list[Row], sql: str) -> list[Row]:
        """Stores the rows that are not there by an index with IGNORE_DUP_KEY."""
        stored: list[Row] = []
        for row in rows:
            try:
                self.session.db.execute(sql, row)
            except sqlite3.IntegrityError as error:
                key = self.broken(str(error))
                if key is None or not key.ignores_duplicates:
                    raise self.violation(str(error), sql, [row], numbered=False) from None
            else:
                stored.append(row)
        return stored

    def broken(self, text: str) -> Key | None:
        """The key that a message of SQLite is about."""
        match = re.search(r"index 'k(\d+)'", text)
        if match:
            return next(key for key in self.table.keys if key.id == int(match.group(1)))
        ids = tuple(int(number) for number in re.findall(r"\.c(\d+)", text))
        return next((key for key in self.table.keys if key.unique and key.columns == ids), None)

    def violation(self, text: str, sql: str, rows: list[Row], *, numbered: bool) -> SqlError:
        """What a constraint of SQLite stands for; the row is found by trying again, one by one."""
        db = self.session.db
        bad: Row = ()
        db.execute("ROLLBACK TO statement") if not numbered else None
        for row in rows if not numbered else []:
            try:
                db.execute(sql, row)
            except sqlite3.IntegrityError as error:
                text, bad = str(error), row
                break
        match = re.search(r"CHECK constraint failed: k(\d+)", text)
        if match:
            found = next(check for check in self.table.checks if check.id == int(match.group(1)))
            return check_failed(self.table, found, self.verb)
        key = self.broken(text)
        assert key is not None
        stored = [column.id for column in self.stored]
        values = [bad[stored.index(number)] for number in key.columns] if bad else []
        return duplicate(self.table, key, values)


def shown(value: Any, type_: SqlType) -> str:
    """A value in an error message."""
    if value is None:
        return "<NULL>"
    return str(convert.convert(load(value, type_), type_, SqlType("nvarchar", 4000), 121))


def duplicate(table: Object, key: Key, values: Sequence[Any]) -> SqlError:
    """2627 of a constraint, 2601 of an index."""
    inside = ", ".join(
        shown(value, table.by_id(number).type) for number, value in zip(key.columns, values, strict=False)
    )
    tail = f" The duplicate key value is ({inside})." if values else ""
    if key.kind == "INDEX":
        text = f"Cannot insert duplicate key row in object '{table.full_name}' with unique index '{key.name}'.{tail}"
        return SqlError(2601, text, 14)
    text = f"Violation of {key.kind} constraint '{key.name}'. Cannot insert duplicate key in object '{table.full_name}'.{tail}"
    return SqlError(2627, text.replace("UNIQUE constraint", "UNIQUE KEY constraint"), 14)


def check_failed(table: Object, check: Check, verb: str) -> SqlError:
    """547 of a CHECK."""
    column = f", column '{table.by_id(check.column).name}'" if check.column else ""
    text = (
        f'The {verb} statement conflicted with the CHECK constraint "{check.name}". The conflict occurred in database '
        f'"{table.database}", table "{table.full_name}"{column}.'
    )
    return SqlError(547, text, 16, 0)


def foreign_failed(key: ForeignKey, where: Object, columns: Sequence[int], verb: str, kind: str) -> SqlError:
    """547 of a FOREIGN KEY; `kind` is FOREIGN KEY, or REFERENCE seen from the table that is referred to."""
    column = f", column '{where.by_id(columns[0]).name}'" if len(columns) == 1 else ""
    text = (
        f'The {verb} statement conflicted with the {kind} constraint "{key.name}". The conflict occurred in database '
        f'"{where.database}", table "{where.full_name}"{column}.'
    )
    return SqlError(547, text, 16, 0)


def orphan(session: Session, child: Object, key: ForeignKey) -> bool:
    """Whether a row refers to one that is not there."""
    parent = session.catalog.get(key.table)
    assert parent is not None
    present = " AND ".join(f"a.c{column} IS NOT NULL" for column in key.columns)
    same = " AND ".join(f"b.c{b} = a.c{a}" for a, b in zip(key.columns, key.referenced, strict=True))
    sql = f"SELECT 1 FROM {child.storage} AS a WHERE {present} AND NOT EXISTS (SELECT 1 FROM {parent.storage} AS b WHERE {same}) LIMIT 1"
    return session.execute(sql, {}).fetchone() is not None


def check_own_keys(session: Session, table: Object, verb: str) -> None:
    """The foreign keys of a table after rows came or changed.

    Raises:
        SqlError: 547.
    """
    for key in table.foreign:
        if orphan(session, table, key):
            parent = session.catalog.get(key.table)
            assert parent is not None
            kind = "FOREIGN KEY SAME TABLE" if parent.id == table.id else "FOREIGN KEY"
            raise foreign_failed(key, parent, key.referenced, verb, kind)


def referring(session: Session, table: Object) -> list[tuple[Object, ForeignKey]]:
    """The foreign keys that refer to a table."""
    if table.temporary:
        return []
    return [
        (item, key)
        for item in session.catalog.all()
        if item.kind == "U"
        for key in item.foreign
        if key.table == table.id
    ]


def check_referring(session: Session, table: Object, verb: str) -> None:
    """The foreign keys to a table after rows went or changed: they cascade or fail.

    Raises:
        SqlError: 547.
    """
    for child, key in referring(session, table):
        if not orphan(session, child, key):
            continue
        if key.on_delete == "NO_ACTION" or verb != "DELETE":
            kind = "SAME TABLE REFERENCE" if child.id == table.id else "REFERENCE"
            raise foreign_failed(key, child, key.columns, verb, kind)
        present = " AND ".join(f"c{column} IS NOT NULL" for column in key.columns)
        same = " AND ".join(
            f"b.c{b} = {child.storage}.c{a}" for a, b in zip(key.columns, key.referenced, strict=True)
        ).replace("main.", "")
        lost = f"{present} AND NOT EXISTS (SELECT 1 FROM {table.storage} AS b WHERE {same})"
        if key.on_delete == "CASCADE":
            session.execute(f"DELETE FROM {child.storage} WHERE {lost}", {})
            check_referring(session, child, verb)
        else:
            nulls = ", ".join(f"c{column} = NULL" for column in key.columns)
            session.execute(f"UPDATE {child.storage} SET {nulls} WHERE {lost}", {})


__all__ = ["Target", "check_own_keys", "check_referring", "referring", "type_number", "unlimited"]
