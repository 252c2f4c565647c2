"""The networks that are read, one file or folder of this package each. Register a new one here.

`pages` asks the network, through the client that it is given, and yields raw payloads with the cursor after them.
`read` is pure and returns the items in a payload. A source knows no store: `base/http` keeps the pace, the jobs retry,
cover and write. docs/development/adding-a-source.md shows a complete one.

Shared: `paper_mentions` (which papers a post names), `batched_requests` (the sources' base class, reading part by part,
doubts about empty lists), `thread_payloads` (answers to posts), `decoding`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from hotpapers.base.model import Source
from hotpapers.base.networks import network_readers
from hotpapers.base.wings import load_object
from hotpapers.collect.sources.arxiv import ArxivSettings, ArxivSource
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.collect.sources.hackernews import HackerNewsSettings, HackerNewsSource
from hotpapers.collect.sources.huggingface import HuggingFaceSettings, HuggingFaceSource

SourceClasses = tuple[Callable[..., Source], type[msgspec.Struct]]
CORE: dict[str, SourceClasses] = {
    "arxiv": (ArxivSource, ArxivSettings),
    "bluesky": (BlueskySource, BlueskySettings),
    "hackernews": (HackerNewsSource, HackerNewsSettings),
    "huggingface": (HuggingFaceSource, HuggingFaceSettings),
}
"""By name: the source class, called with its settings, the known posts and the names of papers; and the class of its
settings, `[source.<name>]`."""


class AllSources(Mapping[str, SourceClasses]):
    """Those of the core and of wings, whose modules import this one: so they are imported when they are looked up."""

    def __getitem__(self, name: str) -> SourceClasses:
        if name in CORE:
            return CORE[name]
        reader = network_readers()[name]
        return load_object(reader.source), load_object(reader.settings)

    def __iter__(self) -> Iterator[str]:
        return iter((*CORE, *network_readers()))

    def __len__(self) -> int:
        return len(CORE) + len(network_readers())


SOURCES = AllSources()
