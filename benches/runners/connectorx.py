"""connectorx, on one connection or with the key's range split over several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benches.columns import KEY
from benches.model import Runner, Target, Work


class Connectorx(Runner):
    """`read_sql`. It has neither parameters nor inserts, and connects anew for every call.

    `uri` gives the URI in the form that it takes, if that is not everybody's.
    """

    modules = ("connectorx", "pyarrow")

    def __init__(self, partitions: int = 1, uri: Callable[[Target], str] = lambda target: target.uri) -> None:
        self.partitions = partitions
        self.name = "connectorx" if partitions == 1 else f"connectorx ({partitions} partitions)"
        self.works = frozenset({Work.READ, Work.ROW, Work.IMPORT} if partitions == 1 else {Work.READ})
        self._uri = uri

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        import connectorx

        uri = self._uri(target)
        split: dict[str, Any] = {"partition_on": KEY, "partition_num": self.partitions} if self.partitions > 1 else {}
        yield lambda sql: connectorx.read_sql(uri, sql, return_type="polars", **split)
