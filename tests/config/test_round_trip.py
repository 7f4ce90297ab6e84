"""Any configuration goes through a URI, a dict, pickle and copy, and comes back equal."""

from __future__ import annotations

import copy
import pickle
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from industrydb import ConfigurationError, DatabaseConfig
from tests.config.backends import SHAPES, Shape, any_text, arguments

configurations = st.sampled_from(SHAPES).flatmap(lambda shape: st.tuples(st.just(shape), arguments(shape)))


@given(configurations)
def test_fields_and_options_read_back(configuration: tuple[Shape, dict[str, Any]]) -> None:
    shape, given_ = configuration
    config = DatabaseConfig.from_dict({"db_type": shape.name, **given_})
    assert config == DatabaseConfig(shape.name, **given_)
    assert config.to_dict() == {"db_type": shape.name, **given_}
    fields = (*shape.text_fields, "port")
    assert {name: getattr(config, name) for name in fields} == {name: given_.get(name) for name in fields}
    assert config.options == {name: value for name, value in given_.items() if name not in fields}


@given(configurations)
def test_round_trips(configuration: tuple[Shape, dict[str, Any]]) -> None:
    shape, given_ = configuration
    config = DatabaseConfig.from_dict({"db_type": shape.name, **given_})
    for again in (
        DatabaseConfig.from_uri(config.to_uri()),
        DatabaseConfig.from_dict(config.to_dict()),
        pickle.loads(pickle.dumps(config)),
        copy.copy(config),
        copy.deepcopy(config),
    ):
        assert again == config
        assert hash(again) == hash(config)
        assert again.to_dict() == config.to_dict()


@given(st.text())
def test_no_text_is_read_in_an_unexpected_way(text: str) -> None:
    """A text is a configuration that round-trips, or a `ConfigurationError`; nothing else happens."""
    _try(text)


@given(
    st.sampled_from(
        ["postgresql://", "postgres://", "sqlite://", "sqlite:", "mssql://", "sqlserver://", "host=", "Server="]
    ),
    st.lists(st.sampled_from([*"@:/?#&=%,;[]{}'\"\\ ", "%41", "a", "1", "user", "port", "sslmode", "Pwd", "::1"])),
)
def test_no_malformed_uri_is_read_in_an_unexpected_way(start: str, parts: list[str]) -> None:
    _try(start + "".join(parts))


def _try(text: str) -> None:
    try:
        config = DatabaseConfig.from_uri(text)
    except ConfigurationError:
        return
    assert DatabaseConfig.from_uri(config.to_uri()) == config


@given(any_text, any_text)
def test_equal_means_the_same_fields(a: str, b: str) -> None:
    one, other = DatabaseConfig("postgres", password=a), DatabaseConfig("postgres", password=b)
    assert (one == other) == (a == b)
    assert one != DatabaseConfig("mssql", password=a)
    assert one != a


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_aliases_of_a_backend(shape: Shape) -> None:
    required = dict.fromkeys(shape.required, "x")
    for alias in shape.aliases:
        config = DatabaseConfig.from_dict({"type": alias, **required})
        assert config.db_type == shape.name
        assert config == DatabaseConfig.from_dict({"db_type": shape.name, **required})


def test_values_have_one_spelling() -> None:
    assert DatabaseConfig("sqlite", path="x", timeout=5) == DatabaseConfig("sqlite", path="x", timeout="5.0")
    assert DatabaseConfig("sqlite", path="x", strict=True) == DatabaseConfig("sqlite", path="x", strict="yes")
    assert DatabaseConfig("postgres", port=5432) == DatabaseConfig.from_dict({"type": "postgres", "port": "5432"})
    assert DatabaseConfig("mssql", encrypt=True).options == {"encrypt": "true"}
    assert DatabaseConfig("mssql", trusted_connection=True) == DatabaseConfig("mssql", integrated_security="SSPI")


def test_none_is_not_given() -> None:
    config = DatabaseConfig("postgres", host=None, sslmode=None)
    assert config == DatabaseConfig("postgres")
    assert config.to_dict() == {"db_type": "postgres"}


def test_a_path_may_be_an_object() -> None:
    assert DatabaseConfig("sqlite", path=PurePosixPath("/a/b.db")).path == "/a/b.db"
    config = DatabaseConfig.from_dict({"type": "postgres", "sslrootcert": PurePosixPath("/a")})
    assert config.options == {"sslrootcert": "/a"}


def test_options_are_a_copy() -> None:
    config = DatabaseConfig("sqlite", path="x", strict=True)
    config.options["strict"] = False
    assert config.options == {"strict": True}


def test_a_configuration_cannot_be_changed() -> None:
    config: Any = DatabaseConfig("sqlite", path="x")
    with pytest.raises(AttributeError):
        config.path = "y"
