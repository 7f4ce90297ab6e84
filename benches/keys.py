"""The keys of the look-ups, the same for every runner and for the limit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benches.columns import SEED
from benches.model import Job


def look_ups(job: Job) -> npt.NDArray[np.int64]:
    """`job.keys` keys spread over the whole table."""
    return np.random.default_rng(SEED + 1).integers(1, job.target.rows + 1, job.keys, dtype=np.int64)
