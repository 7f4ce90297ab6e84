"""Runs the server by hand, or beside a test whose client holds the GIL while it waits.

    python -m tests.tds --port 1433 --password secret
    python -m tests.tds --certificate cert.pem --key key.pem --encryption required

It prints one line of JSON with `host`, `port`, `user` and `password`, and ends with a line on its standard input, or
with the end of that. An end that takes too long is a failure: standard error says where its threads are.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
from pathlib import Path

from tests.tds import replay
from tests.tds.server import Certificate, Server

SECONDS_TO_END = 20


def main() -> None:
    """Reads the command line, serves until standard input says that it is enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.tds", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="sa")
    parser.add_argument("--password", default=None)
    parser.add_argument("--access-token", default=None)
    parser.add_argument("--database", action="append")
    parser.add_argument("--encryption", choices=["unsupported", "login", "required", "strict"], default="unsupported")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument(
        "--replay", type=int, default=0, metavar="ROWS", help="answer SELECT * FROM bench from a recording"
    )
    parser.add_argument(
        "--recording", metavar="FILE", help="the same from a file of `replay.save`; a client creates the table"
    )
    parser.add_argument("--swallow", default="", metavar="TABLE", help="put aside what bulk loads bring for this table")
    parser.add_argument("--rows", type=int, default=0, help="how many rows they are said to be")
    arguments = parser.parse_args()
    certificate = Certificate(arguments.certificate, arguments.key) if arguments.certificate else None
    server = Server(
        encryption=arguments.encryption,
        certificate=certificate,
        user=arguments.user,
        access_token=arguments.access_token,
        databases=tuple(arguments.database or ["test"]),
        port=arguments.port,
    )
    if arguments.password is not None:
        server.password = arguments.password
    with server:
        if arguments.replay:
            server.replay("bench", replay.bench(arguments.replay))
        if arguments.recording:
            server.replay("bench", replay.load(Path(arguments.recording)))
        if arguments.swallow:
            server.swallow(arguments.swallow, arguments.rows)
        line = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()
        faulthandler.dump_traceback_later(SECONDS_TO_END, exit=True)


if __name__ == "__main__":
    main()
