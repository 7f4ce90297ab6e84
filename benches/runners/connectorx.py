"""connectorx, on one connection or with the key's range split over several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benches.columns import KEY
from benches.model import Runner, Target, Work


class Connectorx(Runner):
    """`read_sql`. It has neither parameters nor inserts, and connects anew for every call."""

    modules = ("connectorx", "pyarrow")

    def __init__(self, partitions: int = 1) -> None:
        self.partitions = partitions
        self.name = "connectorx" if partitions == 1 else f"connectorx ({partitions} partitions)"
        self.works = frozenset({Work.READ, Work.ROW, Work.IMPORT} if partitions == 1 else {Work.READ})

    def read(self, target: Target) -> Any:
        import connectorx

        if self.partitions == 1:
            return connectorx.read_sql(target.uri, target.select, return_type="polars")
        return connectorx.read_sql(
            target.uri, target.select, return_type="polars", partition_on=KEY, partition_num=self.partitions
        )

    @contextmanager
    def lookup(self, target: Target) -> Iterator[Callable[[int], Any]]:
        import connectorx

        yield lambda key: connectorx.read_sql(target.uri, target.lookup(str(key)), return_type="polars")
