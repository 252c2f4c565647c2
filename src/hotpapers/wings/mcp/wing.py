"""What the wing hooks into the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hotpapers.base.wings import Wing, loading

if TYPE_CHECKING:
    from hotpapers.serve.web.backend import Backend
    from hotpapers.serve.web.page_cache import CurrentPages
    from hotpapers.site.site import Site


def _routes(backend: Backend, pages: CurrentPages, site: Site) -> tuple[Any]:
    from hotpapers.wings.mcp.route import McpResponder

    return (McpResponder(backend).route,)


WING = Wing(
    "mcp",
    "Tools for language models, by the Model Context Protocol.",
    commands={
        "mcp": ("hotpapers.wings.mcp.commands:mcp", "Serve issues, papers and search to language models (MCP)."),
    },
    routes=_routes,
    about_tools=loading("hotpapers.wings.mcp.site_tools:about_tools"),
)
