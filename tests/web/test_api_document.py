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
from starlette.applications import Starlette

from hotpapers.query.openapi import document, json_of
from tests.web.asgi import Answer, get

DOCUMENT: dict[str, Any] = json.loads(json_of(document()))
OPERATIONS: dict[str, Any] = {path: item["get"] for path, item in DOCUMENT["paths"].items()}

KNOWN: dict[str, list[str]] = {
    "publication": ["hot-papers", ""],
    "day": ["latest", "2021-01-14", "2021-05-11"],
    "paper": ["2101.04869", "arxiv:2101.04882", "2105.04026v1"],
    "q": ["robot", "author:jiang", "category:cs.LG date:2021", "-the", '"self-play" OR neural'],
    "cursor": [""],
}
"""Values that match something in the sample."""


def resolved(value: Any) -> Any:
    """The target of a reference."""
    here: Any = DOCUMENT
    for step in value["$ref"].removeprefix("#/").split("/") if "$ref" in value else ():
        here = here[step]
    return here if "$ref" in value else value


def check(path: str, answer: Answer) -> None:
    """Checks that the document lists this answer for the operation, with its headers and content."""
    responses = OPERATIONS[path]["responses"]
    assert str(answer.status) in responses, answer
    response = resolved(responses[str(answer.status)])
    for name in response.get("headers", {}):
        assert name.lower() in answer.headers or name == "Link"
    if answer.status == 304:
        assert answer.body == b""
        return
    kind = answer.headers["content-type"].partition(";")[0]
    schema = response["content"][kind]["schema"]
    if kind in ("application/json", "application/problem+json"):
        whole = {**schema, "components": DOCUMENT["components"]}
        Draft202012Validator(whole).validate(answer.json)


def parameter(one: dict[str, Any]) -> st.SearchStrategy[str]:
    """Values of a parameter: some from the sample, some valid by the schema, and some arbitrary."""
    schema = one["schema"]
    if "enum" in schema:
        allowed: st.SearchStrategy[str] = st.sampled_from(schema["enum"])
    elif schema["type"] == "integer":
        allowed = st.integers(schema["minimum"], schema["maximum"]).map(str)
    elif "pattern" in schema:
        allowed = st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
    else:
        allowed = st.text(max_size=40)
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    known = st.sampled_from(KNOWN[one["name"]]) if one["name"] in KNOWN else allowed
    return st.one_of(known, known, known, allowed, text)


@st.composite
def requests(draw: st.DrawFn, path: str) -> str:
    """A URL of an operation, with some of its parameters and occasionally an unknown one."""
    url, query = path, []
    for one in OPERATIONS[path]["parameters"]:
        if one["in"] == "path":
            value = draw(parameter(one).filter(bool))
            url = url.replace(f"{{{one['name']}}}", quote(value, safe="/:"))
        elif one["required"] or draw(st.booleans()):
            query.append((one["name"], draw(parameter(one))))
    if draw(st.integers(0, 9)) == 0:
        query.append((draw(st.text(max_size=5)), "1"))
    return f"/api/v1{url}?{urlencode(query)}" if query else f"/api/v1{url}"


@pytest.mark.long
@pytest.mark.parametrize("path", OPERATIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_answer_is_documented(app: Starlette, path: str, data: st.DataObject) -> None:
    url = data.draw(requests(path))
    answer = get(app, url)
    check(path, answer)
    if answer.status == 200:
        check(path, get(app, url, headers={"If-None-Match": answer.headers["etag"], "Accept-Encoding": "identity"}))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), query=st.binary(max_size=60))
def test_any_address_gets_an_answer(app: Starlette, path: str, query: bytes) -> None:
    answer = get(app, f"/api/v1/{quote(path, safe='/')}?{query.decode('latin-1').replace('?', '')}")
    assert answer.status in (200, 307, 400, 404)
    if answer.status >= 400:
        problem = {"$ref": "#/components/schemas/ProblemDetails", "components": DOCUMENT["components"]}
        Draft202012Validator(problem).validate(answer.json)
        assert answer.json["status"] == answer.status


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_operation_gives_an_answer(app: Starlette, path: str) -> None:
    """With only the required parameters."""
    url = path.replace("{publication}", "hot-papers").replace("{day}", "latest").replace("{paper}", "2101.04869")
    query = "?q=robot" if path == "/search" else ""
    answer = get(app, f"/api/v1{url}{query}")
    assert answer.status == 200
    check(path, answer)


def test_what_the_document_does_not_have_is_noticed() -> None:
    """Tests `check` itself."""
    wrong = Answer(200, {"content-type": "application/json", "etag": '"1"', "link": ""}, b'{"issues": [], "next": 7}')
    with pytest.raises(Exception, match="7 is not valid"):
        check("/publications/{publication}/issues", wrong)
    with pytest.raises(AssertionError):
        check("/status", Answer(418, {}, b""))
