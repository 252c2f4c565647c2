"""`hotpapers serve`: serves the site as a web app."""

from __future__ import annotations

import click

from hotpapers.base import logs
from hotpapers.base.model import Publication
from hotpapers.cli import collect_as_usual, common
from hotpapers.cli.terminal import NumberRange, print_line


@common.command("""
  hotpapers serve --store hotpapers-demo/hotpapers.db""")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=NumberRange(0, 65535),
    metavar="N",
    help="The port; 0 picks a free one.",
)
@common.publication_option
@common.store_options
def serve(host: str, port: int, publication: str | None, site: common.Site) -> None:
    """Serve the site as a web app.

    Includes the API under /api/v1, pages of wings and, if [serve] has a `base`, the forms for readers.
    """
    from hotpapers.serve.app import serve_site
    from hotpapers.serve.server import open_listener

    collect_as_usual()
    if site.own_publications and not any(site.record.view().items(Publication)):
        site.save_publications(site.record)  # nothing else has run yet
    chosen_publication = site.saved_publication(publication)
    with open_listener(host, port) as listener:
        logs.start_logging(site.settings.run.log)
        host_in_url = f"[{host}]" if ":" in host else host
        text = f"{chosen_publication.title}: http://{host_in_url}:{listener.getsockname()[1]}/  (Ctrl-C to stop)"
        print_line(text)
        serve_site(site, chosen_publication, listener)
