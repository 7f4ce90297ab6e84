"""Four independent clients of SQL Server, who say whether the test server is one: FreeTDS by pymssql and by `tsql`, Microsoft's
ODBC driver by mssql-python, and python-tds."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import mssql_python
import pymssql
import pytds  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

from tests.tds.process import Address

Tls = Literal["plain", "login", "all"]
"""What is encrypted: nothing, the login, or everything."""


@dataclass(frozen=True, slots=True)
class Client:
    """A DB-API module with its own way to say where the server is."""

    name: str
    open: Callable[[Address, Tls, str], Any]
    """Opens a connection in autocommit; the last argument is a file with the authority's certificate."""
    mark: str
    """Its placeholder."""
    unreadable: frozenset[str] = frozenset()
    """Types whose values it hands over as raw bytes."""

    def __str__(self) -> str:
        """In the ids of tests."""
        return self.name

    def query(self, connection: Any, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of the last result set; none for a statement without one."""
        with closing(connection.cursor()) as cursor:
            if parameters:
                cursor.execute(sql.replace("?", self.mark), tuple(parameters))
            else:
                cursor.execute(sql)
            found: list[tuple[Any, ...]] = []
            while True:
                if cursor.description:
                    found = [tuple(row) for row in cursor.fetchall()]
                if not cursor.nextset():
                    return found


def _mssql(address: Address, tls: Tls, authority: str) -> Any:
    """Microsoft's driver; TLS for the login alone is what the server and it agree on without `Encrypt`."""
    del authority
    encrypt = "yes" if tls == "all" else "no"
    parts = (
        f"Server={address.host},{address.port};Database={address.database};UID={address.user};PWD={{{address.password}}};"
        f"Encrypt={encrypt};TrustServerCertificate=yes"
    )
    return mssql_python.connect(parts, autocommit=True)


def _pymssql(address: Address, tls: Tls, authority: str) -> Any:
    """FreeTDS: `request` takes what the server has."""
    del authority
    return pymssql.connect(
        server=address.host,
        port=str(address.port),
        user=address.user,
        password=address.password,
        database=address.database,
        autocommit=True,
        login_timeout=20,
        encryption={"plain": "off", "login": "request", "all": "require"}[tls],
    )


def _pytds(address: Address, tls: Tls, authority: str) -> Any:
    """python-tds; the host's name is not checked, which newer releases of pyOpenSSL do not let it do."""
    options: dict[str, Any] = {}
    if tls != "plain":
        options = {"cafile": authority, "validate_host": False, "enc_login_only": tls == "login"}
    return pytds.connect(
        address.host,
        address.database,
        address.user,
        address.password,
        port=address.port,
        autocommit=True,
        login_timeout=20,
        use_tz=None,
        **options,
    )


PYMSSQL = Client("pymssql", _pymssql, "%s", frozenset({"sql_variant"}))
MSSQL = Client("mssql-python", _mssql, "?")
PYTDS = Client("python-tds", _pytds, "%s")
CLIENTS = (PYMSSQL, MSSQL, PYTDS)

TSQL = shutil.which("tsql")
"""FreeTDS' program, where it is installed."""


def tsql(address: Address, tls: Tls, batches: Sequence[str], directory: Path) -> list[str]:
    """The lines that `tsql` prints for batches, cells between `|`.

    Args:
        directory: for its configuration, which is where it takes the encryption from.

    Raises:
        AssertionError: if it says anything of an error.
    """
    assert TSQL is not None
    configuration = directory / f"freetds-{tls}.conf"
    encryption = {"plain": "off", "login": "request", "all": "require"}[tls]
    configuration.write_text(
        f"[global]\ntds version = 7.4\nencryption = {encryption}\nclient charset = UTF-8\ntext size = 2147483647\n"
    )
    command = [TSQL, "-H", address.host, "-p", str(address.port), "-U", address.user, "-P", address.password]
    script = "".join(f"{batch}\ngo\n" for batch in (f"USE {address.database}", *batches)) + "exit\n"
    done = subprocess.run(
        [*command, "-o", "fhq", "-t", "|"],
        input=script,
        env={**os.environ, "FREETDSCONF": str(configuration)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if "Msg" in line and "severity 0" not in line]
    assert not said, done.stderr
    return done.stdout.splitlines()
