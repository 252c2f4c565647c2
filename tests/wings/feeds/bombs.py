"""Input that is small to send and slow to parse, for every parser of network data.

Run as a program, it parses bombs of one kind and prints the slowest (CPU time):

    python -m tests.wings.feeds.bombs KIND SEED COUNT
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.errors import HotPapersError
from hotpapers.base.http import ClientLimits
from hotpapers.base.text.html_text import MAX_HTML_CHARS, html_to_text
from hotpapers.base.untrusted_json import decode_json
from hotpapers.collect.sources.arxiv import xml
from hotpapers.wings.feeds import feed_parser

ITEM = "<rss version='2.0'><channel><title>Kettles</title><item><title>One</title></item><item>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Kettles</title><entry>"
XML_STARTS = (
    "", "<a>", "<a ", ITEM, f"{ITEM}<title>", f"{ITEM}<author>", f"{ITEM}<pubDate>", f"{ITEM}<description>",
    f"{ATOM}<content type='xhtml'>", f"{ATOM}<updated>", f"{ATOM}<author><name>", f"{ATOM}<content type='text/octet'>",
    "<?xml version='1.0'?>", "<!DOCTYPE rss [", "<!DOCTYPE rss [<!ATTLIST rss ", "<?xml version='1.0' encoding='",
)  # fmt: skip
XML_UNITS = (
    "<a>", "<a/>", "<a{n}/>", "<a{n}>", "</a>", "<a ", "a{n}='1' ", "a{n}=1 ", "xmlns:a{n}='u{n}' ", "<item>",
    "<item/>", "<item><title>x</title></item>", "<title>", "<title>x</title>", "<author>x</author>",
    "<category>x</category>",
    "<link href='x'/>", "<enclosure url='x'/>", "<guid>x</guid>", "<description>x</description>", "<div>", "&", "&amp;",
    "&#65;", "&#", "&lt;b&gt;", "&a{n};", "<!", "<!--", "<!-- -->", "<?", "<?a?>", "<![CDATA[", "<![CDATA[x]]>", "]]>",
    "<!DOCTYPE ", "<!ENTITY a{n} 'x'>", "<!ENTITY ", "a{n} CDATA 'x' ", " ", "\n", "a", "a.", "a@", "1 ", "1-", "(",
    ")", "<", ">", "'", "é", "<script>", "<a href='x'>",
)  # fmt: skip
JSON_UNITS = (
    "[",
    "[],",
    "{}",
    "[[],",
    '{"a":',
    '"a{n}":1,',
    "1",
    "1,",
    '"',
    "\\u0041",
    '"\\ud800",',
    "-",
    "0.",
    "e9",
    " ",
)
MEGABYTES = ClientLimits().size
FRACTIONS = (0.003, 0.03, 0.3, 1.0)
"""Fractions of the allowed size to try."""


class Kind(NamedTuple):
    """`read`: parses a bomb; `make`: makes one of a given size; `size`: the largest allowed, in bytes or characters."""

    read: Callable[[Any], object]
    make: Callable[[random.Random, int], Any]
    size: int


def xml_bomb(rng: random.Random, size: int) -> bytes:
    """A start, repeated units, and sometimes the end tags for what they opened."""
    units = rng.sample(XML_UNITS, rng.choice([1, 1, 1, 2, 3]))
    start = rng.choice(XML_STARTS)
    length = sum(map(len, units))
    content = "".join("".join(units).replace("{n}", str(n)) for n in range(max(1, size // (length + 3))))
    if rng.random() < 0.5:
        ends = "</a>" * content.count("<a>") if units == ["<a>"] else ""
        content += ends + rng.choice(["", "'>", "/>", "]>", "</title>", "</author>", "</description>"])
        content += "</item></channel></rss>" if ITEM in start else "</entry></feed>" if ATOM in start else "</a>"
    return (start + content).encode(rng.choice(["utf-8"] * 9 + ["utf-16"]))[:size]


def json_bomb(rng: random.Random, size: int) -> bytes:
    """JSON, mostly truncated."""
    unit = "".join(rng.sample(JSON_UNITS, rng.choice([1, 1, 2])))
    body = "".join(unit.replace("{n}", str(n)) for n in range(max(1, size // (len(unit) + 2))))
    start = rng.choice(["", "[", "{", '{"version":"https://jsonfeed.org/version/1.1","items":['])
    return (start + body + rng.choice(["", "1]", "]", "}", "]}"])).encode()[:size]


def html_bomb(rng: random.Random, size: int) -> str:
    """HTML like that of posts."""
    units = "".join(rng.sample(XML_UNITS, rng.choice([1, 1, 2, 3])))
    return "".join(units.replace("{n}", str(n)) for n in range(max(1, size // len(units))))[:size]


def _feed(body: bytes) -> object:
    return [html_to_text(entry.content) for entry in feed_parser.feed_entries(body, {}, "https://feeds.example/a")]


KINDS = {
    "feed": Kind(_feed, xml_bomb, feed_parser.MAX_FEED_BYTES),
    "arxiv": Kind(lambda body: xml.split_pieces(body, "item"), xml_bomb, MEGABYTES),
    "json": Kind(lambda body: decode_json(body, object), json_bomb, MEGABYTES),
    "json feed": Kind(_feed, json_bomb, feed_parser.MAX_FEED_BYTES),
    "html": Kind(html_to_text, html_bomb, MAX_HTML_CHARS),
}


def bombs(kind: Kind, seed: int, count: int) -> Iterator[Any]:
    """`count` bombs of a kind, in all sizes tried."""
    rng = random.Random(seed)
    for _ in range(count):
        yield kind.make(rng, max(20, int(kind.size * rng.choice(FRACTIONS))))


def seconds(kind: Kind, bomb: Any) -> float:
    """CPU time to parse a bomb. Expected parse errors are fine."""
    start = time.process_time()
    with suppress(HotPapersError, msgspec.MsgspecError, ValueError, RecursionError):
        kind.read(bomb)
    return time.process_time() - start


def main(name: str, seed: int, count: int) -> None:
    """Prints the slowest bomb."""
    kind = KINDS[name]
    slowest = max((seconds(kind, bomb), repr(bomb[:300]), len(bomb)) for bomb in bombs(kind, seed, count))
    print(json.dumps(slowest))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
