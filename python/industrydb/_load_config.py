"""Connections from a TOML file."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from industrydb._industrydb import DatabaseConfig
from industrydb.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["load_config"]

_REFERENCE = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<bad>\$\{)")


def load_config(path: str | os.PathLike[str]) -> dict[str, DatabaseConfig]:
    """The connections of a TOML file, by name, in the file's order.

    Each table `[connections.NAME]` has the keys that `DatabaseConfig.from_dict` takes, or the key `uri` alone::

        [connections.flights]
        db_type = "sqlite"
        path = "flights.db"

        [connections.warehouse]
        uri = "postgresql://etl:${WAREHOUSE_PASSWORD}@db.example.com/warehouse"

    `${NAME}` in a text stands for that environment variable, `$${` for `${` itself. In a `uri` the variable's value is
    percent-encoded, so that a password may hold any character; a `uri` that is one `${NAME}` and nothing else is taken
    from the variable as it is. Other tables of the file are left alone.

    Args:
        path: The file.

    Raises:
        ConfigurationError: The file can't be read or is no TOML, it has no connections, or one of them is wrong: an
            unset variable, an unknown or missing key, a bad value. The message names the connection and the key.
    """
    file = os.fspath(path)
    document = _read(file)
    connections = document.get("connections")
    if not isinstance(connections, dict):
        raise ConfigurationError(f"{file}: there is no table [connections.NAME]")
    tables = cast("dict[str, object]", connections)
    return {name: _connection(f"{file}: connection {name!r}", table) for name, table in tables.items()}


def _read(file: str) -> dict[str, Any]:
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from error
    # Errors of both kinds may carry the whole document along, and with it its passwords: not even the context of ours
    # may hold one, so it is raised after them.
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        problem = "it is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
    raise ConfigurationError(f"{file}: not valid TOML: {problem}")


def _connection(where: str, table: object) -> DatabaseConfig:
    try:
        return _config(table)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error.message}", backend=error.backend) from None


def _config(table: object) -> DatabaseConfig:
    if not isinstance(table, dict):
        raise ConfigurationError("must be a table of keys")
    keys = cast("dict[str, Any]", table)
    if "uri" in keys:
        return DatabaseConfig.from_uri(_uri(keys))
    return DatabaseConfig.from_dict({key: _expanded(key, value) for key, value in keys.items()})


def _uri(table: dict[str, Any]) -> str:
    uri = table["uri"]
    others = sorted(table.keys() - {"uri"})
    if others:
        raise ConfigurationError(f"key 'uri' goes without others, here {', '.join(map(repr, others))}")
    if not isinstance(uri, str):
        raise ConfigurationError("key 'uri' must be text")
    only = _REFERENCE.fullmatch(uri)
    if only and only["name"]:
        return _variable("uri", only["name"])
    if "${" in uri and "://" not in uri.partition("${")[0]:
        raise ConfigurationError("key 'uri': a variable stands after scheme:// only; otherwise use the keys themselves")
    return str(_expanded("uri", uri, _percent_encoded))


def _expanded(key: str, value: object, encode: Callable[[str], str] = str) -> object:
    """`value` with its references replaced, if it is a text."""

    def replacement(match: re.Match[str]) -> str:
        if match["escape"]:
            return "${"
        if match["bad"]:
            raise ConfigurationError(f"key {key!r}: a variable is written ${{NAME}}, and $${{ stands for ${{")
        return encode(_variable(key, match["name"]))

    return _REFERENCE.sub(replacement, value) if isinstance(value, str) else value


def _variable(key: str, name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ConfigurationError(f"key {key!r}: the environment variable {name} is not set") from None


def _percent_encoded(value: str) -> str:
    # A variable that is not UTF-8 keeps its bytes; the URI's own check then refuses them.
    return quote(value, safe="", errors="surrogateescape")
