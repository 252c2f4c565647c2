"""Forged exports: changed values, moved lines, some with the chain recomputed to match."""

from __future__ import annotations

import copy
import hashlib
import io
import random
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any
from unittest import mock

import msgspec

from tests.conftest import ROOT

Line = dict[str, Any]
Op = Callable[[random.Random, list[Line]], None]

FILE = ROOT / "docs" / "examples" / "recompute.py"
PROGRAM = compile(FILE.read_text("utf-8"), "recompute.py", "exec")


def recompute(lines: list[Line]) -> dict[str, Any]:
    """Run the program from the docs; return its global names. Raises what it raises on a forgery."""
    return recompute_text("".join(msgspec.json.encode(line).decode() + "\n" for line in lines))


def recompute_text(text: str) -> dict[str, Any]:
    """The same for an export's own text."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with mock.patch.object(sys, "stdin", io.StringIO(text)), redirect_stdout(io.StringIO()):
        exec(PROGRAM, names)
    return names


class Forger:
    """Makes forgeries of an export, one per seed."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._packed = msgspec.json.encode(lines)
        self._known = recompute(lines)

    def forge(self, seed: int) -> tuple[str, list[Line]]:
        """The name of the forgery, and its lines, which differ from the export's."""
        chance = random.Random(seed)
        while True:
            lines: list[Line] = msgspec.json.decode(self._packed)
            op, is_careful = chance.choice(OPS)
            try:
                op(chance, lines)
                if is_careful:
                    self._make_fit(lines)
            except (LookupError, ValueError, AssertionError):  # nothing to forge here, or no matching chain
                continue
            if lines != self._lines:
                return op.__name__, lines

    def _make_fit(self, lines: list[Line]) -> None:
        """Recompute each line's check and the chain with the functions of the docs' program."""
        sha, canonical, item_hash = (self._known[name] for name in ("sha", "canonical", "item_hash"))
        self._known["identities"] = committed_in(lines)
        chain = sha(b"hotpapers record 1", bytes.fromhex(lines[0]["secret"]))
        for start, line in enumerate(lines):
            if line["kind"] != "batch":
                continue
            hashes = []
            first = start + 1 + line.get("identities", 0)
            for item in lines[first : first + line["items"]]:
                if item["kind"] == "pruned":
                    hashes.append(bytes.fromhex(item["hash"]))
                    continue
                digest = item_hash({name: value for name, value in item.items() if name != "row"}, item["row"])
                item["row"]["check"] = digest.hex()[:8]
                hashes.append(digest)
            beside = ("kind", "items", "chain")
            head = {name: value for name, value in line.items() if name not in beside}
            chain = sha(chain, sha(canonical(head)), sha(*hashes))
            line["chain"] = chain.hex()


def committed_in(lines: list[Line]) -> dict[str, str]:
    """The commitments that hashes use for the keys of identity lines."""
    return {
        line["key"]: line.get("commitment")
        or hashlib.sha256(bytes.fromhex(line.get("salt", "")) + line["key"].encode()).hexdigest()
        for line in lines
        if line["kind"] == "identity"
    }


# ---- crude: nothing is recomputed ------------------------------------------------------------------------


def change_a_value(chance: random.Random, lines: list[Line]) -> None:
    """Change one value anywhere to another of its type."""
    holder, name = chance.choice(list(_leaves(chance.choice(lines))))
    holder[name] = _other(chance, holder[name])


def _leaves(value: Any) -> Any:
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, dict | list) and part:
            yield from _leaves(part)
        elif name not in ("kind", "format") and not (part is None or isinstance(part, dict | list)):
            yield value, name


def _other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([1, 2, 1000])
    at = chance.randrange(len(value)) if value else 0
    return value[:at] + chance.choice([sign for sign in "0369bdf" if sign != value[at : at + 1]]) + value[at + 1 :]


def delete_a_line(chance: random.Random, lines: list[Line]) -> None:
    del lines[chance.randrange(len(lines))]


def double_a_line(chance: random.Random, lines: list[Line]) -> None:
    at = chance.randrange(len(lines))
    lines.insert(at, copy.deepcopy(lines[at]))


def swap_lines(chance: random.Random, lines: list[Line]) -> None:
    first, second = chance.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]


def cut_off(chance: random.Random, lines: list[Line]) -> None:
    del lines[chance.randrange(1, len(lines)) :]


def prune_a_line(chance: random.Random, lines: list[Line]) -> None:
    """Replace an item with the line of a pruned one, with the same hash."""
    at = _choose(chance, lines, lambda line: "row" in line)
    item = dict(lines[at])
    row = item.pop("row")
    names = recompute(lines)
    lines[at] = {"kind": "pruned", "was": "snapshot", "hash": names["item_hash"](item, row).hex()}


def lose_words(chance: random.Random, lines: list[Line]) -> None:
    """Replace words with their commitment, as if they had been forgotten."""
    at = _choose(chance, lines, lambda line: line["kind"] == "post" and bool(line["text"]))
    names, item = recompute(lines), lines[at]
    salt = bytes.fromhex(item["row"].get("salt", ""))
    lost = {"text": names["sha"](salt, item["text"].encode()).hex()}
    item["text"] = ""
    item["row"]["redacted"] = lost | item["row"].get("redacted", {})
    item["row"].setdefault("derived", [item["account"], chance.randrange(2**50)])


def close_a_row(chance: random.Random, lines: list[Line]) -> None:
    lines[_choose(chance, lines, lambda line: "row" in line)]["row"]["until"] = chance.randrange(1, 16)


def open_a_row(chance: random.Random, lines: list[Line]) -> None:
    del lines[_choose(chance, lines, lambda line: "until" in line.get("row", ()))]["row"]["until"]


def change_what_is_left(chance: random.Random, lines: list[Line]) -> None:
    """Change the marks, a name or the salt of a forgotten row."""
    item = lines[_choose(chance, lines, lambda line: bool(line.get("row", {}).get("redacted")))]
    holder, name = chance.choice([pair for pair in _leaves(item["row"]) if pair[1] != "check"] + list(_leaves(item)))
    holder[name] = _other(chance, holder[name])


def give_marks(chance: random.Random, lines: list[Line]) -> None:
    item = lines[_choose(chance, lines, lambda line: line["kind"] == "post" and "derived" not in line["row"])]
    item["row"]["derived"] = [item["account"], chance.randrange(2**50)]


def change_the_secret(chance: random.Random, lines: list[Line]) -> None:
    lines[0]["secret"] = _other(chance, lines[0]["secret"])


def salt_a_row(chance: random.Random, lines: list[Line]) -> None:
    lines[_choose(chance, lines, lambda line: "salt" not in line.get("row", {"salt": 0}))]["row"]["salt"] = "ab" * 16


def say_what_is_kept_back(chance: random.Random, lines: list[Line]) -> None:
    networks = set(lines[0].get("withheld", ()))
    lines[0]["withheld"] = sorted(networks ^ {chance.choice(["bluesky", "x", "reddit"])})


def rename(chance: random.Random, lines: list[Line]) -> None:
    """Make an item name another identity of the export."""
    item = lines[_choose(chance, lines, lambda line: any(line.get(name) for name in NAMES) and "row" in line)]
    name = chance.choice([name for name in NAMES if item.get(name)])
    item[name] = chance.choice(_identities(lines))["key"]


def give_another_voice(chance: random.Random, lines: list[Line]) -> None:
    """Attribute the remains of a forgotten post to another identity."""
    item = lines[_choose(chance, lines, lambda line: bool(line.get("row", {}).get("derived")))]
    item["row"]["derived"][0] = chance.choice(_identities(lines))["key"]


# ---- identities: crude where that is detected, and with a matching chain ---------------------------------


def change_a_salt(chance: random.Random, lines: list[Line]) -> None:
    line = chance.choice([line for line in _identities(lines) if line.get("salt")])
    line["salt"] = chance.choice([_other(chance, line["salt"]), line["salt"][:-2], "00" * 16, ""])


def swap_salts(chance: random.Random, lines: list[Line]) -> None:
    first, second = chance.sample([line for line in _identities(lines) if line.get("salt")], 2)
    first["salt"], second["salt"] = second["salt"], first["salt"]


def swap_keys(chance: random.Random, lines: list[Line]) -> None:
    first, second = chance.sample(_identities(lines), 2)
    first["key"], second["key"] = second["key"], first["key"]


def put_a_pseudonym_for_a_key(chance: random.Random, lines: list[Line]) -> None:
    """As if the identity had been forgotten: everywhere, with its commitment or still with its salt, with or without a
    batch that erases it."""
    line = chance.choice([line for line in _identities(lines) if line.get("salt")])
    key, pseudonym = line["key"], f"{line['key'].partition(':')[0]}:~{chance.randbytes(16).hex()}"
    left = committed_in(lines)[key]
    _rename_everywhere(lines, key, pseudonym)
    if chance.random() < 0.7:
        line.pop("salt")
        line["commitment"] = left
    if chance.random() < 0.5:
        _erased_in(chance, lines).append([*_place_of(lines, line), pseudonym])


def put_a_key_for_a_pseudonym(chance: random.Random, lines: list[Line]) -> None:
    """As if the identity had not been forgotten, or had another pseudonym."""
    line = chance.choice([line for line in _identities(lines) if line.get("commitment")])
    other = chance.choice(["x:@made_up_taro", _other(chance, line["key"])])
    _rename_everywhere(lines, line["key"], other)
    if chance.random() < 0.5:
        line["salt"] = "ab" * 16
        del line["commitment"]


def change_a_commitment(chance: random.Random, lines: list[Line]) -> None:
    line = chance.choice([line for line in _identities(lines) if line.get("commitment")])
    line["commitment"] = chance.choice([_other(chance, line["commitment"]), line["commitment"][:-2], ""])


def salt_a_pseudonym(chance: random.Random, lines: list[Line]) -> None:
    chance.choice([line for line in _identities(lines) if line.get("commitment")])["salt"] = "ab" * 16


def drop_what_was_erased(chance: random.Random, lines: list[Line]) -> None:
    batch = lines[_choose(chance, lines, lambda line: bool(line.get("erased")))]
    if chance.random() < 0.5:
        batch["erased"].pop(chance.randrange(len(batch["erased"])))
    if chance.random() < 0.5 or not batch["erased"]:
        del batch["erased"]


def erase_under_another_name(chance: random.Random, lines: list[Line]) -> None:
    """Change an entry that a batch erased: its pseudonym, here only or everywhere, or which identity it erases."""
    batch = lines[_choose(chance, lines, lambda line: bool(line.get("erased")))]
    entry = chance.choice(batch["erased"])
    at = chance.randrange(3)
    before = entry[at]
    entry[at] = f"{before[:-2]}{chance.randrange(256):02x}" if at == 2 else _other(chance, before)
    if at == 2 and chance.random() < 0.5:
        _rename_everywhere(lines, before, entry[at])


def erase_one_more(chance: random.Random, lines: list[Line]) -> None:
    line = chance.choice(_identities(lines))
    _erased_in(chance, lines).append([*_place_of(lines, line), chance.choice([line["key"], "x:~" + "ab" * 16])])


def leave_out_an_identity(chance: random.Random, lines: list[Line]) -> None:
    at = _choose(chance, lines, lambda line: line["kind"] == "identity")
    batch = _batch_of(lines, at)
    del lines[at]
    batch["identities"] -= 1


def put_in_an_identity(chance: random.Random, lines: list[Line]) -> None:
    """Repeat an identity, or add one that no item names: a person's or a paper's."""
    at = _choose(chance, lines, lambda line: line["kind"] == "identity")
    batch, twin = _batch_of(lines, at), copy.deepcopy(lines[at])
    twin["key"] = chance.choice(
        [twin["key"], "x:@nobody", "x:~" + "ab" * 16, "arxiv:2103.77777", "arxiv:~" + "ab" * 16]
    )
    lines.insert(at, twin)
    batch["identities"] += 1


def move_an_identity(chance: random.Random, lines: list[Line]) -> None:
    """Move it to another batch, earlier or later."""
    at = _choose(chance, lines, lambda line: line["kind"] == "identity")
    _batch_of(lines, at)["identities"] -= 1
    line = lines.pop(at)
    to = _choose(chance, lines, lambda line: line["kind"] == "batch")
    lines[to]["identities"] = lines[to].get("identities", 0) + 1
    lines.insert(to + 1, line)


def count_identities_otherwise(chance: random.Random, lines: list[Line]) -> None:
    batch = lines[_choose(chance, lines, lambda line: bool(line.get("identities")))]
    batch["identities"] += chance.choice([-1, 1])
    if chance.random() < 0.5:
        batch["items"] -= chance.choice([-1, 1])


def name_a_paper(chance: random.Random, lines: list[Line]) -> None:
    """Add an identity line for a paper, though hashes contain papers' keys as they are."""
    at = _choose(chance, lines, lambda line: line["kind"] == "batch" and line["items"] > 0)
    papers = sorted({line["paper"] for line in lines if line.get("paper")})
    lines.insert(at + 1, {"kind": "identity", "key": chance.choice(papers), "salt": "ab" * 16})
    lines[at]["identities"] = lines[at].get("identities", 0) + 1


def _identities(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["kind"] == "identity"]


def _place_of(lines: list[Line], identity: Line) -> list[int]:
    at = next(n for n, line in enumerate(lines) if line is identity)
    batch = _batch_of(lines, at)
    return [batch["position"], at - 1 - next(n for n, line in enumerate(lines) if line is batch)]


def _erased_in(chance: random.Random, lines: list[Line]) -> list[Any]:
    batch = lines[_choose(chance, lines, lambda line: line["kind"] == "batch" and line["position"] > 1)]
    erased: list[Any] = batch.setdefault("erased", [])
    return erased


def _rename_everywhere(lines: list[Line], key: str, other: str) -> None:
    """Rename a key in its own line and in all items that name it."""
    for line in lines:
        for name in (*NAMES, "key"):
            if line.get(name) == key:
                line[name] = other
        derived = line.get("row", {}).get("derived") if isinstance(line.get("row"), dict) else None
        if derived and derived[0] == key:
            derived[0] = other


# ---- careful: the chain is recomputed --------------------------------------------------------------------


def rewrite_a_post(chance: random.Random, lines: list[Line]) -> None:
    item = lines[_choose(chance, lines, lambda line: line["kind"] == "post" and bool(line["text"]))]
    item["text"] = _other(chance, item["text"])


def recount(chance: random.Random, lines: list[Line]) -> None:
    item = lines[_choose(chance, lines, lambda line: line["kind"] in ("snapshot", "tally"))]
    item["likes"] = (item["likes"] or 0) + 7


def leave_out_an_item(chance: random.Random, lines: list[Line]) -> None:
    at = _choose(chance, lines, lambda line: "row" in line)
    del lines[at]
    _batch_of(lines, at)["items"] -= 1


def put_in_an_item(chance: random.Random, lines: list[Line]) -> None:
    at = _choose(chance, lines, lambda line: "row" in line)
    twin = copy.deepcopy(lines[at])
    if chance.random() < 0.7:
        twin["observed_at"] += 1
    lines.insert(at, twin)
    _batch_of(lines, at)["items"] += 1


def point_elsewhere(chance: random.Random, lines: list[Line]) -> None:
    """Make a batch close, prune, forget or erase something else than it did."""
    batch = lines[_choose(chance, lines, lambda line: any(line.get(name) for name in POINTERS))]
    name = chance.choice([name for name in POINTERS if batch.get(name)])
    pair = chance.choice(batch[name])
    at = chance.randrange(len(pair))
    pair[at] = _other(chance, pair[at])


def say_one_more(chance: random.Random, lines: list[Line]) -> None:
    batch = lines[_choose(chance, lines, lambda line: line["kind"] == "batch" and line["position"] > 1)]
    pair: list[Any] = [chance.randrange(batch["position"] + 1), chance.randrange(9)]
    name = chance.choice(POINTERS)
    more = {"forgotten": ["ab" * 32], "erased": ["x:~" + "ab" * 16]}.get(name, [])
    batch.setdefault(name, []).append([*pair, *more])


def say_one_less(chance: random.Random, lines: list[Line]) -> None:
    batch = lines[_choose(chance, lines, lambda line: any(line.get(name) for name in POINTERS))]
    name = chance.choice([name for name in POINTERS if batch.get(name)])
    batch[name].pop(chance.randrange(len(batch[name])))
    if name in ("forgotten", "erased") and not batch[name]:
        del batch[name]


def end_earlier(chance: random.Random, lines: list[Line]) -> None:
    at = _choose(chance, lines, lambda line: line["kind"] == "batch" and line["position"] > 1)
    del lines[at:]
    lines.append({"kind": "end"})


POINTERS = ("closed", "pruned", "forgotten", "erased")
NAMES = ("post", "account", "stable", "subject", "reply_to", "quotes")
OF_IDENTITIES: tuple[Op, ...] = (
    change_a_salt, swap_salts, swap_keys, put_a_pseudonym_for_a_key, put_a_key_for_a_pseudonym, change_a_commitment,
    salt_a_pseudonym, drop_what_was_erased, erase_under_another_name, erase_one_more, leave_out_an_identity,
    put_in_an_identity, move_an_identity, count_identities_otherwise, name_a_paper,
)  # fmt: skip
"""Each is tried as is, and with a recomputed chain."""
CRUDE: tuple[Op, ...] = (
    change_a_value, change_a_value, change_a_value, delete_a_line, double_a_line, swap_lines, cut_off, prune_a_line,
    lose_words, close_a_row, open_a_row, change_what_is_left, give_marks, change_the_secret, salt_a_row,
    say_what_is_kept_back, rename, give_another_voice,
)  # fmt: skip
CAREFUL: tuple[Op, ...] = (
    rewrite_a_post, recount, leave_out_an_item, put_in_an_item, point_elsewhere, say_one_more, say_one_less,
    end_earlier, close_a_row, change_what_is_left, change_the_secret, rename, give_another_voice,
)  # fmt: skip
OPS = [(op, False) for op in CRUDE + OF_IDENTITIES] + [(op, True) for op in CAREFUL + OF_IDENTITIES]
"""Every operation, and whether the chain is then recomputed."""


def _choose(chance: random.Random, lines: list[Line], wanted: Callable[[Line], bool]) -> int:
    return chance.choice([at for at, line in enumerate(lines) if wanted(line)])


def _batch_of(lines: list[Line], at: int) -> Line:
    return next(line for line in reversed(lines[:at]) if line["kind"] == "batch")
