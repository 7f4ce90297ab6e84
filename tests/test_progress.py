"""The bar behind `progress=True`."""

from __future__ import annotations

import sys

import pytest

from industrydb._progress import tqdm_callback


def test_the_bar_shows_rows_and_megabytes(capfd: pytest.CaptureFixture[str]) -> None:
    bar = tqdm_callback("reading")
    bar(1_000, 2_000_000)
    bar(250_000, 30_500_000)
    bar.close()
    bar.close()
    last = capfd.readouterr().err.rsplit("\r", maxsplit=1)[-1]
    assert "reading: 250k rows" in last
    assert "30.5 MB" in last


def test_without_tqdm_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install industrydb\[progress\]"):
        tqdm_callback("reading")
