"""No password and no token ever shows where a person or a log could read it."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from industrydb import ConfigurationError, DatabaseConfig
from tests.config.backends import SHAPES, Shape, any_text

HUNTER = "hunter2-Zx9"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_secrets_are_hidden(shape: Shape) -> None:
    given_ = dict.fromkeys(shape.required, "x") | dict.fromkeys(shape.secrets, HUNTER)
    config = DatabaseConfig.from_dict({"db_type": shape.name, **given_})
    hidden = config.to_dict(hide_password=True)
    assert [hidden[name] for name in shape.secrets] == ["***"] * len(shape.secrets)
    for shown in (repr(config), str(config), f"{config}", config.to_uri(hide_password=True), repr(hidden)):
        assert HUNTER not in shown
        assert shown.count("***") == len(shape.secrets)
    assert [config.to_dict()[name] for name in shape.secrets] == [HUNTER] * len(shape.secrets)


@given(any_text.map(lambda text: f"{HUNTER}{text}"))
def test_any_password_is_hidden(password: str) -> None:
    config = DatabaseConfig("postgres", host="h", username="u", password=password)
    assert repr(config) == "DatabaseConfig('postgres', host='h', username='u', password='***')"
    assert config.to_uri(hide_password=True) == "postgresql://u:***@h"


def test_the_repr_can_be_read_back() -> None:
    config = DatabaseConfig("sqlite", path="it's \\ \n", timeout=0.5, strict=True, mode="ro")
    assert repr(config) == r"""DatabaseConfig('sqlite', path="it's \\ \n", mode='ro', strict=True, timeout=0.5)"""
    assert eval(repr(config)) == config


def _everything_said(error: BaseException) -> str:
    return "".join((repr(error), str(error), *traceback.format_exception(error), repr(vars(error)), repr(error.args)))


@pytest.mark.parametrize(
    "uri",
    [
        f"u:{HUNTER}@h/d",
        f"postgresql:u:{HUNTER}@h",
        f"postgrsql://u:{HUNTER}@h",
        f"postgresql://u:{HUNTER}",
        f"postgresql://u:12/{HUNTER}@h/d",
        f"postgresql://u:12?{HUNTER}@h/d",
        f"postgresql://u:12?{HUNTER}=1&x=@h/d",
        f"postgresql://u:{HUNTER}%zz@h",
        f"postgresql://u:{HUNTER}@h:port",
        f"postgresql://u:{HUNTER}@h?sslmod=require",
        f"postgresql://h?password=a&{HUNTER}=b",
        f"postgresql://h?sslpassword=a&{HUNTER}=b",
        f"mssql://h?access_token=a&{HUNTER}=b",
        f"mssql://h;user=u;password={HUNTER}",
        f"jdbc:sqlserver://h;user=u;password={HUNTER}",
        f"sqlserver://u:{HUNTER}@h,1433",
        f"host=h password=a {HUNTER}",
        f"host=h password=a {HUNTER}=b",
        f"host=h password='{HUNTER}",
        f"host=h,password={HUNTER}",
        f"Server=h;Pwd=a;{HUNTER}=b",
        f"Server=h;Pwd=a;{HUNTER}",
        f"Server=h;Pwd={{{HUNTER}",
        f"Server=h;Pwd={{a}}{HUNTER}",
        f"Server=h Uid=u Pwd={HUNTER}",
        f"postgresql://u:{HUNTER}\udc80@h",
        f"postgresql://u:{HUNTER}\0@h",
    ],
)
def test_a_malformed_uri_does_not_show_its_password(uri: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseConfig.from_uri(uri)
    # The traceback shows this file's lines, where the password is written as an expression.
    assert HUNTER not in _everything_said(caught.value)


@given(st.text("@:/?#&=%,;[] ", max_size=6), st.text("@:/?#&=%,;[] ", max_size=6))
def test_a_password_that_was_not_escaped_is_not_shown(before: str, after: str) -> None:
    try:
        config = DatabaseConfig.from_uri(f"postgresql://u:{before}{HUNTER}{after}@h/d")
        said = repr(config)
    except ConfigurationError as error:
        said = _everything_said(error)
    assert HUNTER not in said


@given(st.text("{};='\" ", max_size=6), st.text("{};='\" ", max_size=6))
def test_a_password_that_was_not_quoted_is_not_shown(before: str, after: str) -> None:
    for text in (f"Server=h;Pwd={before}{HUNTER}{after};UID=u", f"Server=h;access_token={before}{HUNTER}{after};UID=u"):
        try:
            said = repr(DatabaseConfig.from_uri(text))
        except ConfigurationError as error:
            said = _everything_said(error)
        assert HUNTER not in said.replace(text, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Server=h;Workstation=w;UID=u;PWD=p", 'has no option "Workstation"'),
        ("Server=h;UID=u;PWD=p;Workstation=w", "has no option with name 4 of the string"),
        ("Server=h;UID=u;PWD={p};Pooling=no;Workstation=w", "has no option with name 5 of the string"),
        ("host=h workstation=w password=p", 'has no option "workstation"'),
        ("host=h password=p workstation=w", "has no option with name 3 of the string"),
    ],
)
def test_an_unknown_name_is_shown_before_all_passwords_and_counted_behind_one(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseConfig.from_uri(text)
    assert said in str(caught.value)
    assert ("Workstation" in str(caught.value)) == ('"Workstation"' in said)


@pytest.mark.parametrize(
    "arguments",
    [
        {"password": f"{HUNTER}\udc80"},
        {"password": f"{HUNTER}\0"},
        {"password": HUNTER.encode()},
        {"password": [HUNTER]},
        {"password": HUNTER, "sslmod": "require"},
        {"port": HUNTER},
        {"sslmode": HUNTER},
        {"sslpassword": f"{HUNTER}\0"},
    ],
)
def test_a_wrong_argument_is_not_shown(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseConfig("postgres", **arguments)
    assert HUNTER not in _everything_said(caught.value)


@pytest.mark.parametrize("field", ["host", "database"])
@pytest.mark.parametrize("scheme", ["postgresql", "mssql"])
def test_a_uri_in_the_place_of_a_field(scheme: str, field: str) -> None:
    with pytest.raises(ConfigurationError, match=f'"{field}" is a whole URI') as caught:
        DatabaseConfig.from_dict({"db_type": scheme, field: f"{scheme}://ada:{HUNTER}@db/work"})
    assert HUNTER not in "".join(traceback.format_exception(caught.value))
