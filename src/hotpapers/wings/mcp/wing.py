"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading

WING = Wing(
    "mcp",
    "Tools for language models, by the Model Context Protocol.",
    commands={
        "Publish": {
            "mcp": ("hotpapers.wings.mcp.commands:mcp", "Serve issues, papers and search to language models (MCP)."),
        }
    },
    routes=loading("hotpapers.wings.mcp.route:routes"),
    site_part=loading("hotpapers.wings.mcp.hot_papers:HotPart"),
    about_tools=loading("hotpapers.wings.mcp.site_tools:about_tools"),
)
