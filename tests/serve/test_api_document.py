"""Requests that follow the document or break it: the document describes every answer."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hotpapers.publish.query.openapi import api_document, json_of
from hotpapers.serve.app import SiteApp
from tests.serve.asgi import Response, get

DOCUMENT: dict[str, Any] = json.loads(json_of(api_document()))
OPERATIONS: dict[str, Any] = {path: item["get"] for path, item in DOCUMENT["paths"].items()}

KNOWN_VALUES: dict[str, list[str]] = {
    "publication": ["hot-papers", ""],
    "day": ["latest", "2021-01-14", "2021-05-11"],
    "period": ["week", "month", "2021", "2021-01", "all"],
    "paper": ["2101.04869", "arxiv:2101.04882", "2105.04026v1"],
    "q": ["robot", "author:jiang", "category:cs.LG date:2021", "-the", '"self-play" OR neural'],
    "cursor": [""],
}
"""Values that match something in the sample."""


def resolve(value: Any) -> Any:
    """The target of a reference."""
    node: Any = DOCUMENT
    for step in value["$ref"].removeprefix("#/").split("/") if "$ref" in value else ():
        node = node[step]
    return node if "$ref" in value else value


def check(path: str, response: Response) -> None:
    """Checks that the document lists this answer for the operation, with its headers and content."""
    responses = OPERATIONS[path]["responses"]
    assert str(response.status) in responses, response
    description = resolve(responses[str(response.status)])
    for name in description.get("headers", {}):
        assert name.lower() in response.headers or name == "Link"
    if response.status == 304:
        assert response.body == b""
        return
    kind = response.headers["content-type"].partition(";")[0]
    schema = description["content"][kind]["schema"]
    if kind in ("application/json", "application/problem+json"):
        full_schema = {**schema, "components": DOCUMENT["components"]}
        Draft202012Validator(full_schema).validate(response.json)


def parameter(spec: dict[str, Any]) -> st.SearchStrategy[str]:
    """Values of a parameter: some from the sample, some valid by the schema, and some arbitrary."""
    schema = spec["schema"]
    if "enum" in schema:
        valid_values: st.SearchStrategy[str] = st.sampled_from(schema["enum"])
    elif schema["type"] == "integer":
        valid_values = st.integers(schema["minimum"], schema["maximum"]).map(str)
    elif "pattern" in schema:
        valid_values = st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
    else:
        valid_values = st.text(max_size=40)
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    known_values = st.sampled_from(KNOWN_VALUES[spec["name"]]) if spec["name"] in KNOWN_VALUES else valid_values
    return st.one_of(known_values, known_values, known_values, valid_values, text)


@st.composite
def requests(draw: st.DrawFn, path: str) -> str:
    """A URL of an operation, with some of its parameters and occasionally an unknown one."""
    url, query = path, []
    for spec in OPERATIONS[path]["parameters"]:
        if spec["in"] == "path":
            value = draw(parameter(spec).filter(bool))
            url = url.replace(f"{{{spec['name']}}}", quote(value, safe="/:"))
        elif spec["required"] or draw(st.booleans()):
            query.append((spec["name"], draw(parameter(spec))))
    if draw(st.integers(0, 9)) == 0:
        query.append((draw(st.text(max_size=5)), "1"))
    return f"/api/v1{url}?{urlencode(query)}" if query else f"/api/v1{url}"


@pytest.mark.long
@pytest.mark.parametrize("path", OPERATIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_answer_is_documented(app: SiteApp, path: str, data: st.DataObject) -> None:
    url = data.draw(requests(path))
    response = get(app, url)
    check(path, response)
    if response.status == 200:
        check(path, get(app, url, headers={"If-None-Match": response.headers["etag"], "Accept-Encoding": "identity"}))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), query=st.binary(max_size=60))
def test_any_address_gets_an_answer(app: SiteApp, path: str, query: bytes) -> None:
    response = get(app, f"/api/v1/{quote(path, safe='/')}?{query.decode('latin-1').replace('?', '')}")
    assert response.status in (200, 307, 400, 404)
    if response.status >= 400:
        problem = {"$ref": "#/components/schemas/ProblemDetails", "components": DOCUMENT["components"]}
        Draft202012Validator(problem).validate(response.json)
        assert response.json["status"] == response.status


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_operation_gives_an_answer(app: SiteApp, path: str) -> None:
    """With only the required parameters."""
    url = (
        path.replace("{publication}", "hot-papers")
        .replace("{day}", "latest")
        .replace("{period}", "month")
        .replace("{paper}", "2101.04869")
    )
    query = "?q=robot" if path == "/search" else ""
    response = get(app, f"/api/v1{url}{query}")
    assert response.status == 200
    check(path, response)


def test_what_the_document_does_not_have_is_noticed() -> None:
    """Tests `check` itself."""
    response = Response(
        200, {"content-type": "application/json", "etag": '"1"', "link": ""}, b'{"issues": [], "next": 7}'
    )
    with pytest.raises(Exception, match="7 is not valid"):
        check("/publications/{publication}/issues", response)
    with pytest.raises(AssertionError):
        check("/status", Response(418, {}, b""))
