"""Builds the limits in C: those of SQLite against the very library that industrydb links."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_SOURCES = Path(__file__).resolve().parent / "limits"

_SQLITE_FLAGS = (
    "-DSQLITE_CORE",
    "-DSQLITE_DEFAULT_FOREIGN_KEYS=1",
    "-DSQLITE_ENABLE_API_ARMOR",
    "-DSQLITE_ENABLE_COLUMN_METADATA",
    "-DSQLITE_ENABLE_DBSTAT_VTAB",
    "-DSQLITE_ENABLE_FTS3",
    "-DSQLITE_ENABLE_FTS3_PARENTHESIS",
    "-DSQLITE_ENABLE_FTS5",
    "-DSQLITE_ENABLE_JSON1",
    "-DSQLITE_ENABLE_LOAD_EXTENSION=1",
    "-DSQLITE_ENABLE_MEMORY_MANAGEMENT",
    "-DSQLITE_ENABLE_RTREE",
    "-DSQLITE_ENABLE_STAT4",
    "-DSQLITE_ENABLE_UNLOCK_NOTIFY",
    "-DSQLITE_SOUNDEX",
    "-DSQLITE_THREADSAFE=1",
    "-DSQLITE_USE_URI",
    "-DHAVE_USLEEP=1",
    "-DHAVE_ISNAN",
    "-DHAVE_LOCALTIME_R",
    "-D_POSIX_THREAD_SAFE_FUNCTIONS",
)
"""What build.rs of libsqlite3-sys 0.37 passes with the features that industrydb selects (bundled, unlock_notify).
The harness compares `PRAGMA compile_options` of the limits with industrydb's, so a difference does not go unseen."""

_VARIANTS = {"sqlite_fill_values": ("sqlite_fill.c", "-DTHROUGH_VALUES")}
"""Programs that are another one's source with a define."""

_CFLAGS = ("-O3", "-fPIC", "-ffunction-sections", "-fdata-sections")
"""What the cc crate gives gcc for a release build, on SQLite and the limits alike."""


class BuildError(Exception):
    """A limit could not be built; the message carries the compiler's or cargo's own words."""


def _run(command: Sequence[str | Path]) -> str:
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        raise BuildError(f"{command[0]} failed:\n{done.stderr.strip()}")
    return done.stdout


def sqlite_sources() -> Path:
    """The directory of `sqlite3.c` and `sqlite3.h` that the workspace's lock file selects.

    Raises `BuildError` where cargo does not know libsqlite3-sys.
    """
    manifest = _ROOT / "Cargo.toml"
    metadata = json.loads(_run(["cargo", "metadata", "--format-version", "1", "--locked", "--manifest-path", manifest]))
    for package in metadata["packages"]:
        if package["name"] == "libsqlite3-sys":
            return Path(package["manifest_path"]).parent / "sqlite3"
    raise BuildError("the workspace does not depend on libsqlite3-sys")


def _is_current(target: Path, sources: Sequence[Path]) -> bool:
    return target.exists() and all(target.stat().st_mtime > source.stat().st_mtime for source in sources)


def _build(
    backend: str, directory: Path, *, objects: Sequence[Path] = (), flags: Sequence[str] = (), links: Sequence[str] = ()
) -> dict[str, Path]:
    """Compiles every `limits/BACKEND_*.c` and its `_VARIANTS` into `directory`; what is newer than its sources stays.

    Returns the programs by name (`fill`, `insert`, …). Raises `BuildError`.
    """
    headers = sorted(_SOURCES.glob("*.h"))
    builds = {source.stem: (source.name, "") for source in _SOURCES.glob(f"{backend}_*.c")}
    builds |= {name: variant for name, variant in _VARIANTS.items() if name.startswith(f"{backend}_")}
    programs = {}
    for name, (file, define) in builds.items():
        source, program = _SOURCES / file, directory / name
        if not _is_current(program, [source, *objects, *headers, Path(__file__)]):
            options = [*_CFLAGS, "-std=gnu11", "-Wall", "-Wextra", *flags, *filter(None, [define])]
            _run(["gcc", *options, source, *objects, "-o", program, *links])
        programs[name.removeprefix(f"{backend}_")] = program
    return programs


def build_sqlite_limits(directory: Path) -> dict[str, Path]:
    """The limits of SQLite by name. Raises `BuildError`."""
    directory.mkdir(parents=True, exist_ok=True)
    sqlite = sqlite_sources()
    library = directory / "sqlite3.o"
    if not _is_current(library, [sqlite / "sqlite3.c", Path(__file__)]):
        _run(["gcc", *_CFLAGS, "-w", *_SQLITE_FLAGS, "-c", sqlite / "sqlite3.c", "-o", library])
    links = ("-lpthread", "-ldl", "-lm")
    return _build("sqlite", directory, objects=[library], flags=[f"-I{sqlite}"], links=links)


def build_postgres_limits(directory: Path) -> dict[str, Path]:
    """The limits of PostgreSQL by name: they speak its protocol themselves. Raises `BuildError`."""
    directory.mkdir(parents=True, exist_ok=True)
    return _build("postgres", directory)


def build_mssql_limits(directory: Path) -> dict[str, Path]:
    """The limits of SQL Server by name: one in C, one in Rust on the workspace's tiberius. Raises `BuildError`."""
    directory.mkdir(parents=True, exist_ok=True)
    return _build("mssql", directory) | {"tiberius": _build_crate("mssql_tiberius", directory)}


def _build_crate(name: str, directory: Path) -> Path:
    """A program in Rust outside of the workspace, with the versions of the workspace's lock file."""
    source, copy, lock = _SOURCES / name, directory / name, _ROOT / "Cargo.lock"
    program = copy / "target" / "release" / name
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    if _is_current(program, [lock, Path(__file__), *(source / file for file in files)]):
        return program
    for file in files:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((source / file).read_bytes())
    # cargo drops from it what this program does not need, and keeps the rest as it is.
    (copy / "Cargo.lock").write_bytes(lock.read_bytes())
    manifest, target = copy / "Cargo.toml", copy / "target"
    _run(["cargo", "build", "--release", "--quiet", "--manifest-path", manifest, "--target-dir", target])
    program.touch()  # cargo leaves one alone that has not changed
    return program
