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
    from hotpapers.wings.accounts.my_posts import dependencies_of, routes
    from hotpapers.wings.forms.form_router import form_router

    router = form_router(backend, publication)
    return routes(router, dependencies_of(backend.open_record, site)) if router else ()


WING = Wing(
    "accounts",
    "A page for authors of posts: proved by a code in their profile, they hide their posts or contest a verdict.",
    routes=_routes,
    authors_path="mine",
)
