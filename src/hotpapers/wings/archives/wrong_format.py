"""Guesses the format of a file that is not in the format given, for the error that refuses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import InputError

MAX_UNREADABLE_LINES = 100
"""Unreadable lines at the beginning after which a file is taken to be in another format."""
TRUNCATED = "truncated"
"""Occurs in the decoder's message about JSON that ends too early."""
MAX_SAMPLES, SAMPLE = 3, 2**16
"""Unreadable lines used to guess what a file looks like, and bytes of each."""


class UnreadableLines(NamedTuple):
    """The unreadable lines of a file: their number, the beginnings of the first ones, why the first is unreadable, and
    whether the last one seems to be cut off."""

    lines: int = 0
    samples: tuple[bytes, ...] = ()
    reason: str = ""
    is_truncated: bool = False

    @property
    def are_enough(self) -> bool:
        """Whether a file that begins with them is taken to be in another format: an archive, whose first line has a
        header, or many lines."""
        return self.lines >= MAX_UNREADABLE_LINES or bool(self.samples and _PACKED.match(self.samples[0]))

    def plus(self, line: bytes, problem: Exception) -> UnreadableLines:
        """These and one more."""
        samples = (*self.samples, line[:SAMPLE])[:MAX_SAMPLES]
        reason = self.reason or str(problem)
        return UnreadableLines(self.lines + 1, samples, reason, TRUNCATED in str(problem))

    def refusal(self, format: str) -> InputError:
        """The error that a file is in another format, with a guess of which."""
        many = f"of its first {MAX_UNREADABLE_LINES} lines" if self.lines >= MAX_UNREADABLE_LINES else "of its lines"
        return InputError(
            f"not in the format {format}: none {many} can be read ({self.reason[:200]}); it looks like"
            f" {looks_like(self.samples, format)}"
        )


_ZIP = rb"PK\x03\x04"
_TAR = rb"(?s).{257}ustar|[^\0\n]{1,99}\0{1,99}[0-7 ]{6,7}\0"
_CPIO = rb"07070[127]"
_PACKED = re.compile(rb"|".join((_TAR, _CPIO, _ZIP)))
"""Archives that have files as they are."""
BEGINNINGS = (
    (
        rb"\xff\xfe|\xfe\xff",
        "UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8 FILE | hotpapers import FORMAT -)",
    ),
    (rb"BZh\d", "bzip2: unpack it first (bzcat FILE | hotpapers import FORMAT -)"),
    (rb"\xfd7zXZ", "xz: unpack it first (xzcat FILE | hotpapers import FORMAT -)"),
    (_ZIP, "a zip file: unpack it first"),
    (_TAR, "a tar file: unpack it first (tar -xOf FILE | hotpapers import FORMAT -)"),
    (_CPIO, "a cpio file: unpack it first"),
    (rb"PAR1", "a Parquet file: write its rows as lines first (duckdb -c \"COPY (FROM 'FILE') TO 'lines.json'\")"),
    (rb".{1,2}\xa2eroots", "an AT Protocol repository: hotpapers import car"),
    (rb"SQLite format 3", "a SQLite database"),
    (rb"\s*<", "a page of HTML or XML"),
    (rb"---\s", "an issue in Markdown: hotpapers import classic"),
    (rb"window\.YTD\.", "X's archive of a user's own posts, which is not supported"),
    (rb'(?s)\{(?=.*"id_str":).*"user":', "posts of X's API 1.1, which jq converts: hotpapers docs imports"),
    (rb"\{\s*[\r\n]|\[\s*[\r\n]", "JSON spread over several lines: put each object on a line of its own (jq -c)"),
    (rb"[^{\[,]*,[^{\[]*[\r\n]?\Z", "a CSV table: convert its rows to lines of JSON first"),
)
"""The beginnings of files in other formats, and the words about them."""

FIELDS: tuple[tuple[str, str, tuple[set[str], ...]], ...] = (
    ("jsonl", "lines written by `hotpapers export`", ({"kind", "observed_at"}, {"kind", "format", "version"})),
    ("arxiv", "arXiv's metadata snapshot", ({"id", "title", "categories"},)),
    ("jetstream", "Jetstream events", ({"did", "time_us"},)),
    ("reddit", "Reddit submissions or comments", ({"subreddit", "created_utc"},)),
    ("reddit", "Reddit listings", ({"kind", "data"},)),
    ("hackernews", "Hacker News", ({"objectID"}, {"by", "id"})),
    ("x", "posts from X", ({"author_id", "text"},)),
    ("x", "pages of posts from X", ({"data", "meta"}, {"data", "includes"})),
)
"""Formats, names of their lines, and sets of field names that occur together in them."""


def looks_like(samples: Sequence[bytes], format: str) -> str:
    """Guesses from its first lines which format other than `format` a file has, in words that follow *it looks
    like*."""
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
        for other, text, field_sets in FIELDS:
            if other != format and any(fields.issubset(names) for fields in field_sets):
                return f"{text}: hotpapers import {other}"
        return "JSON in an unknown format"
    return "something other than lines of JSON"
