"""Maps paths to API endpoints and their parameters."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from hotpapers.base.errors import UsageError
from hotpapers.publish.query import request_params
from hotpapers.publish.query.endpoints import EXPORT_COST, EXPORT_PATH, QUESTIONS, Endpoint

MAX_PARAMETERS = 10


class QueryRoute(NamedTuple):
    """A route of the API. `question`: its endpoint, None for the export. `pattern`: matches the whole path."""

    question: Endpoint | None
    pattern: re.Pattern[str]

    @property
    def cost(self) -> int:
        """Its cost in simple requests."""
        return self.question.cost if self.question else EXPORT_COST

    @property
    def params_type(self) -> type[request_params.Params]:
        return self.question.params if self.question else request_params.ExportParams


def _pattern(path: str) -> re.Pattern[str]:
    """`/papers/{paper}` → a pattern; only identifiers of papers may contain slashes."""
    wide_patterns = {"{paper}": r"(?P<paper>.+)"}
    parts = re.split(r"(\{\w+\})", path)
    patterns = [wide_patterns.get(part) or re.sub(r"^\{(\w+)\}$", r"(?P<\1>[^/]+)", part) for part in parts]
    return re.compile("".join(patterns))


ROUTES: tuple[QueryRoute, ...] = (
    *(QueryRoute(question, _pattern(question.path)) for question in QUESTIONS),
    QueryRoute(None, _pattern(EXPORT_PATH)),
)


def route_of(path: str) -> tuple[QueryRoute, dict[str, str]] | None:
    """The route of a path and the parameters in it; None if no route matches."""
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match:
            return route, match.groupdict()
    return None


def parameters(cls: type[request_params.Params], path_values: dict[str, str], query: bytes) -> request_params.Params:
    """The parameters of a path and its query. Raises UsageError for missing, invalid, unknown or duplicate ones."""
    values: dict[str, str] = {}
    for name, value in _pairs(query):
        if name in values or name in path_values:
            raise UsageError(f"{name[:60]}: given twice")
        values[name] = value
    return request_params.check_params(cls, {**path_values, **values}, as_text=True)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:  # not ASCII, not UTF-8, not pairs, or too many
        raise UsageError("invalid query; write it as name=value&name=value, in UTF-8") from error


def next_link(params: request_params.Params, path_pattern: str, cursor: str | None) -> str:
    """The Link header to the next page, relative to the requested address; empty on the last page."""
    if not cursor:
        return ""
    values: dict[str, Any] = {**msgspec.structs.asdict(params), "cursor": cursor}
    query_values = {name: value for name, value in values.items() if f"{{{name}}}" not in path_pattern and value != ""}
    return f'<?{urlencode(query_values, quote_via=quote)}>; rel="next"'
