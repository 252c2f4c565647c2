"""Our scanner against ripgrep, on the same generated file and one core.

The file is the same each time: JSON events of 0.55 kB on average, with a mention in two out of a hundred. Nine out of
ten mentions are common links; the rest cycle through tests/data/mentions.jsonl with every form, escape and near miss.
The peer counts lines that contain one of two words; ours reports each paper with version, form and position. From the
page cache, best of nine. Papers on any server are looked for line by line, as in posts, and compared with `find`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import measure
from hotpapers.ids import find, find_papers
from hotpapers.wings.archives.bulk import find_in_file

LABELLED = Path(__file__).resolve().parents[1] / "tests" / "data" / "mentions.jsonl"
SIZE = 200_000_000
LINES_SIZE = 20_000_000
GOAL = 0.5
ROUNDS = 9
PEER = ("rg", "-c", "--threads", "1", "-i", "xiv|/papers/")

TEXT = (
    "a about after again all also and any are as at be been better but by call can code could data day did do "
    "does down each even every few find first for from get give go good great had has have he her here him his how I "
    "idea if in into is it its just keep know last like line little live long look made make many may me model more "
    "most much music must my never new next night no not now of off old on one only or other our out over own paper "
    "people place quite read really right said same say see she should show so some still such take talk team "
    "than thank that the their them then there these they thing think this those time to today too train try two under "
    "up us use very walk want was way we week well went were what when where which while who why will with word work "
    "world would write year yes you your"
)
WORDS = TEXT.split()
MARKS = ("…", "—", "’", "“so”", "é", "über", "🎉", "😂", "👩‍💻", "🤖", "こんにちは", "привет", "是的")
# How papers are mentioned on Hacker News, Lobsters, Reddit and Bluesky, in percent, roughly.
PLAIN = {
    "https://arxiv.org/abs/{}": 68,
    "https://arxiv.org/pdf/{}": 8,
    "https://arxiv.org/pdf/{}.pdf": 6,
    "https://arxiv.org/html/{}v1": 4,
    "http://arxiv.org/abs/{}": 6,
    "arXiv:{}": 3,
    "https://www.arxiv.org/abs/{}": 2,
    "https://huggingface.co/papers/{}": 1,
    "https://doi.org/10.48550/arXiv.{}": 1,
    "https://www.alphaxiv.org/abs/{}": 1,
}

Expected = Counter[tuple[str, int | None]]


def run(scale: float = 1.0) -> dict[str, Any]:
    """Rates in MB/s, their ratio, and the share of mentions found; `scale` times 200 MB."""
    if shutil.which(PEER[0]) is None:
        return {"skipped": "ripgrep (rg) is not installed"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lines.txt")
        expected = generate(file, int(SIZE * scale))
        with file.open("rb", buffering=0) as stream:
            mentions = Counter((mention.id, mention.version) for mention in find_in_file(stream))
        tasks: list[Callable[[], object]] = [lambda: count(file), lambda: _peer(file)]
        own, peer = measure.by_turns(ROUNDS, *(partial(measure.seconds, task) for task in tasks))
        size = file.stat().st_size / 1e6
        rates = by_lines(file)
    right = (expected & mentions).total()
    recall, precision = round(right / expected.total(), 6), round(right / mentions.total(), 6)
    quality = f"recall {recall}, precision {precision}"
    return {
        "name": "find",
        "ours_mb_s": round(size / own),
        "peer_mb_s": round(size / peer),
        "ratio": round(peer / own, 3),
        "goal": GOAL,
        "recall": recall,
        "precision": precision,
        "mentions": expected.total(),
        "any_server_to_find": round(rates[1] / rates[0], 3),
        "any_server_to_peer": round(rates[1] * peer / size, 4),
        "lines": [
            measure.at_least(quality, size / own, size / peer, "MB", GOAL),
            measure.at_least("papers on any server, against find, by lines", rates[1], rates[0], "MB", None),
        ],
        "method": __doc__,
    }


def count(file: Path) -> int:
    """The number of mentions in a file."""
    with file.open("rb", buffering=0) as stream:
        return sum(1 for _ in find_in_file(stream))


def by_lines(file: Path) -> tuple[float, float]:
    """The rates in MB/s of `find` and of `find_papers`, line by line, on the beginning of a file."""
    with file.open("rb") as stream:
        data = stream.read(LINES_SIZE)
    lines = data.decode("utf-8", "replace").splitlines()
    tasks = [lambda function=function: [*map(function, lines)] for function in (find, find_papers)]
    alone, anywhere = measure.by_turns(ROUNDS, *(partial(measure.seconds, task) for task in tasks))
    return len(data) / 1e6 / alone, len(data) / 1e6 / anywhere


def _peer(file: Path) -> None:
    subprocess.run([*PEER, str(file)], check=True, stdout=subprocess.DEVNULL)


# ---- the file ----------------------------------------------------------------------------------------


def generate(file: Path, size: int) -> Expected:
    """Write about `size` bytes of lines. Returns the papers mentioned, with counts."""
    chance = random.Random(2101)
    examples = _labelled()
    idle = [_event(chance, _sentence(chance)) for _ in range(5_000)]
    expected: Expected = Counter()
    length, tenth = 0, 0
    with file.open("wb") as stream:
        while length < size:
            lines = chance.choices(idle, k=98)
            for _ in range(2):
                tenth += 1
                mention, papers = examples[tenth // 10 % len(examples)] if tenth % 10 == 0 else _plain(chance)
                expected.update(papers)
                text = f"{_sentence(chance)} {mention} {_sentence(chance)}"
                lines.insert(chance.randrange(len(lines)), _event(chance, text))
            block = "".join(lines).encode()
            length += stream.write(block)
    return expected


def _labelled() -> list[tuple[str, list[tuple[str, int | None]]]]:
    rows = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
    return [
        (row["text"], [(mention["id"], mention["version"]) for mention in row["found"]])
        for row in rows
        if "\n" not in row["text"]
    ]


def _plain(chance: random.Random) -> tuple[str, list[tuple[str, int | None]]]:
    id = f"{chance.randrange(15, 27)}{chance.randrange(1, 13):02}.{chance.randrange(1, 99_999):05}"
    [form] = chance.choices(list(PLAIN), list(PLAIN.values()))
    return form.format(id), [(id, 1 if "v1" in form else None)]


def _sentence(chance: random.Random) -> str:
    words = chance.choices(WORDS, k=chance.randrange(10, 60))
    if chance.random() < 0.15:
        words.append(chance.choice(MARKS))
    if chance.random() < 0.01:
        words.append("papers")
    if chance.random() < 0.1:
        words.append(f"https://example.org/{chance.choice(WORDS)}/{chance.randrange(10**6)}")
    return " ".join(words)


def _event(chance: random.Random, text: str) -> str:
    """A line as in a network's stream, with the text unchanged, since its escapes are what should be found."""
    did, rev, cid = (_code(chance, n) for n in (24, 13, 52))
    moment = f"2026-08-{chance.randrange(1, 29):02}T{chance.randrange(24):02}:00:00.000Z"
    return (
        f'{{"did":"did:plc:{did}","time_us":17{chance.randrange(10**14)},"kind":"commit","commit":{{"rev":"{rev}",'
        f'"operation":"create","collection":"app.bsky.feed.post","rkey":"{_code(chance, 13)}","record":{{"$type":'
        f'"app.bsky.feed.post","createdAt":"{moment}","langs":["en"],"text": {text} }},"cid":"bafyrei{cid}"}}}}\n'
    )


def _code(chance: random.Random, length: int) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=length))


if __name__ == "__main__":
    result = run(float(os.environ.get("SCALE", "1")))
    print(json.dumps({key: value for key, value in result.items() if key not in ("lines", "method")}))
