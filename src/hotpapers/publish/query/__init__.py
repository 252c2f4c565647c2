"""Queries: what a program can ask about a record and its issues, as functions of a session and parameters.

    endpoints        all queries; an `endpoint` has a name, an address, parameters, an answer
    session          a record, its terms and its issues, for one thread
    request_params   parameters with their limits
    schemas          answers      status_schemas   how a site is doing      conversation_schemas
    issues papers conversations status    the functions
    queries          which posts about a paper may be shown
    openapi          the API's document, generated from these

The API (`serve/api.py`), the tools for language models and the library (`site/site.py`) use only these.
All post content in answers may be shown now under its network's terms.
"""

from __future__ import annotations

from hotpapers.publish.query.endpoint import Endpoint
from hotpapers.publish.query.endpoints import BY_NAME, all_questions
from hotpapers.publish.query.session import QuerySession

__all__ = ["BY_NAME", "Endpoint", "QuerySession", "all_questions"]
