"""Checks a full export, read from standard input: docs/explanation/verifying.md says how. Without any library."""

import hashlib
import json
import sys

if not __debug__:
    sys.exit("python -O skips the checks; run without -O and PYTHONOPTIMIZE")

KEYS = {
    "paper": "paper",
    "announcement": "paper day category",
    "listing": "publication day",
    "place": "publication day place",
    "shown": "publication day edition place n",
    "account": "account",
    "alias": "account",
    "post": "post",
    "mention": "post paper",
    "reaction": "post account type",
    "snapshot": "post",
    "tally": "paper network method",
    "measurement": "source paper network age",
    "verdict": "subject about rule",
    "coverage": "network from_at",
    "publication": "publication",
    "issue": "publication day edition",
    "delivery": "publication day edition channel target",
    "notice": "paper notice type",
}
NAMED = {
    "account": "account",
    "alias": "account stable",
    "mention": "post",
    "post": "post account reply_to quotes",
    "reaction": "post account",
    "shown": "post",
    "snapshot": "post",
    "verdict": "subject",
}
WORDS = {"account": "handle name", "post": "handle name text links"}


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def once(pairs):
    assert len(dict(pairs)) == len(pairs), "an object has a name twice"
    return dict(pairs)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fields(table, item):
    return table.get(item["kind"], "").split()


def committed(key):
    assert isinstance(key, str), "a key is text"
    assert not key or key in identities, f"no line before it brings {key}"
    return identities[key] if key else ""


def stands(item):
    """An item's values, with what stands in hashes for whom it names."""
    return {name: committed(value) if name in fields(NAMED, item) else value for name, value in item.items()}


def item_hash(item, row):
    values, redacted, salt = stands(item), row.get("redacted") or {}, bytes.fromhex(row.get("salt", ""))
    for name in [*fields(WORDS, item), *fields(NAMED, item)] if fields(WORDS, item) else ():
        if value := values[name]:
            values[name] = sha(salt, value.encode() if isinstance(value, str) else canonical(value)).hex()
    return sha(canonical(values | redacted))


def stored(value):
    if isinstance(value, list):
        return canonical(value).decode()
    return int(value) if isinstance(value, bool) else value


def remainder_hash(item, row):
    values = [stored(value) for name, value in stands(item).items() if name != "kind"]
    derived = [committed(value) if isinstance(value, str) else value for value in row["derived"]]
    return sha(canonical([*values, *derived, row.get("salt"), row["redacted"]])).hex()


def lacks_words(item, row, was_forgotten):
    """Whether words were kept back, as a network's terms have it, and nothing else."""
    words = fields(WORDS, item)
    if any(item[name] for name in words):
        return False
    if item[KEYS[item["kind"]]].partition(":")[0] not in header.get("withheld", ()):
        return False
    kept = "salt" in row and set(row["redacted"]) <= set(words) and row["derived"][:1] in ([], [item.get("account")])
    return was_forgotten or kept


def check_row(item, row):
    """What stands beside an item can be its own."""
    assert set(row) <= {"check", "salt", "redacted", "derived", "until"}, row
    assert isinstance(row.get("redacted", {}), dict) and type(row.get("until", 1)) is int, row
    assert row.get("until", 1) > 0, "the first batch is 1"
    assert bool(row.get("redacted")) == ("derived" in row), "redacted and derived come together"
    words = fields(WORDS, item)
    assert set(row.get("redacted") or {}) <= {*words, *fields(NAMED, item)}, "what is redacted was personal"
    assert words or not row.get("redacted"), "no words, no loss"
    assert row.get("redacted") or ("salt" in row) == bool(words), "a salt where there are personal words"
    salt = row.get("salt", "00" * 16)
    assert len(salt) == 32 and bytes.fromhex(salt).hex() == salt, "a salt has 16 bytes, in lowercase"
    assert item_hash(item, row).hex().startswith(row.get("check", "")), "an item is not as it was written"


def check_issue(item, position):
    content = json.loads(item["content"])
    assert sha(item["content"].encode()).hex() == item["digest"], "an issue does not have its digest"
    assert content["position"] < position, "an issue rests on a later batch"
    assert content["chain"] == (chains[content["position"]].hex() if content["position"] else ""), "another record"


def take_identity(position, line):
    """A post or an account that is named from here on."""
    key, salt, left = line["key"], bytes.fromhex(line.get("salt", "")), line.get("commitment", "")
    assert set(line) <= {"kind", "key", "salt", "commitment"}, line
    assert line["kind"] == "identity" and key and key not in identities, f"{key} comes twice, or no identity"
    assert not key.startswith(("arxiv:", "doi:")), "papers have no identity lines"
    assert (len(salt), len(left)) in ((16, 0), (0, 64)), "a salt of 16 bytes, or a commitment"
    identities[key] = left or sha(salt, key.encode()).hex()
    brought[position].append((key, bool(left)))


def take(batch):
    """One batch and its items: the hash of each, in order, and what it says of rows of earlier batches."""
    position, here = batch["position"], []
    assert position == len(chains), f"batch {position} follows batch {len(chains) - 1}"
    for since, index, pseudonym in batch.get("erased", ()):
        assert 0 < since < position and 0 <= index < len(brought[since]), f"no identity {since}, {index}"
        erased[since, index] = pseudonym
    brought.append([])
    for _ in range(batch.get("identities", 0)):
        take_identity(position, next(lines))
    for pair in [tuple(change[:2]) for name in ("closed", "pruned", "forgotten") for change in batch.get(name, ())]:
        assert 0 < pair[0] < position and 0 <= pair[1] < len(rows[pair[0]]), f"no row {pair}"
    for pair in map(tuple, batch["closed"]):
        assert pair not in closed, f"row {pair} is closed twice"
        closed[pair] = position
        labels.discard(label(rows[pair[0]][pair[1]][0]))
    pruned.update(map(tuple, batch["pruned"]))
    forgotten.update({(since, index): kept for since, index, kept in batch.get("forgotten", ())})
    for _ in range(batch["items"]):
        item = next(lines)
        row = item.pop("row", {})
        here.append((item, row))
        if item["kind"] == "pruned":
            assert (set(item), item["was"]) == ({"kind", "was", "hash"}, "snapshot"), "snapshots alone are pruned"
            continue
        assert label(item) not in labels, f"{label(item)} comes twice"
        labels.add(label(item))
        check_row(item, row)
    rows.append(here)
    hashes = [bytes.fromhex(i["hash"]) if i["kind"] == "pruned" else item_hash(i, row) for i, row in here]
    head = {name: value for name, value in batch.items() if name not in ("kind", "items", "chain")}
    chains.append(sha(chains[-1], sha(canonical(head)), sha(*hashes)))
    assert chains[-1].hex() == batch["chain"], f"batch {position} is not as it was written"
    for item, _ in here:
        if item["kind"] == "issue":
            check_issue(item, position)


def label(item):
    return (item["kind"], *(item[name] for name in KEYS[item["kind"]].split()), item["observed_at"])


def check_identities():
    """Only at the end all is said of every identity."""
    for position, here in enumerate(brought):
        for index, (key, is_erased) in enumerate(here):
            pseudonym = erased.get((position, index))
            assert is_erased == (pseudonym is not None), f"{key} was forgotten, or is there again"
            assert not is_erased or key == pseudonym, f"{key} is another pseudonym"


def check_rows():
    """The same of every row."""
    for position, batch in enumerate(rows):
        for index, (item, row) in enumerate(batch):
            pair, expected = (position, index), forgotten.get((position, index))
            assert (item["kind"] == "pruned") == (pair in pruned), f"row {pair} is gone, or back"
            if item["kind"] == "pruned":
                continue
            assert (row.get("until") or 0) == closed.get(pair, 0), f"row {pair} was closed by another batch"
            if row.get("redacted"):
                left = remainder_hash(item, row) == expected or lacks_words(item, row, expected is not None)
                assert left, f"what is left of row {pair} is not as it was left"
            else:
                assert expected is None, f"row {pair} was forgotten"


lines = (json.loads(line, object_pairs_hook=once) for line in sys.stdin)
header = next(lines)
assert [header[name] for name in ("kind", "format")] == ["header", "hotpapers-record"], "no header of a record"
assert header["full"] is True and type(header["version"]) is int and header["version"] == 1, "no full export"
assert isinstance(header.get("end", False), bool)
assert all(isinstance(name, str) for name in header.get("withheld", ()))
secret = bytes.fromhex(header["secret"])
assert len(secret) == 32
chains, rows, labels = [sha(b"hotpapers record 1", secret)], [[]], set()
closed, pruned, forgotten = {}, set(), {}
identities, brought, erased = {}, [[]], {}
beside = ended = False
for line in lines:
    kinds = ("delivery_state", "note", "end") if beside else ("batch", "delivery_state", "note", "end")
    assert not ended and line["kind"] in kinds, "something follows the end, or no batch begins"
    beside, ended = line["kind"] != "batch", line["kind"] == "end"
    if not beside:
        take(line)
assert ended or not header.get("end"), "the file was cut off"
check_identities()
check_rows()
print(f"{len(chains) - 1} batches, {sum(map(len, rows)):,} items: as they were written")
