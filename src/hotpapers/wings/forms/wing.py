"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotpapers.base.wings import Wing

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from hotpapers.base.model import Publication
    from hotpapers.serve.web.backend import Backend
    from hotpapers.serve.web.page_cache import CurrentPages
    from hotpapers.site.site import Site


def _routes(backend: Backend, pages: CurrentPages, publication: Publication, site: Site) -> Sequence[BaseRoute]:
    from hotpapers.wings.forms.form_router import form_router
    from hotpapers.wings.forms.report_pages import ReportDependencies, routes

    router = form_router(backend, publication)
    return routes(router, ReportDependencies(backend.open_record, terms=site.terms)) if router else ()


WING = Wing(
    "forms",
    "Forms for readers: to report a wrong entry or an unwanted quotation, and for what other wings ask.",
    commands={
        "reports": (
            "hotpapers.wings.forms.commands:reports",
            "List the reports that readers sent with the app's forms.",
        ),
    },
    routes=_routes,
    takes_reports=True,
)
