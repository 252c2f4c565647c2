"""A reader's own order: values, reasons, the command and the tool."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.model import Paper
from hotpapers.publish.query import QuerySession
from hotpapers.record import Record
from hotpapers.wings.mcp.record_tools import TOOLS, all_tools
from hotpapers.wings.personal.for_me import papers_up_to, profile_of, text_of
from hotpapers.wings.personal.own_order import RankedText, ReaderProfile, first_match, order_for
from hotpapers.wings.personal.stars import ReaderChoices, StarredPaper
from hotpapers.wings.personal.tools import as_shown, related_papers
from hotpapers.wings.personal.vectors import broad_vector_of, vector_closeness, vector_of, weigh_vector
from tests.cli.run import run_process

MESH = RankedText("arxiv:1", "Neural operators on meshes", ("B. Baker",), "Operators for equivariant molecules.")
PAPERS = [
    RankedText("arxiv:2", "Tea leaves", ("C. Cook",), "Sorting leaves by color."),
    RankedText("arxiv:3", "Equivariant molecules", ("Ada Brewster", "B. Baker"), "Molecules on meshes."),
    RankedText("arxiv:4", "Kettle lattices", ("Ada Brewster",), "Boiling."),
    RankedText("arxiv:5", "Meshes", (), "Operators on meshes."),
    MESH,
]


def profile(authors: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> ReaderProfile:
    return ReaderProfile(((MESH, weigh_vector(vector_of(MESH.title, MESH.abstract))),), authors, words)


def test_the_nearest_come_first_with_their_reasons() -> None:
    places = order_for(PAPERS, profile())
    assert [place.paper.paper for place in places] == ["arxiv:3", "arxiv:5", "arxiv:2", "arxiv:4"]
    assert places[0].reason == "near “Neural operators on meshes”: equivariant, molecule, mesh"
    assert places[2].reason == "" and places[2].value == places[3].value == 0


def test_followed_authors_come_first_and_then_followed_words() -> None:
    places = order_for(PAPERS, profile(authors=("ada brewster",), words=("leaves",)))
    assert [place.paper.paper for place in places] == ["arxiv:3", "arxiv:4", "arxiv:2", "arxiv:5"]
    assert places[0].reason.endswith("equivariant, molecule, mesh · by ada brewster, whom you follow")
    assert places[2].reason == "has “leaves”"


def test_what_is_like_something_unwanted_falls() -> None:
    molecules = weigh_vector(vector_of("Equivariant molecules", "Molecules on meshes."))
    assert order_for(PAPERS, profile()._replace(unwanted=(molecules,)))[0].paper.paper == "arxiv:5"


@pytest.mark.parametrize(
    ("phrase", "text", "fits"),
    [("Ada Brewster", "ADA  brewster", True), ("Ad", "Ada", False), ("C++", "in C++.", True), (" ", "a b", False)],
)
def test_phrases_are_whole_words(phrase: str, text: str, fits: bool) -> None:
    assert bool(first_match((phrase,), text)) is fits


def test_a_day_is_ordered_without_the_starred_papers(sample_session: QuerySession) -> None:
    starred, *others = sample_session.issue_reader().issue("hot-papers", "2021-01-14").content.entries
    choices = ReaderChoices((StarredPaper(starred.paper), StarredPaper("", "Teapots")), words=("model",))
    profile = profile_of(sample_session, choices)
    places = order_for(papers_up_to(sample_session, "2021-01-14", "", 1), profile)
    assert {place.paper.paper for place in places} == {entry.paper for entry in others}
    assert [place.value for place in places] == sorted((place.value for place in places), reverse=True)
    assert len(order_for(papers_up_to(sample_session, "2021-01-14", "", 31), profile)) > len(places)
    with pytest.raises(NotFound, match=r"hot-papers: no issue on 15 January; the latest is 11 May"):
        papers_up_to(sample_session, "2021-01-15", "", 1)


def test_a_preprint_is_starred_by_the_doi_of_its_article(store_url: str) -> None:
    preprint = Paper(paper="doi:10.64898/2026.01.02.1", doi="10.1038/S41586-1", title="Kettles", observed_at=1)
    stars = [StarredPaper(f"doi:10.1038/s41586-{n}", "Teapots") for n in (1, 2)]
    with Record(store_url) as record:
        record.append([preprint], source="made-up")
        profile = profile_of(QuerySession(record), ReaderChoices(tuple(stars)))
    assert [text.paper for text, _ in profile.starred] == [preprint.paper, "doi:10.1038/s41586-2"]


def test_the_tool_answers_as_its_schema_says(sample_session: QuerySession) -> None:
    tool = all_tools()["for_me"]
    assert set(TOOLS) < set(all_tools().values())
    arguments = {"stars": ["2101.04869", "nonsense"], "words": ["model"], "day": "2021-01-14", "limit": 3}
    answer = msgspec.json.decode(msgspec.json.encode(tool.call(sample_session, arguments)))
    Draft202012Validator(tool.definition["inputSchema"]).validate(arguments)
    Draft202012Validator(tool.definition["outputSchema"]).validate(answer)
    assert len(answer["papers"]) == 3 and "has “model”" in answer["papers"][0]["reason"]


@pytest.mark.parametrize("day", ["x", "2026-02-30", "0000-01-01", "0001-01-05", "9999-99-99", "20260306", "2026-W11"])
def test_a_day_that_is_none_is_refused(sample_session: QuerySession, day: str) -> None:
    with pytest.raises(UsageError, match="not a date"):
        papers_up_to(sample_session, day, "", 14)
    for tool in (all_tools()["for_me"], all_tools()["hot"]):
        with pytest.raises(UsageError):
            tool.call(sample_session, {"day": day})


def test_a_day_has_plain_digits_and_a_line_break_at_its_end_is_none(sample_session: QuerySession) -> None:
    tool = all_tools()["for_me"]
    with pytest.raises(UsageError, match="day: must be a day such as"):
        tool.call(sample_session, {"day": "\u0662\u0660\u0662\u0661-01-14"})
    assert tool.call(sample_session, {"day": "2021-01-14\n"}) == tool.call(sample_session, {"day": "2021-01-14"})
    assert "(?" not in json.dumps(tool.definition).replace("(?:", ""), "not all clients can look ahead"


def test_related_papers_are_the_nearest(sample_session: QuerySession) -> None:
    tool = all_tools()["related"]
    answer = msgspec.json.decode(msgspec.json.encode(tool.call(sample_session, {"paper": "2101.04869"})))
    Draft202012Validator(tool.definition["outputSchema"]).validate(answer)
    near = related_papers(sample_session, "2101.04869")
    assert [paper["closeness"] for paper in answer["papers"]] == [paper.closeness for paper in near]
    assert near[0].reason
    with pytest.raises(NotFound):
        related_papers(sample_session, "2101.99999")


def test_related_papers_are_those_that_comparing_each_would_find(sample_session: QuerySession) -> None:
    texts = [text_of(paper) for paper in sample_session.record.view().items(Paper)]
    vectors = {text.paper: weigh_vector(broad_vector_of(text.title, text.abstract)) for text in texts}
    for key in sorted(vectors)[:40]:
        every = sorted(
            (vector_closeness(vectors[key], vectors[other]) for other in vectors if other != key), reverse=True
        )
        near = [paper.closeness for paper in related_papers(sample_session, key)]
        assert near == [as_shown(value) for value in every[:10] if value], key


def test_the_command_prints_papers_with_reasons(demo: Path, tmp_path: Path) -> None:
    stars = tmp_path / "stars.txt"
    stars.write_text("2101.04869\n2101.99999\nword: model\n")
    store = ("--store", demo, "--publication", "hot-papers", "--stars", stars)
    listed = run_process("for-me", *store, "--day", "2021-01-14")
    assert listed.status == 0 and "has “model”" in listed.out and listed.out.startswith("  1  ")
    assert "1 starred paper unknown to the record and without a title: 2101.99999" in listed.err
    everything = json.loads(run_process("for-me", *store, "--week", "2021-01-14", "--json").out)["papers"]
    assert everything[0].keys() == {"id", "reason"} and "2101.04869" not in {paper["id"] for paper in everything}
    assert [paper["id"] for paper in everything[:1]] == [listed.out.split("\n")[1].split()[0]]
    both = run_process("for-me", *store, "--week", "2021-01-14", "--day", "2021-01-14")
    assert both.status == 2 and "either --day or --week" in both.err
