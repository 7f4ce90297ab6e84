"""Resident memory of this process, from /proc (proc_pid_status(5), proc_pid_clear_refs(5))."""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


def _field(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{_STATUS} has no {name}")


def resident() -> int:
    """Bytes resident now."""
    return _field("VmRSS")


def peak() -> int:
    """The most bytes ever resident, or since `reset_peak`."""
    return _field("VmHWM")


def reset_peak() -> None:
    """Lets `peak` start anew from what is resident now."""
    _CLEAR_REFS.write_text("5")
