"""Templates, compiled once: values in, the bytes of a page out. Only here and in `compiled` is the template library.

Everything is escaped (autoescape is on for every file), and a name that a template misspells is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from hotpapers.ranking import words
from hotpapers.render.html import escaping, search_page
from hotpapers.render.html.template_cache import TemplateCache
from hotpapers.view import phrases
from hotpapers.view.tex import prose

FOLDER = Path(__file__).parent / "templates"
HOW: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
"""How templates are compiled."""


def _template(name: str) -> Template:
    return _environment().get_template(name)


class _Environment(Environment):
    """What a site's pages ask for half a million times, without detours.

    Values are escaped by `escaping`; `a.b` is an attribute and never a key; a template is found by its name alone, as
    all know the same globals.
    """

    getattr = staticmethod(getattr)  # type: ignore[assignment]

    def get_template(self, name: str | Template, *_: Any) -> Template:
        """The template, compiled once; asked for by each page for the templates that it is made of."""
        return name if isinstance(name, Template) else self._compiled(name)

    @cache  # noqa: B019  there is one environment
    def _compiled(self, name: str) -> Template:
        template = super().get_template(name)
        template.globals = dict(template.globals)  # each page copies it, key by key if it is one of several maps
        return template

    def _generate(self, *template: Any, **options: Any) -> str:
        return f"{super()._generate(*template, **options)}\nfrom {escaping.__name__} import escape\n"


@cache
def _environment() -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=TemplateCache(FOLDER, f"{escaping.__name__} {HOW}"),
        **HOW,
    )
    environment.filters["prose"] = prose
    environment.globals.update(
        policy=POLICY,
        number=words.number,
        count_noun=words.count_noun,
        weekdays=phrases.WEEKDAYS,
        day_name=phrases.day_name,
        counts_of=_remembered("counts"),
        why_of=_remembered("why"),
        elsewhere_of=_remembered("elsewhere"),
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
    *(f"{name}/index.html" for name in ("archive", "search", "method", "about", "status", "reading", "accessibility")),
)
"""The pages that every page names."""


@lru_cache(maxsize=64)
def _part(name: str, root: str, current: str, site: str, feeds: bool, note: str = "") -> Markup:
    """What stands on every page, which differs by its depth alone."""
    return Markup(_template(name).render(root=root, current=current, site=site, feeds=feeds, note=note).rstrip("\n"))


def _remembered(name: str) -> Callable[[object], Markup]:
    """A macro of parts.html that is asked for the same on several pages, once."""

    @lru_cache(maxsize=512)
    def made(value: object) -> Markup:
        return macro("parts.html", name)(value)

    return made


@cache
def macro(template: str, name: str) -> Callable[..., Markup]:
    """A macro of a template as a function."""
    found: Callable[..., Markup] = getattr(_template(template).module, name)
    return found


@cache
def asset(name: str) -> bytes:
    """A file that is published as it is."""
    return (FOLDER / name).read_bytes()
