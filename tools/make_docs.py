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

What `hotpapers COMMAND --help` prints, without its examples. Made by `make docs`. Options of many commands:

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
    options = [one for one in context.command.get_params(context) if isinstance(one, click.Option)]
    return [record for option in options if (record := option.get_help_record(context))]


def shared_options(every: Iterable[click.Context]) -> list[OptionRecord]:
    """The options that many commands describe in the same words."""
    counted = Counter(record for context in every for record in option_records(context))
    return [record for record, times in counted.items() if times >= SHARED]


def section(context: click.Context, shared: Collection[OptionRecord]) -> str:
    """One command: a heading, what it takes, its help, and the options that are its own."""
    text = re.sub(r"\s*\n\s*(?!\n)", " ", inspect.cleandoc(context.command.help or "").replace("\n\n", "\0"))
    takes = " ".join(context.command.collect_usage_pieces(context)).removeprefix("[OPTIONS]").strip()
    usage = f"`{takes}`: " if takes else ""
    own = [record for record in option_records(context) if record not in shared]
    listed = "".join(f"* `{names}`: {' '.join(meaning.split())}\n" for names, meaning in own)
    text = (usage + text).replace("\0", "\n\n").strip() + "\n"
    return f"\n## {context.command_path}\n\n{text}" + (f"\n{listed}" if listed else "")


def who_takes(record: OptionRecord, every: Iterable[click.Context]) -> str:
    """Which commands take an option: all, all but some, or some."""
    taken = {one.command_path.partition(" ")[2]: record in option_records(one) for one in every}
    names = {answer: [name for name, takes in taken.items() if takes == answer and name] for answer in (True, False)}
    if not names[False]:
        return ""
    few = min(names[True], names[False], key=len)
    listed = ", ".join(f"`{name}`" for name in few)
    return f" Taken by all but {listed}." if few is names[False] else f" Taken by {listed}."


def cli_page() -> str:
    """The whole of docs/reference/cli.md."""
    every = list(contexts(root_command(), "hotpapers"))
    shared = shared_options(every)
    head = "".join(f"* `{record[0]}`: {record[1]}{who_takes(record, every)}\n" for record in shared)
    return CLI_HEAD + head + "".join(section(context, shared) for context in every)


# ---- settings ------------------------------------------------------------------------------------------

SETTINGS_HEAD = """\
# Settings

`hotpapers.toml` in the folder where a command runs, or the file named by `--config`; `hotpapers init` writes one with
[all defaults and comments](../../src/hotpapers/settings/template.toml). With the `--store` of another store it is not
read. Its paths start from its folder. A frozen issue keeps the settings that it was made with.

A key or value that cannot be used stops the command, with file, key and remedy. Each key stands here with its default,
if it has one; lists hold texts. Made by `make docs`.
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
    plain = {int: "integer", str: "text", bool: "boolean"}
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
        made = {dict: "`{}`", msgspec.NODEFAULT: ""}
        return made.get(field.default_factory, "`[]`")
    if field.default is msgspec.UNSET:
        return "absent"
    if isinstance(field.default, msgspec.Struct):
        return ""  # a table of its own has them
    return f"`{json.dumps(msgspec.to_builtins(field.default), ensure_ascii=False)}`"


def list_of(cls: type[msgspec.Struct], names: tuple[str, ...]) -> str:
    """Some fields of a struct, as they stand in TOML, each with its description; those of one description together."""
    hints, said = get_type_hints(cls), described(cls)
    fields = [field for field in msgspec.structs.fields(cls) if field.name in names]
    lines: dict[str, list[str]] = {}
    for field in fields:
        lines.setdefault(said[field.name], []).append(as_set(field, hints[field.name]))
    return "".join(f"* {', '.join(keys)}: {text}\n" for text, keys in lines.items())


def as_set(field: msgspec.structs.FieldInfo, hint: Any) -> str:
    """A setting with its default, which tells its type too, and with the words that it takes, if these are few."""
    default = shown_default(field).strip("`").replace("null", "")
    choices = [word for word in re.findall("`([^`]+)`", shown_type(hint)) if f'"{word}"' != default]
    key = f"`{field.encode_name} = {default}`" if default else f"`{field.encode_name}`"
    return ", ".join([key, *(f'`"{word}"`' for word in choices)])


WHOLE = """The other tables (`publication`, `publish`, `quote`, `summary`, `mailing`, `chat`, `webhook`, `bluesky`,
`run`, `serve`, `transparency`, `bots`) follow; those of `source` are in [sources](sources/README.md)."""


def settings_page() -> str:
    """The whole of docs/reference/settings.md."""
    parts: list[tuple[str, type[msgspec.Struct], str]] = [
        ("The whole file", settings.Settings, WHOLE),
        ("`[[publication]]`", settings.PublicationSettings, "Once for each publication of the store."),
        ("`[publish]`", settings.PublishSettings, "What `publish` does by default."),
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
        ("`[bots.rules]`", settings.BotRules, "Each rule's limit; `false` or 0 switches it off."),
        ("`[terms.x]` and so on", terms.TermsOverride, "Once for each network; the rest is [as reviewed](terms.md)."),
    ]
    text = SETTINGS_HEAD
    for heading, cls, intro in parts:
        names = tuple(name for name in cls.__struct_fields__ if name in described(cls))
        text += f"\n## {heading}\n\n{intro}\n\n{list_of(cls, names)}"
    return text


# ---- errors --------------------------------------------------------------------------------------------

ERRORS_HEAD = """\
# Errors

Every error that the program raises on purpose, below what it is a kind of. The command line prints its text, which says
what is wrong and what to do, and ends with exit status 2 for a `UsageError`, 1 for the others. Anything else that
escapes is a bug. Attributes stand in the docstrings of `src/hotpapers/errors.py`, of which `make docs` makes this page.
"""


def error_classes() -> list[type[errors.HotPapersError]]:
    """Every error, in the order of the file."""
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [value for value in found if issubclass(value, errors.HotPapersError)]


def errors_page() -> str:
    """The whole of docs/reference/errors.md."""
    classes = error_classes()
    rows = [
        f"{'  ' * cls.__mro__.index(errors.HotPapersError)}* `{cls.__name__}`: {first_sentence(cls)}\n"
        for cls in sorted(classes, key=lambda cls: [classes.index(base) for base in reversed(cls.__mro__[:-3])])
    ]
    return f"{ERRORS_HEAD}\n{''.join(rows)}"


def first_sentence(cls: type) -> str:
    """What a docstring says first, without the stop."""
    text = " ".join((inspect.getdoc(cls) or "").split()).partition(". ")[0].rstrip(".")
    return text[:1].lower() + text[1:]


# ---- items ---------------------------------------------------------------------------------------------

ITEMS_HEAD = """\
# Items

Every value in the record is an item: one observation, made at `observed_at`, an integer that each has. `*` marks the
key, which with `observed_at` names one row, `†` what may be forgotten and so stands in hashes as a commitment
([record](../explanation/record.md)), `?` what may be left out, and is then empty, null, false or as given after `=`.
Moments are microseconds since 1970-01-01 UTC, days `2021-01-14`; counts and moments stay below 2^53. Plurals are lists.
[Examples](exchange.md). Made by `make docs` from `src/hotpapers/model/items.py`.
"""


def item_section(cls: type[model.Item]) -> str:
    """One kind: what it is, and its fields, with marks for the key, what may be forgotten, and what may be left out."""
    said = re.sub(r"\n(?!\n)", " ", inspect.getdoc(cls) or "").replace("\n ", "\n\n")
    hints = get_type_hints(cls)
    fields = [field for field in msgspec.structs.fields(cls) if field.name != "observed_at"]
    names = [field.name + marks_of(cls, field) for field in fields]
    width = max(map(len, names))
    types = [declared(field, hints[field.name]) for field in fields]
    listed = "\n".join(f"{name.ljust(width)}  {kind}" for name, kind in zip(names, types, strict=True))
    return f"\n## {model.kind_of(cls)}\n\n{said}\n\n```text\n{listed}\n```\n"


def marks_of(cls: type[model.Item], field: msgspec.structs.FieldInfo) -> str:
    """What the beginning of the page explains."""
    return "*" * (field.name in cls.key) + "†" * (field.name in cls.personal) + "?" * bool(shown_default(field))


EMPTY = ("[]", '""', "null", "false", "absent")
"""What a field that is left out is without a word about it."""


def declared(field: msgspec.structs.FieldInfo, hint: Any) -> str:
    """A field's type, and its default where that says something: "text = UTC"."""
    default = shown_default(field).strip("`")
    kind = shown_type(hint).removesuffix(" or null" if default else "").replace("`", "").replace(" or ", ", ")
    return kind.replace("list of ", "") + (f" = {default}" if default and default not in EMPTY else "")


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
        "reference/openapi.json": openapi.document_text(),
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
