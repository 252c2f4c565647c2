"""The API's document (OpenAPI 3.1), generated from the structs that check queries and write answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hotpapers.base.installed import hooks_of
from hotpapers.base.version import __version__
from hotpapers.publish.hooks import Operations
from hotpapers.publish.query import request_params, schemas
from hotpapers.publish.query.endpoint import Endpoint
from hotpapers.publish.query.endpoints import all_questions

Json = dict[str, Any]
PROBLEM = "application/problem+json"

ABOUT = """\
Frozen issues, their papers, who talked about them and when, and the arithmetic of every score. Read-only, without keys
or cookies; of a public site, open to every web page (CORS). Moments are whole microseconds since 1970-01-01 UTC.

Lists come in pages: `next` in an answer, and the header `Link` with rel="next", lead to the next one. Every answer has
an `ETag`; send it back as `If-None-Match` to skip unchanged answers. Clients that send too many requests get a
`Retry-After` header. What people wrote is theirs: it is quoted as their network's terms allow, and may be withdrawn at
any time.
"""

_HEADERS: Json = {
    "ETag": {"description": "The version of this answer", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, with rel="next"; absent on the last page', "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before the next request", "schema": {"type": "integer"}},
}
_PROBLEMS = {
    "400": "Invalid request",
    "403": "Asked by another site's page, and this site is not public",
    "404": "Not found",
    "413": "Requests must not have a body",
    "414": "Path and query longer than 2,000 characters",
    "421": "Asked by a name that is none of this site's, and it is not public",
    "429": "Too many requests in a short time",
    "500": "Internal error",
    "503": "The store is temporarily unavailable, or there are too many concurrent requests",
}
_LATER = ("429", "503")


class ProblemDetails(schemas.Schema):
    """Why a request failed (RFC 9457): `title` is the status in words, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str


def api_document() -> Json:
    """The whole document."""
    refs = "#/components/schemas/{name}"
    later = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    answers = [question.answer for question in all_questions()]
    _, components = msgspec.json.schema_components([*answers, ProblemDetails], ref_template=refs)
    questions = sorted(all_questions(), key=lambda q: q.path)
    paths = {question.path: {"get": _operation(question)} for question in questions}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hot Papers",
            "summary": "Every day, the research that people talk about.",
            "description": ABOUT,
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "../v1", "description": "Next to this document"}],
        "paths": paths | {path: {"get": get} for hook in hooks_of(Operations) for path, get in hook.describe()},
        "components": {
            "schemas": {name: on_one_line(schema) for name, schema in sorted(components.items())},
            "headers": _HEADERS,
            "responses": {
                _schema_name(status): {
                    "description": description,
                    **({"headers": later} if status in _LATER else {}),
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
                }
                for status, description in _PROBLEMS.items()
            },
        },
    }


def on_one_line(value: Any) -> Any:
    """The schema with each description on one line."""
    if isinstance(value, list):
        return [on_one_line(item) for item in value]
    if not isinstance(value, dict):
        return value
    shortened = {key: on_one_line(item) for key, item in value.items()}
    if isinstance(shortened.get("description"), str):
        shortened["description"] = " ".join(shortened["description"].split())
    return shortened


# ---- operations ------------------------------------------------------------------------------------------


def _operation(question: Endpoint) -> Json:
    answer = {"$ref": f"#/components/schemas/{question.answer.__name__}"}
    headers = ["ETag", "Link"] if "next" in question.answer.__struct_fields__ else ["ETag"]
    return {
        "operationId": question.name,
        "summary": question.about,
        "parameters": [*parameters(question.params, question.path)],
        "responses": {
            "200": {
                "description": "The answer",
                "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
                "content": {"application/json": {"schema": answer}},
            },
            **other_responses(),
        },
    }


def parameters(cls: type[request_params.Params], path: str) -> Iterator[Json]:
    """A query's parameters: those in its path, and those in the query string."""
    schema = fields_of(cls)
    for name, kind in schema["properties"].items():
        is_in_path = f"{{{name}}}" in path
        kind = {key: value for key, value in kind.items() if not (is_in_path and key == "default")}
        yield {
            "name": name,
            "in": "path" if is_in_path else "query",
            "description": kind.pop("description", ""),
            "required": is_in_path or name in schema.get("required", ()),
            "schema": kind,
        }


def fields_of(cls: type[request_params.Params]) -> Json:
    """The JSON Schema of a query's parameters, without references."""
    _, components = msgspec.json.schema_components([cls], ref_template="{name}")
    schema: Json = on_one_line(components[cls.__name__])
    return schema


def other_responses() -> Json:
    """The responses of every operation besides its answer."""
    problems = {status: {"$ref": f"#/components/responses/{_schema_name(status)}"} for status in _PROBLEMS}
    return {"304": {"description": "Not modified"}, **problems}


def _schema_name(status: str) -> str:
    return f"Problem{status}"


def document_text() -> str:
    """The document as a file: docs/reference/openapi.json."""
    return json_of(api_document())


def json_of(value: Json) -> str:
    """Indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"
