"""Certificates for test servers, from an authority that nobody else knows."""

from __future__ import annotations

from pathlib import Path

import trustme

from tests.tds.server import Certificate


def issue(directory: Path) -> tuple[Certificate, str]:
    """A certificate for `localhost` and 127.0.0.1, and the file of the authority that signed it."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain, key, trusted = directory / "chain.pem", directory / "key.pem", directory / "authority.pem"
    issued.private_key_pem.write_to_path(key)
    for at, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(chain, append=at > 0)
    authority.cert_pem.write_to_path(trusted)
    return Certificate(str(chain), str(key)), str(trusted)
