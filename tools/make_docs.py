"""Writes the pages of docs/ that come out of the program itself.

    cli.md                 from the commands' own help
    settings.md            from the docstrings, types and defaults of `hotpapers.settings`
    errors.md              from `hotpapers.errors`
    items.md               from the model: every kind of item, its key and fields
    exchange.schema.json   from the model: the JSON Schema of a line of the exchange format
    openapi.json           from `hotpapers.query`: the document of the API
    attacks.md             from the figures that come with the program, which `make attacks` measures

`make docs` runs it, and puts into the console examples of all pages what their commands print now (`tools.tour`).
Tests fail when a file in docs/ is not what it would write, or an example is not what happens.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import re
import sys
import types
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click
import msgspec

from hotpapers import errors, model, settings, terms
from hotpapers.evaluation.attacks import report
from hotpapers.evaluation.attacks.figures import kept_figures
from hotpapers.query import openapi
from hotpapers.settings import announce, following, mail, pages, serve, transparency
from hotpapers.store.item_checks import NEVER_NEGATIVE
from hotpapers.transfer.jsonl import FORMAT, VERSION, lines

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # as a script, this file knows its own folder alone
    sys.path.insert(0, str(ROOT))

from tools import tour  # noqa: E402

DOCS = ROOT / "docs"


# ---- the command line ----------------------------------------------------------------------------------

CLI_HEAD = """\
# The command line

What `hotpapers COMMAND --help` prints. Made by `make docs` from the help texts.
"""

SHARED = 10
"""What so many commands say of an option, in the same words, stands once, at the beginning of the page."""
OptionRecord = tuple[str, str]


def root_command() -> click.Group:
    """The `hotpapers` command with all its subcommands."""
    cli = importlib.import_module("hotpapers.cli")
    groups = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    nested = [id(child) for group in groups for child in group.commands.values()]
    [root] = {id(group): group for group in groups if id(group) not in nested}.values()
    return root


def contexts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context for the command and, in the order of its own help, for each visible command below it."""
    here = click.Context(
        command, info_name=name, parent=parent, terminal_width=100, max_content_width=100, color=False,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    yield here
    if isinstance(command, click.Group):
        for child_name in command.list_commands(here):
            child = command.get_command(here, child_name)
            if child is not None and not child.hidden:
                yield from contexts(child, child_name, here)


def option_records(context: click.Context) -> list[OptionRecord]:
    """Each visible option of a command, as its help writes it: its names, what it is for."""
    written = (option.get_help_record(context) for option in context.command.get_params(context))
    return [record for record in written if record]


def shared_options(every: Iterable[click.Context]) -> list[OptionRecord]:
    """The options that many commands describe in the same words."""
    counted = Counter(record for context in every for record in option_records(context))
    return [record for record, times in counted.items() if times >= SHARED]


def section(context: click.Context, shared: Collection[OptionRecord]) -> str:
    """One command: a heading, its help as a terminal 100 wide shows it, and the names of its shared options."""
    command = copy.copy(context.command)
    command.params = [option for option in command.params if option.get_help_record(context) not in shared]
    command.add_help_option = False
    text = click.unstyle(command.get_help(context)).strip().removeprefix("Usage: ").replace(" [OPTIONS]", "", 1)
    text = re.sub(r"\nCommands:\n.*?\n\n", "\n", text, flags=re.S)  # they follow on the page
    names = [record[0] for record in option_records(context) if record in shared]
    also = ", ".join(re.sub(" [A-Z]+$", "", name) for name in names)  # without what it takes
    return f"\n## {context.command_path}\n\n```text\n{text}\n\nAlso: {also}\n```\n"


def cli_page() -> str:
    """The whole of docs/reference/cli.md."""
    every = list(contexts(root_command(), "hotpapers"))
    shared = shared_options(every)
    rows = "".join(f"| `{names}` | {meaning} |\n" for names, meaning in shared)
    index = ", ".join(f"[{one.info_name}](#{one.command_path.replace(' ', '-')})" for one in every[1:])
    head = f"{CLI_HEAD}\n{index}\n\n| options of many commands | |\n| --- | --- |\n{rows}"
    return head + "".join(section(context, shared) for context in every)


# ---- settings ------------------------------------------------------------------------------------------

SETTINGS_HEAD = """\
# Settings

`hotpapers.toml` in the folder where a command runs, or the file named by `--config`. `hotpapers init` writes one with
[all defaults and comments](../../src/hotpapers/settings/template.toml). A command that is given `--store` needs none;
the file of the folder holds for its own store alone. Paths in it start from its folder. A frozen issue keeps the
settings that it was made with.

A key or value that cannot be used stops the command, with file, key and remedy. Made by `make docs` from
`src/hotpapers/settings/`.
"""

_DESCRIBED = re.compile(r"((?:`\w+`(?:, )?)+): ")


def described(cls: type[Any]) -> dict[str, str]:
    """What a docstring says of each field: "`hour`, `zone`: when a day's issue closes." → both, the same."""
    text = " ".join((inspect.getdoc(cls) or "").split())
    parts = _DESCRIBED.split(text)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name: said.strip(" ;.") for names, said in pairs for name in re.findall(r"`(\w+)`", names)}


def shown_type(hint: Any) -> str:
    """A type as people call it: `tuple[str, ...]` → list of texts."""
    plain = {int: "whole number", str: "text", bool: "true or false"}
    if hint in plain:
        return plain[hint]
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(hint))
    if get_origin(hint) in (Union, types.UnionType):
        given = [one for one in get_args(hint) if one is not msgspec.UnsetType]
        return " or ".join("null" if one is types.NoneType else shown_type(one) for one in given)
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return "list of " + {str: "texts", model.TextLink: "links"}.get(inner, "tables")
    return "table"


def shown_default(field: msgspec.structs.FieldInfo) -> str:
    """A field's default as JSON; empty where it must be given."""
    if field.default is msgspec.NODEFAULT:
        return "" if field.default_factory is msgspec.NODEFAULT else "`[]`"
    if field.default is msgspec.UNSET:
        return "absent"
    if isinstance(field.default, msgspec.Struct):
        return ""  # a table of its own has them
    return f"`{json.dumps(msgspec.to_builtins(field.default), ensure_ascii=False)}`"


def table_of(cls: type[msgspec.Struct], names: tuple[str, ...]) -> str:
    """Rows of name, type with default, and description for some fields of a struct."""
    hints, said = get_type_hints(cls), described(cls)
    rows = [
        f"| `{field.encode_name}` | {declared(field, hints[field.name]).replace(' = ', ': ')} | {said[field.name]} |"
        for field in msgspec.structs.fields(cls)
        if field.name in names
    ]
    return "\n".join(["| key | takes: default | |", "| --- | --- | --- |", *rows]) + "\n"


WHOLE = """The tables `publication`, `publish`, `quote`, `summary`, `mailing`, `chat`, `webhook`, `bluesky`, `run`,
`serve`, `transparency`, `follow`, `bots` and `terms` follow; those of `source` are in [sources](sources/README.md)."""


def settings_page() -> str:
    """The whole of docs/reference/settings.md."""
    parts: list[tuple[str, type[msgspec.Struct], str]] = [
        ("The whole file", settings.Settings, WHOLE),
        ("`[[publication]]`", settings.PublicationSettings, "Once for each publication; one store carries several."),
        ("`[publish]`", settings.PublishSettings, "What `publish` does when it is not told otherwise."),
        (
            "`[[chat]]`",
            announce.ChatSettings,
            "Once for each room: [chat](../how-to/chat.md).",
        ),
        (
            "`[[webhook]]`",
            announce.WebhookSettings,
            "Once for each receiver: [webhooks](../how-to/webhook.md).",
        ),
        (
            "`[[bluesky]]`",
            announce.BlueskyAccount,
            "Once for each account: [on Bluesky](../how-to/bluesky.md).",
        ),
        ("`[mailing]`", mail.MailingSettings, "See [mailing](../how-to/mailing.md)."),
        (
            "`[run]`",
            settings.RunSettings,
            "See [running](../explanation/running.md).",
        ),
        ("`[quote]`", pages.QuoteSettings, "What is never quoted: [channels](channels.md)."),
        (
            "`[summary]`",
            pages.SummarySettings,
            "See [summaries](../explanation/summary.md).",
        ),
        ("`[serve]`", serve.ServeSettings, "See [readers](../how-to/readers.md), [the API](api.md)."),
        (
            "`[transparency]`",
            transparency.TransparencySettings,
            "See [proofs](../explanation/proof.md).",
        ),
        (
            "`[[follow]]`",
            following.FollowSettings,
            "Once for each site: [following](../how-to/follow.md).",
        ),
        ("`[bots]`", settings.BotSettings, "See [bots](../explanation/bots.md)."),
        ("`[bots.rules]`", settings.BotRules, "The rules' limits."),
        ("`[terms.x]` and so on", terms.TermsOverride, "Once for each network; the rest is [as reviewed](terms.md)."),
    ]
    text = SETTINGS_HEAD
    for heading, cls, intro in parts:
        names = tuple(name for name in cls.__struct_fields__ if name in described(cls))
        rows = table_of(cls, names).replace(": `null`", "")  # TOML has no null
        text += f"\n## {heading}\n\n{intro}\n\n{rows}"
    return text


# ---- errors --------------------------------------------------------------------------------------------

ERRORS_HEAD = """\
# Errors

Every error that the program raises on purpose. The command line prints its text, which says what is wrong and what to
do, and ends with exit status 2 for a `UsageError`, 1 for the others; `--debug` adds the traceback. Anything else that
escapes is a bug of ours. Made by `make docs` from `src/hotpapers/errors.py`.
"""


def error_classes() -> list[type[errors.HotPapersError]]:
    """Every error, in the order of the file."""
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [value for value in found if issubclass(value, errors.HotPapersError)]


def errors_page() -> str:
    """The whole of docs/reference/errors.md."""
    rows = [
        f"| `{cls.__name__}` | `{cls.__base__.__name__ if cls.__base__ else ''}` "
        f"| {' '.join((inspect.getdoc(cls) or '').split())} |"
        for cls in error_classes()
    ]
    table = "\n".join(["| error | is a | |", "| --- | --- | --- |", *rows])
    return f"{ERRORS_HEAD}\n{table}\n"


# ---- items ---------------------------------------------------------------------------------------------

ITEMS_HEAD = """\
# Items

Every value that the record keeps is an item: one observation, made at `observed_at`, a whole number that each has. Key
and `observed_at` name one row. Moments are whole microseconds since 1970-01-01 UTC; days are written `2021-01-14`;
counts and moments stay below 2^53. What may be forgotten stands in every hash as a commitment
([record](../explanation/record.md)). [The exchange format](exchange.md) has an example of each kind. Made by `make
docs` from `src/hotpapers/model/items.py`.

Fields come with their type and, after `=`, what stands where they are left out; others must be given.
"""


def item_section(cls: type[model.Item]) -> str:
    """One kind: what it is, key, what may be forgotten, fields."""
    said = re.sub(r"\n(?!\n)", " ", inspect.getdoc(cls) or "").replace("\n ", "\n\n")
    key = ", ".join(f"`{name}`" for name in cls.key)
    personal = ", ".join(f"`{name}`" for name in cls.personal)
    about = f"Key: {key}." + (f" May be forgotten: {personal}." if personal else "")
    hints = get_type_hints(cls)
    fields = [field for field in msgspec.structs.fields(cls) if field.name != "observed_at"]
    width = max(len(field.name) for field in fields)
    rows = [f"{field.name.ljust(width)}  {declared(field, hints[field.name])}" for field in fields]
    listed = "\n".join(rows).replace("`", "")
    return f"\n## {model.kind_of(cls)}\n\n{said}\n\n{about}\n\n```text\n{listed}\n```\n"


def declared(field: msgspec.structs.FieldInfo, hint: Any) -> str:
    """A field's type and default: "whole number = null"."""
    default = shown_default(field)
    return shown_type(hint).removesuffix(" or null") + f" = {default}" if default else shown_type(hint)


def items_page() -> str:
    """The whole of docs/reference/items.md."""
    return ITEMS_HEAD + "".join(item_section(cls) for cls in model.KINDS)


# ---- the exchange format's schema ----------------------------------------------------------------------

_INTEGER = {"minimum": -model.LARGEST, "maximum": model.LARGEST}
_COUNT = {"minimum": 0, "maximum": model.LARGEST}

LINES: tuple[type[msgspec.Struct], ...] = (
    lines.ExchangeHeader,
    lines.ExchangeBatch,
    lines.IdentityLine,
    lines.PrunedLine,
    lines.DeliveryStateLine,
    lines.ExchangeEnd,
)
"""The lines that are no items."""


def schema() -> dict[str, Any]:
    """The JSON Schema of one line: `$defs` has one definition a kind."""
    parts = [*LINES, *model.KINDS, lines.RowExtras, model.IssueContent]
    _, components = msgspec.json.schema_components(parts, ref_template="#/$defs/{name}")
    defs = {name: _bounded(value) for name, value in sorted(components.items())}
    for cls in model.KINDS:
        defs[cls.__name__]["properties"]["row"] = {"$ref": "#/$defs/RowExtras"}
    content = {"contentMediaType": "application/json", "contentSchema": {"$ref": "#/$defs/IssueContent"}}
    defs["Issue"]["properties"]["content"].update(content)
    defs["ExchangeHeader"]["properties"] |= {"format": {"const": FORMAT}, "version": {"const": VERSION}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of the Hot Papers exchange format",
        "description": f"{FORMAT}, version {VERSION}. docs/reference/exchange.md describes it.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in (cls.__name__ for cls in [*LINES, *model.KINDS])],
        "$defs": defs,
    }


def _bounded(value: Any, name: str = "") -> Any:
    """The same schema with the bounds that reading enforces, and descriptions on one line."""
    if isinstance(value, list):
        return [_bounded(one, name) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "integer" and name != "derived":  # marks are 64-bit numbers
        return {**(_COUNT if name in NEVER_NEGATIVE else _INTEGER), **value}
    within = ("anyOf", "items", "additionalProperties")
    made = {key: _bounded(one, name if key in within else key) for key, one in value.items()}
    if isinstance(made.get("description"), str):
        made["description"] = " ".join(made["description"].split())
    return made


def schema_file() -> str:
    """The whole of docs/reference/exchange.schema.json."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def files() -> dict[str, str]:
    """Every file that is made here, by its name in docs/."""
    return {
        "reference/cli.md": cli_page(),
        "reference/settings.md": settings_page(),
        "reference/errors.md": errors_page(),
        "reference/items.md": items_page(),
        "reference/exchange.schema.json": schema_file(),
        "reference/openapi.json": openapi.written(),
        "explanation/attacks.md": report.page(kept_figures()),
    }


def pages_with_examples() -> list[Path]:
    """The pages that have console examples."""
    pages = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
    return [page for page in pages if tour.steps(page.read_text("utf-8"))]


def main() -> None:
    """Writes what has changed, and says so."""
    made = {DOCS / name: text for name, text in files().items()}
    for page in pages_with_examples():
        made[page] = tour.refreshed(page.read_text("utf-8"))
    for page, text in made.items():
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")
            sys.stdout.write(f"wrote {page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
