"""Checks a saved page against a policy: docs/wings/proof.md says how. Needs cryptography alone."""

import base64
import hashlib
import html.parser
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if not __debug__:
    sys.exit("python -O skips the checks; run without -O and PYTHONOPTIMIZE")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def raw(text):
    """The bytes of Base64, in its one way of writing."""
    data = base64.b64decode(text)
    assert base64.b64encode(data).decode() == text, "not Base64"
    return data


def number(text):
    assert text == str(int(text)) and 0 <= int(text) < 1 << 63, "not a number"
    return int(text)


def once(pairs):
    assert len(dict(pairs)) == len(pairs), "a name twice in an object of JSON"
    return dict(pairs)


class Blocks(html.parser.HTMLParser):
    """The text of a page's data blocks, by type."""

    def __init__(self):
        super().__init__()
        self.blocks, self.type = {}, None

    def handle_starttag(self, tag, attrs):
        self.type = dict(reversed(attrs)).get("type") if tag == "script" else None  # of two, browsers take the first
        assert not self.type or self.type not in self.blocks, "two blocks of a type"
        self.blocks[self.type] = ""

    def handle_endtag(self, tag):
        self.type = None

    def handle_data(self, data):
        self.blocks[self.type] = self.blocks.get(self.type, "") + data


def root_of(leaf, index, size, path):
    """The root to which a path from a leaf up leads (RFC 9162, 2.1.3)."""
    assert index < size, "no leaf of the tree"
    if size == 1:
        assert not path, "the path is too long"
        return leaf
    *path, sibling = path  # fails if the path is too short
    half = 1 << (size - 1).bit_length() - 1  # how many leaves are on the left: a power of two
    if index < half:
        return sha(b"\1", root_of(leaf, index, half, path), sibling)
    return sha(b"\1", sibling, root_of(leaf, index - half, size - half, path))


def signed(lines, text, vkey, type):
    """Whether a key of a type signed: 1 for logs, 4 for witnesses, whose keys of ML-DSA-44 (6) are passed over."""
    name, key_id, key = vkey.split("+", 2)
    assert sha(name.encode(), b"\n", raw(key))[:4].hex() == key_id, f"{name}: the key is not whole"
    signatures = [raw(blob)[4:] for _, signer, blob in lines if (signer, raw(blob)[:4].hex()) == (name, key_id)]
    if raw(key)[0] != type or not signatures:
        return False
    signature = signatures[0]
    if type == 4:
        text = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + text
        signature = signature[8:]
    Ed25519PublicKey.from_public_bytes(raw(key)[1:]).verify(signature, text)
    return True


def policy_of(file):
    """Logs, witnesses, groups and quorum. No witness has two names or is in two groups, so none counts twice."""
    lines = pathlib.Path(file).read_text("utf-8").split("\n")
    rows = [line.split() for line in lines if line.strip() and not line.strip().startswith("#")]
    words = {"log": (2, 3), "witness": (3, 4), "group": range(4, 200), "quorum": (2,)}
    assert all(len(row) in words.get(row[0], ()) for row in rows), "not a policy"
    logged = [row[1] for row in rows if row[0] == "log"]
    logs = {vkey.split("+")[0]: vkey for vkey in logged}
    witnesses = {row[1]: row[2] for row in rows if row[0] == "witness"}
    groups = {row[1]: row[2:] for row in rows if row[0] == "group"}
    [quorum] = [row[1] for row in rows if row[0] == "quorum"]
    names = ["none", *(row[1] for row in rows if row[0] in ("witness", "group"))]
    keys = [raw(vkey.split("+", 2)[2]) for vkey in witnesses.values()]
    assert all({4: 33, 6: 1313}.get(key[0]) == len(key) for key in keys), "not the key of a witness"
    members = [name for _, *some in groups.values() for name in some]
    assert all(len(some) == len(set(some)) for some in (logged, names, keys, members)), "something twice"
    assert {quorum, *members} <= set(names) and "none" not in members, "a name of nobody"
    return logs, witnesses, groups, quorum


def met(name, cosigners, groups):
    if name not in groups:
        return name == "none" or name in cosigners
    least, *members = groups[name]
    least = {"any": 1, "all": len(members)}.get(least) or number(least)
    assert 1 <= least <= len(members), "a group of no such size"
    return sum(met(member, cosigners, groups) for member in members) >= least


page = Blocks()
if len(sys.argv) != 3:
    sys.exit("usage: check_proof.py SAVED.html POLICY.txt")
page.feed(pathlib.Path(sys.argv[1]).read_text("utf-8"))
logs, witnesses, groups, quorum = policy_of(sys.argv[2])
content = json.loads(page.blocks["application/vnd.hotpapers.issue+json"], object_pairs_hook=once)
digest = sha(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
head, text, signatures = page.blocks["application/vnd.c2sp.tlog-proof"].split("\n\n")
header, *path = head.split("\n")
assert header == "c2sp.org/tlog-proof@v1", "no proof"
if path[0].startswith("extra "):
    raw(path.pop(0).removeprefix("extra "))  # nothing is proved about it
index = path.pop(0)
assert index.startswith("index "), "no index"
origin, size, root = (text + "\n").split("\n")[:3]
leaf = sha(b"\0", b"\1", digest)
reached = root_of(leaf, number(index.removeprefix("index ")), number(size), list(map(raw, path)))
assert reached == raw(root), "the content is not what was logged"
text, (*lines, end) = (text + "\n").encode(), signatures.split("\n")
assert not end, "the last line has no end"
lines = [line.split(" ") for line in lines]
assert all(dash == "—" and len(raw(blob)) > 4 for dash, _, blob in lines) and len(lines) <= 64, "not signature lines"
assert all(signer.isprintable() and signer and "+" not in signer for _, signer, _ in lines), "not a signer's name"
assert signed(lines, text, logs[origin], 1), "not signed by the log"
cosigners = [name for name, vkey in witnesses.items() if signed(lines, text, vkey, 4)]
assert met(quorum, cosigners, groups), f"cosigned by {len(cosigners)} witnesses, which is not enough"
print(f"{content['publication']['publication']} {content['day']} edition {content['edition']}: {digest.hex()}")
print(f"{index} of {size} in {origin}, cosigned by {', '.join(cosigners) or 'nobody'}")
