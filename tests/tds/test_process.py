"""The server in a process of its own: what it ends with, and what it says if it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.children import Child, run
from tests.tds.process import ROOT


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `tests` can be imported from."""
    monkeypatch.chdir(ROOT)


HELD = """
    import os, signal
    from tests.tds.process import running

    with running():
        holder = os.fork()
        if not holder:
            signal.alarm(60)
            signal.pause()
    os.kill(holder, signal.SIGKILL)
    print("ended")
"""


def test_a_server_ends_whoever_holds_a_copy_of_its_standard_input() -> None:
    assert run(HELD) == "ended"


SLOW = """
    import sys, time
    from tests.tds import __main__ as program
    from tests.tds.engine.instance import Instance

    def slow(_):
        time.sleep(60)

    Instance.close = slow
    program.SECONDS_TO_END = 0.2
    sys.argv = ["tds"]
    program.main()
"""


def test_an_end_that_takes_too_long_is_a_failure_that_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It takes nothing away: what it leaves behind goes with the test.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Child(SLOW) as child:
        child.line()
        child.go()
        _, errors = child.process.communicate(timeout=30)
    assert child.process.returncode == 1
    assert "in slow" in errors


def test_a_server_ends_with_its_standard_input() -> None:
    with Child("from tests.tds.__main__ import main; main()") as child:
        child.line()
        assert child.finish() == ""
