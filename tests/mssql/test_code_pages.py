"""Text in the code pages of collations: what a server sends as bytes arrives as what they mean, or not at all."""

from __future__ import annotations

import struct

import polars as pl
import pytest

import industrydb as idb
from tests.tds.server import Server
from tests.tds.wire import tokens

pytestmark = pytest.mark.backend("mssql")

QUERY = "SELECT v FROM elsewhere"
BIG_VARCHAR, NULLABLE = 0xA7, 0x09

COLLATIONS = [
    # Windows collations: a locale, and 0 for the sort order ([MS-TDS] 2.2.5.1.2; Windows Language Code Identifiers).
    ("Latin1_General", 0x0409, 0, "cp1252", "déjà vu – “€” ž"),  # noqa: RUF001 - characters of the code page
    ("Polish", 0x0415, 0, "cp1250", "zażółć gęślą jaźń"),
    ("Cyrillic_General", 0x0419, 0, "cp1251", "Съешь же ещё"),
    ("Greek", 0x0408, 0, "cp1253", "ξεσκεπάζω"),
    ("Turkish", 0x041F, 0, "cp1254", "pijamalı ğüşİ"),  # noqa: RUF001 - as above
    ("Hebrew", 0x040D, 0, "cp1255", "דג סקרן"),
    ("Arabic", 0x0401, 0, "cp1256", "نص حكيم"),
    ("Estonian", 0x0425, 0, "cp1257", "õäöü šž"),
    ("Vietnamese", 0x042A, 0, "cp1258", "Việt".replace("ệ", "ê\u0323")),
    ("Thai", 0x041E, 0, "cp874", "เป็นมนุษย์"),
    ("Japanese", 0x0411, 0, "cp932", "日本語テキスト"),
    ("Chinese_PRC", 0x0804, 0, "cp936", "简体中文"),
    ("Chinese_Taiwan", 0x0404, 0, "cp950", "繁體中文"),
    ("Korean_Wansung", 0x0412, 0, "cp949", "한국어"),
    # Collations of SQL Server's own: the sort order says the code page.
    ("SQL_Latin1_General_CP1_CI_AS", 0x0409, 0x34, "cp1252", "café €"),
    ("SQL_Latin1_General_CP1251_CI_AS", 0x0409, 0x6A, "cp1251", "текст"),
]


def answer(locale: int, sort: int, values: list[bytes | None]) -> bytes:
    """A result set of one varchar column."""
    collation = struct.pack("<IB", 0xD00000 | locale, sort)
    info = bytes((BIG_VARCHAR,)) + struct.pack("<H", 8_000) + collation
    columns = b"\x81" + struct.pack("<HIH", 1, 0, NULLABLE) + info + tokens.b_varchar("v")
    rows = [b"\xd1" + (b"\xff\xff" if value is None else struct.pack("<H", len(value)) + value) for value in values]
    return columns + b"".join(rows) + tokens.done(tokens.DONE, tokens.COUNT, tokens.COMMAND_SELECT, len(values))


@pytest.mark.parametrize(
    ("locale", "sort", "codec", "text"), [row[1:] for row in COLLATIONS], ids=[row[0] for row in COLLATIONS]
)
def test_a_code_page(server: Server, ms: idb.Connection, locale: int, sort: int, codec: str, text: str) -> None:
    server.faults.responses[QUERY] = answer(locale, sort, [text.encode(codec), None, b"", b"plain"])
    frame = ms.execute(QUERY)
    assert frame.schema == {"v": pl.String}
    assert frame["v"].to_list() == [text, None, "", "plain"]


@pytest.mark.parametrize(
    ("locale", "sort", "data"),
    [(0x0411, 0, b"\x81"), (0x0409, 30, b"\x82"), (0x0FFF, 0, b"x")],
    ids=["not-of-the-code-page", "code-page-437", "no-such-locale"],
)
def test_what_cannot_be_read_is_an_error(
    server: Server, ms: idb.Connection, locale: int, sort: int, data: bytes
) -> None:
    server.faults.responses[QUERY] = answer(locale, sort, [data])
    with pytest.raises(idb.DataConversionError, match="code page") as caught:
        ms.execute(QUERY)
    assert "nvarchar" in (caught.value.hint or "")
    assert 'column "v", row 0' in str(caught.value)
    assert ms.execute("SELECT 1 AS a").item() == 1
