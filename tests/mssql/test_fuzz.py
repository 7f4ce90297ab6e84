"""Whatever a server answers: rows or a typed error, in time, and never a panic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

import industrydb as idb
from tests.conformance.backends.mssql import TYPES
from tests.faults.fuzz import rounds
from tests.mssql.conftest import PASSWORD
from tests.mssql.recorded import Mistake, Playback, record
from tests.tds.server import Server

pytestmark = pytest.mark.backend("mssql")

LONGEST = 10.0
"""Seconds that any of it may take: four of them for an acknowledgement that does not come."""


def batches(conn: idb.Connection) -> None:
    """Reads in steps."""
    with conn.execute_batches("SELECT * FROM every_type", batch_size=1) as reader:
        for _ in reader:
            pass


def failing(conn: idb.Connection) -> None:
    """An error in a transaction."""
    with conn.transaction(isolation="serializable"):
        conn.execute("INSERT INTO keyed VALUES (1, N'twice')")


SCRIPT = """
    PRINT N'żółw'; SELECT 1 AS a; RAISERROR('a word', 10, 1);
    SELECT N'x' AS b, 2.5 AS c; INSERT INTO keyed VALUES (9, N'n')
"""

CONVERSATIONS: dict[str, Callable[[idb.Connection], object]] = {
    "every type": lambda conn: conn.execute("SELECT * FROM every_type"),
    "in batches": batches,
    "variants": lambda conn: conn.execute("SELECT CAST(v AS sql_variant) AS v FROM (VALUES (1.5), (2.5)) AS t (v)"),
    "with parameters": lambda conn: conn.execute("SELECT id, v FROM keyed WHERE id < ? AND v <> ?", [5, None]),
    "a script": lambda conn: conn.execute(SCRIPT),
    "a schema": lambda conn: conn.schema("SELECT * FROM every_type"),
    "a catalog": lambda conn: (conn.tables(), conn.columns("keyed")),
    "a bulk load": lambda conn: conn.insert("loaded", {"a": [1, 2], "b": ["x", None], "c": [0.5, None]}),
    "an upsert": lambda conn: conn.insert("keyed", {"id": [1, 5], "v": ["a", "b"]}, on_conflict="update"),
    "many": lambda conn: conn.execute_many("UPDATE keyed SET v = ? WHERE id = ?", [["p", 1], ["q", 2]]),
    "a failure": failing,
}


def uri(port: int) -> str:
    """Without encryption: that is another library's."""
    return idb.DatabaseConfig(
        "mssql", host="127.0.0.1", port=port, database="test", username="sa", password=PASSWORD, encrypt="false"
    ).to_uri()


@pytest.fixture(scope="module")
def recordings() -> Iterator[dict[str, list[bytes]]]:
    """What a server answers in each conversation."""
    with Server(password=PASSWORD) as server:
        columns = ", ".join(f"c{at} {case.declared}" for at, case in enumerate(TYPES))
        server.run(f"CREATE TABLE every_type ({columns})")
        server.run(f"INSERT INTO every_type VALUES ({', '.join(case.values[-1][0] for case in TYPES)})")
        server.run("INSERT INTO every_type (c0) VALUES (NULL), (1)")
        server.run(
            "CREATE TABLE keyed (id int NOT NULL PRIMARY KEY, v nvarchar(20)); INSERT INTO keyed VALUES (1, N'ż')"
        )
        server.run("CREATE TABLE loaded (a int, b nvarchar(10), c float)")

        def taken(converse: Callable[[idb.Connection], object]) -> list[bytes]:
            def through(port: int) -> None:
                with idb.connect(uri(port)) as conn:
                    try:
                        converse(conn)
                    except idb.IndustryDbError as error:
                        assert error.code == "2627", error  # noqa: PT017 - the one that is meant to fail

            return record((server.host, server.port), through)

        yield {name: taken(converse) for name, converse in CONVERSATIONS.items()}


def connected(port: int, converse: Callable[[idb.Connection], object]) -> None:
    """Connects and talks."""
    with idb.connect(uri(port)) as conn:
        converse(conn)
        conn.execute("SELECT 1 AS a")


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_recording_plays(recordings: dict[str, list[bytes]], name: str) -> None:
    with Playback() as playback:
        playback.arm(recordings[name], Mistake(0, len(recordings[name])))
        with idb.connect(uri(playback.port)) as conn:
            if name == "a failure":
                with pytest.raises(idb.UniqueViolationError):
                    CONVERSATIONS[name](conn)
            else:
                CONVERSATIONS[name](conn)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_mistake_is_a_typed_error(
    recordings: dict[str, list[bytes]], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = recordings[name]
    with Playback() as playback:
        for seed, rng in rounds():
            # Most of the time behind the login: whoever does not get in sees no more.
            at = rng.randrange(2, len(answers)) if rng.random() < 0.8 else rng.randrange(len(answers))
            mistake = Mistake(seed, at)
            playback.arm(answers, mistake)
            began = time.monotonic()
            said = ""
            try:
                connected(playback.port, CONVERSATIONS[name])
            except (idb.IndustryDbError, ValueError) as error:
                # A name that no table can have is wrong as an argument is.
                said = repr(error)
            except BaseException as error:
                raise AssertionError(f"{type(error).__name__}: {error}: {mistake}") from error
            assert "report it" not in said, f"a panic: {mistake}"
            assert PASSWORD not in said
            assert time.monotonic() - began < LONGEST, mistake
            assert "panicked" not in capfd.readouterr().err, mistake
