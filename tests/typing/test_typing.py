"""The type checkers' verdicts, as tests: on a user's code, on the stub, and on the public interface as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = {
    "mypy --strict": ["mypy", "tests/typing"],
    "pyright strict": ["pyright", "--pythonpath", sys.executable, "tests/typing"],
    "pyright --verifytypes": [
        "pyright",
        "--pythonpath",
        sys.executable,
        "--verifytypes",
        "industrydb",
        "--ignoreexternal",
    ],
    "stubtest": ["mypy.stubtest", "industrydb._industrydb", "--mypy-config-file", "pyproject.toml"],
}


@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS)
def test_type_checker_is_content(command: list[str]) -> None:
    # pyright does not follow the link that an editable install is.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    outcome = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
