"""`hotpapers serve`: serves the site as a web app."""

from __future__ import annotations

import socket
from functools import partial

import click

from hotpapers import logs
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, echo
from hotpapers.errors import UsageError
from hotpapers.issues import freeze
from hotpapers.store import Record


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
def serve(host: str, port: int, publication: str | None, context: common.CommandContext) -> None:
    """Serve the site as a web app.

    Includes the API under /api/v1 and, if [serve] has a `base`, the forms for readers.
    """
    try:
        from hotpapers.web import feed_generator, mail_pages, reader_features
        from hotpapers.web.api import ApiConfig, ApiRoute
        from hotpapers.web.app import server
        from hotpapers.web.connection_table import allowed_behind
        from hotpapers.web.page_cache import FreshIssueReader
        from hotpapers.web.search_pages import SearchRoutes
        from hotpapers.web.sessions import open_store
    except ImportError as missing:
        raise UsageError("serving needs Starlette and uvicorn: pip install 'hotpapers[serve]'") from missing
    with common.open_record(context) as record:
        chosen_publication = freeze.publication_of(record, publication)
        open_record = partial(open_store, partial(Record, context.store, create=False))
        with _listening(host, port) as listener:
            logs.listen(context.settings.run.log)
            port = listener.getsockname()[1]
            host_in_url = f"[{host}]" if ":" in host else host
            echo(f"{chosen_publication.title}: http://{host_in_url}:{port}/  (Ctrl-C to stop)")
            name = chosen_publication.publication
            issue_readers = [FreshIssueReader(open_record, context.terms) for _ in range(2)]
            feeds = feed_generator.routes(issue_readers[1], name, context.settings.bluesky)
            limits, site_config = context.settings.serve, context.site_config.of(name)
            config = ApiConfig(context.terms, limits.rate, limits.proxies, site_config.logs)
            api = ApiRoute(open_record, config)
            routes = SearchRoutes(open_record, name, site_config, config)
            mail_routes = mail_pages.routes(open_record)
            operator = reader_features.ReaderConfig(
                context.settings, context.folder, str(context.file), context.site_config, context.terms
            )
            forms = reader_features.ReaderFeatures(open_record, chosen_publication, operator)
            more_routes = [api, *feeds, *mail_routes, *forms.routes, *routes.routes]
            running = server(
                issue_readers[0], name, host, port, site_config, more_routes, allowed_behind(limits.proxies)
            )
            running.run(sockets=[listener])
            api.api.close()
            routes.close()
            forms.close()
            for reader in issue_readers:
                reader.close()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
        # inherited by accepted connections: the end of a response must not wait for the acknowledgment of its beginning
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as problem:
        reason = (problem.strerror or str(problem)).partition(" (while")[0]
        raise UsageError(f"{host}, port {port}: {reason}; choose another --host or --port") from problem
