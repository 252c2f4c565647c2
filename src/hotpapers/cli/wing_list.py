"""`hotpapers wings`: lists the wings that are installed."""

from __future__ import annotations

from hotpapers.base import wings as installed
from hotpapers.base.text_tables import aligned
from hotpapers.cli import common
from hotpapers.cli.terminal import show


@common.command("""
  hotpapers wings
  hotpapers wings --json | jq -r '.wings[].name'""")
@common.json_option
@common.debug_option
def wings(as_json: bool) -> None:
    """List the features that are installed besides the core.

    Other packages may bring more.
    """
    listed = [{"name": wing.name, "summary": wing.summary} for wing in installed.wings()]
    show({"wings": listed}, aligned([tuple(wing.values()) for wing in listed]), as_json)
