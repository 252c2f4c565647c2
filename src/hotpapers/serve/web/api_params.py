"""The parameters of a request to the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from hotpapers.base.errors import UsageError
from hotpapers.publish.query import request_params

MAX_PARAMETERS = 10


def parameters(cls: type[request_params.Params], path_values: Mapping[str, str], query: bytes) -> request_params.Params:
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


def next_link(params: request_params.Params, path_pattern: str, cursor: str | None) -> dict[str, str]:
    """The Link header to the next page, relative to the requested address; none on the last page."""
    if not cursor:
        return {}
    values: dict[str, Any] = {**msgspec.structs.asdict(params), "cursor": cursor}
    query_values = {name: value for name, value in values.items() if f"{{{name}}}" not in path_pattern and value != ""}
    return {"link": f'<?{urlencode(query_values, quote_via=quote)}>; rel="next"'}
