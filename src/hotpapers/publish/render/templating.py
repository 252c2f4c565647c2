"""Templates, compiled once: values in, page bytes out. The only module that uses the template library.

Everything is escaped (autoescape is on for every file but an issue's Markdown, which escapes its own way), and an
undefined name in a template is an error.

MiniJinja's Python package 3.1 was measured against Jinja2 3.1.6: 200 lines of papers take it 0.4 ms instead of 1.4, but
it escapes more signs and finds no field of a named tuple; with a function that escapes each value as here, and values
of another class, the bytes are the same, in 2.0 ms.
"""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from email.utils import format_datetime
from functools import cache, lru_cache
from hashlib import sha256
from html import escape
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FunctionLoader, StrictUndefined, Template, __version__
from jinja2.bccache import Bucket
from markupsafe import Markup

from hotpapers.base.networks import network_title
from hotpapers.base.papers.categories import category_title
from hotpapers.base.text import timestamps
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.issues import announcement_counts
from hotpapers.issues.ranking import words
from hotpapers.publish.hooks import has_paper_scripts
from hotpapers.publish.render.html import search_page
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.tex import plain_line, tex_to_markup

FOLDER = Path(__file__).parent / "templates"
# Read with this module: an upgrade may replace the files of a program that runs on, and new ones need new code.
_FILES = {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()}


def _template(name: str) -> Template:
    """A template of ours by name, or another file by its path."""
    return _environment().get_template(name)


class _CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates beside this module's own compiled code, if Python may write there: compiling them all takes
    longer than rendering an issue."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _FILES.get(name) or Path(name).read_text("utf-8")),
        bytecode_cache=_CompiledTemplates(
            str(Path(cache_from_source(__file__)).parent), f"jinja2-{__version__}-%s.bin"
        ),
        undefined=StrictUndefined,
        auto_reload=False,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        category_title=category_title,
        prose=lru_cache(maxsize=512)(tex_to_markup),  # a paper's texts are on several pages
        plain_line=plain_line,
        one_line=phrases.one_line,
        xml=xml_text,
        rfc3339=timestamps.format_rfc3339,
        rfc822=lambda at: format_datetime(timestamps.as_utc(at)),
    )
    environment.globals.update(
        policy=POLICY,
        paper_id=site_paths.paper_id,
        category_path=site_paths.category_path,
        marked_title=phrases.marked_title,
        has_paper_scripts=has_paper_scripts,
        words=words,
        number=format_number,
        count_noun=count_noun,
        network_title=network_title,
        weekdays=announcement_counts.WEEKDAYS,
        issue_name=phrases.issue_name,
        counts_of=_cached_macro("counts"),
        why_of=_cached_macro("why"),
        elsewhere_of=_cached_macro("elsewhere"),
    )
    return environment


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)
"""The permissions of a page: only its own scripts, styles and images, and the frame in which pages from a disk keep
what readers choose (Content Security Policy Level 3)."""


SEARCH_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")
"""The search page's permissions: also a form that is sent to the site itself."""

BOOKMARKLET = "bookmarklet/index.html"
"""The page whose script asks whether the site has a page about a paper."""


def policy_of(path: str, public: bool) -> str:
    """The policy of a page. `public`: whether its site has a public address. If so, pages may connect to it, so that
    tools that test a page from within can read robots.txt."""
    policy = SEARCH_POLICY if path == search_page.PATH else POLICY
    return f"{policy}; connect-src 'self'" if public or path == BOOKMARKLET else policy


def render_page(
    name: str,
    path: str,
    *,
    root: str,
    site: str,
    base: str,
    feeds: bool,
    join: str,
    note: str,
    others: tuple[tuple[str, str], ...],
    **values: object,
) -> bytes:
    """Render a template as a page within the frame of all pages. `root`: the path from the page to the site's folder;
    `site`, `base`: the site's title and address; `feeds`: whether it has any; `join`: where to subscribe by mail, empty
    if nobody can; `others`: title and address of its other publications."""
    shared = {"root": root, "site": site, "feeds": feeds, "join": join}
    current = path if path in _NAMED else ""
    return render_file(
        name,
        path=path,
        base=base,
        note=note,
        policy=policy_of(path, bool(base)),
        masthead=_part("masthead.html", current=current, note=note, others=others, **shared),
        colophon=_part("colophon.html", current=current, **shared),
        **shared,
        **values,
    )


ALONE_STYLE = (
    "body{max-width:40rem;margin:4rem auto;padding:0 1rem;font:1.0625rem/1.5 system-ui,sans-serif}"
    "a{color:inherit}:focus-visible{outline:2px solid}"
)
ALONE_POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(ALONE_STYLE.encode()).digest()).decode()}'"
"""The style of a page that can link to no file, and its policy."""


def render_file(name: str, **values: object) -> bytes:
    """Render a template with these values alone."""
    return _template(name).render(**values).encode("utf-8", "replace")


def xml_text(text: str, is_attribute: bool = False) -> Markup:
    """Text in an XML document."""
    escaped = escape(_NOT_XML.sub("\ufffd", str(text)), quote=False)
    return Markup(escaped.replace('"', "&quot;") if is_attribute else escaped)


_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 does not allow (§2.2)."""


_NAMED = (
    "index.html",
    *(
        f"{name}/index.html"
        for name in ("top", "archive", "search", "method", "about", "status", "attacks", "reading", "accessibility")
    ),
)
"""The pages that every page links to."""


@lru_cache(maxsize=64)
def _part(name: str, **values: object) -> Markup:
    """A part of every page; it varies only with the values."""
    return Markup(_template(name).render(**values).rstrip("\n"))


def _cached_macro(name: str) -> Callable[[object], Markup]:
    """A macro of parts.html, cached: several pages need the same output."""

    @lru_cache(maxsize=512)
    def render_value(value: object) -> Markup:
        return load_macro("parts.html", name)(value)

    return render_value


@cache
def load_macro(template: str | Path, name: str) -> Callable[..., Markup]:
    """A macro of a template, which is ours or a file elsewhere, as a function."""
    function: Callable[..., Markup] = getattr(_template(str(template)).module, name)
    return function


def read_asset(name: str) -> bytes:
    """A file that is published unchanged."""
    return _FILES[name].encode()
