"""Forged exports: single values changed, lines moved, and a chain that was made to fit again by who knows how."""

from __future__ import annotations

import copy
import io
import random
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any
from unittest import mock

import msgspec

from tests.conftest import ROOT

Line = dict[str, Any]
Op = Callable[[random.Random, list[Line]], None]

PAGE = (ROOT / "docs" / "explanation" / "verifying.md").read_text("utf-8")
PROGRAM = compile(re.findall(r"^```python\n# recompute.py\n(.*?)^```", PAGE, re.M | re.S)[0], "recompute.py", "exec")


def recompute(lines: list[Line]) -> dict[str, Any]:
    """Runs the program that the docs print; its names afterwards. Raises whatever it raises on a forgery."""
    names: dict[str, Any] = {"__name__": "__main__"}
    text = "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)
    with mock.patch.object(sys, "stdin", io.StringIO(text)), redirect_stdout(io.StringIO()):
        exec(PROGRAM, names)
    return names


class Forger:
    """Makes forgeries of an export, a seed each."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._known = recompute(lines)

    def forge(self, seed: int) -> tuple[str, list[Line]]:
        """What was done, and the lines; other than the export's."""
        chance = random.Random(seed)
        while True:
            lines = copy.deepcopy(self._lines)
            op = chance.choice([*CRUDE, *CAREFUL])
            try:
                op(chance, lines)
            except (LookupError, ValueError):  # nothing here that it could be done to
                continue
            if op in CAREFUL:
                self._make_fit(lines)
            if lines != self._lines:
                return op.__name__, lines

    def _make_fit(self, lines: list[Line]) -> None:
        """Recomputes each line's check and the chain, with the functions of the docs' own program."""
        sha, canonical, item_hash = (self._known[name] for name in ("sha", "canonical", "item_hash"))
        chain = sha(b"hotpapers record 1", bytes.fromhex(lines[0]["secret"]))
        for start, line in enumerate(lines):
            if line["kind"] != "batch":
                continue
            hashes = []
            for item in lines[start + 1 : start + 1 + line["items"]]:
                if item["kind"] == "pruned":
                    hashes.append(bytes.fromhex(item["hash"]))
                    continue
                found = item_hash({name: value for name, value in item.items() if name != "row"}, item["row"])
                item["row"]["check"] = found.hex()[:8]
                hashes.append(found)
            head = {name: value for name, value in line.items() if name not in ("kind", "items", "chain")}
            chain = sha(chain, sha(canonical(head)), *hashes)
            line["chain"] = chain.hex()


# ---- crude: nothing is made to fit -----------------------------------------------------------------------


def change_a_value(chance: random.Random, lines: list[Line]) -> None:
    """One value anywhere becomes another of its type."""
    holder, name = chance.choice(list(_leaves(chance.choice(lines))))
    holder[name] = _other(chance, holder[name])


def _leaves(value: Any) -> Any:
    for name, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, dict | list) and one:
            yield from _leaves(one)
        elif name not in ("kind", "format") and not (one is None or isinstance(one, dict | list)):
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
    one, two = chance.sample(range(len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]


def cut_off(chance: random.Random, lines: list[Line]) -> None:
    del lines[chance.randrange(1, len(lines)) :]


def prune_a_line(chance: random.Random, lines: list[Line]) -> None:
    """An item is replaced by what stands for a pruned one, its hash kept."""
    at = _choose(chance, lines, lambda line: "row" in line)
    item = dict(lines[at])
    row = item.pop("row")
    names = recompute(lines)
    lines[at] = {"kind": "pruned", "label": ["snapshot"], "hash": names["item_hash"](item, row).hex()}


def lose_words(chance: random.Random, lines: list[Line]) -> None:
    """Words become the commitment to them, as if they had been forgotten."""
    at = _choose(chance, lines, lambda line: line["kind"] == "post" and bool(line["text"]))
    names, item = recompute(lines), lines[at]
    salt = bytes.fromhex(item["row"].get("salt", ""))
    lost = {"text": names["sha"](salt, item["text"].encode()).hex()}
    item["text"] = ""
    item["row"]["lost"] = lost | item["row"].get("lost", {})
    item["row"].setdefault("derived", [chance.randrange(2**50), 0])


def close_a_row(chance: random.Random, lines: list[Line]) -> None:
    lines[_choose(chance, lines, lambda line: "row" in line)]["row"]["until"] = chance.randrange(1, 16)


def open_a_row(chance: random.Random, lines: list[Line]) -> None:
    del lines[_choose(chance, lines, lambda line: "until" in line.get("row", ()))]["row"]["until"]


def change_what_is_left(chance: random.Random, lines: list[Line]) -> None:
    """A forgotten row gets other marks, another name, or another salt."""
    item = lines[_choose(chance, lines, lambda line: bool(line.get("row", {}).get("lost")))]
    holder, name = chance.choice([pair for pair in _leaves(item["row"]) if pair[1] != "check"] + list(_leaves(item)))
    holder[name] = _other(chance, holder[name])


def give_marks(chance: random.Random, lines: list[Line]) -> None:
    item = lines[_choose(chance, lines, lambda line: line["kind"] == "post" and "derived" not in line["row"])]
    item["row"]["derived"] = [chance.randrange(2**50), 0]


def change_the_secret(chance: random.Random, lines: list[Line]) -> None:
    lines[0]["secret"] = _other(chance, lines[0]["secret"])


def salt_a_row(chance: random.Random, lines: list[Line]) -> None:
    lines[_choose(chance, lines, lambda line: "salt" not in line.get("row", {"salt": 0}))]["row"]["salt"] = "ab" * 16


def say_what_is_kept_back(chance: random.Random, lines: list[Line]) -> None:
    known = set(lines[0].get("withheld", ()))
    lines[0]["withheld"] = sorted(known ^ {chance.choice(["bluesky", "x", "reddit"])})


# ---- careful: the chain is made to fit -------------------------------------------------------------------


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
    """A batch closes, prunes or forgets another row than it did."""
    batch = lines[_choose(chance, lines, lambda line: any(line.get(name) for name in POINTERS))]
    name = chance.choice([name for name in POINTERS if batch.get(name)])
    pair = chance.choice(batch[name])
    at = chance.randrange(len(pair))
    pair[at] = _other(chance, pair[at])


def say_one_more(chance: random.Random, lines: list[Line]) -> None:
    batch = lines[_choose(chance, lines, lambda line: line["kind"] == "batch" and line["position"] > 1)]
    pair: list[Any] = [chance.randrange(batch["position"] + 1), chance.randrange(9)]
    name = chance.choice(POINTERS)
    batch.setdefault(name, []).append([*pair, "ab" * 32] if name == "forgotten" else pair)


def say_one_less(chance: random.Random, lines: list[Line]) -> None:
    batch = lines[_choose(chance, lines, lambda line: any(line.get(name) for name in POINTERS))]
    name = chance.choice([name for name in POINTERS if batch.get(name)])
    batch[name].pop(chance.randrange(len(batch[name])))
    if name == "forgotten" and not batch[name]:
        del batch[name]


def end_earlier(chance: random.Random, lines: list[Line]) -> None:
    at = _choose(chance, lines, lambda line: line["kind"] == "batch" and line["position"] > 1)
    del lines[at:]
    lines.append({"kind": "end"})


POINTERS = ("closed", "pruned", "forgotten")
CRUDE: tuple[Op, ...] = (
    change_a_value, change_a_value, change_a_value, delete_a_line, double_a_line, swap_lines, cut_off, prune_a_line,
    lose_words, close_a_row, open_a_row, change_what_is_left, give_marks, change_the_secret, salt_a_row,
    say_what_is_kept_back,
)  # fmt: skip
CAREFUL: tuple[Op, ...] = (
    rewrite_a_post, recount, leave_out_an_item, put_in_an_item, point_elsewhere, say_one_more, say_one_less,
    end_earlier, close_a_row, change_what_is_left, change_the_secret,
)  # fmt: skip


def _choose(chance: random.Random, lines: list[Line], wanted: Callable[[Line], bool]) -> int:
    return chance.choice([at for at, line in enumerate(lines) if wanted(line)])


def _batch_of(lines: list[Line], at: int) -> Line:
    return next(line for line in reversed(lines[:at]) if line["kind"] == "batch")
