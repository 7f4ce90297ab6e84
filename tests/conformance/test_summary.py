"""The suite itself: it says which backends it ran on, and that one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

import industrydb as idb
from tests.children import Child
from tests.conftest import missing_backends


def test_a_backend_of_the_build_without_an_entry_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_backends() == {}
    monkeypatch.setattr(idb, "backends", lambda: ("sqlite", "oracle"))
    assert list(missing_backends()) == ["oracle"]


RUN = """
    import sys
    import pytest
    import industrydb as idb

    if sys.argv[1] == "missing":
        built = idb.backends()
        idb.backends = lambda: (*built, "oracle")
    test = "tests/conformance/test_connection.py::test_ping[sqlite]"
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", test]))
"""


@pytest.mark.parametrize(
    ("ci", "state", "code"), [("", "there", 0), ("", "missing", 0), ("1", "there", 0), ("1", "missing", 1)]
)
def test_a_missing_server_fails_in_ci(monkeypatch: pytest.MonkeyPatch, ci: str, state: str, code: int) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("CI", ci)
    with Child(RUN, state) as child:
        out, _ = child.process.communicate(timeout=60)
        assert child.process.returncode == code, out
    assert "sqlite: 1 ran: 1 passed, 0 failed, 0 skipped" in out
    assert ("oracle: NONE RAN" in out) == (state == "missing")
