"""The fields that a publication may name."""

from __future__ import annotations

from hotpapers.base.papers.categories import ALL_OF_ARXIV, fields_of_arxiv, servers_with_keys
from hotpapers.base.papers.paper_servers import all_servers


def known_fields() -> frozenset[str]:
    """All of them: arXiv's, and those of the servers that are installed."""
    categories = (f"{server.name}.{category}" for server in all_servers() for category in server.categories)
    return frozenset((*fields_of_arxiv(), ALL_OF_ARXIV, *servers_with_keys(), *categories))
