"""Checks a saved page against a policy: docs/explanation/proof.md says how. Needs cryptography alone."""

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
        self.found, self.type = {}, None

    def handle_starttag(self, tag, attrs):
        self.type = dict(reversed(attrs)).get("type") if tag == "script" else None  # of two, browsers take the first
        assert not self.type or self.type not in self.found, "two blocks of a type"
        self.found[self.type] = ""

    def handle_endtag(self, tag):
        self.type = None

    def handle_data(self, data):
        self.found[self.type] = self.found.get(self.type, "") + data


def root_of(leaf, index, size, path):
    """The root to which a path leads (RFC 9162, 2.1.3.2)."""
    assert index < size, "no leaf of the tree"
    last, root = size - 1, leaf
    for sibling in path:
        assert last > 0, "the path is too long"
        if index & 1 or index == last:
            root = sha(b"\1", sibling, root)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            root = sha(b"\1", root, sibling)
        index, last = index >> 1, last >> 1
    assert last == 0, "the path is too short"
    return root


def signer_of(line):
    dash, signer, blob = line.split(" ")
    assert dash == "—" and signer and len(raw(blob)) > 4, "not a signature line"
    return signer, raw(blob)


def signature(lines, vkey):
    """The public key of a vkey, and its signature line without name and number; None where it has none."""
    name, key_id, key = vkey.split("+", 2)
    assert sha(name.encode(), b"\n", raw(key))[:4].hex() == key_id, f"{name}: the key is not whole"
    for signer, blob in lines:
        if (signer, blob[:4].hex()) == (name, key_id):
            return Ed25519PublicKey.from_public_bytes(raw(key)[1:]), blob[4:]
    return None


def cosigned(lines, text, vkey):
    """Whether a witness cosigned. Keys of ML-DSA-44 (type 6) are passed over."""
    if raw(vkey.split("+", 2)[2])[0] != 4 or not (found := signature(lines, vkey)):
        return False
    time = int.from_bytes(found[1][:8], "big")
    found[0].verify(found[1][8:], b"cosignature/v1\ntime %d\n" % time + text)
    return True


def policy_of(file):
    """Logs, witnesses, groups and quorum. No witness has two names or is in two groups, so none counts twice."""
    lines = pathlib.Path(file).read_text("utf-8").split("\n")
    rows = [line.split() for line in lines if line.strip() and not line.strip().startswith("#")]
    logs = {row[1].split("+")[0]: row[1] for row in rows if row[0] == "log"}
    witnesses = {row[1]: row[2] for row in rows if row[0] == "witness"}
    groups = {row[1]: row[2:] for row in rows if row[0] == "group"}
    [quorum] = [row[1] for row in rows if row[0] == "quorum"]
    names = ["none", *(row[1] for row in rows if row[0] in ("witness", "group"))]
    keys = [raw(vkey.split("+", 2)[2])[1:] for vkey in witnesses.values()]
    members = [name for _, *some in groups.values() for name in some]
    assert all(len(some) == len(set(some)) for some in (names, keys, members)), "a name, key or member twice"
    assert {quorum, *members} <= set(names) and "none" not in members, "a name of nobody"
    assert {row[0] for row in rows} <= {"log", "witness", "group", "quorum"}, "not a policy"
    return logs, witnesses, groups, quorum


def met(name, seen, groups):
    if name not in groups:
        return name == "none" or name in seen
    least, *members = groups[name]
    least = {"any": 1, "all": len(members)}.get(least) or number(least)
    assert 1 <= least <= len(members), "a group of no such size"
    return sum(met(member, seen, groups) for member in members) >= least


page = Blocks()
page.feed(pathlib.Path(sys.argv[1]).read_text("utf-8"))
logs, witnesses, groups, quorum = policy_of(sys.argv[2])
content = json.loads(page.found["application/vnd.hotpapers.issue+json"], object_pairs_hook=once)
digest = sha(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
head, text, signatures = page.found["application/vnd.c2sp.tlog-proof"].split("\n\n")
header, *path = head.split("\n")
assert header == "c2sp.org/tlog-proof@v1", "no proof"
while not (index := path.pop(0)).startswith("index "):
    assert index.startswith("extra "), "no index"  # nothing is proved about the extra line
origin, size, root = (text + "\n").split("\n")[:3]
leaf = sha(b"\0", b"\1", digest)
reached = root_of(leaf, number(index.removeprefix("index ")), number(size), list(map(raw, path)))
assert reached == raw(root), "the content is not what was logged"
text, (*lines, end) = (text + "\n").encode(), signatures.split("\n")
assert not end, "the last line has no end"
lines = list(map(signer_of, lines))
key, signed = signature(lines, logs[origin])
key.verify(signed, text)
seen = [name for name, vkey in witnesses.items() if cosigned(lines, text, vkey)]
assert met(quorum, seen, groups), f"cosigned by {len(seen)} witnesses, which is not enough"
print(f"{content['publication']['publication']} {content['day']} edition {content['edition']}: {digest.hex()}")
print(f"{index} of {size} in {origin}, cosigned by {', '.join(seen) or 'nobody'}")
