"""Templates, compiled once: values in, the bytes of a page out. Only here is the template library.

Everything is escaped (autoescape is on for every file), and a name that a template misspells is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from hotpapers.issues import announcement_counts
from hotpapers.ranking import words
from hotpapers.render.html import search_page
from hotpapers.view import phrases
from hotpapers.view.tex import prose

FOLDER = Path(__file__).parent / "templates"


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        auto_reload=False,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    environment.globals.update(
        policy=POLICY,
        number=words.number,
        count_noun=words.count_noun,
        weekdays=announcement_counts.WEEKDAYS,
        day_name=phrases.day_name,
        counts_of=_cached_macro("counts"),
        why_of=_cached_macro("why"),
        elsewhere_of=_cached_macro("elsewhere"),
    )
    return environment


POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""What a page may load and do: its own script, style and images, nothing else (Content Security Policy Level 3)."""


SEARCH_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'") + "; connect-src 'self'"
"""The same for the page on which one searches: it has a form, and its script reads the site's own index."""


def policy_of(path: str, public: bool = False) -> str:
    """The policy of a page. `public`: whether its site has an address of its own: then who tests a page from within may
    read robots.txt there, and nothing elsewhere."""
    if path == search_page.PATH:
        return SEARCH_POLICY
    return f"{POLICY}; connect-src 'self'" if public else POLICY


def render(name: str, root: str, path: str, site: str, **values: object) -> bytes:
    """The page that a template makes of these values. `root`: the way from it to the site's folder."""
    current, feeds, note = path if path in _NAMED else "", bool(values.get("feeds")), str(values.get("note", ""))
    text = _template(name).render(
        root=root, path=path, site=site, policy=policy_of(path, bool(values.get("base"))),
        masthead=_part("masthead.html", root, current, site, feeds, note),
        colophon=_part("colophon.html", root, current, site, feeds), **values,
    )  # fmt: skip
    return text.encode("utf-8", "replace")


_NAMED = (
    "index.html",
    *(
        f"{name}/index.html"
        for name in ("archive", "search", "method", "about", "status", "attacks", "reading", "accessibility")
    ),
)
"""The pages that every page names."""


@lru_cache(maxsize=64)
def _part(name: str, root: str, current: str, site: str, feeds: bool, note: str = "") -> Markup:
    """What stands on every page, which differs by its depth alone."""
    return Markup(_template(name).render(root=root, current=current, site=site, feeds=feeds, note=note).rstrip("\n"))


def _cached_macro(name: str) -> Callable[[object], Markup]:
    """A macro of parts.html that is asked for the same on several pages, once."""

    @lru_cache(maxsize=512)
    def render_value(value: object) -> Markup:
        return macro("parts.html", name)(value)

    return render_value


@cache
def macro(template: str, name: str) -> Callable[..., Markup]:
    """A macro of a template as a function."""
    function: Callable[..., Markup] = getattr(_template(template).module, name)
    return function


@cache
def asset(name: str) -> bytes:
    """A file that is published as it is."""
    return (FOLDER / name).read_bytes()
