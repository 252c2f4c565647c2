"""Wrong settings in plain words: every key of every table, given every other type of value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from hotpapers.base.errors import SettingsError
from hotpapers.base.network_terms import TermsOverride
from hotpapers.base.papers.categories import fields_from, fields_of_arxiv
from hotpapers.base.settings import Settings, load
from hotpapers.base.settings.explanations import describe_fields, homes_below
from hotpapers.base.settings.limits import category_problem, papers_problem
from hotpapers.base.suggestions import did_you_mean
from hotpapers.collect.job_factory import chosen_sources, read_settings
from hotpapers.collect.sources import SOURCES
from tests.base.papers.known_fields import known_fields
from tests.conftest import needs_wings

VALUES = {
    "text": '"five"', "number": "7", "fraction": "1.5", "truth": "true", "date": "2027-12-31", "time": "08:00:00",
    "list": "[]", "mixed": '["a", 7, true]', "table": "{a = 1}", "huge": str(2**80), "nan": "nan",
}  # fmt: skip
LIBRARY = re.compile(r"Expected|Object|object|array|`|\bstr\b|\bint\b|\bbool\b|float|NoneType|Invalid|\$")
"""Words of the library that checks types, and of Python."""


def tables_below(cls: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The heading of each table, with what one needs besides, and its struct."""
    for name, hint in get_type_hints(cls).items():
        element = get_args(hint)[0] if get_args(hint) and name not in ("source", "terms") else hint
        if isinstance(element, type) and issubclass(element, msgspec.Struct):
            yield f"[[{name}]]" if element is not hint else f"[{name}]", element


HEADINGS: dict[str, type[msgspec.Struct]] = {**dict(tables_below(Settings)), "": Settings, "[terms.x]": TermsOverride}
SOURCE_HEADINGS: dict[str, type[msgspec.Struct]] = {
    f"[source.{name}]": settings for name, (_, settings) in SOURCES.items()
}
SETTINGS = [(heading, key) for heading, cls in HEADINGS.items() for key in cls.__struct_fields__]
OF_SOURCES = [(heading, key) for heading, cls in SOURCE_HEADINGS.items() for key in cls.__struct_fields__]


def refusal(folder: Path, text: str) -> str:
    """The error for a file, by all that read it before anything runs; empty if there is none."""
    file = folder / "hotpapers.toml"
    file.write_text(text, "utf-8")
    try:
        chosen_sources(load(file).source, file=str(file))
    except SettingsError as problem:
        message = str(problem)
        assert message.startswith(f"{file}: ")
        return message.removeprefix(f"{file}: ")
    return ""


@pytest.mark.parametrize(("heading", "key"), SETTINGS + OF_SOURCES)
def test_a_value_of_another_type_is_answered_in_plain_words(tmp_path: Path, heading: str, key: str) -> None:
    refused = 0
    for value in VALUES.values():
        message = refusal(tmp_path, f"{heading}\n{key} = {value}\n")
        refused += bool(message)
        is_about_key = key in message.partition(": ")[0] + message.partition(": ")[2].partition(": ")[0]
        is_about_another = re.search("is missing|is off|^mailing.address: ''", message)  # which this key asks for
        assert not message or is_about_key or is_about_another, message
        assert not LIBRARY.search(re.sub(r"`hotpapers [^`]*`|`env:", "", message)), message
    assert refused >= 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[publication]]\nname = 'a'\nhour = 'eight'",
         'publication 1: hour: must be a whole number without quotation marks, 0 to 23, such as 8, not the text '
         '"eight"'),
        ("[[publication]]\nname = 'a'\nlast_day = 2027-12-31",
         'publication 1: last_day: must be text in quotation marks, such as "2027-12-31", not 2027-12-31'),
        ("[[publication]]\nname = 'a'\ncategories = 'cs.CL'",
         'publication 1: categories: must be a list, such as ["cs.CL"], not the text "cs.CL"'),
        ("[publication]\nname = 'a'", "publication: must be a list of tables; write [[publication]] in double "
         "brackets"),
        ("[[publish]]\noutput = 'a'", "publish: must be one table; write [publish] in single brackets"),
        ("publication = ['daily']", "publication 1: must be a table: write [[publication]], and name = … below it, not "
         'the text "daily"'),
        ("[source]\nbluesky = false", "source.bluesky: must be a table; write [source.bluesky], and on = false "
         "below it"),
        ("[source.feeds]\nurls = 'https://a.example/feed'",
         'source.feeds.urls: must be a list, such as ["https://a.example/feed"], not the text '
         '"https://a.example/feed"'),
        ("[source.x]\non = true\ntoken = 'hidden'\nbudget = 'ten'",
         'source.x.budget: must be a number without quotation marks, 0 to 1,000,000,000, such as 0.0, not the text '
         '"ten"'),
        ("[[source.mastodon.servers]]\nbase = 'https://a.example'\ntoken = 77",
         'source.mastodon.servers 1: token: must be text in quotation marks, such as "this", not a number or date'),
        ("[[source.mastodon.servers]]\ntags = ['arxiv']",
         "source.mastodon.servers 1: base: is missing; write base = …"),
        ("[[source.mastodon.servers]]\nbase = 'a.example'",
         "source.mastodon.servers 1: 'a.example' is not usable; write a full address, without a password: "
         "https://host.example/"),
        ("[source.arxiv]\narchives = ['cs.cl']",
         "source.arxiv: archives: 'cs.cl' is not an arXiv category or archive; did you mean cs.CL?"),
    ],
)  # fmt: skip
def test_the_key_what_was_given_and_what_is_expected(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


# ---- unknown keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[source.mastodon]\nserver = ['https://a.example']",
         "source.mastodon.server: no such setting; did you mean servers? (servers: none by default)"),
        ("[source.feeds]\nurl = 'https://a.example/feed'",
         "source.feeds.url: no such setting; did you mean urls? (urls: the feeds to read)"),
        ("[source.reddit]\nenabled = true",
         "source.reddit.enabled: no such setting; did you mean on? (on: true reads the source, false does not)"),
        ("[source.bluesky]\nenabled = false",
         "source.bluesky.enabled: no such setting; did you mean on? (on: true reads the source, false does not)"),
        ("[source.x]\nkey = 'k'",
         "source.x.key: no such setting; did you mean token? (token: the operator's bearer token; without one, nothing "
         "is read)"),
        ("[source.lobsters]\nfrequency = 7",
         "source.lobsters.frequency: no such setting; the settings here are base, domains, every, on"),
        ("[source.twitter]\non = true", f"source.twitter: no such source; known sources: {', '.join(SOURCES)}; did "
         f"you mean x?"),
        ("[source.Bluesky]\non = true", f"source.Bluesky: no such source; known sources: {', '.join(SOURCES)}; did "
         f"you mean bluesky?"),
        ("[source.orkut]\non = true", f"source.orkut: no such source; known sources: {', '.join(SOURCES)}"),
        ("categories = ['cs.CL']", "categories: no such setting here; it belongs in [[publication]]"),
        ("[mastodon]\nservers = []", "mastodon: no such setting here; it belongs in [source], as [source.mastodon]"),
        ("[[publication]]\nname = 'a'\ncontact = 'https://a.example/'",
         "publication 1: contact: no such setting here; it belongs at the top of the file, before all tables"),
        ("[[publication]]\nname = 'a'\ntimezone = 'UTC'",
         "publication 1: timezone: no such setting; did you mean zone? (zone: when a day's issue closes)"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_the_right_one_and_what_it_does(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


@pytest.mark.parametrize("heading", [*HEADINGS, *SOURCE_HEADINGS])
@pytest.mark.parametrize("key", ["url", "server", "enabled", "frequency"])
def test_no_unknown_key_is_ignored(tmp_path: Path, heading: str, key: str) -> None:
    known = {**HEADINGS, **SOURCE_HEADINGS}[heading].__struct_fields__
    message = refusal(tmp_path, f"{heading}\n{key} = 'a'\n")
    assert key in known or message.partition(": no such setting")[0].endswith(key)


def test_each_setting_has_a_description_for_errors() -> None:
    for cls in (*HEADINGS.values(), *SOURCE_HEADINGS.values()):
        if cls is not Settings:
            assert set(describe_fields(cls)) >= set(cls.__struct_fields__), cls
    assert homes_below(Settings)["hour"] == "in [[publication]]"
    assert "base" not in homes_below(Settings), "several tables have it"


# ---- sources that are off without saying so ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[source.x]\ntoken = 'secret'\nbudget = 5",
         "source.x: has token, budget, but is off; write on = true to read it, or on = false to keep it off"),
        ("[source.reddit]\nclient_id = 'i'\nclient_secret = 's'",
         "source.reddit: has client_id, client_secret, but is off; write on = true to read it, or on = false to "
         "keep it "
         "off"),
        ("[source.reddit]", "source.reddit: is off; write on = true to read it, or on = false to keep it off"),
        ("[source.mastodon]\nevery = 60",
         "source.mastodon: has every, but is off; name the servers to read, or on = false to keep it off"),
    ],
)  # fmt: skip
def test_a_source_with_settings_that_is_off_says_so(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message
    assert refusal(tmp_path, f"{text}\non = false") == ""


@pytest.mark.parametrize("text", ["[source.mastodon]\nservers = []", "[source.feeds]\nurls = []", "[source.arxiv]"])
def test_a_source_that_is_off_on_purpose_or_on_by_default_is_no_problem(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text) == ""


@needs_wings
def test_a_source_that_is_named_is_read_whatever_its_table_says() -> None:
    tables: dict[str, dict[str, Any]] = {"reddit": {"subreddits": ["owls"]}, "x": {"token": "t"}}
    assert [choice.name for choice in chosen_sources(tables, ("reddit",))] == ["reddit"]


def test_settings_of_one_source_are_checked_without_a_file() -> None:
    with pytest.raises(SettingsError, match=r"^source\.hackernews\.on: must be true or false"):
        read_settings("hackernews", {"on": "yes"}, "")


# ---- categories ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "hint"),
    [
        ("cs.cl", "did you mean cs.CL?"), ("CS.LG", "did you mean cs.LG?"), ("stat.ml", "did you mean stat.ML?"),
        ("cs LG", "did you mean cs.LG?"), ("cs_LG", "did you mean cs.LG?"), ("LG", "did you mean cs.LG?"),
        ("astroph", "did you mean astro-ph?"), ("Math", "did you mean math?"), ("hep-Th", "did you mean hep-th?"),
        ("GR", "did you mean cs.GR or math.GR?"), ("hep", "did you mean hep-ex or hep-lat or hep-ph?"),
        ("cs.LC", "did you mean cs.CL?"), ("physics.optic", "did you mean physics.optics?"),
        ("cs.", "did you mean cs?"), ("econ.XX", "econ has EM, GN, TH"), ("q-bio.N", None),
        ("machine learning", "write a category like cs.LG, or an archive like astro-ph"),
        ("", "write a category like cs.LG, or an archive like astro-ph"),
    ],
)  # fmt: skip
def test_which_category_was_meant(category: str, hint: str | None) -> None:
    hint = hint or "q-bio has BM, CB, GN, MN, NC, OT, PE, QM, SC, TO"
    assert category_problem(category) == f"{category!r} is not an arXiv category or archive; {hint}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("biorxiv: neuroscience", ""), ("medrxiv", ""), ("arxiv:q-bio", ""), ("doi", ""), ("arxiv", ""),
        ("biorxiv: Cell  Biology", ""),
        ("biorxiv: neurosience", "biorxiv has no category 'neurosience': … did you mean neuroscience?"),
        ("chemrxiv: organic", "chemrxiv has no category 'organic': write chemrxiv alone"),
        ("bioarxiv: ecology", "'bioarxiv' is no server: … did you mean biorxiv?"),
        ("doi: 10.1038", "doi has no category '10.1038': write doi alone"),
        ("biorxiv: 10", "biorxiv has no category '10': …"),
        ("psyarxiv: (tea)", "psyarxiv has no category '(tea)': write psyarxiv alone"),
        *(
            (f"{name}{colon}", f"'{name}{colon}' names no category: write {name} alone for all of it")
            for name in ("biorxiv", "doi", "arxiv", "chemrxiv") for colon in (":", ": ", " :")
        ),
        *(
            (f"arxiv: {field}", f"'{field}' is not an arXiv category or archive; a publication names it as "
             f'papers = ["{meant}"]')
            for field, meant in (("biorxiv", "biorxiv"), ("doi", "doi"), ("biorxiv.zoology", "biorxiv: zoology"))
        ),
        ("", "'' is no server: …"), (":", "'' is no server: …"),
        *((field, f"'{field}' is no server: write arxiv: {field}") for field in ("q-bio", "cs", "astro-ph.CO")),
        ("arxiv: arxiv", "'arxiv' is not an arXiv category or archive; write a category like cs.LG, or an archive like "
         "astro-ph"),
        ("arxiv: cs.LC", "'cs.LC' is not an arXiv category or archive; did you mean cs.CL?"),
    ],
)  # fmt: skip
def test_papers_of_which_server_were_meant(text: str, problem: str) -> None:
    without_choices = re.sub(r": [a-z-]+, [a-z, -]+(?:;|$)", ": …", papers_problem(text))
    assert without_choices == problem


def test_every_category_is_recognized_in_lower_case() -> None:
    fields = {*fields_of_arxiv()}
    for field in fields:
        assert category_problem(field) == ""
        if field.lower() not in fields:
            assert f"{field}" in category_problem(field.lower()).partition("did you mean ")[2]


def test_a_field_of_another_server_is_named_with_it() -> None:
    for field in known_fields() - fields_of_arxiv() - {"arxiv"}:
        meant = field.replace(".", ": ")
        assert papers_problem(meant) == "" and fields_from([meant]) == (field,)
        for spelling in (field, field.upper()):
            assert category_problem(spelling).endswith(f'archive; a publication names it as papers = ["{meant}"]')


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("Daily", ("daily", "weekly"), "did you mean daily?"), ("twitter", ("x", "reddit"), "did you mean x?"),
        ("Zurich", ("Europe/Zurich", "UTC"), "did you mean Europe/Zurich?"), ("", ("a",), ""), ("zzz", ("daily",), ""),
        ("rarity", ("rarity/1", "rarity/2"), "did you mean rarity/1 or rarity/2?"),
        ("hacker-news", ("hackernews",), "did you mean hackernews?"), ("HTML", ("site", "markdown"), "did you mean "
         "site?"),
    ],
)  # fmt: skip
def test_which_name_was_meant(word: str, known: tuple[str, ...], hint: str) -> None:
    assert did_you_mean(word, known) == hint
