"""What a configuration of each backend may contain, for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

NETWORK_FIELDS = ("host", "database", "username", "password")


@dataclass(frozen=True)
class Shape:
    """A backend's configuration."""

    name: str
    aliases: tuple[str, ...]
    text_fields: tuple[str, ...]
    """Fields that take any text."""
    required: tuple[str, ...]
    secrets: tuple[str, ...]
    """Fields and options that are never shown."""
    texts: tuple[str, ...]
    """Options that take any text."""
    choices: dict[str, tuple[str, ...]]
    bools: tuple[str, ...]
    seconds: tuple[str, ...]
    integers: dict[str, tuple[int, int]]


SHAPES = (
    Shape(
        name="postgres",
        aliases=("postgresql", "Postgres"),
        text_fields=NETWORK_FIELDS,
        required=(),
        secrets=("password", "sslpassword"),
        texts=("application_name", "options", "search_path", "timezone", "passfile", "service", "sslrootcert"),
        choices={
            "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
            "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
            "pooler": ("none", "session", "transaction"),
        },
        bools=("keepalives",),
        seconds=("connect_timeout", "statement_timeout"),
        integers={"keepalives_idle": (0, 2**31 - 1)},
    ),
    Shape(
        name="sqlite",
        aliases=("SQLite",),
        text_fields=("path",),
        required=("path",),
        secrets=(),
        texts=("vfs",),
        choices={
            "mode": ("ro", "rw", "rwc", "memory"),
            "journal_mode": ("delete", "truncate", "persist", "memory", "wal", "off"),
            "synchronous": ("off", "normal", "full", "extra"),
        },
        bools=("foreign_keys", "strict", "immutable"),
        seconds=("timeout",),
        integers={"cache_size": (-(2**31), 2**31 - 1)},
    ),
    Shape(
        name="mssql",
        aliases=("sqlserver", "MSSQL"),
        text_fields=NETWORK_FIELDS,
        required=(),
        secrets=("password", "access_token"),
        texts=("instance", "application_name", "hostname_in_certificate"),
        choices={
            "encrypt": ("true", "false", "strict", "login"),
            "application_intent": ("readwrite", "readonly"),
            "authentication": ("sql", "token", "windows"),
            "trusted_connection": ("true", "false"),
        },
        bools=("trust_server_certificate", "truncate_100ns"),
        seconds=("connect_timeout", "query_timeout"),
        integers={"packet_size": (512, 32_767)},
    ),
)

any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(
    [
        "",
        " ",
        "@:/#%?&=+;,",
        "%40",
        "***",
        ":memory:",
        "::1",
        "[::1]",
        "a,b",
        "../x",
        "//x",
        "C:\\x",
        "a\nb",
        "\u202e",
        "🦀",
    ]
)


@st.composite
def arguments(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """Keyword arguments of a valid configuration: any text in any field, any option."""
    options: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(shape.texts + shape.secrets, any_text)
    options |= {name: st.sampled_from(words) for name, words in shape.choices.items()}
    options |= dict.fromkeys(shape.bools, st.booleans())
    options |= dict.fromkeys(shape.seconds, st.floats(0, 2_147_483) | st.integers(0, 2_147_483))
    options |= {name: st.integers(low, high) for name, (low, high) in shape.integers.items()}
    fields = dict.fromkeys(shape.text_fields, any_text)
    required = {name: fields.pop(name) for name in shape.required}
    given: dict[str, Any] = draw(st.fixed_dictionaries(required, optional={**fields, **options}))
    if "host" in shape.text_fields and draw(st.booleans()):
        given["port"] = draw(st.integers(1, 65_535))
    return given
