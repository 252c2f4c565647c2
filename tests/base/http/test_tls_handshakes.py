"""TLS handshakes that go wrong, for requests and websockets: chains that prove nothing, and servers that stall."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hotpapers.base.errors import NetError
from tests.base.http.server import SHORT, answer, serving
from tests.base.http.test_tls import tls_client

HOST = "paper.example"
IN_TIME, PAST, FUTURE = (1970, 9999), (1970, 1971), (9998, 9999)
"""The years in which a certificate begins and ends to be valid."""
PATIENCE = 0.3
"""Seconds that a server has for its handshake."""


class Issued(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def issue(
    name: str, by: Issued | None = None, *, is_authority: bool = False,
    valid: tuple[int, int] = IN_TIME, usage: x509.ObjectIdentifier | None = None,
) -> Issued:  # fmt: skip
    """A certificate for a host or an authority, by itself unless by another."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(valid[0], 1, 1))
        .not_valid_after(datetime.datetime(valid[1], 1, 1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


ROOT = issue("Root of Tea", is_authority=True)
BETWEEN = issue("Between Teas", ROOT, is_authority=True)
HOST_BY_BETWEEN = issue(HOST, BETWEEN)
NEIGHBOR = issue("tea.example", BETWEEN)
CHAINS: dict[str, list[Issued]] = {
    "certificate has expired": [issue(HOST, ROOT, valid=PAST)],
    "certificate is not yet valid": [issue(HOST, ROOT, valid=FUTURE)],
    "Hostname mismatch": [issue("other.example", ROOT)],
    "self-signed certificate": [issue(HOST)],
    "unable to get local issuer certificate": [HOST_BY_BETWEEN],
    "invalid CA certificate": [issue(HOST, NEIGHBOR), NEIGHBOR, BETWEEN],
    "unsuitable certificate purpose": [issue(HOST, ROOT, usage=ExtendedKeyUsageOID.CLIENT_AUTH)],
}
"""The leaf and what a server sends with it, by the reason to refuse it."""


def pem(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(serialization.Encoding.PEM)


def server_context(chain: list[Issued], folder: Path) -> ssl.SSLContext:
    """A server that shows a chain, leaf first."""
    file = folder / "chain.pem"
    key = chain[0].key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(key + b"".join(map(pem, chain)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def trust() -> ssl.SSLContext:
    """A client that trusts one authority."""
    return ssl.create_default_context(cadata=pem(ROOT).decode())


def ask(trust: ssl.SSLContext, port: int) -> bytes:
    limits = SHORT._replace(connect=PATIENCE, tries=1)
    with tls_client(trust, port, limits=limits) as http:
        return http.get(f"https://{HOST}:{port}/").body


def listen(trust: ssl.SSLContext, port: int) -> bytes | None:
    limits = SHORT._replace(connect=PATIENCE, tries=1)
    with tls_client(trust, port, limits=limits) as http:
        return next(http.messages(f"wss://{HOST}:{port}/stream"))


WAYS = {"requests": ask, "websockets": listen}
Way = Callable[[ssl.SSLContext, int], object]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("reason", CHAINS)
def test_a_chain_that_proves_nothing(reason: str, way: Way, trust: ssl.SSLContext, tmp_path: Path) -> None:
    with serving(server_context(CHAINS[reason], tmp_path)) as server:
        with pytest.raises(NetError, match=f"(?i)certificate verify failed.*{reason}"):
            way(trust, server.port)
        assert not server.requests


def test_a_chain_that_proves_the_host(trust: ssl.SSLContext, tmp_path: Path) -> None:
    with serving(server_context([HOST_BY_BETWEEN, BETWEEN], tmp_path)) as server:
        server.on("/", answer(200, b"tea"))
        assert ask(trust, server.port) == b"tea"


@contextmanager
def stalling(pieces: Iterator[bytes]) -> Iterator[int]:
    """The port of a server that sends these pieces, a tenth of the patience apart, and otherwise keeps still."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                for piece in pieces:
                    connection.sendall(piece)
                    if over.wait(PATIENCE / 10):
                        return
                over.wait(60)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        thread.join()


RECORD = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(1000)
"""The beginning of a server's greeting of 16 KiB."""
STALLS = {"silent": b"", "a byte at a time": RECORD}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("sent", STALLS.values(), ids=STALLS)
def test_a_handshake_that_never_ends(sent: bytes, way: Way, trust: ssl.SSLContext) -> None:
    with stalling(bytes([byte]) for byte in sent) as port:
        began = time.monotonic()
        with pytest.raises(NetError, match="timed out"):
            way(trust, port)
        assert time.monotonic() - began < len(RECORD) * PATIENCE / 20, "long before all was sent"
