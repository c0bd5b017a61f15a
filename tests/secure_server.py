"""A real server behind TLS on this machine, and what it takes to be allowed to ask it."""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from comments.outward import Reach


@dataclass
class Server:
    """Answers every connection by `answer`, which gets the socket once the request was read."""

    port: int = 0
    answer: Callable[[ssl.SSLSocket], None] = lambda _connection: None
    asked: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/keys.json?of=readers"

    def says(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
        self.answer = lambda connection: connection.sendall(f"{head}\r\n\r\n".encode() + body)


@contextmanager
def serving() -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate())
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    thread = threading.Thread(target=_serve, args=(listener, context, server), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def reach(seconds: float = 5) -> Reach:
    """Whoever has this may ask the server above, and nobody else."""
    trusted = ssl.create_default_context(cafile=str(certificate()))
    return Reach(lambda address: address.is_loopback, trusted, seconds)


def _serve(listener: socket.socket, context: ssl.SSLContext, server: Server) -> None:
    while True:
        try:
            plain, _address = listener.accept()
        except OSError:
            return
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            server.asked.append(_request(connection))
            server.answer(connection)


def _request(connection: ssl.SSLSocket) -> bytes:
    """All of a request, with as much of a body as it says."""
    asked = connection.recv(65536)
    head, _, body = asked.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: ([0-9]+)", head.lower())
    while length and len(body) < int(length[1]) and (more := connection.recv(65536)):
        asked, body = asked + more, body + more
    return asked


@cache
def certificate() -> Path:
    """A certificate of localhost with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = Path(tempfile.mkdtemp()) / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
