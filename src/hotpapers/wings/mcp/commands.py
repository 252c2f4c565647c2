"""`hotpapers mcp`: tools for language models over standard input and output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from hotpapers.base.errors import require
from hotpapers.cli import collect_as_usual, common

if TYPE_CHECKING:
    from hotpapers.wings.mcp.site_questions import OpenSite


@click.command(
    epilog="""\b
Examples, as a program that speaks the Model Context Protocol starts it:
  hotpapers mcp --store /srv/hotpapers/hotpapers.db
  hotpapers mcp --site https://papers.example/"""
)
@click.option("--site", "address", metavar="URL|DIR", help="Read a published site instead: no store, no key.")
@common.store_options
def mcp(address: str | None, site: common.Site) -> None:
    """Serve issues, papers and search to language models (MCP).

    Speaks the Model Context Protocol on standard input and output. Read-only.
    """
    from hotpapers.keep.transfer import streams
    from hotpapers.wings.mcp import rpc, site_questions

    collect_as_usual()
    if address is None:
        rpc.run(site)
        return
    given = click.get_current_context().get_parameter_source
    others = [name for name in ("store", "config") if given(name) is ParameterSource.COMMANDLINE]
    require(not others, "give either --site or a store")
    site_questions.run(site_opener(address, site), streams.standard_input(), streams.standard_output())


def site_opener(address: str, site: common.Site) -> OpenSite:
    """What opens a published site for a question. Raises UsageError for an unusable address."""
    from hotpapers.base.http import ClientLimits, HostPacer
    from hotpapers.wings.mcp.published_site import PublishedSite
    from hotpapers.wings.mcp.site_files import MAX_FILE_BYTES, FileCache, Question, folder_files, web_files

    cache = FileCache()
    pacer = HostPacer()
    base = f"{address.rstrip('/')}/"
    if not address.startswith(("http://", "https://")):
        require(Path(address).is_dir(), f"{address}: no such folder, and no address that begins with https://")
        return lambda question: nullcontext(PublishedSite(folder_files(Path(address)), "", question, cache))
    site.site_client(base).close()

    @contextmanager
    def open_site(question: Question) -> Iterator[PublishedSite]:
        def reserve(host: str, pace: float) -> float:
            question.count_request()  # redirects and repetitions, too
            return pacer(host, pace)

        limits = ClientLimits(connect=5.0, size=MAX_FILE_BYTES)
        with site.site_client(base, stop=question, reserve=reserve, limits=limits) as client:
            yield PublishedSite(web_files(client, base), base, question, cache)

    return open_site
