"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.cli.hooks import Commands
from hotpapers.publish.hooks import ToolsNote
from hotpapers.publish.page_hooks import SiteFiles
from hotpapers.serve.hooks import Routes

WING = Wing(
    "mcp",
    "Tools for language models, by the Model Context Protocol.",
    hooks=(
        Commands(
            {
                "Publish": {
                    "mcp": (
                        "hotpapers.wings.mcp.commands:mcp",
                        "Serve issues, papers and search to language models (MCP).",
                    ),
                }
            }
        ),
        Routes(load_lazily("hotpapers.wings.mcp.route:routes")),
        SiteFiles(load_lazily("hotpapers.wings.mcp.hot_papers:HotPart")),
        ToolsNote(load_lazily("hotpapers.wings.mcp.site_tools:about_tools")),
    ),
)
