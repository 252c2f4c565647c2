"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hotpapers.base.wings import Wing

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from hotpapers.base.model import Publication
    from hotpapers.record import Record
    from hotpapers.serve.web.forms import FormRouter
    from hotpapers.site.site import Site


def _forms(
    router: FormRouter, open_record: Callable[[], Record], publication: Publication, site: Site
) -> Sequence[BaseRoute]:
    from hotpapers.wings.accounts.my_posts import dependencies_of, routes

    return routes(router, dependencies_of(open_record, site))


WING = Wing(
    "accounts",
    "A page for authors of posts: proved by a code in their profile, they hide their posts or contest a verdict.",
    forms=_forms,
    authors_path="mine",
)
