"""The docs match the program: they cover what it has, whatever they name exists, and no link is dead."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain, takewhile
from pathlib import Path
from typing import Any, get_args

import click
import jsonschema
import msgspec
import pytest

from hotpapers.base import model, settings
from hotpapers.issues import freeze
from hotpapers.issues.ranking import RANKINGS
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.render import CHANNELS
from hotpapers.record import Record
from hotpapers.record import item_rows as items_module
from tests.conftest import ROOT
from tests.test_house import LEVEL
from tools import make_docs

DOCS = ROOT / "docs"
NOTES = DOCS / "development" / "decisions"
PAGES = make_docs.all_pages()


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def prose_of(page: Path) -> str:
    """A page without its code blocks."""
    return re.sub(r"^( *)(```|~~~).*?^\1\2 *$", "", text_of(page), flags=re.M | re.S)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# ---- what people look for ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted((DOCS / "explanation").glob("*.md")), ids=lambda page: page.stem)
def test_an_explanation_begins_with_what_one_does(page: Path) -> None:
    """A command, a setting or a file to open, or that there is nothing to do; before any formula and table."""
    _, first, *_ = text_of(page).split("\n\n")
    assert re.search(r"`hotpapers \w|^(?:Set|Open|Run|Nothing) ", first), first


@pytest.mark.parametrize(
    ("words", "pages"),
    [
        (
            "language model",
            ("README.md", "template/README.md", "docs/tutorial/reading.md", "docs/explanation/summary.md"),
        ),
        ("one id in all feeds", ("docs/reference/channels.md", "docs/tutorial/reading.md")),
        ("Feishu", ("docs/wings/chat.md",)),
        ("WeCom", ("docs/wings/chat.md",)),
    ],
)
def test_it_is_said_where_people_look(words: str, pages: Sequence[str]) -> None:
    for page in pages:
        assert words in text_of(ROOT / page).replace("\n", " "), page


@pytest.mark.parametrize("name", ["tutorial/reading", "how-to/proxies", "how-to/memory-and-disk", "how-to/look",
                                  "how-to/renaming"])  # fmt: skip
def test_pages_for_common_tasks_are_found(name: str) -> None:
    assert f"({name}.md)" in text_of(DOCS / "README.md")


def test_services_named_in_chat_are_those_of_apprise() -> None:
    apprise = pytest.importorskip("apprise")
    addresses = re.findall(r"`((?:feishu|wecombot)://)\w+`", text_of(DOCS / "wings" / "chat.md"))
    assert len(addresses) == 2
    for address in addresses:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its services' warnings are for their developers
            assert apprise.Apprise.instantiate(f"{address}abcdefgh-1234-1234-1234-123456789012"), address


# ---- what the program has ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", make_docs.files())
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert text_of(ROOT / name) == make_docs.files()[name], "run: make docs"


def test_every_command_and_option_is_described() -> None:
    """Below its command's line, or at the top of the page with the commands that take it."""
    head, *sections = text_of(DOCS / "reference" / "cli.md").split("\n## ")
    lines = [line for section in sections for line in section.splitlines()]
    program, *all_contexts = make_docs.contexts(make_docs.root_command(), "hotpapers")
    for context in all_contexts:
        command = make_docs.name_of(context)
        assert option_names(context) - options_below(command, lines) == shared_by(head, command), command
    assert option_names(program) - set(re.findall(r"`hotpapers (--[\w-]+)`", head)) == shared_by(head, "")


def option_names(context: click.Context) -> set[str]:
    options = [p for p in context.command.get_params(context) if not getattr(p, "hidden", False)]
    return {name for p in options if p.param_type_name == "option" for name in [*p.opts, *p.secondary_opts]}


def options_below(command: str, lines: Sequence[str]) -> set[str]:
    """The options in the lines below that of a command, which has its arguments after two spaces or in capitals."""
    [start] = [n for n, line in enumerate(lines) if re.match(rf"{re.escape(command)}( [^a-z]|$)", line)]
    below = list(takewhile(lambda line: line.startswith(" "), lines[start + 1 :]))
    named = " ".join(re.findall(r"\((--[^)]*)\)", " ".join([lines[start], *below])))  # as of wings' commands
    return {*re.findall(r"--[\w-]+", named), *(name for line in below for name in re.findall(r"^  (--[\w-]+)", line))}


def shared_by(head: str, command: str) -> set[str]:
    """The shared options that a command takes, according to the top of the page."""
    options, above = set(), [("", "")]
    for line in head.splitlines():
        takers = re.findall(r" Taken by (all but )?(`.*`)[.:]$", line)
        above = above if line.startswith("  ") else takers or [("", "")]
        is_inverted, names = above[0]
        if not names or (command and (f"`{command}`" in names.split(", ")) != bool(is_inverted)):
            options |= {
                name for names in re.findall(r"`(-[^`]*)`: ", line) for name in re.findall(r"--?[a-z-]+", names)
            }
    return options


def test_every_command_says_what_it_is_for() -> None:
    contexts = make_docs.contexts(make_docs.root_command(), "hotpapers")
    assert not [context.command_path for context in contexts if not context.command.help]


def test_every_setting_is_described() -> None:
    """docs/reference/settings.md names every field of every struct in hotpapers.base.settings but those of wings, which
    their pages name."""
    described = set(re.findall(r"`\[*([\w-]+)\]*(?: = [^`]*)?`", text_of(DOCS / "reference" / "settings.md")))
    names = {
        settings.__name__,
        *(f"{settings.__name__}.{submodule.name}" for submodule in pkgutil.iter_modules(settings.__path__)),
    }
    assert len(names) > 1
    of_wings = {cls: page for cls, page in make_docs.WINGS.values()}
    assert not {name for module in names for name in setting_names(module, but=of_wings)} - described
    for cls, page in of_wings.items():
        on_page = re.findall(r"(?m)^(\w+) = |`(\w+)(?: = [^`]*)?`", text_of(DOCS / f"{page}.md"))
        assert not {field.encode_name for field in msgspec.structs.fields(cls)} - set(chain(*on_page)), page


def setting_names(module: str, but: Container[type]) -> set[str]:
    own = [
        value for value in vars(importlib.import_module(module)).values() if getattr(value, "__module__", "") == module
    ]
    structs = [
        value for value in own if inspect.isclass(value) and issubclass(value, msgspec.Struct) and value not in but
    ]
    return {field.encode_name for struct in structs for field in msgspec.structs.fields(struct)}


def test_every_error_is_described() -> None:
    errors = importlib.import_module("hotpapers.base.errors")
    names = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    described = set(re.findall(r"`(\w+)`", text_of(DOCS / "reference" / "errors.md")))
    drawn_names = set(re.findall(r"\w+", errors.__doc__ or ""))
    assert names and not names - described
    assert not names - drawn_names, "draw it in the docstring of errors.py"


def test_every_kind_of_item_is_a_word_of_the_glossary() -> None:
    described = set(re.findall(r"`(\w+)`[ ,\n]", text_of(DOCS / "reference" / "glossary.md").split("## ")[0]))
    assert described == {model.kind_of(cls) for cls in model.KINDS}


def test_architecture_lists_the_parts_in_the_order_of_imports() -> None:
    parts = re.findall(r"^\* `(\w+)`:", text_of(DOCS / "development" / "architecture.md"), re.M)
    assert sorted(parts, key=lambda part: LEVEL[part]) == parts and set(parts) == LEVEL.keys()


def test_architecture_follows_a_post_through_existing_files() -> None:
    steps = re.findall(r"^\d+\. (.*(?:\n   .*)*)", text_of(DOCS / "development" / "architecture.md"), re.M)
    assert 5 <= len(steps) <= 12
    files = [re.findall(r"`([\w/]+\.py)`", step) for step in steps]
    assert all(files)
    assert all((ROOT / "src" / "hotpapers" / name).is_file() for name in chain.from_iterable(files))


def test_every_ranking_channel_and_window_is_described() -> None:
    assert all(f"## {name}" in text_of(DOCS / "explanation" / "ranking.md") for name in RANKINGS)
    assert all(f"* `{name}`:" in text_of(DOCS / "reference" / "channels.md") for name in CHANNELS)
    assert all(f"* `{name}`:" in text_of(DOCS / "explanation" / "issues.md") for name in get_args(model.Window))


# ---- the exchange format ---------------------------------------------------------------------------------


def examples() -> list[dict[str, Any]]:
    """The lines shown in docs/reference/exchange.md."""
    blocks = re.findall(r"^```json\n(.*?)^```", text_of(DOCS / "reference" / "exchange.md"), re.M | re.S)
    return [json.loads(line) for block in blocks for line in block.splitlines()]


def violations(lines: Iterable[dict[str, Any]]) -> list[str]:
    """Violations of the published JSON Schema."""
    schema = json.loads(text_of(DOCS / "reference" / "exchange.schema.json"))
    validators: dict[str, Any] = {}
    messages = []
    for line in lines:
        kind = line["kind"]
        if kind not in validators:
            kinds = {
                name: definition["properties"].get("kind", {}).get("enum")
                for name, definition in schema["$defs"].items()
            }
            [name] = [name for name, names_of_kind in kinds.items() if names_of_kind == [kind]]
            schema_of_kind = {**schema, "oneOf": [{"$ref": f"#/$defs/{name}"}]}
            validators[kind] = jsonschema.Draft202012Validator(schema_of_kind)
        messages += [f"{kind}: {error.message}" for error in validators[kind].iter_errors(line)]
    return messages


def test_the_schema_is_valid_and_distinguishes_kinds() -> None:
    schema = json.loads(text_of(DOCS / "reference" / "exchange.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert all(validator.is_valid(line) for line in examples())
    tally = next(line for line in examples() if line["kind"] == "tally")
    for fault in ({"likes": -1}, {"likes": 2**53}, {"likes": "44"}, {"kind": "rumour"}, {"more": 1}):
        assert not validator.is_valid(tally | fault)


def test_every_kind_of_line_has_an_example_that_is_one() -> None:
    kinds = {line["kind"] for line in examples()}
    items = {model.kind_of(cls) for cls in model.KINDS}
    assert kinds == (items - {"issue", "delivery"}) | {
        "header",
        "batch",
        "identity",
        "pruned",
        "delivery_state",
        "note",
        "end",
    }
    for line in examples():
        if line["kind"] in items:
            msgspec.convert({k: v for k, v in line.items() if k != "row"}, items_module.BY_KIND[line["kind"]].type)


@pytest.fixture
def full_record(tmp_path: Path) -> Iterator[Record]:
    """A record with an item of every kind: talk, the examples, an issue, deliveries. One account is forgotten."""
    example_items = (line for line in examples() if line["kind"] in items_module.BY_KIND and "row" not in line)
    lines = [{"kind": "header", "format": "hotpapers-record", "version": 1, "full": False}, *example_items]
    with Record(str(tmp_path / "record.db")) as record:
        importer.import_lines(record, "talk", (DOCS / "examples" / "talk.jsonl").read_bytes().splitlines())
        importer.import_lines(record, "examples", [json.dumps(line).encode() for line in lines])
        freeze.freeze_issue(record, freeze.publication_of(record, None), "2025-03-11")
        export_site(record, "daily", ["2025-03-11"], "markdown", tmp_path / "out")
        forget_key(record, "bluesky:did:plc:madeuphal")
        yield record


@pytest.mark.parametrize("records_only", [True, False])
def test_exports_obey_the_schema(full_record: Record, records_only: bool) -> None:
    lines = [json.loads(line) for line in exporter.record_lines(full_record, records_only=records_only)]
    kinds = {line["kind"] for line in lines}
    assert kinds >= {model.kind_of(cls) for cls in model.KINDS} - ({"issue", "delivery"} if records_only else set())
    assert not violations(lines)
    [content] = [json.loads(line["content"]) for line in lines if line["kind"] == "issue"] or [None]
    if content:
        schema = json.loads(text_of(DOCS / "reference" / "exchange.schema.json"))
        jsonschema.validate(content, {**schema, "oneOf": [{"$ref": "#/$defs/IssueContent"}]})


@pytest.mark.parametrize("name", ["check_proof.py", "recompute.py", "score.py"])
def test_programs_that_check_by_assertions_refuse_to_run_without_them(name: str) -> None:
    command = [sys.executable, "-O", str(DOCS / "examples" / name)]
    process = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (1, "") and "run without -O" in process.stderr


@pytest.mark.parametrize("ids_only", [(), ("bluesky", "x")], ids=["with words", "without words"])
def test_the_program_in_the_docs_recomputes_every_kind(full_record: Record, ids_only: tuple[str, ...]) -> None:
    """Others can check full exports with the program in docs/explanation/verifying.md, with rows of every kind."""
    code = text_of(DOCS / "examples" / "recompute.py")
    export = b"".join(exporter.record_lines(full_record, ids_only=ids_only))
    assert (b'"withheld":' in export) == bool(ids_only)
    process = subprocess.run([sys.executable, "-c", code], input=export, capture_output=True, check=True)
    assert f"{full_record.head.position} batches" in process.stdout.decode()
    forged_process = subprocess.run(
        [sys.executable, "-c", code],
        input=export.replace(b'"likes":44', b'"likes":45'),
        capture_output=True,
        check=False,
    )
    assert forged_process.returncode == 1 and b"is not as it was written" in forged_process.stderr


def test_the_example_talk_comes_back_as_it_is(tmp_path: Path) -> None:
    """Importing and exporting records gives the same bytes."""
    file = DOCS / "examples" / "talk.jsonl"
    with Record(str(tmp_path / "record.db")) as record:
        importer.import_lines(record, file.name, file.read_bytes().splitlines(keepends=True))
        assert b"".join(exporter.record_lines(record, records_only=True)) == file.read_bytes()


def test_the_example_settings_can_be_used() -> None:
    [publication] = settings.load(DOCS / "examples" / "hotpapers.toml").publication
    assert publication.name == "daily"


# ---- what the docs say -----------------------------------------------------------------------------------


def notes() -> list[Path]:
    return [page for page in sorted(NOTES.glob("*.md")) if page.name != "README.md"]


def test_every_decision_note_is_dated_and_listed() -> None:
    """A note starts with its title and has its date in the first five lines; decisions/README.md links to it."""
    index = text_of(NOTES / "README.md")
    listed_notes = set(re.findall(r"\]\(([\w.-]+\.md)\)", index))
    assert listed_notes == {note.name for note in notes()}
    for note in notes():
        lines = text_of(note).splitlines()
        assert lines[0].startswith("# "), note.name
        assert re.search(r"\b20\d\d-[01]\d-[0-3]\d\b", "\n".join(lines[:5])), f"{note.name} has no date"


def test_the_invariants_are_few_and_each_names_a_test_that_is_there() -> None:
    rules = re.split(r"^\d+\. ", text_of(DOCS / "development" / "invariants.md"), flags=re.M)[1:]
    assert 10 <= len(rules) <= 15
    for rule in rules:
        tests_named = re.findall(r"`(tests/[\w/.]+)`", rule)
        assert rule.startswith("**") and tests_named
        assert not [name for name in tests_named if not (ROOT / name).exists()], rule


def test_the_picture_is_one_and_small() -> None:
    picture = (DOCS / "images" / "issue.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) < 300_000


def slug(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    heading_text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip()).lower()
    return re.sub(r"[^\w\- ]", "", heading_text).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    counts: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", prose_of(page), re.M):
        counts[slug(heading)] = counts.get(slug(heading), 0) + 1
    repeated = {f"{name}-{n}" for name, times in counts.items() for n in range(1, times)}
    return set(counts) | repeated | set(re.findall(r'<a (?:id|name)="([^"]+)"', text_of(page)))


def dead_links(page: Path) -> list[str]:
    """The relative links of a page to missing files or headings."""
    inline = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", prose_of(page))
    references = re.findall(r"^\[[^\]]+\]: *(\S+)", prose_of(page), re.M)
    html = re.findall(r'(?:href|src)="([^"]+)"', prose_of(page))
    return [
        link
        for link in [*inline, *references, *html]
        if not re.match(r"[a-z][a-z0-9+.-]*:", link) and is_dead(page, link)
    ]


def is_dead(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return not target.exists() or bool(anchor and target.suffix == ".md" and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not dead_links(page)


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](page.md#one-thing) [b](#one-thing) [c](gone.md) [d](#two) ![e](https://x.org/e.png)\n"
    )
    assert dead_links(page) == ["gone.md", "#two"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_named_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", text_of(ROOT / "Makefile"), re.M))
    targets_named = re.findall(r"^(?:\$ )?make ([a-z-]+)|`make ([a-z-]+)", text_of(page), re.M)
    assert not {a or b for a, b in targets_named} - targets


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## +\[?(\d+\.\d+\.\d+\S*?)\]?(?:[\s,:]|$)", text_of(ROOT / "CHANGELOG.md"), re.M)
    assert newest and newest[1] == version


def test_the_page_on_where_to_look_names_existing_code() -> None:
    rows = re.findall(r"^\* .*: (`[\w/]+/[^`]+`.*)$", text_of(DOCS / "development" / "where.md"), re.M)
    assert len(rows) == text_of(DOCS / "development" / "where.md").count("\n* ") >= 40
    for row in rows:
        places = re.findall(r"`([\w/]+/\w+\.\w+)`(?: `([\w.]+)`)?", row)
        assert len(places) == row.count(".py`") + row.count(".js`"), row
        for name, name_there in places:
            source = text_of(ROOT / "src" / "hotpapers" / name)
            for part in name_there.split(".") if name_there else ():
                assert re.search(rf"^ *(?:async )?(?:def|class) {part}\b|^ *{part}\b.*[=:]", source, re.M), row
