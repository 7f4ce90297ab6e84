"""What the fuzz tests share: seeds that repeat, a budget of time, and what counts as an answer.

Each run takes about a second; `INDUSTRYDB_FUZZ_SECONDS` gives each one longer, `INDUSTRYDB_FUZZ_SEED` another start.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import industrydb as idb

SECONDS = float(os.environ.get("INDUSTRYDB_FUZZ_SECONDS", "1"))
SEED = int(os.environ.get("INDUSTRYDB_FUZZ_SEED", "20261120"))

TYPED = (idb.IndustryDbError, TypeError, ValueError)
"""All that bad input may raise. A panic is none of these: `PanicException` is a `BaseException`."""


def rounds() -> Iterator[tuple[int, random.Random]]:
    """Seeds and their generators, until the time is up."""
    end = time.monotonic() + SECONDS
    seed = SEED
    while time.monotonic() < end:
        yield seed, random.Random(seed)
        seed += 1


def attempt(seed: int, what: object, call: Callable[..., object], *args: Any, **kwargs: Any) -> bool:
    """Whether `call` succeeds; an untyped failure tells the seed and the input."""
    try:
        call(*args, **kwargs)
    except TYPED:
        return False
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__}: {error}, seed {seed}: {what!r}") from error
    return True
