"""Queries: what a program can ask about a record and its issues, as functions of a session and parameters.

    endpoints        all queries: name, address, parameters, answer
    session          a record, its terms and its issues, for one thread
    request_params   parameters with their limits
    schemas          answers
    issues papers paper_posts status export    the functions
    queries          which posts about a paper may be shown
    openapi          the API's document, generated from these

The API (`web/api.py`), the tools for language models (`cli/mcp.py`) and the library (`library.py`) use only these.
All post content in answers may be shown now under its network's terms.
"""

from __future__ import annotations

from hotpapers.query.endpoints import BY_NAME, QUESTIONS, Endpoint
from hotpapers.query.session import QuerySession

__all__ = ["BY_NAME", "QUESTIONS", "Endpoint", "QuerySession"]
