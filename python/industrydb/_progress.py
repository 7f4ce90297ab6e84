"""What `progress=True` shows: a tqdm bar of the rows so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["ProgressBar", "tqdm_callback"]


class ProgressBar:
    """A bar that is called with how far a call has come, and closed when it ends."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def __call__(self, rows: int, num_bytes: int) -> None:
        """Shows `rows` and `num_bytes`, both counted from the start of the call."""
        self._bar.set_postfix_str(f"{num_bytes / 1e6:,.1f} MB", refresh=False)
        self._bar.update(rows - self._bar.n)

    def close(self) -> None:
        """Leaves the bar as it is and gives the terminal line back. May be called twice."""
        self._bar.close()


def tqdm_callback(description: str) -> ProgressBar:
    """A bar labelled `description`.

    Raises:
        ImportError: tqdm, which the extra `industrydb[progress]` brings, is not installed.
    """
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415 (an optional dependency, and slow to import)
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install industrydb[progress]", name="tqdm") from error
    return ProgressBar(tqdm(desc=description, unit=" rows", unit_scale=True))
