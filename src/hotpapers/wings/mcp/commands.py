"""`hotpapers mcp`: tools for language models over standard input and output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hotpapers.base import settings
from hotpapers.base.errors import require
from hotpapers.cli import collect_as_usual, common

if TYPE_CHECKING:
    from hotpapers.wings.mcp.published_site import PublishedSite


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
    from hotpapers.wings.mcp import rpc

    collect_as_usual()
    if address is None:
        rpc.run(site)
        return
    require(not site.has_settings and site.store == settings.defaults().store, "give either --site or a store")
    with _published_site(address, site) as published_site:
        rpc.run_on_site(published_site)


@contextmanager
def _published_site(address: str, site: common.Site) -> Iterator[PublishedSite]:
    from hotpapers.wings.mcp.published_site import PublishedSite, folder_files, web_files

    if not address.startswith(("http://", "https://")):
        require(Path(address).is_dir(), f"{address}: no such folder, and no address that begins with https://")
        yield PublishedSite(folder_files(Path(address)))
        return
    base = f"{address.rstrip('/')}/"
    with closing(site.site_client(base)) as client:
        yield PublishedSite(web_files(client, base), base)
