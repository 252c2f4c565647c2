"""Queries: what a program may ask of a record and its issues, as functions from a session and parameters to values.

    endpoints        all of them, once: name, address, parameters, answer
    session          a record, its terms and its issues, of one thread
    request_params   parameters, with their limits
    schemas          answers
    issues papers paper_posts status export    the functions
    queries          which posts about a paper may be shown
    openapi          the API's document, made of all that

The API (`web/api.py`), the tools for language models (`cli/mcp.py`) and the library (`library.py`) ask nothing else.
Whatever of posts is in an answer may be shown now, by its network's terms.
"""

from __future__ import annotations

from hotpapers.query.endpoints import BY_NAME, QUESTIONS, Endpoint
from hotpapers.query.session import QuerySession

__all__ = ["BY_NAME", "QUESTIONS", "Endpoint", "QuerySession"]
