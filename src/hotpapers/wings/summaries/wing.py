"""Registers the wing's settings, its work before freezing, and its checks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from hotpapers.base.wings import Wing, load_lazily, load_object
from hotpapers.site.hooks import Freezing, Trial, Trials

if TYPE_CHECKING:
    import threading

    from hotpapers.issues.judged_freezing import BeforeFreezing
    from hotpapers.site.configured_site import ConfiguredSite


def _before_freezing(site: ConfiguredSite, stop: threading.Event | None) -> BeforeFreezing | None:
    summary = site.settings.table("summary")
    if not summary.url:
        return None
    from hotpapers.wings.summaries.generate import make_summarizer

    return make_summarizer(summary, site.settings.contact, stop, site.proxies)


def _trials(site: ConfiguredSite) -> Iterator[Trial]:
    summary = site.settings.table("summary")
    if summary.url:
        try_out = load_lazily("hotpapers.wings.summaries.llm_client:try_model")
        yield Trial("summary", partial(try_out, summary), "explanation/summary")


WING = Wing(
    "summaries",
    "A sentence about each paper by a language model of yours.",
    settings=lambda: (load_object("hotpapers.wings.summaries.settings:TABLE"),),
    hooks=(
        Freezing(_before_freezing),
        Trials(_trials),
    ),
)
