"""TLS: every sslmode, who is trusted, certificates of clients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

import industrydb as idb
from tests.postgres import certificates
from tests.postgres.certificates import Certificates
from tests.postgres.servers import Cluster, Installation

pytestmark = pytest.mark.backend("postgres system")

ACCESS = """
local   all all       trust
hostssl all cert_ada  127.0.0.1/32 cert map=people
hostssl all ada       127.0.0.1/32 cert
hostssl all scram     127.0.0.1/32 scram-sha-256
hostssl all plain     127.0.0.1/32 password
hostnossl all naked   127.0.0.1/32 trust
hostssl all secure    127.0.0.1/32 trust
host    all either    127.0.0.1/32 trust
"""

PASSWORD = "s3cr3t pässwörd"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates of this run."""
    return certificates.make(tmp_path_factory.mktemp("pem"))


@pytest.fixture(scope="module")
def server(debian: Installation, pem: Certificates) -> Iterator[Cluster]:
    """A server with TLS, whose roles differ in what they may come with."""
    settings = {"ssl": "on", "ssl_ca_file": "clients.crt"}
    people = {"pg_ident.conf": b"people ada cert_ada\n"}
    cluster = Cluster(debian, tcp=True, settings=settings, access=ACCESS, files={**pem.server, **people})
    with cluster.admin() as admin:
        for role in ("ada", "cert_ada", "scram", "plain", "naked", "secure", "either"):
            admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".encode())
    yield cluster
    cluster.stop()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's `~/.postgresql`."""
    monkeypatch.setenv("HOME", str(tmp_path))


def connect(server: Cluster, role: str, host: str = "localhost", **options: Any) -> idb.Connection:
    """A connection over TCP, without a password unless one is given."""
    return server.config(**{"host": host, "username": role, "password": None, **options}).connect()


def seen(conn: idb.Connection) -> str:
    """What the server says about the connection."""
    with conn:
        ssl = conn.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").item()
    return "encrypted" if ssl else "plain"


@pytest.mark.parametrize(
    ("sslmode", "role", "expected"),
    [
        ("disable", "either", "plain"),
        ("allow", "either", "plain"),
        ("prefer", "either", "encrypted"),
        ("require", "either", "encrypted"),
        ("allow", "secure", "encrypted"),
        ("prefer", "secure", "encrypted"),
        ("require", "secure", "encrypted"),
        ("disable", "naked", "plain"),
        ("allow", "naked", "plain"),
        ("prefer", "naked", "plain"),
    ],
)
def test_modes(server: Cluster, sslmode: str, role: str, expected: str) -> None:
    assert seen(connect(server, role, sslmode=sslmode)) == expected


def test_it_is_preferred_by_default(server: Cluster) -> None:
    assert seen(connect(server, "either")) == "encrypted"


@pytest.mark.parametrize(("sslmode", "role"), [("disable", "secure"), ("require", "naked")])
def test_modes_that_the_server_refuses(server: Cluster, sslmode: str, role: str) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="pg_hba.conf") as caught:
        connect(server, role, sslmode=sslmode)
    assert caught.value.code == "28000"


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
def test_a_server_without_tls(own_server: Cluster, pem: Certificates, sslmode: str) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)tls|ssl"):
        connect(own_server, "postgres", sslmode=sslmode, sslrootcert=str(pem.root))


def test_a_server_without_tls_will_do_where_it_is_only_preferred(own_server: Cluster) -> None:
    assert seen(connect(own_server, "postgres", sslmode="prefer")) == "plain"


@pytest.mark.parametrize(
    ("sslmode", "host"),
    [
        ("verify-ca", "localhost"),
        ("verify-ca", "127.0.0.1"),
        ("verify-full", "localhost"),
        ("require", "localhost"),
        ("require", "127.0.0.1"),
    ],
)
def test_the_servers_certificate_is_trusted(server: Cluster, pem: Certificates, sslmode: str, host: str) -> None:
    assert seen(connect(server, "secure", host, sslmode=sslmode, sslrootcert=str(pem.root))) == "encrypted"


@pytest.mark.parametrize("sslmode", ["verify-ca", "verify-full", "require"])
def test_a_stranger_is_not_trusted(server: Cluster, pem: Certificates, sslmode: str) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)tls") as caught:
        connect(server, "secure", sslmode=sslmode, sslrootcert=str(pem.stranger))
    assert "certificate" in str(caught.value).lower()


def test_another_name_is_not_trusted(server: Cluster, pem: Certificates) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)tls") as caught:
        connect(server, "secure", "127.0.0.1", sslmode="verify-full", sslrootcert=str(pem.root))
    assert "certificate" in str(caught.value).lower()


@pytest.mark.parametrize("sslmode", ["verify-ca", "verify-full"])
def test_without_a_root_nobody_unknown_is_trusted(server: Cluster, sslmode: str) -> None:
    with pytest.raises((idb.DatabaseConnectionError, idb.ConfigurationError)):
        connect(server, "secure", sslmode=sslmode)
    with pytest.raises((idb.DatabaseConnectionError, idb.ConfigurationError), match="(?i)tls|sslrootcert"):
        connect(server, "secure", sslmode=sslmode, sslrootcert="system")


def test_the_systems_roots_go_with_the_name(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for sslmode in ("disable", "prefer", "require", "verify-ca"):
        with pytest.raises(idb.ConfigurationError, match="sslrootcert"):
            connect(server, "either", sslmode=sslmode, sslrootcert="system")
    # Nothing else was said: the name is checked, as well as who vouches for it.
    with pytest.raises(idb.DatabaseConnectionError, match="TLS failed: .*UnknownIssuer"):
        connect(server, "either", sslrootcert="system")
    monkeypatch.setenv("PGSSLROOTCERT", "system")
    with pytest.raises(idb.DatabaseConnectionError, match="TLS failed: .*UnknownIssuer"):
        connect(server, "either")


@pytest.fixture
def own_files(tmp_path: Path) -> Path:
    """Where the files of TLS are that nobody names."""
    directory = tmp_path / ".postgresql"
    directory.mkdir()
    return directory


def copy(source: Path, target: Path, mode: int = 0o600) -> Path:
    """A file with its rights."""
    target.write_bytes(source.read_bytes())
    target.chmod(mode)
    return target


def test_the_root_where_libpq_looks_for_it(server: Cluster, pem: Certificates, own_files: Path) -> None:
    copy(pem.root, own_files / "root.crt")
    assert seen(connect(server, "secure", sslmode="verify-full")) == "encrypted"
    copy(pem.stranger, own_files / "root.crt")
    with pytest.raises(idb.DatabaseConnectionError, match="UnknownIssuer"):
        connect(server, "secure", sslmode="require")
    assert seen(connect(server, "secure", sslmode="require", sslrootcert=str(pem.root))) == "encrypted"


def test_the_clients_certificate_where_libpq_looks_for_it(server: Cluster, pem: Certificates, own_files: Path) -> None:
    copy(pem.certificate, own_files / "postgresql.crt")
    with pytest.raises(idb.DatabaseConnectionError, match="requires a valid client certificate"):
        connect(server, "ada", sslmode="require")
    copy(pem.key, own_files / "postgresql.key")
    assert seen(connect(server, "ada", sslmode="require")) == "encrypted"
    assert seen(connect(server, "ada", sslmode="require", sslcert=str(pem.certificate))) == "encrypted"
    with pytest.raises(idb.DatabaseConnectionError, match="requires a valid client certificate"):
        connect(server, "ada", sslmode="require", sslcertmode="disable")


def test_a_key_that_others_may_read(server: Cluster, pem: Certificates, tmp_path: Path, own_files: Path) -> None:
    for mode in (0o644, 0o604, 0o660):
        key = copy(pem.key, tmp_path / "key", mode)
        with pytest.raises(idb.ConfigurationError, match="may be read by others"):
            connect(server, "ada", sslmode="require", sslcert=str(pem.certificate), sslkey=str(key))
    # No TLS, no key.
    copy(pem.certificate, own_files / "postgresql.crt")
    copy(pem.key, own_files / "postgresql.key", 0o644)
    assert seen(connect(server, "either", server.host)) == "plain"
    assert seen(connect(server, "either", sslmode="disable")) == "plain"


def test_a_key_that_is_encrypted_or_none(server: Cluster, pem: Certificates, tmp_path: Path) -> None:
    private = load_pem_private_key(pem.key.read_bytes(), None)
    locked = BestAvailableEncryption(b"s3cr3t")
    keys = [
        (private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked), "is encrypted"),
        (private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, locked), "is encrypted"),
        (private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "no private key in the PEM format"),
    ]
    for content, reason in keys:
        key = tmp_path / "key"
        key.write_bytes(content)
        key.chmod(0o600)
        with pytest.raises(idb.ConfigurationError, match=f"sslkey.*{reason}"):
            connect(server, "ada", sslmode="require", sslcert=str(pem.certificate), sslkey=str(key))


def test_where_no_encryption_can_be_agreed_upon(debian: Installation, pem: Certificates) -> None:
    settings = {"ssl": "on", "ssl_min_protocol_version": "TLSv1", "ssl_max_protocol_version": "TLSv1.1"}
    old = Cluster(debian, tcp=True, settings=settings, files=pem.server)
    try:
        assert seen(connect(old, "postgres", sslmode="prefer")) == "plain"
        with pytest.raises(idb.DatabaseConnectionError, match="TLS failed"):
            connect(old, "postgres", sslmode="require")
    finally:
        old.stop()


def self_signed() -> dict[str, bytes]:
    """A server's own certificate as `openssl req -x509` makes it: that of an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = certificate.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    signed = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return {
        "server.crt": signed.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM),
        "server.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }


def test_a_certificate_that_is_an_authoritys(debian: Installation, tmp_path: Path) -> None:
    files = self_signed()
    (tmp_path / "server.crt").write_bytes(files["server.crt"])
    alone = Cluster(debian, tcp=True, settings={"ssl": "on"}, files=files)
    try:
        assert seen(connect(alone, "postgres", sslmode="require")) == "encrypted"
        with pytest.raises(idb.DatabaseConnectionError, match="TLS failed") as caught:
            connect(alone, "postgres", sslmode="verify-ca", sslrootcert=str(tmp_path / "server.crt"))
    finally:
        alone.stop()
    assert "CA:FALSE" in (caught.value.hint or "")


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_root_that_is_none(server: Cluster, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "root.crt"
    if content is not None:
        path.write_text(content)
    with pytest.raises((idb.DatabaseConnectionError, idb.ConfigurationError), match="(?i)root.crt|certificate|tls"):
        connect(server, "secure", sslmode="verify-full", sslrootcert=str(path))


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("role", ["ada", "cert_ada"])
def test_a_clients_certificate(server: Cluster, pem: Certificates, kind: str, role: str) -> None:
    files = (pem.certificate, pem.key) if kind == "ec" else (pem.rsa_certificate, pem.rsa_key)
    options = {"sslmode": "verify-full", "sslrootcert": str(pem.root)}
    with connect(server, role, sslcert=str(files[0]), sslkey=str(files[1]), **options) as conn:
        assert conn.execute("SELECT current_user AS who").item() == role
        name = conn.execute("SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()").item()
        assert "CN=ada" in name


def test_a_clients_certificate_is_missing(server: Cluster, pem: Certificates) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="certificate"):
        connect(server, "ada", sslmode="verify-full", sslrootcert=str(pem.root))


def test_a_clients_certificate_of_another_role(server: Cluster, pem: Certificates) -> None:
    with server.admin() as admin:
        admin.execute("ALTER ROLE ada RENAME TO grace")
        try:
            with pytest.raises(idb.DatabaseConnectionError) as caught:
                connect(server, "scram", sslmode="require", sslcert=str(pem.certificate), sslkey=str(pem.key))
        finally:
            admin.execute("ALTER ROLE grace RENAME TO ada")
    assert caught.value.code in {"28000", "28P01", None}


def test_a_clients_certificate_of_a_stranger(server: Cluster, pem: Certificates) -> None:
    options = {"sslcert": str(pem.foreign_certificate), "sslkey": str(pem.foreign_key)}
    with pytest.raises(idb.DatabaseConnectionError):
        connect(server, "ada", sslmode="require", **options)


def test_a_key_that_does_not_fit(server: Cluster, pem: Certificates) -> None:
    with pytest.raises((idb.DatabaseConnectionError, idb.ConfigurationError)):
        connect(server, "ada", sslmode="require", sslcert=str(pem.certificate), sslkey=str(pem.foreign_key))


@pytest.mark.parametrize("role", ["scram", "plain"])
def test_passwords_over_tls(server: Cluster, pem: Certificates, role: str) -> None:
    options = {"sslmode": "verify-full", "sslrootcert": str(pem.root)}
    assert seen(connect(server, role, password=PASSWORD, **options)) == "encrypted"
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        connect(server, role, password="wrong", **options)
    assert caught.value.code == "28P01"


def test_a_password_that_must_be_bound_to_the_channel_is_never_sent_in_the_clear(server: Cluster) -> None:
    with pytest.raises((idb.DatabaseConnectionError, idb.ConfigurationError), match="(?i)channel"):
        connect(server, "plain", password=PASSWORD, sslmode="require", channel_binding="require")


def test_a_method_that_is_not_allowed(server: Cluster) -> None:
    with pytest.raises((idb.DatabaseConnectionError, idb.ConfigurationError), match="(?i)require_auth|auth"):
        connect(server, "plain", password=PASSWORD, sslmode="require", require_auth="scram-sha-256")


def test_certificates_over_uri(server: Cluster, pem: Certificates) -> None:
    uri = (
        f"postgresql://ada@localhost:{server.port}/postgres?sslmode=verify-full&sslrootcert={pem.root}"
        f"&sslcert={pem.certificate}&sslkey={pem.key}"
    )
    assert seen(idb.connect(uri)) == "encrypted"


def test_a_cancel_needs_what_the_connection_needed(server: Cluster, pem: Certificates) -> None:
    options = {"sslmode": "verify-full", "sslrootcert": str(pem.root)}
    with connect(server, "ada", sslcert=str(pem.certificate), sslkey=str(pem.key), **options) as conn:
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT pg_sleep(30)", timeout=0.2)
        assert conn.execute("SELECT 1 AS a").item() == 1


def test_a_large_result_over_tls(server: Cluster) -> None:
    with connect(server, "secure", sslmode="require") as conn:
        frame = conn.execute("SELECT i, repeat('x', 100) AS s FROM generate_series(1::bigint, 100000) AS i")
        assert frame["i"].sum() == 5_000_050_000
        conn.execute("CREATE TEMPORARY TABLE copy (i bigint, s text)")
        assert conn.insert("copy", frame) == 100_000


def test_the_environment_names_the_only_roots(
    server: Cluster, pem: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="TLS"):
        connect(server, "either", sslmode="verify-full")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem.root))
    assert seen(connect(server, "either", sslmode="verify-full")) == "encrypted"
