"""Certificates for one run of the tests: an authority for the server, one for clients, and one that nobody trusts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files, and what a server needs of them."""

    root: Path
    """Of the authority that signed the server's."""
    stranger: Path
    """Of one that signed nothing here."""
    certificate: Path
    """The client's, for the role `ada`."""
    key: Path
    rsa_certificate: Path
    """The same with an RSA key."""
    rsa_key: Path
    foreign_certificate: Path
    """For `ada` as well, signed by the stranger."""
    foreign_key: Path
    server: dict[str, bytes]
    """Files of the server's data directory."""


def make(directory: Path) -> Certificates:
    """Makes them; the server's is for the name `localhost` alone."""
    authority, stranger = trustme.CA(), trustme.CA()
    server = authority.issue_cert("localhost")
    clients = {
        "client": authority.issue_cert("ada@example.org", common_name="ada"),
        "rsa": authority.issue_cert("ada@example.org", common_name="ada", key_type=trustme.KeyType.RSA),
        "foreign": stranger.issue_cert("ada@example.org", common_name="ada"),
    }
    authority.cert_pem.write_to_path(directory / "root.crt")
    stranger.cert_pem.write_to_path(directory / "stranger.crt")
    for name, client in clients.items():
        (directory / f"{name}.crt").write_bytes(b"".join(blob.bytes() for blob in client.cert_chain_pems))
        (directory / f"{name}.key").write_bytes(client.private_key_pem.bytes())
        (directory / f"{name}.key").chmod(0o600)
    return Certificates(
        root=directory / "root.crt",
        stranger=directory / "stranger.crt",
        certificate=directory / "client.crt",
        key=directory / "client.key",
        rsa_certificate=directory / "rsa.crt",
        rsa_key=directory / "rsa.key",
        foreign_certificate=directory / "foreign.crt",
        foreign_key=directory / "foreign.key",
        server={
            "server.crt": b"".join(blob.bytes() for blob in server.cert_chain_pems),
            "server.key": server.private_key_pem.bytes(),
            "clients.crt": authority.cert_pem.bytes(),
        },
    )
