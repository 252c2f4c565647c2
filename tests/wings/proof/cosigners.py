"""Witnesses of made-up logs: their keys and cosignatures, and a witness over HTTP, from C2SP tlog-witness."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hotpapers.base.http import PoliteHttpClient
from hotpapers.wings.proof.merkle import EMPTY_ROOT, node_hash
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    Checkpoint,
    NoteSignature,
    VerifierKey,
    cosigned_message,
    decode_base64,
    is_signed,
    parse_checkpoint,
)


class Cosigner(NamedTuple):
    """A witness's private key. `seed`: 32 bytes."""

    name: str
    type: int
    seed: bytes

    @property
    def private(self) -> Any:
        if self.type == COSIGNATURE_MLDSA44:
            return MLDSA44PrivateKey.from_seed_bytes(self.seed)
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.type, self.private.public_key().public_bytes_raw())


KEYS = [Cosigner("w.example", kind, bytes(range(1, 33))) for kind in (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44)]


def cosign(checkpoint: Checkpoint, key: Cosigner, seconds: int) -> NoteSignature:
    """A cosignature at a moment, in seconds since 1970."""
    signature = key.private.sign(cosigned_message(checkpoint, key.name, key.type, seconds))
    return NoteSignature(key.name, key.verifier.key_id, seconds.to_bytes(8, "big") + signature)


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether a proof shows that the tree with `old` and `old_root` is a prefix of the one with `size` and `root` (RFC
    9162, section 2.1.4.2). The empty tree is a prefix of any tree."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and old_root == (root if old else EMPTY_ROOT)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if len(path) < 2:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, root)


class Witness:
    """A witness of one log. `last`: the checkpoint that it cosigned last; None for none."""

    def __init__(self, log: VerifierKey, keys: Sequence[Cosigner] = KEYS) -> None:
        self.log, self.keys = log, tuple(keys)
        self.last: Checkpoint | None = None

    def add_checkpoint(self, body: bytes, seconds: int) -> tuple[int, str]:
        """The status and the text of the answer to a request at a moment, in seconds since 1970."""
        head, _, note = body.decode().partition("\n\n")
        old, *proof = head.removeprefix("old ").split("\n")
        signed = parse_checkpoint(note)
        new, last = signed, self.last or Checkpoint(self.log.name, 0, EMPTY_ROOT)
        if new.origin != self.log.name:
            return 404, "unknown log\n"
        if not is_signed(signed, [self.log]):
            return 403, "not signed by the log's key\n"
        if int(old) != last.size:
            return 409, f"{last.size}\n"
        if not verify_consistency(last.size, new.size, [decode_base64(node) for node in proof], last.root, new.root):
            return 422, "the proof does not show that it extends what was cosigned\n"
        self.last = new
        return 200, "".join(str(cosign(new, key, seconds)) for key in self.keys)


@contextmanager
def witness_server(witness: Witness, port: int = 0) -> Iterator[int]:
    """Serves a witness on this machine until the end of the context, which yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_known = self.path == "/add-checkpoint"
            status, text = witness.add_checkpoint(body, int(time.time())) if is_known else (404, "not found\n")
            self.send_response(status)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def client(port: int) -> Iterator[PoliteHttpClient]:
    base_addresses = [f"http://127.0.0.1:{port}/"]
    with PoliteHttpClient("hotpapers", base_addresses=base_addresses, pace={"127.0.0.1": 0.0}) as http:
        yield http
