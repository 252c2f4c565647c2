"""The API's document: complete, valid OpenAPI, and in step with the questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hotpapers.base.installed import hooks_of
from hotpapers.publish.hooks import Operations
from hotpapers.publish.query.endpoints import all_questions
from hotpapers.publish.query.openapi import api_document

DOCUMENT = api_document()
OPERATIONS = {path: item["get"] for path, item in DOCUMENT["paths"].items()}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def test_every_question_has_its_address() -> None:
    further: dict[str, Any] = dict(operation for hook in hooks_of(Operations) for operation in hook.describe())
    assert set(OPERATIONS) == {*(question.path for question in all_questions()), *further}
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    further_names = (operation["operationId"] for operation in further.values())
    assert sorted(names) == sorted([*(question.name for question in all_questions()), *further_names])


def test_every_reference_leads_somewhere_and_everything_is_referred_to() -> None:
    targets = set(references(DOCUMENT))
    for reference in targets:
        node: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    parts = DOCUMENT["components"]
    assert targets >= {f"#/components/{kind}/{name}" for kind in parts for name in parts[kind]}


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_one_and_has_a_short_name(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    Draft202012Validator.check_schema(schema)
    assert re.fullmatch(r"[A-Z][A-Za-z]+", name)
    assert schema["description"] and "\n" not in schema["description"]


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_operation_says_what_it_takes_and_gives(path: str) -> None:
    operation = OPERATIONS[path]
    assert operation["summary"].endswith(".")
    path_parameters = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert path_parameters == set(re.findall(r"{(\w+)}", path))
    for parameter in operation["parameters"]:
        Draft202012Validator.check_schema(parameter["schema"])
        assert parameter["description"]
        assert parameter["required"] or "default" in parameter["schema"]
    assert {"200", "304", "400", "404", "429", "503"} <= set(operation["responses"])


def test_answers_are_closed() -> None:
    """So the tests that compare answers with this document find any extra field."""
    schemas = DOCUMENT["components"]["schemas"]
    assert all(schemas[question.answer.__name__].get("additionalProperties") is False for question in all_questions()
               if question.name != "content")  # fmt: skip
