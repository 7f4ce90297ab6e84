"""A pgbouncer in front of a server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.postgres.servers import Cluster, account, base, free_port, mortal, own

CONFIG = """
[databases]
* = host={host} port={server_port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 100
query_wait_timeout = 10
logfile = {directory}/log
pidfile = {directory}/pid
"""


def program() -> str | None:
    """Where pgbouncer is."""
    return shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


class Bouncer:
    """A pgbouncer whose clients share `size` connections to the server; it ends with the `with` block."""

    def __init__(self, cluster: Cluster, size: int, mode: str = "transaction") -> None:
        """Starts it."""
        found = program()
        assert found is not None
        self.port = free_port()
        directory = Path(tempfile.mkdtemp(dir=base()))
        config = directory / "pgbouncer.ini"
        config.write_text(
            CONFIG.format(
                host=cluster.host, server_port=cluster.port, port=self.port, size=size, mode=mode, directory=directory
            )
        )
        own(directory, config)
        self.log = directory / "log"
        self.process = subprocess.Popen(
            [*mortal(), found, "-q", config], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **account()
        )

    def __enter__(self) -> Self:
        """Waits until it takes connections."""
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < end
                time.sleep(0.02)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait(10)
