"""Tools and the API get any arguments: each call is answered or refused, with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hotpapers.publish.query import QuerySession, openapi
from hotpapers.serve.app import SiteApp
from hotpapers.site.site import Site
from hotpapers.wings.mcp import rpc
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import ToolDefinition, all_tools, public_tools
from hotpapers.wings.mcp.site_files import folder_files
from hotpapers.wings.mcp.site_tools import all_site_tools
from tests.serve.asgi import get
from tests.serve.conftest import app, make_api, sample_store

__all__ = ["app", "make_api", "sample_store"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LONG = st.sampled_from([1001, 20_000]).map("a".__mul__)
SHORT = st.none() | st.booleans() | st.integers() | TEXT
JSON = st.recursive(
    SHORT | st.floats(allow_nan=False, allow_infinity=False) | LONG | SHORT.map(lambda member: [member] * 1001),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
REQUIRED = {"q": "robot", "paper": "2101.04869", "publication": "hot-papers", "day": "2021-01-14", "period": "week"}
"""Values of parameters that must be given, in tools or addresses."""
GROUPS: dict[str, Callable[[], dict[str, ToolDefinition]]] = {
    "store": all_tools,
    "public": public_tools,
    "site": all_site_tools,
}


@pytest.fixture(scope="module")
def targets(demo_folder: Path) -> Iterator[dict[str, QuerySession | PublishedSite]]:
    """What each group of tools asks."""
    with Site(demo_folder / "hotpapers.db") as site:
        published = PublishedSite(folder_files(demo_folder / "site"))
        yield {"store": site.session, "public": site.session, "site": published}


def arguments_of(tool: ToolDefinition, name: str, value: Any) -> dict[str, Any]:
    """The arguments of a call: a value for one parameter, and what the tool requires."""
    required = tool.definition["inputSchema"].get("required", ())
    return {**{other: REQUIRED[other] for other in required}, name: value}


ALL = [
    (group, name, parameter)
    for group, tools in GROUPS.items()
    for name, tool in tools().items()
    for parameter in (*tool.params.__struct_fields__, "more")
]


@pytest.mark.parametrize("value", [True, 1.5, 10**20, "\0", "a" * 20_000, [], ["a"], [1], [[]], ["a"] * 1001, {"a": 1}])
def test_every_type_for_every_parameter(targets: dict[str, QuerySession | PublishedSite], value: object) -> None:
    for group, name, parameter in ALL:
        check_call(targets[group], group, name, parameter, value)


@given(st.sampled_from(ALL), JSON)
def test_any_argument_is_answered_or_refused_by_name(
    targets: dict[str, QuerySession | PublishedSite], target: tuple[str, str, str], value: object
) -> None:
    check_call(targets[target[0]], *target, value)


def check_call(session: QuerySession | PublishedSite, group: str, name: str, parameter: str, value: object) -> None:
    """Checks that a call is answered, or refused with the parameter's name, which it must be if the schema says so."""
    tools = GROUPS[group]()
    schema = tools[name].definition["inputSchema"]
    params = {"name": name, "arguments": arguments_of(tools[name], parameter, value)}
    reply = rpc.respond(session, rpc.RpcRequest(1, "tools/call", params), tools)
    assert reply is not None and "error" not in reply
    if value is not None and not Draft202012Validator(schema).is_valid(params["arguments"]):
        assert reply["result"]["isError"] and reply["result"]["content"][0]["text"].startswith(f"{parameter}: ")


@pytest.mark.parametrize(
    ("given_value", "refused"), [("2101.04869", True), (["a", 1], True), ([""], True), ([], False)]
)
def test_a_list_is_asked_for_where_one_is_expected(given_value: object, refused: bool, demo_folder: Path) -> None:
    with Site(demo_folder / "hotpapers.db") as site:
        params = {"name": "for_me", "arguments": {"stars": given_value}}
        reply = rpc.respond(site.session, rpc.RpcRequest(1, "tools/call", params), public_tools())
    assert reply is not None and reply["result"]["isError"] is refused
    text = "stars: must be a list of at most 100, each text of 1 to 300 characters"
    assert (reply["result"]["content"][0]["text"] == text) is refused


OPERATIONS = {path: item["get"]["parameters"] for path, item in openapi.api_document()["paths"].items()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(sorted(OPERATIONS)), data=st.data())
def test_any_parameter_of_the_api_is_answered_or_refused_by_name(app: SiteApp, path: str, data: st.DataObject) -> None:
    specs = {spec["name"]: spec for spec in OPERATIONS[path]}
    name = data.draw(st.sampled_from([*specs, "more"]))
    is_in_path = name in specs and specs[name]["in"] == "path"
    text = data.draw(TEXT | st.integers().map(str) | LONG.map(lambda long: long[:1500]))
    text = f"x{text.replace('/', '')}" if is_in_path else text
    values = {other: REQUIRED[other] for other, spec in specs.items() if spec["required"]} | {name: text}
    in_path = {other for other in values if f"{{{other}}}" in path}
    url = path.format_map({other: quote(values[other], safe="") for other in in_path})
    query = urlencode({other: value for other, value in values.items() if other not in in_path})
    response = get(app, f"/api/v1{url}?{query}")
    assert response.status in (200, 400, 404)
    is_integer = name in specs and specs[name]["schema"].get("type") == "integer"
    schema = specs[name]["schema"] if name in specs else False
    if not (is_integer and text.isdigit()) and not Draft202012Validator(schema).is_valid(text):
        assert response.status == 400 and response.json["detail"].startswith(f"{name}: ")
