"""The code blocks of the README and of the documentation run, and print what stands there."""

from __future__ import annotations

import doctest
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sybil import Document, Example, Region
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def save_toml(example: Example) -> None:
    """A TOML block is the configuration file that the page goes on to load."""
    Path("connections.toml").write_text(str(example.parsed), encoding="utf-8")


PARSERS: list[Callable[[Document], Iterable[Region]]] = [
    PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
    CodeBlockParser(language="toml", evaluator=save_toml),
]


@pytest.mark.backend("sqlite")
@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_code_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_PASSWORD", "correct horse")
    for example in Document.parse(str(page), *PARSERS).examples():
        example.evaluate()
