"""Hooks of wings that the app calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from hotpapers.base.model import Publication
    from hotpapers.serve.answer_cache import AnswerCache
    from hotpapers.serve.backend import Backend
    from hotpapers.serve.http_messages import Answer
    from hotpapers.serve.page_cache import CurrentPages
    from hotpapers.site.site import Site


class Routes(NamedTuple):
    """`make(backend, pages, publication, site)`: routes of a publication's app. Raises SettingsError."""

    make: Callable[[Backend, CurrentPages, Publication, Site], Iterable[BaseRoute]]


class AppStart(NamedTuple):
    """`prepare(backend)`: begins preparations for the app's pages, when it starts."""

    prepare: Callable[[Backend], object]


class Answers(NamedTuple):
    """`make(replies)`: further addresses of the API, each with its handler."""

    make: Callable[[AnswerCache], Iterable[tuple[str, Answer]]]


class ModelTools(NamedTuple):
    """Where tools for language models are listed, `module:name`, for the wing `mcp`. `site`: those that ask a site that
    is files; `public`: those that anybody may use over HTTP, so their work is bounded. Empty: none."""

    all: str
    site: str = ""
    public: str = ""
