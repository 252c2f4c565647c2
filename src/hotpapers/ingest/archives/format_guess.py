"""What a file looks like that is not of the format for which it was given."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from hotpapers.errors import InputError

MOST_UNREADABLE = 100
"""Lines from the beginning that may be unreadable before a file is taken for one of another kind."""
TRUNCATED = "truncated"
"""What the decoder says of JSON that ends too early."""
MOST_SAMPLES = 3
"""Unreadable lines by which it is told what a file looks like."""


def refusal(format: str, bad: int, reason: str, samples: Sequence[bytes]) -> InputError:
    """The error that a file is of another kind, and what it looks like."""
    many = f"of its first {MOST_UNREADABLE} lines" if bad >= MOST_UNREADABLE else "of its lines"
    return InputError(
        f"not of the format {format}: none {many} can be read ({reason[:200]}); it looks like"
        f" {looks_like(samples, format)}"
    )


BEGINNINGS = (
    (
        rb"\xff\xfe|\xfe\xff",
        "UTF-16: write it as UTF-8 first (iconv -f UTF-16 -t UTF-8 FILE | hotpapers import FORMAT -)",
    ),
    (rb"BZh\d", "bzip2: unpack it first (bzcat FILE | hotpapers import FORMAT -)"),
    (rb"\xfd7zXZ", "xz: unpack it first (xzcat FILE | hotpapers import FORMAT -)"),
    (rb"PK\x03\x04", "a zip file: unpack it first"),
    (rb"PAR1", "a Parquet file, which is read of Hacker News alone: write its rows as lines of JSON first"),
    (rb".{1,2}\xa2eroots", "an AT Protocol repository: hotpapers import car"),
    (rb"SQLite format 3", "a SQLite database"),
    (rb"\s*<", "a page of HTML or XML"),
    (rb"---\s", "an issue in Markdown: hotpapers import classic"),
    (rb"window\.YTD\.", "what X gives its users of their own posts, which cannot be read"),
    (rb"\{\s*[\r\n]|\[\s*[\r\n]", "JSON over several lines: write each thing on a line of its own (jq -c)"),
    (rb"[^{\[,]*,[^{\[]*[\r\n]?\Z", "a table with commas: write its rows as lines of JSON first"),
)
"""How files of other kinds begin, and what to say of them."""

FIELDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("jsonl", "lines that `hotpapers export` wrote", frozenset(("kind", "observed_at"))),
    ("jsonl", "lines that `hotpapers export` wrote", frozenset(("kind", "format", "version"))),
    ("arxiv", "arXiv's snapshot of its metadata", frozenset(("id", "title", "categories"))),
    ("eventdata", "Crossref's Event Data", frozenset(("subj_id", "obj_id", "source_id"))),
    ("eventdata", "Crossref's Event Data", frozenset(("message", "message-type"))),
    ("eventdata", "evidence of Crossref's Event Data", frozenset(("pages", "source-id"))),
    ("jetstream", "Jetstream's events", frozenset(("did", "time_us"))),
    ("reddit", "Reddit's submissions or comments", frozenset(("subreddit", "created_utc"))),
    ("reddit", "Reddit's listings", frozenset(("kind", "data"))),
    ("hackernews", "Hacker News", frozenset(("objectID",))),
    ("hackernews", "Hacker News", frozenset(("by", "id"))),
    ("x", "posts of X", frozenset(("author_id", "text"))),
    ("x", "posts of X", frozenset(("id_str", "user"))),
    ("x", "pages of posts of X", frozenset(("data", "meta"))),
    ("x", "pages of posts of X", frozenset(("data", "includes"))),
)
"""Formats, what their lines are, and names that stand together in them."""


def looks_like(samples: Sequence[bytes], format: str) -> str:
    """What some first lines look like that are not of a format, in words that follow *it looks like*."""
    first = samples[0] if samples else b""
    for pattern, beginning in BEGINNINGS:
        if re.match(pattern, first):
            return beginning
    for sample in samples:
        try:
            beginning = msgspec.json.decode(sample)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        names = beginning.keys() if isinstance(beginning, dict) else ()
        for other, text, fields in FIELDS:
            if other != format and fields.issubset(names):
                return f"{text}: hotpapers import {other}"
        return "JSON of another kind"
    return "something else than lines of JSON"
