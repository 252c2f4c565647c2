"""The app's forms for readers, those of wings too, if the settings make the app public."""

from __future__ import annotations

import logging
from functools import partial

from starlette.routing import BaseRoute

from hotpapers.base.logs import log_event
from hotpapers.base.model import Publication
from hotpapers.base.wings import wings
from hotpapers.publish.view import phrases
from hotpapers.serve.web import report_forms
from hotpapers.serve.web.backend import Backend
from hotpapers.serve.web.forms import FormRouter
from hotpapers.site.site import Site

ONE_CLIENT = (
    "[serve] base begins with https://, so there is a proxy in front, but `proxies` is 0: all readers count as one"
    " client and share one rate limit. Set proxies = 1, or the number of proxies."
)


def form_routes(backend: Backend, publication: Publication, site: Site) -> list[BaseRoute]:
    """The routes of the forms; none if the app has no public address. Raises SettingsError."""
    serve = site.settings.serve
    if not serve.base:
        return []
    if serve.base.startswith("https://") and not serve.proxies:  # this server does not speak TLS itself
        log_event(ONE_CLIENT, level=logging.WARNING)
    make_router = partial(FormRouter, backend, phrases.one_line(publication.title))
    reports = report_forms.ReportDependencies(backend.open_record, terms=site.terms)
    routes = list(report_forms.routes(make_router(), reports))
    for wing in wings():
        if wing.forms is not None:
            routes += wing.forms(make_router(), backend.open_record, publication, site)
    return routes
